"""A new workbook, drawn as it is designed."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxInputError

from sync.blueprint import FIRST, BookDesign, TabDesign
from sync.books import Content, TabRows
from sync.books.serials import serial, shown
from sync.books.xlsx.guide import guide
from sync.books.xlsx.looks import Looks
from sync.books.xlsx.offers import names
from sync.books.xlsx.sentences import too_long, untitled
from sync.books.xlsx.tabs import Tabs
from sync.model import (
    SYSTEM_HEADERS,
    TAG_BOOLEAN,
    TAG_DATE,
    TAG_EMPTY,
    TAG_ERROR,
    TAG_MERGED,
    TAG_NUMBER,
    TAG_TIME,
    TAG_UNSAVED,
    ErrorCell,
    Merge,
    Raw,
    Serial,
)

Rows = Mapping[str, Sequence[Mapping[str, object]]]  # by the tab's title
LONGEST = 32_767  # characters of a cell, the rare ones counted twice
# The formats in which dates and times are shown whole, where that of their column would show something else.
WHOLE = ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "[h]:mm:ss")


def write(path: Path, design: BookDesign, rows: Rows, made_at: dt.datetime) -> None:
    """Write the workbook of *design* with *rows*; the same input gives the same bytes."""
    content = io.BytesIO()
    try:
        with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_urls": False}) as book:
            _draw(book, design, rows, made_at)
    except XlsxInputError as error:
        raise untitled(error) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.getvalue())
    part.replace(path)


def _draw(book: Any, design: BookDesign, rows: Rows, made_at: dt.datetime) -> None:
    book.set_properties({"title": design.title.zh, "created": made_at})
    book.set_calc_mode("auto")
    looks = Looks(book)
    guide(book, looks, design)
    tabs = Tabs(book, looks, design, partial(names, design))
    for tab in design.tabs:
        tabs.write(tab, rows.get(tab.title, ()))
    for ours in SYSTEM_HEADERS:
        tabs.system(ours)


def typed(design: BookDesign, content: Content) -> Rows:
    """*content* as what is written into the cells of *design*. BookError for a text that no cell can hold."""
    return {tab.title: _rows(tab, content[tab.title]) for tab in design.tabs if tab.title in content}


def _rows(made: TabDesign, tab: TabRows) -> list[dict[str, object]]:
    columns = {column.name: column for column in made.columns}
    rows: list[dict[str, object]] = []
    for number, row in enumerate(tab.rows, FIRST + 1):
        if long := next((name for name, raw in row.items() if _is_too_long(raw.text)), None):
            raise too_long(made.title, number, columns[long].title, LONGEST)
        cells = {name: raw for name, raw in row.items() if raw.tag != TAG_MERGED}
        rows.append({name: _value(raw, columns[name].number_format) for name, raw in cells.items()})
    for area in tab.merged:
        if len(area.columns) == 1 and area.first < len(rows):
            at, name = rows[area.first], area.columns[0]
            at[name] = Merge(at.get(name), area.behind - area.first)
    return rows


def _is_too_long(text: str) -> bool:
    return len(text) * 2 > LONGEST and len(text.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST


def _value(raw: Raw, number_format: str) -> object:
    """What the cell is to hold, as what it is: text stays text, and so does what no number shows."""
    if raw.tag in {TAG_DATE, TAG_TIME}:
        tried = ((code, serial(raw, code)) for code in (number_format, *WHOLE))
        return next((Serial(number, code) for code, number in tried if number is not None), raw.text)
    if raw.tag == TAG_NUMBER and shown(raw.text, number_format) != raw:
        return Serial(_number(raw.text), "General")  # no date, whatever its column is for
    return _VALUES[raw.tag](raw.text) if raw.tag in _VALUES else raw.text


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _error(text: str) -> ErrorCell:
    return ErrorCell(text if text.startswith("#") else "#N/A")


_VALUES: Mapping[str, Callable[[str], object]] = {
    TAG_EMPTY: lambda _: None,
    TAG_NUMBER: _number,
    TAG_BOOLEAN: lambda text: text == "TRUE",
    TAG_ERROR: _error,
    TAG_UNSAVED: _error,
}
