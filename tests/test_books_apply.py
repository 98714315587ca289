"""New tabs and columns go into a workbook, and everything that people made in it is what it was."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
import xlsxwriter
from books_made import AT, book_at, decorated, loaded, packed, parts
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.table import Table

from sync.blueprint import LOOKS, BookDesign, Change, Colour, ColumnDesign, Rule, TabDesign
from sync.books.xlsx.additions import same_rows
from sync.books.xlsx.column import Header, with_columns
from sync.books.xlsx.outline import edited, outline
from sync.books.xlsx.stylesheet import Stylesheet
from sync.model import SYSTEM_HEADERS, Grid, status_key
from sync.schema import Words

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SAID = {"unusual": "少见 Unusual", "warning": "不在列表里。\nNot in the list."}
DAY = Rule("date", unusual="不像日期", warning="请写日期。\nWrite a date.", hint_title="日期", hint="2026-11-22")
CHANNEL = Rule("list", values=("电话", "微信 & 邮件"), **SAID)
PEOPLE = Rule("names", tab="人员", header="姓名", **SAID)


def column(name, title, number_format="@", rule=None, known_as=(), *, needed=False):
    return ColumnDesign(
        name=name,
        title=title,
        known_as=known_as,
        note=f"{title}\n{name}",
        number_format=number_format,
        width=12,
        rule=rule,
        label="",
        light="#DCE9F7",
        strong="#BCD5EF",
        needed=needed,
        personal=False,
    )


ORDERS = TabDesign(
    register="work_orders",
    title="维修单",
    columns=(
        column("order_no", "单号"),
        column("finished_on", "完工日期", "yyyy-mm-dd", DAY),
        column("technician", "技术员", rule=PEOPLE),
        column("phone", "电话 <家>"),
    ),
    key="order_no",
    void=None,
)
CALLS = TabDesign(
    register="call_register",
    title="报修登记",
    columns=(
        column("call_no", "登记号", needed=True),
        column("came_on", "来电日期", "yyyy-mm-dd", DAY),
        column("channel", "渠道", rule=CHANNEL),
        column("taken_by", "接听人", rule=PEOPLE),
        column("void", "作废", rule=CHANNEL),
    ),
    key="call_no",
    void="void",
    ahead=("RC-26-00001", "RC-26-00002"),
    spare=20,
)
STAFF = TabDesign(
    "staff", "人员", (column("code", "工号"), column("name", "姓名", known_as=("名字",))), "code", None, spare=9
)
COLOURS = (Colour("late", "#FBD9D5", "#9C1C12", ("● 超时",)), Colour("good", "#FFFFFF", "#2F6B2F", ("● 正常",)))
DESIGN = BookDesign("service", Words(zh="台账", en="Book"), (), (ORDERS, CALLS, STAFF), COLOURS, "状态\nStatus")

NEW_COLUMNS = [Change("column", "维修单", "work_orders", name) for name in ("finished_on", "technician", "phone")]
NEW_TABS = [Change("tab", "报修登记", "call_register"), Change("tab", "人员", "staff")]
ALL = [*NEW_COLUMNS, *NEW_TABS]


# ---------------------------------------------------------------- books by several programs


def by_openpyxl(path: Path) -> Path:
    loaded(path).save(path)
    return path


def by_libreoffice(path: Path) -> Path:
    if shutil.which("soffice") is None:
        pytest.skip("needs LibreOffice")
    return office(path, path.parent / "converted")


def office(path: Path, folder: Path, to: str = "xlsx") -> Path:
    """*path* as LibreOffice writes it."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        ["soffice", "--headless", profile, "--convert-to", to, "--outdir", str(folder), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return folder / f"{path.stem}.{to.partition(':')[0]}"


def prefixed(path: Path) -> Path:
    """The same book with every name of the main parts behind a prefix, as some programs write it."""
    content = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            part = archive.read(name)
            if re.search(rf'<\w+ xmlns="{MAIN}"'.encode(), part) and b"mc:" not in part:
                part = re.sub(rb"<(/?)(?=[A-Za-z]+[ />])", rb"<\1s:", part).replace(b"xmlns=", b"xmlns:s=")
            content[name] = part
    path.write_bytes(packed(content))
    return path


MAKERS = {"xlsxwriter": Path, "openpyxl": by_openpyxl, "libreoffice": by_libreoffice, "prefixed": prefixed}


@pytest.fixture(scope="module", params=MAKERS)
def made(request, tmp_path_factory):
    """The same book as several programs write it."""
    return MAKERS[request.param](decorated(tmp_path_factory.mktemp("made") / "b.xlsx")).read_bytes()


@pytest.fixture
def book(made, tmp_path):
    (tmp_path / "服务 台账.xlsx").write_bytes(made)
    return book_at(tmp_path / "服务 台账.xlsx")


@pytest.fixture
def plain(tmp_path):
    return book_at(decorated(tmp_path / "b.xlsx"))


def members(path):
    data = path.read_bytes()
    archive = zipfile.ZipFile(io.BytesIO(data))
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in infos[1:]), archive.start_dir]
    return {info.filename: data[info.header_offset : end] for info, end in zip(infos, ends, strict=True)}


def part(path, name):
    return zipfile.ZipFile(path).read(name).decode()


def grid(book, title):
    return next(found for found in book.read(AT).grids if found.tab == title)


def rules(sheet):
    return {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}


# ---------------------------------------------------------------- what stays


def test_every_other_part_keeps_its_very_bytes(book):
    """Chart, sparkline, text box, comment, data bar, saved results: packed bytes and order; new parts stand behind."""
    before = members(book.path)
    assert book.apply(DESIGN, ALL).outcome == "written"
    after = members(book.path)
    assert list(after)[: len(before)] == list(before)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        *("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"),
        "xl/worksheets/sheet1.xml",
    }
    assert zipfile.ZipFile(book.path).testzip() is None


def test_a_column_alone_touches_two_parts(plain):
    before = members(plain.path)
    plain.apply(DESIGN, NEW_COLUMNS)
    after = members(plain.path)
    assert {name for name in after if before.get(name) != after[name]} == {"xl/styles.xml", "xl/worksheets/sheet1.xml"}


def test_nothing_is_taken_out_of_the_parts_that_change(book):
    """Without what was put in, a changed part reads as before: only counts and sizes have new figures."""
    names = ("[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml")
    before = [part(book.path, name) for name in names]
    book.apply(DESIGN, ALL)
    for old, name in zip(before, names, strict=True):
        new = iter(re.split(r"(?=<)", figures(part(book.path, name))))
        assert all(any(piece == found for found in new) for piece in re.split(r"(?=<)", figures(old))), name


def figures(text):
    """*text* without what may be counted anew, and with every element opened and closed."""
    text = re.sub(r' (count|ref|spans)="[^"]*"', "", text)
    return re.sub(r"<([\w:]+)([^<>]*)/>", r"<\1\2></\1>", text)


def test_styles_keep_their_numbers(book):
    before = outline(part(book.path, "xl/styles.xml").encode())
    old = part(book.path, "xl/styles.xml")
    book.apply(DESIGN, ALL)
    new = part(book.path, "xl/styles.xml").encode()
    for section in ("fonts", "fills", "borders", "cellXfs", "dxfs"):
        was, now = (styles(source, section) for source in (old.encode(), new))
        assert now[: len(was)] == was, section
    counts = {e.kind: e.attributes.get("count") for e in outline(new) if e.depth == 1}
    assert all(counts[section] == str(len(styles(new, section))) for section in ("fonts", "cellXfs", "dxfs"))
    assert len(before) < len(outline(new))


def styles(source, section):
    found, inside = [], False
    for element in outline(source):
        if element.depth == 1:
            inside = element.kind == section
        elif inside and element.depth == 2:
            found.append(source[element.start : element.end])
    return found


def test_what_people_typed_is_read_as_before(book):
    before = grid(book, "维修单")
    book.apply(DESIGN, ALL)
    after = grid(book, "维修单")
    assert after.texts[: before.width] == before.texts
    assert after.tags[: before.width] == before.tags


# ---------------------------------------------------------------- a new column


def test_a_new_column_stands_behind_the_last_one(book):
    book.apply(DESIGN, ALL)
    assert [raw.text for raw in grid(book, "维修单").row(0)] == [
        *("单号", "状态", "数量", "小计", "完工日期", "技术员", "电话 <家>")
    ]
    sheet = loaded(book.path)["维修单"]
    assert sheet["E1"].style_id == sheet["D1"].style_id
    assert sheet["G1"].value == "电话 <家>"


def test_its_cells_take_what_is_meant_and_offer_what_is_usual(book):
    before = rules(loaded(book.path)["维修单"])
    book.apply(DESIGN, ALL)
    sheet = loaded(book.path)["维修单"]
    formats = [sheet.column_dimensions[letter].number_format for letter in "EFG"]
    assert formats == ["yyyy-mm-dd", "@", "@"]
    assert sheet.column_dimensions["E"].width == pytest.approx(12, abs=1)
    found = rules(sheet)
    assert {area: found[area].formula1 for area in before} == {area: rule.formula1 for area, rule in before.items()}
    assert found["E2:E301"].type == "date"
    assert found["E2:E301"].errorStyle == "warning"
    assert found["E2:E301"].prompt == "2026-11-22"
    assert found["F2:F301"].formula1 == "'人员'!$C$3:$C$202"
    counted = re.search(r'dataValidations[^>]* count="(\d+)"', part(book.path, "xl/worksheets/sheet1.xml"))
    assert counted[1] == str(len(before) + 2)


def test_names_are_offered_from_where_they_stand(plain):
    """The staff's own book has them under an older header, in another place."""
    theirs = loaded(plain.path)
    staff = theirs.create_sheet("人员")
    staff.append(["公司内部"])
    staff.append([])
    staff.append(["备注", "编号", "工号", "名字"])
    theirs.save(plain.path)
    plain.apply(DESIGN, NEW_COLUMNS)
    assert rules(loaded(plain.path)["维修单"])["F2:F301"].formula1 == "'人员'!$D$4:$D$203"


def test_without_anybody_to_offer_there_is_no_drop_down(plain):
    plain.apply(DESIGN, NEW_COLUMNS[:2])
    assert "F2:F301" not in rules(loaded(plain.path)["维修单"])


def test_a_gap_is_never_filled_and_a_merged_header_is_passed(plain):
    theirs = loaded(plain.path)
    sheet = theirs["维修单"]
    sheet["F4"] = "随手记"
    sheet["H1"] = "合计"
    sheet.merge_cells("H1:I1")
    theirs.save(plain.path)
    plain.apply(DESIGN, NEW_COLUMNS[:1])
    sheet = loaded(plain.path)["维修单"]
    assert sheet["J1"].value == "完工日期"
    assert sheet["E1"].value is None


def test_the_looks_of_empty_cells_give_way(plain):
    """A styled blank row would still take 0012 for a number; a hidden rest of the sheet would hide the column."""
    theirs = loaded(plain.path)
    sheet = theirs["维修单"]
    for letter in "ABCDEFG":
        sheet[f"{letter}3"].number_format = "0.000"
        sheet[f"{letter}3"].font = Font(bold=True)
    sheet["C1"].fill = sheet["H1"].fill = PatternFill("solid", fgColor="FFFF00")
    sheet.column_dimensions.group("E", "XFD", hidden=True)
    theirs.save(plain.path)
    plain.apply(DESIGN, [NEW_COLUMNS[2]])
    sheet = loaded(plain.path)["维修单"]
    assert sheet["E3"].number_format == "@"
    assert sheet["E3"].font.bold
    assert sheet["F3"].number_format == "0.000"
    assert re.findall(r'r="([A-Z]+)1"', part(plain.path, "xl/worksheets/sheet1.xml")) == list("ABCDEH")
    assert not sheet.column_dimensions["E"].hidden
    assert sheet.column_dimensions["F"].hidden


@given(
    cuts=st.lists(st.integers(1, 30), max_size=6, unique=True).map(sorted),
    used=st.integers(0, 30),
    count=st.integers(1, 3),
    gap=st.booleans(),
)
def test_other_columns_keep_their_widths(cuts, used, count, gap):
    """Whatever ranges the columns are described in, only ours change."""
    ranges = list(pairwise([*cuts, 41]))[gap:]
    ranges = [(first, after - 1) for first, after in ranges]
    cols = "".join(f'<col min="{a}" max="{b}" width="{a}" style="0"/>' for a, b in ranges)
    source = f'<worksheet xmlns="{MAIN}">{f"<cols>{cols}</cols>" if cols else ""}<sheetData/></worksheet>'.encode()
    sheet = f'<styleSheet xmlns="{MAIN}"><cellXfs count="1"><xf numFmtId="0"/></cellXfs></styleSheet>'.encode()
    new = [Header(used + number, "新", 99, "@") for number in range(count)]
    after = with_columns(source, 0, [], new, b"", Stylesheet(sheet)).part
    expected = {number: a for a, b in ranges for number in range(a, b + 1)}
    assert widths(after) == expected | {header.index + 1: 99 for header in new}


def widths(source):
    """By number, which every column has once and in order."""
    found = []
    for element in outline(source):
        if element.kind == "col":
            a, b = (int(element.attributes[name]) for name in ("min", "max"))
            found += [(number, int(float(element.attributes["width"]))) for number in range(a, b + 1)]
    assert [number for number, _ in found] == sorted({number for number, _ in found})
    return dict(found)


def filtered(path, area, headers):
    """A book whose tab has *headers*, and a filter over *area*."""
    with xlsxwriter.Workbook(str(path)) as made:
        made.add_worksheet("目录")
        sheet = made.add_worksheet("维修单")
        sheet.write_row(0, 0, headers)
        sheet.autofilter(area)
    return book_at(path)


@pytest.mark.parametrize(
    ("headers", "area", "after"),
    [
        (["单号", "状态"], "A1:B9", "A1:C9"),
        (["单号", "状态", "备忘"], "A1:B9", "A1:D9"),  # a column of their own beside it is part of the row
        (["单号", "状态", "", "图例"], "A1:B9", "A1:B9"),  # a legend is not
        (["单号", "状态"], "A3:B9", "A3:B9"),  # another list further down
    ],
)
def test_a_filter_goes_on_sorting_whole_rows(tmp_path, headers, area, after):
    """A column outside the filter would stay behind while the rows are sorted."""
    book = filtered(tmp_path / "b.xlsx", area, headers)
    book.apply(DESIGN, NEW_COLUMNS[:1])
    sheet = loaded(book.path)["维修单"]
    assert sheet.auto_filter.ref == after
    absolute = re.sub(r"([A-Z])", r"$\1$", after)
    assert f">'维修单'!{absolute}<" in part(book.path, "xl/workbook.xml").replace(">维修单!", ">'维修单'!")


def test_a_table_of_excel_is_widened_by_people(plain):
    theirs = loaded(plain.path)
    theirs["维修单"].add_table(Table(displayName="T1", ref="A1:D6"))
    theirs.save(plain.path)
    data = plain.path.read_bytes()
    written = plain.apply(DESIGN, NEW_COLUMNS)
    assert written.outcome == "failed"
    assert "完工日期、技术员" in written.words["zh"]
    assert plain.path.read_bytes() == data
    assert plain.apply(DESIGN, NEW_TABS).outcome == "written"


def test_an_empty_tab_gets_its_headers_in_the_second_row(plain):
    """Somebody made the tab by its name, as a message of ours asks."""
    theirs = loaded(plain.path)
    theirs.create_sheet("人员")
    theirs.save(plain.path)
    plain.apply(DESIGN, [Change("column", "人员", "staff", name) for name in ("code", "name")])
    assert [raw.text for raw in grid(plain, "人员").row(1)] == ["工号", "姓名"]


# ---------------------------------------------------------------- a new tab


def test_a_new_tab_is_as_designed(book):
    book.apply(DESIGN, ALL)
    theirs = loaded(book.path)
    assert theirs.sheetnames[-2:] == ["报修登记", "人员"]
    sheet = theirs["报修登记"]
    assert [cell.value for cell in sheet[2]] == ["登记号", "系统状态", "来电日期", "渠道", "接听人", "作废"]
    assert sheet["A2"].fill.fgColor.rgb == "FFBCD5EF"
    assert sheet["A2"].font.b
    assert sheet["A2"].font.name == "宋体"
    assert sheet["A2"].comment.text.strip().endswith("call_no")
    assert [sheet[f"A{row}"].value for row in (3, 4, 5)] == ["RC-26-00001", "RC-26-00002", None]
    assert [sheet[f"{letter}3"].number_format for letter in "A"] == ["@"]
    assert sheet.column_dimensions["C"].number_format == "yyyy-mm-dd"
    assert sheet.freeze_panes == "C3"
    assert sheet.auto_filter.ref == "A2:F24"
    assert sheet.print_title_rows == "$1:$2"
    assert '"call_register|"&$A3' in sheet["B3"].value
    assert rules(sheet)["D3:D24"].formula1 == '"电话,微信 & 邮件"'
    assert rules(sheet)["E3:E24"].formula1 == "'人员'!$C$3:$C$202"


def test_a_status_wears_its_colours(book):
    """The conditional styles of the book's own tabs keep theirs."""
    before = conditions(book)
    book.apply(DESIGN, ALL)
    after = conditions(book)
    assert {key: after[key] for key in before} == before
    late = next(look for (tab, area, formula), look in after.items() if tab == "报修登记" and "超时" in formula)
    assert late == ("FFFBD9D5", "FF9C1C12")


def conditions(book):
    theirs = loaded(book.path)
    return {
        (sheet.title, str(area.sqref), str(rule.formula)): rule.dxf
        and (rule.dxf.fill and rule.dxf.fill.bgColor.rgb, rule.dxf.font and rule.dxf.font.color.rgb)
        for sheet in theirs
        for area in sheet.conditional_formatting
        for rule in area.rules
    }


def test_names_belong_to_their_tabs(book):
    """What is filtered and printed on each page is named by the place of its tab."""
    book.apply(DESIGN, ALL)
    source = part(book.path, "xl/workbook.xml")
    titles = re.findall(r'sheet name="([^"]+)"', source)
    named = re.findall(r'definedName name="[^"]+" localSheetId="(\d+)"[^>]*>\'?([^!\']+)', source)
    assert len(named) >= 4
    assert all(titles[int(place)] == title for place, title in named)


def test_only_one_tab_is_selected(book):
    """What is typed goes into every selected tab."""
    book.apply(DESIGN, ALL)
    assert sum(sheet.sheet_view.tabSelected or False for sheet in loaded(book.path)) <= 1


def test_system_tabs_come_hidden_and_take_marks(tmp_path):
    theirs = loaded(decorated(tmp_path / "b.xlsx"))
    for title in SYSTEM_HEADERS:
        theirs.remove(theirs[title])
    theirs.save(tmp_path / "b.xlsx")
    book = book_at(tmp_path / "b.xlsx")
    assert book.apply(DESIGN, [Change("system_tab", title) for title in SYSTEM_HEADERS]).outcome == "written"
    states = {sheet.title: sheet.sheet_state for sheet in loaded(book.path)}
    assert states == {"维修单": "visible", "_状态": "hidden", "_问题": "visible", "_同步": "hidden"}
    marks = {"_状态": [list(SYSTEM_HEADERS["_状态"]), ["call_register|RC-26-00001", "● 超时"]]}
    assert book.write_tabs(marks, book.read(AT).digest).outcome == "written"
    assert grid(book, "_状态").texts[1] == ["text", "● 超时"]


def test_the_shape_afterwards_has_all_of_it(book):
    shape = book.shape()
    assert [tab.title for tab in shape.tabs] == ["维修单", "_状态", "_问题", "_同步"]
    assert shape.can == {"tab", "system_tab", "column", "live", "formula"}
    orders = shape.tabs[0]
    assert (orders.header, orders.hidden, shape.tabs[1].hidden) == (0, False, True)
    assert [column.header for column in orders.columns] == ["单号", "状态", "数量", "小计"]
    assert [orders.columns[place].filled for place in (0, 2)] == [True, True]
    assert {column.number_format for column in orders.columns} == {None}
    assert orders.looks >= set(LOOKS)
    book.apply(DESIGN, ALL)
    after = {tab.title: tab for tab in book.shape().tabs}
    assert [column.header for column in after["维修单"].columns][4:] == ["完工日期", "技术员", "电话 <家>"]
    calls = after["报修登记"]
    assert calls.header == 1
    assert [column.header for column in calls.columns][:3] == ["登记号", "系统状态", "来电日期"]
    assert [calls.columns[place].filled for place in (0, 2)] == [True, False]


def test_the_barest_book_takes_both(tmp_path):
    """Cells that do not say where they are, no window, no fonts, no content types: as small exporters write."""
    rows = '<row><c t="inlineStr"><is><t>单号</t></is></c></row><row><c><v>1</v></c></row>'
    content = parts(rows)
    content["xl/workbook.xml"] = str(content["xl/workbook.xml"]).replace('name="表"', 'name="维修单"')
    (tmp_path / "b.xlsx").write_bytes(packed(content))
    book = book_at(tmp_path / "b.xlsx")
    assert book.apply(DESIGN, ALL).outcome == "written"
    assert [raw.text for raw in grid(book, "维修单").row(0)] == ["单号", "完工日期", "技术员", "电话 <家>"]
    assert [tab.tab for tab in book.read(AT).grids] == ["维修单", "报修登记", "人员"]
    assert "<bookViews><workbookView/></bookViews><sheets>" in part(book.path, "xl/workbook.xml")
    assert "/xl/comments2.xml" in part(book.path, "[Content_Types].xml")


# ---------------------------------------------------------------- all or nothing


def test_the_same_additions_give_the_same_bytes(plain):
    data = plain.path.read_bytes()
    plain.apply(DESIGN, ALL)
    first = plain.path.read_bytes()
    plain.path.write_bytes(data)
    plain.apply(DESIGN, ALL)
    assert plain.path.read_bytes() == first


def test_tabs_one_after_the_other_share_their_styles(plain):
    """The second time no style comes in that is there already."""
    plain.apply(DESIGN, [*NEW_COLUMNS, NEW_TABS[0]])
    before = part(plain.path, "xl/styles.xml").encode()
    assert plain.apply(DESIGN, NEW_TABS[1:]).outcome == "written"
    after = part(plain.path, "xl/styles.xml").encode()
    assert styles(after, "fonts") == styles(before, "fonts")
    assert styles(after, "cellXfs") == styles(before, "cellXfs")


@pytest.mark.parametrize(
    "changes",
    [NEW_COLUMNS[:1], NEW_TABS[:1], [Change("system_tab", "_状态")], [Change("column", "没有", "staff", "name")]],
)
def test_what_is_there_already_is_not_added_again(plain, changes):
    plain.apply(DESIGN, ALL)
    data = plain.path.read_bytes()
    written = plain.apply(DESIGN, changes)
    assert written.outcome == "changed"
    assert "servicebook plan" in written.words["zh"]
    assert plain.path.read_bytes() == data


def test_nothing_to_add_leaves_the_file_alone(plain):
    saved = plain.path.stat().st_mtime_ns
    assert plain.apply(DESIGN, []).outcome == "unchanged"
    assert plain.path.stat().st_mtime_ns == saved


def test_a_book_that_is_open_waits(plain):
    data = plain.path.read_bytes()
    lock = plain.path.with_name(f"~${plain.path.name}")
    lock.write_bytes(bytes([4]) + b"wang".ljust(54) + bytes([4, 0]) + "wang".encode("utf-16-le").ljust(108))
    written = plain.apply(DESIGN, ALL)
    assert written.outcome == "held"
    assert "wang" in written.words["zh"]
    assert plain.path.read_bytes() == data
    assert sorted(found.name for found in plain.path.parent.iterdir()) == sorted([plain.path.name, lock.name])


def test_a_book_saved_meanwhile_is_not_overwritten(plain, monkeypatch):
    sync = os.fsync

    def save_meanwhile(descriptor):
        sync(descriptor)
        with zipfile.ZipFile(plain.path, "a") as archive:
            archive.writestr("late.txt", "late")

    monkeypatch.setattr(os, "fsync", save_meanwhile)
    assert plain.apply(DESIGN, ALL).outcome == "changed"
    assert "late.txt" in zipfile.ZipFile(plain.path).namelist()


def test_a_book_saved_while_it_is_built_is_not_overwritten(plain, monkeypatch):
    """Between the first look, in one process, and the last, in another."""
    begun, start = [], subprocess.Popen

    def save_before_the_second(*given, **named):
        begun.append(given)
        if len(begun) == 2:
            with zipfile.ZipFile(plain.path, "a") as archive:
                archive.writestr("late.txt", "late")
        return start(*given, **named)

    monkeypatch.setattr(subprocess, "Popen", save_before_the_second)
    assert plain.apply(DESIGN, ALL).outcome == "changed"
    assert "late.txt" in zipfile.ZipFile(plain.path).namelist()


def test_a_full_disk_leaves_the_book_as_it_was(plain, monkeypatch):
    data = plain.path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    written = plain.apply(DESIGN, ALL)
    assert written.outcome == "failed"
    assert "No space left" in written.words["en"]
    assert plain.path.read_bytes() == data
    assert [found.name for found in plain.path.parent.iterdir()] == [plain.path.name]


def test_a_title_that_no_workbook_takes_is_named(plain):
    data = plain.path.read_bytes()
    tab = TabDesign("visits", "回访/巡检", STAFF.columns, "code", None)
    design = BookDesign("service", DESIGN.title, (), (tab,), COLOURS, "")
    written = plain.apply(design, [Change("tab", "回访/巡检", "visits")])
    assert written.outcome == "failed"
    assert "回访/巡检" in written.words["zh"]
    assert plain.path.read_bytes() == data


def test_a_chart_with_the_title_of_a_tab_is_named(plain):
    theirs = loaded(plain.path)
    theirs.create_chartsheet("人员")
    theirs.save(plain.path)
    written = plain.apply(DESIGN, NEW_TABS)
    assert written.outcome == "failed"
    assert "图表页" in written.words["zh"]


def rewritten(path, name, change):
    with zipfile.ZipFile(path) as archive:
        content = {found: archive.read(found) for found in archive.namelist()}
    content[name] = change(content[name])
    path.write_bytes(packed(content))
    return path.read_bytes()


def test_unusual_books_are_left_alone(plain):
    wide = rewritten(
        plain.path,
        "xl/styles.xml",
        lambda part: part.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"),
    )
    written = plain.apply(DESIGN, ALL)
    assert written.outcome == "failed"
    assert "另存" in written.words["zh"]
    assert plain.path.read_bytes() == wide


def test_a_strict_book_takes_columns_but_no_tabs(plain):
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    rewritten(plain.path, "xl/workbook.xml", lambda part: part.replace(MAIN.encode(), strict.encode()))
    assert "Strict" in plain.apply(DESIGN, NEW_TABS).words["en"]
    assert plain.apply(DESIGN, NEW_COLUMNS).outcome == "written"


# ---------------------------------------------------------------- an office program


def test_libreoffice_opens_it_and_shows_the_status(book, tmp_path):
    """Headers, drop-downs and notes are there; the look-up of the new tab finds its marks."""
    if shutil.which("soffice") is None:
        pytest.skip("needs LibreOffice")
    book.apply(DESIGN, ALL)
    key = status_key("call_register", "RC-26-00001")
    marks = {"_状态": [list(SYSTEM_HEADERS["_状态"]), [key, "● 超时 首次回复"]]}
    assert book.write_tabs(marks, book.read(AT).digest).outcome == "written"
    converted = office(book.path, tmp_path / "office")
    opened = loaded(converted)
    orders, calls = opened["维修单"], opened["报修登记"]
    assert [cell.value for cell in orders[1]][4:7] == ["完工日期", "技术员", "电话 <家>"]
    assert {rule.type for rule in rules(orders).values()} == {"whole", "date", "list"}
    assert calls["A2"].fill.fgColor.rgb == "FFBCD5EF"
    assert calls["A2"].comment
    assert grid(book_at(converted), "报修登记").texts[1][2:4] == ["● 超时 首次回复", ""]


# ---------------------------------------------------------------- bytes


def test_edits_do_not_overlap():
    assert edited(b"<a/>", [(2, 4, b">x</a>")]) == b"<a>x</a>"
    assert edited(b"abc", [(1, 1, b"1"), (1, 1, b"2"), (1, 2, b"")]) == b"a12c"


def test_a_sign_in_a_value_does_not_end_a_tag():
    source = b'<w><a t="x > y" u=\'"/>\'/><b c="1"></b></w>'
    a, b = outline(source)[1:]
    assert source[a.start : a.end] == b'<a t="x > y" u=\'"/>\'/>'
    assert edited(source, [a.put_in(b"!"), *b.set(source, "c", '"2"')]) == (
        b'<w><a t="x > y" u=\'"/>\'>!</a><b c=\'"2"\'></b></w>'
    )


def test_a_lost_cell_would_be_seen():
    """The last look before the old file gives way: every cell that was there is there."""

    def tab(*columns, tags="ss"):
        return Grid("b", "表", 2, [list(column) for column in columns], [tags for _ in columns])

    before = tab("ab")
    assert same_rows([before], [tab("ab", "cd")])
    assert same_rows([before], [Grid("b", "表", 3, [["a", "b", "c"]], ["sss"])])
    assert not same_rows([before], [tab("ax", "cd")])
    assert not same_rows([before], [tab("ab", tags="sn")])
    assert not same_rows([before], [tab()])
    assert not same_rows([before], [])
