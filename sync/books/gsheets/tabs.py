"""Tabs that are made anew: a register's, the system's own, and the first page."""

from __future__ import annotations

from sync.blueprint import FIRST, GUIDE_TAB, STATUS_AT, Change, GuideLine, TabDesign
from sync.books.gsheets import formulas, looks
from sync.books.gsheets.cells import BAND_STRONG, Json, area, band, header, heading_look, said, span, worked_out
from sync.books.gsheets.columns import own_cells, status_looks
from sync.books.gsheets.draft import LOOKING, WHOLE, Draft, Sheet, Slot
from sync.model import PROBLEM_TAB, STATUS_HEADER, STATUS_TAB, SYNC_TAB, SYSTEM_HEADERS

SYSTEM_ROWS = 100  # they grow with what is written
PROBLEM_WIDTHS = (14, 10, 84, 18, 12, 22)
SYSTEM_WIDTH = 24
GUIDE_WIDTHS = (18, 62, 62)
GUIDE_HEAD = "#BCD5EF"
BAND_PIXELS, HEADER_PIXELS = 26, 44


def tab(draft: Draft, change: Change) -> None:
    """A register's tab: bands and headers, numbers written ahead; the rest comes as changes of its own."""
    tab = draft.design.tab(change.tab)
    if tab is None:
        return
    slots = [Slot(column.title, column.name) for column in tab.columns]
    slots.insert(min(STATUS_AT, len(slots)), Slot(STATUS_HEADER))
    sheet = draft.new(tab.title, FIRST + len(tab.ahead) + tab.spare, slots)
    sheet.design, sheet.restate, sheet.changed = tab, True, True
    draft.place(change)  # marks it
    places = sheet.places()
    for name, at in places.items():
        draft.mark(sheet, at, name)
    for column in tab.columns:
        draft.width(sheet, places[column.name], column.width)
    _heads(draft, sheet, tab)
    key = places.get(tab.key)
    if tab.ahead and key is not None:
        draft.write(sheet, sheet.first, key, [[said(number)] for number in tab.ahead], "userEnteredValue")


def _heads(draft: Draft, sheet: Sheet, tab: TabDesign) -> None:
    """Row 1 says which columns are filled together, row 2 carries the headers with their notes."""
    above, below = [band(column) for column in tab.columns], [header(column) for column in tab.columns]
    at = sheet.status or 0
    for cells, cell in zip((above, below), own_cells(draft.design.status_note), strict=True):
        cells.insert(at, cell)
    draft.write(sheet, 0, 0, [above, below], WHOLE)
    status_looks(draft, sheet, at)
    for row, height in enumerate((BAND_PIXELS, HEADER_PIXELS)):
        draft.size(span(sheet.id, "ROWS", row), height)


def system_tab(draft: Draft, change: Change) -> None:
    """One of ours. Staff tabs that look it up forget it when it is deleted, and are told of it again."""
    if draft.titled(change.tab):
        return
    titles = SYSTEM_HEADERS[change.tab]
    hidden, widths = change.tab != PROBLEM_TAB, PROBLEM_WIDTHS
    sheet = draft.new(change.tab, SYSTEM_ROWS, [Slot(title) for title in titles], hidden=hidden)
    draft.write(sheet, 0, 0, [[said(title, **heading_look(BAND_STRONG)) for title in titles]], LOOKING)
    for at in range(len(titles)):
        draft.width(sheet, at, SYSTEM_WIDTH if hidden else widths[at])
    looks.freeze_grid(draft, sheet, {"frozenRowCount": 1})
    if not hidden:
        look: Json = {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}
        draft.repeat(area(sheet.id, (1, None)), look, "wrapStrategy,verticalAlignment")
    looks.locked(draft, sheet)
    if change.tab in {STATUS_TAB, SYNC_TAB}:
        for other in draft.sheets.values():
            other.again()


def guide(draft: Draft, _: Change) -> None:
    """The first tab: what this book is, and where to write what."""
    if draft.titled(GUIDE_TAB):
        return
    title = draft.design.title
    lines = [
        [said(title.zh, textFormat={"bold": True, "fontSize": 18})],
        [said(title.en, textFormat={"fontSize": 11})],
    ]
    for line in draft.design.guide:
        lines += [[], _guide_line(draft, line)] if line.head else [_guide_line(draft, line)]
    sheet = draft.new(GUIDE_TAB, len(lines), [Slot() for _ in GUIDE_WIDTHS], index=0, gridlines=False)
    draft.write(sheet, 0, 0, lines, LOOKING)
    for at, width in enumerate(GUIDE_WIDTHS):
        draft.width(sheet, at, width)


def _guide_line(draft: Draft, line: GuideLine) -> list[Json]:
    look = heading_look(GUIDE_HEAD) if line.head else {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}
    target = draft.titled(line.tab) if line.tab else None
    first = said(line.name, **look)
    if target:
        leads = f"=HYPERLINK({formulas.text(f'#gid={target.id}')},{formulas.text(line.name)})"
        first = worked_out(leads, **look)
    return [first, said(line.words.zh, **look), said(line.words.en, **look)]
