"""The server: HTTP on this machine only, with a log, faults and a person to order."""

import contextlib
import gzip
import json
import re
import select
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from .app import Answer, App
from .book import Store
from .errors import MISSING_CREDENTIALS, ApiError
from .faults import STATUS, Fault, Faults, Quota, fits
from .person import Person

TOKEN_PATHS = re.compile(r"/token|/v1/token|/v1/projects/-/serviceAccounts/[^/]+:generateAccessToken|/o/oauth2/.*")


class TokenRoom(Protocol):
    """What tokens.Tokens offers: a token endpoint, and the check of a bearer."""

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]: ...

    def allows(self, authorization: str | None, *, write: bool) -> tuple[int, dict[str, Any]] | None: ...


@dataclass
class Entry:
    """One line of the log."""

    method: str
    path: str
    query: str
    sent: int
    status: int = 0
    received: int = 0

    @property
    def call(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Visit:
    """A person's action, due at the Nth request that matches."""

    match: str
    action: Callable[[Store], object]
    nth: int
    after: bool


class SheetsServer:
    """`with SheetsServer() as server:` serves on a free port of 127.0.0.1 from a thread of this process."""

    def __init__(
        self, *, port: int = 0, state: Path | None = None, tokens: TokenRoom | None = None, quota: Quota | None = None
    ) -> None:
        self.store = Store(state)
        self.person = Person(self.store)
        self.app = App(self.store)
        self.tokens = tokens
        self.quota = quota or Quota()
        self.faults = Faults()
        self.log: list[Entry] = []
        self.crashes: list[str] = []
        self.closing = threading.Event()
        self._visits: list[Visit] = []
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.room = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def serve(self) -> None:
        """Serve from this thread until close() or Ctrl-C."""
        self._http.serve_forever(0.1)

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()

    def between(self, match: str, action: Callable[[Store], object], *, nth: int = 1, after: bool = False) -> None:
        """Run *action(store)* once, just before (or after) the Nth coming request that matches, as a person might."""
        self._visits.append(Visit(match, action, nth, after))

    def calls(self, match: str = "") -> list[Entry]:
        """The logged requests that match."""
        return [entry for entry in self.log if re.search(match, entry.call)]

    # one request

    def respond(self, method: str, target: str, headers: Any, body: bytes) -> tuple[Answer, Fault | None]:
        """The answer, and the fault that spoils its way back."""
        due = [visit for visit in self._visits if self._due(visit, method, target)]
        self._visit([visit for visit in due if not visit.after])
        fault = self.faults.pick(method, target)
        answer = Answer(200)
        if fault is None or fault.applied:
            answer = self._answer(method, target, headers, body)
        self._visit([visit for visit in due if visit.after])
        if fault is not None and fault.kind in STATUS:
            return fault.answer(method), None
        return answer, fault

    def _due(self, visit: Visit, method: str, target: str) -> bool:
        if fits(visit.match, method, target):
            visit.nth -= 1
            return visit.nth == 0
        return False

    def _visit(self, visits: list[Visit]) -> None:
        for visit in visits:
            self._visits.remove(visit)
            with self.store.lock:
                visit.action(self.store)

    def _answer(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        path = urlsplit(target).path
        if self.tokens is not None and TOKEN_PATHS.fullmatch(path):
            status, told = self.tokens.answer(method, target, headers, body)
            return Answer(302, b"", {"Location": str(told["location"])}) if status == 302 else Answer.of(told, status)
        refused = self._refused(method, target, headers.get("Authorization"))
        if refused is None:
            refused = self.quota.refusal(method, path)
        return refused or self.app.answer(method, target, body)

    def _refused(self, method: str, target: str, authorization: str | None) -> Answer | None:
        if self.tokens is not None:
            reads = method == "GET" or (
                "ByDataFilter" in target and "batchUpdate" not in target and "Clear" not in target
            )
            refusal = self.tokens.allows(authorization, write=not reads)
            return Answer.of(refusal[1], refusal[0]) if refusal else None
        if (authorization or "").lower().startswith("bearer ") or "access_token=" in target:
            return None
        return Answer.refusing(ApiError(401, MISSING_CREDENTIALS))

    # by hand: /-/faults, /-/log

    def control(self, method: str, path: str, body: bytes) -> Answer:
        if path == "/-/faults" and method == "POST":
            try:
                for one in json.loads(body):
                    self.faults.add(**one)
            except (TypeError, ValueError) as error:
                return Answer.of({"error": str(error)}, 400)
        elif path == "/-/faults" and method == "DELETE":
            self.faults.clear()
        elif path == "/-/log" and method == "GET":
            return Answer.of([asdict(entry) for entry in self.log])
        elif path != "/-/faults" or method != "GET":
            return Answer.of({"error": "known: GET, POST, DELETE /-/faults; GET /-/log"}, 404)
        return Answer.of([asdict(fault) for fault in self.faults.waiting])


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    room: SheetsServer

    def __init__(self, *given: Any) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close; a connection that is to break off is not closed politely first."""
        self.open.discard(request)
        broken = (
            request.fileno() >= 0
            and struct.unpack_from("h", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))[0]
        )
        if broken:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is no news; anything else is a crash to look at."""
        if not isinstance(sys.exception(), OSError):
            self.room.crashes.append(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sheets_server"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Http

    def log_message(self, *_: Any) -> None:
        pass

    def _do(self) -> None:
        room, body = self.server.room, self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urlsplit(self.path)
        if split.path.startswith("/-/"):
            self._send(room.control(self.command, split.path, body))
            return
        entry = Entry(self.command, split.path, split.query, len(body))
        room.log.append(entry)
        try:
            answer, fault = room.respond(self.command, self.path, self.headers, body)
        except Exception:  # noqa: BLE001 (a crash of the server is a 500 for the client, and kept to be looked at)
            room.crashes.append(traceback.format_exc())
            sys.stderr.write(room.crashes[-1])
            answer, fault = Answer.refusing(ApiError(500)), None
        entry.status, entry.received = answer.status, len(answer.body)
        if fault is None:
            self._send(answer)
        else:
            self._spoil(answer, fault)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 (the names http.server calls)

    def _send(self, answer: Answer, *, upto: int | None = None) -> None:
        """Send it all, or promise all and send a part."""
        body = answer.body
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if len(body) > 1024 and "gzip" in self.headers.get("Accept-Encoding", "") and upto is None:
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:upto])
        self.wfile.flush()

    def _spoil(self, answer: Answer, fault: Fault) -> None:
        half = max(len(answer.body) // 2, 1)
        if fault.kind == "cut":
            self._send(Answer(answer.status, answer.body[:half], answer.headers))
        elif fault.kind == "empty":
            self._send(Answer(200, b"", answer.headers))
        elif fault.kind == "drip":
            self._drip(answer, fault.pause)
        else:
            self.close_connection = True
            if fault.kind == "short":
                self._send(answer, upto=half)
            elif fault.kind == "silence":
                self._say_nothing()
            else:
                self._break_off()

    def _drip(self, answer: Answer, pause: float) -> None:
        """Twenty pieces with a pause before each."""
        step = max(len(answer.body) // 20, 1)
        self._send(answer, upto=0)
        for at in range(0, len(answer.body), step):
            if self.server.room.closing.wait(pause):
                return
            self.wfile.write(answer.body[at : at + step])
            self.wfile.flush()

    def _say_nothing(self) -> None:
        """Until the client or the server gives up."""
        while not self.server.room.closing.is_set():
            ready, _, _ = select.select([self.connection], [], [], 0.05)
            if ready and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def _break_off(self) -> None:
        """A reset instead of an end."""
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
