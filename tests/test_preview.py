"""The preview as a person has it: a running command, a browser's questions, and files that somebody saves."""

import html
import os
import queue
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from night_department import BOOK, NOW, Department, department

PATIENCE = 60  # seconds, on a machine that is busy with other things
POLICY = Path("sheets_schema", "policy", "small.yaml")


def soon(true: Callable[[], bool], complaint: str) -> None:
    """Wait until it is so."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, complaint
        time.sleep(0.1)


class Running:
    """A preview of *desk*, what it says, and what it serves."""

    def __init__(self, desk: Department) -> None:
        self.desk = desk
        self.said: list[str] = []
        self.coming: queue.Queue[str] = queue.Queue()
        arguments = ["-C", str(desk.folder), "preview", "--port", "0", "--now", NOW]
        environment = os.environ | {"PYTHONUTF8": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sync.cli", *arguments], stderr=subprocess.PIPE, encoding="utf-8", env=environment
        )
        threading.Thread(target=self._listen, daemon=True).start()
        self.address = self.says("preview ").split()[1]

    def _listen(self) -> None:
        for line in self.process.stderr:
            self.coming.put(line)
        self.coming.put("")

    def says(self, wanted: str) -> str:
        """The next line that has *wanted* in it."""
        until = time.monotonic() + PATIENCE
        while True:
            line = self.coming.get(timeout=max(0, until - time.monotonic()))
            assert line, f"it ended without a word of {wanted!r}: {self.said}"
            self.said.append(line)
            if wanted in line:
                return line

    def page(self, name: str) -> str:
        """What a browser gets, entities read; what is not there begins with 404."""
        try:
            with urllib.request.urlopen(self.address + name, timeout=PATIENCE) as answer:  # noqa: S310 - our own server
                return html.unescape(answer.read().decode())
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.read().decode()}"

    def shows(self, name: str, wanted: str) -> str:
        """The page, as soon as *wanted* stands on it."""
        soon(lambda: wanted in self.page(name), f"{name} does not show {wanted!r}: {self.said}")
        return self.page(name)

    def write(self, name: str | Path, text: str) -> None:
        path = self.desk.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def version(self) -> str:
        return self.page(".preview")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    shown = Running(department(tmp_path_factory.mktemp("预览") / "部门 一"))
    yield shown
    shown.process.kill()
    shown.process.wait()
    shown.process.stderr.close()


def test_it_serves_both_languages_as_of_the_moment(running: Running):
    assert "2026年11月22日" in running.page("status/today.html")
    assert '<html lang="en"' in running.page("en/status/today.html")
    assert running.page("") == running.page("index.html")
    assert running.page("nowhere.html").startswith("404 ")
    assert running.page("assets/").startswith("404 ")


def test_a_page_asks_its_own_address_whether_it_is_out_of_date(running: Running):
    """The script stands in the answer only: no file of the site has it."""
    page = running.page("index.html")
    assert 'fetch("/.preview")' in page
    assert f'"{running.version()}"' in page
    made = [*running.desk.folder.rglob("*.html"), *running.desk.folder.rglob("*.js")]
    assert made
    assert not [path for path in made if "/.preview" in path.read_text(encoding="utf-8")]


def test_pages_and_declarations_that_are_saved_together_show_together(running: Running):
    """A page of the department's own says the figure that was declared in the same moment.

    What an editor leaves beside a file is no news; what a night would refuse is.
    """
    before = running.version()
    policy = (running.desk.folder / POLICY).read_text(encoding="utf-8")
    running.write("docs/.own.md.swp", "")
    running.write(
        "docs/own.md",
        '# 自己的一页\n\n先回电话：{{ limit("reply") }}。[没写完](later.md)\n\n<img src="//example.org/a.png">\n',
    )
    running.write(POLICY, policy.replace("30 min", "47 min"))
    running.shows("own.html", "先回电话：47 分钟")
    assert running.says("changed").split()[1:] == ["docs/own.md,", POLICY.as_posix()]
    assert re.search(r"\d\.\d s", running.says("site "))
    assert "later.md" in running.says("warning")
    assert "own.html: //example.org/a.png" in running.says("another host")
    assert running.version() != before


def test_a_row_that_is_typed_shows(running: Running):
    """Excel's lock file comes and goes beside the book; only the book is news."""
    before = running.page("status/overdue.html")
    assert "J-007" in before
    assert "J-077" not in before
    lock = running.desk.held()
    running.desk.edit({"A18": "J-077", "I18": "小张", "J18": datetime(2026, 11, 18, 9, 0)})
    lock.unlink()
    running.shows("status/overdue.html", "J-077")
    assert running.says("changed").split(maxsplit=1)[1].strip() == BOOK.as_posix()


def test_a_broken_page_is_told_and_the_last_good_one_stays(running: Running):
    running.write("docs/index.md", '# 自己的首页\n\n{{ limit("finnish") }}\n')
    assert "index.md: there is no promise “finnish”; did you mean “finish”?" in running.says("servicebook: ")
    assert "自己的首页" not in running.page("index.html")
    assert "2026年11月22日" in running.page("index.html")
    running.write("docs/index.md", '# 自己的首页\n\n{{ limit("finish") }}\n')
    assert "2 个工作日" in running.shows("index.html", "自己的首页")


def test_nothing_is_written_but_what_can_be_made_again(running: Running):
    folder = running.desk.folder
    assert {path.name for path in folder.iterdir()} - {"docs"} == {
        "build", "mkdocs.preview.yml", "servicebook.toml", "sheets_schema", BOOK.parent.name,
    }  # fmt: skip
    assert [path.name for path in (folder / BOOK.parent).iterdir()] == [BOOK.name]
    assert not (folder / "build" / "site").exists()
    soon(lambda: len([*folder.glob("build/preview-*/*")]) == 1, "older sites stay")


def test_a_port_that_is_taken_is_told_with_the_way_out(running: Running):
    port = running.address.rstrip("/").rpartition(":")[2]
    done = running.desk.run("preview", "--port", port)
    assert done.exit_code == 1
    assert f"127.0.0.1:{port}: cannot be served: another program has this port" in done.stderr
    assert "--port" in done.stderr


def test_a_first_site_that_cannot_be_made_ends_it(tmp_path: Path):
    desk = department(tmp_path / "部门")
    (desk.folder / "docs").mkdir()
    (desk.folder / "docs" / "own.md").write_text("{{ nothing }}", encoding="utf-8")
    done = desk.run("preview", "--port", "0")
    assert done.exit_code == 2
    assert "own.md" in done.stderr
    assert not [*desk.folder.glob("build/preview-*")]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_it_ends_when_it_is_asked_to(running: Running):
    """The last test here: the preview that all of them share ends, and takes its sites with it."""
    running.process.terminate()
    assert running.process.wait(PATIENCE) == 143
    assert "terminated" in running.says("servicebook: ")
    assert not [*running.desk.folder.glob("build/preview-*")]
