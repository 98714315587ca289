"""From changes to the requests of one batch, which Google carries out as a whole or not at all.

No request writes into a row that people type into, except of a tab that the batch itself makes. New columns are put
in, never written over blank ones: what somebody types beside the last column at this very moment moves aside.
What is there already is not made again, so a batch that was carried out gives no requests the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sync.blueprint import LOOKS, BookDesign, BookShape, Change
from sync.books.gsheets import columns, live, looks, tabs
from sync.books.gsheets.cells import Json
from sync.books.gsheets.draft import Draft


def requests(design: BookDesign, shape: BookShape, changes: Sequence[Change]) -> list[Json]:
    """What carries out *changes* towards *design* in a spreadsheet that is like *shape*.

    BookError where what a change is about is not there any more.
    """
    draft = Draft(design, shape)
    for change in _in_order(_whole(draft, changes)):
        STEPS[change.kind](draft, change)
    for sheet in draft.sheets.values():
        columns.state(draft, sheet)
        live.state(draft, sheet)
    return draft.requests


def _whole(draft: Draft, changes: Iterable[Change]) -> Iterator[Change]:
    """*changes*, and what belongs to them: a new column has its format, a new tab its looks.

    A tab or a column that somebody has made meanwhile is theirs.
    """
    for change in changes:
        if _there(draft, change):
            continue
        yield change
        if change.kind == "column":
            yield from (replace(change, kind=kind) for kind in ("format", "rule"))
        elif change.kind == "tab" and (tab := draft.design.tab(change.tab)):
            for column in tab.columns:
                yield from (replace(change, kind=kind, column=column.name) for kind in ("format", "rule"))
            yield from (replace(change, kind="live", column=one.name) for one in tab.live)
            for what in (*LOOKS, *(f"view:{view.name}" for view in tab.views)):
                yield replace(change, kind="look", what=what)
            yield replace(change, kind="name")


def _there(draft: Draft, change: Change) -> bool:
    sheet = draft.sheets.get(change.tab)
    if sheet is None or change.kind not in {"tab", "column"}:
        return False
    return change.kind == "tab" or sheet.find(change.column) is not None


def _in_order(changes: Iterable[Change]) -> list[Change]:
    """Each change once: tabs before what refers to them, columns before what looks for them."""
    once = {(change.kind, change.tab, change.column, change.what): change for change in changes}
    order = list(STEPS)
    return sorted(once.values(), key=lambda change: order.index(change.kind))


def _rename_tab(draft: Draft, change: Change) -> None:
    sheet, _ = draft.place(change)
    if sheet.title != change.what:
        sheet.title = change.what
        draft.add("updateSheetProperties", properties={"sheetId": sheet.id, "title": change.what}, fields="title")


def _look(draft: Draft, change: Change) -> None:
    sheet, tab = draft.place(change)
    if change.what in sheet.looks:
        return
    if change.what in looks.LOOKS:
        looks.LOOKS[change.what](draft, sheet, tab)
    for view in tab.views:
        if change.what == f"view:{view.name}":
            looks.view(draft, sheet, view)


def _name(draft: Draft, change: Change) -> None:
    """A tab in which somebody keeps something else under our title gets no name and no mark."""
    sheet = draft.standing(change)
    if sheet and sheet.design and sheet.places():
        looks.name(draft, sheet, sheet.design)


Step = Callable[[Draft, Change], None]
# In the order in which they are made.
STEPS: Mapping[str, Step] = {
    "rename_tab": _rename_tab,
    "tab": tabs.tab,
    "system_tab": tabs.system_tab,
    "guide": tabs.guide,
    "delete_column": columns.delete_column,
    "status": columns.status,
    "column": columns.column,
    "move_column": columns.move_column,
    "live": live.column,
    "formula": live.formula,
    "every_minute": live.every_minute,
    "rename_column": columns.rename_column,
    "retype_column": columns.retype,
    "format": columns.retype,
    "rule": columns.rule,
    "note": columns.note,
    "look": _look,
    "name": _name,
}
