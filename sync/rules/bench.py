"""What every rule kind needs: the tables, the moment, the calendars, and the shape of a flag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import narwhals as nw

from sync.cells.fast import civil_days, moment, month_length
from sync.conditions import NEVER, says
from sync.model import EMPTY, FLAG_COLUMNS, UNREADABLE
from sync.schema import Promise, Register
from sync.tables import Frame, Table, Tables
from sync.workdays import DAY_TYPES, STRETCH_TYPES, Workdays, day_table, stretch_table

DAY = timedelta(days=1)
PAST, AHEAD = timedelta(days=3660), timedelta(days=800)  # how far the calendar tables reach around the moment
UNSURE = "_unsure"  # rows that a condition would decide about, if its cell could be read


@dataclass(slots=True)
class Bench:
    """The moment and the material of one judgement."""

    tables: Tables
    now: datetime
    judge_from: date | None
    calendars: Mapping[str, Workdays]
    office: str = "office"
    promises: Mapping[str, Sequence[Promise]] = field(default_factory=dict)  # all that the department makes, by name
    _days: dict[str, tuple[Frame, Frame, int]] = field(default_factory=dict)

    def table(self, promise: Promise) -> Table | None:
        """The promise's register, or None where the department does not keep it."""
        return self.tables.by_register.get(promise.register)

    def rows(self, promise: Promise, table: Table, *, old: bool = False) -> Frame:
        """The rows that *promise* is about: said, not void, not older than *judge_from*, where its conditions hold.

        With *old*, those before *judge_from* too: they are evidence, though nobody judges them.
        Where a condition cannot be read the row stays, and `_unsure` says so: it is not judged, but not lost either.
        """
        frame = table.live
        judged = table.register.judged_from
        if self.judge_from and not old and judged and judged not in table.absent:
            early = nw.col(judged) < nw.lit(midnight(self.judge_from))
            frame = frame.filter(~early.fill_null(value=False))
        conditions = [(True, *one) for one in promise.when.items()] + [(False, *one) for one in promise.unless.items()]
        names, blurred = [f"_if{n}" for n in range(len(conditions))], []
        for name, (wanted, path, value) in zip(names, conditions, strict=True):
            frame = self.field(frame, table, path, name)
            column, state = nw.col(name), nw.col(f"{name}_state")
            kind = self.kind(table, path)
            test = says(column, state, kind, value) if kind else NEVER
            asked = test if wanted else ~test
            if kind and table.may_be(path, UNREADABLE):
                blurred.append(state == UNREADABLE)
                asked = asked | blurred[-1]
            frame = frame.filter(asked)
        unsure = nw.any_horizontal(*blurred, ignore_nulls=False) if blurred else nw.lit(value=False)
        return frame.with_columns(unsure.alias(UNSURE)).drop(*names, *(f"{name}_state" for name in names))

    def kind(self, table: Table, path: str) -> str | None:
        """How the field at *path* reads, in the row or one step away; None where nobody has a column for it."""
        head, _, tail = path.partition(".")
        other = self.tables.by_register.get(str(table.register.by_name[head].foreign)) if tail else table
        if other is None or head in table.absent or (tail or head) in other.absent:
            return None
        return other.register.by_name[tail or head].reads_as

    def dated(self, frame: Frame, promise: Promise, column: str) -> Frame:
        """The rows of *frame* whose *column* lies while *promise* is in force: older calls keep the older promise.

        A row whose moment nobody can read counts as of now, so that it has one flag and not one of each promise.
        """
        at, lost = nw.col(column), nw.lit(value=promise.in_force(self.now.date()))
        if promise.valid_from:
            began = at >= nw.lit(midnight(date.fromisoformat(promise.valid_from)))
            frame = frame.filter(nw.when(at.is_null()).then(lost).otherwise(began))
        if promise.valid_to:
            ended = at < nw.lit(midnight(date.fromisoformat(promise.valid_to)) + DAY)
            frame = frame.filter(nw.when(at.is_null()).then(lost).otherwise(ended))
        return frame

    def standing(self, frame: Frame, promise: Promise) -> Frame:
        """*frame* where *promise* is in force now, else nothing of it: for what is, and did not begin at a moment."""
        return frame if promise.in_force(self.now.date()) else frame.filter(NEVER)

    def in_force(self, frame: Frame, promise: Promise, table: Table) -> Frame:
        """The same for kinds that have no moment of their own: by the moment that the register is judged from."""
        judged = table.register.judged_from
        dated = judged and judged not in table.absent
        return self.dated(frame, promise, str(judged)) if dated else self.standing(frame, promise)

    def field(self, frame: Frame, table: Table, path: str, name: str, kind: str = "datetime") -> Frame:
        """*frame* with the field at *path*, whose values are a *kind*, as the columns `name` and `name_state`.

        A path one step away reads the other register's row; where the reference leads to no single row,
        the field is unreadable, not empty.
        """
        head, _, tail = path.partition(".")
        if head in table.absent:
            return self.unreadable(frame, name, kind)
        if not tail:
            return frame.with_columns(**{name: nw.col(head), f"{name}_state": nw.col(f"{head}__state")})
        other = self.tables.by_register.get(str(table.register.by_name[head].foreign))
        if other is None or tail in other.absent:
            return self.unreadable(frame, name, kind)
        counted = other.live.filter(~nw.col("_key").is_null()).with_columns(_n=nw.col("_row").count().over("_key"))
        lookup = counted.filter(nw.col("_n") == 1).select(
            nw.col("_key").alias("_other"), nw.col(tail).alias(name), nw.col(f"{tail}__state").alias("_far")
        )
        joined = frame.join(lookup, left_on=head, right_on="_other", how="left")
        lost = nw.when(nw.col(f"{head}__state") == EMPTY).then(nw.lit(EMPTY)).otherwise(nw.lit(UNREADABLE))
        return joined.with_columns(
            **{f"{name}_state": nw.when(nw.col("_far").is_null()).then(lost).otherwise(nw.col("_far"))}
        ).drop("_far")

    def unreadable(self, frame: Frame, name: str, kind: str = "datetime") -> Frame:
        """*frame* with the columns `name` and `name_state` for a field that is not there to be read."""
        return frame.with_columns(**{name: _none(kind), f"{name}_state": nw.lit(UNREADABLE)})

    def days(self, calendar: str) -> Frame:
        """The days of *calendar* as a table (see *workdays.day_table*)."""
        return self._calendar(calendar)[0]

    def stretches(self, calendar: str) -> tuple[Frame, int]:
        """The working time of *calendar* in equal stretches, and the minutes of one (see *workdays.stretch_table*)."""
        _, stretches, length = self._calendar(calendar)
        return stretches, length

    def workdays(self, calendar: str) -> Workdays:
        """The calendar that a promise calls *calendar*: `office` is the one that the department chose."""
        return self.calendars[self.office if calendar == "office" else calendar]

    def _calendar(self, calendar: str) -> tuple[Frame, Frame, int]:
        if calendar not in self._days:
            first = min(self.judge_from or self.now.date() - PAST, self.now.date()) - timedelta(days=62)
            lines = day_table(self.workdays(calendar), first, self.now.date() + AHEAD)
            stretches, length = stretch_table(lines)
            table = self.tables.engine.table
            types = {name: DAY_TYPES.get(name, "integer") for name in lines}
            self._days[calendar] = table(lines, types), table(stretches, STRETCH_TYPES), length
        return self._days[calendar]


def midnight(at: date) -> datetime:
    """The moment at which *at* begins."""
    return datetime.combine(at, time())


def flags(frame: Frame, promise: Promise, register: Register, **columns: nw.Expr) -> Frame:
    """*frame* as lines of the flags table: `_key`, `_row` and what *columns* say; the rest is empty."""
    responsible = promise.responsible
    given: dict[str, nw.Expr] = {
        "register": _text(register.name),
        "key": nw.col("_key").fill_null(""),
        "row": nw.col("_row"),
        "promise": _text(promise.name),
        "kind": _text(promise.kind),
        "responsible": nw.col(responsible).cast(nw.String).fill_null("") if responsible else _text(""),
        "provisional": nw.lit(value=False),
        **columns,
    }
    kept = [(given[name] if name in given else _none(kind)).alias(name) for name, kind in FLAG_COLUMNS.items()]
    return frame.select(*kept)


def from_rows(bench: Bench, lines: Sequence[Mapping[str, object]]) -> Frame:
    """Flags that were found row by row, as a table."""
    defaults: dict[str, object] = {"responsible": "", "provisional": False}
    data = {name: [line.get(name, defaults.get(name)) for line in lines] for name in FLAG_COLUMNS}
    return bench.tables.engine.table(data, FLAG_COLUMNS)


def add_months(at: nw.Expr, months: nw.Expr) -> nw.Expr:
    """The midnight *months* after the date of *at*, clamped to the month's last day (PRC Civil Code, article 202)."""
    total = at.dt.year().cast(nw.Int64) * 12 + at.dt.month().cast(nw.Int64) - 1 + months.cast(nw.Int64)
    year, month = total // 12, total % 12 + 1
    day = nw.min_horizontal(at.dt.day().cast(nw.Int64), month_length(year, month))
    return moment(civil_days(year, month, day))


@lru_cache(maxsize=1)
def _types() -> dict[str, Any]:
    return {
        "text": nw.String,
        "integer": nw.Int64,
        "number": nw.Float64,
        "boolean": nw.Boolean,
        "datetime": nw.Datetime("us"),
    }


def _none(kind: str) -> nw.Expr:
    return nw.lit(None, dtype=_types()[kind])


def _text(value: str) -> nw.Expr:
    return nw.lit(value, dtype=nw.String)
