"""The search of the handbook: it finds what people call things, however the word came into the box."""

import pytest

pytestmark = pytest.mark.browser

BOX = ".md-search__input"
# a word, and the page where a person who types it expects to be led
EXPECTED = {
    "叫修": "glossary",
    "维修单": "procedures/work-order-books",
    "延时": "procedures/delay",
    "回访": "procedures/visits",
    "备机": "procedures/loaner",
    "盘点": "procedures/stocktake",
    "缺号": "status/numbers",
    "作废": "procedures/work-order-books",
    "质保": "glossary",
    "超时": "status/overdue",
    "回电": "procedures/repair-call",
    "首次回复": "procedures/repair-call",
    "登记号": "glossary",
    "暂停": "registers/hold_periods",
    "转单": "procedures/delay",
    "备件": "procedures/spare-parts",
    "库存不足": "status/stock",
    "交单": "procedures/repair-call",
    "overdue": "en/status/overdue",
    "loaner": "en/procedures/loaner",
    "stocktake": "en/procedures/stocktake",
    "revisit": "en/procedures/visits",
    "work order": "en/procedures/work-order-books",
    "F013": "forms/delay_analysis",
    "R001": "procedures/repair-call",
}
RESULT = ".md-search-result__item"
FOUND = """[...document.querySelectorAll(".md-search-result__item")].slice(0, 5)
  .map(item => item.querySelector("a").href.replace(/[?#].*/, ""))"""
# what the search's worker was asked, in order
LISTEN = """window.asked = [];
const { postMessage } = Worker.prototype;
Worker.prototype.postMessage = function (said) {
  if (said.type === 2) window.asked.push(said.data);
  return postMessage.apply(this, arguments);
};"""


def found(page, site):
    """The first five pages that the box leads to."""
    page.locator(RESULT).first.wait_for(state="attached")
    return [address.removeprefix(site).removesuffix(".html") for address in page.evaluate(FOUND)]


def pasted(page, word):
    """Put *word* into the box without a key, after whatever it said before is gone."""
    page.locator(BOX).fill("")
    page.wait_for_function("kind => !document.querySelector(kind)", arg=RESULT)
    page.locator(BOX).focus()
    page.keyboard.insert_text(word)


@pytest.mark.parametrize("start", ["index.html", "en/status/overdue.html"])
def test_a_word_finds_the_page_where_a_person_expects_it(leaf, demo, start):
    page = leaf(start)
    lost = {}
    for word, expected in EXPECTED.items():
        pasted(page, word)
        five = found(page, demo)
        if expected not in five:
            lost[word] = five
    assert lost == {}


@pytest.mark.parametrize("word", ["overdue", "work order", "F013"])
def test_a_word_may_be_typed_with_keys(leaf, demo, word):
    page = leaf("en/index.html", 390)
    page.locator("[data-open-search]").click()
    page.keyboard.type(word)
    page.wait_for_function(f"address => {FOUND}.includes(address)", arg=f"{demo}{EXPECTED[word]}.html", timeout=9000)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_word_from_an_input_method_is_searched_when_it_is_chosen_and_not_before(leaf, demo, width):
    page = leaf("index.html", width, before=LISTEN)
    page.locator("[data-open-search]").click()
    keyboard = page.context.new_cdp_session(page)
    for so_far in ("c", "chao", "chao'shi"):
        end = len(so_far)
        keyboard.send("Input.imeSetComposition", {"text": so_far, "selectionStart": end, "selectionEnd": end})
    assert page.locator(BOX).input_value() == "chao'shi"
    keyboard.send("Input.insertText", {"text": "超时"})
    assert EXPECTED["超时"] in found(page, demo)
    assert [word for word in page.evaluate("asked") if word] == ["超时"]


@pytest.mark.parametrize("word", ["超时", "overdue"])
def test_the_search_also_works_in_a_folder_without_a_server(browser, demo_folder, word):
    root = f"{demo_folder.as_uri()}/"
    page = browser.new_page()
    outside, faults = [], []
    page.on("request", lambda r: None if r.url.startswith((root, "data:")) else outside.append(r.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{root}index.html")
    page.locator("[data-open-search]").click()
    page.keyboard.insert_text(word)
    assert EXPECTED[word] in found(page, root)
    page.close()
    assert (outside, faults) == ([], [])


def test_the_index_is_asked_for_when_somebody_turns_to_the_box_and_once(leaf, demo):
    page = leaf("index.html")
    asked = []
    page.on("request", lambda r: asked.append(r.url) if "search_index" in r.url else None)
    page.reload()
    page.wait_for_function("document.documentElement.classList.contains('js')")  # the theme's script has run
    page.wait_for_load_state("networkidle")
    assert asked == []
    for word in ("盘点", "备件"):
        pasted(page, word)
        assert EXPECTED[word] in found(page, demo)
        page.locator(BOX).blur()
    assert asked == [f"{demo}search/search_index.json"]


@pytest.mark.parametrize(("folder", "width"), [("", 1280), ("", 390), ("en/", 320)])
def test_the_start_pages_button_opens_the_search_with_the_cursor_in_it(leaf, folder, width):
    page = leaf(f"{folder}index.html", width)
    page.locator("[data-open-search]").click()
    assert page.locator("#__search").is_checked()
    assert page.locator(BOX).evaluate("box => box === document.activeElement")
    page.keyboard.insert_text("F013")
    page.locator(".md-search-result__item a").first.wait_for(state="visible")
    assert page.locator(BOX).is_visible()


def test_a_result_leads_to_the_page(leaf, demo):
    page = leaf("index.html", 390)
    page.locator("[data-open-search]").click()
    page.keyboard.insert_text("盘点")
    found(page, demo)
    page.locator(".md-search-result__item a[href*='procedures/stocktake']").first.click()
    page.wait_for_url("**/procedures/stocktake.html*")
    assert page.locator("h1").inner_text().startswith("盘点")
