"""The forms out of a printer: one A4 page each, filled, black on white, and nothing but the paper."""

import re
import shutil
import subprocess
from datetime import datetime

import pytest

from sync import build, declarations, settings, words
from sync.model import Tonight
from sync.render import CONFIG
from sync.render.config import config
from sync.render.page import SITE, Page, environment
from sync.rules import KINDS
from sync.schema import SHIPPED

pytestmark = pytest.mark.browser

ROOT = SITE.parent
NIGHT = Tonight(datetime(2026, 11, 22, 2), "run", books=[], rows={}, problems=[], flags=[], counts={}, shown={})
OWN = settings.load(ROOT)
SCHEMA = settings.adopt(declarations.load([SHIPPED], KINDS), OWN)
VOCABULARY = words.load()
A4 = (595, 842)  # points
EVERY = [(name, language) for name in sorted(SCHEMA.forms) for language in words.LANGUAGES]
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# in millimetres: what is left over below the foot, the lowest row, and whether a cell holds more than it can show
MEASURES = """() => {
  const mm = (px) => px * 25.4 / 96;
  const paper = document.querySelector(".sb-paper"), cells = [...paper.querySelectorAll("td, th")];
  const rows = [...paper.querySelectorAll("tbody tr")].map((row) => mm(row.getBoundingClientRect().height));
  const spilt = cells.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.innerText);
  const foot = paper.querySelector("footer").getBoundingClientRect().bottom;
  return { below: mm(paper.getBoundingClientRect().bottom - foot), lowest: Math.min(...rows), spilt };
}"""


def asked(name, language):
    return Page(NIGHT, SCHEMA, OWN, VOCABULARY, {}, f"forms/{name}", language)


@pytest.fixture(scope="module")
def papers(browser, tmp_path_factory):  # noqa: ARG001 - where there is no browser nothing is built
    """The folder of a site with the forms of the example department, and nothing else but what they lead to."""
    folder = tmp_path_factory.mktemp("forms")
    pages = {"index.md": "# 首页"} | {f"registers/{name}.md": f"# {name}" for name in SCHEMA.registers}
    for name, language in EVERY:
        text = asked(name, language).fill(environment().get_template("each/form.md.j2"), it=name)
        pages[f"forms/{name}{'' if language == 'zh' else '.en'}.md"] = text
    for name, text in pages.items():
        path = folder / "build" / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "build" / "search-words.txt").write_text("", encoding="utf-8")
    (folder / CONFIG).write_text(config(OWN, folder, list(pages), ROOT, "build/docs"), encoding="utf-8")
    build.build(folder, folder / CONFIG, folder / "build" / "site")
    return folder / "build" / "site"


@pytest.fixture
def sheet(browser, papers):
    """Open the page of a form."""
    opened = []

    def on(name, language="zh", **more):
        opened.append(browser.new_page(**more))
        folder = papers if language == "zh" else papers / language
        opened[-1].goto((folder / "forms" / f"{name}.html").as_uri())
        return opened[-1]

    yield on
    for page in opened:
        page.close()


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_form_is_one_filled_page_of_a4_with_every_box_on_it(sheet, tmp_path, name, language):
    page = sheet(name, language, color_scheme="dark")
    path = tmp_path / f"{name}.pdf"
    printed = page.pdf(path=path, prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    size = re.search(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", printed)
    expected = A4[::-1] if SCHEMA.forms[name].landscape else A4
    assert (round(float(size[1])), round(float(size[2]))) == expected
    made = asked(name, language).paper(name)
    wanted = [made.title, made.number, made.department, *made.notes, *(box.title for box in made.boxes)]
    # a title may stand on two lines
    text = "".join(text_of(path, page).split())
    assert [words for words in wanted if "".join(words.split()) not in text] == []
    page.emulate_media(media="print")
    found = page.evaluate(MEASURES)
    assert found["below"] < 2
    assert found["lowest"] >= 8
    assert found["spilt"] == []


def text_of(path, page):
    if shutil.which("pdftotext"):
        return subprocess.run(["pdftotext", "-raw", path, "-"], check=True, capture_output=True).stdout.decode()
    page.emulate_media(media="print")
    return page.locator("body").inner_text()


@pytest.mark.parametrize("name", ["work_order", "repair_call_register"])
def test_a_long_name_of_the_department_does_not_need_a_second_page(sheet, name):
    """Fonts differ from machine to machine: some room is left."""
    page = sheet(name)
    page.evaluate("document.querySelector('.sb-dept').textContent = '示例集团'.repeat(12)")
    page.evaluate("document.querySelector('.sb-paper').style.lineHeight = 1.45")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_only_the_paper_is_printed_black_on_white_also_in_the_dark(sheet):
    page = sheet("delay_analysis", color_scheme="dark")
    assert page.locator("h1").is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("h1", ".sb-print", ".md-header", ".md-tabs", ".md-sidebar", ".sb-facts"):
        assert not page.locator(hidden).first.is_visible(), hidden
    colours = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    assert page.locator(".sb-paper").evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert page.locator(".sb-name").evaluate(colours)[0] == "rgb(0, 0, 0)"
    assert page.locator("body").evaluate(colours)[1] == "rgb(255, 255, 255)"


@pytest.mark.parametrize("name", ["work_order", "repair_call_register"])
def test_on_a_phone_the_paper_scrolls_in_its_own_box(sheet, name):
    page = sheet(name, viewport={"width": 390, "height": 900})
    assert page.evaluate(SCROLLS) is False
    tray = page.locator(".sb-tray")
    assert tray.evaluate("e => e.scrollWidth > e.clientWidth")
    assert tray.get_attribute("tabindex") == "0"
