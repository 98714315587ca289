"""Rows held against their declarations: hand-written cases, and a plain oracle over generated dirty books."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import Night
from validated import CASES, NOW, declared, night, problem_lines, workplace

from sync import yamlfile
from sync.cells import lanes
from sync.model import TAG_DATE, TAG_EMPTY, TAG_NUMBER, TAG_TEXT, TAG_TIME, Raw

JOBS = ["单号", "开始日期", "开始时间", "客户", "付款方", "台数", "状态", "结束日期", "结束时间", "期限", "急", "说明",
        "纸单号", "作废", "作废原因"]  # fmt: skip
CLIENTS = ["编号", "名称", "别名", "电话"]
BLANK = Raw("", TAG_EMPTY)
DATES = [Raw("2026-11-20", TAG_DATE), Raw("2026-11-21", TAG_TEXT), Raw("2026/11/21", TAG_TEXT),
         Raw("2026-11-21 08:00:00", TAG_DATE), Raw("2026-12-24", TAG_DATE), Raw("2026-02-30", TAG_TEXT),
         Raw("11.22", TAG_TEXT), Raw("46345", TAG_NUMBER), Raw("2026年11月19日", TAG_TEXT)]  # fmt: skip
TIMES = [Raw("09:00", TAG_TEXT), Raw("09:30:00", TAG_TIME), Raw("9.30", TAG_TEXT), Raw("24:00", TAG_TEXT),
         Raw("下午3点", TAG_TEXT), Raw("0.5", TAG_NUMBER)]  # fmt: skip
WORDS = ["华联商厦", "华联", " 华联 ", "甲厂", "甲厂、乙厂", "c-1", "C-1", "C-2", "C-9", "ｃ－１", "13800000001",
         "010-55501234", "010 5550 1234", "没有的客户"]  # fmt: skip
DIRT = [BLANK, Raw("/", TAG_TEXT), Raw("同上", TAG_TEXT), Raw("  ", TAG_TEXT), Raw("#N/A", "e"), Raw("", "f"),
        Raw("", "m"), Raw("12", TAG_NUMBER), Raw("TRUE", "b"), Raw("a\u202eb", TAG_TEXT)]  # fmt: skip


def texts(*words):
    return [Raw(word, TAG_TEXT) if word else BLANK for word in words]


JOB_CELLS = {
    "单号": texts("J-26-001", "J-26-002", "j-26-002", "J-26-003", "J-26-007", "J-26-03", "ЈX", ""),
    "开始日期": DATES, "结束日期": DATES, "期限": [*DATES, Raw("2023-12-31", TAG_DATE)],
    "开始时间": [*TIMES, BLANK], "结束时间": [*TIMES, BLANK],
    "客户": texts(*WORDS), "付款方": texts(*WORDS, ""),
    "台数": [Raw("3", TAG_NUMBER), Raw("０", TAG_TEXT), Raw("51", TAG_NUMBER), Raw("2.5", TAG_NUMBER), *texts("三台")],
    "状态": texts("完成", "好了", "未完", "OPEN", "完工", ""), "急": texts("是", "否", "X", "", "√"),
    "说明": texts("屏幕黑", "", "无"), "纸单号": texts("A1", "a1", "A2", "", "1E5"),
    "作废": texts("", "", "是", "否"), "作废原因": texts("", "写错了"),
}  # fmt: skip
CLIENT_CELLS = {
    "编号": texts("C-1", "C-2", "c-1", "C-3", ""), "名称": texts("华联商厦", "甲厂", "乙厂 ", "华联", ""),
    "别名": texts("", "华联，甲厂", "乙厂; 丙厂"),
    "电话": texts("13800000001", "13800000002", "13800000003", "010-55501234", "+86 138 0000 0002", ""),
}  # fmt: skip


@st.composite
def tabs(draw, headers, cells, most):
    """A tab as people leave it: headers in any order, some gone, doubled or strange, rows blank, unused and dirty."""
    titles = draw(st.permutations(headers)) if draw(st.booleans()) else list(headers)
    spoil = draw(st.sampled_from(["no"] * 5 + ["gone", "double", "spaced", "extra", "band", "renamed"]))
    if spoil in ("gone", "double"):
        at = draw(st.integers(0, len(titles) - 1))
        titles = titles[:at] + titles[at + 1 :] if spoil == "gone" else [*titles, titles[at]]
    shown = {"spaced": [f" {title} " for title in titles], "extra": [*titles, "自己记的"],
             "renamed": ["报修单位" if title == "客户" else title for title in titles]}.get(spoil, titles)  # fmt: skip
    rows = [[Raw(title, TAG_TEXT) for title in shown]]
    if spoil == "band":
        rows.insert(0, texts("接电话时", "", "回来后"))
    for _ in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(["used", "used", "used", "blank", "unused"]))
        row = [draw(st.sampled_from(cells.get(title, DIRT))) if kind == "used" else BLANK for title in shown]
        if kind == "unused" and titles[0] in cells:
            row[0] = draw(st.sampled_from(cells[titles[0]]))
        for _ in range(draw(st.integers(0, 2)) if kind == "used" else 0):
            row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(DIRT))
        rows.append(row)
    return rows


@st.composite
def books(draw):
    book = {"客户": draw(tabs(CLIENTS, CLIENT_CELLS, 5)), "一月": draw(tabs(JOBS, JOB_CELLS, 4))}
    if draw(st.integers(0, 5)):
        book["二月"] = draw(tabs(JOBS, JOB_CELLS, 3))
    return book


ZONES = st.sampled_from(["Asia/Shanghai", "Asia/Shanghai", "America/New_York"])


SCHEMA = declared(CASES / "registers")
FIELDS = {name: [field.name for field in register.fields] for name, register in SCHEMA.registers.items()}


def agree(book, zone, engine, lanes_from):
    """Whatever the engine says of *book*, the oracle says; every row is accounted for."""
    own = workplace(zone)
    expected = Night({"service": book}, SCHEMA, own, NOW)
    tables = night(book, SCHEMA, own, engine, lanes_from=lanes_from)
    assert set(tables.by_register) == set(expected.rows)
    assert problem_lines(tables) == sorted(expected.problems, key=repr)
    for name, table in tables.by_register.items():
        count = tables.counts[name]
        assert (count.pulled, count.shown, count.bad, count.unused, count.blank) == expected.count(name)
        assert count.pulled == count.shown + count.bad + count.unused + count.blank == len(expected.rows[name])
        assert found_rows(table, FIELDS[name], tables.engine) == expected_rows(expected.rows[name], FIELDS[name])


def found_rows(table, fields, engine):
    names = ["_book", "_tab", "_row", "_key", "_kind", "_void"]
    names += [column for f in fields for column in (f, f"{f}__state", f"{f}__text")]
    columns = engine.columns(table.frame.select(*names))
    return sorted(zip(*columns.values(), strict=True), key=lambda row: row[:3])


def expected_rows(rows, fields):
    found = [
        (*row.place, row.key, row.shown_kind, row.void,
         *(part for f in fields for part in (row.value(f), row.state(f), row.texts[f])))
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda row: row[:3])


dirty = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(dirty, max_examples=60)
@given(book=books(), zone=ZONES)
def test_dirty_books_are_read_as_the_oracle_reads_them(book, zone):
    agree(book, zone, "polars", lanes.LANES_FROM)


@settings(dirty, max_examples=8)
@given(book=books(), zone=ZONES)
def test_the_fast_lane_says_the_same(book, zone):
    agree(book, zone, "polars", 0)


@settings(dirty, max_examples=4)
@given(book=books(), zone=ZONES)
def test_the_second_engine_says_the_same(book, zone):
    agree(book, zone, "duckdb", lanes.LANES_FROM)


@settings(dirty, max_examples=2)
@given(book=books(), zone=ZONES)
def test_the_second_engine_says_the_same_by_the_fast_lane(book, zone):
    agree(book, zone, "duckdb", 0)


# ---------------------------------------------------------------- cases that read like the sheet

FILES = {path.stem: yamlfile.read(path) for path in sorted(CASES.glob("*.yaml"))}


def cases():
    for name, file in FILES.items():
        for case in file["cases"]:
            yield pytest.param(file, case, id=f"{name}: {case['name']}")


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize(("file", "case"), list(cases()))
def test_a_sheet_has_the_problems_that_its_case_lists(file, case, engine, tmp_path):
    book, schema, own = sheet(file, case, tmp_path)
    tables = night(book, schema, own, engine, now=datetime.fromisoformat(case.get("now", str(NOW))))
    found = [said(line) for line in rows_of(tables)]
    assert found == case.get("problems", [])
    kinds = case.get("kinds")
    if kinds:
        table = next(iter(tables.by_register.values()))
        columns = tables.engine.columns(table.frame.select("_row", "_kind").sort("_row"))
        assert columns["_kind"] == kinds


def sheet(file, case, folder: Path):
    """The book of a case: its tabs as rows of cells; a cell like `d:2026-11-20` has the tag before the colon."""
    registers = folder / "registers"
    registers.mkdir()
    for name, text in file["registers"].items():
        (registers / f"{name}.yaml").write_text(text, encoding="utf-8")
    tabs = {title: [[cell(one) for one in row.split("|")[1:-1]] for row in rows.splitlines()]
            for title, rows in {**file.get("tabs", {}), **case.get("tabs", {})}.items()}  # fmt: skip
    return tabs, declared(registers), workplace(case.get("zone", "Asia/Shanghai"))


def cell(text):
    text = text.strip()
    tag, colon, rest = text.partition(":")
    if colon and tag in ("d", "t", "n", "b", "e", "f", "m"):
        return Raw(rest, tag)
    return Raw(text, TAG_TEXT) if text else BLANK


def rows_of(tables):
    columns = tables.engine.columns(tables.problems)
    return [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]


def said(line):
    """A problem as the cases write it: code, where it stands, what is there, and what comes along."""
    place = line["tab"] + ("" if line["row"] is None else f" {line['column']}{line['row']}")
    words = [line["code"], place, line["value"], line["suggestion"]]
    params = "" if line["params"] == "{}" else line["params"]
    return " · ".join(word for word in (*words, params) if word)
