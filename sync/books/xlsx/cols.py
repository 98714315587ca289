"""The columns of a sheet part as its <col> elements describe them, in ranges: some are taken out and described anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sync.books.xlsx.outline import Edit, Element, edited, put_child

# The children of a sheet part in their order, as far as anything is put before them.
ORDER = (
    *("sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection"),
    *("protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells"),
    *("phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins"),
    *("pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors"),
    *(
        "smartTags",
        "drawing",
        "legacyDrawing",
        "legacyDrawingHF",
        "picture",
        "oleObjects",
        "controls",
        "AlternateContent",
    ),
    *("webPublishItems", "tableParts", "extLst"),
)


def put_cols(part: bytes, elements: Sequence[Element], made: Mapping[int, str]) -> list[Edit]:
    """The columns *made*, by number, among those that the *elements* of *part* describe; a range over them is cut."""
    section = next((element for element in elements if element.depth == 1 and element.kind == "cols"), None)
    cols = [element for element in elements if element.depth == 2 and element.kind == "col"]
    numbers = sorted(made)
    if section is None or not cols:
        prefix = elements[0].prefix
        whole = f"<{prefix}cols>{''.join(made[number] for number in numbers)}</{prefix}cols>".encode()
        return [(section.start, section.end, whole) if section else put_child(elements, ORDER, "cols", whole)]
    edits: list[Edit] = []
    for col in cols:
        inside = [number for number in numbers if number in _range(col)]
        if inside:
            edits.append((col.start, col.end, _cut(part, col, {number: made[number] for number in inside})))
        numbers = [number for number in numbers if number not in inside]
    for number in numbers:
        later = next((col for col in cols if _range(col).start > number), None)
        at = section.closed if later is None else later.start
        edits.append((at, at, made[number].encode()))
    return edits


def _range(col: Element) -> range:
    return range(int(col.attributes["min"]), int(col.attributes["max"]) + 1)


def _cut(part: bytes, col: Element, made: Mapping[int, str]) -> bytes:
    """What *col* describes, with the columns *made* in the place of its own."""
    pieces, at = [], _range(col).start
    for number, text in made.items():
        pieces += [_piece(part, col, at, number - 1), text.encode()]
        at = number + 1
    return b"".join((*pieces, _piece(part, col, at, _range(col)[-1])))


def _piece(part: bytes, col: Element, first: int, last: int) -> bytes:
    """*col* as it describes the columns from *first* to *last*, if there are any."""
    if first > last:
        return b""
    edits = [*col.set(part, "min", str(first)), *col.set(part, "max", str(last))]
    return edited(part[col.start : col.end], [(at - col.start, to - col.start, new) for at, to, new in edits])
