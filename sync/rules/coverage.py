"""Coverage: how much of what fell into a week, a month or a quarter was done as it should be.

One flag a period, not a row: *below* where less than *at_least* per cent was done, *ok* where it was enough; the
running period is not due yet. What counts is either rows of the register, put into a period by *dated* and done where
the condition *done* holds and the date *filled* lies in the period, or *within* a time after *since*; or it is what
other *promises* asked for in the period, done where they were met in time; or it is the time for which nothing was
*down*, of all that the department looks after.
Where cells that nobody can read decide, nobody can say; a period with nothing to do has no flag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import narwhals as nw

from sync.conditions import holds
from sync.engines import rows
from sync.model import EMPTY, UNREADABLE
from sync.rules import clock, downtime, recurrence
from sync.rules.bench import UNSURE, Bench, from_rows
from sync.rules.downtime import Down, Share
from sync.rules.periods import PERIODS, Period, complete, period
from sync.schema import Condition, Promise, length
from sync.tables import Frame, Table

JUDGES: Mapping[str, Callable[[Any, Bench], Frame]] = {"clock": clock.judge, "recurrence": recurrence.judge}
SETTLED = ("met", "met_late", "overdue", "missed", "not_judged")  # a waived one, or one not due yet, is no part of it


class Coverage(Promise, frozen=True, kw_only=True, tag="coverage", tag_field="kind"):
    """A ratio with its rows."""

    every: str  # calendar week, month, quarter or year
    at_least: float  # per cent
    promises: list[str] = []  # noqa: RUF012 - msgspec makes each its own
    dated: str = ""  # the date that puts a row into its period
    done: dict[str, str | bool | list[str]] = {}  # noqa: RUF012
    filled: str = ""  # the date on which it was done
    since: str = ""  # *within* is counted from here; without it from *dated*
    within: str = ""
    last: int = 3  # how many periods that are over are judged
    down: Down | None = None  # the ratio is one of time

    def fields(self) -> list[tuple[str, str]]:
        own = [(name, getattr(self, name)) for name in ("dated", "filled", "since") if getattr(self, name)]
        if self.down is None:
            return own
        ends = (one.to for one in self.down.otherwise)
        return [*own, *(("down", name) for name in (self.down.first, self.down.to, *ends, self.down.thing))]

    def elsewhere(self) -> list[tuple[str, str, Condition]]:
        if self.down is None:
            return []
        listed = self.down.of
        conditions = [("down", self.register, one.when) for one in self.down.otherwise]
        return [*conditions, ("down", listed.register, {listed.key: True, listed.since: True})]

    def moments_elsewhere(self) -> list[tuple[str, str, str]]:
        return [("down", self.down.of.register, self.down.of.since)] if self.down else []

    def faults(self, kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for option, name in self.fields():
            if kinds[name] not in ("date", "datetime") and not (self.down and name == self.down.thing):
                yield option, f"“{name}” is a {kinds[name]}, not a moment; a condition goes to done"
        if self.every not in PERIODS:
            yield "every", f"“{self.every}” is none of {', '.join(PERIODS)}"
        if not 0 < self.at_least <= 100:
            yield "at_least", "write per cent: a number above 0, up to 100"
        if self.last < 1:
            yield "last", "at least one period is judged"
        if self.promises and (self.dated or self.done or self.filled or self.when or self.unless):
            yield "promises", "a ratio is taken of promises or of rows; leave out dated, done, filled, when and unless"
        if self.down:
            yield from self._down_faults(self.down)
        elif not self.promises and not (self.dated and (self.done or self.filled)):
            yield "dated", "say which rows count (dated) and when they are done (done, filled), or name promises"
        if (self.within or self.since) and not (self.filled and self.within):
            yield "within", "since, within and filled go together: FILLED lies WITHIN a time after SINCE"

    def _down_faults(self, down: Down) -> Iterator[tuple[str, str]]:
        if self.promises or self.dated or self.done or self.filled:
            yield "down", "a ratio is taken of time or of what was done; leave out promises, dated, done and filled"
        try:
            length(down.grace)
        except ValueError as error:
            yield "down", str(error)


def judge(promise: Coverage, bench: Bench) -> Frame:
    """One flag for each of the last periods that had something to do, and for the running one."""
    found = behind(promise, bench)
    counted = None if found is None else shares(promise, bench, found)
    lines: list[dict[str, object]] = []
    for span in periods(promise, bench):
        share = Share(0, 1, 1) if counted is None else counted.get(span.start)
        if share is None:
            continue
        state = "not_due" if span.end > bench.now else _state(promise.at_least, share)
        lines.append({
            "register": promise.register, "key": span.key, "promise": promise.name, "kind": promise.kind,
            "state": state, "start": span.start, "due": span.end,
        })  # fmt: skip
    return from_rows(bench, lines)


def shares(promise: Coverage, bench: Bench, found: Frame) -> dict[datetime, Share]:
    """How much of *found* (see *behind*) was done in each period that had something to do, by its beginning."""
    if promise.down:
        return downtime.shares(promise.down, bench, periods(promise, bench), found)
    sums = found.group_by("_from").agg(
        nw.col("_done").sum(), nw.col("_unknown").sum(), _all=nw.col("_done").count().cast(nw.Int64)
    )
    lines = rows(bench.tables.engine.columns(sums))
    return {
        line["_from"]: Share(*(int(str(line[name])) for name in ("_done", "_unknown", "_all")))
        for line in lines
        if isinstance(line["_from"], datetime)
    }


def _state(least: float, share: Share) -> str:
    """Whether what was done is enough, however what nobody can say turns out."""
    if share.done * 100 >= least * share.whole:
        return "ok"
    return "below" if (share.done + share.unknown) * 100 < least * share.whole else "not_judged"


def periods(promise: Coverage, bench: Bench) -> list[Period]:
    """The periods that *promise* judges: the last that were judged from their first day on, and the running one."""
    spans = [*complete(promise.every, bench.now, promise.last), period(promise.every, bench.now.date())]
    day = max(filter(None, (str(bench.judge_from or ""), promise.valid_from or "")), default="")
    return [
        span
        for span in spans
        if f"{span.start:%Y-%m-%d}" >= day and f"{span.start:%Y-%m-%d}" <= (promise.valid_to or "9999-12-31")
    ]


def verdict(line: Mapping[str, object]) -> str:
    """What a line of *behind* is to the ratio: `done`, `left`, `unclear`, or `outside` what the ratio is of."""
    if line.get("_outside") == 1:
        return "outside"
    return "unclear" if line["_unknown"] == 1 else "done" if line["_done"] == 1 else "left"


def behind(promise: Coverage, bench: Bench) -> Frame | None:
    """What the ratio is made of: `_key`, `_row`, `_from` (where its period begins), `_done` and `_unknown` (1 or 0).

    Of time it is the faults, with what *downtime.faults_of* adds.
    None where the department has no column for what the promise looks at.
    """
    if promise.promises:
        return _promised(promise, bench)
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    if promise.down:
        if not downtime.is_kept(promise.down, bench, table):
            return None
        return downtime.faults_of(promise.down, bench, periods(promise, bench), table, bench.rows(promise, table))
    if {promise.dated, promise.filled, promise.since, *promise.done} & table.absent:
        return None
    frame = _placed(promise, bench, bench.rows(promise, table), nw.col(promise.dated))
    wrong, unknown = _verdict(promise, table)
    unknown = ~wrong & (unknown | nw.col(UNSURE))
    return frame.select(
        "_key", "_row", "_from",
        _done=_one(~wrong & ~unknown), _unknown=_one(unknown),
    )  # fmt: skip


def _verdict(promise: Coverage, table: Table) -> tuple[nw.Expr, nw.Expr]:
    """Where a row is surely not done, and where nobody can read whether it is."""
    wrong, unknown = nw.lit(value=False), nw.lit(value=False)
    for name, value in promise.done.items():
        unread = nw.col(f"{name}__state") == UNREADABLE
        wrong, unknown = wrong | (~holds(table, {name: value}) & ~unread), unknown | unread
    if promise.filled:
        since = promise.since or promise.dated
        at, states = nw.col(promise.filled), [nw.col(f"{name}__state") for name in (promise.filled, since)]
        late = at > nw.col(since) + nw.lit(length(promise.within)) if promise.within else at >= nw.col("_until")
        empty = nw.any_horizontal(*[state == EMPTY for state in states], ignore_nulls=False)
        wrong = wrong | empty | late.fill_null(value=False)
        unknown = unknown | nw.any_horizontal(*[state == UNREADABLE for state in states], ignore_nulls=False)
    return wrong, unknown


def _promised(promise: Coverage, bench: Bench) -> Frame:
    """What the promises asked for whose due moment lies in the period."""
    asked = [one for name in promise.promises for one in bench.promises.get(name, ())]
    judged = [
        JUDGES[one.kind](one, bench) for one in asked if one.kind in JUDGES and one.on and one.register in bench.tables
    ]
    if not judged:
        return from_rows(bench, []).select(_key="key", _row="row", _from="start", _done="row", _unknown="row")
    frame = nw.concat(judged).filter(nw.col("state").is_in(SETTLED))
    # a due moment at midnight ends the day before
    frame = _placed(promise, bench, frame, nw.col("due") - nw.lit(timedelta(minutes=1)))
    state = nw.col("state")
    return frame.select(
        "_from", _key=nw.col("key"), _row=nw.col("row"), _done=_one(state == "met"),
        _unknown=_one(state == "not_judged"),
    )  # fmt: skip


def _placed(promise: Coverage, bench: Bench, frame: Frame, at: nw.Expr) -> Frame:
    """The lines of *frame* whose moment *at* lies in a period that is judged, with `_from` and `_until`, its ends."""
    data: dict[str, list[object]] = {"_day": [], "_from": [], "_until": []}
    for span in periods(promise, bench):
        days = (span.end - span.start).days
        data["_day"] += [span.start + timedelta(days=n) for n in range(days)]
        data["_from"] += [span.start] * days
        data["_until"] += [span.end] * days
    table = bench.tables.engine.table(data, dict.fromkeys(data, "datetime"))
    return frame.with_columns(_day=at.dt.truncate("1d")).join(table, on="_day", how="inner")


def _one(expression: nw.Expr) -> nw.Expr:
    return nw.when(expression).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64)
