"""Repeats: the same machine with the same fault again, too soon after it was mended.

Flagged: a row that begins within the time after an earlier row of the same group ended. Not flagged: any other.
"""

from __future__ import annotations

import narwhals as nw

from sync.cells.fast import EPOCH
from sync.model import VALUE
from sync.rules.bench import UNSURE, Bench, flags
from sync.schema import Promise, length
from sync.tables import Frame


class Repeat(Promise, frozen=True, kw_only=True, tag="repeat", tag_field="kind"):
    """The same again within a time."""

    same: list[str]
    starts: str
    after: str
    within: str

    def fields(self) -> list[tuple[str, str]]:
        return [("same", name) for name in self.same] + [("starts", self.starts), ("after", self.after)]


def judge(promise: Repeat, bench: Bench) -> Frame:
    """One flag for each row that came back; rows that did not have none."""
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    frame = bench.in_force(bench.rows(promise, table), promise, table).filter(~nw.col(UNSURE))
    if {*promise.same, promise.after, promise.starts} & table.absent:
        return flags(frame.filter(nw.lit(value=False)), promise, table.register, state=nw.lit("not_judged"))
    for name in (*promise.same, promise.starts):
        frame = frame.filter(nw.col(f"{name}__state") == VALUE)
    # the latest end among the earlier rows of the group: a repair closed early can stand below one closed late
    ended = nw.col(promise.after).fill_null(EPOCH).cum_max().over(*promise.same, order_by=[promise.starts, "_row"])
    frame = frame.with_columns(_ended=ended)
    before = nw.col("_ended").shift(1).over(*promise.same, order_by=[promise.starts, "_row"])
    frame = frame.with_columns(_before=before)
    within = length(promise.within)
    again = frame.filter(
        nw.col(promise.starts) >= nw.col("_before"), nw.col(promise.starts) <= nw.col("_before") + nw.lit(within)
    )
    return flags(again, promise, table.register, state=nw.lit("repeat"), start=nw.col("_before"),
                 stop=nw.col(promise.starts))  # fmt: skip
