"""Nights made up for the site's tests: a small one to read, a busy one to look at. All people are invented."""

import random
from datetime import datetime, timedelta

import msgspec

from sync.model import (
    STATES,
    Boards,
    BookState,
    BookStrip,
    Flag,
    Problem,
    Ratio,
    RatioRow,
    RowCount,
    RowRef,
    StockLine,
    Tonight,
    Week,
)
from sync.rules.clock import Clock
from sync.rules.coverage import Coverage
from sync.rules.level import Level
from sync.schema import Calendar, Register, Schema, Words
from sync.settings import Department, Settings

NOW = datetime(2026, 11, 22, 2, 0)
# no page of the handbook is for such a company: pages about the work need the registers that are shipped
SETTINGS = Settings(department=Department(name=Words(zh="售后服务部", en="After-sales service"), profile="small"))
CUSTOMERS = ["城东中学", "和平商场", "青松小区", "北站仓库", "示例银行支行", "云河酒店", "向阳幼儿园", "南苑写字楼"]
STAFF = ["张样", "李例", "王试", "赵拟", "钱设"]


def title(zh, en):
    return {"zh": zh, "en": en}


REGISTERS = [
    {
        "name": "call_register",
        "title": title("报修登记", "Calls"),
        "help": title("谁来电、什么事、派谁去。", "Who called, about what, and who was sent."),
        "book": "service",
        "primaryKey": "call_no",
        "fields": [
            {"name": "call_no", "title": title("登记号", "Call no."), "kind": "id"},
            {"name": "customer", "title": title("客户", "Customer"), "foreign": "customers"},
            {"name": "technician", "title": title("维修员", "Technician"), "foreign": "staff", "personal": "staff"},
            {"name": "phone", "title": title("电话", "Phone"), "kind": "phone", "personal": True},
            {"name": "fault", "title": title("故障现象", "Fault")},
            {"name": "units", "title": title("台数", "Units"), "type": "integer"},
            {"name": "received_at", "title": title("来电时间", "Called at"), "type": "datetime"},
            {"name": "replied_at", "title": title("回复时间", "Called back at"), "type": "datetime"},
        ],
        "publish": ["call_no", "customer", "technician", "received_at"],
    },
    {
        "name": "customers",
        "title": title("客户", "Customers"),
        "book": "service",
        "primaryKey": "customer_no",
        "fields": [{"name": "customer_no", "title": title("客户编号", "Customer no.")}],
    },
]
PROMISES = [
    ("first_reply", "首次回复", "First reply", "30 min"),
    ("arrive_on_site", "到达现场", "Arrive on site", "24 h"),
    ("fix_general", "一般故障修复", "Fix a general fault", "3 days"),
    ("hand_in", "交回维修单", "Hand in the work order", "48 h"),
    ("patrol", "现场巡检", "Inspect on site", "ceil(units / 10) days"),
]
LEVEL = {
    "kind": "level", "name": "low_stock", "title": title("库存偏低", "Low stock"), "register": "call_register",
    "opening": "units", "par": "units", "breach": "at_or_below",
    "moves": {"register": "moves", "key": "part", "quantity": "n", "direction": "way", "plus": "in", "minus": "out"},
}  # fmt: skip
RATE = {
    "kind": "coverage", "name": "replied", "title": title("回复率", "Reply rate"), "register": "call_register",
    "every": "calendar month", "at_least": 95, "promises": ["first_reply"],
}  # fmt: skip
IN_ORDER = {
    "kind": "coverage", "name": "in_order", "title": title("设备完好率", "Equipment in order"), "at_least": 100,
    "register": "call_register", "every": "calendar month",
    "down": {"from": "received_at", "to": "replied_at", "grace": "4 h", "thing": "customer",
             "of": {"register": "customers", "key": "customer_no", "since": "customer_no"}},
}  # fmt: skip


def schema():
    registers = {declared["name"]: msgspec.convert(declared, Register) for declared in REGISTERS}
    promises = [
        msgspec.convert(
            {
                "kind": "clock", "name": name, "title": title(zh, en), "register": "call_register",
                "starts": "received_at", "limit": limit, "responsible": "technician", "handbook": "about/reading#dates",
            }
            | ({"stops": "replied_at"} if name == "first_reply" else {}),
            Clock,
        )
        for name, zh, en, limit in PROMISES
    ]  # fmt: skip
    promises.append(msgspec.convert(LEVEL, Level))
    promises += [msgspec.convert(one, Coverage) for one in (RATE, IN_ORDER)]
    week = {day: ["09:00-12:00", "13:30-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    office = Calendar(name="office", title=Words(zh="办公时间", en="Office hours"), week=week, holidays="CN")
    return Schema(registers=registers, promises=promises, profiles={}, calendars={"office": office})


def flag(number=1, state="overdue", promise="first_reply", late=145, **more):
    fields = {
        "register": "call_register", "key": f"RC-26-{number:05}", "row": number + 2, "promise": promise,
        "kind": "clock", "state": state, "due": NOW - timedelta(minutes=late), "late_minutes": late,
        "responsible": STAFF[number % len(STAFF)],
    }  # fmt: skip
    return Flag(**(fields | more))


def problem(row=23, **more):
    fields = {
        "code": "date-unreadable", "severity": "error", "register": "call_register", "tab": "报修登记", "row": row,
        "field": "received_at", "header": "来电日期", "column": "H", "value": "3月4日", "key": f"RC-26-{row:05}",
    }  # fmt: skip
    return Problem(**(fields | more))


def night(**more):
    """One overdue call, one nearly so, one cell that nobody can read."""
    fields = {
        "moment": NOW,
        "run": "20261122T020000",
        "books": [BookState("service", "服务登记.xlsx", NOW, NOW - timedelta(hours=8))],
        "rows": {"call_register": RowCount(pulled=9, shown=5, bad=1, unused=2, blank=1)},
        "problems": [problem()],
        "flags": [flag(1), flag(2, "due_soon", "arrive_on_site", late=0, due=NOW + timedelta(hours=1))],
        "counts": {"first_reply": {"overdue": 1, "met": 4}, "arrive_on_site": {"due_soon": 1, "not_due": 4}},
        "shown": {"call_register": {"RC-26-00001": {"customer": "城东中学"}, "RC-26-00002": {"customer": "和平商场"}}},
        "boards": boards(),
    }
    return Tonight(**(fields | more))


def boards():
    """One receipt, one visit to come, one part that is short, one book with a number missing, weeks, two ratios."""
    late = flag(1)
    ref = RowRef("call_register", "service", "报修登记", 3, late.key, late.key, STAFF[1])
    told = {"zh": "从“来电时间”算起，限 30 分钟。", "en": "Counted from “Called at”; limit 30 minutes."}
    weeks = [Week(NOW - timedelta(days=6 + 7 * back), 5 - back, back, 1, 0) for back in range(3, -1, -1)]
    return Boards(
        refs={("call_register", late.key, late.row): ref},
        owners={("", "报修登记", 23): STAFF[2]},
        receipts={late: told},
        coming=[flag(7, "not_due", "patrol", late=0, kind="recurrence", due=NOW + timedelta(days=9))],
        stock=[StockLine("00012", {"name": "枪机", "unit": "台"}, 5, 2, 6, 1, [("low_stock", 2, "low")])],
        books=[BookStrip("B001", "WX-00001", "WX-00005", STAFF[0], closed=False,
                         sheets=["used", "void", "gap", "used", "left"], missing=["WX-00003"])],
        weeks={"first_reply": weeks},
        ratios=ratios(),
    )  # fmt: skip


def ratios():
    """A month that is over, and one that runs, of hours: a fault still open, one nobody can read, others left out."""
    began = datetime(2026, 11, 20, 8, 0)
    rows = [
        RatioRow("RC-26-00003", "青松小区", "left", began, None, 42 * 3600),
        RatioRow("RC-26-00004", "和平商场", "left", began, began + timedelta(hours=6), 6 * 3600),
        RatioRow("RC-26-00005", "", "unclear"),
        RatioRow("RC-26-00006", "北站仓库", "outside", began, None),
    ]
    hours = {"missed": 48 * 3600, "whole": 8 * 506 * 3600, "done": 3990 * 3600}
    verdicts = {"left": 2, "unclear": 1, "outside": 1, "done": 9}
    return [
        Ratio("replied", "2026-10", "below", datetime(2026, 10, 1), datetime(2026, 11, 1), "75", 3, 1, 4,
              rows=[RatioRow("RC-26-00001", "城东中学", "left")], counts={"left": 1, "done": 3}),
        Ratio("in_order", "2026-11", "not_due", datetime(2026, 11, 1), NOW, "98.5–98.8", **hours, things=8, recorded=1,
              rows=rows, counts=verdicts),
    ]  # fmt: skip


def busy_night():
    """Two hundred open records, a hundred problems, a book that was open, a tab that broke."""
    dice = random.Random(22)
    worst = [state for state in STATES[:13] for _ in range(dice.randint(4, 28))]
    names = [name for name, *_ in PROMISES]
    flags = [
        flag(i, state, dice.choice(names), dice.randint(3, 9000) if state == "overdue" else 0,
             due=NOW + timedelta(minutes=dice.randint(-9000, 600)), provisional=not i % 40)
        for i, state in enumerate(worst, 1)
    ]  # fmt: skip
    codes = ["date-unreadable", "date-year-missing", "cell-error", "formula-unsaved", "placeholder-ditto"]
    problems = [
        problem(i, code=dice.choice(codes), tab="报修登记" if i < 60 else "客户",
                severity="warning" if not i % 5 else "task" if not i % 7 else "error")
        for i in range(3, 110)
    ]  # fmt: skip
    counts = {name: {s: sum(f.promise == name and f.state == s for f in flags) for s in STATES} for name in names}
    for i, name in enumerate(names):
        counts[name] |= {"met": 180 + i, "met_late": 7 + i, "not_due": 12}
    shown = {"call_register": {f.key: {"customer": dice.choice(CUSTOMERS)} for f in flags}}
    books = [
        BookState("service", "服务登记.xlsx", NOW, NOW - timedelta(hours=8), NOW - timedelta(days=1), "今日待办.xlsx"),
        BookState("stores", "备件库.xlsx", NOW, NOW - timedelta(days=3), stale_tabs={"盘点": NOW - timedelta(days=2)}),
    ]
    rows = {
        "call_register": RowCount(pulled=612, shown=402, bad=31, unused=169, blank=10, old=58),
        "customers": RowCount(pulled=44, shown=43, bad=1, unused=0, blank=0),
    }
    return night(books=books, rows=rows, flags=flags, problems=problems, counts=counts, shown=shown)
