"""The books that init makes: what staff see and what helps them to type."""

import csv
import re
import shutil
import subprocess
import tomllib
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import msgspec
import openpyxl
import pytest
from defusedxml import ElementTree

from sync import init
from sync.declarations import load
from sync.model import STATES, DeclarationError, ErrorCell, Formula, Merge, status_key, status_order
from sync.rules import KINDS
from sync.schema import SHIPPED, Source, Words
from sync.settings import Settings

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
AT = datetime(2026, 11, 22, 2, 0)
WORDS = {state: f"● {state}" for state in STATES}
CALL = {
    "call_no": "RC-26-00007",
    "received_at__date": date(2026, 11, 21),
    "received_at__time": time(9, 30),
    "customer_name": "甲子花园",
    "phone": "13800000001",
    "fault_description": "=1+1 不是公式",
    "equipment": ErrorCell("#N/A"),
    "result_note": Formula("=A3"),
    "site": Merge("东门", 2),
    "我的备忘": "周三",
}
ORDERS = [{"work_order_no": no, "fault_found": "黑屏"} for no in ("WX-00002", "WX-00010", "wx-00002", "WX-0*", "甲?1")]


@pytest.fixture(scope="module")
def schema():
    return load([SHIPPED], KINDS)


def made(path: Path, schema, names=("call_register", "work_orders", "staff"), rows=None, headers=None) -> Path:
    rows = {"call_register": [CALL, {}], "work_orders": ORDERS} if rows is None else rows
    registers = [schema.registers[name] for name in names]
    title = Words(zh="售后登记簿", en="After-sales registers")
    init.write_book(path, registers, rows, made_at=AT, states=WORDS, title=title, headers=headers)
    return path


@pytest.fixture(scope="module")
def book(schema, tmp_path_factory):
    return openpyxl.load_workbook(made(tmp_path_factory.mktemp("book") / "登 记.xlsx", schema))


def at(sheet, title: str):
    """The column letters of the header *title*."""
    return next(cell.column_letter for cell in sheet[2] if cell.value == title)


def test_the_same_rows_give_the_same_bytes(schema, tmp_path: Path):
    first, second = made(tmp_path / "1.xlsx", schema), made(tmp_path / "2.xlsx", schema)
    assert first.read_bytes() == second.read_bytes()


def test_tabs_open_with_a_guide_and_end_with_the_systems_own(book):
    assert book.sheetnames == ["说明", "报修登记", "维修单", "人员", "_状态", "_问题", "_同步"]
    assert [sheet.title for sheet in book if sheet.sheet_state == "hidden"] == ["_状态", "_同步"]
    guide = "".join(str(cell.value or "") for row in book["说明"] for cell in row)
    assert "作废" in guide and "Ctrl+Shift+;" in guide and "报修登记" in guide  # noqa: PT018
    assert [cell.value for cell in book["_状态"][1]] == ["key", "text", "state", "due", "promises", "run"]


def test_headers_are_frozen_in_bands_with_the_status_in_the_second_column(book):
    sheet = book["报修登记"]
    assert sheet.freeze_panes == "C3"
    assert [cell.value for cell in sheet[2]][:4] == ["登记号", "系统状态", "来电日期", "来电时间"]
    labels = [str(cell.value) for cell in sheet[1] if cell.value]
    assert [label.split()[0] for label in labels[2:5]] == ["接电话时", "派出时", "回来后"]
    first, later = sheet["C1"].fill.fgColor.rgb, sheet[f"{at(sheet, '故障等级')}1"].fill.fgColor.rgb
    assert first == sheet["A1"].fill.fgColor.rgb != later


def test_every_header_explains_itself_in_both_languages(book):
    sheet = book["报修登记"]
    assert all(cell.comment for cell in sheet[2] if cell.value not in {None, "我的备忘"})
    note = sheet[f"{at(sheet, '电话')}2"].comment.text
    assert "回拨" in note and "Required" in note and "Personal" in note  # noqa: PT018


def test_ids_and_phones_are_text_and_moments_are_dates_and_times(book):
    sheet = book["报修登记"]
    formats = {
        title: sheet[f"{at(sheet, title)}3"].number_format for title in ("登记号", "电话", "来电日期", "来电时间")
    }
    assert formats == {"登记号": "@", "电话": "@", "来电日期": "yyyy-mm-dd", "来电时间": "hh:mm"}
    assert sheet[f"{at(sheet, '来电日期')}3"].value == datetime(2026, 11, 21)
    assert sheet.column_dimensions[at(sheet, "电话")].width >= 14


def test_the_columns_format_reaches_rows_that_nobody_wrote_yet(tmp_path: Path, schema):
    sheet = openpyxl.load_workbook(made(tmp_path / "b.xlsx", schema, rows={}))["维修单"]
    assert sheet.column_dimensions["A"].number_format == "@"


def test_what_looks_like_a_formula_stays_text_and_dirt_is_written_as_dirt(book):
    sheet = book["报修登记"]
    assert sheet[f"{at(sheet, '故障情况')}3"].data_type == "s"
    assert sheet[f"{at(sheet, '设备')}3"].value == "=#N/A"
    assert sheet[f"{at(sheet, '结果说明')}3"].value == "=A3"
    assert [area.size for area in sheet.merged_cells.ranges] == [{"columns": 1, "rows": 2}]
    assert sheet[f"{at(sheet, '我的备忘')}3"].value == "周三"


def test_numbers_of_a_desk_register_are_written_ahead(book):
    ids = [cell.value for cell in book["报修登记"]["A"][2:] if cell.value]
    assert ids[:3] == ["RC-26-00007", "RC-26-00008", "RC-26-00009"]
    assert len(ids) == 1 + init.GROWTH
    assert [cell.value for cell in book["维修单"]["A"][2:] if cell.value] == [row["work_order_no"] for row in ORDERS]


def test_a_register_with_several_tabs_has_each_that_staff_write_in(tmp_path: Path, schema):
    tabs = [
        Source(book="service", tab="去年", mode="read_only"),
        *(Source(book="service", tab=t) for t in ("一月", "二月")),
    ]
    calls = msgspec.structs.replace(schema.registers["call_register"], sources=tabs)
    title = Words(zh="登记", en="Calls")
    init.write_book(tmp_path / "b.xlsx", [calls], {"call_register": [CALL]}, made_at=AT, states=WORDS, title=title)
    made = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert made.sheetnames[1:3] == ["一月", "二月"]
    assert [made[tab]["A3"].value for tab in ("一月", "二月")] == ["RC-26-00007", None]


def test_lists_warn_and_never_forbid(book):
    sheet = book["报修登记"]
    rules = {str(rule.sqref).split("3:")[0]: rule for rule in sheet.data_validations.dataValidation}
    assert "电话" in rules[at(sheet, "报修方式")].formula1
    assert rules[at(sheet, "维修人员")].formula1.startswith("'人员'!$")
    assert rules[at(sheet, "电话解决")].formula1 == '"是,否"'
    assert {rule.errorStyle for rule in rules.values()} == {"warning"}


def test_a_renamed_header_stands_behind_the_others(tmp_path: Path, schema):
    path = made(tmp_path / "b.xlsx", schema, headers={"call_register": {"channel": "来电方式"}})
    titles = [cell.value for cell in openpyxl.load_workbook(path)["报修登记"][2]]
    assert titles[-2:] == ["来电方式", "我的备忘"]
    assert "报修方式" not in titles


def test_a_status_is_stored_once_and_filled_down(book, schema, tmp_path: Path):
    """Each row looks for its own id, and the file spells the formula out for the first row only."""
    sheet = book["报修登记"]
    assert sheet["B3"].value.startswith("=IF($A3=") and sheet["B4"].value.startswith("=IF($A4=")  # noqa: PT018
    part = zipfile.ZipFile(made(tmp_path / "b.xlsx", schema)).read("xl/worksheets/sheet2.xml").decode()
    rows = 2 + init.GROWTH + init.SPARE  # two calls, numbers written ahead, and room
    assert part.count('<f t="shared" si="0"/>') == rows - 1
    assert part.count("MATCH(") == 2


def test_the_file_keeps_to_what_a_workbook_may_hold(schema, tmp_path: Path):
    """Office programs repair what breaks these limits: titles, lists, notes, names, relations, parts."""
    path = made(
        tmp_path / "b.xlsx", schema, names=[n for n, r in schema.registers.items() if r.tabs[0].book == "service"]
    )
    archive = zipfile.ZipFile(path)
    names = archive.namelist()
    assert len({name.lower() for name in names}) == len(names)
    xml = {
        name: ElementTree.fromstring(archive.read(name)) for name in names if name.endswith((".xml", ".rels", ".vml"))
    }
    for name, root in xml.items():
        ids = [one.get("Id") for one in root] if name.endswith(".rels") else []
        assert len(set(ids)) == len(ids)
        for one in root.iter(f"{{{MAIN}}}dataValidation"):
            listed = one.findtext(f"{{{MAIN}}}formula1") or ""
            assert len(listed.strip('"')) <= 255
            assert len(one.get("promptTitle", "") + one.get("errorTitle", "")) <= 64
            assert len(one.get("error", "")) <= 225
        commented = [one.get("ref") for one in root.iter(f"{{{MAIN}}}comment")]
        assert len(set(commented)) == len(commented)
        assert all(re.fullmatch(r"[A-Z]+2", ref) for ref in commented)
        assert max((len(one.text or "") for one in root.iter(f"{{{MAIN}}}f")), default=0) <= 8192
    titles = [one.get("name") for one in xml["xl/workbook.xml"].iter(f"{{{MAIN}}}sheet")]
    assert len({title.lower() for title in titles}) == len(titles)
    assert all(re.fullmatch(r"[^\[\]:*?/\\]{1,31}", title) for title in titles)
    defined = {one.get("name") for one in xml["xl/workbook.xml"].iter(f"{{{MAIN}}}definedName")}
    assert defined <= {"_xlnm._FilterDatabase", "_xlnm.Print_Titles"}


def test_a_new_department_is_never_written_over(tmp_path: Path, schema):
    folder = tmp_path / "新 部门"
    files = init.new_department(folder, "integrator", schema, made_at=AT, states=WORDS)
    settings = msgspec.convert(tomllib.loads(files[0].read_text(encoding="utf-8")), Settings)
    assert {folder / at.path for at in settings.books.values()} == set(files[1:])
    before = [path.read_bytes() for path in files]
    with pytest.raises(DeclarationError, match="never rewritten"):
        init.new_department(folder, "integrator", schema, made_at=AT, states=WORDS)
    assert [path.read_bytes() for path in files] == before


def test_what_holds_names_and_numbers_stays_out_of_a_repository(tmp_path: Path, schema):
    """Somebody will put the folder under version control: books and kept copies are ignored there."""
    files = init.new_department(tmp_path, "integrator", schema, made_at=AT, states=WORDS)
    (tmp_path / "kept").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert set(listed.stdout.split()) == {".gitignore", files[0].name}


def test_an_unknown_profile_is_refused_with_those_there_are(tmp_path: Path, schema):
    with pytest.raises(DeclarationError, match="integrator"):
        init.new_department(tmp_path, "intergrator", schema, made_at=AT, states=WORDS)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_an_office_program_shows_the_status_by_exact_id(tmp_path: Path, schema):
    """Found whatever signs the id has; by its own register; not by another case; empty rows show nothing."""
    path = made(tmp_path / "b.xlsx", schema, names=("work_orders",))
    book = openpyxl.load_workbook(path)
    keys = [
        status_key("work_orders", str(row["work_order_no"])) for row in ORDERS if row["work_order_no"] != "wx-00002"
    ]
    keys += [status_key("parts", "WX-00010"), status_key("work_orders", "WX-00011")]
    for number, key in enumerate(sorted(keys, key=status_order), 2):
        book["_状态"].cell(number, 1, key)
        book["_状态"].cell(number, 2, f"● {key}")
    book.active = 1
    book.remove(book["说明"])
    book.save(path)
    command = ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to"]
    subprocess.run(
        [*command, "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(tmp_path), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    lines = list(csv.reader((tmp_path / "b.csv").read_text(encoding="utf-8").splitlines()))[2:]
    shown = {line[0]: line[1] for line in lines}
    assert shown.pop("wx-00002") == "待同步"
    assert shown.pop("") == ""
    assert shown == {no: f"● work_orders|{no}" for no in shown}
    assert len(shown) == 4
