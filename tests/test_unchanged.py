"""A night that would only say the same is not done again; whatever it depends on brings it back."""

import json
from pathlib import Path

import pytest
from night_department import COMPANION, Department, department

QUICK = "nothing has changed since this night was run"
NIGHT = ("sync", "--until", "render")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Department:
    """A department after one night."""
    made = department(tmp_path_factory.mktemp("once") / "部门")
    assert made.run(*NIGHT).exit_code == 0
    return made


@pytest.fixture
def ran(once: Department, tmp_path: Path) -> Department:
    """The same, in a folder of its own: one night is run there, since the folder is part of what is remembered."""
    made = once.copied(tmp_path / "部 门")
    assert QUICK not in made.run(*NIGHT).stderr
    return made


def test_it_says_so_and_says_what_a_real_night_would(ran: Department):
    quick = ran.run(*NIGHT, "--json")
    assert QUICK in quick.stderr
    assert "pull" not in quick.stderr
    ran.forget()
    real = ran.run(*NIGHT, "--json")
    assert "pull" in real.stderr
    assert json.loads(quick.stdout) == json.loads(real.stdout)
    assert ran.run(*NIGHT).stdout == ran.run(*NIGHT).stdout


def test_it_writes_nothing(ran: Department):
    def whole() -> dict[str, object]:
        return {str(path): path.stat().st_mtime_ns for path in ran.folder.rglob("*") if path.name != ".lock"}

    before = whole()
    assert QUICK in ran.run(*NIGHT).stderr
    assert whole() == before


def edit_book(ran: Department) -> None:
    ran.edit({"A3": "J-901"})


def edit_settings(ran: Department) -> None:
    path = ran.folder / "servicebook.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")


def add_page(ran: Department) -> None:
    path = ran.folder / "docs" / "own.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("---\ntitle: 自己的页\n---\n\n# 自己的页\n", encoding="utf-8")


def edit_declaration(ran: Department) -> None:
    path = next((ran.folder / "sheets_schema").rglob("*.yaml"))
    path.write_text(path.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")


def lose_page(ran: Department) -> None:
    (ran.folder / "build" / "docs" / "status" / "today.md").unlink()


def lose_list(ran: Department) -> None:
    (ran.folder / COMPANION).unlink()


def lose_night(ran: Department) -> None:
    night = next((ran.folder / "kept").glob("????????-??????"))
    night.rename(night.with_name("elsewhere"))


def spoil_memory(ran: Department) -> None:
    (ran.folder / "build" / "last-night.json").write_text('{"made_from": 1}', encoding="utf-8")


def mark_page(ran: Department) -> None:
    """Some editors leave a link that leads nowhere while a page is open."""
    (ran.folder / "docs").mkdir(exist_ok=True)
    (ran.folder / "docs" / ".#own.md").symlink_to("somebody@somewhere.4711")


CHANGES = [
    mark_page,
    edit_book,
    edit_settings,
    add_page,
    edit_declaration,
    lose_page,
    lose_list,
    lose_night,
    spoil_memory,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_a_night_depends_on_brings_it_back(ran: Department, change):
    change(ran)
    again = ran.run(*NIGHT)
    assert QUICK not in again.stderr
    assert "pull" in again.stderr


@pytest.mark.parametrize(
    "asked", [["--until", "report"], ["--until", "flag"], ["--dry-run"], ["--accept-deletions"]], ids=str
)
def test_another_question_is_answered_anew(ran: Department, asked: list[str]):
    assert QUICK not in ran.run(*NIGHT, *asked).stderr


def test_another_moment_is_judged_anew(ran: Department):
    assert QUICK not in ran.run(*NIGHT, now="2026-11-22T03:00").stderr


def test_marks_that_wait_are_tried_again(ran: Department):
    """Somebody has the book open: the next run must not think that all is done."""
    edit_book(ran)
    lock = ran.held()
    assert "waiting" in ran.run(*NIGHT).stdout
    assert QUICK not in ran.run(*NIGHT).stderr
    lock.unlink()
    assert QUICK not in ran.run(*NIGHT).stderr
    assert QUICK in ran.run(*NIGHT).stderr


def test_a_library_of_another_version_brings_the_night_back(
    ran: Department, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(tmp_path / "more")
    (tmp_path / "more" / "chinesecalendar-99.0.dist-info").mkdir(parents=True)
    assert QUICK not in ran.run(*NIGHT).stderr
    assert QUICK in ran.run(*NIGHT).stderr


def test_a_page_that_readers_lost_comes_back(ran: Department):
    with (ran.folder / "servicebook.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[publish]\nfolder = "handbook"\n')
    assert ran.run("sync").exit_code == 0
    assert QUICK in ran.run("sync").stderr
    page = ran.folder / "handbook" / "status" / "today.html"
    page.unlink()
    assert QUICK not in ran.run("sync").stderr
    assert page.is_file()


def test_a_damaged_kept_folder_still_stops_the_night(ran: Department):
    night = next((ran.folder / "kept").glob("????????-??????"))
    record = night / "night.json"
    record.write_text(record.read_text(encoding="utf-8")[:40], encoding="utf-8")
    assert ran.run(*NIGHT).exit_code == 1
