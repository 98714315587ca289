"""今日待办.xlsx: a tab a person, each line leads to its cell, and an open one is never in the way."""

import datetime as dt
import os

import pytest
from books_made import AT, loaded

from sync.books.xlsx.companion import Desk, Line, link, write

DUE = dt.datetime(2026, 11, 22, 17, 0)


def line(task="补上到场时间", **more):
    given = {"register": "维修单", "record": "WX-00017", "due": DUE, "state": "超时未完", "book": "服务 台账.xlsx"}
    return Line(**{**given, "task": task, "tab": "维修单", "cell": "C18", **more})


def test_everybody_has_a_tab_and_all_stand_in_the_first(tmp_path):
    desks = [Desk("张示例", [line(), line("打电话给客户", due=None)]), Desk("李示例", [line()]), Desk("王示例", [])]
    path = write(tmp_path / "今日待办.xlsx", desks, AT)
    book = loaded(path)
    assert book.sheetnames == ["总表", "张示例", "李示例", "王示例"]
    rows = [[cell.value for cell in row] for row in book["总表"].iter_rows(min_row=4)]
    assert rows[0] == ["张示例", "维修单", "WX-00017", "补上到场时间", DUE, "超时未完"]
    assert [row[0] for row in rows] == ["张示例", "张示例", "李示例"]
    assert rows[1][4] is None
    assert book["张示例"].max_row == 5
    assert book["总表"].freeze_panes == "A4"
    assert (book["总表"].page_setup.orientation, book["总表"].page_setup.paperSize) == ("landscape", 9)
    assert "没有待办" in book["王示例"]["A4"].value


def test_a_line_leads_to_its_cell(tmp_path):
    path = write(tmp_path / "今日待办.xlsx", [Desk("张示例", [line(tab="老李's 表")])], AT)
    found = loaded(path)["总表"]["C4"].hyperlink
    assert found.target == "服务%20台账.xlsx"
    assert found.location == "'老李''s 表'!C18"


def test_a_hash_in_the_file_name_does_not_end_it():
    assert link(line(book="3#楼.xlsx")).startswith("external:3%23")


@pytest.mark.parametrize("text", ["=1+1", "+86", "@x", "{=1}", "http://example.com", "0042", " \x00长" + "长" * 40_000])
def test_what_people_typed_stays_text(tmp_path, text):
    path = write(tmp_path / "今日待办.xlsx", [Desk("张示例", [line(text, record=text, register=text)])], AT)
    row = loaded(path)["总表"][4]
    assert {cell.data_type for cell in row[:4]} == {"s"}
    assert row[3].value.startswith(text[:4].replace("\x00", "␀"))


def test_titles_are_made_legal_and_each_stands_once(tmp_path):
    """Characters a tab may not have, more than 31, a name twice, none at all, and the one word Excel reserves."""
    wanted = ["a/b:c*d?e[f]g\\", "王" * 40, "王" * 41, "总表", "", "'q'", "History", "ABC", "abc"]
    path = write(tmp_path / "今日待办.xlsx", [Desk(title, []) for title in wanted], AT)
    titles = loaded(path).sheetnames
    assert len({title.casefold() for title in titles}) == len(wanted) + 1
    assert max(map(len, titles)) <= 31
    assert not set("[]:*?/\\") & set("".join(titles))
    assert titles[4] == "总表 (2)"


def test_the_same_night_gives_the_same_bytes_and_leaves_the_file_alone(tmp_path):
    path = tmp_path / "今日待办.xlsx"
    write(path, [Desk("张示例", [line()])], AT)
    data, saved = path.read_bytes(), path.stat().st_mtime_ns
    assert write(path, [Desk("张示例", [line()])], AT) == path
    assert path.stat().st_mtime_ns == saved
    path.unlink()
    write(path, [Desk("张示例", [line()])], AT)
    assert path.read_bytes() == data


@pytest.mark.skipif(os.name == "nt", reason="Windows itself says whether a book is open")
def test_one_that_is_open_is_left_and_another_name_is_taken(tmp_path):
    """The next run after it was closed takes the name again, and the older ones away."""
    path = tmp_path / "今日待办.xlsx"
    write(path, [Desk("张示例", [line()])], AT)
    lock = tmp_path / "~$今日待办.xlsx"
    lock.write_bytes(b"")
    first = path.read_bytes()
    assert write(path, [], AT).name == "今日待办 2026-11-22 0200.xlsx"
    assert path.read_bytes() == first
    lock.unlink()
    (tmp_path / "今日待办 我的.xlsx").write_bytes(b"mine")
    assert write(path, [], AT) == path
    assert sorted(found.name for found in tmp_path.iterdir()) == ["今日待办 我的.xlsx", "今日待办.xlsx"]
