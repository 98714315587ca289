"""The terms of a clock: the options that a declaration writes, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal

from sync.schema import Condition, Countdown, LiveColumns, Meaning, Promise, Struct, length, limit

ALWAYS = "always"
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


class Asked(Struct, frozen=True, kw_only=True):
    """What calls for a clock: one of these is enough."""

    any: dict[str, str | bool | list[str]] = {}  # noqa: RUF012 - msgspec makes each its own
    late: dict[str, str] = {}  # noqa: RUF012 - clocks by name, each with the field that leads to the record it judges


class DoneIn(Struct, frozen=True, kw_only=True):
    """The moment at which it was done, in the rows of another register that name this one."""

    register: str
    key: str
    on: str


class Clock(Promise, frozen=True, kw_only=True, tag="clock", tag_field="kind"):
    """A deadline: *limit* after the start, *limit* before a moment in the row, or *due*, written in the row itself."""

    starts: str | list[str]  # the first that is not empty; field, or foreign_field.field
    limit: str = ""  # NUMBER UNIT, FIELD UNIT or ceil(FIELD / NUMBER) UNIT; FIELD may be foreign_field.field
    before: str = ""  # a field with a moment: the limit is counted back from it
    due: str = ""  # a field with the deadline, instead of a limit
    tolerance: str = ""  # so much earlier or later than *due* is in time; still earlier is too early
    stops: str = ""
    done_in: DoneIn | None = None  # instead of *stops*: the earliest moment that stands elsewhere
    asked_by: Asked | None = None  # only the rows where one of these calls for it
    calendar: str = ALWAYS
    meaning: Meaning | None = None
    shift: Shift = "none"  # where the last day is no workday of the calendar
    holds: str = ""  # the register of holds, subtracted in the clock's own time
    hold_cap: str = ""  # at most so much of all holds together moves the deadline
    due_soon: str = "2 h"
    expiry: bool = False  # reaching the due moment is the end of a period, not lateness
    live: LiveColumns | None = None  # two columns beside *stops* that show the deadline and the time left, by formula

    def fields(self) -> list[tuple[str, str]]:
        starts = [self.starts] if isinstance(self.starts, str) else self.starts
        named = [("stops", self.stops), ("before", self.before), ("due", self.due)]
        return [("starts", start) for start in starts] + [(option, path) for option, path in named if path]

    def elsewhere(self) -> list[tuple[str, str, Condition]]:
        facts = ("register", "record_no", "from_at", "to_at")
        held: list[tuple[str, str, Condition]] = (
            [("holds", self.holds, dict.fromkeys(facts, True))] if self.holds else []
        )
        told = self.done_in
        return [*held, ("done_in", told.register, dict.fromkeys((told.key, told.on), True))] if told else held

    def moments_elsewhere(self) -> list[tuple[str, str, str]]:
        return [("done_in", self.done_in.register, self.done_in.on)] if self.done_in else []

    @property
    def stop(self) -> tuple[str, str] | None:
        return (self.done_in.register, self.done_in.on) if self.done_in else super().stop

    @property
    def counted_by(self) -> str:
        """The field that says how long, in the row or one step away; nothing where a number does."""
        return (limit(self.limit).field or "") if self.limit else ""

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
    def most_held(self) -> timedelta | None:
        """The most that all holds of a row move its deadline, in the clock's own time; None where nothing caps them."""
        return length(self.hold_cap) if self.hold_cap else None

    @property
    def allowance(self) -> timedelta:
        """How far from the appointment is still in time."""
        return length(self.tolerance) if self.tolerance else timedelta()

    def countdown(self) -> Countdown | None:
        """What the live columns show; None where figures of the department's own ask for more than a formula can."""
        if self.live is None or any(self._live_faults({})):
            return None
        starts = (self.starts,) if isinstance(self.starts, str) else tuple(self.starts)
        minutes = limit(self.limit).minutes
        assert minutes is not None  # noqa: S101 - a limit that a field says is a fault
        return Countdown(starts, self.stops, minutes, self.holds, self.live)

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
        if self.hold_cap and (self.due or self.limit):
            yield from self._cap_faults()
        yield from self._linked_faults()
        if self.shift != "none":
            yield from self._shift_faults()
        if self.live:
            yield from self._live_faults(kinds)

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
        dates = [path for option, path in self.fields() if option != "before" and kinds[path] == "date"]
        if self.measure == "snap" and dates:
            yield "meaning", f"“{dates[0]}” is a date without a time of day; write meaning: end_of_day"

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

    def _linked_faults(self) -> Iterator[Fault]:
        """Where it is done, and what calls for it, each said once."""
        if self.done_in and self.stops:
            yield "done_in", f"it is done at “{self.stops}” of the row, or elsewhere; leave one out"
        if self.asked_by and not (self.asked_by.any or self.asked_by.late):
            yield "asked_by", "nothing would ever call for it: write any, late or both"

    def _cap_faults(self) -> Iterator[Fault]:
        """A cap is a length in the clock's own time: a day has no fixed number of working hours."""
        if not self.holds:
            yield "hold_cap", "without holds there is nothing to cap: write holds as well, or leave it out"
        try:
            capped = length(self.hold_cap)
        except ValueError as error:
            yield "hold_cap", str(error)
            return
        if not capped:
            yield "hold_cap", "no hold would count: leave out holds and hold_cap"
        if self.hours != ALWAYS and limit(self.hold_cap).unit not in COUNTS["working_time"]:
            yield "hold_cap", f"this clock stands still in hours of “{self.hours}”: write min or h, such as 16 h"

    def _shift_faults(self) -> Iterator[Fault]:
        """Only a deadline that ends with a day can be shifted to another one."""
        if self.due or (self.limit and self.measure not in WHOLE_DAYS):
            yield "shift", f"only {' and '.join(WHOLE_DAYS)} end with a day that can be shifted; leave out shift"
        if self.calendar == ALWAYS:
            yield "shift", "on this calendar every day is worked; write calendar: office as well"
        if self.holds:
            yield "shift", "a hold would move the day that shift chose; leave out shift or holds"

    def _live_faults(self, kinds: Mapping[str, str]) -> Iterator[Fault]:
        """A formula knows no holidays and no other register: it adds a fixed length to a moment of its row."""
        for option in ("before", "due", "tolerance", "expiry", "asked_by", "done_in"):
            if getattr(self, option):
                yield "live", f"a formula counts from the start to the stop and knows no {option}; leave out live"
        if self.due or not self.limit:
            return  # there is nothing to add
        if self.measure != "elapsed":
            yield "live", f"a formula counts every minute, but this limit is counted in {self.measure}; leave out live"
        elif limit(self.limit).minutes is None:
            yield "live", "a formula needs a fixed limit, such as 30 min; leave out live"
        if not self.stops:
            yield "live", "the columns stand beside the field that stops the clock; write stops, or leave out live"
        for option, path in self.fields():
            if "." in path:
                yield "live", f"a formula looks at its own row only, and “{path}” ({option}) is another's"
            elif option == "starts" and kinds.get(path) == "date":
                yield "live", f"“{path}” is a date without a time of day, and minutes are counted from it"
