"""A real chromium looking at the site of a busy night, served from this machine."""

import http.server
import os
import shutil
import threading
from functools import partial

import pytest
from site_night import SETTINGS, busy_night, schema

from sync import build, render, words

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


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


@pytest.fixture(scope="session")
def site(browser, tmp_path_factory):  # noqa: ARG001 - where there is no browser nothing is built
    """The address of the built site."""
    folder = tmp_path_factory.mktemp("site")
    made = render.render(busy_night(), schema(), SETTINGS, words.load(), folder)
    build.build(folder, made.config, folder / "build" / "site")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "build" / "site")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tab(browser, site):
    """Open pages as *tab(path, …)*; at the end no request has gone elsewhere and no script has failed."""
    contexts, outside, faults = [], [], []

    def opened(path, width=1280, at=None, **more):
        context = browser.new_context(viewport={"width": width, "height": 900}, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda r: None if r.url.startswith((site, "data:", "blob:")) else outside.append(r.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        if at:
            page.clock.set_fixed_time(at)
        page.goto(site + path, wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert outside == []
    assert faults == []
