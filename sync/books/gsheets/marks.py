"""The one request that puts our tabs in place, and the look at its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from sync.books import Link, Value
from sync.books import Tab as Rows
from sync.books.gsheets import sentences
from sync.books.gsheets.reading import Tab
from sync.model import SYNC_TAB

MOST_CELLS = 10_000_000  # of a spreadsheet, blank ones counted
# The link of a cell is part of how it looks: the text stays what it is, and nothing we write is a formula.
WRITTEN = "userEnteredValue,userEnteredFormat.textFormat.link"
_TARGET = re.compile(r"'((?:[^']|'')*)'!([A-Z]+[0-9]+)")
Address = Callable[[int], str]


def request(seen: Sequence[Tab], tabs: Mapping[str, Rows], named: str, address: Address) -> dict[str, Any]:
    """What puts *tabs* into the tabs of these titles, whole, and answers with what then stands in `_同步`.

    It may be carried out twice with the same end. BookError where the spreadsheet would grow too large.
    """
    by_title = {tab.title: tab for tab in seen}
    ours = [(by_title[title], rows) for title, rows in tabs.items() if title in by_title]
    grown = [(tab, *_size(tab, rows)) for tab, rows in ours]
    cells = sum(tab.rows * tab.columns for tab in seen)
    cells += sum(height * width - tab.rows * tab.columns for tab, height, width in grown)
    if cells > MOST_CELLS:
        raise sentences.too_many_cells(named, cells, MOST_CELLS)
    requests = [
        _resize(tab, height, width) for tab, height, width in grown if (height, width) != (tab.rows, tab.columns)
    ]
    requests += [_overwrite(tab, rows, by_title, address) for tab, rows in ours]
    back = f"'{SYNC_TAB}'!A1:B{len(tabs[SYNC_TAB])}" if SYNC_TAB in by_title else ""
    asked = {"includeSpreadsheetInResponse": True, "responseIncludeGridData": True, "responseRanges": [back]}
    return {"requests": requests, **(asked if back else {})}


def _size(tab: Tab, rows: Rows) -> tuple[int, int]:
    """Rows and columns that *tab* has to have: it grows and never shrinks, and one row is never frozen."""
    return max(tab.rows, len(rows), 2), max(tab.columns, *map(len, rows), 1)


def _resize(tab: Tab, height: int, width: int) -> dict[str, Any]:
    size = {"rowCount": height, "columnCount": width}
    fields = "gridProperties.rowCount,gridProperties.columnCount"
    return {"updateSheetProperties": {"properties": {"sheetId": tab.tab_id, "gridProperties": size}, "fields": fields}}


def _overwrite(tab: Tab, rows: Rows, by_title: Mapping[str, Tab], address: Address) -> dict[str, Any]:
    """*rows* from the first cell on; every other cell of the tab is emptied by the same request."""
    lines = [{"values": [_cell(value, by_title, address) for value in row]} for row in rows]
    return {"updateCells": {"range": {"sheetId": tab.tab_id}, "rows": lines, "fields": WRITTEN}}


def _cell(value: Value, by_title: Mapping[str, Tab], address: Address) -> dict[str, Any]:
    match value:
        case None | "":
            return {}
        case Link(text, target):
            uri = _leads(target, by_title, address)
            look = {"userEnteredFormat": {"textFormat": {"link": {"uri": uri}}}} if uri else {}
            return {"userEnteredValue": {"stringValue": text}, **look}
        case bool():
            return {"userEnteredValue": {"boolValue": value}}
        case int() | float() if isfinite(value):
            return {"userEnteredValue": {"numberValue": value}}
    return {"userEnteredValue": {"stringValue": str(value)}}


def _leads(target: str, by_title: Mapping[str, Tab], address: Address) -> str:
    """The address of *target*, which is written as workbooks do: '报修登记'!H23."""
    found = _TARGET.fullmatch(target)
    tab = by_title.get(found[1].replace("''", "'")) if found else None
    return f"{address(tab.tab_id)}&range={found[2]}" if found and tab else ""


def read_back(answer: Mapping[str, Any], tabs: Mapping[str, Rows], named: str) -> None:
    """See that `_同步` holds what was written; BookError where another run wrote over it meanwhile."""
    sheets = answer.get("updatedSpreadsheet", {}).get("sheets", [])
    found = {sheet.get("properties", {}).get("title"): sheet for sheet in sheets}.get(SYNC_TAB, {})
    data = (found.get("data") or [{}])[0].get("rowData", [])
    there = [[_plain(cell) for cell in row.get("values", [])] for row in data]
    wanted = [[str(value) for value in row] for row in tabs[SYNC_TAB] if isinstance(row[1], str)]
    if any(row not in there for row in wanted):
        raise sentences.not_there(named, next((row[1] for row in wanted if row[0] == "run"), ""))


def _plain(cell: Mapping[str, Any]) -> str:
    return str(cell.get("userEnteredValue", {}).get("stringValue", ""))
