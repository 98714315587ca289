"""Fields that must be filled: always, or when the row says so."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sync.checks import LIVE, USED, Test
from sync.conditions import holds
from sync.model import EMPTY
from sync.schema import VOID, VOID_REASON
from sync.tables import Table


def required(table: Table) -> Iterator[Test]:
    """An empty cell where the register needs a value."""
    register = table.register
    for field in register.fields:
        if not table.may_be(field.name, EMPTY):
            continue
        empty = nw.col(f"{field.name}__state") == EMPTY
        column = f"{field.name}__date" if field.split else ""
        if field.name == register.primaryKey:
            yield Test(field.name, "id-missing", USED & empty)
        elif field.constraints.required:
            yield Test(field.name, "required-empty", LIVE & empty, column=column)
        elif field.required_when:
            wrong = LIVE & empty & holds(table, field.required_when)
            yield Test(field.name, "required-when-empty", wrong, column=column)


def void_reason(table: Table) -> Iterator[Test]:
    """A void row without its reason."""
    if {VOID, VOID_REASON} <= table.register.by_name.keys() and table.may_be(VOID) and table.may_be(VOID_REASON, EMPTY):
        wrong = nw.col("_void") & (nw.col(f"{VOID_REASON}__state") == EMPTY)
        yield Test(VOID_REASON, "void-reason-missing", wrong, "warning")
