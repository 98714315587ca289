"""The first page of a new workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync.blueprint import FIRST, GUIDE_TAB, BookDesign
from sync.books.xlsx.looks import LINKED, Looks


def guide(book: Any, looks: Looks, design: BookDesign) -> None:
    """The first tab: what this book is, and where to write what."""
    sheet = book.add_worksheet(GUIDE_TAB)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 2, 62)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, design.title.zh, looks.format(bold=True, font_size=18, font_color="#1F3A5F"))
    sheet.write_string(1, 0, design.title.en, looks.format(font_size=11, font_color="#5F6B7A"))
    head = looks.format(bold=True, bg_color="#BCD5EF", valign="vcenter", bottom=1)
    text = looks.format(text_wrap=True, valign="top")
    link = looks.format(valign="top", **LINKED)
    row = 2
    for line in design.guide:
        row += line.head  # a blank line before each heading
        if not line.head:
            sheet.set_row(row, 32 if line.tab else 34)
        shown = ("" if line.tab else line.name, line.words.zh, line.words.en)
        _line(sheet, row, shown, head if line.head else text)
        if line.tab:
            first = FIRST + 1 if design.tab(line.tab) else 2
            sheet.write_url(row, 0, f"internal:'{line.tab}'!A{first}", link, line.name)
        row += 1
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)


def _line(sheet: Any, row: int, shown: Sequence[str], look: Any) -> None:
    for place, text in enumerate(shown):
        sheet.write_string(row, place, text, look)
