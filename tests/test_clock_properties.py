"""What a department can be held to: clocks against a plain list of worked minutes, and laws that no calendar breaks.

The reference here shares nothing with the engine, nor with the other oracles: it writes down every worked minute of
some months from the text of a declaration, and looks for its place in that list.
"""

import random
import re
from bisect import bisect_left
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import msgspec
import narwhals as nw
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from rule_oracle import UNREAD, bench, judged, schema, shipped
from test_explain import COMPANY, MEANINGS, a_clock

from sync import policy, words
from sync.declarations import load
from sync.engines import ENGINES, rows
from sync.explain import receipt
from sync.flag import flag
from sync.model import DeclarationError, Flag
from sync.rules import KINDS
from sync.schema import SHIPPED
from sync.settings import OwnFigure, Settings, adopt
from sync.tables import Table

BEGIN = datetime(2026, 9, 21)  # a Monday
ORIGIN = BEGIN - timedelta(days=40)  # minute 0 of the reference
NOW = datetime(2026, 11, 22, 2)
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CALL = {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register", "starts": "received_at",
        "stops": "arrived_at"}  # fmt: skip
OFFICE, HELD = {"calendar": "office"}, {"holds": "hold_periods"}
# a batch of rows that fails can be read as it is; to shrink it would take minutes
FEW = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow],
       "phases": [Phase.explicit, Phase.generate]}  # fmt: skip


# ---------------------------------------------------------------- calendars, as they are typed

HOURS = (
    ["09:00-12:00", "13:30-18:00"], ["08:30-17:00"], ["10:00-11:00", "11:30-12:00", "20:00-21:15"], ["00:00-24:00"],
    ["00:00-06:00", "22:00-24:00"], ["18:00-24:00"], ["07:00-08:00", "10:00-11:00", "12:00-13:07", "14:00-15:00"],
)  # fmt: skip


class Office(NamedTuple):
    """A calendar: what its file says, and the lines of the company's own register."""

    file: dict
    register: list

    @property
    def lines(self):
        """What the company says, the last word last, as (kind, half, first, last)."""
        filed = [(line["kind"], line["half"], line["from"], line["to"]) for line in self.file["company_days"]]
        return filed + [(line["kind"], line["half"], line["from_on"], line["to_on"]) for line in self.register]


@st.composite
def offices(draw, *, alike=False, lines=8):
    """Several spans a day, 6 × 24, nights, days that differ; ranges and half days off or worked, contradictions too."""
    usual = draw(st.sampled_from(HOURS))
    days = draw(st.sampled_from([5, 6, 7]))
    week = dict.fromkeys(WEEK[:days], usual)
    if not alike:
        week |= draw(st.dictionaries(st.sampled_from(WEEK[1:]), st.sampled_from([*HOURS, []]), max_size=4))
    halves = ["whole"] if alike else ["whole", "whole", "morning", "afternoon"]
    told = draw(st.lists(
        st.tuples(st.sampled_from(["off", "off", "work"]), st.sampled_from(halves), st.integers(-5, 45),
                  st.sampled_from([0, 0, 1, 6])), max_size=lines))  # fmt: skip
    spans = [(kind, half, _day(first), _day(first + more)) for kind, half, first, more in told]
    filed = draw(st.integers(0, len(spans)))
    return Office(
        {"week": week, "holidays": "", "company_days": [
            {"kind": kind, "half": half, "from": first, "to": last} for kind, half, first, last in spans[:filed]]},
        [{"line_no": f"RL-{n}", "kind": kind, "half": half, "from_on": first, "to_on": last, "calendar": "office"}
         for n, (kind, half, first, last) in enumerate(spans[filed:])],
    )  # fmt: skip


def _day(n):
    return (BEGIN + n * DAY).date().isoformat()


moments = st.integers(2 * 1440, 25 * 1440).map(lambda minute: BEGIN + minute * MINUTE)


# ---------------------------------------------------------------- the reference: a list of worked minutes


class Ruler:
    """The worked minutes of 230 days, in a list; *hours* tells the spans of a day as they are typed."""

    def __init__(self, hours):
        self.worked, self.days = [], []
        for n in range(230):
            minutes = [
                n * 1440 + minute for first, last in hours(ORIGIN.date() + n * DAY) for minute in range(first, last)
            ]
            self.worked += minutes
            self.days += [n] if minutes else []

    def count(self, moment):
        """How many minutes were worked before *moment*."""
        return bisect_left(self.worked, _minute(moment))

    def opening(self, moment):
        return self.worked[self.count(moment)]

    def working_time(self, moment, minutes):
        return _moment(self.worked[self.count(moment) + minutes - 1] + 1)

    def working_time_back(self, moment, minutes):
        return _moment(self.worked[self.count(moment) - minutes])

    def snap(self, moment, days):
        day, clock = divmod(self.opening(moment), 1440)
        return _moment(self.days[self.days.index(day) + days] * 1440 + clock)

    def snap_back(self, moment, days):
        """The last closing, where nobody works at *moment*; it belongs to the day that it closes, at midnight too."""
        minute, place = _minute(moment), self.count(moment)
        if self.worked[place] != minute:
            minute = self.worked[place - 1]
            day, clock = minute // 1440, minute % 1440 + 1
        else:
            day, clock = divmod(minute, 1440)
        return _moment(self.days[self.days.index(day) - days] * 1440 + clock)

    def end_of_day(self, moment, days):
        return self._closing(self.days[self.days.index(self.opening(moment) // 1440) + days])

    def end_of_day_back(self, moment, days):
        return self._closing(self.days[bisect_left(self.days, _minute(moment) // 1440) - days])

    def _closing(self, day):
        return _moment(self.worked[bisect_left(self.worked, (day + 1) * 1440) - 1] + 1)

    def ended(self, last, shift):
        """The midnight that ends the day *last*, or the worked day that it is shifted to."""
        n = (last - ORIGIN.date()).days
        if shift == "next_workday":
            n = self.days[bisect_left(self.days, n)]
        if shift == "previous_workday":
            n = self.days[bisect_left(self.days, n + 1) - 1]
        return _moment((n + 1) * 1440)

    def held(self, start, due, spans):
        """Where a clock runs out that would at *due*, standing still in *spans*, and how long it stood."""
        at, left = self.count(start), self.count(due) - self.count(start)
        stood = 0
        inside = [(_minute(a), _minute(b)) for a, b in spans]
        while left > 0:
            still = any(a <= self.worked[at] < b for a, b in inside)
            stood, left, at = stood + still, left - (not still), at + 1
        return (_moment(self.worked[at - 1] + 1) if stood else due), stood


ALWAYS = Ruler(lambda _: [(0, 1440)])


def of(office):
    """The ruler of *office*: the week, and on it the lines of the company, the last word last."""
    week = {name: [_span(text) for text in office.file["week"].get(name, [])] for name in WEEK}
    longest = max(week.values(), key=lambda spans: sum(last - first for first, last in spans))

    def hours(day):
        said = week[WEEK[day.weekday()]]
        usual, found = said or longest, said
        for kind, half, first, last in office.lines:
            if first <= day.isoformat() <= last:
                parts = {"whole": (0, 1440), "morning": (0, 720), "afternoon": (720, 1440)}
                rest = {"whole": (0, 0), "morning": (720, 1440), "afternoon": (0, 720)}
                works = kind == "work"
                found = _within(usual if works else found or said, (parts if works else rest)[half])
        return found

    return Ruler(hours)


def _span(text):
    first, last = (int(clock[:2]) * 60 + int(clock[3:]) for clock in text.split("-"))
    return first, last


def _within(spans, part):
    cut = [(max(first, part[0]), min(last, part[1])) for first, last in spans]
    return [(first, last) for first, last in cut if first < last]


def _minute(moment):
    return (moment - ORIGIN) // MINUTE


def _moment(minute):
    return ORIGIN + minute * MINUTE


def month_on(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - DAY).day))


# ---------------------------------------------------------------- through the product's own flag


def calls(starts, **columns):
    """Rows of the call register; *columns* have a value a row, None where it is empty."""
    found = []
    for n, start in enumerate(starts):
        told = {name: values[n] for name, values in columns.items() if values[n] is not None}
        found.append({"call_no": f"A{n:04}", "received_at": start} | told)
    return found


def waits(holds):
    """Rows of the register of holds: for each call its (from, to or None)."""
    return [
        {"hold_no": f"H{n:04}-{m}", "register": "call_register", "record_no": f"A{n:04}", "from_at": a, "to_at": b}
        for n, spans in enumerate(holds)
        for m, (a, b) in enumerate(spans)
    ]


def flags(clocks, lines, office, *, holds=(), on="polars", now=NOW):
    """What each of *clocks* (by name) says of the rows *lines*, in their order."""
    typed = {"call_register": lines, "hold_periods": waits(holds), "calendar": office.register}
    own = {name: CALL | told for name, told in clocks.items()}
    found = judged([], typed, now, on=on, own=own, office=office.file, judge_from=BEGIN.date())
    by_row = {(line["promise"], line["key"]): line for line in found}
    assert len(by_row) == len(found) == len(clocks) * len(lines)
    return {name: [by_row[name, line["call_no"]] for line in lines] for name in clocks}


def dues(told, starts, office, **more):
    return [line["due"] for line in flags({"try": told}, calls(starts), office, **more)["try"]]


CHINA = Office(msgspec.to_builtins(shipped().calendars["office"]), [])
PLAIN = Office({"week": dict.fromkeys(WEEK[:5], HOURS[0]), "holidays": "", "company_days": []}, [])
SIX = Office({"week": {day: ["00:00-24:00"] for day in WEEK[:6]}, "holidays": "", "company_days": []}, [])


# ---------------------------------------------------------------- every meaning, on any calendar


def forwards(n, minutes):
    """Clocks, and what the reference says of a start."""
    return {
        "time": ({"limit": f"{minutes} min", **OFFICE}, lambda ruler, at: ruler.working_time(at, minutes)),
        "snap": ({"limit": f"{n} working days", **OFFICE}, lambda ruler, at: ruler.snap(at, n)),
        "end": (
            {"limit": f"{n} working days", "meaning": "end_of_day", **OFFICE},
            lambda ruler, at: ruler.end_of_day(at, n),
        ),
        "elapsed": ({"limit": f"{minutes} min"}, lambda _, at: at + minutes * MINUTE),
        "days": ({"limit": f"{n} days"}, lambda ruler, at: ruler.ended(at.date() + n * DAY, "none")),
        **{
            f"days {shift}": (
                {"limit": f"{n} days", "shift": shift, **OFFICE},
                lambda ruler, at, shift=shift: ruler.ended(at.date() + n * DAY, shift),
            )
            for shift in ("next_workday", "previous_workday")
        },
        "months": (
            {"limit": "1 month", "shift": "next_workday", **OFFICE},
            lambda ruler, at: ruler.ended(month_on(at.date(), 1), "next_workday"),
        ),
    }


def backwards(n, minutes):
    """The same from a moment in the row, counted back."""
    told = {
        "time back": ({"limit": f"{minutes} min", **OFFICE}, lambda ruler, at: ruler.working_time_back(at, minutes)),
        "snap back": ({"limit": f"{n} working days", **OFFICE}, lambda ruler, at: ruler.snap_back(at, n)),
        "end back": (
            {"limit": f"{n} working days", "meaning": "end_of_day", **OFFICE},
            lambda ruler, at: ruler.end_of_day_back(at, n),
        ),
        "days back": (
            {"limit": f"{n} days", "shift": "previous_workday", **OFFICE},
            lambda ruler, at: ruler.ended(at.date() - n * DAY, "previous_workday"),
        ),
    }
    return {name: (clock | {"before": "promised_arrival"}, by_hand) for name, (clock, by_hand) in told.items()}


@pytest.mark.parametrize(("on", "examples"), [("polars", 8), ("duckdb", 2)])
def test_a_list_of_worked_minutes_comes_to_the_same_moment(on, examples):
    """Whatever the breaks, nights, make-up days, ranges, half days and lines that contradict each other."""

    @settings(max_examples=examples, **FEW)
    @given(office=offices(), at=st.lists(moments, min_size=25, max_size=25), n=st.integers(1, 4),
           minutes=st.integers(1, 900))  # fmt: skip
    def agree(office, at, n, minutes):
        ruler = of(office)
        asked = forwards(n, minutes) | backwards(n, minutes)
        lines = calls([BEGIN] * len(at), promised_arrival=at)
        back = {name: clock for name, (clock, _) in asked.items() if "before" in clock}
        ahead = {name: clock for name, (clock, _) in asked.items() if "before" not in clock}
        found = flags(ahead, calls(at), office, on=on) | flags(back, lines, office, on=on)
        for name, (_, by_hand) in asked.items():
            for line, start in zip(found[name], at, strict=True):
                assert line["due"] == by_hand(ruler, start), name

    agree()


@settings(max_examples=6, **FEW)
@given(
    office=offices(), at=st.lists(moments, min_size=40, max_size=40), n=st.integers(0, 4), minutes=st.integers(1, 900)
)
def test_who_comes_later_is_never_due_earlier(office, at, n, minutes):
    """On any calendar, in every way of counting, ahead and back."""
    at = sorted(at)
    ahead = {name: clock for name, (clock, _) in forwards(n, minutes).items()}
    back = {name: clock for name, (clock, _) in backwards(n, minutes).items()}
    found = flags(ahead, calls(at), office) | flags(back, calls([BEGIN] * 40, promised_arrival=at), office)
    for name, lines in found.items():
        due = [line["due"] for line in lines]
        assert due == sorted(due), name


@settings(max_examples=4, **FEW)
@given(
    office=offices(alike=True), at=st.lists(moments, min_size=20, max_size=20), a=st.integers(0, 3), b=st.integers(0, 3)
)
def test_working_days_add_up(office, at, a, b):
    """Where every day has the same hours, two days after three days are five days."""
    one, rest, both = ({"limit": f"{n} working days", **OFFICE} for n in (a, b, a + b))
    assert dues(rest, dues(one, at, office), office) == dues(both, at, office)


@settings(max_examples=4, **FEW)
@given(office=offices(), at=st.lists(moments, min_size=20, max_size=20), n=st.integers(0, 4))
def test_a_day_that_ends_does_not_end_before_the_snap_of_it(office, at, n):
    """No working day at all goes to the next opening; the same days to the end end on the day where snap leads."""
    ruler = of(office)
    snap = {"limit": f"{n} working days", **OFFICE}
    found = flags({"snap": snap, "end": snap | {"meaning": "end_of_day"}, "none": snap | {"limit": "0 working days"}},
                  calls(at), office)  # fmt: skip
    assert [line["due"] for line in found["none"]] == [_moment(ruler.opening(one)) for one in at]
    for a, b in zip(found["snap"], found["end"], strict=True):
        assert (b["due"] - SECOND).date() == a["due"].date()


@settings(max_examples=4, **FEW)
@given(office=offices(lines=0), at=st.lists(moments, min_size=10, max_size=10), weeks=st.integers(1, 6),
       n=st.integers(0, 4), minutes=st.integers(1, 900))  # fmt: skip
def test_without_holidays_every_week_is_like_the_other(office, at, weeks, n, minutes):
    """Whoever comes whole weeks later is due just as many weeks later; months are no weeks."""
    clocks = {name: clock for name, (clock, _) in forwards(n, minutes).items() if name != "months"}
    found = flags(clocks, calls(at + [one + weeks * 7 * DAY for one in at]), office)
    for name, lines in found.items():
        due = [line["due"] for line in lines]
        assert due[10:] == [one + weeks * 7 * DAY for one in due[:10]], name


@settings(max_examples=4, **FEW)
@given(office=offices(), at=st.lists(moments, min_size=20, max_size=20), minutes=st.integers(1, 900))
def test_minutes_on_and_the_same_minutes_back_return(office, at, minutes):
    ruler = of(office)
    at = [_moment(ruler.opening(one)) for one in at]
    told = {"limit": f"{minutes} min", **OFFICE}
    there = dues(told, at, office)
    back = flags({"try": told | {"before": "promised_arrival"}}, calls([BEGIN] * 20, promised_arrival=there), office)
    assert [line["due"] for line in back["try"]] == at


# ---------------------------------------------------------------- holds


@st.composite
def held_calls(draw, count=12, *, open_too=True):
    """Calls with up to three holds each, before, in and after the limit; perhaps answered; and a moment to judge at."""
    found = []
    for _ in range(count):
        start = draw(moments)
        spans = draw(st.lists(st.tuples(st.integers(-900, 7000), st.integers(0, 3000), st.booleans()), max_size=3))
        holds = [(start + a * MINUTE, None if last and open_too else start + (a + b) * MINUTE) for a, b, last in spans]
        stop = draw(st.none() | st.integers(-200, 9000).map(lambda n, start=start: start + n * MINUTE))
        found.append((start, stop, holds))
    return found, draw(moments) + draw(st.integers(0, 12)) * DAY


HOLDING = {
    "time": {"limit": "7 h", **OFFICE, **HELD},
    "snap": {"limit": "2 working days", **OFFICE, **HELD},
    "end": {"limit": "1 working day", "meaning": "end_of_day", **OFFICE, **HELD},
    "elapsed": {"limit": "26 h", **HELD},
    "days": {"limit": "2 days", **HELD},
    "written": {"due": "customer_set_time", **OFFICE, **HELD},
}


def by_hand(name, ruler, call, now):
    """(state, due, held, late) of *call*, by the list of worked minutes."""
    start, stop, holds = call
    due = {
        "time": lambda: ruler.working_time(start, 420), "snap": lambda: ruler.snap(start, 2),
        "end": lambda: ruler.end_of_day(start, 1), "elapsed": lambda: start + 26 * 60 * MINUTE,
        "days": lambda: ALWAYS.ended(start.date() + 2 * DAY, "none"), "written": lambda: start + 2000 * MINUTE,
    }[name]()  # fmt: skip
    ruler = ALWAYS if name in ("elapsed", "days") else ruler
    ends = [(max(a, start), min(b or now, stop or b or now), a, b) for a, b in holds]
    due, stood = ruler.held(start, due, [(a, b) for a, b, _, _ in ends if a < b])
    runs = any(a <= now and (b is None or b > now) and ruler.count(max(a, start)) < ruler.count(due) for a, b in holds)
    until = stop or now
    late = ruler.count(until) - ruler.count(due) if until > due else None
    if stop and stop < start:
        return "not_judged", due, stood, None
    if stop:
        return ("met" if stop <= due else "met_late"), due, stood, late
    soon = "due_soon" if now + timedelta(hours=2) >= due else "not_due"
    return ("overdue" if now > due else "on_hold" if runs else soon), due, stood, late


def told_of(line):
    return line["state"], line["due"], line["held_minutes"], line["late_minutes"]


def of_calls(made, office, now, clocks=HOLDING, **more):
    """The flags of *made* (start, stop, holds), by clock."""
    starts, stops, holds = zip(*made, strict=True)
    lines = calls(starts, arrived_at=stops, customer_set_time=[start + 2000 * MINUTE for start in starts])
    return flags(clocks, lines, office, holds=holds, now=now, **more)


@pytest.mark.parametrize(("on", "examples"), [("polars", 8), ("duckdb", 2)])
def test_a_clock_that_is_held_is_walked_minute_by_minute(on, examples):
    """State, due moment, minutes held and late: whatever the calendar, the holds, the moment and the meaning."""

    @settings(max_examples=examples, **FEW)
    @given(office=offices(), made=held_calls())
    def agree(office, made):
        (found, now), ruler = made, of(office)
        for name, lines in of_calls(found, office, now, on=on).items():
            assert [told_of(line) for line in lines] == [by_hand(name, ruler, call, now) for call in found], name

    agree()


@settings(max_examples=5, **FEW)
@given(office=offices(), made=held_calls(), data=st.data())
def test_how_holds_were_typed_says_nothing(office, made, data):
    """In pieces, in another order, twice, or overlapping: the same time waited is the same due moment."""
    found, now = made
    other = []
    for start, stop, holds in found:
        pieces = []
        for a, b in holds:
            cut = a + data.draw(st.integers(1, 3000)) * MINUTE
            inside = a < cut < (b or now)
            pieces += [(a, cut), (cut, b), (a, cut)] if inside else [(a, b), (a, b)]
        other.append((start, stop, data.draw(st.permutations(pieces))))
    assert of_calls(other, office, now) == of_calls(found, office, now)


@settings(max_examples=4, **FEW)
@given(office=offices(), made=held_calls(open_too=False), data=st.data())
def test_a_hold_outside_the_hours_or_after_the_breach_is_nothing(office, made, data):
    """And whoever was late stays late."""
    found, now = made
    ruler = of(office)
    gaps = [(a + 1, b) for a, b in pairwise(ruler.worked) if b - a > 1]
    assume(gaps)
    asked = {name: HOLDING[name] for name in ("time", "snap", "end")}
    before = of_calls(found, office, now, asked)
    closed = [
        (start, stop, [*holds, *[tuple(map(_moment, data.draw(st.sampled_from(gaps))))]])
        for start, stop, holds in found
    ]
    after = of_calls(closed, office, now, asked)
    for name in asked:
        assert [line["due"] for line in after[name]] == [line["due"] for line in before[name]]
    for name, lines in before.items():
        again = [
            (start, stop, [*holds, (line["due"] + data.draw(st.integers(0, 900)) * MINUTE, None)])
            for (start, stop, holds), line in zip(found, lines, strict=True)
        ]
        assert of_calls(again, office, now, {name: asked[name]})[name] == lines


# ---------------------------------------------------------------- the moment


@settings(max_examples=3, **FEW)
@given(office=offices(), made=held_calls(), later=st.lists(st.integers(0, 9000), min_size=4, max_size=4))
def test_a_later_night_takes_no_lateness_back(office, made, later):
    """Once overdue it stays so until somebody stops the clock; what was done is judged for good."""
    found, first = made
    nights = [of_calls(found, office, first + n * MINUTE) for n in [0, *sorted(later)]]
    for before, after in pairwise(nights):
        for name, lines in before.items():
            for (_, stop, _), a, b in zip(found, lines, after[name], strict=True):
                assert b["due"] >= a["due"]  # a hold that lasts moves it on
                if a["state"] == "overdue":
                    assert (b["state"], b["due"]) == ("overdue", a["due"])
                if stop and stop <= first:
                    assert told_of(a) == told_of(b)


def test_what_was_stopped_does_not_ask_for_the_moment():
    """Nor does what was stopped later than now, in a row that was typed ahead."""
    start = datetime(2026, 11, 10, 10)
    found = [(start, start + n * 60 * MINUTE, []) for n in (1, 40, 400)]
    nights = [of_calls(found, CHINA, start + n * DAY) for n in (-3, 0, 1, 30, 300)]
    assert all(night == nights[0] for night in nights)
    assert {line["state"] for lines in nights[0].values() for line in lines} == {"met", "met_late"}


@pytest.mark.parametrize("on", ENGINES)
def test_in_time_is_up_to_the_very_second(on):
    """In every way of counting: at the due moment it is in time, a second later it is late."""
    clocks = {name: clock for name, (clock, _) in forwards(2, 400).items()} | HOLDING
    start = datetime(2026, 9, 30, 10)
    set_time = start + 2000 * MINUTE
    found = flags(clocks, calls([start], customer_set_time=[set_time]), CHINA)
    stops = [found[name][0]["due"] + n * SECOND for name in clocks for n in (-1, 0, 1)]
    lines = calls([start] * len(stops), customer_set_time=[set_time] * len(stops), arrived_at=stops)
    found = flags(clocks, lines, CHINA, on=on)
    for n, name in enumerate(clocks):
        assert [line["state"] for line in found[name][3 * n : 3 * n + 3]] == ["met", "met", "met_late"], name


@pytest.mark.parametrize("told", HOLDING.values(), ids=HOLDING)
def test_it_is_overdue_from_the_second_after_the_due_moment(told):
    lines = calls([datetime(2026, 9, 30, 10)], customer_set_time=[datetime(2026, 10, 9, 11)])
    due = flags({"try": told}, lines, CHINA)["try"][0]["due"]
    states = [flags({"try": told}, lines, CHINA, now=now)["try"][0]["state"] for now in (due, due + SECOND)]
    assert states == ["due_soon", "overdue"]


# ---------------------------------------------------------------- a row is judged by itself


@settings(max_examples=3, **FEW)
@given(office=offices(), made=held_calls(), data=st.data())
def test_other_rows_their_order_and_other_promises_say_nothing(office, made, data):
    """Nor does running it twice, nor how many rows there are."""
    found, now = made
    wanted = of_calls(found, office, now)
    assert of_calls(found, office, now) == wanted
    place = data.draw(st.permutations(range(len(found))))
    moved = of_calls([found[n] for n in place], office, now)
    name = data.draw(st.sampled_from(sorted(HOLDING)))
    alone = of_calls([found[place[0]]], office, now, {name: HOLDING[name]})[name][0]
    assert told_of(alone) == told_of(wanted[name][place[0]])
    for one in HOLDING:
        assert [told_of(line) for line in moved[one]] == [told_of(wanted[one][n]) for n in place]


@pytest.mark.parametrize("on", ENGINES)
@settings(max_examples=2, **FEW)
@given(office=offices(), made=held_calls(), data=st.data())
def test_rows_may_lie_in_any_tab_of_any_book(on, office, made, data):
    """Two rows of different tabs may have the same number there; the holds follow the call all the same."""
    found, now = made
    starts, stops, holds = zip(*found, strict=True)
    lines = calls(starts, arrived_at=stops, customer_set_time=[start + 2000 * MINUTE for start in starts])
    typed = {"call_register": lines, "hold_periods": waits(holds), "calendar": office.register}
    wanted = of_calls(found, office, now)
    own = {name: CALL | told for name, told in HOLDING.items()}
    promises = [msgspec.convert({**told, "name": name}, KINDS["clock"]) for name, told in own.items()]
    asked = msgspec.structs.replace(shipped(), promises=promises)
    made_bench = bench(typed, now, on=on, judge_from=BEGIN.date(), office=office.file, named=str(promises))
    table = made_bench.tables.by_register["call_register"]
    split = data.draw(st.integers(1, 5))
    place = nw.col("_row") % split
    frame = table.frame.with_columns(
        _tab=nw.concat_str([nw.lit("tab"), place.cast(nw.String)]),
        _book=nw.when(place == 0).then(nw.lit("one")).otherwise(nw.lit("other")),
        _row=nw.col("_row") // split,
    )
    made_bench.tables.by_register["call_register"] = Table(table.register, frame, table.absent)
    told = {
        (line["promise"], line["key"]): told_of(line)
        for line in rows(made_bench.tables.engine.columns(flag(asked, made_bench)))
    }
    assert told == {(name, line["key"]): told_of(line) for name, several in wanted.items() for line in several}


# ---------------------------------------------------------------- rows that nobody wants, and what is said of them


def one(told, now=NOW, office=CHINA, *, on="polars", since=None, holds=(), register=(), **cells):
    """The flag of a single call, or None."""
    typed = {"call_register": [{"call_no": "A0000"} | cells], "hold_periods": waits([holds]),
             "calendar": [*office.register, *register]}  # fmt: skip
    found = judged([], typed, now, on=on, own={"try": CALL | told}, office=office.file, judge_from=since)
    assert len(found) <= 1
    return found[0] if found else None


SNAP, TIME = {"limit": "1 working day", **OFFICE}, {"limit": "7 h", **OFFICE}
END = SNAP | {"meaning": "end_of_day"}


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("told", [SNAP, TIME, END, SNAP | HELD, TIME | HELD], ids=lambda told: " ".join(told.values()))
@pytest.mark.parametrize("start", ["1900-02-28 10:00", "2014-03-03 10:00", "2029-06-01 10:00", "2199-12-31 10:00"])
def test_further_than_a_calendar_reaches_nobody_is_judged(start, told, on):
    """More than ten years back or 800 days ahead, and nothing is guessed at."""
    found = one(told, on=on, received_at=start)
    assert (found["state"], found["due"], found["late_minutes"]) == ("not_judged", None, None)


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize(
    ("told", "start", "due", "provisional"),
    [
        ({"limit": "12 months"}, "2028-02-29 10:00", "2029-03-01", False),
        ({"limit": "48 months"}, "2028-02-29 10:00", "2032-03-01", False),
        ({"limit": "1 month"}, "2026-01-31 10:00", "2026-03-01", False),
        ({"limit": "1 month"}, "2028-01-31 10:00", "2028-03-01", False),
        ({"limit": "13 months"}, "2026-10-31 23:59:59", "2027-12-01", False),
        ({"limit": "3 days"}, "1900-02-27 10:00", "1900-03-03", False),
        ({"limit": "3 days"}, "2199-12-31 10:00", "2200-01-04", False),
        ({"limit": "24 h"}, "2028-02-28 23:59:59", "2028-02-29 23:59:59", False),
        ({"limit": "3 days", "shift": "next_workday", **OFFICE}, "2199-12-31 10:00", "2200-01-04", True),
        ({"limit": "0 days"}, "2026-11-20 10:00", "2026-11-21", False),
        ({"limit": "0 months"}, "2026-11-20 10:00", "2026-11-21", False),
        ({"limit": "0 min"}, "2026-11-20 10:00", "2026-11-20 10:00", False),
        ({"limit": "0 min", **OFFICE}, "2026-11-20 10:00", "2026-11-20 10:00", False),
        ({"limit": "0 working days", **OFFICE}, "2026-11-20 19:00", "2026-11-23 09:00", False),
        (SNAP, "2026-11-19 09:30:17", "2026-11-20 09:30:17", False),
        (END, "2026-11-20 18:00:00", "2026-11-24 18:00", False),
        (SNAP, "2026-11-20 18:00:00", "2026-11-24 09:00", False),
        (SNAP, "2026-11-20 17:59:59", "2026-11-23 17:59:59", False),
    ],
)  # fmt: skip
def test_odd_starts_have_a_due_moment_that_can_be_counted(told, start, due, provisional, on):
    """Leap days, ends of months, far years, no time at all, seconds at closing time."""
    found = one(told, on=on, received_at=start)
    assert (found["due"], found["provisional"]) == (datetime.fromisoformat(due), provisional)
    assert found["state"] == ("overdue" if found["due"] < NOW else "not_due")


@pytest.mark.parametrize("on", ENGINES)
def test_what_came_before_the_department_began_to_judge_has_no_flag(on):
    since = date(2026, 11, 1)
    assert one(TIME, on=on, since=since, received_at="2026-10-31 23:59:59") is None
    assert one(TIME, on=on, since=since, received_at="2026-11-01 00:00:00")["state"] == "overdue"


@pytest.mark.parametrize("on", ENGINES)
def test_a_quantity_that_is_none_judges_nobody(on):
    """Nothing to do is due at once; below nothing, or a thousand years of it, is a slip of the pen."""
    typed = {"HT-0": 0, "HT-1": -1, "HT-2": -1000, "HT-3": 10**15, "HT-4": None, "HT-5": UNREAD}
    lines = [{"contract_no": key, "accepted_on": "2026-04-30", "guarantee_months": said} for key, said in typed.items()]
    own = {
        f"try_{n}": CALL | {"register": "contracts", "starts": "accepted_on", "stops": "", **OFFICE, "limit": limit}
        for n, limit in enumerate(
            form.format("guarantee_months") + f" {unit}"
            for form in ("{}", "ceil({} / 10)")
            for unit in ("h", "days", "weeks", "working days", "months")
        )
    }
    found = judged([], {"contracts": lines}, NOW, on=on, own=own)
    assert len(found) == len(typed) * len(own)
    for line in found:
        state = "overdue" if line["key"] == "HT-0" else "not_judged"
        assert (line["state"], line["due"] is None) == (state, state == "not_judged"), line


@pytest.mark.parametrize("on", ENGINES)
def test_before_its_start_a_clock_is_not_late_and_nothing_that_lies_ahead_is_an_error(on):
    start = datetime(2026, 11, 20, 10)
    for now in (start - 30 * DAY, start - MINUTE):
        for told in (SNAP, TIME, END, {"limit": "30 min"}, SNAP | HELD):
            found = one(told, now, on=on, received_at=start)
            assert (found["state"], found["late_minutes"]) in (("not_due", None), ("due_soon", None))
    ahead = one(TIME | HELD, start + 20 * MINUTE, on=on, received_at=start, holds=[(start, start + 3 * DAY)])
    assert (ahead["state"], ahead["due"]) == ("on_hold", datetime(2026, 11, 24, 9, 30))


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("told", [SNAP, TIME, END, SNAP | HELD, TIME | HELD, SNAP | {"before": "promised_arrival"}],
                         ids=lambda told: " ".join(told.values()))  # fmt: skip
def test_a_calendar_without_a_worked_day_judges_nobody(told, on):
    """Not in its week, and the company took every day of the year."""
    never = Office({"week": {}, "holidays": "", "company_days": []}, [])
    closed = [{"line_no": "RL-1", "kind": "off", "from_on": "2016-01-01", "to_on": "2029-12-31", "calendar": "office"}]
    start = {"received_at": "2026-11-20 10:00", "promised_arrival": "2026-12-01 10:00"}
    hold = [(datetime(2026, 11, 20, 11), datetime(2026, 11, 20, 12))]
    for found in (
        one(told, office=never, on=on, holds=hold, **start),
        one(told, on=on, register=closed, holds=hold, **start),
    ):
        assert (found["state"], found["due"], found["held_minutes"]) == ("not_judged", None, 0)


@pytest.mark.parametrize("on", ENGINES)
def test_an_unreadable_cell_is_never_taken_for_an_empty_one(on):
    start = "2026-11-10 10:00"
    good = one(TIME | HELD, on=on, received_at=start, arrived_at="2026-11-10 11:00")
    assert good["state"] == "met"
    for cells in (
        {"received_at": UNREAD},
        {"arrived_at": UNREAD},
        {"hold_from": UNREAD},
        {"hold_from": start, "hold_to": UNREAD},
    ):
        found = one(TIME | HELD, on=on, **{"received_at": start, "arrived_at": "2026-11-10 11:00"} | cells)
        assert (found["state"], found["late_minutes"]) == ("not_judged", None), cells
    bad_hold = [(UNREAD, datetime(2026, 11, 11))]
    assert one(TIME | HELD, on=on, received_at=start, holds=bad_hold)["state"] == "not_judged"


# ---------------------------------------------------------------- a year that nobody announced

NOTICE = [
    {"line_no": "RL-27-1", "kind": "off", "from_on": "2027-01-01", "to_on": "2027-01-03"},
    {"line_no": "RL-27-2", "kind": "work", "from_on": "2027-01-09"},
]  # fmt: skip
PUBLISHED = {"line_no": "RL-27-3", "kind": "published", "from_on": "2027-01-01"}


@settings(max_examples=3, **FEW)
@given(
    minutes=st.lists(st.integers(0, 16 * 1440), min_size=15, max_size=15), n=st.integers(1, 8), hours=st.integers(1, 60)
)
def test_a_december_call_says_that_it_is_provisional_and_is_exact_once_the_year_is_typed_in(minutes, n, hours):
    """By the week while nobody knows; said so exactly where next year decides; then as the notice has it."""
    at = [datetime(2026, 12, 15) + minute * MINUTE for minute in minutes]
    clocks = {name: clock for name, (clock, _) in forwards(n, 60 * hours).items()}
    week = of(PLAIN)
    typed = [
        line | {"half": "whole", "to_on": line.get("to_on", line["from_on"]), "calendar": "office"} for line in NOTICE
    ]
    notice = of(Office(PLAIN.file, typed))
    for lines, ruler, known in (([], week, False), (NOTICE, notice, False), ([*NOTICE, PUBLISHED], notice, True)):
        found = flags(clocks, calls(at), Office(CHINA.file, lines), now=datetime(2026, 12, 20))
        for name, (told, by_hand) in forwards(n, 60 * hours).items():
            assert [line["due"] for line in found[name]] == [by_hand(ruler, one) for one in at], name
            counts = "calendar" in told and not known
            new_year = [line["due"] > datetime(2027, 1, 1) or by_hand(week, one) > datetime(2027, 1, 1)
                        for line, one in zip(found[name], at, strict=True)]  # fmt: skip
            assert [line["provisional"] for line in found[name]] == [counts and late for late in new_year], name


def test_five_working_days_from_the_end_of_december():
    told = {"limit": "5 working days", **OFFICE}
    for lines, due, provisional in (
        ([], "2027-01-05 10:00", True), (NOTICE, "2027-01-06 10:00", True),
        ([*NOTICE, PUBLISHED], "2027-01-06 10:00", False),
    ):  # fmt: skip
        found = one(told, register=lines, received_at="2026-12-29 10:00")
        assert (found["due"], found["provisional"]) == (datetime.fromisoformat(due), provisional)


# ---------------------------------------------------------------- from a day on, and another policy


def versions(*told):
    """The shipped declarations with nothing but the versions *told* of one promise."""
    promises = [msgspec.convert({**CALL, "name": "try", **one}, KINDS["clock"]) for one in told]
    return msgspec.structs.replace(shipped(), promises=promises)


def of_schema(asked, lines, on="polars", now=NOW):
    made = bench({"call_register": lines}, now, on=on, named=str(asked.promises))
    return [Flag(**line) for line in rows(made.tables.engine.columns(flag(asked, made)))]


@pytest.mark.parametrize("on", ENGINES)
@settings(max_examples=3, **FEW)
@given(ends=st.integers(0, 12), gap=st.integers(0, 6), seconds=st.lists(st.integers(0, 20 * 86400), max_size=30))
def test_each_call_has_the_promise_of_the_day_on_which_it_came_or_none(on, ends, gap, seconds):
    """To the midnight between two days; in a gap there is no promise."""
    last, first = BEGIN.date() + ends * DAY, BEGIN.date() + (ends + gap + 1) * DAY
    asked = versions({"limit": "1 h", "valid_to": last.isoformat()}, {"limit": "2 h", "valid_from": first.isoformat()})
    ended, began = BEGIN + (ends + 1) * DAY, BEGIN + (ends + gap + 1) * DAY
    edges = [ended - SECOND, ended, began - SECOND, began]
    at = [*edges, *[BEGIN + n * SECOND for n in seconds]]
    found = defaultdict(list)
    for one_flag in of_schema(asked, calls(at), on):
        found[one_flag.key].append((one_flag.due - one_flag.start) / timedelta(hours=1))
    wanted = [[1] if start.date() <= last else [2] if start.date() >= first else [] for start in at]
    assert [found[f"A{n:04}"] for n in range(len(at))] == wanted


limits = st.one_of(
    st.integers(0, 5000).map(lambda n: f"{n} min"), st.integers(1, 90).map(lambda n: f"{n} h"),
    st.integers(0, 9).map(lambda n: f"{n} days"), st.integers(1, 3).map(lambda n: f"{n} months"),
)  # fmt: skip


@settings(max_examples=5, **FEW)
@given(figure=limits, at=st.lists(st.tuples(moments, st.integers(0, 6000)), min_size=12, max_size=12))
def test_trying_a_limit_says_what_writing_it_into_the_promise_says(figure, at):
    """`policy try`, a department's own figure and the declaration itself: three ways to the same flags."""
    lines = calls([one for one, _ in at], arrived_at=[one + n * MINUTE if n % 3 else None for one, n in at])
    promise = "arrive_on_site"
    only = msgspec.structs.replace(shipped(), promises=[one for one in shipped().promises if one.name == promise])
    written = [msgspec.structs.replace(one, limit=figure) for one in only.promises]
    declared = msgspec.structs.replace(only, promises=written)
    department = msgspec.structs.replace(Settings().department, profile="everything")
    books = {register.book: {"path": f"{register.book}.xlsx"} for register in shipped().registers.values()}
    own = msgspec.structs.replace(msgspec.convert({"books": books}, Settings), department=department)
    tried, names = policy.tried([f"{promise}={figure}"], own, adopt(only, own))
    assert names == [promise]
    figured = msgspec.structs.replace(own, promises={promise: OwnFigure(limit=figure)})
    before = of_schema(adopt(only, own), lines)
    after = of_schema(declared, lines)
    assert of_schema(adopt(only, tried), lines) == of_schema(adopt(only, figured), lines) == after
    told = policy.compare((adopt(only, own), before), (adopt(only, tried), after), NOW, named=names).promises[0]
    differ = {a.key: (a.state, b.state, a.due, b.due) for a, b in zip(before, after, strict=True) if a != b}
    said = {c.flag.key: (c.before.state, c.after.state, c.before.due, c.after.due) for c in told.changes}
    assert said == {key: pair for key, pair in differ.items() if pair[0] != pair[1] or pair[2] != pair[3]}


# ---------------------------------------------------------------- receipts

MONTHS = dict(
    zip(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        map(str, range(1, 13)),
        strict=True,
    )
)
YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")


def figures(text):
    """The numbers of a receipt, years left out: a day is told with its year or without."""
    numbered = re.sub(rf"\b({'|'.join(MONTHS)})\b", lambda found: MONTHS[found[1]], YEAR.sub("", text))
    return sorted(map(int, re.findall(r"\d+", numbered)))


def from_facts(facts, start):
    """The due moment, by somebody who has nothing but what the receipt says."""
    calendar = facts.get("calendar", {})
    ruler = Ruler(lambda day: map(_span, _hours_told(calendar, day))) if calendar else ALWAYS
    clock = ruler if calendar.get("runs") else ALWAYS
    n = facts.get("amount")
    minutes = n and round(n * {"minute": 1, "hour": 60, "day": 1440, "week": 10080}.get(facts["unit"], 0))
    at, back = (facts["before"]["at"], "_back") if "before" in facts else (start, "")
    way = -1 if back else 1
    match facts.get("meaning"):
        case None:
            written = facts["written"]
            due = written["at"] + written["tolerance_minutes"] * MINUTE
        case "elapsed":
            due = at + way * minutes * MINUTE
        case "calendar_days":
            due = ruler.ended(at.date() + way * minutes * MINUTE, facts["shift"])
        case "months":
            due = ruler.ended(month_on(at.date(), way * int(n)), facts["shift"])
        case meaning:
            due = getattr(ruler, meaning + back)(at, minutes if meaning == "working_time" else int(n))
    counted = any(hold["minutes"] for hold in facts["holds"])
    return clock.held(start, due, [(hold["from"], hold["until"]) for hold in facts["holds"]]) if counted else (due, 0)


def _hours_told(calendar, day):
    own = {step["date"]: step["hours"] for step in calendar["days"]}
    return own.get(day, calendar["week"][WEEK[day.weekday()]])


def test_five_hundred_due_moments_are_worked_out_from_their_receipts():
    """Random rows of all ways to count, with holds and company days; Chinese and English have the same figures."""
    dice = random.Random(20261122)

    def some(low, high):
        return BEGIN + dice.randrange(low * 1440, high * 1440) * MINUTE

    starts, promised = ([some(2, 24) for _ in range(30)] for _ in range(2))
    stops = [dice.choice([None, start + dice.randrange(9000) * MINUTE]) for start in starts]
    begun = [[some(2, 24) for _ in range(dice.randrange(4))] for _ in starts]
    holds = [[(a, dice.choice([None, a + dice.randrange(5000) * MINUTE])) for a in several] for several in begun]
    own = {
        f"try_{n}": a_clock(**told, **({} if {"before", "tolerance", "shift"} & told.keys() else HELD))["try"]
        for n, told in enumerate(MEANINGS)
    }
    asked = schema([], own)
    lines = calls(starts, fixed_at=stops, promised_arrival=promised)
    typed = {"call_register": lines, "hold_periods": waits(holds), "calendar": COMPANY}
    made = bench(typed, BEGIN + 20 * DAY, judge_from=BEGIN.date(), named=str(asked.promises))
    flagged = [Flag(**line) for line in rows(made.tables.engine.columns(flag(asked, made)))]
    assert len(flagged) == 30 * len(MEANINGS) >= 500
    vocabulary = words.load()
    for one_flag in flagged:
        told = receipt(one_flag, asked, made, vocabulary)
        assert from_facts(told.facts, one_flag.start) == (one_flag.due, one_flag.held_minutes), (told.zh, told.facts)
        assert figures(told.zh) == figures(told.en), told


# ---------------------------------------------------------------- faults that were found


@pytest.mark.parametrize("on", ENGINES)
def test_a_closing_at_midnight_belongs_to_the_day_that_it_closes(on):
    """Counted back over a hotline's free Sunday: one working day before Sunday noon is Friday's last moment."""
    told = SNAP | {"before": "promised_arrival"}
    for visit, due in (
        ("2026-11-21 23:59", "2026-11-20 23:59"), ("2026-11-22 00:00", "2026-11-21 00:00"),
        ("2026-11-22 12:00", "2026-11-21 00:00"), ("2026-11-23 00:00", "2026-11-21 00:00"),
        ("2026-11-23 01:00", "2026-11-21 01:00"),
    ):  # fmt: skip
        found = one(told, office=SIX, on=on, received_at="2026-11-10 10:00", promised_arrival=visit)
        assert found["due"] == datetime.fromisoformat(due), visit


@pytest.mark.parametrize("on", ENGINES)
def test_an_hour_of_working_time_has_all_its_seconds(on):
    """Whoever called at 09:00:30 and was answered 59 minutes and 45 seconds later was answered within the hour."""
    told = {"limit": "1 h", **OFFICE}
    found = one(told, on=on, received_at="2026-11-18 09:00:30", arrived_at="2026-11-18 10:00:15")
    assert (found["state"], found["due"]) == ("met", datetime(2026, 11, 18, 10, 0, 30))
    over = one(told, on=on, received_at="2026-11-18 11:59:30")
    assert over["due"] == datetime(2026, 11, 18, 14, 29, 30)


@pytest.mark.parametrize("on", ENGINES)
def test_a_hold_takes_no_seconds_from_the_due_moment(on):
    for a, b, due in (
        ("10:00:00", "10:01:00", "2026-11-19 09:01:45"), ("10:00:05", "10:00:55", "2026-11-19 09:01:35"),
        ("10:00:05", "10:00:06", "2026-11-19 09:00:46"),
    ):  # fmt: skip
        hold = [(datetime.fromisoformat(f"2026-11-18 {a}"), datetime.fromisoformat(f"2026-11-18 {b}"))]
        found = one(SNAP | HELD, on=on, received_at="2026-11-18 09:00:45", holds=hold)
        assert found["due"] == datetime.fromisoformat(due)


@pytest.mark.parametrize("on", ENGINES)
def test_no_clock_is_due_before_it_starts(on):
    """No working time at all, asked for in the evening, was not over in the afternoon."""
    for told in ({"limit": "0 min", **OFFICE}, {"limit": "0 h", **OFFICE}, SNAP | {"limit": "0 working days"}):
        found = one(told, datetime(2026, 11, 20, 19), on=on, received_at="2026-11-20 19:00")
        assert found["due"] >= found["start"]
        assert found["state"] != "overdue"


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("told", [TIME | HELD, SNAP | HELD, END | HELD], ids=lambda told: " ".join(told.values()))
def test_a_hold_that_ends_beyond_the_calendar_is_not_passed_over(told, on):
    """A slip of the pen in its end, or years of waiting: nobody is late by a hold that was not counted."""
    start = datetime(2026, 11, 17, 10)
    for until in (datetime(2099, 1, 1), datetime(2029, 2, 1, 1)):
        found = one(told, on=on, received_at=start, holds=[(start + MINUTE, until)])
        assert (found["state"], found["due"]) == ("not_judged", None)


def test_a_hold_may_lead_past_the_year_2038():
    """More seconds than 31 bits hold, on every engine."""
    start, far = datetime(2026, 11, 20, 10), datetime(2038, 2, 1)
    short = [(start + MINUTE, start + 61 * MINUTE)]
    for told, hold, due in (
        ({"limit": "1 h"}, [(start + MINUTE, far)], far + 59 * MINUTE),
        ({"due": "customer_set_time"}, short, far + 60 * MINUTE),
        ({"limit": "4500 days", "meaning": "elapsed"}, short, start + 4500 * DAY + 60 * MINUTE),
    ):
        for on in ENGINES:
            assert one(told | HELD, on=on, received_at=start, customer_set_time=far, holds=hold)["due"] == due


def test_both_engines_round_a_limit_alike():
    for limit in ("0.5 min", "1.5 min", "2.5 min", "3.5 min", "0.1 h", "1.01 h"):
        first, second = (one({"limit": limit}, on=on, received_at="2026-11-20 10:00")["due"] for on in ENGINES)
        assert first == second, limit


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize(
    "told",
    [
        END, {"limit": "1 day"}, {"limit": "1 month"}, SNAP, TIME, {"limit": "20 h"},
    ],
)  # fmt: skip
def test_nobody_is_late_before_the_due_moment_has_come(told, on):
    """What was done is written down with its day and no time of day, on the day on which it is due."""
    clock = {"register": "contracts", "starts": "accepted_on", "stops": "technical_review_on"}
    row = {"contract_no": "HT-1", "accepted_on": "2026-11-17"}
    [open_one] = judged([], {"contracts": [row]}, NOW, on=on, own={"try": CALL | clock | told})
    due = open_one["due"]
    done = row | {"technical_review_on": (due - SECOND).date().isoformat()}
    [found] = judged([], {"contracts": [done]}, due - MINUTE, on=on, own={"try": CALL | clock | told})
    assert found["state"] == "met"
    later = row | {"technical_review_on": (due - SECOND + DAY).date().isoformat()}
    [found] = judged([], {"contracts": [later]}, due + 2 * DAY, on=on, own={"try": CALL | clock | told})
    assert found["state"] == "met_late"


@pytest.mark.parametrize(
    "week",
    ["monday: ['09:00-12:00']", "mon: ['9-12']", "mon: ['13:30-18:00', '09:00-12:00']",
     "mon: ['09:00-12:00', '11:00-18:00']"],
)  # fmt: skip
def test_hours_that_would_be_miscounted_are_refused_where_they_stand(week, tmp_path):
    """No such day, no such hours, hours out of order, twice the same hour."""
    path = tmp_path / "calendar" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(f"name: mine\ntitle: {{zh: 夜班, en: Nights}}\nweek: {{{week}}}\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"mine\.yaml"):
        load([SHIPPED, tmp_path], KINDS)


def test_a_limit_is_not_tried_for_rows_that_the_department_does_not_keep():
    """Its profile makes the promise, but no book holds the register."""
    own = msgspec.convert({"books": {"stores": {"path": "x.xlsx"}}}, Settings)
    with pytest.raises(DeclarationError, match="arrive_on_site"):
        policy.tried(["arrive_on_site=2 h"], own, adopt(shipped(), own))
