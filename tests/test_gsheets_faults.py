"""Every fault on the way to Google ends as designed: the night over real HTTP, each call spoiled, once and for ever.

`python -m tests.test_gsheets_faults` (from the project's root) prints what came of each.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import count
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `python -m`

from night_department import JOBS
from sheets_department import SheetsDepartment, department
from sheets_server import Quota, SheetsServer
from sheets_server.app import Answer
from sheets_server.faults import fits
from sheets_server.tokens import Tokens

from sync.books.gsheets import client
from sync.model import PROBLEM_TAB, STATUS_TAB

TONIGHT, TOMORROW = "2026-11-23T02:00", "2026-11-24T02:00"
CALLS = {
    "metadata": r"^GET /v4/spreadsheets/[^/:?]+\?",
    "values": "^GET .*/values:batchGet",
    "write": "^POST .*:batchUpdate",
}
EACH = "each"  # of the calls, in one night
# What passes: another try may succeed. Each is what the server is told to do.
PASSING: Mapping[str, Mapping[str, object]] = {
    "429": {"kind": "429"},
    "429, Retry-After": {"kind": "429", "retry_after": "0"},
    "500": {"kind": "500"},
    "502, a page": {"kind": "502"},
    "503": {"kind": "503"},
    "503, done all the same": {"kind": "503", "applied": True},
    "504": {"kind": "504"},
    "reset": {"kind": "reset"},
    "reset, done all the same": {"kind": "reset", "applied": True},
    "short body": {"kind": "short"},
    "cut JSON": {"kind": "cut"},
    "empty body": {"kind": "empty"},
    "dripping": {"kind": "drip", "pause": 0.2},
    "silence": {"kind": "silence"},
    "silence, done all the same": {"kind": "silence", "applied": True},
}
# What asking again does not change, and what must be said then.
LASTING: Mapping[str, tuple[Mapping[str, object], str]] = {
    "400": ({"kind": "400", "message": "Invalid value \"13800000001\" at 'requests[0]'"}, "400"),
    "403": ({"kind": "403"}, "Share"),
    "403, API not enabled": ({"kind": "403", "reason": "SERVICE_DISABLED"}, "the Google Sheets API is not enabled"),
    "404": ({"kind": "404"}, "servicebook.toml, [books]"),
}
SLOW = {"dripping", "silence", "silence, done all the same"}
SECRETS = re.compile(r"ya29|Bearer|PRIVATE KEY|1380000|1//|GOCSPX")


@dataclass(frozen=True)
class Case:
    """One call spoiled, so many times (0: for ever), and how the night has to end."""

    fault: str
    call: str
    times: int
    code: int
    tries: int | None  # how often the call is made; None: as time allows

    @property
    def name(self) -> str:
        return f"{self.fault} | {self.call} | {'for ever' if not self.times else self.times}"

    @property
    def spoiled(self) -> list[str]:
        """The calls that go wrong."""
        return list(CALLS) if self.call == EACH else [self.call]

    @property
    def order(self) -> Mapping[str, object]:
        """What the server is told."""
        return PASSING[self.fault] if self.fault in PASSING else LASTING[self.fault][0]


@dataclass(frozen=True)
class Night:
    """What came of a night."""

    code: int
    said: str
    calls: Mapping[str, int]
    marks: str  # whose stand in the spreadsheet
    staff: bool  # every cell of theirs is as it was
    seconds: float


def passing() -> Iterator[Case]:
    for fault in PASSING:
        calls = CALLS if "done" not in fault else ("write",)
        yield Case(fault, EACH if len(calls) > 1 else "write", 1, 0, 2)
        for call in calls:
            yield Case(fault, call, 0, 1 if call == "write" else 5, None if fault in SLOW else client.TRIES)


def several() -> Iterator[Case]:
    for fault, call in (("500", "metadata"), ("502, a page", "values"), ("503, done all the same", "write")):
        yield Case(fault, call, client.TRIES - 1, 0, client.TRIES)


def lasting() -> Iterator[Case]:
    for fault in LASTING:
        yield from (Case(fault, call, 0, 1, 1) for call in CALLS)


@contextmanager
def quick(one_try: float = client.ONE_TRY) -> Iterator[None]:
    """Pauses of next to nothing, and *one_try* seconds for an answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "PAUSE", 0.01)
        patch.setattr(client, "QUOTA_PAUSE", 0.01)
        patch.setattr(client, "ONE_TRY", one_try)
        yield


@pytest.fixture(autouse=True)
def nobody_signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own sign-in has no part in a test."""
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path / "config"))


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as found:
        yield found
        assert found.crashes == []


@pytest.fixture
def desk(server: SheetsServer, tmp_path: Path) -> SheetsDepartment:
    """A department on the evening after its first night, when somebody has mended a row."""
    return evening(server, tmp_path / "部门")


def evening(server: SheetsServer, folder: Path) -> SheetsDepartment:
    desk = department(folder, server, ran=True)
    desk.person.type("报修", "J11", "2026-11-18 08:00")
    return desk


@cache
def quiet() -> Mapping[str, object]:
    """Our tabs after a night that nothing disturbed, and what was kept of it."""
    with SheetsServer() as server, tempfile.TemporaryDirectory() as folder:
        desk = evening(server, Path(folder) / "部门")
        assert desk.tonight(TONIGHT, "report")[0] == 0
        return {"marks": desk.system_cells(), "kept": desk.tree("kept", "20261123-020000")}


def run(desk: SheetsDepartment, now: str = TONIGHT, until: str = "report") -> Night:
    """One night, with what it left in the spreadsheet."""
    staff, ours, asked = desk.staff_cells(), desk.system_cells(), len(desk.server.log)
    began = time.monotonic()
    code, said = desk.tonight(now, until)
    seconds = time.monotonic() - began
    log = [f"{entry.method} {entry.path}?{entry.query}" for entry in desk.server.log[asked:]]
    calls = {call: sum(bool(re.search(match, line)) for line in log) for call, match in CALLS.items()}
    assert sum(calls.values()) == len([line for line in log if "/v4/" in line])
    left = desk.system_cells()
    marks = {repr(ours): "as they were", repr(quiet()["marks"]): "tonight's"}.get(repr(left), "others")
    assert not SECRETS.search(said), said
    return Night(code, said, calls, marks, desk.staff_cells() == staff, seconds)


def play(case: Case, desk: SheetsDepartment, until: str = "report") -> Night:
    """The night of *case*."""
    for call in case.spoiled:
        desk.server.faults.add(match=CALLS[call], times=case.times, **case.order)
    slow = case.fault in SLOW
    if slow and not case.times:
        desk.settle("deadline = 1")
    with quick(*([0.6 if case.times else 0.3] if slow else [])):
        return run(desk, until=until)


def written_files(desk: SheetsDepartment) -> dict[str, bytes | None]:
    """Everything a night leaves in the folder."""
    return {name: data for name, data in desk.tree().items() if not name.endswith((".lock", "servicebook.toml"))}


def named(cases: Iterator[Case]) -> list[object]:
    return [pytest.param(case, id=case.name) for case in cases]


# ---------------------------------------------------------------- what passes


@pytest.mark.parametrize("case", named(case for case in (*passing(), *several()) if case.times))
def test_what_passes_leaves_no_trace(case: Case, desk: SheetsDepartment):
    """The night ends as if nothing had happened: the same marks, once, and the same record."""
    night = play(case, desk)
    assert (night.code, night.marks, night.staff) == (0, "tonight's", True), night.said
    assert night.calls == dict.fromkeys(CALLS, 1) | dict.fromkeys(case.spoiled, case.tries)
    assert desk.tree("kept", "20261123-020000") == quiet()["kept"]
    assert night.seconds < 60


@pytest.mark.parametrize("case", named(case for case in passing() if not case.times and case.call != "write"))
def test_a_spreadsheet_that_cannot_be_read_stops_the_night(case: Case, desk: SheetsDepartment):
    """Exit code 5: yesterday's pages and marks stay, and what is said names book and way out."""
    before = written_files(desk)
    night = play(case, desk, "render")
    assert (night.code, night.marks, night.staff) == (5, "as they were", True), night.said
    assert written_files(desk) == before
    assert night.calls["write"] == 0
    assert case.tries in {None, night.calls[case.call]}
    assert "books.desk：" in night.said
    assert "过一会儿再运行" in night.said
    assert "un again later" in night.said
    assert night.seconds < 60


@pytest.mark.parametrize("case", named(case for case in passing() if not case.times and case.call == "write"))
def test_marks_that_cannot_be_written_wait(case: Case, desk: SheetsDepartment):
    """A recorded failure: the pages are made all the same and say since when marks wait; the next night brings them."""
    night = play(case, desk, "render")
    done = bool(case.order.get("applied")) or case.fault in {"short body", "cut JSON", "empty body", "dripping"}
    assert (night.code, night.staff) == (1, True), night.said
    assert night.marks == ("tonight's" if done else "as they were")  # whole, either way
    assert case.tries in {None, night.calls["write"]}
    assert night.seconds < 60
    assert waits(desk)
    brings(desk)


def waits(desk: SheetsDepartment) -> bool:
    """Whether page and record say that marks wait since tonight."""
    record = json.loads((desk.folder / "kept" / "20261123-020000" / "night.json").read_text(encoding="utf-8"))
    assert record["failures"]
    assert not SECRETS.search(json.dumps(record["failures"]))
    told = "从 11月23日 02&#58;00 起还没写进去" in desk.page("today")
    return told and record["pending"] == {"desk": "2026-11-23T02:00:00"}


def brings(desk: SheetsDepartment, until: str = "report") -> None:
    """Once the fault has gone, the next night writes the marks."""
    desk.server.faults.clear()
    desk.settle()
    night = run(desk, TOMORROW, until)
    assert (night.code, night.staff) == (0, True), night.said
    assert "数据有误" not in desk.marks()["J-009"]
    assert desk.last_run()["run"] == "20261124-020000"
    record = json.loads((desk.folder / "kept" / "20261124-020000" / "night.json").read_text(encoding="utf-8"))
    assert (record["pending"], record["failures"]) == ({}, [])
    assert until == "report" or "还没写进去" not in desk.page("today")


# ---------------------------------------------------------------- what does not pass


@pytest.mark.parametrize("case", named(lasting()))
def test_a_refusal_is_not_asked_again(case: Case, desk: SheetsDepartment):
    """One call, exit code 1, and the way out; without a read nothing is written, without a write the pages say so."""
    before = written_files(desk)
    night = play(case, desk, "render")
    assert (night.code, night.marks, night.staff) == (1, "as they were", True), night.said
    assert night.calls[case.call] == 1
    assert LASTING[case.fault][1] in night.said
    if case.fault == "403":
        assert "add local as an editor" in night.said  # whom to share with: here the local server's visitor
    if case.fault == "404":
        assert desk.id in night.said
    if case.call == "write":
        assert waits(desk)
        brings(desk, "render")
    else:
        assert written_files(desk) == before
        assert night.calls["write"] == 0


# ---------------------------------------------------------------- somebody else's answers


@contextmanager
def stranger(server: SheetsServer, match: str, answer: Answer, times: int = 100) -> Iterator[list[str]]:
    """Something between here and Google that answers in its place; what it was asked."""
    app, met = server.app.answer, list[str]()

    def answers(method: str, target: str, body: bytes) -> Answer:
        if len(met) < times and fits(match, method, target):
            met.append(target)
            return answer
        return app(method, target, body)

    server.app.answer = answers
    yield met
    server.app.answer = app


ELSEWHERE = Answer(302, b"", {"Location": "http://127.0.0.1:9/"})
STRANGE = {
    "a proxy's page": Answer(403, b"<html>Forbidden</html>", {"Content-Type": "text/html"}),
    "a proxy's JSON": Answer.of({"error": "upstream"}, 403),
    "a portal's page": Answer(200, b"<html>Please sign in</html>", {"Content-Type": "text/html"}),
    "a portal's JSON": Answer.of({}),
    "a list": Answer.of([]),
    "a way elsewhere": ELSEWHERE,
    "no words": Answer.of({"error": "upstream"}, 503),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_googles_answer_is_none(name: str, call: str, desk: SheetsDepartment):
    """No answer counts that Google has not given: nothing is believed to be read, or written."""
    with stranger(desk.server, CALLS[call], STRANGE[name]) as met, quick():
        night = run(desk)
    assert (night.code, night.marks, night.staff) == (1 if call == "write" else 5, "as they were", True), night.said
    assert len(met) == (1 if STRANGE[name].status in {302, 403} else client.TRIES)
    assert "Look at network and proxy" in night.said or "Google cannot answer now (503)" in night.said


def test_marks_that_are_not_read_back_are_not_written(desk: SheetsDepartment):
    """An answer in Google's own shape, without what was to be read back in it."""
    with stranger(desk.server, CALLS["write"], Answer.of({"spreadsheetId": desk.id, "replies": [{}]})):
        night = run(desk)
    assert (night.code, night.marks) == (1, "as they were"), night.said
    assert "another run's are read back (not 20261123-020000)" in night.said


# ---------------------------------------------------------------- how long it may take


def test_google_says_how_long_to_wait(desk: SheetsDepartment):
    """Retry-After in seconds is waited for."""
    desk.server.faults.add("429", CALLS["values"], retry_after="1")
    with quick():
        night = run(desk)
    assert (night.code, night.calls["values"]) == (0, 2), night.said
    assert night.seconds >= 1


def test_google_says_until_when_to_wait(desk: SheetsDepartment):
    """A date does as well; one that has gone by is now."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    desk.server.faults.add("503", CALLS["metadata"], retry_after=soon)
    desk.server.faults.add("503", CALLS["values"], retry_after="Sun, 22 Nov 2026 00:00:00 GMT")
    desk.server.faults.add("503", CALLS["write"], retry_after="soon")
    with quick():
        night = run(desk)
    assert (night.code, night.calls) == (0, dict.fromkeys(CALLS, 2)), night.said
    assert night.seconds >= 1


def test_a_wait_longer_than_the_deadline_is_not_begun(desk: SheetsDepartment):
    """Nobody sleeps for an hour, and nobody asks before the hour is over."""
    desk.server.faults.add("429", CALLS["metadata"], times=0, retry_after="3600")
    with quick():
        night = run(desk)
    assert (night.code, night.calls["metadata"]) == (5, 1), night.said
    assert "the minute's quota is used up" in night.said
    assert night.seconds < 60


def test_the_quota_of_a_minute_comes_back(tmp_path: Path):
    """One read and one write a minute: who waits gets through. The server's clock makes 25 seconds at each look."""
    with SheetsServer(quota=Quota(1, clock=count(25, 25).__next__)) as server, quick():
        night = run(evening(server, tmp_path / "部门"))
        assert (night.code, night.marks) == (0, "tonight's"), night.said
        assert night.calls == {"metadata": 1, "values": 3, "write": 1}


def test_the_deadline_counts_for_all_calls_of_a_read(desk: SheetsDepartment, monkeypatch: pytest.MonkeyPatch):
    """Many answers, each in good time, do not add up to more."""
    desk.settle("deadline = 1")
    monkeypatch.setattr("sync.books.gsheets.reading.MOST_BYTES", 2000)
    desk.server.between(CALLS["values"], lambda _: time.sleep(0.4), nth=1)
    desk.server.between(CALLS["values"], lambda _: time.sleep(0.4), nth=2)
    desk.server.between(CALLS["values"], lambda _: time.sleep(0.4), nth=3)
    with quick():
        night = run(desk)
    assert (night.code, night.marks) == (5, "as they were"), night.said
    assert 0 < night.calls["values"] <= 3  # a slow machine comes less far


def test_what_was_given_up_ends_with_its_connection(desk: SheetsDepartment):
    """The threads that wait for a silent server hold nothing once it is gone."""
    before = threading.active_count()
    desk.settle("deadline = 1")
    desk.server.faults.add("silence", times=0)
    with quick(0.3):
        assert run(desk).code == 5
    desk.server.close()
    until = time.monotonic() + 30
    while threading.active_count() >= before and time.monotonic() < until:
        time.sleep(0.02)
    assert threading.active_count() < before  # the server's own has ended, too


# ---------------------------------------------------------------- signing in


SIGN_IN = "^POST /token"


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[SheetsDepartment]:
    """A department that signs in with a service account's key, at a server that looks at every token."""
    with SheetsServer(tokens=Tokens()) as server:
        (tmp_path / "keys").mkdir()
        key = server.tokens.key_file(tmp_path / "keys", server.url)
        open_desk, tokens, server.tokens = evening, server.tokens, None  # the first night was signed in otherwise
        desk = open_desk(server, tmp_path / "部门")
        server.tokens = tokens
        desk.settle(f"key_file = '{key.as_posix()}'")
        yield desk
        assert server.crashes == []


def tokens_asked(desk: SheetsDepartment) -> int:
    return len(desk.server.calls(SIGN_IN))


def test_a_token_that_ran_out_is_renewed(keyed: SheetsDepartment):
    """Between two calls, and between reading and writing."""
    for call in ("values", "write"):
        keyed.server.between(CALLS[call], lambda _: keyed.server.tokens.expire_all())
    night = run(keyed)
    assert (night.code, night.marks, night.staff) == (0, "tonight's", True), night.said
    assert (night.calls, tokens_asked(keyed)) == ({"metadata": 1, "values": 2, "write": 2}, 3)


@pytest.mark.parametrize("kind", ["500", "503", "502", "reset", "short", "cut", "empty"])
def test_a_token_that_is_late_is_waited_for(kind: str, keyed: SheetsDepartment):
    keyed.server.faults.add(kind, SIGN_IN)
    with quick():
        night = run(keyed)
    assert (night.code, night.marks, night.calls) == (0, "tonight's", dict.fromkeys(CALLS, 1)), night.said
    assert tokens_asked(keyed) == 2


@pytest.mark.parametrize("kind", ["503", "502", "reset", "empty", "silence"])
def test_without_a_token_the_night_stops(kind: str, keyed: SheetsDepartment):
    """Exit code 5 within the deadline, and nothing has happened."""
    key = next((keyed.folder.parent / "keys").iterdir())
    keyed.settle("deadline = 1", f"key_file = '{key.as_posix()}'")
    keyed.server.faults.add(kind, SIGN_IN, times=0)
    before = written_files(keyed)
    with quick(0.5):
        night = run(keyed)
    assert (night.code, night.marks, night.calls) == (5, "as they were", dict.fromkeys(CALLS, 0)), night.said
    assert written_files(keyed) == before
    assert night.seconds < 60


def test_a_key_that_was_taken_back_is_said_once(keyed: SheetsDepartment):
    """One question, no second try, and the way out."""
    keyed.server.tokens.revoke("sync@demo-service.iam.gserviceaccount.com")
    night = run(keyed)
    assert (night.code, night.marks, night.calls) == (1, "as they were", dict.fromkeys(CALLS, 0)), night.said
    assert tokens_asked(keyed) == 1
    assert "sync@demo-service.iam.gserviceaccount.com" in night.said
    assert "make a new key" in night.said


def test_whom_to_share_with_is_named(keyed: SheetsDepartment):
    """The account's address, to be copied into the window of Share."""
    keyed.person.unshare()
    night = run(keyed)
    assert (night.code, night.marks) == (1, "as they were")
    assert "add sync@demo-service.iam.gserviceaccount.com as an editor" in night.said
    assert night.calls == {"metadata": 1, "values": 0, "write": 0}


def test_a_token_that_is_never_good_is_not_renewed_for_ever(desk: SheetsDepartment):
    desk.server.faults.add("401", CALLS["values"], times=0)
    night = run(desk)
    assert (night.code, night.marks) == (1, "as they were"), night.said
    assert night.calls["values"] == 3  # google-auth renews it twice
    assert "Is the key still valid" in night.said


# ---------------------------------------------------------------- stops before anything is written


@pytest.mark.parametrize(
    ("key", "has", "told"),
    [("locale", "en_GB", "locale is en_GB, the settings say zh_CN"), ("timeZone", "Asia/Tokyo", "is Asia/Tokyo")],
)
def test_a_spreadsheet_that_reads_dates_otherwise_is_refused(key: str, has: str, told: str, desk: SheetsDepartment):
    desk.sheets.properties[key] = has
    before = written_files(desk)
    night = run(desk)
    assert (night.code, night.marks, night.staff) == (1, "as they were", True)
    assert told in night.said
    assert {"locale": "zh_CN", "timeZone": "Asia/Shanghai"}[key] in night.said
    assert night.calls == {"metadata": 1, "values": 0, "write": 0}
    assert written_files(desk) == before


def test_an_id_that_leads_nowhere_is_said_with_its_place(desk: SheetsDepartment):
    desk.settle(book="1AbCdEfGhIjKlMnOpQrStUvWxYz")
    night = run(desk)
    assert (night.code, night.calls["metadata"]) == (1, 1)
    assert "1AbCdEfGhIjKlMnOpQrStUvWxYz (it is written in servicebook.toml, [books])" in night.said


@pytest.mark.parametrize("how", ["rows", "tab"])
def test_an_emptied_tab_stops_the_night(how: str, desk: SheetsDepartment):
    """Exit code 4 where all rows went; where the headers went with them, the tab keeps its last good rows."""
    if how == "rows":
        desk.person.delete_row("报修", 3, len(JOBS))
    else:
        desk.person.clear_tab("报修")
    before = written_files(desk)
    night = run(desk, until="render")
    if how == "tab":
        assert night.code == 0
        assert "今天读不了" in desk.page("today")
        return
    assert (night.code, night.marks, night.calls["write"]) == (4, "as they were", 0), night.said
    assert "「报修」14 → 0" in night.said
    assert written_files(desk) == before


@pytest.mark.parametrize("kept", [True, False])
def test_a_clock_that_went_backwards_stops_the_night(kept: bool, desk: SheetsDepartment):  # noqa: FBT001
    """The record of the last night says so; where that was lost, `_同步` does."""
    if not kept:
        for folder in (desk.folder / "kept").glob("????????-??????"):
            folder.rename(desk.folder / f"lost {folder.name}")
    before = written_files(desk)
    night = run(desk, "2026-11-20T02:00")
    assert (night.code, night.marks, night.calls["write"]) == (4, "as they were", 0), night.said
    assert "before the last run" in night.said
    assert written_files(desk) == before


def test_a_spreadsheet_that_would_grow_too_large_is_not_touched(desk: SheetsDepartment):
    """It is full to the last cell, and the marks need one row more: that is said before anything is written."""
    desk.sheets.titled(STATUS_TAB).resize(2, 6)
    cells = sum(sheet.row_count * sheet.column_count for sheet in desk.sheets.sheets)
    rows, rest = divmod(10_000_000 - cells, 5000)
    desk.sheets.add_sheet({"title": "旧账", "gridProperties": {"rowCount": rows, "columnCount": 5000}})
    desk.sheets.add_sheet({"title": "零头", "gridProperties": {"rowCount": 1, "columnCount": rest}})
    night = run(desk)
    assert (night.code, night.marks, night.calls["write"]) == (1, "as they were", 0), night.said
    assert "more than the 10,000,000 that are possible. Nothing was written." in night.said


def test_a_tab_that_goes_while_the_marks_are_written(desk: SheetsDepartment):
    """The whole batch is refused; what is said names the book, and the next night says what is missing."""
    desk.server.between(CALLS["write"], lambda _: desk.person.delete_tab(PROBLEM_TAB))
    night = run(desk)
    assert (night.code, night.calls["write"]) == (1, 1)
    assert "books.desk: a tab was just renamed or removed" in night.said
    assert desk.last_run()["run"] == "20261122-020000"
    assert run(desk, TOMORROW).code == 0
    assert desk.last_run()["run"] == "20261124-020000"


# ---------------------------------------------------------------- building


@pytest.mark.parametrize("fault", [name for name in PASSING if "done" in name or name in {"503", "cut JSON", "reset"}])
def test_a_column_is_taken_out_once(fault: str, desk: SheetsDepartment):
    """Sent twice, it would take its neighbour along: where an answer got lost, what is there is looked at first."""
    declared = desk.folder / "sheets_schema" / "registers" / "jobs.yaml"
    lines = declared.read_text(encoding="utf-8").splitlines()
    declared.write_text(
        "\n".join(line for line in lines if "name: address" not in line), encoding="utf-8", newline="\n"
    )
    headers = [cell.value for _, cell in desk.headers("报修")]
    desk.server.faults.add(match=CALLS["write"], **PASSING[fault])
    with quick(0.6):
        done = desk.run("apply", "--do", "delete_column:jobs.address", now="")
    assert done.exit_code == 0, done.output
    headers.remove("地址")
    assert [cell.value for _, cell in desk.headers("报修")] == headers


# ---------------------------------------------------------------- the real command


def command(desk: SheetsDepartment, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with nothing made quicker, and every warning an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "sync.cli", "-C", str(desk.folder), *arguments],
        capture_output=True, encoding="utf-8", check=False, timeout=120, cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("order", "code", "told"),
    [
        ({"kind": "503", "match": CALLS["values"]}, 0, "marks in desk: written"),
        ({"kind": "403", "match": CALLS["write"]}, 1, "failed: desk: books.desk: no access to this spreadsheet"),
        ({"kind": "silence", "match": CALLS["metadata"], "times": 0}, 5, "run again later"),
    ],
)
def test_the_command_itself(order: dict[str, object], code: int, told: str, desk: SheetsDepartment):
    """Exit codes, as a scheduler sees them; the silent one ends at its deadline, all else being as shipped."""
    desk.settle("deadline = 5")
    staff, before = desk.staff_cells(), written_files(desk)
    desk.server.faults.add(**order)
    began = time.monotonic()
    done = command(desk, "sync", "--until", "render", "--now", TONIGHT)
    assert done.returncode == code, done.stderr
    assert told in done.stdout + done.stderr
    assert "Warning" not in done.stderr
    assert not SECRETS.search(done.stdout + done.stderr)
    assert desk.staff_cells() == staff
    assert (written_files(desk) == before) == (code == 5)
    assert time.monotonic() - began < 60


# ---------------------------------------------------------------- by hand


def table() -> Iterator[str]:
    """What comes of each fault, a line of Markdown each."""
    yield "| fault | call | times | exit code | tries | marks | staff cells | seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in (*passing(), *several(), *lasting()):
        with SheetsServer() as server, tempfile.TemporaryDirectory() as folder:
            night = play(case, evening(server, Path(folder) / "部门"))
        told = (
            case.fault, case.call, case.times or "for ever", night.code,
            "/".join(str(night.calls[call]) for call in case.spoiled), night.marks,
            "as they were" if night.staff else "CHANGED", f"{night.seconds:.1f}",
        )  # fmt: skip
        yield f"| {' | '.join(map(str, told))} |"


if __name__ == "__main__":
    for line in table():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
