"""Rows and columns that come, go, move and are sorted, and everything that goes with them."""

from collections.abc import Callable
from typing import Any

from .book import NOTHING, Book, Cell, Line, Sheet
from .errors import bad

Ends = tuple[int, int]
Mapped = Callable[[int, int], Ends | None]
NAMES = {"ROWS": ("startRowIndex", "endRowIndex"), "COLUMNS": ("startColumnIndex", "endColumnIndex")}


def size(sheet: Sheet, dimension: str) -> int:
    return sheet.row_count if dimension == "ROWS" else sheet.column_count


def insert_lines(book: Book, sheet: Sheet, dimension: str, at: int, count: int, *, like: int | None = None) -> None:
    """New empty rows or columns before *at*, with the formats of line *like*."""
    if dimension == "ROWS":
        sheet.rows[at:at] = [_row_like(sheet, like) for _ in range(count)]
    else:
        looks = [dict(sheet.columns[like]) if like is not None else {} for _ in range(count)]
        pattern = [line.cells.get(like) if like is not None else None for line in sheet.rows]
        sheet.columns[at:at] = looks
        for line, model in zip(sheet.rows, pattern, strict=True):
            line.cells = {column + count if column >= at else column: cell for column, cell in line.cells.items()}
            if model and "userEnteredFormat" in model.extra:
                line.cells |= {at + n: _formatted(model) for n in range(count)}

    def moved(start: int, end: int) -> Ends:
        return start + count if start >= at else start, end + count if end > at else end

    _remap(book, sheet, dimension, moved)


def _row_like(sheet: Sheet, like: int | None) -> Line:
    if like is None:
        return Line()
    model = sheet.rows[like]
    return Line(
        {at: _formatted(cell) for at, cell in model.cells.items() if "userEnteredFormat" in cell.extra},
        dict(model.look),
    )


def _formatted(cell: Cell) -> Cell:
    return Cell(extra={"userEnteredFormat": cell.extra["userEnteredFormat"]})


def delete_lines(book: Book, sheet: Sheet, dimension: str, start: int, end: int) -> None:
    """Take rows or columns out; ranges shrink, and one that loses all its lines goes too."""
    gone = end - start
    if dimension == "ROWS":
        del sheet.rows[start:end]
    else:
        del sheet.columns[start:end]
        for line in sheet.rows:
            kept = {column: cell for column, cell in line.cells.items() if not start <= column < end}
            line.cells = {column - gone if column >= end else column: cell for column, cell in kept.items()}

    def moved(first: int, last: int) -> Ends | None:
        first, last = (min(at, start) if at < end else at - gone for at in (first, last))
        return (first, last) if first < last else None

    _remap(book, sheet, dimension, moved)


def move_lines(book: Book, sheet: Sheet, dimension: str, start: int, end: int, to: int) -> None:
    """Rows or columns start..end to before *to*, counted before the move."""
    order = [at for at in range(size(sheet, dimension)) if not start <= at < end]
    put = to if to <= start else to - (end - start)
    order[put:put] = range(start, end)
    place = {old: new for new, old in enumerate(order)}
    if dimension == "ROWS":
        sheet.rows = [sheet.rows[old] for old in order]
    else:
        sheet.columns = [sheet.columns[old] for old in order]
        for line in sheet.rows:
            line.cells = {place[column]: cell for column, cell in line.cells.items()}

    def moved(first: int, last: int) -> Ends:
        if first >= last or last > len(order):
            return first, last
        inside = sorted(place[at] for at in range(first, last))
        return (inside[0], inside[-1] + 1) if inside[-1] - inside[0] == last - first - 1 else (first, last)

    _remap(book, sheet, dimension, moved)


def _remap(book: Book, sheet: Sheet, dimension: str, moved: Mapped) -> None:
    """Carry along every range of the tab."""
    names = NAMES[dimension]
    for kind, things in sheet.things.items():
        sheet.things[kind] = [kept for thing in things if (kept := _thing(kind, thing, dimension, moved))]
    kept_names = []
    for named in book.named:
        ours = named["range"].get("sheetId", 0) == sheet.id
        grid = _grid(named["range"], names, moved) if ours else named["range"]
        kept_names += [named | {"range": grid}] if grid else []
    book.named = kept_names
    book.metadata = [kept for one in book.metadata if (kept := _metadata(one, sheet, dimension, moved))]
    book.changed()


def _grid(grid: dict[str, int], names: tuple[str, str], moved: Mapped) -> dict[str, int] | None:
    """The range after the move; an open end stays open."""
    start, end = names
    if start not in grid and end not in grid:
        return grid
    far = 10**9
    found = moved(grid.get(start, 0), grid.get(end, far))
    if found is None:
        return None
    ends = {start: found[0]} if start in grid else {}
    return grid | ends | ({end: found[1]} if end in grid else {})


def _thing(kind: str, thing: dict[str, Any], dimension: str, moved: Mapped) -> dict[str, Any] | None:
    names = NAMES[dimension]
    if kind in ("rowGroups", "columnGroups"):
        ours = thing["range"]["dimension"] == dimension
        return _group(thing, moved) if ours else thing
    if kind == "merges":
        return _merge(thing, names, moved)
    if "ranges" in thing:
        ranges = [found for one in thing["ranges"] if (found := _grid(one, names, moved))]
        return thing | {"ranges": ranges} if ranges else None
    if "range" not in thing:
        return thing
    found = _grid(thing["range"], names, moved)
    return thing | {"range": found} if found else None


def _merge(grid: dict[str, int], names: tuple[str, str], moved: Mapped) -> dict[str, int] | None:
    """A merge of one cell is none."""
    found = _grid(grid, names, moved)
    if not found:
        return None
    rows, columns = (found[end] - found[start] for start, end in NAMES.values())
    return found if rows * columns > 1 else None


def _group(thing: dict[str, Any], moved: Mapped) -> dict[str, Any] | None:
    found = moved(thing["range"]["startIndex"], thing["range"]["endIndex"])
    return thing | {"range": thing["range"] | {"startIndex": found[0], "endIndex": found[1]}} if found else None


def _metadata(one: dict[str, Any], sheet: Sheet, dimension: str, moved: Mapped) -> dict[str, Any] | None:
    span = one["location"].get("dimensionRange")
    if not span or span.get("sheetId", 0) != sheet.id or span["dimension"] != dimension:
        return one
    found = moved(span["startIndex"], span["endIndex"])
    if not found:
        return None
    location = one["location"] | {"dimensionRange": span | {"startIndex": found[0], "endIndex": found[1]}}
    return one | {"location": location}


def sort_rows(book: Book, sheet: Sheet, rows: range, columns: range, specs: list[dict[str, Any]]) -> None:
    """Order these rows of these columns; values, formats and notes go together, blanks to the end.

    Hidden rows stay where they are.
    """
    shown = [row for row in rows if not sheet.rows[row].look.get("hiddenByUser")]
    order = list(shown)
    for spec in reversed(specs):
        column, down = spec.get("dimensionIndex", 0), spec.get("sortOrder") == "DESCENDING"
        if column not in columns:
            raise bad("All dimension indexes must be within the range.")
        values = {row: book.value(sheet, row, column) for row in rows}
        filled = [row for row in order if values[row] not in (None, "")]
        blank = [row for row in order if values[row] in (None, "")]
        order = sorted(filled, key=lambda row: _rank(values[row]), reverse=down) + blank
    taken = [{at: sheet.cell(row, at) for at in columns} for row in order]
    for row, cells in zip(shown, taken, strict=True):
        for at in columns:
            sheet.put(row, at, cells.get(at, NOTHING))
    book.changed()


def _rank(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    return 1, str(value).lower()
