"""Time down: for how long the things that a department looks after were out of order, and out of how long.

A fault lasts from the call until somebody wrote down that it was over; one still open lasts until now. One no longer
than the grace does not count, a longer one counts in full, from its beginning. Only what lies in the period counts,
only once where faults of the same thing overlap, and only while the thing is listed as in service.
A fault that cannot be read is *unclear*: it may have lasted for all the time that its readable cells leave open.
One of a thing that is not in service is *outside*: it is shown and does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import narwhals as nw

from sync.conditions import NEVER, holds
from sync.engines import rows
from sync.model import EMPTY, UNREADABLE, VALUE
from sync.rules.bench import UNSURE, Bench
from sync.rules.periods import Period
from sync.schema import Struct, length
from sync.tables import PLACE, Frame, Table

LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001 - tables hold naive workplace time


class Otherwise(Struct, frozen=True, kw_only=True):
    """Where the end is empty and *when* holds, the fault was over at *to*; where that is empty too, nobody can say."""

    when: dict[str, str | bool | list[str]]
    to: str


class Listed(Struct, frozen=True, kw_only=True):
    """Where it is written what the department looks after, and since when; without that date it is not in service."""

    register: str
    key: str  # the field that says which thing it is; several rows can be of the same
    since: str


class Down(Struct, frozen=True, kw_only=True):
    """How the rows of a promise say for how long something was out of order."""

    first: str = msgspec.field(name="from")
    to: str
    thing: str  # the field that says what was out of order, its own or one step along `foreign`
    of: Listed
    grace: str = "0 min"
    otherwise: list[Otherwise] = []  # noqa: RUF012 - msgspec makes each its own; the first that holds counts


class Share(NamedTuple):
    """What a ratio is made of, in rows or in seconds: what was done of the *whole*, and what nobody can say."""

    done: int
    unknown: int
    whole: int
    things: int = 0  # in service, where it is a ratio of time

    @property
    def percent(self) -> str:
        """99.9, or 84.2–86.2 where nobody can say more; never rounded up: 100 only where nothing is missing."""
        bounds = [f"{done * 1000 // self.whole / 10:g}" for done in (self.done, self.done + self.unknown)]
        return "–".join(dict.fromkeys(bounds))

    @property
    def missed(self) -> int:
        """What was surely not done."""
        return self.whole - self.done - self.unknown


def shares(down: Down, bench: Bench, spans: Sequence[Period], faults: Frame) -> dict[datetime, Share]:
    """The seconds in order, by the beginning of each period that had any; *faults* are those of `faults_of`."""
    engine = bench.tables.engine
    sums = faults.group_by("_from").agg(nw.col("_down").sum(), nw.col("_maybe").sum())
    lost = {line["_from"]: line for line in rows(engine.columns(sums))}
    begun = nw.max_horizontal("_since", "_from")
    served = _in_service(down, bench).filter(~nw.col("_since").is_null()).join(
        _table(bench, spans), how="cross"
    ).filter(nw.col("_since") < nw.col("_until"))  # fmt: skip
    whole = served.with_columns(_seconds=_seconds(nw.col("_until") - begun)).group_by("_from").agg(
        nw.col("_seconds").sum(), _things=nw.col("_seconds").count().cast(nw.Int64)
    )  # fmt: skip
    found: dict[datetime, Share] = {}
    for line in rows(engine.columns(whole)):
        total, things = int(str(line["_seconds"])), int(str(line["_things"]))
        gone = lost.get(line["_from"], {"_down": 0, "_maybe": 0})
        left = total - int(str(gone["_down"]))
        maybe = min(left, int(str(gone["_maybe"])))
        assert isinstance(line["_from"], datetime)  # noqa: S101 - the column's type
        found[line["_from"]] = Share(left - maybe, maybe, total, things)
    return found


def is_kept(down: Down, bench: Bench, table: Table) -> bool:
    """Whether the department has every column that tells of time down."""
    other = bench.tables.by_register.get(down.of.register)
    return (
        not {down.first, down.to, down.thing.partition(".")[0]} & table.absent
        and other is not None
        and not {down.of.key, down.of.since} & other.absent
    )


def faults_of(down: Down, bench: Bench, spans: Sequence[Period], table: Table, frame: Frame) -> Frame:
    """The rows of *frame* that were, or may have been, out of order in one of *spans*, a line for each of them.

    `_key`, `_row`, `_from` (where the period begins), `_thing`, `_begin`, `_end` (null: still open); in seconds
    `_down`, what counts of it and was not counted of another fault of the same thing, and `_maybe`, for how long it may
    have been down besides; and `_done` (within the grace), `_unknown`, `_outside`, 1 or 0.
    """
    now, grace = nw.lit(bench.now), nw.lit(length(down.grace))
    frame = _ended(down, table, bench.field(frame, table, down.thing, "_thing"))
    service = _in_service(down, bench).with_columns(_listed=nw.lit(1))
    frame = frame.join(service, left_on="_thing", right_on="_other", how="left")
    begin, end = nw.col(down.first), nw.col("_end")
    backwards = (end < begin).fill_null(value=False)
    blind = nw.col("_blind") | backwards
    # at the longest it began before anybody counted, and lasts until now
    frame = frame.with_columns(
        _begin=begin, _a=begin.fill_null(LONG_AGO),
        _z=nw.when(blind).then(now).otherwise(nw.min_horizontal(end.fill_null(bench.now), now)),
    )  # fmt: skip
    short = ~begin.is_null() & ((nw.col("_z") - nw.col("_a")) <= grace)
    nowhere = nw.col("_thing_state") != VALUE
    unread = nw.col("_unread").fill_null(value=False)
    frame = frame.with_columns(
        _short=short,
        _unclear=~short & (blind | begin.is_null() | nowhere | unread | nw.col(UNSURE)),
        _strange=~nowhere & nw.col("_listed").is_null(),
    )  # fmt: skip
    within = (nw.col("_z") > nw.col("_from")) | (nw.col("_a") >= nw.col("_from"))
    frame = frame.join(_table(bench, spans), how="cross").filter((nw.col("_a") < nw.col("_until")) & within)
    return _counted(bench.tables.engine.settle(frame))


def _ended(down: Down, table: Table, frame: Frame) -> Frame:
    """*frame* with `_end`, when the fault was over, and `_blind`, where nobody can say whether or when it was."""
    end, state = nw.col(down.to), nw.col(f"{down.to}__state")
    blind, ended = state == UNREADABLE, state != EMPTY
    for one in down.otherwise:
        unread = [nw.col(f"{name}__state") == UNREADABLE for name in one.when if table.may_be(name, UNREADABLE)]
        odd = nw.any_horizontal(*unread, ignore_nulls=False) if unread else NEVER
        here = ~ended & holds(table, one.when)
        there = nw.lit(value=True) if one.to in table.absent else nw.col(f"{one.to}__state") != VALUE
        blind = blind | (here & there) | (~ended & odd)
        if one.to not in table.absent:
            end = nw.when(here).then(nw.col(one.to)).otherwise(end)
        ended = ended | here
    return frame.with_columns(_end=end, _blind=blind)


def _in_service(down: Down, bench: Bench) -> Frame:
    """What the department looks after: `_other`, what it is called, `_since`, and `_unread`, where that is no date."""
    told, since = down.of, nw.col(down.of.since)
    listed = bench.tables[told.register].live.filter(~nw.col(told.key).is_null())
    unread = nw.col(f"{told.since}__state") == UNREADABLE
    listed = listed.select(
        _other=nw.col(told.key), _at=since, _odd=nw.when(unread).then(nw.lit(1)).otherwise(nw.lit(0))
    )
    listed = listed.group_by("_other").agg(_since=nw.col("_at").min(), _odd=nw.col("_odd").max())
    return listed.with_columns(_unread=nw.col("_since").is_null() & (nw.col("_odd") == 1)).drop("_odd")


def _counted(frame: Frame) -> Frame:
    """What of each fault lies in its period and was not counted before."""
    end = nw.min_horizontal("_z", "_until")
    listed = ~nw.col("_listed").is_null()
    early = nw.when(nw.col("_since").is_null()).then(~nw.col("_unread")).otherwise(nw.col("_since") >= end)
    inside = ~nw.col("_strange") & ~(listed & early.fill_null(value=False))
    frame = frame.with_columns(
        _left=_seconds(nw.max_horizontal("_a", "_from", "_since") - nw.col("_from")),
        _right=_seconds(end - nw.col("_from")),
        _outside=_one(~inside), _done=_one(inside & nw.col("_short")), _unknown=_one(inside & nw.col("_unclear")),
        _counts=inside & ~nw.col("_short") & ~nw.col("_unclear"),
    )  # fmt: skip
    over = {"order_by": ["_left", "_right", *PLACE]}
    reached = nw.when(nw.col("_counts")).then(nw.col("_right")).otherwise(nw.lit(0))
    frame = frame.with_columns(_reached=reached.cum_max().over("_from", "_thing", **over))
    frame = frame.with_columns(_reached=nw.col("_reached").shift(1).over("_from", "_thing", **over))
    new = nw.col("_right") - nw.max_horizontal(nw.col("_left"), nw.col("_reached").fill_null(0))
    whole = nw.col("_right") - nw.col("_left")
    return frame.select(
        "_key", "_row", "_from", "_thing", "_begin", "_end", "_done", "_unknown", "_outside",
        _down=nw.when(nw.col("_counts") & (new > 0)).then(new).otherwise(nw.lit(0)).cast(nw.Int64),
        _maybe=nw.when(nw.col("_unknown") == 1).then(whole).otherwise(nw.lit(0)).cast(nw.Int64),
    )  # fmt: skip


def _table(bench: Bench, spans: Sequence[Period]) -> Frame:
    """*spans* as lines: `_from`, and `_until`, of the running one the time gone by."""
    data: dict[str, list[object]] = {
        "_from": [span.start for span in spans], "_until": [min(span.end, bench.now) for span in spans],
    }  # fmt: skip
    return bench.tables.engine.table(data, dict.fromkeys(data, "datetime"))


def _seconds(time: nw.Expr) -> nw.Expr:
    return time.dt.total_seconds().cast(nw.Int64)


def _one(expression: nw.Expr) -> nw.Expr:
    return nw.when(expression).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64)
