"""The room of workbooks: where rows come from, and where marks go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, cast

from sync.model import Copy

if TYPE_CHECKING:  # the reading process starts without them
    from pathlib import Path

    from sync.settings import Settings


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to a place of the same book: *target* as a workbook writes it, '报修登记'!H23."""

    text: str
    target: str


Value = str | int | float | Link | None
Tab = Sequence[Sequence[Value]]
Outcome = Literal["written", "unchanged", "held", "changed", "no_tabs", "failed"]

KINDS: Mapping[str, str] = {"xlsx": "sync.books.xlsx.file"}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the marks: *words* says it in each language ("zh", "en").

    written, unchanged: the book shows them. held: somebody has it open. changed: it is not the book that was read.
    no_tabs: it has none of our tabs. failed: the disk or the file does not allow it; the book is as it was.
    """

    outcome: Outcome
    words: Mapping[str, str]
    digest: str = ""  # of the book as it was left, when the marks are in it

    @property
    def done(self) -> bool:
        """The marks are in the book."""
        return self.outcome in {"written", "unchanged"}


class Book(Protocol):
    """What a night asks of a workbook."""

    @property
    def name(self) -> str:
        """The word that declarations use for it."""

    def read(self, at: datetime) -> Copy:
        """All tabs as they are now, read at the workplace moment *at*; BookError or Unreachable where that fails."""

    def held_by(self) -> str | None:
        """Who has the book open, in words for a message; None when it can be written."""

    def write_tabs(self, tabs: Mapping[str, Tab], expected_digest: str) -> Written:
        """Put *tabs* (title → rows) in place of the tabs with these titles, if the book is still as it was read."""


def open_book(name: str, settings: Settings, folder: Path) -> Book:
    """The book that the settings of the department in *folder* call *name*."""
    room = import_module(KINDS[settings.books[name].kind])
    return cast("Book", room.open_book(name, settings, folder))
