"""Numbered books: every sheet of a paper book is used once, in order, or void with a reason, and comes back.

Watches the numbers of a register against the books they were printed in. Flagged: numbers missing between the lowest
and the highest used one of a book (gap), a number on two rows (double), a void sheet without its reason, a number used
before a lower one (out of order), a book still out with somebody who left, two open books with one person.
Not flagged: a row that was merged into another, and everything before *judge_from*.
Books are small and their lists are typed by hand (`WX-00012、WX-00015`), so this kind reads them row by row.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import narwhals as nw

from sync.engines import rows
from sync.model import VALUE
from sync.rules.bench import Bench, from_rows, midnight
from sync.schema import MERGED_INTO, VOID_REASON, Condition, Promise, Struct
from sync.tables import Frame

Line = dict[str, object]
Watched = Literal["gap", "double", "void_without_reason", "out_of_order", "not_returned"]
_TAIL = re.compile(r"^(.*?)(\d+)$")
_RANGE = re.compile(r"\s*(?:-|~|～|至|到)\s*")


class Books(Struct, frozen=True, kw_only=True):
    """Where the books are listed."""

    register: str
    first: str
    last: str
    holder: str
    voids: str = ""
    closed: str = ""


class NumberBook(Promise, frozen=True, kw_only=True, tag="numbers", tag_field="kind"):
    """Numbers against the books they were printed in."""

    books: Books
    watch: list[Watched] = []  # noqa: RUF012 - msgspec makes each its own
    number: str = ""
    used_on: str = ""  # the moment that tells in which order numbers were used
    left_on: str = "left_on"  # the staff field with a leaver's last day
    one_open: bool = False

    def fields(self) -> list[tuple[str, str]]:
        return [(name, getattr(self, name)) for name in ("number", "used_on") if getattr(self, name)]

    def elsewhere(self) -> list[tuple[str, str, Condition]]:
        told = self.books
        names = filter(None, (told.first, told.last, told.holder, told.voids, told.closed))
        return [("books", told.register, dict.fromkeys(names, True))]

    def faults(self, kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        if self.used_on and kinds[self.used_on] not in ("date", "datetime"):
            yield "used_on", f"“{self.used_on}” is a {kinds[self.used_on]}, not a moment"
        for option in ("when", "unless"):
            if getattr(self, option):
                yield option, "a book is counted whole, a number left out would be a gap; leave it out"


@dataclass(slots=True)
class Book:
    """One issued book."""

    key: str
    row: int
    prefix: str
    first: int
    last: int
    digits: int
    holder: str
    closed: bool
    void: set[int] = field(default_factory=set)

    def name(self, number: int) -> str:
        return f"{self.prefix}{number:0{self.digits}}"


def judge(promise: NumberBook, bench: Bench) -> Frame:
    """One flag for each fault found."""
    if not promise.in_force(bench.now.date()):
        return from_rows(bench, [])
    books = list(issued(promise, bench))
    lines: list[Line] = []
    if promise.number:
        used = used_rows(promise, bench)
        lines += _judged(promise, used, books)
    if "not_returned" in promise.watch:
        lines += _not_returned(promise, bench, books)
    if promise.one_open:
        lines += _two_open(promise, books)
    return from_rows(bench, [{"promise": promise.name, "kind": promise.kind, **line} for line in lines])


def split(text: str) -> tuple[str, int, int] | None:
    """(prefix, number, digits) of `WX-00012`; None where it does not end in a number."""
    found = _TAIL.match(text.strip())
    return (found[1], int(found[2]), len(found[2])) if found else None


def listed(text: str, prefix: str) -> set[int]:
    """The numbers of a hand-typed list: single ones and ranges, with or without the prefix."""
    found: set[int] = set()
    for part in re.split(r"[、,，;；\s]+", text.replace(prefix, "") if prefix else text):
        ends = [int(end) for end in _RANGE.split(part) if end.isdigit()]
        if len(ends) == 2 and ends[0] <= ends[1] <= ends[0] + 1000:
            found.update(range(ends[0], ends[1] + 1))
        elif len(ends) == 1:
            found.add(ends[0])
    return found


def issued(promise: NumberBook, bench: Bench) -> Iterator[Book]:
    """The books that were issued; one whose ends cannot be read is none."""
    told = promise.books
    table = bench.tables.by_register.get(told.register)
    if table is None or {told.first, told.last} & table.absent:
        return
    names = [n for n in (told.first, told.last, told.holder, told.voids, told.closed) if n and n not in table.absent]
    for line in rows(bench.tables.engine.columns(table.live.select("_key", "_row", *names).sort("_row"))):
        first, last = split(str(line[told.first] or "")), split(str(line[told.last] or ""))
        if first and last and first[0] == last[0] and first[1] <= last[1]:
            void = listed(str(line.get(told.voids) or ""), first[0])
            yield Book(str(line["_key"]), int(str(line["_row"])), first[0], first[1], last[1], first[2],
                       str(line.get(told.holder) or ""), line.get(told.closed) is not None, void)  # fmt: skip


def used_rows(promise: NumberBook, bench: Bench) -> list[Line]:
    """The rows that carry a number, void ones too."""
    table = bench.tables[promise.register]
    dated = table.register.judged_from or ""
    wanted = dict.fromkeys((promise.used_on, dated, VOID_REASON, MERGED_INTO))
    names = [n for n in wanted if n in table.register.by_name and n not in table.absent]
    said = table.frame.filter(nw.col("_kind").is_in(["used", "bad"]), nw.col(f"{promise.number}__state") == VALUE)
    columns = said.select(nw.col(promise.number).alias("_number"), "_row", "_void", *names).sort("_row")
    lines = rows(bench.tables.engine.columns(columns))
    since = bench.judge_from and midnight(bench.judge_from)
    for line in lines:
        at = line.get(dated)
        line["_old"] = bool(since and isinstance(at, datetime) and at < since)
    return lines


def _judged(promise: NumberBook, used: list[Line], books: list[Book]) -> Iterator[Line]:
    by_number: Mapping[tuple[str, int], list[Line]] = defaultdict(list)
    for line in used:
        if found := split(str(line["_number"])):
            by_number[found[0], found[1]].append(line)
    register = promise.register
    for book in books:
        mine = {n: by_number[book.prefix, n] for n in range(book.first, book.last + 1) if (book.prefix, n) in by_number}
        if "gap" in promise.watch:
            old = {n for n, lines in mine.items() if all(line["_old"] for line in lines)}
            yield from _gaps(register, book, set(mine), old)
        for number, lines in mine.items():
            yield from _faults(promise, book, number, [line for line in lines if not line["_old"]])
        if "out_of_order" in promise.watch and promise.used_on:
            yield from _out_of_order(promise, book, mine)


def _gaps(register: str, book: Book, used: set[int], old: set[int]) -> Iterator[Line]:
    """The stretches between the lowest and the highest used number, *old* ones apart, that nobody accounts for."""
    low, top = max(old) if old else min(used, default=0), max(used, default=0)
    missing = [n for n in range(low, top) if n not in used | book.void]
    while missing:
        end = next((i for i, n in enumerate(missing) if n != missing[0] + i), len(missing))
        first, last = book.name(missing[0]), book.name(missing[end - 1])
        yield {"register": register, "key": first if end == 1 else f"{first}–{last}", "state": "gap",
               "responsible": book.holder}  # fmt: skip
        missing = missing[end:]


def _faults(promise: NumberBook, book: Book, number: int, lines: list[Line]) -> Iterator[Line]:
    lines = [line for line in lines if not (line["_void"] and line.get(MERGED_INTO))]
    for line in lines:
        common = {
            "register": promise.register,
            "key": book.name(number),
            "row": line["_row"],
            "responsible": book.holder,
        }
        if "double" in promise.watch and len(lines) > 1:
            yield {**common, "state": "double"}
        if "void_without_reason" in promise.watch and line["_void"] and not line.get(VOID_REASON):
            yield {**common, "state": "void_without_reason"}


def _out_of_order(promise: NumberBook, book: Book, mine: Mapping[int, list[Line]]) -> Iterator[Line]:
    """The numbers that were used before a lower one: as few as explain the disorder, so that one slip flags one row."""
    used = [(number, line) for number in sorted(mine) for line in mine[number] if not line["_void"]]
    dated = [(number, line, at) for number, line in used if isinstance(at := line.get(promise.used_on), datetime)]
    kept = _in_order([at for *_, at in dated])
    for position, (number, line, at) in enumerate(dated):
        if position not in kept and not line["_old"]:
            yield {"register": promise.register, "key": book.name(number), "row": line["_row"], "state": "out_of_order",
                   "start": max((dated[p][2] for p in kept if p < position), default=None), "stop": at,
                   "responsible": book.holder}  # fmt: skip


def _in_order(moments: Sequence[datetime]) -> set[int]:
    """The positions of the longest run of *moments* that never goes back in time; of equal ones that of the lowest."""
    zero = datetime(1970, 1, 1)  # noqa: DTZ001 - tables hold naive workplace time
    ends: list[float] = []  # read from the last one backwards, the signs turned
    at: list[int] = []
    before: dict[int, int | None] = {}
    for position in reversed(range(len(moments))):
        value = -(moments[position] - zero).total_seconds()
        place = bisect_right(ends, value)
        before[position] = at[place - 1] if place else None
        ends[place:], at[place:] = [value, *ends[place + 1 :]], [position, *at[place + 1 :]]
    found: set[int] = set()
    last = at[-1] if at else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found


def _not_returned(promise: NumberBook, bench: Bench, books: list[Book]) -> Iterator[Line]:
    """Books still out with somebody who has left."""
    told = bench.tables.by_register.get(promise.books.register)
    staff = told and bench.tables.by_register.get(str(told.register.by_name[promise.books.holder].foreign))
    if not staff or promise.left_on in staff.absent or promise.left_on not in staff.register.by_name:
        return
    gone = staff.live.filter(nw.col(f"{promise.left_on}__state") == VALUE).select("_key", promise.left_on)
    left = {str(line["_key"]): line[promise.left_on] for line in rows(bench.tables.engine.columns(gone))}
    for book in books:
        last_day = left.get(book.holder)
        if book.closed or not isinstance(last_day, datetime):
            continue
        due = last_day + timedelta(days=1)
        if bench.now > due:
            late = (bench.now - due) // timedelta(minutes=1)
            yield {"register": promise.books.register, "key": book.key, "row": book.row, "state": "not_returned",
                   "due": due, "late_minutes": late, "responsible": book.holder}  # fmt: skip


def _two_open(promise: NumberBook, books: list[Book]) -> Iterator[Line]:
    """Every open book of a person after the first."""
    holders: set[str] = set()
    for book in books:
        if book.closed or not book.holder:
            continue
        if book.holder in holders:
            yield {"register": promise.books.register, "key": book.key, "row": book.row, "state": "double",
                   "responsible": book.holder}  # fmt: skip
        holders.add(book.holder)
