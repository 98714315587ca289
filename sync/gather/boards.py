"""The boards of the status pages: the stock, the numbered books, the weeks, the ratios, and what falls due next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sync.engines import rows
from sync.gather import Names, shown_fields
from sync.gather.ratios import ratios
from sync.model import STATES, Boards, BookStrip, Flag, Problem, RowRef, StockLine, Week
from sync.rules.bench import Bench
from sync.rules.clock import Clock
from sync.rules.level import Level, on_hand
from sync.rules.numbers import Book, NumberBook, issued, split, used_rows
from sync.schema import Schema

AHEAD = timedelta(days=31)
WEEKS = 8
_RECORDED = {
    "met": "met", "met_early": "met", "met_late": "late", "overdue": "overdue", "due_soon": "open", "not_due": "open"
}  # fmt: skip


def boards(
    flags: Sequence[Flag], refs: Sequence[RowRef], problems: Sequence[Problem], schema: Schema, bench: Bench
) -> Boards:
    """What pages show beside the open flags and the problems."""
    wrong = {(problem.book, problem.tab, problem.row) for problem in problems}
    names = Names(bench.tables)
    timed = {promise.name for promise in schema.promises if isinstance(promise, Clock) and not promise.expiry}
    return Boards(
        refs={
            at: ref
            for ref in refs
            for at in ((ref.register, ref.key, ref.row), (ref.register, ref.key, None))
            if ref.key
        },
        owners={at: ref.owner for ref in refs if ref.owner and (at := (ref.book, ref.tab, ref.row)) in wrong},
        coming=coming(flags, bench.now),
        stock=list(stock(flags, schema, bench, names)),
        books=list(books(schema, bench, names)),
        weeks=weeks([flag for flag in flags if flag.promise in timed], bench.now),
        ratios=list(ratios(flags, schema, bench, names)),
    )


def coming(flags: Sequence[Flag], now: datetime) -> list[Flag]:
    """The visits, counts and the like that fall due within a month, soonest first."""
    near = [
        flag
        for flag in flags
        if flag.kind == "recurrence" and flag.state == "not_due" and flag.due and flag.due <= now + AHEAD
    ]
    return sorted(near, key=lambda flag: (flag.due or now, flag.register, flag.key))


def stock(flags: Sequence[Flag], schema: Schema, bench: Bench, names: Names) -> Iterator[StockLine]:
    """Every part that is held to a level and whose register publishes its figures, worst first."""
    promises = [promise for promise in schema.promise.values() if isinstance(promise, Level)]
    judged: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for flag in flags:
        if flag.kind == "level":
            judged[flag.register, flag.key][flag.promise] = flag.state
    lines = [
        line
        for register in dict.fromkeys(p.register for p in promises)
        for line in _parts(register, promises, judged, bench, names)
    ]
    yield from sorted(lines, key=lambda line: (_worst(line), line.key))


def _worst(line: StockLine) -> int:
    return min((STATES.index(state) for _, _, state in line.levels), default=len(STATES))


def _parts(
    register: str,
    promises: Sequence[Level],
    judged: Mapping[tuple[str, str], Mapping[str, str]],
    bench: Bench,
    names: Names,
) -> Iterator[StockLine]:
    table = bench.tables.by_register.get(register)
    told = set(table.register.publish) - table.absent if table else set()
    mine = [promise for promise in promises if promise.register == register and promise.par in told]
    if table is None or not mine or not {table.register.primaryKey, mine[0].opening} <= told:
        return
    keys = {key for name, key in judged if name == register}
    texts = dict(shown_fields(table, bench.tables, names, keys))
    for line in rows(bench.tables.engine.columns(on_hand(mine[0], bench, table.live))):
        key = str(line["_key"])
        if key not in keys:
            continue
        states = judged[register, key]
        levels = [(p.name, _number(line[p.par]), states[p.name]) for p in mine if p.name in states]
        yield StockLine(
            key, texts.get(key, {}), _number(line[mine[0].opening]), _number(line["_in"]) or 0.0,
            _number(line["_out"]) or 0.0, _number(line["_hand"]), levels,
        )  # fmt: skip


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def books(schema: Schema, bench: Bench, names: Names) -> Iterator[BookStrip]:
    """Every numbered book that may be shown, open ones first, with what became of its sheets."""
    numbered = [p for p in schema.promise.values() if isinstance(p, NumberBook) and p.number]
    for promise in {(p.register, p.books.register): p for p in reversed(numbered)}.values():
        if promise.register in bench.tables and _shows(promise, bench):
            lines = used_rows(promise, bench)
            used = {(found[0], found[1]) for line in lines if (found := split(str(line["_number"])))}
            for book in sorted(issued(promise, bench), key=lambda book: (book.closed, book.prefix, book.first)):
                yield _strip(book, {number for prefix, number in used if prefix == book.prefix}, names)


def _shows(promise: NumberBook, bench: Bench) -> bool:
    """Whether the register of the books publishes which books there are, and who holds them."""
    told = promise.books
    table = bench.tables.by_register.get(told.register)
    return table is not None and {table.register.primaryKey, told.first, told.last, told.holder} <= set(
        table.register.publish
    )


def _strip(book: Book, used: set[int], names: Names) -> BookStrip:
    numbers = range(book.first, book.last + 1)
    mine = used.intersection(numbers)
    low, top = min(mine, default=0), max(mine, default=0)
    sheets = [
        "used" if n in mine else "void" if n in book.void else "gap" if low < n < top else "left" for n in numbers
    ]
    missing = [book.name(n) for n, sheet in zip(numbers, sheets, strict=True) if sheet == "gap"]
    return BookStrip(
        book.key,
        book.name(book.first),
        book.name(book.last),
        names.staff.get(book.holder, ""),
        book.closed,
        sheets,
        missing,
    )


def weeks(flags: Sequence[Flag], now: datetime) -> dict[str, list[Week]]:
    """How the clocks stand that started in each of the last eight weeks, by promise."""
    monday = datetime(now.year, now.month, now.day) - timedelta(days=now.weekday())  # noqa: DTZ001 - workplace time
    mondays = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    counted: dict[str, dict[tuple[datetime, str], int]] = defaultdict(lambda: defaultdict(int))
    for flag in flags:
        state = _RECORDED.get(flag.state)
        if state and flag.start and mondays[0] <= flag.start <= now:
            begun = datetime(flag.start.year, flag.start.month, flag.start.day) - timedelta(days=flag.start.weekday())  # noqa: DTZ001
            counted[flag.promise][begun, state] += 1
    return {
        promise: [
            Week(at, of[at, "met"], of[at, "late"], of[at, "open"] + of[at, "overdue"], of[at, "overdue"])
            for at in mondays
        ]
        for promise, of in sorted(counted.items())
    }
