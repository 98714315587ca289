"""A workbook that staff type into: a guide, a tab for each register, and the system's own tabs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from sync.blueprint.design import Rows, design
from sync.books.xlsx import new
from sync.schema import Promise, Register, Words


def write_book(
    path: Path,
    registers: Sequence[Register],
    rows: Rows,
    *,
    made_at: datetime,
    states: Mapping[str, str],
    title: Words,
    headers: Mapping[str, Mapping[str, str]] | None = None,
    promises: Iterable[Promise] = (),
    judge_from: date | None = None,
) -> None:
    """Write the new workbook that *registers* live in, filled with *rows*.

    *rows* holds, by register, what stands in the named columns; a name that no column has becomes a column at the
    right, as staff add them. *states* gives the words a status opens with, by state. *headers* gives, by register,
    column and header, the columns that staff renamed; they stand behind the others.
    *promises*, judged from the day *judge_from*, can ask for live columns.
    The same input gives the same bytes.
    """
    name = registers[0].tabs[0].book
    made = design(
        name, registers, states, made_at, rows, headers=headers or {}, promises=promises, judge_from=judge_from
    )
    made = replace(made, title=title)
    first = {tab.register: tab.title for tab in reversed(made.tabs)}  # a register may go on in a second tab
    new.write(path, made, {title: rows.get(register, ()) for register, title in first.items()}, made_at)
