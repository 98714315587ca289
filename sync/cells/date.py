"""Dates and months."""

from __future__ import annotations

import re

from sync.cells.day import bounded, day_first, far, midnight, real, stored, two, year_and_month
from sync.cells.gate import Typed, accept, refuse
from sync.cells.moment import clock_after, workplace
from sync.model import TAG_DATE, TAG_NUMBER, UNREADABLE, Cell
from sync.schema import Field
from sync.settings import Settings


def date(cell: Typed, field: Field, settings: Settings) -> Cell:
    """The date as its midnight; a time that stands beside it is left off, and never rounds the day up."""
    if cell.tag in {TAG_DATE, TAG_NUMBER}:
        found = stored(cell, field)
        return found if isinstance(found, Cell) else accept(midnight(found), *far(found))
    day = day_first(cell, field)
    if isinstance(day, Cell):
        return day
    if not day.rest:
        return accept(midnight(day.day), *far(day.day))
    clock = clock_after(day)
    if isinstance(clock, str):
        return refuse("date-two") if two(day.rest) else refuse("date-unreadable", day.day.isoformat())
    # without an offset the day is the one that is written, with 24:00 too
    exact = day.day if clock.offset is None else workplace(day.day, clock, settings.zone)
    return bounded(exact, field) or accept(midnight(exact), *far(exact))


def month(cell: Typed, field: Field, settings: Settings) -> Cell:
    """The month as YYYY-MM; a true date cell says its month, since that is what a spreadsheet makes of 2026-11."""
    if cell.tag == TAG_DATE or (cell.tag == TAG_NUMBER and re.fullmatch("[0-9]{5}", cell.text)):
        found = date(cell, field, settings)
        return found if found.state == UNREADABLE else accept(f"{found.value:%Y-%m}", *found.warnings)
    written = year_and_month(cell.text)
    # the number 2026.1 was typed as .1 or as .10
    if not written or (cell.tag == TAG_NUMBER and re.fullmatch(r"[0-9]{4}\.[0-9]", cell.text)):
        whole = day_first(cell, field)
        return refuse("month-unreadable", "" if isinstance(whole, Cell) else f"{whole.day:%Y-%m}")
    day = real(*written, "1")
    if day is None:
        return refuse("month-unreadable")
    return bounded(day, field) or accept(f"{day:%Y-%m}", *far(day))
