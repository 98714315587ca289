"""The formulas of live columns in a sheet part: found by their marks, and written down their columns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sync.blueprint.live import MARK, mark_in
from sync.books.xlsx.cols import ORDER
from sync.books.xlsx.markup import local, parser
from sync.books.xlsx.outline import Edit, Element, edited, outline, put_child
from sync.books.xlsx.places import column_index, column_letters, corners

_SHARED = re.compile(rb'\ssi="(\d+)"')
_PRIORITY = re.compile(rb'\spriority="(\d+)"')

Marks = Mapping[int, Mapping[int, str]]


def marks(part: bytes) -> Marks:
    """The mark of each formula of a live column, by the indexes of its column and its row."""
    return _Marks(part).found if MARK.encode() in part else {}


class _Marks:
    """Reads the formulas of a sheet part; one that several cells share is spelled in the first."""

    def __init__(self, part: bytes) -> None:
        self.found: dict[int, dict[int, str]] = defaultdict(dict)
        self._row, self._column = -1, -1
        self._shared: dict[str, str] = {}
        self._text: list[str] | None = None
        self._group = ""
        self._parser = parser(self._start, self._end)
        self._parser.CharacterDataHandler = self._said
        self._parser.Parse(part, True)  # noqa: FBT003 - expat takes no keywords

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match local(name):
            case "row":
                self._row, self._column = int(attributes.get("r", self._row + 2)) - 1, -1
            case "c":
                letters = attributes.get("r", "").rstrip("0123456789")
                self._column = column_index(letters) if letters else self._column + 1
            case "f":
                self._text, self._group = [], attributes.get("si", "")

    def _said(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if local(name) != "f" or self._text is None:
            return
        mark = mark_in("".join(self._text)) if self._text else self._shared.get(self._group, "")
        if self._group and self._text:
            self._shared[self._group] = mark
        if mark:
            self.found[self._column][self._row] = mark
        self._text = None


# ---------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True)
class Down:
    """A formula that is to stand in the column with *index*: *text* gives it for the sheet's row."""

    index: int
    style: int
    text: Callable[[int], str]


def filled_down(part: bytes, columns: Sequence[Down], first: int, last: int) -> bytes:
    """The sheet *part* with the formulas of *columns* in the rows with the indexes from *first* to *last*.

    A value that somebody typed into one of their cells stays there.
    """
    if not columns:
        return part
    rows = _Rows(part, {column.index for column in columns}, first + 1)
    end = max([last, *(number - 1 for number, _ in rows.rows)])
    shared = 1 + max(map(int, _SHARED.findall(part)), default=-1)
    cells: dict[int, dict[int, bytes]] = defaultdict(dict)
    for number, column in enumerate(sorted(columns, key=lambda one: one.index), shared):
        for row, cell in _cells(column, number, rows, first + 1, end + 1):
            cells[row][column.index] = cell
    edits = [edit for row in sorted(cells) for edit in rows.put(row, cells[row])]
    return edited(part, [*edits, *rows.dimension(max(column.index for column in columns), end)])


def _cells(column: Down, number: int, rows: _Rows, first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """The cells of *column* by row: the formula stands in the first one, and the others share it."""
    free = [row for row in range(first, last + 1) if not rows.typed(row, column.index)]
    letters, p = column_letters(column.index), rows.prefix
    for row in free:
        spelled = ""
        if row == free[0]:
            spelled = f' ref="{letters}{row}:{letters}{free[-1]}"'
        formula = f'<{p}f t="shared"{spelled} si="{number}"'
        formula += f">{escape(column.text(row))}</{p}f>" if spelled else "/>"
        style = f' s="{column.style}"' if column.style else ""
        yield row, f'<{p}c r="{letters}{row}"{style} t="str">{formula}<{p}v></{p}v></{p}c>'.encode()


class _Rows:
    """The rows of a sheet part from the one with the number *first* on, with their cells in the columns *new*."""

    def __init__(self, part: bytes, new: set[int], first: int) -> None:
        self.rows: list[tuple[int, Element]] = []
        self._part, self._new, self._first = part, new, first
        self._row, self._at = 0, -1
        self._kept: list[tuple[str, int, int]] = []
        self._elements = outline(part, self._keep)
        self.prefix = self._elements[0].prefix
        self._cells: dict[int, dict[int, Element]] = defaultdict(dict)
        self._typed: set[tuple[int, int]] = set()
        self._sort()

    def _keep(self, depth: int, kind: str, attributes: dict[str, str]) -> bool:
        if depth == 2 and kind == "row":
            self._row, self._at = int(attributes.get("r", self._row + 1)), -1
        elif depth == 3 and kind == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            self._at = column_index(letters) if letters else self._at + 1
        inside = self._row >= self._first and depth > 2 and self._at >= min(self._new)
        kept = (depth == 2 and kind == "row" and self._row >= self._first) or (
            inside and (kind == "c" or (kind in {"f", "v", "is"} and self._at in self._new))
        )
        if kept:
            self._kept.append((kind, self._row, self._at))
        return kept or depth <= 1

    def _sort(self) -> None:
        kept = (element for element in self._elements if element.depth >= 2)
        formulas, said = set[tuple[int, int]](), set[tuple[int, int]]()
        for element, (kind, row, at) in zip(kept, self._kept, strict=True):
            if kind == "row":
                self.rows.append((row, element))
            elif kind == "c":
                self._cells[row][at] = element
            elif kind == "f":
                formulas.add((row, at))
            elif element.closed > element.opened:
                said.add((row, at))
        self._typed, self._by_number = said - formulas, dict(self.rows)

    def typed(self, row: int, column: int) -> bool:
        """Whether somebody typed a value into the cell, by the numbers of row and index of column."""
        return (row, column) in self._typed

    def put(self, number: int, new: Mapping[int, bytes]) -> list[Edit]:
        """The cells *new*, by column, in the row with that *number*."""
        row = self._by_number.get(number)
        if row is None:
            p = self.prefix.encode()
            return [self._between(number, b'<%brow r="%d">' % (p, number) + b"".join(new.values()) + b"</%brow>" % p)]
        edits, last = list[Edit](), b""
        there = self._cells[number]
        for at, cell in sorted(new.items()):
            after = min((place for place in there if place > at), default=None)
            if at in there:
                edits.append((there[at].start, there[at].end, cell))
            elif after is not None:
                edits.append((there[after].start, there[after].start, cell))
            else:
                last += cell
        span, _, end = row.attributes.get("spans", "").partition(":")
        widest = max(new) + 1
        if end.isdigit() and int(end) < widest:
            edits += row.set(self._part, "spans", f"{span}:{widest}")
        return [*edits, row.put_in(last)] if last else edits

    def _between(self, number: int, row: bytes) -> Edit:
        later = next((element for one, element in self.rows if one > number), None)
        if later is not None:
            return later.start, later.start, row
        data = next(element for element in self._elements if element.depth == 1 and element.kind == "sheetData")
        return data.put_in(row)

    def dimension(self, column: int, row: int) -> list[Edit]:
        """The area in use, which now reaches to these indexes."""
        found = next((one for one in self._elements if one.depth == 1 and one.kind == "dimension"), None)
        ref = found.attributes.get("ref", "") if found else ""
        area = corners(ref) or corners(f"{ref}:{ref}")
        if not found or not area:
            return []
        left, top, right, bottom = area
        ref = f"{column_letters(left)}{top + 1}:{column_letters(max(right, column))}{max(bottom, row) + 1}"
        return found.set(self._part, "ref", ref)


def coloured(part: bytes, area: str, tests: Sequence[tuple[str, int]]) -> bytes:
    """The sheet *part* whose *area* wears, where a test holds, the conditional style of that number."""
    elements = outline(part, lambda depth, _, __: depth <= 1)
    p, first = elements[0].prefix, 1 + max(map(int, _PRIORITY.findall(part)), default=0)
    rules = "".join(
        f'<{p}cfRule type="expression" dxfId="{style}" priority="{priority}">'
        f"<{p}formula>{escape(test)}</{p}formula></{p}cfRule>"
        for priority, (test, style) in enumerate(tests, first)
    )
    content = f'<{p}conditionalFormatting sqref="{area}">{rules}</{p}conditionalFormatting>'.encode()
    return edited(part, [put_child(elements, ORDER, "conditionalFormatting", content)])
