"""Marks go into our own tabs, and every other byte of the workbook is what it was."""

import io
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import zipfile

import pytest
from books_made import AT, book_at, decorated, loaded, packed, parts, sheet
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.books import Link
from sync.books.xlsx import locks
from sync.books.xlsx.layout import Layout
from sync.books.xlsx.package import Package
from sync.books.xlsx.patch import new_rows, patched, recalculating
from sync.books.xlsx.sheet import grids
from sync.books.xlsx.text import LONGEST, fit
from sync.settings import Bounds

MARKS = {
    "_状态": [["key", "text"], *([f"WX-{n:05}", f"超时未完 {n}"] for n in range(1, 6))],
    "_问题": [["标签页", "说明"], ["维修单", "=1+1"], [None, 3.5]],
    "_同步": [["run", "r1"]],
}
OURS = {"xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml", "xl/worksheets/sheet4.xml", "xl/workbook.xml"}


@pytest.fixture
def book(tmp_path):
    return book_at(decorated(tmp_path / "服务 台账.xlsx"))


def members(path):
    """Every member as it lies in the file: its own header with all it says, and its packed bytes."""
    data = path.read_bytes()
    archive = zipfile.ZipFile(io.BytesIO(data))
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in infos[1:]), archive.start_dir]
    return {info.filename: data[info.header_offset : end] for info, end in zip(infos, ends, strict=True)}


def write(book, marks=MARKS):
    return book.write_tabs(marks, book.read(AT).digest)


def texts(book, tab):
    grid = next(grid for grid in book.read(AT).grids if grid.tab == tab)
    return [[raw.text for raw in grid.row(index)] for index in range(grid.height)]


def test_every_part_but_ours_keeps_its_very_bytes(book):
    """Chart, sparkline, text box, comment, data bar, validation, saved results: packed bytes, order, times, flags."""
    before = members(book.path)
    assert write(book).outcome == "written"
    after = members(book.path)
    assert list(after) == list(before)
    assert {name for name in before if before[name] != after[name]} <= OURS
    assert zipfile.ZipFile(book.path).testzip() is None
    assert any("drawing" in name for name in before)
    assert any("comments" in name for name in before)


def test_marks_are_read_back_as_written(book):
    write(book)
    assert texts(book, "_状态")[1:3] == [["WX-00001", "超时未完 1"], ["WX-00002", "超时未完 2"]]
    assert texts(book, "_问题") == [["标签页", "说明"], ["维修单", "=1+1"], ["", "3.5"]]
    assert texts(book, "维修单")[1] == ["WX-00001", "旧", "1", "2"]
    theirs = loaded(book.path)
    assert theirs["_问题"]["B2"].value == "=1+1"
    assert theirs["_问题"]["B2"].data_type == "s"
    assert theirs["_状态"].sheet_state == "hidden"


def test_our_tabs_keep_their_looks(book):
    """Widths, frozen panes, conditional colours, and the styles of the header and of the first row for all rows."""
    write(book)
    tab = loaded(book.path)["_状态"]
    assert tab.column_dimensions["A"].width > 29
    assert tab.freeze_panes == "A2"
    assert tab["A1"].font.bold
    assert all(tab[f"B{row}"].alignment.wrap_text for row in range(2, 7))
    assert tab.conditional_formatting
    assert tab.dimensions == "A1:B6"


def test_an_emptied_tab_keeps_the_looks_of_its_rows(book):
    write(book, {"_状态": [["key", "text"]]})
    assert texts(book, "_状态") == [["key", "text"]]
    write(book, {"_状态": [["key", "text"], ["a", "b"], ["c", "d"]]})
    tab = loaded(book.path)["_状态"]
    assert tab["B3"].alignment.wrap_text
    assert tab["A1"].font.bold


def test_the_same_marks_twice_do_not_touch_the_file(book):
    write(book)
    data, saved = book.path.read_bytes(), book.path.stat().st_mtime_ns
    assert write(book).outcome == "unchanged"
    assert book.path.read_bytes() == data
    assert book.path.stat().st_mtime_ns == saved


def test_the_same_marks_after_a_person_saved_the_book_are_unchanged(book):
    """An office program stores our rows in other words (shared strings); what they say is the same."""
    write(book)
    theirs = loaded(book.path)
    theirs["维修单"]["C2"] = 9
    theirs.save(book.path)
    assert write(book).outcome == "unchanged"


def test_the_same_rows_give_the_same_bytes(tmp_path):
    data = decorated(tmp_path / "a.xlsx").read_bytes()
    assert patched(data, MARKS, Bounds()).data == patched(data, MARKS, Bounds()).data


def test_a_book_changed_since_it_was_read_is_left_alone(book):
    digest = book.read(AT).digest
    with zipfile.ZipFile(book.path, "a") as archive:
        archive.writestr("docProps/custom.txt", "a person's change")
    data = book.path.read_bytes()
    assert book.write_tabs(MARKS, digest).outcome == "changed"
    assert book.path.read_bytes() == data
    assert [found.name for found in book.path.parent.iterdir()] == [book.path.name]


def test_a_change_at_the_last_moment_is_not_overwritten(book, monkeypatch):
    """Somebody saves while the new file is being written beside the old one."""
    digest = book.read(AT).digest
    sync = os.fsync

    def save_meanwhile(descriptor):
        sync(descriptor)
        with zipfile.ZipFile(book.path, "a") as archive:
            archive.writestr("late.txt", "late")

    monkeypatch.setattr(os, "fsync", save_meanwhile)
    assert book.write_tabs(MARKS, digest).outcome == "changed"
    assert "late.txt" in zipfile.ZipFile(book.path).namelist()


def test_a_full_disk_leaves_the_book_as_it_was(book, monkeypatch):
    digest, data = book.read(AT).digest, book.path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    written = book.write_tabs(MARKS, digest)
    assert written.outcome == "failed"
    assert "No space left" in written.words["zh"]
    assert book.path.read_bytes() == data
    assert [found.name for found in book.path.parent.iterdir()] == [book.path.name]


def test_tabs_that_are_not_there_are_named(book):
    assert write(book, {"_没有": []}).outcome == "no_tabs"
    written = write(book, {"_没有": [], "_状态": [["a"]]})
    assert written.outcome == "written"
    assert "_没有" in written.words["zh"]
    assert "_没有" in written.words["en"]


def test_formulas_in_a_system_tab_are_not_destroyed(tmp_path):
    """They stand in the book's list of formulas too; removing them half would make Excel repair the file."""
    content = parts('<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>')
    (tmp_path / "b.xlsx").write_bytes(packed(content))
    written = write(book_at(tmp_path / "b.xlsx"), {"表": [["a"]]})
    assert written.outcome == "failed"
    assert "公式" in written.words["zh"]


@pytest.mark.skipif(os.name == "nt", reason="modes and links of Unix")
def test_mode_and_link_stay(book):
    book.path.chmod(0o640)
    link = book.path.with_name("link.xlsx")
    link.symlink_to(book.path)
    assert write(book_at(link)).outcome == "written"
    assert link.is_symlink()
    assert book.path.stat().st_mode & 0o777 == 0o640


# ---------------------------------------------------------------- who has it open


def excel_lock(name):
    local, wide = name.encode("gbk"), name.encode("utf-16-le")
    return bytes([len(local)]) + local.ljust(54) + bytes([len(name), 0]) + wide.ljust(108, b" \0"[:1])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("~$服务 台账.xlsx", excel_lock("张示例"), "张示例（Excel）"),
        (
            ".~lock.服务 台账.xlsx#",
            b",lishili,pc-desk-2,22.11.2026 09:30,file:///C:/u;",
            "lishili（LibreOffice, pc-desk-2）",
        ),
        (".~务 台账.xlsx", excel_lock("王示例"), "王示例（WPS）"),
        (".~ 台账.xlsx", b"", "有人 somebody（WPS）"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows itself says whether a book is open")
def test_an_open_book_is_left_alone_and_the_person_is_named(book, name, content, words):
    """The lock files of Excel, LibreOffice and WPS; when they go, the same marks are written."""
    lock = book.path.with_name(name)
    lock.write_bytes(content)
    data = book.path.read_bytes()
    assert book.held_by() == words
    written = write(book)
    assert written.outcome == "held"
    assert words in written.words["zh"]
    assert book.path.read_bytes() == data
    lock.unlink()
    assert book.held_by() is None
    assert write(book).outcome == "written"


def test_a_book_that_shows_the_marks_already_is_done_though_open(book):
    write(book)
    book.path.with_name(f"~${book.path.name}").write_bytes(b"")
    assert write(book).done


def test_a_lock_file_left_by_a_crash_is_not_obeyed_for_ever(book):
    lock = book.path.with_name(f"~${book.path.name}")
    lock.write_bytes(excel_lock("张示例"))
    old = lock.stat().st_mtime - (locks.STALE_HOURS + 1) * 3600
    os.utime(lock, (old, old))
    assert book.held_by() is None


def test_a_crashed_program_of_this_machine_is_found_out_by_opening(book):
    content = f",lishili,{socket.gethostname()},22.11.2026 09:30,file:///u;"
    book.path.with_name(f".~lock.{book.path.name}#").write_text(content, encoding="utf-8")
    assert book.held_by() is None


@pytest.mark.skipif(os.name == "nt", reason="advisory locks are Unix's")
def test_a_program_that_holds_the_file_is_seen_without_a_lock_file(book):
    program = (
        "import fcntl, sys\nwith open(sys.argv[1], 'r+b') as file:\n"
        "    fcntl.lockf(file, fcntl.LOCK_EX)\n    print(flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(book.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert book.held_by() == "有人 somebody"
        holder.communicate()
    assert book.held_by() is None


# ---------------------------------------------------------------- any text, any part


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.lists(st.one_of(ANY_TEXT, st.none(), st.integers(-(10**14), 10**14)), max_size=4), max_size=5))
def test_any_text_reads_back_as_it_was(rows):
    """Text stays text: formulas, escapes, spaces, line ends, other scripts; what no workbook can hold is visible."""
    data = patched(packed(parts()), {"表": rows}, Bounds()).data or packed(parts())
    grid = grids("b", Package(data, 1024, 200))[0]
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            read = grid.row(r)[c] if r < grid.height and c < grid.width else ("", " ")
            expected = "" if value is None else fit(str(value))
            assert read[0] == expected
            assert read[1] == (" " if expected == "" else "n" if isinstance(value, int) else "s")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("甲\ud800乙", "甲\ufffd乙"),
        ("a\x00b\x0b", "a␀b␋"),
        ("\ufffe", "\ufffd"),
        ("x\r\n\ty", "x\r\n\ty"),
        ("_x0041_", "_x0041_"),
    ],
)
def test_what_a_workbook_cannot_hold_is_made_visible(text, fits):
    assert fit(text) == fits


def test_text_too_long_for_a_cell_is_cut_visibly():
    for text in ("长" * 40_000, "😀" * 20_000, "x" + "😀" * 20_000):
        cut = fit(text)
        assert cut.endswith("…")
        assert LONGEST - 1 <= len(cut.encode("utf-16-le")) // 2 <= LONGEST
    assert fit("长" * LONGEST) == "长" * LONGEST


def test_numbers_that_are_none_become_text():
    part = new_rows(sheet("").encode(), "表", [[float("nan"), True, 1e300]])
    assert b"<t>nan</t>" in part
    assert b't="b"><v>1</v>' in part


def test_prefixed_parts_are_rewritten_in_their_own_words():
    part = b'<x:worksheet xmlns:x="m"><x:dimension ref="A1:Z9"/><x:sheetData/><x:sheetProtection/></x:worksheet>'
    new = new_rows(part, "表", [["甲"]])
    assert new.startswith(b'<x:worksheet xmlns:x="m"><x:dimension ref="A1"/><x:sheetData><x:row r="1"><x:c r="A1"')
    assert new.endswith(b"</x:sheetData><x:sheetProtection/></x:worksheet>")


def test_a_byte_order_mark_and_rows_in_comments_do_not_shift_the_cut():
    part = "\ufeff<worksheet><!-- <sheetData> --><sheetData ><row r='1'/></sheetData ><b a='x>y'/></worksheet>".encode()
    new = new_rows(part, "表", [["甲"]]).decode()
    assert new.startswith("\ufeff<worksheet><!-- <sheetData> --><sheetData><row")
    assert new.endswith("</row></sheetData><b a='x>y'/></worksheet>")


def test_columns_lend_their_style_where_a_row_has_none():
    part = sheet("", before='<cols><col min="2" max="3" width="9" style="4"/></cols>').encode()
    assert Layout(part).style(5, 2) == "4"
    assert b'<c r="B1" s="4" t="inlineStr">' in new_rows(part, "表", [["a", "b"]])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<workbook><sheets/><calcPr calcId="1"/></workbook>', '<calcPr fullCalcOnLoad="1" calcId="1"/></workbook>'),
        ('<workbook><sheets/><calcPr fullCalcOnLoad="0" a="b"/></workbook>', '<calcPr fullCalcOnLoad="1" a="b"/>'),
        ("<workbook><sheets><sheet/></sheets><oleSize/></workbook>", '</sheets><calcPr fullCalcOnLoad="1"/><oleSize/>'),
        ("<workbook><sheets/><definedNames/></workbook>", '<definedNames/><calcPr fullCalcOnLoad="1"/></workbook>'),
        ('<x:workbook xmlns:x="m"><x:sheets/></x:workbook>', '<x:sheets/><x:calcPr fullCalcOnLoad="1"/></x:workbook>'),
        ("<workbook><calcPr fullCalcOnLoad='1'/></workbook>", "<workbook><calcPr fullCalcOnLoad='1'/></workbook>"),
    ],
)
def test_the_workbook_asks_for_recalculation_and_keeps_the_rest(before, after):
    new = recalculating(before.encode()).decode()
    assert after in new
    assert recalculating(new.encode()).decode() == new


def test_members_with_descriptors_and_extra_fields_are_copied_as_they_are(tmp_path):
    """Zips written as a stream: sizes follow the data; extra fields and a comment at the end stay."""
    memory = io.BytesIO()
    with zipfile.ZipFile(Stream(memory), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts('<row r="1"><c r="A1"><v>1</v></c></row>').items():
            info = zipfile.ZipInfo(name, (2020, 1, 2, 3, 4, 6))
            info.compress_type, info.extra = zipfile.ZIP_DEFLATED, struct.pack("<HHI", 0xCAFE, 4, 7)
            archive.writestr(info, part)
        archive.comment = b"kept"
    (tmp_path / "a.xlsx").write_bytes(memory.getvalue())
    before = members(tmp_path / "a.xlsx")
    new = patched(memory.getvalue(), {"表": [["甲"]]}, Bounds()).data
    (tmp_path / "b.xlsx").write_bytes(new)
    after = members(tmp_path / "b.xlsx")
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"xl/workbook.xml", "xl/worksheets/sheet1.xml"}
    assert zipfile.ZipFile(io.BytesIO(new)).comment == b"kept"
    assert zipfile.ZipFile(io.BytesIO(new)).testzip() is None


class Stream(io.RawIOBase):
    """A file that cannot go back."""

    def __init__(self, to):
        self.to = to

    def writable(self):
        return True

    def write(self, data):
        return self.to.write(data)


def test_a_zip_with_something_in_front_is_left_alone(tmp_path):
    (tmp_path / "b.xlsx").write_bytes(b"PK" + bytes(20) + packed(parts()))
    written = write(book_at(tmp_path / "b.xlsx"), {"表": [["甲"]]})
    assert written.outcome == "failed"
    assert "另存" in written.words["zh"]


def test_a_link_leads_to_its_cell_and_none_is_left_of_the_night_before(book):
    """Links stand once a tab, in their place among its elements, and go with their rows."""
    for rows in (2, 3, 1):
        linked = [["表", "打开"], *([f"第{n}项", Link(f"维修单!A{n}", f"'维修单'!A{n}")] for n in range(1, rows))]
        write(book, {"_问题": linked})
        found = [cell.hyperlink for row in loaded(book.path)["_问题"] for cell in row if cell.hyperlink]
        assert [(link.ref, link.location) for link in found] == [
            (f"B{n + 1}", f"'维修单'!A{n}") for n in range(1, rows)
        ]
    part = zipfile.ZipFile(book.path).read("xl/worksheets/sheet3.xml").decode()
    assert "hyperlink" not in part
    write(book, {"_问题": [["表"], [Link("甲 & 乙", "'甲 & \"乙\"'!A1")]]})
    part = zipfile.ZipFile(book.path).read("xl/worksheets/sheet3.xml").decode()
    assert part.index("<conditionalFormatting") < part.index("<hyperlinks>") < part.index("<pageMargins")
    assert loaded(book.path)["_问题"]["A2"].hyperlink.location == "'甲 & \"乙\"'!A1"


def test_rows_grow_with_their_longest_text_where_people_see_them(book):
    long = "这一格写的不是日期，" * 6  # 120 letters wide, in a column of 30
    write(book, {title: [["a", "b"], [long, "短"], ["短", None]] for title in ("_问题", "_状态")})
    tabs = loaded(book.path)
    assert tabs["_问题"].row_dimensions[2].height >= 5 * 15
    assert tabs["_问题"].row_dimensions[3].height is None
    assert tabs["_状态"].row_dimensions[2].height is None


# ---------------------------------------------------------------- in a real office program


office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed here")


@pytest.fixture(scope="module")
def soffice(tmp_path_factory):
    """How LibreOffice is called, with settings of its own."""
    return ["soffice", f"-env:UserInstallation={tmp_path_factory.mktemp('profile').as_uri()}", "--headless"]


def converted(soffice, path, to):
    """*path*, saved by LibreOffice in the format *to*."""
    out = path.parent / "out"
    command = [*soffice, "--convert-to", to, "--outdir", str(out), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return out / f"{path.stem}.{to.partition(':')[0]}"


@office
def test_libreoffice_opens_the_book_and_its_formulas_see_the_marks(book, soffice):
    write(book)
    path = converted(soffice, book.path, "csv:Text - txt - csv (StarCalc):44,34,76")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("单号,状态,数量,小计")
    assert lines[5].startswith("WX-00005,超时未完 5,5,10")


@office
def test_a_book_that_libreoffice_saved_is_read_and_marked(book, soffice):
    """Other styles, other spellings, other part names: the tabs are found and the formulas stay."""
    write(book)
    saved = book_at(converted(soffice, book.path, "xlsx"))
    assert texts(saved, "_状态")[5] == ["WX-00005", "超时未完 5"]
    before = {cell.coordinate: cell.value for row in loaded(saved.path)["维修单"] for cell in row}
    marks = {**MARKS, "_问题": [["标签页", "说明"], ["维修单", Link("A2", "'维修单'!A2")]]}
    assert write(saved, marks).outcome == "written"
    assert write(saved, marks).outcome == "unchanged"
    assert texts(saved, "_问题") == [["标签页", "说明"], ["维修单", "A2"]]
    after = {cell.coordinate: cell.value for row in loaded(saved.path)["维修单"] for cell in row}
    assert after == before
    assert "_状态" in str(after["B2"])


@office
def test_libreoffice_holds_the_book_until_it_is_killed(book, soffice):
    """Its lock file stays behind after a crash, and is not obeyed."""
    with subprocess.Popen(
        [*soffice, "--norestore", str(book.path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as office:  # fmt: skip
        try:
            held = any(book.held_by() or time.sleep(0.2) for _ in range(300))
            outcomes = {write(book).outcome for _ in range(10)}
        finally:
            os.killpg(office.pid, signal.SIGKILL)
    assert held
    assert outcomes == {"held"}
    assert list(locks.lock_files(book.path))
    assert write(book).outcome == "written"
