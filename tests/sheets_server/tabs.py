"""batchUpdate requests about tabs and the spreadsheet itself."""

from typing import Any

from .api import Mask, mask, merged, verify
from .book import Book, Sheet
from .errors import ApiError, bad
from .moves import delete_lines

Reply = dict[str, Any]
TWINS = {
    one: other
    for name in (
        "backgroundColor",
        "foregroundColor",
        "tabColor",
        "color",
        "headerColor",
        "firstBandColor",
        "secondBandColor",
        "footerColor",
    )
    for one, other in ((name, name + "Style"), (name + "Style", name))
}


def request_mask(text: str, kind: str) -> Mask:
    """The mask of a request; it must name at least one field, and only fields that exist."""
    if not text:
        raise bad("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    try:
        tree = mask(text)
        verify(tree, kind, text)
    except ApiError:
        raise bad(f"Invalid field mask: {text}") from None
    return _twin_mask(tree)


def _twin_mask(tree: Mask) -> Mask:
    """A colour and its style are one thing under two names."""
    grown = {name: _twin_mask(branch) for name, branch in tree.items()}
    return grown | {TWINS[name]: {} for name in tree if name in TWINS and TWINS[name] not in tree}


def twins(message: Any) -> Any:
    """The message with each colour under both of its names."""
    if isinstance(message, list):
        return [twins(one) for one in message]
    if not isinstance(message, dict):
        return message
    grown = {name: twins(item) for name, item in message.items()}
    for name, item in message.items():
        other = TWINS.get(name)
        if other is None or other in message or (name == "color" and "colorType" in message):
            continue
        if other.endswith("Style"):
            grown[other] = {"rgbColor": item}
        elif "rgbColor" in item:
            grown[other] = item["rgbColor"]
    return grown


def add_sheet(book: Book, ask: dict[str, Any]) -> Reply:
    sheet = book.add_sheet(dict(ask.get("properties", {})))
    return {"properties": sheet.described(book.sheets.index(sheet))}


def delete_sheet(book: Book, ask: dict[str, Any]) -> Reply:
    sheet = book.sheet(ask.get("sheetId", 0), "sheet")
    if len(book.sheets) == 1:
        raise bad("You can't remove all the sheets in a document.")
    visible = [one for one in book.sheets if not one.properties.get("hidden") and one is not sheet]
    if not visible:
        raise bad("You can't remove all the visible sheets in a document.")
    book.sheets.remove(sheet)
    book.named = [one for one in book.named if one["range"].get("sheetId", 0) != sheet.id]
    book.metadata = [one for one in book.metadata if _home(one) != sheet.id]
    return {}


def _home(metadata: dict[str, Any]) -> int | None:
    location = metadata["location"]
    if location["locationType"] == "SPREADSHEET":
        return None
    return int(location.get("dimensionRange", location).get("sheetId", 0))


def duplicate_sheet(book: Book, ask: dict[str, Any]) -> Reply:
    source = book.sheet(ask.get("sourceSheetId", 0), "sheet")
    title = ask.get("newSheetName") or copy_title(book, source.title)
    wanted = {"title": title} | ({"sheetId": ask["newSheetId"]} if "newSheetId" in ask else {})
    sheet = place_copy(book, source, wanted, ask.get("insertSheetIndex", 0))
    return {"properties": sheet.described(book.sheets.index(sheet))}


def copy_title(book: Book, title: str) -> str:
    name, number = f"Copy of {title}", 1
    while book.titled(name):
        number += 1
        name = f"Copy of {title} {number}"
    return name


def place_copy(book: Book, source: Sheet, wanted: dict[str, Any], index: int) -> Sheet:
    """A copy of a tab, of this book or another, as a new tab here."""
    shape = {"rowCount": source.row_count, "columnCount": source.column_count}
    book.room_for(shape["rowCount"] * shape["columnCount"])
    made = book.add_sheet(wanted | {"gridProperties": {"rowCount": 0, "columnCount": 0}}, index)
    other = source.copy()
    made.rows, made.columns, made.grid = other.rows, other.columns, other.grid
    made.things = _rehomed(other.things, made.id)
    made.properties |= {name: item for name, item in other.properties.items() if name not in ("sheetId", "title")}
    for kind, key in (("protectedRanges", "protectedRangeId"), ("bandedRanges", "bandedRangeId")):
        for thing in made.things.get(kind, []):
            thing[key] = book.number()
    book.changed()
    return made


def _rehomed(things: Any, sheet_id: int) -> Any:
    """The same ranges on another tab."""
    if isinstance(things, list):
        return [_rehomed(one, sheet_id) for one in things]
    if not isinstance(things, dict):
        return things
    moved = {name: _rehomed(item, sheet_id) for name, item in things.items() if name != "sheetId"}
    is_range = {"startRowIndex", "startColumnIndex", "dimension", "sheetId"} & things.keys()
    return {"sheetId": sheet_id} | moved if is_range and sheet_id else moved


def update_sheet_properties(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("properties", {})
    sheet = book.sheet(given.get("sheetId", 0), "sheet")
    tree = request_mask(ask.get("fields", ""), "SheetProperties")
    index = book.sheets.index(sheet)
    wanted = merged(tree, sheet.described(index), given)
    if "*" in tree:
        wanted = sheet.described(index) | wanted
    sheet.properties["title"] = book.free_title(wanted.get("title", ""), but=sheet)
    _hide(book, sheet, hidden=wanted.get("hidden", False))
    for name in ("rightToLeft", "tabColor", "tabColorStyle"):
        sheet.properties.pop(name, None)
        if wanted.get(name) not in (None, {}):
            sheet.properties[name] = wanted[name]
    _regrid(book, sheet, wanted.get("gridProperties", {}))
    _reorder(book, sheet, index, wanted.get("index", 0))
    return {}


def _hide(book: Book, sheet: Sheet, *, hidden: bool) -> None:
    sheet.properties.pop("hidden", None)
    if hidden:
        if all(one.properties.get("hidden") or one is sheet for one in book.sheets):
            raise bad("You can't hide all the sheets in a document.")
        sheet.properties["hidden"] = True


def _regrid(book: Book, sheet: Sheet, wanted: dict[str, Any]) -> None:
    rows, columns = wanted.get("rowCount", 0), wanted.get("columnCount", 0)
    if rows < 1 or columns < 1:
        raise bad(f"gridProperties.{'rowCount' if rows < 1 else 'columnCount'} must be at least 1.")
    if wanted.get("frozenRowCount", 0) >= rows:
        raise bad("You can't freeze all visible rows on the sheet.")
    if wanted.get("frozenColumnCount", 0) >= columns:
        raise bad("You can't freeze all visible columns on the sheet.")
    book.room_for(rows * columns - sheet.row_count * sheet.column_count)
    if rows < sheet.row_count:
        delete_lines(book, sheet, "ROWS", rows, sheet.row_count)
    if columns < sheet.column_count:
        delete_lines(book, sheet, "COLUMNS", columns, sheet.column_count)
    sheet.resize(rows, columns)
    sheet.grid = {name: item for name, item in wanted.items() if name not in ("rowCount", "columnCount")}


def _reorder(book: Book, sheet: Sheet, old: int, new: int) -> None:
    """*new* counts the places before the tab is taken out; the place right after it is where it stands."""
    if new in (old, old + 1):
        return
    if not 0 <= new <= len(book.sheets):
        raise bad(f"properties.index[{new}] must be between 0 and {len(book.sheets)}")
    book.sheets.remove(sheet)
    book.sheets.insert(new - 1 if new > old else new, sheet)


def update_spreadsheet_properties(book: Book, ask: dict[str, Any]) -> Reply:
    tree = request_mask(ask.get("fields", ""), "SpreadsheetProperties")
    wanted = merged(tree, book.properties, ask.get("properties", {}))
    if "*" in tree:
        wanted = book.properties | wanted
    if not wanted.get("title"):
        raise bad("The spreadsheet's title must not be empty.")
    if "/" not in wanted.get("timeZone", "") and wanted.get("timeZone") not in ("UTC", "GMT"):
        raise bad(f"Invalid time zone: {wanted.get('timeZone', '')}")
    book.properties = wanted
    return {}
