"""batchUpdate requests about cells: values, formats, notes, merges, copies, sorting."""

import re
from typing import Any

from . import a1
from .a1 import Area
from .api import Mask, merged
from .book import MAX_TEXT, NOTHING, Book, Cell, Sheet, overlap, plain
from .errors import bad
from .moves import sort_rows
from .tabs import Reply, request_mask

READ_ONLY = {"effectiveValue", "effectiveFormat", "formattedValue", "hyperlink", "pivotTable"}
PASTES = {
    "PASTE_NORMAL": {"value", "userEnteredFormat", "note", "dataValidation", "textFormatRuns"},
    "PASTE_NO_BORDERS": {"value", "userEnteredFormat", "note", "dataValidation", "textFormatRuns"},
    "PASTE_VALUES": {"result"},
    "PASTE_FORMULA": {"value"},
    "PASTE_FORMAT": {"userEnteredFormat"},
    "PASTE_DATA_VALIDATION": {"dataValidation"},
    "PASTE_CONDITIONAL_FORMATTING": set(),
}


def entered_value(cell: Cell) -> dict[str, Any]:
    """The cell's content as an ExtendedValue."""
    if cell.formula is not None:
        return {"formulaValue": cell.formula}
    if isinstance(cell.value, bool):
        return {"boolValue": cell.value}
    if isinstance(cell.value, int | float):
        return {"numberValue": cell.value}
    return {} if cell.value is None else {"stringValue": cell.value}


def changed(cell: Cell, tree: Mask, data: dict[str, Any]) -> Cell:
    """The cell with the fields of the mask as *data* has them."""
    if set(tree) == {"userEnteredValue"} and not tree["userEnteredValue"]:
        extra = {name: item for name, item in cell.extra.items() if name != "textFormatRuns"}
        return _content(data.get("userEnteredValue", {}), extra)
    old = {"userEnteredValue": value} | cell.extra if (value := entered_value(cell)) else dict(cell.extra)
    new = merged(tree, old, data)
    extra = {name: item for name, item in new.items() if name != "userEnteredValue" and name not in READ_ONLY and item}
    return _content(new.get("userEnteredValue", {}), extra)


def _content(value: dict[str, Any], extra: dict[str, Any]) -> Cell:
    if len(value) > 1:
        raise bad("userEnteredValue can have only one kind of value.")
    if "errorValue" in value:
        raise bad("userEnteredValue.errorValue cannot be set.")
    if "formulaValue" in value:
        formula = value["formulaValue"]
        return Cell(formula=formula if formula.startswith("=") else "=" + formula, extra=extra)
    content = next(iter(value.values()), None)
    if isinstance(content, str) and len(content) > MAX_TEXT:
        raise bad(f"Your input contains more than the maximum of {MAX_TEXT} characters in a single cell.")
    return Cell(None if content == "" else plain(content), extra=extra)


def update_cells(book: Book, ask: dict[str, Any]) -> Reply:
    tree = request_mask(ask.get("fields", ""), "CellData")
    rows = [row.get("values", []) for row in ask.get("rows", [])]
    if "range" in ask:
        area = a1.from_grid(book, ask["range"]).clipped()
        fill(book, area, rows, tree)
        return {}
    if "start" not in ask:
        raise bad("Must specify an area (range or start).")
    fill(book, _from(book, ask["start"]), rows, tree, cover=False)
    return {}


def _from(book: Book, start: dict[str, int]) -> Area:
    """The area from a coordinate to the edge of the grid."""
    sheet = book.sheet(start.get("sheetId", 0))
    row, column = start.get("rowIndex", 0), start.get("columnIndex", 0)
    if row >= sheet.row_count:
        raise bad(f"GridCoordinate.rowIndex[{row}] is after last row in grid[{sheet.row_count}]")
    if column >= sheet.column_count:
        raise bad(f"GridCoordinate.columnIndex[{column}] is after last column in grid[{sheet.column_count}]")
    return Area(sheet, row, column, sheet.row_count, sheet.column_count)


def fill(book: Book, area: Area, rows: list[list[dict[str, Any]]], tree: Mask, *, cover: bool = True) -> None:
    """Put CellData into an area; with *cover*, cells the rows do not reach are cleared for the fields."""
    tall, wide = (area.bottom or 0) - area.top, (area.right or 0) - area.left
    longest = max((len(row) for row in rows), default=0)
    if len(rows) > tall:
        raise bad(
            f"Attempting to write row: {area.top + tall}, beyond the last requested row of: {area.top + tall - 1}"
        )
    if longest > wide:
        last = area.left + wide
        raise bad(f"Attempting to write column: {last}, beyond the last requested column of: {last - 1}")
    book.guard(area if cover else Area(area.sheet, area.top, area.left, area.top + len(rows), area.left + longest))
    for down in range(tall if cover else len(rows)):
        row = rows[down] if down < len(rows) else []
        for over in range(wide if cover else len(row)):
            old = area.sheet.cell(area.top + down, area.left + over)
            data = row[over] if over < len(row) else {}
            if data or not (old.blank and not old.extra):
                area.sheet.put(area.top + down, area.left + over, changed(old, tree, data))
    book.changed()


def repeat_cell(book: Book, ask: dict[str, Any]) -> Reply:
    tree = request_mask(ask.get("fields", ""), "CellData")
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    book.guard(area)
    for row, column in _places(area):
        area.sheet.put(row, column, changed(area.sheet.cell(row, column), tree, ask.get("cell", {})))
    book.changed()
    return {}


def _places(area: Area) -> list[tuple[int, int]]:
    rows, columns = range(area.top, area.bottom or 0), range(area.left, area.right or 0)
    return [(row, column) for row in rows for column in columns]


def append_cells(book: Book, ask: dict[str, Any]) -> Reply:
    tree = request_mask(ask.get("fields", ""), "CellData")
    sheet = book.sheet(ask.get("sheetId", 0))
    rows = [row.get("values", []) for row in ask.get("rows", [])]
    last = max((row for row in range(sheet.row_count) if book.sums.width(sheet, row)), default=-1)
    more = max(last + 1 + len(rows) - sheet.row_count, 0)
    wider = max(max((len(row) for row in rows), default=0) - sheet.column_count, 0)
    tall, wide = sheet.row_count + more, sheet.column_count + wider
    book.room_for(tall * wide - sheet.row_count * sheet.column_count)
    sheet.resize(tall, wide)
    if rows:
        fill(book, Area(sheet, last + 1, 0, tall, wide), rows, tree, cover=False)
    return {}


def set_data_validation(book: Book, ask: dict[str, Any]) -> Reply:
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    rule = ask.get("rule")
    if rule is not None and "type" not in rule.get("condition", {}):
        raise bad("rule.condition.type must be set.")
    for row, column in _places(area):
        old = area.sheet.cell(row, column)
        kept = {name: item for name, item in old.extra.items() if name != "dataValidation"}
        area.sheet.put(row, column, old._replace(extra=kept | ({"dataValidation": rule} if rule else {})))
    return {}


# merges


def merge_cells(book: Book, ask: dict[str, Any]) -> Reply:
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    kept = _outside(area)
    parts = _parts(area, ask.get("mergeType", "MERGE_ALL"))
    for part in parts:
        for row, column in _places(part)[1:]:
            area.sheet.put(row, column, area.sheet.cell(row, column)._replace(value=None, formula=None))
    made = [part.grid_range for part in parts if not part.single]
    area.sheet.things["merges"] = kept + made
    book.changed()
    return {}


def _parts(area: Area, kind: str) -> list[Area]:
    sheet, bottom, right = area.sheet, area.bottom or 0, area.right or 0
    if kind == "MERGE_ROWS":
        return [Area(sheet, row, area.left, row + 1, right) for row in range(area.top, bottom)]
    if kind == "MERGE_COLUMNS":
        return [Area(sheet, area.top, column, bottom, column + 1) for column in range(area.left, right)]
    return [area]


def unmerge_cells(book: Book, ask: dict[str, Any]) -> Reply:
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    area.sheet.things["merges"] = _outside(area)
    return {}


def _outside(area: Area) -> list[dict[str, int]]:
    """The merges that the area does not hold; one that it cuts is refused."""
    kept = []
    for merge in area.sheet.things.get("merges", []):
        inside = area.top <= merge["startRowIndex"] and merge["endRowIndex"] <= (area.bottom or 0)
        inside = inside and area.left <= merge["startColumnIndex"] and merge["endColumnIndex"] <= (area.right or 0)
        if not inside and overlap(merge, area.grid_range):
            raise bad("You must select all cells in a merged range to merge or unmerge them.")
        if not inside:
            kept.append(merge)
    return kept


# copies


def copy_paste(book: Book, ask: dict[str, Any]) -> Reply:
    source = a1.from_grid(book, ask.get("source", {})).clipped()
    target = a1.from_grid(book, ask.get("destination", {})).clipped()
    grid = _taken(book, source)
    if ask.get("pasteOrientation") == "TRANSPOSE":
        grid = [list(line) for line in zip(*grid, strict=True)]
    tall, wide = _times(target, grid)
    _paste(book, target, grid, (tall, wide), ask.get("pasteType", "PASTE_NORMAL"))
    return {}


def _taken(book: Book, area: Area) -> list[list[tuple[Cell, Any]]]:
    """Cells with what they come to."""
    columns = range(area.left, area.right or 0)
    return [
        [(area.sheet.cell(row, column), book.value(area.sheet, row, column)) for column in columns]
        for row in range(area.top, area.bottom or 0)
    ]


def _times(target: Area, grid: list[list[Any]]) -> tuple[int, int]:
    """How often the copy fits into the destination, down and across; at least once."""
    tall, wide = (target.bottom or 0) - target.top, (target.right or 0) - target.left
    down = tall // len(grid) if tall % len(grid) == 0 else 1
    return max(down, 1), max(wide // len(grid[0]) if wide % len(grid[0]) == 0 else 1, 1)


def _paste(book: Book, target: Area, grid: list[list[tuple[Cell, Any]]], times: tuple[int, int], kind: str) -> None:
    sheet, tall, wide = target.sheet, len(grid) * times[0], len(grid[0]) * times[1]
    area = Area(sheet, target.top, target.left, target.top + tall, target.left + wide).clipped()
    book.guard(area)
    for row, column in _places(area):
        cell, value = grid[(row - area.top) % len(grid)][(column - area.left) % len(grid[0])]
        sheet.put(row, column, _pasted(sheet.cell(row, column), cell, value, PASTES[kind]))
    book.changed()


def _pasted(old: Cell, new: Cell, value: Any, what: set[str]) -> Cell:
    extra = {name: item for name, item in old.extra.items() if name not in what}
    extra |= {name: item for name, item in new.extra.items() if name in what}
    if "value" in what:
        return Cell(new.value, new.formula, extra)
    return (
        Cell(value if isinstance(value, str | int | float) else None, extra=extra)
        if "result" in what
        else old._replace(extra=extra)
    )


def cut_paste(book: Book, ask: dict[str, Any]) -> Reply:
    source = a1.from_grid(book, ask.get("source", {})).clipped()
    target = _from(book, ask.get("destination", {}))
    grid = _taken(book, source)
    book.guard(source)
    for row, column in _places(source):
        source.sheet.put(row, column, NOTHING)
    _paste(book, target, grid, (1, 1), ask.get("pasteType", "PASTE_NORMAL"))
    return {}


def sort_range(book: Book, ask: dict[str, Any]) -> Reply:
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    book.guard(area)
    for merge in area.sheet.things.get("merges", []):
        if merge["endRowIndex"] - merge["startRowIndex"] > 1 and overlap(merge, area.grid_range):
            place = a1.from_grid(book, merge).text.rpartition("!")[2]
            raise bad(f"You can't sort a range containing vertical merges. There is a vertical merge at {place}")
    rows, columns = range(area.top, area.bottom or 0), range(area.left, area.right or 0)
    sort_rows(book, area.sheet, rows, columns, ask.get("sortSpecs", []))
    return {}


def insert_range(book: Book, ask: dict[str, Any]) -> Reply:
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    _shift(book, area, ask.get("shiftDimension", ""), forward=True)
    return {}


def delete_range(book: Book, ask: dict[str, Any]) -> Reply:
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    _shift(book, area, ask.get("shiftDimension", ""), forward=False)
    return {}


def _shift(book: Book, area: Area, dimension: str, *, forward: bool) -> None:
    """Push the cells beyond the area away, or pull them in."""
    if dimension not in ("ROWS", "COLUMNS"):
        raise bad("shiftDimension must be set.")
    book.guard(area)
    sheet, bottom, right = area.sheet, area.bottom or 0, area.right or 0
    down, over = (bottom - area.top, 0) if dimension == "ROWS" else (0, right - area.left)
    band = Area(sheet, area.top, area.left, sheet.row_count if down else bottom, right if down else sheet.column_count)
    old = {place: sheet.cell(*place) for place in _places(band)}
    sign = -1 if forward else 1
    for row, column in old:
        before = (row + sign * down, column + sign * over)
        sheet.put(row, column, old.get(before, NOTHING))
    book.changed()


# text and borders


def find_replace(book: Book, ask: dict[str, Any]) -> Reply:
    pattern = ask.get("find", "") if ask.get("searchByRegex") else re.escape(ask.get("find", ""))
    if not pattern:
        raise bad("find must not be empty.")
    search = re.compile(pattern, 0 if ask.get("matchCase") else re.IGNORECASE)
    counts = {"valuesChanged": 0, "formulasChanged": 0, "occurrencesChanged": 0}
    rows, sheets = set(), set()
    for area in _searched(book, ask):
        for row, column in _places(area):
            if times := _replaced(area.sheet, row, column, search, ask):
                formula = area.sheet.cell(row, column).formula is not None
                counts["formulasChanged" if formula else "valuesChanged"] += 1
                counts["occurrencesChanged"] += times
                rows.add((area.sheet.id, row))
                sheets.add(area.sheet.id)
    book.changed()
    counts |= {"rowsChanged": len(rows), "sheetsChanged": len(sheets)}
    return {name: count for name, count in counts.items() if count}


def _searched(book: Book, ask: dict[str, Any]) -> list[Area]:
    if ask.get("allSheets"):
        return [Area(sheet).clipped() for sheet in book.sheets]
    grid = ask["range"] if "range" in ask else {"sheetId": ask.get("sheetId", 0)}
    return [a1.from_grid(book, grid).clipped()]


def _replaced(sheet: Sheet, row: int, column: int, search: re.Pattern[str], ask: dict[str, Any]) -> int:
    cell = sheet.cell(row, column)
    text = cell.formula if ask.get("includeFormulas") and cell.formula else cell.value
    if not isinstance(text, str) or (ask.get("matchEntireCell") and not search.fullmatch(text)):
        return 0
    new, times = search.subn(ask.get("replacement", ""), text)
    if times and cell.formula:
        sheet.put(row, column, cell._replace(formula=new))
    elif times:
        sheet.put(row, column, cell._replace(value=new or None))
    return times


def trim_whitespace(book: Book, ask: dict[str, Any]) -> Reply:
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    count = 0
    for row, column in _places(area):
        cell = area.sheet.cell(row, column)
        trimmed = " ".join(cell.value.split()) if isinstance(cell.value, str) else cell.value
        if trimmed != cell.value:
            area.sheet.put(row, column, cell._replace(value=trimmed or None))
            count += 1
    book.changed()
    return {"cellsChangedCount": count} if count else {}


def update_borders(book: Book, ask: dict[str, Any]) -> Reply:
    area = a1.from_grid(book, ask.get("range", {})).clipped()
    last_row, last_column = (area.bottom or 0) - 1, (area.right or 0) - 1
    for row, column in _places(area):
        sides = {
            "top": ask.get("top" if row == area.top else "innerHorizontal"),
            "bottom": ask.get("bottom" if row == last_row else "innerHorizontal"),
            "left": ask.get("left" if column == area.left else "innerVertical"),
            "right": ask.get("right" if column == last_column else "innerVertical"),
        }
        _border(area.sheet, row, column, {side: border for side, border in sides.items() if border})
    return {}


def _border(sheet: Sheet, row: int, column: int, sides: dict[str, Any]) -> None:
    cell = sheet.cell(row, column)
    look = dict(cell.extra.get("userEnteredFormat", {}))
    borders = {side: one for side, one in (look.get("borders", {}) | sides).items() if one.get("style") != "NONE"}
    look["borders"] = borders
    look = {name: item for name, item in look.items() if item}
    rest = {name: item for name, item in cell.extra.items() if name != "userEnteredFormat"}
    sheet.put(row, column, cell._replace(extra=rest | ({"userEnteredFormat": look} if look else {})))
