"""Live columns: what their formulas show is what the engine says, to the second, or a word; and they are ours alone."""

import json
import re
import shutil
import subprocess
import zipfile
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.utils.datetime import from_excel

from sync import init, plan, words
from sync.blueprint.design import design
from sync.blueprint.live import HELD, TONIGHT, formula, mark_in
from sync.books.xlsx.file import XlsxBook
from sync.cli import main
from sync.declarations import load
from sync.model import DeclarationError, Formula
from sync.rules import KINDS
from sync.schema import SHIPPED, Words
from sync.settings import Bounds, Settings, adopt

MADE = datetime(2026, 11, 22)
DAY, SINCE = date(2026, 11, 20), date(2024, 6, 1)
WORD = "a word"  # the cell says that only the night can tell
TITLES = {"first_reply": ("应回复时间", "还剩"), "fix_general": ("应排除时间", "排除还剩")}
CALL = {
    "customer_name": "甲子花园", "phone": "13800000001", "reporter_name": "金主任", "fault_description": "黑屏",
}  # fmt: skip
office = pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")


def called(day=DAY, at=time(9, 30), **more):
    return {"received_at__date": day, "received_at__time": at, **more}


def told(day=DAY, at=time(9, 45)):
    return {"technician_told_at__date": day, "technician_told_at__time": at}


def there(*, ago, fault="一般", now=None, **more):
    return {"arrived_at__date": now - timedelta(minutes=ago), "fault_class": fault, **more}


def cases(now):
    """What stands in a row, and what its first reply (or else its repair) shows: a moment, a word, or nothing."""
    ago = {n: now - timedelta(minutes=n) for n in (5, 25, 29, 31, 100, 1465, 1475)}
    half = DAY.replace(day=20)
    yield "it runs from the call", called(), datetime(2026, 11, 20, 10, 0)
    yield "or from the moment the technician is told", called() | told(), datetime(2026, 11, 20, 10, 15)
    yield "seconds count", called(at=time(9, 30, 17)), datetime(2026, 11, 20, 10, 0, 17)
    yield "past midnight", called(at=time(23, 45)), datetime(2026, 11, 21, 0, 15)
    yield "a moment in the date column", called(datetime(2026, 11, 20, 8, 5), None), datetime(2026, 11, 20, 8, 35)
    yield "answered", called() | {"replied_at__date": half, "replied_at__time": time(9, 50)}, datetime(2026, 11, 20, 10)
    yield "a date without its time", called(at=None), WORD
    yield "a time without its date", called(None), WORD
    yield "a time twice", called(datetime(2026, 11, 20, 8, 5), time(8, 5)), WORD
    yield "words", called("昨天下午"), WORD
    yield "a date as text", called("2026-11-20"), WORD
    yield "a time as text", called(at="9:30"), WORD
    yield "nobody falls back from what cannot be read", called() | told("昨天"), WORD
    yield "nor from half a moment", called() | told(at=None), WORD
    yield "a slip", called(11.22), WORD
    yield "yes is no date", called(at=True), WORD
    yield "a time that is more than a day", called(at=1.5), WORD
    yield "it lies ahead", called((now + timedelta(days=2)).date()), WORD
    yield "its own hold", called() | {"hold_from__date": DAY, "hold_from__time": time(9, 40)}, HELD
    yield "half a hold", called() | {"hold_to__date": DAY, "hold_to__time": time(9, 40)}, HELD
    yield "a hold in its own tab", called() | {"call_no": "RC-26-90001"}, HELD
    yield "a hold typed with a blank", called() | {"call_no": "RC-26-90002"}, HELD
    yield "void", called() | {"void": "是"}, None
    yield "void by a tick", called() | {"void": True}, None
    yield "not void", called() | {"void": "否"}, datetime(2026, 11, 20, 10, 0)
    yield "perhaps void", called() | {"void": "可能"}, WORD
    yield "no start", {}, None
    slip = called(11.22)  # nobody knows whether the call itself is too old
    yield "older than the promise", slip | told(date(2023, 12, 31)), None
    yield "as old as the promise", slip | told(date(2024, 1, 1)), datetime(2024, 1, 1, 10, 15)
    yield "from before the department judges", called(SINCE - timedelta(days=1)), None
    yield "the first day that it judges", called(SINCE), datetime(2024, 6, 1, 10, 0)
    for minutes, at in ago.items():
        yield f"{minutes} minutes ago", called(at.date(), at.time()), at + timedelta(minutes=30)
    yield "general", there(ago=25, now=now), now + timedelta(minutes=95)
    yield "by another name", there(ago=150, fault="普通", now=now), now - timedelta(minutes=30)
    yield "major", there(ago=25, fault="重大", now=now), None
    yield "of no class", there(ago=25, fault=None, now=now), None
    yield "of an unknown class", there(ago=25, fault="怪", now=now), WORD
    yield "mended", there(ago=25, now=now, fixed_at__date=now), now + timedelta(minutes=95)


HOLDS = [
    {"hold_no": "ZT-26-00001", "register": "报修登记", "record_no": "RC-26-90001", "from_at__date": DAY},
    {"hold_no": "ZT-26-00002", "register": "报修登记", "record_no": "RC-26-90002 ", "from_at__date": DAY},
]


def department(**figures):
    own = {"books": {"service": {"path": "b.xlsx"}, "stores": {"path": "s.xlsx"}}, "promises": figures}
    settings = msgspec.convert(
        own | {"department": {"name": {"zh": "x", "en": "x"}, "profile": "integrator"}}, Settings
    )
    return adopt(load([SHIPPED], KINDS), settings, MADE.date())


@pytest.fixture(scope="module")
def schema():
    return department()


def written(path, schema, rows, holds=HOLDS, *, live=True):
    registers = [one for one in schema.registers.values() if one.tabs[0].book == "service"]
    states, promises = words.load().openings, schema.promises if live else ()
    typed = {"call_register": rows, "hold_periods": holds}
    title = Words(zh="服务", en="Service")
    init.write_book(
        path, registers, typed, made_at=MADE, states=states, title=title, promises=promises, judge_from=SINCE
    )
    return path


def by_libreoffice(path, folder):
    """*path* as LibreOffice works it out and saves it."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    to = ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder)]
    subprocess.run(["soffice", "--headless", profile, *to, str(path)], check=True, capture_output=True, timeout=180)
    return folder / path.name


def shown(path):
    """What stands in the call register, by id and header."""
    sheet = openpyxl.load_workbook(path, data_only=True)["报修登记"]
    heads = [cell.value for cell in sheet[2]]
    rows = (dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=3, values_only=True))
    return {row["登记号"]: row for row in rows if row["登记号"]}


def night(folder, book, now):
    """The flags of the night at *now*, by id and promise."""
    folder.mkdir()
    shutil.copy(book, folder / "b.xlsx")
    settings = f"""
[department]
name = {{zh = "x", en = "x"}}
profile = "integrator"
judge_from = {SINCE}
[books]
service.path = "b.xlsx"
"""
    (folder / "servicebook.toml").write_text(settings, encoding="utf-8")
    arguments = ["-C", str(folder), "sync", "--until", "flag", "--json", "--now", now.isoformat()]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    return {(flag["key"], flag["promise"]): flag for flag in found["flags"]}, found["registers"]


# ---------------------------------------------------------------- what they show


@pytest.fixture(scope="module")
def worked_out(tmp_path_factory, schema):
    """The cases, what LibreOffice shows of each, what the night says, and the moment of both."""
    folder = tmp_path_factory.mktemp("live")
    began = datetime.now().replace(microsecond=0)  # noqa: DTZ005 - the clock that NOW() reads
    listed = list(cases(began))
    rows = [
        {"call_no": f"RC-26-{n:05}", **CALL, "现在": Formula("=NOW()"), **row}
        for n, (_, row, _) in enumerate(listed, 1)
    ]
    book = by_libreoffice(written(folder / "b.xlsx", schema, rows), tmp_path_factory.mktemp("office"))
    cells = shown(book)
    now = from_excel(cells["RC-26-00001"]["现在"]).replace(microsecond=0)
    flags, counts = night(folder / "night", book, now)
    ids = [row["call_no"] for row in rows]
    return {name: (id_, wanted) for id_, (name, _, wanted) in zip(ids, listed, strict=True)}, cells, flags, now, counts


NAMES = [name for name, _, _ in cases(MADE)]


@office
@pytest.mark.parametrize("name", NAMES)
def test_a_cell_shows_the_engines_due_moment_or_a_word(name, worked_out):
    listed, cells, flags, _, _ = worked_out
    id_, wanted = listed[name]
    promise = "fix_general" if cells[id_]["到场日期"] else "first_reply"
    due, left = (cells[id_][title] or None for title in TITLES[promise])
    flag = flags.get((id_, promise))
    if wanted is None:
        assert (due, left, flag) == (None, None, None)
    elif wanted in (WORD, HELD):
        assert (due, left) == (TONIGHT, HELD if wanted == HELD else TONIGHT)
        assert flag is not None, "only what the night judges is left to it"
    else:
        assert due == wanted
        assert datetime.fromisoformat(flag["due"]) == due


@office
@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_agrees_with_the_state_of_the_flag(name, worked_out):
    """Minutes are those of the clock; nothing is left of what is done."""
    listed, cells, flags, now, _ = worked_out
    id_, _ = listed[name]
    for promise, (due_at, left_at) in TITLES.items():
        due, left = cells[id_][due_at], cells[id_][left_at] or ""
        if not isinstance(due, datetime):
            continue
        flag = flags[id_, promise]
        if flag["stop"] or cells[id_]["排除日期" if promise == "fix_general" else "回复日期"]:
            assert left == ""
        elif flag["state"] == "overdue":
            late = flag["late_minutes"]
            assert left == ("已超时" if late > 1440 else f"超 {spoken(late)}" if late else "刚超时")
        else:
            assert flag["state"] in {"not_due", "due_soon"}
            assert left == spoken((due - now) // timedelta(minutes=1))


def spoken(minutes):
    return f"{minutes} 分" if minutes < 60 else f"{minutes // 60} 时 {minutes % 60:02} 分"


@office
def test_rows_that_only_have_their_number_show_nothing(worked_out):
    """Neither a time nor 待同步: there is nothing to wait for."""
    listed, cells, *_ = worked_out
    spare = [row for id_, row in cells.items() if id_ not in {id_ for id_, _ in listed.values()}]
    assert len(spare) >= 200
    headers = ["系统状态", *TITLES["first_reply"], *TITLES["fix_general"]]
    assert {row[header] for row in spare for header in headers} <= {None, ""}


@office
def test_reading_a_saved_book_finds_only_what_people_typed(worked_out):
    """The live columns of 300 spare rows make none of them used, and a word in them is no problem."""
    listed, *_, counts = worked_out
    calls = counts["call_register"]
    assert calls["shown"] + calls["bad"] == len(listed)


def test_the_columns_stand_before_the_field_that_stops_the_clock(schema, tmp_path):
    sheet = openpyxl.load_workbook(written(tmp_path / "b.xlsx", schema, []))["报修登记"]
    heads = [cell.value for cell in sheet[2]]
    for due, left in TITLES.values():
        stop = "回复日期" if left == "还剩" else "排除日期"
        assert heads[heads.index(due) : heads.index(due) + 3] == [due, left, stop]
        note = sheet.cell(2, heads.index(left) + 1).comment.text
        assert "不用手写" in note and "do not type" in note  # noqa: PT018


# ---------------------------------------------------------------- plan and apply


def opened(path):
    return XlsxBook("service", path, Bounds(), ZoneInfo("Asia/Shanghai"))


def wanted(schema):
    states, judged = words.load().openings, {"promises": schema.promises, "judge_from": SINCE}
    return design("service", schema.registers.values(), states, MADE, **judged)


def planned(path, schema):
    return plan.plan(wanted(schema), opened(path).shape())


def applied(path, schema):
    found = planned(path, schema)
    assert opened(path).apply(wanted(schema), found.make).outcome == "written"
    return found


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


ROWS = [{"call_no": f"RC-26-{n:05}", **CALL, **called()} for n in range(1, 4)]


def test_an_older_book_gets_them_and_the_second_plan_is_empty(schema, tmp_path):
    path = written(tmp_path / "b.xlsx", schema, ROWS, live=False)
    before = parts(path)
    assert [change.word for change in applied(path, schema).make] == [
        f"live:call_register.{promise}.{shows}" for promise in TITLES for shows in ("due", "left")
    ]
    assert planned(path, schema).empty
    after = parts(path)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"xl/worksheets/sheet2.xml", "xl/styles.xml", "xl/workbook.xml"}
    calls = openpyxl.load_workbook(path)["报修登记"]
    heads = [cell.value for cell in calls[2]]
    column = heads.index("还剩") + 1
    assert all(str(calls.cell(row, column).value).startswith("=") for row in (3, 5, 6, 300))


@office
def test_what_apply_added_shows_the_same(schema, tmp_path):
    """In an older book, which a program other than ours saves in between, as in a new one."""
    path = written(tmp_path / "b.xlsx", schema, ROWS, live=False)
    applied(path, schema)
    saved = by_libreoffice(path, tmp_path / "office")
    assert {row["应回复时间"] for id_, row in shown(saved).items() if id_ <= "RC-26-00003"} == {
        datetime(2026, 11, 20, 10, 0)
    }
    assert {row["还剩"] for row in shown(saved).values()} <= {"已超时", "", None}
    assert planned(saved, schema).empty


def test_a_formula_follows_the_figure_of_the_department(schema, tmp_path):
    """Its own limit is another formula: plan tells, apply mends, and what was typed over one cell stays."""
    path = written(tmp_path / "b.xlsx", schema, ROWS)
    book = openpyxl.load_workbook(path)
    sheet = book["报修登记"]
    at = [cell.value for cell in sheet[2]].index("还剩") + 1
    sheet.cell(4, at).value = "客户说不急"
    book.save(path)
    assert planned(path, schema).empty
    own = department(first_reply={"limit": "20 min"})
    assert [change.word for change in applied(path, own).make] == ["formula:call_register.first_reply.due"]
    assert planned(path, own).empty
    sheet = openpyxl.load_workbook(path)["报修登记"]
    assert "+20/1440" in sheet.cell(3, at - 1).value
    assert sheet.cell(4, at).value == "客户说不急"


def test_a_row_that_was_put_in_gets_its_formula(schema, tmp_path):
    path = written(tmp_path / "b.xlsx", schema, ROWS)
    book = openpyxl.load_workbook(path)
    sheet = book["报修登记"]
    for name in TITLES["first_reply"]:
        sheet.cell(4, [cell.value for cell in sheet[2]].index(name) + 1).value = None
    book.save(path)
    assert [change.kind for change in applied(path, schema).make] == ["formula", "formula"]
    assert planned(path, schema).empty


def test_a_column_of_the_staff_under_that_title_is_theirs(schema, tmp_path):
    """Nothing is added beside it, nothing is taken for ours, and plan says so."""
    rows = [{**row, "还剩": "两天"} for row in ROWS]
    path = written(tmp_path / "b.xlsx", schema, rows, live=False)
    found = planned(path, schema)
    assert [change.column for change in found.make] == ["fix_general.due", "fix_general.left"]
    assert [(change.kind, change.title) for change in found.by_hand] == [("live", "还剩")]
    applied(path, schema)
    assert {row["还剩"] for row in shown(path).values() if row["客户名称"]} == {"两天"}


def test_a_promise_that_ended_leaves_a_column_to_delete(schema, tmp_path):
    """Its formula would go on showing what nobody promises."""
    path = written(tmp_path / "b.xlsx", schema, ROWS)
    off = department(first_reply={"on": False})
    by_hand = planned(path, off).by_hand
    assert [change.word for change in by_hand] == [
        "delete_column:call_register.first_reply.due", "delete_column:call_register.first_reply.left",
    ]  # fmt: skip


# ---------------------------------------------------------------- which promises have them


def live_of(schema, at=MADE, register="call_register"):
    made = design("service", schema.registers.values(), words.load().openings, at, promises=schema.promises)
    return next(tab for tab in made.tabs if tab.register == register).live


@pytest.mark.parametrize(
    "figure", [{"calendar": "office"}, {"limit": "2 days", "calendar": "office"}, {"when": {"work_order_no": True}}]
)
def test_a_figure_that_no_formula_can_count_takes_the_columns_away(figure):
    assert {live.promise for live in live_of(department(first_reply=figure))} == {"fix_general"}


def test_a_promise_that_follows_another_is_chosen_by_the_day_of_the_start(schema):
    """Each start keeps the limit of its day; before and behind them nothing is promised."""
    first = next(one for one in schema.promises if one.name == "first_reply")
    versions = [
        msgspec.structs.replace(first, valid_to="2026-12-31"),
        msgspec.structs.replace(first, valid_from="2027-01-01", valid_to="2027-06-30", limit="20 min"),
    ]
    others = [one for one in schema.promises if one.name != "first_reply"]
    both = msgspec.structs.replace(schema, promises=[*others, *versions])
    turns = next(live for live in live_of(both) if live.promise == "first_reply").terms.turns
    assert [(turn.since, turn.minutes) for turn in turns] == [
        (date(2024, 1, 1), 30), (date(2027, 1, 1), 20), (date(2027, 7, 1), None),
    ]  # fmt: skip
    assert {live.promise for live in live_of(both, datetime(2027, 7, 1))} == {"fix_general"}


def test_a_formula_is_spelled_with_what_every_office_has(schema):
    """Functions of 2007; no AND or OR, which would add up whole columns inside ARRAYFORMULA; room in a cell."""
    known = {"IF", "IFERROR", "N", "NOW", "ISNUMBER", "FIND", "LOWER", "TRIM", "COUNTIF", "DATE", "INT", "ABS", "MOD"}
    for live in live_of(schema):
        said = formula(live, {name: f"$ZZ{n}" for n, name in enumerate(live.needs)})
        bare = re.sub(r'"[^"]*"', '""', said)
        assert set(re.findall(r"([A-Z]+)\(", bare)) <= known | {"ROUND", "TEXT"}
        assert len(said) < 8192
        assert mark_in(said) == live.mark


REFUSED = {
    "working hours": ({"calendar": "office"}, "counts every minute"),
    "days": ({"limit": "2 days"}, "counts every minute"),
    "a limit in the row": ({"register": "contracts", "limit": "x"}, ""),
    "a deadline in the row": ({"limit": "", "due": "promised_arrival"}, "knows no due"),
    "counted back": ({"before": "promised_arrival"}, "knows no before"),
    "an end of a period": ({"expiry": True}, "knows no expiry"),
    "no stop": ({"stops": ""}, "write stops"),
    "another's start": ({"starts": "work_order_no.arrived_at"}, "its own row only"),
    "a free text": ({"when": {"result_note": True}}, "what “result_note” says"),
    "a header that is taken": (
        {"live": {"due": {"zh": "回复日期", "en": "A"}, "left": {"zh": "乙", "en": "B"}}},
        "回复日期",
    ),
    "the status": ({"live": {"due": {"zh": "系统状态", "en": "A"}, "left": {"zh": "乙", "en": "B"}}}, "系统状态"),
    "one header twice": ({"live": {"due": {"zh": "甲", "en": "A"}, "left": {"zh": "甲", "en": "B"}}}, "甲"),
    "another promise's": (
        {"live": {"due": {"zh": "甲", "en": "A"}, "left": {"zh": "排除还剩", "en": "B"}}},
        "排除还剩",
    ),
}
CLOCK = {
    "kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register", "starts": "received_at",
    "stops": "replied_at", "limit": "30 min", "live": {"due": {"zh": "甲", "en": "A"}, "left": {"zh": "乙", "en": "B"}},
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in REFUSED if REFUSED[name][1]])
def test_what_no_formula_can_tell_is_refused(name, tmp_path):
    changed, says = REFUSED[name]
    policy = tmp_path / "policy" / "try.yaml"
    policy.parent.mkdir()
    policy.write_bytes(msgspec.yaml.encode({"try": CLOCK | changed}))
    with pytest.raises(DeclarationError) as refused:
        load([SHIPPED, tmp_path], KINDS)
    assert "try.live: " in str(refused.value)
    assert says in str(refused.value)


def test_what_a_formula_can_tell_is_taken(tmp_path):
    policy = tmp_path / "policy" / "try.yaml"
    policy.parent.mkdir()
    policy.write_bytes(msgspec.yaml.encode({"try": CLOCK | {"when": {"solved_by_phone": False, "channel": ["phone"]}}}))
    assert load([SHIPPED, tmp_path], KINDS).live["call_register"] >= {"甲", "a", "乙", "b"}
