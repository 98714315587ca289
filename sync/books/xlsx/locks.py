"""Who has a workbook open: lock files name them, and opening the file shows whether they are still there."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# On Linux nobody can be asked whether a colleague's Excel on another machine is still there: after three days its
# lock file counts as left behind by a crash. (Excel does not touch it while the book is open.)
STALE_HOURS = 72
SHARING_VIOLATIONS = {32, 33}  # what Windows answers when somebody else has the file open


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file: whose, of which program, on which machine."""

    path: Path
    program: str
    user: str = ""
    host: str = ""

    @property
    def words(self) -> str:
        """Who, for a message."""
        who = self.user or "有人 somebody"
        return f"{who}（{self.program}{', ' + self.host if self.host else ''}）"


def held_by(book: Path) -> str | None:
    """Who has *book* open; None when nobody has, or only a lock file was left behind."""
    locks = list(lock_files(book))
    if not book.exists():
        return None
    refused = _refused(book)
    if refused:
        return locks[0].words if locks else "有人 somebody"
    if os.name == "nt":  # there the system itself keeps others out while a book is open
        return None
    return next((lock.words for lock in locks if not _left_behind(lock, book)), None)


def lock_files(book: Path) -> Iterator[Lock]:
    """The lock files that the three office programs leave beside *book*."""
    excel = book.with_name(f"~${book.name}")
    if excel.exists():
        yield Lock(excel, "Excel", _owner(excel))
    libre = book.with_name(f".~lock.{book.name}#")
    if libre.exists():
        yield _libre(libre)
    for less in (1, 2):
        wps = book.with_name(f".~{book.name[less:]}")
        if wps.exists():
            yield Lock(wps, "WPS", _owner(wps))


def _refused(book: Path) -> bool:
    """The system says that somebody has *book* open for writing."""
    try:
        with book.open("r+b") as file:
            return _advised(file.fileno())
    except PermissionError as error:
        return getattr(error, "winerror", None) in SHARING_VIOLATIONS
    except OSError:
        return False


def _advised(descriptor: int) -> bool:
    """Another process holds an advisory lock."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _left_behind(lock: Lock, book: Path) -> bool:
    """Nobody stands behind *lock* any more."""
    if lock.host and lock.host == socket.gethostname():
        return not _open_here(book)
    with suppress(OSError):
        return time.time() - lock.path.stat().st_mtime > STALE_HOURS * 3600
    return True  # gone meanwhile


def _open_here(book: Path) -> bool:
    """LibreOffice on this machine has *book* open (it takes no lock on it), or will not say what it has open."""
    import psutil

    for process in psutil.process_iter(["name"]):
        if "soffice" in (process.info["name"] or "").lower():
            try:
                if any(Path(file.path) == book.resolve() for file in process.open_files()):
                    return True
            except psutil.AccessDenied:
                return True
            except psutil.NoSuchProcess:
                continue
    return False


def _owner(path: Path) -> str:
    """The user that Excel writes into its lock file: length and name, first in the local code page, then in UTF-16."""
    try:
        data = path.read_bytes()
    except OSError:
        return ""  # Excel keeps it to itself
    if len(data) < 56:
        return ""
    name = data[57 : 57 + 2 * data[55]].decode("utf-16-le", "ignore") or data[1 : 1 + data[0]].decode("gbk", "ignore")
    return _printable(name)


def _libre(path: Path) -> Lock:
    """LibreOffice: full name, login, machine, time, profile; separated by commas."""
    try:
        fields = re.split(r"(?<!\\),", path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        fields = []
    name, login, host = ([_printable(field.replace("\\", "")) for field in fields] + [""] * 3)[:3]
    return Lock(path, "LibreOffice", name or login, host)


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:60].strip()
