"""What a reader sees: on a phone, in the dark, in English, and on the day when the night did not run."""

import re

import pytest

pytestmark = pytest.mark.browser

PAGES = ["index", "status/today", "status/overdue", "status/problems", "about/reading", "about/run", "about/decisions"]
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.mark.parametrize(("folder", "width"), [("", 390), ("en/", 390), ("", 1280)])
def test_a_page_never_scrolls_sideways_and_asks_no_other_host(tab, site, folder, width):
    page = tab(f"{folder}index.html", width)
    for path in PAGES:
        page.goto(f"{site}{folder}{path}.html", wait_until="load")
        assert page.evaluate(SCROLLS) is False, path
        assert page.locator("h1").count() == 1, path


def test_on_a_phone_a_row_is_a_card_with_its_labels(tab):
    page = tab("status/overdue.html", 390)
    card = page.locator(".sb-list tbody tr").first
    box = card.bounding_box()
    assert box["width"] <= 390
    assert box["height"] > 100
    label = "cell => getComputedStyle(cell, '::before').content"
    assert page.locator("td[data-label=客户]").first.evaluate(label) == '"客户"'
    assert page.locator("thead").bounding_box()["width"] <= 2


def test_the_same_page_in_the_other_language(tab):
    page = tab("status/overdue.html")
    link = page.locator("a.md-select__link[hreflang=en]")
    page.goto(link.evaluate("a => a.href"))
    assert page.url.endswith("/en/status/overdue.html")
    assert page.locator("h1").inner_text().startswith("Overdue and open")
    assert page.evaluate("document.documentElement.lang") == "en"
    back = page.locator("a.md-select__link[hreflang=zh]").evaluate("a => a.href")
    assert re.search(r"\d/status/overdue\.html$", back)


def brightness(page):
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(n) for n in re.findall(r"\d+", shade)[:3])


def test_dark_follows_the_machine_and_the_switch(tab):
    assert brightness(tab("index.html", color_scheme="light")) > 600
    page = tab("index.html", color_scheme="dark")
    assert brightness(page) < 150
    page.locator("label[for^=__palette]:visible").click()
    page.wait_for_timeout(300)
    assert brightness(page) > 600


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-22T09:00:00+08:00", None),
        ("2026-11-23T03:59:00+08:00", None),
        ("2026-11-23T05:00:00+08:00", "27 小时前"),
        ("2026-11-25T09:00:00+08:00", "3 天前"),
    ],
)
def test_an_old_page_says_so_by_the_readers_clock_wherever_the_reader_is(tab, at, said):
    for zone in ("Asia/Shanghai", "America/New_York"):
        line = tab("status/today.html", at=at, timezone_id=zone).locator(".sb-stale")
        assert line.is_visible() is (said is not None)
        assert said is None or said in line.inner_text()


@pytest.mark.parametrize(
    ("path", "word"), [("index.html", "超时"), ("en/index.html", "overdue"), ("index.html", "分机")]
)
def test_the_search_finds_words_of_both_languages_also_when_they_are_pasted(tab, path, word):
    """Chosen from an input method, a word comes without a key: the box must search all the same."""
    page = tab(path)
    page.locator("label.md-header__button[for=__search]").evaluate("label => label.click()")
    page.locator(".md-search__input").focus()
    page.keyboard.insert_text(word)
    found = page.locator(".md-search-result__item a").first
    found.wait_for(state="attached", timeout=15000)
    assert word.lower() in page.locator(".md-search-result__list").inner_text().lower().replace("\u200b", "")


def test_a_page_prints_without_the_frame(tab):
    page = tab("status/overdue.html")
    page.emulate_media(media="print")
    assert not page.locator(".md-header").is_visible()
    assert page.locator(".sb-table thead").first.is_visible()


KINDS = ["index", "status/overdue", "procedures/repair-call", "forms/work_order", "registers/call_register", "glossary"]


def test_every_kind_of_page_leads_to_itself_in_the_other_language(leaf):
    for kind in KINDS:
        page = leaf(f"{kind}.html")
        page.goto(page.locator("a.md-select__link[hreflang=en]").evaluate("a => a.href"))
        assert page.url.endswith(f"/en/{kind}.html")
        assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("folder", ["", "en/"])
def test_the_button_of_a_form_prints(leaf, folder):
    page = leaf(f"{folder}forms/delay_analysis.html", before="window.print = () => { window.printed = true; };")
    assert page.evaluate("window.printed") is None
    page.locator("[data-print]").click()
    assert page.evaluate("window.printed") is True
