"""Carry out additions in a workbook: new columns and new tabs go in, every other byte of it stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from sync.blueprint import BookDesign, BookShape, Change, Rule
from sync.blueprint.standing import columns_in, tabs_in
from sync.books.xlsx.column import Header, Widened, first_free, with_columns
from sync.books.xlsx.donor import Donor, Help
from sync.books.xlsx.graft import Graft, filtering
from sync.books.xlsx.markup import elements
from sync.books.xlsx.offers import below, names
from sync.books.xlsx.outline import unusual
from sync.books.xlsx.package import Package
from sync.books.xlsx.places import corners
from sync.books.xlsx.rawzip import replaced
from sync.books.xlsx.stylesheet import Stylesheet
from sync.model import SYSTEM_HEADERS, BookError, Grid
from sync.schema import heading

if TYPE_CHECKING:
    from sync.settings import Bounds


def built(data: bytes, shape: BookShape, design: BookDesign, changes: Sequence[Change], bounds: Bounds) -> bytes | None:
    """The workbook *data* of that *shape* with *changes* made.

    None where it is no longer as they suppose: a column or tab has come meanwhile, or a tab has gone.
    """
    package = Package(data, bounds.unpacked_mb, bounds.ratio)
    wanted = _Wanted(package, shape, design, changes)
    if not wanted.fits():
        return None
    path = package.of_kind("styles")
    if path is None:
        raise unusual()
    styles = Stylesheet(package.part(path))
    helps = {tab: wanted.help(tab) for tab in wanted.columns}
    donor = Donor(design, wanted.tabs, wanted.system, list(helps.values()), wanted.offered)
    parts, book = {}, package.part(package.book)
    for index, tab in enumerate(helps):
        grown = wanted.with_columns(tab, donor.rules(index), styles)
        parts[wanted.path(tab)] = grown.part
        if grown.filtered:
            book = filtering(book, package.titles.index(wanted.title(tab)), grown.filtered)
    parts[package.book] = book
    graft = Graft(package, book, donor.tabs(styles)) if wanted.tabs or wanted.system else None
    parts |= graft.parts if graft else {}
    parts[path] = styles.part()
    changed = {package.names[path.lower()]: part for path, part in parts.items() if part != package.part(path)}
    return replaced(data, changed, graft.added if graft else {})


def same_rows(before: Sequence[Grid], after: Sequence[Grid]) -> bool:
    """Whether everything that stood in the tabs *before* stands there *after*."""
    found = {grid.tab: grid for grid in after}
    return all(grid.tab in found and _same(grid, found[grid.tab]) for grid in before)


def _same(grid: Grid, now: Grid) -> bool:
    texts = [column[: grid.height] for column in now.texts[: grid.width]]
    return texts == grid.texts and [tags[: grid.height] for tags in now.tags[: grid.width]] == grid.tags


class _Wanted:
    """What is asked of one book, and where it goes."""

    def __init__(self, package: Package, shape: BookShape, design: BookDesign, changes: Sequence[Change]) -> None:
        self._package, self._shape, self._design = package, shape, design
        self._standing = tabs_in(design, shape)
        new = {(change.kind, change.tab) for change in changes}
        self.tabs = [tab for tab in design.tabs if ("tab", tab.title) in new]
        self.system = [title for title in SYSTEM_HEADERS if ("system_tab", title) in new]
        asked_of: dict[str, set[str]] = defaultdict(set)
        for change in changes:
            if change.kind == "column":
                asked_of[change.tab].add(change.column)
        self.columns = {
            title: [column for column in tab.columns if column.name in names]
            for title, here in self._standing.items()
            if (tab := design.tab(title)) and (names := asked_of.get(here.title))
        }
        self._all = sum(map(len, self.columns.values())) == sum(map(len, asked_of.values()))
        self.help = cache(self._help)

    def fits(self) -> bool:
        """Whether the book still lacks what is to be added, and has what it is added to."""
        new = {title.casefold() for title in (*(tab.title for tab in self.tabs), *self.system)}
        if not self._all or any(tab.title.casefold() in new for tab in self._shape.tabs):
            return False
        if taken := [title for title in self._package.titles if title.casefold() in new]:
            raise _taken(taken[0])
        return not any(
            heading(column.title) in {heading(one.header) for one in self._standing[tab].columns}
            for tab, columns in self.columns.items()
            for column in columns
        )

    def title(self, tab: str) -> str:
        """What the tab that is designed as *tab* is called in the book."""
        return self._standing[tab].title

    def path(self, tab: str) -> str:
        """The part of the tab that is designed as *tab*."""
        return next(part.path for part in self._package.tabs if part.title == self.title(tab))

    def _help(self, tab: str) -> Help:
        """Where the new columns of a tab stand, and down to which row their rules reach."""
        here, columns = self._standing[tab], self.columns[tab]
        self._refuse_tables(tab, here.header)
        at = first_free(self._package.part(self.path(tab)), here.header, here.width, len(columns))
        places = {column.name: at + number for number, column in enumerate(columns)}
        spare = max(one.spare for one in self._design.tabs if one.title == tab)
        return Help(columns, places, here.header + 1, max(here.rows - 1, here.header + spare))

    def _refuse_tables(self, tab: str, row: int) -> None:
        """A table sorts its own columns only: one beside it would lose its rows. Excel widens it, when people type."""
        for path in self._package.beside(self.path(tab), "table"):
            area = corners(elements(self._package.part(path))[0][1].get("ref", ""))
            if area and area[1] <= row <= area[3]:
                raise _table(self.title(tab), "、".join(column.title for column in self.columns[tab]))

    def with_columns(self, tab: str, rules: bytes, styles: Stylesheet) -> Widened:
        """The part of a tab with its new columns, which look as the last one that has a header."""
        places, here = self.help(tab).places, self._standing[tab]
        headers = [
            Header(places[column.name], column.title, column.width, column.number_format)
            for column in self.columns[tab]
        ]
        titled = [column.index for column in here.columns if heading(column.header)]
        return with_columns(self._package.part(self.path(tab)), here.header, titled, headers, rules, styles)

    def offered(self, rule: Rule) -> str:
        """The cells that *rule* offers, wherever their column stands when all is done."""
        tab, here = self._design.tab(rule.tab), self._standing.get(rule.tab)
        if tab is None or tab in self.tabs:
            return names(self._design, rule)
        if here is None:
            return ""
        places = {name: column.index for name, column in columns_in(tab, here)[0].items()}
        if tab.title in self.columns:
            places |= self.help(tab.title).places
        at = places.get(next(column.name for column in tab.columns if column.title == rule.header))
        return "" if at is None else below(here.title, at, here.header + 1)


def _taken(title: str) -> BookError:
    return BookError(
        f"已经有一个叫“{title}”的图表页，同名的标签页加不进去；请给图表页改个名，再运行。",
        f"A chart sheet is called “{title}”, so a tab of that name cannot be added. Rename it and run again.",
    )


def _table(title: str, headers: str) -> BookError:
    return BookError(
        f"标签页“{title}”里用了 Excel“表格”（Ctrl+T），程序不去改它。请在表格右边的空格里依次输入列名，"
        f"表格会自动扩大：{headers}。然后再运行。",
        f"The tab “{title}” holds an Excel table, which is left alone. Type these headers into the cells "
        f"right of it, it grows by itself: {headers}. Then run again.",
    )
