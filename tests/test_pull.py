"""Whole tabs: found by their names, kept from the last good night when they break, counted against the last run."""

from datetime import datetime

import pytest
from validated import CASES, NOW, declared, night, workplace

from sync import pull
from sync.books.memory import MemoryBook
from sync.kept import TabRecord
from sync.model import SafetyStop
from sync.settings import Gates

SCHEMA = declared(CASES / "registers")
BEFORE = datetime(2026, 11, 20, 2)
CLIENTS = [["编号", "名称", "别名", "电话"], ["C-1", "华联商厦"], ["C-2", "甲厂"]]
JOBS = [["单号", "开始日期", "开始时间", "客户"], ["J-26-001", "2026-11-20", "09:00", "C-1"]]
WHOLE = {"客户": CLIENTS, "一月": JOBS, "二月": JOBS[:1]}


def nothing(_book, _tab):
    return None


def laid(tabs, last_good=nothing):
    return pull.lay_out([MemoryBook("service", tabs).read(NOW)], SCHEMA, last_good)


def kept(book, tab):
    """The grid of *tab* as it was two nights ago."""
    found = [grid for grid in MemoryBook(book, WHOLE).read(BEFORE).grids if grid.tab == tab]
    return (found[0], BEFORE) if found else None


def whole_tabs(pulled):
    return [(p.code, p.tab, dict(p.params)) for p in pulled.problems if p.code.startswith("tab-")]


def test_a_missing_tab_is_told_with_the_tabs_that_there_are():
    pulled = laid({"客户": CLIENTS, "一月": JOBS, "二月份": JOBS})
    assert whole_tabs(pulled) == [("tab-missing", "二月", {"there": "客户、一月、二月份"})]
    assert pulled.broken == [("service", "二月", "jobs")]


def test_two_tabs_that_could_be_meant_are_told():
    tabs = {"客 户": CLIENTS, "CLIENTS": CLIENTS, "一月": JOBS, "二月": JOBS}
    assert [line[:2] for line in whole_tabs(laid(tabs))] == [("tab-double", "客户")]


def test_a_tab_with_the_exact_name_is_preferred_to_one_that_is_nearly_so():
    assert whole_tabs(laid({"客户": CLIENTS, "客 户": CLIENTS[:1], "一月": JOBS, "二月": JOBS})) == []


def test_a_tab_that_is_a_copy_of_another_is_told_since_nobody_reads_it():
    copy = {"一月 的副本": JOBS, "一月 的副本 2": JOBS[:1], "别的": [["单号", "备注", "开始日期"], ["J-26-002"]]}
    assert whole_tabs(laid({**WHOLE, **copy})) == [("tab-copy", "一月 的副本", {"original": "一月"})]
    assert [code for code, *_ in whole_tabs(laid({"客户": CLIENTS, "一月份": JOBS, "二月": JOBS[:1]}))] == [
        "tab-missing"
    ]


@pytest.mark.parametrize("broken", [None, [], [["编号", "编号", "名称"], ["C-9", "C-9", "别家"]], [["名称"], ["别家"]]])
def test_a_broken_tab_keeps_its_last_good_rows_with_their_date(broken):
    tabs = {"一月": JOBS, "二月": JOBS[:1]} | ({} if broken is None else {"客户": broken})
    pulled = laid(tabs, kept)
    assert [(one.grid.tab, one.since) for one in pulled.laid if one.since] == [("客户", BEFORE)]
    tables = night(tabs, SCHEMA, workplace(), last_good=kept)
    assert tables.engine.columns(tables["clients"].frame.select("_key"))["_key"] == ["C-1", "C-2"]
    records = {record.tab: record for record in tables.tabs}
    assert (records["客户"].good, records["一月"].good, records["一月"].rows) == (False, True, 1)


def test_without_a_last_good_night_a_broken_tab_steps_out_alone():
    tables = night({"客户": [["名称"], ["别家"]], "一月": JOBS, "二月": JOBS[:1]}, SCHEMA, workplace())
    assert "clients" not in tables
    assert tables.counts["jobs"].pulled == 1


def record(rows, tab="一月", *, good=True):
    return TabRecord("service", tab, "jobs", good=good, rows=rows)


@pytest.mark.parametrize(
    ("had", "has", "outcome"),
    [
        (100, 100, "fine"), (100, 110, "fine"), (100, 90, "fine"), (100, 89, "rows-lost"), (100, 80, "rows-lost"),
        (100, 79, "stop"), (100, 0, "stop"), (19, 1, "fine"), (20, 15, "stop"), (1, 0, "stop"), (0, 0, "fine"),
    ],
)  # fmt: skip
def test_rows_that_vanish_are_told_or_stop_the_night(had, has, outcome):
    """More than a tenth warns, more than a fifth stops, and so does a tab that is empty now."""
    before = {("service", "一月"): had}
    if outcome == "stop":
        with pytest.raises(SafetyStop, match=f"「一月」{had} → {has}"):
            pull.gate([record(has)], before, Gates(), accepted=False)
    problems = pull.gate([record(has)], before, Gates(), accepted=True)
    if outcome != "stop":
        assert pull.gate([record(has)], before, Gates(), accepted=False) == problems
        expected = [("rows-lost", {"had": str(had), "has": str(has)})] if outcome == "rows-lost" else []
        assert [(p.code, dict(p.params)) for p in problems] == expected


def test_a_broken_tab_and_a_new_one_are_not_compared():
    before = {("service", "一月"): 100}
    assert pull.gate([record(0, good=False), record(3, "二月")], before, Gates(), accepted=False) == []
