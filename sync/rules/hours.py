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
from sync.workdays import spans

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
DAY_SECONDS = 24 * 60 * 60


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
        days, seconds = nw.col(tick) // DAY_SECONDS, nw.col(tick) % DAY_SECONDS  # intervals may end at 2^31 seconds
        return frame.with_columns((nw.lit(EPOCH) + days * nw.lit(DAY) + seconds * nw.lit(SECOND)).alias(into))
    stretches, minutes = bench.stretches(calendar)
    length = minutes * 60
    stretch = nw.col(tick) // length if opening else (nw.col(tick) - 1) // length
    joined = frame.with_columns(_stretch=stretch, _over=nw.col(tick) - stretch * length).join(
        stretches, on="_stretch", how="left"
    )
    at = nw.col("_at") + nw.col("_over") * nw.lit(SECOND)
    return joined.with_columns(at.alias(into)).drop("_stretch", "_over", "_at")


def in_hours(bench: Bench, calendar: str, frame: Frame, moment: str, *, back: bool = False) -> Frame:
    """*frame* with `_open`: *moment* where it is worked, else the next opening, or, *back*, the last closing.

    And of its day, `_home`: `_ordinal`, `_workday`, and whether it is provisional, `_p1`. A closing at midnight is of
    the day that it closes.
    """
    days = bench.days(calendar)
    numbers = spans(days.collect_schema().names())
    hours = [f"_{side}{n}" for n in numbers for side in "oc"]
    days = days.with_columns(*((nw.col("_day") + nw.col(name) * nw.lit(MINUTE)).alias(name) for name in hours))
    at, found = nw.col(moment), nw.col("_prev" if back else "_next")
    for n in numbers if back else reversed(numbers):
        opens, closes = nw.col(f"_o{n}"), nw.col(f"_c{n}")
        if back:
            found = nw.when(at >= opens).then(nw.min_horizontal(at, closes)).otherwise(found)
        else:
            found = nw.when(at < closes).then(nw.max_horizontal(at, opens)).otherwise(found)
    today = _on_its_day(frame, days, moment).with_columns(_open=found)
    if back:
        closed = (nw.col("_open") - nw.lit(MINUTE)).dt.truncate("1d")
        home = nw.when(at >= nw.col("_o0")).then(nw.col("_day")).otherwise(closed)
        today = today.with_columns(_home=home).drop(*days.collect_schema().names())
        return _its_line(bench, calendar, today)
    later = nw.col("_open") >= nw.col("_day") + nw.lit(DAY)
    return today.with_columns(
        _ordinal=nw.col("_ordinal") + nw.when(later).then(nw.lit(1)).otherwise(nw.lit(0)),
        _workday=nw.col("_workday") | later,
        _p1=nw.when(later).then(nw.col("_unsettled")).otherwise(nw.col("_provisional")),
        _home=nw.col("_open").dt.truncate("1d"),
    ).drop(*(name for name in days.collect_schema().names() if name not in ("_ordinal", "_workday")))


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
        day = nw.col(since).dt.truncate("1d")
        frame = _its_line(bench, calendar, frame.with_columns(_open=nw.col(since), _home=day))
    else:
        frame = in_hours(bench, calendar, frame, since, back=back)
    count = count.cast(nw.Int64)
    target = nw.col("_ordinal") + count
    if back:
        before = nw.col("_ordinal") - nw.when(nw.col("_workday")).then(nw.lit(1)).otherwise(nw.lit(0))
        nth = nw.min_horizontal(nw.col("_ordinal"), before + 1 - count)
        target = nth if to_end else nw.col("_ordinal") - count
    frame = nth_workday(bench, calendar, frame.with_columns(_target=target).drop("_ordinal", "_workday"))
    same = nw.col("_last") + (nw.col("_open") - nw.col("_home"))
    due = nw.col("_last") + nw.col("_close") * nw.lit(MINUTE) if to_end else same
    provisional = nw.col("_p1").fill_null(value=False) | nw.col("_p2").fill_null(value=False)
    return frame.with_columns(_due=due, _provisional=provisional).drop(
        "_open", "_home", "_p1", "_target", "_last", "_p2", "_close"
    )


def nth_workday(bench: Bench, calendar: str, frame: Frame) -> Frame:
    """*frame* with the workday whose ordinal is `_target`: `_last`, `_close` and `_p2` (provisional)."""
    days = bench.days(calendar)
    close = nw.max_horizontal(*[f"_c{n}" for n in spans(days.collect_schema().names())])
    ends = days.filter(nw.col("_workday")).select(
        nw.col("_day").alias("_last"), nw.col("_ordinal").alias("_target"), nw.col("_provisional").alias("_p2"),
        close.alias("_close"),
    )  # fmt: skip
    return frame.join(ends, on="_target", how="left")


def _on_its_day(frame: Frame, days: Frame, moment: str) -> Frame:
    """*frame* with the line of *days* that *moment* lies on."""
    return frame.with_columns(_day=nw.col(moment).dt.truncate("1d")).join(days, on="_day", how="left")


def _its_line(bench: Bench, calendar: str, frame: Frame) -> Frame:
    """*frame* with what its workdays are counted from: `_ordinal`, `_workday` and `_p1` of the day `_home`."""
    days = bench.days(calendar).select("_day", "_ordinal", "_workday", nw.col("_provisional").alias("_p1"))
    return _on_its_day(frame, days, "_home").drop("_day")


def _worked(frame: Frame, days: Frame, name: str, into: str) -> Frame:
    """Seconds worked from the table's first day to the moment *name*, as the column *into*."""
    numbers = spans(days.collect_schema().names())
    opened, closed = ([nw.col(f"_{side}{n}").fill_null(0) * 60 for n in numbers] for side in "oc")
    # what is worked of a day is, span by span, the second held within the span, less the span's opening
    days = days.select(
        "_day", (nw.col("_worked") * 60 - nw.sum_horizontal(*opened)).alias("_less"),
        *(expr.alias(f"_{side}{n}") for side, exprs in (("o", opened), ("c", closed)) for n, expr in enumerate(exprs)),
    )  # fmt: skip
    second = (nw.col(name) - nw.col("_day")).dt.total_seconds()
    within = [nw.max_horizontal(nw.min_horizontal(second, nw.col(f"_c{n}")), nw.col(f"_o{n}")) for n in numbers]
    seconds = nw.col("_less") + nw.sum_horizontal(*within)
    found = _on_its_day(frame, days, name).with_columns(seconds.cast(nw.Int64).alias(into))
    return found.drop(*days.collect_schema().names())
