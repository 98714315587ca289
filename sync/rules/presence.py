"""Presence: a paper or a field that must exist once the row says so.

Watches rows where *when* holds. Flagged: one of *needs* is empty, or the other register has no row for this one.
An unreadable cell is there, but nobody can say with what: not judged.
"""

from __future__ import annotations

import narwhals as nw

from sync.model import EMPTY, UNREADABLE
from sync.rules.bench import Bench, flags
from sync.schema import Promise, Struct
from sync.tables import Frame


class NeedsRow(Struct, frozen=True, kw_only=True):
    """A row of another register that names this one."""

    register: str
    key: str


class Presence(Promise, frozen=True, kw_only=True, tag="presence", tag_field="kind"):
    """Fields that must be filled, or a row that must exist elsewhere."""

    needs: list[str] = []
    needs_row: NeedsRow | None = None

    def fields(self) -> list[tuple[str, str]]:
        return [("needs", name) for name in self.needs]


def judge(promise: Presence, bench: Bench) -> Frame:
    """One flag for each row where *when* holds."""
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    frame = bench.rows(promise, table)
    here = [name for name in promise.needs if name not in table.absent]
    states = [nw.col(f"{name}__state") for name in here]
    gone = [s == EMPTY for s in states] + [_unsigned(name) for name in here if table.register.by_name[name].signature]
    empty = nw.any_horizontal(*gone, ignore_nulls=False) if gone else nw.lit(value=False)
    odd = nw.any_horizontal(*[s == UNREADABLE for s in states], ignore_nulls=False) if states else nw.lit(value=False)
    odd = odd | nw.lit(value=len(here) < len(promise.needs))
    if promise.needs_row:
        frame, without = _other_rows(promise.needs_row, bench, frame)
        empty = empty | without
    state = (
        nw.when(empty).then(nw.lit("missing"))
        .otherwise(nw.when(odd).then(nw.lit("not_judged")).otherwise(nw.lit("ok")))
    )  # fmt: skip
    return flags(frame, promise, table.register, state=state)


def _unsigned(name: str) -> nw.Expr:
    """Somebody wrote that the signature is not there."""
    return ~nw.col(name).fill_null(value=True)


def _other_rows(needs: NeedsRow, bench: Bench, frame: Frame) -> tuple[Frame, nw.Expr]:
    """*frame*, and where no row of the other register names it."""
    other = bench.tables.by_register.get(needs.register)
    if other is None or needs.key in other.absent:
        return frame, nw.lit(value=False)
    named = other.live.select(nw.col(needs.key).alias("_key")).unique().with_columns(_named=nw.lit(1))
    return frame.join(named, on="_key", how="left"), nw.col("_named").is_null()
