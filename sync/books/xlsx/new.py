"""A new workbook, drawn as it is designed."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import xlsxwriter

from sync.blueprint import BookDesign
from sync.books import Content, TabRows
from sync.books.xlsx.guide import guide
from sync.books.xlsx.looks import Looks
from sync.books.xlsx.offers import names
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
)

Rows = Mapping[str, Sequence[Mapping[str, object]]]  # by the tab's title


def write(path: Path, design: BookDesign, rows: Rows, made_at: dt.datetime) -> None:
    """Write the workbook of *design* with *rows*; the same input gives the same bytes."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"title": design.title.zh, "created": made_at})
        book.set_calc_mode("auto")
        looks = Looks(book)
        guide(book, looks, design)
        tabs = Tabs(book, looks, design, partial(names, design))
        for tab in design.tabs:
            tabs.write(tab, rows.get(tab.title, ()))
        for ours in SYSTEM_HEADERS:
            tabs.system(ours)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.getvalue())
    part.replace(path)


def typed(content: Content) -> Rows:
    """*content* as what is written into cells."""
    return {title: _rows(tab) for title, tab in content.items()}


def _rows(tab: TabRows) -> list[dict[str, object]]:
    rows = [{name: _value(raw) for name, raw in row.items() if raw.tag != TAG_MERGED} for row in tab.rows]
    for area in tab.merged:
        if len(area.columns) == 1 and area.first < len(rows):
            row, name = rows[area.first], area.columns[0]
            row[name] = Merge(str(row.get(name) or ""), area.behind - area.first)
    return rows


def _value(raw: Raw) -> object:
    """What the cell is to hold, as what it is: text stays text."""
    return _VALUES[raw.tag](raw.text) if raw.tag in _VALUES else raw.text


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _moment(text: str) -> dt.date:
    found = dt.datetime.fromisoformat(text)
    return found if ":" in text else found.date()


def _time(text: str) -> dt.timedelta:
    hours, minutes, seconds = map(int, text.split(":"))
    return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _error(text: str) -> ErrorCell:
    return ErrorCell(text if text.startswith("#") else "#N/A")


_VALUES: Mapping[str, Callable[[str], object]] = {
    TAG_EMPTY: lambda _: None,
    TAG_NUMBER: _number,
    TAG_BOOLEAN: lambda text: text == "TRUE",
    TAG_DATE: _moment,
    TAG_TIME: _time,
    TAG_ERROR: _error,
    TAG_UNSAVED: _error,
}
