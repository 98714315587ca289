"""Remember what the last night was made from and what it said: where nothing changed, nothing is done again.

A night is a pure function of books, declarations, pages, program, libraries and moment. So one with the same of each,
whose results still lie where it put them, would only say the same. What is remembered may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from sync.settings import Settings, files
from sync.targets import open_target
from sync.targets.guards import place

FILE = Path("build") / "last-night.json"
SHIPPED = Path(__file__).resolve().parent.parent
ROOMS = ("sync", "site", "docs", "sheets_schema")  # what a night is made from, here and in a department's folder


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a night printed."""

    text: str
    json: str
    errors: int
    failures: list[str] = []


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What the last night said, and what it was made from."""

    made_from: str
    said: Said


def recall(folder: Path, settings: Settings, now: datetime, asked: str) -> Said | None:
    """What the last night said, when *asked* for the same at the same moment and nothing has changed since.

    A book that is no file cannot be known to be unchanged without reading it.
    """
    if len(files(settings, folder)) < len(settings.books):
        return None
    try:
        remembered = msgspec.json.decode((folder / FILE).read_bytes(), type=Remembered)
    except (OSError, msgspec.DecodeError):
        return None
    return remembered.said if remembered.made_from == made_from(folder, settings, now, asked) else None


def remember(folder: Path, settings: Settings, now: datetime, asked: str, said: Said) -> None:
    """Note what the night that was just done would say, run once more."""
    remembered = Remembered(made_from=made_from(folder, settings, now, asked), said=said)
    part = (folder / FILE).with_suffix(".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(msgspec.json.encode(remembered))
    part.replace(folder / FILE)


def made_from(folder: Path, settings: Settings, now: datetime, asked: str) -> str:
    """All that a night depends on, and all that it left, in one word."""
    seen = hashlib.sha256(f"{now.isoformat()}\0{asked}\0{sys.version}\0".encode())
    books = list(files(settings, folder).values())
    for book in books:
        seen.update(book.read_bytes() if book.is_file() else b"-")
    for line in (*_libraries(), *_traces(folder, books, settings)):
        seen.update(f"{line}\n".encode(errors="surrogateescape"))
    return seen.hexdigest()


def _libraries() -> Iterator[str]:
    """Every library that is installed, with its version: the calendar of the year is one of them."""
    for shelf in sys.path:
        yield from sorted(path.name for path in Path(shelf).glob("*.dist-info"))


def _traces(folder: Path, books: Iterable[Path], settings: Settings) -> Iterator[str]:
    """Every file with its size and time: those that a night reads, and those that it wrote."""
    nights = sorted(path for path in (folder / "kept").glob("????????-??????") if path.is_dir())
    yield " ".join(path.name for path in nights)
    rooms = [root / room for root in dict.fromkeys((SHIPPED, folder)) for room in ROOMS]
    for room in (*rooms, *nights[-1:], folder / "build" / "docs", folder / "build" / "site"):
        yield from _files(room)
    for single in (SHIPPED / "mkdocs.yml", folder / "servicebook.toml", folder / "mkdocs.generated.yml"):
        yield from _files(single)
    for beside in sorted({book.parent for book in books}):
        yield from _beside(beside)
    target = open_target(settings, folder)
    if target and settings.publish.folder:
        yield from map(str, target.releases())
        yield from _files(place(settings.publish.folder, folder))


def _files(path: Path) -> Iterator[str]:
    """Every file at or below *path*, in the order of their names."""
    if path.is_file():
        yield _line(path)
    elif path.is_dir():
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            yield from (_line(Path(folder, name)) for name in sorted(files))


def _beside(folder: Path) -> Iterator[str]:
    """The workbooks that lie beside the books: the day's lists are among them."""
    for path in sorted(folder.glob("*.xlsx")):
        yield _line(path)


def _line(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:  # an editor's mark that leads nowhere, or a file that went away meanwhile
        return f"{path} -"
    return f"{path} {stat.st_size} {stat.st_mtime_ns}"
