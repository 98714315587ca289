"""The room of row checks. A check yields tests; a test is an expression that is true where a row is wrong.

All tests of a register are computed in one pass; rows come back only where one found something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

import narwhals as nw

from sync.engines import Engine
from sync.model import Severity
from sync.tables import PLACE, Finding, Table

Params = Mapping[str, str | nw.Expr]


@dataclass(frozen=True, slots=True)
class Test:
    """Where a row is wrong: at *field* (in *column*, when the field has two), by the problem *code*.

    *wrong* may be null where nothing can be said; an expression among *params* gives a whole number.
    """

    field: str
    code: str
    wrong: nw.Expr
    severity: Severity = "error"
    column: str = ""
    params: Params = default(default_factory=dict)


Check = Callable[[Table], Iterator[Test]]

# Columns that *run* adds: the row is in use; it says something; it is in use and not void.
USED, SAID, LIVE = nw.col("_used"), nw.col("_said"), nw.col("_live")


def run(table: Table, checks: Iterable[Check], engine: Engine) -> list[Finding]:
    """What the tests of all *checks* find in *table*."""
    frame = table.frame
    used = nw.col("_kind") == "used"
    table.frame = frame.with_columns(_used=used, _said=nw.col("_kind") != "blank", _live=used & ~nw.col("_void"))
    tests = {f"_t{n}": test for n, test in enumerate(test for check in checks for test in check(table))}
    computed = table.frame
    table.frame = frame  # a check may have put columns of its own beside the others
    if not tests:
        return []
    wrong = computed.with_columns(**{name: test.wrong.fill_null(value=False) for name, test in tests.items()})
    hits = engine.columns(wrong.select(*[nw.col(name).any() for name in tests]))
    fired = {name: test for name, test in tests.items() if hits[name] == [True]}
    if not fired:
        return []
    numbers = {f"{name}_{word}": value for name, test in fired.items() for word, value in _reckoned(test)}
    texts = dict.fromkeys(f"{test.field}__text" for test in fired.values())
    rows = wrong.filter(nw.any_horizontal(*map(nw.col, fired), ignore_nulls=False))
    found = engine.columns(rows.select(*PLACE, "_key", *fired, *texts, **numbers))
    return [finding for name, test in fired.items() for finding in _findings(name, test, found)]


def _reckoned(test: Test) -> list[tuple[str, nw.Expr]]:
    return [(word, value) for word, value in test.params.items() if isinstance(value, nw.Expr)]


def _findings(name: str, test: Test, found: Mapping[str, Any]) -> Iterator[Finding]:
    fixed = {word: value for word, value in test.params.items() if isinstance(value, str)}
    for n, wrong in enumerate(found[name]):
        if wrong:
            book, tab, row = (found[part][n] for part in PLACE)
            params = fixed | {word: str(found[f"{name}_{word}"][n]) for word, _ in _reckoned(test)}
            key, typed = found["_key"][n] or "", found[f"{test.field}__text"][n]
            column = test.column or test.field
            yield Finding((book, tab, row), key, test.field, column, test.code, test.severity, typed, params=params)
