"""Clocks: something must happen within a time after something else.

Watches two moments of a row. Flagged: the stop is missing and the due moment has passed (overdue), or it lies strictly
after the due moment (met late). Not flagged: stopped in time; not started yet. A clock that needs an unreadable cell,
or whose stop lies before its start, does not judge.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal

import narwhals as nw

from sync.model import EMPTY, UNREADABLE, VALUE
from sync.cells.fast import EPOCH
from sync.rules.bench import Bench, add_months, flags
from sync.schema import Limit, Promise, limit
from sync.tables import Frame, Table
from sync.workdays import SPANS

PLACE = ("_book", "_tab", "_row")
HOLD_FROM, HOLD_TO = "hold_from", "hold_to"  # the first hold stands in the row itself
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
Meaning = Literal["elapsed", "calendar_days", "snap", "end_of_day", "months"]


class Clock(Promise, frozen=True, kw_only=True, tag="clock", tag_field="kind"):
    """A deadline. *limit* is NUMBER UNIT, FIELD UNIT or ceil(FIELD / NUMBER) UNIT."""

    starts: str | list[str]  # the first that is not empty; field, or foreign_field.field
    limit: str
    stops: str = ""
    calendar: str = "always"
    meaning: Meaning | None = None
    holds: str = ""  # the register of holds, subtracted in the clock's own time
    due_soon: str = "2 h"
    expiry: bool = False  # reaching the due moment is the end of a period, not lateness

    def fields(self) -> list[tuple[str, str]]:
        starts = [self.starts] if isinstance(self.starts, str) else self.starts
        return [("starts", start) for start in starts] + ([("stops", self.stops)] if self.stops else [])

    @property
    def measure(self) -> Meaning:
        """How the limit is counted."""
        if self.meaning:
            return self.meaning
        unit = limit(self.limit).unit
        usual: dict[str, Meaning] = {"month": "months", "working_day": "snap", "day": "calendar_days"}
        return usual.get(unit, "elapsed")


def judge(promise: Clock, bench: Bench) -> Frame:
    """One flag for each row whose clock has started."""
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    frame = _started(promise, bench, table)
    if promise.stops:
        frame = bench.field(frame, table, promise.stops, "_stop")
    else:
        frame = frame.with_columns(_stop=nw.lit(None, dtype=nw.Datetime("us")), _stop_state=nw.lit(EMPTY))
    frame = _due(promise, bench, table, frame)
    frame = _held(promise, bench, table, frame) if promise.holds else frame.with_columns(
        _held=nw.lit(0), _on_hold=nw.lit(value=False)
    )  # fmt: skip
    frame = _late(promise, bench, frame.with_columns(_ends=_end(promise, table)))
    if promise.expiry:
        frame = frame.filter(nw.col("_due") > nw.lit(bench.now))
    return flags(
        frame, promise, table.register,
        state=_state(promise, bench), start=nw.col("_start"), due=nw.col("_due"), stop=nw.col("_stop"),
        late_minutes=nw.col("_late"), held_minutes=nw.col("_held").cast(nw.Int64), provisional=nw.col("_provisional"),
    )  # fmt: skip


def _started(promise: Clock, bench: Bench, table: Table) -> Frame:
    """The rows whose clock has started, with `_start` and `_start_state`: the first candidate that is not empty."""
    starts = [promise.starts] if isinstance(promise.starts, str) else promise.starts
    # a column that the department never made is no start; one that it lost is unreadable, if it is the last
    here = [start for start in starts if start.partition(".")[0] not in table.absent] or starts[-1:]
    frame = bench.rows(promise, table)
    for n, start in enumerate(here):
        frame = bench.field(frame, table, start, f"_start{n}")
    value, state = nw.col(f"_start{len(here) - 1}"), nw.col(f"_start{len(here) - 1}_state")
    for n in reversed(range(len(here) - 1)):
        filled = nw.col(f"_start{n}_state") != EMPTY
        value = nw.when(filled).then(nw.col(f"_start{n}")).otherwise(value)
        state = nw.when(filled).then(nw.col(f"_start{n}_state")).otherwise(state)
    frame = frame.with_columns(_start=value, _start_state=state).filter(nw.col("_start_state") != EMPTY)
    if promise.valid_from:
        first = datetime.combine(datetime.fromisoformat(promise.valid_from).date(), time())
        frame = frame.filter((nw.col("_start").is_null()) | (nw.col("_start") >= nw.lit(first)))
    if promise.valid_to:
        last = datetime.combine(datetime.fromisoformat(promise.valid_to).date() + DAY, time())
        frame = frame.filter((nw.col("_start").is_null()) | (nw.col("_start") < nw.lit(last)))
    return frame


# ---------------------------------------------------------------- the due moment


def _amount(bound: Limit) -> nw.Expr:
    """How many units, as a whole number (months, days) or minutes (elapsed)."""
    if bound.field is None:
        return nw.lit(bound.number)
    value = nw.col(bound.field).cast(nw.Float64)
    return (value / bound.divided_by).ceil() if bound.divided_by else value


def _due(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    bound = limit(promise.limit)
    if bound.field and bound.field in table.absent:
        return frame.with_columns(_due=nw.lit(None, dtype=nw.Datetime("us")), _provisional=nw.lit(value=False))
    if promise.measure in ("snap", "end_of_day"):
        return _due_in_workdays(promise, bench, frame, bound)
    start = nw.col("_start")
    units = _amount(bound)
    if promise.measure == "months":
        due = add_months(start, units) + nw.lit(DAY)  # the corresponding day is included
    elif promise.measure == "calendar_days":
        days = units * (7 if bound.unit == "week" else 1)
        due = start.dt.truncate("1d") + (days + 1).cast(nw.Int64) * nw.lit(DAY)  # the end of the last day
    else:
        scale = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}[bound.unit]
        due = start + (units * scale).cast(nw.Int64) * nw.lit(MINUTE)
    return frame.with_columns(_due=due, _provisional=nw.lit(value=False))


def _due_in_workdays(promise: Clock, bench: Bench, frame: Frame, bound: Limit) -> Frame:
    """Go to the next opening moment, then so many workdays, same clock time (or the end of that day)."""
    days = bench.days(promise.calendar)
    today = frame.with_columns(_day=nw.col("_start").dt.truncate("1d")).join(days, on="_day", how="left")
    minute = (nw.col("_start") - nw.col("_day")).dt.total_minutes()
    opening = nw.col("_next")
    for n in reversed(range(SPANS)):
        before, inside = minute < nw.col(f"_o{n}"), minute < nw.col(f"_c{n}")
        at = nw.col("_day") + nw.col(f"_o{n}") * nw.lit(MINUTE)
        opening = nw.when(before).then(at).otherwise(nw.when(inside).then(nw.col("_start")).otherwise(opening))
    frame = today.with_columns(_open=opening).drop(*[name for name in days.collect_schema().names() if name != "_day"])
    frame = frame.with_columns(_day=nw.col("_open").dt.truncate("1d"))
    ordinal = days.select("_day", "_ordinal", nw.col("_provisional").alias("_p1"))
    frame = frame.join(ordinal, on="_day", how="left")
    target = (nw.col("_ordinal") + _amount(bound).cast(nw.Int64)).alias("_target")
    ends = days.filter(nw.col("_workday")).select(
        nw.col("_day").alias("_last"), nw.col("_ordinal").alias("_target"), nw.col("_provisional").alias("_p2"),
        nw.max_horizontal(*[f"_c{n}" for n in range(SPANS)]).alias("_close"),
    )  # fmt: skip
    frame = frame.with_columns(target).join(ends, on="_target", how="left")
    if promise.measure == "end_of_day":
        due = nw.col("_last") + nw.col("_close") * nw.lit(MINUTE)
    else:
        due = nw.col("_last") + (nw.col("_open") - nw.col("_day"))
    provisional = nw.col("_p1").fill_null(value=False) | nw.col("_p2").fill_null(value=False)
    return frame.with_columns(_due=due, _provisional=provisional).drop(
        "_day", "_open", "_ordinal", "_p1", "_target", "_last", "_p2", "_close"
    )


# ---------------------------------------------------------------- holds


def _held(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    """`_due` moved by the holds that began before it, `_held` the minutes, `_on_hold` whether one runs now.

    Holds are merged first, so that a split hold equals one hold and overlapping ones count once.
    A hold that began after the breach does not undo it.
    """
    spans = [_own_holds(bench, frame)] if _has_own(table) else []
    if promise.holds in bench.tables:
        listed, odd = _listed_holds(promise, bench)
        spans.append(frame.select(*PLACE, "_key", "_start", "_due").join(listed, on="_key", how="inner").drop("_key"))
        frame = frame.join(odd, on="_key", how="left")
        frame = frame.with_columns(_start_state=_unless(~nw.col("_odd").is_null())).drop("_odd")
    if _has_own(table):
        unreadable = [nw.col(f"{name}__state") == UNREADABLE for name in (HOLD_FROM, HOLD_TO)]
        frame = frame.with_columns(_start_state=_unless(nw.any_horizontal(*unreadable, ignore_nulls=False)))
    if not spans:
        return frame.with_columns(_held=nw.lit(0), _on_hold=nw.lit(value=False))
    names = [*PLACE, "_start", "_due", "_from", "_to", "_open"]
    sums = _counted(nw.concat([span.select(*names) for span in spans]))
    frame = frame.join(sums, on=list(PLACE), how="left")
    held = nw.col("_held").fill_null(0)
    return frame.with_columns(
        _due=nw.col("_due") + held * nw.lit(MINUTE), _held=held, _on_hold=nw.col("_on_hold").fill_null(value=False)
    )


def _unless(odd: nw.Expr) -> nw.Expr:
    """The state of the start, unreadable where a hold of the row is *odd*: the clock cannot tell how long it stood."""
    return nw.when(odd).then(nw.lit(UNREADABLE)).otherwise(nw.col("_start_state"))


def _has_own(table: Table) -> bool:
    return {HOLD_FROM, HOLD_TO} <= set(table.register.by_name) - table.absent


def _own_holds(bench: Bench, frame: Frame) -> Frame:
    """The hold that stands in the row itself."""
    open_end = nw.col(HOLD_TO).is_null()
    return frame.filter(~nw.col(HOLD_FROM).is_null()).with_columns(
        _from=nw.col(HOLD_FROM), _to=nw.when(open_end).then(nw.lit(bench.now)).otherwise(nw.col(HOLD_TO)), _open=open_end
    )


def _listed_holds(promise: Clock, bench: Bench) -> tuple[Frame, Frame]:
    """The holds of their own register by record, and the records with one that cannot be read."""
    about = bench.tables[promise.holds].live.filter(nw.col("register") == promise.register)
    states = (nw.col("from_at__state") != VALUE) | (nw.col("to_at__state") == UNREADABLE)
    key = nw.col("record_no").alias("_key")
    odd = about.filter(states).select(key).unique().with_columns(_odd=nw.lit(1))
    open_end = nw.col("to_at").is_null()
    spans = about.filter(~states).select(
        key, nw.col("from_at").alias("_from"),
        nw.when(open_end).then(nw.lit(bench.now)).otherwise(nw.col("to_at")).alias("_to"), open_end.alias("_open"),
    )  # fmt: skip
    return spans, odd


def _counted(spans: Frame) -> Frame:
    """`_held` and `_on_hold` by row: the length of the merged holds that began before the due moment they met."""
    own = spans.filter(nw.col("_to") > nw.col("_start"), nw.col("_to") > nw.col("_from"))
    own = own.with_columns(_from=nw.max_horizontal("_from", "_start"))
    order = ["_from", "_to"]
    own = own.with_columns(_reached=nw.col("_to").cum_max().over(*PLACE, order_by=order))
    own = own.with_columns(_reached=nw.col("_reached").shift(1).over(*PLACE, order_by=order))
    own = own.with_columns(_begin=nw.max_horizontal(nw.col("_from"), nw.col("_reached").fill_null(EPOCH)))
    length = (nw.col("_to") - nw.col("_begin")).dt.total_minutes()
    own = own.with_columns(_length=nw.when(length > 0).then(length).otherwise(nw.lit(0)))
    own = own.with_columns(_total=nw.col("_length").cum_sum().over(*PLACE, order_by=order).cast(nw.Int64))
    earlier = nw.col("_total") - nw.col("_length")
    own = own.filter(nw.col("_begin") - earlier * nw.lit(MINUTE) < nw.col("_due"))
    return own.group_by(*PLACE).agg(_held=nw.col("_length").sum().cast(nw.Int64), _on_hold=nw.col("_open").any())


# ---------------------------------------------------------------- the state


def _end(promise: Clock, table: Table) -> nw.Expr:
    """When it stopped: a date without a time lasts until its midnight."""
    by_date = promise.stops in table.register.by_name and table.register.by_name[promise.stops].reads_as == "date"
    return nw.col("_stop") + nw.lit(DAY) if by_date else nw.col("_stop")


def _late(promise: Clock, bench: Bench, frame: Frame) -> Frame:
    """`_late`: minutes past the due moment, in the clock's own time; null while it is not late."""
    until = nw.when(nw.col("_ends").is_null()).then(nw.lit(bench.now)).otherwise(nw.col("_ends"))
    frame = frame.with_columns(_until=until)
    if promise.calendar == "always":
        late = (nw.col("_until") - nw.col("_due")).dt.total_minutes()
    else:
        for name, of in (("_until", "_w2"), ("_due", "_w1")):
            frame = _worked(frame, bench.days(promise.calendar), name, of)
        late = nw.col("_w2") - nw.col("_w1")
    past = nw.col("_until") > nw.col("_due")
    readable = (nw.col("_stop_state") != UNREADABLE) & (nw.col("_start_state") == VALUE)
    return frame.with_columns(_late=nw.when(past & readable).then(late.cast(nw.Int64)))


def _worked(frame: Frame, days: Frame, name: str, into: str) -> Frame:
    """Minutes worked from the table's first day to the moment *name*, as the column *into*."""
    frame = frame.with_columns(_day=nw.col(name).dt.truncate("1d")).join(days.drop("_provisional"), on="_day", how="left")
    minute = (nw.col(name) - nw.col("_day")).dt.total_minutes()
    total = nw.col("_worked")
    for n in range(SPANS):
        done = nw.min_horizontal(minute, nw.col(f"_c{n}")) - nw.col(f"_o{n}")
        total = total + nw.when(minute > nw.col(f"_o{n}")).then(done).otherwise(nw.lit(0))
    names = [name for name in days.collect_schema().names() if name != "_provisional"]
    return frame.with_columns(total.alias(into)).drop(*names)


def _state(promise: Clock, bench: Bench) -> nw.Expr:
    now, due = nw.lit(bench.now), nw.col("_due")
    soon = timedelta(minutes=limit(promise.due_soon or "2 h").minutes or 0)
    unreadable = (nw.col("_start_state") != VALUE) | (nw.col("_stop_state") == UNREADABLE) | due.is_null()
    impossible = nw.col("_ends").fill_null(bench.now) < nw.col("_start")
    stopped = nw.col("_stop_state") == VALUE
    return (
        nw.when(unreadable.fill_null(value=True)).then(nw.lit("not_judged"))
        .otherwise(nw.when(impossible.fill_null(value=False)).then(nw.lit("not_judged"))
        .otherwise(nw.when(stopped & (nw.col("_ends") <= due)).then(nw.lit("met"))
        .otherwise(nw.when(stopped).then(nw.lit("met_late"))
        .otherwise(nw.when(now > due).then(nw.lit("overdue"))
        .otherwise(nw.when(nw.col("_on_hold")).then(nw.lit("on_hold"))
        .otherwise(nw.when(now + nw.lit(soon) >= due).then(nw.lit("due_soon")).otherwise(nw.lit("not_due"))))))))
    )  # fmt: skip
