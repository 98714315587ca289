"""Clocks: something must happen within a time after something else.

Watches two moments of a row. Flagged: the stop is missing and the due moment has passed (overdue), or it lies strictly
after the due moment (met late). Not flagged: stopped in time; not started yet. A clock that needs an unreadable cell,
whose condition nobody can read, or whose stop lies before its start, does not judge.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import narwhals as nw

from sync.model import EMPTY, UNREADABLE, VALUE
from sync.rules.bench import UNSURE, Bench, add_months, flags
from sync.rules.holds import HOLD_FROM, HOLD_TO, NO_HOLDS, held
from sync.rules.hours import ALWAYS, MINUTE, due_in_workdays, moment_at, ticks
from sync.schema import Limit, Promise, length, limit
from sync.tables import PLACE, Frame, Table

DAY = timedelta(days=1)
Meaning = Literal["elapsed", "calendar_days", "snap", "end_of_day", "working_time", "months"]
SCALE = {"minute": 1, "hour": 60, "day": 1440, "working_day": 1440, "week": 10080}  # minutes


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
        days: dict[str, Meaning] = {
            "month": "months",
            "working_day": "snap",
            "day": "calendar_days",
            "week": "calendar_days",
        }
        return days.get(unit) or ("elapsed" if self.calendar == ALWAYS else "working_time")

    @property
    def hours(self) -> str:
        """The calendar in whose hours the clock runs: its holds and its lateness are counted in them."""
        return self.calendar if self.measure in ("snap", "end_of_day", "working_time") else ALWAYS


def judge(promise: Clock, bench: Bench) -> Frame:
    """One flag for each row whose clock has started."""
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    frame = _stopped(promise, bench, table, _started(promise, bench, table))
    frame = _due(promise, bench, table, frame)
    if promise.holds:
        frame = held(promise, promise.holds, promise.hours, bench, table, frame)
    else:
        frame = frame.with_columns(**NO_HOLDS)
    frame = _late(promise, bench, frame)
    if promise.expiry:
        frame = frame.filter(~(nw.col("_due") <= nw.lit(bench.now)).fill_null(value=False))
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
    frame = bench.rows(promise, table).select(*_needed(promise, table))
    for n, start in enumerate(here):
        frame = bench.field(frame, table, start, f"_start{n}")
    value, state = nw.col(f"_start{len(here) - 1}"), nw.col(f"_start{len(here) - 1}_state")
    for n in reversed(range(len(here) - 1)):
        filled = nw.col(f"_start{n}_state") != EMPTY
        value = nw.when(filled).then(nw.col(f"_start{n}")).otherwise(value)
        state = nw.when(filled).then(nw.col(f"_start{n}_state")).otherwise(state)
    frame = frame.with_columns(_start=value, _start_state=state).filter(nw.col("_start_state") != EMPTY)
    return bench.dated(frame, promise, "_start")


def _needed(promise: Clock, table: Table) -> list[str]:
    """The columns of the row that the clock looks at: carrying the others along would cost more than the judging."""
    starts = [promise.starts] if isinstance(promise.starts, str) else promise.starts
    heads = [path.partition(".")[0] for path in (*starts, promise.stops)]
    names = [*heads, HOLD_FROM, HOLD_TO, limit(promise.limit).field, promise.responsible]
    fields = dict.fromkeys(name for name in names if name in table.register.by_name and name not in table.absent)
    return [*PLACE, "_key", UNSURE, *fields, *(f"{name}__state" for name in fields)]


def _stopped(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    """`_stop`, `_stop_state`, `_ends` (a date without a time lasts until its midnight) and `_backwards`."""
    if not promise.stops:
        nothing = nw.lit(None, dtype=nw.Datetime("us"))
        no = nw.lit(value=False)
        return frame.with_columns(_stop=nothing, _stop_state=nw.lit(EMPTY), _ends=nothing, _backwards=no)
    frame = bench.field(frame, table, promise.stops, "_stop")
    ends = nw.col("_stop") + nw.lit(DAY) if _by_date(promise, bench, table) else nw.col("_stop")
    start = nw.col("_start").dt.truncate("1d") if _by_date(promise, bench, table) else nw.col("_start")
    backwards = (nw.col("_stop") < start).fill_null(value=False)
    return frame.with_columns(_ends=ends, _backwards=backwards)


def _by_date(promise: Clock, bench: Bench, table: Table) -> bool:
    """Whether the stop is a date without a time."""
    head, _, tail = promise.stops.partition(".")
    found = table.register.by_name.get(head)
    other = bench.tables.by_register.get(str(found.foreign)) if found and tail else None
    last = other.register.by_name.get(tail) if other else found
    return last is not None and last.reads_as == "date"


# ---------------------------------------------------------------- the due moment


def _amount(bound: Limit) -> nw.Expr:
    """How many units: as declared, or as many as the row says."""
    if bound.field is None:
        return nw.lit(bound.number)
    value = nw.col(bound.field).cast(nw.Float64)
    return (value / bound.divided_by).ceil() if bound.divided_by else value


def _due(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    """`_due` (null where the row does not say how long) and `_provisional`."""
    bound = limit(promise.limit)
    if bound.field and bound.field in table.absent:
        return frame.with_columns(_due=nw.lit(None, dtype=nw.Datetime("us")), _provisional=nw.lit(value=False))
    start, units = nw.col("_start"), _amount(bound)
    minutes = (units * SCALE.get(bound.unit, 1)).round(0).cast(nw.Int64)
    match promise.measure:
        case "snap" | "end_of_day" as meaning:
            return due_in_workdays(bench, promise.calendar, frame, units.ceil(), to_end=meaning == "end_of_day")
        case "working_time":
            return _due_in_hours(promise, bench, frame, minutes)
        case "months":
            due = add_months(start, units) + nw.lit(DAY)  # the corresponding day is included
        case "calendar_days":
            days = (units * (7 if bound.unit == "week" else 1)).ceil().cast(nw.Int64)
            due = start.dt.truncate("1d") + (days + 1) * nw.lit(DAY)  # the end of the last day
        case "elapsed":
            due = start + minutes * nw.lit(MINUTE)
    return frame.with_columns(_due=due, _provisional=nw.lit(value=False))


def _due_in_hours(promise: Clock, bench: Bench, frame: Frame, minutes: nw.Expr) -> Frame:
    frame = ticks(bench, promise.hours, frame, _tick="_start")
    frame = frame.with_columns(_tick=nw.col("_tick") + minutes * 60)
    frame = moment_at(bench, promise.hours, frame, "_tick", "_due")
    if promise.hours == ALWAYS:
        return frame.with_columns(_provisional=nw.lit(value=False)).drop("_tick")
    return frame.with_columns(_provisional=nw.col("_unofficial").fill_null(value=False)).drop("_tick", "_unofficial")


# ---------------------------------------------------------------- the state


def _late(promise: Clock, bench: Bench, frame: Frame) -> Frame:
    """`_late`: minutes past the due moment, in the clock's own time; null while it is not late."""
    frame = frame.with_columns(_until=nw.col("_ends").fill_null(bench.now))
    frame = ticks(bench, promise.hours, frame, _t1="_due", _t2="_until")
    past = nw.col("_until") > nw.col("_due")
    judged = (nw.col("_stop_state") != UNREADABLE) & (nw.col("_start_state") == VALUE) & ~nw.col("_backwards")
    late = (nw.col("_t2") - nw.col("_t1")) // 60
    return frame.with_columns(_late=nw.when(past & judged).then(late.cast(nw.Int64)))


def _state(promise: Clock, bench: Bench) -> nw.Expr:
    now, due = nw.lit(bench.now), nw.col("_due")
    soon = length(promise.due_soon or "2 h")
    unreadable = (nw.col("_start_state") != VALUE) | (nw.col("_stop_state") == UNREADABLE) | due.is_null()
    stopped = nw.col("_stop_state") == VALUE
    unknown = unreadable.fill_null(value=True) | nw.col("_backwards") | nw.col(UNSURE)
    return (
        nw.when(unknown).then(nw.lit("not_judged"))
        .otherwise(nw.when(stopped & (nw.col("_ends") <= due)).then(nw.lit("met"))
        .otherwise(nw.when(stopped).then(nw.lit("met_late"))
        .otherwise(nw.when(now > due).then(nw.lit("overdue"))
        .otherwise(nw.when(nw.col("_on_hold")).then(nw.lit("on_hold"))
        .otherwise(nw.when(now + nw.lit(soon) >= due).then(nw.lit("due_soon")).otherwise(nw.lit("not_due")))))))
    )  # fmt: skip
