"""Ratios held against ones counted row by row, what their receipts say, and declarations that cannot be."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kind_oracle import share
from rule_oracle import UNREAD, judged
from test_explain import told
from test_recurrence import refused

from sync.engines import ENGINES

NOW = datetime(2026, 11, 22, 2, 0)
FIRST = datetime(2026, 6, 20)
moments = st.integers(0, 5 * 30 * 24 * 2).map(lambda n: FIRST + timedelta(minutes=30 * n))


def a_ratio(**more):
    return {"kind": "coverage", "title": {"zh": "试", "en": "Try"}, "rule": "X", "register": "call_register",
            "every": "calendar month", "dated": "received_at", "filled": "fixed_at", "within": "4 h", "last": 4,
            **more}  # fmt: skip


@settings(
    max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(
    rows=st.lists(st.tuples(moments, st.none() | st.just(UNREAD) | st.integers(0, 12)), max_size=25),
    least=st.sampled_from([50, 66.6, 90, 100]),
)
def test_the_engines_count_what_a_person_counts(rows, least):
    """Each month that is over, whatever its rows are; the unreadable ones decide only where they can."""
    lines = [(at, at + timedelta(minutes=30 * done) if isinstance(done, int) else done) for at, done in rows]
    calls = [{"call_no": f"C{n}", "received_at": at, "fixed_at": done} for n, (at, done) in enumerate(lines)]
    wanted = share(lines, NOW, 4, timedelta(hours=4), least)
    for on in ENGINES:
        found = judged([], {"call_register": calls}, NOW, on=on, own={"try": a_ratio(at_least=least)})
        assert {line["key"]: line["state"] for line in found if line["state"] != "not_due"} == wanted


VISITS = {
    "contracts": [{"contract_no": f"HT-{n}", "accepted_on": "2026-07-10", "guarantee_months": 3} for n in range(1, 4)],
    "visits": [{"visit_no": "V1", "contract_no": "HT-1", "kind": "revisit", "visited_on": "2026-10-10"},
               {"visit_no": "V2", "contract_no": "HT-2", "kind": "revisit", "planned_on": "2026-10-10",
                "waived": True, "waive_reason": "客户停业"}],
}  # fmt: skip


def test_a_receipt_lists_what_was_not_done():
    """HT-1 was visited, HT-2 waived and so no part of it, HT-3 forgotten."""
    [said] = told("2026-10", ["visit_guarantee", "revisit_rate"], VISITS)
    assert "2026年10月1日 到 2026年10月31日：该做 2 项，做到 1 项，50%；要求不低于 100%。没做到的：HT-3。" in said.zh
    assert "1 of 2 done, 50 %; at least 100 % is required. Not done: HT-3." in said.en
    assert "未达标" in said.zh


def test_a_waived_visit_says_so():
    [said] = told("HT-2", ["visit_guarantee"], VISITS)
    assert "登记了免做，也写了原因。" in said.zh
    assert "免做。" in said.zh


def test_a_ratio_that_nobody_can_work_out_says_so():
    rows = {"call_register": [{"call_no": "C1", "received_at": "2026-10-05 09:00", "fixed_at": UNREAD}]}
    [said] = told("2026-10", [], rows, {"try": a_ratio(at_least=100)})
    assert "读不出来、说不准的：C1。" in said.zh
    assert said.flag.state == "not_judged"


RATIO = "  kind: coverage\n  register: visits\n"


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("  every: 1 month\n  at_least: 90\n  dated: planned_on\n  filled: visited_on\n", "none of calendar week"),
        ("  every: calendar month\n  at_least: 0\n  dated: planned_on\n  filled: visited_on\n", "write per cent"),
        ("  every: calendar month\n  at_least: 90\n  dated: planned_on\n", "when they are done"),
        ("  every: calendar month\n  at_least: 90\n  filled: visited_on\n", "which rows count"),
        ("  every: calendar month\n  at_least: 90\n  dated: planned_on\n  filled: visited_on\n  since: planned_on\n",
         "go together"),
        ("  every: calendar month\n  at_least: 90\n  dated: planned_on\n  done: {waived: maybe}\n", "yes or no"),
        ("  every: calendar month\n  at_least: 90\n  dated: planned_on\n  filled: waived\n", "goes to done"),
        ("  every: calendar month\n  at_least: 90\n  promises: [visit_garantee]\n", "did you mean “visit_guarantee”"),
        ("  every: calendar month\n  at_least: 90\n  promises: [visit_guarantee]\n  dated: planned_on\n",
         "of promises or of rows"),
        ("  every: calendar month\n  at_least: 90\n  promises: [repeat_repair]\n", "no clock or recurrence"),
    ],
)  # fmt: skip
def test_a_ratio_that_cannot_be_is_refused_with_its_reason(tmp_path, said, says):
    assert says in refused(tmp_path, RATIO + said)
