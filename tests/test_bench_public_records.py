"""Rules learned from official due times, and the product's clocks held against them.

The invented requests say what the bench counts; the public ones, where they are here, how far to trust the clocks.
"""

import csv
import gzip
import json
import sys
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests import public_records
from tests.bench import public_records as bench

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OPENS, CLOSES = time(8, 30), time(17)
# Mondays with no holiday in the two weeks that follow; the first with a change of month, or a month would be 31 days
SPRING, SUMMER = datetime(2015, 4, 27, 6), datetime(2015, 6, 1, 6)
ODD = 'Sign  Crosswalk: "new" {or} old'
STAMP = "%m/%d/%Y %I:%M:%S %p"


# ---------------------------------------------------------------- due times counted by hand


def at_work(at):
    return at.weekday() < 5 and OPENS <= at.time() < CLOSES


def opening(at):
    while not at_work(at):
        at += MINUTE
    return at


def workdays_on(at, count):
    while count:
        at += DAY
        count -= at.weekday() < 5
    return at


def worked(at, minutes):
    while minutes:
        minutes -= at_work(at)
        at += MINUTE
    return at


BY_HAND = {
    "Two working days": ("snap", "2 working days", lambda at: workdays_on(opening(at), 2)),
    ODD: ("elapsed", "2 days", lambda at: at + 2 * DAY),
    "Half an hour": ("elapsed", "30 min", lambda at: at + 30 * MINUTE),
    "Four hours of work": ("working_time", "4 h", lambda at: worked(at, 240)),
    "Closing": (
        "end_of_day", "3 working days",
        lambda at: datetime.combine(workdays_on(opening(at), 3).date(), CLOSES),
    ),
    "Midnight": ("calendar_days", "5 days", lambda at: datetime.combine(at.date(), time()) + 6 * DAY),
    "Month": ("months", "1 months", lambda at: datetime(2015, at.month + 1, at.day) + DAY),
}  # fmt: skip


def request(number, kind, opened, target, closed, flag=None):
    """A line of a file; the official flag says whether it was closed late, unless *flag* does."""
    said = flag or ("OVERDUE" if closed is None or closed > target else "ONTIME")
    told = {"CASE_ENQUIRY_ID": f"{number:012}", "OnTime_Status": said, "TYPE": kind}
    moments = {"OPEN_DT": opened, "TARGET_DT": target, "CLOSED_DT": closed}
    stamps = {name: f"{at:{STAMP}}" if at else "" for name, at in moments.items()}
    return told | stamps | dict.fromkeys(("REASON", "QUEUE", "Department", "Source", "LOC_KEY"), "")


def calls(since, kinds, first=1, count=24):
    """*count* requests of each of *kinds*, by day and night, every other one closed an hour late."""
    made = []
    for kind in kinds:
        for n in range(count):
            opened = since + n * timedelta(hours=7, minutes=13)
            target = BY_HAND[kind][2](opened)
            closed = target + timedelta(hours=1) if n % 2 else opened + 20 * MINUTE
            made.append(request(first + len(made), kind, opened, target, closed))
    return made


def test_it_finds_the_meaning_and_the_length_of_each_type():
    rules = bench.learn(calls(SPRING, BY_HAND))
    assert {name: (rule.meaning, rule.limit, rule.fit) for name, rule in rules.items()} == {
        name: (meaning, limit, 1.0) for name, (meaning, limit, _) in BY_HAND.items()
    }


def test_a_rule_that_changed_is_the_newest_one():
    """Most requests have two working days; those of the last weeks have three, so three are in force now."""
    old = calls(SPRING - 14 * 7 * DAY, ["Two working days"], count=80)
    last = datetime.strptime(old[-1]["OPEN_DT"], STAMP) + bench.LATELY  # noqa: DTZ007 - as the file has it
    few, enough = (
        [request(500 + n, "Two working days", at, workdays_on(opening(at), 3), None)
         for n, at in enumerate(last + k * timedelta(hours=7, minutes=13) for k in range(count))]
        for count in (bench.ENOUGH - 1, bench.ENOUGH)
    )  # fmt: skip
    said = {count: bench.learn(old + new)["Two working days"] for count, new in ((19, few), (20, enough))}
    assert [(rule.meaning, rule.limit, rule.was, rule.clean) for rule in said.values()] == [
        ("snap", "2 working days", "", True), ("snap", "3 working days", "2 working days", True)
    ]  # fmt: skip


def test_a_rule_is_clean_with_enough_rows_that_fit():
    usual = calls(SPRING, [ODD], count=bench.ENOUGH)
    by_hand = [{**row, "TARGET_DT": f"{SPRING + (30 + n * n) * DAY:{STAMP}}"} for n, row in enumerate(usual)]
    kinds = {"few": usual[1:], "enough": usual, "six": by_hand[:6] + usual[6:], "seven": by_hand[:7] + usual[7:]}
    rules = bench.learn([{**row, "TYPE": kind} for kind, rows in kinds.items() for row in rows])
    assert {kind: (rule.rows, rule.fit, rule.clean) for kind, rule in rules.items()} == {
        "few": (19, 1.0, False), "enough": (20, 1.0, True), "six": (20, 0.7, True), "seven": (20, 0.65, False)
    }  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file to learn from and one to judge, the second with everything that can be odd about a request."""
    folder = tmp_path_factory.mktemp("records")
    monday, hour = datetime(2015, 6, 1, 9), timedelta(hours=1)
    target = monday + 2 * DAY
    odd = [
        request(901, ODD, monday, target, monday - hour, "ONTIME"),  # closed before it was opened
        request(902, ODD, monday, target, monday + hour),
        request(902, ODD, monday, target, target + hour),  # the same number twice
        request(903, ODD, monday, target, None),  # still open
        request(904, ODD, monday, target, target + hour, "ONTIME"),  # the official flag is not true to its due time
        request(905, ODD, monday, target - DAY, target - hour),  # somebody set an earlier due time by hand
        request(906, ODD, monday, None, monday + hour, "ONTIME"),
        {**request(907, ODD, monday, target, monday + hour), "OnTime_Status": ""},
        request(908, "Unheard of", monday, target, monday + hour),
    ]
    written = folder / "train.csv", folder / "test.csv.gz"
    for path, rows in zip(written, (calls(SPRING, BY_HAND), calls(SUMMER, BY_HAND) + odd), strict=True):
        write(path, rows)
    return written


def write(path, rows):
    with (gzip.open if path.suffix == ".gz" else open)(path, "wt", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, rows[0])
        table.writeheader()
        table.writerows(rows)


def said(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["public_records", *map(str, words)])
    bench.main()
    return capsys.readouterr().out


def test_everything_odd_is_counted_and_nothing_is_hidden(files, monkeypatch, capsys):
    found = json.loads(said(monkeypatch, capsys, *files, "--json"))
    usual = 24 * len(BY_HAND)
    assert (found["learned_from"], found["rows"], found["official_due"]) == (usual, usual + 9, usual + 8)
    assert (found["without_rule"], found["not_judged"]) == (1, 1)
    assert found["problems"] == {"id-duplicate": 2, "order-wrong": 1}
    assert found["official"] == {
        "train": {"closed_with_flag": usual, "exceptions": 0},
        "test": {"closed_with_flag": usual + 7, "exceptions": 1},
    }
    clean = found["clean"]
    assert (clean["types"], clean["rows"], clean["exact"]) == (len(BY_HAND), usual + 7, usual + 6)
    assert (clean["flags"], clean["false_late"], clean["missed_late"]) == (usual + 5, 1, 1)
    assert (clean["not_judged"], clean["no_official_flag"], clean["no_official_due"]) == (1, 1, 1)
    assert clean["flag_share"] == round((usual + 3) / (usual + 5), 5)
    assert clean["flag_share_of_all"] == round((usual + 3) / (usual + 6), 5)
    workdays = found["clean_working_days"]
    assert (workdays["types"], workdays["rows"], workdays["exact_share"], workdays["flag_share"]) == (3, 72, 1, 1)
    assert [(rule["type"], rule["exact"] - rule["rows"]) for rule in found["rules"]][:2] == [(ODD, -1), ("Closing", 0)]


def test_the_report_says_it_in_lines(files, monkeypatch, capsys):
    told = said(monkeypatch, capsys, *files)
    for line in (
        "168 requests learned from, 177 judged as of 2015-07-0",
        "1 of types without a rule, 1 with one that could not be judged",
        "clean, working days: 3 types, 72 rows with an official due time (40.7% of all rows, 40.9% of those with one)",
        "false late 1, missed late 1",
        "test: 175, exceptions 1",
        f"  {ODD}: elapsed 2 days, fit 100.0% of 24; exact 30 of 31",
    ):
        assert line in told


def test_the_moment_decides_about_what_is_still_open(files, monkeypatch, capsys):
    early = json.loads(said(monkeypatch, capsys, *files, "--json", "--now", "2015-06-03T08:59"))
    assert early["now"] == "2015-06-03T08:59:00"
    # the open request is not late yet, and officials say it is; what was closed later than that moment stays closed
    assert early["clean"]["missed_late"] == 2


@pytest.mark.parametrize("content", [None, "TYPE,OPEN_DT\n"])
def test_a_file_that_is_missing_or_empty_is_a_mistake_of_the_call(content, files, tmp_path, monkeypatch, capsys):
    path = tmp_path / "none.csv"
    if content:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        said(monkeypatch, capsys, files[0], path)
    assert left.value.code == 2
    assert "none.csv" in capsys.readouterr().err


# ---------------------------------------------------------------- the public records


@pytest.mark.skipif(not public_records.RECORDS.is_file(), reason="the public records are not here")
def test_clocks_learned_on_four_months_agree_with_officials_on_the_next_two(tmp_path):
    rows = public_records.records()
    months = [row["OPEN_DT"][:2] for row in rows]
    for name, wanted in (("train.csv.gz", {"01", "02", "03", "04"}), ("test.csv", {"05", "06"})):
        write(tmp_path / name, [row for row, month in zip(rows, months, strict=True) if month in wanted])
    found = bench.measure(*(public_records.records(tmp_path / name) for name in ("train.csv.gz", "test.csv")))
    workdays, clean = found["clean_working_days"], found["clean"]
    assert found["learned_from"] + found["rows"] == len(rows)
    assert found["problems"] == {"order-wrong": 84}
    assert workdays["exact_share"] >= 0.97
    assert workdays["flag_share"] >= 0.993
    assert clean["exact_share"] >= 0.97
    assert clean["flag_share"] >= 0.993
    assert workdays["share_of_due"] > 0.6
    assert clean["share_of_due"] > 0.8
    assert [one["exceptions"] for one in found["official"].values()] == [0, 0]
