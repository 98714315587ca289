"""batchUpdate requests about whole rows and columns."""

from typing import Any

from .book import Book, Sheet
from .errors import bad
from .moves import NAMES, delete_lines, insert_lines, move_lines, size
from .tabs import Reply, request_mask

WORDS = {"ROWS": "row", "COLUMNS": "column"}


def _span(book: Book, ask: dict[str, Any], name: str = "range") -> tuple[Sheet, str, int, int]:
    """(tab, dimension, start, end); an open end is the edge of the grid."""
    span = ask.get(name, {})
    sheet = book.sheet(span.get("sheetId", 0))
    dimension = span.get("dimension", "")
    if dimension not in WORDS:
        raise bad(f"{name}.dimension must be set")
    start, end = span.get("startIndex", 0), span.get("endIndex", size(sheet, dimension))
    if start < 0:
        raise bad(f"{name}.startIndex[{start}] must be at least 0")
    if end <= start:
        raise bad(f"{name}.endIndex[{end}] must be greater than {name}.startIndex[{start}]")
    return sheet, dimension, start, end


def insert_dimension(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, dimension, start, end = _span(book, ask)
    before, total = ask.get("inheritFromBefore", False), size(sheet, dimension)
    if before and start == 0:
        raise bad("inheritFromBefore cannot be true if startIndex is 0.")
    if start > total:
        raise bad(f"range.startIndex is larger than current grid size ({total})")
    if not before and start >= total:
        raise bad(f"range.startIndex must be less than the grid size ({total}) if inheritFromBefore is false.")
    other = sheet.column_count if dimension == "ROWS" else sheet.row_count
    book.room_for((end - start) * other)
    insert_lines(book, sheet, dimension, start, end - start, like=start - 1 if before else start)
    return {}


def delete_dimension(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, dimension, start, end = _span(book, ask)
    total, word = size(sheet, dimension), WORDS[dimension]
    if start >= total or end > total:
        at = start if start >= total else end - 1
        raise bad(
            f"Cannot delete a {word} that doesn't exist. Tried to delete {word} index {at} but there are only "
            f"{total} {word}s."
        )
    if end - start == total:
        raise bad(f"You can't delete all the {word}s on the sheet.")
    frozen = sheet.grid.get("frozenRowCount" if dimension == "ROWS" else "frozenColumnCount", 0)
    if frozen and total - (end - start) <= frozen - max(0, min(end, frozen) - start):
        raise bad(f"You can't delete all the non-frozen {word}s on the sheet.")
    delete_lines(book, sheet, dimension, start, end)
    return {}


def append_dimension(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, length = book.sheet(ask.get("sheetId", 0)), ask.get("length", 0)
    if length < 1:
        raise bad(f"length[{length}] must be at least 1")
    tall, wide = (length, 0) if ask.get("dimension") == "ROWS" else (0, length)
    rows, columns = sheet.row_count + tall, sheet.column_count + wide
    book.room_for(rows * columns - sheet.row_count * sheet.column_count)
    sheet.resize(rows, columns)
    return {}


def move_dimension(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, dimension, start, end = _span(book, ask, "source")
    to, total = ask.get("destinationIndex", 0), size(sheet, dimension)
    if end > total or not 0 <= to <= total:
        raise bad(f"Cannot move {WORDS[dimension]}s that don't exist: there are only {total} {WORDS[dimension]}s.")
    if start < to < end:
        raise bad(f"destinationIndex[{to}] must not be within the source.")
    first, last = NAMES[dimension]
    for merge in sheet.things.get("merges", []):
        cut = merge[first] < end and start < merge[last] and not (start <= merge[first] and merge[last] <= end)
        if cut or merge[first] < to < merge[last]:
            raise bad(
                f"Sorry, it is not possible to move a {WORDS[dimension]} to a position that crosses a merged cell. "
                "Please unmerge and try again."
            )
    move_lines(book, sheet, dimension, start, end, to)
    return {}


def update_dimension_properties(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, dimension, start, end = _span(book, ask)
    tree = request_mask(ask.get("fields", ""), "DimensionProperties")
    given = ask.get("properties", {})
    names = ["pixelSize", "hiddenByUser"] if "*" in tree else list(tree)
    for look in _looks(sheet, dimension)[start:end]:
        for name in names:
            look.pop(name, None)
            if name in given:
                look[name] = given[name]
    return {}


def _looks(sheet: Sheet, dimension: str) -> list[dict[str, Any]]:
    return [line.look for line in sheet.rows] if dimension == "ROWS" else sheet.columns


def auto_resize_dimensions(book: Book, ask: dict[str, Any]) -> Reply:
    """Roughly as wide as the longest text: this server has no fonts."""
    sheet, dimension, start, end = _span(book, ask, "dimensions")
    for at in range(start, end) if dimension == "COLUMNS" else ():
        longest = max((len(book.shown(sheet, row, at)) for row in range(sheet.row_count)), default=0)
        if longest:
            sheet.columns[at]["pixelSize"] = 10 + 7 * longest
    return {}


def add_dimension_group(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, dimension, start, end = _span(book, ask)
    depths = _depths(sheet, dimension)
    if max(depths[start:end], default=0) >= 8:
        raise bad("Groups can be at most 8 deep.")
    sheet.grid["rowGroupControlAfter" if dimension == "ROWS" else "columnGroupControlAfter"] = True
    return _regroup(sheet, dimension, [depth + (start <= at < end) for at, depth in enumerate(depths)])


def delete_dimension_group(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, dimension, start, end = _span(book, ask)
    depths = _depths(sheet, dimension)
    if not any(depths[start:end]):
        raise bad(f"There is no {WORDS[dimension]} group in the range {start} to {end}.")
    return _regroup(sheet, dimension, [max(depth - (start <= at < end), 0) for at, depth in enumerate(depths)])


def update_dimension_group(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("dimensionGroup", {})
    sheet, dimension, start, end = _span(book, given)
    request_mask(ask.get("fields", ""), "DimensionGroup")
    for group in sheet.things.get(_groups(dimension), []):
        span = group["range"]
        if (span["startIndex"], span["endIndex"]) == (start, end) and group["depth"] == given.get("depth", 1):
            group["collapsed"] = given.get("collapsed", False)
            return {}
    raise bad(f"There is no {WORDS[dimension]} group from {start} to {end}.")


def _groups(dimension: str) -> str:
    return "rowGroups" if dimension == "ROWS" else "columnGroups"


def _depths(sheet: Sheet, dimension: str) -> list[int]:
    depths = [0] * size(sheet, dimension)
    for group in sheet.things.get(_groups(dimension), []):
        for at in range(group["range"]["startIndex"], group["range"]["endIndex"]):
            depths[at] = max(depths[at], group["depth"])
    return depths


def _regroup(sheet: Sheet, dimension: str, depths: list[int]) -> Reply:
    """Groups from how deep each line is; the reply lists them all."""
    home = {"sheetId": sheet.id} if sheet.id else {}
    groups = []
    for depth in range(1, max(depths, default=0) + 1):
        starts = [at for at, deep in enumerate(depths) if deep >= depth and (at == 0 or depths[at - 1] < depth)]
        for start in starts:
            end = next((at for at in range(start, len(depths)) if depths[at] < depth), len(depths))
            span = home | {"dimension": dimension, "startIndex": start, "endIndex": end}
            groups.append({"range": span, "depth": depth})
    sheet.things[_groups(dimension)] = groups
    return {"dimensionGroups": groups} if groups else {}
