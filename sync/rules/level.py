"""Levels: stock against what should be there.

On hand = opening quantity + moves in − moves out, from the day of the opening count on. Flagged: at or below the
minimum, or below the original quantity; below zero (a move was forgotten), with or without a minimum.
Not flagged: any other part without a par. A part with an unreadable move is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import narwhals as nw

from sync.conditions import NEVER
from sync.model import EMPTY, UNREADABLE, VALUE
from sync.rules.bench import UNSURE, Bench, flags
from sync.schema import Condition, Promise, Struct
from sync.tables import Frame


class Moves(Struct, frozen=True, kw_only=True):
    """Where goods go in and out."""

    register: str
    key: str
    quantity: str
    direction: str
    plus: str
    minus: str
    on: str = ""  # when it went


class Level(Promise, frozen=True, kw_only=True, tag="level", tag_field="kind"):
    """Stock against a par."""

    opening: str
    opening_on: str = ""  # the day of the opening count: what went before is in it already
    moves: Moves
    par: str
    breach: Literal["at_or_below", "below"]

    def fields(self) -> list[tuple[str, str]]:
        names = ("opening", "opening_on", "par")
        return [(name, getattr(self, name)) for name in names if getattr(self, name)]

    def elsewhere(self) -> list[tuple[str, str, Condition]]:
        told = self.moves
        named = dict.fromkeys(filter(None, (told.key, told.quantity, told.on)), True)
        return [("moves", told.register, {**named, told.direction: [told.plus, told.minus]})]

    def faults(self, kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for option, name in self.fields():
            wanted = ("date", "datetime") if option == "opening_on" else ("integer", "number")
            if kinds[name] not in wanted:
                yield option, f"“{name}” is a {kinds[name]}, no {wanted[0]}"


def judge(promise: Level, bench: Bench) -> Frame:
    """One flag for each part that has a par, or less than nothing."""
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    frame = bench.standing(bench.rows(promise, table), promise)
    if {promise.opening, promise.par} & table.absent:
        return flags(frame.filter(NEVER), promise, table.register, state=nw.lit("not_judged"))
    hand, par = nw.col("_hand"), nw.col(promise.par).cast(nw.Float64)
    judged = nw.col(f"{promise.par}__state") != EMPTY
    if promise.breach == "at_or_below":  # what is below zero is told once, by the promise about the minimum
        judged = judged | (hand < 0).fill_null(value=False)
    frame = on_hand(promise, bench, frame).filter(judged)
    breached = hand <= par if promise.breach == "at_or_below" else hand < par
    unknown = hand.is_null() | (nw.col(f"{promise.par}__state") == UNREADABLE) | nw.col(UNSURE)
    low = "low" if promise.breach == "at_or_below" else "below"
    state = (
        nw.when(unknown).then(nw.lit("not_judged"))
        .otherwise(nw.when(hand < 0).then(nw.lit("negative"))
        .otherwise(nw.when(breached).then(nw.lit(low)).otherwise(nw.lit("ok"))))
    )  # fmt: skip
    return flags(frame, promise, table.register, state=state)


def on_hand(promise: Level, bench: Bench, frame: Frame) -> Frame:
    """*frame* with `_in`, `_out` and `_hand` (null where the opening quantity or a move cannot be read)."""
    told = promise.moves
    table = bench.tables.by_register.get(told.register)
    opening = nw.when(nw.col(f"{promise.opening}__state") == VALUE).then(nw.col(promise.opening).cast(nw.Float64))
    if table is None:
        return frame.with_columns(_in=nw.lit(0.0), _out=nw.lit(0.0), _hand=opening)
    moves = table.live
    if promise.opening_on and told.on and promise.opening_on not in bench.tables[promise.register].absent:
        since = frame.select(nw.col("_key").alias("_part"), nw.col(promise.opening_on).alias("_since")).unique()
        moves = moves.join(since, left_on=told.key, right_on="_part", how="left")
        moves = moves.filter(~(nw.col(told.on) < nw.col("_since")).fill_null(value=False))
    quantity, direction = nw.col(told.quantity), nw.col(told.direction)
    readable = (nw.col(f"{told.quantity}__state") == VALUE) & (nw.col(f"{told.direction}__state") == VALUE)
    sums = moves.select(
        nw.col(told.key).alias("_key"),
        _in=nw.when(readable & (direction == told.plus)).then(quantity).otherwise(nw.lit(0.0)),
        _out=nw.when(readable & (direction == told.minus)).then(quantity).otherwise(nw.lit(0.0)),
        _odd=nw.when(readable).then(nw.lit(0)).otherwise(nw.lit(1)),
    ).group_by("_key").agg(nw.col("_in").sum(), nw.col("_out").sum(), nw.col("_odd").sum())  # fmt: skip
    frame = frame.join(sums, on="_key", how="left")
    came, went = nw.col("_in").fill_null(0.0), nw.col("_out").fill_null(0.0)
    hand = ((opening + came - went) * 1000).round(0) / 1000  # thousandths: sums of decimals differ in the last bit
    return frame.with_columns(_hand=nw.when(nw.col("_odd").fill_null(0) == 0).then(hand))
