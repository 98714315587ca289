"""How the cells of a book look, and how a value is written into one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sync.blueprint.columns import FORMATS
from sync.model import ErrorCell, Formula, Merge, Serial

MOMENTS = frozenset(FORMATS[kind] for kind in ("date", "datetime", "time"))
NOTE = {"x_scale": 2.1, "y_scale": 1.5, "font_size": 9}  # the size of a header's note
LINKED: Mapping[str, object] = {"font_color": "#1155CC", "underline": 1}


class Looks:
    """The formats of one book: made once and shared."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.made: dict[tuple[tuple[str, object], ...], Any] = {}

    def format(self, **properties: object) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format({"font_name": "宋体", "font_size": 11, **properties})
        return self.made[key]

    def cell(self, usual: str, value: object = None) -> Any:
        """The format of a cell in a column that has the *usual* one; moments stand in the middle, clear of others.

        A date where none is meant brings its own format, as it does when people type it.
        """
        value = value.value if isinstance(value, Merge) else value
        shown = FORMATS["date"] if isinstance(value, dt.date) and "y" not in usual else usual
        shown = value.number_format if isinstance(value, Serial) else shown
        return self.format(num_format=shown, align="center" if shown in MOMENTS else "")

    def change(self, **properties: object) -> Any:
        """What a condition changes in the look of a cell."""
        return self.book.add_format(properties)


def put(sheet: Any, row: int, column: int, value: object, look: Any) -> None:
    """Write *value* as what it is: text stays text, whatever it looks like."""
    match value:
        case None:
            return
        case Formula(text, saved):
            sheet.write_formula(row, column, text, look, "" if saved is None else saved)
        case ErrorCell(text):
            sheet.write_formula(row, column, f"={text}", look, text)
        case Merge(first, rows):
            sheet.merge_range(row, column, row + rows - 1, column, "", look)
            put(sheet, row, column, first, look)  # by itself it takes =1+1 for a formula
        case Serial(number):
            sheet.write_number(row, column, number, look)
        case bool():
            sheet.write_boolean(row, column, value, look)
        case int() | float():
            sheet.write_number(row, column, value, look)
        case dt.datetime() | dt.date() | dt.time() | dt.timedelta():
            sheet.write_datetime(row, column, value, look)
        case "":
            sheet.write_blank(row, column, None, look)
        case _:
            sheet.write_string(row, column, str(value), look)


def paper(sheet: Any) -> None:
    """Lay *sheet* out for printing: landscape, with its headers and ids on every page."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(0.4, 0.4, 0.5, 0.5)
    sheet.repeat_rows(0, 1)
    sheet.repeat_columns(0, 1)
    sheet.print_across()
