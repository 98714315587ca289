"""Read a workbook in a process of its own, so that no file can take this one down, fill its memory or hold it up."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import msgspec

from sync.books.xlsx.child import Answer, out_of_memory
from sync.books.xlsx.package import damaged, too_big
from sync.model import BookError, Grid

if TYPE_CHECKING:
    from sync.settings import Bounds

FOLDERS = (str(Path(__file__).resolve().parents[3]), str(Path(msgspec.__file__).resolve().parents[1]))  # all it imports
GLANCE = 0.5  # seconds between two looks at the child's memory


def read_apart(book: str, data: bytes, bounds: Bounds) -> list[Grid]:
    """The grids of the workbook *data*; BookError where it cannot be read within *bounds*."""
    limits = (bounds.memory_mb, bounds.unpacked_mb, bounds.ratio)
    # -P: a stray msgspec.py in the department folder is not ours; -S: no start-up files, they take as long as Python
    command = [sys.executable, "-P", "-S", "-m", "sync.books.xlsx.child", book, *map(str, limits)]
    path = os.pathsep.join(filter(None, (*FOLDERS, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}
    with TemporaryFile() as file:  # not a pipe: nobody has to feed the child while its answer is awaited
        file.write(data)
        file.seek(0)
        with subprocess.Popen(
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as child:
            try:
                answered, complaint = _wait(child, bounds)
            finally:
                child.kill()
    if not answered:
        last = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
        if "MemoryError" in last:
            raise out_of_memory(str(bounds.memory_mb))
        raise damaged(f"reader ended with {child.returncode}: {last}"[:200])
    with _no_collector():
        answer = msgspec.msgpack.decode(answered, type=Answer)
    if answer.fault:
        raise BookError(*answer.fault)
    return answer.grids


def _wait(child: subprocess.Popen[bytes], bounds: Bounds) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + bounds.seconds
    while True:
        try:
            return child.communicate(timeout=max(0.01, min(GLANCE, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            if time.monotonic() >= deadline:
                seconds = bounds.seconds
                raise too_big(f"{seconds} 秒还没读完", f"reading it takes more than {seconds} seconds") from None
            if _resident_mb(child.pid) > bounds.memory_mb:
                raise out_of_memory(str(bounds.memory_mb)) from None


def _resident_mb(pid: int) -> int:
    """The memory that the child uses: the limit on systems that set none themselves."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss) >> 20
    except psutil.NoSuchProcess:
        return 0


@contextmanager
def _no_collector() -> Iterator[None]:
    """Millions of new strings at once: looking for garbage among them takes longer than decoding them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
