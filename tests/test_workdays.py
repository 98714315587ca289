"""Calendars: which hours of which days are worked, who has the last word, and what is not official yet."""

from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_oracle import shipped

from sync.schema import Calendar, CompanyDay
from sync.workdays import Workdays, day_table, holiday_name, span, stretch_table

OFFICE = shipped().calendars["office"]
MORNING, AFTERNOON = (540, 720), (810, 1080)


def days(*lines):
    """Company days as a declaration writes them."""
    return [msgspec.convert(line, CompanyDay) for line in lines]


@pytest.mark.parametrize(
    ("at", "worked", "name"),
    [
        ("2026-11-20", True, ""),  # a Friday
        ("2026-11-21", False, ""),  # a Saturday
        ("2026-10-01", False, "National Day"),
        ("2026-10-10", True, "National Day"),  # a Saturday worked for the holiday
        ("2026-10-11", False, ""),
    ],
)
def test_the_official_arrangement_goes_before_the_week(at, worked, name):
    day = Workdays(OFFICE).day(date.fromisoformat(at))
    assert (bool(day.spans), day.name, day.provisional) == (worked, name, False)


def test_a_make_up_day_has_the_usual_hours():
    assert Workdays(OFFICE).day(date(2026, 10, 10)).spans == (MORNING, AFTERNOON)


def test_company_days_have_the_last_word():
    own = days({"from": "2026-10-01", "to": "2026-10-02", "kind": "work", "name": "值班"},
               {"from": "2026-11-20", "kind": "off", "name": "年会"})  # fmt: skip
    calendar = Workdays(msgspec.structs.replace(OFFICE, company_days=own))
    assert calendar.day(date(2026, 10, 2)).minutes == 450
    assert (calendar.day(date(2026, 11, 20)).spans, calendar.day(date(2026, 11, 20)).name) == ((), "年会")
    assert calendar.day(date(2026, 10, 3)).spans == ()


def test_a_year_that_nobody_announced_is_provisional_and_works_by_the_week():
    calendar = Workdays(OFFICE)
    assert (calendar.knows(2026), calendar.knows(2027)) == (True, False)
    assert calendar.day(date(2027, 1, 1)).provisional
    assert calendar.day(date(2027, 1, 1)).spans == (MORNING, AFTERNOON)


def test_other_countries_have_their_own_holidays():
    calendar = Workdays(msgspec.structs.replace(OFFICE, holidays="US-MA"))
    assert calendar.day(date(2026, 4, 20)).spans == ()  # Patriots' Day
    assert calendar.day(date(2026, 10, 1)).spans != ()


def test_a_six_day_week_works_on_ordinary_saturdays_and_rests_on_holidays():
    week = {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
    calendar = Workdays(Calendar(name="six", title=OFFICE.title, week=week, holidays="CN"))
    assert calendar.day(date(2026, 11, 21)).minutes == 540
    assert calendar.day(date(2026, 10, 3)).minutes == 0


@pytest.mark.parametrize("text", ["9-12", "12:00-09:00", "09:00-24:01", "09:00-09:00", ""])
def test_hours_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="hours"):
        span(text)


def test_round_the_clock_is_1440_minutes_on_every_day():
    days = Workdays(shipped().calendars["always"]).days(date(2026, 9, 28), date(2026, 10, 12))
    assert {day.minutes for day in days} == {1440}


def test_holidays_are_called_by_their_names():
    assert holiday_name("National Day", "zh") == "国庆节"
    assert holiday_name("National Day", "en") == "National Day"
    assert holiday_name("年会", "zh") == "年会"


spans = st.sampled_from(
    [["09:00-12:00", "13:30-18:00"], ["00:00-24:00"], ["08:30-12:05"], [], ["10:00-11:00", "11:00-12:00"]]
)


@settings(max_examples=15, deadline=None, database=None)
@given(week=st.fixed_dictionaries(dict.fromkeys(("mon", "tue", "wed", "sat"), spans)), steps=st.integers(1, 10_000))
def test_the_tables_agree_with_the_days(week, steps):
    """Counting the stretches up to a working minute gives the minutes worked before it."""
    calendar = Workdays(Calendar(name="any", title=OFFICE.title, week=week, holidays="CN"))
    first, last = date(2026, 9, 21), date(2026, 10, 18)
    lines = day_table(calendar, first, last)
    stretches, length = stretch_table(lines)
    days = list(calendar.days(first, last))
    assert lines["_ordinal"][-1] == sum(bool(day.spans) for day in days)
    assert len(stretches["_at"]) * length == sum(day.minutes for day in days)
    assert stretches["_at"] == sorted(set(stretches["_at"]))
    if stretches["_at"]:
        number = steps % len(stretches["_at"])
        at = stretches["_at"][number]
        before = sum(
            max(0, min(end, _minutes(at, day.date)) - start) for day in days for start, end in day.spans
        )  # fmt: skip
        assert number * length == before


@settings(max_examples=15, deadline=None, database=None)
@given(week=st.fixed_dictionaries(dict.fromkeys(("mon", "wed", "sat"), spans)), year=st.sampled_from([2026, 2027]))
def test_the_table_names_the_hours_before_and_after_each_day(week, year):
    """The next opening and the last closing, and whether the day of that opening is official yet."""
    calendar = Workdays(Calendar(name="any", title=OFFICE.title, week=week, holidays="CN"))
    first, last = date(year, 12, 21) - timedelta(days=365), date(year, 1, 7)
    lines = day_table(calendar, first, last)
    before, after = list(calendar.days(first, last)), list(calendar.days(first, last + timedelta(days=31)))
    for n in range(len(before)):
        openings = [(_at(day, day.spans[0][0]), day.provisional) for day in after[n + 1 :] if day.spans]
        closings = [_at(day, day.spans[-1][1]) for day in before[:n] if day.spans]
        assert (lines["_next"][n], lines["_unsettled"][n]) == next(iter(openings), (None, False))
        assert lines["_prev"][n] == (closings[-1] if closings else None)


def _at(day, minute):
    return datetime(day.date.year, day.date.month, day.date.day) + timedelta(minutes=minute)


def _minutes(at, day):
    return (at - datetime(day.year, day.month, day.day)) // timedelta(minutes=1)
