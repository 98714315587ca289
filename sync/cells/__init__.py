"""Read cells: one small module for each kind of value. What a reader accepts is what the department may type.

A reader answers a value, empty or unreadable; it never raises, never guesses and never asks what day it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import get_args

from sync.cells import choice, date, duration, ident, link, moment, number, phone, text, timeofday
from sync.cells.cleaning import bidi, clean, fold, is_ditto, is_placeholder, visible
from sync.cells.gate import Reader, gate
from sync.model import TAG_BOOLEAN, TAG_DATE, TAG_EMPTY, TAG_NUMBER, TAG_TEXT, TAG_TIME, Cell, Raw
from sync.schema import Field, Kind, Words
from sync.settings import Settings

__all__ = [
    "READERS",
    "Reader",
    "bidi",
    "clean",
    "fold",
    "is_ditto",
    "is_placeholder",
    "raw",
    "read",
    "visible",
]

READERS: Mapping[str, Reader] = {
    "text": gate(text.text),
    "id": gate(ident.ident),
    "integer": gate(number.integer, digits="integer-unreadable"),
    "number": gate(number.number, digits="number-unreadable"),
    "money": gate(number.money, digits="money-unreadable"),
    "date": gate(date.date, digits="date-unreadable"),
    "datetime": gate(moment.moment, digits="datetime-unreadable"),
    "time": gate(timeofday.time, digits="time-unreadable"),
    "month": gate(date.month, digits="month-unreadable"),
    "duration": gate(duration.duration, digits="duration-unreadable"),
    "boolean": gate(choice.boolean),
    "choice": gate(choice.choice),
    "choices": gate(choice.choices),
    "phone": gate(phone.phone, digits="phone-unreadable"),
    "person": gate(text.text),
    "email": gate(link.email),
    "url": gate(link.url),
    "link": gate(link.link),
}


def read(kind: str | Field, value: object, settings: Settings | None = None) -> Cell:
    """What the cell *value* says in a column of *kind* (a kind's name, or a declared field)."""
    field = kind if isinstance(kind, Field) else _bare(kind)
    cell = value if isinstance(value, Raw) else raw(value)
    return READERS[field.reads_as](cell, field, settings or _usual())


def raw(value: object) -> Raw:
    """The cell that a workbook would hold for a plain Python *value*."""
    match value:
        case None | "":
            return Raw("", TAG_EMPTY)
        case bool():
            return Raw(str(value).upper(), TAG_BOOLEAN)
        case int():
            return Raw(str(value), TAG_NUMBER)
        case float() | Decimal():
            return Raw(_digits(value), TAG_NUMBER)
        case dt.date() | dt.time() | dt.timedelta():
            return _clock(value)
        case _:
            return Raw(str(value), TAG_TEXT)


def _clock(value: dt.date | dt.time | dt.timedelta) -> Raw:
    match value:
        case dt.datetime() | dt.time() if value.tzinfo:
            return Raw(value.isoformat(), TAG_TEXT)  # a workbook has no zones: an offset can only be text
        case dt.datetime():
            return Raw(value.isoformat(" ", "seconds"), TAG_DATE)
        case dt.date():
            return Raw(value.isoformat(), TAG_DATE)
        case dt.time():
            return Raw(value.isoformat("seconds"), TAG_TIME)
        case dt.timedelta():
            minutes, seconds = divmod(value // dt.timedelta(seconds=1), 60)
            return Raw(f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}", TAG_TIME)


def _digits(value: float | Decimal) -> str:
    """The number with all its digits, never with an exponent."""
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    if not exact.is_finite():
        return str(exact)
    found = format(exact, "f")
    return found.rstrip("0").rstrip(".") if "." in found else found


@lru_cache
def _bare(kind: str) -> Field:
    if kind not in get_args(Kind):
        message = f"no kind of value is called “{kind}”; the kinds are {', '.join(get_args(Kind))}"
        raise ValueError(message)
    return Field(name="value", title=Words(zh="值", en="Value"), kind=kind)  # type: ignore[arg-type]


@lru_cache
def _usual() -> Settings:
    return Settings()
