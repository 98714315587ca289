"""New tabs, drawn as they are designed: those of the registers, and the system's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.blueprint import BAND_ROW, FIRST, HEADER_ROW, STATUS_AT, BookDesign, TabDesign
from sync.books.xlsx.live import live_columns
from sync.books.xlsx.looks import LINKED, NOTE, Looks, paper, put
from sync.books.xlsx.offers import Cells, validation
from sync.books.xlsx.status import Tab, status_column
from sync.model import PROBLEM_TAB, SYSTEM_HEADERS


@dataclass(frozen=True, slots=True)
class Tabs:
    """What writes the tabs of one *design* into *book*; *cells* finds what its rules offer."""

    book: Any
    looks: Looks
    design: BookDesign
    cells: Cells

    def write(self, tab: TabDesign, rows: Sequence[Mapping[str, object]] = ()) -> None:
        """A new sheet for *tab* with *rows*, the numbers that are written ahead, and room below."""
        sheet = self.book.add_worksheet(tab.title, Tab)
        places = tab.places
        own = dict.fromkeys(name for row in rows for name in row if name not in places)
        behind = max(places.values()) + 1
        places |= {name: behind + extra for extra, name in enumerate(own)}
        self._heads(sheet, tab, places)
        for name in own:
            sheet.write_string(HEADER_ROW, places[name], name, self.looks.format(bold=True))
        rows = [*rows, *({tab.key: number} for number in tab.ahead)]
        end = max(len(rows) + tab.spare, tab.spare) + FIRST - 1
        formats = {column.name: column.number_format for column in tab.columns}
        for index, row in enumerate(rows, FIRST):
            for name, value in row.items():
                put(sheet, index, places[name], value, self.looks.cell(formats.get(name, "General"), value))
        status_column(sheet, self.looks, self.design, tab, end, places)
        live_columns(sheet, self.looks, self.design, tab, end)
        for column in tab.columns:
            if rule := validation(column.rule, self.cells):
                at = places[column.name]
                sheet.data_validation(FIRST, at, end, at, rule)
        sheet.freeze_panes(FIRST, STATUS_AT + 1)
        sheet.autofilter(HEADER_ROW, 0, end, behind - 1)
        paper(sheet)

    def _heads(self, sheet: Any, tab: TabDesign, places: Mapping[str, int]) -> None:
        """Row 1 says which columns are filled together, row 2 carries the headers with their notes."""
        sheet.set_row(BAND_ROW, 20)
        sheet.set_row(HEADER_ROW, 32)
        for column in tab.columns:
            at = places[column.name]
            sheet.set_column(at, at, column.width, self.looks.cell(column.number_format))
            band = self.looks.format(bold=True, bg_color=column.light, font_color="#44546A")
            put(sheet, BAND_ROW, at, column.label, band)
            head = self.looks.format(
                bold=True,
                bg_color=column.strong,
                text_wrap=True,
                valign="vcenter",
                bottom=1,
                font_color="#9C1C12" if column.needed else "#1F2D3D",
            )
            sheet.write_string(HEADER_ROW, at, column.title, head)
            sheet.write_comment(HEADER_ROW, at, column.note, NOTE)

    def system(self, title: str) -> None:
        """A tab that is ours alone: rewritten whole by every run that has something new to say."""
        head = self.looks.format(bold=True, bg_color="#D9E1E8", bottom=1)
        headers = SYSTEM_HEADERS[title]
        sheet = self.book.add_worksheet(title)
        for place, text in enumerate(headers):
            sheet.write_string(0, place, text, head)
        sheet.freeze_panes(1, 0)
        if title != PROBLEM_TAB:
            sheet.hide()
            sheet.set_column(0, len(headers) - 1, 24)
            return
        for place, width in enumerate((14, 10, 84, 18, 12, 22)):
            look = LINKED if place == len(headers) - 1 else {}
            sheet.set_column(place, place, width, self.looks.format(text_wrap=True, valign="top", **look))
        paper(sheet)
