"""How the tabs of a book in memory are built: what is not in its cells, and how changes are carried out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sync.blueprint import (
    GUIDE_TAB,
    HEADER_ROW,
    LOOKS,
    STATUS_AT,
    BookDesign,
    BookShape,
    Change,
    ColumnDesign,
    ColumnShape,
    TabDesign,
    TabShape,
)
from sync.blueprint.live import Live
from sync.blueprint.standing import columns_in, header_row, live_in, tabs_in
from sync.books import Value
from sync.model import STATUS_HEADER, SYSTEM_HEADERS, TAG_EMPTY, Grid, Raw

Cell = Value | Raw


@dataclass(frozen=True, slots=True)
class Built:
    """What of one tab is not in its cells."""

    columns: tuple[ColumnShape, ...] = ()
    register: str = ""
    looks: frozenset[str] = frozenset()


def tab_shape(grid: Grid, built: Built) -> TabShape:
    """The tab in *grid* as it is."""
    header = header_row(grid)
    columns = []
    for index in range(grid.width):
        known = built.columns[index] if index < len(built.columns) else _plain("")
        filled = bool(grid.tags[index][header + 1 :].strip(TAG_EMPTY))
        columns.append(replace(known, index=index, header=grid.texts[index][header], filled=filled))
    size = (header, grid.height, grid.width)
    return TabShape(grid.tab, grid.tab, tuple(columns), *size, built.register, grid.hidden, built.looks)


@dataclass(slots=True, eq=False)
class Column:
    """One column, wherever it stands: what is known of it, and its cells from the first row on."""

    known: ColumnShape
    cells: list[Cell]


@dataclass(slots=True)
class Sheet:
    """One tab while it is changed."""

    title: str
    header: int
    columns: list[Column]
    register: str = ""
    looks: set[str] = field(default_factory=set)
    design: TabDesign | None = None
    at: dict[str, Column] = field(default_factory=dict)  # the declared columns

    def rows(self) -> list[list[Cell]]:
        """Its cells by row; blank ends are left out."""
        height = max((len(column.cells) for column in self.columns), default=0)
        rows = [[_cell(column, row) for column in self.columns] for row in range(height)]
        for row in rows:
            while row and row[-1] is None:
                row.pop()
        return rows

    def built(self) -> Built:
        """What is not in its cells."""
        return Built(tuple(column.known for column in self.columns), self.register, frozenset(self.looks))

    def head(self, known: ColumnShape) -> Column:
        """A new column with its header."""
        return Column(known, [*[None] * self.header, known.header])


def _cell(column: Column, row: int) -> Cell:
    return column.cells[row] if row < len(column.cells) else None


def _plain(header: str) -> ColumnShape:
    return ColumnShape(0, header, number_format="", rule=False, note=False)


def _made(column: ColumnDesign) -> ColumnShape:
    known = replace(_plain(column.title), field=column.name, number_format=column.number_format)
    return replace(known, rule=column.rule is not None, note=True)


def sheets(shape: BookShape, design: BookDesign, cells: dict[str, list[list[Cell]]]) -> dict[str, Sheet]:
    """The tabs of a book with this *shape*, ready to be changed."""
    designs = {tab.title: design.tab(title) for title, tab in tabs_in(design, shape).items()}
    found = {}
    for tab in shape.tabs:
        rows = cells[tab.title]
        columns = [
            Column(one, [row[one.index] if one.index < len(row) else None for row in rows]) for one in tab.columns
        ]
        made = designs.get(tab.title)
        at = columns_in(made, tab)[0] | live_in(made, tab) if made else {}
        places = {name: columns[one.index] for name, one in at.items()}
        found[tab.title] = Sheet(tab.title, tab.header, columns, tab.register, set(tab.looks), made, places)
    return found


def new_sheet(design: BookDesign, change: Change) -> Sheet:
    """The tab that *change* asks for."""
    tab = design.tab(change.tab)
    if tab is None:
        lines: Iterable[Sequence[str]] = [SYSTEM_HEADERS.get(change.tab, ())]
        if change.tab == GUIDE_TAB:
            lines = [(line.name, line.words.zh, line.words.en) for line in design.guide]
        columns = [Column(_plain(""), list(cells)) for cells in zip(*lines, strict=True)]
        return Sheet(change.tab, 0, columns)
    looks = {*LOOKS, *(f"view:{view.name}" for view in tab.views)}
    sheet = Sheet(tab.title, HEADER_ROW, [], tab.register, looks, tab)
    for column in tab.columns:
        _add(sheet, column)
    for live in tab.live:
        _count_down(sheet, live)
    sheet.at[tab.key].cells += tab.ahead
    sheet.columns.insert(STATUS_AT, sheet.head(_plain(STATUS_HEADER)))
    return sheet


def _add(sheet: Sheet, column: ColumnDesign) -> None:
    sheet.at[column.name] = sheet.head(_made(column))
    sheet.columns.append(sheet.at[column.name])


def _count_down(sheet: Sheet, live: Live) -> None:
    """A live column; a book in memory has no formulas, only what says that there is one."""
    beside = sheet.at.get(live.beside)
    known = replace(_plain(live.title.zh), field=live.name, number_format=live.number_format, note=True, live=live.mark)
    sheet.at[live.name] = sheet.head(known)
    place = sheet.columns.index(beside) if beside else len(sheet.columns)
    sheet.columns.insert(place, sheet.at[live.name])


def carry_out(sheet: Sheet, change: Change) -> None:
    """Make *change* in the tab that it is about."""
    match change.kind:
        case "rename_tab":
            sheet.title = change.what
        case "look":
            sheet.looks.add(change.what)
        case "status":
            sheet.columns.insert(STATUS_AT, sheet.head(_plain(STATUS_HEADER)))
        case "column":
            _add(sheet, _designed(sheet, change))
        case "live":
            _count_down(sheet, _live(sheet, change))
        case "formula":
            column = sheet.at[change.column]
            column.known = replace(column.known, live=_live(sheet, change).mark)
        case "move_column":
            column = sheet.at[change.column]
            sheet.columns.remove(column)
            sheet.columns.insert(int(change.what), column)
        case "delete_column":
            sheet.columns = [one for one in sheet.columns if change.column not in _names(one.known)]
        case _:
            _mend(sheet.at[change.column], sheet.header, _made(_designed(sheet, change)), change)


def _names(known: ColumnShape) -> tuple[str, str]:
    return known.field, known.live.partition(":")[0]


def _live(sheet: Sheet, change: Change) -> Live:
    return next(live for live in (sheet.design.live if sheet.design else ()) if live.name == change.column)


def _designed(sheet: Sheet, change: Change) -> ColumnDesign:
    columns = sheet.design.columns if sheet.design else ()
    return next(column for column in columns if column.name == change.column)


def _mend(column: Column, header: int, made: ColumnShape, change: Change) -> None:
    """Bring one thing about *column* to what it is *made* like."""
    match change.kind:
        case "rename_column":
            column.cells[header] = change.what
        case "format" | "retype_column":
            column.known = replace(column.known, number_format=made.number_format)
        case "rule":
            column.known = replace(column.known, rule=made.rule)
        case "note":
            column.known = replace(column.known, note=made.note)
