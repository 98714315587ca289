"""Somebody who works in the sheet while the program is at it."""

from typing import Any

from . import a1, cells, lines, tabs, values
from .book import Book, Cell, Sheet, Store


class Person:
    """What people do by hand, on one spreadsheet."""

    def __init__(self, store: Store, book: Book | None = None) -> None:
        self.store = store
        self._book = book

    @property
    def book(self) -> Book:
        return self._book or self.store.only

    def sheet(self, title: str) -> Sheet:
        found = self.book.titled(title)
        if found is None:
            raise KeyError(title)
        return found

    def type(self, title: str, cell: str, text: Any) -> None:
        """Type into a cell, as at the keyboard: 3/4 may become a date, =A1 a formula."""
        area = a1.parse(self.book, f"{a1.quoted(title)}!{cell}")
        old = area.sheet.cell(area.top, area.left)
        locale = self.book.properties["locale"]
        new = values.entered(text, old, locale) if isinstance(text, str) else Cell(text, extra=old.extra)
        area.sheet.put(area.top, area.left, new)
        self._done()

    def read(self, title: str, cells_: str) -> list[list[str]]:
        """What the person sees."""
        found = values.found(self.book, a1.parse(self.book, f"{a1.quoted(title)}!{cells_}"))
        rows: list[list[str]] = found.get("values", [])
        return rows

    def insert_row(self, title: str, row: int, count: int = 1) -> None:
        """Empty rows above row *row*, counted from 1."""
        self._lines(lines.insert_dimension, title, "ROWS", row - 1, count)

    def delete_row(self, title: str, row: int, count: int = 1) -> None:
        self._lines(lines.delete_dimension, title, "ROWS", row - 1, count)

    def insert_column(self, title: str, column: str) -> None:
        self._lines(lines.insert_dimension, title, "COLUMNS", a1.number(column), 1)

    def delete_column(self, title: str, column: str) -> None:
        self._lines(lines.delete_dimension, title, "COLUMNS", a1.number(column), 1)

    def _lines(self, do: Any, title: str, dimension: str, start: int, count: int) -> None:
        home = {"sheetId": self.sheet(title).id, "dimension": dimension}
        do(self.book, {"range": home | {"startIndex": start, "endIndex": start + count}})
        self._done()

    def move_column(self, title: str, column: str, before: str) -> None:
        """Drag a column to before another."""
        start = a1.number(column)
        span = {"sheetId": self.sheet(title).id, "dimension": "COLUMNS", "startIndex": start, "endIndex": start + 1}
        lines.move_dimension(self.book, {"source": span, "destinationIndex": a1.number(before)})
        self._done()

    def rename_column(self, title: str, header: str, new: str, row: int = 1) -> None:
        """Type another header over this one."""
        sheet = self.sheet(title)
        for column, cell in sheet.rows[row - 1].cells.items():
            if cell.value == header:
                sheet.put(row - 1, column, cell._replace(value=new))
                self._done()
                return
        raise KeyError(header)

    def sort(self, title: str, column: str, *, descending: bool = False, headers: int = 1) -> None:
        """Sort all rows below the headers by one column."""
        grid = {"sheetId": self.sheet(title).id, "startRowIndex": headers}
        order = "DESCENDING" if descending else "ASCENDING"
        cells.sort_range(
            self.book, {"range": grid, "sortSpecs": [{"dimensionIndex": a1.number(column), "sortOrder": order}]}
        )
        self._done()

    def rename_tab(self, title: str, new: str) -> None:
        self.sheet(title).properties["title"] = self.book.free_title(new, but=self.sheet(title))
        self._done()

    def duplicate_tab(self, title: str) -> None:
        tabs.duplicate_sheet(self.book, {"sourceSheetId": self.sheet(title).id})
        self._done()

    def clear_tab(self, title: str) -> None:
        """Select all, press Delete."""
        values.clear(self.book, a1.Area(self.sheet(title)))
        self._done()

    def delete_tab(self, title: str) -> None:
        tabs.delete_sheet(self.book, {"sheetId": self.sheet(title).id})
        self._done()

    def hide_tab(self, title: str) -> None:
        self.sheet(title).properties["hidden"] = True
        self._done()

    def protect(self, title: str, cells_: str | None = None) -> None:
        """Protect cells, or a tab, against the program's account."""
        area = a1.parse(self.book, a1.quoted(title) + (f"!{cells_}" if cells_ else ""))
        grid = area.grid_range | ({"sheetId": area.sheet.id} if area.sheet.id else {})
        made = {"protectedRangeId": self.book.number(), "range": grid, "requestingUserCanEdit": False}
        area.sheet.things.setdefault("protectedRanges", []).append(made)
        self._done()

    def unshare(self) -> None:
        """Take the program's account off the list."""
        self.book.shared = False
        self._done()

    def _done(self) -> None:
        self.book.changed()
        self.store.save()
