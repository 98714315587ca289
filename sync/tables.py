"""The tables that *validate* hands to *flag* and the pages: one frame a register, one of problems, and the counts.

A frame has, for each field *f*, the columns `f` (parsed; null unless it is a value), `f__state` and `f__text`
(as typed), and `_row` (the sheet's number), `_book`, `_tab`, `_key`, `_kind` (used, unused, blank, bad), `_void`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import narwhals as nw

from sync.engines import Engine
from sync.kept import TabRecord
from sync.model import VALUE, RowCount, Severity, State
from sync.schema import Register

Frame = nw.LazyFrame[Any]

Place = tuple[str, str, int]  # book, tab, row
PLACE = ("_book", "_tab", "_row")
COLUMN_TYPES: Mapping[str, str] = {
    "integer": "integer",
    "duration": "integer",  # minutes
    "time": "integer",  # seconds after midnight
    "number": "number",
    "money": "number",
    "boolean": "boolean",
    "date": "datetime",  # at midnight
    "datetime": "datetime",
}


def column_type(kind: str) -> str:
    """The engine's type for values of *kind*."""
    return COLUMN_TYPES.get(kind, "text")


class Finding(NamedTuple):
    """Something wrong in one cell of a row; *column* is the sheet's column, one of two where the field is split."""

    place: Place
    key: str
    field: str
    column: str
    code: str
    severity: Severity
    value: str
    suggestion: str = ""
    params: Mapping[str, str] = {}


@dataclass(slots=True)
class Table:
    """One register's rows."""

    register: Register
    frame: Frame
    absent: frozenset[str] = frozenset()  # fields that none of its tabs has a column for
    states: Mapping[str, frozenset[State]] = field(default_factory=dict)  # those that a field's cells have, where known

    def may_be(self, name: str, state: State = VALUE) -> bool:
        """Whether any cell of the field *name* can have *state*: what cannot be wrong need not be computed."""
        return name not in self.absent and (name not in self.states or state in self.states[name])

    @property
    def live(self) -> Frame:
        """The rows that say something and are not void."""
        return self.frame.filter(nw.col("_kind").is_in(["used", "bad"]) & ~nw.col("_void"))


@dataclass(slots=True)
class Tables:
    """All registers of a night."""

    engine: Engine
    by_register: dict[str, Table]
    problems: Frame
    counts: dict[str, RowCount] = field(default_factory=dict)
    tabs: list[TabRecord] = field(default_factory=list)

    def __contains__(self, register: str) -> bool:
        return register in self.by_register

    def __getitem__(self, register: str) -> Table:
        return self.by_register[register]
