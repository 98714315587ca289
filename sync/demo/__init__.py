"""Four weeks of an example department, as people would have typed them, dirt included; the same for a given day."""

from __future__ import annotations

from datetime import date

from sync.demo import batches, calls, care, cast, orders, store
from sync.demo.soiling import Rows, Spot, soil
from sync.demo.story import Story, samples
from sync.demo.typed import typed
from sync.schema import Schema
from sync.workdays import Workdays

__all__ = ["Spot", "dirt", "headers", "rows"]

# In the order in which they are told: the dice are shared.
CHAPTERS = (
    cast.staff,
    cast.company_days,
    cast.customers,
    cast.contracts,
    cast.equipment,
    cast.parts,
    calls.calls,
    orders.orders,
    care.visits,
    care.followups,
    store.stock,
    store.loaners,
    care.complaints,
    batches.batches,
    batches.agreements,
    store.reconciliations,
    store.calibrations,
    cast.contract_of_a_month_end,
)


def rows(schema: Schema, today: date) -> Rows:
    """What stands in each register's columns on the morning of *today*, in the order of the sheet."""
    return _written(schema, today)[0]


def dirt(schema: Schema, today: date) -> list[Spot]:
    """Where *rows* is dirty, and which problem belongs there."""
    return _written(schema, today)[1]


def headers(schema: Schema) -> dict[str, dict[str, str]]:
    """The headers that staff renamed, by register and column; they stand behind the others."""
    renamed: dict[str, dict[str, str]] = samples("dirt")["headers"]
    return {register: names for register, names in renamed.items() if register in schema.registers}


def _written(schema: Schema, today: date) -> tuple[Rows, list[Spot]]:
    story = Story(today, Workdays(schema.calendars["office"]))
    for chapter in CHAPTERS:
        chapter(story)
    sheets = {
        name: [typed(register, facts) for facts in story.told[name]]
        for name, register in schema.registers.items()
        if name in story.told
    }
    return sheets, soil(sheets, today)
