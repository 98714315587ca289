"""When a clock is due: each meaning of a limit in cases, held against walks by hand, and what never changes."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_oracle import MINUTE, UNREAD, due_by_hand, judged, shipped

from sync import yamlfile
from sync.declarations import load
from sync.engines import ENGINES, engine
from sync.model import DeclarationError
from sync.rules import KINDS
from sync.rules.terms import COUNTS
from sync.rules.worked import SHOWN, STARTS, worked
from sync.schema import SHIPPED, Calendar
from sync.settings import Settings, adopt
from sync.workdays import Workdays

CASES = Path(__file__).parent / "cases" / "due"
GOLDEN = Path(__file__).parent / "golden" / "meanings.txt"
NOW = datetime(2026, 11, 22, 2, 0)
SINCE = date(2024, 1, 1)
DAY = timedelta(days=1)
CALL = {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register", "starts": "received_at",
        "stops": "arrived_at"}  # fmt: skip
TOLD = ("due", "state", "late_minutes", "provisional")  # what a row of a case says of its flag, beside its cells


def cases():
    for path in sorted(CASES.glob("*.yaml")):
        for case in yamlfile.read(path) if path.stem != "refusals" else ():
            yield pytest.param(case, id=f"{path.stem}: {case['holds']}")


def rows_of(case):
    """The rows of a case and what each is told to become; a case with only starts is written as a map."""
    listed = [
        {"call_no": f"A{n:02}", "received_at": start} | dict(zip(("due", "provisional"), _pair(due), strict=False))
        for n, (start, due) in enumerate((case.get("due") or {}).items())
    ]
    rows = listed + case.get("rows", [])
    cells = [{name: value for name, value in row.items() if name not in TOLD} for row in rows]
    return cells, [{name: row[name] for name in TOLD if name in row} for row in rows]


def _pair(due):
    return due if isinstance(due, list) else [due]


def _moment(text):
    return datetime.fromisoformat(str(text)) if text else None


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("case", list(cases()))
def test_a_clock_is_due_when_the_case_says(case, on):
    told = CALL | case["clock"]
    cells, wanted = rows_of(case)
    typed = {told["register"]: cells + case.get("more", [])} | case.get("others", {})
    now = _moment(case.get("now")) or NOW
    found = judged([], typed, now, on=on, own={"try": told}, office=case.get("office"), judge_from=SINCE)
    assert len(found) == len(wanted)
    shown = [{name: flag[name] for name in want} for want, flag in zip(wanted, found, strict=True)]
    assert shown == [want | ({"due": _moment(want["due"])} if "due" in want else {}) for want in wanted]


@pytest.mark.parametrize("case", [case for case in cases() if case.values[0].get("by_hand", True)])
def test_a_walk_through_the_calendar_comes_to_the_same_moment(case):
    """What a case says is no opinion of ours: days and minutes walked one by one agree."""
    told = CALL | case["clock"]
    promise = msgspec.convert(told | {"name": "try"}, KINDS["clock"])
    calendar = msgspec.to_builtins(shipped().calendars["office"]) | (case.get("office") or {})
    workdays = Workdays(msgspec.convert(calendar, Calendar))
    for row, want in zip(*rows_of(case), strict=True):
        start = row.get(promise.starts)
        if start is None or "." in promise.due or promise.holds:
            continue
        read = {name: _read(value) for name, value in row.items()}
        due, provisional = due_by_hand(promise, _moment(start), workdays, read, step=MINUTE)
        assert due == _moment(want["due"]), row
        assert provisional == want.get("provisional", provisional), row


def _read(value):
    if value == UNREAD:
        return None
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def test_every_meaning_and_every_option_has_its_cases():
    used = [CALL | case.values[0]["clock"] for case in cases()]
    measures = {msgspec.convert(told | {"name": "try"}, KINDS["clock"]).measure for told in used if "limit" in told}
    assert measures == set(COUNTS)
    assert {"before", "due", "tolerance", "shift", "meaning", "holds"} <= {option for told in used for option in told}
    assert {told.get("shift") for told in used} > {"none", "next_workday", "previous_workday"}


# ---------------------------------------------------------------- refused


def refusals():
    return [pytest.param(case, id=case["holds"]) for case in yamlfile.read(CASES / "refusals.yaml")]


@pytest.mark.parametrize("case", refusals())
def test_what_contradicts_itself_is_refused_where_it_stands(case, tmp_path):
    """The file, the promise and the option are named, and the way out."""
    policy = tmp_path / "policy" / "try.yaml"
    policy.parent.mkdir()
    policy.write_bytes(msgspec.yaml.encode({"try": CALL | case["clock"]}))
    with pytest.raises(DeclarationError) as refused:
        load([SHIPPED, tmp_path], KINDS)
    said = str(refused.value)
    assert said.startswith(f"{policy}:")
    assert f"try.{case['refused']}: " in said
    assert case["says"] in said


def test_every_meaning_refuses_a_unit_that_it_does_not_count():
    units = {"minute": "min", "hour": "h", "day": "days", "working_day": "working days", "week": "weeks"}
    units["month"] = "months"
    for meaning, counted in COUNTS.items():
        for unit, word in units.items():
            told = CALL | {"name": "try", "limit": f"2 {word}", "meaning": meaning, "calendar": "office"}
            clock = msgspec.convert(told, KINDS["clock"])
            kinds = {path: "datetime" for _, path in clock.fields()}
            assert ("meaning" in dict(clock.faults(kinds))) == (unit not in counted)


def test_what_a_department_chooses_is_held_to_the_same():
    """Its own limit may not contradict what the shipped promise says, and the refusal names its key."""
    books = {register.book: {"path": f"{register.book}.xlsx"} for register in shipped().registers.values()}
    own = {"books": books, "promises": {"arrive_on_site": {"limit": "2 working days"}}}
    with pytest.raises(DeclarationError, match=r"promises\.arrive_on_site\.calendar: working days need a calendar"):
        adopt(shipped(), msgspec.convert(own, Settings))
    own["promises"]["arrive_on_site"]["calendar"] = "office"
    assert adopt(shipped(), msgspec.convert(own, Settings)).promise["arrive_on_site"].measure == "snap"


# ---------------------------------------------------------------- what never changes

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = ["09:00-12:00", "13:30-18:00"]
FIRST, LAST = date(2026, 9, 21), date(2026, 10, 25)
within = st.integers(0, 20 * 1440).map(lambda minute: datetime.combine(FIRST, time()) + (8 * 1440 + minute) * MINUTE)


@st.composite
def offices(draw, hours=(HOURS,)):
    """An office with days off and make-up days wherever they fall; *hours* are those a day may have."""
    week = {day: draw(st.sampled_from(hours)) for day in WEEK[: draw(st.sampled_from([5, 6]))]}
    own = draw(st.dictionaries(st.integers(0, 34), st.sampled_from(["off", "work"]), max_size=9))
    days = [{"from": (FIRST + n * DAY).isoformat(), "kind": kind, "name": "x"} for n, kind in sorted(own.items())]
    return {"week": week, "holidays": "", "company_days": days}


def dues(starts, told, office, *, on="polars", now=NOW, holds=()):
    """When clocks that began at *starts* are due, each with the minutes it was held."""
    calls = [{"call_no": f"A{n:04}", "received_at": at} for n, at in enumerate(starts)]
    held = [
        {"hold_no": f"H{n:04}-{m}", "register": "call_register", "record_no": f"A{n:04}", "from_at": a, "to_at": b}
        for n, spans in enumerate(holds)
        for m, (a, b) in enumerate(spans)
    ]
    typed = {"call_register": calls, "hold_periods": held}
    found = judged([], typed, now, on=on, own={"try": CALL | told}, office=office, judge_from=FIRST)
    return [(flag["due"], flag["held_minutes"]) for flag in found]


@settings(max_examples=5, deadline=None, database=None)
@given(office=offices(), start=within, a=st.integers(0, 4), b=st.integers(0, 4))
def test_working_days_add_up(office, start, a, b):
    """Two days after three days is five days, where every day has the same hours."""
    one = dues([start], {"limit": f"{a} working days", "calendar": "office"}, office)[0][0]
    both = dues([start], {"limit": f"{a + b} working days", "calendar": "office"}, office)
    assert dues([one], {"limit": f"{b} working days", "calendar": "office"}, office) == both


@settings(max_examples=5, deadline=None, database=None)
@given(office=offices(), visit=within, n=st.integers(1, 4))
def test_so_many_days_back_from_where_so_many_days_lead(office, visit, n):
    """Counting back is the way on, reversed: from within the hours both ways meet."""
    told = {"limit": f"{n} working days", "calendar": "office"}
    there = dues([visit], told, office)[0][0]
    opened = dues([visit], {"limit": "0 working days", "calendar": "office"}, office)[0][0]
    back = CALL | told | {"before": "promised_arrival"}
    call = {"call_no": "A1", "received_at": visit - 9 * DAY, "promised_arrival": there}
    assert [
        flag["due"]
        for flag in judged(
            [], {"call_register": [call]}, NOW, own={"try": back}, office=office, judge_from=FIRST - 20 * DAY
        )
    ] == [opened]


METERS = [
    {"limit": "3 working days"}, {"limit": "2 working days", "meaning": "end_of_day"}, {"limit": "7 h"},
    {"limit": "3 days", "shift": "next_workday"}, {"limit": "3 days", "shift": "previous_workday"},
    {"limit": "1 month", "shift": "next_workday"}, {"limit": "30 h", "meaning": "elapsed"},
]  # fmt: skip


@pytest.mark.parametrize("told", METERS, ids=lambda told: " ".join(told.values()))
def test_who_comes_later_is_never_due_earlier(told):
    """Over National Day, and counted back as well."""
    office = msgspec.to_builtins(shipped().calendars["office"])
    moments = [datetime(2026, 9, 21) + 131 * n * MINUTE for n in range(200)]
    found = [due for due, _ in dues(moments, told | {"calendar": "office"}, office)]
    assert found == sorted(found)
    back = CALL | told | {"calendar": "office", "before": "promised_arrival"}
    calls = [
        {"call_no": f"A{n:04}", "received_at": at, "promised_arrival": at + 9 * DAY} for n, at in enumerate(moments)
    ]
    found = [flag["due"] for flag in judged([], {"call_register": calls}, NOW, own={"try": back}, judge_from=FIRST)]
    assert found == sorted(found)


# ---------------------------------------------------------------- minute by minute


class Minutes:
    """A few weeks as one long line of minutes, each worked or not, read from the declaration alone."""

    def __init__(self, office):
        self.begin = datetime.combine(FIRST, time())
        own = {line["from"]: line["kind"] for line in office["company_days"]}
        longest = max(office["week"].values(), key=lambda spans: sum(map(_minutes, spans)))
        self.worked = []
        for n in range((LAST - FIRST).days + 30):
            day = FIRST + n * DAY
            spans = office["week"].get(WEEK[day.weekday()], [])
            kind = own.get(day.isoformat())
            spans = [] if kind == "off" else spans or longest if kind == "work" else spans
            line = [False] * 1440
            for first, last in map(_ends, spans):
                line[first:last] = [True] * (last - first)
            self.worked += line

    def at(self, moment):
        return (moment - self.begin) // MINUTE

    def moment(self, minute):
        return self.begin + minute * MINUTE

    def opening(self, minute):
        while not self.worked[minute]:
            minute += 1
        return minute

    def snap(self, minute, count):
        minute = self.opening(minute)
        day, clock = divmod(minute, 1440)
        while count:
            day += 1
            count -= any(self.worked[day * 1440 : day * 1440 + 1440])
        return day * 1440 + clock

    def working_time(self, minute, left):
        while left:
            left -= self.worked[minute]
            minute += 1
        return minute

    def paused(self, start, due, held, cap):
        """Where the clock runs out that would at *due*, and how long it stood: in the minutes *held*, up to *cap*."""
        left = sum(self.worked[start:due])
        minute, stood, run = start, 0, 0
        while left or (run and held(minute) and stood < cap):
            if self.worked[minute]:
                if held(minute) and stood < cap:
                    stood, run = stood + 1, 1
                else:
                    left, run = left - 1, 0
            minute += 1
        return (minute, stood) if stood else (due, 0)


def _ends(span):
    return [int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-")]


def _minutes(span):
    first, last = _ends(span)
    return last - first


SEVERAL = (HOURS, ["08:30-17:00"], ["10:00-11:00", "11:30-12:00", "20:00-21:15"])


@pytest.mark.parametrize("on", ENGINES)
@settings(max_examples=2, deadline=None, database=None)
@given(office=offices(SEVERAL), starts=st.lists(within, min_size=30, max_size=30), n=st.integers(0, 5))
def test_every_minute_counted_gives_the_same_moments(office, starts, n, on):
    """Whatever the lunch breaks, days off and make-up days."""
    line = Minutes(office)
    snapped = [line.moment(line.snap(line.at(at), n)) for at in starts]
    assert [
        due for due, _ in dues(starts, {"limit": f"{n} working days", "calendar": "office"}, office, on=on)
    ] == snapped
    minutes = 37 + 113 * n
    timed = [line.moment(line.working_time(line.at(at), minutes)) for at in starts]
    assert [due for due, _ in dues(starts, {"limit": f"{minutes} min", "calendar": "office"}, office, on=on)] == timed


@st.composite
def waits(draw):
    """A start and up to three holds, some of them before it, after the breach or through it."""
    start = draw(within)
    spans = draw(st.lists(st.tuples(st.integers(-600, 4000), st.integers(1, 1500)), max_size=3))
    return start, [(start + a * MINUTE, start + (a + b) * MINUTE) for a, b in spans]


@pytest.mark.parametrize("on", ENGINES)
@settings(max_examples=2, deadline=None, database=None)
@given(
    office=offices(), rows=st.lists(waits(), min_size=30, max_size=30), told=st.sampled_from(["7 h", "1 working day"]),
    cap=st.sampled_from([None, 77]),
)  # fmt: skip
def test_a_clock_that_is_held_stands_still_minute_by_minute(office, rows, told, cap, on):
    """A hold outside the hours is nothing, overlapping ones are one, and one after the breach does not undo it.

    Once it has stood as long as the cap says, it runs.
    """
    line, wanted = Minutes(office), []
    for start, spans in rows:
        at = line.at(start)
        due = line.working_time(at, 420) if told == "7 h" else line.snap(at, 1)
        inside = [(max(line.at(a), at), line.at(b)) for a, b in spans]
        minute, stood = line.paused(at, due, lambda m, inside=inside: any(a <= m < b for a, b in inside), cap or 10**9)
        wanted.append((line.moment(minute), stood))
    starts, spans = [start for start, _ in rows], [spans for _, spans in rows]
    clock = {"limit": told, "calendar": "office", "holds": "hold_periods"} | ({"hold_cap": f"{cap} min"} if cap else {})
    assert dues(starts, clock, office, on=on, holds=spans, now=datetime(2026, 11, 22)) == wanted


# ---------------------------------------------------------------- the page for operators


def test_the_worked_dates_of_the_page_are_those_that_a_walk_finds():
    """The table on the page is made by the clocks' own functions; here it is held to cells counted by hand."""
    office = Workdays(shipped().calendars["office"])
    lines = worked(office, engine("polars"))
    assert worked(office, engine("duckdb")) == lines
    assert [start for start, _ in lines] == list(STARTS)
    for start, found in lines:
        for (limit, meaning, shift), due in zip(SHOWN, found, strict=True):
            told = CALL | {"name": "try", "limit": limit, "meaning": meaning, "shift": shift, "calendar": "office"}
            clock = msgspec.convert(told, KINDS["clock"])
            assert tuple(due) == due_by_hand(clock, start, office, step=MINUTE), (start, limit, meaning, shift)


def test_the_worked_dates_are_these():
    """Read in review like prose: a start a line, and where each way of counting leads from it."""
    lines = worked(Workdays(shipped().calendars["office"]), engine("polars"))
    head = " | ".join(["start", *(" ".join(part for part in shown if part != "none") for shown in SHOWN)])
    told = [
        " | ".join([f"{start:%Y-%m-%d %H:%M}", *(f"{at:%Y-%m-%d %H:%M}{'?' * odd}" for at, odd in found)])
        for start, found in lines
    ]
    assert [head, *told] == GOLDEN.read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("2026-09-30 10:00 | 2026-10-09 10:00 |") for line in told)
