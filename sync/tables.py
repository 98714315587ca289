"""The tables that *validate* hands to *flag* and the pages: one frame a register, one of problems, and the counts.

A frame has, for each field *f*, the columns `f` (parsed; null unless it is a value), `f__state` and `f__text`
(as typed), and `_row` (the sheet's number), `_book`, `_tab`, `_key`, `_kind` (used, unused, blank, bad), `_void`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw

from sync.engines import Engine
from sync.kept import TabRecord
from sync.model import RowCount
from sync.schema import Register

Frame = nw.LazyFrame[Any]

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


@dataclass(slots=True)
class Table:
    """One register's rows."""

    register: Register
    frame: Frame
    absent: frozenset[str] = frozenset()  # fields that none of its tabs has a column for

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
