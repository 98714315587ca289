"""Take the rows of one book to another of any kind: same rows, same order, same columns, same values and ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.blueprint import GUIDE_TAB, OWN, BookDesign, ColumnDesign, TabDesign
from sync.books import Content, Merged, TabRows
from sync.layout import Laid
from sync.model import STATUS_HEADER, SYSTEM_HEADERS, TAG_EMPTY, TAG_UNSAVED, Copy, Raw

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


def load(design: BookDesign, copy: Copy, laid: Sequence[Laid]) -> Load:
    """Everything in *copy* that stands in the registers' tabs, which were found as *laid*.

    The new book has their columns in their order, with the headers that people gave them and the columns they added.
    """
    found = {one.source.tab: one for one in laid if one.source.book == design.name and one.since is None}
    tabs, content, left = [], {}, _no_registers(copy, laid)
    for tab in design.tabs:
        one = found.get(tab.title)
        if one is None:
            tabs.append(tab)
            continue
        names = _names(one)
        tabs.append(replace(tab, columns=_columns(one, tab, names), ahead=(), spare=tab.spare + max(one.height, 0)))
        content[tab.title] = TabRows(_rows(one, names), _merged(one, names))
        left += _lost(one)
    return Load(replace(design, tabs=tuple(tabs)), content, left)


def _names(one: Laid) -> dict[int, str]:
    """The name of each column that holds anything, by its index: the declared one, or one that staff gave."""
    declared = {index: name for name, index in one.at.items()}
    names = {}
    for index, texts in enumerate(one.grid.texts):
        header = texts[one.header].strip()
        blank = not one.grid.tags[index].strip(TAG_EMPTY)
        if header != STATUS_HEADER and not blank:
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


def _no_registers(copy: Copy, laid: Sequence[Laid]) -> list[str]:
    """Tabs that hold something of the staff's and are no registers."""
    ours = {one.grid.tab for one in laid if one.source.book == copy.book} | {GUIDE_TAB, *SYSTEM_HEADERS}
    others = [grid.tab for grid in copy.grids if grid.tab not in ours and grid.height]
    return [f"「{tab}」不是登记表，没有搬 / {tab} is no register and stays behind" for tab in others]


def _lost(one: Laid) -> list[str]:
    """What a tab has that a new one cannot get."""
    unsaved = sum(one.grid.tags[index].count(TAG_UNSAVED, one.header + 1) for index in _names(one))
    told = f"「{one.grid.tab}」{unsaved} 个公式没有保存结果，搬成了 #N/A"
    return [f"{told} / {one.grid.tab}: {unsaved} formulas have no saved result and became #N/A"] if unsaved else []
