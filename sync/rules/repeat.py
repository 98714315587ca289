"""Repeats: the same machine with the same fault again, too soon after it was mended.

Flagged: a row that begins within the time after another row of the same group ended. Not flagged: any other, and a row
that began while the other one was still open. A row from before the first day judged is not flagged, but it counts as
the earlier one.
"""

from __future__ import annotations

import narwhals as nw

from sync.cells.fast import EPOCH
from sync.conditions import NEVER
from sync.model import VALUE
from sync.rules.bench import UNSURE, Bench, flags
from sync.schema import Promise, length
from sync.tables import PLACE, Frame


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
        return flags(frame.filter(NEVER), promise, table.register, state=nw.lit("not_judged"))
    ended = _before(promise, bench.rows(promise, table, old=True).filter(~nw.col(UNSURE)))
    again = frame.join(ended, on=list(PLACE), how="inner")
    again = again.filter(nw.col(promise.starts) <= nw.col("_before") + nw.lit(length(promise.within)))
    return flags(again, promise, table.register, state=nw.lit("repeat"), start=nw.col("_before"),
                 stop=nw.col(promise.starts))  # fmt: skip


def _before(promise: Repeat, frame: Frame) -> Frame:
    """For each row that begins, `_before`: when the last of its group had ended by then.

    Beginnings and ends stand in one line in the order in which they happened; of the same moment, an end comes first,
    but a row that begins and ends at once does not come before itself.
    """
    for name in (*promise.same, promise.starts):
        frame = frame.filter(nw.col(f"{name}__state") == VALUE)
    starts, ends = nw.col(promise.starts), nw.col(promise.after)
    common = [*PLACE, *promise.same]
    begun = frame.select(*common, _at=starts, _turn=nw.lit(1), _order=nw.col("_row") * 2, _ended=nw.lit(EPOCH))
    closed = frame.filter((ends >= starts).fill_null(value=False)).select(
        *common,
        _at=ends,
        _turn=nw.when(ends > starts).then(nw.lit(0)).otherwise(nw.lit(1)),
        _order=nw.col("_row") * 2 + 1,
        _ended=ends,
    )
    line = nw.concat([begun, closed])
    reached = nw.col("_ended").cum_max().over(*promise.same, order_by=["_at", "_turn", "_order"])
    line = line.with_columns(_before=reached).filter(nw.col("_ended") == EPOCH, nw.col("_before") > EPOCH)
    return line.select(*PLACE, "_before")
