"""Take the rows of one book to another of any kind: same rows, same order, same columns, same values and ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sync.blueprint import GUIDE_TAB, OWN, BookDesign, ColumnDesign, TabDesign
from sync.blueprint.live import Live
from sync.books import Content, Merged, TabRows
from sync.layout import Laid, Pulled, letter
from sync.model import SYSTEM_HEADERS, TAG_EMPTY, TAG_UNSAVED, Copy, Raw
from sync.schema import heading

SHOWN = 8  # cells named where more stay behind
PLAIN = ("#F2F2F2", "#D9E1E8")  # the colours of a column that staff added


@dataclass(frozen=True, slots=True)
class Load:
    """What is taken along: the book as it should be made, its rows by tab and column name, and what cannot come."""

    design: BookDesign
    content: Content
    left: Sequence[str]  # what stays behind, in words: tabs that are no registers, lines above the headers

    @property
    def count(self) -> int:
        """How many rows say anything."""
        rows = (row for tab in self.content.values() for row in tab.rows)
        return sum(any(cell.tag != TAG_EMPTY for cell in row.values()) for row in rows)


def load(design: BookDesign, copy: Copy, pulled: Pulled) -> Load:
    """Everything in *copy* that stands in the registers' tabs, as they were found.

    The new book has their columns in their order, with the headers that people gave them and the columns they added.
    """
    found = {one.source.tab: one for one in pulled.laid if one.source.book == design.name and one.since is None}
    tabs, content, left = [], {}, list(_left_behind(design, copy, pulled))
    for tab in design.tabs:
        one = found.get(tab.title)
        if one is None:
            tabs.append(tab)
            continue
        names = _names(one)
        void = tab.void if tab.void in names.values() else None
        spare = tab.spare + max(one.height, 0)
        columns = _columns(one, tab, names)
        live = _live(tab, columns)
        tabs.append(replace(tab, columns=columns, ahead=(), spare=spare, void=void, live=live))
        content[tab.title] = TabRows(_rows(one, names), _merged(one, names))
        left += _lost(one, tab)
    return Load(replace(design, tabs=tuple(_offering(design, tabs))), content, left)


def _names(one: Laid) -> dict[int, str]:
    """The name of each column that holds anything, by its index: the declared one, or one that staff gave."""
    declared = {index: name for name, index in one.at.items()}
    names = {}
    for index in range(one.grid.width):
        blank = not one.grid.tags[index].strip(TAG_EMPTY)
        if not one.ours(index) and not blank:
            names[index] = declared.get(index, f"{OWN}{index}")
    return names


def _columns(one: Laid, tab: TabDesign, names: Mapping[int, str]) -> tuple[ColumnDesign, ...]:
    """The columns as they stand in *one*; those it lacks are not added: nobody asked for them."""
    by_name = {column.name: column for column in tab.columns}
    return tuple(
        replace(by_name[name], title=one.grid.texts[index][one.header].strip())
        if name in by_name
        else _own(name, one.grid.texts[index][one.header].strip())
        for index, name in names.items()
    )


def _live(tab: TabDesign, columns: Sequence[ColumnDesign]) -> tuple[Live, ...]:
    """The live columns of *tab*, but for a promise whose header staff gave to a column of their own."""
    taken = {heading(column.title) for column in columns}
    theirs = {one.promise for one in tab.live if heading(one.title.zh) in taken}
    return tuple(one for one in tab.live if one.promise not in theirs)


def _offering(design: BookDesign, tabs: Sequence[TabDesign]) -> Iterator[TabDesign]:
    """*tabs* with the names of people offered from the header that their column has now."""
    titles = {(tab.title, column.name): column.title for tab in tabs for column in tab.columns}
    now = {
        (tab.title, column.title): titles.get((tab.title, column.name), "")
        for tab in design.tabs
        for column in tab.columns
    }
    for tab in tabs:
        columns = (
            replace(column, rule=replace(column.rule, header=now.get((column.rule.tab, column.rule.header), "")))
            if column.rule and column.rule.kind == "names"
            else column
            for column in tab.columns
        )
        yield replace(tab, columns=tuple(columns))


def _own(name: str, header: str) -> ColumnDesign:
    return ColumnDesign(
        name, header, (), header, "General", 16, None, "", *PLAIN, needed=False, personal=False
    )  # fmt: skip


def _rows(one: Laid, names: Mapping[int, str]) -> list[dict[str, Raw]]:
    """The rows below the headers, blank ones among them too: a row keeps its place."""
    first = one.header + 1
    return [
        {name: Raw(one.grid.texts[index][row], one.grid.tags[index][row]) for index, name in names.items()}
        for row in range(first, first + one.height)
    ]


def _merged(one: Laid, names: Mapping[int, str]) -> list[Merged]:
    """The merged areas below the headers."""
    first = one.header + 1
    return [
        Merged(top - first, bottom - first, tuple(names[index] for index in range(left, right) if index in names))
        for top, bottom, left, right in one.grid.merged
        if top >= first
    ]


def _left_behind(design: BookDesign, copy: Copy, pulled: Pulled) -> Iterator[str]:
    """Tabs that hold something of the staff's and are not taken along."""
    here = [one for one in pulled.laid if one.source.book == copy.book]
    broken = {problem.tab for problem in pulled.problems if problem.severity == "error" and problem.row is not None}
    carried = {one.grid.tab for one in here if design.tab(one.source.tab)} | {GUIDE_TAB, *SYSTEM_HEADERS}
    read_only = {one.grid.tab for one in here} - carried
    for tab in (grid.tab for grid in copy.grids if grid.height and grid.tab not in carried):
        if tab in broken:
            yield f"「{tab}」的表头用不了，没有搬 / the headers of {tab} cannot be used: it stays behind"
        elif tab in read_only:
            yield f"「{tab}」是只读的，没有搬 / {tab} is read only and stays behind"
        else:
            yield f"「{tab}」不是登记表，没有搬 / {tab} is no register and stays behind"


def _lost(one: Laid, tab: TabDesign) -> Iterator[str]:
    """What a tab has that a new one cannot get."""
    title, made = one.grid.tab, {column.label for column in tab.columns}
    above = [
        f"{letter(index)}{row + 1}"
        for row in range(one.header)
        for index, texts in enumerate(one.grid.texts)
        if texts[row] and texts[row].strip() not in made and not one.ours(index)
    ]
    if above:
        listed = "、".join(above[:SHOWN]) + (" …" if len(above) > SHOWN else "")
        yield f"「{title}」表头上面的内容没有搬：{listed} / {title}: what is above the headers stays behind: {listed}"
    unsaved = sum(one.grid.tags[index].count(TAG_UNSAVED, one.header + 1) for index in _names(one))
    if unsaved:
        told = f"「{title}」{unsaved} 个公式没有保存结果，搬成了 #N/A"
        yield f"{told} / {title}: {unsaved} formulas have no saved result and became #N/A"
