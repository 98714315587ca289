"""Stale: nothing has moved for too long.

Watches the newest of several moments of a row, and of the rows of other registers that name it. Flagged: the newest
is older than the limit. Not flagged: something moved since; the row is closed (*unless* says when); nothing was ever
written down. A date without a time lasts until its midnight. Where the newest moment that can be read is too old, but
another one cannot be read, nobody can say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import narwhals as nw

from sync.model import UNREADABLE
from sync.rules.bench import UNSURE, Bench, flags
from sync.rules.due import snap
from sync.rules.hours import ticks
from sync.schema import Condition, Promise, Struct, limit
from sync.tables import PLACE, Frame, Table

DAY = timedelta(days=1)
NEWEST, LOST = "_newest", "_lost"


class Watched(Struct, frozen=True, kw_only=True):
    """Rows of another register that name this one, and their moments."""

    register: str
    key: str
    watches: list[str]


class Stale(Promise, frozen=True, kw_only=True, tag="stale", tag_field="kind"):
    """No movement for a time."""

    watches: list[str]
    watches_in: list[Watched] = []  # noqa: RUF012 - msgspec makes each its own
    limit: str
    calendar: str = "always"

    @property
    def hours(self) -> str:
        """The calendar in whose hours lateness is counted."""
        return self.calendar

    def fields(self) -> list[tuple[str, str]]:
        return [("watches", name) for name in self.watches]

    def elsewhere(self) -> list[tuple[str, str, Condition]]:
        return [("watches_in", one.register, dict.fromkeys((one.key, *one.watches), True)) for one in self.watches_in]

    def moments_elsewhere(self) -> list[tuple[str, str, str]]:
        return [("watches_in", one.register, name) for one in self.watches_in for name in one.watches]

    def faults(self, kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for option, name in self.fields():
            if kinds[name] not in ("date", "datetime"):
                yield option, f"“{name}” is a {kinds[name]}, not a moment"
        told = limit(self.limit)
        if told.field or told.divided_by or told.unit == "month":
            yield "limit", f"“{self.limit}”: write NUMBER UNIT, UNIT one of min, h, day, working day, week"
        if told.unit == "working_day" and self.calendar == "always":
            yield "calendar", "working days need the calendar that has them, such as office"
        if not self.watches:
            yield "watches", "name at least one moment of the row itself"


def judge(promise: Stale, bench: Bench) -> Frame:
    """One flag for each open row in which something has moved at least once."""
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    frame = bench.in_force(bench.rows(promise, table), promise, table)
    newest, lost = _newest(table, promise.watches)
    who = [promise.responsible] if promise.responsible else []
    frame = frame.with_columns(newest.alias(NEWEST), lost.alias(LOST)).select(
        *PLACE, "_key", UNSURE, NEWEST, LOST, *who
    )
    for one in promise.watches_in:
        frame = _with(frame, one, bench)
    frame = frame.filter(~nw.col(NEWEST).is_null() | (nw.col(LOST) == 1)).with_columns(_from=nw.col(NEWEST))
    frame = _due(promise, bench, frame).with_columns(_now=nw.lit(bench.now))
    old = (nw.col("_now") > nw.col("_due")).fill_null(value=False)
    unknown = nw.col("_due").is_null() | (old & (nw.col(LOST) == 1)) | nw.col(UNSURE)
    state = (
        nw.when(unknown).then(nw.lit("not_judged"))
        .otherwise(nw.when(old).then(nw.lit("stale")).otherwise(nw.lit("ok")))
    )  # fmt: skip
    frame = ticks(bench, promise.calendar, frame, _t1="_due", _t2="_now")
    late = nw.when(old & ~unknown).then(((nw.col("_t2") - nw.col("_t1")) // 60).cast(nw.Int64))
    return flags(
        frame, promise, table.register, state=state, start=nw.col(NEWEST), due=nw.col("_due"), late_minutes=late,
        provisional=nw.col("_provisional").fill_null(value=False),
    )  # fmt: skip


def _due(promise: Stale, bench: Bench, frame: Frame) -> Frame:
    """`_due`, the last moment at which it is not stale, and `_provisional`."""
    told = limit(promise.limit)
    if told.unit == "working_day":
        return snap(bench, promise.calendar, frame, nw.lit(told.number).ceil().cast(nw.Int64), 1)
    at = nw.col("_from") + nw.lit(timedelta(minutes=told.minutes or 0))
    return frame.with_columns(_due=at, _provisional=nw.lit(value=False))


def _newest(table: Table, names: list[str]) -> tuple[nw.Expr, nw.Expr]:
    """The newest moment of a row, and whether one of them is lost: the column is gone, or nobody can read the cell."""
    here = [name for name in names if name not in table.absent]
    moments = [nw.col(name) + nw.lit(DAY) if _by_date(table, name) else nw.col(name) for name in here]
    unread = [nw.col(f"{name}__state") == UNREADABLE for name in here]
    gone = nw.lit(value=len(here) < len(names))
    lost = nw.any_horizontal(gone, *unread, ignore_nulls=False)
    newest = nw.max_horizontal(*moments) if moments else nw.lit(None, dtype=nw.Datetime("us"))
    return newest, nw.when(lost).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64)


def _by_date(table: Table, name: str) -> bool:
    return table.register.by_name[name].reads_as == "date"


def _with(frame: Frame, told: Watched, bench: Bench) -> Frame:
    """*frame* with its newest moments moved on by the rows of another register that name it."""
    other = bench.tables.by_register.get(told.register)
    if other is None:
        return frame
    if told.key in other.absent:
        return frame.with_columns(nw.lit(1).cast(nw.Int64).alias(LOST))
    newest, lost = _newest(other, told.watches)
    far = other.live.select(nw.col(told.key).alias("_key"), newest.alias("_far"), lost.alias("_far_lost"))
    far = far.filter(~nw.col("_key").is_null()).group_by("_key").agg(nw.col("_far").max(), nw.col("_far_lost").max())
    frame = frame.join(far, on="_key", how="left")
    moved = nw.max_horizontal(NEWEST, "_far")
    lost_there = nw.max_horizontal(nw.col(LOST), nw.col("_far_lost").fill_null(0))
    return frame.with_columns(moved.alias(NEWEST), lost_there.alias(LOST)).drop("_far", "_far_lost")
