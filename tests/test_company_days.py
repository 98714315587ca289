"""The company calendar: what staff type has the last word, faults are pointed out, and a year stays provisional until
somebody says that all of it is in."""

import json
import shutil
from datetime import date, datetime, timedelta

import msgspec
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from night_department import Department, department, job
from rule_oracle import clock, judged, shipped
from test_explain import one
from validated import night, problem_lines, workplace

from sync.declarations import load
from sync.engines import ENGINES
from sync.model import TAG_EMPTY, TAG_TEXT, Raw
from sync.rules import KINDS
from sync.rules.company import company_days, needed
from sync.schema import SHIPPED, CompanyDay
from sync.settings import adopt
from sync.workdays import Workdays

OFFICE = shipped().calendars["office"]
HEAD = ["日历编号", "安排", "开始日期", "结束日期", "半天", "名称", "适用日历", "作废", "作废原因", "并入单号"]
NOON = 720


def lines(*written):
    """Lines of the register as they count: `work 2027-02-20`, `off 2026-12-31 2026-12-31 morning`."""
    names = ("kind", "from", "to", "half")
    return [msgspec.convert(dict(zip(names, line.split(), strict=False)), CompanyDay) for line in written]


# ---------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("said", "at", "minutes"),
    [
        (["off 2026-12-30 2027-01-03"], "2026-12-29", 450),
        (["off 2026-12-30 2027-01-03"], "2026-12-30", 0),
        (["off 2026-12-30 2027-01-03"], "2027-01-01", 0),
        (["off 2026-12-30 2027-01-03"], "2027-01-04", 450),
        (["off 2027-02-26 2027-03-01"], "2027-03-01", 0),
        (["off 2027-02-26 2027-03-01"], "2027-03-02", 450),
        (["work 2027-02-20"], "2027-02-20", 450),
        (["work 2027-02-20"], "2027-02-21", 0),
        (["work 2027-02-20 2027-02-20 morning"], "2027-02-20", 180),
        (["work 2027-02-19 2027-02-20 afternoon"], "2027-02-19", 270),
        (["off 2027-02-19 2027-02-20 morning"], "2027-02-19", 270),
        (["off 2027-02-19 2027-02-20 morning"], "2027-02-20", 0),
        (["off 2026-10-10 2026-10-10 afternoon"], "2026-10-10", 180),
        (["work 2026-10-01 2026-10-01 morning"], "2026-10-01", 180),
        (["off 2027-02-15 2027-02-19", "work 2027-02-17"], "2027-02-17", 450),
        (["work 2027-02-17", "off 2027-02-15 2027-02-19"], "2027-02-17", 0),
        (["work 2027-02-20", "off 2027-02-20 2027-02-20 morning"], "2027-02-20", 270),
        (["off 2027-02-15 2027-02-19", "off 2027-02-17 2027-02-17 morning"], "2027-02-17", 270),
    ],
)
def test_a_day_is_what_the_lines_say(said, at, minutes):
    """National Day 2026 is off and the tenth of October a worked Saturday; of 2027 nothing is official."""
    assert Workdays(OFFICE, lines(*said)).day(date.fromisoformat(at)).minutes == minutes


def test_the_register_goes_before_the_file_of_the_calendar():
    filed = msgspec.structs.replace(OFFICE, company_days=lines("off 2026-11-19 2026-11-20"))
    days = Workdays(filed, lines("work 2026-11-20"))
    assert [days.day(date(2026, 11, at)).minutes for at in (19, 20)] == [0, 450]


def test_only_a_year_that_is_typed_in_whole_is_no_longer_provisional():
    some = Workdays(OFFICE, lines("off 2027-01-01", "work 2027-02-20"))
    assert (some.knows(2027), some.day(date(2027, 1, 1)).provisional) == (False, True)
    whole = Workdays(OFFICE, lines("off 2027-01-01", "published 2027-07-01"))
    assert [whole.knows(year) for year in (2026, 2027, 2028)] == [True, True, False]
    assert [whole.day(date(year, 1, 1)).provisional for year in (2026, 2027, 2028)] == [False, False, True]
    assert whole.day(date(2027, 7, 1)).minutes == 450  # the line is about a year, not about its day


def test_next_year_is_wanted_from_november():
    days = Workdays(OFFICE)
    assert days.unannounced(date(2026, 10, 31)) == []
    assert days.unannounced(date(2026, 11, 1)) == [2027]
    assert days.unannounced(date(2027, 3, 1)) == [2027]
    assert Workdays(OFFICE, lines("published 2027-01-01")).unannounced(date(2026, 12, 1)) == []
    assert Workdays(shipped().calendars["hotline_6x24"]).unannounced(date(2026, 12, 1)) == []


def test_a_half_day_keeps_its_name():
    day = Workdays(OFFICE, [CompanyDay(first=date(2026, 12, 31), half="afternoon", name="年终盘点")]).day(
        date(2026, 12, 31)
    )
    assert (day.spans, day.name, day.halved) == (((540, 720),), "年终盘点", True)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"from": "2027-02-11", "to": "2027-02-05"}, "before it begins"),
        ({"from": "2027-02-30"}, "date"),
        ({"from": "2027-02-05", "kind": "rest"}, "rest"),
        ({"from": "2027-02-05", "half": "noon"}, "noon"),
        ({"from": "2027-02-05", "until": "2027-02-06"}, "until"),
        ({"kind": "off"}, "from"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused(line, why):
    with pytest.raises(msgspec.ValidationError, match=why):
        msgspec.convert(line, CompanyDay)


# ---------------------------------------------------------------- the sheet


def cells(*texts):
    return [Raw(text, TAG_TEXT) if text else Raw("", TAG_EMPTY) for text in texts]


def read(typed, on="polars", head=HEAD):
    """The tables of a book with a company calendar of the rows *typed*, and of no other register."""
    declared = msgspec.structs.replace(shipped(), registers={"calendar": shipped().registers["calendar"]}, promises=[])
    body = [cells(*row, *[""] * (len(head) - len(row))) for row in typed]
    return night({"公司日历": [cells(*head), *body]}, declared, workplace(), on)


def said(tables):
    return company_days(tables["calendar"], shipped().calendars, "office", tables.engine)


NOTICE = [
    ["RL-27-001", "放假", "2027-01-01", "2027-01-03", "", "元旦"],
    ["RL-27-002", "休息", "2027年2月5日", "2027/2/11", "", "春节"],
    ["RL-27-003", "补班", "2027-02-20", "", "全天", "春节补班"],
    ["RL-27-004", "放假", "2027-12-31", "", "下午", "年终盘点", "办公时间"],
    ["RL-27-005", "全年已录", "2027-01-01"],
    ["RL-27-006", "", "", ""],
]


@pytest.mark.parametrize("on", ENGINES)
def test_a_notice_typed_in_the_words_of_staff(on):
    found = said(read(NOTICE, on))
    assert problem_lines(read(NOTICE, on)) == []
    assert set(found) == {"office"}
    days = Workdays(OFFICE, found["office"])
    worked = {at: days.day(date.fromisoformat(at)).minutes for at in ("2027-02-05", "2027-02-20", "2027-12-31")}
    assert worked == {"2027-02-05": 0, "2027-02-20": 450, "2027-12-31": 180}
    assert days.knows(2027)


def test_without_a_calendar_a_line_is_about_all_that_keep_official_holidays():
    calendars = {**shipped().calendars, "site": msgspec.structs.replace(OFFICE, name="site")}
    tables = read([["RL-27-001", "放假", "2027-01-01"], ["RL-27-002", "放假", "2027-03-08", "", "", "", "热线 6×24"]])
    found = company_days(tables["calendar"], calendars, "site", tables.engine)
    assert {name: [line.first.day for line in days] for name, days in found.items()} == {
        "office": [1], "site": [1], "hotline_6x24": [8],
    }  # fmt: skip


def test_office_hours_are_those_that_the_department_chose():
    calendars = {**shipped().calendars, "site": msgspec.structs.replace(OFFICE, name="site")}
    tables = read([["RL-27-001", "放假", "2027-01-01", "", "", "", "办公时间"]])
    assert set(company_days(tables["calendar"], calendars, "site", tables.engine)) == {"site"}


def test_lines_with_faults_say_nothing_and_are_problems():
    tables = read([
        ["RL-27-001", "放假", "2月5日"],
        ["RL-27-002", "放假", "2027-02-05", "二月十一"],
        ["RL-27-003", "放假", "2027-02-11", "2027-02-05"],
        ["RL-27-004", "调休", "2027-02-20"],
        ["RL-27-005", "放假", "2027-02-20", "", "半天"],
        ["RL-27-006", "放假", "2027-02-20", "", "", "", "火星时间"],
        ["RL-27-007", "放假", "2027-02-20", "", "", "", "", "是", "打错了"],
        ["RL-27-008", "", "2027-02-20"],
    ])  # fmt: skip
    assert said(tables) == {}
    faults = [(line[5], line[0]) for line in problem_lines(tables)]
    assert sorted(faults) == [
        (2, "date-year-missing"), (3, "date-unreadable"), (4, "order-wrong"), (5, "choice-unknown"),
        (6, "choice-unknown"), (7, "choice-unknown"), (9, "required-empty"),
    ]  # fmt: skip


@pytest.mark.parametrize("lost", ["半天", "结束日期", "适用日历"])
def test_where_a_column_was_lost_no_line_is_guessed_at(lost):
    head = [title for title in HEAD if title != lost]
    tables = read([["RL-27-001", "放假", "2027-02-05"]], head=head)
    assert said(tables) == {}
    assert [line[0] for line in problem_lines(tables)] == ["header-missing"]


def test_days_count_without_their_names():
    tables = read([["RL-27-001", "放假", "2027-02-05"]], head=[title for title in HEAD if title != "名称"])
    assert [line.first for line in said(tables)["office"]] == [date(2027, 2, 5)]


# ---------------------------------------------------------------- lines that contradict each other


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize(
    ("typed", "pairs"),
    [
        ([["放假", "2027-02-05", "2027-02-11"], ["上班", "2027-02-11"]], [(3, 2, "2027-02-11")]),
        ([["上班", "2027-02-11"], ["放假", "2027-02-05", "2027-02-11"]], [(3, 2, "2027-02-11")]),
        ([["放假", "2027-02-05"], ["放假", "2027-02-05", "", "上午"]], [(3, 2, "2027-02-05")]),
        ([["放假", "2027-02-05", "2027-02-11"], ["放假", "2027-02-10", "2027-02-14"]], []),
        ([["放假", "2027-02-05", "2027-02-11"], ["上班", "2027-02-12"]], []),
        ([["放假", "2027-02-05"], ["全年已录", "2027-02-05"]], []),
        ([["放假", "2027-02-05"], ["上班", "2027-02-05", "", "", "", "热线 6×24"]], []),
        ([["放假", "2027-02-05"], ["上班", "2027-02-05", "", "", "", "办公时间"]], []),  # an exception on purpose
        ([["上班", "2027-02-05", "", "", "", "办公时间"], ["放假", "2027-02-05"]], [(3, 2, "2027-02-05")]),
        ([["放假", "2027-02-05"], ["上班", "2027-02-05", "", "", "", "", "是", "错"]], []),
    ],
)
def test_two_lines_about_one_day_that_differ_are_pointed_out_at_the_one_that_counts(typed, pairs, on):
    tables = read([[f"RL-27-{n:03}", *row] for n, row in enumerate(typed, 1)], on)
    columns = tables.engine.columns(tables.problems)
    found = []
    for code, severity, row, params in zip(
        columns["code"], columns["severity"], columns["row"], columns["params"], strict=True
    ):
        told = json.loads(params)
        assert (code, severity) == ("calendar-contradiction", "warning")
        assert (told["line"], told["other"]) == (f"RL-27-{row - 1:03}", f"RL-27-{int(told['other_row']) - 1:03}")
        found.append((row, int(told["other_row"]), told["day"]))
    assert found == pairs


# ---------------------------------------------------------------- against days and clocks counted by hand

FIRST = date(2026, 12, 24)
kinds = st.sampled_from(["off", "off", "work"])
halves = st.sampled_from(["whole", "whole", "morning", "afternoon"])
company = st.lists(
    st.builds(
        lambda start, length, kind, half: CompanyDay(
            first=FIRST + timedelta(days=start), last=FIRST + timedelta(days=start + length), kind=kind, half=half
        ),
        st.integers(0, 15), st.integers(0, 4), kinds, halves,
    ),
    max_size=5,
)  # fmt: skip


def by_hand(at, told):
    """The minutes worked on *at*, minute by minute, where only the week and the lines *told* decide."""
    week = {minute for start, end in ((540, 720), (810, 1080)) for minute in range(start, end)}
    usual = week if at.weekday() < 5 else set()
    worked = usual
    for line in told:
        if line.first <= at <= (line.last or line.first):
            named = {"whole": range(1440), "morning": range(NOON), "afternoon": range(NOON, 1440)}[line.half]
            if line.kind == "work":
                worked = {minute for minute in week if minute in named}
            elif line.half == "whole":
                worked = set()
            else:
                worked = {minute for minute in worked or usual if minute not in named}
    return worked


@settings(max_examples=50, deadline=None, database=None)
@given(told=company)
def test_every_minute_is_worked_as_the_lines_say(told):
    days = Workdays(OFFICE, told)
    for ahead in range(20):
        at = FIRST + timedelta(days=ahead)
        spans = days.day(at).spans
        assert {minute for start, end in spans for minute in range(start, end)} == by_hand(at, told), at


def a_clock(**options):
    return {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register",
            "starts": "received_at", "stops": "fixed_at", "calendar": "office", **options}  # fmt: skip


CLOCKS = [
    {"limit": "2 working days"}, {"limit": "5 h"}, {"limit": "1 working day", "meaning": "end_of_day"},
]  # fmt: skip


@pytest.mark.parametrize("on", ENGINES)
@settings(max_examples=4, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(told=company, options=st.sampled_from(CLOCKS))
def test_clocks_over_the_company_calendar_are_those_of_a_hand_counted_one(told, options, on):
    """Held, stopped and open calls over New Year, with lines that take days away, give days back and halve them."""
    declared = a_clock(**options)
    starts = [datetime(2026, 12, 24, 8) + timedelta(minutes=470 * n) for n in range(30)]
    stops = [start + timedelta(hours=30) if n % 3 else None for n, start in enumerate(starts)]
    calls = [
        {"call_no": f"C{n:02}", "received_at": start, "fixed_at": stop}
        for n, (start, stop) in enumerate(zip(starts, stops, strict=True))
    ]
    typed = [
        {"line_no": f"RL-26-{n:03}", "kind": line.kind, "from_on": f"{line.first}", "to_on": f"{line.last}",
         "half": line.half}
        for n, line in enumerate(told)
    ]  # fmt: skip
    now = datetime(2027, 1, 4, 9)
    found = judged([], {"call_register": calls, "calendar": typed}, now, on=on, own={"try": declared})
    promise = msgspec.convert({**declared, "name": "try"}, KINDS["clock"])
    days = Workdays(OFFICE, told)
    wanted = [clock(promise, start, stop, [], now, days) for start, stop in zip(starts, stops, strict=True)]
    assert [(flag["state"], flag["due"], flag["late_minutes"]) for flag in found] == [
        (one.state, one.due, one.late) for one in wanted
    ]


# ---------------------------------------------------------------- what is told


def test_a_receipt_names_the_days_that_the_company_took_away_gave_or_halved():
    typed = {
        "call_register": [{"call_no": "C1", "received_at": "2026-11-18 10:00"}],
        "calendar": [
            {"line_no": "RL-26-001", "kind": "off", "from_on": "2026-11-19", "name": "职工运动会"},
            {"line_no": "RL-26-002", "kind": "off", "from_on": "2026-11-20", "half": "morning", "name": "停电"},
            {"line_no": "RL-26-003", "kind": "work", "from_on": "2026-11-21", "name": "补班"},
        ],
    }
    said = one("C1", [], typed, own={"try": a_clock(limit="2 working days")})
    assert "中间不算的：11月19日 职工运动会" in said.zh
    assert "周末也上班、照算的：11月21日" in said.zh
    assert "只上半天的：11月20日 停电（13:30～18:00）" in said.zh
    assert "最迟 2026年11月21日（周六）10:00。" in said.zh
    assert "Worked for half a day: 20 Nov 停电 (13:30～18:00)" in said.en


# ---------------------------------------------------------------- a calendar of one's own


def test_a_department_adds_a_calendar_and_the_register_offers_it(tmp_path):
    (tmp_path / "calendar").mkdir()
    (tmp_path / "policy").mkdir()
    (tmp_path / "calendar" / "depot_night.yaml").write_text(
        "name: depot_night\ntitle: {zh: 车辆段夜班, en: Depot night shift}\nholidays: CN\n"
        "week: {mon: ['00:00-06:00', '22:00-24:00']}\n",
        encoding="utf-8",
    )
    (tmp_path / "policy" / "own.yaml").write_text(
        "night_reply:\n  kind: clock\n  title: {zh: 夜班答复, en: Night reply}\n  register: call_register\n"
        "  starts: received_at\n  limit: 4 h\n  calendar: depot_night\n",
        encoding="utf-8",
    )
    found = load([SHIPPED, tmp_path], KINDS)
    offered = [choice.name for choice in found.registers["calendar"].by_name["calendar"].choices]
    assert offered == ["office", "depot_night", "hotline_6x24"]
    own = workplace()
    assert "depot_night" in needed(adopt(found, own), "office")
    assert "depot_night" not in needed(adopt(shipped(), own), "office")


# ---------------------------------------------------------------- a whole night


@pytest.fixture
def desk(tmp_path) -> Department:
    """A small department that keeps a company calendar in its book."""
    made = department(tmp_path / "部门")
    declared = made.folder / "sheets_schema"
    shipped_one = (SHIPPED / "registers" / "calendar.yaml").read_text(encoding="utf-8")
    (declared / "registers" / "calendar.yaml").write_text(
        shipped_one.replace("book: service", "book: desk"), encoding="utf-8"
    )
    small = declared / "profiles" / "small.yaml"
    small.write_text(small.read_text(encoding="utf-8").replace("staff]", "staff, calendar]"), encoding="utf-8")
    came = datetime(2026, 12, 31, 10)
    made.type(jobs=[job(1, received_at=came, replied_at=came + timedelta(minutes=10), finished_at=None)])
    return made


def fill(desk, *typed):
    """Somebody types lines into the company calendar, on the numbers written ahead."""
    book = openpyxl.load_workbook(desk.book)
    tab = book["公司日历"]
    head = next(row for row in tab.iter_rows(max_row=5) if any(cell.value == "安排" for cell in row))
    at = {cell.value: cell.column for cell in head}
    for n, line in enumerate(typed, head[0].row + 1):
        for title, value in line.items():
            tab.cell(n, at[title]).value = value
    book.save(desk.book)


NEW_YEAR = {"安排": "放假", "开始日期": "2027-01-01", "结束日期": "2027-01-03", "名称": "元旦"}
WHOLE = {"安排": "全年已录", "开始日期": "2027-01-01"}


@pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
def test_a_night_counts_by_what_staff_typed(desk):
    """The call of New Year's Eve: provisional by the week alone, then by the lines, then exact."""
    now = "2027-01-02T02:00"

    def due(until="flag"):
        told = desk.night(now=now, until=until)
        return [(f["due"], f["provisional"]) for f in told["flags"] if f["promise"] == "finish"]

    assert due("render") == [("2027-01-04T10:00:00", True)]
    assert "2027 年的放假安排还没有录入" in desk.page("today")
    fill(desk, NEW_YEAR)
    assert due() == [("2027-01-05T10:00:00", True)]
    fill(desk, NEW_YEAR, WHOLE)
    assert due("render") == [("2027-01-05T10:00:00", False)]
    assert "放假安排" not in desk.page("today")
    told = desk.run("explain", "J-001", now=now).stdout
    assert "1月1日～1月3日 元旦" in told
    assert "暂定" not in told


@pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
def test_the_doctor_says_where_to_type_and_is_quiet_once_it_was_done(desk):
    def found():
        lines = json.loads(desk.run("doctor", "--json", now="2026-12-02T12:00").stdout)
        return [line["told"] for line in lines if line["what"] == "calendar office"]

    assert len(found()) == 1
    assert "公司日历" in found()[0]
    fill(desk, NEW_YEAR, WHOLE)
    desk.night(now="2026-12-02T02:00")
    assert found() == []


def test_a_department_without_the_register_is_led_to_its_calendar_file(tmp_path):
    desk = department(tmp_path / "部门")
    told = {line["what"]: line["told"] for line in json.loads(desk.run("doctor", "--json").stdout)}
    assert "company_days" in told["calendar office"]
    own = desk.folder / "sheets_schema" / "calendar"
    own.mkdir()
    shutil.copy(SHIPPED / "calendar" / "office.yaml", own)
    with (own / "office.yaml").open("a", encoding="utf-8") as file:
        file.write("company_days:\n  - {from: '2027-01-01', kind: published}\n")
    told = {line["what"]: line["told"] for line in json.loads(desk.run("doctor", "--json").stdout)}
    assert "calendar office" not in told
