"""The room of row checks. A check yields tests; a test is an expression that is true where a row is wrong.

All tests of a register are computed in one pass, and only those that found something become problems.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as default

import narwhals as nw

from sync.engines import Engine
from sync.model import VALUE
from sync.tables import Frame, Table

PLACE = ("_book", "_tab", "_row")
FINDING = (*PLACE, "_key", "register", "field", "column", "code", "severity", "value", "suggestion", "params")


@dataclass(frozen=True, slots=True)
class Test:
    """Where a row is wrong: at *field* (in *column*, when the field has two), by the problem *code*."""

    field: str
    code: str
    wrong: nw.Expr
    severity: str = "error"
    column: str = ""
    params: Mapping[str, str | nw.Expr] = default(default_factory=dict)
    suggestion: nw.Expr | None = None


Check = Callable[[Table], Iterator[Test]]

USED = nw.col("_kind") == "used"
SAID = nw.col("_kind") != "blank"
LIVE = USED & ~nw.col("_void")


def has(field: str) -> nw.Expr:
    """The field has a value."""
    return nw.col(f"{field}__state") == VALUE


def text(value: str) -> nw.Expr:
    """A constant text column; an empty one stays text on every engine."""
    return nw.lit(value, dtype=nw.String)


def run(table: Table, tests: Iterator[Test], engine: Engine) -> Iterator[Frame]:
    """The findings of *tests*: one frame with the columns of FINDING for each test that found something."""
    listed = list(tests)
    if not listed:
        return
    names = [f"_t{n}" for n in range(len(listed))]
    wrong = {name: test.wrong.fill_null(value=False) for name, test in zip(names, listed, strict=True)}
    frame = engine.settle(table.frame.with_columns(**wrong))
    sums = engine.columns(frame.select(*[nw.col(name).cast(nw.Int64).sum() for name in names]))
    for name, test in zip(names, listed, strict=True):
        if sums[name][0]:
            yield finding(frame.filter(nw.col(name)), table, test)


def finding(frame: Frame, table: Table, test: Test) -> Frame:
    """The rows of *frame* as findings of *test*."""
    return frame.select(
        *PLACE,
        "_key",
        text(table.register.name).alias("register"),
        text(test.field).alias("field"),
        text(test.column or test.field).alias("column"),
        text(test.code).alias("code"),
        text(test.severity).alias("severity"),
        nw.col(f"{test.field}__text").alias("value"),
        (text("") if test.suggestion is None else test.suggestion).alias("suggestion"),
        _json(test.params).alias("params"),
    )


def _json(params: Mapping[str, str | nw.Expr]) -> nw.Expr:
    """A JSON object of texts; what comes from a row is a number, never a cell's text."""
    parts: list[nw.Expr] = []
    for name, value in params.items():
        parts.append(text(("{" if not parts else ", ") + f'"{name}": '))
        if isinstance(value, nw.Expr):
            parts += [text('"'), value.cast(nw.Int64).cast(nw.String), text('"')]
        else:
            parts.append(text(json.dumps(value, ensure_ascii=False)))
    return nw.concat_str([*parts, text("}")]) if parts else text("{}")
