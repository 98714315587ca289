"""A workbook file: what the rest of a night sees of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sync.books import Content, Outcome, Tab, Written
from sync.books.xlsx.package import MEGA, Package, damaged, too_big
from sync.books.xlsx.sentences import (
    BUILT,
    FILLED,
    being_saved,
    missing,
    no_permission,
    not_a_file,
    there_already,
    told,
    unreachable,
)
from sync.model import BookError, Copy, Grid

if TYPE_CHECKING:
    from sync.blueprint import BookDesign, BookShape, Change
    from sync.books.xlsx.formulas import Marks
    from sync.settings import Bounds, Settings

TRIES = 5  # a book that is being saved is whole again a moment later
PAUSE = 0.2  # seconds between them


@dataclass(frozen=True, slots=True)
class XlsxBook:
    """One workbook file."""

    name: str
    path: Path
    bounds: Bounds
    zone: ZoneInfo

    def read(self, at: datetime) -> Copy:
        """All tabs as the file is now; the digest is that of the very bytes they were read from."""
        data, saved, grids = self._whole()
        saved_at = datetime.fromtimestamp(int(saved), self.zone).replace(tzinfo=None)
        return Copy(self.name, self.path.name, grids, _digest(data), saved_at, at)

    def held_by(self) -> str | None:
        """Who has the file open."""
        from sync.books.xlsx.locks import held_by

        return held_by(self.path)

    def write_tabs(self, tabs: Mapping[str, Tab], expected_digest: str) -> Written:
        """Put *tabs* into the file's tabs of these titles; it is replaced whole or left as it was."""
        from sync.books.xlsx.patch import patched

        try:
            data = self.path.read_bytes()
            if _digest(data) != expected_digest:
                return told("changed", self.held_by())
            new = patched(data, tabs, self.bounds)
            if len(new.missing) == len(tabs):
                return told("no_tabs", "、".join(tabs))
            if new.data is None:
                return replace(told("unchanged"), digest=expected_digest)
            outcome = self._replace(new.data, expected_digest)
        except BookError as error:
            return Written("failed", dict(zip(("zh", "en"), str(error).split("\n", 1), strict=True)))
        except OSError as error:
            return told("failed", error.strerror or type(error).__name__)
        left = _digest(new.data) if outcome == "written" else ""
        return replace(told(outcome, self.held_by(), missing=new.missing), digest=left)

    def shape(self) -> BookShape:
        """How the file is built now, as far as its cells tell."""
        from sync.books.xlsx.shape import shape_of

        data, _, grids = self._whole()
        return shape_of(self.name, self.path.name, grids, self._formulas(data))

    def apply(self, design: BookDesign, changes: Sequence[Change]) -> Written:
        """Add tabs and columns; the file is replaced whole, or left as it was."""
        from sync.books.xlsx.additions import built, same_rows
        from sync.books.xlsx.shape import shape_of

        if not changes:
            return told("unchanged", sentences=BUILT)
        try:
            data, _, grids = self._whole()
            shape = shape_of(self.name, self.path.name, grids, self._formulas(data))
            new = built(data, shape, design, changes, self.bounds)
            if new is None:
                return told("changed", self.held_by(), sentences=BUILT)
            if not same_rows(grids, self._grids(new), shape):
                raise damaged("copy")
            outcome = self._replace(new, _digest(data))
        except BookError as error:
            return Written("failed", dict(zip(("zh", "en"), str(error).split("\n", 1), strict=True)))
        except OSError as error:
            return told("failed", error.strerror or type(error).__name__, sentences=BUILT)
        left = _digest(new) if outcome == "written" else ""
        return replace(told(outcome, self.held_by(), sentences=BUILT), digest=left)

    def fill(self, design: BookDesign, content: Content, replaced: Collection[str], at: datetime) -> Written:
        """A new workbook with *content*; one that is there goes only where *replaced* names it."""
        from sync.books.xlsx import new

        try:
            if self.path.exists() and self.path.name not in replaced:
                raise there_already(self.path)
            if self.path.exists() and (holder := self.held_by()):
                return told("held", holder, sentences=FILLED)
            new.write(self.path, design, new.typed(design, content), at)
        except BookError as error:
            return Written("failed", dict(zip(("zh", "en"), str(error).split("\n", 1), strict=True)))
        except OSError as error:
            return told("failed", error.strerror or type(error).__name__, sentences=FILLED)
        return told("written", sentences=FILLED)

    def _replace(self, data: bytes, expected_digest: str) -> Outcome:
        """Put *data* in the file's place, unless somebody has it open or has changed it since."""
        target = self.path.resolve()  # a link stays a link
        beside = target.with_name(f".{target.name}.new")
        try:
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _keep_owner(target, beside)
            if self.held_by():
                return "held"
            if _digest(target.read_bytes()) != expected_digest:
                return "changed"
            try:
                beside.replace(target)
            except PermissionError:  # Windows: opened between the question and the act
                if os.name == "nt":
                    return "held"
                raise
            return "written"
        finally:
            beside.unlink(missing_ok=True)

    def _whole(self) -> tuple[bytes, float, list[Grid]]:
        """The file, when it was saved, and its tabs; one that is being saved is whole again a moment later."""
        for last in (*[False] * (TRIES - 1), True):
            data, saved = self._bytes()
            try:
                return data, saved, self._grids(data)
            except BookError as error:
                if last or not self._changed_since(data):
                    raise self._named(error) from None
                time.sleep(PAUSE)
        raise AssertionError  # the last try returns or raises

    def _bytes(self) -> tuple[bytes, float]:
        """The whole file and when it was saved, taken while nobody was saving it."""
        for _ in range(TRIES):
            try:
                before = self.path.stat()
                if not stat.S_ISREG(before.st_mode):
                    raise not_a_file(self.path)
                if before.st_size > self.bounds.unpacked_mb * MEGA:
                    megabytes = before.st_size // MEGA
                    raise self._named(too_big(f"有 {megabytes} MB", f"it has {megabytes} MB"))
                data = self.path.read_bytes()
                after = self.path.stat()
            except FileNotFoundError:
                pass  # for a moment, while Excel puts the new file in the old one's place
            except PermissionError as error:
                raise no_permission(self.path) from error
            except OSError as error:
                raise unreachable(self.path, error) from error
            else:
                if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, len(data)):
                    return data, after.st_mtime
            time.sleep(PAUSE)
        if self.path.exists():
            raise being_saved(self.path)
        raise missing(self.path)

    def _grids(self, data: bytes) -> list[Grid]:
        from sync.books.xlsx.apart import read_apart

        return read_apart(self.name, data, self.bounds)

    def _formulas(self, data: bytes) -> dict[str, Marks]:
        """The marks of the formulas that we keep in live columns, by the tab's title."""
        from sync.books.xlsx.formulas import marks

        package = Package(data, self.bounds.unpacked_mb, self.bounds.ratio)
        return {part.title: marks(package.part(part.path)) for part in package.tabs}

    def _changed_since(self, data: bytes) -> bool:
        try:
            return self.path.read_bytes() != data
        except OSError:
            return True

    def _named(self, error: BookError) -> BookError:
        """*error* with the file's name before both sentences."""
        zh, en = str(error).split("\n", 1)
        return BookError(f"工作簿“{self.path.name}”：{zh}", f"Workbook “{self.path.name}”: {en}")


def open_book(name: str, settings: Settings, folder: Path, *, write: bool) -> XlsxBook:  # noqa: ARG001 - files ask nobody
    """The workbook that the settings of the department in *folder* call *name*."""
    from sync.settings import book_path

    return XlsxBook(name, book_path(settings, folder, name), settings.bounds, settings.zone)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _keep_owner(book: Path, fresh: Path) -> None:
    """Give *fresh* the mode, the access list and, where allowed, the owner of *book*."""
    owner = book.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(fresh, owner.st_uid, owner.st_gid)
    shutil.copystat(book, fresh)
    os.utime(fresh)
