"""The terms of a clock: the options that a declaration writes, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal

from sync.schema import Promise, length, limit

ALWAYS = "always"
Meaning = Literal["elapsed", "calendar_days", "snap", "end_of_day", "working_time", "months"]
Shift = Literal["none", "next_workday", "previous_workday"]
# What each meaning counts: three days are no months, and two working days no stretch of elapsed time.
COUNTS: Mapping[Meaning, tuple[str, ...]] = {
    "elapsed": ("minute", "hour", "day", "week"),
    "working_time": ("minute", "hour"),
    "calendar_days": ("day", "week"),
    "snap": ("working_day", "day"),
    "end_of_day": ("working_day", "day"),
    "months": ("month",),
}
USUAL: Mapping[str, Meaning] = {
    "day": "calendar_days",
    "week": "calendar_days",
    "working_day": "snap",
    "month": "months",
}
WHOLE_DAYS = ("calendar_days", "months")  # they end with a day, so that the day can be shifted
Fault = tuple[str, str]  # the option, and what is wrong with it


class Clock(Promise, frozen=True, kw_only=True, tag="clock", tag_field="kind"):
    """A deadline: *limit* after the start, *limit* before a moment in the row, or *due*, written in the row itself."""

    starts: str | list[str]  # the first that is not empty; field, or foreign_field.field
    limit: str = ""  # NUMBER UNIT, FIELD UNIT or ceil(FIELD / NUMBER) UNIT
    before: str = ""  # a field with a moment: the limit is counted back from it
    due: str = ""  # a field with the deadline, instead of a limit
    tolerance: str = ""  # so much earlier or later than *due* is in time; still earlier is too early
    stops: str = ""
    calendar: str = ALWAYS
    meaning: Meaning | None = None
    shift: Shift = "none"  # where the last day is no workday of the calendar
    holds: str = ""  # the register of holds, subtracted in the clock's own time
    due_soon: str = "2 h"
    expiry: bool = False  # reaching the due moment is the end of a period, not lateness

    def fields(self) -> list[tuple[str, str]]:
        starts = [self.starts] if isinstance(self.starts, str) else self.starts
        named = [("stops", self.stops), ("before", self.before), ("due", self.due)]
        return [("starts", start) for start in starts] + [(option, path) for option, path in named if path]

    @property
    def measure(self) -> Meaning:
        """How the limit is counted; where the row has the deadline nothing is."""
        if self.meaning or self.due:
            return self.meaning or "elapsed"
        return USUAL.get(limit(self.limit).unit) or ("elapsed" if self.calendar == ALWAYS else "working_time")

    @property
    def hours(self) -> str:
        """The calendar in whose hours the clock runs: its holds and its lateness are counted in them."""
        return self.calendar if self.due or self.measure in ("snap", "end_of_day", "working_time") else ALWAYS

    @property
    def allowance(self) -> timedelta:
        """How far from the appointment is still in time."""
        return length(self.tolerance) if self.tolerance else timedelta()

    def faults(self, kinds: Mapping[str, str]) -> Iterator[Fault]:
        for option, path in self.fields():
            if kinds[path] not in ("date", "datetime"):
                yield option, f"“{path}” is a {kinds[path]}, not a moment"
        if self.due:
            yield from self._written_faults()
        elif self.limit:
            yield from self._counted_faults(kinds)
        else:
            yield "limit", "a clock needs a deadline: write limit, or due with the field where it stands"
        if self.tolerance:
            yield from self._tolerance_faults(kinds)
        if self.shift != "none":
            yield from self._shift_faults()

    def _written_faults(self) -> Iterator[Fault]:
        """Where the row has the deadline nothing is counted."""
        for option in ("limit", "before", "meaning"):
            if getattr(self, option):
                yield option, f"the deadline stands in the row (due: {self.due}) and nothing is counted; leave one out"

    def _counted_faults(self, kinds: Mapping[str, str]) -> Iterator[Fault]:
        """A limit is counted in units of its meaning."""
        unit = limit(self.limit).unit
        known = COUNTS[self.measure]
        if unit not in known:
            units, own = " or ".join(f"{name}s".replace("_", " ") for name in known), unit.replace("_", " ")
            yield "meaning", f"{self.measure} counts in {units}, not in {own}s; change limit or meaning"
        if unit == "working_day" and self.calendar == ALWAYS:
            yield "calendar", "working days need a calendar that has days off; write calendar: office"
        if self.before and self.holds:
            yield "holds", f"a hold moves a deadline on, but this one lies before “{self.before}”; leave one out"
        # snap, working time and elapsed hours go from one time of day to another
        if self.before and kinds[self.before] == "date" and self.measure not in (*WHOLE_DAYS, "end_of_day"):
            ways = "write days or months, or meaning: end_of_day with working days"
            yield "before", f"“{self.before}” is a date without a time of day; {ways}"

    def _tolerance_faults(self, kinds: Mapping[str, str]) -> Iterator[Fault]:
        """A tolerance lies around an appointment, which nothing moves."""
        if not self.due or not self.stops:
            yield "tolerance", "a tolerance lies around an appointment: write due and stops as well"
        if self.holds:
            yield "holds", "a hold does not move an appointment; leave out holds or tolerance"
        for path in filter(None, (self.due, self.stops)):
            if kinds[path] == "date":
                yield "tolerance", f"“{path}” is a date without a time of day, so nobody is early or late by minutes"
        try:
            length(self.tolerance)
        except ValueError as error:
            yield "tolerance", str(error)

    def _shift_faults(self) -> Iterator[Fault]:
        """Only a deadline that ends with a day can be shifted to another one."""
        if self.due or (self.limit and self.measure not in WHOLE_DAYS):
            yield "shift", f"only {' and '.join(WHOLE_DAYS)} end with a day that can be shifted; leave out shift"
        if self.calendar == ALWAYS:
            yield "shift", "on this calendar every day is worked; write calendar: office as well"
        if self.holds:
            yield "shift", "a hold would move the day that shift chose; leave out shift or holds"
