"""What is said beforehand."""

import json
import os
from pathlib import Path

import pytest
import sheets_department
from night_department import Department, department
from sheets_server import SheetsServer


@pytest.fixture
def desk(tmp_path: Path) -> Department:
    return department(tmp_path / "部门 一")


def lines(desk: Department, now: str = "2026-11-22T12:00") -> dict[str, tuple[str, str]]:
    """Grade and words by what they are about; nothing is written meanwhile."""
    before = desk.tree()
    found = json.loads(desk.run("doctor", "--json", now=now).stdout)
    assert desk.tree() == before
    return {line["what"]: (line["grade"], line["told"]) for line in found}


def test_a_sound_department(desk: Department):
    desk.night()
    found = lines(desk)
    assert {found[what][0] for what in ("python", "department", "declarations", "book desk", "last run")} == {"√"}
    assert desk.run("doctor", now="2026-11-22T12:00").exit_code == 0


def test_before_the_first_run(desk: Department):
    assert "first run" in lines(desk)["kept"][1]


def test_a_book_that_is_open_and_marks_that_wait(desk: Department):
    desk.held()
    desk.night()
    found = lines(desk, "2026-11-24T12:00")
    assert found["book desk"][0] == "!"
    assert found["marks of desk"] == ("!", "waiting since 2026-11-22 02:00 (2 days): close the book once")
    assert found["last run"][0] == "!"  # older than a day and a half


def test_marks_that_a_spreadsheet_refused_wait_for_the_next_run(tmp_path: Path):
    """Nobody has it open, so nobody is asked to close it."""
    with SheetsServer() as server:
        desk = sheets_department.department(tmp_path / "部门 一", server)
        server.faults.add("403", "POST .*:batchUpdate", times=0)
        assert desk.tonight("2026-11-22T02:00", until="report")[0] == 1
        assert lines(desk)["marks of desk"] == (
            "!",
            "waiting since 2026-11-22 02:00 (0 days): the next run tries again",
        )


def test_a_book_that_is_gone(desk: Department):
    desk.book.unlink()
    assert lines(desk)["book desk"][0] == "×"
    assert desk.run("doctor").exit_code == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this account")
def test_a_book_that_cannot_be_written(desk: Department):
    desk.book.chmod(0o444)
    assert "cannot be written" in lines(desk)["book desk"][1]


def test_a_clock_that_stands_before_the_last_run(desk: Department):
    desk.night()
    assert lines(desk, "2026-11-21T12:00")["clock"][0] == "×"


def test_from_november_the_next_year_is_missing(desk: Department):
    assert "2027" in lines(desk)["calendar office"][1]
    assert "calendar office" not in lines(desk, "2026-10-22T12:00")


def test_a_place_to_publish_to(desk: Department, tmp_path: Path):
    """Refused where no site may go, and named with what readers see."""
    toml = desk.folder / "servicebook.toml"
    before = toml.read_text(encoding="utf-8")
    toml.write_text(f"{before}\n[publish]\nfolder = 'docs'\n", encoding="utf-8")
    desk.night(until="flag")
    assert lines(desk)["publish"][0] == "×"
    place = (tmp_path / "网 站").as_posix()
    toml.write_text(f"{before}\n[publish]\nfolder = '{place}'\n", encoding="utf-8")
    assert lines(desk)["publish"] == ("√", f"{place} shows nothing yet")
