"""The command itself: what it prints where, how it ends, and what it never says."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner
from night_department import BOOK, CLIENTS, JOBS, NOW, Department, department, job

from sync.cli import main
from sync.model import FLAG_COLUMNS, PROBLEM_COLUMNS, RowCount


@pytest.fixture
def desk(tmp_path: Path) -> Department:
    return department(tmp_path / "部门 一")


def rewritten(desk: Department, old: str, new: str) -> None:
    path = desk.folder / "servicebook.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


# ---------------------------------------------------------------- results


def test_check_as_json(desk: Department):
    done = desk.run("check", "--json")
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert {"problems", "counts"} <= set(told)
    for problem in told["problems"]:
        assert set(problem) == {*PROBLEM_COLUMNS, "message", "link"}
        assert set(problem["message"]) == {"zh", "en"}
    place = next(problem for problem in told["problems"] if problem["code"] == "date-year-missing")
    assert (place["tab"], place["row"], place["column"], place["key"]) == ("报修", 11, "J", "J-009")
    assert place["link"] == f"{BOOK.as_posix()}#'报修'!J11"
    assert told["counts"]["jobs"] == asdict(RowCount(pulled=15, shown=10, bad=4, unused=1, blank=0))


def test_sync_as_json(desk: Department):
    told = desk.night()
    assert {"moment", "run", "registers", "flags", "counts"} <= set(told)
    assert (told["moment"], told["run"]) == ("2026-11-22T02:00:00", "20261122-020000")
    assert all(set(flag) == set(FLAG_COLUMNS) for flag in told["flags"])
    for promise, states in told["counts"].items():
        assert sum(states.values()) == sum(flag["promise"] == promise for flag in told["flags"])


def test_results_and_progress_go_their_own_ways(desk: Department):
    done = desk.run("sync", "--until", "flag")
    assert "validate" in done.stderr
    assert "validate" not in done.stdout
    assert "jobs: 15 rows = 10 shown + 4 with problems + 1 unused + 0 blank" in done.stdout
    assert "\r" not in done.stderr  # not on a terminal: plain lines
    assert desk.run("-q", "sync", "--until", "flag").output == ""
    json.loads(desk.run("-q", "sync", "--until", "flag", "--json").output)
    assert "sha256" in desk.run("-v", "sync", "--until", "flag").stderr


def test_check_ends_with_three_only_for_errors(desk: Department):
    desk.type(jobs=[job(1), job(2, client="没听过的客户")])  # a task, not an error
    assert desk.run("check").exit_code == 0
    desk.type(jobs=[job(1), job(2, received_at="昨天")])
    assert desk.run("check").exit_code == 3
    assert desk.run("sync", "--until", "flag").exit_code == 0
    assert desk.run("sync", "--until", "flag", "--strict").exit_code == 3


def test_why_a_record_is_late(desk: Department):
    told = json.loads(desk.run("explain", "J-007", "--json").stdout)
    assert any(receipt["state"] == "overdue" for receipt in told)
    assert "11月20日" in desk.run("explain", "J-007").stdout.replace(" ", "")


# ---------------------------------------------------------------- usage


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[books]", "[books", "servicebook.toml"),
        ("[department]", "[department]\ncolour = 'red'", "department.colour: nobody declared “colour”"),
        (
            'profile = "small"',
            'profil = "small"',
            "nobody declared “profil”; did you mean “profile”",
        ),
        ('profile = "small"', 'profile = "smal"', "did you mean “small”"),
        ('profile = "small"', 'profile = "small"\ntime_zone = "Asia/Shangai"', "did you mean “Asia/Shanghai”"),
        ('profile = "small"', 'profile = "small"\noffice = "ofice"', "did you mean “office”"),
        ("desk.path", "desk.kind = 'sheet'\ndesk.path", "sheet"),
        ("desk.path", "desc.path", "did you mean “desk”"),
        ("desk.path", "desk2.path = '表 格/值班 登记.xlsx'\ndesk.path", "the same place"),
        ("desk.path", "# desk.path", "none is named"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_done(desk: Department, old: str, new: str, said: str):
    rewritten(desk, old, new)
    before = desk.tree()
    done = desk.run("sync")
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert done.stdout == ""
    changed = {name for name, data in desk.tree().items() if before.get(name, b"") != data}
    assert all(name.startswith("kept") for name in changed)  # the lock, at most


@pytest.mark.parametrize(
    "arguments",
    [["sync", "--until", "tomorrow"], ["sync", "--now", "gestern"], ["nonsense"], ["init"], ["sync", "--x"]],
)
def test_wrong_usage(desk: Department, arguments: list[str]):
    done = CliRunner().invoke(main, ["-C", str(desk.folder), *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""


def test_the_example_is_never_written_over_what_people_typed(desk: Department):
    """SERVICEBOOK_DIR may still name their own department."""
    desk.type()
    before = desk.tree()
    done = desk.run("init", "--demo")
    assert done.exit_code == 1
    assert "没有动" in done.stderr
    assert "left alone" in done.stderr
    assert desk.tree() == before


def test_a_folder_that_is_no_department(tmp_path: Path):
    done = CliRunner().invoke(main, ["-C", str(tmp_path), "sync"])
    assert done.exit_code == 2
    assert "servicebook init" in done.stderr


def test_every_option_has_its_name_in_the_environment():
    for command in (main, *main.commands.values()):
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name not in {"help", "version"}:
                word = next(name for name in parameter.opts if name.startswith("--"))
                assert parameter.envvar == "SERVICEBOOK_" + word[2:].upper().replace("-", "_")


def test_options_from_the_environment(desk: Department):
    elsewhere = {"SERVICEBOOK_DIR": str(desk.folder), "SERVICEBOOK_NOW": NOW, "SERVICEBOOK_QUIET": "1"}
    done = CliRunner(env={**elsewhere, "SERVICEBOOK_JSON": "1", "SERVICEBOOK_UNTIL": "flag"}).invoke(main, ["sync"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout)["moment"] == "2026-11-22T02:00:00"
    done = CliRunner(env={**elsewhere, "SERVICEBOOK_SYNC_DRY_RUN": "1"}).invoke(main, ["sync"])
    assert not (desk.folder / "kept").exists()


def test_a_moment_with_an_offset_is_turned_into_the_workplaces_time(desk: Department):
    told = desk.night(now="2026-11-21T19:00:00+01:00")
    assert told["moment"] == "2026-11-22T02:00:00"


def test_an_error_of_the_program_quotes_no_cell(desk: Department, monkeypatch: pytest.MonkeyPatch):
    from sync import pull

    secret = "1380000" + "9999"

    def broken(*_):
        raise ValueError(secret)

    monkeypatch.setattr(pull, "lay_out", broken)
    done = desk.run("sync")
    assert done.exit_code == 1
    assert "ValueError in test_cli.py" in done.stderr
    assert secret not in desk.run("-v", "sync").output


def test_help_loads_nothing_of_a_night():
    program = "import sys\nfrom sync.cli import main\ntry:\n main(['--help'])\nfinally:\n print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert not {"polars", "narwhals", "msgspec", "jinja2", "xlsxwriter", "sync.nightly"} & set(done.stdout.split())


def test_a_console_of_another_time(desk: Department):
    """A console that knows no Chinese gets marks in its place, not a crash."""
    arguments = [sys.executable, "-m", "sync.cli", "-C", str(desk.folder), "check", "--now", NOW]
    environment = os.environ | {"PYTHONIOENCODING": "cp437", "PYTHONUTF8": "0"}
    done = subprocess.run(arguments, capture_output=True, env=environment, check=False)
    assert done.returncode == 3, done.stderr
    assert rb"\u62a5\u4fee" in done.stdout


# ---------------------------------------------------------------- nothing personal

SECRETS = {
    "phone": "13800007731", "caller": "甄无名", "address": "不存在路七七三一号", "email": "kana7731@example.invalid",
}  # fmt: skip


def test_nothing_personal_leaves_the_book(desk: Department):
    """Phones, names, addresses and mail, right and wrong, late and in order, and one column too far."""
    own = {"client_no": "K77", "name": "甄私人", "phone": "13800007732"}
    jobs = [
        job(21, finished_at=None, **SECRETS),
        job(22, received_at="昨天", **SECRETS),
        job(23, **SECRETS | {"phone": "1380000773", "email": "kana7731 at example", "client": "甄私人家"}),
        job(24, client="甄私人", finished_at=None),
        job(25, received_at="13800007731", technician="甄无名"),
        job(26, received_at="打 138 0000 7731 问"),
        job(27, **SECRETS | {"phone": "13800007731/13800007733"}),
    ]
    desk.type(jobs=[*JOBS, *jobs], clients=[*CLIENTS, own])
    said = [desk.run(*command) for command in (["check"], ["check", "--json"], ["-v", "sync"], ["sync", "--json"])]
    said += [desk.run("explain", "J-021"), desk.run("doctor")]
    assert said[1].exit_code == 3
    printed = "".join(done.stdout + done.stderr for done in said)
    site = "".join(
        path.read_text(encoding="utf-8", errors="ignore")
        for room in ("docs", "site")
        for path in (desk.folder / "build" / room).rglob("*")
        if path.suffix in {".md", ".html", ".json", ".csv", ".xml", ".txt"}
    )
    assert "J-021" in printed
    assert "J-021" in site.replace("&#45;", "-")
    hidden = [
        *SECRETS.values(),
        "13800007732",
        "13800007733",
        "1380000773",
        "138 0000 7731",
        "甄私人",
        "kana7731",
        "张样样",
    ]
    for where, text in (("printed", printed), ("site", site)):
        assert [secret for secret in hidden if secret in text] == [], where
    # what was read is kept whole, in the department's own folder: that is where it may be restored from
    assert list((desk.folder / "kept").rglob("*.gz"))
