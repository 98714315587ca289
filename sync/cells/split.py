"""The moment of a field that people type in two columns, a date and a time.

A date without its time is not midnight, and a time without its date is not today: both stay unread.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sync.cells import READERS
from sync.model import EMPTY, UNREADABLE, VALUE, Cell, Raw, Reason
from sync.schema import Field
from sync.settings import Settings

_HAS_TIME = re.compile(r"[:：点时Tt]")


def read_split(date: Raw, time: Raw, field: Field, settings: Settings) -> tuple[Cell, str]:
    """The moment of both cells, and which of them ("date" or "time") a reason is about."""
    day, of_day = READERS["datetime"](date, field, settings), READERS["time"](time, field, settings)
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
        return _refused("time-twice"), "time"
    seconds = of_day.value
    assert isinstance(seconds, int)  # noqa: S101 - what the reader of times gives
    return Cell(VALUE, at + timedelta(seconds=seconds), None, day.warnings + of_day.warnings), "date"


def _refused(code: str) -> Cell:
    return Cell(UNREADABLE, None, Reason(code))
