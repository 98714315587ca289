"""Moments: a date and a time of day, in workplace time; an offset that is written is converted."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sync.cells.day import Found, bounded, day_first, far, midnight, stored, two
from sync.cells.gate import Typed, accept, refuse
from sync.cells.timeofday import likely, seconds
from sync.model import TAG_DATE, TAG_NUMBER, TAG_TIME, Cell, Reason
from sync.schema import Field
from sync.settings import Settings

_GAP = re.compile(r"\s*[Tt]\s*|\s+")
_OFFSET = re.compile(r"(?P<time>.*?)\s*(?P<offset>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)")
_BASIC = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})?")


class Clock(NamedTuple):
    """A time of day, and its offset from UTC where one is written."""

    seconds: int
    offset: dt.timedelta | None


def moment(cell: Typed, field: Field, settings: Settings) -> Cell:
    """The moment in workplace time, without a zone.

    A date alone is refused, since nobody knows the hour, except where *field* is split: there the time stands
    in the neighbouring column.
    """
    if cell.tag in {TAG_DATE, TAG_NUMBER}:
        return _stored(cell, field, settings)
    if not field.split and (cell.tag == TAG_TIME or seconds(cell.text) is not None):
        return refuse("date-missing")
    day = day_first(cell, field)
    if isinstance(day, Cell):
        return day
    if not day.rest:
        return _whole_day(day.day, field)
    clock = clock_after(day)
    if isinstance(clock, str):
        return refuse("date-two") if two(day.rest) else refuse("time-unreadable", clock)
    found = workplace(day.day, clock, settings.zone)
    return bounded(found, field) or walled(found, settings.zone)


def clock_after(found: Found) -> Clock | str:
    """The time that stands after a day; or, as text, the moment that was probably meant, if that can be said."""
    gap = _GAP.match(found.rest)
    if not gap and not found.marked:
        return ""
    body = found.rest[gap.end() if gap else 0 :]
    iso = gap is not None and gap[0].strip() != ""
    offset = _offset(body, iso=iso)
    time, shift = offset or (body, None)
    basic = _BASIC.fullmatch(time) if iso else None
    at = seconds(":".join(part for part in basic.groups() if part) if basic else time)
    if at is None:
        meant = likely(body)
        return f"{found.day} {meant}" if meant and " / " not in meant else ""
    return Clock(at, shift)


def workplace(day: dt.date, clock: Clock, zone: ZoneInfo) -> dt.datetime:
    """The moment as the clocks of *zone* show it."""
    local = midnight(day) + dt.timedelta(seconds=clock.seconds)
    if clock.offset is None:
        return local
    return local.replace(tzinfo=dt.timezone(clock.offset)).astimezone(zone).replace(tzinfo=None)


@cache
def steady(zone: ZoneInfo) -> bool:
    """Whether the clocks of *zone* stay as they are, from 2000 to 2049."""
    weeks = (dt.datetime(2000, 1, 1, tzinfo=zone) + n * dt.timedelta(weeks=1) for n in range(2610))
    return len({week.utcoffset() for week in weeks}) == 1


def walled(moment: dt.datetime, zone: ZoneInfo) -> Cell:
    """*moment* as the clocks of *zone* show it: refused if they skip it, with a warning if they show it twice."""
    if steady(zone):
        return accept(moment, *far(moment))
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != moment:
        return refuse("time-skipped")
    twice = (Reason("time-twice"),) if first.utcoffset() != second.utcoffset() else ()
    return accept(moment, *twice, *far(moment))


def _stored(cell: Typed, field: Field, settings: Settings) -> Cell:
    found = stored(cell, field)
    if isinstance(found, Cell):
        return found
    # a number cell without a fraction, or a date cell without a time, is a day
    alone = ":" not in cell.text if cell.tag == TAG_DATE else found.time() == dt.time()
    return _whole_day(found, field) if alone else walled(found, settings.zone)


def _whole_day(day: dt.date, field: Field) -> Cell:
    return accept(midnight(day), *far(day)) if field.split else refuse("time-missing")


def _offset(body: str, *, iso: bool) -> tuple[str, dt.timedelta] | None:
    """The time and the offset from UTC that stands behind it."""
    found = _OFFSET.fullmatch(body)
    if not found:
        return None
    time, sign = found["time"], found["offset"]
    # 9:30-10:00 after a space is a range that people type; after a T, or behind seconds, it is ISO 8601
    if sign[0] == "-" and not iso and time.count(":") < 2:
        return None
    digits = sign[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        return None
    shift = dt.timedelta(hours=hours, minutes=minutes)
    return time, -shift if sign[0] == "-" else shift
