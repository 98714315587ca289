"""Where the columns of a register stand in the tabs that people keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sync.model import STATUS_HEADER, TAG_EMPTY, Copy, Grid, Problem
from sync.schema import Register, Source, heading


@dataclass(slots=True)
class Laid:
    """One tab of a register: where its rows begin and in which column each declared column stands."""

    register: Register
    source: Source
    grid: Grid
    header: int  # index of the header row in the grid
    at: dict[str, int] = field(default_factory=dict)  # column name → index in the grid
    empty: set[str] = field(default_factory=set)  # columns that this tab keeps in another column
    since: datetime | None = None  # the rows are from then: tonight the tab could not be used
    live: frozenset[str] = frozenset()  # headings of the columns that formulas of ours fill

    @property
    def first(self) -> int:
        """The sheet's number of the first row below the headers."""
        return self.header + 2

    @property
    def height(self) -> int:
        """How many rows there are below the headers; our own formulas, written ahead, make no row."""
        tags = (tags for index, tags in enumerate(self.grid.tags) if not self.ours(index))
        return max((len(column.rstrip(TAG_EMPTY)) for column in tags), default=0) - self.header - 1

    def ours(self, index: int) -> bool:
        """Whether the column at *index* is the status or a live column: we wrote it, and it is never read back."""
        header = self.grid.texts[index][self.header]
        return header.strip() == STATUS_HEADER or (bool(self.live) and heading(header) in self.live)

    def words(self, column: str) -> tuple[str, str]:
        """The header as typed, and the letter, of *column*."""
        index = self.at.get(column)
        return ("", "") if index is None else (self.grid.texts[index][self.header].strip(), letter(index))


@dataclass(slots=True)
class Pulled:
    """Tonight's books, laid out by register, and what was wrong with whole tabs."""

    copies: list[Copy]
    laid: list[Laid]
    problems: list[Problem]
    broken: list[tuple[str, str, str]] = field(default_factory=list)  # (book, tab, register) not usable tonight


def letter(index: int) -> str:
    """The letters of the column with *index* (0 is A)."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
