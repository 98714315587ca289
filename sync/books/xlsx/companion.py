"""今日待办.xlsx: what everybody has to do, beside the book, made anew each run and wholly ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sync.books.xlsx.locks import held_by
from sync.books.xlsx.text import LINE, MOST_LINES, fit, lines_in
from sync.model import BookError

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

NAME = "今日待办"
ALL = "总表"
LONGEST_TITLE = 31
MOST_LINKS = 60_000  # a sheet holds 65,530; the rest stands without
LONGEST_LINK = 2_000
HEADERS = (
    ("负责人 Who", 12),
    ("登记表 Register", 16),
    ("单号 No.", 18),
    ("要做什么 To do", 56),
    ("期限 Due", 17),
    ("状态 State", 14),
)
Formats = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do: *register* in words, and the cell *tab*!*cell* of the file *book* where it is done."""

    register: str
    record: str
    task: str
    due: datetime | None
    state: str
    book: str
    tab: str
    cell: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What one person, or one place that tasks are handed to, has to do."""

    title: str
    lines: Sequence[Line]


def write(path: Path, people: Sequence[Desk], made_at: datetime) -> Path:
    """The file that holds the companion now: *path*, or a time-stamped name beside it where *path* is in use."""
    content = _content(people, made_at)
    for name in (path, *_other_names(path, made_at)):
        if _holds(name, content) or (held_by(name) is None and _put(name, content)):
            _remove_older(path, name)
            return name
    raise BookError(
        f"“{path.name}”和它的几个备用名字都正开着；请关掉其中一个再运行。",
        f"“{path.name}” and its other names are all open. Close one of them and run again.",
    )


def _other_names(path: Path, made_at: datetime) -> Iterator[Path]:
    stem = f"{path.stem} {made_at:%Y-%m-%d %H%M}"
    yield path.with_name(f"{stem}{path.suffix}")
    for number in range(2, 6):
        yield path.with_name(f"{stem} ({number}){path.suffix}")


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _put(path: Path, content: bytes) -> bool:
    """Put *content* at *path* in one step; False where the system says it is in use."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except PermissionError:
        if not path.exists():  # the folder does not allow it, under any name
            raise
        return False
    finally:
        beside.unlink(missing_ok=True)
    return True


def _remove_older(path: Path, written: Path) -> None:
    """Take away the time-stamped companions of earlier runs that nobody has open."""
    stamped = re.compile(re.escape(path.stem) + r" \d{4}-\d\d-\d\d \d{4}(?: \(\d\))?" + re.escape(path.suffix))
    for found in path.parent.iterdir():
        if stamped.fullmatch(found.name) and found != written and held_by(found) is None:
            with suppress(OSError):
                found.unlink()


def _content(people: Sequence[Desk], made_at: datetime) -> bytes:
    from xlsxwriter import Workbook

    memory = BytesIO()
    # nothing that a person typed may become a formula, a link or a number on the way
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(memory, options)
    book.set_properties({"title": NAME, "created": made_at.replace(tzinfo=None)})
    formats = _formats(book)
    taken: set[str] = set()
    _tab(book, _title(ALL, taken), people, made_at, formats)
    for desk in people:
        _tab(book, _title(desk.title, taken), [desk], made_at, formats)
    book.close()
    return memory.getvalue()


def _formats(book: Workbook) -> Formats:
    plain = {"font_name": "微软雅黑", "font_size": 10, "valign": "top", "text_wrap": True}
    head = {**plain, "bold": True, "bg_color": "#1F4E78", "font_color": "#FFFFFF", "border": 1}
    cell = {**plain, "border": 1, "border_color": "#BFBFBF"}
    return {
        "note": book.add_format({**plain, "text_wrap": False, "font_color": "#595959"}),
        "head": book.add_format(head),
        "cell": book.add_format(cell),
        "link": book.add_format({**cell, "font_color": "#0563C1", "underline": 1}),
        "due": book.add_format({**cell, "num_format": "yyyy-mm-dd hh:mm", "align": "center"}),
    }


def _tab(book: Workbook, title: str, desks: Sequence[Desk], made_at: datetime, formats: Formats) -> None:
    """One tab: a line that says what it is, the header, and a row for each thing to do."""
    sheet = book.add_worksheet(title)
    count = sum(len(desk.lines) for desk in desks)
    sheet.write_string(
        0, 0, f"截至 {made_at:%Y-%m-%d %H:%M}，共 {count} 项；每次运行重新生成，请点单号回原表修改。", formats["note"]
    )
    sheet.write_string(
        1, 0, "Made anew at each run: follow the number to the book and change it there.", formats["note"]
    )
    for column, (header, width) in enumerate(HEADERS):
        sheet.set_column(column, column, width)
        sheet.write_string(2, column, header, formats["head"])
    row = 2
    for desk in desks:
        for line in desk.lines:
            row += 1
            _line(sheet, row, desk, line, formats)
    if count == 0:
        sheet.write_string(3, 0, "没有待办。 Nothing to do.", formats["note"])
    _for_reading_and_print(sheet, max(row, 3))


def _line(sheet: Any, row: int, desk: Desk, line: Line, formats: Formats) -> None:
    cell = formats["cell"]
    lines = lines_in(line.task, dict(HEADERS)["要做什么 To do"])
    if lines > 1:  # not every program sees to that when it opens the book
        sheet.set_row(row, min(lines, MOST_LINES) * LINE)
    for column, text in ((0, desk.title), (1, line.register), (3, line.task), (5, line.state)):
        sheet.write_string(row, column, fit(text), cell)
    target = link(line)
    if line.book and row < MOST_LINKS and len(target) <= LONGEST_LINK:
        sheet.write_url(row, 2, target, formats["link"], string=fit(line.record) or line.cell)
    else:
        sheet.write_string(row, 2, fit(line.record), cell)
    if line.due is None:
        sheet.write_blank(row, 4, None, cell)
    else:
        sheet.write_datetime(row, 4, line.due.replace(tzinfo=None), formats["due"])


def link(line: Line) -> str:
    """The address of the cell where *line* is done, as a workbook writes it."""
    tab = line.tab.replace("'", "''")
    book = quote(line.book, safe=" ()+,-._") if set("#%") & set(line.book) else line.book
    return f"external:{book}#'{tab}'!{line.cell}"


def _for_reading_and_print(sheet: Any, last: int) -> None:
    sheet.freeze_panes(3, 0)
    sheet.autofilter(2, 0, last, len(HEADERS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    sheet.set_footer("&L&A&R&P / &N")


def _title(wanted: str, taken: set[str]) -> str:
    """A title that a workbook takes: legal characters, at most 31, each once."""
    legal = re.sub(r"[\[\]:*?/\\]", "·", fit(wanted).replace("\n", " ")).strip("' ")[:LONGEST_TITLE].strip("' ")
    base = title = f"{legal}·" if legal.casefold() == "history" else legal or "未指定"
    number = 1
    while title.casefold() in taken:
        number += 1
        title = f"{base[: LONGEST_TITLE - len(str(number)) - 3]} ({number})"
    taken.add(title.casefold())
    return title
