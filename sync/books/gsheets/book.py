"""A Google spreadsheet: what the rest of a night sees of it. One call for its tabs, few for its rows, one to write."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sync.books import Content, Written
from sync.books import Tab as Rows
from sync.books.gsheets import marks, sentences, signin
from sync.books.gsheets.client import Client, RangeGone
from sync.books.gsheets.reading import Moved, Tab, digest, grid, read, tabs
from sync.model import SYNC_TAB, SYSTEM_HEADERS, BookError, Copy, Unreachable

if TYPE_CHECKING:
    from sync.blueprint import BookDesign, BookShape, Change
    from sync.settings import Google, Settings

T = TypeVar("T")
LOOKS = 3  # at a spreadsheet whose rows are being moved about, before it is left for later
FIELDS = (
    "properties(title,locale,timeZone),"
    "sheets(properties(sheetId,title,hidden,sheetType,gridProperties(rowCount,columnCount)),merges)"
)
DIGEST = "digest"  # the line of _同步 that says which marks are there


@dataclass(slots=True)
class SheetsBook:
    """One spreadsheet, by its id."""

    name: str
    id: str
    google: Google
    zone: str
    client: Client
    named: str  # how messages call it
    seen: list[Tab] = field(default_factory=list)  # its tabs when it was last read
    told: str = ""  # the digest of the marks that it had then

    def read(self, at: datetime) -> Copy:
        """All tabs as they are at one moment; of ours only the one that says which run was the last."""
        self.client.begin()
        return self._steady(lambda: self._copy(at))

    def held_by(self) -> str | None:
        """Nobody: a spreadsheet can be written while people type."""
        return None

    def write_tabs(self, tabs: Mapping[str, Rows], expected_digest: str) -> Written:  # noqa: ARG002 - marks hang on ids
        """Put *tabs* in place of ours, in one step.

        What people typed since they were read stays, and shows the next night: a mark finds its row by the id.
        """
        self.client.begin()
        try:
            return self._write(tabs)
        except (BookError, Unreachable) as error:
            return sentences.failed(error)

    def shape(self) -> BookShape:
        """How the spreadsheet is built now."""
        self.client.begin()
        return self._steady(self._shape)

    def apply(self, design: BookDesign, changes: Sequence[Change]) -> Written:
        """Carry out *changes* in one step.

        The service takes columns by their place, and knows no “only if it is still so”. So what stands there is looked
        at once more: a header that went although nobody named it was hit because somebody moved it meanwhile.
        """
        from sync.books.gsheets import build, shape

        try:
            before = self.shape()
            asked = build.requests(design, before, changes)
        except (BookError, Unreachable) as error:
            return sentences.failed(error)
        if not asked:
            return sentences.told("unchanged", "as_planned")
        try:
            self._change(design, asked, changes)
            if gone := shape.vanished(before, self.shape(), changes):
                raise sentences.hit(self.named, gone)
        except (BookError, Unreachable) as error:
            if isinstance(error, sentences.Hit) or not self._stands(design, changes):
                return sentences.failed(error)
        return sentences.told("written", "applied")

    def fill(self, design: BookDesign, content: Content, replaced: Collection[str], at: datetime) -> Written:  # noqa: ARG002
        """Make the tabs that are missing, and put *content* into those that are empty or named in *replaced*."""
        from sync.books.gsheets import build, fill

        try:
            shape = self.shape()
            fill.refuse_occupied(design, shape, content, replaced)
            lacking = fill.lacking(design, shape)
            if asked := build.requests(design, shape, lacking):
                self._change(design, asked, lacking)
                shape = self.shape()
            for portion in fill.requests(design, shape, content):
                self._update(portion)
        except (BookError, Unreachable) as error:
            return sentences.failed(error)
        return sentences.told("written", "filled")

    def _stands(self, design: BookDesign, changes: Sequence[Change]) -> bool:
        """Whether *changes* are there although the answer was lost."""
        from sync.books.gsheets import build

        try:
            return not build.requests(design, self.shape(), changes)
        except (BookError, Unreachable):
            return False

    def _change(self, design: BookDesign, asked: Sequence[Mapping[str, Any]], changes: Sequence[Change]) -> None:
        """Carry out *asked*; where an answer is lost, only what is left of *changes* is asked again."""
        from sync.books.gsheets import build

        self.client.begin()
        self.client.change(asked, lambda: build.requests(design, self._steady(self._shape), changes))

    def _update(self, asked: Sequence[Mapping[str, Any]]) -> None:
        self.client.begin()
        self.client.update({"requests": list(asked)})

    def _copy(self, at: datetime) -> Copy:
        title, metadata = self._metadata(FIELDS)
        self.seen = tabs(metadata)
        wanted = [tab for tab in self.seen if tab.title not in SYSTEM_HEADERS or tab.title == SYNC_TAB]
        with _no_collection():
            found = read(self.client, wanted)
            grids = [grid(self.name, tab, found[tab.title]) for tab in wanted]
        self.told = next((str(row[1]) for row in found.get(SYNC_TAB, []) if len(row) > 1 and row[0] == DIGEST), "")
        staff = [tab for tab in wanted if tab.title != SYNC_TAB]
        addresses = {tab.title: self._address(tab.tab_id) for tab in self.seen}
        return Copy(self.name, title, grids, digest(found, staff), None, at, addresses)

    def _write(self, tabs: Mapping[str, Rows]) -> Written:
        there = {tab.title for tab in self.seen}
        missing = tuple(title for title in tabs if title not in there)
        if len(missing) == len(tabs):
            return sentences.told("no_tabs", detail="、".join(tabs))
        made = hashlib.sha256(json.dumps(tabs, default=repr).encode()).hexdigest()
        if made == self.told and not missing:
            return sentences.told("unchanged")
        stamped = {**tabs, SYNC_TAB: [*tabs[SYNC_TAB], [DIGEST, made]]}
        answer = self.client.update(marks.request(self.seen, stamped, self.named, self._address))
        if SYNC_TAB in there:
            marks.read_back(answer, stamped, self.named)
        self.told = made
        return sentences.told("written", missing=missing)

    def _shape(self) -> BookShape:
        from sync.books.gsheets import shape

        _, metadata = self._metadata(shape.SHAPE_FIELDS)
        self.seen = tabs(metadata)
        ranges = shape.head_ranges(metadata)
        heads = self.client.metadata(shape.HEAD_FIELDS, ranges) if ranges else {}
        found = read(self.client, [tab for tab in self.seen if tab.title not in SYSTEM_HEADERS])
        return shape.shape(self.name, metadata, heads, found)

    def _steady(self, look: Callable[[], T]) -> T:
        """What *look* sees, once nobody moves things while it looks."""
        for _ in range(LOOKS):
            try:
                return look()
            except (Moved, RangeGone):
                continue
        raise sentences.restless(self.named)

    def _metadata(self, fields: str) -> tuple[str, Mapping[str, Any]]:
        """The title and *fields*; BookError where numbers and dates are read in other ways than the settings say."""
        metadata = self.client.metadata(fields)
        has = metadata.get("properties", {})
        for key, words, wanted in (
            ("locale", ("语言区域", "locale"), self.google.locale),
            ("timeZone", ("时区", "time zone"), self.zone),
        ):
            if has.get(key, "") != wanted:
                raise sentences.settings_differ(self.named, words, has.get(key, ""), wanted)
        return str(has.get("title", "")), metadata

    def _address(self, tab_id: int) -> str:
        return f"https://docs.google.com/spreadsheets/d/{self.id}/edit#gid={tab_id}"


def open_book(name: str, settings: Settings, folder: Path, *, write: bool) -> SheetsBook:
    """The spreadsheet that the settings of the department in *folder* call *name*."""
    google, at = settings.google, settings.books[name]
    named = f"books.{name}"
    credentials = signin.credentials(google, folder, write=write)
    client = Client(credentials, google, at.id, named)
    return SheetsBook(name, at.id, google, settings.department.time_zone, client, named)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of small values come at once: looking for garbage among them costs more than reading them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
