"""Holds: times that a clock does not count, because the department waits for the customer or for parts.

The first hold of a call stands in its own row, every other one in the register of holds.
Holds are merged before they are counted, so that a split hold equals one hold and overlapping ones count once.
"""

from __future__ import annotations

import narwhals as nw

from sync.model import EMPTY, UNREADABLE, VALUE
from sync.rules.bench import Bench
from sync.rules.hours import moment_at, ticks
from sync.rules.terms import ALWAYS, Clock
from sync.schema import HOLD_FROM, HOLD_TO
from sync.tables import PLACE, Frame, Table

BEYOND = 2**40  # seconds: further than any calendar table reaches, so that nothing is due there
NO_HOLDS = {"_held": nw.lit(0, dtype=nw.Int64), "_on_hold": nw.lit(value=False)}


def held(promise: Clock, bench: Bench, table: Table, frame: Frame) -> Frame:
    """*frame* with `_due` moved by its holds, `_held` their minutes, `_on_hold` whether one runs now.

    Only holds that began before the due moment they met move it: one that began after the breach does not undo it.
    Once they come to *hold_cap* the clock runs again, whatever is written down.
    A row with a hold that cannot be read, or that ends before it begins, gets an unreadable start: it is not judged.
    """
    register = promise.holds
    there = [name for name in (HOLD_FROM, HOLD_TO) if name in table.register.by_name and name not in table.absent]
    own = len(there) == 2
    frame = bench.tables.engine.settle(frame)  # it is looked at three times below
    needed = [*PLACE, "_start", "_ends", "_due"]
    spans = [_own(frame).select(*needed, "_from", "_to")] if own else []
    if register in bench.tables:
        listed, odd = _listed(promise, bench.tables[register])
        spans.append(frame.select(*needed, "_key").join(listed, on="_key", how="inner").drop("_key"))
        frame = frame.join(odd, on="_key", how="left")
        frame = frame.with_columns(_start_state=_unless(~nw.col("_odd").is_null())).drop("_odd")
    if own:
        frame = frame.with_columns(_start_state=_unless(_own_odd()))
    elif there:  # the other column is gone, and with it what it said
        frame = frame.with_columns(_start_state=_unless(nw.col(f"{there[0]}__state") != EMPTY))
    if not spans:
        return frame.with_columns(**NO_HOLDS)
    moved = bench.tables.engine.settle(_moved(promise, nw.concat(spans), bench))
    frame = frame.join(moved, on=list(PLACE), how="left")
    stood = (nw.col("_held") > 0).fill_null(value=False)
    return frame.with_columns(
        _due=nw.when(stood).then(nw.col("_moved")).otherwise(nw.col("_due")),
        _held=nw.col("_held").fill_null(0) // 60,
        _on_hold=nw.col("_on_hold").fill_null(value=False),
        _provisional=nw.col("_provisional") | (nw.col("_unofficial").fill_null(value=False) & stood),
    ).drop("_due_tick", "_moved", "_unofficial")


def _moved(promise: Clock, spans: Frame, bench: Bench) -> Frame:
    """What `_counted` says of the rows with a hold, and `_moved`, the due moment so much later, and `_unofficial`."""
    counted = _capped(promise, _counted(spans, promise.hours, bench))
    counted = counted.with_columns(_due_tick=nw.col("_due_tick") + nw.col("_held"))
    moved = moment_at(bench, promise.hours, counted, "_due_tick", "_moved")
    return moved.with_columns(_unofficial=nw.lit(value=False)) if promise.hours == ALWAYS else moved


def _unless(odd: nw.Expr) -> nw.Expr:
    """The state of the start, unreadable where a hold of the row is *odd*: nobody knows how long the clock stood."""
    return nw.when(odd.fill_null(value=False)).then(nw.lit(UNREADABLE)).otherwise(nw.col("_start_state"))


def _own(frame: Frame) -> Frame:
    """The hold that stands in the row itself."""
    return frame.filter(~nw.col(HOLD_FROM).is_null()).with_columns(_from=nw.col(HOLD_FROM), _to=nw.col(HOLD_TO))


def _own_odd() -> nw.Expr:
    unreadable = [nw.col(f"{name}__state") == UNREADABLE for name in (HOLD_FROM, HOLD_TO)]
    headless = nw.col(HOLD_FROM).is_null() & ~nw.col(HOLD_TO).is_null()
    backwards = (nw.col(HOLD_TO) < nw.col(HOLD_FROM)).fill_null(value=False)
    return nw.any_horizontal(*unreadable, headless, backwards, ignore_nulls=False)


def _listed(promise: Clock, table: Table) -> tuple[Frame, Frame]:
    """The holds of their own register by record, and the records with one that cannot be read."""
    nowhere = nw.col("register__state") == UNREADABLE
    about = table.live.filter((nw.col("register") == promise.register).fill_null(value=False) | nowhere)
    backwards = (nw.col("to_at") < nw.col("from_at")).fill_null(value=False)
    odd = (nw.col("from_at__state") != VALUE) | (nw.col("to_at__state") == UNREADABLE) | backwards | nowhere
    key = nw.col("record_no").alias("_key")
    return (
        about.filter(~odd).select(key, nw.col("from_at").alias("_from"), nw.col("to_at").alias("_to")),
        about.filter(odd).select(key).unique().with_columns(_odd=nw.lit(1)),
    )


_TICKS = {"_a": "_from", "_z": "_to", "_d": "_due"}


def _counted(spans: Frame, calendar: str, bench: Bench) -> Frame:
    """`_held` (seconds of *calendar*), `_on_hold` and `_due_tick` by row, of those that have a hold."""
    now = nw.lit(bench.now)
    # a hold that nobody ended lasts until now, and never longer than the job itself
    last = nw.when(nw.col("_ends").is_null()).then(nw.col("_to").fill_null(bench.now)).otherwise(
        nw.min_horizontal(nw.col("_to").fill_null(bench.now), nw.col("_ends"))
    )  # fmt: skip
    runs = (nw.col("_from") <= now) & (nw.col("_to").is_null() | (nw.col("_to") > now))
    spans = spans.with_columns(_runs=runs, _to=last, _from=nw.max_horizontal("_from", "_start"))
    spans = spans.filter((nw.col("_to") > nw.col("_from")) | nw.col("_runs"))
    spans = ticks(bench, calendar, spans, **_TICKS)
    spans = spans.with_columns(**{tick: _or_far(tick, at, now) for tick, at in _TICKS.items()})
    spans = spans.with_columns(_n=nw.col("_row").count().over(*PLACE))
    alone = spans.filter(nw.col("_n") == 1).with_columns(_begin=nw.col("_a"), _earlier=nw.lit(0, nw.Int64))
    several = _one_after_another(spans.filter(nw.col("_n") > 1))
    needed = (*PLACE, "_begin", "_earlier", "_z", "_d", "_runs")
    spans = nw.concat([alone.select(*needed), several.select(*needed)])
    spans = spans.filter(nw.col("_begin") - nw.col("_earlier") < nw.col("_d")).with_columns(_length=_length())
    return spans.group_by(*PLACE).agg(
        _held=nw.col("_length").sum().cast(nw.Int64), _on_hold=nw.col("_runs").any(), _due_tick=nw.col("_d").max()
    )


def _or_far(tick: str, at: str, now: nw.Expr) -> nw.Expr:
    """The column *tick*; where the moment *at* lies outside the calendar table, before all its time or beyond it."""
    earlier = nw.when(nw.col(at) < now).then(nw.lit(0))
    return nw.coalesce(nw.col(tick), nw.when(nw.col(at) >= now).then(nw.lit(BEYOND)).otherwise(earlier))


def _one_after_another(spans: Frame) -> Frame:
    """*spans* that share a row: `_begin`, where those before have ended, and `_earlier`, what those came to."""
    order = ["_a", "_z"]
    spans = spans.with_columns(_reached=nw.col("_z").cum_max().over(*PLACE, order_by=order))
    spans = spans.with_columns(_reached=nw.col("_reached").shift(1).over(*PLACE, order_by=order))
    spans = spans.with_columns(_begin=nw.max_horizontal(nw.col("_a"), nw.col("_reached").fill_null(0)))
    spans = spans.with_columns(_length=_length())
    total = nw.col("_length").cum_sum().over(*PLACE, order_by=order).cast(nw.Int64)
    return spans.with_columns(_earlier=total - nw.col("_length"))


def _length() -> nw.Expr:
    length = nw.col("_z") - nw.col("_begin")
    return nw.when(length > 0).then(length).otherwise(nw.lit(0))


def _capped(promise: Clock, counted: Frame) -> Frame:
    """*counted*, of which no row has more than the promise's cap; a clock that has used it up is not on hold."""
    if promise.most_held is None:
        return counted
    most = nw.lit(int(promise.most_held.total_seconds()))
    on_hold = nw.col("_on_hold") & (nw.col("_held") < most)
    return counted.with_columns(_held=nw.min_horizontal(nw.col("_held"), most), _on_hold=on_hold)
