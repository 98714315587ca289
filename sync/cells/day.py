"""Find the day in a cell: four-digit year, then month, then day; nothing is completed from the day of the run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sync.cells.gate import Typed, refuse
from sync.model import TAG_BOOLEAN, TAG_NUMBER, TAG_TIME, Cell, Reason
from sync.schema import Field

# Work dates lie between these: an earlier year is a slip (11.22 read as a serial is in 1900),
# unless the field declares an earlier minimum; a year from FAR on is taken with a warning.
EARLIEST, FAR, LATEST = dt.date(2000, 1, 1), dt.date(2050, 1, 1), dt.date(2099, 12, 31)
# Serials count the days since here, in Excel as in Sheets.
DAY_ZERO = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - workplace time
_LAST_SERIAL = 73_051  # 2100-01-01

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–−", "-"))
_MD = r"[0-9]{1,2}"
_DAY = re.compile(
    rf"(?P<y>[0-9]{{4}})(?:\s*(?P<s>[-/.])\s*(?P<m1>{_MD})\s*(?P=s)\s*(?P<d1>{_MD})(?![0-9])"
    rf"|\s*年\s*(?P<m2>{_MD})\s*月\s*(?P<d2>{_MD})(?![0-9])\s*(?P<mark>[日号號])?|(?P<m3>[0-9]{{2}})(?P<d3>[0-9]{{2}})(?![0-9]))"
)
_WEEKDAY = re.compile(r"\s*\(?(?:星期|周|礼拜)([一二三四五六日天])\)?")
_NO_YEAR = re.compile(rf"({_MD})\s*[-/.月]\s*({_MD})\s*[日号號]?")
_SHORT_YEAR = re.compile(
    rf"([0-9]{{2}})\s*[-/.年]\s*({_MD})\s*[-/.月]\s*({_MD})\s*[日号號]?|([0-9]{{2}})([0-9]{{2}})([0-9]{{2}})"
)
_YEAR_LAST = re.compile(rf"({_MD})\s*[-/.]\s*({_MD})\s*[-/.]\s*([0-9]{{4}})")
_NO_DAY = re.compile(rf"([0-9]{{4}})\s*[-/.年]\s*({_MD})\s*月?(?:份)?")
_SIX_DIGITS = re.compile("([0-9]{4})([0-9]{2})")
_ODD_SIGNS = re.compile(rf"([0-9]{{4}})[^0-9]{{1,3}}({_MD})[^0-9]{{1,3}}({_MD})[^0-9]?")
_SERIAL_TEXT = re.compile("([345][0-9]{4})")
_SECOND = re.compile(r"\s*(?:[-/~～〜—,、&+;]|至|到|和|及|或)")
_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?)?")


class Found(NamedTuple):
    """A day at the start of a text, and what follows it."""

    day: dt.date
    rest: str
    marked: bool  # it ends in 日 or 号, so a time may follow at once


def stored(cell: Typed, field: Field) -> dt.datetime | Cell:
    """The moment of a true date cell or of a serial, or the refusal."""
    if cell.tag == TAG_NUMBER:
        return _serial(cell.text, field)
    written = _ISO.fullmatch(cell.text)
    try:
        found = dt.datetime.fromisoformat(f"{written[1]} {written[2] or '00:00'}") if written else None
    except ValueError:
        found = None
    if found is None:
        return refuse("date-impossible")
    if found.year in {1899, 1900}:
        return _too_small((found - DAY_ZERO) / dt.timedelta(days=1))
    return bounded(found, field) or found


def day_first(cell: Typed, field: Field) -> Found | Cell:
    """The day that the text begins with, or the refusal."""
    text = cell.text.translate(_DASHES)
    found = _DAY.match(text)
    if not found or cell.tag in {TAG_TIME, TAG_BOOLEAN}:
        return _no_day(text)
    day = real(found["y"], *next((found[f"m{i}"], found[f"d{i}"]) for i in "123" if found[f"m{i}"]))
    rest = text[found.end() :]
    if day is None:
        return refuse("date-two" if two(rest) else "date-impossible")
    outside = bounded(day, field)
    if outside:
        return outside
    named = _WEEKDAY.match(rest)
    if not named:
        return Found(day, rest, bool(found["mark"]))
    if "一二三四五六日".index(named[1].replace("天", "日")) != day.weekday():
        return refuse("date-weekday", f"{day} 星期{'一二三四五六日'[day.weekday()]}")
    return Found(day, rest[named.end() :], marked=True)


def real(year: str, month: str, day: str) -> dt.date | None:
    """The day, if the calendar has it."""
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def year_and_month(text: str) -> tuple[str, str] | None:
    """Year and month, where *text* says no more and no less."""
    found = _NO_DAY.fullmatch(text.translate(_DASHES)) or _SIX_DIGITS.fullmatch(text)
    return (found[1], found[2]) if found else None


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001 - tables hold naive workplace time


def two(rest: str) -> bool:
    """Whether what follows a date makes it a range, or is another date."""
    return bool(_SECOND.match(rest) or _DAY.search(rest))


def bounded(day: dt.date, field: Field) -> Cell | None:
    """The refusal of a day that no work date can have."""
    early, late = earliest(field), LATEST
    plain = dt.date(day.year, day.month, day.day)
    if plain < early:
        return refuse("date-too-early", earliest=early.isoformat())
    return refuse("date-too-late", latest=late.isoformat()) if plain > late else None


def far(day: dt.date) -> tuple[Reason, ...]:
    """The warning for a day that is decades away."""
    return (Reason("date-far"),) if day.year >= FAR.year else ()


def earliest(field: Field) -> dt.date:
    """The first day that *field* can have."""
    try:
        return min(EARLIEST, dt.date.fromisoformat(str(field.constraints.minimum)[:10]))
    except ValueError:
        return EARLIEST


def _serial(text: str, field: Field) -> dt.datetime | Cell:
    try:
        number = float(text)
    except ValueError:
        return refuse("date-unreadable")
    if 0 <= number < (EARLIEST - DAY_ZERO.date()).days:
        return _too_small(number)
    if not 0 <= number < _LAST_SERIAL:
        # 20261122 in a number cell is still eight digits; nothing else of that size is a date
        day = day_first(Typed(text, "", text), field)
        return day if isinstance(day, Cell) else midnight(day.day)
    days, part = divmod(number, 1)
    seconds = min(round(part * 86_400), 86_399)
    return DAY_ZERO + dt.timedelta(days=days, seconds=seconds)


def _too_small(number: float) -> Cell:
    """11.22 typed in a date column is the number 11.22, which a date format shows as a day of January 1900."""
    month, part = divmod(round(number, 2), 1)
    day = round(part * 100)
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return refuse("date-serial-small")
    # 11.2 is what is left of 11.20, too
    days = [day, day // 10] if day % 10 == 0 else [day]
    meant = [f"{month:.0f}月{d}日" for d in days if d and real("2000", f"{month:.0f}", str(d))]
    return refuse("date-serial-small", " / ".join(meant))


def _no_day(text: str) -> Cell:
    """The refusal of a text that does not begin with year, month and day; the likely meaning where there is one."""
    for pattern, fault in _FAULTS:
        part = pattern.fullmatch(text)
        if part:
            return fault(*(number for number in part.groups() if number))
    return refuse("date-unreadable")


def _no_year(first: str, second: str) -> Cell:
    month, day = (second, first) if int(first) > 12 else (first, second)
    known = real("2000", month, day)
    return refuse("date-year-missing", f"{known.month}月{known.day}日") if known else refuse("date-unreadable")


def _short_year(year: str, month: str, day: str) -> Cell:
    return refuse("date-year-missing", _iso(f"20{year}", month, day))


def _year_last(first: str, second: str, year: str) -> Cell:
    orders = {_iso(year, second, first), _iso(year, first, second)} - {""}
    return refuse("date-unreadable", " / ".join(sorted(orders)))


def _no_day_of_month(_year: str, _month: str) -> Cell:
    return refuse("date-day-missing")


def _odd_signs(year: str, month: str, day: str) -> Cell:
    return refuse("date-unreadable", _iso(year, month, day))


def _serial_as_text(days: str) -> Cell:
    return refuse("date-unreadable", f"{DAY_ZERO + dt.timedelta(days=int(days)):%Y-%m-%d}")


def _iso(year: str, month: str, day: str) -> str:
    found = real(year, month, day)
    return found.isoformat() if found else ""


_FAULTS: Sequence[tuple[re.Pattern[str], Callable[..., Cell]]] = (
    (_NO_YEAR, _no_year),
    (_SHORT_YEAR, _short_year),
    (_YEAR_LAST, _year_last),
    (_NO_DAY, _no_day_of_month),
    (_ODD_SIGNS, _odd_signs),
    (_SERIAL_TEXT, _serial_as_text),
)
