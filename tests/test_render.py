"""The compiled pages: what a cell says is only ever text, the same night gives the same bytes, nothing stale stays."""

import html
import json
import os
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from site_night import NOW, SETTINGS, busy_night, flag, night, problem, schema

from sync import render, words
from sync.model import Boards, BookState, BookStrip, DeclarationError, RowCount, RowRef, StockLine, Week
from sync.render.config import completed, pruned

WORDS = words.load()
GOLDEN = Path(__file__).resolve().parent / "golden" / "site"
EXTENSIONS = ["admonition", "attr_list", "md_in_html", "tables", "toc"]

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><h1>gone</h1>",
    "<!-- hidden",
    "-->",
    "<![CDATA[x]]>",
    "<?php echo 1 ?>",
    "<style>body{display:none}</style>",
    "<iframe src=https://example.invalid></iframe>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "&lt;b&gt;bold&lt;/b&gt;",
    "&#60;b&#62;",
    "{{ 7 * 7 }}",
    "{% for x in y %}",
    "{## a comment ##}",
    "{{ config.__class__ }}",
    "[link](https://example.invalid)",
    "[link](javascript:alert(1))",
    "![picture](https://example.invalid/x.png)",
    "<https://example.invalid>",
    "https://example.invalid/?a=1&b=2",
    "[x]: https://example.invalid",
    "**bold** _soft_ `code`",
    "| a | b |",
    "# a heading",
    "\n\n# a heading after lines\n\n- a list\n",
    "    code by four spaces",
    "```\nfence\n```",
    "--8<-- 'servicebook.toml'",
    "!!! danger",
    "::: module",
    "*[HTML]: abbreviation",
    "{: onclick=alert(1) }",
    "$\\alert(1)$",
    ":smile: :material-account:",
    "a\u202eb\u202c",
    "a\u200bb\ufeffc\u2066d\u2069",
    "a\x00b\x02wzxhzdk:0\x03c\x1b[31m",
    "\ud800",
    '=HYPERLINK("https://example.invalid")',
    "---\ntitle: taken over\n---",
]  # fmt: skip


class Reader(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        names = tuple(name for name, _ in attrs)
        links = tuple(value for name, value in attrs if name in {"href", "src"})
        self.elements.append((tag, names, links))

    def handle_data(self, data):
        self.text += data


def compiled(tmp_path, tonight, name, settings=SETTINGS):
    render.render(tonight, schema(), settings, WORDS, tmp_path)
    text = (tmp_path / "build" / "docs" / name).read_text(encoding="utf-8")
    return text, markdown.markdown(text.split("---\n", 2)[2], extensions=EXTENSIONS)


def filled(value):
    """A night with *value* wherever something that a person typed can appear."""
    return night(
        books=[
            BookState("service", value, NOW, None, NOW, value, {value: NOW}),
        ],
        flags=[
            flag(1, key=value, responsible=value, promise=value),
            flag(2, key="B", responsible=value),
            flag(3, key=value, kind="recurrence"),
            flag(4, key=value, kind="numbers"),
        ],
        shown={"call_register": {value: {"customer": value}, "B": {"customer": value}}},
        problems=[
            problem(value=value, suggestion=value, header=value, tab=value, key=value, params={"near": value}),
            problem(code="moon-phase", tab=value, column=value, field="", value=value),
        ],
        boards=boards(value),
    )


def boards(value):
    """All that only pages show, with *value* in every place that a person's text can reach."""
    shown = flag(2, key="B", responsible=value)
    texts = {"name": value, "spec": value, "location": value, "unit": value}
    return Boards(
        refs={("call_register", "B", 4): RowRef("call_register", value, value, 4, "B", value, value)},
        owners={("", value, 23): value},
        receipts={shown: {"zh": value, "en": value}},
        coming=[flag(5, "not_due", key=value, kind="recurrence", responsible=value)],
        stock=[StockLine(value, texts, 1, 2, 3, 0, [("low_stock", 4, "low")])],
        books=[BookStrip(value, value, value, value, closed=False, sheets=["used", "gap", "used"], missing=[value])],
        weeks={"first_reply": [Week(NOW, 1, 2, 3, 1)] * 8},
    )


PAGES = [
    "index.md", "status/today.md", "status/overdue.en.md", "status/overdue.md", "status/problems.md",
    "status/visits.md",
    "status/stock.md", "status/numbers.md", "own.md",
]  # fmt: skip
OWN = "---\ntitle: 自己的页\n---\n\n# 自己的页\n\n{{ breaking('first_reply') }}\n"


def pages_of(tmp_path, value):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "own.md").write_text(OWN, encoding="utf-8")
    render.render(filled(value), schema(), SETTINGS, WORDS, tmp_path)
    sources = [(tmp_path / "build" / "docs" / name).read_text(encoding="utf-8") for name in PAGES]
    return sources, [Reader(markdown.markdown(s.split("---\n", 2)[2], extensions=EXTENSIONS)) for s in sources]


@pytest.fixture(scope="module")
def harmless(tmp_path_factory):
    return pages_of(tmp_path_factory.mktemp("harmless"), "harmless")[1]


def test_the_harmless_night_shows_its_value_wherever_there_is_a_place(harmless):
    assert [page.text.count("harmless") for page in harmless] == [3, 3, 13, 13, 12, 6, 5, 8, 9]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_cell_says_makes_no_element_link_or_attribute(tmp_path, harmless, value):
    """The pages of a hostile night have the very elements of the pages of a harmless one."""
    sources, hostile = pages_of(tmp_path, value)
    for source, page, expected in zip(sources, hostile, harmless, strict=True):
        assert page.elements == expected.elements
        assert not any(c in source for c in "\u202e\u202c\u200b\ufeff\u2066\u2069\x00\x02\x1b")


@given(st.text(max_size=60))
def test_inert_text_reads_back_as_it_was_and_is_only_text(value):
    shown = render.inert(value)
    assert re.fullmatch(r"(?:[^\W_]| |&#\d+;)*", shown)
    read = html.unescape(shown)
    kept = [c for c in value if c in read or not c.isspace()]
    assert "".join(c for c in read if c.isalnum()) == "".join(c for c in kept if c.isalnum())
    rendered = Reader(markdown.markdown(f"<table><tr><td>{shown}</td></tr></table>", extensions=EXTENSIONS))
    assert [tag for tag, _, _ in rendered.elements] == ["table", "tr", "td"]
    assert "".join(rendered.text.split()) == "".join(read.split())


def test_private_values_appear_on_no_page(tmp_path):
    """A phone, a fault in words and a customer that the register does not publish stay in the sheet."""
    phone = "13800000001"
    tonight = night(
        problems=[
            problem(field="phone", value=phone, suggestion=phone, params={"near": phone}),
            problem(field="fault", value=f"门口打{phone}", key=""),
            problem(field="received_at", value=f"打{phone}"),
            problem(register="customers", field="customer_no", value=phone, key=phone),
        ]
    )
    render.render(tonight, schema(), SETTINGS, WORDS, tmp_path)
    for page in (tmp_path / "build" / "docs").rglob("*.md"):
        assert phone not in html.unescape(page.read_text(encoding="utf-8")), page


READ = [
    "status/today.md", "status/overdue.md", "status/overdue.en.md", "status/problems.md", "status/visits.md",
    "status/stock.md", "status/stock.en.md", "status/numbers.md", "registers/call_register.md",
]  # fmt: skip


def test_the_small_night_reads_as_it_was_reviewed(tmp_path):
    """Look at the difference in review; then write it with SERVICEBOOK_WRITE_GOLDEN=1."""
    render.render(night(), schema(), SETTINGS, WORDS, tmp_path)
    docs = tmp_path / "build" / "docs"
    for name in READ:
        made, golden = (docs / name).read_text(encoding="utf-8"), GOLDEN / name
        if os.environ.get("SERVICEBOOK_WRITE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(made, encoding="utf-8")
        assert made == golden.read_text(encoding="utf-8")


def test_a_rate_stands_beside_the_share_of_recorded_times(tmp_path):
    """Of the ten that ended or ran out seven were written down; those that still run count neither way."""
    counts = {"first_reply": {"met": 5, "met_late": 2, "overdue": 3, "not_due": 9}, "arrive_on_site": {"met": 4}}
    source, _ = compiled(tmp_path, night(counts=counts), "status/today.md")
    assert html.unescape(source).count("有记录 70%（7/10）") == 1
    assert "超时（未见“回复时间”） <b>3</b>" in html.unescape(source)
    english = (tmp_path / "build" / "docs" / "status" / "today.en.md").read_text(encoding="utf-8")
    assert "recorded 70 % (7/10)" in html.unescape(english)
    assert "本周按时 5、超时完成 0、未完 1，有记录 5/5" in html.unescape(source)


def test_what_is_only_not_recorded_is_asked_for_first(tmp_path):
    source, _ = compiled(tmp_path, night(), "status/overdue.md")
    assert "先问：做了就补上“回复时间”，没做马上做。" in html.unescape(source)
    for name in ("status/overdue.md", "status/today.md"):
        assert "迟到" not in (tmp_path / "build" / "docs" / name).read_text(encoding="utf-8")


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_night_gives_the_same_bytes_and_writes_nothing_twice(tmp_path):
    first = render.render(busy_night(), schema(), SETTINGS, WORDS, tmp_path / "甲 部")
    assert first.written == first.pages > 10
    before = tree(tmp_path / "甲 部")
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "甲 部").rglob("*")}
    again = render.render(busy_night(), schema(), SETTINGS, WORDS, tmp_path / "甲 部")
    assert (again.written, again.removed) == (0, 0)
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps
    render.render(busy_night(), schema(), SETTINGS, WORDS, tmp_path / "b")
    assert tree(tmp_path / "b") == before


def test_what_nobody_makes_any_more_is_removed(tmp_path):
    stale = tmp_path / "build" / "docs" / "old" / "page.md"
    stale.parent.mkdir(parents=True)
    stale.write_text("# gone", encoding="utf-8")
    assert render.render(night(), schema(), SETTINGS, WORDS, tmp_path).removed == 1
    assert not stale.parent.exists()


def test_every_page_has_a_title_and_both_languages(tmp_path):
    render.render(night(), schema(), SETTINGS, WORDS, tmp_path)
    names = set(tree(tmp_path / "build" / "docs"))
    for name in {n for n in names if n.endswith(".md") and not n.startswith("about/decisions/")}:
        head = (tmp_path / "build" / "docs" / name).read_text(encoding="utf-8").split("---\n")[1]
        facts = YAML(typ="safe", pure=True).load(head)
        assert facts["title"], name
        assert facts["description"], name
        assert name.replace(".en.md", ".md") in names
        assert name.replace(".en.md", ".md").replace(".md", ".en.md") in names


def test_at_most_300_rows_are_listed_and_the_rest_is_counted(tmp_path):
    flags = [flag(i) for i in range(1, 341)]
    source, page = compiled(tmp_path, night(flags=flags, counts={"first_reply": {"overdue": 512}}), "status/overdue.md")
    assert page.count('<th scope="row"') == 300
    assert "还有 212 条" in source
    problems = [problem(row) for row in range(1, 331)]
    source, page = compiled(tmp_path, night(problems=problems), "status/problems.en.md")
    assert page.count('<th scope="row"') == 300
    assert "30 more are not listed" in source


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [("status/visits.md", "recurrence", 300), ("status/numbers.md", "numbers", 300), ("own.md", "clock", 20)],
)
def test_no_list_ends_without_a_word(tmp_path, name, kind, shown):
    """Also the lists in a procedure and those of the other status pages say how many they leave out."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "own.md").write_text(OWN, encoding="utf-8")
    source, _ = compiled(tmp_path, night(flags=[flag(i, kind=kind) for i in range(1, 342)]), name)
    assert source.count('class="sb-promise"') == shown + (name == "status/visits.md")  # one visit is to come
    assert f"还有 {341 - shown} 条没有列在这里" in html.unescape(source)


def test_rows_read_are_rows_shown_and_add_up(tmp_path):
    counts = {"call_register": RowCount(612, 402, 31, 169, 10), "customers": RowCount(44, 43, 1, 0, 0)}
    _, page = compiled(tmp_path, night(rows=counts), "status/today.md")
    table = re.search(r'<table class="sb-table sb-numbers".*?</table>', page, re.DOTALL)[0]
    rows = [[int(n) for n in re.findall(r"<td[^>]*>(\d+)</td>", row)] for row in table.split("<tr")[2:]]
    assert rows == [[612, 402, 31, 169, 10], [44, 43, 1, 0, 0], [656, 445, 32, 169, 10]]
    assert all(row[0] == sum(row[1:]) for row in rows)


def test_a_quiet_night_says_so(tmp_path):
    quiet = night(flags=[], problems=[], counts={}, shown={}, first_run=True)
    assert "没有超时" in compiled(tmp_path, quiet, "status/overdue.md")[0]
    assert "每一格都读得懂" in compiled(tmp_path, quiet, "status/problems.md")[0]
    assert "first run" in compiled(tmp_path, quiet, "status/today.en.md")[0]


def test_both_times_pending_marks_and_stale_tabs_are_told(tmp_path):
    day = timedelta(days=1)
    state = BookState(
        "service", "服务登记.xlsx", NOW, NOW - day / 3, NOW - day, "今日待办.xlsx", {"盘点": NOW - 2 * day}
    )
    text = Reader(compiled(tmp_path, night(books=[state]), "status/today.md")[1]).text
    for part in (
        "11月22日 02:00",
        "11月21日 18:00",
        "从 11月21日 02:00 起还没写进去",
        "今日待办.xlsx",
        "“盘点”今天读不了",
    ):
        assert part in text


def test_of_a_spreadsheet_no_file_is_spoken_and_its_tabs_are_links(tmp_path):
    """Nobody can close a spreadsheet, and nothing lies beside it; a register's page leads to its tab."""
    tab = "https://docs.google.com/spreadsheets/d/1abc/edit#gid=7"
    state = BookState("service", "服务登记", NOW, None, NOW - timedelta(days=1), addresses={"报修登记": tab})
    tonight = night(books=[state])
    today = Reader(compiled(tmp_path, tonight, "status/today.md")[1]).text
    assert "从 11月21日 02:00 起还没写进去，下次运行再写" in today
    assert "随写随存" in today
    assert "文件" not in today
    assert "今日待办" not in today
    assert tab in html.unescape(compiled(tmp_path, tonight, "registers/call_register.md")[0])


def test_a_departments_own_page_replaces_and_adds_and_may_call(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    own = "---\ntitle: 本部\n---\n# 本部\n时限是 {{ limit('first_reply') }}。\n{{ breaking('first_reply') }}\n"
    (docs / "index.md").write_text(own + "{{ register('call_register') }}", encoding="utf-8")
    (docs / "own.png").write_bytes(b"picture")
    (docs / "other.md").write_text("---\nprofiles: [retail]\n---\n# 只给零售", encoding="utf-8")
    source, page = compiled(tmp_path, night(), "index.md", SETTINGS)
    assert "时限是 30 分钟。" in source
    assert "RC-26-00001" in Reader(page).text
    assert "RC-26-00002" not in Reader(page).text
    assert (tmp_path / "build" / "docs" / "own.png").read_bytes() == b"picture"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# 页\n{{ limit('first_replay') }}", "did you mean “first_reply”"),
        ("# 页\n\n{% if %}", "page.md:3"),
        ("{{ nobody() }}", "nobody"),
    ],
)
def test_a_wrong_call_in_a_page_names_the_page(tmp_path, text, said):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"page\.md") as failure:
        render.render(night(), schema(), SETTINGS, WORDS, tmp_path)
    assert said in str(failure.value)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("# 空调".encode("gbk"), "UTF-8"),
        ("---\nowner: 主管\n---\n# 空调".encode(), "review_in"),
        ("---\nowner: 主管\napproved_on: 2026/1/1\nreview_in: 12 months\n---\n# 空调".encode(), "2026/1/1"),
        (b"# AC\n\n{{ limit() }}", "ac.md:3"),
    ],
)
def test_a_page_that_cannot_be_used_is_named_with_the_way_out(tmp_path, page, said):
    (tmp_path / "docs" / "procedures").mkdir(parents=True)
    (tmp_path / "docs" / "procedures" / "ac.md").write_bytes(page)
    with pytest.raises(DeclarationError, match=r"ac\.md") as failure:
        render.render(night(), schema(), SETTINGS, WORDS, tmp_path)
    assert said in str(failure.value)


def test_a_page_needs_no_head_and_may_be_saved_by_notepad(tmp_path):
    docs = tmp_path / "docs" / "procedures"
    docs.mkdir(parents=True)
    (docs / "bare.md").write_text("# 空调保养\n", encoding="utf-8")
    (docs / "notepad.md").write_bytes("\ufeff---\r\ntitle: 门禁\r\n---\r\n# 门禁\r\n".encode())
    (docs / "listed.md").write_text("---\ntitle: 旧\nprofiles:\n  - retail\n  - small\n---\n# 旧\n", encoding="utf-8")
    (tmp_path / "docs" / "doors.md").write_text("---\ntitle: 门\n---\n{{ doors() }}", encoding="utf-8")
    doors, _ = compiled(tmp_path, night(), "doors.md")
    assert re.findall(r"<b>(.*?)</b>", doors) == ["空调保养", "旧", "门禁"]
    assert (tmp_path / "build" / "docs" / "procedures" / "notepad.md").read_text(encoding="utf-8")[:4] == "---\n"


def test_the_nav_has_only_pages_that_exist(tmp_path):
    made = render.render(night(), schema(), SETTINGS, WORDS, tmp_path)
    config = json.loads(made.config.read_text(encoding="utf-8"))
    pages = set(tree(tmp_path / "build" / "docs"))
    assert set(re.findall(r'"([^"]+\.md)"', json.dumps(config["nav"]))) <= pages
    nav = [{"一": ["x.md"]}, {"二": ["x.md", "index.md"]}, "y.md"]
    assert pruned(nav, ["index.md"]) == [{"二": ["index.md"]}]


def test_a_page_that_no_nav_names_stands_with_its_folder_or_at_the_end():
    nav = ["index.md", {"登记表": ["registers/index.md"]}]
    pages = ["index.md", "own.md", "own.en.md", "registers/index.md", "registers/jobs.md", "about/decisions/001.md"]
    assert completed(nav, pages) == ["index.md", {"登记表": ["registers/index.md", "registers/jobs.md"]}, "own.md"]


def test_a_departments_own_page_takes_the_place_of_a_generated_one(tmp_path):
    own = tmp_path / "docs" / "status" / "stock.md"
    own.parent.mkdir(parents=True)
    own.write_text("---\ntitle: 库存\n---\n\n# 库房自己的页\n", encoding="utf-8")
    render.render(night(), schema(), SETTINGS, WORDS, tmp_path)
    docs = tmp_path / "build" / "docs" / "status"
    assert "库房自己的页" in (docs / "stock.md").read_text(encoding="utf-8")
    assert "On hand" in (docs / "stock.en.md").read_text(encoding="utf-8")


def test_sentences_of_chinese_pages_are_joined_without_a_space():
    head, fence = "---\ntitle: 一。\nhide: x\n---\n", "\n```\n甲。\n乙\n```\n"
    joined = render.joined(f"{head}# 题。\n甲。\n乙，\n`丙`。\n- 丁。\n- 戊。\n{fence}")
    assert joined == f"{head}# 题。\n甲。乙，`丙`。\n- 丁。\n- 戊。\n{fence}"
