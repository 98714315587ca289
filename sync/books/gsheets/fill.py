"""Put rows into the tabs of a spreadsheet that have none yet: values stay what they are, and ids stay text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from sync.blueprint import GUIDE_TAB, BookDesign, BookShape, Change, ColumnDesign, TabDesign, TabShape
from sync.blueprint.standing import columns_in
from sync.books import Content, Merged, TabRows
from sync.books.gsheets import sentences
from sync.books.gsheets.reading import ERRORS
from sync.books.serials import serial
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
        at, _ = columns_in(tab, there[tab.title])
        missing = [column.name for column in tab.columns if column.name not in at]
        found += [Change("column", tab.title, tab.register, name) for name in missing]
    return found


def _occupied(design: BookDesign, tab: TabShape) -> bool:
    """Whether anything but numbers written ahead stands in *tab*."""
    made = design.tab(tab.title)
    key = {heading(column.title) for column in made.columns if column.name == made.key} if made else set()
    return any(column.filled and heading(column.header) not in key for column in tab.columns)


def requests(design: BookDesign, shape: BookShape, content: Content) -> Iterator[list[dict[str, Any]]]:
    """What puts *content* in place, in portions; each can be carried out twice. BookError where it does not fit."""
    grown = sum((_height(tab, design, content) - tab.rows) * tab.width for tab in shape.tabs)
    if 0 < shape.most_cells < shape.cells + grown:
        raise sentences.too_many_cells(shape.where, shape.cells + grown, shape.most_cells)
    for tab in shape.tabs:
        made, data = design.tab(tab.title), content.get(tab.title)
        if made and data:
            places = _places(made, tab)
            yield [*_emptied(tab, _height(tab, design, content)), *_merges(tab, data.merged, places)]
            yield from _rows(made, tab, data, places)


def _places(made: TabDesign, tab: TabShape) -> dict[str, int]:
    """Where each column of the data goes: one without a header, where no other stands."""
    at = {name: column.index for name, column in columns_in(made, tab)[0].items()}
    taken = {column.index for column in tab.columns}
    free = (index for index in count() if index not in taken)
    return at | {column.name: next(free) for column in made.columns if column.name not in at}


def _height(tab: TabShape, design: BookDesign, content: Content) -> int:
    """The rows that *tab* has to have: it grows where its rows do not fit, and never shrinks."""
    made, data = design.tab(tab.title), content.get(tab.title)
    needed = tab.header + 1 + len(data.rows) if made and data else 0
    return tab.rows if needed <= tab.rows or made is None else max(needed, tab.header + 1 + made.spare)


def _emptied(tab: TabShape, height: int) -> Iterator[dict[str, Any]]:
    """*tab* with *height* rows, and nothing below its headers."""
    if height > tab.rows:
        size = {"sheetId": int(tab.tab_id), "gridProperties": {"rowCount": height}}
        yield {"updateSheetProperties": {"properties": size, "fields": "gridProperties.rowCount"}}
    area = {"sheetId": int(tab.tab_id), "startRowIndex": tab.header + 1}
    yield {"unmergeCells": {"range": area}}
    yield {"updateCells": {"range": area, "fields": "userEnteredValue"}}


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
    """What the cell is to hold. A date that its column would show as something else goes as text."""
    match raw.tag:
        case tag if tag == TAG_NUMBER:
            return {"numberValue": float(raw.text)}
        case tag if tag == TAG_BOOLEAN:
            return {"boolValue": raw.text == "TRUE"}
        case tag if tag in {TAG_DATE, TAG_TIME} and (number := serial(raw, number_format)) is not None:
            return {"numberValue": number}
        case tag if tag in {TAG_ERROR, TAG_UNSAVED}:
            return {"stringValue": raw.text if raw.text in ERRORS else "#N/A"}
    return {"stringValue": raw.text}
