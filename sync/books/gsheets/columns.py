"""Columns of tabs that are there: put in, moved, renamed, taken out; their formats, rules and notes."""

from __future__ import annotations

from dataclasses import replace

from sync.blueprint import STATUS_AT, Change
from sync.books.gsheets import formulas
from sync.books.gsheets.cells import (
    BAND_LIGHT,
    BAND_STRONG,
    Json,
    area,
    band,
    colour,
    data_look,
    header,
    heading_look,
    said,
    span,
    worked_out,
)
from sync.books.gsheets.draft import WHOLE, Draft, Sheet, Slot, declared
from sync.books.gsheets.rules import validation
from sync.books.gsheets.shape import STATUS
from sync.model import STATUS_HEADER

STATUS_WIDTH = 32


def status(draft: Draft, change: Change) -> None:
    """The status column, put in beside the id."""
    sheet, _ = draft.place(change)
    if sheet.status is not None:
        return
    at = min(STATUS_AT, len(sheet.slots))
    put_in(draft, sheet, at, Slot(STATUS_HEADER))
    band_cell, head = own_cells(draft.design.status_note)
    rows = [[band_cell], [head]] if sheet.header else [[head]]
    draft.write(sheet, max(sheet.header - 1, 0), at, rows, "userEnteredFormat,note")
    status_looks(draft, sheet, at)
    if sheet.rows <= sheet.first:
        draft.add("appendDimension", sheetId=sheet.id, dimension="ROWS", length=1)  # the formula needs a row to look at
        sheet.rows += 1


def own_cells(note: str) -> tuple[Json, Json]:
    """What stands above a column of formulas and in its header, but for the formulas."""
    small = {"backgroundColorStyle": colour(BAND_LIGHT), "textFormat": {"fontSize": 9}}
    head: Json = {"userEnteredFormat": heading_look(BAND_STRONG), "note": note}
    return {"userEnteredFormat": small}, head


def status_looks(draft: Draft, sheet: Sheet, at: int) -> None:
    """The width, letters and mark of the status column at *at*, and that its formula is to be written."""
    draft.mark(sheet, at, "", STATUS)
    draft.width(sheet, at, STATUS_WIDTH)
    draft.repeat(sheet.below(at), {"textFormat": {"fontSize": 10}}, "textFormat.fontSize")
    sheet.restate = True


def column(draft: Draft, change: Change) -> None:
    """A column behind the last one in use."""
    sheet, tab = draft.place(change)
    column = declared(tab, change.column)
    at = sheet.end()
    put_in(draft, sheet, at, Slot(column.title, column.name))
    draft.mark(sheet, at, column.name)
    rows = [[band(column)], [header(column)]] if sheet.banded else [[header(column)]]
    draft.write(sheet, sheet.first - len(rows), at, rows, WHOLE)
    draft.width(sheet, at, column.width)
    sheet.again()


def put_in(draft: Draft, sheet: Sheet, at: int, slot: Slot) -> None:
    """A blank column at *at*, with nothing of its neighbours' looks and rules."""
    if at < len(sheet.slots):
        draft.add("insertDimension", range=span(sheet.id, "COLUMNS", at), inheritFromBefore=False)
    else:
        draft.add("appendDimension", sheetId=sheet.id, dimension="COLUMNS", length=1)
    sheet.slots.insert(at, slot)
    whole = area(sheet.id, None, (at, at + 1))
    draft.add("repeatCell", range=whole, cell={}, fields="userEnteredFormat,dataValidation,note")


def move_column(draft: Draft, change: Change) -> None:
    """A tab's first column to the front; any other right behind the one it follows, and behind the status."""
    sheet, column, at = draft.column(change)
    left = [-1 if sheet.status is None else sheet.status]
    if change.after:
        left.append(draft.column(replace(change, column=change.after))[2])
    first = sheet.design is not None and column == sheet.design.columns[0]
    to = 0 if first else max(left) + 1
    if to in {at, at + 1}:
        return
    draft.add("moveDimension", source=span(sheet.id, "COLUMNS", at), destinationIndex=to)
    slot = sheet.slots.pop(at)
    sheet.slots.insert(to - (to > at), slot)
    sheet.again()


def delete_column(draft: Draft, change: Change) -> None:
    """Gone with all that stood in it: it was asked for by name."""
    sheet, _ = draft.place(change)
    at = next((at for at, slot in enumerate(sheet.slots) if change.column in {slot.field, slot.live}), None)
    if at is None:
        return
    draft.add("deleteDimension", range=span(sheet.id, "COLUMNS", at))
    del sheet.slots[at]
    sheet.again()


def rename_column(draft: Draft, change: Change) -> None:
    """Its header and nothing else."""
    sheet, column, at = draft.column(change)
    if sheet.slots[at].header != column.title:
        sheet.slots[at].header = column.title
        draft.write(sheet, sheet.header, at, [[said(column.title)]], "userEnteredValue")


def retype(draft: Draft, change: Change) -> None:
    """How the cells below the header are shown, and taken when they are typed: a text column keeps 007 as it is."""
    sheet, column, at = draft.column(change)
    has = sheet.slots[at].was
    shown, meant = (written or "General" for written in (has.number_format, column.number_format))
    if shown == meant or (change.kind == "format" and has.filled and shown != "General"):
        return  # what people typed by now keeps its format until somebody asks for it
    look = data_look(column.number_format, fresh=has.index < 0)
    fields = "numberFormat,horizontalAlignment" if has.index < 0 else "numberFormat"
    draft.repeat(sheet.below(at), look, fields)


def rule(draft: Draft, change: Change) -> None:
    """What offers and warns, where nothing does."""
    sheet, column, at = draft.column(change)
    made = validation(draft, column.rule) if column.rule else None
    if made and not sheet.slots[at].was.rule:
        draft.add("setDataValidation", range=sheet.below(at), rule=made)


def note(draft: Draft, change: Change) -> None:
    """What the header says about its column, where it says nothing."""
    sheet, column, at = draft.column(change)
    if not sheet.slots[at].was.note:
        draft.write(sheet, sheet.header, at, [[{"note": column.note}]], "note")


def state(draft: Draft, sheet: Sheet) -> None:
    """The formulas of the status column, written last: they name columns by their letters and other tabs."""
    at, tab = sheet.status, sheet.design
    key = sheet.find(tab.key) if tab else None
    if not sheet.restate or at is None or tab is None or key is None:
        return
    last = max(sheet.places().values())
    live = sheet.live().values()
    spill = worked_out(formulas.status(tab.register, key, at, last, sheet.header, live))
    rows = [[worked_out(formulas.as_of())], [spill]] if sheet.header else [[spill]]
    draft.write(sheet, sheet.first - len(rows), at, rows, "userEnteredValue")
