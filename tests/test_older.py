"""A record from before the first day judged: nobody lists it, and whoever asks about it is told all the same."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from night_department import JOBS, Department, department, job

SINCE = "2026-11-20"
AUGUST = datetime(2026, 8, 3, 9, 0)  # the calendar of what is judged from SINCE on does not reach back that far
SUMMER = [
    job(21, received_at=AUGUST, replied_at=AUGUST.replace(minute=20), finished_at=AUGUST.replace(day=6)),
    job(22, received_at=AUGUST, replied_at=AUGUST.replace(hour=10), finished_at=None),
    job(23, received_at=AUGUST, void="是", void_reason="打错了"),
    job(11, received_at=AUGUST, replied_at=None, finished_at=None),  # the number of an open job of today
]


@pytest.fixture(params=["polars", "duckdb"])
def desk(request, tmp_path: Path) -> Department:
    made = department(tmp_path / "部门")
    made.type(jobs=[*SUMMER, *JOBS])
    settings = made.folder / "servicebook.toml"
    settings.write_text(f'engine = "{request.param}"\n{settings.read_text(encoding="utf-8")}', encoding="utf-8")
    return made


def begins(desk: Department) -> None:
    """From now on only what came in on SINCE or later is judged."""
    settings = desk.folder / "servicebook.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[department]\n", f"[department]\njudge_from = {SINCE}\n"), encoding="utf-8")


def told(desk: Department, key: str) -> list[dict]:
    done = desk.run("explain", key, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_an_older_record_has_the_receipts_that_it_would_have_and_a_line_that_says_so(desk: Department):
    keys = ("J-021", "J-022", "J-008", "J-007")
    before = {key: told(desk, key) for key in keys}
    begins(desk)
    listed = {flag["key"] for flag in desk.night()["flags"]}
    assert listed == {"J-009", "J-011"}  # nobody can read when J-009 came in
    for key in keys:
        after = told(desk, key)
        assert [receipt["promise"] for receipt in after] == ["finish", "reply"]
        for receipt in after:
            head, line, *rest = receipt["receipt"]["zh"].split("\n")
            assert line == "这一行早于判定起始日 2026年11月20日：下面的判断只在这里说明，不列入清单和统计。"
            receipt["receipt"]["zh"] = "\n".join([head, *rest])
            head, line, *rest = receipt["receipt"]["en"].split("\n")
            assert "20 Nov 2026" in line
            receipt["receipt"]["en"] = "\n".join([head, *rest])
            assert receipt["facts"].pop("judge_from") == SINCE
        assert after == before[key]


def test_of_two_rows_with_one_number_only_the_older_one_says_it(desk: Department):
    begins(desk)
    said = {receipt["start"]: receipt["facts"].get("judge_from") for receipt in told(desk, "J-011")}
    assert said == {"2026-08-03T09:00:00": SINCE, "2026-11-20T15:00:00": None}


def test_an_older_record_that_was_void_is_still_judged_by_nothing(desk: Department):
    begins(desk)
    assert told(desk, "J-023") == []
    assert "还没开始、已作废" in desk.run("explain", "J-023").stdout
