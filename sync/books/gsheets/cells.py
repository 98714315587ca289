"""Cells, colours and areas as the Sheets API writes them."""

from __future__ import annotations

from sync.blueprint import ColumnDesign

Json = dict[str, object]

HEADER_INK, NEEDED_INK, BAND_INK = "#1F2D3D", "#9C1C12", "#44546A"
BAND_LIGHT, BAND_STRONG = "#F2F2F2", "#D9E1E8"  # of the status column
# The pixels of a column that is so many characters wide, as workbooks count them.
PIXELS, PADDING = 7, 5


def area(
    sheet: int,
    rows: tuple[int, int | None] | None = None,
    columns: tuple[int, int | None] | None = None,
) -> Json:
    """The rows and columns of *sheet* from one index to the one after the last; None is open."""
    found: Json = {"sheetId": sheet}
    for name, span in (("Row", rows), ("Column", columns)):
        if span:
            found[f"start{name}Index"] = span[0]
            if span[1] is not None:
                found[f"end{name}Index"] = span[1]
    return found


def span(sheet: int, dimension: str, at: int, length: int = 1) -> Json:
    """*length* whole rows or columns of *sheet*."""
    return {"sheetId": sheet, "dimension": dimension, "startIndex": at, "endIndex": at + length}


def pixels(width: float) -> int:
    """A column's *width* in characters, as the API counts it."""
    return round(width * PIXELS + PADDING)


def colour(written: str) -> Json:
    """#RRGGBB as the API writes it."""
    red, green, blue = (round(int(written[at : at + 2], 16) / 255, 4) for at in (1, 3, 5))
    return {"rgbColor": {"red": red, "green": green, "blue": blue}}


def said(value: str, **look: object) -> Json:
    """A cell with the text *value*, whatever it looks like."""
    return {"userEnteredValue": {"stringValue": value}, **({"userEnteredFormat": look} if look else {})}


def worked_out(formula: str, **look: object) -> Json:
    """A cell with a *formula*."""
    return {"userEnteredValue": {"formulaValue": formula}, **({"userEnteredFormat": look} if look else {})}


def ink(written: str, **more: object) -> Json:
    """How letters look."""
    return {"foregroundColorStyle": colour(written), **more}


def heading_look(fill: str, letters: str = HEADER_INK) -> Json:
    """The format of a header's cell."""
    return {
        "backgroundColorStyle": colour(fill),
        "textFormat": ink(letters, bold=True),
        "wrapStrategy": "WRAP",
        "verticalAlignment": "MIDDLE",
        "borders": {"bottom": {"style": "SOLID", "colorStyle": colour(BAND_INK)}},
    }


def header(column: ColumnDesign) -> Json:
    """The header of *column* with its note."""
    look = heading_look(column.strong, NEEDED_INK if column.needed else HEADER_INK)
    return {**said(column.title, **look), "note": column.note}


def band(column: ColumnDesign) -> Json:
    """What stands above the header of *column*."""
    look: Json = {"backgroundColorStyle": colour(column.light), "textFormat": ink(BAND_INK, bold=True)}
    return said(column.label, **look) if column.label else {"userEnteredFormat": look}


def data_look(pattern: str, *, fresh: bool = False) -> Json:
    """How the data of a column with the number format *pattern* look; moments of a *fresh* one stand in the middle."""
    kind = _kind(pattern)
    found: Json = {"numberFormat": {"type": kind, "pattern": pattern}} if kind else {}
    if fresh and kind in {"DATE", "DATE_TIME", "TIME"}:
        found["horizontalAlignment"] = "CENTER"
    return found


def _kind(pattern: str) -> str:
    """What the API calls such a number format; none for the one that cells have anyway."""
    if pattern in {"", "General"}:
        return ""
    if pattern == "@":
        return "TEXT"
    day, hour = "d" in pattern or "y" in pattern, "h" in pattern
    return {(True, True): "DATE_TIME", (True, False): "DATE", (False, True): "TIME"}.get((day, hour), "NUMBER")
