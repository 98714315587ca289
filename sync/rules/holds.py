"""Holds: times that a clock does not count, because the department waits for the customer or for parts.

The first hold of a call stands in its own row, every other one in the register of holds.
Holds are merged before they are counted, so that a split hold equals one hold and overlapping ones count once.
"""

from __future__ import annotations

import narwhals as nw

from sync.model import UNREADABLE, VALUE
from sync.rules.bench import Bench
from sync.rules.hours import moment_at, ticks
from sync.schema import HOLD_FROM, HOLD_TO, Promise
from sync.tables import PLACE, Frame, Table

NO_HOLDS = {"_held": nw.lit(0), "_on_hold": nw.lit(value=False)}


def held(promise: Promise, register: str, calendar: str, bench: Bench, table: Table, frame: Frame) -> Frame:
    """*frame* with `_due` moved by its holds, `_held` their minutes, `_on_hold` whether one runs now.

    Only holds that began before the due moment they met move it: one that began after the breach does not undo it.
    A row with a hold that cannot be read, or that ends before it begins, gets an unreadable start: it is not judged.
    """
    own = {HOLD_FROM, HOLD_TO} <= set(table.register.by_name) - table.absent
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
    if not spans:
        return frame.with_columns(**NO_HOLDS)
    counted = bench.tables.engine.settle(_counted(nw.concat(spans), calendar, bench))
    frame = frame.join(counted, on=list(PLACE), how="left")
    seconds = nw.col("_held").fill_null(0)
    frame = ticks(bench, calendar, frame, _due_tick="_due").with_columns(_due_tick=nw.col("_due_tick") + seconds)
    frame = moment_at(bench, calendar, frame, "_due_tick", "_moved")
    if "_unofficial" in frame.collect_schema().names():
        unofficial = nw.col("_unofficial").fill_null(value=False) & (seconds > 0)
        frame = frame.with_columns(_provisional=nw.col("_provisional") | unofficial).drop("_unofficial")
    due = nw.when(seconds > 0).then(nw.col("_moved")).otherwise(nw.col("_due"))
    return frame.with_columns(
        _due=due, _held=seconds // 60, _on_hold=nw.col("_on_hold").fill_null(value=False)
    ).drop("_due_tick", "_moved")  # fmt: skip


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


def _listed(promise: Promise, table: Table) -> tuple[Frame, Frame]:
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


def _counted(spans: Frame, calendar: str, bench: Bench) -> Frame:
    """`_held` (seconds of *calendar*) and `_on_hold` by row."""
    now = nw.lit(bench.now)
    # a hold that nobody ended lasts until now, and never longer than the job itself
    last = nw.when(nw.col("_ends").is_null()).then(nw.col("_to").fill_null(bench.now)).otherwise(
        nw.min_horizontal(nw.col("_to").fill_null(bench.now), nw.col("_ends"))
    )  # fmt: skip
    runs = (nw.col("_from") <= now) & (nw.col("_to").is_null() | (nw.col("_to") > now))
    spans = spans.with_columns(_runs=runs, _to=last, _from=nw.max_horizontal("_from", "_start"))
    spans = spans.filter((nw.col("_to") > nw.col("_from")) | nw.col("_runs"))
    spans = ticks(bench, calendar, spans, _a="_from", _z="_to", _d="_due")
    order = ["_a", "_z"]
    spans = spans.with_columns(_reached=nw.col("_z").cum_max().over(*PLACE, order_by=order))
    spans = spans.with_columns(_reached=nw.col("_reached").shift(1).over(*PLACE, order_by=order))
    spans = spans.with_columns(_begin=nw.max_horizontal(nw.col("_a"), nw.col("_reached").fill_null(0)))
    length = nw.col("_z") - nw.col("_begin")
    spans = spans.with_columns(_length=nw.when(length > 0).then(length).otherwise(nw.lit(0)))
    spans = spans.with_columns(_total=nw.col("_length").cum_sum().over(*PLACE, order_by=order).cast(nw.Int64))
    earlier = nw.col("_total") - nw.col("_length")
    spans = spans.filter(nw.col("_begin") - earlier < nw.col("_d"))
    return spans.group_by(*PLACE).agg(_held=nw.col("_length").sum().cast(nw.Int64), _on_hold=nw.col("_runs").any())
