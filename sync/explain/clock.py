"""The receipt of a clock, in a few short lines: start, calendar, holds, due moment; and the same facts as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from sync.explain.about import About
from sync.explain.saying import Saying
from sync.model import UNREADABLE, VALUE
from sync.rules import steps
from sync.rules.clock import Clock
from sync.rules.steps import Hold, Step
from sync.rules.terms import ALWAYS
from sync.schema import HOLD_FROM, HOLD_TO, WEEK, Field, Span, limit
from sync.workdays import Workdays, holiday_name

INSTANT = timedelta(microseconds=1)  # what ends at a midnight ends with the day before


@dataclass
class Taken:
    """The steps that one clock took."""

    about: About
    promise: Clock

    @property
    def calendar(self) -> str:
        """The name of the calendar that counts, not the promise's word for it."""
        return self.about.bench.office if self.promise.calendar == "office" else self.promise.calendar

    @property
    def workdays(self) -> Workdays:
        return self.about.bench.workdays(self.promise.calendar)

    @cached_property
    def origin(self) -> datetime | None:
        """The moment that the limit is counted from, or back from."""
        return self.about.moment(self.promise.before) if self.promise.before else self.about.flag.start

    @cached_property
    def amount(self) -> float | None:
        by = self.promise.counted_by
        return steps.amount(self.promise, self.about.cell(by)[0] if by else None) if self.promise.limit else None

    @cached_property
    def begins(self) -> datetime | None:
        """Where the counting begins, on the calendar that the clock runs by."""
        counts = self.origin and not self.promise.due
        return steps.counting_from(self.promise, self.workdays, self.origin) if counts and self.origin else self.origin

    @cached_property
    def last(self) -> date | None:
        """The last day that days or months lead to, before it is shifted."""
        if self.origin is None or self.amount is None:
            return None
        return steps.last_day(self.promise, self.origin, self.amount)

    @property
    def end(self) -> date | None:
        """The last day that counts before the clock is due."""
        due = self.about.flag.due
        return (due - INSTANT).date() if due else None

    @cached_property
    def days(self) -> list[Step]:
        """The days on the way that are off, or not worked as their week says."""
        first = self.last if self.promise.shift != "none" else self.origin and self.origin.date()
        if not first or not self.end or (self.promise.due and not self.about.flag.held_minutes):
            return []
        return steps.days(self.promise, self.workdays, min(first, self.end), max(first, self.end))

    @cached_property
    def holds(self) -> list[Hold]:
        own, listed = self.about.spans(self.promise.holds) if self.promise.holds else ([], [])
        while_it_ran = [(a, b) for a, b in own + listed if self.ends is None or a < self.ends]
        return steps.holds(self.promise, self.about.bench, self.about.flag, while_it_ran, self.ends)

    @property
    def beyond_cap(self) -> int | None:
        """How many minutes the job stood still, where that is more than the promise lets count."""
        most, due = self.promise.most_held, self.about.flag.due
        stood = sum(hold.lasted for hold in self.holds if due and hold.begun < due)
        return stood if most and stood > most // steps.MINUTE else None

    @property
    def ends(self) -> datetime | None:
        """When the job was done: a date without a time lasts until its midnight."""
        stop, where = self.about.flag.stop, self.promise.stop
        dated = where and self.about.schema.field_at(*where).reads_as == "date"
        return stop + timedelta(days=1) if stop and dated else stop

    @property
    def started(self) -> str:
        """The field whose moment started the clock."""
        starts = [self.promise.starts] if isinstance(self.promise.starts, str) else self.promise.starts
        states = (self.about.line.get(f"{path.partition('.')[0]}__state") for path in starts)
        filled = (path for path, state in zip(starts, states, strict=True) if state in (VALUE, UNREADABLE))
        return next(filled, starts[-1])

    def field(self, path: str) -> Field | None:
        head, _, tail = path.partition(".")
        found = self.about.register.by_name.get(head)
        other = self.about.schema.registers.get(str(found.foreign)) if found and tail else None
        return other.by_name.get(tail) if other else found


# ---------------------------------------------------------------- as data


def facts(taken: Taken) -> dict[str, object]:
    """What the due moment can be worked out from without the books."""
    promise, flag = taken.promise, taken.about.flag
    found: dict[str, object] = {"start": {"field": taken.started, "at": flag.start}}
    if promise.due:
        written, field = taken.about.moment(promise.due), taken.field(promise.due)
        dated = written and field and field.reads_as == "date"
        found["written"] = {"field": promise.due, "at": written.date() if written and dated else written,
                            "tolerance_minutes": int(promise.allowance.total_seconds() // 60)}  # fmt: skip
    else:
        found |= {"meaning": promise.measure, "limit": promise.limit, "amount": taken.amount,
                  "unit": limit(promise.limit).unit, "shift": promise.shift}  # fmt: skip
    if promise.before:
        found["before"] = {"field": promise.before, "at": taken.origin}
    if promise.calendar != ALWAYS:
        found |= {"counted_from": taken.begins, "calendar": _calendar(taken)}
    found["holds"] = [
        {"from": hold.begun, "to": hold.to, "until": hold.until, "minutes": hold.minutes} for hold in taken.holds
    ]
    if promise.most_held:
        found["hold_cap_minutes"] = promise.most_held // steps.MINUTE
    return found


def _calendar(taken: Taken) -> dict[str, object]:
    """The hours of the week, and the days on the way that keep other ones."""
    return {
        "name": taken.calendar,
        "runs": taken.promise.hours != ALWAYS,  # the clock itself, not only the day that it ends on
        "week": {day: _spans(taken.workdays.week[day]) for day in WEEK},
        "days": [{"date": step.date, "why": step.why, "name": step.name, "hours": _spans(step.spans)}
                 for step in taken.days],
    }  # fmt: skip


def _spans(spans: Sequence[Span]) -> list[str]:
    return [f"{_clock(a)}-{_clock(b)}" for a, b in spans]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


# ---------------------------------------------------------------- in words


@dataclass
class ClockTold(Saying):
    """A clock's receipt in one language."""

    @cached_property
    def taken(self) -> Taken:
        assert isinstance(self.promise, Clock)  # noqa: S101 - asked for clocks only
        return Taken(self.about, self.promise)

    def lines(self) -> Iterator[str]:
        """Which moment started it and how long it may take; what did not count; the due moment."""
        promise = self.taken.promise
        if not self.flag.start:
            yield self.say("no_start", field=self.name(self.taken.started))
            return
        yield "".join(self.conditions(promise))
        yield "".join(self.allowed(promise))
        yield "".join(self.days(promise))
        yield "".join(self.holds())
        yield "".join(self.end(promise))

    def conditions(self, promise: Clock) -> Iterator[str]:
        """What another row says that decided whether the promise counts here, and what nobody can read."""
        for path in dict.fromkeys((*promise.when, *promise.unless)):
            if self.published and not self.about.publishes(path):
                continue
            value, state = self.about.cell(path)
            there = self.there(path) if "." in path else ""
            if state == UNREADABLE:
                yield self.say("unsure_there" if "." in path else "unsure", field=self.name(path))
            elif "." in path and state == VALUE:
                yield self.say("says", field=self.name(path), value=self.value(path, value), there=there)
            elif "." in path:
                yield self.say("says_nothing", field=self.name(path), there=there)
        yield from self.asked(promise)

    def asked(self, promise: Clock) -> Iterator[str]:
        """What calls for the clock in this row: its own cells, or else another clock that is late."""
        if promise.asked_by is None:
            return
        found = [path for path, wanted in promise.asked_by.any.items() if self.about.meets({path: wanted})]
        if not found and promise.asked_by.late:
            names = [self.schema.promise[name].title[self.language] for name in promise.asked_by.late]
            yield self.say("asked_late", promises=self.listed(names))
        for path in [path for path in found if not self.published or self.about.publishes(path)][:1]:
            value, state = self.about.cell(path)
            filled = self.say("says", field=self.name(path), value=self.value(path, value), there="")
            yield filled if state == VALUE else self.say("says_nothing", field=self.name(path), there="")

    def there(self, path: str) -> str:
        """`（客户 KH001）`: the row that *path* leads to, where the reference is filled and may be told."""
        told = self.line.get(path.partition(".")[0]) and (not self.published or self.about.names_row(path))
        return self.say("in_row", row=self.row(path)) if told else ""

    def allowed(self, promise: Clock) -> Iterator[str]:
        """Since when it runs, and what the deadline is made from."""
        field, start = self.name(self.taken.started), self.said(self.taken.started, self.flag.start or self.bench.now)
        if not promise.due and not promise.before:
            yield self.say("start", field=field, start=start, limit=self.limit(promise))
            last, first = self.taken.last, self.flag.start
            if promise.measure == "months" and last and first and last.day < first.day:
                yield self.say("month_end", day=first.day)
            return
        yield self.say("begun", field=field, start=start)
        if promise.before:
            yield self.say("before", field=self.name(promise.before), limit=self.limit(promise))
            if self.taken.origin:
                yield self.say(
                    "appointed", field=self.name(promise.before), at=self.said(promise.before, self.taken.origin)
                )
        elif promise.tolerance:
            length = self.vocabulary.limit(promise.tolerance, self.language)
            yield self.say("appointment", field=self.name(promise.due), length=length)
        else:
            yield self.say("written", field=self.name(promise.due))

    def limit(self, promise: Clock) -> str:
        """The limit, and what it comes to in this row, or in the one that the row refers to."""
        by = promise.counted_by
        titles = self.titles | ({by: self.name(by)} if by else {})
        said = self.vocabulary.limit(promise.limit, self.language, titles)
        if not by or self.taken.amount is None or (self.published and not self.about.publishes(by)):
            return said
        bound, there = limit(promise.limit), self.there(by) if "." in by else ""
        here = self.vocabulary.limit(f"{self.taken.amount:g} {_PLAIN[bound.unit]}", self.language)
        if not bound.divided_by:
            return self.say("limit_here", limit=said, here=here, there=there)
        value = self.value(by, self.about.cell(by)[0])
        return self.say("limit_for", limit=said, field=self.name(by), value=value, here=here, there=there)

    def days(self, promise: Clock) -> Iterator[str]:
        """The calendar: how it counts, where the counting begins, and the days that are not as usual."""
        counts = not promise.due or self.flag.held_minutes or self.flag.late_minutes is not None
        if promise.calendar == ALWAYS or not counts:
            return
        calendar = self.schema.calendars[self.taken.calendar].title[self.language]
        if promise.shift != "none":
            yield self.shifted(promise, calendar)
            return
        if promise.hours == ALWAYS:
            return
        how = "working_time" if promise.due else promise.measure  # a deadline that holds moved on counts in its hours
        yield self.say(f"by_{how}", calendar=calendar, hours=self.usual_hours())
        if self.taken.begins and self.taken.begins != self.taken.origin:
            field = self.taken.field(self.taken.started)
            by_day = field is not None and field.reads_as == "date"  # nobody said at which hour
            key = "back_from" if promise.before else "from_morning" if by_day else "from_opening"
            yield self.say(key, at=self.short(self.taken.begins))
        for key, found in self.unusual():
            yield self.say(key, days=self.listed(found))

    def shifted(self, promise: Clock, calendar: str) -> str:
        """The last day, and where it went."""
        last, end = self.taken.last, self.taken.end
        if last is None or end is None or last == end:
            return self.say(f"shift_{promise.shift}", calendar=calendar)
        there = next((step for step in self.taken.days if step.date == last), None)
        day = self.day(last, year=True)
        return self.say(
            "shifted", calendar=calendar, day=f"{day} {self.why(there)}" if there else day, to=self.day(end)
        )

    def usual_hours(self) -> str:
        """The hours, where the clock runs across a pause: within one stretch of work they change nothing."""
        begins, due = self.taken.begins, self.flag.due
        if not begins or not due:
            return ""
        first, last = min(begins, due), max(begins, due)
        unbroken = steps.worked(self.taken.workdays, first, last) == (last - first) // steps.MINUTE
        return "" if unbroken else self.say("hours", hours=self.hours(self.taken.workdays.usual))

    def unusual(self) -> Iterator[tuple[str, list[str]]]:
        """The days off, those worked though the week says off, and those worked for half."""
        found = self.taken.days
        off = [step for step in found if not step.spans]
        made_up = [step for step in found if step.spans and not step.halved]
        halved = [step for step in found if step.spans and step.halved]
        told = {
            "days_off": [self.stretch(run) for run in _runs(off)],
            "made_up": [f"{self.day(step.date)} {self.why(step)}" for step in made_up],
            "halved": [
                self.say("half_day", day=f"{self.day(step.date)} {self.why(step)}", hours=self.hours(step.spans))
                for step in halved
            ],
        }
        yield from ((key, days) for key, days in told.items() if days)

    def stretch(self, run: Sequence[Step]) -> str:
        """`10月1日～10月8日 国庆节`."""
        first, last = self.day(run[0].date), self.day(run[-1].date)
        return f"{first if first == last else f'{first}～{last}'} {self.why(run[0])}"

    def why(self, step: Step) -> str:
        """What a day is called, or why it is not as usual."""
        if step.why == "weekend" and step.date.weekday() < 5:
            return self.say("day_off")
        name = holiday_name(step.name, self.language)
        if step.why == "make_up":
            return self.say("make_up", name=name)
        return name or self.say(step.why)

    def hours(self, spans: Sequence[Span]) -> str:
        return ("、" if self.language == "zh" else ", ").join(f"{_clock(a)}～{_clock(b)}" for a, b in spans)

    def holds(self) -> Iterator[str]:
        """The holds, and what each was worth."""
        found = self.taken.holds
        if not found:
            return
        spans = self.listed([self.span(hold) for hold in found])
        if not self.flag.held_minutes:
            yield self.say("held_none", spans=spans) if self.shown else ""
            return
        yield self.say("held", spans=spans) if self.shown else self.say("held_some")
        if stood := self.taken.beyond_cap:
            promise = self.taken.promise
            long = self.lasting(stood, whole_days=promise.hours == ALWAYS)
            yield self.say("held_capped", stood=long, cap=self.vocabulary.limit(promise.hold_cap, self.language))
        else:
            yield self.say("held_all", held=self.exact(self.flag.held_minutes))

    def exact(self, minutes: int) -> str:
        """In hours and minutes, so that the due moment can be worked out from it."""
        return self.lasting(minutes, whole_days=False)

    @property
    def shown(self) -> bool:
        """Whether the moments of the holds may be told: a page tells only what registers publish."""
        if not self.published:
            return True
        own, listed = self.about.spans(self.taken.promise.holds)
        there = self.schema.registers.get(self.taken.promise.holds)
        near = not own or (self.about.publishes(HOLD_FROM) and self.about.publishes(HOLD_TO))
        return near and (not listed or (there is not None and {"from_at", "to_at"} <= set(there.publish)))

    def span(self, hold: Hold) -> str:
        """`11月18日 10:00 至 12:00`, and what it was worth where it was not the only one."""
        same = hold.to is not None and hold.to.date() == hold.begun.date()
        to = f"{hold.to:%H:%M}" if same else self.short(hold.to) if hold.to else self.say("still")
        said = self.say("hold_span", a=self.short(hold.begun), b=to)
        if len(self.taken.holds) == 1:
            return said
        worth = self.exact(hold.minutes) if hold.minutes else self.say("hold_nothing")
        return self.say("hold_worth", span=said, worth=worth)

    def end(self, promise: Clock) -> Iterator[str]:
        """The due moment, and what stopped the clock."""
        if self.flag.due:
            yield self.say("due", due=self.at(self.flag.due, ends=True))
            if self.flag.provisional:
                yield self.say("provisional")
        elif self.flag.state == "not_judged":
            by = promise.counted_by
            moment = promise.due or promise.before
            if by and (self.taken.amount is None or not moment):
                yield self.say("no_limit_there" if "." in by else "no_limit", field=self.name(by))
            elif moment:
                yield self.say("no_due", field=self.name(moment))
        if self.flag.stop and promise.stop:
            field = self.far(*promise.stop) if promise.done_in else self.name(promise.stops)
            yield self.say("stop", field=field, stop=self.said_of(self.schema.field_at(*promise.stop), self.flag.stop))


_PLAIN = {
    "minute": "min",
    "hour": "h",
    "day": "days",
    "working_day": "working days",
    "week": "weeks",
    "month": "months",
}


def _runs(days: Sequence[Step]) -> list[list[Step]]:
    """*days* in unbroken stretches of one name."""
    found: list[list[Step]] = []
    for step in days:
        last = found[-1][-1] if found else None
        if last and step.date - last.date == timedelta(days=1) and (step.why, step.name) == (last.why, last.name):
            found[-1].append(step)
        else:
            found.append([step])
    return found
