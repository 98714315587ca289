"""Moving between books: what stood in one stands in the other, and nothing is written over that was not named."""

import json
import re
import warnings
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from night_department import Department, department
from sheets_department import SheetsDepartment
from sheets_server import SheetsServer

from sync.blueprint import BookDesign, BookShape, ColumnDesign, ColumnShape, TabDesign, TabShape
from sync.books import Merged, TabRows, open_book
from sync.books.gsheets import fill
from sync.books.serials import Shown
from sync.model import SYSTEM_HEADERS, TAG_BOOLEAN, TAG_DATE, TAG_NUMBER, TAG_TEXT, TAG_TIME, BookError, Raw
from sync.schema import Words
from sync.settings import BookAt, Settings

AT = datetime(2026, 11, 22, 2)
LINK = re.compile(r'<a href="https:&#47;&#47;docs[^"]*">(.*?)</a>|<a href="https://docs[^"]*">(.*?)</a>')


@pytest.fixture
def server():
    with SheetsServer() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Department:
    return department(tmp_path / "部门 一")


@pytest.fixture
def online(desk: Department, server: SheetsServer) -> SheetsDepartment:
    """A second folder of the same department, whose book is an empty spreadsheet."""
    book = server.store.new("值班登记")
    book.properties |= {"locale": "zh_CN", "timeZone": "Asia/Shanghai"}
    other = desk.copied(desk.folder.with_name("部门 二"))
    made = SheetsDepartment(other.folder, server, book.id)
    made.settle()
    return made


def carried(desk: Department, source: object, target: str, *more: str):
    return desk.run("copy", "--from", str(source), "--to", target, *more, now="")


def content(name: str, folder: Path, own: Settings):
    """What people typed, by tab, down to the last value: our own tabs and the status column left out."""
    grids = open_book(name, own, folder).read(AT).grids
    return {
        grid.tab: [
            "\n".join(raw.text for raw in column).rstrip().split("\n")
            for column in zip(*(grid.row(row) for row in range(1, grid.height)), strict=True)
            if column[0].text != "系统状态"
        ]
        for grid in grids
        if grid.tab not in SYSTEM_HEADERS
    }


def test_a_night_on_the_copy_is_the_night_on_the_workbook(desk, online):
    done = carried(online, desk.book, "desk")
    assert done.exit_code == 0, done.output
    here, there = json.loads(desk.run("check", "--json").stdout), json.loads(online.run("check", "--json").stdout)
    assert here["counts"] == there["counts"]
    assert [{**one, "link": ""} for one in here["problems"]] == [{**one, "link": ""} for one in there["problems"]]
    for one in there["problems"]:
        assert re.fullmatch(
            rf"https://docs\.google\.com/spreadsheets/d/{online.id}/edit#gid=\d+&range=[A-Z]+\d+", one["link"]
        )
    mine, theirs = desk.night(until="render"), online.night(until="render")
    assert mine["flags"] == theirs["flags"]
    assert [row[:5] for row in desk.shows()] == [row[:5] for row in online.shows()]


def test_the_pages_differ_in_links_only(desk, online):
    assert carried(online, desk.book, "desk").exit_code == 0
    desk.night(until="render")
    online.night(until="render")
    assert "docs.google.com" in online.page("problems").replace("&#46;", ".")
    for page in sorted((desk.folder / "build" / "docs").rglob("*.md")):
        here = page.read_text(encoding="utf-8")
        there = (online.folder / "build" / "docs" / page.relative_to(desk.folder / "build" / "docs")).read_text("utf-8")
        assert plain(there) == plain(here), page.name


def test_a_spreadsheet_is_called_by_its_whole_title(desk, online):
    """It is no path, although it has a slash in it."""
    assert carried(online, desk.book, "desk").exit_code == 0
    online.sheets.properties["title"] = "售后/2026"
    online.night(until="render")
    assert "售后&#47;2026" in online.page("today")


def plain(page: str) -> str:
    """The page without ways to cells, the book's name, and when its file was saved."""
    page = page.replace("值班 登记&#46;xlsx", "值班登记").replace("值班 登记.xlsx", "值班登记")
    page = re.sub(r'<a href="[^"]*docs(?:&#46;|\.)google[^"]*">(.*?)</a>', r"\1", page)
    return re.sub(r'(<td class="sb-when" data-label="(?:最后保存|Last saved)">).*?</td>', r"\1</td>", page)


def test_there_and_back_again(desk, online, tmp_path):
    """Cells of a workbook, of the spreadsheet made from it, and of the workbook made from that."""
    assert carried(online, desk.book, "desk").exit_code == 0
    back = tmp_path / "带回 来.xlsx"
    done = carried(online, "desk", str(back))
    assert done.exit_code == 0, done.output
    own = Settings(books={"desk": BookAt(path=str(back))})
    first = content("desk", desk.folder, Settings(books={"desk": BookAt(path=str(desk.book))}))
    last = content("desk", tmp_path, own)
    for tab, columns in first.items():
        if tab != "说明":
            assert columns == last[tab], tab


def test_what_is_there_is_written_over_only_by_name(desk, online):
    assert carried(online, desk.book, "desk").exit_code == 0
    before = online.staff_cells()
    again = carried(online, desk.book, "desk")
    assert again.exit_code == 1
    assert "--replace 报修" in again.stdout
    assert "--replace 客户" in again.stdout
    assert online.staff_cells() == before
    tabs = [word for tab in ("报修", "客户", "人员") for word in ("--replace", tab)]
    desk.edit({"A3": "J-900"})
    assert carried(online, desk.book, "desk", *tabs).exit_code == 0
    assert online.person.read("报修", "A3") == [["J-900"]]


def test_a_file_that_is_there_is_written_over_only_by_name(desk):
    other = desk.folder / "别的.xlsx"
    other.write_bytes(b"mine")
    refused = carried(desk, "desk", str(other))
    assert refused.exit_code == 1
    assert other.read_bytes() == b"mine"
    assert carried(desk, "desk", str(other), "--replace", other.name).exit_code == 0
    assert other.read_bytes().startswith(b"PK")


def test_a_dry_run_writes_nothing(desk, online):
    before = online.sheets.copy()
    done = carried(online, desk.book, f"gsheets:{online.id}", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "15 行" in done.stdout or "行 / rows" in done.stdout
    assert [entry.call for entry in online.server.log if entry.method != "GET"] == []
    assert [sheet.title for sheet in online.sheets.sheets] == [sheet.title for sheet in before.sheets]


def test_what_stays_behind_is_said(desk, online):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(desk.book)
    book.create_sheet("算一算")["A1"] = 7
    book.save(desk.book)
    done = carried(online, desk.book, "desk")
    assert "「算一算」不是登记表" in done.stdout
    assert "说明" not in done.stdout


def test_columns_of_peoples_own_come_along_whatever_stands_above_them(desk, online, tmp_path):
    """Two of them have the same header, one has none."""
    desk.edit({"P2": "备注", "P3": "甲", "Q2": "备注", "Q3": "乙", "R3": "丙", "S2": "备注", "S3": "丁"})
    assert carried(online, desk.book, "desk").exit_code == 0
    assert online.person.read("报修", "P2:S3") == [["备注", "备注", "", "备注"], ["甲", "乙", "丙", "丁"]]
    back = tmp_path / "回.xlsx"
    assert carried(online, "desk", str(back)).exit_code == 0
    own = Settings(books={"desk": BookAt(path=str(back))})
    columns = content("desk", tmp_path, own)["报修"]
    assert [column[:2] for column in columns[14:]] == [["备注", "甲"], ["备注", "乙"], ["", "丙"], ["备注", "丁"]]


def test_rows_find_their_columns_under_other_headers(desk, online):
    """Nobody typed into the tab yet, but somebody gave a column a name of their own."""
    assert online.run("apply", now="").exit_code == 0
    online.person.rename_column("客户", "电话", "打哪个号", row=2)
    assert carried(online, desk.book, "desk").exit_code == 0
    assert online.person.read("客户", "C2:D3") == [["名称", "打哪个号"], ["城东中学", "13800000011"]]


def test_a_tab_grows_where_its_rows_do_not_fit(desk, online):
    assert online.run("apply", now="").exit_code == 0
    desk.edit({f"{column}{row}": f"{column}{row}" for row in range(3, 403) for column in "AC"}, tab="客户")
    done = carried(online, desk.book, "desk")
    assert done.exit_code == 0, done.output
    assert online.person.read("客户", "A402:C402") == [["A402", "待同步", "C402"]]


def test_what_was_merged_before_swallows_no_row(desk, online):
    assert online.run("apply", now="").exit_code == 0
    sheet = online.person.sheet("客户")
    rows, columns = {"startRowIndex": 2, "endRowIndex": 5}, {"startColumnIndex": 2, "endColumnIndex": 3}
    sheet.things["merges"] = [{"sheetId": sheet.id, **rows, **columns}]
    assert carried(online, desk.book, "desk").exit_code == 0
    assert not sheet.things["merges"]


def test_tabs_that_are_read_only_or_broken_and_lines_above_the_headers_are_named(desk):
    declared = desk.folder / "sheets_schema" / "registers" / "clients.yaml"
    sources = "sources: [{book: desk, tab: 客户}, {book: desk, tab: 老客户, mode: read_only}]"
    text = declared.read_text(encoding="utf-8")
    declared.write_text(text.replace("book: desk", f"book: desk\n{sources}"), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(desk.book)
    book.copy_worksheet(book["客户"]).title = "老客户"
    book["报修"]["D1"] = "周末先打值班手机"
    book["人员"]["A2"] = "别的"
    book.save(desk.book)
    done = carried(desk, "desk", str(desk.folder / "新.xlsx"), "--dry-run")
    assert [line for line in done.stdout.splitlines() if line.startswith("  !")] == [
        "  ! 「人员」的表头用不了，没有搬 / the headers of 人员 cannot be used: it stays behind",
        "  ! 「老客户」是只读的，没有搬 / 老客户 is read only and stays behind",
        "  ! 「报修」表头上面的内容没有搬：D1 / 报修: what is above the headers stays behind: D1",
    ]


def test_a_book_is_not_written_over_itself_under_another_name(desk):
    before = desk.book.read_bytes()
    done = carried(desk, "desk", str(desk.book), "--replace", desk.book.name)
    assert done.exit_code == 2
    assert "the same place" in done.stderr
    assert desk.book.read_bytes() == before


def test_columns_may_stand_in_any_order_and_some_may_be_missing(desk, tmp_path):
    """The id stands last, nobody voids anything, and people are called by a header that the staff chose."""
    declared = desk.folder / "sheets_schema" / "registers" / "staff.yaml"
    text = declared.read_text(encoding="utf-8")
    declared.write_text(text.replace("en: Shown as}", "en: Shown as}, aliases: [叫什么]"), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(desk.book)
    book["人员"]["D2"] = "叫什么"
    book["报修"].delete_cols(13, 3)
    book["报修"].move_range("A2:A40", cols=12)
    book["报修"]["A2"] = "自己的"
    book["报修"]["A3"] = "x"
    book.save(desk.book)
    done = carried(desk, "desk", str(tmp_path / "新.xlsx"))
    assert done.exit_code == 0, done.output
    made = openpyxl.load_workbook(tmp_path / "新.xlsx")["报修"]
    assert (made["A2"].value, made["M2"].value, made["M3"].value) == ("自己的", "单号", "J-001")
    status = made["B3"].value
    assert status.startswith('=IF($M3="","",')
    assert "COUNTA($A3,$C3:$M3)=1" in status
    assert "'人员'!$D$3:$D$202" in [rule.formula1 for rule in made.data_validations.dataValidation]


def test_a_register_that_cannot_be_read_stops_the_copy(desk, online):
    """It would stay behind, and nobody would look for it."""
    before = online.sheets.copy()
    desk.edit({"A2": "不是单号"})
    done = carried(online, desk.book, "desk")
    assert done.exit_code == 1
    assert "表头" in done.stderr
    assert [sheet.title for sheet in online.sheets.sheets] == [sheet.title for sheet in before.sheets]


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("desk", "desk", "the same place"),
        ("nowhere", "desk", "write a book of the settings"),
        ("desk", "gsheets:网址", "write a book of the settings"),
    ],
)
def test_places_that_are_none_are_refused(desk, source, target, said):
    done = carried(desk, source, target)
    assert done.exit_code == 2
    assert said in done.stderr


# ---------------------------------------------------------------- values

TEXTS = st.one_of(
    st.sampled_from(["=1+1", "'007", "007", "１２３", "1E5", "TRUE", "2026-11-22", "+86 138", "@x", "-", "𠮷野家"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=40),
)  # fmt: skip


@settings(max_examples=60)
@given(text=TEXTS)
def test_text_stays_text_on_the_way_to_a_spreadsheet(text):
    assert fill._value(Raw(text, TAG_TEXT), "@") == {"stringValue": text}  # noqa: SLF001


@given(days=st.integers(36526, 73050), minutes=st.integers(0, 1439))
def test_a_moment_is_the_number_that_reads_back_as_the_same_moment(days, minutes):
    text, tag = Shown("moment", since_1904=False)[repr(days + minutes / 1440)]
    value = fill._value(Raw(text, tag), "yyyy-mm-dd hh:mm")["numberValue"]  # noqa: SLF001
    assert Shown("moment", since_1904=False)[repr(value)] == (text, TAG_DATE)


def test_a_date_in_a_column_without_dates_goes_as_text():
    assert fill._value(Raw("2026-11-22", TAG_DATE), "0") == {"stringValue": "2026-11-22"}  # noqa: SLF001
    assert fill._value(Raw("09:30:00", TAG_TIME), "@") == {"stringValue": "09:30:00"}  # noqa: SLF001
    assert fill._value(Raw("0.5", TAG_NUMBER), "@") == {"numberValue": 0.5}  # noqa: SLF001


def list_of(title: str = "清单") -> BookDesign:
    """A book with one tab of columns that show a text, a date and any number."""
    columns = tuple(
        ColumnDesign(name, name, (), "", look, 12, None, "", "#FFFFFF", "#FFFFFF", needed=False, personal=False)
        for name, look in (("id", "@"), ("day", "yyyy-mm-dd"), ("any", "General"))
    )
    return BookDesign("desk", Words(zh="书", en="Book"), (), (TabDesign("list", title, columns, "id", None),), (), "")


def filled(path: Path, rows: list[dict[str, Raw]], merged=(), made: BookDesign | None = None):
    """What became of a new workbook with *rows*, and how it reads back."""
    made = made or list_of()
    book = open_book("desk", Settings(books={"desk": BookAt(path=str(path))}), path.parent, write=True)
    written = book.fill(made, {made.tabs[0].title: TabRows(rows, merged)}, (), AT)
    if written.outcome != "written":
        return written, []
    grid = next(grid for grid in book.read(AT).grids if grid.tab == made.tabs[0].title)
    return written, [[cell for at, cell in enumerate(grid.row(row)) if at != 1] for row in range(2, 2 + len(rows))]


@pytest.mark.parametrize(
    "cell",
    [
        Raw("1900-01-15", TAG_DATE),  # Excel counts a day more before March 1900
        Raw("1850-01-15", TAG_DATE),
        Raw("2026-11-22 09:30:15", TAG_DATE),
        Raw("30:15:00", TAG_TIME),
        Raw("1000000000000000000000", TAG_NUMBER),
        Raw("13800000000", TAG_NUMBER),
        Raw("0", TAG_NUMBER),
        Raw("FALSE", TAG_BOOLEAN),
        Raw("=1+1", TAG_TEXT),
        Raw("{=1}", TAG_TEXT),
        Raw("http://x.example", TAG_TEXT),
        Raw("\x07_x0041_ 😀", TAG_TEXT),
    ],
)
@pytest.mark.parametrize("column", ["day", "any"])
@pytest.mark.parametrize("rows", [1, 2])
def test_a_cell_reads_back_from_a_workbook_as_it_was(cell, column, rows, tmp_path):
    """In a column for dates, in one for anything, and merged over two rows."""
    merged = [Merged(0, 2, (column,))] if rows == 2 else []
    lines = [{"id": Raw(f"A{n}", TAG_TEXT), column: cell} for n in range(1, 3)][:rows]
    _, found = filled(tmp_path / "新.xlsx", lines, merged)
    there = found[0][("id", "day", "any").index(column)]
    assert there.text == cell.text
    assert there.tag == (TAG_TEXT if cell.text.startswith("1850") else cell.tag)


def test_a_text_that_no_cell_of_a_workbook_holds_is_refused(tmp_path):
    """Cut short, it would be lost without a word."""
    rows = [{"id": Raw("A1", TAG_TEXT)}, {"id": Raw("A2", TAG_TEXT), "any": Raw("长" * 32768, TAG_TEXT)}]
    written, _ = filled(tmp_path / "新.xlsx", rows)
    assert written.outcome == "failed"
    assert "「清单」新的第 4 行「any」" in written.words["zh"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("title", ["长" * 32, "报修/登记", "'报修'"])
def test_a_tab_that_no_workbook_can_have_is_refused(title, tmp_path):
    written, _ = filled(tmp_path / "新.xlsx", [], made=list_of(title))
    assert written.outcome == "failed"
    assert "its title is not accepted" in written.words["en"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["1899-12-30", "1850-01-15", "2026-13-45", "30:15:00"])
def test_what_no_date_of_a_spreadsheet_shows_goes_as_text(text):
    tag = TAG_TIME if ":" in text else TAG_DATE
    assert fill._value(Raw(text, tag), "yyyy-mm-dd") == {"stringValue": text}  # noqa: SLF001


def test_a_copy_that_would_be_too_large_is_not_begun():
    heads = tuple(ColumnShape(at, title) for at, title in enumerate(("id", "系统状态", "day", "any")))
    shape = BookShape("desk", "书", (TabShape("清单", "0", heads, rows=10, width=4),), frozenset(), cells=40)
    rows = {"清单": TabRows([{"id": Raw(f"A{n}", TAG_TEXT)} for n in range(400)])}
    with pytest.raises(BookError, match="1,608 cells, more than the 1,600"):
        list(fill.requests(list_of(), replace(shape, most_cells=1600), rows))
    first, *_ = fill.requests(list_of(), replace(shape, most_cells=1608), rows)
    assert first[0]["updateSheetProperties"]["properties"]["gridProperties"] == {"rowCount": 402}
