"""What differs between a book and its declarations: nothing is lost, nothing is done unasked, and it ends."""

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from typing import get_args

import pytest
from night_department import Department, department

from sync import outlet
from sync.blueprint import ADDITIONS, ASKED, GUIDE_TAB, LOOKS, Change, Kind, Plan
from sync.blueprint.design import GROWTH, SPARE, design
from sync.blueprint.texts import texts
from sync.books.memory import MemoryBook
from sync.declarations import load
from sync.model import OPEN_STATES, STATES, STATUS_HEADER, SYSTEM_HEADERS, DeclarationError, SafetyStop
from sync.plan import carry_out, draft, plan
from sync.rules import KINDS
from sync.schema import SHIPPED, Choice, Constraints, Field, Register, Source, Words

AT = datetime(2026, 11, 22, 2, 0)
STATE_WORDS = {state: f"● {state}" for state in STATES}
SHIPPED_ONES = load([SHIPPED], KINDS).registers
SERVICE = [one for one in SHIPPED_ONES.values() if one.book == "service"]


def said(zh: str, en: str = "") -> Words:
    return Words(zh=zh, en=en or zh)


JOBS = Register(
    name="jobs",
    title=said("报修", "Jobs"),
    book="desk",
    primaryKey="no",
    series="J-{yy}-{n:03}",
    fields=[
        Field(name="no", title=said("单号", "No."), kind="id", constraints=Constraints(required=True)),
        Field(
            name="called", title=said("来电", "Called"), type="datetime", aliases=["报修时间"],
            split={"date": said("来电日期", "Call date"), "time": said("来电时间", "Call time")},
        ),
        Field(name="phone", title=said("电话", "Phone"), aliases=["联系电话"], kind="phone", personal=True),
        Field(name="grade", title=said("等级", "Grade"), choices=[Choice(name="a", title=said("急", "Urgent"))]),
        Field(name="taken_by", title=said("接听人", "Taken by"), foreign="staff"),
        Field(name="technician", title=said("维修人员", "Technician"), foreign="staff"),
        Field(name="void", title=said("作废", "Void"), type="boolean"),
    ],
)  # fmt: skip
STAFF = Register(
    name="staff",
    title=said("人员", "Staff"),
    book="desk",
    primaryKey="no",
    short_name="shown",
    fields=[
        Field(name="no", title=said("工号", "No."), kind="id"),
        Field(name="name", title=said("姓名", "Name")),
        Field(name="shown", title=said("显示名", "Shown as")),
        Field(name="merged_into", title=said("并入单号", "Merged into"), foreign="staff"),
    ],
)


def designed(*registers: Register, name: str = "desk", room: str = "gsheets"):
    return design(name, registers or (JOBS, STAFF), STATE_WORDS, AT, room=room)


def built(*registers: Register, **more: object) -> MemoryBook:
    """A book as apply makes it from nothing."""
    book, wanted = MemoryBook("desk", {}, **more), designed(*registers)
    assert book.apply(wanted, plan(wanted, book.shape()).make).done
    return book


def words(changes) -> list[str]:
    return [change.word for change in changes]


def kinds(found: Plan) -> Counter[str]:
    return Counter(change.kind for change in (*found.make, *found.unnamed))


# ---------------------------------------------------------------- the design


def test_a_design_has_a_tab_for_each_place_that_staff_write_in():
    wanted = design("service", SHIPPED_ONES.values(), STATE_WORDS, AT)
    assert [tab.title for tab in wanted.tabs] == [one.tabs[0].tab for one in SERVICE]
    tab = wanted.tab("报修登记")
    assert tab.ahead[0] == "RC-26-00001"
    assert (len(tab.ahead), tab.spare, tab.key, tab.void) == (GROWTH, SPARE, "call_no", "void")
    titles = [column.title for column in tab.columns]
    assert titles[:3] == ["登记号", "来电日期", "来电时间"]
    formats = {column.title: column.number_format for column in tab.columns}
    assert [formats[title] for title in ("登记号", "电话", "来电日期", "来电时间")] == ["@", "@", "yyyy-mm-dd", "hh:mm"]


def test_names_are_offered_where_people_keep_them():
    rules = {column.name: column.rule for column in designed().tab("报修").columns}
    assert (rules["technician"].kind, rules["technician"].tab, rules["technician"].header) == (
        "names",
        "人员",
        "显示名",
    )
    assert rules["grade"].values == ("急",)
    assert rules["called__date"].kind == "date"
    assert rules["phone"] is None
    assert designed(JOBS).tab("报修").columns[6].rule is None  # no staff in this book


def test_each_role_has_its_view():
    views = {view.name: view for view in designed().tab("报修").views}
    assert set(views["dispatcher"].starts) == {STATE_WORDS[state] for state in OPEN_STATES}
    assert views["manager"].starts[0] == "● overdue"
    assert views["clerk"].contains in "数据有误（2 处）"
    assert views["person"].sort_by == "technician"  # who goes there, not who took the call
    assert "person" not in {view.name for view in designed().tab("人员").views}


def test_the_house_rules_are_those_of_the_kind_of_book():
    lines = {room: [line.name for line in designed(room=room).guide] for room in ("xlsx", "gsheets")}
    assert "关一次表" in lines["xlsx"]
    assert "关一次表" not in lines["gsheets"]


def test_month_tabs_share_one_run_of_numbers_and_tabs_that_are_read_are_no_part():
    months = [Source(book="desk", tab="十月", mode="read_only"), Source(book="desk", tab="十一月")]
    months += [Source(book="desk", tab="十二月"), Source(book="old", tab="去年")]
    wanted = designed(Register(**{**fields_of(JOBS), "sources": months}))
    assert [(tab.title, len(tab.ahead), tab.known_as) for tab in wanted.tabs] == [
        ("十一月", GROWTH, ()),
        ("十二月", 0, ()),
    ]
    assert wanted.left_alone == ("十月",)


def fields_of(register: Register) -> dict[str, object]:
    return {name: getattr(register, name) for name in register.__struct_fields__}


# ---------------------------------------------------------------- from nothing


def test_an_empty_book_gets_everything_and_then_nothing():
    book = MemoryBook("desk", {})
    first = plan(designed(), book.shape())
    assert kinds(first) == {"guide": 1, "tab": 2, "name": 2, "system_tab": 3}
    book.apply(designed(), first.make)
    assert set(book.tabs) == {GUIDE_TAB, "报修", "人员", *SYSTEM_HEADERS}
    assert book.tabs["报修"][1][:3] == ["单号", STATUS_HEADER, "来电日期"]
    assert book.tabs["报修"][2] == ["J-26-001"]
    second = plan(designed(), book.shape())
    assert (second.make, second.unnamed, second.by_hand) == ((), (), ())


def test_an_empty_tab_of_the_right_name_is_filled():
    book = MemoryBook("desk", {"人员": []})
    found = plan(designed(STAFF), book.shape())
    assert [change.column for change in found.make if change.kind == "column"] == ["no", "name", "shown", "merged_into"]
    book.apply(designed(STAFF), found.make)
    assert plan(designed(STAFF), book.shape()).empty


def test_a_book_that_is_only_read_is_left_alone():
    read = Register(**{**fields_of(JOBS), "sources": [Source(book="desk", tab="报修", mode="read_only")]})
    found = plan(designed(read), MemoryBook("desk", {}).shape())
    assert (found.make, found.unnamed, found.by_hand) == ((), (), ())


# ---------------------------------------------------------------- what people did meanwhile

OTHER_HEADERS = {"电话": "联系电话", "来电日期": "报修时间", "来电时间": "Call time", "显示名": "叫什么"}


def meddled(seed: int) -> MemoryBook:
    """A book that people worked in for a year: columns renamed, moved, dropped and added; formats, looks, tabs gone."""
    dice, book = random.Random(seed), built()
    for title in ("报修", "人员"):
        known = [
            meddled_column(one, header, dice)
            for one, header in zip(book.built[title].columns, book.tabs[title][1], strict=True)
        ]
        known.append(replace(known[0], header="自己的", field=""))
        if dice.random() < 0.8:
            known = dice.sample(known, dice.randrange(1, len(known) + 1))
        cells = [[f"{title} {row} {one.header}" for one in known] for row in range(dice.randrange(3))]
        book.tabs[title] = [[], [one.header for one in known], *cells]
        looks = book.built[title].looks - set(dice.sample(LOOKS, 2))
        book.built[title] = replace(book.built[title], columns=tuple(known), looks=looks)
    if dice.random() < 0.3:
        book.tabs["旧人员"], book.built["旧人员"] = book.tabs.pop("人员"), book.built.pop("人员")
    for title in dice.sample(sorted(SYSTEM_HEADERS), dice.randrange(3)):
        del book.tabs[title]
    book.names = set(dice.sample(["jobs", "staff"], dice.randrange(3)))
    return book


def meddled_column(one, header: str, dice: random.Random):
    one = replace(one, header=header)
    if dice.random() < 0.2:
        one = replace(one, header=OTHER_HEADERS.get(header, header))
    if dice.random() < 0.3:
        one = replace(one, number_format=dice.choice(["", "0.00%", None]))
    if dice.random() < 0.2:
        one = replace(one, rule=False, note=False)
    return replace(one, field=dice.choice(["", f"gone {header}"])) if dice.random() < 0.2 else one


def typed(book: MemoryBook) -> set[tuple[str, ...]]:
    """What people typed, by column, wherever it stands."""
    rows = [[row for row in rows[2:] if row] for title, rows in book.tabs.items() if title not in SYSTEM_HEADERS]
    width = max((len(row) for some in rows for row in some), default=0)
    found = {
        tuple(str(row[at]) for row in some if at < len(row) and row[at] is not None)
        for some in rows
        for at in range(width)
    }
    return {cells for cells in found if cells and " " in cells[0]}


@pytest.mark.parametrize("seed", range(60))
def test_whatever_people_did_a_second_plan_has_nothing_to_make(seed: int):
    book, wanted = meddled(seed), designed()
    before = typed(book)
    book.apply(wanted, plan(wanted, book.shape()).make)
    second = plan(wanted, book.shape())
    assert second.make == ()
    assert typed(book) == before
    named = words(second.unnamed)
    book.apply(wanted, plan(wanted, book.shape(), named).make)
    third = plan(wanted, book.shape())
    assert (third.make, third.unnamed) == ((), ())
    deleted = sum(word.startswith("delete_column") for word in named)
    assert typed(book) <= before
    assert len(before) - len(typed(book)) <= deleted


def test_nothing_but_additions_is_made_unasked():
    for seed in range(20):
        book = meddled(seed)
        found = plan(designed(), book.shape())
        assert {change.kind for change in found.make} <= set(ADDITIONS)
        assert {change.kind for change in found.unnamed} <= set(ASKED)


# ---------------------------------------------------------------- columns


def small(*names: str) -> Register:
    fields = [Field(name=name, title=said(name.upper()), aliases=[f"old {name}"]) for name in names]
    return Register(name="list", title=said("清单"), book="desk", primaryKey=names[0], fields=fields)


def standing(*headers: str) -> MemoryBook:
    """A book whose only tab has these headers, and the status beside the first."""
    book = MemoryBook("desk", {"清单": [[], [headers[0], STATUS_HEADER, *headers[1:]]]})
    book.tabs["清单"].append([f"typed {header}" for header in book.tabs["清单"][1]])
    return book


def headers(book: MemoryBook) -> list[object]:
    return [header for header in book.tabs["清单"][1] if header != STATUS_HEADER]


def chosen(names: list[str], bits: int) -> list[str]:
    return [name for place, name in enumerate(names) if bits >> place & 1]


@pytest.mark.parametrize("order", [*permutations("ABCDE")][::7])
def test_the_fewest_columns_move(order: tuple[str, ...]):
    wanted, book = designed(small(*"abcde")), standing(*order)
    moves = [change for change in plan(wanted, book.shape()).unnamed if change.kind == "move_column"]
    # the first column stays if it stands left of the status, and of the others as many as rise to the right of it
    right = [one for one in order[1:] if one != "A"]
    rising = max(len(kept) for some in range(32) if (kept := chosen(right, some)) == sorted(kept))
    assert len(moves) == 5 - rising - (order[0] == "A")
    book.apply(wanted, plan(wanted, book.shape(), words(moves)).make)
    assert headers(book) == [*"ABCDE"]
    assert book.tabs["清单"][1][1] == STATUS_HEADER
    assert [cell for cell in book.tabs["清单"][2] if STATUS_HEADER not in cell] == [f"typed {one}" for one in "ABCDE"]


@pytest.mark.parametrize("place", range(4))
def test_one_move_of_several_can_be_made_alone(place: int):
    wanted, book = designed(small(*"abcde")), standing("E", "D", "C", "B", "A")
    word = words(plan(wanted, book.shape()).unnamed)[place]
    found = plan(wanted, book.shape(), [word])
    assert words(change for change in found.make if change.kind == "move_column") == [word]
    book.apply(wanted, found.make)
    left = words(plan(wanted, book.shape()).unnamed)
    assert word not in left
    book.apply(wanted, plan(wanted, book.shape(), left).make)
    assert headers(book) == [*"ABCDE"]


def test_columns_of_peoples_own_are_no_difference():
    wanted, book = designed(small("a", "b")), standing("A", "我的", "B", "备忘")
    found = plan(wanted, book.shape())
    assert not [change for change in (*found.make, *found.unnamed) if change.kind.endswith("column")]


def test_a_missing_column_goes_behind_the_last_one():
    wanted, book = designed(small("a", "b", "c")), standing("A", "C", "备忘")
    book.apply(wanted, plan(wanted, book.shape()).make)
    assert headers(book) == ["A", "C", "备忘", "B"]
    assert words(plan(wanted, book.shape()).unnamed) == ["move_column:list.b"]


def test_an_older_header_is_renamed_only_when_named():
    wanted, book = designed(small("a", "b")), standing("A", "old B")
    (rename,) = plan(wanted, book.shape()).unnamed
    assert (rename.word, rename.now, rename.what) == ("rename_column:list.b", "old B", "B")
    book.apply(wanted, plan(wanted, book.shape(), [rename.word]).make)
    assert headers(book) == ["A", "B"]
    assert plan(wanted, book.shape()).unnamed == ()


def test_a_header_that_only_looks_different_is_the_same():
    wanted, book = designed(small("a", "b")), standing("Ａ", " b ")
    assert plan(wanted, book.shape()).unnamed == ()


def marked(book: MemoryBook, at: int, **what: object) -> None:
    """Our mark on the column with the index *at*."""
    shape = book.shape().tabs[0]
    columns = [replace(one, **what) if one.index == at else one for one in shape.columns]
    book.built["清单"] = replace(
        book.built.get("清单", built().built["报修"]), columns=tuple(columns), looks=frozenset()
    )


def test_a_column_that_we_marked_is_known_under_any_header():
    book = standing("A", "随便")
    marked(book, 2, field="b")
    found = plan(designed(small("a", "b")), book.shape())
    assert [(change.word, change.now) for change in found.unnamed] == [("rename_column:list.b", "随便")]
    assert not [change for change in found.make if change.kind == "column"]


def test_a_column_that_is_no_longer_declared_is_deleted_only_when_named():
    book = standing("A", "停用的", "B")
    marked(book, 2, field="gone")
    wanted = designed(small("a", "b"))
    assert words(plan(wanted, book.shape()).unnamed) == ["delete_column:list.gone"]
    book.apply(wanted, plan(wanted, book.shape(), ["delete_column:list.gone"]).make)
    assert headers(book) == ["A", "B"]


@pytest.mark.parametrize(
    ("now", "filled", "kind"),
    [
        (None, 1, None),
        ("@", 1, None),
        ("", 1, "format"),
        ("", 0, "format"),
        ("0.00", 0, "format"),
        ("0.00", 1, "retype_column"),
    ],
)
def test_another_format_over_what_people_typed_is_asked_for(now: str | None, filled: int, kind: str | None):
    book = standing("A", "B")
    if not filled:
        book.tabs["清单"].pop()
    marked(book, 2, number_format=now)
    found = plan(designed(small("a", "b")), book.shape())
    changes = {change.column: change.kind for change in (*found.make, *found.unnamed) if change.what == "@"}
    assert changes.get("b") == kind
    assert [change.kind for change in found.unnamed] == (["retype_column"] if kind == "retype_column" else [])


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        (["来电日期", "来电时间"], []),
        (["来电日期"], ["called__time"]),
        (["来电时间"], ["called__date"]),
        (["来电"], []),
        (["报修时间"], []),
        (["报修时间", "来电时间"], []),
        ([], ["called__date", "called__time"]),
    ],
)
def test_a_moment_in_one_column_is_left_so(there: list[str], missing: list[str]):
    """It is read so; a second, empty column would take its place."""
    rest = ["电话", "等级", "接听人", "维修人员", "作废"]
    book = MemoryBook("desk", {"报修": [[], ["单号", STATUS_HEADER, *there, *rest]]})
    found = plan(designed(JOBS), book.shape())
    assert [change.column for change in found.make if change.kind == "column"] == missing
    assert found.unnamed == ()


# ---------------------------------------------------------------- tabs


@pytest.mark.parametrize("title", ["Jobs", "jobs"])
def test_a_tab_with_another_known_title_is_renamed_only_when_named(title: str):
    book = built(JOBS)
    book.tabs[title], book.built[title] = book.tabs.pop("报修"), book.built.pop("报修")
    found = plan(designed(JOBS), book.shape())
    assert (found.make, words(found.unnamed)) == ((), ["rename_tab:jobs"])
    book.apply(designed(JOBS), plan(designed(JOBS), book.shape(), ["rename_tab:jobs"]).make)
    assert "报修" in book.tabs
    assert plan(designed(JOBS), book.shape()).unnamed == ()


def test_a_month_tab_is_never_taken_for_another():
    """Last month's tab has the register's mark, and is not the one that is missing."""
    months = [Source(book="desk", tab=tab) for tab in ("十一月", "十二月")]
    wanted = designed(Register(**{**fields_of(JOBS), "sources": months}))
    book = MemoryBook("desk", {})
    book.apply(wanted, plan(wanted, book.shape()).make)
    book.tabs["十月"], book.built["十月"] = book.tabs.pop("十一月"), book.built.pop("十一月")
    found = plan(wanted, book.shape())
    assert [(change.kind, change.tab) for change in found.make] == [("tab", "十一月")]
    assert found.unnamed == ()


def test_last_years_tab_is_no_part_of_the_plan_when_this_years_is_made():
    book = built(JOBS)
    years = [Source(book="desk", tab="报修", mode="read_only"), Source(book="desk", tab="报修 2027")]
    found = plan(designed(Register(**{**fields_of(JOBS), "sources": years})), book.shape())
    assert [(change.kind, change.tab) for change in found.make] == [("tab", "报修 2027")]
    assert found.unnamed == ()


def test_somebody_elses_list_under_our_title_is_left_to_people():
    book = MemoryBook("desk", {"人员": [["车牌", "司机"], ["京A", "老王"]]})
    found = plan(designed(STAFF), book.shape())
    assert not [change for change in found.make if change.tab == "人员"]
    assert [(change.word, change.now) for change in found.by_hand] == [("tab:staff", "车牌、司机")]


def test_a_tab_without_the_status_gets_it_beside_the_id():
    book = built(STAFF)
    for row in book.tabs["人员"]:
        row[1:2] = []
    book.built["人员"] = replace(
        book.built["人员"], columns=book.built["人员"].columns[:1] + book.built["人员"].columns[2:]
    )
    found = plan(designed(STAFF), book.shape())
    assert words(found.make) == ["status:staff"]
    book.apply(designed(STAFF), found.make)
    assert book.tabs["人员"][1][:3] == ["工号", STATUS_HEADER, "姓名"]


# ---------------------------------------------------------------- what is named, what cannot be done


def test_a_word_that_names_nothing_is_refused_with_a_guess():
    book = standing("A", "old B")
    with pytest.raises(DeclarationError, match=r"did you mean “rename_column:list\.b”") as refused:
        plan(designed(small("a", "b")), book.shape(), ["rename_colum:list.b"])
    assert "可以点名的有：rename_column:list.b" in str(refused.value)


def test_what_a_kind_of_book_cannot_do_is_by_hand():
    book = standing("A", "old B")
    book.can = frozenset({"tab", "system_tab", "column"})
    found = plan(designed(small("a", "b", "c")), book.shape())
    assert {change.kind for change in found.make} == {"system_tab", "column"}
    assert found.unnamed == ()
    assert "rename_column:list.b" in words(found.by_hand)
    assert not {"look", "name", "guide"} & {change.kind for change in found.by_hand}
    with pytest.raises(DeclarationError, match="by hand"):
        plan(designed(small("a", "b")), book.shape(), ["rename_column:list.b"])


def test_a_book_that_would_become_too_large_is_not_begun():
    book = standing("A", "B")
    book.most_cells = 5000
    with pytest.raises(SafetyStop) as stopped:
        plan(designed(small("a", "b"), JOBS), book.shape())
    zh, en = str(stopped.value).split("\n")
    assert "上限 5,000 格" in zh
    assert "limit of 5,000" in en
    assert "报修 4,518" in en  # 2 rows of headers, 200 numbers, 300 to spare; 9 columns
    assert list(book.tabs) == ["清单"]
    book.most_cells = 50_000
    assert plan(designed(small("a", "b"), JOBS), book.shape()).cells > 4518


def test_a_new_column_takes_the_place_of_no_blank_one():
    """A spreadsheet's grid has columns that nobody uses; what is added is put in beside them."""
    book = standing("A", "B")
    there = book.shape()
    wide = replace(there, tabs=tuple(replace(tab, width=26, rows=1000) for tab in there.tabs), cells=26_000)
    more = plan(designed(small("a", "b", "c")), wide).cells - plan(designed(small("a", "b")), wide).cells
    assert more == 1000


def test_two_registers_in_one_tab_are_refused():
    """To each, the columns of the other would be left-overs that can be deleted."""
    other = Register(**{**fields_of(JOBS), "name": "other"})
    with pytest.raises(DeclarationError, match="the tab of both jobs and other"):
        designed(JOBS, other)


def test_words_may_name_changes_of_different_books():
    one, other = standing("A", "old B"), built(JOBS)
    other.name = "second"
    other.tabs["Jobs"], other.built["Jobs"] = other.tabs.pop("报修"), other.built.pop("报修")
    second = Register(**{**fields_of(JOBS), "book": "second"})
    designs = {"desk": designed(small("a", "b")), "second": designed(second, name="second")}
    named = ["rename_column:list.b", "rename_tab:jobs"]
    drafts = draft([one, other], designs, named)
    written = carry_out(drafts)
    assert {name: told.outcome for name, told in written.items()} == {"desk": "written", "second": "written"}
    assert headers(one) == ["A", "B"]
    assert "报修" in other.tabs
    assert carry_out(draft([one, other], designs)) == {}
    with pytest.raises(DeclarationError, match="None is waiting"):
        draft([one, other], designs, named)


def test_a_book_that_is_open_stays_as_it_is():
    book = standing("A")
    book.holder = "王姐"
    before = book.digest()
    written = carry_out(draft([book], {"desk": designed(small("a", "b"))}))
    assert written["desk"].outcome == "held"
    assert book.digest() == before


# ---------------------------------------------------------------- what is told


def test_every_kind_of_change_has_its_words():
    said_of = texts()
    assert set(said_of.changes) == set(get_args(Kind)) == {*ADDITIONS, *ASKED}
    assert set(said_of.looks) == set(LOOKS)


def test_what_has_to_be_named_is_told_with_the_word_that_names_it():
    drafts = draft([standing("old A", "C", "B")], {"desk": designed(small("a", "b", "c"))})
    lines = outlet.plan_text(drafts, {}).splitlines()
    assert "    清单: 表头改名 / rename the header: old A → A    --do rename_column:list.a" in lines
    assert "    清单: 移动列（到谁后面） / move the column (behind which): B → A    --do move_column:list.b" in lines
    assert lines.index("  要做的 / to be made") < lines.index("    新建说明页 / new first page: 说明")
    told = json.loads(outlet.plan_json(drafts, {}))["desk"]
    assert [change["word"] for change in told["unnamed"]] == ["move_column:list.b", "rename_column:list.a"]
    assert told["written"] is None


@pytest.fixture
def desk(tmp_path) -> Department:
    return department(tmp_path / "部门 一")


def run(desk: Department, *arguments: str):
    return desk.run(*arguments, now="")


def test_a_new_department_has_nothing_to_make(desk: Department):
    before = desk.book.read_bytes()
    done = run(desk, "plan")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == ["desk: 值班 登记.xlsx", "  没有要做的 / nothing to make"]
    assert run(desk, "apply").exit_code == 0
    assert desk.book.read_bytes() == before


def test_what_is_missing_is_told_made_and_then_no_longer_told(desk: Department):
    desk.edit({"I2": None})  # the header 维修员
    desk.remove_tab("客户")
    told = run(desk, "plan", "desk")
    assert told.exit_code == 0
    assert "新建表 / new tab: 客户" in told.stdout
    assert "报修: 加列 / add columns: 维修员" in told.stdout
    before = desk.book.read_bytes()
    assert "要做的 / to be made" in run(desk, "apply", "--dry-run").stdout
    assert desk.book.read_bytes() == before
    assert not (desk.folder / "kept" / ".lock").exists()
    made = json.loads(run(desk, "apply", "--json").stdout)["desk"]
    assert [change["word"] for change in made["make"]] == ["column:jobs.technician", "tab:clients"]
    assert made["written"]["outcome"] == "written"
    assert set(made["make"][0]) == {"word", *Change.__dataclass_fields__}
    assert "没有要做的" in run(desk, "plan").stdout
    assert desk.night()["registers"]["clients"]["pulled"] == 0


def test_a_book_that_is_open_is_told_and_fails(desk: Department):
    desk.remove_tab("客户")
    before = desk.book.read_bytes()
    lock = desk.held()
    done = run(desk, "apply")
    assert done.exit_code == 1
    assert "servicebook: failed: desk" in done.stderr
    assert desk.book.read_bytes() == before
    lock.unlink()
    assert run(desk, "apply").exit_code == 0


def test_a_book_that_nobody_declared_is_refused(desk: Department):
    done = run(desk, "plan", "dask")
    assert done.exit_code == 2
    assert "did you mean “desk”" in done.stderr
    assert run(desk, "apply", "--do", "rename_tab:jobs").exit_code == 2
