"""Calendar periods: the weeks, months, quarters and years by which counts and ratios are kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

DAY = timedelta(days=1)
MONTHS = {"calendar month": 1, "calendar quarter": 3, "calendar year": 12}
PERIODS = ("calendar week", *MONTHS)


class Period(NamedTuple):
    """One period: what it is called, its first midnight, and the midnight that ends its last day."""

    key: str
    start: datetime
    end: datetime


def period(every: str, at: date) -> Period:
    """The period of *every* (one of PERIODS) that *at* lies in: `2026-W44`, `2026-10`, `2026-Q4`, `2026`."""
    if every == "calendar week":
        monday = _midnight(at - timedelta(days=at.weekday()))
        year, week, _ = at.isocalendar()
        return Period(f"{year}-W{week:02}", monday, monday + 7 * DAY)
    months = MONTHS[every]
    first = (at.month - 1) // months
    start = _midnight(date(at.year, first * months + 1, 1))
    after = at.year * 12 + (first + 1) * months
    key = {1: f"{at.year}-{at.month:02}", 3: f"{at.year}-Q{first + 1}", 12: f"{at.year}"}[months]
    return Period(key, start, _midnight(date(after // 12, after % 12 + 1, 1)))


def complete(every: str, now: datetime, most: int, since: date | None = None) -> list[Period]:
    """The last *most* periods that are over at *now*, oldest first; none that ended before *since* began."""
    found: list[Period] = []
    running = period(every, now.date())
    while len(found) < most and running.start.year > 1:
        running = period(every, running.start.date() - DAY)
        if since and running.end <= _midnight(since):
            break
        found.append(running)
    return found[::-1]


def _midnight(at: date) -> datetime:
    return datetime(at.year, at.month, at.day)  # noqa: DTZ001 - tables hold naive workplace time
