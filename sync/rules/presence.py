"""Presence: a paper or a field that must exist once the row says so.

Watches rows where *when* holds. Flagged: one of *needs* is empty or, for a signature or another yes-or-no, says no;
or the other register has no row for this one. An unreadable cell is there, but nobody can say with what: not judged.
"""

from __future__ import annotations

import narwhals as nw

from sync.model import EMPTY, UNREADABLE
from sync.rules.bench import UNSURE, Bench, flags
from sync.schema import Condition, Promise, Struct
from sync.tables import Frame


class NeedsRow(Struct, frozen=True, kw_only=True):
    """A row of another register that names this one."""

    register: str
    key: str


class Presence(Promise, frozen=True, kw_only=True, tag="presence", tag_field="kind"):
    """Fields that must be filled, or a row that must exist elsewhere."""

    needs: list[str] = []  # noqa: RUF012 - msgspec makes each its own
    needs_row: NeedsRow | None = None

    def fields(self) -> list[tuple[str, str]]:
        return [("needs", name) for name in self.needs]

    def elsewhere(self) -> list[tuple[str, str, Condition]]:
        row = self.needs_row
        return [("needs_row", row.register, {row.key: True})] if row else []


def judge(promise: Presence, bench: Bench) -> Frame:
    """One flag for each row where *when* holds."""
    table = bench.table(promise)
    assert table is not None  # noqa: S101 - flag asks only for registers that were read
    frame = bench.in_force(bench.rows(promise, table), promise, table)
    here = [name for name in promise.needs if name not in table.absent]
    states = [nw.col(f"{name}__state") for name in here]
    gone = [s == EMPTY for s in states] + [
        _denied(name) for name in here if table.register.by_name[name].reads_as == "boolean"
    ]
    empty = nw.any_horizontal(*gone, ignore_nulls=False) if gone else nw.lit(value=False)
    odd = nw.any_horizontal(*[s == UNREADABLE for s in states], ignore_nulls=False) if states else nw.lit(value=False)
    odd = odd | nw.lit(value=len(here) < len(promise.needs)) | nw.col(UNSURE)
    if promise.needs_row:
        frame, without = _other_rows(promise.needs_row, bench, frame)
        empty = empty | without if without is not None else empty
        odd = odd | nw.lit(value=without is None)
    state = (
        nw.when(empty & ~nw.col(UNSURE)).then(nw.lit("missing"))
        .otherwise(nw.when(odd).then(nw.lit("not_judged")).otherwise(nw.lit("ok")))
    )  # fmt: skip
    return flags(frame, promise, table.register, state=state)


def _denied(name: str) -> nw.Expr:
    """Somebody wrote that it is not there."""
    return ~nw.col(name).fill_null(value=True)


def _other_rows(needs: NeedsRow, bench: Bench, frame: Frame) -> tuple[Frame, nw.Expr | None]:
    """*frame*, and where no row of the other register names it; None where that register is not kept."""
    other = bench.tables.by_register.get(needs.register)
    if other is None or needs.key in other.absent:
        return frame, None
    named = other.live.select(nw.col(needs.key).alias("_key")).unique().with_columns(_named=nw.lit(1))
    return frame.join(named, on="_key", how="left"), nw.col("_named").is_null()
