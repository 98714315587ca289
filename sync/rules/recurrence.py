"""Recurrences: something must happen again and again, counted from an anchor and never chained.

The k-th due day is the anchor plus k periods. A visit counts once: for the period it falls in, or, when the period
before had none, for that one (met late). Flagged: a period without a visit (overdue; missed when the next one has
passed too). Not flagged: visited in its period.
`calendar week` needs no anchor: every week from Monday to Sunday has one.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import narwhals as nw

from sync.conditions import holds
from sync.model import EMPTY, UNREADABLE, VALUE
from sync.rules.bench import UNSURE, Bench, add_months, flags, from_rows, midnight
from sync.schema import Limit, Promise, Struct, length, limit
from sync.tables import PLACE, Frame, Table

DAY = timedelta(days=1)


class DoneIn(Struct, frozen=True, kw_only=True):
    """Where the doing is written down."""

    register: str
    on: str
    key: str = ""
    when: dict[str, str | bool | list[str]] = {}  # noqa: RUF012 - msgspec makes each its own


class Recurrence(Promise, frozen=True, kw_only=True, tag="recurrence", tag_field="kind"):
    """An anchor and a period."""

    every: str  # NUMBER months, NUMBER days, or: calendar week
    done_in: DoneIn
    anchor: str = ""
    anchor_plus: str = ""  # a field with months: the series begins that much later
    until: str = ""  # a field with the last day of the series
    until_months: str = ""  # a field with months: the series ends that long after the anchor
    due_soon: str = "14 days"

    def fields(self) -> list[tuple[str, str]]:
        names = ("anchor", "anchor_plus", "until", "until_months")
        return [(name, getattr(self, name)) for name in names if getattr(self, name)]


def judge(promise: Recurrence, bench: Bench) -> Frame:
    """One flag for each period since *judge_from*: past, running, or about to begin."""
    if promise.every == "calendar week":
        return _weeks(promise, bench)
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    sound, unclear = _series(promise, bench, table)
    odd = flags(unclear, promise, table.register, state=nw.lit("not_judged"))
    slots, done = _slots(promise, bench, sound), _done(promise, bench)
    common = {"start": nw.col("_after"), "due": nw.col("_due")}
    if done is None:
        return nw.concat([odd, flags(slots, promise, table.register, state=nw.lit("not_judged"), **common)])
    slots = _served(bench.tables.engine.settle(slots), done)
    now, late = nw.lit(bench.now), nw.col("_stop") >= nw.col("_due")
    served, past = ~nw.col("_stop").is_null(), nw.col("_due") <= now
    soon = now + nw.lit(length(promise.due_soon))
    state = (
        nw.when(served & late).then(nw.lit("met_late"))
        .otherwise(nw.when(served).then(nw.lit("met"))
        .otherwise(nw.when(past & (nw.col("_next_due") <= now).fill_null(value=False)).then(nw.lit("missed"))
        .otherwise(nw.when(past).then(nw.lit("overdue"))
        .otherwise(nw.when(nw.col("_due") <= soon).then(nw.lit("due_soon")).otherwise(nw.lit("not_due"))))))
    )  # fmt: skip
    until = nw.col("_stop").fill_null(bench.now)
    minutes = nw.when(until >= nw.col("_due")).then((until - nw.col("_due")).dt.total_minutes())
    judged = flags(slots, promise, table.register, state=state, stop=nw.col("_stop"), late_minutes=minutes, **common)
    return nw.concat([odd, judged])


def _served(slots: Frame, done: Frame) -> Frame:
    """*slots* with `_stop`, the visit that serves each, and `_next_due`.

    A visit serves one period: the one it falls in, or the one before, if that had none of its own (`_owed`).
    """
    hits = slots.select(*PLACE, "_key", "_k", "_after", "_due").join(done, on="_key", how="inner")
    hits = hits.filter(nw.col("_on") >= nw.col("_after"), nw.col("_on") < nw.col("_due"))
    hits = hits.unique().with_columns(_earlier=nw.col("_on").shift(1).over(*PLACE, "_k", order_by="_on"))
    hits = hits.with_columns(_later=nw.when(~nw.col("_earlier").is_null()).then(nw.col("_on")))
    found = hits.group_by(*PLACE, "_k").agg(
        _visits=nw.col("_on").count().cast(nw.Int64), _first=nw.col("_on").min(), _second=nw.col("_later").min()
    )
    slots = slots.join(found, on=[*PLACE, "_k"], how="left").with_columns(_visits=nw.col("_visits").fill_null(0))
    # with no visit a period is owed, with two none is left owed, and with one it stays as it was before
    enough = nw.when(nw.col("_visits") > 1).then(nw.col("_k") * 2).otherwise(nw.lit(0))
    turn = nw.when(nw.col("_visits") == 0).then(nw.col("_k") * 2 + 1).otherwise(enough)
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
        frame = frame.filter(nw.lit(value=False))
        return frame, frame
    said = [nw.col(f"{name}__state") != EMPTY for name in needed if name != promise.until]
    frame = frame.filter(nw.all_horizontal(*said, ignore_nulls=False))
    unreadable = [nw.col(f"{name}__state") == UNREADABLE for name in needed]
    odd = nw.any_horizontal(*unreadable, nw.col(UNSURE), ignore_nulls=False)
    return frame.filter(~odd), frame.filter(odd)


def _slots(promise: Recurrence, bench: Bench, frame: Frame) -> Frame:
    """One line a period: `_k`, `_after` (its first midnight) and `_due` (the midnight that ends its last day)."""
    anchor = nw.col(promise.anchor).dt.truncate("1d")
    begin = add_months(anchor, nw.col(promise.anchor_plus)) if promise.anchor_plus else anchor
    kept = [name for name in (promise.anchor, promise.until_months, promise.until, promise.responsible) if name]
    frame = frame.with_columns(_begin=begin).select(*dict.fromkeys([*PLACE, "_key", "_begin", *kept]))
    period = limit(promise.every)
    horizon = bench.now + length(promise.due_soon)
    counter = bench.tables.engine.table({"_k": _counted(bench, frame, period, horizon)}, {"_k": "integer"})
    least = timedelta(days={"day": 1, "week": 7, "month": 28}[period.unit] * int(period.number))
    # a first sieve, so that the months of far periods are not worked out
    frame = frame.join(counter, how="cross").filter(nw.col("_begin") + (nw.col("_k") - 1) * nw.lit(least) <= horizon)
    ends, starts = (_step(period.unit, nw.col("_k") - less, period.number) for less in (0, 1))
    frame = frame.with_columns(_due=ends + nw.lit(DAY), _after=starts + nw.lit(DAY))
    frame = frame.filter(nw.col("_after") <= nw.lit(horizon))
    if promise.until_months:
        end = add_months(anchor, nw.col(promise.until_months)) + nw.lit(DAY)
        frame = frame.filter(nw.col("_due") <= end)
    if promise.until:
        frame = frame.filter(nw.col(promise.until).is_null() | (nw.col("_due") <= nw.col(promise.until) + nw.lit(DAY)))
    if bench.judge_from:
        frame = frame.filter(nw.col("_due") > nw.lit(midnight(bench.judge_from)))
    return bench.dated(frame, promise, "_due")


def _counted(bench: Bench, frame: Frame, period: Limit, horizon: datetime) -> list[object]:
    """1, 2, 3 … for as many periods as the longest series has up to *horizon*."""
    begins = bench.tables.engine.columns(frame.select(nw.col("_begin").min()))["_begin"]
    if not begins or not isinstance(begins[0], datetime):
        return []
    days = max((horizon - begins[0]).days, 0)
    return list(range(1, days // ({"day": 1, "week": 7, "month": 28}[period.unit] * int(period.number)) + 3))


def _step(unit: str, k: nw.Expr, number: float) -> nw.Expr:
    """The day *k* periods after `_begin`."""
    if unit == "month":
        return add_months(nw.col("_begin"), k * int(number))
    days = {"day": 1, "week": 7}[unit] * int(number)
    return nw.col("_begin") + k * nw.lit(DAY * days)


def _done(promise: Recurrence, bench: Bench) -> Frame | None:
    """When it was done, by key; None where the department does not write it down."""
    told = promise.done_in
    table = bench.tables.by_register.get(told.register)
    if table is None or {told.on, told.key} & table.absent:
        return None
    said = table.live.filter(nw.col(f"{told.on}__state") == VALUE, holds(table, told.when))
    key = nw.col(told.key) if told.key else nw.lit("")
    return said.select(key.alias("_key"), nw.col(told.on).alias("_on"))


def _weeks(promise: Recurrence, bench: Bench) -> Frame:
    """One flag a week, from the week of *judge_from* to the last complete one."""
    done = _done(promise, bench)
    today = bench.now.date()
    first = bench.judge_from or today - timedelta(days=28)
    monday = first - timedelta(days=first.weekday())
    last = today - timedelta(days=today.weekday() + 7)
    days = [] if done is None else bench.tables.engine.columns(done.select("_on").unique())["_on"]
    stops = sorted(at for at in days if isinstance(at, datetime))
    lines: list[dict[str, object]] = []
    while monday <= last:
        start = datetime.combine(monday, time())
        due = start + 7 * DAY
        stop = next((at for at in stops if start <= at < due), None)
        missed = "overdue" if monday == last else "missed"
        state = "not_judged" if done is None else "met" if stop else missed
        year, week, _ = monday.isocalendar()
        late = None if stop else int((bench.now - due).total_seconds() // 60)
        lines.append({
            "register": promise.register, "key": f"{year}-W{week:02}", "promise": promise.name, "kind": promise.kind,
            "state": state, "start": start, "due": due, "stop": stop, "late_minutes": late,
        })  # fmt: skip
        monday += timedelta(days=7)
    return from_rows(bench, lines)
