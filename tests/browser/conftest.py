"""A real chromium looking at sites served from this machine: a busy night's, and the example department's."""

import http.server
import os
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock
from site_night import SETTINGS, busy_night, schema

from sync import build, render, words
from sync.cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
NIGHT = "2026-11-22T02:00"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        """Say nothing: the test's own words matter."""


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        if os.environ.get("SERVICEBOOK_REQUIRE_BROWSER") == "1":
            pytest.fail("no chromium on this machine, and SERVICEBOOK_REQUIRE_BROWSER=1")
        pytest.skip("no chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def built(night, folder):
    """The site of a made-up *night*, built into *folder*."""
    made = render.render(night, schema(), SETTINGS, words.load(), folder)
    build.build(folder, made.config, folder / "build" / "site")
    return folder / "build" / "site"


@contextmanager
def served(folder):
    """The address at which *folder* is served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    server.handle_error = lambda *_: None  # a browser that turns to another page leaves requests behind
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


class Watch:
    """Opens pages of a site, and knows what went wrong on them."""

    def __init__(self, browser, site):
        self.browser, self.site = browser, site
        self.contexts, self.wrong = [], []
        self.usual = self.leaf()

    def leaf(self, width=1280, **more):
        context = self.browser.new_context(viewport={"width": width, "height": 900}, **more)
        self.contexts.append(context)
        context.set_default_timeout(15000)
        page = context.new_page()
        own = (self.site, "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(own) else self.wrong.append(f"outside: {r.url}"))
        page.on("response", lambda r: self.wrong.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return page

    def open(self, path, width=1280, at=None, before=None, **more):
        """The page at *path*: in the one leaf that all tests of a file turn over, unless a test asks for more."""
        page = self.leaf(width, **more) if at or before or more else self.usual
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="screen")
        if at:
            page.clock.set_fixed_time(at)
        if before:
            page.add_init_script(before)
        page.goto(self.site + path, wait_until="load")
        return page

    def close(self, *, all_of_them=False):
        """At the end every request was answered, here, and no script has failed."""
        for context in self.contexts[0 if all_of_them else 1 :]:
            context.close()
        del self.contexts[1:]
        wrong, self.wrong = self.wrong, []
        assert wrong == []


@pytest.fixture(scope="session")
def site(browser, tmp_path_factory):  # noqa: ARG001 - where there is no browser nothing is built
    """The address of the built site of a busy night."""
    with served(built(busy_night(), tmp_path_factory.mktemp("site"))) as address:
        yield address


@pytest.fixture(scope="module")
def watch(browser, site):
    watch = Watch(browser, site)
    yield watch
    watch.close(all_of_them=True)


@pytest.fixture
def tab(watch):
    """Open pages of the busy night as *tab(path, …)*; at the end nothing has gone wrong on them."""
    yield watch.open
    watch.close()


@pytest.fixture(scope="session")
def demo_folder(browser, tmp_path_factory):  # noqa: ARG001 - where there is no browser nothing is built
    """The built site of the example department: built once, however many workers look at it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo"
    folder.mkdir(exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "build" / "site").is_dir():
            shutil.copy(ROOT / "servicebook.toml", folder)
            done = CliRunner().invoke(main, ["-C", str(folder), "sync", "--demo", "--now", NIGHT])
            assert done.exit_code == 0, done.output
    return folder / "build" / "site"


@pytest.fixture(scope="session")
def demo(demo_folder):
    """The address of the example department's site."""
    with served(demo_folder) as address:
        yield address


@pytest.fixture(scope="module")
def demo_watch(browser, demo):
    watch = Watch(browser, demo)
    yield watch
    watch.close(all_of_them=True)


@pytest.fixture
def leaf(demo_watch):
    """As *tab*, of the example department."""
    yield demo_watch.open
    demo_watch.close()
