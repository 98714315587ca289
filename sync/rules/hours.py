"""The arithmetic of working hours: from moments to minutes worked, and back.

Every step is an equality join on a day, or on a stretch of hours, so that it runs on every engine.
"""

from __future__ import annotations

from datetime import timedelta

import narwhals as nw

from sync.cells.fast import EPOCH
from sync.rules.bench import Bench
from sync.rules.terms import ALWAYS
from sync.tables import Frame
from sync.workdays import SPANS

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def ticks(bench: Bench, calendar: str, frame: Frame, **into: str) -> Frame:
    """*frame* with the seconds of *calendar* gone by at a moment: `ticks(…, _t="_due")` reads `_due` into `_t`."""
    for name, moment in into.items():
        if calendar == ALWAYS:
            frame = frame.with_columns((nw.col(moment) - nw.lit(EPOCH)).dt.total_seconds().alias(name))
        else:
            frame = _worked(frame, bench.days(calendar), moment, name)
    return frame


def moment_at(bench: Bench, calendar: str, frame: Frame, tick: str, into: str, *, opening: bool = False) -> Frame:
    """*frame* with the moment at which so many seconds of *calendar* have gone by.

    Between two spans of hours that is the closing, or, *opening*, the opening; `_unofficial` says whether its day is.
    """
    if calendar == ALWAYS:
        return frame.with_columns((nw.lit(EPOCH) + nw.col(tick) * nw.lit(SECOND)).alias(into))
    stretches, length = bench.stretches(calendar)
    minutes = nw.col(tick) // 60
    stretch = minutes // length if opening else (minutes - 1) // length
    joined = frame.with_columns(_stretch=stretch, _over=minutes - stretch * length).join(
        stretches, on="_stretch", how="left"
    )
    at = nw.col("_at") + nw.col("_over") * nw.lit(MINUTE)
    return joined.with_columns(at.alias(into)).drop("_stretch", "_over", "_at")


def in_hours(bench: Bench, calendar: str, frame: Frame, moment: str, *, back: bool = False) -> Frame:
    """*frame* with `_open`: *moment* where it is worked, else the next opening, or, *back*, the last closing."""
    days = bench.days(calendar)
    at = nw.col(moment)
    found = nw.col("_prev" if back else "_next")
    for n in range(SPANS) if back else reversed(range(SPANS)):
        opens, closes = (nw.col("_day") + nw.col(f"_{side}{n}") * nw.lit(MINUTE) for side in "oc")
        if back:
            found = nw.when(at >= opens).then(nw.min_horizontal(at, closes)).otherwise(found)
        else:
            found = nw.when(at < closes).then(nw.max_horizontal(at, opens)).otherwise(found)
    today = frame.with_columns(_day=at.dt.truncate("1d")).join(days, on="_day", how="left")
    return today.with_columns(_open=found).drop(*days.collect_schema().names())


def due_in_workdays(
    bench: Bench,
    calendar: str,
    frame: Frame,
    count: nw.Expr,
    *,
    to_end: bool,
    since: str = "_start",
    back: bool = False,
) -> Frame:
    """*frame* with `_due` and `_provisional`: go to the next opening, then *count* workdays on.

    The same clock time there, or, *to_end*, the closing of that day. *back* goes to the last closing instead, then
    *count* workdays back; to a closing it goes straight to the *count*-th workday before the day, worked or not.
    """
    if to_end and back:
        frame = frame.with_columns(_open=nw.col(since))
    else:
        frame = in_hours(bench, calendar, frame, since, back=back)
    count = count.cast(nw.Int64)
    target = nw.col("_ordinal") + count
    if back:
        before = nw.col("_ordinal") - nw.when(nw.col("_workday")).then(nw.lit(1)).otherwise(nw.lit(0))
        nth = nw.min_horizontal(nw.col("_ordinal"), before + 1 - count)
        target = nth if to_end else nw.col("_ordinal") - count
    days = bench.days(calendar).select("_day", "_ordinal", "_workday", nw.col("_provisional").alias("_p1"))
    frame = frame.with_columns(_day=nw.col("_open").dt.truncate("1d")).join(days, on="_day", how="left")
    frame = nth_workday(bench, calendar, frame.with_columns(_target=target))
    same = nw.col("_last") + (nw.col("_open") - nw.col("_day"))
    due = nw.col("_last") + nw.col("_close") * nw.lit(MINUTE) if to_end else same
    provisional = nw.col("_p1").fill_null(value=False) | nw.col("_p2").fill_null(value=False)
    return frame.with_columns(_due=due, _provisional=provisional).drop(
        "_open", "_day", "_ordinal", "_workday", "_p1", "_target", "_last", "_p2", "_close"
    )


def nth_workday(bench: Bench, calendar: str, frame: Frame) -> Frame:
    """*frame* with the workday whose ordinal is `_target`: `_last`, `_close` and `_p2` (provisional)."""
    close = nw.max_horizontal(*[f"_c{n}" for n in range(SPANS)])
    ends = bench.days(calendar).filter(nw.col("_workday")).select(
        nw.col("_day").alias("_last"), nw.col("_ordinal").alias("_target"), nw.col("_provisional").alias("_p2"),
        close.alias("_close"),
    )  # fmt: skip
    return frame.join(ends, on="_target", how="left")


def _worked(frame: Frame, days: Frame, name: str, into: str) -> Frame:
    """Seconds worked from the table's first day to the moment *name*, in whole minutes, as the column *into*."""
    days = days.drop("_provisional", "_workday", "_ordinal", "_next", "_prev")
    frame = frame.with_columns(_day=nw.col(name).dt.truncate("1d")).join(days, on="_day", how="left")
    minute = (nw.col(name) - nw.col("_day")).dt.total_minutes()
    total = nw.col("_worked")
    for n in range(SPANS):
        done = nw.min_horizontal(minute, nw.col(f"_c{n}")) - nw.col(f"_o{n}")
        total = total + nw.when(minute > nw.col(f"_o{n}")).then(done).otherwise(nw.lit(0))
    return frame.with_columns((total * 60).cast(nw.Int64).alias(into)).drop(*days.collect_schema().names())
