"""People go on working while a night runs: rows, columns and tabs move between any two of its calls.

A state machine: somebody works, a night runs with up to three visits between its calls, and after each night three
things must hold. No request of ours changed a cell of the staff's. The marks are those of a quiet night on what was
read, and what was read is whole: no row lost, none twice; or else the night said that it failed and wrote nothing. And
the next quiet night says of every mark that has lost its row: it is gone, or its tab is told as a problem.

By hand, as many nights with a visit between two calls as you like: python -m tests.test_gsheets_people 1000
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from sheets_server import Book, Person, Sheet, SheetsServer, Store
from sheets_server.a1 import letters, parse
from sheets_server.app import Answer, App
from sheets_server.book import Line, cell_of
from sheets_server.errors import ApiError

from sync import nightly
from sync.books.gsheets import formulas, reading
from sync.declarations import load
from sync.model import PROBLEM_TAB, SERIAL_ZERO, STATUS_TAB, SYSTEM_HEADERS, Problem, ServicebookError, status_key
from sync.rules import KINDS
from sync.schema import SHIPPED, Schema
from sync.settings import Settings, adopt
from sync.settings import load as load_settings

INTERLEAVINGS = int(os.environ.get("SERVICEBOOK_INTERLEAVINGS", "30"))
FIRST = datetime(2026, 11, 20, 2)
SMALL = 900  # bytes in one answer: a tab takes several calls
BROKEN = {"tab-missing", "tab-double", "header-missing", "header-double"}
DEPARTMENT = """
[department]
name.zh = "小小售后部"
name.en = "A small service desk"
profile = "small"
[books]
desk.id = "desk"
[google]
endpoint = "{url}"
"""
DECLARED = {
    "profiles/small.yaml": """
name: small
title: {zh: 小部门, en: A small department}
styles: [small]
registers: [jobs, loans]
""",
    "policy/small.yaml": """
finish: {kind: clock, title: {zh: 两天修好, en: Mended in two days}, styles: [small], register: jobs,
  starts: received_at, stops: finished_at, limit: 48 h}
back: {kind: clock, title: {zh: 三天归还, en: Back in three days}, styles: [small], register: loans,
  starts: lent_at, stops: returned_at, limit: 72 h}
""",
    "registers/jobs.yaml": """
name: jobs
title: {zh: 报修, en: Jobs}
book: desk
primaryKey: job_no
fields:
  - {name: job_no, title: {zh: 单号, en: Job no.}, kind: id, constraints: {required: true, unique: true}}
  - {name: client, title: {zh: 客户, en: Client}, personal: true}
  - {name: received_at, title: {zh: 来电时间, en: Called at}, type: datetime, constraints: {required: true}}
  - {name: finished_at, title: {zh: 修好时间, en: Mended at}, type: datetime}
publish: [job_no]
""",
    "registers/loans.yaml": """
name: loans
title: {zh: 借用, en: Loans}
book: desk
primaryKey: loan_no
fields:
  - {name: loan_no, title: {zh: 借用号, en: Loan no.}, kind: id, constraints: {required: true, unique: true}}
  - {name: thing, title: {zh: 物品, en: Thing}}
  - {name: lent_at, title: {zh: 借出时间, en: Lent at}, type: datetime}
  - {name: returned_at, title: {zh: 归还时间, en: Returned at}, type: datetime}
publish: [loan_no]
""",
}


class Register(NamedTuple):
    """How the test itself reads a register: by its headers, with plain arithmetic."""

    name: str
    tab: str
    english: str
    key: str
    start: str
    stop: str
    hours: int
    series: str


REGISTERS = (
    Register("jobs", "报修", "Jobs", "单号", "来电时间", "修好时间", 48, "BX"),
    Register("loans", "借用", "Loans", "借用号", "借出时间", "归还时间", 72, "JY"),
)
IDS = ["BX-03", "bx-03", "BX-13", "JY-02", "J*~?1", " BX-04", "BX-3 急", ""]
VALUES = ["2026-11-19 09:30", "2026-11-21 08:00", "11月19日", "昨天", "", "12", "城东中学", "=1/0"]
HEADERS = ["单号", "工单号", "Job no.", "备注", "来电时间", "修好时间", "归还时间", ""]
TITLES = ["报修", "借用", "jobs", "报修 旧", "Loans"]


# ---------------------------------------------------------------- the department


def fill(book: Book) -> None:
    """Two registers with 24 rows each, every third of them still open, and our three tabs."""
    book.properties |= {"locale": "zh_CN", "timeZone": "Asia/Shanghai"}
    for one in REGISTERS:
        sheet = book.add_sheet({"title": one.tab, "gridProperties": {"rowCount": 30, "columnCount": 6}})
        status = formulas.status(one.name, 0, 1, 4, 0)
        write(sheet, 0, [one.key, status, "客户" if one.name == "jobs" else "物品", one.start, one.stop, "备注"])
        for n in range(1, 25):
            start = serial(FIRST - timedelta(hours=5 * n))
            write(sheet, n, [f"{one.series}-{n:02}", "", "城东中学", start, start + 0.8 if n % 3 else "", ""])
    for title, headers in SYSTEM_HEADERS.items():
        size = {"rowCount": 2, "columnCount": len(headers)}
        write(book.add_sheet({"title": title, "gridProperties": size, "hidden": title != PROBLEM_TAB}), 0, headers)


def write(sheet: Sheet, row: int, values: Sequence[object]) -> None:
    """Put *values* into a row; a note in each cell says later which row it was."""
    for at, value in enumerate(values):
        cell = cell_of(value)
        sheet.put(row, at, cell if row == 0 else cell._replace(extra={"note": f"{sheet.title} {row}"}))


def serial(moment: datetime) -> float:
    return (moment - SERIAL_ZERO).total_seconds() / 86400


class Watched(App):
    """The server's calls, with all that a test wants to know of them."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.forget()

    def forget(self) -> None:
        self.answered = 0
        self.harmed: list[str] = []  # requests that changed a cell of the staff's
        self.look: Book | None = None  # as it was when its tabs were last asked for
        self.reads: list[tuple[list[str], Book]] = []  # what was asked for since then, and how the book was
        self.marked: Book | None = None  # as our request left it

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        with self.store.lock:
            # a tab of ours that somebody renames after our look is still the one that we write
            ours = {sheet.id for sheet in self.look.sheets if sheet.title in SYSTEM_HEADERS} if self.look else set()
            before = staff(self.store.only, ours)
            answer = super().answer(method, target, body)
            self.answered += 1
            if staff(self.store.only, ours) != before:
                self.harmed.append(target)
            if answer.status == HTTPStatus.OK:
                self._note(target, self.store.only.copy())
        return answer

    def _note(self, target: str, book: Book) -> None:
        call = urlsplit(target)
        if call.path.endswith("values:batchGet"):
            self.reads.append((parse_qs(call.query)["ranges"], book))
        elif call.path.endswith(":batchUpdate"):
            self.marked = book
        else:
            self.look, self.reads = book, []


def staff(book: Book, ours: Collection[int]) -> dict[int, object]:
    """Everything of every tab but *ours*."""
    return {
        sheet.id: (
            dict(sheet.properties), dict(sheet.grid), [(dict(line.cells), dict(line.look)) for line in sheet.rows],
            [dict(look) for look in sheet.columns], deepcopy(sheet.things),
        )
        for sheet in book.sheets
        if sheet.id not in ours
    }  # fmt: skip


@dataclass
class Place:
    """A department folder and the server that its spreadsheet is on."""

    folder: Path
    server: SheetsServer
    app: Watched
    settings: Settings
    schema: Schema

    def sync(self, moment: datetime, *, accept: bool = False) -> nightly.Outcome | None:
        """A night up to the marks; None where it ended with one of our failures."""
        self.app.forget()
        options = nightly.Options(moment, until="report", accept_deletions=accept)
        try:
            return nightly.sync(self.folder, self.settings, self.schema, options, lambda _step, _told: None)
        except ServicebookError:
            return None

    def begin(self, book: Book | None, kept: Path | None) -> None:
        """Start from *book* and what another department has *kept*."""
        self.server.store.books.clear()
        self.server.crashes.clear()
        self.server.store.draw.seed(1)
        self.server.store.books["desk"] = book or self.server.store.create("值班登记", "desk")
        shutil.rmtree(self.folder / "kept", ignore_errors=True)
        if kept and kept.exists():
            shutil.copytree(kept, self.folder / "kept")


@cache
def place(name: str) -> Place:  # noqa: ARG001 - each name has one of its own
    folder = Path(tempfile.mkdtemp(prefix="servicebook "))
    server = SheetsServer()
    server.__enter__()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.close)
    server.app = app = Watched(server.store)
    for path, text in DECLARED.items():
        file = folder / "sheets_schema" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "servicebook.toml").write_text(DEPARTMENT.format(url=server.url), encoding="utf-8")
    settings = load_settings(folder)
    return Place(folder, server, app, settings, adopt(load([SHIPPED, folder / "sheets_schema"], KINDS), settings))


# ---------------------------------------------------------------- what people do


class Work(NamedTuple):
    """Something that somebody does to a spreadsheet; the numbers choose where."""

    what: str
    tab: int
    row: int
    column: int
    text: int


def do(work: Work, person: Person, history: Sequence[Book]) -> None:
    """Do it; what cannot be done (a tab of that name exists, it is the last row) is not done."""
    with suppress(KeyError, ApiError, IndexError):
        if work.what == "restore":
            person.book.take(history[work.row % len(history)].copy())
        elif work.what.startswith("our "):
            _tab_level(work.what.removeprefix("our "), list(SYSTEM_HEADERS)[work.tab % 3], "旧的", person)
        else:
            theirs = [sheet for sheet in person.book.sheets if sheet.title not in SYSTEM_HEADERS]
            if theirs:
                WORK[work.what](person, theirs[work.tab % len(theirs)], work)


def _tab_level(what: str, title: str, new: str, person: Person) -> None:
    match what:
        case "rename_tab":
            person.rename_tab(title, new)
        case "duplicate_tab":
            person.duplicate_tab(title)
        case "clear_tab":
            person.clear_tab(title)
        case "delete_tab":
            person.delete_tab(title)


def _type(person: Person, sheet: Sheet, row: int, column: int, text: str) -> None:
    person.type(sheet.title, f"{letters(column)}{row + 1}", text)
    if row > 0 and not mark_of(sheet.rows[row]):
        new = f"{sheet.title} {person.book.number()}"
        sheet.put(row, column, sheet.cell(row, column)._replace(extra={"note": new}))


def type_value(person: Person, sheet: Sheet, work: Work) -> None:
    column = work.column % sheet.column_count
    _type(person, sheet, 1 + work.row % (sheet.row_count - 1), column, VALUES[work.text % len(VALUES)])


def type_id(person: Person, sheet: Sheet, work: Work) -> None:
    _, at = headers(sheet)
    column = next((at[one.key] for one in REGISTERS if one.key in at), 0)
    _type(person, sheet, 1 + work.row % (sheet.row_count - 1), column, IDS[work.text % len(IDS)])


def insert_rows(person: Person, sheet: Sheet, work: Work) -> None:
    person.insert_row(sheet.title, 2 + work.row, 1 + work.text % 2)


def delete_rows(person: Person, sheet: Sheet, work: Work) -> None:
    person.delete_row(sheet.title, 2 + work.row, 1 + work.text % 8)


def sort(person: Person, sheet: Sheet, work: Work) -> None:
    column = letters(work.column % sheet.column_count)
    person.sort(sheet.title, column, descending=bool(work.text % 2), headers=headers(sheet)[0] + 1)


def move_column(person: Person, sheet: Sheet, work: Work) -> None:
    wide = sheet.column_count
    person.move_column(sheet.title, letters(work.column % wide), letters(work.text % wide))


def insert_column(person: Person, sheet: Sheet, work: Work) -> None:
    person.insert_column(sheet.title, letters(work.column % sheet.column_count))


def delete_column(person: Person, sheet: Sheet, work: Work) -> None:
    person.delete_column(sheet.title, letters(work.column % sheet.column_count))


def rename_header(person: Person, sheet: Sheet, work: Work) -> None:
    cell = f"{letters(work.column % sheet.column_count)}{headers(sheet)[0] + 1}"
    person.type(sheet.title, cell, HEADERS[work.text % len(HEADERS)])


def row_above(person: Person, sheet: Sheet, work: Work) -> None:
    person.insert_row(sheet.title, 1)
    person.type(sheet.title, "A1", "十一月的登记" if work.text % 2 else "")


def any_tab(person: Person, sheet: Sheet, work: Work) -> None:
    _tab_level(work.what, sheet.title, TITLES[work.text % len(TITLES)], person)


ROWS: Mapping[str, Callable[[Person, Sheet, Work], None]] = {
    "type_value": type_value, "type_id": type_id, "insert_rows": insert_rows, "delete_rows": delete_rows, "sort": sort,
}  # fmt: skip
COLUMNS: Mapping[str, Callable[[Person, Sheet, Work], None]] = {
    "move_column": move_column, "insert_column": insert_column, "delete_column": delete_column,
    "rename_header": rename_header, "row_above": row_above,
}  # fmt: skip
TABS = dict.fromkeys(("rename_tab", "duplicate_tab", "clear_tab", "delete_tab"), any_tab)
WORK = {**ROWS, **COLUMNS, **TABS}
OURS = [f"our {what}" for what in TABS]

numbers = st.integers(0, 27)
# most of what people do is typing and moving rows; what breaks a tab is mended by going back to an older version
kinds = st.one_of(
    st.sampled_from(list(ROWS)), st.sampled_from(list(ROWS)), st.sampled_from(list(ROWS)),
    st.sampled_from(list(COLUMNS)), st.sampled_from([*TABS, "restore", "restore", "restore"]),
    st.sampled_from([*OURS, *["restore"] * 8]),
)  # fmt: skip
works = st.builds(Work, kinds, numbers, numbers, numbers, numbers)
calls = st.one_of(st.integers(2, 3), st.integers(1, 7))  # a night has three calls, or about seven where tabs are cut
visits = st.lists(st.tuples(works, calls, st.booleans()), min_size=1, max_size=3)


# ---------------------------------------------------------------- what is read, and what is true


def headers(sheet: Sheet) -> tuple[int, dict[str, int]]:
    """The row of the headers, and where each of them stands."""
    rows = [{str(cell.value): at for at, cell in line.cells.items() if cell.value} for line in sheet.rows[:10]]
    wanted = {title for one in REGISTERS for title in (one.key, one.start, one.stop)}
    best = max(range(len(rows)), key=lambda at: len(wanted & rows[at].keys()))
    return best, rows[best]


def mark_of(line: Line) -> str:
    """Which row this was, whatever happened to it since."""
    return next((cell.extra["note"] for cell in line.cells.values() if "note" in cell.extra), "")


def as_read(app: Watched) -> tuple[Book, dict[str, Book]]:
    """The spreadsheet as the calls of the last look brought it, and how it was at the last call for each tab."""
    assert app.look is not None
    book, last = app.look.copy(), dict[str, Book]()
    lines: dict[str, dict[int, Line]] = defaultdict(dict)
    for ranges, there in app.reads:
        for text in ranges:
            area = parse(there, text).clipped()
            if "!" in text and (area.right or 0) - area.left == 1:
                continue  # the proof that rows are where they were
            sheet = book.titled(area.sheet.title)
            assert sheet is not None
            last[sheet.title] = there
            sheet.columns = area.sheet.copy().columns
            for row in range(area.top, area.bottom or 0):
                lines[sheet.title].setdefault(row, area.sheet.rows[row].copy())
    for title, found in lines.items():
        sheet = book.titled(title)
        assert sheet is not None
        sheet.rows = [found.get(row, Line()) for row in range(max(found) + 1)]
    book.changed()
    return book, last


def order(book: Book, title: str) -> tuple[dict[str, int], list[str]]:
    """Where the headers of a tab stand, and its rows that say something, each by what it was."""
    sheet = book.titled(title)
    assert sheet is not None
    lines = sheet.rows
    found = [mark_of(line) if any(not cell.blank for cell in line.cells.values()) else "" for line in lines]
    while found and not found[-1]:
        found.pop()
    return headers(sheet)[1], found


def table(sheet: Sheet | None, columns: int = 5) -> list[list[object]]:
    """The filled rows of one of our tabs, its first *columns*: the run's own name stands in the sixth."""
    lines = sheet.rows if sheet else []
    rows = [[line.cells[at].value if at in line.cells else None for at in range(columns)] for line in lines]
    return [row for row in rows if any(value is not None for value in row)]


def written(app: Watched, title: str) -> Sheet | None:
    """One of our tabs as our request left it, by whatever name; None where the last look did not find it."""
    sheet = app.look.titled(title) if app.look else None
    return app.marked.sheet(sheet.id) if sheet and app.marked else None


def differing(one: list[list[object]], other: list[list[object]]) -> str:
    """The rows that are in only one of two tables, for a message."""
    return (
        f"only here: {[row for row in one if row not in other]}; only there: {[row for row in other if row not in one]}"
    )


class Row(NamedTuple):
    """A row of a register, as anybody sees it."""

    key: str
    filled: bool
    start: datetime | None
    stop: object


def rows_of(book: Book, one: Register) -> list[Row] | None:
    """The rows of a register; None where one of its columns goes by another name."""
    sheet = book.titled(one.tab) or book.titled(one.english) or book.titled(one.name)
    assert sheet is not None
    top, at = headers(sheet)
    at = {title: column for title, column in at.items() if title in (one.key, one.start, one.stop, "客户", "物品")}

    def value(row: int, title: str) -> object:
        return book.rendered(sheet, row, at[title], "UNFORMATTED_VALUE", "SERIAL_NUMBER")

    if not {one.key, one.start, one.stop} <= at.keys():
        return None
    return [
        Row(
            said(value(row, one.key)),
            any(value(row, title) not in (None, "") for title in at if title != one.key),
            moment(value(row, one.start)),
            value(row, one.stop),
        )
        for row in range(top + 1, sheet.row_count)
    ]


def bare(key: str) -> str:
    """*key* without the white space that somebody typed around the id."""
    name, _, typed = key.partition("|")
    return status_key(name, typed.strip())


def said(value: object) -> str:
    """A key as people see it: an error without its reason."""
    text = "" if value is None else str(value)
    return text.partition(" (")[0] if text.startswith("#") else text


def moment(value: object) -> datetime | None:
    if isinstance(value, int | float):
        return SERIAL_ZERO + timedelta(days=value)
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(value)  # type: ignore[arg-type]
    return None


def untrue(book: Book, marks: Sheet | None, broken: set[str], now: datetime) -> list[str]:
    """What the *marks* say that *book* does not bear out: a key without its row, a row without a key, a false alarm."""
    found = []
    given = {str(row[0]): str(row[2]) for row in table(marks)[1:]}
    for one in REGISTERS:
        rows = None if one.name in broken else rows_of(book, one)
        if rows is None or marks is None:
            continue
        mine = {key: state for key, state in given.items() if key.startswith(f"{one.name}|")}
        known = {status_key(one.name, row.key): row for row in rows}
        found += [f"{key}: no such row" for key in mine if key not in known]
        folded = Counter(key.casefold() for key in {status_key(one.name, row.key) for row in rows if row.filled})
        found += [
            f"{key}: no mark"
            for key, row in known.items()
            if row.key and row.filled and key not in mine and folded[key.casefold()] == 1
        ]
        late = {
            status_key(one.name, row.key.strip())  # typed twice, once with a space: they are one record
            for row in rows
            if row.start and row.stop in (None, "") and row.start + timedelta(hours=one.hours) < now
        }
        found += [f"{key}: not late" for key, state in mine.items() if state == "overdue" and bare(key) not in late]
    return found


def broken(outcome: nightly.Outcome) -> set[str]:
    """The registers of which the night said that their tab cannot be used."""
    told: Sequence[Problem] = outcome.tonight.problems
    return {one.register for one in told if one.code in BROKEN and one.severity == "error"}


# ---------------------------------------------------------------- the machine

COUNTED: Counter[str] = Counter()


class Night(RuleBasedStateMachine):
    """A department that works by day and by night."""

    @initialize(most=st.sampled_from([SMALL, 2_000_000]))
    def opens(self, most: int) -> None:
        self.most, self.now, self.accept = most, FIRST, False
        self.desk, self.quiet = place("desk"), place("quiet")
        self.desk.begin(None, None)
        self.person = self.desk.server.person
        fill(self.person.book)
        self.history = [self.person.book.copy()]

    @rule(work=works)
    def somebody_works(self, work: Work) -> None:
        do(work, self.person, self.history)

    @rule(visits=visits)
    def night(self, visits: list[tuple[Work, int, bool]]) -> None:
        self.now += timedelta(hours=5)
        kept_before = self.desk.folder / "before"
        self._keep(kept_before)
        moved: list[int] = []
        for work, nth, after in visits:
            self.desk.server.between("/v4/", partial(self._visit, work, moved), nth=nth, after=after)
        reading.MOST_BYTES = self.most
        outcome = self.desk.sync(self.now, accept=self.accept)
        reading.MOST_BYTES = 2_000_000
        self.desk.server._visits.clear()  # noqa: SLF001 - those that came too late
        interleaved = any(0 < at < self.desk.app.answered for at in moved)
        COUNTED["nights"] += 1
        COUNTED["nights with a visit between two calls"] += interleaved
        COUNTED["nights with several reads"] += len(self.desk.app.reads) > 1
        self._no_cell_of_the_staffs_changed()
        self._the_marks_are_a_quiet_nights(outcome, kept_before)
        if interleaved:
            self._the_next_night_tells_what_is_gone()
        self.accept = outcome is None  # somebody looked, and meant it
        self.history.append(self.person.book.copy())

    def _visit(self, work: Work, moved: list[int], _: Store) -> None:
        before = staff(self.person.book, ())
        do(work, self.person, self.history)
        if staff(self.person.book, ()) != before:
            moved.append(self.desk.app.answered)

    def _keep(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if (self.desk.folder / "kept").exists():
            shutil.copytree(self.desk.folder / "kept", folder)

    def _no_cell_of_the_staffs_changed(self) -> None:
        COUNTED["cells of the staff changed"] += len(self.desk.app.harmed)
        assert self.desk.app.harmed == []
        assert self.desk.server.crashes == []

    def _the_marks_are_a_quiet_nights(self, outcome: nightly.Outcome | None, kept: Path) -> None:
        app = self.desk.app
        if app.marked is None:
            self._said_why(outcome)
            return
        assert outcome is not None
        assert outcome.failures == []
        COUNTED["nights that wrote their marks"] += 1
        read, last = as_read(app)
        for title, there in last.items():
            assert order(read, title) == order(there, title), f"{title}: rows or columns do not fit together"
        self.quiet.begin(read.copy(), kept)
        again = self.quiet.sync(self.now, accept=self.accept)
        assert again is not None
        for title, columns in ((STATUS_TAB, 5), (PROBLEM_TAB, 6)):
            is_, should_be = (table(written(one, title), columns) for one in (app, self.quiet.app))
            assert is_ == should_be, differing(is_, should_be)
        wrong = untrue(read, written(app, STATUS_TAB), broken(again), self.now)
        assert wrong == [], wrong

    def _said_why(self, outcome: nightly.Outcome | None) -> None:
        """Nothing was written: the night stopped, or recorded a failure, or says that our tabs are not there."""
        if outcome is None:
            COUNTED["nights that stopped"] += 1
            return
        written = outcome.written["desk"].outcome
        assert written in ("failed", "no_tabs")
        assert bool(outcome.failures) == (written == "failed")
        assert not any(re.search(r"Error in \w+\.py", one) for one in outcome.failures), outcome.failures
        COUNTED["nights whose marks could not be written"] += 1

    def _the_next_night_tells_what_is_gone(self) -> None:
        there = self.person.book
        before = there.titled(STATUS_TAB)
        self.quiet.begin(there.copy(), self.desk.folder / "kept")
        following = self.quiet.sync(self.now + timedelta(hours=5))
        if following is None:
            COUNTED["next nights that stopped"] += 1
            return
        wrong = untrue(there, before, broken(following), self.now)
        left = untrue(there, written(self.quiet.app, STATUS_TAB), broken(following), self.now + timedelta(hours=5))
        COUNTED["marks overtaken by a visit"] += len(wrong)
        COUNTED["wrong marks that the next night did not tell"] += len(left)
        assert left == [], left


def nights(interleavings: int) -> None:
    """Let the machine run until so many nights had a visit between two of their calls."""
    started = COUNTED["nights with a visit between two calls"]
    while COUNTED["nights with a visit between two calls"] < started + interleavings:
        run_state_machine_as_test(
            Night,
            settings=examples(
                max_examples=10,
                stateful_step_count=10,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.reuse, Phase.generate],  # a shorter tale would take minutes to find
            ),
        )


def test_what_people_do_meanwhile_harms_nothing_and_no_mark_lies():
    nights(INTERLEAVINGS)


def test_two_rows_whose_ids_nobody_can_read_do_not_share_a_flag():
    """One is late and has a number for an id, the other is not and has an error: found by the machine."""
    desk = place("desk")
    desk.begin(None, None)
    fill(desk.server.person.book)
    desk.server.person.type("报修", "A22", "2026-11-21 08:00")
    desk.server.person.type("报修", "A24", "=1/0")
    assert desk.sync(FIRST) is not None
    states = {str(row[0]): str(row[2]) for row in table(written(desk.app, STATUS_TAB))}
    assert states["jobs|#DIV/0!"] == "not_judged"
    assert [state for key, state in states.items() if key.startswith("jobs|46347")] == ["overdue"]


if __name__ == "__main__":
    begun = time.perf_counter()
    nights(int(sys.argv[1]) if len(sys.argv) > 1 else INTERLEAVINGS)
    for name, number in COUNTED.items():
        print(f"{number:7} {name}")  # noqa: T201
    print(f"{time.perf_counter() - begun:7.0f} seconds")  # noqa: T201
