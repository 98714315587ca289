"""Values that the declaration does not allow: pattern, range, the order of two moments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time

import narwhals as nw

from sync.checks import LIVE, USED, Test
from sync.schema import Field, check
from sync.tables import Table, column_type

_VIOLATED: Mapping[str, Callable[[nw.Expr, nw.Expr], nw.Expr]] = {
    "<": lambda a, b: a >= b,
    "<=": lambda a, b: a > b,
    "=": lambda a, b: a != b,
    ">=": lambda a, b: a < b,
    ">": lambda a, b: a <= b,
}


def pattern(table: Table) -> Iterator[Test]:
    """A text that does not match its pattern."""
    for field in table.register.fields:
        wanted = field.constraints.pattern
        if wanted and column_type(field.reads_as) == "text" and table.may_be(field.name):
            odd = ~nw.col(field.name).str.contains(f"^(?:{wanted})$")
            yield Test(field.name, "pattern-mismatch", USED & odd, params={"pattern": wanted})


def outside(table: Table) -> Iterator[Test]:
    """A number or a date below the minimum or above the maximum."""
    for field in table.register.fields:
        low, high = field.constraints.minimum, field.constraints.maximum
        if not table.may_be(field.name):
            continue
        if low is not None:
            wrong = USED & (nw.col(field.name) < nw.lit(_typed(field, low)))
            yield Test(field.name, "below-minimum", wrong, params={"minimum": str(low)})
        if high is not None:
            wrong = USED & (nw.col(field.name) > nw.lit(_typed(field, high)))
            yield Test(field.name, "above-maximum", wrong, params={"maximum": str(high)})


def _typed(field: Field, limit: float | str) -> float | str | datetime:
    if column_type(field.reads_as) == "datetime" and isinstance(limit, str):
        return datetime.combine(date.fromisoformat(limit), time())
    return limit


def order(table: Table) -> Iterator[Test]:
    """Two fields of a row in an order that cannot be."""
    for text in table.register.checks:
        rule = check(text)
        if not (table.may_be(rule.left) and table.may_be(rule.right)):
            continue
        left, right = table.register.by_name[rule.left], table.register.by_name[rule.right]
        wrong = LIVE & _VIOLATED[rule.op](nw.col(rule.left), nw.col(rule.right))
        params = {"op": rule.op, "other": right.title.zh, "other_en": right.title.en}
        column = f"{left.name}__date" if left.split else ""
        yield Test(rule.left, "order-wrong", wrong, column=column, params=params)
