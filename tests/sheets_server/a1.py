"""Ranges as people write them: Sheet1!A1:B2, 'It''s'!A:C, 5:7, R1C1, a name."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import ApiError, bad

if TYPE_CHECKING:
    from .book import Book, Sheet

CORNER = r"\$?(?P<{0}col>[A-Za-z]{{1,3}})?\$?(?P<{0}row>[1-9]\d{{0,7}})?"
A1 = re.compile(f"{CORNER.format('a')}(?P<colon>:{CORNER.format('b')})?")
R1C1 = re.compile(r"R(?P<top>\d+)C(?P<left>\d+)(?::R(?P<bottom>\d+)C(?P<right>\d+))?")
CELL = re.compile(r"[A-Za-z]{1,3}[1-9]\d*|[Rr]\d+[Cc]\d+")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True)
class Area:
    """Cells of a tab, counted from 0, the end left out; None means to the edge of the grid."""

    sheet: "Sheet"
    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None

    @property
    def single(self) -> bool:
        return self.bottom == self.top + 1 and self.right == self.left + 1

    @property
    def text(self) -> str:
        """Its canonical name, open ends left open."""
        title = quoted(self.sheet.title)
        if self.bottom is None and self.right is None and not self.top and not self.left:
            return title
        start = f"{letters(self.left)}{self.top + 1}"
        last = "" if self.right is None else letters(self.right - 1)
        last += "" if self.bottom is None else str(self.bottom)
        return f"{title}!{start}" if self.single else f"{title}!{start}:{last}"

    def clipped(self) -> "Area":
        """The part inside the grid; a range that starts outside it is refused."""
        rows, columns = self.sheet.row_count, self.sheet.column_count
        if self.top >= rows or self.left >= columns:
            raise self.outside()
        bottom = rows if self.bottom is None else min(self.bottom, rows)
        right = columns if self.right is None else min(self.right, columns)
        return Area(self.sheet, self.top, self.left, max(bottom, self.top), max(right, self.left))

    def outside(self) -> ApiError:
        rows, columns = self.sheet.row_count, self.sheet.column_count
        return bad(f"Range ({self.text}) exceeds grid limits. Max rows: {rows}, max columns: {columns}")

    @property
    def grid_range(self) -> dict[str, int]:
        ends = {
            "startRowIndex": self.top,
            "endRowIndex": self.bottom,
            "startColumnIndex": self.left,
            "endColumnIndex": self.right,
        }
        found = {"sheetId": self.sheet.id} if self.sheet.id else {}
        return found | {name: at for name, at in ends.items() if at is not None}


def letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        name = chr(65 + digit) + name
    return name


def number(name: str) -> int:
    column = 0
    for letter in name.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1


def quoted(title: str) -> str:
    """A tab's title as answers write it: in quotes unless it is a plain word that is no cell."""
    if PLAIN.fullmatch(title) and not CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def parse(book: "Book", text: str) -> Area:
    """The cells that *text* means in this book."""
    title, rest = _split(text)
    if title is None:
        return _bare(book, text)
    sheet = book.titled(title)
    if sheet is None:
        raise unparsable(text)
    area = Area(sheet) if rest is None else _cells(sheet, rest) or _named(book, rest)
    if area is None or area.sheet is not sheet:
        raise unparsable(text)
    return area


def unparsable(text: str) -> ApiError:
    return bad(f"Unable to parse range: {text}")


def _split(text: str) -> tuple[str | None, str | None]:
    """(title, cells); without a title both are None."""
    found = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text, re.DOTALL)
    if found:
        return found[1].replace("''", "'"), found[2]
    title, mark, rest = text.rpartition("!")
    return (title, rest) if mark else (None, None)


def _bare(book: "Book", text: str) -> Area:
    """A range without a title: cells of the first visible tab, then a name, then a whole tab."""
    first = next(sheet for sheet in book.sheets if not sheet.properties.get("hidden"))
    area = _cells(first, text) or _named(book, text)
    if area:
        return area
    sheet = book.titled(text)
    if sheet is None:
        raise unparsable(text)
    return Area(sheet)


def _named(book: "Book", name: str) -> Area | None:
    for named in book.named:
        if named["name"].lower() == name.lower():
            return from_grid(book, named["range"])
    return None


def _cells(sheet: "Sheet", text: str) -> Area | None:
    found = R1C1.fullmatch(text.upper())
    if found:
        top, left = int(found["top"]), int(found["left"])
        bottom, right = int(found["bottom"] or top), int(found["right"] or left)
        return _ordered(sheet, (top - 1, bottom - 1), (left - 1, right - 1)) if min(top, left) else None
    found = A1.fullmatch(text)
    if not found or not text:
        return None
    rows = _ends(found, "row", lambda digits: int(digits) - 1)
    columns = _ends(found, "col", number)
    if found["colon"] is None and (None in rows or None in columns):
        return None
    if found["colon"] is not None and ":" in (text[0], text[-1]):
        return None
    return _ordered(sheet, rows, columns)


def _ends(found: re.Match[str], what: str, read: Any) -> tuple[int | None, int | None]:
    first, last = found[f"a{what}"], found[f"b{what}"]
    start = read(first) if first else None
    if found["colon"] is None:
        return start, start
    return start, read(last) if last else None


def _ordered(sheet: "Sheet", rows: tuple[int | None, int | None], columns: tuple[int | None, int | None]) -> Area:
    (top, bottom), (left, right) = _sorted(rows), _sorted(columns)
    return Area(sheet, top, left, bottom, right)


def _sorted(ends: tuple[int | None, int | None]) -> tuple[int, int | None]:
    first, last = ends
    if first is None or last is None:
        return (first if first is not None else last) or 0, None
    return min(first, last), max(first, last) + 1


def from_grid(book: "Book", grid: dict[str, int]) -> Area:
    """The same for a GridRange."""
    sheet = book.sheet(grid.get("sheetId", 0))
    top, left = grid.get("startRowIndex", 0), grid.get("startColumnIndex", 0)
    bottom, right = grid.get("endRowIndex"), grid.get("endColumnIndex")
    for start, end, what in ((top, bottom, "Row"), (left, right, "Column")):
        if start < 0:
            raise bad(f"range.start{what}Index[{start}] must be at least 0")
        if end is not None and end < start:
            raise bad(f"range.end{what}Index[{end}] must not be before range.start{what}Index[{start}]")
    return Area(sheet, top, left, bottom, right)
