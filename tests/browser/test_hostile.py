"""A night in which somebody typed attacks into every cell: the pages show them as words, and nothing happens."""

import pytest
from conftest import Watch, built, served
from site_night import NOW, flag, night, problem

from sync.model import Boards, BookState, BookStrip, RowRef, StockLine, Week

pytestmark = pytest.mark.browser

ATTACKS = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "' autofocus onfocus='window.hit=1",
    '" onmouseover="window.hit=1',
    "<details open ontoggle=window.hit=1>",
    '<iframe src="javascript:parent.hit=1">',
    "</td></tr></table><h1>gone</h1>",
    "</title></script><base href=//example.invalid>",
    "<style>body{display:none}</style>",
    "<!-- hidden",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
    "[link](javascript:window.hit=1)",
    "![picture](https://example.invalid/x.png)",
    "<https://example.invalid>",
    "{: onclick=window.hit=1 }",
    "{{ 7 * 7 }}{% for x in y %}",
    "`code` **bold** | a | b |",
    "{n}$&$1\\1",
]
STATUS = [
    "index",
    "status/today",
    "status/overdue",
    "status/visits",
    "status/stock",
    "status/numbers",
    "status/problems",
]
PLACES = [f"{folder}{name}.html" for folder in ("", "en/") for name in STATUS]
ELEMENTS = """[...document.querySelectorAll(".md-content *, body > *, head > *")]
  .map(e => [e.localName, e.getAttributeNames().sort().join(" ")].join(" "))"""


def crowded(values):
    """A night with each of *values* wherever something that a person typed can appear."""
    told = {flag(i, key=v, responsible=v): {"zh": v, "en": v} for i, v in enumerate(values, 1)}
    numbered = [flag(i, "gap", key=v, kind="numbers", responsible=v) for i, v in enumerate(values, 100)]
    visits = [flag(i, key=v, kind="recurrence", responsible=v) for i, v in enumerate(values, 200)]
    texts = {"name", "spec", "location", "unit"}
    return night(
        books=[BookState("service", v, NOW, None, NOW, v, {v: NOW}) for v in values],
        flags=[*told, *numbered, *visits],
        shown={"call_register": {v: {"customer": v} for v in values}},
        problems=[
            problem(i, value=v, suggestion=v, header=v, tab=v, key=v, params={"near": v})
            for i, v in enumerate(values, 1)
        ],
        boards=Boards(
            refs={
                (f.register, f.key, f.row): RowRef(f.register, f.key, f.key, f.row, f.key, f.key, f.key) for f in told
            },
            owners={("", v, i): v for i, v in enumerate(values, 1)},
            receipts=told,
            coming=[flag(5, "not_due", key=v, kind="recurrence", responsible=v) for v in values],
            stock=[StockLine(v, dict.fromkeys(texts, v), 1, 2, 3, 0, [("low_stock", 4, "low")]) for v in values],
            books=[BookStrip(v, v, v, v, closed=False, sheets=["used", "gap", "used"], missing=[v]) for v in values],
            weeks={"first_reply": [Week(NOW, 1, 2, 3, 1)] * 8},
        ),
    )


def handle(page, word):
    """Do with a page what readers do: sort, open, filter."""
    for head in page.locator(".sb-sortable thead button").all():
        head.click()
    for summary in page.locator(".sb-why > summary").all()[:3]:
        summary.click()
    for box in page.locator(".sb-filter").all():
        box.fill(word)
        box.fill("")


def seen(browser, values, folder, *, handled):
    """The elements of every status page as it opens, its words, and whether a script of a cell ran."""
    with served(built(crowded(values), folder)) as site:
        watch = Watch(browser, site)
        pages = {}
        for place in PLACES:
            page = watch.open(place)
            elements = page.evaluate(ELEMENTS)
            if handled:
                handle(page, values[0])
            text = page.locator(".md-content").evaluate("e => e.textContent")
            pages[place] = elements, "".join(text.split()), page.evaluate("window.hit")
        watch.close(all_of_them=True)
    return pages


@pytest.fixture(scope="module")
def attacked(browser, tmp_path_factory):
    return seen(browser, ATTACKS, tmp_path_factory.mktemp("attacked"), handled=True)


@pytest.fixture(scope="module")
def harmless(browser, tmp_path_factory):
    return seen(
        browser, [f"harmless{i}" for i in range(len(ATTACKS))], tmp_path_factory.mktemp("harmless"), handled=False
    )


@pytest.mark.parametrize("place", PLACES)
def test_an_attack_is_shown_as_words_and_does_nothing(attacked, harmless, place):
    elements, text, hit = attacked[place]
    assert hit is None
    assert elements == harmless[place][0]
    used = [i for i in range(len(ATTACKS)) if f"harmless{i}" in harmless[place][1]]
    assert [ATTACKS[i] for i in used if "".join(ATTACKS[i].split()) not in text] == []


def test_there_is_a_place_for_attacks_on_every_page_but_none_is_forgotten(harmless):
    for place in PLACES:
        if "index" not in place:
            assert harmless[place][1].count("harmless") >= len(ATTACKS), place
