"""The steps from a clock's start to its due moment, for one row: facts that a person can count again by hand.

The expressions of *due* and *holds* find due moments for all rows at once; here one of them is taken apart for its
receipt: which days were skipped, half worked or made up, where the counting began, and what each hold was worth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from sync.model import Flag
from sync.rules.bench import Bench
from sync.rules.terms import ALWAYS, Clock
from sync.schema import WEEK, Span, limit
from sync.workdays import Day, Workdays

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
FAR = 800  # days that are looked at for the next one that is worked
Why = Literal["weekend", "holiday", "make_up", "company"]


@dataclass(frozen=True, slots=True)
class Step:
    """A day that nobody works, or that is worked otherwise than its week says."""

    date: date
    why: Why
    name: str
    spans: Sequence[Span]  # the hours worked: none on a day off
    halved: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """A time that the clock stood still: *to* is None while it lasts; it counts until *until*, if at all."""

    begun: datetime
    to: datetime | None
    until: datetime
    lasted: int  # minutes that the clock would have run meanwhile; what overlaps counts at the first one
    minutes: int  # those of them that the due moment moved by


def amount(promise: Clock, said: object) -> float | None:
    """How many units the limit is: as declared, or made of what the field *said* that decides."""
    bound = limit(promise.limit)
    if bound.field is None:
        return bound.number
    if said is None:
        return None
    number = float(str(said))
    return math.ceil(number / bound.divided_by) if bound.divided_by else number


def last_day(promise: Clock, counted_from: datetime, number: float) -> date | None:
    """The day that calendar days or months lead to, before it is shifted; None where nothing leads to a day."""
    way = -1 if promise.before else 1
    if promise.measure == "months":
        return (counted_from + way * relativedelta(months=math.ceil(number))).date()
    if promise.measure == "calendar_days":
        return counted_from.date() + way * DAY * math.ceil(number * (7 if limit(promise.limit).unit == "week" else 1))
    return None


def counting_from(promise: Clock, workdays: Workdays, at: datetime) -> datetime:
    """Where the counting begins: *at* while work goes on, else the next opening, or counting back the last closing."""
    if promise.hours == ALWAYS or (promise.before and promise.measure == "end_of_day"):
        return at
    found = _last_worked(workdays, at) if promise.before else _next_worked(workdays, at)
    return next(found, at)


def _next_worked(workdays: Workdays, at: datetime) -> Iterator[datetime]:
    for day in workdays.days(at.date(), at.date() + FAR * DAY):
        for opens, closes in _hours(day):
            if at < closes:
                yield max(at, opens)


def _last_worked(workdays: Workdays, at: datetime) -> Iterator[datetime]:
    for back in range(FAR):
        for opens, closes in reversed(_hours(workdays.day(at.date() - back * DAY))):
            if at >= opens:
                yield min(at, closes)


def _hours(day: Day) -> list[tuple[datetime, datetime]]:
    midnight = datetime.combine(day.date, time())
    return [(midnight + a * MINUTE, midnight + b * MINUTE) for a, b in day.spans]


# ---------------------------------------------------------------- days


def days(promise: Clock, workdays: Workdays, first: date, last: date) -> list[Step]:
    """The days from *first* to *last* that are off, or that are not worked as their week says.

    Where the last day was shifted only those matter that it was shifted over.
    """
    if promise.hours == ALWAYS and promise.shift == "none":
        return []
    return [step for day in workdays.days(first, last) if (step := _step(workdays, day))]


def _step(workdays: Workdays, day: Day) -> Step | None:
    usual = workdays.week[WEEK[day.date.weekday()]]
    if day.spans and day.spans == usual:
        return None
    own = any(line.first <= day.date <= line.until for line in workdays.company.get(day.date.year, ()))
    why: Why = "company" if own else "make_up" if day.spans else "holiday" if day.name else "weekend"
    return Step(day.date, why, day.name, day.spans, day.halved)


def worked(workdays: Workdays, since: datetime, until: datetime) -> int:
    """The minutes worked between two moments."""
    if until <= since:
        return 0
    found = (hours for day in workdays.days(since.date(), until.date()) for hours in _hours(day))
    return sum(max(0, (min(until, b) - max(since, a)) // MINUTE) for a, b in found)


# ---------------------------------------------------------------- holds


def holds(
    promise: Clock, bench: Bench, flag: Flag, spans: Sequence[tuple[datetime, datetime | None]], ends: datetime | None
) -> list[Hold]:
    """What each of *spans* was worth to *flag*, whose job ended at *ends*: together its held minutes.

    They are counted in their order until the minutes that the clock stood are used up: what overlaps counts once, and
    what began after the due moment counts for nothing.
    """
    start = flag.start or bench.now
    found, reached, left = [], start, flag.held_minutes or 0
    for begun, to in sorted(spans, key=lambda span: (span[0], span[1] or bench.now)):
        until = min(to or bench.now, ends or to or bench.now)
        first = max(begun, reached)
        lasted = _between(promise, bench, first, until)
        minutes = min(left, lasted)
        left -= minutes
        reached = max(reached, until)
        found.append(Hold(begun, to, until, lasted, minutes))
    return found


def _between(promise: Clock, bench: Bench, since: datetime, until: datetime) -> int:
    if promise.hours == ALWAYS:
        return max(0, (until - since) // MINUTE)
    return worked(bench.workdays(promise.hours), since, until)
