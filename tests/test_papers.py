"""The forms on paper: every box in both languages, the clock's own limits, and nothing that a department has not."""

import re
from datetime import datetime
from html.parser import HTMLParser

import markdown
import pytest

from sync import declarations, papers, settings, words
from sync.figures import Figures
from sync.model import Tonight
from sync.render.page import Page, environment
from sync.rules import KINDS
from sync.schema import SHIPPED, Words
from sync.settings import BookAt, Department, OwnFigure, Settings

NIGHT = Tonight(datetime(2026, 11, 22, 2), "run", books=[], rows={}, problems=[], flags=[], counts={}, shown={})
BOOKS = {"service": BookAt(path="service.xlsx"), "stores": BookAt(path="stores.xlsx")}
DECLARED = declarations.load([SHIPPED], KINDS)
FORMS = sorted(DECLARED.forms)
WORDS = words.load()
WIDE, UPRIGHT = 273, 186  # millimetres between the margins
# what people write by hand, quoted in the notes; whatever else is quoted is the name of a box or a choice
WRITTEN = {"作废", "客户原因", "无意见", "不合格", "是", "Void", "the customer", "no comment"}


def chosen(profile="everything", name="示例部", **promises):
    department = Department(name=Words(zh=name, en=name), profile=profile)
    # a workshop has no store
    books = BOOKS if "parts" in DECLARED.profiles[profile].registers else {"service": BOOKS["service"]}
    return Settings(department=department, books=books, promises=promises)


def paper(form, language="zh", own=None):
    own = own or chosen()
    schema = settings.adopt(DECLARED, own)
    figures = Figures(NIGHT, schema, own, WORDS, {}, f"forms/{form}", language)
    return papers.paper(schema.forms[form], figures)


def everything(made):
    """All boxes, those above a list too."""
    return [box for section in (*made.head, *made.sections) for box in section.boxes]


def test_there_are_the_eight():
    numbers = sorted(form.number for form in DECLARED.forms.values())
    assert numbers == ["F001", "F011", "F012", "F013", "F039", "F042", "F056", "F060"]


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("name", FORMS)
def test_every_box_has_its_title_and_its_answer(name, language):
    form = DECLARED.forms[name]
    register = DECLARED.registers[form.register]
    ordered = sorted(form.sections, key=lambda section: not section.head)
    declared = [box for section in ordered for box in section.boxes]
    boxes = everything(paper(name, language))
    assert len(boxes) == len(declared)
    for box, wanted in zip(boxes, declared, strict=True):
        field = register.by_name.get(wanted.field)
        assert box.title == (wanted.title or field.title)[language]
        if field and field.choices:
            assert box.choices == [choice.title[language] for choice in field.choices]
        if field and field.reads_as == "boolean" and not field.signature:
            assert len(box.choices) == 2
        if field and field.reads_as in ("date", "datetime"):
            assert sum(len(group) - 1 for group in box.blanks) >= 2


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("name", FORMS)
def test_what_a_note_quotes_is_on_the_paper_or_in_its_register(name, language):
    """A column that is renamed takes the notes with it."""
    form = DECLARED.forms[name]
    fields = DECLARED.registers[form.register].fields
    said = [one[language] for one in (*form.notes, form.purpose, form.filled_by, form.numbering) if one]
    quoted = {found for text in said for found in re.findall("“(.+?)”", text)}
    known = {field.title[language] for field in fields} | {box.title for box in everything(paper(name, language))}
    known |= {choice.title[language] for field in fields for choice in field.choices}
    assert quoted <= known | WRITTEN


@pytest.mark.parametrize("name", FORMS)
def test_a_list_leaves_room_for_the_columns_that_share_the_rest(name):
    made = paper(name)
    shared = sum(not box.width for box in made.boxes)
    rest = (WIDE if made.landscape else UPRIGHT) - sum(box.width for box in made.boxes)
    assert not made.rows or rest >= 20 * shared


def test_in_a_list_many_choices_are_numbers_and_two_are_ticked():
    boxes = {box.title: box for box in paper("goods_ledger").boxes}
    assert not boxes["出/入库"].coded
    assert boxes["用料原因"].coded
    assert boxes["用料原因"].codes[:2] == ["① 故障维修", "② 技术通知"]
    assert not any(box.coded for box in everything(paper("work_order")))


def test_a_signature_is_signed_and_dated_not_ticked():
    boxes = {box.title: box for box in paper("work_order").boxes}
    signature = boxes["客户签字"]
    assert signature.signed
    assert not signature.choices
    assert signature.blanks == [["20", "年", "月", "日"]]


def test_boxes_stand_in_pairs_and_a_wide_one_alone():
    first = paper("work_order").sections[0]
    assert [[box.title for box in row] for row in first.rows] == [
        ["维修单号", "本号"],
        ["报修登记号", "维修人员"],
        ["客户名称", "电话"],
        ["地点"],
    ]


def test_the_limits_are_the_clocks_own():
    assert ("首次回复", "30 分钟，从“通知维修人员时间”算起") in paper("repair_call_register").limits
    assert ("上交维修单", "48 小时，从“来电时间”算起") in paper("delay_analysis").limits
    shorter = chosen(hand_in=OwnFigure(limit="36 h"))
    assert ("上交维修单", "36 小时，从“来电时间”算起") in paper("delay_analysis", own=shorter).limits
    assert ("Work order handed in", "36 hours from “Called at”") in paper("delay_analysis", "en", shorter).limits


def test_a_promise_without_a_limit_says_what_its_note_says():
    limits = dict(paper("repair_call_register").limits)
    assert limits["告知到场时间"] == next(one for one in DECLARED.promises if one.name == "reply_eta").note["zh"]


def test_a_promise_that_the_department_does_not_make_is_not_on_its_paper():
    assert paper("repair_call_register", own=chosen("retail")).limits == []
    assert paper("followup_record", own=chosen("retail")).limits == []
    assert paper("followup_record", own=chosen("repair_centre")).limits == []  # offered to it, and not switched on
    assert "上交维修单" not in dict(paper("work_order", own=chosen(hand_in=OwnFigure(on=False))).limits)
    asks = chosen("retail", followup=OwnFigure(on=True))
    assert paper("followup_record", own=asks).limits == [("修后回访", "3 天，从“客户收到日期”算起")]


def test_a_department_has_the_forms_of_its_registers_only():
    assert set(settings.adopt(DECLARED, chosen("workshop")).forms) == {"repair_call_register", "followup_record"}
    assert set(settings.adopt(DECLARED, chosen("depot")).forms) == {"goods_ledger", "stocktake_sheet"}
    assert "spare_work_order" not in settings.adopt(DECLARED, chosen("retail")).forms  # it carries nothing over


# ---------------------------------------------------------------- the page


class Reader(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.text = [], set(), ""
        self.feed(markdown.markdown(text, extensions=["admonition", "attr_list", "md_in_html", "tables", "toc"]))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


def page(form, language="zh", own=None):
    """The page's front matter and what a browser makes of the rest."""
    own = own or chosen()
    made = Page(NIGHT, settings.adopt(DECLARED, own), own, WORDS, {}, f"forms/{form}", language)
    _, front, text = made.fill(environment().get_template("each/form.md.j2"), it=form).split("---\n", 2)
    return front, Reader(text)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("name", FORMS)
def test_the_page_shows_the_paper_and_how_to_print_it(name, language):
    front, found = page(name, language)
    made = paper(name, language)
    assert made.title in front
    assert [found.elements.count(element) for element in ("h1", "section", "button")] == [1, 1, 1]
    for said in (made.number, made.title, made.department, "2026-11-22", *made.notes, *(b.title for b in made.boxes)):
        assert said in found.text
    assert found.elements.count("tr") == rows_of(made)


def rows_of(made):
    above = sum(len(section.rows) for section in made.head)
    if not made.rows:
        return above + sum(len(section.rows) for section in made.sections)
    return above + made.rows + (2 if any(section.title for section in made.sections) else 1)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "</section></div># a heading", "{{ 7 * 7 }}", "**b** [x](y)"]
)
def test_the_departments_name_is_only_text(name):
    _, found = page("work_order", own=chosen(name=name))
    _, harmless = page("work_order")
    assert name in found.text
    assert found.elements == harmless.elements
    assert found.attributes == harmless.attributes
