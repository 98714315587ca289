"""Turn the parts of a workbook into grids: every cell with its text, and with what the workbook says it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sync.books.serials import Shown, iso, mark_merged
from sync.books.xlsx.markup import DATA, decoded, feed, local, parser, unescaped
from sync.books.xlsx.package import TRUE, Package, Part, damaged, too_big
from sync.books.xlsx.places import column_index, column_letters, corners
from sync.books.xlsx.shared import T, shared_strings, styles
from sync.model import (
    TAG_BOOLEAN,
    TAG_EMPTY,
    TAG_ERROR,
    TAG_TEXT,
    TAG_UNSAVED,
    Area,
    BookError,
    Grid,
)

Shows = tuple[str, str]  # text and tag
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
MOST_CELLS = 20_000_000  # twice what an online spreadsheet may hold; one stray cell in the far corner makes 17 billion

# The spelling that Excel, WPS, LibreOffice and the usual libraries give to rows and cells: the fast lane.
# Its groups: column, attributes, a formula, a value element, its value, a text that stands in the cell itself.
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]{1,7}"([^<>]*+)(?:(?<=/)>|(?<!/)>'
    rf"(?:(<f)(?:[^<>]*+(?:(?<=/)>|(?<!/)>[^<]*+</f>)))?(?:<v/>|(<v>)({DATA})</v>)?(?:<is>{T}</is>)?</c>)"
)
_ROW = r'<row r="([0-9]{1,7})"'
_FRAME = re.compile(rf"\s*+(?:{_ROW}[^<>]*+(?:(?<=/)>|(?<!/)></row>)\s*+)*+")  # rows without their cells
_OPENED = re.compile(rf"{_ROW}[^<>]*+>\Z")
_LOOKS = re.compile(r'(?: s="([0-9]{1,6})")?(?: t="([A-Za-z]{1,9})")?/?')


def grids(book: str, package: Package) -> list[Grid]:
    """Every tab of cells in *package*."""
    strings, shown = shared_strings(package), styles(package)
    return [read_tab(book, part, package, strings, shown) for part in package.tabs]


def read_parts(book: str, package: Package, titles: set[str]) -> dict[str, Grid]:
    """The tabs called *titles*, by title."""
    strings, shown = shared_strings(package), styles(package)
    return {part.title: read_tab(book, part, package, strings, shown) for part in package.tabs if part.title in titles}


def read_tab(book: str, part: Part, package: Package, strings: list[str], shown: list[Shown]) -> Grid:
    """One tab."""
    cells = Cells(part.title, strings, shown)
    reader = _TabReader(cells)
    feed(package.blocks(part.path), reader.parser, re.compile(b"<sheetData>"), b"</row>", cells.take)
    grid = cells.grid(book, reader.merged)
    grid.hidden, grid.tab_id = part.hidden, part.tab_id
    return grid


class Column(dict[int, Shows]):
    """The cells of a column that hold something, by row."""


class Values(dict[str, Shows]):
    """What the values of cells that are spelled alike show; one that comes again is not worked out again."""

    def __init__(self, work: Callable[[str], Shows]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, stored: str) -> Shows:
        found = self[stored] = self._work(stored)
        return found


class Cells(dict[str, Column]):
    """What a tab holds, by column letters, while it is read."""

    def __init__(self, tab: str, strings: list[str], shown: list[Shown]) -> None:
        super().__init__()
        self.tab = tab
        self.row = -1
        self._strings: list[Shows] = [(text, TAG_TEXT if text else TAG_EMPTY) for text in strings]
        self._shown = {"": shown[0], **{str(number): style for number, style in enumerate(shown)}}

    def __missing__(self, letters: str) -> Column:
        if column_index(letters) >= LAST_COLUMN:
            raise damaged(f"{self.tab}: {letters}")
        found = self[letters] = Column()
        return found

    def take(self, rows: str) -> bool:
        """Put all cells of *rows*; False, and nothing is put, where they are not spelled as usual."""
        pieces = _CELL.split(rows)  # what lies between two cells, and the six groups of a cell, by turns
        looks = {spelling: _LOOKS.fullmatch(spelling) for spelling in set(pieces[2::7])}
        if not all(looks.values()) or not _FRAME.fullmatch("".join(pieces[::7])):
            return False
        kinds = {spelling: (look[1] or "", look[2] or "") for spelling, look in looks.items() if look}
        values = {spelling: self._values(*kind) for spelling, kind in kinds.items()}
        row = self.row
        # flat, because it runs once a cell; most cells have a value
        groups = (pieces[at:-1:7] for at in range(7))
        for between, letters, spelling, formula, opened, value, inline in zip(*groups, strict=True):
            if between:
                row = self.begin(int(_OPENED.findall(between)[0]))
            if value:
                self[letters][row] = values[spelling][value]
            elif inline or opened or formula:
                text = unescaped(inline or "")
                self.put(letters, *kinds[spelling], text, saved=bool(opened), formula=bool(formula))
        return True

    def _values(self, style: str, kind: str) -> Mapping[str, Shows]:
        if not kind and style in self._shown:
            return self._shown[style]
        return Values(lambda stored: self._shows(style, kind, unescaped(stored), saved=True, formula=False))

    def begin(self, row: int) -> int:
        """The next cells stand in *row* (1 is the first); gives its index."""
        if not 1 <= row <= LAST_ROW:
            raise damaged(f"{self.tab}: row {row}")
        self.row = row - 1
        return self.row

    def put(self, letters: str, style: str, kind: str, value: str, *, saved: bool, formula: bool) -> None:
        """Put one cell; *saved*: it has a value element, be it empty."""
        self[letters][self.row] = self._shows(style, kind, value, saved=saved, formula=formula)

    def _shows(self, style: str, kind: str, value: str, *, saved: bool, formula: bool) -> Shows:
        if formula and not value and not (kind == "str" and saved):
            return "", TAG_UNSAVED
        if not value:
            return "", TAG_EMPTY
        if not kind or kind == "n":
            return self._shown[style][value]
        return self._strings[int(value)] if kind == "s" else _typed(kind, value)

    def grid(self, book: str, merged: list[str]) -> Grid:
        """The tab, cut to what holds something."""
        at = {column_index(letters): column for letters, column in self.items()}
        ends = {index: _end(column) for index, column in at.items()}
        height = max(ends.values(), default=0)
        width = max((index + 1 for index, end in ends.items() if end), default=0)
        if width * height > MOST_CELLS:
            raise self._too_far(ends, width, height)
        texts, tags = [], []
        for index in range(width):
            column = at.get(index, Column())
            column_texts, column_tags = _spread(column, height)
            texts.append(column_texts)
            tags.append(column_tags)
        areas = [_area(found) for area in merged if (found := corners(area))]
        for area in areas:
            mark_merged(area, tags, height)
        return Grid(book, self.tab, height, texts, ["".join(column) for column in tags], merged=areas)

    def _too_far(self, ends: dict[int, int], width: int, height: int) -> BookError:
        low = next(column_letters(index) + str(end) for index, end in ends.items() if end == height)
        far = f"{column_letters(width - 1)}{ends[width - 1]}"
        where = " ".join(sorted({low, far}))
        return too_big(
            f"标签页“{self.tab}”占了 {height} 行 × {width} 列，最远的内容在 {where}",
            f"tab “{self.tab}” takes {height} rows × {width} columns, its farthest content is at {where}",
        )


class _TabReader:
    """The slow lane: any spelling that XML allows."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.merged: list[str] = []
        self.parser = parser(self._start, self._end)
        self._cell: dict[str, str] = {}
        self._column = -1
        self._letters = ""
        self._formula = self._saved = self._phonetic = False
        self._value: list[str] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match local(name):
            case "row":
                self.cells.begin(int(attributes.get("r", self.cells.row + 2)))
                self._column = -1
            case "c":
                self._begin_cell(attributes)
            case "v":
                self._saved = True
                self.parser.CharacterDataHandler = self._value.append
            case "t" if not self._phonetic:
                self.parser.CharacterDataHandler = self._value.append
            case "f":
                self._formula = True
            case "rPh":
                self._phonetic = True
            case "mergeCell":
                self.merged.append(attributes.get("ref", ""))

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._cell = attributes
        self._letters = attributes.get("r", "").rstrip("0123456789")
        self._column = column_index(self._letters) if self._letters else self._column + 1
        if not self._letters:
            self._letters = column_letters(self._column)
        self._formula = self._saved = False
        self._value = []

    def _end(self, name: str) -> None:
        match local(name):
            case "v" | "t":
                self.parser.CharacterDataHandler = None
            case "rPh":
                self._phonetic = False
            case "c":
                value = "".join(self._value)
                if value or self._saved or self._formula:
                    style, kind = self._cell.get("s", ""), self._cell.get("t", "")
                    self.cells.put(self._letters, style, kind, value, saved=self._saved, formula=self._formula)


def _typed(kind: str, value: str) -> Shows:
    """What a cell shows whose type stands beside it."""
    if kind == "b":
        return ("TRUE" if value in TRUE else "FALSE"), TAG_BOOLEAN
    if kind == "e":
        return value, TAG_ERROR
    return (iso(value) if kind == "d" else None) or (decoded(value), TAG_TEXT)


def _end(column: Column) -> int:
    """How many rows *column* takes up to its last cell that holds something."""
    last = max(column)
    if column[last][1] == TAG_EMPTY:
        last = max((row for row, (_, tag) in column.items() if tag != TAG_EMPTY), default=-1)
    return last + 1


def _spread(column: Column, height: int) -> tuple[list[str], list[str]]:
    """The texts and tags of *column* for all rows."""
    texts, tags = [""] * height, [TAG_EMPTY] * height
    for row, (text, tag) in column.items():
        if row < height:
            texts[row], tags[row] = text, tag
    return texts, tags


def _area(found: tuple[int, int, int, int]) -> Area:
    left, top, right, bottom = found
    return top, bottom + 1, left, right + 1
