"""The tabs of a book that are no registers: its first page, and those that every run rewrites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sync.init.columns import FIRST, tab_title
from sync.init.looks import LINKED, Looks, paper
from sync.init.texts import texts
from sync.model import PROBLEM_TAB, SYSTEM_HEADERS
from sync.schema import Register, Words


def guide(book: Any, looks: Looks, registers: Iterable[Register], title: Words) -> None:
    """The first tab: what this book is, and where to write what."""
    said = texts()
    sheet = book.add_worksheet("说明")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 2, 62)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, title.zh, looks.format(bold=True, font_size=18, font_color="#1F3A5F"))
    sheet.write_string(1, 0, title.en, looks.format(font_size=11, font_color="#5F6B7A"))
    head = looks.format(bold=True, bg_color="#BCD5EF", valign="vcenter", bottom=1)
    text = looks.format(text_wrap=True, valign="top")
    link = looks.format(valign="top", **LINKED)
    _line(sheet, 3, (said.registers.name, said.registers.zh, said.registers.en), head)
    row = 4
    for register in registers:
        tab, words = tab_title(register), register.help or register.title
        sheet.set_row(row, 32)
        _line(sheet, row, ("", words.zh, words.en), text)
        sheet.write_url(row, 0, f"internal:'{tab}'!A{FIRST + 1}", link, tab)
        row += 1
    sheet.set_row(row, 32)
    _line(sheet, row, ("", said.problems.zh, said.problems.en), text)
    sheet.write_url(row, 0, f"internal:'{PROBLEM_TAB}'!A2", link, PROBLEM_TAB)
    _line(sheet, row + 2, (said.rules.name, said.rules.zh, said.rules.en), head)
    for at, rule in enumerate(said.house_rules, row + 3):
        sheet.set_row(at, 34)
        _line(sheet, at, (rule.name, rule.zh, rule.en), text)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)


def system_tabs(book: Any, looks: Looks) -> None:
    """Ours alone: rewritten whole by every run that has something new to say."""
    head = looks.format(bold=True, bg_color="#D9E1E8", bottom=1)
    for tab, titles in SYSTEM_HEADERS.items():
        sheet = book.add_worksheet(tab)
        _line(sheet, 0, titles, head)
        sheet.freeze_panes(1, 0)
        if tab != PROBLEM_TAB:
            sheet.hide()
            sheet.set_column(0, len(titles) - 1, 24)
            continue
        for place, width in enumerate((14, 10, 84, 18, 12, 22)):
            look = LINKED if place == len(titles) - 1 else {}
            sheet.set_column(place, place, width, looks.format(text_wrap=True, valign="top", **look))
        paper(sheet)


def _line(sheet: Any, row: int, shown: Sequence[str], look: Any) -> None:
    for place, text in enumerate(shown):
        sheet.write_string(row, place, text, look)
