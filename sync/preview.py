"""Serve the site as the books and pages are now: what somebody saves shows in the browser a moment later."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import socket
import socketserver
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, suppress
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sync import proof, settings
from sync.model import ServicebookError
from sync.schema import SHIPPED
from sync.settings import FILE, files

ROOT = SHIPPED.parent
# What people and editors leave beside a file while they have it open.
_PASSING = re.compile(r"[.~].*|.*~|.*\.(tmp|bak|part|sw[a-z])|4913", re.IGNORECASE)
# Seconds between two looks; a burst of saving is over when two looks are the same.
PAUSE = 0.3
MOST_NAMED = 3

VERSION = "/.preview"
# Asks only while somebody looks, so that many open tabs cost nothing; a preview that has ended is waited for.
_RELOAD = """<script>
setInterval(async () => {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch("%s").catch(() => null);
  if (answer && answer.ok && await answer.text() !== "%s") location.reload();
}, 500);
</script>
"""

Say = Callable[[str, str], None]  # a step and what came of it
Seen = Mapping[Path, tuple[int, int, int]]  # files, with what differs once they are saved


class Shown(NamedTuple):
    """The site that is served, what this state of it is called, and what a night would refuse it for."""

    site: Path
    version: str
    warnings: Sequence[str]


# ---------------------------------------------------------------- the flow


def preview(
    folder: Path,
    remake: Callable[[], Path],
    address: tuple[str, int],
    say: Say,
    complain: Callable[[Exception], None],
) -> None:
    """Serve the department in *folder* at *address*, made anew whenever somebody saves, until this is interrupted.

    *remake* judges and renders, and gives the builder's configuration. The first site must succeed; what fails later
    goes to *complain*, and the last good site stays.
    """
    with _listening(*address) as server, _room(folder) as room:
        places = _places(folder)
        seen = _look(places)
        server.shown = _made(folder, remake, room / "0", [], say)
        with _served(server):
            say("preview", server.url)
            for number in count(1):
                changed = _saved(places, seen)
                say("changed", _named(changed, folder))
                with suppress(ServicebookError):  # settings that cannot be read: the books are where they were
                    places = _places(folder)
                seen = _look(places)
                try:
                    server.shown = _made(folder, remake, room / str(number), server.shown.warnings, say)
                except Exception as error:  # noqa: BLE001 - a slip of the pen does not end a preview
                    complain(error)
                _clear(room, server.shown.site)


def _made(folder: Path, remake: Callable[[], Path], site: Path, known: Sequence[str], say: Say) -> Shown:
    """The site as everything is now, in *site*; says what a night would refuse it for, but for what is *known*."""
    say("site", "")
    started = time.perf_counter()
    warnings = _build(folder, remake(), site)
    counted = f", {len(warnings)} warnings" if warnings else ""
    say("site", f"{time.perf_counter() - started:.1f} s{counted}")
    for warning in warnings:
        if warning not in known:
            say("warning", warning)
    return Shown(site, f"{time.time_ns():x}", warnings)


def _clear(room: Path, shown: Path) -> None:
    """Remove from *room* all but *shown*; what Windows is still reading goes another time."""
    for site in room.iterdir():
        if site != shown:
            shutil.rmtree(site, ignore_errors=True)


@contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A folder for sites that end with the preview."""
    (folder / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="preview-", dir=folder / "build", ignore_cleanup_errors=True) as room:
        yield Path(room)


# ---------------------------------------------------------------- what is watched


def _places(folder: Path) -> list[Path]:
    """Files, and folders with all below them: what the site is made of, shipped and the department's own."""
    own = settings.load(folder)
    shipped = [ROOT / name for name in ("docs", "sheets_schema", "site", "mkdocs.yml")]
    department = [folder / name for name in ("docs", "sheets_schema", FILE)]
    return list(dict.fromkeys([*shipped, *department, *files(own, folder).values()]))


def _look(places: Iterable[Path]) -> Seen:
    """How every file of *places* is now.

    The files are looked at, because events come neither from a network share nor for a book that is replaced.
    """
    found: dict[Path, tuple[int, int, int]] = {}
    for path in _files(places):
        with suppress(OSError):  # gone meanwhile
            stat = path.stat()
            found[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return found


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if not place.is_dir():
            yield place
        for below, _, names in os.walk(place):
            yield from (Path(below, name) for name in names if not _PASSING.fullmatch(name))


def _saved(places: Iterable[Path], before: Seen) -> list[Path]:
    """Wait until somebody has saved and a burst of saving is over; gives the files that differ from *before*."""
    latest = before
    while True:
        time.sleep(PAUSE)
        now = _look(places)
        if now == latest != before:
            return sorted(path for path in now.keys() | before.keys() if now.get(path) != before.get(path))
        latest = now


def _named(changed: list[Path], folder: Path) -> str:
    """The first few of *changed*, as people call them."""
    more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
    return ", ".join(_name(path, folder) for path in changed[:MOST_NAMED]) + more


def _name(path: Path, folder: Path) -> str:
    root = next((root for root in (folder, ROOT) if path.is_relative_to(root)), path.parent)
    return path.relative_to(root).as_posix()


# ---------------------------------------------------------------- the builder


class _Heard(logging.Handler):
    """Keeps what the builder warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _build(root: Path, config: Path, site: Path) -> list[str]:
    """Build *site* inside this process, where libraries and word lists stay loaded.

    Gives what the builder and the proof-reader warn of: a night would refuse the site for each.
    """
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    with _surroundings(root) as heard:
        try:
            made = load_config(str(config), site_dir=str(site))
            made.plugins.on_startup(command="build", dirty=False)
            try:
                build(made)
            finally:
                made.plugins.on_shutdown()
        except MkDocsException as error:
            lines = "\n".join([*heard.lines, error.message])
            raise ServicebookError(f"The site was not built. The builder said:\n{lines.strip()}") from error
    told = "\n".join(heard.lines)
    found = (f"{page}: {link}: {why}" for page, link, why in proof.proof(site) if f"'{link}'" not in told)
    return list(dict.fromkeys([*heard.lines, *found]))


@contextmanager
def _surroundings(root: Path) -> Iterator[_Heard]:
    """What the builder finds: paths from *root* on, our own place for its word list, and an ear for its warnings."""
    heard, log, kept_in = _Heard(), logging.getLogger("mkdocs"), tempfile.tempdir
    cache = root / "build" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with chdir(root):
        tempfile.tempdir = str(cache)
        log.addHandler(heard)
        logging.disable(logging.INFO)
        try:
            yield heard
        finally:
            logging.disable(logging.NOTSET)
            log.removeHandler(heard)
            tempfile.tempdir = kept_in


# ---------------------------------------------------------------- the server


class Server(socketserver.ThreadingTCPServer):
    """Answers browsers from the site that is shown now."""

    daemon_threads = True
    # on Windows this would let two programs share one port
    allow_reuse_address = os.name != "nt"
    shown: Shown

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.host = f"[{host}]" if ":" in host else host
        super().__init__((host, port), _Answer)

    @property
    def url(self) -> str:
        """Where the first page is."""
        return f"http://{self.host}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves in the middle of an answer is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Answer(SimpleHTTPRequestHandler):
    """One answer: a file of the site, or what the site's present state is called."""

    def __init__(self, request: Any, client_address: Any, server: Server) -> None:
        self.shown = server.shown  # one state for the whole answer
        super().__init__(request, client_address, server, directory=str(self.shown.site))

    def do_GET(self) -> None:
        asked = urlsplit(self.path).path
        if asked == VERSION:
            self._send(HTTPStatus.OK, "text/plain", self.shown.version.encode())
        elif asked.endswith(("/", ".html")):
            self._page(Path(self.translate_path(asked), "index.html" if asked.endswith("/") else ""))
        else:
            super().do_GET()

    def _page(self, path: Path) -> None:
        """A page that knows which state of the site it belongs to, so that it is shown anew when that is over."""
        found = path.is_file()
        page = (path if found else self.shown.site / "404.html").read_bytes()
        head, end, tail = page.rpartition(b"</body>")
        script = _RELOAD % (VERSION, self.shown.version)
        status = HTTPStatus.OK if found else HTTPStatus.NOT_FOUND
        self._send(status, "text/html; charset=utf-8", head + script.encode() + end + tail)

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")  # a page of a second ago may be an old one
        super().end_headers()

    def list_directory(self, path: Any) -> None:  # noqa: ARG002 - no folder is listed
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """The terminal is for what changed."""


@contextmanager
def _listening(host: str, port: int) -> Iterator[Server]:
    """The address taken, before anything is made: browsers that come early wait for the first site."""
    try:
        server = Server(host, port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "another program has this port" if taken else error.strerror or type(error).__name__
        raise ServicebookError(
            f"{host}:{port}: cannot be served: {why}. Choose another with --port (0 takes any that is free) or --host."
        ) from error
    with server:
        yield server


@contextmanager
def _served(server: Server) -> Iterator[None]:
    """Answers in a thread of their own."""
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
