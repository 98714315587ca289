"""How far a clock reaches: classes, priorities, contracts and stations, each with its own limit and its own hours."""

import shutil
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from night_department import Department, department, job
from rule_oracle import UNREAD, judged
from test_explain import WORDS, one
from test_explain import judged as flagged

from sync.declarations import load
from sync.engines import ENGINES
from sync.explain import for_pages
from sync.model import DeclarationError
from sync.rules import KINDS
from sync.schema import SHIPPED

START = datetime(2026, 11, 20, 9)
NOW = datetime(2026, 11, 22, 2)

# ---------------------------------------------------------------- held against a plain reading of the rows

AREAS = st.sampled_from(["城东", "城南", None, UNREAD])
HOURS = st.sampled_from([1, 2.5, 60, None, UNREAD])
KEYS = st.sampled_from(["1", "2", "3"])


@st.composite
def books(draw):
    """Visits that name customers and contracts; some of those are there twice, void, empty or not at all."""
    customers = [{"customer_no": f"K{draw(KEYS)}", "area": draw(AREAS), "void": draw(st.booleans())} for _ in range(4)]
    contracts = [{"contract_no": f"H{draw(KEYS)}", "respond_hours": draw(HOURS)} for _ in range(3)]
    visits = [
        {"visit_no": f"V{n}", "started_at": START, "customer_name": draw(st.sampled_from(["K1", "K2", "K3", None])),
         "contract_no": draw(st.sampled_from(["H1", "H2", "H3", None, UNREAD]))}
        for n in range(6)
    ]  # fmt: skip
    return {"visits": visits, "customers": customers, "contracts": contracts}


def far(lines, key, named, field):
    """What stands in the row of *lines* that *named* leads to: None where nothing does, UNREAD where nobody knows."""
    if named in (None, UNREAD):
        return named
    found = [line for line in lines if line[key] == named and not line.get("void")]
    return found[0][field] if len(found) == 1 else UNREAD


def expected(book, wanted):
    """The visits that a promise for the area (or, not *wanted*, for all others) is about, and their states."""
    for visit in book["visits"]:
        area = far(book["customers"], "customer_no", visit["customer_name"], "area")
        hours = far(book["contracts"], "contract_no", visit["contract_no"], "respond_hours")
        if area == UNREAD:
            yield visit["visit_no"], "not_judged"
        elif (area == "城东") == wanted:
            known = hours not in (None, UNREAD)
            late = known and timedelta(hours=hours) < NOW - START
            yield visit["visit_no"], ("overdue" if late else "not_due") if known else "not_judged"


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("option", ["when", "unless"])
@settings(max_examples=12, deadline=None, database=None)
@given(book=books())
def test_the_engines_find_in_other_registers_what_a_plain_reading_finds(book, option, on):
    told = {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "visits", "starts": "started_at",
            "limit": "contract_no.respond_hours h", option: {"customer_name.area": ["城东"]}}  # fmt: skip
    found = judged([], book, NOW, on=on, own={"try": told})
    assert [(flag["key"], flag["state"]) for flag in found] == list(expected(book, option == "when"))


# ---------------------------------------------------------------- told


def test_a_receipt_names_the_row_that_gave_the_figure():
    own = {"try": {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "visits", "starts": "started_at",
                   "stops": "finished_at", "limit": "contract_no.respond_hours h"}}  # fmt: skip
    visit = {"visit_no": "V1", "contract_no": "HT-1", "started_at": START}
    said = one("V1", [], {"visits": [visit], "contracts": [{"contract_no": "HT-1", "respond_hours": 4}]}, own)
    assert "“合同项目的约定响应小时”所写的小时数；这一单是 4 小时（合同项目 HT-1）。" in said.zh
    assert "“Contracts: Agreed hours to respond” says; here 4 hours (Contracts HT-1)." in said.en
    assert said.data["facts"]["amount"] == 4
    assert said.data["due"] == START + timedelta(hours=4)
    lost = one("V1", [], {"visits": [visit], "contracts": []}, own)
    assert "限多久要看的“合同项目的约定响应小时”没填、读不出来，或者查不到那一行。" in lost.zh


def test_a_receipt_names_the_row_that_decided_which_promise_it_is():
    own = {"try": {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register",
                   "starts": "received_at", "limit": "4 h", "when": {"customer_name.area": ["城东"]}}}  # fmt: skip
    call = {"call_no": "C1", "customer_name": "K1", "received_at": START}
    said = one("C1", [], {"call_register": [call], "customers": [{"customer_no": "K1", "area": "城东"}]}, own)
    assert "“客户的区域”是“城东”（客户 K1）。" in said.zh
    assert "“Customers: Area” is “城东” (Customers K1)." in said.en
    lost = one("C1", [], {"call_register": [call], "customers": []}, own)
    assert "“客户的区域”读不出来，或者查不到那一行，不知道归不归这一条管。" in lost.zh


def test_a_page_quotes_another_row_only_where_both_registers_publish_it():
    own = {"try": {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register",
                   "starts": "received_at", "limit": "4 h",
                   "when": {"customer_name.area": True, "customer_name.private_person": False}}}  # fmt: skip
    typed = {"call_register": [{"call_no": "C1", "customer_name": "K1", "received_at": START}],
             "customers": [{"customer_no": "K1", "area": "城东", "private_person": False}]}  # fmt: skip
    asked, made, found = flagged([], typed, own)
    page = for_pages(found, asked, made, WORDS)[found[0]]["zh"]
    assert "“客户的区域”是“城东”（客户 K1）。" in page
    assert "个人客户" not in page
    assert "“客户的个人客户”是“否”（客户 K1）。" in one("C1", [], typed, own).zh
    calls = asked.registers["call_register"]
    kept = msgspec.structs.replace(calls, publish=[name for name in calls.publish if name != "customer_name"])
    closed = msgspec.structs.replace(asked, registers={**asked.registers, "call_register": kept})
    assert "K1" not in for_pages(found, closed, made, WORDS)[found[0]]["zh"]


# ---------------------------------------------------------------- a department with stations and important customers

NORTH = """\
name: north
title: {zh: 北库作息, en: North depot}
holidays: CN
week:
  mon: ["08:00-11:30", "14:00-17:30"]
  tue: ["08:00-11:30", "14:00-17:30"]
  wed: ["08:00-11:30", "14:00-17:30"]
  thu: ["08:00-11:30", "14:00-17:30"]
  fri: ["08:00-11:30", "14:00-17:30"]
  sat: ["08:00-11:30"]
"""
STATIONS = """\
reply:
  {kind: clock, title: {zh: 先回电话, en: Ring back}, styles: [small], register: jobs, starts: received_at,
   stops: replied_at, limit: 4 h, calendar: office, unless: {client.depot: [north], client.minutes: true}}
reply_north:
  {kind: clock, title: {zh: 北库先回电话, en: Ring back (north)}, styles: [small], register: jobs, starts: received_at,
   stops: replied_at, limit: 4 h, calendar: north, when: {client.depot: [north]}, unless: {client.minutes: true}}
reply_agreed:
  {kind: clock, title: {zh: 按约定回电话, en: Ring back as agreed}, styles: [small], register: jobs,
   starts: received_at, stops: replied_at, limit: client.minutes min, when: {client.minutes: true}}
"""
MORE = """\
  - name: depot
    title: {zh: 车辆段, en: Depot}
    choices: [{name: north, title: {zh: 北库, en: North}}, {name: south, title: {zh: 南库, en: South}}]
  - {name: minutes, title: {zh: 约定分钟, en: Agreed minutes}, type: integer}
publish: [client_no, depot, minutes]
"""
CLIENTS = [
    {"client_no": "K01", "name": "城东中学", "depot": "北库"},
    {"client_no": "K02", "name": "和平商场", "depot": "南库"},
    {"client_no": "K03", "name": "青松小区", "depot": "北库", "minutes": 45},
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Department:
    """A department that added a calendar with its own lunch break, two columns and three promises."""
    made = department(tmp_path_factory.mktemp("stations") / "desk")
    declared = made.folder / "sheets_schema"
    (declared / "calendar").mkdir()
    (declared / "calendar" / "north.yaml").write_text(NORTH, encoding="utf-8")
    (declared / "policy" / "small.yaml").write_text(STATIONS, encoding="utf-8")
    clients = declared / "registers" / "clients.yaml"
    clients.write_text(clients.read_text(encoding="utf-8").replace("publish: [client_no]\n", MORE), encoding="utf-8")
    rang = {"received_at": datetime(2026, 11, 20, 10), "replied_at": None, "finished_at": None}  # a Friday
    made.type([job(n, **rang, client=client["name"]) for n, client in enumerate(CLIENTS, 1)], CLIENTS)
    return made


def test_each_station_is_judged_in_its_own_hours_and_each_agreement_by_its_own_figure(desk):
    """Friday 10:00 and four hours: with two and a half hours of lunch in the north, half an hour less of it here."""
    found = {flag["key"]: (flag["promise"], flag["due"]) for flag in desk.night()["flags"]}
    assert found == {
        "J-001": ("reply_north", "2026-11-20T16:30:00"),
        "J-002": ("reply", "2026-11-20T15:30:00"),
        "J-003": ("reply_agreed", "2026-11-20T10:45:00"),
    }


def test_the_command_explains_which_row_and_which_hours_it_went_by(desk):
    north = desk.run("explain", "J-001").stdout
    assert "“客户的车辆段”是“北库”（客户 K01）。" in north
    assert "按“北库作息”只算上班时间（08:00～11:30、14:00～17:30）。" in north
    assert "这一单是 45 分钟（客户 K03）" in desk.run("explain", "J-003").stdout


@pytest.mark.parametrize("page", ["declare.md", "declare.en.md"])
def test_what_the_page_about_declarations_shows_can_be_loaded(page, tmp_path):
    """Once the department has the calendar and the two columns that the page speaks of."""
    text = (SHIPPED.parent / "docs" / "about" / page).read_text(encoding="utf-8")
    for room in ("policy", "calendar", "registers"):
        (tmp_path / room).mkdir()
    shown = text.partition("{#whose}")[2].partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "policy" / "shown.yaml").write_text(shown, encoding="utf-8")
    (tmp_path / "calendar" / "north.yaml").write_text(NORTH, encoding="utf-8")
    customers = (SHIPPED / "registers" / "customers.yaml").read_text(encoding="utf-8")
    more = """\
  - {name: reply_hours, title: {zh: 约定小时, en: Agreed hours}, type: number}
  - {name: station, title: {zh: 站, en: Station}, choices: [{name: north, title: {zh: 北站, en: North}}]}
publish:"""
    (tmp_path / "registers" / "customers.yaml").write_text(customers.replace("publish:", more), encoding="utf-8")
    names = {promise.name for promise in load([SHIPPED, tmp_path], KINDS).promises}
    assert {"reply", "reply_north", "reply_agreed"} <= names


# ---------------------------------------------------------------- refused when the declarations are loaded

CLOCK = ("{{kind: clock, title: {{zh: 试, en: Try}}, styles: [small], register: jobs, starts: received_at, "
         "stops: replied_at, limit: 30 min{}}}")  # fmt: skip
OTHER = "{{kind: {}, title: {{zh: 试, en: Try}}, styles: [small], register: jobs, {}}}"
PARTS = """\
name: moves
title: {zh: 进出, en: Moves}
book: desk
primaryKey: no
fields:
  - {name: no, title: {zh: 号, en: No.}, kind: id}
  - {name: part, title: {zh: 件, en: Part}, kind: id}
  - {name: number, title: {zh: 数, en: Number}, type: number}
  - name: way
    title: {zh: 向, en: Way}
    choices: [{name: in, title: {zh: 进, en: In}}, {name: out, title: {zh: 出, en: Out}}]
"""
LEVEL = OTHER.format("level", "opening: n, par: n, breach: below, moves: {register: moves, key: part, "
                     "quantity: number, direction: way, plus: in, minus: out}")  # fmt: skip
REFUSED = [
    (CLOCK.format(", when: {clien.depot: [north]}"), "when: ", "did you mean “client”?"),
    (CLOCK.format(", when: {client.depo: [north]}"), "when: ", "register “clients” has no field “depo”"),
    (CLOCK.format(", when: {client.depot: [nort]}"), "when.client.depot: ", "did you mean “north”?"),
    (CLOCK.format(", unless: {fault.depot: true}"), "unless: ", "“fault” leads to no other register"),
    (CLOCK.format(", unless: {client.minutes.more: true}"), "unless: ", "has no field “minutes.more”"),
    (CLOCK.format(", when: {client.depot: [north]}, live: {due: {zh: 应回, en: Due}, left: {zh: 剩, en: Left}}"),
     "live: ", "no formula can tell what “client.depot” says"),
    (CLOCK.format(", holds: hold_period"), "holds: ", "did you mean “hold_periods”?"),
    (CLOCK.format(", holds: staff"), "holds: ", "register “staff” has no field “register”"),
    (CLOCK.format("").replace("30 min", "client.minute min"), "limit: ", "did you mean “minutes”?"),
    (CLOCK.format("").replace("30 min", "client.depot min"), "limit: ", "is a choice, not a number"),
    (CLOCK.format("").replace("30 min", "client.a.b min"), "limit: ", "is not a limit"),
    (OTHER.format("presence", "needs_row: {register: client, key: name}"), "needs_row.register: ", "did you mean"),
    (OTHER.format("presence", "needs_row: {register: clients, key: nam}"), "needs_row: ", "did you mean “name”?"),
    (OTHER.format("recurrence", "anchor: received_at, every: client.minutes days, done_in: {register: jobs, on: "
                  "received_at}"), "every: ", "or FIELD months"),
    (LEVEL.replace("opening: n", "opening: fault"), "opening: ", "is a text, no integer"),
    (LEVEL.replace("register: moves", "register: move"), "moves.register: ", "did you mean “moves”?"),
    (LEVEL.replace("key: part", "key: parts"), "moves: ", "did you mean “part”?"),
    (LEVEL.replace("plus: in", "plus: inn"), "moves.way: ", "has no choice “inn”"),
    (OTHER.format("numbers", "books: {register: book, first: a, last: b, holder: c}"), "books.register: ", "register"),
    (OTHER.format("numbers", "books: {register: staff, first: staff_n, last: name, holder: name}"), "books: ",
     "did you mean “staff_no”?"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("promise", "key", "says"), REFUSED, ids=[f"{n} {key}" for n, (_, key, _) in enumerate(REFUSED)]
)
def test_what_leads_nowhere_is_refused_when_it_is_loaded(desk, tmp_path, promise, key, says):
    """A register, a field or a choice that is not there, however far it is away."""
    declared = tmp_path / "sheets_schema"
    shutil.copytree(desk.folder / "sheets_schema", declared)
    (declared / "registers" / "moves.yaml").write_text(PARTS, encoding="utf-8")
    jobs = declared / "registers" / "jobs.yaml"
    number = "fields:\n  - {name: n, title: {zh: 台数, en: Units}, type: integer}\n"
    jobs.write_text(jobs.read_text(encoding="utf-8").replace("fields:\n", number), encoding="utf-8")
    (declared / "policy" / "try.yaml").write_text(f"try: {promise}\n", encoding="utf-8")
    with pytest.raises(DeclarationError) as refused:
        load([SHIPPED, declared], KINDS)
    said = str(refused.value)
    assert said.startswith(f"{declared / 'policy' / 'try.yaml'}:1: try.{key}"), said
    assert says in said


def test_figures_of_the_department_are_held_to_the_same(desk, tmp_path):
    """In its settings, too, a condition or a limit leads somewhere."""
    made = desk.copied(tmp_path / "desk")
    toml = made.folder / "servicebook.toml"
    usual = toml.read_text(encoding="utf-8")
    for more, says in (
        ("[promises.reply]\nlimit = 'client.minuts min'\n", "promises.reply.limit: register “clients” has no field"),
        ("[promises.reply]\nwhen = {fautl = true}\n", "promises.reply.when: register “jobs” has no field “fautl”"),
    ):
        toml.write_text(f"{usual}\n{more}", encoding="utf-8")
        done = made.run("sync", "--until", "flag")
        assert done.exit_code == 2, done.output
        assert says in done.output
