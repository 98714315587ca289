"""Receipts: what a person is told about why a record is flagged, and that it can be checked by hand."""

import re
from datetime import datetime, timedelta

import pytest
from rule_oracle import bench, schema, shipped

from sync import words
from sync.engines import rows
from sync.explain import explain
from sync.flag import flag
from sync.model import Flag, ServicebookError

NOW = datetime(2026, 11, 22, 2, 0)
WORDS = words.load()
ZH = re.compile(r"(\d{4})年(\d+)月(\d+)日（周.）(\d\d):(\d\d)")


def told(record, promises, typed, own=None, now=NOW):
    """The receipts of *record*, in Chinese and in English."""
    asked = schema(promises, own)
    made = bench(typed, now, named=str(asked.promises))
    found = [Flag(**line) for line in rows(made.tables.engine.columns(flag(asked, made)))]
    return explain(record, found, [], asked, made, WORDS)


def one(*args, **kwargs):
    receipts = told(*args, **kwargs)
    assert len(receipts) == 1
    assert "{" not in str(receipts[0])
    assert "receipt_" not in str(receipts[0])
    return receipts[0]


HELD = {
    "call_register": [{"call_no": "C1", "received_at": "2026-11-18 09:00", "technician_told_at": "2026-11-18 09:20",
                       "hold_from": "2026-11-18 10:00", "hold_to": "2026-11-18 12:00", "assigned_to": "E01"}],
    "hold_periods": [{"hold_no": "ZT-1", "register": "call_register", "record_no": "C1",
                      "from_at": "2026-11-18 12:00", "to_at": "2026-11-18 13:00"}],
}  # fmt: skip


def test_a_receipt_reads_like_a_short_paragraph():
    said = one("C1", ["arrive_on_site"], HELD)
    assert said.zh == (
        "C1 · 到达现场（R003）：从“来电时间”2026年11月18日（周三）09:00 起算，限 24 小时。"
        "暂停过（11月18日 10:00 至 11月18日 12:00、11月18日 12:00 至 11月18日 13:00），3 小时不计。"
        "最迟 2026年11月19日（周四）12:00。截至 2026年11月22日（周日）02:00：超时未完。超出 2 天 14 小时。"
        "规定见手册 procedures/repair-call#arrive。"
    )
    assert "On hold (18 Nov 10:00 to 18 Nov 12:00, 18 Nov 12:00 to 18 Nov 13:00): 3 h do not count." in said.en


def test_the_due_moment_of_an_elapsed_clock_can_be_worked_out_from_its_receipt():
    said = one("C1", ["arrive_on_site"], HELD)
    start, due, *_ = (datetime(*map(int, found)) for found in ZH.findall(said.zh))
    limit = int(re.search(r"限 (\d+) 小时", said.zh)[1])
    held = int(re.search(r"，(\d+) 小时不计", said.zh)[1])
    assert start + timedelta(hours=limit + held) == due == said.data["due"]
    assert said.data["start"] + timedelta(hours=limit, minutes=said.data["held_minutes"]) == due


def test_it_names_the_moment_that_started_the_clock():
    title = shipped().registers["call_register"].by_name["technician_told_at"].title.zh
    assert f"从“{title}”2026年11月18日（周三）09:20 起算" in one("C1", ["first_reply"], HELD).zh
    call = {"call_register": [{"call_no": "C1", "received_at": "2026-11-18 09:00"}]}
    assert "从“来电时间”2026年11月18日（周三）09:00 起算" in one("C1", ["first_reply"], call).zh


def test_a_start_in_another_register_is_named_with_it_and_one_that_is_lost_is_said():
    typed = {
        "call_register": [{"call_no": "C1", "received_at": "2026-11-16 15:02"}],
        "work_orders": [{"work_order_no": "WX-00001", "call_no": "C1"}, {"work_order_no": "WX-00002", "call_no": "C9"}],
    }
    assert "从“报修登记的来电时间”" in one("WX-00001", ["hand_in"], typed).zh
    assert "读不出来，或者查不到对应的那一行" in one("WX-00002", ["hand_in"], typed).zh


def test_an_office_clock_names_the_days_that_did_not_count():
    own = {"try": {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register", "rule": "X",
                   "starts": "received_at", "limit": "2 working days", "calendar": "office"}}  # fmt: skip
    typed = {"call_register": [{"call_no": "C1", "received_at": "2026-09-30 10:00"},
                               {"call_no": "C2", "received_at": "2026-10-09 10:00"}]}  # fmt: skip
    said = one("C1", [], typed, own)
    assert "按“办公时间”算。" in said.zh
    assert "中间不算的：10月1日～10月7日 国庆节。" in said.zh
    assert "Not counted: 1 Oct～7 Oct National Day." in said.en
    assert said.data["due"] == datetime(2026, 10, 9, 10)
    assert "周末也上班、照算的：10月10日。" in one("C2", [], typed, own).zh


def test_papers_say_which_are_missing():
    typed = {"work_orders": [{"work_order_no": "WX-00001", "result": "carried_over", "confirm_signature": False}],
             "delay_analyses": []}  # fmt: skip
    said = one("WX-00001", ["carry_over"], typed)
    assert "没填：转入单号、客观原因。填了“否”：转单签字确认。" in said.zh
    assert "Empty: Carried to, Outside reason. Marked “no”: Carry-over confirmed." in said.en
    typed["work_orders"][0]["result"] = "delayed"
    assert "里没有它的那一行" in one("WX-00001", ["delay_form"], typed).zh


def test_a_part_says_its_sum():
    typed = {"parts": [{"part_no": "P1", "opening_qty": 5, "min_qty": 4}],
             "stock_moves": [{"move_no": "M1", "part_no": "P1", "direction": "out", "quantity": 2}]}  # fmt: skip
    assert "期初 5 + 入库 0 − 出库 2 = 现存 3；“最低数量”是 4。" in one("P1", ["low_stock"], typed).zh


def test_a_visit_says_its_period_and_what_served_it():
    visit = {"visit_no": "V1", "contract_no": "HT-1", "kind": "quarterly", "visited_on": "2026-07-01"}
    contract = {"contract_no": "HT-1", "accepted_on": "2026-04-30", "guarantee_months": 6}
    typed = {"contracts": [contract], "visits": [visit]}
    first, second = told("HT-1", ["visit_guarantee"], typed)
    assert "2026年4月30日 起，每 3 个月一次。这一期是 2026年5月1日 到 2026年7月30日。2026年7月1日 做了。" in first.zh
    assert "这一期是 2026年7月31日 到 2026年10月30日。这一期没有记录。" in second.zh


def test_a_repeat_names_the_earlier_record_and_a_gap_its_numbers():
    orders = [
        {"work_order_no": "WX-00001", "equipment": "S1", "fault_kind": "power", "arrived_at": "2026-11-01 09:00",
         "finished_at": "2026-11-01 10:00"},
        {"work_order_no": "WX-00004", "equipment": "S1", "fault_kind": "power", "arrived_at": "2026-11-11 10:00"},
    ]  # fmt: skip
    typed = {"work_orders": orders, "work_order_books": [
        {"book_no": "B1", "serial_from": "WX-00001", "serial_to": "WX-00020", "issued_to": "E01"}
    ]}  # fmt: skip
    assert "和 WX-00001 相同的设备、故障类别" in one("WX-00004", ["repeat_repair"], typed).zh
    assert "10 天后又来，30 天之内算重复" in one("WX-00004", ["repeat_repair"], typed).zh
    assert "夹在已用的号中间" in one("WX-00002–WX-00003", ["wo_serial"], typed).zh


def test_a_record_that_nobody_typed_is_refused_with_a_guess():
    with pytest.raises(ServicebookError, match="C1"):
        told("C11", ["first_reply"], HELD)
