"""The moment of a field that people type in two columns, a date and a time.

A date without its time is not midnight, and a time without its date is not today: both stay unread.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from sync.cells.moment import walled
from sync.model import EMPTY, UNREADABLE, VALUE, Cell, Raw, Reason
from sync.settings import Settings

_HAS_TIME = re.compile(r"[:：点时Tt]")
Part = Callable[[Raw], Cell]


def read_split(date: Raw, time: Raw, day_of: Part, time_of: Part, settings: Settings) -> tuple[Cell, str]:
    """The moment of both cells, and which of them ("date" or "time") a reason is about.

    *day_of* and *time_of* read one cell each: dates and times come again and again in a column of moments.
    """
    day, of_day = day_of(date), time_of(time)
    if UNREADABLE in (day.state, of_day.state):
        return (day, "date") if day.state == UNREADABLE else (of_day, "time")
    if day.state == EMPTY:
        return (Cell(EMPTY), "date") if of_day.state == EMPTY else (_refused("date-missing"), "date")
    at = day.value
    assert isinstance(at, datetime)  # noqa: S101 - what the reader of datetimes gives
    bare = (at.hour, at.minute, at.second) == (0, 0, 0) and not _HAS_TIME.search(date.text)
    if of_day.state == EMPTY:
        return (_refused("time-missing"), "time") if bare else (day, "date")
    if not bare:
        return _refused("time-doubled"), "time"
    seconds = of_day.value
    assert isinstance(seconds, int)  # noqa: S101 - what the reader of times gives
    found = walled(at + timedelta(seconds=seconds), settings.zone)
    if found.state == UNREADABLE:
        return found, "time"
    said = (*day.warnings, *of_day.warnings, *found.warnings)
    warnings = tuple(reason for n, reason in enumerate(said) if reason not in said[:n])
    return Cell(VALUE, found.value, None, warnings), "date"


def _refused(code: str) -> Cell:
    return Cell(UNREADABLE, None, Reason(code))
