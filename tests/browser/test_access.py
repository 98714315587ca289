"""Every kind of page against the rules of accessibility: for who hears it, uses no mouse, or needs contrast."""

import pytest

pytestmark = pytest.mark.browser

KINDS = [
    "index", "status/today", "status/overdue", "status/visits", "status/stock", "status/numbers", "status/problems",
    "procedures/repair-call", "forms/work_order", "forms/repair_call_register", "registers/call_register",
    "registers/index", "glossary", "about/run", "404",
]  # fmt: skip
DESKTOP, PHONE = 1280, 390
LOOKS = [
    *((f"{kind}.html", DESKTOP, "light") for kind in KINDS),
    *((f"{kind}.html", PHONE, "dark") for kind in KINDS),
    *((f"{kind}.html", PHONE, "light") for kind in ("index", "status/overdue", "procedures/repair-call")),
    *((f"{kind}.html", DESKTOP, "dark") for kind in ("index", "status/overdue", "forms/work_order", "status/stock")),
    *((f"en/{kind}.html", DESKTOP, "light") for kind in ("index", "status/overdue", "status/stock")),
    *((f"en/{kind}.html", PHONE, "dark") for kind in ("index", "status/overdue", "procedures/repair-call")),
]


@pytest.fixture(scope="module")
def axe(browser):  # noqa: ARG001 - where there is no browser nothing is asked
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


@pytest.mark.parametrize(("path", "width", "scheme"), LOOKS)
def test_a_page_breaks_no_rule(leaf, axe, path, width, scheme):
    page = leaf(path, width, color_scheme=scheme)
    assert page.evaluate("document.body.dataset.mdColorScheme") == {"light": "default", "dark": "slate"}[scheme]
    found = axe.run(page).response["violations"]
    assert [(v["impact"], v["id"], v["nodes"][0]["html"]) for v in found] == []
