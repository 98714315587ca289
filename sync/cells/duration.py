"""Lengths of time: 30分钟, 1.5小时, 一个半小时, 1:30."""

from __future__ import annotations

import re

from sync.cells.gate import Typed, accept, refuse
from sync.cells.number import numeral
from sync.model import TAG_BOOLEAN, TAG_DATE, TAG_NUMBER, Cell
from sync.schema import Field
from sync.settings import Settings

_CLOCK = re.compile(r"([0-9]{1,5}):([0-5][0-9])(?::([0-5][0-9]))?")
_COUNT = r"[0-9]{1,5}(?:\.[0-9]{1,4})?|[一二两三四五六七八九十]{1,3}"
_SPOKEN = re.compile(
    rf"(?:(?:(?P<h>{_COUNT})\s*(?:个)?(?P<half>半)?\s*(?:小时|钟头|时|hours?|hrs?|h)(?P<more>半)?|(?P<only>半)\s*(?:个)?\s*(?:小时|钟头)))?"
    rf"\s*(?:(?P<m>{_COUNT})\s*(?:分钟|分|minutes?|mins?|min|m))?",
    re.IGNORECASE,
)


def duration(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """The length in whole minutes; a number without a unit, and days (working or not?), are refused."""
    if cell.tag == TAG_NUMBER:
        return refuse("duration-unit-missing")
    if cell.tag in {TAG_DATE, TAG_BOOLEAN}:
        return refuse("duration-unreadable")
    text = cell.text.replace("∶", ":")
    clock = _CLOCK.fullmatch(text)
    if clock:
        return accept(int(clock[1]) * 60 + int(clock[2]))
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        return refuse("duration-unit-missing")
    spoken = _SPOKEN.fullmatch(text)
    if not spoken:
        return refuse("duration-unreadable")
    hours = _count(spoken["h"]) + (0.5 if spoken["half"] or spoken["more"] or spoken["only"] else 0)
    return accept(round(hours * 60 + _count(spoken["m"])))


def _count(written: str | None) -> float:
    if not written:
        return 0
    spelt = numeral(written)
    return float(written) if spelt is None else spelt
