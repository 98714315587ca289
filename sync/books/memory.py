"""A workbook that lives in memory: for tests, and to see what a night would write."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync.blueprint import ADDITIONS, ASKED, BookDesign, BookShape, Change
from sync.books import Link, Tab, Written
from sync.books.memory_build import Built, Cell, carry_out, new_sheet, sheets, tab_shape
from sync.model import TAG_BOOLEAN, TAG_EMPTY, TAG_NUMBER, TAG_TEXT, Copy, Grid, Raw


@dataclass(slots=True)
class MemoryBook:
    """Tabs as lists of rows; a Raw among the values stands for any other kind of cell (a date, an error)."""

    name: str
    tabs: dict[str, list[list[Cell]]]
    hidden: frozenset[str] = frozenset()
    holder: str | None = None
    saved_at: datetime | None = None
    writes: list[str] = field(default_factory=list)  # the titles written, in order
    built: dict[str, Built] = field(default_factory=dict)  # what is not in the cells, by tab
    names: set[str] = field(default_factory=set)  # named ranges
    can: frozenset[str] = frozenset((*ADDITIONS, *ASKED))
    most_cells: int = 0

    def read(self, at: datetime) -> Copy:
        """All tabs as they are now."""
        grids = [self._grid(title) for title in self.tabs]
        return Copy(self.name, f"{self.name} (memory)", grids, self.digest(), self.saved_at, at)

    def held_by(self) -> str | None:
        """Who *holder* says has it open."""
        return self.holder

    def write_tabs(self, tabs: Mapping[str, Tab], expected_digest: str) -> Written:
        """The same outcomes as a file gives."""
        if self.holder is not None:
            return Written("held", {"zh": f"{self.holder} 正打开着", "en": f"open: {self.holder}"})
        if self.digest() != expected_digest:
            return Written("changed", {"zh": "读取之后又改过", "en": "changed since it was read"})
        ours = {title: [list(row) for row in rows] for title, rows in tabs.items() if title in self.tabs}
        if not ours:
            return Written("no_tabs", {"zh": "没有系统标签页", "en": "no system tabs"})
        if all(self.tabs[title] == rows for title, rows in ours.items()):
            return Written("unchanged", {"zh": "没有变化", "en": "nothing to change"}, self.digest())
        self.tabs.update({title: [list[Cell](row) for row in rows] for title, rows in ours.items()})
        self.writes += ours
        return Written("written", {"zh": "已写入", "en": "written"}, self.digest())

    def shape(self) -> BookShape:
        """How the book is built now."""
        tabs = tuple(tab_shape(self._grid(title), self.built.get(title, Built())) for title in self.tabs)
        cells = sum(tab.rows * tab.width for tab in tabs)
        return BookShape(
            self.name, f"{self.name} (memory)", tabs, self.can, frozenset(self.names), cells, self.most_cells
        )

    def apply(self, design: BookDesign, changes: Sequence[Change]) -> Written:
        """Carry out *changes* in the order given, all or none."""
        if self.holder is not None:
            return Written("held", {"zh": f"{self.holder} 正打开着", "en": f"open: {self.holder}"})
        made = sheets(self.shape(), design, self.tabs)
        for change in changes:
            if change.kind in {"tab", "system_tab", "guide"}:
                made[change.tab] = new_sheet(design, change)
            elif change.kind != "name":
                carry_out(made[change.tab], change)
        self.tabs = {sheet.title: sheet.rows() for sheet in made.values()}
        self.built = {sheet.title: sheet.built() for sheet in made.values()}
        self.names |= {change.register for change in changes if change.kind == "name"}
        return Written("written", {"zh": "已写入", "en": "written"}, self.digest())

    def digest(self) -> str:
        """What identifies this state of the book."""
        return hashlib.sha256(repr(self.tabs).encode("utf-8", "backslashreplace")).hexdigest()

    def _grid(self, title: str) -> Grid:
        cells = [[_raw(value) for value in row] for row in self.tabs[title]]
        width = max(map(len, cells), default=0)
        blank = Raw("", TAG_EMPTY)
        columns = list(zip(*(row + [blank] * (width - len(row)) for row in cells), strict=True))
        texts = [[cell.text for cell in column] for column in columns]
        tags = ["".join(cell.tag for cell in column) for column in columns]
        return Grid(self.name, title, len(cells) if columns else 0, texts, tags, hidden=title in self.hidden)


def _raw(value: Cell) -> Raw:
    match value:
        case Raw():
            return value
        case None | "":
            return Raw("", TAG_EMPTY)
        case Link():
            return Raw(value.text, TAG_TEXT)
        case bool():
            return Raw(str(value).upper(), TAG_BOOLEAN)
        case int() | float():
            return Raw(str(value).removesuffix(".0"), TAG_NUMBER)
        case _:
            return Raw(value, TAG_TEXT)
