"""Working days between dates that have no time of day: what is done on the last day is in time, whatever the hour."""

import math
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_oracle import judged, shipped

from sync.engines import ENGINES
from sync.workdays import Workdays

NOW = datetime(2026, 10, 14, 2)
OFFICE = Workdays(shipped().calendars["office"])
BATCH = {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "repairs_in", "starts": "received_on",
         "stops": "repaired_on", "limit": "ceil(units / 10) working days", "calendar": "office",
         "meaning": "end_of_day"}  # fmt: skip
days = st.integers(0, 24).map(
    lambda number: date(2026, 9, 18) + timedelta(days=number)
)  # make-up days and National Day
about = st.none() | st.integers(-2, 3)  # so many days after the last one that is in time


def worked(first, way=1):
    """The workdays of two months from *first* on, or back from it."""
    return [day for day in (first + way * timedelta(days=n) for n in range(60)) if OFFICE.day(day).spans]


def at(day):
    return datetime(day.year, day.month, day.day) if day else None


def by_hand(last, done):
    if done:
        return "met" if done <= last else "met_late"
    closing = at(last) + timedelta(minutes=OFFICE.day(last).spans[-1][1])
    return "overdue" if closing < NOW else "open"


def told(flag):
    return "open" if flag["state"] in ("not_due", "due_soon") else flag["state"]


@pytest.mark.parametrize("on", ENGINES)
@settings(max_examples=15)
@given(lines=st.lists(st.tuples(days, st.integers(1, 60), about), min_size=5, max_size=40))
def test_a_batch_has_as_many_workdays_as_its_number_says(on, lines):
    """The first workday on or after the day of receipt is the one that the count begins on, and is not counted."""
    rows, wanted = [], {}
    for n, (day, units, after) in enumerate(lines):
        last = worked(day)[math.ceil(units / 10)]
        done = max(day, last + timedelta(days=after)) if after is not None else None
        wanted[f"FX-{n}"] = (by_hand(last, done), last)
        rows.append({"repair_no": f"FX-{n}", "received_on": at(day), "units": units, "repaired_on": at(done)})
    found = judged([], {"repairs_in": rows}, NOW, on=on, own={"try": BATCH})
    assert {flag["key"]: (told(flag), flag["due"].date()) for flag in found} == wanted
    assert all((flag["late_minutes"] is None) == (told(flag) in ("met", "open")) for flag in found)


@pytest.mark.parametrize("on", ENGINES)
@settings(max_examples=15)
@given(lines=st.lists(st.tuples(days, about), min_size=5, max_size=40))
def test_an_agreement_is_back_by_the_last_workday_before_departure(on, lines):
    rows, wanted = [], {}
    for n, (day, after) in enumerate(lines):
        last = worked(day - timedelta(days=1), -1)[0]
        got = last + timedelta(days=after) if after is not None else None
        wanted[f"AZ-{n}"] = by_hand(last, got)
        sent = {"application_no": f"AZ-{n}", "faxed_on": datetime(2026, 9, 1)}
        rows.append({**sent, "departure_on": at(day), "confirmed_on": at(got)})
    found = judged(["kitchen_confirm"], {"install_agreements": rows}, NOW, on=on)
    assert {flag["key"]: told(flag) for flag in found} == wanted
