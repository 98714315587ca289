"""Nights of a small department, on a real workbook and by the real command."""

import html
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from night_department import BOOK, COMPANION, JOBS, NOW, Department, department, job

from sync.kept import Kept
from sync.model import OPEN_STATES

GOLDEN = Path(__file__).parent / "golden" / "night"
Evenings = tuple[Department, Department]
MANY = [job(n) for n in range(1, 31)]


@pytest.fixture
def desk(tmp_path: Path) -> Department:
    """Nobody ran anything yet."""
    return department(tmp_path / "部门 一")


@pytest.fixture(scope="module")
def first_nights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Department]:
    """Departments after their first night: the usual one, and one with thirty jobs."""
    made = {name: department(tmp_path_factory.mktemp(name) / "部门") for name in ("usual", "many")}
    made["many"].type(jobs=MANY)
    for one in made.values():
        os.utime(one.book, (1_790_000_000, 1_790_000_000))
        one.night(until="render")
    return made


@pytest.fixture
def ran(first_nights: dict[str, Department], tmp_path: Path) -> Department:
    """A department after its first night."""
    return first_nights["usual"].copied(tmp_path / "部门 一")


@pytest.fixture
def many(first_nights: dict[str, Department], tmp_path: Path) -> Department:
    """A department with thirty jobs, after its first night."""
    return first_nights["many"].copied(tmp_path / "部门 一")


def later(days: int, hour: int = 2) -> str:
    return f"2026-11-{22 + days:02}T{hour:02}:00"


# ---------------------------------------------------------------- what a night gives


def test_a_night_is_what_it_was(desk: Department):
    """The whole of one night, as JSON and as staff see it: SERVICEBOOK_WRITE_GOLDEN=1 writes it anew."""
    told = {
        "night.json": desk.run("sync", "--until", "report", "--json").stdout,
        "marks.json": as_text({"_状态": desk.shows(), "_问题": desk.problems(), "_同步": desk.shows("_同步")}),
        "check.json": desk.run("check", "--json").stdout,
    }
    for name, text in told.items():
        if os.environ.get("SERVICEBOOK_WRITE_GOLDEN"):
            (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")
        assert text == (GOLDEN / name).read_text(encoding="utf-8"), name


def as_text(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def test_the_same_night_twice_changes_nothing(ran: Department):
    """Also where nobody remembers that it was run already."""
    ran.forget()
    before, saved = [ran.tree(room) for room in ("build", "表 格")], ran.book.stat().st_mtime_ns
    assert ran.night(until="render")["books"] == {"desk": "unchanged"}
    assert ran.book.stat().st_mtime_ns == saved
    ran.forget()
    assert [ran.tree(room) for room in ("build", "表 格")] == before


def test_a_site_is_built_and_an_unchanged_one_stays(desk: Department):
    assert desk.run("sync").exit_code == 0
    first = desk.tree("build", "site")
    desk.forget()
    again = desk.run("sync")
    assert "as it was" in again.stderr
    assert desk.tree("build", "site") == first
    assert "小小售后部" in first["index.html"].decode()


def test_every_row_is_accounted_for(desk: Department):
    for register, count in desk.night()["registers"].items():
        assert count["pulled"] == sum(count[kind] for kind in ("shown", "bad", "unused", "blank")), register
    assert desk.night()["registers"]["jobs"]["pulled"] == len(JOBS)


def test_a_mark_follows_its_row_wherever_it_is_put(desk: Department):
    desk.night()
    before = desk.marks()
    desk.type(jobs=list(reversed(JOBS)))
    desk.night(now=later(0, 3))
    assert desk.marks() == before


def test_what_somebody_mends_is_gone_the_next_night(ran: Department):
    assert "数据有误" in ran.marks()["J-009"]
    ran.edit({"J11": datetime(2026, 11, 18, 8, 0)})
    ran.night(now=later(1))
    assert "数据有误" not in ran.marks()["J-009"]
    assert not [line for line in ran.problems() if line[1] == "J11"]


def test_ids_that_differ_by_case_get_no_mark(desk: Department):
    desk.type(jobs=[*JOBS, job(20, job_no="J-2a"), job(21, job_no="J-2A")])
    desk.night()
    assert not {"J-2a", "J-2A"} & set(desk.marks())
    assert "J-001" in desk.marks()


def test_nobody_gets_more_than_fifty_problems(desk: Department):
    desk.type(jobs=[job(n, received_at="昨天", technician="小张") for n in range(1, 71)])
    desk.night()
    lines = desk.problems()
    assert len(lines) == 51
    assert lines[-1][2].startswith("还有 20 处")
    assert lines[-1][4] == "小张"


# ---------------------------------------------------------------- a book that is open


def told_by_check(desk: Department, now: str) -> tuple[list[str], set[str]]:
    """Where every problem is, and the keys of all open flags, as the commands say them."""
    problems = json.loads(desk.run("check", "--json", now=now).stdout)["problems"]
    flags = json.loads(desk.run("sync", "--dry-run", "--json", now=now).stdout)["flags"]
    return [f"{p['tab']}!{p['column']}{p['row']}" for p in problems], {
        f["key"] for f in flags if f["state"] in OPEN_STATES
    }


def test_ten_nights_with_the_book_open(desk: Department):
    """Everything reaches staff by page and by the list beside the book; when it is closed, one run brings the marks."""
    lock = desk.held()
    before = desk.book.read_bytes()
    for day in range(9):
        os.utime(lock)
        first_or_last = day in {0, 8}
        told = desk.night(until="render" if first_or_last else "report", now=later(day))
        assert told["books"] == {"desk": "held"}
        assert desk.book.read_bytes() == before
        faults, late = told_by_check(desk, later(day))
        assert faults
        assert late
        if first_or_last:
            assert "还没写进去" in desk.page("today")
            assert all(place in html.unescape(desk.page("problems")) for place in faults)
            assert all(key in html.unescape(desk.page("overdue")) for key in late)
        listed = [[cell.value for cell in row] for row in openpyxl.load_workbook(desk.folder / COMPANION)["总表"]]
        assert sum(row[5] == "数据有误" for row in listed) == len(faults)
        assert late <= {row[2] for row in listed}
    assert "11月22日" in desk.page("today")  # since when they wait
    told = desk.run("doctor", now=later(8, 3)).stdout
    assert "waiting since 2026-11-22 02:00 (8 days)" in told
    lock.unlink()
    assert desk.night(now=later(8, 4))["books"] == {"desk": "written"}
    assert desk.marks()["J-007"].startswith("● 超时 ")
    assert "waiting since" not in desk.run("doctor", now=later(8, 5)).stdout


def test_a_book_that_is_only_read_gets_no_marks_and_waits_for_none(desk: Department):
    """Last year's book, or an export: its rows count, and nobody writes into it."""
    for path in (desk.folder / "sheets_schema" / "registers").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        tab = (
            next(line for line in text.splitlines() if line.startswith("title:")).partition("zh: ")[2].partition(",")[0]
        )
        source = f"sources: [{{book: desk, tab: {tab}, mode: read_only}}]\n"
        path.write_text(text.replace("primaryKey", f"{source}primaryKey", 1), encoding="utf-8")
    before = desk.book.read_bytes()
    told = desk.night(until="render")
    assert told["books"] == {}
    assert told["flags"]
    assert desk.book.read_bytes() == before
    assert "还没写进去" not in desk.page("today")


def test_a_book_saved_after_it_was_read_is_not_overwritten(desk: Department, monkeypatch: pytest.MonkeyPatch):
    """Between the reading and the marks somebody saves."""
    from sync import gather

    judged = gather.gather

    def gathered(*given):
        desk.edit({"G3": "刚刚写的"})
        return judged(*given)

    monkeypatch.setattr(gather, "gather", gathered)
    assert desk.night()["books"] == {"desk": "changed"}
    assert desk.shows() == []
    monkeypatch.undo()
    assert desk.night(now=later(0, 3))["books"] == {"desk": "written"}
    assert openpyxl.load_workbook(desk.book)["报修"]["G3"].value == "刚刚写的"


def test_a_list_that_cannot_be_made_stops_neither_marks_nor_pages(desk: Department):
    (desk.folder / COMPANION).mkdir()
    for number in ("", " (2)", " (3)", " (4)", " (5)"):
        (desk.folder / COMPANION).with_name(f"今日待办 2026-11-22 0200{number}.xlsx").mkdir()
    done = desk.run("sync", "--until", "render")
    assert done.exit_code == 1
    assert "failed: 今日待办.xlsx" in done.stderr
    assert desk.marks()["J-007"].startswith("● 超时 ")
    assert "J-007" in desk.page("overdue").replace("&#45;", "-")


# ---------------------------------------------------------------- stops


def stopped(desk: Department, code: int, *arguments: str, now: str = later(1)) -> str:
    """What is said by a run that must end with *code* and leave every file as it was."""
    before = {name: data for name, data in desk.tree().items() if not name.endswith(".lock")}
    done = desk.run("sync", *arguments, now=now)
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    assert {name: data for name, data in desk.tree().items() if not name.endswith(".lock")} == before
    return done.stderr


@pytest.mark.parametrize(
    ("left", "code", "warned"),
    [(27, 0, False), (26, 0, True), (24, 0, True), (23, 4, False), (0, 4, False)],
)
def test_how_many_rows_may_vanish(many: Department, left: int, code: int, warned: bool):  # noqa: FBT001
    """Past one in ten is a warning, past one in five a stop; an empty tab is always one."""
    many.type(jobs=MANY[:left])
    if code:
        assert "「报修」30 → " in stopped(many, code)
        many.night("--accept-deletions", now=later(2))
        assert many.night(now=later(3))["registers"]["jobs"]["shown"] == left
    else:
        assert ("rows-lost" in many.night(now=later(1))["problems"]) == warned
        assert ("rows-lost" in many.night(now=later(1))["problems"]) == warned  # and the same again


def test_a_tab_that_comes_back_from_being_broken_is_held_to_its_last_good_rows(many: Department):
    """Thrown away one day, half of it put back the next: the day between does not let the other half go."""
    many.remove_tab("报修")
    many.night(now=later(1))
    many.type(jobs=MANY[:15])
    said = stopped(many, 4, now=later(2))
    assert "「报修」30 → 15" in said
    assert "--accept-deletions。\nRows are gone" in said


def test_the_gates_hold_although_the_kept_nights_are_lost(many: Department):
    """A hosted scheduler forgets: the book's own `_同步` knows what was in use, and when."""
    shutil.rmtree(many.folder / "kept")
    (many.folder / "kept").mkdir()
    assert "lies before the last run" in stopped(many, 4, now="2026-11-21T02:00")
    many.edit({f"{column}{row}": None for column in "ACDEFGHIJKLMNOPQ" for row in range(20, 33)})
    assert "「报修」30 → " in stopped(many, 4)
    told = many.night("--accept-deletions", now=later(1))
    assert told["problems"]["rows-lost"] == 1


def test_a_few_rows_are_not_compared(desk: Department):
    desk.type(jobs=MANY[:10])
    desk.night()
    desk.type(jobs=MANY[:2])
    assert desk.night(now=later(1))["registers"]["jobs"]["pulled"] == 2


def test_a_clock_that_went_backwards(desk: Department):
    desk.night(now=later(3))
    assert "before the last run" in stopped(desk, 4, now=later(1))
    desk.night("--accept-clock", now=later(1))
    desk.night(now=later(2))  # the night that the wrong clock dated no longer binds anybody


def test_a_clock_far_ahead(ran: Department):
    assert "days after the last run" in stopped(ran, 4, now="2028-06-01T02:00")


def test_a_first_run_is_announced_and_a_second_one_not(desk: Department):
    assert "first run" in desk.run("sync", "--until", "render").stderr
    assert "第一次同步" in desk.page("today")
    assert "first run" not in desk.run("sync", "--until", "render", now=later(1)).stderr
    assert "第一次同步" not in desk.page("today")


def test_a_broken_tab_keeps_its_last_good_rows(ran: Department):
    """A header that must be there was renamed: that tab shows yesterday's rows, with their date; the rest goes on."""
    ran.edit({"A2": "序号"})
    told = ran.night(until="render", now=later(1))
    assert told["registers"]["jobs"]["pulled"] == len(JOBS)
    assert told["problems"]["header-missing"] == 1
    assert "今天读不了" in ran.page("today")
    assert "11月22日" in ran.page("today")
    assert "J-007" in ran.marks()
    ran.edit({"A2": "单号"})
    ran.night(until="render", now=later(2))
    assert "今天读不了" not in ran.page("today")


def test_a_tab_that_was_thrown_away_keeps_its_last_good_rows(ran: Department):
    ran.remove_tab("报修")
    told = ran.night(now=later(1))
    assert told["problems"]["tab-missing"] == 1
    assert told["registers"]["jobs"]["pulled"] == len(JOBS)
    said = ran.run("sync", "--until", "report", now=later(2)).stdout
    assert "「报修」 cannot be used: its rows are those of 2026-11-22 02:00" in said


def test_a_broken_file_leaves_everything_as_it_was(ran: Department):
    ran.book.write_bytes(ran.book.read_bytes()[:3000])
    assert BOOK.name in stopped(ran, 1)


def test_a_missing_book(ran: Department):
    ran.book.unlink()
    assert "找不到工作簿" in stopped(ran, 1)


@pytest.mark.parametrize("damage", ["record cut", "record gone", "copy changed", "copy gone"])
def test_a_damaged_kept_night_stops_the_run(ran: Department, damage: str):
    (night,) = Kept(ran.folder / "kept").nights()
    copy = next(night.glob("*.gz"))
    match damage:
        case "record cut":
            (night / "night.json").write_bytes((night / "night.json").read_bytes()[:200])
        case "record gone":
            (night / "night.json").unlink()
        case "copy changed":
            copy.write_bytes(copy.read_bytes()[:-1] + b"x")
        case "copy gone":
            copy.unlink()
    assert "damaged" in stopped(ran, 1)
    assert "× kept" in ran.run("doctor").stdout


def test_a_night_that_broke_off_is_not_called_done(ran: Department):
    build = ran.folder / "build"
    shutil.rmtree(build)
    build.write_text("a file stands where the pages go", encoding="utf-8")
    stopped_at = ran.run("sync", "--until", "render", now=later(1))
    assert stopped_at.exit_code == 1
    assert "did not come to its end" in ran.run("doctor", now=later(1)).stdout


def test_two_runs_do_not_meet(ran: Department):
    import filelock

    with filelock.FileLock(ran.folder / "kept" / ".lock"):
        assert "another run" in stopped(ran, 6)


# ---------------------------------------------------------------- looking only


def test_a_dry_run_writes_nothing_at_all(desk: Department):
    before = desk.tree()
    told = desk.night("--dry-run", until="build")
    assert desk.tree() == before
    assert told["counts"] == desk.night()["counts"]
    before = desk.tree()
    desk.night("--dry-run", until="build", now=later(1))
    assert desk.tree() == before


def test_an_earlier_night_is_judged_from_its_copy(ran: Department):
    ran.edit({"J11": datetime(2026, 11, 18, 8, 0)})
    ran.night(now=later(1))
    before = ran.tree()
    then = json.loads(ran.run("sync", "--as-of", later(0, 5), "--json", now="").stdout)
    assert ran.tree() == before
    assert then["moment"] == "2026-11-22T05:00:00"
    assert then["problems"]["date-year-missing"] == 1
    assert "date-year-missing" not in json.loads(ran.run("check", "--json", now=later(1)).stdout)["by_code"]
    assert ran.run("sync", "--as-of", "2026-11-01T00:00", now="").exit_code == 1


@pytest.mark.parametrize(
    ("step", "rows", "flags", "kept", "pages"),
    [
        ("pull", False, False, False, False),
        ("validate", True, False, False, False),
        ("flag", True, True, False, False),
        ("report", True, True, True, False),
        ("render", True, True, True, True),
    ],
)
def test_a_night_as_far_as_a_step(desk: Department, step, rows, flags, kept, pages):
    told = desk.night(until=step)
    assert (bool(told["registers"]), bool(told["flags"])) == (rows, flags)
    assert ((desk.folder / "kept" / "20261122-020000").is_dir(), bool(desk.shows())) == (kept, kept)
    assert (desk.folder / "build" / "docs").is_dir() == pages


# ---------------------------------------------------------------- ended in the middle


DEADLY = """
import os, signal, sys
from pathlib import Path

def deadly(name):
    act = getattr(Path, name)
    def acts(self, *given):
        if WANTED in (self.name, *(Path(one).name for one in given if isinstance(one, (str, Path)))):
            os.kill(os.getpid(), signal.SIGKILL)
        return act(self, *given)
    setattr(Path, name, acts)

WANTED = sys.argv.pop(1)
for name in ("replace", "rename", "write_bytes"):
    deadly(name)
from sync.cli import main
main()
"""


@pytest.fixture(scope="module")
def undisturbed(
    first_nights: dict[str, Department], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Department, ...]:
    """A department on its second evening, and after its second night."""
    evening = first_nights["usual"].copied(tmp_path_factory.mktemp("evening") / "部门")
    evening.edit({"J11": datetime(2026, 11, 18, 8, 0)})
    os.utime(evening.book, (1_790_100_000, 1_790_100_000))
    morning = evening.copied(tmp_path_factory.mktemp("morning") / "部门")
    morning.night(until="render", now=later(1))
    return evening, morning


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize("at", ["20261123-020000", COMPANION.name, BOOK.name, "night.json", "overdue.md"])
def test_a_run_that_is_killed_leaves_nothing_behind(undisturbed: Evenings, tmp_path: Path, at: str):
    """kill -9 when *at* is put in place; the next run comes to the same end as one that was never disturbed."""
    evening, morning = undisturbed
    desk = evening.copied(tmp_path / "部门")
    arguments = [at, "-C", str(desk.folder), "-q", "sync", "--until", "render", "--now", later(1)]
    killed = subprocess.run([sys.executable, "-c", DEADLY, *arguments], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    desk.night(until="render", now=later(1))
    assert desk.shows() == morning.shows()
    assert desk.tree("build", "docs") == morning.tree("build", "docs")
    assert not [name for name in desk.tree() if name.endswith((".part", ".old")) or name.startswith(f"{BOOK.parent}/.")]


def test_a_night_that_is_asked_to_end_says_so(desk: Department):
    """SIGTERM while it reads: exit code 143, nothing written."""
    program = (
        "import time\nfrom sync import pull\npull.lay_out = lambda *_: (print('here', flush=True), time.sleep(60))\n"
        "from sync.cli import main\nmain()"
    )
    arguments = ["-C", str(desk.folder), "sync", "--now", NOW]
    before = desk.book.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
        child.terminate()
        _, complaint = child.communicate(timeout=30)
    assert child.returncode == (143 if os.name != "nt" else child.returncode)
    assert "nothing half-written" in complaint
    assert desk.book.read_bytes() == before
    assert Kept(desk.folder / "kept").last() is None
