"""Where in a book the tabs, headers and columns of its design stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.blueprint import GUIDE_TAB, HEADER_ROW, BookDesign, BookShape, ColumnDesign, ColumnShape, TabDesign, TabShape
from sync.blueprint.live import Live
from sync.model import STATUS_HEADER, SYSTEM_HEADERS, TAG_TEXT, Grid
from sync.schema import heading

STATUS = heading(STATUS_HEADER)
HEADER_WITHIN = 10  # rows from the top in which the headers are looked for


def tabs_in(design: BookDesign, shape: BookShape) -> dict[str, TabShape]:
    """By title of the design, the tab that stands for it: the one called so, or else known so, or else marked so."""
    registers = [tab.register for tab in design.tabs]
    kept = {*SYSTEM_HEADERS, *design.left_alone, GUIDE_TAB}
    free = [tab for tab in shape.tabs if tab.title not in kept]
    found: dict[str, TabShape] = {}
    for way in (_called, _nearly_called, _known, _marked):
        for tab in design.tabs:
            # of a register with several tabs a mark does not tell which one it is
            if tab.title in found or (way is _marked and registers.count(tab.register) > 1):
                continue
            if here := next((one for one in free if way(tab, one)), None):
                found[tab.title] = here
                free.remove(here)
    return found


def _called(tab: TabDesign, one: TabShape) -> bool:
    return one.title == tab.title


def _nearly_called(tab: TabDesign, one: TabShape) -> bool:
    return heading(one.title) == heading(tab.title)


def _known(tab: TabDesign, one: TabShape) -> bool:
    return heading(one.title) in {heading(title) for title in tab.known_as}


def _marked(tab: TabDesign, one: TabShape) -> bool:
    return one.register == tab.register


def header_row(grid: Grid) -> int:
    """The index of the row with the headers: the one with the status, else the first of those with most texts."""
    rows = range(min(HEADER_WITHIN, grid.height))
    for row in rows:
        if any(heading(texts[row]) == STATUS for texts in grid.texts):
            return row
    counts = [sum(tags[row] == TAG_TEXT for tags in grid.tags) for row in rows]
    return counts.index(max(counts)) if counts else HEADER_ROW


def columns_in(tab: TabDesign, here: TabShape) -> tuple[dict[str, ColumnShape], set[str]]:
    """Where each column stands: under its title, or else where we marked it, or else under another known header.

    And the columns that people keep in another one: both halves of a moment under its undivided header.
    """
    free = [column for column in here.columns if heading(column.header) != STATUS and not column.live]
    at: dict[str, ColumnShape] = {}
    for way in (_titled, _marked_as, _aliased):
        for column in tab.columns:
            fitting = [one for one in free if way(column, one)] if column.name not in at else []
            if fitting:
                # of two alike, the one that we marked
                at[column.name] = next((one for one in fitting if one.field == column.name), fitting[0])
                free.remove(at[column.name])
    whole = set(_undivided(tab, here, at))
    return {name: one for name, one in at.items() if name not in whole}, whole


def live_in(tab: TabDesign, here: TabShape) -> dict[str, ColumnShape]:
    """Where each live column stands: the one with its formula, or else an empty one with its title or our mark."""
    at: dict[str, ColumnShape] = {}
    for live in tab.live:
        ours = [one for one in here.columns if one.live.partition(":")[0] == live.name]
        lost = [one for one in here.columns if not one.live and not one.filled and _stood(live, one)]
        if ours or lost:
            at[live.name] = (ours or lost)[0]
    return at


def cells_in(tab: TabDesign, here: TabShape) -> dict[str, int]:
    """The index of each column that a formula can look at; where a moment stands in one column, its date is that."""
    at, whole = columns_in(tab, here)
    found = {name: one.index for name, one in (at | live_in(tab, here)).items()}
    for column in tab.columns:
        if column.name in whole and column.name.endswith("__date"):
            headers = {heading(header) for header in column.whole}
            found[column.name] = next(one.index for one in here.columns if heading(one.header) in headers)
    return found


def kept_by_staff(tab: TabDesign, here: TabShape) -> dict[str, ColumnShape]:
    """By promise, the columns that people fill under the title of one of its live columns: they are theirs."""
    theirs: dict[str, ColumnShape] = {}
    for live in tab.live:
        for one in here.columns:
            if not one.live and one.filled and one.field != live.name and heading(one.header) == heading(live.title.zh):
                theirs[live.promise] = one
    return theirs


def _stood(live: Live, one: ColumnShape) -> bool:
    return one.field == live.name or heading(one.header) == heading(live.title.zh)


def _titled(column: ColumnDesign, one: ColumnShape) -> bool:
    return heading(one.header) == heading(column.title)


def _aliased(column: ColumnDesign, one: ColumnShape) -> bool:
    return heading(one.header) in {heading(known) for known in column.known_as}


def _marked_as(column: ColumnDesign, one: ColumnShape) -> bool:
    return one.field == column.name


def _undivided(tab: TabDesign, here: TabShape, at: Mapping[str, ColumnShape]) -> Iterator[str]:
    """The halves of moments that stand together in one column: it is read so, and a second one would take its place."""
    there = {heading(column.header) for column in here.columns}
    for column in tab.columns:
        field, _, part = column.name.rpartition("__")
        if column.whole and part == "date":
            undivided = {heading(header) for header in column.whole} & there
            date, time = at.get(column.name), at.get(f"{field}__time")
            if undivided and (date is None or (heading(date.header) in undivided and not _titled(column, date))):
                yield column.name
                date = None
            shared = undivided and (date is None or heading(date.header) in undivided)
            # the header of the time alone may be the undivided one
            if shared and (time is None or (date is None and heading(time.header) in undivided)):
                yield f"{field}__time"
