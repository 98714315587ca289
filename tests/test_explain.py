"""Receipts: what a person is told about why a record is flagged, and that it can be checked by hand."""

import re
from datetime import date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_oracle import bench, months, schema, shipped

from sync import words
from sync.engines import rows
from sync.explain import explain, for_pages, receipt
from sync.flag import flag
from sync.model import Flag, ServicebookError

NOW = datetime(2026, 11, 22, 2, 0)
WORDS = words.load()
ZH = re.compile(r"(\d{4})年(\d+)月(\d+)日（周.）(\d\d):(\d\d)")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def judged(promises, typed, own=None, now=NOW, judge_from=None):
    """The declarations, the bench and the flags of *typed*."""
    asked = schema(promises, own)
    made = bench(typed, now, named=str(asked.promises), judge_from=judge_from)
    return asked, made, [Flag(**line) for line in rows(made.tables.engine.columns(flag(asked, made)))]


def told(record, promises, typed, own=None, now=NOW):
    """The receipts of *record*, in Chinese and in English."""
    asked, made, found = judged(promises, typed, own, now)
    return explain(record, found, [], asked, made, WORDS)


def one(*args, **kwargs):
    receipts = told(*args, **kwargs)
    assert len(receipts) == 1
    assert "{" not in str(receipts[0])
    assert "receipt_" not in str(receipts[0])
    return receipts[0]


def a_clock(**more):
    usual = {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register", "rule": "X",
             "starts": "received_at", "stops": "fixed_at"}  # fmt: skip
    return {"try": usual | more}


def a_call(**more):
    return {"call_register": [{"call_no": "C1", "received_at": "2026-11-18 09:00"} | more]}


HELD = {
    "call_register": [{"call_no": "C1", "received_at": "2026-11-18 09:00", "technician_told_at": "2026-11-18 09:20",
                       "hold_from": "2026-11-18 10:00", "hold_to": "2026-11-18 12:00", "assigned_to": "E01"}],
    "hold_periods": [{"hold_no": "ZT-1", "register": "call_register", "record_no": "C1",
                      "from_at": "2026-11-18 12:00", "to_at": "2026-11-18 13:00"}],
}  # fmt: skip


# ---------------------------------------------------------------- what is said


def test_a_receipt_is_a_few_lines_that_can_be_read_aloud():
    said = one("C1", ["arrive_on_site"], HELD)
    assert said.zh.splitlines() == [
        "C1 · 到达现场（R003，手册 procedures/repair-call#arrive）",
        "从“来电时间”2026年11月18日（周三）09:00 起算，限 24 小时。",
        "暂停过 11月18日 10:00 至 12:00（2 小时）、11月18日 12:00 至 13:00（1 小时），共 3 小时不计。",
        "最迟 2026年11月19日（周四）12:00。",
        (
            "截至 2026年11月22日（周日）02:00：超时（未见“到场时间”）。超出 2 天 14 小时。"
            "先问一声：做了就补上“到场时间”，没做马上做。"
        ),
    ]
    assert said.en.splitlines() == [
        "C1 · Arrival on site (R003, handbook procedures/repair-call#arrive)",
        "Counted from “Called at”, Wed 18 Nov 2026, 09:00; limit 24 hours.",
        "On hold 18 Nov 10:00 to 12:00 (2 h), 18 Nov 12:00 to 13:00 (1 h): 3 h in all do not count.",
        "Due Thu 19 Nov 2026, 12:00.",
        (
            "As of Sun 22 Nov 2026, 02:00: Overdue (no “Arrived at” recorded). Past due by 2 days 14 h. "
            "Ask first: if it was done, fill in “Arrived at”; if not, do it now."
        ),
    ]


def test_the_due_moment_of_an_elapsed_clock_can_be_worked_out_from_its_words():
    said = one("C1", ["arrive_on_site"], HELD)
    start, due, *_ = (datetime(*map(int, found)) for found in ZH.findall(said.zh))
    limit = int(re.search(r"限 (\d+) 小时", said.zh)[1])
    held = int(re.search(r"共 (\d+) 小时不计", said.zh)[1])
    assert start + timedelta(hours=limit + held) == due == said.data["due"]


def test_it_names_the_moment_that_started_the_clock():
    title = shipped().registers["call_register"].by_name["technician_told_at"].title.zh
    assert f"从“{title}”2026年11月18日（周三）09:20 起算" in one("C1", ["first_reply"], HELD).zh
    assert "从“来电时间”2026年11月18日（周三）09:00 起算" in one("C1", ["first_reply"], a_call()).zh


def test_a_start_in_another_register_is_named_with_it_and_one_that_is_lost_is_said():
    typed = {
        "call_register": [{"call_no": "C1", "received_at": "2026-11-16 15:02"}],
        "work_orders": [{"work_order_no": "WX-00001", "call_no": "C1"}, {"work_order_no": "WX-00002", "call_no": "C9"}],
    }
    assert "从“报修登记的来电时间”" in one("WX-00001", ["hand_in"], typed).zh
    assert "读不出来，或者查不到对应的那一行" in one("WX-00002", ["hand_in"], typed).zh


def test_an_office_clock_names_the_days_that_did_not_count():
    own = a_clock(limit="2 working days", calendar="office")
    typed = {"call_register": [{"call_no": "C1", "received_at": "2026-09-30 10:00"},
                               {"call_no": "C2", "received_at": "2026-10-09 19:00"}]}  # fmt: skip
    said = one("C1", [], typed, own)
    assert "按“办公时间”数工作日：起点那天是第 0 天，到最后一天的同一钟点。" in said.zh
    assert "中间不算的：10月1日～10月7日 国庆节。" in said.zh
    assert "Not counted: 1 Oct～7 Oct National Day." in said.en
    assert said.data["due"] == datetime(2026, 10, 9, 10)
    late = one("C2", [], typed, own)
    assert "那时没在上班，起点算作 10月10日 09:00。" in late.zh
    assert "中间不算的：10月11日 周末。周末也上班、照算的：10月10日 国庆节补班。" in late.zh
    assert "make-up day, National Day" in late.en


@pytest.mark.parametrize(
    ("rang", "limit", "hours"),
    [("10:00", "1 h", ""), ("11:30", "1 h", "（09:00～12:00、13:30～18:00）"), ("17:30", "1 h", "（09:00～12:00")],
)
def test_the_hours_are_told_where_the_clock_runs_across_a_pause(rang, limit, hours):
    said = one("C1", [], a_call(received_at=f"2026-11-18 {rang}"), a_clock(limit=limit, calendar="office"))
    assert f"按“办公时间”只算上班时间{hours}" in said.zh


def test_a_last_day_that_was_shifted_says_from_where():
    """The corresponding day of 31 August is 30 November in a shorter month; half a year later it is a Sunday."""
    own = a_clock(limit="3 months", calendar="office", shift="next_workday")
    said = one("C1", [], a_call(received_at="2026-08-31 09:00"), own)
    assert "限 3 个月。那个月没有 31 日，算到月底。" in said.zh
    assert "最迟 2026年11月30日（周一）24:00。" in said.zh
    moved = one("C1", [], a_call(received_at="2026-08-22 09:00"), own)
    assert "最后一天本来是 2026年11月22日 周末，“办公时间”那天不上班，改到 11月23日。" in moved.zh


def test_a_limit_that_the_row_decides_says_what_it_comes_to():
    typed = {"contracts": [{"contract_no": "HT-1", "accepted_on": "2026-04-30", "guarantee_months": 25}]}
    own = a_clock(register="contracts", starts="accepted_on", stops="", limit="ceil(guarantee_months / 10) days")
    assert "，就是 3 天。最迟 2026年5月3日（周日）24:00。" in one("HT-1", [], typed, own).zh.replace("\n", "")


def test_held_time_is_told_to_the_minute_and_a_hold_after_the_end_not_at_all():
    """A day and five hours would not lead to the due moment, which is 29 hours and 34 minutes later."""
    held = {"hold_from": "2026-11-18 10:00", "hold_to": "2026-11-19 15:34"}
    said = one("C1", ["arrive_on_site"], a_call(**held))
    assert "共 29 小时 34 分钟不计。最迟 2026年11月20日（周五）14:34。" in said.zh.replace("\n", "")
    assert "暂停" not in one("C1", ["arrive_on_site"], a_call(**held, arrived_at="2026-11-18 09:50")).zh


def test_a_cap_on_holds_is_told_where_they_came_to_more():
    """Nine days of waiting, of which five count; a shorter wait is told as ever."""
    own = a_clock(limit="24 h", holds="hold_periods", hold_cap="5 days")
    held = {"hold_from": "2026-11-18 10:00", "hold_to": "2026-11-27 10:00"}
    said = one("C1", [], a_call(**held), own, now=datetime(2026, 11, 29, 9))
    assert (
        "暂停过 11月18日 10:00 至 11月27日 10:00，停了 9 天，最多算 5 天。最迟 2026年11月24日（周二）09:00。"
        in said.zh.replace("\n", "")
    )
    assert "9 days in all, of which at most 5 days do not count." in said.en
    assert said.data["facts"]["hold_cap_minutes"] == 5 * 1440
    short = one("C1", [], a_call(hold_from="2026-11-18 10:00", hold_to="2026-11-19 10:00"), own)
    assert "，共 24 小时不计。" in short.zh
    later = {"hold_no": "ZT-1", "register": "call_register", "record_no": "C1", "from_at": "2026-11-28 10:00"}
    after = one("C1", [], a_call(**held) | {"hold_periods": [later]}, own, now=datetime(2026, 11, 29, 9)).zh
    assert "11月28日 10:00 至 现在（不计入），停了 9 天，最多算 5 天。" in after


def test_a_date_begins_when_work_does():
    typed = {"contracts": [{"contract_no": "HT-1", "accepted_on": "2026-09-30"}]}
    own = a_clock(register="contracts", starts="accepted_on", stops="", limit="1 working day", calendar="office")
    assert "只写了日期，起点算作 9月30日 09:00 上班。" in one("HT-1", [], typed, own).zh


def test_a_hold_that_began_after_the_due_moment_is_told_and_counts_for_nothing():
    late = a_call(hold_from="2026-11-20 10:00", hold_to="2026-11-20 12:00")
    said = one("C1", ["arrive_on_site"], late)
    assert "暂停过 11月20日 10:00 至 12:00，没有落在计时之内，不顺延。" in said.zh
    assert [hold["minutes"] for hold in said.data["facts"]["holds"]] == [0]


# ---------------------------------------------------------------- who may be called late


def test_only_a_recorded_time_is_late():
    """What nobody wrote down may have been done: it is asked for, by the header of the cell."""
    unseen = one("C1", ["arrive_on_site"], a_call())
    seen = one("C1", ["arrive_on_site"], a_call(arrived_at="2026-11-20 09:00"))
    assert "超时（未见“到场时间”）" in unseen.zh
    assert "超时完成" in seen.zh
    assert "未见" not in seen.zh
    assert "先问" not in seen.zh


def test_every_clock_that_something_stops_says_what_was_not_seen():
    clocks = [promise for promise in shipped().promises if promise.kind == "clock" and promise.stops]
    assert len(clocks) >= 5
    for promise in clocks:
        title = shipped().field_at(promise.register, promise.stops).title
        assert WORDS.standing("overdue", promise, shipped(), "zh") == f"超时（未见“{title.zh}”）"
        assert WORDS.standing("overdue", promise, shipped(), "en") == f"Overdue (no “{title.en}” recorded)"
        assert WORDS.standing("met_late", promise, shipped(), "zh") == "超时完成"
    visits = next(promise for promise in shipped().promises if promise.kind == "recurrence")
    assert WORDS.standing("overdue", visits, shipped(), "zh") == "超时未完"


def test_a_status_opens_with_what_both_words_for_it_have_in_common():
    """The colours of a book look at the first words of a status."""
    assert WORDS.openings["overdue"] == "● 超时"
    assert WORDS.openings["met_late"] == "△ 超时完成"


# ---------------------------------------------------------------- what may be published


def test_a_page_tells_no_moment_of_a_hold_that_its_register_keeps():
    asked, made, found = judged(["arrive_on_site"], HELD)
    assert "11月18日 10:00 至 12:00" in for_pages(found, asked, made, WORDS)[found[0]]["zh"]
    for name, hidden in (("call_register", "hold_to"), ("hold_periods", "from_at")):
        register = asked.registers[name]
        kept = msgspec.structs.replace(register, publish=[field for field in register.publish if field != hidden])
        closed = msgspec.structs.replace(asked, registers={**asked.registers, name: kept})
        said = for_pages(found, closed, made, WORDS)[found[0]]["zh"]
        assert "暂停过，共 3 小时不计。" in said
        assert "10:00 至" not in said


# ---------------------------------------------------------------- the due moment, worked out from the data alone


def recomputed(data):
    """When the clock is due, by somebody who has nothing but the receipt's data."""
    facts = data["facts"]
    if "written" in facts:
        at = facts["written"]["at"]
        later = facts["written"]["tolerance_minutes"] * MINUTE
        return _pushed(facts, data["start"], at + later if isinstance(at, datetime) else _midnight(at) + DAY)
    back, number = "before" in facts, facts["amount"]
    since = facts["before"]["at"] if back else data["start"]
    due = COUNTED[facts["meaning"]](facts, since, number, -1 if back else 1)
    return _pushed(facts, data["start"], due)


def _elapsed(facts, since, number, way):
    return since + way * round(number * SCALE[facts["unit"]]) * MINUTE


def _working_time(facts, since, number, way):
    at, left = since, round(number * SCALE[facts["unit"]])
    while left:
        at += min(way, 0) * MINUTE
        left -= _runs(facts, at)
        at += max(way, 0) * MINUTE
    return at


def _snap(facts, since, number, way):
    at = since
    while not (_runs(facts, at) if way > 0 else _runs(facts, at) or _runs(facts, at - MINUTE)):
        at += way * MINUTE
    return datetime.combine(_workdays_on(facts, at.date(), number, way), at.time())


def _end_of_day(facts, since, number, way):
    first = _snap(facts, since, 0, 1).date() if way > 0 else since.date()
    last = _workdays_on(facts, first, number, way)
    return _midnight(last) + max(closes for _, closes in _hours(facts, last)) * MINUTE


def _calendar_days(facts, since, number, way):
    return _ended(facts, since.date() + way * DAY * int(number * (7 if facts["unit"] == "week" else 1)))


def _months(facts, since, number, way):
    return _ended(facts, months(since.date(), way * int(number)).date())


def _ended(facts, last):
    while facts["shift"] != "none" and not _hours(facts, last):
        last += DAY if facts["shift"] == "next_workday" else -DAY
    return _midnight(last) + DAY


COUNTED = {"elapsed": _elapsed, "working_time": _working_time, "snap": _snap, "end_of_day": _end_of_day,
           "calendar_days": _calendar_days, "months": _months}  # fmt: skip
SCALE = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}


def _workdays_on(facts, day, left, way):
    while left:
        day += way * DAY
        left -= bool(_hours(facts, day))
    return day


def _hours(facts, day):
    """The hours of *day*, in minutes: those that the receipt lists, else those of the week."""
    calendar = facts["calendar"]
    own = {step["date"]: step["hours"] for step in calendar["days"]}
    found = own.get(day, calendar["week"][("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]])
    return [tuple(int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-")) for hours in found]


def _runs(facts, at):
    """Whether the clock runs in the minute that begins at *at*."""
    if not facts.get("calendar", {}).get("runs"):
        return True
    minute = at.hour * 60 + at.minute
    return any(opens <= minute < closes for opens, closes in _hours(facts, at.date()))


def _pushed(facts, start, due):
    """*due* later by the minutes that the clock stood before it: every minute is walked, held ones are not counted."""
    spans = [(hold["from"], hold["until"]) for hold in facts["holds"]]
    left = sum(_runs(facts, start + n * MINUTE) for n in range((due - start) // MINUTE))
    at, held, cap = start, 0, facts.get("hold_cap_minutes", float("inf"))
    while left:
        stands = held < cap and any(a <= at < b for a, b in spans)
        left -= _runs(facts, at) and not stands
        held += _runs(facts, at) and stands
        at += MINUTE
    assert held == sum(hold["minutes"] for hold in facts["holds"])
    return at if held else due


def _midnight(day):
    return datetime.combine(day, time())


OFFICE = {"calendar": "office"}
MEANINGS = [
    {"limit": "2 working days", **OFFICE},
    {"limit": "2 working days", "meaning": "end_of_day", **OFFICE},
    {"limit": "9 h", **OFFICE},
    {"limit": "30 min"},
    {"limit": "26 h"},
    {"limit": "3 days"},
    {"limit": "1 week"},
    {"limit": "1 month"},
    {"limit": "1 month", "shift": "next_workday", **OFFICE},
    {"limit": "1 month", "shift": "previous_workday", **OFFICE},
    {"limit": "4 days", "shift": "next_workday", **OFFICE},
    {"due": "promised_arrival"},
    {"due": "promised_arrival", **OFFICE},
    {"due": "promised_arrival", "tolerance": "30 min"},
    {"before": "promised_arrival", "limit": "1 working day", **OFFICE},
    {"before": "promised_arrival", "limit": "2 working days", "meaning": "end_of_day", **OFFICE},
    {"before": "promised_arrival", "limit": "5 h", **OFFICE},
    {"before": "promised_arrival", "limit": "2 days", "shift": "previous_workday", **OFFICE},
]
HOLDS = {"holds": "hold_periods"}
CAPPED = {"holds": "hold_periods", "hold_cap": "100 min"}
FIRST = datetime(2026, 9, 23)  # make-up days, a long holiday and two weekends lie ahead
MOMENTS = st.integers(0, 6 * 24 * 22).map(lambda n: FIRST + n * 10 * MINUTE)
COMPANY = [
    {"line_no": "RL-26-001", "kind": "off", "from_on": "2026-10-08", "half": "morning", "name": "停电"},
    {"line_no": "RL-26-002", "kind": "off", "from_on": "2026-10-12", "name": "年检"},
    {"line_no": "RL-26-003", "kind": "work", "from_on": "2026-10-17", "half": "morning"},
]


@st.composite
def calls(draw):
    """A few calls, and whether the company calendar has lines."""
    found = [draw(a_held_call(f"C{n}")) for n in range(draw(st.integers(1, 4)))]
    holds = [hold | {"hold_no": f"ZT-{n}"} for n, hold in enumerate(hold for _, listed in found for hold in listed)]
    return {"call_register": [call for call, _ in found], "hold_periods": holds,
            "calendar": COMPANY if draw(st.booleans()) else []}  # fmt: skip


@st.composite
def a_held_call(draw, call_no):
    """A call with up to three holds: its own, and two of the register; they may overlap or have no end."""
    call = {"call_no": call_no, "received_at": draw(MOMENTS), "promised_arrival": draw(MOMENTS)}
    spans = [sorted(draw(st.tuples(MOMENTS, MOMENTS))) for _ in range(draw(st.integers(0, 3)))]
    ends = [draw(st.sampled_from([b, b, None])) for _, b in spans]
    if spans:
        call |= {"hold_from": spans[0][0]} | ({"hold_to": ends[0]} if ends[0] else {})
    if draw(st.booleans()):
        call["fixed_at"] = call["received_at"] + draw(st.integers(0, 1500)) * 10 * MINUTE
    listed = [
        {"register": "call_register", "record_no": call_no, "from_at": a} | ({"to_at": b} if b else {})
        for (a, _), b in zip(spans[1:], ends[1:], strict=True)
    ]
    return call, listed


@settings(max_examples=15, deadline=None)
@given(typed=calls(), options=st.sampled_from(MEANINGS), held=st.sampled_from([{}, HOLDS, CAPPED]))
def test_the_due_moment_can_be_worked_out_from_the_data_of_its_receipt(typed, options, held):
    """Whatever the limit means, with make-up days, half days and holds, capped or not."""
    fixed = {"before", "tolerance", "shift"} & options.keys()
    own = a_clock(**options, **({} if fixed else held))
    asked, made, found = judged([], typed, own, now=datetime(2026, 10, 14, 9), judge_from=FIRST.date())
    assert len(found) == len(typed["call_register"])
    for one_flag in found:
        data = receipt(one_flag, asked, made, WORDS).data
        assert recomputed(data) == data["due"], data["facts"]


@pytest.mark.parametrize("options", MEANINGS, ids=lambda options: " ".join(options.values()))
def test_each_meaning_can_be_worked_out_from_its_receipt(options):
    """A call at half past six on the evening before the long holiday."""
    call = a_call(received_at="2026-09-30 18:30", promised_arrival="2026-10-12 14:00")
    asked, made, found = judged([], call | {"calendar": COMPANY}, a_clock(**options), judge_from=FIRST.date())
    said = receipt(found[0], asked, made, WORDS)
    assert recomputed(said.data) == said.data["due"]
    assert len(said.zh.splitlines()) <= 6
    assert len(said.en.splitlines()) <= 6


def test_a_limit_by_quantity_can_be_worked_out_from_its_receipt():
    typed = {"contracts": [{"contract_no": "HT-1", "accepted_on": "2026-04-30", "guarantee_months": 25}]}
    for limit in ("ceil(guarantee_months / 10) working days", "guarantee_months months", "guarantee_months days"):
        own = a_clock(register="contracts", starts="accepted_on", stops="", limit=limit, calendar="office")
        data = one("HT-1", [], typed, own).data
        assert data["facts"]["amount"] == (3 if "ceil" in limit else 25)
        assert recomputed(data) == data["due"]


def test_the_data_carry_the_promise_and_its_clause():
    facts = one("C1", ["arrive_on_site"], HELD).data["facts"]
    assert facts["promise"] == {"title": {"zh": "到达现场", "en": "Arrival on site"}, "rule": "R003",
                                "handbook": "procedures/repair-call#arrive"}  # fmt: skip
    assert facts["start"] == {"field": "received_at", "at": datetime(2026, 11, 18, 9)}
    assert [hold["minutes"] for hold in facts["holds"]] == [120, 60]
    days = one("C1", [], a_call(received_at="2026-09-30 10:00"), a_clock(limit="8 working days", **OFFICE)).data
    assert [(step["date"], step["why"]) for step in days["facts"]["calendar"]["days"]][-2:] == [
        (date(2026, 10, 10), "make_up"), (date(2026, 10, 11), "weekend")
    ]  # fmt: skip


# ---------------------------------------------------------------- the other kinds


def test_papers_say_which_are_missing():
    typed = {"work_orders": [{"work_order_no": "WX-00001", "result": "carried_over", "confirm_signature": False}],
             "delay_analyses": []}  # fmt: skip
    said = one("WX-00001", ["carry_over"], typed)
    assert "没填：转入单号、客观原因。填了“否”：转单签字确认。" in said.zh
    assert "Empty: Carried to, Outside reason. Marked “no”: Carry-over confirmed." in said.en
    typed["work_orders"][0]["result"] = "delayed"
    form = {"kind": "presence", "title": {"zh": "附延时单", "en": "Delay form"}, "register": "work_orders",
            "when": {"result": ["delayed"]}, "needs_row": {"register": "delay_analyses", "key": "work_order_no"},
            }  # fmt: skip
    assert "里没有它的那一行" in one("WX-00001", [], typed, {"form": form}).zh


def test_a_paper_says_what_called_for_it_and_where_it_was_handed_in():
    call = {"call_no": "C1", "received_at": "2026-11-18 09:00", "fault_class": "general",
            "arrived_at": "2026-11-18 10:00", "fixed_at": "2026-11-18 13:00"}  # fmt: skip
    order = {"work_order_no": "W1", "call_no": "C1", "result": "fixed", "finished_at": "2026-11-18 13:00"}
    form = {"delay_no": "Y1", "work_order_no": "W1", "handed_in_at": "2026-11-20 08:00"}
    typed = {"call_register": [call], "work_orders": [order], "delay_analyses": [form]}
    said = one("W1", ["delay_form", "fix_general"], typed)
    assert "“排除一般故障”超时了，所以要这一样。" in said.zh
    assert "“延时原因分析的上交时间”是 2026年11月20日（周五）08:00。" in said.zh
    assert said.data["due"] == recomputed(said.data)
    order |= {"result": "delayed", "finished_at": None}
    typed["delay_analyses"] = []
    said = one("W1", ["delay_form", "fix_general"], typed)
    assert "“结果”是“延时”。" in said.zh
    assert "超时（未见“延时原因分析的上交时间”）" in said.zh
    assert "Overdue (no “Delay analyses: Handed in at” recorded)" in said.en


def test_a_part_says_its_sum():
    typed = {"parts": [{"part_no": "P1", "opening_qty": 5, "min_qty": 4}],
             "stock_moves": [{"move_no": "M1", "part_no": "P1", "direction": "out", "quantity": 2}]}  # fmt: skip
    said = one("P1", ["low_stock"], typed)
    assert "期初 5 + 入库 0 − 出库 2 = 现存 3；“最低数量”是 4。" in said.zh
    facts = said.data["facts"]
    assert (facts["opening"], facts["in"], facts["out"], facts["on_hand"], facts["par"]) == (5, 0, 2, 3, 4)


def test_a_visit_says_its_period_and_what_served_it():
    visit = {"visit_no": "V1", "contract_no": "HT-1", "kind": "quarterly", "visited_on": "2026-07-01"}
    contract = {"contract_no": "HT-1", "accepted_on": "2026-04-30", "guarantee_months": 6}
    typed = {"contracts": [contract], "visits": [visit]}
    first, second = told("HT-1", ["visit_guarantee"], typed)
    assert "2026年4月30日 起，每 3 个月一次。这一期是 2026年5月1日 到 2026年7月30日，" in first.zh
    assert "，首尾两天都算在内。2026年7月1日 做了。" in first.zh
    assert "这一期是 2026年7月31日 到 2026年10月30日，首尾两天都算在内。这一期没有记录。" in second.zh


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
