"""Which minutes of which days are worked: a weekly pattern, official holidays and make-up workdays, company days.

Chinese holidays and make-up workdays (调休) come from *chinesecalendar*, other countries' from *holidays*.
A year without official data is provisional, and every day of it says so: only the weekly pattern and the company's
own lines decide, until one of these says that the year is published.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from sync.schema import Calendar, CompanyDay

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
NOON = 12 * 60
NEXT_YEAR_FROM = 11  # the official arrangement of a year is published in the November before it
Span = tuple[int, int]  # minutes after midnight, the end not included
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar."""

    date: date
    spans: tuple[Span, ...]  # the hours worked, empty on a day off
    name: str = ""  # the holiday's or company day's name
    provisional: bool = False
    halved: bool = False  # the company works only half of its hours

    @property
    def minutes(self) -> int:
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Official:
    """What the authorities say of a day: None means “as the week says”."""

    worked: bool | None
    name: str = ""
    known: bool = True


def span(text: str) -> Span:
    """The minutes of `09:00-12:00`; ValueError where it is none."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        message = f"“{text}” is not a span of hours; write 09:00-12:00"
        raise ValueError(message)
    h1, m1, h2, m2 = map(int, found.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if not 0 <= start < end <= 1440:
        message = f"“{text}”: the hours end before they begin"
        raise ValueError(message)
    return start, end


class Workdays:
    """The days of one calendar; *company* are lines of the department's own register, which has the last word."""

    def __init__(self, calendar: Calendar, company: Sequence[CompanyDay] = ()) -> None:
        self.week = {day: tuple(span(text) for text in calendar.week.get(day, [])) for day in WEEK}
        self.usual = max(self.week.values(), key=lambda spans: sum(e - s for s, e in spans), default=())
        self.country = calendar.holidays
        lines = [*calendar.company_days, *company]
        self.company = _by_year(line for line in lines if line.kind != "published")
        self.published = {year for line in lines if line.kind == "published" for year in line.years}

    def day(self, at: date) -> Day:
        """What *at* is: company days have the last word, then the official arrangement, then the week."""
        official = _official(self.country, at)
        provisional = not official.known and at.year not in self.published
        week = self.week[WEEK[at.weekday()]]
        arranged = week if official.worked is None else (week or self.usual) if official.worked else ()
        own = [line for line in self.company.get(at.year, ()) if line.first <= at <= line.until]
        if not own:
            return Day(at, arranged, official.name, provisional)
        spans = arranged
        for line in own:
            spans = _said(line, spans or arranged, week or self.usual)
        halved = own[-1].half != "whole" and bool(spans)
        return Day(at, spans, own[-1].name or official.name, provisional, halved)

    def days(self, first: date, last: date) -> Iterator[Day]:
        """The days from *first* to *last*, both included."""
        while first <= last:
            yield self.day(first)
            first += DAY

    def knows(self, year: int) -> bool:
        """Whether the official days of *year* are known."""
        return not self.country or year in self.published or _official(self.country, date(year, 1, 1)).known

    def unannounced(self, today: date) -> list[int]:
        """The years whose official days are wanted, and not known: this one, and from November on the next."""
        years = [today.year, today.year + 1] if today.month >= NEXT_YEAR_FROM else [today.year]
        return [year for year in years if not self.knows(year)]


def _by_year(lines: Iterable[CompanyDay]) -> Mapping[int, Sequence[CompanyDay]]:
    """The lines that touch a year, in their order."""
    found: dict[int, list[CompanyDay]] = defaultdict(list)
    for line in lines:
        for year in line.years:
            found[year].append(line)
    return found


def _said(line: CompanyDay, before: tuple[Span, ...], usual: tuple[Span, ...]) -> tuple[Span, ...]:
    """The hours that *line* leaves of a day: of its *usual* ones where it is worked, of those *before* where off."""
    worked = line.kind == "work"
    if line.half == "whole":
        return usual if worked else ()
    return _half(usual if worked else before, morning=(line.half == "morning") == worked)


def _half(spans: tuple[Span, ...], *, morning: bool) -> tuple[Span, ...]:
    """What of *spans* lies before noon, or after it."""
    first, last = (0, NOON) if morning else (NOON, 1440)
    cut = [(max(start, first), min(end, last)) for start, end in spans]
    return tuple((start, end) for start, end in cut if start < end)


@lru_cache(maxsize=16384)  # more days than a calendar table has
def _official(country: str, at: date) -> Official:
    if not country:
        return Official(None)
    return _chinese(at) if country == "CN" else _elsewhere(country, at)


def _chinese(at: date) -> Official:
    import chinese_calendar

    try:
        holiday, name = chinese_calendar.get_holiday_detail(at)
    except NotImplementedError:
        return Official(None, known=False)
    weekend = at.weekday() >= 5
    if holiday == weekend and name is None:
        return Official(None)  # an ordinary day: a six-day week works on its Saturdays
    return Official(not holiday, str(name or ""))


def holiday_name(name: str, language: str) -> str:
    """What *language* calls an official holiday; other names stay as the company wrote them."""
    from chinese_calendar.constants import Holiday

    chinese = {str(holiday.value): str(holiday.chinese) for holiday in Holiday}
    return chinese.get(name, name) if language == "zh" else name


def _elsewhere(country: str, at: date) -> Official:
    found = _holidays(country, at.year)
    return Official(worked=False, name=found[at]) if at in found else Official(None)


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> Mapping[date, str]:
    import holidays

    nation, _, part = country.partition("-")
    return dict(holidays.country_holidays(nation, subdiv=part or None, years=year))


# ---------------------------------------------------------------- as a table, for expressions

SPANS = 4  # spans a day that the table has columns for


def day_table(workdays: Workdays, first: date, last: date) -> dict[str, list[object]]:
    """One line a day of *workdays*, for joins.

    `_day`, `_workday`, `_ordinal` (workdays up to and including it), `_worked` (minutes before it since *first*),
    `_next` (the first opening after it), `_prev` (the last closing before it), `_provisional`, `_o0 _c0 …` (opening and
    closing, minutes after midnight).
    """
    days = list(workdays.days(first, last + timedelta(days=31)))
    table: dict[str, list[object]] = {name: [] for name in DAY_TYPES}
    ordinal = worked = 0
    closed: datetime | None = None
    for position, day in enumerate(days[: (last - first).days + 1]):
        ordinal += bool(day.spans)
        table["_day"].append(_midnight(day.date))
        table["_workday"].append(bool(day.spans))
        table["_ordinal"].append(ordinal)
        table["_worked"].append(worked)
        table["_next"].append(next((_opening(later) for later in days[position + 1 :] if later.spans), None))
        table["_prev"].append(closed)
        table["_provisional"].append(day.provisional)
        for n in range(SPANS):
            start, end = day.spans[n] if n < len(day.spans) else (None, None)
            table[f"_o{n}"].append(start)
            table[f"_c{n}"].append(end)
        worked += day.minutes
        closed = _closing(day) if day.spans else closed
    return table


DAY_TYPES: Mapping[str, str] = {
    "_day": "datetime",
    "_workday": "boolean",
    "_ordinal": "integer",
    "_worked": "integer",
    "_next": "datetime",
    "_prev": "datetime",
    "_provisional": "boolean",
    **{f"_{side}{n}": "integer" for n in range(SPANS) for side in "oc"},
}
STRETCH_TYPES: Mapping[str, str] = {"_stretch": "integer", "_at": "datetime", "_unofficial": "boolean"}


def stretch_table(days: Mapping[str, Sequence[object]]) -> tuple[dict[str, list[object]], int]:
    """The hours of *days* (a day table) cut into equal stretches: `_stretch` counts them, `_at` is where one begins.

    With it any count of working minutes leads back to a moment by one equality join.
    """
    opened = [
        (day, start, end, provisional)
        for n in range(SPANS)
        for day, start, end, provisional in zip(
            days["_day"], days[f"_o{n}"], days[f"_c{n}"], days["_provisional"], strict=True
        )
        if isinstance(day, datetime) and isinstance(start, int) and isinstance(end, int)
    ]
    opened.sort(key=lambda hours: hours[:2])
    length = math.gcd(*(end - start for _, start, end, _ in opened)) or 1
    found = [
        (day + timedelta(minutes=minute), provisional)
        for day, start, end, provisional in opened
        for minute in range(start, end, length)
    ]
    return {
        "_stretch": list(range(len(found))), "_at": [at for at, _ in found], "_unofficial": [odd for _, odd in found]
    }, length  # fmt: skip


def _midnight(at: date) -> datetime:
    return datetime.combine(at, time())


def _opening(day: Day) -> datetime:
    return _midnight(day.date) + timedelta(minutes=day.spans[0][0])


def _closing(day: Day) -> datetime:
    return _midnight(day.date) + timedelta(minutes=day.spans[-1][1])
