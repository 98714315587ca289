"""What `apply` makes of a Google spreadsheet: one batch, nothing twice, and no cell of the staff's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from google.oauth2.credentials import Credentials
from sheets_server.book import Book
from sheets_server.person import Person
from sheets_server.server import SheetsServer

from sync.blueprint import (
    BookDesign,
    BookShape,
    Change,
    Colour,
    ColumnDesign,
    ColumnShape,
    GuideLine,
    Rule,
    TabDesign,
    TabShape,
    View,
)
from sync.blueprint.design import design
from sync.books.gsheets import formulas, shape
from sync.books.gsheets.book import SheetsBook
from sync.books.gsheets.build import requests
from sync.books.gsheets.client import Client
from sync.declarations import load
from sync.model import STATES, SYSTEM_HEADERS, BookError
from sync.plan import plan
from sync.rules import KINDS
from sync.schema import SHIPPED, Words
from sync.settings import Google

LIST = Rule("list", values=("空调", "冰柜"))
DATE = Rule("date", hint="如 2026-11-22", warning="请写四位年份。\nPlease write four digits.")


def column(name: str, title: str, number_format: str = "@", rule: Rule | None = None, **more: object) -> ColumnDesign:
    given = {"known_as": (), "note": f"{title}怎么写", "width": 12, "label": "", "needed": False, **more}
    return ColumnDesign(
        name=name, title=title, number_format=number_format, rule=rule, light="#DCE9F7", strong="#BCD5EF",
        personal=False, **given,  # type: ignore[arg-type]
    )  # fmt: skip


CALLS = TabDesign(
    "calls",
    "报修登记",
    (
        column("call_no", "报修单号", label="报修登记", needed=True),
        column("phone", "电话", known_as=("Phone", "联系电话")),
        column("came_at", "来电日期", "yyyy-mm-dd", DATE),
        column("machine", "机器", rule=LIST),
        column("quantity", "数量", "General"),
        column("technician", "技术员", rule=Rule("names", tab="员工", header="姓名")),
        column("void", "作废", rule=Rule("list", values=("是", "否"))),
    ),
    key="call_no",
    void="void",
    ahead=("BX-26-00001", "BX-26-00002"),
    views=(View("todo", "调度：待办", ("● 超时", "▲ 快到期")), View("people", "技术员：按人", sort_by="technician")),
    spare=10,
)
STAFF = TabDesign(
    "staff", "员工", (column("staff_no", "工号"), column("name", "姓名")), key="staff_no", void=None, spare=5
)
DESIGN = BookDesign(
    "service",
    Words(zh="售后登记簿", en="After-sales registers"),
    (
        GuideLine("表", Words(zh="写什么", en="What"), head=True),
        GuideLine("报修登记", Words(zh="报修", en="Calls"), tab="报修登记"),
    ),
    (CALLS, STAFF),
    (Colour("late", "#FBD9D5", "#9C1C12", ("● 超时",)),),
    "这一列由系统每晚填。",
)
EMPTY = BookShape("service", "试用", (TabShape("Sheet1", "0", (), 0, 1000, 26),), frozenset(), cells=26000)


def made(design: BookDesign = DESIGN) -> list[dict[str, object]]:
    """The requests that make *design* in an empty spreadsheet."""
    return requests(design, EMPTY, every(design, EMPTY))


def every(design: BookDesign, there: BookShape) -> tuple[Change, ...]:
    """All changes towards *design*, those too that have to be named."""
    there = replace(there, can=frozenset(shape.ADDITIONS) | frozenset(shape.ASKED))
    first = plan(design, there)
    return plan(design, there, [change.word for change in first.unnamed]).make


def standing(*headers: str, first: int = 1, **more: object) -> BookShape:
    """A spreadsheet of the staff's with everything but the columns as it should be; *headers* stand in a row."""
    columns = tuple(
        ColumnShape(at, text, "", "@", rule=True, note=True, filled=True) for at, text in enumerate(headers) if text
    )
    looks = frozenset({"freeze", "banding", "colours", "protection", "view:todo", "view:people", "spills"})
    calls = TabShape("报修登记", "7", columns, first, 50, len(headers), "calls", looks=looks)
    people = (ColumnShape(0, "工号", "", "@"), ColumnShape(1, "系统状态"), ColumnShape(2, "姓名", "", "@"))
    staff = TabShape("员工", "8", people, 1, 50, 3, "staff", looks=looks)
    ours = tuple(TabShape(title, str(20 + at), (), 0, 20, 6) for at, title in enumerate((*SYSTEM_HEADERS, "说明")))
    given = {"tabs": (replace(calls, **more), staff, *ours), "names": frozenset({"calls", "staff"})}  # type: ignore[arg-type]
    return BookShape("service", "试用", can=frozenset(), cells=100, **given)  # type: ignore[arg-type]


def of(kind: str, found: list[dict[str, object]]) -> list[dict]:
    """The bodies of the requests of one *kind*."""
    return [body for request in found for name, body in request.items() if name == kind]


# ---------------------------------------------------------------- what the requests are


def test_a_new_tab_has_everything_that_belongs_to_it():
    """Small grid, headers with notes, ids written ahead, formats before anybody types, one formula for all statuses."""
    found = made()
    (calls,) = [one["properties"] for one in of("addSheet", found) if one["properties"]["title"] == "报修登记"]
    assert calls["gridProperties"] == {"rowCount": 14, "columnCount": 8}
    mine = [one for one in of("updateCells", found) if one["start"]["sheetId"] == calls["sheetId"]]
    heads, ahead, state = mine
    texts = [cell.get("userEnteredValue", {}).get("stringValue") for cell in heads["rows"][1]["values"]]
    assert texts == ["报修单号", None, "电话", "来电日期", "机器", "数量", "技术员", "作废"]
    assert all(cell["note"] for cell in heads["rows"][1]["values"])
    assert [row["values"][0]["userEnteredValue"] for row in ahead["rows"]] == [
        {"stringValue": "BX-26-00001"},
        {"stringValue": "BX-26-00002"},
    ]
    assert [(one["rowIndex"], one["columnIndex"]) for one in (state["start"],)] == [(0, 1)]
    kinds = {
        (one["range"]["startColumnIndex"], one["range"]["endColumnIndex"]): one["cell"]["userEnteredFormat"][
            "numberFormat"
        ]
        for one in of("repeatCell", found)
        if one["range"]["sheetId"] == calls["sheetId"] and "numberFormat" in one["fields"]
    }
    text, day = {"type": "TEXT", "pattern": "@"}, {"type": "DATE", "pattern": "yyyy-mm-dd"}
    # the number column has the format that cells have anyway
    assert kinds == {(0, 1): text, (2, 3): text, (3, 4): day, (4, 5): text, (6, 8): text}


def test_a_rule_offers_and_warns_and_never_refuses():
    """What a person means can be typed; names come from the cells of the staff's tab."""
    found = made()
    rules = [one["rule"] for one in of("setDataValidation", found)]
    assert [rule["condition"]["type"] for rule in rules] == [
        "DATE_ON_OR_AFTER",
        "ONE_OF_LIST",
        "ONE_OF_RANGE",
        "ONE_OF_LIST",
    ]
    assert not any(rule["strict"] for rule in rules)
    assert rules[0]["inputMessage"].startswith("如 2026-11-22")
    assert rules[2]["condition"]["values"] == [{"userEnteredValue": "='员工'!$C$3:$C"}]
    assert all(set(one["range"]) == {"sheetId", "startRowIndex", "startColumnIndex", "endColumnIndex"}
               for one in of("setDataValidation", found))  # fmt: skip


def test_our_own_tabs_are_locked_and_staff_tabs_only_ask():
    """Nobody types into a tab that is rewritten every night; over a header one may, after a question."""
    found = made()
    titles = {one["properties"]["sheetId"]: one["properties"]["title"] for one in of("addSheet", found)}
    who: dict[str, list[tuple[bool, bool]]] = {}
    for one in of("addProtectedRange", found):
        protected = one["protectedRange"]
        assert protected["description"].startswith("servicebook:")
        who.setdefault(titles[protected["range"]["sheetId"]], []).append(
            (protected["warningOnly"], protected.get("editors") == {"users": []})
        )
    assert who == {title: [(False, True)] for title in SYSTEM_HEADERS} | {
        title: [(True, False), (True, False)] for title in ("报修登记", "员工")
    }


def test_the_same_spreadsheet_gives_the_same_batch_and_a_changed_one_never_a_taken_number():
    """So a batch that is sent twice is refused the second time as a whole."""
    assert made() == made()
    numbers = _numbers(made())
    assert len(numbers) == len(set(numbers)) > 20
    assert all(0 < number < 2**31 for number in numbers)
    again = requests(DESIGN, replace(EMPTY, taken=frozenset(numbers)), every(DESIGN, EMPTY))
    assert not set(numbers) & set(_numbers(again))


def _numbers(found: list[dict[str, object]]) -> list[int]:
    return [
        *(one["properties"]["sheetId"] for one in of("addSheet", found)),
        *(one["developerMetadata"]["metadataId"] for one in of("createDeveloperMetadata", found)),
        *(one["filter"]["filterViewId"] for one in of("addFilterView", found)),
        *(one["bandedRange"]["bandedRangeId"] for one in of("addBanding", found)),
        *(one["protectedRange"]["protectedRangeId"] for one in of("addProtectedRange", found)),
    ]


# Tabs that people keep: other orders, older headers, own columns, a title above, no title, no status.
KEPT = [
    standing("报修单号", "系统状态", "电话", "来电日期", "机器", "数量", "技术员", "作废", "自己的"),
    standing("作废", "电话", "自己的", "", "报修单号", "联系电话", "技术员"),
    standing("报修单号", "系统状态", "Phone", first=3),
    standing("报修单号", "电话", first=0),
    standing("机器", "系统状态", "来电日期", "数量", "报修单号", looks=frozenset()),
]


@pytest.mark.parametrize("there", KEPT)
def test_no_cell_of_the_staff_is_written(there):
    """Whatever is asked for: rows are never written, headers only where they are ours, new or to be renamed."""
    changes = every(DESIGN, there)
    found = requests(DESIGN, there, changes)
    first = there.tabs[0].header + 1
    renamed = sum(change.kind == "rename_column" for change in changes)
    new = sum(change.kind in {"column", "status"} for change in changes)
    typed = [
        one for one in of("updateCells", found) if one["start"]["sheetId"] == 7 and "userEnteredValue" in one["fields"]
    ]
    assert all(one["start"]["rowIndex"] + len(one["rows"]) <= first for one in typed)
    assert all(len(row["values"]) == 1 for one in typed for row in one["rows"])
    assert len(typed) <= renamed + new + 1  # and the status formula
    assert not of("addSheet", found)
    forgetful = [one for one in of("repeatCell", found) if "startRowIndex" not in one["range"]]
    inserted = of("insertDimension", found) + [
        one for one in of("appendDimension", found) if one["dimension"] == "COLUMNS"
    ]
    assert len(forgetful) == len(inserted) == new  # only what was put in loses its looks
    assert not {kind for one in found for kind in one} & {
        "sortRange",
        "deleteSheet",
        "appendCells",
        "cutPaste",
        "copyPaste",
    }


def test_only_what_is_named_is_renamed_moved_retyped_or_taken_out():
    """A plan leaves these to people: without their words no request touches a column that is there."""
    there = standing("作废", "系统状态", "Phone", "报修单号", "老的")
    columns = (*there.tabs[0].columns[:4], ColumnShape(4, "老的", field="gone", number_format="0", filled=True))
    there = replace(there, tabs=(replace(there.tabs[0], columns=columns), *there.tabs[1:]))
    can = replace(there, can=frozenset(shape.ADDITIONS) | frozenset(shape.ASKED))
    asked = plan(DESIGN, can)
    assert {change.kind for change in asked.unnamed} == {"rename_column", "move_column", "delete_column"}
    kinds = {kind for one in requests(DESIGN, there, asked.make) for kind in one}
    assert not kinds & {"moveDimension", "deleteDimension"}
    named = {kind for one in requests(DESIGN, there, every(DESIGN, there)) for kind in one}
    assert {"moveDimension", "deleteDimension"} <= named


def test_a_column_that_people_typed_into_meanwhile_keeps_its_format():
    """The plan saw a blank column without a format; by now it has prices in it."""
    there = standing("报修单号", "系统状态", "电话")
    columns = (
        *there.tabs[0].columns[:2],
        ColumnShape(2, "电话", number_format="0.00", filled=True, rule=True, note=True),
    )
    there = replace(there, tabs=(replace(there.tabs[0], columns=columns), *there.tabs[1:]))
    change = Change("format", "报修登记", "calls", "phone", what="@")
    assert not of("repeatCell", requests(DESIGN, there, [change]))
    assert of("repeatCell", requests(DESIGN, there, [replace(change, kind="retype_column")]))


def test_what_went_away_since_the_plan_stops_the_whole_batch():
    """A message says what is gone and what to do; no request is sent."""
    there = standing("报修单号", "系统状态")
    with pytest.raises(
        BookError, match=r"「报修登记」的「机器」列已经不在了，什么都没有改。请再运行一次 servicebook plan。"
    ):
        requests(
            DESIGN,
            there,
            [Change("rule", "报修登记", "calls", "machine"), Change("note", "报修登记", "calls", "phone")],
        )
    with pytest.raises(BookError, match="标签页「报修」已经不在了"):
        requests(DESIGN, there, [Change("status", "报修", "calls")])


def test_what_somebody_made_meanwhile_is_theirs():
    """A tab or a column that is there by now is not made again, and gets nothing of ours unasked."""
    there = standing("报修单号", "系统状态", "电话")
    assert (
        requests(
            DESIGN, there, [Change("tab", "报修登记", "calls"), Change("system_tab", "_状态"), Change("guide", "说明")]
        )
        == []
    )
    assert requests(DESIGN, there, [Change("column", "报修登记", "calls", "phone")]) == []


def test_columns_next_to_each_other_share_a_request_only_where_nothing_moves():
    """Two columns taken out one after the other are two requests: the second stands elsewhere by then."""
    there = standing("报修单号", "系统状态", "一", "二", "三")
    columns = tuple(replace(one, field=f"old_{one.index}") if one.index > 1 else one for one in there.tabs[0].columns)
    there = replace(there, tabs=(replace(there.tabs[0], columns=columns), *there.tabs[1:]))
    changes = [Change("delete_column", "报修登记", "calls", f"old_{at}") for at in (2, 4)]
    ranges = [one["range"] for one in of("deleteDimension", requests(DESIGN, there, changes))]
    assert [(one["startIndex"], one["endIndex"]) for one in ranges] == [(2, 3), (3, 4)]


def test_a_system_tab_that_was_deleted_is_told_to_the_formulas_again():
    """A formula forgets a tab that is deleted, also when another one gets its name; one that is not ours is left."""
    there = standing("报修单号", "系统状态", "电话")
    gone = replace(there, tabs=tuple(tab for tab in there.tabs if tab.title != "_状态"))
    written = [
        one["start"]["sheetId"] for one in of("updateCells", requests(DESIGN, gone, [Change("system_tab", "_状态")]))
    ]
    assert {7, 8} < set(written)
    plain = replace(gone, tabs=tuple(replace(tab, looks=frozenset()) for tab in gone.tabs))
    written = [
        one["start"]["sheetId"] for one in of("updateCells", requests(DESIGN, plain, [Change("system_tab", "_状态")]))
    ]
    assert not {7, 8} & set(written)


def test_what_would_cut_a_merged_cell_in_two_is_not_frozen():
    """Google refuses it, and with it the whole batch."""
    there = standing("报修单号", "系统状态", looks=frozenset(), uncut=(True, False))
    (frozen,) = of(
        "updateSheetProperties", requests(DESIGN, there, [Change("look", "报修登记", "calls", what="freeze")])
    )
    assert frozen["properties"]["gridProperties"] == {"frozenRowCount": 2}


# ---------------------------------------------------------------- formulas


def test_the_status_formula_names_the_columns_where_they_stand():
    """One formula in the header for all rows, open below."""
    assert formulas.status("calls", 0, 1, 3, 1) == (
        '=ARRAYFORMULA(IF(ROW(A2:A)=ROW(A2),"系统状态",IF(A2:A="","",IFNA(XLOOKUP("calls|"&A2:A,\'_状态\'!A:A,\'_状态\'!B:B),'
        'IF(MMULT(IFERROR((C2:D<>"")*(C2:D<>FALSE),1),SEQUENCE(COLUMNS(C2:D),1,1,0))<=0,"","待同步")))))'
    )
    # the id among the others: it counts itself
    moved = formulas.status("calls", 2, 1, 3, 4)
    assert "C5:C" in moved
    assert moved.count("MMULT") == 2
    assert "<=1," in moved
    assert "<=0,FALSE" not in formulas.status("calls", 0, 1, 0, 2)  # nothing but the id


def test_conditions_are_known_again_whatever_their_words():
    """The mark is a text that counts as nothing; quotes in a status do not end it."""
    formula = formulas.begins("late", "$B3", ('● "急"', "▲"))
    assert formula == '=AND(N("servicebook:late")=0,OR(LEFT($B3,5)="● ""急""",LEFT($B3,1)="▲"))'
    assert formulas.seen(View("people", "按人"), "$B3") == '=AND(N("servicebook:view:people")=0,TRUE)'


# ---------------------------------------------------------------- over HTTP


@pytest.fixture(scope="module")
def server():
    with SheetsServer() as running:
        yield running
        assert not running.crashes


class Sheet:
    """A spreadsheet on the local server: as the program sees it, and as people do."""

    def __init__(self, server: SheetsServer, **tabs: list[list[object]]) -> None:
        self.server = server
        self.book: Book = server.store.new("售后登记簿", **tabs)
        self.book.properties |= {"locale": "zh_CN", "timeZone": "Asia/Shanghai"}
        google = Google(endpoint=server.url, deadline=20)
        client = Client(Credentials("a word"), google, self.book.id, "books.service")
        self.seen = SheetsBook("service", self.book.id, google, "Asia/Shanghai", client, "books.service")

    def differs(self, *words: str):
        return plan(DESIGN, self.seen.shape(), words)

    def make(self, *words: str):
        return self.seen.apply(DESIGN, self.differs(*words).make)

    def writes(self) -> int:
        return sum(self.book.id in entry.path for entry in self.server.calls("POST .*:batchUpdate"))

    def column(self, title: str, at: int, rows: range = range(20)) -> list[object]:
        tab = self.book.titled(title)
        assert tab is not None
        return [self.book.value(tab, row, at) for row in rows if row < tab.row_count]

    def headers(self, title: str, row: int = 1) -> list[object]:
        tab = self.book.titled(title)
        assert tab is not None
        return [self.book.value(tab, row, at) for at in range(tab.column_count)]


def test_an_empty_spreadsheet_becomes_the_book_in_one_call(server):
    """Then nothing is left to do, and a second time changes nothing."""
    sheet = Sheet(server)
    asked = sheet.differs()
    assert sheet.seen.apply(DESIGN, asked.make).outcome == "written"
    assert sheet.writes() == 1
    assert [tab.title for tab in sheet.book.sheets] == ["说明", "Sheet1", "报修登记", "员工", "_状态", "_问题", "_同步"]
    assert [tab.title for tab in sheet.book.sheets if tab.properties.get("hidden")] == ["_状态", "_同步"]
    after = sheet.seen.shape()
    rest = plan(DESIGN, after)
    assert (rest.make, rest.unnamed, rest.by_hand) == ((), (), ())
    assert after.cells == asked.cells < 30_000
    assert requests(DESIGN, after, asked.make) == []
    marked = {column.field: column.header for tab in after.tabs for column in tab.columns if column.field}
    assert marked == {column.name: column.title for tab in DESIGN.tabs for column in tab.columns}


def test_a_register_of_people_keeps_every_cell_and_gets_what_it_lacks(server):
    """Their order, their own columns and a title above stay; new columns stand behind the last one."""
    rows = [
        ["东区报修", "", ""],
        ["报修单号", "来电日期", "我的记号"],
        ["BX-1", "3月4日", "x"],
        ["BX-2", 46000, ""],
        ["", "", "只是一行字"],
    ]
    sheet = Sheet(server, 报修登记=rows)
    assert sheet.make().done
    assert not sheet.differs().make
    headers = sheet.headers("报修登记")
    assert headers[:8] == ["报修单号", "系统状态", "来电日期", "我的记号", "电话", "机器", "数量", "技术员"]
    assert headers.count("系统状态") == 1
    for old, new in ((0, 0), (1, 2), (2, 3)):
        typed = [row[old] or None for row in rows]
        assert sheet.column("报修登记", new, range(5)) == typed
    assert sheet.make("move_column:calls.phone").done
    assert sheet.headers("报修登记")[:4] == ["报修单号", "系统状态", "电话", "来电日期"]
    assert not sheet.differs().make


def test_asked_changes_are_made_when_they_are_named(server):
    """Renamed, retyped and taken out by their words alone; what stood there stays as it was typed."""
    sheet = Sheet(server)
    assert sheet.make().done
    person = Person(server.store, sheet.book)
    person.rename_column("报修登记", "电话", "客户电话号", row=2)
    person.type("报修登记", "C3", "13800000000")
    person.rename_tab("员工", "人员表")
    waiting = {change.word for change in sheet.differs().unnamed}
    assert waiting == {"rename_column:calls.phone", "rename_tab:staff"}
    assert not sheet.differs().make
    assert sheet.make("rename_column:calls.phone").done
    assert sheet.headers("报修登记")[2] == "电话"
    assert sheet.book.titled("人员表")
    assert sheet.make("rename_tab:staff").done
    assert sheet.book.titled("员工")
    assert sheet.column("报修登记", 2, range(2, 3)) == ["13800000000"]
    less = replace(DESIGN, tabs=(replace(CALLS, columns=CALLS.columns[:3] + CALLS.columns[4:]), STAFF))
    taken = plan(less, sheet.seen.shape(), ["delete_column:calls.machine"])
    assert [change.kind for change in taken.make] == ["delete_column"]


def test_a_column_that_was_hit_because_somebody_put_one_in_is_told_at_once(server):
    """The service takes columns by their place: what must not happen in silence is said, with the way back."""
    sheet = Sheet(server)
    assert sheet.make().done
    less = replace(DESIGN, tabs=(replace(CALLS, columns=CALLS.columns[:3] + CALLS.columns[4:]), STAFF))
    taken = plan(less, sheet.seen.shape(), ["delete_column:calls.machine"])
    person = Person(server.store, sheet.book)
    server.between(f"POST .*{sheet.book.id}:batchUpdate", lambda _: person.insert_column("报修登记", "C"))
    written = sheet.seen.apply(less, taken.make)
    assert written.outcome == "failed"
    assert "报修登记!来电日期" in written.words["zh"]
    assert "版本记录" in written.words["zh"]


def test_a_refused_request_leaves_everything_as_it_was(server):
    """The tab that somebody makes between the look and the write stops the whole batch."""
    sheet = Sheet(server)
    asked = sheet.differs()

    def visit(_: object) -> None:
        sheet.book.add_sheet({"title": "_问题"})

    server.between(f"POST .*{sheet.book.id}:batchUpdate", visit)
    written = sheet.seen.apply(DESIGN, asked.make)
    assert written.outcome == "failed"
    assert [tab.title for tab in sheet.book.sheets] == ["Sheet1", "_问题"]
    assert not sheet.book.named
    assert sheet.make().done  # looked at anew, it is all there
    assert not sheet.differs().make


def test_a_batch_whose_answer_got_lost_is_not_made_twice(server):
    """It is sent again, and Google refuses it: its numbers are taken."""
    sheet = Sheet(server, 报修登记=[["报修单号", "我的"], ["BX-1", "x"]])
    server.faults.add("503", f"POST .*{sheet.book.id}:batchUpdate", applied=True)
    sheet.make()
    assert sheet.headers("报修登记", 0).count("电话") == 1
    assert not sheet.differs().make


def _status(sheet: Sheet, *marks: tuple[str, str]) -> None:
    """Put *marks* into the status tab, as a night does."""
    tab = sheet.book.titled("_状态")
    assert tab is not None
    cells = [{"values": [{"userEnteredValue": {"stringValue": text}} for text in mark]} for mark in marks]
    start = {"sheetId": tab.id, "rowIndex": 1, "columnIndex": 0}
    sheet.seen.client.update(
        {"requests": [{"updateCells": {"start": start, "rows": cells, "fields": "userEnteredValue"}}]}
    )


def test_the_formula_shows_each_row_its_own_status(server):
    """As far as the local server works it out: by the id as typed, without wildcards, wherever people put the row."""
    sheet = Sheet(server)
    assert sheet.make().done
    person = Person(server.store, sheet.book)
    for cell, text in (("A5", "BX-*"), ("A6", "bx-7"), ("C6", "'138"), ("A7", "BX-8"), ("C7", "'139"), ("A8", "BX-9")):
        person.type("报修登记", cell, text)
    _status(
        sheet,
        ("calls|BX-26-00001", "√ 没问题"),
        ("calls|BX-7", "● 超时"),
        ("calls|BX-26-00002x", "▲"),
        ("calls|~", "?"),
    )
    # found; written ahead only; a wildcard alone in its row; found whatever the case; not seen yet; alone in its row
    assert sheet.column("报修登记", 1, range(1, 8)) == ["系统状态", "√ 没问题", "", "", "● 超时", "待同步", ""]
    person.insert_row("报修登记", 3)
    person.type("报修登记", "A3", "BX-26-00001")
    assert sheet.column("报修登记", 1, range(1, 5)) == ["系统状态", "√ 没问题", "√ 没问题", ""]
    person.sort("报修登记", "A", descending=True, headers=2)
    ids, shown = sheet.column("报修登记", 0, range(2, 20)), sheet.column("报修登记", 1, range(2, 20))
    assert [text for key, text in zip(ids, shown, strict=True) if key == "bx-7"] == ["● 超时"]
    assert shown.count("√ 没问题") == 2


def test_a_title_merged_over_the_first_columns_is_left_whole(server):
    """Frozen columns would cut it in two; the rows are frozen all the same, and then nothing is left to do."""
    sheet = Sheet(server, 报修登记=[["东区报修登记"], ["报修单号", "电话", "机器"]])
    tab = sheet.book.titled("报修登记")
    title = {"sheetId": tab.id, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 3}
    sheet.seen.client.update({"requests": [{"mergeCells": {"range": title, "mergeType": "MERGE_ALL"}}]})
    (calls,) = [one for one in sheet.seen.shape().tabs if one.title == "报修登记"]
    assert calls.uncut == (True, False)
    assert sheet.make().done
    (grid,) = [one.described(0)["gridProperties"] for one in sheet.book.sheets if one.id == tab.id]
    assert (grid.get("frozenRowCount"), grid.get("frozenColumnCount")) == (2, None)
    assert not sheet.differs().make


def test_a_status_column_that_somebody_typed_into_is_still_ours(server):
    """Its formula shows an error then; a second column beside it would help nobody. So with a status tab that went."""
    sheet = Sheet(server)
    assert sheet.make().done
    person = Person(server.store, sheet.book)
    person.type("报修登记", "B5", "打错地方了")
    assert person.read("报修登记", "B2:B2") == [["#REF!"]]
    assert not sheet.differs().make
    person.delete_tab("_状态")
    assert [change.word for change in sheet.differs().make] == ["system_tab:_状态"]
    assert sheet.make().done
    assert sheet.headers("报修登记").count("#REF!") <= 1
    assert not sheet.differs().make


def test_the_shape_tells_what_people_keep(server):
    """Headers below a title, hidden tabs, formats, rules and notes where there are any, and what stands below."""
    sheet = Sheet(server, 旧表=[["说明文字"], [], ["工号", "电话", ""], ["G1", "", "没有表头"]])
    tab = sheet.book.titled("旧表")
    phone = {"sheetId": tab.id, "startRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 2}
    text = {"userEnteredFormat": {"numberFormat": {"type": "TEXT"}}}
    asked = [{"repeatCell": {"range": phone, "cell": text, "fields": "userEnteredFormat.numberFormat"}}]
    sheet.seen.client.update({"requests": asked})
    Person(server.store, sheet.book).hide_tab("旧表")
    seen = sheet.seen.shape()
    (old,) = seen.tabs
    assert (old.title, old.hidden, old.header, old.looks) == ("旧表", True, 2, frozenset())
    told = [(one.header, one.number_format, one.rule, one.note, one.filled) for one in old.columns]
    assert told == [("工号", "", False, False, True), ("电话", "@", False, False, False), ("", "", False, False, True)]
    assert seen.cells == old.rows * old.width
    assert (seen.where, seen.most_cells) == ("售后登记簿", 10_000_000)


def test_the_shipped_registers_fit_into_one_batch(server):
    """All registers there are, made at once: a batch below 2 MB, tabs of some thousand cells, and nothing left over."""
    declared = load([SHIPPED], KINDS)
    words = {state: f"● {state}" for state in STATES}
    whole = design("service", declared.registers.values(), words, datetime(2026, 11, 22, 2), room="gsheets")
    sheet = Sheet(server)
    asked = plan(whole, sheet.seen.shape())
    assert sheet.seen.apply(whole, asked.make).outcome == "written"
    (sent,) = [entry.sent for entry in server.calls("POST .*:batchUpdate") if sheet.book.id in entry.path]
    assert sent < 2_000_000
    after = sheet.seen.shape()
    assert after.cells < 250_000
    assert plan(whole, after).empty
