"""The room of workbooks: where rows come from, and where marks go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, cast

from sync.model import Copy, Raw

if TYPE_CHECKING:  # the reading process starts without them
    from pathlib import Path

    from sync.blueprint import BookDesign, BookShape, Change
    from sync.settings import Settings


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to a place of the same book: *target* as a workbook writes it, '报修登记'!H23."""

    text: str
    target: str


T = TypeVar("T")
Value = str | int | float | Link | None
Tab = Sequence[Sequence[Value]]
Outcome = Literal["written", "unchanged", "held", "changed", "no_tabs", "failed"]

KINDS: Mapping[str, str] = {"xlsx": "sync.books.xlsx.file", "gsheets": "sync.books.gsheets.book"}


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


@dataclass(frozen=True, slots=True)
class Merged:
    """An area that is one cell: from row *first* to before row *behind* of the data, over these columns."""

    first: int
    behind: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TabRows:
    """The data of one tab: each row by column name, in the order of the sheet, blank rows among them."""

    rows: Sequence[Mapping[str, Raw]]
    merged: Sequence[Merged] = ()


Content = Mapping[str, TabRows]  # by the tab's title


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

    def shape(self) -> BookShape:
        """How the book is built now; BookError or Unreachable where it cannot be read."""

    def apply(self, design: BookDesign, changes: Sequence[Change]) -> Written:
        """Carry out *changes* towards *design*, all or none. Only kinds that its shape *can* are asked of it."""

    def fill(self, design: BookDesign, content: Content, replaced: Collection[str], at: datetime) -> Written:
        """Put *content* into a book that is new, or empty: where something stands, it is refused unless *replaced*.

        *replaced* names tabs (of a spreadsheet) or the file (of a workbook) whose content may go.
        """


def at_once(work: Callable[[Book], T], books: Iterable[Book]) -> list[Future[T]]:
    """*work* on all *books* at the same time; an end from outside waits for none, as a pool of threads would."""
    coming = []
    for book in books:
        future: Future[T] = Future()
        Thread(target=_into, args=(future, work, book), daemon=True).start()
        coming.append(future)
    return coming


def _into(future: Future[T], work: Callable[[Book], T], book: Book) -> None:
    try:
        future.set_result(work(book))
    except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
        future.set_exception(error)


def open_book(name: str, settings: Settings, folder: Path, *, write: bool = False) -> Book:
    """The book that the settings of the department in *folder* call *name*; one that is only read asks for no more."""
    room = import_module(KINDS[settings.books[name].room])
    return cast("Book", room.open_book(name, settings, folder, write=write))
