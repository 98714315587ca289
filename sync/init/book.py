"""A workbook that staff type into: a guide, a tab for each register, and the system's own tabs."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from sync.init.columns import FIRST, PALETTE, band, fills, note, tab_title, validation, width, written_ahead
from sync.init.guide import guide, system_tabs
from sync.init.looks import NOTE, Looks, paper, put
from sync.init.status import Tab, status_column
from sync.schema import Column, Register, Words

Rows = Mapping[str, Sequence[Mapping[str, object]]]

SPARE = 300  # empty rows that already have their status formula and drop-downs


def write_book(
    path: Path,
    registers: Sequence[Register],
    rows: Rows,
    *,
    made_at: datetime,
    states: Mapping[str, str],
    title: Words,
    headers: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Write a new workbook with a tab for each of *registers*, filled with *rows*.

    *rows* holds, by register, what stands in the named columns; a name that no column has becomes a column at the
    right, as staff add them. *states* gives the words a status opens with, by state. *headers* gives, by register,
    column and header, the columns that staff renamed; they stand behind the others.
    The same input gives the same bytes.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"title": title.zh, "created": made_at})
        book.set_calc_mode("auto")
        looks = Looks(book)
        tabs = _Tabs(book, looks, {register.name: register for register in registers}, states, made_at)
        guide(book, looks, registers, title)
        for register in registers:
            tabs.write(register, rows.get(register.name, ()), (headers or {}).get(register.name, {}))
        system_tabs(book, looks)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.getvalue())
    part.replace(path)


@dataclass(frozen=True, slots=True)
class _Tabs:
    """The tabs of the registers in one book."""

    book: Any
    looks: Looks
    registers: Mapping[str, Register]
    states: Mapping[str, str]
    made_at: datetime

    def write(self, register: Register, rows: Sequence[Mapping[str, object]], renamed: Mapping[str, str]) -> None:
        sheet = self.book.add_worksheet(tab_title(register), Tab)
        columns = [column for column in register.columns if column.name not in renamed]
        columns += [column for column in register.columns if column.name in renamed]
        places = {column.name: place + (place > 0) for place, column in enumerate(columns)}  # B is the status
        own = dict.fromkeys(name for row in rows for name in row if name not in places)
        places |= {name: len(columns) + 1 + extra for extra, name in enumerate(own)}
        self._heads(sheet, register, columns, renamed)
        for name in own:
            sheet.write_string(1, places[name], name, self.looks.format(bold=True))
        rows = [*rows, *written_ahead(register, rows, self.made_at)]
        end = max(len(rows) + SPARE, SPARE) + FIRST - 1
        kinds = {column.name: column for column in columns}
        for index, row in enumerate(rows, FIRST):
            for name, value in row.items():
                put(sheet, index, places[name], value, self.looks.cell(kinds.get(name), value))
        status_column(sheet, self.looks, register.name, end, places, self.states)
        for column in columns:
            # Drop-downs and gentle warnings: they help to type, and never forbid what a person means.
            if rule := validation(column, self.registers):
                at = places[column.name]
                sheet.data_validation(FIRST, at, end, at, {"error_type": "warning", **rule})
        sheet.freeze_panes(FIRST, 2)
        sheet.autofilter(1, 0, end, len(columns))
        paper(sheet)

    def _heads(self, sheet: Any, register: Register, columns: Sequence[Column], renamed: Mapping[str, str]) -> None:
        """Row 1 says which columns are filled together, row 2 carries the headers with their notes."""
        colours, labelled = fills(register), set[str]()
        sheet.set_row(0, 20)
        sheet.set_row(1, 32)
        for place, column in enumerate(columns):
            light, strong = colours.get(column.field.band, PALETTE[0])
            at = place + (place > 0)
            group = band(register, column.field.band)
            label = f"{group.title.zh}  {group.title.en}" if group and group.name not in labelled and at > 1 else ""
            if at == 0:
                label = register.title.zh
            elif group:
                labelled.add(group.name)
            text = renamed.get(column.name, column.titles[0])
            needed = column.field.constraints.required
            sheet.set_column(at, at, width(column, text), self.looks.cell(column))
            put(sheet, 0, at, label, self.looks.format(bold=True, bg_color=light, font_color="#44546A"))
            head = self.looks.format(
                bold=True,
                bg_color=strong,
                text_wrap=True,
                valign="vcenter",
                bottom=1,
                font_color="#9C1C12" if needed else "#1F2D3D",
            )
            sheet.write_string(1, at, text, head)
            sheet.write_comment(1, at, note(column), NOTE)
