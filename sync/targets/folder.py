"""A folder that a web server or a share shows: whole releases beside it, and one name that leads to one of them.

With links (wherever the system has them), handbook is a link to handbook.releases/20261122-020000, and one rename
changes where it leads: whoever opens a page gets a whole one, old or new. Without links handbook is the release itself,
and two renames change it: between them a page may be missing for a moment. Either way a run that is ended anywhere
leaves whole releases only, and the next run clears up.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

import filelock
import msgspec

from sync.model import DeclarationError, Locked, ServicebookError
from sync.settings import FILE
from sync.targets import Published, Release, Told
from sync.targets.files import MARKER, content, copy, move, put, settle
from sync.targets.guards import beside

# Names in the folder of releases that begin like this are ours and unfinished; whatever else lies there stays.
UNFINISHED = (".servicebook-new-", ".servicebook-old-")
LOCK = ".servicebook-lock"
NAME = re.compile(r"\d{8}-\d{6}(-\d+)?")
STAMP = "%Y%m%d-%H%M%S"
NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}  # how file systems say that they have none
GAP = "without links: a page may have been missing for a moment"


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a release to say that it is ours. It is published with it, so it tells nothing of the machine."""

    made_by: Literal["servicebook"] = "servicebook"
    release: str
    moment: datetime
    digest: str  # of every other file
    before: str = ""  # the release that was shown until this one came


class Folder:
    """The place *path*. Of its releases the newest *keep* stay, and always the one shown and the one before it."""

    def __init__(
        self, path: Path, keep: int = 10, *, links: bool = os.name == "posix", told: Told = lambda _line: None
    ) -> None:
        self.path = path
        self.store = beside(path)
        self.keep = keep
        self.links = links
        self.told = told

    def check(self) -> None:
        """DeclarationError where something is in the way that is not ours, or cannot be replaced by a rename."""
        try:
            self._look()
        except OSError as error:
            raise _refused(
                self.path, error.strerror or str(error), "Mend the path, or let this account read it"
            ) from error

    def _look(self) -> None:
        if not self.path.parent.is_dir():
            raise _refused(self.path, f"there is no folder {self.path.parent}", "Make it first, or mend the path")
        around = next((up for up in self.path.parents if (up / MARKER).exists() or (up / LOCK).exists()), None)
        if around:
            raise _refused(self.path, f"it lies in {around}, which is published", "Name a folder outside it")
        if os.path.ismount(self.path):  # Path cannot say it on Windows
            raise _refused(self.path, "it is a disk or a share of its own", "Name a folder inside it")
        if self.store.is_symlink() or (self.store.exists() and not self.store.is_dir()):
            raise _refused(self.path, f"{self.store} is no folder of releases", "Move it away, or name another folder")
        if self.path.is_symlink():
            leads = self.path.parent / self.path.readlink()
            if Path(os.path.realpath(leads)).parent != self.store:  # a Path would fail on a loop of links
                raise _refused(self.path, f"it is a link to {leads}", "Remove the link, or name another folder")
        elif self.path.exists() and not self.path.is_dir():
            raise _refused(self.path, "it is a file", "Name a folder")
        elif self.path.exists() and not _marker(self.path) and any(self.path.iterdir()):
            raise _refused(self.path, "it has files that servicebook did not put there", "Name a new or empty folder")

    def publish(self, site: Path, moment: datetime) -> Published:
        """Show *site*. A site whose bytes are shown already is left as it is."""
        self.check()
        digest = content(site)
        with self._alone():
            shown = self._shown()
            if shown and shown.digest == digest and self._whole(shown):
                self._prune()
                return Published(str(self.path), shown.release, changed=False)
            marker = Marker(
                release=self._free(moment), moment=moment, digest=digest, before=shown.release if shown else ""
            )
            self._write(site, marker)
            note = self._show(marker.release)
            self._prune()
        return Published(str(self.path), marker.release, changed=True, note=note)

    def releases(self) -> list[Release]:
        """What can be gone back to, oldest first."""
        shown = self._shown()
        current = shown.release if shown else ""
        return [Release(one.release, one.moment, current=one.release == current) for one in self._markers()]

    def rollback(self, to: str | None = None) -> Release:
        """Show the release called *to*, or the one before the current one; ServicebookError where it cannot be had."""
        self.check()
        wanted = self._wanted(to)
        with self._alone():
            if not self._whole(wanted):
                raise ServicebookError(
                    f"{self.path}: the release {wanted.release} is damaged or gone; what was shown is still there. "
                    f"Name another one: {self._listed()}."
                )
            self._show(wanted.release)
        return Release(wanted.release, wanted.moment, current=True)

    # ---------------------------------------------------------------- what is there

    def _shown(self) -> Marker | None:
        """The release that readers see; None where they see none."""
        return _marker(self.path) if self.path.is_dir() else None

    def _at(self, release: str) -> Path:
        """Where the files of *release* lie: without links the one shown lies at its readers' place."""
        return self.store / release if (self.store / release).is_dir() else self.path

    def _markers(self) -> list[Marker]:
        """The releases that are ours and lie where they should, oldest first."""
        named = [path for path in self.store.glob("*") if NAME.fullmatch(path.name) and not path.is_symlink()]
        found = {path.name: marker for path in named if (marker := _marker(path)) and marker.release == path.name}
        shown = self._shown()
        if shown:
            found.setdefault(shown.release, shown)
        return sorted(found.values(), key=lambda one: (one.moment, len(one.release), one.release))

    def _whole(self, marker: Marker) -> bool:
        """Whether the files of a release are what was published."""
        try:
            return content(self._at(marker.release)) == marker.digest
        except (ServicebookError, OSError):
            return False

    def _before(self, shown: Marker | None) -> Marker | None:
        """The release to go back to: the one that *shown* took over from, or else the next older one."""
        found = self._markers()
        if shown is None:
            return found[-1] if found else None
        names = [one.release for one in found]
        older = found[: names.index(shown.release)]
        return next((one for one in found if one.release == shown.before), older[-1] if older else None)

    def _wanted(self, to: str | None) -> Marker:
        shown = self._shown()
        wanted = (
            self._before(shown) if to is None else next((one for one in self._markers() if one.release == to), None)
        )
        if wanted is None:
            why = f"there is no release {to or 'before the current one'}"
        elif shown and wanted.release == shown.release:
            why = f"{to} is what readers see now"
        else:
            return wanted
        raise ServicebookError(f"{self.path}: {why}. There are: {self._listed()}.")

    def _listed(self) -> str:
        """The releases in words, newest first."""
        names = [f"{one.name}{' (current)' if one.current else ''}" for one in reversed(self.releases())]
        return ", ".join(names) or "none"

    def _free(self, moment: datetime) -> str:
        """The moment's name, or that with a number when it is taken."""
        name = moment.strftime(STAMP)
        taken = {path.name for path in self.store.glob(f"{name}*")} | {one.release for one in self._markers()}
        return next(
            one for one in (f"{name}{f'-{n}' if n > 1 else ''}" for n in range(1, len(taken) + 2)) if one not in taken
        )

    # ---------------------------------------------------------------- what is written

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else publishes here meanwhile, and nothing is left of a run that was ended."""
        lock = filelock.FileLock(self.store / LOCK)
        try:
            self.store.mkdir(exist_ok=True)
            lock.acquire(timeout=0)
            self._clear()
            yield
        except filelock.Timeout as error:
            raise Locked(f"{self.path}: somebody else is publishing there. Try again when they are done.") from error
        except OSError as error:
            raise ServicebookError(
                f"{self.path}: it could not be published: {error.filename or ''} {error.strerror or error}. "
                f"Look at the disk and at who may write to {self.path.parent}; the next run publishes again."
            ) from error
        finally:
            lock.release()

    def _clear(self) -> None:
        for path in self.store.iterdir():
            if path.name.startswith(UNFINISHED) and not path.is_symlink():
                shutil.rmtree(path)
        if self._link.is_symlink():
            self._link.unlink()
        self.told("cleared up")

    @property
    def _link(self) -> Path:
        """The new link until it takes the old one's name."""
        return self.path.with_name(f".{self.path.name}.servicebook-link")

    def _write(self, site: Path, marker: Marker) -> None:
        """Copy *site* under a name that nobody reads, and give it its own name once it is whole and on the disk."""
        part = self.store / f"{UNFINISHED[0]}{marker.release}"
        try:
            copy(site, part, self.told)
            if content(part) != marker.digest:
                raise ServicebookError(
                    f"{site}: it changed while it was published. Readers see the old one; run again."
                )
            put(part / MARKER, msgspec.json.encode(marker))
            settle(part)
            self.told("copied")
            part.rename(self.store / marker.release)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        settle(self.store)
        self.told(f"released {marker.release}")

    def _show(self, release: str) -> str:
        """Let readers see *release*; what they may notice of that."""
        if self.links and self._linked(release):
            return ""
        self._swapped(release)
        return GAP

    def _linked(self, release: str) -> bool:
        """Point the readers' name at *release*; False where the file system has no links."""
        try:
            # relative, so that the folder can be moved, or mounted elsewhere
            self._link.symlink_to(Path(self.store.name, release), target_is_directory=True)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            return False
        self.told("linked")
        self._put_away()
        self._link.replace(self.path)
        settle(self.path.parent)
        self.told("shown")
        return True

    def _swapped(self, release: str) -> None:
        away = self._put_away(link_too=True)
        try:
            move(self._at(release), self.path)
        except OSError:
            if away:
                away.rename(self.path)
            raise
        settle(self.path.parent)
        self.told("shown")

    def _put_away(self, *, link_too: bool = False) -> Path | None:
        """Make room at the readers' name: a folder of ours goes among the releases, and it is told where."""
        if self.path.is_symlink():
            if link_too:
                self.path.unlink()
            return None
        shown = self._shown()
        if shown is None:
            if self.path.is_dir():
                self.path.rmdir()  # it is empty, or check would have refused it
            return None
        to = self.store / shown.release
        to = to.with_name(f"{UNFINISHED[1]}{shown.release}") if to.exists() else to
        move(self.path, to)
        self.told("put away")
        return to

    def _prune(self) -> None:
        """Remove the oldest releases. One that cannot be removed is tried again the next time."""
        found, shown = self._markers(), self._shown()
        back = self._before(shown)
        stay = {one.release for one in (*found[-self.keep :], shown, back) if one}
        for one in found:
            if one.release not in stay:
                old = self.store / f"{UNFINISHED[1]}{one.release}"
                with suppress(OSError):
                    (self.store / one.release).rename(old)
                    self.told(f"took {one.release} out of the row")
                    shutil.rmtree(old)


def _marker(folder: Path) -> Marker | None:
    """What *folder* says of itself; None where it is not ours."""
    path = folder / MARKER
    if path.is_symlink():
        return None
    try:
        marker = msgspec.json.decode(path.read_bytes(), type=Marker)
    except (OSError, msgspec.DecodeError):
        return None
    return marker if NAME.fullmatch(marker.release) else None


def _refused(path: Path, why: str, way_out: str) -> DeclarationError:
    return DeclarationError(f"{FILE}: publish.folder: {path}: {why}. {way_out}. Nothing was written.")
