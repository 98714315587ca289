"""spreadsheets.values: reading, writing, appending and clearing plain values."""

from collections.abc import Iterable
from typing import Any

from . import a1
from .a1 import Area
from .book import MAX_TEXT, Book, Cell, Sheet, plain
from .entered import read
from .errors import ApiError, bad
from .moves import insert_lines

Rows = list[list[Any]]


def found(
    book: Book, area: Area, how: str = "FORMATTED_VALUE", dates: str = "SERIAL_NUMBER", major: str = "ROWS"
) -> dict[str, Any]:
    """A ValueRange: trailing blank cells and rows left out, no values key when nothing is there."""
    area = area.clipped()
    rows = _rows(book, area, how, dates)
    if major == "COLUMNS":
        rows = _turned(rows)
    answer: dict[str, Any] = {"range": _full(area), "majorDimension": major}
    filled = [["" if value is None else value for value in row] for row in rows]
    return answer | ({"values": filled} if rows else {})


def _full(area: Area) -> str:
    """Names of answers are always closed: Sheet1!A1:Z1000."""
    title = a1.quoted(area.sheet.title)
    start, end = f"{a1.letters(area.left)}{area.top + 1}", f"{a1.letters((area.right or 1) - 1)}{area.bottom}"
    return f"{title}!{start}" if area.single else f"{title}!{start}:{end}"


def _rows(book: Book, area: Area, how: str, dates: str) -> Rows:
    rows: Rows = []
    stored = how != "FORMATTED_VALUE" and dates == "SERIAL_NUMBER"
    for row in range(area.top, area.bottom or 0):
        last = min(book.sums.width(area.sheet, row), area.right or 0)
        cells, values = area.sheet.rows[row].cells, []
        for column in range(area.left, last):
            cell = cells.get(column)
            if stored and cell is not None and cell.value is not None:  # large reads are worth the short way
                values.append(cell.value)
            else:
                values.append(book.rendered(area.sheet, row, column, how, dates))
        rows.append(_cropped(values))
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _cropped(values: list[Any]) -> list[Any]:
    while values and values[-1] is None:
        values.pop()
    return values


def _turned(rows: Rows) -> Rows:
    wide = max((len(row) for row in rows), default=0)
    return [_cropped([row[at] if at < len(row) else None for row in rows]) for at in range(wide)]


class Writing:
    """Values on their way into a range."""

    def __init__(self, book: Book, value_range: dict[str, Any], option: str) -> None:
        if option not in ("RAW", "USER_ENTERED"):
            raise bad("'valueInputOption' is required but not specified")
        self.book = book
        self.option = option
        self.major = value_range.get("majorDimension", "ROWS")
        rows: Rows = value_range.get("values", [])
        _only_scalars(rows)
        self.rows = _spread(rows) if self.major == "COLUMNS" else rows

    def into(self, area: Area) -> dict[str, Any]:
        """Write, and say what was written as UpdateValuesResponse does."""
        target = self._fitting(area)
        self.book.guard(target)
        written = []
        for down, row in enumerate(self.rows):
            for over, value in enumerate(row):
                if value is not None:
                    written.append((down, over))
                    self._put(area.sheet, area.top + down, area.left + over, value)
        self.book.changed()
        return self._told(target, written)

    def _told(self, target: Area, written: list[tuple[int, int]]) -> dict[str, Any]:
        counts = {
            "updatedRows": len({down for down, _ in written}),
            "updatedColumns": len({over for _, over in written}),
            "updatedCells": len(written),
        }
        told = {"spreadsheetId": self.book.id, "updatedRange": _full(target)}
        return told | {name: count for name, count in counts.items() if count}

    def _fitting(self, area: Area) -> Area:
        """The cells the values take; more than the range holds is refused. A single cell is only a place to start."""
        sheet = area.sheet
        if (area.bottom or 0) > sheet.row_count or (area.right or 0) > sheet.column_count:
            raise area.outside()
        limit = area.clipped()
        bottom = sheet.row_count if area.single else limit.bottom or 0
        right = sheet.column_count if area.single else limit.right or 0
        tall, wide = max(len(self.rows), 1), max((len(row) for row in self.rows), default=1) or 1
        text = f"Requested writing within range [{_full(limit)}], but tried writing to"
        if area.top + tall > bottom:
            raise bad(f"{text} row [{bottom + 1}]")
        if area.left + wide > right:
            raise bad(f"{text} column [{a1.letters(right)}]")
        return Area(sheet, area.top, area.left, area.top + tall, area.left + wide)

    def _put(self, sheet: Sheet, row: int, column: int, value: Any) -> None:
        old = sheet.cell(row, column)
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise bad(f"Your input contains more than the maximum of {MAX_TEXT} characters in a single cell.")
        if value == "":
            sheet.put(row, column, Cell(extra=_without_runs(old.extra)))
        elif self.option == "RAW" or not isinstance(value, str):
            sheet.put(row, column, Cell(plain(value), extra=_without_runs(old.extra)))
        else:
            sheet.put(row, column, entered(value, old, self.book.properties["locale"]))


def entered(text: str, old: Cell, locale: str) -> Cell:
    """What typing *text* into a cell makes of it."""
    extra = _without_runs(old.extra)
    if (old.number_format or {}).get("type") == "TEXT":
        return Cell(text, extra=extra)
    if text.startswith("=") and len(text) > 1:
        return Cell(formula=text, extra=extra)
    value, number_format = read(text, locale)
    if number_format and not old.number_format:
        look = extra.get("userEnteredFormat", {}) | {"numberFormat": number_format}
        extra = extra | {"userEnteredFormat": look}
    return Cell(None if value == "" else value, extra=extra)


def _without_runs(extra: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in extra.items() if name != "textFormatRuns"}


def _only_scalars(rows: Rows) -> None:
    for at, row in enumerate(rows):
        for over, value in enumerate(row):
            if isinstance(value, list | dict):
                kind = "list_value" if isinstance(value, list) else "struct_value"
                raise bad(f"Invalid values[{at}][{over}]: {kind} {{\n{_inside(value)}}}\n")


def _inside(value: Any) -> str:
    """A nested value, as Google prints a message."""
    items = value if isinstance(value, list) else []
    return "".join(f'  values {{\n    string_value: "{item}"\n  }}\n' for item in items)


def _spread(columns: Rows) -> Rows:
    tall = max((len(column) for column in columns), default=0)
    return [[column[at] if at < len(column) else None for column in columns] for at in range(tall)]


def update(book: Book, text: str, value_range: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """values.update"""
    if value_range.get("range") and a1.parse(book, value_range["range"]) != a1.parse(book, text):
        raise bad(f"Requested range '{text}' does not match value's range '{value_range['range']}'.")
    return _written(book, a1.parse(book, text), value_range, options)


def _written(book: Book, area: Area, value_range: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    writing = Writing(book, value_range, options.get("valueInputOption", ""))
    answer = writing.into(area)
    if options.get("includeValuesInResponse"):
        how = options.get("responseValueRenderOption", "FORMATTED_VALUE")
        dates = options.get("responseDateTimeRenderOption", "SERIAL_NUMBER")
        answer["updatedData"] = found(book, a1.parse(book, answer["updatedRange"]), how, dates, writing.major)
    return answer


def batch_update(
    book: Book, data: list[tuple[Area | ApiError, dict[str, Any]]], options: dict[str, Any]
) -> dict[str, Any]:
    """values.batchUpdate: all of it or nothing."""
    before, answers = book.copy(), []
    try:
        for at, (area, value_range) in enumerate(data):
            try:
                if isinstance(area, ApiError):
                    raise area
                answers.append(_written(book, area, value_range, options))
            except ApiError as error:
                raise (error if "valueInputOption" in error.message else error.within(f"data[{at}]")) from None
    except ApiError:
        book.take(before)
        raise
    return {"spreadsheetId": book.id} | _totals(book, answers) | {"responses": answers}


def _totals(book: Book, answers: list[dict[str, Any]]) -> dict[str, int]:
    touched = [a1.parse(book, answer["updatedRange"]) for answer in answers if answer.get("updatedCells")]
    totals = {
        "totalUpdatedRows": _distinct(
            (area.sheet.id, row) for area in touched for row in range(area.top, area.bottom or 0)
        ),
        "totalUpdatedColumns": _distinct(
            (area.sheet.id, column) for area in touched for column in range(area.left, area.right or 0)
        ),
        "totalUpdatedCells": sum(answer.get("updatedCells", 0) for answer in answers),
        "totalUpdatedSheets": _distinct(area.sheet.id for area in touched),
    }
    return {name: count for name, count in totals.items() if count}


def _distinct(items: Iterable[Any]) -> int:
    return len(set(items))


def append(book: Book, text: str, value_range: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """values.append: below the last table in the range, or at its first cell when no table is there."""
    area = a1.parse(book, text)
    writing = Writing(book, value_range, options.get("valueInputOption", ""))
    table = _table(book, area.clipped())
    start = Area(table.sheet, table.bottom or 0, table.left) if table else area.clipped()
    tall, wide = len(writing.rows), max((len(row) for row in writing.rows), default=0)
    sheet = area.sheet
    if options.get("insertDataOption") == "INSERT_ROWS" and table and tall and start.top < sheet.row_count:
        book.room_for(tall * sheet.column_count)
        insert_lines(book, sheet, "ROWS", start.top, tall)
    _grow(book, sheet, start.top + tall, start.left + wide)
    place = Area(sheet, start.top, start.left, start.top + 1, start.left + 1)
    answer = _written(book, place, value_range, options) if tall else {"spreadsheetId": book.id}
    told = {"spreadsheetId": book.id} | ({"tableRange": _full(table)} if table else {})
    return told | {"updates": answer}


def _grow(book: Book, sheet: Sheet, rows: int, columns: int) -> None:
    rows, columns = max(rows, sheet.row_count), max(columns, sheet.column_count)
    book.room_for(rows * columns - sheet.row_count * sheet.column_count)
    sheet.resize(rows, columns)


def _table(book: Book, area: Area) -> Area | None:
    """The block of filled cells around the last filled cell of the range."""
    last = _last_filled(book, area)
    if last is None:
        return None
    sheet, (top, left) = area.sheet, last
    bottom, right = top + 1, left + 1
    while True:
        wider = _touching(book, sheet, (top, left, bottom, right))
        if wider == (top, left, bottom, right):
            return Area(sheet, top, left, bottom, right)
        top, left, bottom, right = wider


def _last_filled(book: Book, area: Area) -> tuple[int, int] | None:
    for row in range((area.bottom or 0) - 1, area.top - 1, -1):
        for column in range(min(book.sums.width(area.sheet, row), area.right or 0) - 1, area.left - 1, -1):
            if book.sums.filled(area.sheet, row, column):
                return row, column
    return None


def _touching(book: Book, sheet: Sheet, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The box, one wider on each side where a filled cell touches it."""
    top, left, bottom, right = box

    def any_in(rows: range, columns: range) -> bool:
        return any(
            book.sums.filled(sheet, row, column)
            for row in rows
            for column in columns
            if 0 <= row < sheet.row_count and 0 <= column < sheet.column_count
        )

    over, down = range(left - 1, right + 1), range(top - 1, bottom + 1)
    return (
        top - any_in(range(top - 1, top), over),
        left - any_in(down, range(left - 1, left)),
        bottom + any_in(range(bottom, bottom + 1), over),
        right + any_in(down, range(right, right + 1)),
    )


def clear(book: Book, area: Area) -> str:
    """Empty the cells, keep their formats and notes; the name of what was cleared."""
    area = area.clipped()
    book.guard(area)
    for row in range(area.top, area.bottom or 0):
        for column, cell in list(area.sheet.rows[row].cells.items()):
            if area.left <= column < (area.right or 0):
                area.sheet.put(row, column, Cell(extra=_without_runs(cell.extra)))
    book.changed()
    return _full(area)
