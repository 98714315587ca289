"""Whatever is wrong with a file, the reader gets two sentences with a way out; nothing hangs, crashes or guesses."""

import io
import os
import re
import threading
import time
import zipfile
from pathlib import Path

import pytest
from books_made import AT, book_at, decorated, packed, parts, relations

from sync.books.xlsx.child import answer
from sync.model import BookError, Unreachable
from sync.settings import Bounds

ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'
SOUND = parts(ROW)
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'


def without(name):
    return packed({key: part for key, part in SOUND.items() if key != name})


def having(**parts_by_name):
    names = {"book": "xl/workbook.xml", "tab": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml"}
    return packed({**SOUND, **{names[key]: part for key, part in parts_by_name.items()}})


def flipped():
    """One bit of the packed rows is wrong: the check sum tells."""
    data = bytearray(packed({**SOUND, "xl/worksheets/sheet1.xml": parts(ROW * 50)["xl/worksheets/sheet1.xml"]}))
    info = zipfile.ZipFile(io.BytesIO(data)).getinfo("xl/worksheets/sheet1.xml")
    data[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 0x10
    return bytes(data)


def wrong_sum():
    data = bytearray(packed(SOUND))
    name = b"xl/worksheets/sheet1.xml"
    at = data.rindex(name) - 46 + 16  # the sum in the directory
    data[at] ^= 0xFF
    return bytes(data)


def locked():
    """Parts of the zip are encrypted (not the way Excel does it)."""
    data = bytearray(packed(SOUND))
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


def doubled():
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, part in SOUND.items():
            archive.writestr(name, part)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("xl/workbook.xml", SOUND["xl/workbook.xml"])
    return memory.getvalue()


ZOO = {
    "empty file": (lambda: b"", "0 字节"),
    "text": (lambda: "单号,客户\n1,甲\n".encode("gbk"), "CSV"),
    "web page": (lambda: b"\xef\xbb\xbf<html><table></table></html>", "网页"),
    "old xls": (lambda: OLE + bytes(600) + "Workbook".encode("utf-16-le"), ".xls）"),
    "password": (lambda: OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "密码"),
    "zip encryption": (locked, "密码"),
    "cut in half": (lambda: packed(SOUND)[:600], "不完整"),
    "only a zip head": (lambda: b"PK\x03\x04", "不完整"),
    "end cut off": (lambda: packed(SOUND)[:-30], "不完整"),
    "bit flipped": (flipped, "损坏"),
    "wrong sum": (wrong_sum, "损坏"),
    "a part twice": (doubled, "损坏"),
    "no content types": (lambda: without("[Content_Types].xml"), "没有工作簿"),
    "no workbook part": (lambda: without("xl/workbook.xml"), "没有工作簿"),
    "no relations": (lambda: without("xl/_rels/workbook.xml.rels"), "损坏"),
    "no sheet part": (lambda: without("xl/worksheets/sheet1.xml"), "损坏"),
    "an empty zip": (lambda: packed({}), "没有工作簿"),
    "a text document": (
        lambda: packed({**SOUND, "_rels/.rels": relations(("r", "officeDocument", "word/document.xml"))}),
        "别的 Office",
    ),
    "a binary workbook": (
        lambda: packed({**SOUND, "_rels/.rels": relations(("r", "officeDocument", "xl/workbook.bin"))}),
        ".xlsb",
    ),
    "no tab": (lambda: having(book="<workbook><sheets/></workbook>"), "损坏"),
    "rows cut off": (lambda: having(tab=SOUND["xl/worksheets/sheet1.xml"][:-30]), "损坏"),
    "rows are not XML": (lambda: having(tab=b"\x00\x01\x02"), "损坏"),
    "an unknown encoding": (lambda: having(tab="<?xml version='1.0' encoding='martian'?><worksheet/>"), "损坏"),
    "bytes that are no UTF-8": (lambda: having(tab=b"<worksheet><sheetData>\xff\xfe</sheetData></worksheet>"), "损坏"),
    "a control character": (
        lambda: having(tab=parts('<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>')["xl/worksheets/sheet1.xml"]),
        "损坏",
    ),
    "a string that is not there": (
        lambda: having(tab=parts('<row r="1"><c r="A1" t="s"><v>9</v></c></row>')["xl/worksheets/sheet1.xml"]),
        "损坏",
    ),
    "row 2,000,000": (
        lambda: having(tab=parts('<row r="2000000"><c r="A2000000"><v>1</v></c></row>')["xl/worksheets/sheet1.xml"]),
        "损坏",
    ),
    "column XFE": (
        lambda: having(tab=parts('<row r="1"><c r="XFE1"><v>1</v></c></row>')["xl/worksheets/sheet1.xml"]),
        "损坏",
    ),
    "the far corner": (
        lambda: having(
            tab=parts(ROW + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')["xl/worksheets/sheet1.xml"]
        ),
        "XFD1048576",
    ),
    "entities in the rows": (lambda: having(tab=f"{BOMB}<worksheet>&b;</worksheet>"), "DTD"),
    "entities in the strings": (lambda: having(strings=f"{BOMB}<sst><si><t>&b;</t></si></sst>"), "DTD"),
    "entities in the workbook": (lambda: having(book=f"{BOMB}<workbook>&b;</workbook>"), "DTD"),
    "entities behind another encoding": (
        lambda: having(tab=f"<?xml version='1.0' encoding='UTF-16'?>{BOMB}<worksheet>&b;</worksheet>".encode("utf-16")),
        "DTD",
    ),
    "a zip bomb": (lambda: having(strings=b"\x20" * (5 << 20)), "倍"),
    "too many parts": (lambda: packed({**SOUND, **{f"x{n}": b"" for n in range(10_001)}}), "损坏"),
}


@pytest.mark.parametrize("kind", ZOO)
def test_every_damage_is_named_with_a_way_out(kind):
    """A line in Chinese, a line in English; no traceback."""
    make, fact = ZOO[kind]
    found = answer("service", make(), 1024, 200, "2048")
    assert not found.grids
    zh, en = found.fault
    assert fact in zh
    assert re.search("[一-鿿].*(请|另存|取回)", zh)
    assert re.search(r"[A-Za-z ]{20}.*\.$", en)
    assert "Traceback" not in zh + en


def test_the_sound_file_beside_the_zoo_is_read():
    assert answer("service", packed(SOUND), 1024, 200, "2048").grids[0].texts == [["1"]]


def test_the_message_names_the_file_and_the_tab(tmp_path):
    path = tmp_path / "维修 单.xlsx"
    path.write_bytes(ZOO["the far corner"][0]())
    with pytest.raises(BookError, match=r"^工作簿“维修 单.xlsx”：.*标签页“表”[\s\S]*\nWorkbook “维修 单.xlsx”: "):
        book_at(path).read(AT)


@pytest.mark.parametrize(
    ("bounds", "fact"),
    [(Bounds(memory_mb=50), "内存超过 50 MB"), (Bounds(seconds=0), "0 秒"), (Bounds(unpacked_mb=0), "MB")],
)
def test_reading_ends_at_the_bounds(tmp_path, bounds, fact):
    """More memory, time or room than allowed: a sentence that says which part of the settings it is about."""
    path = tmp_path / "b.xlsx"
    path.write_bytes(
        packed(parts("".join(f'<row r="{n}"><c r="A{n}"><v>{n}.5</v></c></row>' for n in range(1, 100_001))))
    )
    with pytest.raises(BookError, match=rf"{fact}[\s\S]*\[bounds\]"):
        book_at(path, bounds).read(AT)


def test_a_missing_book_names_those_that_are_there(tmp_path):
    decorated(tmp_path / "维修台账.xlsx")
    (tmp_path / "~$维修台账.xlsx").write_bytes(b"")
    with pytest.raises(BookError, match=r"维修台账\.xlsx。") as caught:
        book_at(tmp_path / "维修台帐.xlsx").read(AT)
    assert "~$" not in str(caught.value)
    with pytest.raises(BookError, match="找不到文件夹"):
        book_at(tmp_path / "Z" / "b.xlsx").read(AT)


def test_a_folder_is_no_book(tmp_path):
    with pytest.raises(BookError, match="不是文件"):
        book_at(tmp_path).read(AT)


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user that can be refused"
)
def test_a_book_without_permission_says_so(tmp_path):
    path = decorated(tmp_path / "b.xlsx")
    path.chmod(0)
    with pytest.raises(BookError, match="权限"):
        book_at(path).read(AT)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_a_pipe_in_place_of_the_book_does_not_hold_the_night_up(tmp_path):
    os.mkfifo(tmp_path / "b.xlsx")
    with pytest.raises(BookError, match="不是文件"):
        book_at(tmp_path / "b.xlsx").read(AT)


def test_a_book_that_is_put_in_place_meanwhile_is_read(tmp_path):
    """Half a file is looked at again a moment later, when Excel has finished saving it."""
    path = tmp_path / "b.xlsx"
    whole = decorated(tmp_path / "whole.xlsx").read_bytes()
    path.write_bytes(whole[:3000])
    saving = threading.Thread(target=lambda: (time.sleep(0.05), path.write_bytes(whole)))
    saving.start()
    try:
        assert book_at(path).read(AT).grids[0].tab == "维修单"
    finally:
        saving.join()


def test_a_book_that_never_rests_is_for_a_later_run(tmp_path, monkeypatch):
    """Every look finds another state: temporary, not damaged."""
    path = decorated(tmp_path / "b.xlsx")
    read = Path.read_bytes

    def read_while_it_is_saved(self):
        data = read(self)
        saved = self.stat().st_mtime_ns + 1_000_000
        os.utime(self, ns=(saved, saved))
        return data

    monkeypatch.setattr(Path, "read_bytes", read_while_it_is_saved)
    with pytest.raises(Unreachable, match="正在保存"):
        book_at(path).read(AT)
