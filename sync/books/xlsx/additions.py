"""Carry out additions in a workbook: new columns and new tabs go in, every other byte of it stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from sync.blueprint import BookDesign, BookShape, Change, Rule
from sync.blueprint.live import Live, formula
from sync.blueprint.standing import cells_in, columns_in, tabs_in
from sync.books.xlsx.column import Header, Widened, first_free, usual, with_columns
from sync.books.xlsx.donor import Donor, Help
from sync.books.xlsx.formulas import Down, coloured, filled_down
from sync.books.xlsx.graft import Graft, filtering
from sync.books.xlsx.live import COLOURS, below, elsewhere, refs
from sync.books.xlsx.markup import elements
from sync.books.xlsx.offers import below as offered_below
from sync.books.xlsx.offers import names
from sync.books.xlsx.outline import unusual
from sync.books.xlsx.package import Package
from sync.books.xlsx.places import column_letters, corners
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
    helps = {tab: wanted.help(tab) for tab in wanted.wider}
    donor = Donor(design, wanted.tabs, wanted.system, list(helps.values()), wanted.offered)
    parts, book = {}, package.part(package.book)
    for index, tab in enumerate(helps):
        grown = wanted.with_columns(tab, donor.rules(index), styles)
        parts[wanted.path(tab)] = grown.part
        if grown.filtered:
            book = filtering(book, package.titles.index(wanted.title(tab)), grown.filtered)
    for tab in wanted.counting:
        parts[wanted.path(tab)] = wanted.with_formulas(tab, parts.get(wanted.path(tab)), styles)
    parts[package.book] = book
    graft = Graft(package, book, donor.tabs(styles)) if wanted.tabs or wanted.system else None
    parts |= graft.parts if graft else {}
    parts[path] = styles.part()
    changed = {package.names[path.lower()]: part for path, part in parts.items() if part != package.part(path)}
    return replaced(data, changed, graft.added if graft else {})


def same_rows(before: Sequence[Grid], after: Sequence[Grid], shape: BookShape | None = None) -> bool:
    """Whether all that stood in the tabs *before*, of that *shape*, stands there *after*, but for our formulas."""
    found = {grid.tab: grid for grid in after}
    tabs = shape.tabs if shape else ()
    ours = {tab.title: {column.index for column in tab.columns if column.live} for tab in tabs}
    return all(grid.tab in found and _same(grid, found[grid.tab], ours.get(grid.tab, set())) for grid in before)


def _same(grid: Grid, now: Grid, ours: Collection[int]) -> bool:
    return grid.width <= now.width and all(
        (now.texts[index][: grid.height], now.tags[index][: grid.height]) == (grid.texts[index], grid.tags[index])
        for index in range(grid.width)
        if index not in ours
    )


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
        self.live, self.mended = (self._counting(changes, kind) for kind in ("live", "formula"))
        self.wider = [title for title in self._standing if title in self.columns or title in self.live]
        self.counting = [title for title in self._standing if title in self.live or title in self.mended]
        counts = sum(kind in {"column", "live", "formula"} for kind in (change.kind for change in changes))
        self._all = counts == sum(
            len(one) for all_of in (self.columns, self.live, self.mended) for one in all_of.values()
        )
        self.help = cache(self._help)

    def fits(self) -> bool:
        """Whether the book still lacks what is to be added, and has what it is added to."""
        new = {title.casefold() for title in (*(tab.title for tab in self.tabs), *self.system)}
        if not self._all or any(tab.title.casefold() in new for tab in self._shape.tabs):
            return False
        if taken := [title for title in self._package.titles if title.casefold() in new]:
            raise _taken(taken[0])
        return not any(
            heading(title) in {heading(one.header) for one in self._standing[tab].columns}
            for tab in self.wider
            for title in (header.text for header in self._headers(tab))
        )

    def _counting(self, changes: Sequence[Change], kind: str) -> dict[str, list[Live]]:
        """The live columns of each tab that *changes* of that *kind* are about."""
        named = {(change.tab, change.column) for change in changes if change.kind == kind}
        found = {
            title: [live for live in tab.live if (here.title, live.name) in named]
            for title, here in self._standing.items()
            if (tab := self._design.tab(title))
        }
        return {title: live for title, live in found.items() if live}

    def title(self, tab: str) -> str:
        """What the tab that is designed as *tab* is called in the book."""
        return self._standing[tab].title

    def path(self, tab: str) -> str:
        """The part of the tab that is designed as *tab*."""
        return next(part.path for part in self._package.tabs if part.title == self.title(tab))

    def _help(self, tab: str) -> Help:
        """Where the new columns of a tab stand, and down to which row their rules reach."""
        here, columns = self._standing[tab], self.columns.get(tab, [])
        self._refuse_tables(tab, here.header)
        names = [column.name for column in (*columns, *self.live.get(tab, ()))]
        at = first_free(self._package.part(self.path(tab)), here.header, here.width, len(names))
        places = {name: at + number for number, name in enumerate(names)}
        return Help(columns, places, here.header + 1, max(here.rows - 1, here.header + self._spare(tab)))

    def _refuse_tables(self, tab: str, row: int) -> None:
        """A table sorts its own columns only: one beside it would lose its rows. Excel widens it, when people type."""
        for path in self._package.beside(self.path(tab), "table"):
            area = corners(elements(self._package.part(path))[0][1].get("ref", ""))
            if area and area[1] <= row <= area[3]:
                raise _table(self.title(tab), "、".join(column.title for column in self.columns.get(tab, ())))

    def with_columns(self, tab: str, rules: bytes, styles: Stylesheet) -> Widened:
        """The part of a tab with its new columns, which look as the last one that has a header."""
        here = self._standing[tab]
        titled = [column.index for column in here.columns if heading(column.header)]
        headers = self._headers(tab)
        return with_columns(self._package.part(self.path(tab)), here.header, titled, headers, rules, styles)

    def _headers(self, tab: str) -> list[Header]:
        places = self.help(tab).places
        made = [Header(places[c.name], c.title, c.width, c.number_format) for c in self.columns.get(tab, ())]
        live = [Header(places[c.name], c.title.zh, c.width, c.number_format) for c in self.live.get(tab, ())]
        return [*made, *live]

    def with_formulas(self, tab: str, part: bytes | None, styles: Stylesheet) -> bytes:
        """The *part* of a tab with the formulas of its live columns, the rows in use first and then spare ones."""
        here, new = self._standing[tab], self.live.get(tab, [])
        part = self._package.part(self.path(tab)) if part is None else part
        at = self._cells(tab)
        first, last = here.header + 1, max(here.rows - 1, here.header + self._spare(tab))
        made = [*new, *self.mended.get(tab, ())]
        columns = [
            Down(at[live.name], usual(part, here.header, at[live.name]), self._formula(live, at)) for live in made
        ]
        part = filled_down(part, columns, first, last)
        for live in (one for one in new if one.shows == "left"):
            cells = refs(live, first + 1, at, self._elsewhere(live))
            letters = column_letters(at[live.name])
            tests = [(test(live, cells), styles.tint(*self._tint(name))) for name, test in COLOURS]
            part = coloured(part, f"{letters}{first + 1}:{letters}{last + 1}", tests)
        return part

    def _formula(self, live: Live, at: Mapping[str, int]) -> Callable[[int], str]:
        there = self._elsewhere(live)
        return lambda row: formula(live, refs(live, row, at, there))

    def _tint(self, name: str) -> tuple[str, str]:
        colour = next(colour for colour in self._design.colours if colour.name == name)
        return colour.fill, colour.ink

    def _spare(self, tab: str) -> int:
        return max(one.spare for one in self._design.tabs if one.title == tab)

    def _cells(self, tab: str) -> dict[str, int]:
        """Where the columns of a tab stand when all is done."""
        design = self._design.tab(tab)
        at = cells_in(design, self._standing[tab]) if design else {}
        return {**at, **(self.help(tab).places if tab in self.wider else {})}

    def _elsewhere(self, live: Live) -> dict[str, str]:
        """The cells of another tab that *live* looks at, wherever they stand when all is done."""
        register, _, column = live.terms.held.partition(".")
        tab = next((tab for tab in self._design.tabs if tab.register == register), None)
        if tab is None or tab in self.tabs:
            return elsewhere(self._design, live)
        at = self._cells(tab.title) if tab.title in self._standing else {}
        header = self._standing[tab.title].header if at else 0
        return {live.terms.held: below(self.title(tab.title), at[column], header + 1)} if column in at else {}

    def offered(self, rule: Rule) -> str:
        """The cells that *rule* offers, wherever their column stands when all is done."""
        tab, here = self._design.tab(rule.tab), self._standing.get(rule.tab)
        if tab is None or tab in self.tabs:
            return names(self._design, rule)
        if here is None:
            return ""
        places = {name: column.index for name, column in columns_in(tab, here)[0].items()}
        if tab.title in self.wider:
            places |= self.help(tab.title).places
        at = places.get(next(column.name for column in tab.columns if column.title == rule.header))
        return "" if at is None else offered_below(here.title, at, here.header + 1)


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
