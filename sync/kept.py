"""What must outlive a night: the grids as read, and the night's record. One folder a night, written whole.

Nothing derived is kept as truth: tonight's flags can always be computed again from a kept copy.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from sync.model import Copy, Grid, ServicebookError

_STAMP = "%Y%m%d-%H%M%S"
_RECORD = "night.json"


class KeptError(ServicebookError):
    """The kept folder cannot be trusted."""


class TabRecord(msgspec.Struct, frozen=True):
    """How one tab was found: whether its rows could be used, and how many there were."""

    book: str
    tab: str
    register: str
    good: bool
    rows: int


class Left(msgspec.Struct, frozen=True):
    """A book as our marks left it: while its digest is this one, nobody has saved it since *saved_at*."""

    digest: str
    saved_at: datetime | None


class Night(msgspec.Struct, frozen=True):
    """The record of one night."""

    run: str
    moment: datetime
    digests: dict[str, str]  # book → sha256 of the file as read
    files: dict[str, str]  # file of this folder → sha256
    tabs: list[TabRecord]
    counts: dict[str, int] = {}
    pending: dict[str, datetime] = {}  # book → since when its marks wait
    left: dict[str, Left] = {}  # book → how our marks left it
    failures: list[str] = []  # what failed without stopping the night
    done: bool = False  # the run came to its end
    published: dict[str, list[int]] = {}  # calendar → years whose official days the department has typed in


class Kept:
    """The department's *kept* folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def nights(self) -> list[Path]:
        """The kept nights, oldest first."""
        return sorted(path for path in self.folder.glob("????????-??????") if path.is_dir())

    def last(self, at: datetime | None = None) -> Night | None:
        """The record of the last night (taken at or before *at*), or None on a first run."""
        found = [path for path in self.nights() if at is None or path.name <= at.strftime(_STAMP)]
        return self._record(found[-1]) if found else None

    def before(self, moment: datetime) -> Night | None:
        """The record of the last night before *moment*: what a run at that moment is compared with, however often."""
        found = [path for path in self.nights() if path.name < moment.strftime(_STAMP)]
        return self._record(found[-1]) if found else None

    def verify(self, night: Night) -> None:
        """Look that every file of *night* is as it was written; KeptError where one is not."""
        for name in night.files:
            self._content(night, name)

    def copies(self, night: Night) -> list[Copy]:
        """The books as they were read that night."""
        folder = self.folder / night.moment.strftime(_STAMP)
        return [_decoded(self._content(night, name), folder / name) for name in sorted(night.files)]

    def last_good(self, book: str, tab: str, before: datetime) -> tuple[Grid, datetime] | None:
        """The rows of *tab* on the last night it could be read, with that night's moment."""
        for path in reversed(self.nights()):
            night = self._record(path)
            if night.moment < before and any(t.good and (t.book, t.tab) == (book, tab) for t in night.tabs):
                grids = (grid for copy in self.copies(night) if copy.book == book for grid in copy.grids)
                found = next((grid for grid in grids if grid.tab == tab), None)
                if found:
                    return found, night.moment
        return None

    def rows_as_of(self, night: Night) -> Mapping[tuple[str, str], int]:
        """Rows in use by (book, tab): in *night*, or when a tab that was broken then could last be read."""
        rows = dict(rows_of(night.tabs))
        broken = {(tab.book, tab.tab) for tab in night.tabs if not tab.good}
        for path in reversed(self.nights()):
            if not broken:
                break
            if path.name < night.moment.strftime(_STAMP):
                older = rows_of(self._record(path).tabs)
                rows |= {place: older[place] for place in broken & older.keys()}
                broken -= older.keys()
        return rows

    def keep(self, night: Night, copies: Sequence[Copy]) -> None:
        """Keep *night* and *copies*: a temporary folder, then a rename; a night of the same moment is replaced."""
        target = self.folder / night.moment.strftime(_STAMP)
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        digests = dict(_written(part, copies))
        whole = msgspec.structs.replace(night, files=digests)
        (part / _RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1))
        if target.exists():
            old = target.with_name(f"{target.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
            part.rename(target)
            shutil.rmtree(old)
        else:
            part.rename(target)

    def recover(self) -> None:
        """Clear up after a run that was ended while it kept its night: what it replaced comes back."""
        for old in self.folder.glob("????????-??????.old"):
            whole = old.with_suffix("")
            if whole.exists():
                shutil.rmtree(old)
            else:
                old.rename(whole)
        for part in self.folder.glob("????????-??????.part"):
            shutil.rmtree(part)

    def set_aside(self, after: datetime) -> None:
        """Take nights that a wrong clock dated later than *after* out of the row, so that they bind nobody."""
        for path in self.nights():
            if path.name > after.strftime(_STAMP):
                aside = path.with_name(f"{path.name}.wrong-clock")
                shutil.rmtree(aside, ignore_errors=True)
                path.rename(aside)

    def amend(self, night: Night) -> None:
        """Write the record of a night that is kept once more; what was read stays as it is."""
        folder = self.folder / night.moment.strftime(_STAMP)
        whole = msgspec.structs.replace(night, files=self._record(folder).files)
        part = folder / f"{_RECORD}.part"
        part.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1))
        part.replace(folder / _RECORD)

    def _record(self, path: Path) -> Night:
        try:
            return msgspec.json.decode(self._bytes(path / _RECORD), type=Night)
        except msgspec.DecodeError as error:
            raise KeptError(_damaged(path / _RECORD, str(error))) from error

    def _content(self, night: Night, name: str) -> bytes:
        path = self.folder / night.moment.strftime(_STAMP) / name
        content = self._bytes(path)
        if hashlib.sha256(content).hexdigest() != night.files[name]:
            raise KeptError(_damaged(path, "its checksum differs"))
        return content

    @staticmethod
    def _bytes(path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise KeptError(_damaged(path, error.strerror or str(error))) from error


def _written(folder: Path, copies: Sequence[Copy]) -> Iterator[tuple[str, str]]:
    for copy in copies:
        content = gzip.compress(msgspec.json.encode(copy), 4, mtime=0)
        name = f"book-{hashlib.sha256(copy.book.encode()).hexdigest()[:12]}.json.gz"  # a book's name is no path
        (folder / name).write_bytes(content)
        yield name, hashlib.sha256(content).hexdigest()


def _decoded(content: bytes, path: Path) -> Copy:
    try:
        return msgspec.json.decode(gzip.decompress(content), type=Copy)
    except (msgspec.DecodeError, OSError, EOFError) as error:
        raise KeptError(_damaged(path, str(error))) from error


def _damaged(path: Path, why: str) -> str:
    return (
        f"{path}: the kept night is damaged ({why}). Nothing was written. "
        "Restore the folder “kept” from a backup, or move this night's folder away to go on without it."
    )


def rows_of(tabs: Sequence[TabRecord]) -> Mapping[tuple[str, str], int]:
    """Rows in use by (book, tab), of the tabs that were good."""
    return {(tab.book, tab.tab): tab.rows for tab in tabs if tab.good}
