"""Trouble that the local Sheets server makes to order, its quota, its person, its memory."""

import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path

import pytest
from sheets_server import Quota, SheetsServer
from sheets_server.tokens import SHEETS_READ, Tokens

FAST = 0.3  # seconds a client waits for a server that says nothing


@pytest.fixture
def server():
    with SheetsServer() as server:
        server.store.new("Test", 维修单=[["编号", "状态"], ["WX-2", "b"], ["WX-1", "a"]])
        yield server
        assert not server.crashes


def talk(server, method, path, body=None, *, timeout=10, headers=None):
    """One request over a connection of its own: status, headers, body."""
    line = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=timeout)
    try:
        data = json.dumps(body) if body is not None else None
        line.request(method, path, data, {"Authorization": "Bearer t"} | (headers or {}))
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        line.close()


def read(server, **more):
    return talk(server, "GET", f"/v4/spreadsheets/{server.store.only.id}/values/A1:B9", **more)


def write(server, text, **more):
    path = f"/v4/spreadsheets/{server.store.only.id}/values/B2?valueInputOption=RAW"
    return talk(server, "PUT", path, {"values": [[text]]}, **more)


def seen(server):
    return server.person.read("维修单", "A1:B9")


STATUSES = [
    ("401", "UNAUTHENTICATED"),
    ("403", "PERMISSION_DENIED"),
    ("404", "NOT_FOUND"),
    ("429", "RESOURCE_EXHAUSTED"),
    ("500", "INTERNAL"),
    ("503", "UNAVAILABLE"),
]


@pytest.mark.parametrize(("kind", "word"), STATUSES)
def test_a_refusal_comes_as_often_as_ordered(server, kind, word):
    server.faults.add(kind, "GET", times=2, skip=1, retry_after="7")
    answers = [read(server) for _ in range(4)]
    assert [status for status, _, _ in answers] == [200, int(kind), int(kind), 200]
    _, headers, body = answers[1]
    assert json.loads(body)["error"]["status"] == word
    assert headers["Retry-After"] == "7"


def test_only_requests_that_match_are_refused(server):
    server.faults.add("503", "PUT .*维修单|PUT .*/values/B2", times=0)
    assert read(server)[0] == 200
    assert write(server, "x")[0] == write(server, "x")[0] == 503
    assert seen(server)[1] == ["WX-2", "b"]


def test_a_refusal_may_come_after_the_work_was_done(server):
    server.faults.add("503", "PUT", applied=True)
    assert write(server, "x")[0] == 503
    assert seen(server)[1] == ["WX-2", "x"]


def test_a_gateway_answers_in_html(server):
    server.faults.add("502", "GET")
    status, headers, body = read(server)
    assert (status, headers["Content-Type"]) == (502, "text/html; charset=UTF-8")
    assert body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("applied", [False, True])
def test_a_connection_breaks_before_or_after_the_work(server, applied):
    server.faults.add("reset", "PUT", applied=applied)
    with pytest.raises(ConnectionError):
        write(server, "x")
    assert seen(server)[1] == ["WX-2", "x" if applied else "b"]


def test_an_answer_can_be_too_short_cut_or_empty(server):
    for kind in ("short", "cut", "empty"):
        server.faults.add(kind, "GET")
    with pytest.raises(http.client.IncompleteRead):
        read(server)
    status, headers, body = read(server)
    assert (status, int(headers["Content-Length"])) == (200, len(body))
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(body)
    assert read(server)[::2] == (200, b"")
    assert read(server)[0] == 200


def test_silence_lasts_until_the_client_gives_up(server):
    server.faults.add("silence", "PUT")
    with pytest.raises(TimeoutError):
        write(server, "x", timeout=FAST)
    assert seen(server)[1] == ["WX-2", "b"]
    assert read(server)[0] == 200


def test_a_closing_server_ends_silences():
    with SheetsServer() as server:
        server.store.new()
        server.faults.add("silence")
        found = []
        client = threading.Thread(target=lambda: found.append(_broken(server)))
        client.start()
        while not server.log:
            client.join(0.01)
    client.join(10)
    assert found == [True]


def _broken(server):
    try:
        read(server)
    except (http.client.HTTPException, OSError):
        return True
    return False


def test_an_answer_can_drip(server):
    server.faults.add("drip", "GET", pause=0.001)
    status, _, body = read(server)
    assert status == 200
    assert json.loads(body)["values"][0] == ["编号", "状态"]


def test_faults_can_be_ordered_by_hand(server):
    told = talk(server, "POST", "/-/faults", [{"kind": "503", "match": "GET", "times": 0}])
    assert json.loads(told[2])[0]["times"] == 0
    assert read(server)[0] == 503
    assert talk(server, "DELETE", "/-/faults")[0] == 200
    assert read(server)[0] == 200
    assert talk(server, "POST", "/-/faults", [{"kind": "flood"}])[0] == 400
    assert [entry["status"] for entry in json.loads(talk(server, "GET", "/-/log")[2])] == [503, 200]


def test_the_log_knows_every_request(server):
    read(server)
    write(server, "x")
    (entry,) = server.calls("^PUT ")
    assert (entry.path.rpartition("/")[2], entry.query, entry.status) == ("B2", "valueInputOption=RAW", 200)
    assert entry.sent == len(b'{"values": [["x"]]}')
    assert entry.received > 100
    assert len(server.calls()) == 2


def test_long_answers_are_packed_when_asked(server):
    server.store.only.sheets[0].resize(1000, 100)
    path = f"/v4/spreadsheets/{server.store.only.id}?fields=sheets.data.rowMetadata"
    _, headers, body = talk(server, "GET", path, headers={"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(body))["sheets"][0]["data"][0]["rowMetadata"]) == 1000


def test_a_connection_stays_open_for_the_next_request(server):
    line = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=10)
    path = f"/v4/spreadsheets/{server.store.only.id}"
    ports = set()
    for _ in range(3):
        line.request("GET", path, headers={"Authorization": "Bearer t"})
        assert line.getresponse().read()
        ports.add(line.sock.getsockname()[1])
    line.close()
    assert len(ports) == 1


def test_the_server_listens_on_this_machine_only(server):
    assert server.url.startswith("http://127.0.0.1:")
    with socket.socket() as other:
        other.settimeout(FAST)
        assert other.connect_ex(("127.0.0.2", int(server.url.rpartition(":")[2]))) != 0


def test_a_minute_has_so_many_reads_and_writes():
    time = [0.0]
    with SheetsServer(quota=Quota(2, "30", clock=lambda: time[0])) as server:
        server.store.new()
        assert [read(server)[0] for _ in range(3)] == [200, 200, 429]
        status, headers, body = write(server, "x")
        assert (status, headers["Retry-After"]) == (200, None)
        write(server, "x")
        status, headers, body = write(server, "x")
        assert (status, headers["Retry-After"]) == (429, "30")
        assert json.loads(body)["error"]["details"][0]["metadata"]["quota_limit"] == "WriteRequestsPerMinutePerUser"
        time[0] = 60.0
        assert read(server)[0] == write(server, "x")[0] == 200


# the person


ACTS = {
    "types": (lambda person: person.type("维修单", "B2", "0042"), [["编号", "状态"], ["WX-2", "42"], ["WX-1", "a"]]),
    "sorts": (lambda person: person.sort("维修单", "A"), [["编号", "状态"], ["WX-1", "a"], ["WX-2", "b"]]),
    "inserts": (lambda person: person.insert_row("维修单", 2), [["编号", "状态"], [], ["WX-2", "b"], ["WX-1", "a"]]),
    "deletes": (lambda person: person.delete_row("维修单", 2), [["编号", "状态"], ["WX-1", "a"]]),
    "adds a column": (lambda person: person.insert_column("维修单", "B"), [["编号"], ["WX-2"], ["WX-1"]]),
    "drops a column": (lambda person: person.delete_column("维修单", "A"), [["状态"], ["b"], ["a"]]),
    "moves a column": (
        lambda person: person.move_column("维修单", "B", "A"),
        [["状态", "编号"], ["b", "WX-2"], ["a", "WX-1"]],
    ),
    "renames a column": (
        lambda person: person.rename_column("维修单", "状态", "情况"),
        [["编号", "情况"], ["WX-2", "b"], ["WX-1", "a"]],
    ),
    "clears": (lambda person: person.clear_tab("维修单"), []),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_person_works_between_two_calls(server, act):
    """The first read sees the old rows, the second what the person made of them."""
    do, wanted = ACTS[act]
    server.between("GET .*/values/", lambda _: do(server.person), nth=2)
    first, second, third = ([row[:2] for row in json.loads(read(server)[2]).get("values", [])] for _ in range(3))
    assert first == [["编号", "状态"], ["WX-2", "b"], ["WX-1", "a"]]
    assert second == third == [row[:2] for row in wanted]


def test_a_person_may_act_right_after_an_answer(server):
    server.between("GET", lambda _: server.person.type("维修单", "A2", "WX-9"), after=True)
    assert json.loads(read(server)[2])["values"][1][0] == "WX-2"
    assert json.loads(read(server)[2])["values"][1][0] == "WX-9"


def test_a_person_handles_tabs(server):
    person, book = server.person, server.store.only
    person.duplicate_tab("维修单")
    person.rename_tab("维修单", "旧")
    assert {sheet.title for sheet in book.sheets} == {"Copy of 维修单", "旧"}
    person.hide_tab("Copy of 维修单")
    person.rename_tab("旧", "维修单")
    book.add_sheet({"title": "x"})
    person.delete_tab("维修单")
    assert [sheet.title for sheet in book.sheets] == ["Copy of 维修单", "x"]


def test_cells_that_a_person_protects_refuse_the_program(server):
    server.person.protect("维修单", "B1:B9")
    status, _, body = write(server, "x")
    assert status == 400
    assert json.loads(body)["error"]["message"].startswith("You are trying to edit a protected cell or object.")
    assert seen(server)[1] == ["WX-2", "b"]


# tokens and memory


def test_strict_tokens_are_asked_for_every_call():
    tokens = Tokens()
    with SheetsServer(tokens=tokens) as server:
        server.store.new()
        assert read(server)[0] == 401
        assert talk(server, "POST", "/token", {})[0] in (400, 401)
        reading = {"Authorization": f"Bearer {tokens._issue('a@b.cn', frozenset([SHEETS_READ]))}"}  # noqa: SLF001
        assert read(server, headers=reading)[0] == 200
        assert write(server, "x", headers=reading)[0] == 403
        tokens.expire_all()
        assert read(server, headers=reading)[0] == 401


def test_all_is_kept_in_a_file(tmp_path):
    state = tmp_path / "state.json"
    look = {"range": {"dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}, "properties": {"pixelSize": 7}}
    cells = [{"values": [{"note": "n", "userEnteredValue": {"formulaValue": "=1+1"}}]}]
    area = {"startRowIndex": 5, "endRowIndex": 6, "startColumnIndex": 0, "endColumnIndex": 2}
    requests = [
        {"addNamedRange": {"namedRange": {"name": "N", "range": {"endRowIndex": 1}}}},
        {"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}},
        {"updateDimensionProperties": look | {"fields": "pixelSize"}},
        {"updateCells": {"start": {}, "rows": cells, "fields": "note,userEnteredValue"}},
    ]

    def described(server):
        return talk(server, "GET", f"/v4/spreadsheets/{server.store.only.id}?includeGridData=true")[2]

    with SheetsServer(state=state) as server:
        server.store.new("Kept")
        status, _, body = talk(
            server, "POST", f"/v4/spreadsheets/{server.store.only.id}:batchUpdate", {"requests": requests}
        )
        assert status == 200, body
        before = described(server)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    with SheetsServer(state=state) as server:
        assert described(server) == before


def test_it_can_be_started_by_hand(tmp_path):
    root = Path(__file__).parents[1]
    faults = tmp_path / "faults.json"
    faults.write_text('[{"kind": "503", "match": "GET"}]', encoding="utf-8")
    command = [sys.executable, "-m", "tests.sheets_server", "--state", tmp_path / "s.json", "--faults", faults]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            line = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=10)
            statuses = []
            for _ in range(2):
                line.request("GET", "/drive/v3/files", headers={"Authorization": "Bearer t"})
                answer = line.getresponse()
                statuses.append(answer.status)
                answer.read()
            line.close()
        finally:
            process.terminate()
    assert statuses == [503, 200]
