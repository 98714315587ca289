"""A small department in a folder: its workbook, what people do to it between two nights, and the real command."""

import atexit
import json
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import openpyxl
from click.testing import CliRunner, Result

from sync import init, settings, words
from sync.books import open_book
from sync.cli import main
from sync.declarations import load
from sync.model import PROBLEM_TAB, STATUS_TAB, SYNC_TAB
from sync.rules import KINDS
from sync.schema import SHIPPED, Words

DECLARED = Path(__file__).parent / "cases" / "small_department"
NOW = "2026-11-22T02:00"
BOOK = Path("表 格") / "值班 登记.xlsx"
COMPANION = BOOK.with_name("今日待办.xlsx")
STAFF = [
    {"staff_no": "YG001", "name": "张样样", "display_name": "小张", "phone": "13800000001"},
    {"staff_no": "YG002", "name": "李例例", "display_name": "小李", "phone": "13800000002"},
]
CLIENTS = [
    {"client_no": f"K{n:02}", "name": name, "phone": f"1380000001{n}"}
    for n, name in enumerate(("城东中学", "和平商场", "青松小区"), 1)
]


def job(number: int, **more: object) -> dict[str, object]:
    """A job that went well; *more* is what differs."""
    morning = datetime(2026, 11, 18, 9, number % 60)
    fields = {
        "job_no": f"J-{number:03}",
        "client": CLIENTS[number % 3]["name"],
        "technician": "小张" if number % 2 else "小李",
        "received_at": morning,
        "replied_at": morning + timedelta(minutes=20),
        "finished_at": datetime(2026, 11, 18, 16, 0),
        "fault": "画面黑",
    }
    return {name: value for name, value in (fields | more).items() if value is not None}


JOBS = [
    *[job(n) for n in range(1, 7)],
    job(7, finished_at=None),  # due on Friday evening, never finished
    job(8, replied_at=datetime(2026, 11, 18, 11, 0)),  # rung back too late
    job(9, received_at="11月19日"),  # no year: nobody knows which
    job(10, client="没听过的客户"),  # to be filed
    job(11, received_at=datetime(2026, 11, 20, 15, 0), replied_at=None, finished_at=None),
    job(12, void="是", void_reason="打错了", finished_at=None),
    job(12),  # the number was used again
    job(13, finished_at=datetime(2026, 11, 17, 9, 0)),  # mended before it was called in
    {"job_no": "J-014"},  # written ahead
]


@dataclass(frozen=True)
class Department:
    """One department folder."""

    folder: Path

    @property
    def book(self) -> Path:
        return self.folder / BOOK

    def type(self, jobs=JOBS, clients=CLIENTS) -> None:
        """Make the workbook anew with these rows."""
        schema = load([SHIPPED, self.folder / "sheets_schema"], KINDS)
        states = words.load().openings
        registers = [schema.registers[name] for name in schema.profiles["small"].registers]
        rows = {"jobs": jobs, "clients": clients, "staff": STAFF}
        title = Words(zh="值班登记", en="Desk")
        init.write_book(self.book, registers, rows, made_at=datetime(2026, 11, 21), states=states, title=title)

    def edit(self, cells: Mapping[str, object], tab: str = "报修") -> None:
        """Somebody opens the book, types into *cells*, and saves it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(self.book)
        for cell, value in cells.items():
            book[tab][cell] = value
        book.save(self.book)

    def remove_tab(self, tab: str) -> None:
        book = openpyxl.load_workbook(self.book)
        del book[tab]
        book.save(self.book)

    def run(self, *arguments: str, now: str = NOW, **environment: str) -> Result:
        """The command's outcome, as a person at a terminal gets it."""
        at = ["--now", now] if now else []
        return CliRunner(env=environment).invoke(main, ["-C", str(self.folder), *arguments, *at])

    def night(self, *arguments: str, now: str = NOW, until: str = "report") -> dict:
        """A night that must succeed, as JSON."""
        done = self.run("sync", "--until", until, "--json", *arguments, now=now)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def shows(self, tab: str = STATUS_TAB) -> list[list[str]]:
        """The rows below the headers of one of the system's tabs, as they stand in the file."""
        own = settings.load(self.folder)
        copy = open_book("desk", own, self.folder).read(datetime(2026, 11, 22))
        grid = next(grid for grid in copy.grids if grid.tab == tab)
        return [[cell.text for cell in grid.row(row)] for row in range(1, grid.height)]

    def marks(self) -> dict[str, str]:
        """What staff see beside each id."""
        return {row[0].removeprefix("jobs|"): row[1] for row in self.shows() if row[0].startswith("jobs|")}

    def problems(self) -> list[list[str]]:
        return self.shows(PROBLEM_TAB)

    def last_run(self) -> dict[str, str]:
        return {row[0]: row[1] for row in self.shows(SYNC_TAB)}

    def page(self, name: str) -> str:
        """A page as render made it."""
        return (self.folder / "build" / "docs" / "status" / f"{name}.md").read_text(encoding="utf-8")

    def tree(self, *under: str) -> dict[str, bytes | None]:
        """Every file of the folder with its bytes; folders with None."""
        root = self.folder.joinpath(*under)
        return {
            path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
            for path in sorted(root.rglob("*"))
        }

    def copied(self, folder: Path) -> "Department":
        """The same department in another *folder*, times of files included."""
        shutil.copytree(self.folder, folder)
        return Department(folder)

    def forget(self) -> None:
        """Nobody remembers the last night, so that the same one is run once more."""
        (self.folder / "build" / "last-night.json").unlink(missing_ok=True)

    def held(self) -> Path:
        """Somebody on another machine opens the book: the lock file that Excel leaves."""
        lock = self.book.with_name(f"~${self.book.name}")
        lock.write_bytes(b"\x05Excel".ljust(165, b"\0"))
        return lock


@cache
def _prototype() -> Path:
    """A department with its first workbook and its declarations parsed: that takes longer than a night."""
    folder = Path(tempfile.mkdtemp(prefix="servicebook "))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(DECLARED, folder, dirs_exist_ok=True)
    Department(folder).type()
    return folder


def department(folder: Path) -> Department:
    """A fresh department in *folder*."""
    shutil.copytree(_prototype(), folder, dirs_exist_ok=True)
    return Department(folder)
