"""Live columns on Google Sheets: one formula each, beside the inputs, never read back, mended when it is lost.

The local server works the formulas out; LibreOffice works out the very same texts as array formulas.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from night_department import JOBS, NOW
from openpyxl.worksheet.formula import ArrayFormula
from sheets_department import FIRST, SheetsDepartment, department
from sheets_server import Cell, SheetsServer
from test_gsheets_apply import Sheet
from test_live import HOLDS, SINCE, WORD, by_libreoffice, cases
from test_live import department as integrator_department

from sync import words
from sync.blueprint import BookDesign
from sync.blueprint.design import design
from sync.blueprint.live import HELD, PAST_A_DAY, TONIGHT, mark_in
from sync.layout import letter
from sync.model import PROBLEM_TAB, SERIAL_ZERO
from sync.plan import plan
from sync.schema import Schema

AT = datetime.fromisoformat(NOW)
LIVE = "  live: {due: {zh: 应回电时间, en: Ring back by}, left: {zh: 还剩, en: Time left}}\n"
DUE, LEFT, STOP = "应回电时间", "还剩", "回电时间"
TAB = "报修"


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as running:
        yield running
        assert not running.crashes


def counting(desk: SheetsDepartment) -> SheetsDepartment:
    """*desk*, whose department wants to see how long is left to ring back."""
    path = desk.folder / "sheets_schema" / "policy" / "small.yaml"
    terms = path.read_text(encoding="utf-8")
    path.write_text(
        terms.replace("  limit: 30 min\n", "  limit: 30 min\n  due_soon: 10 min\n" + LIVE), encoding="utf-8"
    )
    desk.sheets.clock = AT
    desk.sheets.changed()
    return desk


@pytest.fixture
def older(tmp_path: Path, server: SheetsServer) -> SheetsDepartment:
    """A spreadsheet that has no live columns yet, in use."""
    return counting(department(tmp_path / "部门", server))


@pytest.fixture
def desk(older: SheetsDepartment) -> SheetsDepartment:
    """The same with its live columns."""
    said(older, "apply")
    return older


def said(desk: SheetsDepartment, *arguments: str) -> str:
    """What a command that must succeed says."""
    done = desk.run(*arguments, now=NOW if arguments[0] == "sync" else "")
    assert done.exit_code == 0, done.output
    return done.stdout


def kinds(desk: SheetsDepartment) -> dict[str, list[str]]:
    """What a plan would make, leaves to be named, and leaves to people."""
    (found,) = json.loads(said(desk, "plan", "--json")).values()
    return {group: [one["kind"] for one in found[group]] for group in ("make", "unnamed", "by_hand") if found[group]}


def titles(desk: SheetsDepartment) -> list[object]:
    tab = desk.person.sheet(TAB)
    return [desk.sheets.value(tab, FIRST - 2, at) for at in range(tab.column_count)]


def column(desk: SheetsDepartment, title: str, rows: int = len(JOBS)) -> list[object]:
    """What stands below the header *title*."""
    tab, at = desk.person.sheet(TAB), titles(desk).index(title)
    return [desk.sheets.value(tab, row, at) or "" for row in range(FIRST - 1, FIRST - 1 + rows)]


def place(desk: SheetsDepartment, title: str, row: int) -> str:
    return f"{letter(titles(desk).index(title))}{row}"


def columns(desk: SheetsDepartment) -> dict[object, list[object]]:
    """All that people typed, by header."""
    return {title: column(desk, str(title), 40) for title in titles(desk) if title not in {DUE, LEFT, "系统状态"}}


# ---------------------------------------------------------------- plan and apply


def test_a_tab_in_use_gets_them_before_the_column_that_stops_the_clock(older):
    """Nothing that people typed is touched; the spreadsheet works out every minute; then nothing is left to do."""
    before = columns(older)
    assert kinds(older) == {"make": ["live", "live", "every_minute"]}
    told = said(older, "plan")
    assert f"报修: 加倒计时列 / add columns that count down: {DUE}、{LEFT}" in told
    assert "每分钟重算公式" in told
    said(older, "apply")
    assert kinds(older) == {}
    at = titles(older).index(STOP)
    assert titles(older)[at - 2 : at + 1] == [DUE, LEFT, STOP]
    assert columns(older) == before
    assert older.sheets.properties["autoRecalc"] == "MINUTE"
    tab = older.person.sheet(TAB)
    head, below = tab.cell(FIRST - 2, at - 2), tab.cell(FIRST, at - 2)
    assert head.extra["note"].startswith("先回电话：什么时候到期。")
    assert below.number_format == {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm"}
    assert below.blank
    guarded = [one for one in tab.things["protectedRanges"] if one["range"].get("startColumnIndex") in {at - 2, at - 1}]
    assert [one["warningOnly"] for one in guarded] == [True, True]


def test_a_new_tab_has_them_from_the_start(older):
    """The grid is as large as the plan said, and the header row complete."""
    book = older.server.store.new("新的")
    book.properties |= {"locale": "zh_CN", "timeZone": "Asia/Shanghai"}
    fresh = SheetsDepartment(older.folder, older.server, book.id)
    fresh.settle()
    (planned,) = json.loads(said(fresh, "plan", "--json")).values()
    said(fresh, "apply")
    (after,) = json.loads(said(fresh, "plan", "--json")).values()
    assert (after["make"], after["by_hand"], after["cells"]) == ([], [], planned["cells"])
    at = titles(fresh).index(STOP)
    assert titles(fresh)[at - 2 : at + 1] == [DUE, LEFT, STOP]
    assert book.properties["autoRecalc"] == "MINUTE"


def test_they_wear_the_colours_of_the_status_when_it_is_soon_or_late(desk):
    """Of each of the two columns; a rule looks at the row's own cells."""
    at = titles(desk).index(DUE)
    rules = [
        (one["ranges"][0]["startColumnIndex"], one["booleanRule"]["condition"]["values"][0]["userEnteredValue"])
        for one in desk.person.sheet(TAB).things["conditionalFormats"]
        if one["ranges"][0].get("startColumnIndex") in {at, at + 1}
    ]
    assert sorted(where for where, _ in rules) == [at, at, at + 1, at + 1]
    due = f"${letter(at)}{FIRST - 1}"
    assert all(f"ISNUMBER({due})" in formula for _, formula in rules)
    assert sum("1440<=10" in formula for _, formula in rules) == 2


def test_the_status_formula_does_not_count_them(desk):
    """They change each minute, and say nothing of whether a row is in use."""
    tab, at = desk.person.sheet(TAB), titles(desk).index(DUE)
    formula = str(tab.cell(FIRST - 2, 1).formula)
    assert f"C{FIRST - 1}:{letter(at - 1)})" in formula
    assert f"{letter(at + 2)}{FIRST - 1}:" in formula


# ---------------------------------------------------------------- what they show


def test_a_due_moment_is_the_one_that_the_night_finds_or_a_word(desk):
    """To the second; a start that only the night can read says so, and what is void or not begun says nothing."""
    shown = dict(zip(column(desk, "单号"), column(desk, DUE), strict=True))
    for typed in JOBS:
        start, due = typed.get("received_at"), shown[typed["job_no"]]
        if typed["job_no"] in {"J-012", "J-014"}:
            continue
        wanted = (
            TONIGHT if isinstance(start, str) else (start + timedelta(minutes=30) - SERIAL_ZERO) / timedelta(days=1)
        )
        assert due == (wanted if isinstance(wanted, str) else pytest.approx(wanted, abs=1e-9))
    assert column(desk, DUE)[11] == ""  # void
    assert shown["J-014"] == ""  # a number written ahead
    left = dict(zip(column(desk, "单号"), column(desk, LEFT), strict=True))
    assert left == {typed["job_no"]: "" for typed in JOBS} | {"J-011": PAST_A_DAY}


def test_time_runs_down_in_the_cell(desk):
    """Minutes, hours with minutes, and how long ago it should have been; nothing once it is done."""
    row = FIRST + len(JOBS)
    for n, minutes in enumerate((5, 29, 30, 42, 200)):
        desk.person.type(TAB, f"A{row + n}", f"J-2{n}")
        began = AT - timedelta(minutes=minutes)
        desk.person.type(TAB, place(desk, "来电时间", row + n), f"{began:%Y-%m-%d %H:%M}")
    assert column(desk, LEFT, len(JOBS) + 5)[-5:] == ["25 分", "1 分", "0 分", "超 12 分", "超 2 时 50 分"]
    desk.person.type(TAB, place(desk, STOP, row), "2026-11-22 01:58")
    assert column(desk, LEFT, len(JOBS) + 1)[-1] == ""


def test_rows_may_be_sorted_put_in_and_taken_out(desk):
    """The formula stands in the header: no row takes it along, and no new row is without it."""
    desk.person.sort(TAB, "A", descending=True, headers=FIRST - 1)
    desk.person.insert_row(TAB, FIRST)
    desk.person.type(TAB, f"A{FIRST}", "J-300")
    desk.person.type(TAB, place(desk, "来电时间", FIRST), "2026-11-22 01:50")
    assert column(desk, LEFT, 1) == ["20 分"]
    desk.person.delete_row(TAB, FIRST, 2)
    left = dict(zip(column(desk, "单号"), column(desk, LEFT), strict=True))
    assert left["J-011"] == PAST_A_DAY
    assert kinds(desk) == {}


# ---------------------------------------------------------------- the night


def test_a_night_says_the_same_with_them_as_without(tmp_path, server):
    """Counts, marks and problems; and it asks no more of the service."""
    nights = []
    for name in ("one", "two"):
        desk = department(tmp_path / name, server)
        if name == "two":
            said(counting(desk), "apply")
        server.log.clear()
        found = json.loads(desk.run("sync", "--until", "render", "--json", now=NOW).stdout)
        calls = [f"{call.method} {call.path.partition('?')[0].rpartition(':')[2]}" for call in server.log]
        problems = [[re.sub(r"（[A-Z]+ 列）", "", cell) for cell in row[2:5]] for row in desk.shows(PROBLEM_TAB)]
        nights.append((found["counts"], desk.shows(), problems, [call.partition("/")[0] for call in calls]))
    assert nights[0] == nights[1]
    assert [call for call in nights[1][3] if call.startswith("POST")] == ["POST batchUpdate"]


def test_a_tab_that_shows_an_error_in_them_has_no_problem_more(desk):
    """Somebody typed into one: its header shows an error, and the night is the same; people are told by the plan."""
    before = json.loads(said(desk, "sync", "--until", "report", "--json"))["counts"]
    desk.person.type(TAB, place(desk, DUE, FIRST + 2), "下午再打")
    at = titles(desk).index(LEFT) - 1
    assert desk.person.read(TAB, f"{letter(at)}{FIRST - 1}:{letter(at)}{FIRST - 1}") == [["#REF!"]]
    assert json.loads(said(desk, "sync", "--until", "report", "--json"))["counts"] == before
    assert kinds(desk)["by_hand"] == ["live"]
    said(desk, "apply")
    assert desk.person.read(TAB, f"{letter(at)}{FIRST + 2}:{letter(at)}{FIRST + 2}") == [["下午再打"]]
    desk.person.type(TAB, f"{letter(at)}{FIRST + 2}", "")
    assert kinds(desk) == {}
    assert titles(desk).count(DUE) == 1
    assert [one for one in column(desk, LEFT) if one] == [PAST_A_DAY]


# ---------------------------------------------------------------- lost and mended


def test_a_lost_formula_is_planned_and_mended(desk):
    """Somebody typed the header over: the column is still ours, stays where it is, and gets its formula back."""
    at = titles(desk).index(DUE)
    for text in (DUE, "最晚回电", ""):
        desk.person.type(TAB, f"{letter(at)}{FIRST - 1}", text)
        assert kinds(desk) == {"make": ["formula"]}
        assert "补上倒计时公式" in said(desk, "plan")
        assert "报修!" in said(desk, "doctor")
        said(desk, "apply")
        assert kinds(desk) == {}
        assert titles(desk).index(DUE) == at
        assert titles(desk).count(DUE) == 1


def test_one_that_was_taken_out_comes_back_in_its_place(desk):
    """The due moment stands before the time left."""
    order = titles(desk)
    desk.person.delete_column(TAB, letter(order.index(DUE)))
    assert kinds(desk)["make"] == ["live"]
    said(desk, "apply")
    assert titles(desk) == order
    assert [one for one in column(desk, LEFT) if one] == [PAST_A_DAY]
    assert kinds(desk) == {}


def test_values_that_somebody_pasted_over_them_stay(desk):
    """What stands there may be meant: it is told, and not written over."""
    at = letter(titles(desk).index(DUE))
    for row, text in ((FIRST - 1, DUE), (FIRST, "2026-11-18 09:31")):
        desk.person.type(TAB, f"{at}{row}", text)
    assert kinds(desk)["by_hand"] == ["live"]
    said(desk, "apply")
    assert desk.person.read(TAB, f"{at}{FIRST}:{at}{FIRST}")[0][0].startswith("2026-11-18")


def test_a_column_of_the_staffs_own_with_such_a_title_stays_theirs(older):
    """No second one beside it, and no word of it is lost."""
    at = letter(len(titles(older)) - 1)
    older.person.insert_column(TAB, at)
    for row, text in ((FIRST - 1, LEFT), (FIRST, "两个灯泡")):
        older.person.type(TAB, f"{at}{row}", text)
    assert kinds(older)["by_hand"] == ["live"]
    said(older, "apply")
    assert titles(older).count(LEFT) == 1
    assert DUE not in titles(older)
    assert older.person.read(TAB, f"{at}{FIRST}:{at}{FIRST}") == [["两个灯泡"]]
    assert "make" not in kinds(older) or kinds(older)["make"] == ["every_minute"]


def test_a_blank_column_that_has_the_header_already_becomes_it(older):
    """No second one of the same title is put in beside it."""
    at = len(titles(older)) - 1
    older.person.insert_column(TAB, letter(at))
    older.person.type(TAB, f"{letter(at)}{FIRST - 1}", LEFT)
    said(older, "apply")
    assert kinds(older) == {}
    assert titles(older).count(LEFT) == 1
    assert column(older, LEFT)[10] == PAST_A_DAY


def test_a_promise_that_is_changed_changes_its_formula(desk):
    """And one that counts down no more leaves columns that are taken out only when they are named."""
    path = desk.folder / "sheets_schema" / "policy" / "small.yaml"
    terms = path.read_text(encoding="utf-8")
    path.write_text(terms.replace("30 min", "45 min"), encoding="utf-8")
    assert kinds(desk) == {"make": ["formula"]}
    said(desk, "apply")
    assert kinds(desk) == {}
    path.write_text(terms.replace(LIVE, ""), encoding="utf-8")
    assert kinds(desk) == {"unnamed": ["delete_column", "delete_column"]}
    named = ("--do", "delete_column:jobs.reply.due", "--do", "delete_column:jobs.reply.left")
    said(desk, "apply", *named)
    assert not {DUE, LEFT} & set(titles(desk))
    assert kinds(desk) == {}


def test_a_batch_whose_answer_got_lost_makes_nothing_twice(older):
    """It is sent again, and refused as a whole."""
    older.server.faults.add("503", f"POST .*{older.id}:batchUpdate", applied=True)
    older.run("apply", now="")
    assert titles(older).count(DUE) == titles(older).count(LEFT) == 1
    assert kinds(older) == {}


# ---------------------------------------------------------------- moved to another kind of book


def test_a_copy_takes_no_live_column_along(desk, tmp_path):
    """There and back: the rows are the same, and each book has its own formulas, once."""
    book = tmp_path / "抄 本.xlsx"
    said(desk, "copy", "--from", "desk", "--to", str(book))
    sheet = openpyxl.load_workbook(book)[TAB]
    headers = [cell.value for cell in sheet[FIRST - 1]]
    assert headers.count(DUE) <= 1
    if DUE in headers:
        assert mark_in(str(sheet.cell(FIRST, headers.index(DUE) + 1).value)).startswith("reply.due")
    made = desk.server.store.new("又一本")
    made.properties |= {"locale": "zh_CN", "timeZone": "Asia/Shanghai"}
    back = SheetsDepartment(desk.folder, desk.server, made.id)
    back.settle()
    said(back, "copy", "--from", str(book), "--to", "desk")
    made.clock = AT
    made.changed()
    assert columns(back) == columns(desk)
    assert titles(back).count(DUE) == titles(back).count(LEFT) == 1
    assert (column(back, DUE), column(back, LEFT)) == (column(desk, DUE), column(desk, LEFT))
    assert "live" not in kinds(back).get("make", [])


# ---------------------------------------------------------------- the shipped registers


def serial(value: object) -> object:
    """What the service keeps of *value*: dates and times are numbers."""
    match value:
        case datetime():
            return (value - SERIAL_ZERO) / timedelta(days=1)
        case date():
            return (value - SERIAL_ZERO.date()).days
        case time():
            return (value.hour * 3600 + value.minute * 60 + value.second) / 86400
    return value


def fill(sheet: Sheet, tab: str, heads: Mapping[str, str], rows: Sequence[Mapping[str, object]]) -> None:
    """Put *rows* below the headers, which *heads* gives by column."""
    there, at = sheet.book.titled(tab), {title: n for n, title in enumerate(sheet.headers(tab))}
    assert there is not None
    for n, row in enumerate(rows, FIRST - 1):
        for name, value in row.items():
            if value is not None:
                there.rows[n].cells[at[heads[name]]] = Cell(serial(value))
    sheet.book.changed()


@pytest.fixture(scope="module")
def calls() -> Iterator[tuple[Sheet, list[tuple[str, object]], datetime]]:
    """The call register on the local server with the cases of workbooks, and its clock."""
    now = datetime(2026, 11, 22, 10, 0)
    listed = list(cases(now))
    schema = integrator()
    heads = {column.name: column.titles[0] for name in KEPT for column in schema.registers[name].columns}
    with SheetsServer() as server:
        sheet, made = Sheet(server), shipped()
        assert sheet.seen.apply(made, plan(made, sheet.seen.shape()).make).outcome == "written"
        rows = [{"call_no": f"RC-26-{n:05}", **row} for n, (_, row, _) in enumerate(listed, 1)]
        fill(sheet, "报修登记", heads, rows)
        fill(sheet, "暂停记录", heads, HOLDS)
        sheet.book.clock = now
        sheet.book.changed()
        yield sheet, [(name, wanted) for name, _, wanted in listed], now
        assert not server.crashes


@cache
def integrator() -> Schema:
    """What an integrator declares."""
    return integrator_department()


KEPT = ("call_register", "hold_periods", "staff")


def shipped() -> BookDesign:
    """The design of the registers with the clocks that count down."""
    schema = integrator()
    kept = [schema.registers[name] for name in KEPT]
    openings = words.load().openings
    return design("service", kept, openings, AT, room="gsheets", promises=schema.promises, judge_from=SINCE)


SHOWN = ("应回复时间", "还剩", "应排除时间", "排除还剩")


def shows(sheet: Sheet, rows: int) -> list[tuple[object, ...]]:
    """What the four live columns say of each row."""
    at = [sheet.headers("报修登记").index(title) for title in SHOWN]
    columns = (sheet.column("报修登记", one, range(FIRST - 1, FIRST - 1 + rows)) for one in at)
    return list(zip(*columns, strict=True))


def test_they_say_what_workbooks_say(calls):
    """The same cases: a moment to the second, a word, or nothing."""
    sheet, listed, now = calls
    for (name, wanted), (replied, left, mended, mended_left) in zip(listed, shows(sheet, len(listed)), strict=True):
        due, rest = (mended, mended_left) if mended else (replied, left)
        if wanted is None:
            assert (due, rest) == ("", ""), name
        elif wanted in {WORD, HELD}:
            assert (due, rest) == (TONIGHT, HELD if wanted == HELD else TONIGHT), name
        else:
            assert SERIAL_ZERO + timedelta(seconds=round(due * 86400)) == wanted, name
            minutes = abs(wanted - now) // timedelta(minutes=1)
            spoken = f"{minutes} 分" if minutes < 60 else f"{minutes // 60} 时 {minutes % 60:02} 分"
            late = PAST_A_DAY if minutes > 1440 else f"超 {spoken}"
            assert rest in {"", spoken if wanted >= now else late}, name
            assert (rest == "") == (name in {"answered", "mended"}), name


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_libreoffice_works_the_same_columns_out_as_arrays(calls, tmp_path):
    """The very formulas of the headers, over the very cells: only ARRAYFORMULA is left out, and ranges are closed.

    Hours are not compared here: in arrays LibreOffice loses what stands so many IFs deep. As single cells it does not.
    """
    sheet, listed, _ = calls
    book, height = openpyxl.Workbook(), FIRST - 1 + len(listed)
    del book["Sheet"]
    for title in ("报修登记", "暂停记录"):
        made, there = book.create_sheet(title), sheet.book.titled(title)
        for row, at, cell in there.used():
            if row < height and cell.formula is None:
                made.cell(row + 1, at + 1).value = cell.value
    headers = sheet.headers("报修登记")
    for title in SHOWN:
        at = letter(headers.index(title))
        formula = str(sheet.book.titled("报修登记").cell(FIRST - 2, headers.index(title)).formula)
        inner = formula.removeprefix("=ARRAYFORMULA(").removesuffix(")")
        closed = "=" + re.sub(r"([A-Z]+[0-9]+:[A-Z]+)\b(?![0-9(])", rf"\g<1>{height}", inner)
        area = f"{at}{FIRST - 1}:{at}{height}"
        book["报修登记"][f"{at}{FIRST - 1}"] = ArrayFormula(area, closed)
    book["暂停记录"]["Z1"] = "=NOW()"
    book.save(tmp_path / "b.xlsx")
    saved = openpyxl.load_workbook(by_libreoffice(tmp_path / "b.xlsx", tmp_path / "office"), data_only=True)
    now = saved["暂停记录"]["Z1"].value
    sheet.book.clock = now if isinstance(now, datetime) else SERIAL_ZERO + timedelta(days=now)
    sheet.book.changed()
    for title, expected in zip(SHOWN, zip(*shows(sheet, len(listed)), strict=True), strict=True):
        at = headers.index(title) + 1
        found = [saved["报修登记"].cell(row, at).value for row in range(FIRST, FIRST + len(listed))]
        assert saved["报修登记"].cell(FIRST - 1, at).value == title
        for value, wanted in zip(found, expected, strict=True):
            if " 时 " not in str(wanted):
                assert (value or "") == (pytest.approx(wanted, abs=1e-9) if isinstance(wanted, float) else wanted)


def test_a_moment_kept_in_one_column_is_taken_as_it_is_read(server):
    """Staff keep date and time together, and the one that stops the clock, too: no half of it counts as empty."""
    rows = [
        ["登记号", "来电时间", "客户名称", "回复时间"],
        ["RC-26-00001", 46348.375, "甲子花园", ""],
        ["RC-26-00002", 46348.375, "甲子花园", 46348.38],
        ["RC-26-00003", "昨天", "甲子花园", ""],
    ]
    sheet, made = Sheet(server, 报修登记=rows), shipped()
    sheet.book.clock = datetime(2026, 11, 22, 9, 12)
    assert sheet.seen.apply(made, plan(made, sheet.seen.shape()).make).outcome == "written"
    heads = sheet.headers("报修登记", 0)
    at = heads.index("应回复时间")
    assert heads[at : at + 3] == ["应回复时间", "还剩", "回复时间"]
    below = range(1, 4)
    due, left = (sheet.column("报修登记", one, below) for one in (at, at + 1))
    assert due == [pytest.approx(46348.375 + 30 / 1440), pytest.approx(46348.375 + 30 / 1440), TONIGHT]
    assert left == ["18 分", "", TONIGHT]
    assert plan(made, sheet.seen.shape()).empty


def test_a_hold_counts_as_soon_as_there_is_a_tab_for_holds(server):
    """A formula that was made without the tab looks at it when apply makes one."""
    sheet, made = Sheet(server), shipped()
    before = replace(made, tabs=tuple(tab for tab in made.tabs if tab.register != "hold_periods"))
    sheet.seen.apply(before, plan(before, sheet.seen.shape()).make)
    there, at = sheet.book.titled("报修登记"), sheet.headers("报修登记").index("应回复时间")
    assert "COUNTIF" not in there.cell(1, at).formula
    sheet.seen.apply(made, plan(made, sheet.seen.shape()).make)
    assert "COUNTIF('暂停记录'!D2:D," in sheet.book.titled("报修登记").cell(1, at).formula
    assert plan(made, sheet.seen.shape()).empty
