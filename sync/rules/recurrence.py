"""Recurrences: something must happen again and again, counted from an anchor and never chained.

The k-th due day is the anchor plus k periods. A visit counts once: for the period it falls in, or, when the period
before had none, for that one (met late). Flagged: a period without a visit (overdue; missed when the next one has
passed too). Not flagged: visited in its period, or waived in it with a reason.
Where the promise *moves*, the next period is counted from the day it was last done, and there is never more than one
open. A `calendar week` (month, quarter, year) needs no anchor: every one has its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import narwhals as nw

from sync.conditions import NEVER, holds
from sync.model import EMPTY, UNREADABLE, VALUE
from sync.rules.bench import UNSURE, Bench, add_months, flags, from_rows, midnight
from sync.rules.periods import PERIODS, complete
from sync.schema import Condition, Promise, Struct, length, limit
from sync.tables import PLACE, Frame, Table

DAY = timedelta(days=1)
DAYS = {"day": 1, "week": 7, "month": 28}  # at least so many, by unit
SHOWN, MOST = 4, 10_000  # calendar periods: without *judge_from* the last four, with it all


class DoneIn(Struct, frozen=True, kw_only=True):
    """Where the doing is written down, and the rows that say that it need not be done."""

    register: str
    on: str
    key: str = ""
    when: dict[str, str | bool | list[str]] = {}  # noqa: RUF012 - msgspec makes each its own
    waived_when: dict[str, str | bool | list[str]] = {}  # noqa: RUF012
    waived_on: str = ""  # the date that says which period is waived; without it *on*
    reason: str = ""  # a waiver without one is none


class Recurrence(Promise, frozen=True, kw_only=True, tag="recurrence", tag_field="kind"):
    """An anchor and a period."""

    every: str  # NUMBER months, NUMBER days, FIELD months, or: calendar week, month, quarter, year
    done_in: DoneIn
    anchor: str = ""
    anchor_plus: str = ""  # a field with months: the series begins that much later
    until: str = ""  # a field with the last day of the series
    until_months: str = ""  # a field with months: the series ends that long after the anchor
    moves: bool = False  # the next one is counted from the last one done
    due_soon: str = "14 days"

    def fields(self) -> list[tuple[str, str]]:
        names = ("anchor", "anchor_plus", "until", "until_months")
        found = [(name, getattr(self, name)) for name in names if getattr(self, name)]
        return [*found, ("every", self.size)] if self.size else found

    @property
    def size(self) -> str:
        """The field with the length of a period, where rows have their own."""
        return "" if self.every.startswith("calendar ") else limit(self.every).field or ""

    def elsewhere(self) -> list[tuple[str, str, Condition]]:
        told = self.done_in
        names = [name for name in (told.on, told.key, told.waived_on, told.reason) if name]
        wanted: list[Condition] = [dict.fromkeys(names, True), told.when, told.waived_when]
        return [("done_in", told.register, one) for one in wanted]

    def moments_elsewhere(self) -> list[tuple[str, str, str]]:
        told = self.done_in
        return [("done_in", told.register, name) for name in (told.on, told.waived_on) if name]

    def faults(self, kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for option, name in self.fields():
            wanted = ("date", "datetime") if option in ("anchor", "until") else ("integer",)
            if kinds[name] not in wanted:
                yield option, f"“{name}” is a {kinds[name]}, no {wanted[0]}"
        if bool(self.done_in.waived_when) != bool(self.done_in.reason):
            yield "done_in", "waived_when and reason go together: what is waived says why"
        if self.every in PERIODS:
            if self.anchor or self.moves:
                yield "every", f"a {self.every} begins with the calendar; leave out anchor and moves"
            if self.when or self.unless:
                yield "when", f"a {self.every} is no row; what counts as done goes to done_in: when"
            return
        if self.every.startswith("calendar "):
            yield "every", f"“{self.every}” is none of {', '.join(PERIODS)}"
            return
        told = limit(self.every)
        unsound = not told.field and (told.number % 1 or told.number < 1)
        if told.unit not in DAYS or told.divided_by or "." in self.size or unsound:
            yield "every", f"“{self.every}”: write a whole number of days, weeks or months, or FIELD months"
        if not self.anchor:
            yield "anchor", "a series begins somewhere: name the field with its first day"


def judge(promise: Recurrence, bench: Bench) -> Frame:
    """One flag for each period since *judge_from*: past, running, or about to begin."""
    if promise.every in PERIODS:
        return _calendar(promise, bench)
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    sound, unclear = _series(promise, bench, table)
    odd = flags(bench.standing(unclear, promise), promise, table.register, state=nw.lit("not_judged"))
    sound, done = _begun(promise, sound), _done(promise, bench)
    common = {"start": nw.col("_after"), "due": nw.col("_due")}
    if done is None:
        slots = _dated(promise, bench, _bounded(promise, bench, _slots(promise, bench, sound)))
        return nw.concat([odd, flags(slots, promise, table.register, state=nw.lit("not_judged"), **common)])
    if promise.moves:
        slots = _bounded(promise, bench, _moved(promise, sound, done))
    else:
        slots = _bounded(promise, bench, _slots(promise, bench, sound))
        slots = _served(bench.tables.engine.settle(slots), done)
    slots = _dated(promise, bench, slots)
    until = nw.col("_stop").fill_null(bench.now)
    late = (until >= nw.col("_due")) & ~_waived()
    minutes = nw.when(late).then((until - nw.col("_due")).dt.total_minutes())
    judged = flags(
        slots, promise, table.register, state=_state(promise, bench), stop=nw.col("_stop"), late_minutes=minutes,
        **common,
    )  # fmt: skip
    return nw.concat([odd, judged])


def _waived() -> nw.Expr:
    """Whether the period was waived, and not served all the same."""
    return (nw.col("_waived") == 1) & nw.col("_stop").is_null()


def _state(promise: Recurrence, bench: Bench) -> nw.Expr:
    now, late = nw.lit(bench.now), nw.col("_stop") >= nw.col("_due")
    served, past = ~nw.col("_stop").is_null(), nw.col("_due") <= now
    soon = now + nw.lit(length(promise.due_soon))
    return (
        nw.when(served & late).then(nw.lit("met_late"))
        .otherwise(nw.when(served).then(nw.lit("met"))
        .otherwise(nw.when(_waived()).then(nw.lit("waived"))
        .otherwise(nw.when(past & (nw.col("_next_due") <= now).fill_null(value=False)).then(nw.lit("missed"))
        .otherwise(nw.when(past).then(nw.lit("overdue"))
        .otherwise(nw.when(nw.col("_due") <= soon).then(nw.lit("due_soon")).otherwise(nw.lit("not_due")))))))
    )  # fmt: skip


def _served(slots: Frame, events: Frame) -> Frame:
    """*slots* with `_stop`, the visit that serves each, `_waived` and `_next_due`.

    A visit serves one period: the one it falls in, or the one before, if that had none of its own (`_owed`).
    """
    done = events.filter(nw.col("_waived") == 0).drop("_waived")
    excused = events.filter(nw.col("_waived") == 1)
    excused = slots.select(*PLACE, "_key", "_k", "_after", "_due").join(excused, on="_key", how="inner")
    excused = excused.filter(nw.col("_on") >= nw.col("_after"), nw.col("_on") < nw.col("_due"))
    excused = excused.select(*PLACE, "_k", "_waived").unique()
    hits = slots.select(*PLACE, "_key", "_k", "_after", "_due").join(done, on="_key", how="inner")
    hits = hits.filter(nw.col("_on") >= nw.col("_after"), nw.col("_on") < nw.col("_due"))
    hits = hits.unique().with_columns(_earlier=nw.col("_on").shift(1).over(*PLACE, "_k", order_by="_on"))
    hits = hits.with_columns(_later=nw.when(~nw.col("_earlier").is_null()).then(nw.col("_on")))
    found = hits.group_by(*PLACE, "_k").agg(
        _visits=nw.col("_on").count().cast(nw.Int64), _first=nw.col("_on").min(), _second=nw.col("_later").min()
    )
    slots = slots.join(found, on=[*PLACE, "_k"], how="left").join(excused, on=[*PLACE, "_k"], how="left")
    slots = slots.with_columns(_visits=nw.col("_visits").fill_null(0), _waived=nw.col("_waived").fill_null(0))
    # with no visit a period is owed, with two, or waived, none is left owed, and with one it stays as it was before
    enough = nw.when((nw.col("_visits") > 1) | (nw.col("_waived") == 1)).then(nw.col("_k") * 2).otherwise(nw.lit(0))
    turn = nw.when(nw.col("_visits") + nw.col("_waived") == 0).then(nw.col("_k") * 2 + 1).otherwise(enough)
    over = {"order_by": ["_k"]}
    slots = slots.with_columns(_turn=turn.cum_max().over(*PLACE, **over))
    slots = slots.with_columns(_owed=nw.col("_turn") % 2)
    slots = slots.with_columns(
        _debt=nw.col("_owed").shift(1).over(*PLACE, **over), _makeup=nw.col("_first").shift(-1).over(*PLACE, **over),
        _next_due=nw.col("_due").shift(-1).over(*PLACE, **over),
    )  # fmt: skip
    own = nw.when(nw.col("_debt").fill_null(0) == 1).then(nw.col("_second")).otherwise(nw.col("_first"))
    return slots.with_columns(_stop=nw.when(nw.col("_owed") == 1).then(nw.col("_makeup")).otherwise(own))


def _series(promise: Recurrence, bench: Bench, table: Table) -> tuple[Frame, Frame]:
    """The rows that have a series, and those of which nobody can say: a cell that is needed is unreadable."""
    frame = bench.rows(promise, table)
    needed = [name for _, name in promise.fields()]
    if any(name in table.absent for name in needed):
        frame = frame.filter(NEVER)
        return frame, frame
    said = [nw.col(f"{name}__state") != EMPTY for name in needed if name != promise.until]
    frame = frame.filter(nw.all_horizontal(*said, ignore_nulls=False))
    unreadable = [nw.col(f"{name}__state") == UNREADABLE for name in needed]
    none = [(nw.col(promise.size) < 1).fill_null(value=False)] if promise.size else []
    odd = nw.any_horizontal(*unreadable, *none, nw.col(UNSURE), ignore_nulls=False)
    return frame.filter(~odd), frame.filter(odd)


def _begun(promise: Recurrence, frame: Frame) -> Frame:
    """What a series is made of: `_begin`, `_size` (how many units a period has) and `_end` (null: it never ends)."""
    anchor, told = nw.col(promise.anchor).dt.truncate("1d"), limit(promise.every)
    begin = add_months(anchor, nw.col(promise.anchor_plus)) if promise.anchor_plus else anchor
    size = nw.col(told.field) if told.field else nw.lit(int(told.number))
    ends = [add_months(anchor, nw.col(promise.until_months)) + nw.lit(DAY)] if promise.until_months else []
    if promise.until:
        ends.append(nw.col(promise.until) + nw.lit(DAY))
    end = nw.min_horizontal(*ends) if ends else nw.lit(None, dtype=nw.Datetime("us"))
    frame = frame.with_columns(_begin=begin, _size=size.cast(nw.Int64), _end=end)
    who = [promise.responsible] if promise.responsible else []
    return frame.select(*PLACE, "_key", "_begin", "_size", "_end", *who)


def _slots(promise: Recurrence, bench: Bench, frame: Frame) -> Frame:
    """One line a period: `_k`, `_after` (its first midnight) and `_due` (the midnight that ends its last day)."""
    unit = limit(promise.every).unit
    horizon = bench.now + length(promise.due_soon)
    counter = bench.tables.engine.table({"_k": _counted(bench, frame, unit, horizon)}, {"_k": "integer"})
    least = nw.col("_size") * nw.lit(DAYS[unit] * DAY)
    # a first sieve, so that the months of far periods are not worked out
    frame = frame.join(counter, how="cross").filter(nw.col("_begin") + (nw.col("_k") - 1) * least <= horizon)
    ends, starts = (_step(unit, "_begin", (nw.col("_k") - less) * nw.col("_size")) for less in (0, 1))
    return frame.with_columns(_due=ends + nw.lit(DAY), _after=starts + nw.lit(DAY))


def _moved(promise: Recurrence, frame: Frame, events: Frame) -> Frame:
    """The same where each period begins when it was last done, with `_stop`, `_waived` and no `_next_due`."""
    later = frame.select(*PLACE, "_key", "_begin").join(events, on="_key", how="inner")
    later = later.with_columns(_day=nw.col("_on").dt.truncate("1d")).filter(nw.col("_day") > nw.col("_begin"))
    # who did it on the day on which it was waived did it
    later = later.group_by(*PLACE, "_day").agg(nw.col("_on").min(), nw.col("_waived").min())
    begun = frame.select(*PLACE, _day=nw.col("_begin"), _on=nw.col("_begin"), _waived=nw.lit(0))
    same: list[str | nw.Expr] = ["_day", "_on", nw.col("_waived").cast(nw.Int64)]
    steps = nw.concat([begun.select(*PLACE, *same), later.select(*PLACE, *same)])
    steps = steps.with_columns(
        _stop=nw.col("_on").shift(-1).over(*PLACE, order_by="_day"),
        _waived=nw.col("_waived").shift(-1).over(*PLACE, order_by="_day"),
    )
    steps = steps.with_columns(
        _stop=nw.when(nw.col("_waived").fill_null(1) == 0).then(nw.col("_stop")),
        _waived=nw.col("_waived").fill_null(0),
    ).drop("_on")
    frame = frame.join(steps, on=list(PLACE), how="left")
    due = _step(limit(promise.every).unit, "_day", nw.col("_size"))
    return frame.with_columns(
        _after=nw.col("_day") + nw.lit(DAY), _due=due + nw.lit(DAY), _next_due=nw.lit(None, dtype=nw.Datetime("us"))
    )


def _bounded(promise: Recurrence, bench: Bench, frame: Frame) -> Frame:
    """The periods that have begun or are about to, lie in their series and are judged."""
    frame = frame.filter(nw.col("_after") <= nw.lit(bench.now + length(promise.due_soon)))
    frame = frame.filter(nw.col("_end").is_null() | (nw.col("_due") <= nw.col("_end")))
    if bench.judge_from:
        frame = frame.filter(nw.col("_due") > nw.lit(midnight(bench.judge_from)))
    return frame


def _dated(promise: Recurrence, bench: Bench, frame: Frame) -> Frame:
    """The periods on whose last day *promise* is in force; what serves them late may lie after it."""
    return bench.dated(frame.with_columns(_last=nw.col("_due") - nw.lit(DAY)), promise, "_last")


def _counted(bench: Bench, frame: Frame, unit: str, horizon: datetime) -> list[object]:
    """1, 2, 3 … for as many periods as the longest series has up to *horizon*."""
    least = frame.select(nw.col("_begin").min(), nw.col("_size").min())
    found = bench.tables.engine.columns(least)
    begin, size = (next(iter(found[name]), None) for name in ("_begin", "_size"))
    if not isinstance(begin, datetime) or not isinstance(size, int):
        return []
    return list(range(1, max((horizon - begin).days, 0) // (DAYS[unit] * size) + 3))


def _step(unit: str, since: str, count: nw.Expr) -> nw.Expr:
    """The day *count* units after the day *since*."""
    if unit == "month":
        return add_months(nw.col(since), count)
    return nw.col(since) + count * nw.lit(DAYS[unit] * DAY)


def _done(promise: Recurrence, bench: Bench) -> Frame | None:
    """When it was done (`_waived` 0) or waived (1), by key; None where the department does not write it down.

    A row that says that nothing need be done is never a doing, and without a reason it is no waiver either.
    """
    told = promise.done_in
    table = bench.tables.by_register.get(told.register)
    if table is None or {told.on, told.key} & table.absent:
        return None
    key = (nw.col(told.key) if told.key else nw.lit("")).alias("_key")
    said = table.live.filter(nw.col(f"{told.on}__state") == VALUE, holds(table, told.when))
    if not told.waived_when:
        return said.select(key, nw.col(told.on).alias("_on"), nw.lit(0).cast(nw.Int64).alias("_waived"))
    at = told.waived_on or told.on
    done = said.filter(~holds(table, told.waived_when))
    done = done.select(key, nw.col(told.on).alias("_on"), nw.lit(0).cast(nw.Int64).alias("_waived"))
    if {at, told.reason} & table.absent:
        return done
    excused = table.live.filter(holds(table, {**told.when, **told.waived_when}))
    excused = excused.filter(*(nw.col(f"{name}__state") == VALUE for name in (at, told.reason)))
    return nw.concat([done, excused.select(key, nw.col(at).alias("_on"), nw.lit(1).cast(nw.Int64).alias("_waived"))])


def _calendar(promise: Recurrence, bench: Bench) -> Frame:
    """One flag for each calendar period that is over, from the one of *judge_from* on."""
    done = _done(promise, bench)
    events = {"_on": [], "_waived": []} if done is None else bench.tables.engine.columns(
        done.select("_on", "_waived").unique()
    )  # fmt: skip
    at = sorted((on, waived) for on, waived in zip(*events.values(), strict=True) if isinstance(on, datetime))
    spans = complete(promise.every, bench.now, MOST if bench.judge_from else SHOWN, bench.judge_from)
    lines: list[dict[str, object]] = []
    for span in (one for one in spans if promise.in_force((one.end - DAY).date())):
        here = [(on, waived) for on, waived in at if span.start <= on < span.end]
        stop = next((on for on, waived in here if not waived), None)
        missed = "waived" if here else "overdue" if span == spans[-1] else "missed"
        state = "not_judged" if done is None else "met" if stop else missed
        late = None if here else int((bench.now - span.end).total_seconds() // 60)
        lines.append({
            "register": promise.register, "key": span.key, "promise": promise.name, "kind": promise.kind,
            "state": state, "start": span.start, "due": span.end, "stop": stop, "late_minutes": late,
        })  # fmt: skip
    return from_rows(bench, lines)
