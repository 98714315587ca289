"""The example department: believable, the same for a given day, and dirty exactly where it says so."""

import shutil
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync import demo, init, pull, validate
from sync.books.xlsx.file import XlsxBook
from sync.cli import main
from sync.declarations import load
from sync.engines import engine
from sync.model import STATES
from sync.rules import KINDS
from sync.schema import SHIPPED, Words
from sync.settings import Settings
from sync.workdays import Workdays

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
        "staff": 14, "customers": 40, "contracts": 46, "equipment": 60, "parts": 120, "call_register": 230,
        "work_orders": 180, "work_order_books": 8, "stock_moves": 780, "visits": 60, "followups": 15, "complaints": 12,
        "delay_analyses": 10, "hold_periods": 2, "loaners": 2, "stocktakes": 30, "dept_requests": 10, "calendar": 3,
        "repairs_in": 7, "install_agreements": 4, "reconciliations": 3, "calibrations": 5,
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


@pytest.mark.parametrize("month", range(1, 13))
def test_batches_and_the_contract_of_a_month_end_fit_any_day(schema, month):
    """Nothing lies ahead, what is done was done on a workday after it came, and something is open."""
    day, office = date(2026, month, 2 * month + 3), Workdays(schema.calendars["office"])
    told = demo.rows(schema, day)
    came = [batch["received_on"] for batch in told["repairs_in"]]
    assert came == sorted(came)
    assert came[-1] < day
    assert sum("repaired_on" not in batch for batch in told["repairs_in"]) == 3
    done = [(batch["received_on"], batch["repaired_on"]) for batch in told["repairs_in"] if "repaired_on" in batch]
    assert all(start < end < day and office.day(end).spans for start, end in done)
    assert all(batch.get("sent_back_on", day) <= day for batch in told["repairs_in"])
    accepted = told["contracts"][-1]["accepted_on"]
    assert (accepted + timedelta(days=1)).day == 1
    assert (day.month - accepted.month) % 12 == 3
    agreed = {(at.year, at.month) for at in (one["done_on"] for one in told["reconciliations"])}
    last = day.replace(day=1) - timedelta(days=1)
    assert len(agreed) == 3
    assert (last.year, last.month) not in agreed


@pytest.fixture(scope="module")
def department(tmp_path_factory):
    """The example department's folder with its two books."""
    folder = tmp_path_factory.mktemp("department")
    shutil.copy(SHIPPED.parent / "servicebook.toml", folder)
    asked = ["-C", str(folder), "init", "--demo", "--now", f"{DAY}T02:00"]
    done = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("FX-26-00001", ["早于判定起始日 2026年10月25日", "4 个工作日", "10月1日～10月7日 国庆节",
                         "10月10日 国庆节补班", "10月12日（周一）18:00", "超时完成"]),
        ("FX-26-00003", ["3 个工作日", "2026年11月10日（周二）18:00", "按时"]),
        ("FX-26-00005", ["2 个工作日", "2026年11月18日（周三）18:00", "超时（未见“修好日期”）"]),
        ("FX-26-00006", ["2026年11月23日（周一）18:00", "即将到期"]),
        ("2026-11", ["设备完好率", "坏着 2,801.4 小时", "回访率"]),  # a ratio has no row
        ("HT26-046", ["2026年9月1日 到 2026年11月30日", "那个月没有 31 日", "2028年2月29日（周二）24:00"]),
    ],
)  # fmt: skip
def test_the_example_has_a_clock_of_each_sort_and_explains_it(department, key, said):
    asked = ["-C", str(department), "explain", "--demo", key, "--now", f"{DAY}T02:00"]
    done = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert [piece for piece in said if piece not in done.stdout] == []


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
