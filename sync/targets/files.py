"""The files of a release: told in one word, copied onto the disk, moved as a whole."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from sync.model import ServicebookError
from sync.targets import Told

MARKER = ".servicebook-release.json"
# A web server or a virus scanner on Windows holds a folder for fractions of a second.
WAITS = (0.1, 0.2, 0.4, 0.8, 1.6)


def content(folder: Path) -> str:
    """The files of *folder* in one word; ServicebookError where one of them leads out of it or is no file at all."""
    seen = hashlib.sha256()
    for path in files(folder):
        bytes_ = path.read_bytes()
        seen.update(f"{path.relative_to(folder).as_posix()}\0{len(bytes_)}\0".encode())
        seen.update(bytes_)
    return seen.hexdigest()


def copy(folder: Path, to: Path, told: Told) -> None:
    """Copy the files of *folder* into the new folder *to*. Who may read them is the new place's affair."""
    to.mkdir()
    told(f"copying to {to.name}")
    for path in files(folder):
        target = to / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        put(target, path.read_bytes())
    for inner in to.rglob("*"):
        if inner.is_dir():
            settle(inner)


def files(folder: Path) -> Iterator[Path]:
    """Every file of a site, in an order that never changes."""
    if not folder.is_dir() or folder.is_symlink():
        raise ServicebookError(f"{folder}: there is no site to publish. Build it first: servicebook sync")
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise ServicebookError(f"{path}: it is a link, and may lead out of the site. Put the file itself there.")
        if path.is_file():
            if path != folder / MARKER:
                yield path
        elif not path.is_dir():
            raise ServicebookError(f"{path}: it is neither a file nor a folder. Take it out of the site.")


def put(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """Wait until the names in *folder* are on the disk too; Windows does not need to be asked."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def move(path: Path, to: Path) -> None:
    """Rename a folder; one that somebody holds is tried again for a few seconds."""
    for wait in WAITS:
        try:
            path.rename(to)
        except PermissionError:
            time.sleep(wait)
        else:
            return
    path.rename(to)
