"""The handbook in a basement: one thumb, 390 pixels, no room to scroll sideways."""

import pytest

pytestmark = pytest.mark.browser

WIDTHS = [390, 320]
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# what a thumb is meant to hit in the lists; a link inside a sentence has the line's height
HIT = ".sb-list a, .sb-list summary, .sb-tiles a, .sb-doors a, .sb-filter, .sb-search"
TARGETS = f"""[...document.querySelectorAll("{HIT}")]
  .filter(e => e.checkVisibility() && !e.closest("thead"))
  .map(e => [e.getBoundingClientRect().height, e.outerHTML.slice(0, 90)])
  .filter(([height]) => height < 24)"""


def pages(folder, language):
    root = folder / language
    every = (path for path in sorted(root.rglob("*.html")) if language or folder / "en" not in path.parents)
    return [path.relative_to(folder).as_posix() for path in every]


@pytest.mark.parametrize("language", ["", "en"])
def test_no_page_scrolls_sideways(leaf, demo, demo_folder, language):
    """Every page is opened: the leaf tells of any that asks for what is not there, or whose script fails."""
    page = leaf("index.html", 390)
    every = pages(demo_folder, language)
    assert len(every) > 50
    wide = []
    for path in every:
        page.goto(demo + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            if page.evaluate(SCROLLS):
                wide.append((width, path))
    assert wide == []


@pytest.mark.parametrize("width", [768, 1280])
def test_on_a_larger_screen_a_list_that_is_too_wide_scrolls_in_its_own_box(leaf, width):
    kinds = ["overdue", "visits", "stock", "numbers", "problems", "today"]
    pages = [f"{folder}status/{kind}.html" for folder in ("", "en/") for kind in kinds]
    assert [path for path in pages if leaf(path, width).evaluate(SCROLLS)] == []


@pytest.mark.parametrize("path", ["index", "status/overdue", "status/visits", "status/stock", "status/problems"])
def test_what_a_thumb_hits_is_at_least_24_pixels_high(leaf, path):
    for folder in ("", "en/"):
        assert leaf(f"{folder}{path}.html", 390).evaluate(TARGETS) == []


@pytest.mark.parametrize("folder", ["", "en/"])
def test_a_tap_opens_the_reckoning_of_a_line(leaf, folder):
    page = leaf(f"{folder}status/overdue.html", 390)
    why = page.locator(".sb-why").first
    assert not why.locator("p").is_visible()
    why.locator("summary").click()
    assert why.locator("p").is_visible()
    assert len(why.locator("p").inner_text()) > 20
    assert page.evaluate(SCROLLS) is False


@pytest.mark.parametrize(
    ("folder", "part", "to"), [("", "手册", "延时与转单"), ("en/", "Handbook", "Delay and carry-over")]
)
def test_the_drawer_leads_to_a_procedure(leaf, demo, folder, part, to):
    page = leaf(f"{folder}index.html", 390)
    for name, reached in ((part, "procedures/repair-call"), (to, "procedures/delay")):
        page.locator("label.md-header__button[for=__drawer]").click()
        page.locator(".md-sidebar--primary a:visible", has_text=name).first.click()
        page.wait_for_url(f"{demo}{folder}{reached}.html")
    assert page.locator("h1").is_visible()


def test_a_card_has_its_number_and_its_state_beside_each_other_and_its_labels(leaf):
    page = leaf("status/overdue.html", 320)
    card = page.locator(".sb-list tbody tr").first
    number, state = card.locator("th").bounding_box(), card.locator(".sb-chip").bounding_box()
    assert number["x"] + number["width"] <= state["x"] + 1
    assert state["x"] + state["width"] <= 320
    label = "cell => getComputedStyle(cell, '::before').content"
    assert card.locator("td[data-label=客户]").evaluate(label) == '"客户"'
