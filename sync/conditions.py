"""Conditions of declarations (`{status: done}`, `{result: [delayed, carried_over]}`) as expressions."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals as nw

from sync.model import VALUE
from sync.tables import Table

Wanted = Mapping[str, str | bool | list[str]]
NEVER = nw.col("_row") != nw.col("_row")  # no row; a bare False is no expression that a table could be filtered by


def holds(table: Table, wanted: Wanted) -> nw.Expr:
    """True where every field of *wanted* has (one of) its value(s); an empty or unreadable field has none."""
    tests = [_one(table, field, value) for field, value in wanted.items()]
    return nw.all_horizontal(*tests, ignore_nulls=False) if tests else ~NEVER


def any_holds(table: Table, wanted: Wanted) -> nw.Expr:
    """True where at least one field of *wanted* has its value."""
    tests = [_one(table, field, value) for field, value in wanted.items()]
    return nw.any_horizontal(*tests, ignore_nulls=False) if tests else NEVER


def _one(table: Table, name: str, value: object) -> nw.Expr:
    if name in table.absent:
        return NEVER
    return says(nw.col(name), nw.col(f"{name}__state"), table.register.by_name[name].reads_as, value)


def says(column: nw.Expr, state: nw.Expr, kind: str, value: object) -> nw.Expr:
    """True where a field of *kind*, with its values in *column*, has *value*, or one of them."""
    has = state == VALUE
    if kind == "boolean":
        # an empty box is unknown; where a declaration says false, it means “not yes”
        return (has & column.fill_null(value=False)) if value is True else ~column.fill_null(value=False)
    if value is True:
        return has
    if value is False:
        return ~has
    values = value if isinstance(value, list) else [str(value)]
    return has & column.fill_null("").is_in(values)
