"""What only pages show agrees with the flags, on four weeks of the example department."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from sync import explain, making, nightly
from sync.cli import Department
from sync.gather import boards
from sync.model import OPEN_STATES, RowRef

NOW = datetime(2026, 11, 22, 2)
TOML = (Path(__file__).resolve().parents[1] / "servicebook.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The example department's night: what was found, its declarations, its boards."""
    folder = tmp_path_factory.mktemp("boards")
    (folder / "servicebook.toml").write_text(TOML, encoding="utf-8")
    department = Department(folder, quiet=True, verbose=False)
    department.demo = True
    _, settings, schema, now = department.load(NOW)
    making.make_demo(folder, settings, schema, now, again=False)
    options = nightly.Options(now, accept_deletions=True)
    found = nightly.judge(folder, settings, schema, options, lambda *_: None)
    made = boards.boards(found.flags, found.refs, found.tonight.problems, schema, found.bench)
    return found, schema, made


def test_a_part_is_where_its_arithmetic_says_and_its_flags_agree(judged):
    found, _, made = judged
    states = {(flag.key, flag.promise): flag.state for flag in found.flags if flag.kind == "level"}
    assert {(line.key, promise): state for line in made.stock for promise, _, state in line.levels} == states
    for line in made.stock:
        if line.hand is not None and line.opening is not None:
            assert line.opening + line.came - line.went == pytest.approx(line.hand)
        for _, par, state in line.levels:
            assert state != "ok" or (line.hand >= par and line.hand >= 0)
    worst = [min(state != "negative" for *_, state in line.levels) for line in made.stock]
    assert worst == sorted(worst)


def test_a_book_misses_what_the_flags_miss(judged):
    found, _, made = judged
    missing = {name for book in made.books for name in book.missing}
    flagged = {flag.key for flag in found.flags if flag.state == "gap"}
    assert flagged <= missing  # older gaps are shown, but not flagged
    for book in made.books:
        assert Counter(book.sheets)["gap"] == len(book.missing)
        assert len(book.sheets) == int(book.last[-5:]) - int(book.first[-5:]) + 1


def test_the_weeks_hold_every_clock_that_began_in_them(judged):
    found, _, made = judged
    first = min(week.monday for weeks in made.weeks.values() for week in weeks)
    for promise, weeks in made.weeks.items():
        mine = [flag for flag in found.flags if flag.promise == promise and flag.start and first <= flag.start <= NOW]
        states = Counter(flag.state for flag in mine)
        assert sum(week.met for week in weeks) == states["met"], promise
        assert sum(week.late for week in weeks) == states["met_late"], promise
        assert sum(week.overdue for week in weeks) == states["overdue"], promise
        assert [b.monday - a.monday for a, b in pairwise(weeks)] == [timedelta(7)] * 7
    assert sum(week.met for week in made.weeks["first_reply"]) > 100


def test_what_comes_next_is_not_open_and_lies_ahead(judged):
    _, _, made = judged
    assert made.coming
    due = [flag.due for flag in made.coming]
    assert due == sorted(due)
    assert all(flag.state not in OPEN_STATES and NOW < flag.due <= NOW + boards.AHEAD for flag in made.coming)


def test_every_open_record_leads_to_its_own_row(judged):
    """Two rows with the same number are two rows."""
    found, _, made = judged
    for flag in found.tonight.flags:
        ref = made.refs.get((flag.register, flag.key, flag.row))
        assert ref is not None or flag.row is None, flag
        assert ref is None or flag.row in (None, ref.row)


def test_problems_are_somebodys(judged):
    found, _, made = judged
    places = {(problem.book, problem.tab, problem.row) for problem in found.tonight.problems}
    assert set(made.owners) <= places
    assert len(made.owners) > len(places) / 2


def test_equal_places_of_two_books_are_two_peoples(judged):
    found, schema, _ = judged
    problem = next(one for one in found.tonight.problems if one.row)
    here = RowRef(problem.register, problem.book, problem.tab, problem.row, "", "", "小张")
    there = replace(here, book="last_year", owner="小李")
    made = boards.boards([], [here, there], [problem], schema, found.bench)
    assert list(made.owners.values()) == ["小张"]


def test_what_a_register_keeps_to_itself_is_on_no_board(judged):
    """Parts and books of a department that publishes no more than their numbers, or nothing."""
    found, schema, made = judged
    assert made.stock
    assert made.books
    tables = replace(found.bench.tables, by_register=dict(found.bench.tables.by_register))
    for name, publish in (("parts", ["part_no", "name"]), ("work_order_books", [])):
        table = tables[name]
        tables.by_register[name] = replace(table, register=msgspec.structs.replace(table.register, publish=publish))
    quiet = boards.boards(found.flags, found.refs, [], schema, replace(found.bench, tables=tables))
    assert (quiet.stock, quiet.books) == ([], [])


def test_a_receipt_that_is_published_quotes_published_fields_only(judged):
    """Where a register keeps the clock's field to itself, the page shows no receipt."""
    found, schema, _ = judged
    told = explain.for_pages(found.tonight.flags, schema, found.bench, found.words)
    clocks = [flag for flag in found.tonight.flags if flag.promise == "first_reply"]
    assert clocks
    assert all(flag in told for flag in clocks)
    calls = schema.registers["call_register"]
    schema.registers["call_register"] = type(calls)(
        **{name: getattr(calls, name) for name in calls.__struct_fields__}
        | {"publish": [name for name in calls.publish if name != "replied_at"]}
    )
    try:
        hidden = explain.for_pages(clocks, schema, found.bench, found.words)
        assert hidden == {}
    finally:
        schema.registers["call_register"] = calls
