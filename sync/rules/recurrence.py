"""Recurrences: something must happen again and again, counted from an anchor and never chained.

The k-th due day is the anchor plus k periods. A visit counts for the period that ends with the due day.
Flagged: a period without a visit (overdue; missed when a later period has passed too). Not flagged: visited in its period.
`calendar week` needs no anchor: every week from Monday to Sunday has one.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import narwhals as nw

from sync.conditions import Wanted, holds
from sync.model import UNREADABLE, VALUE
from sync.rules.bench import Bench, add_months, flags, from_rows
from sync.schema import Promise, Struct, limit
from sync.tables import Frame, Table

DAY = timedelta(days=1)
MOST = 400  # periods looked at: 100 years of quarters, 7 years of weeks


class DoneIn(Struct, frozen=True, kw_only=True):
    """Where the doing is written down."""

    register: str
    on: str
    key: str = ""
    when: dict[str, str | bool | list[str]] = {}


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
    """One flag for each period that has passed since *judge_from*, and for the next one when it is near."""
    if promise.every == "calendar week":
        return _weeks(promise, bench)
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    slots = _slots(promise, bench, table)
    done = _done(promise, bench)
    if done is None:
        return flags(slots, promise, table.register, state=nw.lit("not_judged"), start=nw.col("_after"),
                     due=nw.col("_due"))  # fmt: skip
    hits = slots.select("_key", "_k", "_after", "_due").join(done, on="_key", how="inner")
    hits = hits.filter(nw.col("_on") >= nw.col("_after"), nw.col("_on") < nw.col("_due"))
    first = hits.group_by("_key", "_k").agg(_stop=nw.col("_on").min())
    slots = slots.join(first, on=["_key", "_k"], how="left")
    last = nw.col("_k").max().over("_key")
    past = nw.col("_due") <= nw.lit(bench.now)
    slots = slots.with_columns(_past=past).with_columns(_last=nw.when(nw.col("_past")).then(nw.col("_k")))
    slots = slots.with_columns(_last=nw.col("_last").max().over("_key"), _newest=last)
    soon = nw.lit(bench.now) + nw.lit(_length(promise.due_soon))
    state = (
        nw.when(~nw.col("_stop").is_null()).then(nw.lit("met"))
        .otherwise(nw.when(nw.col("_past") & (nw.col("_k") < nw.col("_last"))).then(nw.lit("missed"))
        .otherwise(nw.when(nw.col("_past")).then(nw.lit("overdue"))
        .otherwise(nw.when(nw.col("_due") <= soon).then(nw.lit("due_soon")).otherwise(nw.lit("not_due")))))
    )  # fmt: skip
    late = nw.when(nw.col("_past") & nw.col("_stop").is_null()).then(
        (nw.lit(bench.now) - nw.col("_due")).dt.total_minutes()
    )
    return flags(slots, promise, table.register, state=state, start=nw.col("_after"), due=nw.col("_due"),
                 stop=nw.col("_stop"), late_minutes=late)  # fmt: skip


def _length(text: str) -> timedelta:
    return timedelta(minutes=limit(text).minutes or 0)


def _slots(promise: Recurrence, bench: Bench, table: Table) -> Frame:
    """One line a period: `_k`, `_after` (its first midnight) and `_due` (the midnight that ends its last day)."""
    needed = [name for _, name in promise.fields()]
    frame = bench.rows(promise, table)
    for name in needed:
        if name in table.absent:
            return frame.filter(nw.lit(value=False)).with_columns(_k=nw.lit(0), _after=nw.col("_row"), _due=nw.col("_row"))
        if name != promise.until:
            frame = frame.filter(nw.col(f"{name}__state") == VALUE)
    anchor = nw.col(promise.anchor).dt.truncate("1d")
    begin = add_months(anchor, nw.col(promise.anchor_plus)) if promise.anchor_plus else anchor
    frame = frame.with_columns(_begin=begin)
    counter = bench.tables.engine.table({"_k": list(range(1, MOST + 1))}, {"_k": "integer"})
    frame = frame.join(counter, how="cross")
    period = limit(promise.every)
    ends, starts = (_step(period.unit, nw.col("_k") - less, period.number) for less in (0, 1))
    frame = frame.with_columns(_due=ends + nw.lit(DAY), _after=starts + nw.lit(DAY))
    horizon = nw.lit(bench.now) + nw.lit(_length(promise.due_soon) + timedelta(days=92))
    frame = frame.filter(nw.col("_after") <= horizon)
    if promise.until_months:
        end = add_months(anchor, nw.col(promise.until_months)) + nw.lit(DAY)
        frame = frame.filter(nw.col("_due") <= end)
    if promise.until:
        frame = frame.filter(nw.col(promise.until).is_null() | (nw.col("_due") <= nw.col(promise.until) + nw.lit(DAY)))
        frame = frame.filter(nw.col(f"{promise.until}__state") != UNREADABLE)
    if bench.judge_from:
        frame = frame.filter(nw.col("_due") > nw.lit(datetime.combine(bench.judge_from, time())))
    return frame


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
    said = table.live.filter(nw.col(f"{told.on}__state") == VALUE, holds(table, _wanted(told)))
    key = nw.col(told.key) if told.key else nw.lit("")
    return said.select(key.alias("_key"), nw.col(told.on).alias("_on"))


def _wanted(told: DoneIn) -> Wanted:
    return told.when


def _weeks(promise: Recurrence, bench: Bench) -> Frame:
    """One flag a week, from the week of *judge_from* to the last complete one."""
    done = _done(promise, bench)
    today = bench.now.date()
    first = bench.judge_from or today - timedelta(days=28)
    monday = first - timedelta(days=first.weekday())
    last = today - timedelta(days=today.weekday() + 7)
    days = set() if done is None else {v for v in bench.tables.engine.columns(done.select("_on").unique())["_on"]}
    stops = sorted(v for v in days if isinstance(v, datetime))
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
