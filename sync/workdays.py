"""Which minutes of which days are worked: a weekly pattern, official holidays and make-up workdays, company days.

Chinese holidays and make-up workdays (调休) come from *chinesecalendar*, other countries' from *holidays*.
A year without official data is provisional, and every day of it says so: only the weekly pattern and the company's
own lines decide, until one of these says that the year is published.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from sync.model import DeclarationError
from sync.schema import WEEK, Calendar, CompanyDay, Span, guess, span

DAY = timedelta(days=1)
NOON = 12 * 60
NEXT_YEAR_FROM = 11  # the official arrangement of a year is published in the November before it


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


class Workdays:
    """The days of one calendar; *company* are lines of the department's own register, which has the last word."""

    def __init__(self, calendar: Calendar, company: Sequence[CompanyDay] = ()) -> None:
        self.week = {day: tuple(span(text) for text in calendar.week.get(day, [])) for day in WEEK}
        self.usual = max(self.week.values(), key=lambda spans: sum(e - s for s, e in spans), default=())
        self.country = _country(calendar)
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


def _country(calendar: Calendar) -> str:
    """Whose holidays *calendar* keeps; DeclarationError where nobody knows them."""
    if calendar.holidays in {"", "CN"}:
        return calendar.holidays
    import holidays

    known = holidays.list_supported_countries()
    nation, _, part = calendar.holidays.partition("-")
    if nation not in known or (part and part not in known[nation]):
        every = ["CN", *known, *(f"{name}-{one}" for name, parts in known.items() for one in parts)]
        message = f"calendar {calendar.name}: nobody knows the holidays of “{calendar.holidays}”"
        raise DeclarationError(message + guess(calendar.holidays.upper(), every))
    return calendar.holidays


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

LOOK = 31  # days beyond its last that a day table looks at for the next opening
DAY_TYPES: Mapping[str, str] = {
    "_day": "datetime",
    "_workday": "boolean",
    "_ordinal": "integer",
    "_worked": "integer",
    "_next": "datetime",
    "_prev": "datetime",
    "_provisional": "boolean",
    "_unsettled": "boolean",
}  # and integers: `_o0 _c0 …`
STRETCH_TYPES: Mapping[str, str] = {"_stretch": "integer", "_at": "datetime", "_unofficial": "boolean"}


def day_table(workdays: Workdays, first: date, last: date) -> dict[str, list[object]]:
    """One line a day of *workdays*, for joins.

    `_day`, `_workday`, `_ordinal` (workdays up to and including it), `_worked` (minutes before it since *first*),
    `_next` (the first opening after it), `_prev` (the last closing before it), `_provisional`, `_unsettled` (the same
    of the day of `_next`), and for as many spans as a day has at most `_o0 _c0 …` (opening and closing, minutes after
    midnight).
    """
    days = list(workdays.days(first, last + LOOK * DAY))
    table: dict[str, list[object]] = {name: [] for name in DAY_TYPES}
    opening: tuple[datetime | None, bool] = (None, False)
    for day in reversed(days):
        table["_next"].append(opening[0])
        table["_unsettled"].append(opening[1])
        opening = (_opening(day), day.provisional) if day.spans else opening
    for name in ("_next", "_unsettled"):
        table[name] = table[name][: LOOK - 1 : -1]
    ordinal = worked = 0
    closed: datetime | None = None
    days = days[:-LOOK]
    for day in days:
        ordinal += bool(day.spans)
        table["_day"].append(_midnight(day.date))
        table["_workday"].append(bool(day.spans))
        table["_ordinal"].append(ordinal)
        table["_worked"].append(worked)
        table["_prev"].append(closed)
        table["_provisional"].append(day.provisional)
        worked += day.minutes
        closed = _closing(day) if day.spans else closed
    for n in range(max(1, *(len(day.spans) for day in days))):
        for side, way in (("o", 0), ("c", 1)):
            table[f"_{side}{n}"] = [day.spans[n][way] if n < len(day.spans) else None for day in days]
    return table


def spans(names: Iterable[str]) -> range:
    """The numbers of the spans that a day table with columns of these *names* has."""
    return range(sum(name.startswith("_c") for name in names))


def stretch_table(days: Mapping[str, Sequence[object]]) -> tuple[dict[str, list[object]], int]:
    """The hours of *days* (a day table) cut into equal stretches: `_stretch` counts them, `_at` is where one begins.

    With it any count of working minutes leads back to a moment by one equality join.
    """
    opened = [
        (day, start, end, provisional)
        for n in spans(days)
        for day, start, end, provisional in zip(
            days["_day"], days[f"_o{n}"], days[f"_c{n}"], days["_provisional"], strict=True
        )
        if isinstance(day, datetime) and isinstance(start, int) and isinstance(end, int)
    ]
    opened.sort(key=lambda hours: hours[:2])
    length = math.gcd(*(end - start for _, start, end, _ in opened)) or 1
    offsets = {minute: timedelta(minutes=minute) for minute in range(1440)}
    found = [
        (day + offsets[minute], provisional)
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
