"""Where no site may ever be published: into what it is made from, or around it. Nothing is written here."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sync.model import DeclarationError
from sync.settings import FILE

PROGRAM = Path(__file__).resolve().parent.parent.parent
# What pages, rows and looks come from, and what every night makes anew.
SOURCES = ("docs", "kept", "sheets_schema", "site", "build")
PROGRAM_SOURCES = (*SOURCES, "sync", "tests", ".git")
WAY_OUT = "Name a folder of its own that only servicebook writes to, such as /srv/www/handbook"


def place(written: str, folder: Path) -> Path:
    """The place that *written* means in the department *folder*; DeclarationError where no site may go."""
    path = _meant(written, folder)
    for spot in (path, beside(path)):
        why = _refused(spot, folder.resolve())
        if why:
            raise DeclarationError(f"{FILE}: publish.folder: {path} {why}. {WAY_OUT}.")
    return path


def beside(path: Path) -> Path:
    """Where the releases of the site at *path* lie: on the same disk, so that a rename is enough."""
    return path.with_name(f"{path.name}.releases") if path.name else path


def _meant(written: str, folder: Path) -> Path:
    """*written* as one absolute path. Its last part is not followed: that is the link which publishing renews."""
    filled = os.path.expandvars(written)
    unknown = re.search(r"\$\w+|\$\{[^}]*\}|%\w+%", filled)
    if unknown:
        raise DeclarationError(f"{FILE}: publish.folder: nothing is set for {unknown[0]} in “{written}”")
    if not filled.strip():
        raise DeclarationError(f"{FILE}: publish.folder: it is empty. {WAY_OUT}, or leave the line out.")
    try:
        path = folder.resolve() / Path(filled).expanduser()
        return path.resolve() if path.name in {"", ".."} else path.parent.resolve() / path.name
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a home that nobody has, a NUL
        raise DeclarationError(f"{FILE}: publish.folder: “{written}” is no path: {error}") from error


def _refused(path: Path, folder: Path) -> str:
    """Why no site may go to *path*; "" where it may."""
    if path == Path(path.anchor):
        return "is a whole disk"
    for what, precious in _precious(folder):
        if any(_same(path, part) for part in (precious, *precious.parents)):
            return f"is {what}, or a folder around it"
    sources = [folder / name for name in SOURCES] + [PROGRAM / name for name in PROGRAM_SOURCES]
    for source in sources:
        if any(_same(part, source) for part in (path, *path.parents)):
            return f"lies in {source}, which the site is made from"
    return ""


def _precious(folder: Path) -> Iterator[tuple[str, Path]]:
    yield "the department folder", folder
    yield "the program's folder", PROGRAM
    with suppress(RuntimeError):  # a service account may have none
        yield "your home folder", Path.home().resolve()


def _same(one: Path, other: Path) -> bool:
    """Whether both are one folder, also where upper and lower case or a mount make two spellings of it."""
    if _spelled(one) == _spelled(other):
        return True
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there
        return False


def _spelled(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()
