"""The example department: believable, the same for a given day, and dirty exactly where it says so."""

from collections import Counter
from datetime import date, datetime, time
from pathlib import Path

import pytest

from sync import demo, init, pull, validate
from sync.books.xlsx.file import XlsxBook
from sync.declarations import load
from sync.engines import engine
from sync.model import STATES
from sync.rules import KINDS
from sync.schema import SHIPPED, Words
from sync.settings import Settings

DAY = date(2026, 11, 22)
SETTINGS = Settings()


@pytest.fixture(scope="module")
def schema():
    return load([SHIPPED], KINDS)


@pytest.fixture(scope="module")
def rows(schema):
    return demo.rows(schema, DAY)


def test_a_day_always_tells_the_same_story(schema, rows):
    assert demo.rows(schema, DAY) == rows
    assert demo.rows(schema, date(2026, 11, 23)) != rows


def test_there_is_about_as_much_as_a_department_writes_in_four_weeks(rows):
    least = {
        "staff": 14, "customers": 40, "contracts": 45, "equipment": 60, "parts": 120, "call_register": 230,
        "work_orders": 180, "work_order_books": 8, "stock_moves": 780, "visits": 60, "followups": 15, "complaints": 12,
        "delay_analyses": 10, "hold_periods": 2, "loaners": 2, "stocktakes": 30, "dept_requests": 10, "calendar": 3,
    }  # fmt: skip
    assert set(rows) == set(least)
    assert {name: len(rows[name]) for name in least if len(rows[name]) < least[name]} == {}


def test_every_cell_stands_in_a_column_of_its_register_or_in_one_that_staff_added(schema, rows):
    own = {
        column
        for name, table in rows.items()
        for row in table
        for column in row
        if column not in {declared.name for declared in schema.registers[name].columns}
    }
    assert own == {"我的备忘"}


def test_nothing_was_written_after_the_last_evening(rows):
    days = [row["received_at__date"] for row in rows["call_register"] if "received_at__date" in row]
    assert max(day for day in days if isinstance(day, date)) == date(2026, 11, 21)
    assert min(day for day in days if isinstance(day, date)) >= date(2026, 10, 25)


def test_week_ends_are_quiet(rows):
    days = [row["received_at__date"] for row in rows["call_register"] if "received_at__date" in row]
    week = Counter(day.weekday() for day in days if isinstance(day, date))
    assert max(week[5], week[6]) < min(week[day] for day in range(5))


def test_phones_are_plainly_invented(rows):
    phones = {
        str(row["phone"]) for table in ("staff", "customers", "call_register") for row in rows[table] if "phone" in row
    }
    assert {phone[:8] for phone in phones if phone[0] == "0"} == {"010-5550"}
    assert {phone[:7] for phone in phones if phone[0] == "1"} == {"1380000", "1.38E+1", "138****"}


@pytest.mark.parametrize("day", [DAY, date(2027, 1, 11)])
def test_a_check_finds_the_planted_dirt_and_nothing_else(schema, tmp_path: Path, day: date):
    """Every planted fault is reported at its row under its code, and no row is called wrong that is not."""
    now = datetime.combine(day, time(2))
    typed, books = demo.rows(schema, day), []
    for name in ("service", "stores"):
        registers = [register for register in schema.registers.values() if register.tabs[0].book == name]
        path = tmp_path / f"{name}.xlsx"
        init.write_book(
            path, registers, typed, made_at=now, states={state: f"● {state}" for state in STATES},
            title=Words(zh=name, en=name), headers=demo.headers(schema),
        )  # fmt: skip
        books.append(XlsxBook(name, path, SETTINGS.bounds, SETTINGS.zone).read(now))
    pulled = pull.lay_out(books, schema, lambda _book, _tab: None)
    found = engine("polars").columns(validate.validate(pulled, schema, SETTINGS, engine("polars"), now).problems)
    got = set(zip(found["register"], found["row"], found["code"], strict=True))
    planted = {(spot.register, spot.row, spot.code) for spot in demo.dirt(schema, day) if spot.code}
    assert pulled.problems == []
    assert sorted(got) == sorted(planted)
