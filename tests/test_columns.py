"""The page of a register: every column is explained, every example can be read, nothing personal is called public."""

import html
import re

import msgspec
import pytest
from site_night import night

from sync import words, yamlfile
from sync.cells import read
from sync.columns import described, shaped
from sync.declarations import load
from sync.figures import Figures
from sync.model import VALUE
from sync.render.page import Page, environment
from sync.rules import KINDS
from sync.schema import MERGED_INTO, SHIPPED, VOID, VOID_REASON
from sync.settings import Settings, adopt
from sync.words import LANGUAGES

WORDS = words.load()
DECLARED = load([SHIPPED], KINDS)
REGISTERS = DECLARED.registers
TYPED = [
    (register, field)
    for register in REGISTERS.values()
    for field in register.fields
    if field.name not in (VOID, VOID_REASON, MERGED_INTO) and not field.signature
]
EACH = pytest.mark.parametrize(("register", "field"), TYPED, ids=lambda one: one.name)


def department(profile="everything", **promises):
    """The settings of a department of *profile*, with its own figures for *promises*."""
    used = {source.book for name in DECLARED.profiles[profile].registers for source in REGISTERS[name].tabs}
    books = {book: {"path": f"{book}.xlsx"} for book in used}
    named = {"name": {"zh": "示例售后", "en": "Example"}, "profile": profile}
    return msgspec.convert({"department": named, "books": books, "promises": promises}, Settings)


def page_of(name, language="zh", settings=None):
    """What the page of the register *name* shows."""
    settings = settings or department()
    schema = adopt(DECLARED, settings)
    figures = Figures(night(), schema, settings, WORDS, {}, f"registers/{name}", language)
    return described(schema.registers[name], figures)


def lines(page):
    return [line for part in page.parts for line in part.lines]


def line_of(page, header):
    return next(line for line in lines(page) if header in [name.text for name in line.headers])


# ---------------------------------------------------------------- examples


@EACH
def test_an_example_is_read_as_it_stands(register, field):
    assert field.example, f"{register.name}.{field.name} has no example"
    cell = read(field, field.example)
    assert (cell.state, cell.warnings) == (VALUE, ())


@EACH
def test_an_example_keeps_the_rules_of_its_field(register, field):
    del register
    asked = field.constraints
    if asked.pattern:
        assert re.fullmatch(asked.pattern, field.example)
    value = read(field, field.example).value
    assert asked.minimum is None or value >= asked.minimum
    assert asked.maximum is None or value <= asked.maximum
    if field.choices:
        picked = field.example.split("、")
        assert set(picked) <= {choice.title.zh for choice in field.choices}
    if field.split:
        assert len(field.example.split(" ")) == 2


def test_an_example_that_leads_elsewhere_could_be_there():
    names = [person["display"] for person in yamlfile.read(SHIPPED / "samples/people.yaml")["staff"]]
    assert {field.example for _, field in TYPED if field.foreign == "staff"} <= set(names)
    for register, field in TYPED:
        if field.foreign and field.foreign != "staff":
            other = REGISTERS[field.foreign]
            found_by = [other.primaryKey, *other.found_by.fields]
            there = [other.by_name[name] for name in found_by]
            key = there[0].constraints.pattern
            known = field.example in [one.example for one in there] or (key and re.fullmatch(key, field.example))
            assert known, f"{register.name}.{field.name}: {field.example} is not in {other.name}"


def test_the_examples_of_a_row_keep_its_checks():
    for register in REGISTERS.values():
        for text in register.checks:
            left, operator, right = text.split(" ")
            first, second = (
                read(register.by_name[name], register.by_name[name].example).value for name in (left, right)
            )
            assert {">=": first >= second, ">": first > second}[operator], f"{register.name}: {text}"


# ---------------------------------------------------------------- what a page says


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_the_sheet_is_explained_once(language):
    for name, register in REGISTERS.items():
        headers = [head.text for line in lines(page_of(name, language)) for head in line.headers]
        assert headers == [column.titles[LANGUAGES.index(language)] for column in register.columns]


@pytest.mark.parametrize("profile", DECLARED.profiles)
def test_every_kind_of_company_has_a_page_for_each_of_its_registers(profile):
    settings = department(profile)
    schema = adopt(DECLARED, settings)
    template = environment().get_template("each/register.md.j2")
    for name, register in schema.registers.items():
        for place, language in enumerate(LANGUAGES):
            page = Page(night(), schema, settings, WORDS, {}, f"registers/{name}", language)
            shown = html.unescape(page.fill(template, it=name))
            missing = [column.titles[place] for column in register.columns if f">{column.titles[place]}<" not in shown]
            assert [title for title in missing if f">{title} <small" not in shown] == []
            assert all(f"{{#{anchor}}}" in shown for anchor in ("register", "example", "columns", "rules"))
            blocks = [block[0] for block in re.finditer(r"(?ms)^<(table|ul|div)\b.*?^</\1>", shown)]
            assert blocks
            assert not any("\n\n" in block for block in blocks), "a blank line ends a block of HTML"


def test_the_limit_is_the_figure_that_the_clock_uses():
    usual, changed = (
        page_of("call_register", settings=department(**own)) for own in ({}, {"first_reply": {"limit": "45 min"}})
    )
    assert [[p.allowed for p in page.pledges if p.rule == "R001"] for page in (usual, changed)] == [
        ["30 分钟"],
        ["45 分钟"],
    ]


def test_promises_of_other_registers_that_look_here_are_named():
    far = {pledge.title: pledge.judged_on for pledge in page_of("call_register").pledges if pledge.judged_on}
    assert far == {"上交维修单": "维修单", "上交延时单": "维修单"}
    assert "质保期内三月一访" in [pledge.title for pledge in page_of("visits").pledges]


def test_what_is_personal_is_never_called_public():
    for name, register in REGISTERS.items():
        page = page_of(name)
        for column in register.columns:
            shown = line_of(page, column.titles[0])
            assert (shown.seen == "public") == (column.field.name in register.publish)
            assert (shown.seen == "private") == (column.field.personal is True)


@pytest.mark.parametrize(
    ("register", "header", "rule"),
    [
        ("call_register", "登记号", "样子 RC-##-#####"),
        ("call_register", "排除日期", "“维修结果”选“已修好”时必填"),
        ("contracts", "维保开始", "“有维保协议”填“是”时必填"),
        ("contracts", "质保月数", "0 到 240"),
        ("parts", "期初数量", "不小于 0"),
        ("staff", "显示名", "不能重复"),
        ("work_orders", "客户签字", "名签在纸上，这里只写签了没有"),
        ("work_orders", "客户名称", "名册里没有的照写，会列为“待建档”"),
    ],
)
def test_a_column_says_what_is_asked_of_it(register, header, rule):
    assert rule in line_of(page_of(register), header).rules


@pytest.mark.parametrize(
    ("register", "language", "rule"),
    [
        ("call_register", "zh", "“排除时间”不早于“到场时间”。"),
        ("visits", "zh", "“结束时间”不早于“开始时间”。"),
        ("dept_requests", "zh", "“处理时间”、“部门回复时间”不早于“转交时间”。"),
        ("call_register", "en", "Not before “Arrived at”: “Fixed at”."),
        ("work_order_books", "zh", "“止号”不小于“起号”。"),
        ("customers", "zh", "别的表写客户号、名称、简称、电话或别名，都能找到这里的一行。"),
    ],
)
def test_the_rules_of_a_row_are_sentences(register, language, rule):
    assert rule in page_of(register, language).rules


def test_a_register_that_the_department_does_not_keep_is_not_named():
    """A retailer has no contracts: a machine's contract number is only a number there."""
    assert line_of(page_of("equipment"), "合同号").other == "contracts"
    assert line_of(page_of("equipment", settings=department("depot")), "合同号").other == ""


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [(r"RC-\d{2}-\d{5}", "RC-##-#####"), (r"WX-\d{5}", "WX-#####"), (r"[A-Z]\d", ""), (r"20\d{2}Q[1-4]", ""), ("", "")],
)
def test_a_simple_pattern_is_shown_by_its_shape(pattern, shape):
    assert shaped(pattern) == shape
