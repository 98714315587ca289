"""Rows in which nothing moves, held against a plain reading of their moments, and what their receipts say."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kind_oracle import quiet
from rule_oracle import UNREAD, judged
from test_explain import one
from test_recurrence import refused

from sync.engines import ENGINES

NOW = datetime(2026, 11, 22, 2, 0)
cells = st.none() | st.just(UNREAD) | st.integers(0, 12 * 24).map(lambda n: NOW - timedelta(hours=n))


def a_watch(**more):
    far = {"register": "work_orders", "key": "call_no", "watches": ["arrived_at", "finished_at"]}
    return {"kind": "stale", "title": {"zh": "久无进展", "en": "No movement"}, "rule": "X", "register": "call_register",
            "watches": ["received_at", "replied_at"], "watches_in": [far], "limit": "4 days", **more}  # fmt: skip


@settings(
    max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(rows=st.lists(st.tuples(cells, cells, st.lists(st.tuples(cells, cells), max_size=2)), max_size=25))
def test_the_engines_say_what_a_plain_reading_says(rows):
    calls = [{"call_no": f"C{n}", "received_at": a, "replied_at": b} for n, (a, b, _) in enumerate(rows)]
    orders = [
        {"work_order_no": f"W{n}-{m}", "call_no": f"C{n}", "arrived_at": a, "finished_at": b}
        for n, (_, _, far) in enumerate(rows)
        for m, (a, b) in enumerate(far)
    ]
    wanted = {f"C{n}": quiet((a, b), [at for pair in far for at in pair], NOW, 4) for n, (a, b, far) in enumerate(rows)}
    for on in ENGINES:
        found = judged([], {"call_register": calls, "work_orders": orders}, NOW, on=on, own={"try": a_watch()})
        assert {line["key"]: line["state"] for line in found} == {key: state for key, state in wanted.items() if state}


def test_a_receipt_says_when_something_moved_last():
    rows = {"call_register": [{"call_no": "C1", "received_at": "2026-11-10 09:00", "replied_at": "2026-11-11 09:30"}],
            "work_orders": []}  # fmt: skip
    said = one("C1", [], rows, {"try": a_watch()})
    assert "看来电时间、回复时间：最近一次进展是 2026年11月11日（周三）09:30，4 天之内没有新的就算久无进展" in said.zh
    assert "最迟 2026年11月15日（周日）09:30。" in said.zh
    assert "久无进展。超出 6 天 16 小时。" in said.zh
    rows["call_register"][0]["replied_at"] = UNREAD
    assert "有一格进展时间读不出来，可能比这更近。" in one("C1", [], rows, {"try": a_watch()}).zh


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("  watches: [received_at]\n  limit: 2 months\n", "UNIT one of min, h, day, working day, week"),
        ("  watches: [received_at]\n  limit: 2 working days\n", "calendar: working days need"),
        ("  watches: []\n  limit: 2 days\n", "at least one moment"),
        ("  watches: [assigned_to]\n  limit: 2 days\n", "not a moment"),
        ("  watches: [received_at]\n  limit: 2 days\n  watches_in: [{register: visits, key: call, watches: []}]\n",
         "no field “call”"),
    ],
)  # fmt: skip
def test_a_watch_that_cannot_be_is_refused_with_its_reason(tmp_path, told, says):
    assert says in refused(tmp_path, f"  kind: stale\n  register: call_register\n{told}")
