"""A spreadsheet as spreadsheets.get answers it, and one made from such a description."""

from typing import Any

from . import a1
from .a1 import Area
from .api import Mask, reaches
from .book import DEFAULT_FORMAT, THEME, Book, Cell, Store
from .cells import entered_value, fill
from .errors import ApiError
from .ranges import CALLER
from .shown import Error

ERRORS = {
    "#N/A": "N_A",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
}
LISTS = (
    "merges",
    "conditionalFormats",
    "filterViews",
    "protectedRanges",
    "basicFilter",
    "bandedRanges",
    "rowGroups",
    "columnGroups",
)
IDS = {"protectedRanges": "protectedRangeId", "bandedRanges": "bandedRangeId", "filterViews": "filterViewId"}
SIZES = {"rowMetadata": 21, "columnMetadata": 100}


def spreadsheet(book: Book, areas: list[Area] | None, *, grid: bool, wanted: Mask) -> dict[str, Any]:
    """The description; *areas* keeps to the tabs and cells they touch, *wanted* to what a mask will let through."""
    chosen = [sheet for sheet in book.sheets if areas is None or any(area.sheet is sheet for area in areas)]
    sheets = []
    for sheet in chosen:
        parts = [area for area in areas if area.sheet is sheet] if areas is not None else [Area(sheet)]
        data = [_grid(book, part.clipped(), wanted) for part in parts] if grid else []
        sheets.append(_sheet(book, sheet, data))
    return {
        "spreadsheetId": book.id,
        "properties": book.properties | {"defaultFormat": DEFAULT_FORMAT, "spreadsheetTheme": THEME},
        "sheets": sheets,
        **({"namedRanges": book.named} if book.named else {}),
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{book.id}/edit",
        **_noted(book, None),
    }


def _sheet(book: Book, sheet: Any, data: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {"properties": sheet.described(book.sheets.index(sheet))}
    if data:
        told["data"] = data
    for name in LISTS:
        things = sheet.things.get(name)
        if things:
            told[name] = things[0] if name == "basicFilter" else things
    return told | _noted(book, sheet.id)


def _noted(book: Book, sheet_id: int | None) -> dict[str, Any]:
    """Developer metadata of a tab, or of the spreadsheet."""
    kind = "SPREADSHEET" if sheet_id is None else "SHEET"
    found = [
        one
        for one in book.metadata
        if one["location"]["locationType"] == kind and one["location"].get("sheetId", 0) == (sheet_id or 0)
    ]
    return {"developerMetadata": found} if found else {}


def _grid(book: Book, area: Area, wanted: Mask) -> dict[str, Any]:
    """GridData: rows up to the last that holds anything, sizes of every row and column."""
    inner = ("sheets", "data")
    told: dict[str, Any] = {"startRow": area.top} if area.top else {}
    if area.left:
        told["startColumn"] = area.left
    if reaches(wanted, *inner, "rowData"):
        rows = [_row(book, area, row, wanted) for row in range(area.top, area.bottom or 0)]
        while rows and not rows[-1]:
            rows.pop()
        told |= {"rowData": rows} if rows else {}
    looks = {
        "rowMetadata": [line.look for line in area.sheet.rows[area.top : area.bottom]],
        "columnMetadata": area.sheet.columns[area.left : area.right],
    }
    for name, lines in looks.items():
        if reaches(wanted, *inner, name):
            first, dimension = (area.top, "ROWS") if name == "rowMetadata" else (area.left, "COLUMNS")
            told[name] = [
                {"pixelSize": SIZES[name]} | look | _on_line(book, area.sheet.id, dimension, first + at)
                for at, look in enumerate(lines)
            ]
    return told


def _on_line(book: Book, sheet_id: int, dimension: str, at: int) -> dict[str, Any]:
    found = []
    for one in book.metadata:
        span = one["location"].get("dimensionRange", {})
        ours = span.get("sheetId", 0) == sheet_id and span.get("dimension") == dimension
        if ours and span.get("startIndex") == at:
            found.append(one)
    return {"developerMetadata": found} if found else {}


def _row(book: Book, area: Area, row: int, wanted: Mask) -> dict[str, Any]:
    held = area.sheet.rows[row].cells
    last = max([book.sums.width(area.sheet, row), *(column + 1 for column in held)])
    columns = range(area.left, min(last, area.right or 0))
    values = [_cell(book, area, row, column, wanted) for column in columns]
    while values and not values[-1]:
        values.pop()
    return {"values": values} if values else {}


def _cell(book: Book, area: Area, row: int, column: int, wanted: Mask) -> dict[str, Any]:
    """CellData."""
    sheet = area.sheet
    cell, value = sheet.cell(row, column), book.value(sheet, row, column)
    told: dict[str, Any] = {"userEnteredValue": entered} if (entered := entered_value(cell)) else {}
    if value is not None:
        told |= {"effectiveValue": _effective(value), "formattedValue": book.shown(sheet, row, column)}
    told |= cell.extra
    if reaches(wanted, "sheets", "data", "rowData", "values", "effectiveFormat") and (told or cell.extra):
        told["effectiveFormat"] = _effective_format(book, area, row, column)
    link = _link(cell)
    return told | ({"hyperlink": link} if link else {})


def _effective(value: Any) -> dict[str, Any]:
    if isinstance(value, Error):
        kind = ERRORS.get(value.code, "LOADING" if value.code.startswith("Loading") else "ERROR")
        return {"errorValue": {"type": kind} | ({"message": value.message} if value.message else {})}
    return entered_value(Cell(value)) if value != "" else {"stringValue": ""}


def _effective_format(book: Book, area: Area, row: int, column: int) -> dict[str, Any]:
    own = area.sheet.cell(row, column).extra.get("userEnteredFormat", {})
    value = book.value(area.sheet, row, column)
    right = isinstance(value, int | float) and not isinstance(value, bool)
    side = {"horizontalAlignment": "RIGHT" if right else "LEFT"} if value is not None else {}
    text = DEFAULT_FORMAT["textFormat"] | own.get("textFormat", {})  # type: ignore[operator]
    return DEFAULT_FORMAT | side | {"hyperlinkDisplayType": "PLAIN_TEXT"} | own | {"textFormat": text}


def _link(cell: Cell) -> str | None:
    link = cell.extra.get("userEnteredFormat", {}).get("textFormat", {}).get("link", {}).get("uri")
    formula = cell.formula or ""
    if not link and formula.upper().startswith("=HYPERLINK(") and formula.count('"') >= 2:
        link = formula.split('"')[1]
    return str(link) if link else None


def created(store: Store, body: dict[str, Any]) -> Book:
    """spreadsheets.create: a spreadsheet as the body describes it, with one Sheet1 when it names no tab."""
    properties = body.get("properties", {})
    book = store.create(properties.get("title", "Untitled spreadsheet"))
    try:
        book.properties |= {
            name: item for name, item in properties.items() if name in ("title", "locale", "timeZone", "autoRecalc")
        }
        for given in body.get("sheets", []) or [{}]:
            book.add_sheet({key: item for key, item in given.get("properties", {}).items() if key != "index"})
        for at, given in enumerate(body.get("sheets", [])):
            _furnish(book, at, given)
        book.named = [{"namedRangeId": str(book.number())} | one for one in body.get("namedRanges", [])]
        for named in book.named:
            a1.from_grid(book, named["range"])
    except ApiError:
        del store.books[book.id]
        raise
    return book


def _furnish(book: Book, at: int, given: dict[str, Any]) -> None:
    sheet = book.sheets[at]
    for part, data in enumerate(given.get("data", [])):
        area = Area(sheet, data.get("startRow", 0), data.get("startColumn", 0), sheet.row_count, sheet.column_count)
        rows = [row.get("values", []) for row in data.get("rowData", [])]
        try:
            fill(book, area.clipped(), rows, {"*": {}}, cover=False)
        except ApiError as error:
            raise error.within(f"sheets[{at}].data[{part}]") from None
        for look, line in zip(data.get("rowMetadata", []), sheet.rows[area.top :], strict=False):
            line.look = look
        for column, look in enumerate(data.get("columnMetadata", []), area.left):
            sheet.columns[column] = look
    for name in LISTS:
        if name in given:
            things = [given[name]] if name == "basicFilter" else given[name]
            sheet.things[name] = [_numbered(book, name, thing) for thing in things]


def _numbered(book: Book, kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    made = {IDS[kind]: book.number()} | thing if kind in IDS else dict(thing)
    if kind == "protectedRanges":
        made |= {"requestingUserCanEdit": True, "editors": {"users": [CALLER]}}
    return made
