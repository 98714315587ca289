"""Spreadsheets as the server keeps them: tabs, rows, cells, and what hangs on ranges."""

import copy
import datetime as dt
import json
import random
import string
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from . import a1
from .errors import ApiError, bad
from .formulas import Sums
from .shown import Error, is_moment, show

MAX_CELLS = 10_000_000
MAX_TEXT = 50_000
SPREADSHEET = "application/vnd.google-apps.spreadsheet"
DAY_ZERO = {"rowCount": 1000, "columnCount": 26}
WHITE = {"red": 1, "green": 1, "blue": 1}
DEFAULT_FORMAT = {
    "backgroundColor": WHITE,
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {},
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": {}},
    },
    "backgroundColorStyle": {"rgbColor": WHITE},
}
THEME = {
    "primaryFontFamily": "Arial",
    "themeColors": [
        {"colorType": "TEXT", "color": {"rgbColor": {}}},
        {"colorType": "BACKGROUND", "color": {"rgbColor": WHITE}},
        {"colorType": "ACCENT1", "color": {"rgbColor": {"red": 0.25882354, "green": 0.52156866, "blue": 0.95686275}}},
        {"colorType": "LINK", "color": {"rgbColor": {"red": 0.06666667, "green": 0.33333334, "blue": 0.8}}},
    ],
}


class Cell(NamedTuple):
    """One cell, never changed in place: a value or a formula, and its format, note, rule."""

    value: Any = None
    formula: str | None = None
    extra: dict[str, Any] = {}  # noqa: RUF012 (read only: a change makes a new cell)

    @property
    def blank(self) -> bool:
        return self.value is None and self.formula is None

    @property
    def number_format(self) -> dict[str, str] | None:
        found: dict[str, str] | None = self.extra.get("userEnteredFormat", {}).get("numberFormat")
        return found


NOTHING = Cell()


class Line:
    """A row: its cells by column, and its height and hiding."""

    __slots__ = ("cells", "look")

    def __init__(self, cells: dict[int, Cell] | None = None, look: dict[str, Any] | None = None) -> None:
        self.cells = cells or {}
        self.look = look or {}

    def copy(self) -> "Line":
        return Line(dict(self.cells), dict(self.look))


class Sheet:
    """A tab. *things* are its merges, protected ranges and so on, by their name in the API."""

    def __init__(self, properties: dict[str, Any]) -> None:
        grid = DAY_ZERO | properties.pop("gridProperties", {})
        self.properties = {"sheetType": "GRID"} | properties
        self.grid = grid
        self.rows = [Line() for _ in range(grid["rowCount"])]
        self.columns: list[dict[str, Any]] = [{} for _ in range(grid["columnCount"])]
        self.things: dict[str, list[dict[str, Any]]] = {}

    @property
    def id(self) -> int:
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def row_count(self) -> int:
        return len(self.rows)

    @property
    def column_count(self) -> int:
        return len(self.columns)

    def cell(self, row: int, column: int) -> Cell:
        return self.rows[row].cells.get(column, NOTHING)

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Set one cell; one without content, format or note is forgotten."""
        if cell.blank and not cell.extra:
            self.rows[row].cells.pop(column, None)
        else:
            self.rows[row].cells[column] = cell

    def resize(self, rows: int, columns: int) -> None:
        self.rows = self.rows[:rows] + [Line() for _ in range(rows - self.row_count)]
        for line in self.rows if columns < self.column_count else ():
            line.cells = {at: cell for at, cell in line.cells.items() if at < columns}
        self.columns = self.columns[:columns] + [{} for _ in range(columns - self.column_count)]

    def copy(self) -> "Sheet":
        other = Sheet({"gridProperties": {"rowCount": 0, "columnCount": 0}})
        other.properties = copy.deepcopy(self.properties)
        other.grid = dict(self.grid)
        other.rows = [line.copy() for line in self.rows]
        other.columns = [dict(look) for look in self.columns]
        other.things = copy.deepcopy(self.things)
        return other

    def described(self, index: int) -> dict[str, Any]:
        """Its SheetProperties."""
        grid = self.grid | {"rowCount": self.row_count, "columnCount": self.column_count}
        first = {"sheetId": self.id, "title": self.title, "index": index, "sheetType": self.properties["sheetType"]}
        return first | {"gridProperties": grid} | {k: v for k, v in self.properties.items() if k not in first}

    def used(self) -> Iterator[tuple[int, int, Cell]]:
        for row, line in enumerate(self.rows):
            for column in sorted(line.cells):
                yield row, column, line.cells[column]


class Book:
    """A spreadsheet and its file in Drive."""

    def __init__(self, key: str, title: str, draw: random.Random) -> None:
        self.id = key
        self.draw = draw
        self.properties: dict[str, Any] = {
            "title": title,
            "locale": "en_US",
            "autoRecalc": "ON_CHANGE",
            "timeZone": "Etc/GMT",
        }
        self.sheets: list[Sheet] = []
        self.named: list[dict[str, Any]] = []
        self.metadata: list[dict[str, Any]] = []
        self.shared = True
        self.clock: dt.datetime | None = None  # what NOW() says; None is this machine's clock
        self.file: dict[str, Any] = {"parents": [], "permissions": [], "comments": []}
        self._sums: Sums | None = None

    # finding

    def sheet(self, sheet_id: int, what: str = "grid") -> Sheet:
        for sheet in self.sheets:
            if sheet.id == sheet_id:
                return sheet
        raise bad(f"No {what} with id: {sheet_id}")

    def titled(self, title: str) -> Sheet | None:
        return next((sheet for sheet in self.sheets if sheet.title.lower() == title.lower()), None)

    def number(self, taken: set[int] | None = None) -> int:
        """A new id for a tab, a range, a rule."""
        while (found := self.draw.randrange(10**7, 2**31)) in (taken or set()):
            pass
        return found

    # changing

    def add_sheet(self, properties: dict[str, Any], index: int | None = None) -> Sheet:
        """A new tab; its id and title are made up when they are not given."""
        given = dict(properties)
        ids = {sheet.id for sheet in self.sheets}
        if given.get("sheetId") in ids:
            raise bad(f"Sheet with id {given['sheetId']} already exists.")
        if given.get("sheetId", 0) < 0:
            raise bad("Sheet id must be non-negative.")
        given.setdefault("sheetId", self.number(ids) if self.sheets else 0)
        given["title"] = self.free_title(given.get("title"))
        index = given.pop("index", index)
        sheet = Sheet(given)
        self.room_for(sheet.row_count * sheet.column_count)
        self.sheets.insert(len(self.sheets) if index is None else index, sheet)
        return sheet

    def free_title(self, title: str | None, but: Sheet | None = None) -> str:
        if title is None:
            number = len(self.sheets) + 1
            while self.titled(f"Sheet{number}"):
                number += 1
            return f"Sheet{number}"
        if not title:
            raise bad("The sheet name cannot be empty.")
        if len(title) > 100:
            raise bad("The sheet name cannot be greater than 100 characters.")
        if self.titled(title) not in (None, but):
            raise bad(f'A sheet with the name "{title}" already exists. Please enter another name.')
        return title

    def room_for(self, more: int) -> None:
        cells = sum(sheet.row_count * sheet.column_count for sheet in self.sheets)
        if cells + more > MAX_CELLS and more > 0:
            raise bad(
                f"This action would increase the number of cells in the workbook above the limit of {MAX_CELLS} cells."
            )

    def guard(self, area: "a1.Area") -> None:
        """Refuse to write into cells that are protected against the caller."""
        for protected in area.sheet.things.get("protectedRanges", []):
            if protected.get("requestingUserCanEdit", True) or protected.get("warningOnly"):
                continue
            if overlap(protected.get("range", {}), area.grid_range):
                raise bad(
                    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove "
                    "protection if you need to edit."
                )

    def changed(self) -> None:
        self._sums = None

    def copy(self) -> "Book":
        """All of it as it is now, to go back to."""
        other = copy.copy(self)
        other.sheets = [sheet.copy() for sheet in self.sheets]
        for name in ("properties", "named", "metadata", "file"):
            setattr(other, name, copy.deepcopy(getattr(self, name)))
        other.changed()
        return other

    def take(self, other: "Book") -> None:
        """Become what *other* is."""
        self.__dict__.update(other.__dict__)
        self.changed()

    # reading

    @property
    def sums(self) -> Sums:
        if self._sums is None:
            self._sums = Sums(self)
        return self._sums

    def value(self, sheet: Sheet, row: int, column: int) -> Any:
        """What the cell comes to: None, text, a number, true or false, or an Error."""
        return self.sums.value(sheet, row, column)

    def rendered(self, sheet: Sheet, row: int, column: int, how: str, dates: str) -> Any:
        """A cell's value as `values` answers give it; None for a blank one."""
        cell = sheet.cell(row, column)
        if how == "FORMULA" and cell.formula is not None:
            return cell.formula
        value = self.value(sheet, row, column)
        if value is None:
            return None
        moment = dates == "FORMATTED_STRING" and isinstance(value, int | float) and self.moment(sheet, row, column)
        if how == "FORMATTED_VALUE" or moment:
            return self.shown(sheet, row, column)
        return value.text if isinstance(value, Error) else value

    def shown(self, sheet: Sheet, row: int, column: int) -> str:
        cell = sheet.cell(row, column)
        number_format = cell.number_format or self.sums.format(sheet, row, column)
        return show(self.value(sheet, row, column), number_format, self.properties["locale"])

    def moment(self, sheet: Sheet, row: int, column: int) -> bool:
        return is_moment(sheet.cell(row, column).number_format or self.sums.format(sheet, row, column))


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    """Whether two ranges of one tab share a cell."""
    far = 10**9
    return all(
        one.get(f"start{what}Index", 0) < other.get(f"end{what}Index", far)
        and other.get(f"start{what}Index", 0) < one.get(f"end{what}Index", far)
        for what in ("Row", "Column")
    )


class Store:
    """All spreadsheets, one lock, and the file they are saved in."""

    def __init__(self, state: Path | None = None, seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.draw = random.Random(seed)
        self.state = state
        self.books: dict[str, Book] = {}
        if state and state.exists():
            for kept in json.loads(state.read_text(encoding="utf-8"))["spreadsheets"]:
                book = load(kept, self.draw)
                self.books[book.id] = book

    def create(self, title: str, key: str = "") -> Book:
        """A new spreadsheet without tabs."""
        while not key or key in self.books:
            key = "1" + "".join(self.draw.choices(string.ascii_letters + string.digits + "-_", k=43))
        book = Book(key, title, self.draw)
        book.file["createdTime"] = book.file["modifiedTime"] = now()
        book.file["permissions"] = [owner()]
        self.books[key] = book
        return book

    def new(self, title: str = "Untitled spreadsheet", **tabs: list[list[Any]]) -> Book:
        """For tests: a spreadsheet with these tabs and values, or with one empty Sheet1."""
        book = self.create(title)
        for name, rows in (tabs or {"Sheet1": []}).items():
            wide = max((len(row) for row in rows), default=0)
            shape = {"rowCount": max(1000, len(rows)), "columnCount": max(26, wide)}
            sheet = book.add_sheet({"title": name, "gridProperties": shape})
            for at, row in enumerate(rows):
                for column, value in enumerate(row):
                    sheet.put(at, column, cell_of(value))
        self.save()
        return book

    def open(self, key: str) -> Book:
        """The spreadsheet, if it is there and shared with the caller."""
        book = self.books.get(key)
        if book is None:
            raise ApiError(404)
        if not book.shared:
            raise ApiError(403)
        return book

    @property
    def only(self) -> Book:
        """The spreadsheet, in a test that has one."""
        (book,) = self.books.values()
        return book

    def save(self) -> None:
        if self.state is None:
            return
        text = json.dumps({"spreadsheets": [dump(book) for book in self.books.values()]}, ensure_ascii=False)
        temporary = self.state.with_name(self.state.name + ".part")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self.state)


def plain(value: Any) -> Any:
    """A whole number is kept whole: 2.0 is answered as 2."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def cell_of(value: Any) -> Cell:
    """A cell as RAW leaves it, except that a text with = in front is a formula: for setting up tests."""
    if isinstance(value, str) and value.startswith("=") and len(value) > 1:
        return Cell(formula=value)
    return Cell(None if value == "" else plain(value))


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def owner() -> dict[str, Any]:
    return {
        "id": "00000000000000000001",
        "type": "user",
        "kind": "drive#permission",
        "role": "owner",
        "emailAddress": "owner@example.com",
        "displayName": "owner@example.com",
        "deleted": False,
        "pendingOwner": False,
    }


def dump(book: Book) -> dict[str, Any]:
    """A spreadsheet as JSON."""
    names = ("id", "properties", "named", "metadata", "shared", "file")
    return {name: getattr(book, name) for name in names} | {"sheets": [_dump_sheet(sheet) for sheet in book.sheets]}


def _dump_sheet(sheet: Sheet) -> dict[str, Any]:
    looks = {str(at): line.look for at, line in enumerate(sheet.rows) if line.look}
    return {
        "properties": sheet.properties,
        "grid": sheet.grid | {"rowCount": sheet.row_count, "columnCount": sheet.column_count},
        "columns": sheet.columns,
        "rows": looks,
        "things": sheet.things,
        "cells": [[row, column, *cell] for row, column, cell in sheet.used()],
    }


def load(kept: dict[str, Any], draw: random.Random) -> Book:
    """The spreadsheet that dump() wrote."""
    book = Book(kept["id"], "", draw)
    for name in ("properties", "named", "metadata", "shared", "file"):
        setattr(book, name, kept[name])
    for one in kept["sheets"]:
        sheet = Sheet(one["properties"] | {"gridProperties": one["grid"]})
        sheet.columns, sheet.things = one["columns"], one["things"]
        for at, look in one["rows"].items():
            sheet.rows[int(at)].look = look
        for row, column, *cell in one["cells"]:
            sheet.put(row, column, Cell(*cell))
        book.sheets.append(sheet)
    return book
