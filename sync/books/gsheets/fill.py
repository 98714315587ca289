"""Put rows into the tabs of a spreadsheet that have none yet: values stay what they are, and ids stay text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sync.blueprint import GUIDE_TAB, BookDesign, BookShape, Change, ColumnDesign, TabDesign, TabShape
from sync.books import Content, Merged, TabRows
from sync.books.gsheets.reading import ERRORS
from sync.model import (
    SERIAL_ZERO,
    SYSTEM_HEADERS,
    TAG_BOOLEAN,
    TAG_DATE,
    TAG_EMPTY,
    TAG_ERROR,
    TAG_MERGED,
    TAG_NUMBER,
    TAG_TIME,
    TAG_UNSAVED,
    BookError,
    Raw,
)
from sync.schema import heading

MOST_CELLS = 30_000  # in one request: about 2 MB


def refuse_occupied(design: BookDesign, shape: BookShape, content: Content, replaced: Collection[str]) -> None:
    """BookError where rows would be written over others that nobody named."""
    taken = [tab.title for tab in shape.tabs if tab.title in content and _occupied(design, tab)]
    unnamed = [title for title in taken if title not in replaced]
    if unnamed:
        listed, words = "、".join(unnamed), " ".join(f"--replace {title}" for title in unnamed)
        raise BookError(
            f"{shape.where}：这些标签页里已经有内容：{listed}；什么也没有写。确实要换掉，就加上 {words}。",
            f"{shape.where}: there is something in these tabs: {listed}. Nothing was written. "
            f"If it may go, say so: {words}",
        )


def lacking(design: BookDesign, shape: BookShape) -> list[Change]:
    """What has to be made before rows can come: tabs, and columns of tabs that are there."""
    there = {tab.title: tab for tab in shape.tabs}
    found = [Change("system_tab", title) for title in SYSTEM_HEADERS if title not in there]
    found += [] if GUIDE_TAB in there else [Change("guide", GUIDE_TAB)]
    for tab in design.tabs:
        if tab.title not in there:
            found.append(Change("tab", tab.title, tab.register))
            continue
        headers = {heading(column.header) for column in there[tab.title].columns}
        missing = [column for column in tab.columns if heading(column.title) not in headers]
        found += [Change("column", tab.title, tab.register, column.name) for column in missing]
    return found


def _occupied(design: BookDesign, tab: TabShape) -> bool:
    """Whether anything but numbers written ahead stands in *tab*."""
    made = design.tab(tab.title)
    key = {heading(column.title) for column in made.columns if column.name == made.key} if made else set()
    return any(column.filled and heading(column.header) not in key for column in tab.columns)


def requests(design: BookDesign, shape: BookShape, content: Content) -> Iterator[list[dict[str, Any]]]:
    """What puts *content* in place, in portions; each can be carried out twice."""
    for tab in shape.tabs:
        made, data = design.tab(tab.title), content.get(tab.title)
        if made and data:
            places = _places(made, tab)
            yield [_emptied(tab), *_merges(tab, data.merged, places)]
            yield from _rows(made, tab, data, places)


def _places(made: TabDesign, tab: TabShape) -> dict[str, int]:
    """Where each column of the data goes: by its header, as people see it."""
    there = {heading(column.header): column.index for column in tab.columns}
    return {column.name: there[heading(column.title)] for column in made.columns if heading(column.title) in there}


def _emptied(tab: TabShape) -> dict[str, Any]:
    area = {"sheetId": int(tab.tab_id), "startRowIndex": tab.header + 1}
    return {"updateCells": {"range": area, "fields": "userEnteredValue"}}


def _merges(tab: TabShape, merged: Sequence[Merged], places: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    first = tab.header + 1
    for one in merged:
        at = sorted(places[name] for name in one.columns if name in places)
        if at and at == list(range(at[0], at[-1] + 1)):
            area = {
                "sheetId": int(tab.tab_id), "startRowIndex": first + one.first, "endRowIndex": first + one.behind,
                "startColumnIndex": at[0], "endColumnIndex": at[-1] + 1,
            }  # fmt: skip
            yield {"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}}


def _rows(
    made: TabDesign, tab: TabShape, data: TabRows, places: Mapping[str, int]
) -> Iterator[list[dict[str, Any]]]:  # fmt: skip
    columns = {column.name: column for column in made.columns}
    width = max(places.values(), default=0) + 1
    height = max(MOST_CELLS // width, 1)
    for start in range(0, len(data.rows), height):
        lines = [_line(row, columns, places, width) for row in data.rows[start : start + height]]
        at = {"sheetId": int(tab.tab_id), "rowIndex": tab.header + 1 + start, "columnIndex": 0}
        yield [{"updateCells": {"start": at, "rows": lines, "fields": "userEnteredValue"}}]


def _line(
    row: Mapping[str, Raw], columns: Mapping[str, ColumnDesign], places: Mapping[str, int], width: int
) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [{} for _ in range(width)]
    for name, raw in row.items():
        if name in places and raw.tag not in {TAG_EMPTY, TAG_MERGED}:
            cells[places[name]] = {"userEnteredValue": _value(raw, columns[name].number_format)}
    return {"values": cells}


def _value(raw: Raw, number_format: str) -> dict[str, Any]:
    """What the cell is to hold. Where a column shows no dates, one would be a mere number, so it goes as text."""
    match raw.tag:
        case tag if tag == TAG_NUMBER:
            return {"numberValue": float(raw.text)}
        case tag if tag == TAG_BOOLEAN:
            return {"boolValue": raw.text == "TRUE"}
        case tag if tag in {TAG_DATE, TAG_TIME} and set("yh") & set(number_format):
            return {"numberValue": _serial(raw)}
        case tag if tag in {TAG_ERROR, TAG_UNSAVED}:
            return {"stringValue": raw.text if raw.text in ERRORS else "#N/A"}
    return {"stringValue": raw.text}


def _serial(raw: Raw) -> float:
    """The days that a date or a time of day is counted as."""
    if raw.tag == TAG_TIME:
        hours, minutes, seconds = map(int, raw.text.split(":"))
        return (hours * 3600 + minutes * 60 + seconds) / 86400
    return (datetime.fromisoformat(raw.text) - SERIAL_ZERO) / timedelta(days=1)
