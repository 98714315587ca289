"""The looks of a register's tab: what is frozen, striped, coloured, protected, and each role's view of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sync.blueprint import TabDesign, View
from sync.blueprint.live import Live
from sync.books.gsheets import formulas
from sync.books.gsheets.cells import BAND_STRONG, Json, area, colour, ink
from sync.books.gsheets.draft import Draft, Sheet
from sync.books.gsheets.formulas import MARK
from sync.books.gsheets.shape import NAME
from sync.layout import letter

STRIPES = ("#FFFFFF", "#F7F9FB")
STALE = ("#D9D9D9", "#7F7F7F")
VOIDED = "#8C8C8C"
HEADERS_SAID = f"{MARK} 表头，程序按它找列；改名前请先和管理员说一声 / headers: columns are found by them"
STATUS_SAID = f"{MARK} 系统状态，每晚自动更新，不用手写 / status: filled every night"
LIVE_SAID = "servicebook 倒计时，公式随时算，不用手写 / counts down by a formula"  # the look of a tab does without it
SYSTEM_SAID = f"{MARK} 系统标签页，每晚整页重写 / rewritten whole every night"


def freeze(draft: Draft, sheet: Sheet, _: TabDesign) -> None:
    """Headers, ids and status stay in sight; what would cut a merged cell in two is left, since Google refuses it."""
    rows, columns = sheet.uncut
    grid: Json = {"frozenRowCount": sheet.first} if rows and sheet.rows > sheet.first else {}
    if columns and len(sheet.slots) > 2:
        grid["frozenColumnCount"] = 2
    freeze_grid(draft, sheet, grid)


def freeze_grid(draft: Draft, sheet: Sheet, grid: Json) -> None:
    """Set what *grid* names of the grid's properties."""
    if grid:
        fields = ",".join(f"gridProperties.{name}" for name in grid)
        draft.add("updateSheetProperties", properties={"sheetId": sheet.id, "gridProperties": grid}, fields=fields)


# Conditions, stripes and names begin with the headers: a row that is put in right under them belongs to them, too.


def banding(draft: Draft, sheet: Sheet, _: TabDesign) -> None:
    """Every second row is a little darker."""
    first, second = map(colour, STRIPES)
    stripes: Json = {
        "bandedRangeId": draft.number(str(sheet.id), "banding"),
        "range": area(sheet.id, (sheet.header, None)),
        "rowProperties": {
            "headerColorStyle": colour(BAND_STRONG),
            "firstBandColorStyle": first,
            "secondBandColorStyle": second,
        },
    }
    draft.add("addBanding", bandedRange=stripes)


def colours(draft: Draft, sheet: Sheet, tab: TabDesign) -> None:
    """The status is coloured by its first words, a void row is struck through, an old moment turns grey."""
    row, at = sheet.header + 1, sheet.status
    void = sheet.find(tab.void) if tab.void else None
    if void is not None:
        struck: Json = {"textFormat": ink(VOIDED, strikethrough=True)}
        _condition(draft, area(sheet.id, (sheet.header, None)), formulas.void(f"${letter(void)}{row}"), struck)
    if at is None:
        return
    where, cell = area(sheet.id, (sheet.header, None), (at, at + 1)), f"${letter(at)}{row}"
    for one in draft.design.colours:
        _condition(draft, where, formulas.begins(one.name, cell, one.starts), _painted(one.fill, one.ink))
    if sheet.header:
        above = area(sheet.id, (sheet.header - 1, sheet.header), (at, at + 1))
        _condition(draft, above, formulas.stale(f"${letter(at)}${sheet.header}"), _painted(*STALE))


def counting(draft: Draft, sheet: Sheet, made: Live, cells: Mapping[str, str]) -> None:
    """Both live columns of a promise, in *cells* of the headers' row, wear the colours of what is late or due soon."""
    both = sorted(at for name, at in sheet.live().items() if name.partition(".")[0] == made.promise)
    for one in draft.design.colours if len(both) == 2 else ():
        if one.name in {"soon", "late"}:
            formula = formulas.comes(made, cells, late=one.name == "late")
            for at in both:
                _condition(
                    draft, area(sheet.id, (sheet.header, None), (at, at + 1)), formula, _painted(one.fill, one.ink)
                )


def _condition(draft: Draft, where: Json, formula: str, look: Json) -> None:
    """Ours come before other people's; where two of ours meet, either look is right."""
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
    rule = {"ranges": [where], "booleanRule": {"condition": condition, "format": look}}
    draft.add("addConditionalFormatRule", rule=rule, index=0)


def _painted(fill: str, letters: str) -> Json:
    return {"backgroundColorStyle": colour(fill), "textFormat": ink(letters)}


def protection(draft: Draft, sheet: Sheet, _: TabDesign) -> None:
    """Who types over a header or a status is asked first, and may."""
    _protect(draft, sheet, area(sheet.id, (0, sheet.first)), HEADERS_SAID)
    if sheet.status is not None:
        _protect(draft, sheet, sheet.below(sheet.status), STATUS_SAID)


def guard(draft: Draft, sheet: Sheet, at: int, name: str) -> None:
    """Who types over the live column *name* is asked first: it would stop the formula."""
    _protect(draft, sheet, sheet.below(at), LIVE_SAID, name)


def locked(draft: Draft, sheet: Sheet) -> None:
    """A tab of the system's: only the owner and the account that makes it can change it."""
    _protect(draft, sheet, area(sheet.id), SYSTEM_SAID, warningOnly=False, editors={"users": []})


def _protect(draft: Draft, sheet: Sheet, where: Json, said: str, name: str = "", **who: object) -> None:
    number = draft.number(str(sheet.id), "protection", said + name)
    protected = {"protectedRangeId": number, "range": where, "description": said, **(who or {"warningOnly": True})}
    draft.add("addProtectedRange", protectedRange=protected)


def view(draft: Draft, sheet: Sheet, made: View) -> None:
    """One role's filter view. Each has a condition, since we know it again by that."""
    at = sheet.status
    if at is None:
        return
    formula = formulas.seen(made, f"${letter(at)}{sheet.first + 1}")
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
    found: Json = {
        "filterViewId": draft.number(str(sheet.id), "view", made.name),
        "title": made.title,
        "range": area(sheet.id, (sheet.header, None)),
        "filterSpecs": [{"columnIndex": at, "filterCriteria": {"condition": condition}}],
    }
    by = sheet.find(made.sort_by) if made.sort_by else None
    if by is not None:
        found["sortSpecs"] = [{"dimensionIndex": by, "sortOrder": "ASCENDING"}]
    draft.add("addFilterView", filter=found)


def name(draft: Draft, sheet: Sheet, tab: TabDesign) -> None:
    """The register's headers and rows, for formulas of people: sb_call_register."""
    made = NAME + tab.register
    if draft.names.isdisjoint({tab.register, made}):
        draft.names.add(made)
        draft.add("addNamedRange", namedRange={"name": made, "range": area(sheet.id, (sheet.header, None))})


LOOKS: Mapping[str, Callable[[Draft, Sheet, TabDesign], None]] = {
    "freeze": freeze,
    "banding": banding,
    "colours": colours,
    "protection": protection,
}
