"""Every cell of a workbook arrives with its text and with what the workbook says it is."""

import datetime as dt
import hashlib
import random
import string
from math import isclose

import openpyxl
import pytest
import python_calamine
import xlsxwriter
from books_made import AT, CLOCK, DATE, GENERAL, HOURS, MOMENT, UNITS, XML, book_at, decorated, packed, parts
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.books import open_book
from sync.books.memory import MemoryBook
from sync.books.serials import Shown, look
from sync.books.xlsx import apart
from sync.books.xlsx import sheet as sheets
from sync.books.xlsx.package import Package
from sync.books.xlsx.places import column_index, column_letters
from sync.model import Grid, Raw
from sync.settings import BookAt, Bounds, Settings


def read(content: dict[str, str | bytes]) -> Grid:
    return sheets.grids("service", Package(packed(content), 1024, 200))[0]


def cell(xml: str, **more: str) -> Raw:
    return read(parts(f'<row r="1">{xml}</row>', **more)).row(0)[0]


def number(stored: str, style: int = GENERAL, properties: str = "") -> Raw:
    return cell(f'<c r="A1" s="{style}"><v>{stored}</v></c>', properties=properties)


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("46348", "46348"),
        ("46348.5", "46348.5"),
        ("1E+16", "10000000000000000"),
        ("1e15", "1000000000000000"),
        ("13800000001", "13800000001"),
        ("0.10000000000000001", "0.1"),
        ("1E-7", "0.0000001"),
        ("-0", "0"),
        ("-3.50", "-3.5"),
        ("007", "7"),
    ],
)
def test_numbers_are_written_in_digits(stored, text):
    assert number(stored) == (text, "n")


@pytest.mark.parametrize("stored", ["nan", "inf", "1_000", "１２", "abc", "1e999"])
def test_what_is_no_number_is_an_error_and_never_a_value(stored):
    assert number(stored) == (stored, "e")


@pytest.mark.parametrize(
    ("stored", "style", "text", "tag"),
    [
        ("46348", DATE, "2026-11-22", "d"),
        ("46348.395833333336", MOMENT, "2026-11-22 09:30:00", "d"),
        ("46348.395833333", MOMENT, "2026-11-22 09:30:00", "d"),
        ("46348.9999999", MOMENT, "2026-11-22 23:59:59", "d"),
        ("46348.9999999", DATE, "2026-11-22 23:59:59", "d"),
        ("46348.395844907", MOMENT, "2026-11-22 09:30:01", "d"),
        ("46348.5", CLOCK, "2026-11-22 12:00:00", "d"),
        ("0.395833333333333", CLOCK, "09:30:00", "t"),
        ("0.99999999", CLOCK, "23:59:59", "t"),
        ("0.5", MOMENT, "12:00:00", "t"),
        ("1.0625", HOURS, "25:30:00", "t"),
        ("1", HOURS, "24:00:00", "t"),
        ("2958465", DATE, "9999-12-31", "d"),
        ("2958466", DATE, "2958466", "n"),
        ("-1", DATE, "-1", "n"),
        ("3.5", UNITS, "3.5", "n"),
    ],
)
def test_date_cells_are_iso_and_no_day_is_rounded_up(stored, style, text, tag):
    assert number(stored, style) == (text, tag)


def test_the_first_serials_are_counted_plainly():
    """Days count plainly from 30 December 1899; the 29 February 1900 never was, so 60 stays a number; 61 is 1 March."""
    assert number("0", DATE) == ("00:00:00", "t")
    for serial in range(1, 60):
        assert number(str(serial), DATE).text == str(dt.date(1899, 12, 30) + dt.timedelta(days=serial))
    assert number("60", DATE) == ("60", "n")
    assert number("61", DATE) == ("1900-03-01", "d")


def test_a_workbook_that_counts_from_1904_gives_the_same_days():
    assert number("44886", DATE, 'date1904="1"') == ("2026-11-22", "d")
    assert number("0", DATE, 'date1904="true"') == ("1904-01-01", "d")
    assert number("44886.5", MOMENT, 'date1904="1"') == ("2026-11-22 12:00:00", "d")
    assert number("46348", DATE, 'date1904="0"') == ("2026-11-22", "d")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('yyyy"年"m"月"d"日";@', "date"),
        ("[$-804]aaaa;@", "date"),
        ("e/m/d", "date"),
        ("mmm", "date"),
        ('上午/下午h"时"mm"分";@', "time"),
        ("h:mm AM/PM", "time"),
        ("mm:ss.0", "time"),
        ("[mm]:ss", "elapsed"),
        ("0.00E+00", "number"),
        ("General", "number"),
        ("G/通用格式", "number"),
        ('#,##0.00"days"', "number"),
        ("[Red]-0;[Blue]0", "number"),
        ("_ * #,##0_ ;_d0", "number"),
        ("@", "number"),
        ("0\\d", "number"),
    ],
)
def test_the_number_format_tells_dates_from_numbers(code, expected):
    assert look(code) == expected


@pytest.mark.parametrize(
    ("xml", "raw"),
    [
        ('<c r="A1" t="e"><v>#DIV/0!</v></c>', ("#DIV/0!", "e")),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', ("#DIV/0!", "e")),
        ('<c r="A1"><f>1+1</f></c>', ("", "f")),
        ('<c r="A1"><f>1+1</f><v></v></c>', ("", "f")),
        ('<c r="A1"><f>1+1</f><v/></c>', ("", "f")),
        ('<c r="A1" t="str"><f>B1</f></c>', ("", "f")),
        ('<c r="A1"><f t="shared" si="0"/></c>', ("", "f")),
        ('<c r="A1"><f>1+1</f><v>2</v></c>', ("2", "n")),
        ('<c r="A1" t="str"><f>B1&amp;""</f><v>甲&amp;乙</v></c>', ("甲&乙", "s")),
        ('<c r="A1" t="b"><v>1</v></c>', ("TRUE", "b")),
        ('<c r="A1" t="b"><v>0</v></c>', ("FALSE", "b")),
        ('<c r="A1" t="d"><v>2026-11-22T09:30:00</v></c>', ("2026-11-22 09:30:00", "d")),
        ('<c r="A1" t="d"><v>2026-11-22</v></c>', ("2026-11-22", "d")),
        ('<c r="A1" t="inlineStr"><is><t xml:space="preserve"> 前后 </t></is></c>', (" 前后 ", "s")),
        ('<c r="A1" t="inlineStr"><is><r><t>红</t></r><r><rPr><b/></rPr><t>外</t></r></is></c>', ("红外", "s")),
        ('<c r="A1" t="inlineStr"><is><t>甲_x000D_乙_x005F_x000D_</t></is></c>', ("甲\r乙_x000D_", "s")),
        ('<c r="A1" t="inlineStr"><is><t>_xD800_</t></is></c>', ("\ufffd", "s")),
        ('<c r="A1" t="inlineStr"><is><t>&#x5DE5;单</t></is></c>', ("工单", "s")),
        ('<c\n r="A1"\n><v\n>5</v\n></c>', ("5", "n")),
        ("<c><v>5</v></c>", ("5", "n")),
    ],
)
def test_each_kind_of_cell_keeps_its_text_and_is_tagged(xml, raw):
    """Errors, formulas without a saved value, booleans and strings in all their spellings."""
    assert cell(xml) == raw


def test_shared_strings_join_rich_text_and_leave_out_reading_aids():
    strings = (
        "<si><r><t>红</t></r><r><t>外</t></r></si><si><t>摄像机</t><rPh sb='0' eb='1'><t>shexiangji</t></rPh></si>"
    )
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    assert [raw.text for raw in read(parts(rows, strings=strings)).row(0)] == ["红外", "摄像机"]


def test_a_saved_empty_text_is_blank_and_does_not_make_the_tab_longer():
    """Status columns filled down 2,000 rows show nothing: those rows are not rows."""
    filled = "".join(f'<row r="{n}"><c r="B{n}" t="str"><f>X{n}</f><v></v></c></row>' for n in range(2, 2000))
    grid = read(parts('<row r="1"><c r="A1"><v>1</v></c></row>' + filled + '<row r="9000"><c r="Z9000" s="1"/></row>'))
    assert (grid.height, grid.width) == (1, 1)


def test_only_the_first_cell_of_a_merged_area_holds_its_value():
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="C3"><v>2</v></c></row>'
    grid = read(parts(rows, after='<mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="C3:C99"/></mergeCells>'))
    assert grid.tags == ["nm ", "mm ", "  n"]
    assert grid.height == 3


def test_positions_come_from_references_and_gaps_stay_gaps():
    grid = read(
        parts('<row r="2"><c r="B2"><v>1</v></c><c r="D2"><v>2</v></c></row><row r="5"><c r="A5"><v>3</v></c></row>')
    )
    assert grid.texts == [["", "", "", "", "3"], ["", "1", "", "", ""], [""] * 5, ["", "2", "", "", ""]]


def test_prefixed_parts_are_read_like_others():
    """Some programs write <x:row> instead of <row>."""
    content = parts()
    content["xl/worksheets/sheet1.xml"] = (
        XML + '<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>4</x:v></x:c></x:row></x:sheetData>'
        "</x:worksheet>"
    )
    content["xl/workbook.xml"] = str(content["xl/workbook.xml"]).replace("<", "<x:").replace("<x:/", "</x:")
    content["xl/workbook.xml"] = str(content["xl/workbook.xml"]).replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
    assert read(content).row(0) == [("4", "n")]


def test_hidden_tabs_are_read_and_chart_sheets_are_not(tmp_path):
    path = tmp_path / "书 一.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("甲").write(0, 0, 1)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=甲!$A$1:$A$1"})
        book.add_chartsheet("图").set_chart(chart)
        book.add_worksheet("乙").hide()
    copy = book_at(path).read(AT)
    assert [(grid.tab, grid.hidden) for grid in copy.grids] == [("甲", False), ("乙", True)]
    assert copy.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert copy.read_at == AT


def test_saved_formula_results_are_read(tmp_path):
    grid = book_at(decorated(tmp_path / "书.xlsx")).read(AT).grids[0]
    assert grid.row(1) == [("WX-00001", "s"), ("旧", "s"), ("1", "n"), ("2", "n")]


def test_openpyxl_books_are_read_and_their_formulas_have_no_value_yet(tmp_path):
    book = openpyxl.Workbook()
    tab = book.active
    tab.append(["单号", "时间", "时", "数", "式"])
    tab.append(["=text", dt.datetime(2026, 11, 22, 9, 30), dt.time(9, 30), True, "=1+1"])
    tab["A2"].data_type = "s"
    book.save(tmp_path / "o.xlsx")
    row = book_at(tmp_path / "o.xlsx").read(AT).grids[0].row(1)
    assert row == [("=text", "s"), ("2026-11-22 09:30:00", "d"), ("09:30:00", "t"), ("TRUE", "b"), ("", "f")]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12),
    st.datetimes(dt.datetime(1901, 1, 1), dt.datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
    st.text(
        string.printable.replace("\r", "").replace("\x0b", "").replace("\x0c", "") + "摄像机，：１２　", max_size=12
    ),
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=1, max_size=8))
def test_our_reader_and_calamine_agree(tmp_path_factory, rows):
    """Two readers written apart see the same values in what xlsxwriter wrote."""
    path = tmp_path_factory.mktemp("agree") / "b.xlsx"
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        tab, moment = book.add_worksheet("表"), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, dt.datetime):
                    tab.write_datetime(r, c, value, moment)
                elif isinstance(value, str):
                    tab.write_string(r, c, value)
                else:
                    tab.write(r, c, value)
    grid = sheets.grids("b", Package(path.read_bytes(), 1024, 200))[0]
    theirs = python_calamine.load_workbook(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    for r, row in enumerate(theirs):
        for c, value in enumerate(row):
            assert agrees(grid.texts[c][r] if c < grid.width and r < grid.height else "", value)


def agrees(text, value):
    match value:
        case bool():
            return text == str(value).upper()
        case float() | int():
            return isclose(float(text), value, rel_tol=1e-14)
        case dt.date():
            moment = dt.datetime.fromisoformat(text)
            theirs = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)
            return abs(moment - theirs) <= dt.timedelta(seconds=1)
    return text == value


CELLS = st.sampled_from(
    [
        '<c r="{}"><v>1.5</v></c>',
        '<c r="{}" s="2"><v>46348.25</v></c>',
        '<c r="{}" s="1" t="s"><v>0</v></c>',
        '<c r="{}" t="s"><v>1</v></c>',
        '<c r="{}" t="e"><f>NA()</f><v>#N/A</v></c>',
        '<c r="{}"><f>1</f></c>',
        '<c r="{}"><f>1</f><v></v></c>',
        '<c r="{}" t="str"><f>1</f><v></v></c>',
        '<c r="{}" t="str"><f>"a"&amp;1</f><v>a&lt;1</v></c>',
        '<c r="{}" t="b"><v>1</v></c>',
        '<c r="{}" t="inlineStr"><is><t>甲 &amp; 乙</t></is></c>',
        '<c r="{}" t="inlineStr"><is><t/></is></c>',
        '<c r="{}" s="3"/>',
        '<c r="{}"/>',
    ]
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(CELLS, max_size=4), max_size=6))
def test_the_fast_lane_reads_what_the_parser_reads(rows):
    """The usual spelling takes the fast lane; a comment in front sends the same rows through the parser."""
    lines = [
        f'<row r="{r}">{"".join(xml.format(column_letters(c) + str(r)) for c, xml in enumerate(row))}</row>'
        for r, row in enumerate(rows, 1)
    ]
    usual = parts("".join(lines), strings="<si><t>甲&amp;</t></si><si><t></t></si>")
    unusual = parts("<!-- x -->" + "".join(lines), strings="<!-- x --><si><t>甲&amp;</t></si><si><t></t></si>")
    cells = sheets.Cells("表", ["甲&", ""], [Shown("number", since_1904=False)] * 4)
    assert cells.take("".join(lines))  # else this test compares the parser with itself
    assert read(usual) == read(unusual)


def test_rows_beyond_one_block_are_all_read():
    """A long part is read in blocks; no row is lost or doubled where one ends."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 60_001))
    assert read(parts(rows)).texts == [[str(n) for n in range(1, 60_001)]]
    odd = rows.replace('<c r="A50000">', '<c  r="A50000">')
    assert read(parts(odd)).texts == [[str(n) for n in range(1, 60_001)]]


def test_a_book_is_read_however_often_its_reader_is_looked_at(tmp_path, monkeypatch):
    """The parent looks at the child's memory while the child still takes the book in."""
    monkeypatch.setattr(apart, "GLANCE", 0.01)
    noise = random.Random(1).randbytes(400_000).hex()
    strings = "".join(f"<si><t>{noise[at : at + 20_000]}</t></si>" for at in range(0, 800_000, 20_000))
    path = tmp_path / "b.xlsx"
    path.write_bytes(packed(parts('<row r="1"><c r="A1" t="s"><v>39</v></c></row>', strings=strings)))
    assert book_at(path, Bounds(seconds=20)).read(AT).grids[0].texts == [[noise[-20_000:]]]


def test_letters_and_indexes_are_each_others_inverse():
    assert [column_letters(index) for index in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert all(column_index(column_letters(index)) == index for index in range(16384))


def test_the_settings_say_where_a_book_is(tmp_path):
    decorated(tmp_path / "书.xlsx")
    book = open_book("service", Settings(books={"service": BookAt(path="书.xlsx")}), tmp_path)
    assert [grid.tab for grid in book.read(AT).grids] == ["维修单", "_状态", "_问题", "_同步"]


def test_a_book_in_memory_answers_like_a_file():
    book = MemoryBook("m", {"表": [["号", None], [1, True, 2.0], [Raw("2026-11-22", "d")]], "_状态": []})
    copy = book.read(AT)
    assert copy.grids[0].row(1) == [("1", "n"), ("TRUE", "b"), ("2", "n")]
    assert copy.grids[0].tags == ["snd", " b ", " n "]
    marks = {"_状态": [["key", "text"], ["a", "超时"]]}
    assert book.write_tabs(marks, copy.digest).outcome == "written"
    assert book.write_tabs(marks, copy.digest).outcome == "changed"
    assert book.write_tabs(marks, book.digest()).outcome == "unchanged"
    assert book.write_tabs({"x": []}, book.digest()).outcome == "no_tabs"
    book.holder = "张示例"
    assert book.write_tabs(marks, book.digest()).outcome == "held"
