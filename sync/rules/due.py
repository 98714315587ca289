"""The due moment of a clock: one function for each meaning of a limit, forwards from the start or back from a moment.

Each gives the frame with `_due`, null where the row does not say how long or since when, and `_provisional`,
true where a day of a year without official data decided about it. docs/about/limits.md shows them side by side.
"""

from __future__ import annotations

from datetime import timedelta

import narwhals as nw

from sync.rules.bench import Bench, add_months
from sync.rules.hours import MINUTE, due_in_workdays, moment_at, nth_workday, ticks
from sync.rules.terms import ALWAYS, Clock, Shift
from sync.schema import Limit, limit
from sync.tables import Frame, Table

DAY = timedelta(days=1)
SCALE = {"minute": 1, "hour": 60, "day": 1440, "working_day": 1440, "week": 10080, "month": 43200}  # minutes, about
MOST = 1000 * 525_600  # a thousand years in minutes: a row that asks for more has a slip of the pen


def due(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    """*frame*, whose clocks began at `_start`, with `_due` and `_provisional`."""
    if promise.due:
        return written(promise, bench, table, frame)
    if promise.counted_by:
        frame = bench.field(frame, table, promise.counted_by, "_said", "number").drop("_said_state")
    if promise.before:
        frame = bench.field(frame, table, promise.before, "_from").drop("_from_state")
    else:
        frame = frame.with_columns(_from=nw.col("_start"))
    return counted(promise, bench, frame).drop("_from", *(["_said"] if promise.counted_by else []))


def counted(promise: Clock, bench: Bench, frame: Frame) -> Frame:
    """*frame* with the due moment that lies the limit after `_from`, or before it."""
    bound = limit(promise.limit)
    units, way = _units(bound), -1 if promise.before else 1
    match promise.measure:
        case "elapsed":
            return elapsed(frame, _minutes(bound, units) * way)
        case "working_time":
            return working_time(bench, promise.calendar, frame, _minutes(bound, units) * way, way)
        case "snap":
            return snap(bench, promise.calendar, frame, _whole(units), way)
        case "end_of_day":
            return end_of_day(bench, promise.calendar, frame, _whole(units), way)
        case "calendar_days":
            days = _whole(units * 7 if bound.unit == "week" else units)
            return _to_the_end(bench, promise, frame.with_columns(_last=calendar_days(days * way)))
        case "months":
            return _to_the_end(bench, promise, frame.with_columns(_last=months(_whole(units) * way)))


def by_date(bench: Bench, table: Table, path: str) -> bool:
    """Whether the field at *path* is a date without a time of day."""
    return bench.kind(table, path) == "date"


# ---------------------------------------------------------------- one function for each meaning


def written(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    """The deadline that stands in the row, and so much later as is tolerated; a date lasts until its midnight."""
    later = DAY if by_date(bench, table, promise.due) else promise.allowance
    frame = bench.field(frame, table, promise.due, "_due").drop("_due_state")
    return frame.with_columns(_due=nw.col("_due") + nw.lit(later), _provisional=nw.lit(value=False))


def elapsed(frame: Frame, minutes: nw.Expr) -> Frame:
    """Every minute counts, by day and night."""
    return frame.with_columns(_due=nw.col("_from") + minutes * nw.lit(MINUTE), _provisional=nw.lit(value=False))


def working_time(bench: Bench, calendar: str, frame: Frame, minutes: nw.Expr, way: int) -> Frame:
    """Only worked minutes count. Where they end with a closing it is due then; counted back, at the opening."""
    frame = ticks(bench, calendar, frame, _tick="_from")
    frame = frame.with_columns(_tick=nw.col("_tick") + minutes * 60)
    frame = moment_at(bench, calendar, frame, "_tick", "_due", opening=way < 0).drop("_tick")
    if way > 0:  # no time at all, after hours, leads back to the closing
        early = (nw.col("_due") < nw.col("_from")).fill_null(value=False)
        frame = frame.with_columns(_due=nw.when(early).then(nw.col("_from")).otherwise(nw.col("_due")))
    if calendar == ALWAYS:
        return frame.with_columns(_provisional=nw.lit(value=False))
    frame = _uncertain(bench, calendar, frame, "_from")
    unofficial = nw.col("_unofficial").fill_null(value=False) | nw.col("_uncertain")
    return frame.with_columns(_provisional=unofficial).drop("_unofficial", "_uncertain")


def snap(bench: Bench, calendar: str, frame: Frame, count: nw.Expr, way: int) -> Frame:
    """Go to the next opening, then *count* workdays on, the same clock time there.

    Counted back: go to the last closing, then *count* workdays back.
    """
    return due_in_workdays(bench, calendar, frame, count, to_end=False, since="_from", back=way < 0)


def end_of_day(bench: Bench, calendar: str, frame: Frame, count: nw.Expr, way: int) -> Frame:
    """Go to the next opening, then *count* workdays on, until that day closes.

    Counted back: the closing of the *count*-th workday before the day itself, worked or not.
    """
    return due_in_workdays(bench, calendar, frame, count, to_end=True, since="_from", back=way < 0)


def calendar_days(days: nw.Expr) -> nw.Expr:
    """The last day: so many days on, whatever days they are."""
    return nw.col("_from").dt.truncate("1d") + days * nw.lit(DAY)


def months(count: nw.Expr) -> nw.Expr:
    """The last day: the corresponding day so many months on, or that month's last day."""
    return add_months(nw.col("_from"), count)


# ---------------------------------------------------------------- what they share


def _units(bound: Limit) -> nw.Expr:
    """How many units: as declared, or as many as the row says; null where that is no length of time."""
    if bound.field is None:
        return nw.lit(bound.number)
    said = nw.col("_said").cast(nw.Float64)
    sound = (said >= 0) & (said <= MOST // SCALE[bound.unit])
    value = nw.when(sound).then(said)
    return (value / bound.divided_by).ceil() if bound.divided_by else value


def _whole(units: nw.Expr) -> nw.Expr:
    return units.ceil().cast(nw.Int64)


def _minutes(bound: Limit, units: nw.Expr) -> nw.Expr:
    return (units * SCALE[bound.unit] + 0.5).floor().cast(nw.Int64)  # engines do not round a half alike


def _to_the_end(bench: Bench, promise: Clock, frame: Frame) -> Frame:
    """Due when the day `_last` ends, which is shifted to a workday in the direction that the promise names."""
    if promise.shift == "none":
        frame = frame.with_columns(_provisional=nw.lit(value=False))
    else:
        frame = shifted(bench, promise.calendar, frame, promise.shift)
    return frame.with_columns(_due=nw.col("_last") + nw.lit(DAY)).drop("_last")


def shifted(bench: Bench, calendar: str, frame: Frame, shift: Shift) -> Frame:
    """*frame* whose day `_last`, where nobody works on it, is the next workday or the one before; and `_provisional`.

    Further ahead than the calendar reaches it stays where it is, and is provisional.
    """
    days = bench.days(calendar).select("_day", "_ordinal", "_workday", nw.col("_provisional").alias("_p1"))
    frame = frame.with_columns(_day=nw.col("_last")).drop("_last").join(days, on="_day", how="left")
    away = nw.col("_ordinal") + 1 if shift == "next_workday" else nw.col("_ordinal")
    frame = frame.with_columns(_target=nw.when(nw.col("_workday")).then(nw.col("_ordinal")).otherwise(away))
    frame = nth_workday(bench, calendar, frame)
    beyond = nw.col("_last").is_null()
    return frame.with_columns(
        _last=nw.when(beyond).then(nw.col("_day")).otherwise(nw.col("_last")),
        _provisional=beyond | nw.col("_p1").fill_null(value=False) | nw.col("_p2").fill_null(value=False),
    ).drop("_day", "_ordinal", "_workday", "_p1", "_target", "_p2", "_close")


def _uncertain(bench: Bench, calendar: str, frame: Frame, moment: str) -> Frame:
    """*frame* with `_uncertain`: whether the day of *moment* is not official yet."""
    days = bench.days(calendar).select("_day", nw.col("_provisional").alias("_uncertain"))
    joined = frame.with_columns(_day=nw.col(moment).dt.truncate("1d")).join(days, on="_day", how="left")
    return joined.with_columns(_uncertain=nw.col("_uncertain").fill_null(value=False)).drop("_day")
