"""The reading process: a workbook comes in on stdin, its grids or a fault go out on stdout."""

from __future__ import annotations

import gc
import sys

import msgspec

from sync.books.xlsx.package import Package, damaged, too_big
from sync.books.xlsx.sheet import grids
from sync.model import BookError, Grid


class Answer(msgspec.Struct):
    """What the reading process says."""

    grids: list[Grid] = []
    fault: tuple[str, ...] = ()  # what BookError is made from


def main(book: str, memory_mb: str, unpacked_mb: str, ratio: str) -> None:
    """Answer for the workbook on stdin."""
    gc.disable()  # nothing here is thrown away before the end, and the collector costs more than the parser
    _limit_memory(int(memory_mb))
    found = answer(book, sys.stdin.buffer.read(), int(unpacked_mb), int(ratio), memory_mb)
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))


def answer(book: str, data: bytes, unpacked_mb: int, ratio: int, memory_mb: str) -> Answer:
    """The grids of *data*, or the fault in two sentences, whatever is wrong with it."""
    try:
        return Answer(grids=grids(book, Package(data, unpacked_mb, ratio)))
    except BookError as error:
        fault = error
    except MemoryError:
        fault = out_of_memory(memory_mb)
    except Exception as error:  # noqa: BLE001 - whatever a broken file does to a parser, the reader gets a sentence
        fault = damaged(f"{type(error).__name__}: {error}"[:200])
    return Answer(fault=tuple(fault.args[0].split("\n", 1)))


def out_of_memory(memory_mb: str) -> BookError:
    """The workbook needs more memory than the settings allow."""
    return too_big(f"读取需要的内存超过 {memory_mb} MB", f"reading it takes more than {memory_mb} MB of memory")


def _limit_memory(megabytes: int) -> None:
    """Ask the system to refuse more; where it has no such limit (Windows), the parent watches instead."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


if __name__ == "__main__":
    main(*sys.argv[1:])
