"""Live columns: put in beside the moment that stops the clock; each is one formula that begins in its header."""

from __future__ import annotations

from collections.abc import Iterator

from sync.blueprint import Change, TabDesign
from sync.blueprint.live import Live
from sync.books.gsheets import formulas, looks
from sync.books.gsheets.cells import data_look, worked_out
from sync.books.gsheets.columns import own_cells, put_in
from sync.books.gsheets.draft import Draft, Sheet, Slot
from sync.books.gsheets.formulas import quoted
from sync.books.gsheets.shape import EVERY_MINUTE, LIVE
from sync.layout import letter
from sync.schema import heading


def column(draft: Draft, change: Change) -> None:
    """A live column, unless there is one with its header, which then is somebody's own."""
    sheet, tab = draft.place(change)
    made = _meant(tab, change)
    if made is None or heading(made.title.zh) in {heading(slot.header) for slot in sheet.slots}:
        return
    at = _place(sheet, tab, made)
    put_in(draft, sheet, at, Slot(made.title.zh))
    _take(draft, sheet, at, made)


def formula(draft: Draft, change: Change) -> None:
    """The formula of a live column that lost it, or has an older one; a blank column with its header becomes it."""
    sheet, tab = draft.place(change)
    made = _meant(tab, change)
    if made is None:
        return
    at, blank = sheet.live().get(made.name), _blank(sheet, made)
    if at is None and blank is not None:
        _take(draft, sheet, blank, made)
    elif at is not None and sheet.slots[at].was.live != made.mark:
        sheet.changed = True


def _blank(sheet: Sheet, made: Live) -> int | None:
    """The column that has the header of *made* and nothing below."""
    title = heading(made.title.zh)
    blank = (at for at, slot in enumerate(sheet.slots) if heading(slot.header) == title and not slot.was.filled)
    return next(blank, None)


def _take(draft: Draft, sheet: Sheet, at: int, made: Live) -> None:
    """Make the blank column at *at* the live one: mark, note, format, protection; the formula comes last."""
    sheet.slots[at].live = made.name
    draft.mark(sheet, at, made.name, LIVE)
    above, head = own_cells(made.note)
    rows = [[above], [head]] if sheet.banded else [[head]]
    draft.write(sheet, sheet.first - len(rows), at, rows, "userEnteredFormat,note")
    draft.width(sheet, at, made.width)
    look = data_look(made.number_format, fresh=True)
    draft.repeat(sheet.below(at), look, "numberFormat,horizontalAlignment")
    looks.guard(draft, sheet, at, made.name)
    sheet.fresh.add(made.promise)
    sheet.again()


def every_minute(draft: Draft, _: Change) -> None:
    """What goes by the clock is worked out each minute, and not only when somebody types."""
    if not draft.shape.every_minute:
        draft.add("updateSpreadsheetProperties", properties={"autoRecalc": EVERY_MINUTE}, fields="autoRecalc")


def _meant(tab: TabDesign, change: Change) -> Live | None:
    return next((one for one in tab.live if one.name == change.column), None)


def _place(sheet: Sheet, tab: TabDesign, made: Live) -> int:
    """Directly before the column that it stands beside, behind the last one where there is none."""
    left = sheet.live().get(f"{made.promise}.left")
    beside = _found(sheet, tab, made.beside)
    return next((at for at in (left, beside) if at is not None), sheet.end())


def _found(sheet: Sheet, tab: TabDesign, name: str) -> int | None:
    """Where the declared column *name* stands; of a moment kept in one column, its date stands there."""
    at = sheet.find(name)
    column = next((one for one in tab.columns if one.name == name), None)
    if at is not None or column is None or not name.endswith("__date"):
        return at
    whole = {heading(header) for header in column.whole}
    return next((at for at, slot in enumerate(sheet.slots) if not slot.name and heading(slot.header) in whole), None)


# ---------------------------------------------------------------- formulas


def state(draft: Draft, sheet: Sheet) -> None:
    """The formulas of the live columns, and the colours of new ones, written last: both name columns by letters."""
    tab, places = sheet.design, sheet.live()
    key = sheet.find(tab.key) if tab else None
    if tab is None or key is None:
        return
    for made in tab.live:
        if made.name in places and (sheet.changed or _held(draft, made, changed=True)):
            spill = formulas.live(made, dict(_refs(draft, sheet, tab, made)), key, sheet.header)
            draft.write(sheet, sheet.header, places[made.name], [[worked_out(spill)]], "userEnteredValue")
        if made.promise in sheet.fresh and made.shows == "left":
            row = sheet.header + 1
            cells = {name: f"${letter(at)}{row}" for name, at in places.items()}
            looks.counting(draft, sheet, made, cells)


def _refs(draft: Draft, sheet: Sheet, tab: TabDesign, made: Live) -> Iterator[tuple[str, str]]:
    """What *made* looks at, as whole columns; what the book does not have is left out."""
    for name in made.needs:
        at = sheet.live().get(name, _found(sheet, tab, name))
        if at is not None:
            yield name, formulas.column(at, sheet.header)
    holds = _held(draft, made)
    at = holds.find(made.terms.held.partition(".")[2]) if holds else None
    if holds and at is not None:
        yield made.terms.held, f"{quoted(holds.title)}!{formulas.column(at, holds.header)}"


def _held(draft: Draft, made: Live, *, changed: bool = False) -> Sheet | None:
    """The tab in which holds name the rows of *made*; with *changed* only where its columns changed."""
    register = made.terms.held.partition(".")[0]
    sheets = (one for one in draft.sheets.values() if one.design and one.design.register == register)
    return next((one for one in sheets if one.changed or not changed), None)
