"""The arithmetic of working hours: from moments to minutes worked, and back.

Every step is an equality join on a day, or on a stretch of hours, so that it runs on every engine.
"""

from __future__ import annotations

from datetime import timedelta

import narwhals as nw

from sync.cells.fast import EPOCH
from sync.rules.bench import Bench
from sync.tables import Frame
from sync.workdays import SPANS

ALWAYS = "always"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def ticks(bench: Bench, calendar: str, frame: Frame, **into: str) -> Frame:
    """*frame* with the seconds of *calendar* gone by at a moment: `ticks(…, _t="_due")` reads `_due` into `_t`."""
    for name, moment in into.items():
        if calendar == ALWAYS:
            frame = frame.with_columns((nw.col(moment) - nw.lit(EPOCH)).dt.total_seconds().alias(name))
        else:
            frame = _worked(frame, bench.days(calendar), moment, name)
    return frame


def moment_at(bench: Bench, calendar: str, frame: Frame, tick: str, into: str) -> Frame:
    """*frame* with the moment at which so many seconds of *calendar* have gone by; at a closing, the closing."""
    if calendar == ALWAYS:
        return frame.with_columns((nw.lit(EPOCH) + nw.col(tick) * nw.lit(SECOND)).alias(into))
    stretches, length = bench.stretches(calendar)
    minutes = nw.col(tick) // 60
    stretch = (minutes - 1) // length
    joined = frame.with_columns(_stretch=stretch, _over=minutes - stretch * length).join(
        stretches, on="_stretch", how="left"
    )
    at = nw.col("_at") + nw.col("_over") * nw.lit(MINUTE)
    return joined.with_columns(at.alias(into)).drop("_stretch", "_over", "_at")


def due_in_workdays(bench: Bench, calendar: str, frame: Frame, count: nw.Expr, *, to_end: bool) -> Frame:
    """*frame* with `_due` and `_provisional`: go to the next opening, then *count* workdays on.

    The same clock time there, or, *to_end*, the closing of that day.
    """
    days = bench.days(calendar)
    today = frame.with_columns(_day=nw.col("_start").dt.truncate("1d")).join(days, on="_day", how="left")
    minute = (nw.col("_start") - nw.col("_day")).dt.total_minutes()
    opening = nw.col("_next")
    for n in reversed(range(SPANS)):
        at = nw.col("_day") + nw.col(f"_o{n}") * nw.lit(MINUTE)
        opening = (
            nw.when(minute < nw.col(f"_o{n}")).then(at)
            .otherwise(nw.when(minute < nw.col(f"_c{n}")).then(nw.col("_start")).otherwise(opening))
        )  # fmt: skip
    names = days.collect_schema().names()
    frame = today.with_columns(_open=opening).drop(*names)
    frame = frame.with_columns(_day=nw.col("_open").dt.truncate("1d"))
    ordinal = days.select("_day", "_ordinal", nw.col("_provisional").alias("_p1"))
    frame = frame.join(ordinal, on="_day", how="left").with_columns(_target=nw.col("_ordinal") + count.cast(nw.Int64))
    close = nw.max_horizontal(*[f"_c{n}" for n in range(SPANS)])
    ends = days.filter(nw.col("_workday")).select(
        nw.col("_day").alias("_last"), nw.col("_ordinal").alias("_target"), nw.col("_provisional").alias("_p2"),
        close.alias("_close"),
    )  # fmt: skip
    frame = frame.join(ends, on="_target", how="left")
    same = nw.col("_last") + (nw.col("_open") - nw.col("_day"))
    due = nw.col("_last") + nw.col("_close") * nw.lit(MINUTE) if to_end else same
    provisional = nw.col("_p1").fill_null(value=False) | nw.col("_p2").fill_null(value=False)
    return frame.with_columns(_due=due, _provisional=provisional).drop(
        "_day", "_open", "_ordinal", "_p1", "_target", "_last", "_p2", "_close"
    )


def _worked(frame: Frame, days: Frame, name: str, into: str) -> Frame:
    """Seconds worked from the table's first day to the moment *name*, in whole minutes, as the column *into*."""
    days = days.drop("_provisional", "_workday", "_ordinal", "_next")
    frame = frame.with_columns(_day=nw.col(name).dt.truncate("1d")).join(days, on="_day", how="left")
    minute = (nw.col(name) - nw.col("_day")).dt.total_minutes()
    total = nw.col("_worked")
    for n in range(SPANS):
        done = nw.min_horizontal(minute, nw.col(f"_c{n}")) - nw.col(f"_o{n}")
        total = total + nw.when(minute > nw.col(f"_o{n}")).then(done).otherwise(nw.lit(0))
    return frame.with_columns((total * 60).cast(nw.Int64).alias(into)).drop(*days.collect_schema().names())
