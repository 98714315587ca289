"""New columns in a sheet part: a header behind the last one, with the format and the rule of its empty cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.books.xlsx.cols import ORDER, put_cols
from sync.books.xlsx.outline import Edit, Element, edited, outline, prefixed, put_child
from sync.books.xlsx.places import column_index, column_letters, corners
from sync.books.xlsx.stylesheet import Stylesheet
from sync.books.xlsx.text import markup
from sync.model import BookError

LAST_COLUMN = 16_384
MARGIN = 0.71  # what a column is wider than the characters that it shows
_MERGED = re.compile(rb"""<(?:[^\s<>"':]+:)?mergeCell\s+ref=["']([^"']+)""")


@dataclass(frozen=True, slots=True)
class Header:
    """A header that is to stand at *index*, and how the cells below it are."""

    index: int
    text: str
    width: float
    number_format: str


def first_free(part: bytes, row: int, used: int, count: int) -> int:
    """The index of the first of *count* columns behind the *used* ones, beyond cells that are merged in *row*."""
    areas = (corners(found[1].decode()) for found in _MERGED.finditer(part))
    ends = [area[2] + 1 for area in areas if area and area[1] <= row <= area[3] and area[2] >= used]
    at = max([used, *ends])
    if at + count > LAST_COLUMN:
        letters = column_letters(used - 1)
        raise BookError(
            f"右边没有空列了：最远的内容在 {letters} 列。请删掉多余的内容后再运行。",
            f"No free column is left at the right: column {letters} holds something. Delete what is not needed there.",
        )
    return at


@dataclass(frozen=True, slots=True)
class Widened:
    """A sheet part with more columns, and the area that is filtered in it now, where that grew."""

    part: bytes
    filtered: str = ""


def with_columns(
    part: bytes, row: int, titled: Sequence[int], headers: Sequence[Header], rules: bytes, styles: Stylesheet
) -> Widened:
    """The sheet *part* with *headers* in the row with index *row*, and *rules* (dataValidation elements).

    They look as the last of those that are there, at *titled*, in their order.
    """
    sheet = _Sheet(part, row, {header.index for header in headers})
    beside = max(titled, default=-1)
    base = sheet.usual(beside)
    looks = {header.index: styles.like(base, header.number_format) for header in headers}
    edits = sheet.headers(headers, beside) + sheet.columns(headers, looks)
    for cell, index in sheet.blank:
        code = next(header.number_format for header in headers if header.index == index)
        edits += cell.set(part, "s", str(styles.like(int(cell.attributes["s"]), code)))
    filtered, filtering = sheet.filtered({*titled, *looks})
    return Widened(edited(part, [*edits, *filtering, *sheet.rules(rules), *sheet.dimension(max(looks))]), filtered)


def usual(part: bytes, row: int, column: int) -> int:
    """The style of an empty cell in a *column* of the sheet *part*; the headers stand in the row with index *row*."""
    return _Sheet(part, row, {column}).usual(column)


class _Sheet:
    """A sheet part, outlined as far as columns at *new* and headers in *row* need it."""

    def __init__(self, part: bytes, row: int, new: set[int]) -> None:
        self.part = part
        self.number = row + 1
        self.blank: list[tuple[Element, int]] = []  # cells below the headers that only have a look
        self._new, self._row, self._at = new, 0, -1
        self._beyond = False  # a row below the headers was kept, so that they have a place before it
        self._rows: list[tuple[int, Element]] = []
        self._cells: dict[int, list[tuple[int, Element]]] = {self.number: [], self.number + 1: []}
        self._places: list[tuple[int, int]] = []  # of what is kept of rows and cells, in order
        self.elements = outline(part, self._keep)
        self.prefix = self.elements[0].prefix
        self._sort()

    def _keep(self, depth: int, kind: str, attributes: dict[str, str]) -> bool:
        if kind == "row" and depth == 2:
            self._row, self._at = int(attributes.get("r", self._row + 1)), -1
            kept = self.number <= self._row <= self.number + 1 or (self._row > self.number and not self._beyond)
            self._beyond = self._beyond or self._row > self.number
        elif kind == "c" and depth == 3:
            letters = attributes.get("r", "").rstrip("0123456789")
            self._at = column_index(letters) if letters else self._at + 1
            below = self._row > self.number and self._at in self._new and "s" in attributes
            kept = self._row in self._cells or below
        else:
            return depth <= 1 or (depth == 2 and kind in {"col", "dataValidation"})
        if kept:
            self._places.append((self._row, self._at))
        return kept

    def _sort(self) -> None:
        """Tell rows from cells among what was kept, and note where each is."""
        kept = (element for element in self.elements if element.depth >= 2 and element.kind in {"row", "c"})
        for element, (row, at) in zip(kept, self._places, strict=True):
            if element.kind == "row":
                self._rows.append((row, element))
                continue
            if row in self._cells:
                self._cells[row].append((at, element))
            if row > self.number and at in self._new and "s" in element.attributes:
                self.blank.append((element, at))

    def child(self, kind: str) -> Element | None:
        """The root's child of that *kind*."""
        return next((found for found in self.elements if found.depth == 1 and found.kind == kind), None)

    def usual(self, column: int) -> int:
        """The style of an empty cell in *column*: that of the column, else of its first row of data."""
        for col in self._cols():
            if int(col.attributes["min"]) - 1 <= column < int(col.attributes["max"]) and "style" in col.attributes:
                return int(col.attributes["style"])
        return self._style(self.number + 1, column)

    def _style(self, row: int, column: int) -> int:
        return next((int(cell.attributes.get("s", "0")) for at, cell in self._cells[row] if at == column), 0)

    def _cols(self) -> list[Element]:
        return [element for element in self.elements if element.depth == 2 and element.kind == "col"]

    # ------------------------------------------------------------ header cells

    def headers(self, headers: Sequence[Header], beside: int) -> list[Edit]:
        """The header cells in their row."""
        look = self._style(self.number, beside)
        cells = {header.index: self._cell(header, look) for header in headers}
        row = next((element for number, element in self._rows if number == self.number), None)
        if row is None:
            return [self._new_row(b"".join(cells.values()))]
        edits: list[Edit] = []
        there = self._cells[self.number]
        last = b""
        for index, cell in sorted(cells.items()):
            same = next((element for at, element in there if at == index), None)
            after = next((element for at, element in there if at > index), None)
            if same is not None:
                edits.append((same.start, same.end, cell))
            elif after is not None:
                edits.append((after.start, after.start, cell))
            else:
                last += cell
        if last:
            edits.append(row.put_in(last))
        return edits + self._spans(row, max(cells) + 1)

    def _spans(self, row: Element, last: int) -> list[Edit]:
        first, _, end = row.attributes.get("spans", "").partition(":")
        return row.set(self.part, "spans", f"{first}:{last}") if end.isdigit() and int(end) < last else []

    def _cell(self, header: Header, look: int) -> bytes:
        p, text = self.prefix, header.text
        style = f' s="{look}"' if look else ""
        place = f"{column_letters(header.index)}{self.number}"
        return f'<{p}c r="{place}"{style} t="inlineStr"><{p}is><{p}t>{markup(text)}</{p}t></{p}is></{p}c>'.encode()

    def _new_row(self, cells: bytes) -> Edit:
        p = self.prefix.encode()
        row = b'<%brow r="%d">' % (p, self.number) + cells + b"</%brow>" % p
        later = next((element for number, element in self._rows if number > self.number), None)
        data = self.child("sheetData")
        if later is not None:
            return later.start, later.start, row
        if data is not None:
            return data.put_in(row)
        return put_child(self.elements, ORDER, "sheetData", b"<%bsheetData>" % p + row + b"</%bsheetData>" % p)

    # ------------------------------------------------------------ columns, rules, filter, size

    def columns(self, headers: Sequence[Header], looks: Mapping[int, int]) -> list[Edit]:
        """The widths and styles of the new columns."""
        made = {
            header.index + 1: f'<{self.prefix}col min="{header.index + 1}" max="{header.index + 1}" '
            f'width="{header.width + MARGIN:g}" style="{looks[header.index]}" customWidth="1"/>'
            for header in headers
        }
        return put_cols(self.part, self.elements, made)

    def rules(self, rules: bytes) -> list[Edit]:
        """*rules* behind those of the sheet."""
        if not rules:
            return []
        p = self.prefix
        content = prefixed(rules, p)
        section = self.child("dataValidations")
        added = rules.count(b"<dataValidation ")
        if section is None:
            whole = f'<{p}dataValidations count="{added}">'.encode() + content + f"</{p}dataValidations>".encode()
            return [put_child(self.elements, ORDER, "dataValidations", whole)]
        there = sum(element.kind == "dataValidation" for element in self.elements)
        return [section.put_in(content), *section.set(self.part, "count", str(there + added))]

    def filtered(self, titled: set[int]) -> tuple[str, list[Edit]]:
        """The filter over the headers, widened to the new ones where no gap lies between: it sorts whole rows.

        A column that the filter leaves out stays where it is while the rows are sorted.
        """
        found = self.child("autoFilter")
        area = found and corners(found.attributes.get("ref", ""))
        if not found or not area or area[1] != self.number - 1 or not area[0] <= area[2] < min(self._new):
            return "", []
        left, top, right, bottom = area
        if not titled.issuperset(range(right + 1, max(self._new) + 1)):
            return "", []
        ref = f"{column_letters(left)}{top + 1}:{column_letters(max(self._new))}{bottom + 1}"
        return ref, found.set(self.part, "ref", ref)

    def dimension(self, last: int) -> list[Edit]:
        """The area in use, which now reaches to the column with the index *last*."""
        found = self.child("dimension")
        ref = found.attributes.get("ref", "") if found else ""
        area = corners(ref) or corners(f"{ref}:{ref}")
        if not found or not area or area[2] >= last:
            return []
        left, top, _, bottom = area
        top, bottom = min(top, self.number - 1), max(bottom, self.number - 1)
        ref = f"{column_letters(left)}{top + 1}:{column_letters(last)}{bottom + 1}"
        return found.set(self.part, "ref", ref)
