"""Clocks: something must happen within a time after something else, before an appointment, or by it.

Watches two moments of a row. Flagged: the stop is missing and the due moment has passed (overdue), or it lies strictly
after the due moment (met late), or before an appointment by more than its tolerance (met early). Not flagged: stopped
in time; not started yet. A clock that needs an unreadable cell, whose condition nobody can read, that has no deadline,
or whose stop lies before its start, does not judge.
"""

from __future__ import annotations

from datetime import timedelta

import narwhals as nw

from sync.conditions import any_holds
from sync.model import EMPTY, UNREADABLE, VALUE
from sync.rules.bench import UNSURE, Bench, flags, from_rows
from sync.rules.due import by_date, due
from sync.rules.holds import NO_HOLDS, held
from sync.rules.hours import ticks
from sync.rules.terms import Clock
from sync.schema import HOLD_FROM, HOLD_TO, Meaning, length
from sync.tables import PLACE, Frame, Table

__all__ = ["Clock", "Meaning", "judge"]
DAY = timedelta(days=1)


def judge(promise: Clock, bench: Bench) -> Frame:
    """One flag for each row whose clock has started."""
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    frame = _stopped(promise, bench, table, _started(promise, bench, table))
    frame = due(promise, bench, table, frame)
    frame = held(promise, bench, table, frame) if promise.holds else frame.with_columns(**NO_HOLDS)
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
    frame = asked(promise, bench, table, bench.rows(promise, table)).select(*_needed(promise, table))
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
    heads = [path.partition(".")[0] for _, path in promise.fields()]
    names = [*heads, HOLD_FROM, HOLD_TO, promise.counted_by.partition(".")[0], promise.responsible]
    fields = dict.fromkeys(name for name in names if name in table.register.by_name and name not in table.absent)
    return [*PLACE, "_key", UNSURE, *fields, *(f"{name}__state" for name in fields)]


def _stopped(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    """`_stop`, `_stop_state`, `_ends` (a date without a time lasts until its midnight) and `_backwards`."""
    if promise.stop is None:
        nothing = nw.lit(None, dtype=nw.Datetime("us"))
        no = nw.lit(value=False)
        return frame.with_columns(_stop=nothing, _stop_state=nw.lit(EMPTY), _ends=nothing, _backwards=no)
    frame, dated = _stop(promise, bench, table, frame)
    ends = nw.col("_stop") + nw.lit(DAY) if dated else nw.col("_stop")
    start = nw.col("_start").dt.truncate("1d") if dated else nw.col("_start")
    backwards = (nw.col("_stop") < start).fill_null(value=False)
    return frame.with_columns(_ends=ends, _backwards=backwards)


def _stop(promise: Clock, bench: Bench, table: Table, frame: Frame) -> tuple[Frame, bool]:
    """*frame* with `_stop` and `_stop_state`, and whether it is a date without a time."""
    told = promise.done_in
    if told is None:
        return bench.field(frame, table, promise.stops, "_stop"), by_date(bench, table, promise.stops)
    other = bench.tables.by_register.get(told.register)
    if other is None or {told.key, told.on} & other.absent:
        return bench.unreadable(frame, "_stop"), False
    lost = nw.when(nw.col(f"{told.on}__state") == UNREADABLE).then(nw.lit(1)).otherwise(nw.lit(0))
    done = other.live.with_columns(_lost=lost).group_by(told.key).agg(nw.col(told.on).min(), nw.col("_lost").max())
    done = done.select(_key=nw.col(told.key), _stop=nw.col(told.on), _lost=nw.col("_lost"))
    frame = frame.join(done, on="_key", how="left")
    state = nw.when(nw.col("_stop").is_null()).then(nw.lit(EMPTY)).otherwise(nw.lit(VALUE))
    state = nw.when((nw.col("_lost") == 1).fill_null(value=False)).then(nw.lit(UNREADABLE)).otherwise(state)
    return frame.with_columns(_stop_state=state).drop("_lost"), by_date(bench, other, told.on)


def asked(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    """The rows of *frame* that something calls the clock for: what their own cells say, or another clock that is late.

    Where a cell that nobody can read may call for it the row stays, and is not judged.
    """
    told = promise.asked_by
    if told is None:
        return frame
    sure = any_holds(table, told.any)
    maybe = nw.any_horizontal(
        nw.lit(value=False), *[nw.col(f"{name}__state") == UNREADABLE for name in told.any if name not in table.absent],
        ignore_nulls=False,
    )  # fmt: skip
    for n, (name, through) in enumerate(told.late.items()):
        if through in table.absent:
            continue
        late = nw.col(f"_late{n}").fill_null(0)
        others = _lateness(name, bench, f"_late{n}")
        frame = frame.join(others, left_on=through or "_key", right_on="_other", how="left")
        sure, maybe = sure | (late == 2), maybe | (late == 1)
    frame = frame.with_columns(_sure=sure, _maybe=maybe)
    frame = frame.filter(nw.col("_sure") | nw.col("_maybe"))
    return frame.with_columns((nw.col(UNSURE) | ~nw.col("_sure")).alias(UNSURE))


def _lateness(name: str, bench: Bench, into: str) -> Frame:
    """By record (`_other`) whether it is late by the clock *name*, as the column *into*: 2 yes, 1 nobody can say."""
    judged = [
        judge(one, bench).filter(nw.col("state").is_in(("met_late", "overdue", "not_judged")))
        for one in bench.promises.get(name, ()) if isinstance(one, Clock) and one.on and one.register in bench.tables
    ]  # fmt: skip
    found = nw.concat(judged) if judged else from_rows(bench, [])
    late = nw.when(nw.col("state") == "not_judged").then(nw.lit(1)).otherwise(nw.lit(2))
    return found.select(_other=nw.col("key"), _is=late).group_by("_other").agg(nw.col("_is").max().alias(into))


# ---------------------------------------------------------------- the state


def _late(promise: Clock, bench: Bench, frame: Frame) -> Frame:
    """`_late`: minutes past the due moment, in the clock's own time; null while it is not late."""
    begun = nw.col("_stop") < nw.col("_due")
    # a date without a time may mean its first minute: nobody is called late who may have been in time
    in_time = nw.when(begun).then(nw.min_horizontal("_ends", "_due")).otherwise(nw.col("_ends"))
    frame = frame.with_columns(_until=nw.col("_ends").fill_null(bench.now), _reached=in_time)
    frame = ticks(bench, promise.hours, frame, _t1="_due", _t2="_until")
    past = nw.col("_reached").fill_null(bench.now) > nw.col("_due")
    judged = (nw.col("_stop_state") != UNREADABLE) & (nw.col("_start_state") == VALUE) & ~nw.col("_backwards")
    late = (nw.col("_t2") - nw.col("_t1")) // 60
    return frame.with_columns(_late=nw.when(past & judged).then(late.cast(nw.Int64)))


def _state(promise: Clock, bench: Bench) -> nw.Expr:
    now, at = nw.lit(bench.now), nw.col("_due")
    soon = length(promise.due_soon or "2 h")
    unreadable = (nw.col("_start_state") != VALUE) | (nw.col("_stop_state") == UNREADABLE) | at.is_null()
    stopped = nw.col("_stop_state") == VALUE
    unknown = unreadable.fill_null(value=True) | nw.col("_backwards") | nw.col(UNSURE)
    in_time = nw.lit("met")
    if promise.tolerance:
        early = nw.col("_ends") < at - nw.lit(2 * promise.allowance)
        in_time = nw.when(early).then(nw.lit("met_early")).otherwise(in_time)
    return (
        nw.when(unknown).then(nw.lit("not_judged"))
        .otherwise(nw.when(stopped & (nw.col("_reached") <= at)).then(in_time)
        .otherwise(nw.when(stopped).then(nw.lit("met_late"))
        .otherwise(nw.when(now > at).then(nw.lit("overdue"))
        .otherwise(nw.when(nw.col("_on_hold")).then(nw.lit("on_hold"))
        .otherwise(nw.when(now + nw.lit(soon) >= at).then(nw.lit("due_soon")).otherwise(nw.lit("not_due")))))))
    )  # fmt: skip
