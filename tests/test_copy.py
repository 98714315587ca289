"""Moving between books: what stood in one stands in the other, and nothing is written over that was not named."""

import json
import re
import warnings
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from night_department import Department, department
from sheets_department import SheetsDepartment
from sheets_server import SheetsServer

from sync.books import open_book
from sync.books.gsheets import fill
from sync.books.serials import Shown
from sync.model import SYSTEM_HEADERS, TAG_DATE, TAG_NUMBER, TAG_TEXT, TAG_TIME, Raw
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
