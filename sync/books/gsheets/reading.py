"""Read all tabs of a spreadsheet in the fewest calls of at most about 2 MB, and see to it that they fit together.

One call shows one moment. A tab that takes several is held together by its headers, which every call brings along, and
by the column that tells its rows apart, which the last one does: where they have moved, the whole is read again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sync.books.serials import digits, mark_merged
from sync.layout import letter
from sync.model import TAG_BOOLEAN, TAG_EMPTY, TAG_ERROR, TAG_NUMBER, TAG_TEXT, Area, Grid

MOST_BYTES = 2_000_000  # in one answer
CELL_BYTES = 8.0  # of a cell of the grid, until the first answer shows how it is here
HEAD = 10  # rows that can hold the headers
# What a formula shows when it fails. A text of these letters looks the same, and is no value either.
# Unformatted, Google puts the reason behind: #N/A (Did not find value 'K-07' in VLOOKUP evaluation.)
ERRORS = frozenset(("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#ERROR!", "Loading..."))
_REASON = re.compile(r"\s*[(（].*", re.DOTALL)

Rows = list[list[Any]]


class Moved(Exception):
    """People moved rows or tabs while they were read: what there is does not fit together."""


class Source(Protocol):
    """Whoever can be asked for values."""

    def values(self, ranges: Sequence[str]) -> tuple[list[Rows], int]:
        """The rows of each of *ranges*, and how many bytes they took."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab as the metadata describe it."""

    title: str
    tab_id: int
    rows: int
    columns: int
    hidden: bool = False
    merges: tuple[Area, ...] = ()

    @property
    def quoted(self) -> str:
        """The title as ranges write it."""
        return "'" + self.title.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one tab that one call brings; *last* is None where it is open below."""

    tab: Tab
    first: int  # 0 is the sheet's row 1
    last: int | None

    @property
    def whole(self) -> bool:
        """It is all of its tab."""
        return self.first == 0 and self.last is None

    @property
    def range(self) -> str:
        """The piece in A1 notation."""
        if self.whole:
            return self.tab.quoted
        end = letter(max(self.tab.columns, 1) - 1) + ("" if self.last is None else str(self.last))
        return f"{self.tab.quoted}!A{self.first + 1}:{end}"

    @property
    def proves(self) -> bool:
        """It is the last of several: the call that brings it shows whether they fit together."""
        return self.first > 0 and self.last is None

    @property
    def cells(self) -> int:
        """How many cells of the grid the call brings for it, those of the proof too."""
        width = max(self.tab.columns, 1)
        # an id is much longer than the average cell, of which many are blank
        ids = self.first * (1 + width // 8) if self.proves else 0
        return ((self.last or self.tab.rows) - self.first) * width + ids


def tabs(metadata: Mapping[str, Any]) -> list[Tab]:
    """The tabs of cells in *metadata*, in their order."""
    return [_tab(sheet) for sheet in metadata.get("sheets", []) if _is_grid(sheet)]


def _is_grid(sheet: Mapping[str, Any]) -> bool:
    return bool(sheet.get("properties", {}).get("sheetType", "GRID") == "GRID")


def _tab(sheet: Mapping[str, Any]) -> Tab:
    properties = sheet.get("properties", {})
    size = properties.get("gridProperties", {})
    corners = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
    merges = tuple(
        (area.get(corners[0], 0), area.get(corners[1], 0), area.get(corners[2], 0), area.get(corners[3], 0))
        for area in sheet.get("merges", [])
    )
    return Tab(
        properties.get("title", ""), properties.get("sheetId", 0), size.get("rowCount", 0), size.get("columnCount", 0),
        properties.get("hidden", False), merges,
    )  # fmt: skip


def read(source: Source, wanted: Sequence[Tab]) -> dict[str, Rows]:
    """The rows of *wanted*, by title. Moved where two calls do not fit together."""
    found: dict[str, Rows] = {tab.title: [] for tab in wanted}
    rest, weight = [Piece(tab, 0, None) for tab in wanted if tab.rows and tab.columns], CELL_BYTES
    while rest:
        call, rest = _next_call(rest, weight)
        cut = [piece for piece in call if not piece.whole]
        columns = {piece.tab.title: _telling(found[piece.tab.title]) for piece in cut if piece.proves}
        heads = [f"{piece.tab.quoted}!1:{min(HEAD, piece.tab.rows)}" for piece in cut]
        proofs = [_column(piece, columns[piece.tab.title]) for piece in cut if piece.proves]
        answers, size = source.values([piece.range for piece in call] + heads + proofs)
        for (title, at), column in zip(columns.items(), answers[len(call) + len(cut) :], strict=True):
            _same_rows(found[title], at, column)
        for piece, rows in zip(call, answers, strict=False):
            _add(found[piece.tab.title], piece, rows)
        for piece, head in zip(cut, answers[len(call) :], strict=False):
            _same_headers(found[piece.tab.title], head)
        weight = _weight(call, size, weight)
    return found


def _next_call(rest: Sequence[Piece], weight: float) -> tuple[list[Piece], list[Piece]]:
    """As much of *rest* as one answer can hold, and what remains; a tab is cut where the answer is full."""
    left, call = MOST_BYTES / weight, list[Piece]()
    for at, piece in enumerate(rest):
        if piece.cells <= left:
            call.append(piece)
            left -= piece.cells
            continue
        room = int(left // max(piece.tab.columns, 1))
        cut = piece.first + max(room, HEAD)
        if call and (room <= HEAD or cut >= piece.tab.rows):  # a few rows are not worth a cut
            return call, list(rest[at:])
        if cut >= piece.tab.rows:
            return [piece], list(rest[at + 1 :])
        return [*call, Piece(piece.tab, piece.first, cut)], [Piece(piece.tab, cut, None), *rest[at + 1 :]]
    return call, []


def _weight(call: Iterable[Piece], size: int, before: float) -> float:
    """Bytes of a cell of the grid, as the last answer shows; never so little that the next one could be too big."""
    cells = sum(piece.cells for piece in call)
    return max(size / cells, before / 8, 0.5) if cells else before


def _add(had: Rows, piece: Piece, rows: Rows) -> None:
    """Put *rows* behind those that are there; blank rows at the end of an answer are not in it."""
    had += [[] for _ in range(piece.first - len(had))]
    had += rows


def _telling(rows: Rows) -> int:
    """The column with the most different values: in a register it is the id."""
    width = max(map(len, rows), default=1)
    counts = [len({row[at] for row in rows if at < len(row) and row[at] != ""}) for at in range(width)]
    return counts.index(max(counts)) if counts else 0


def _column(piece: Piece, at: int) -> str:
    """The column with index *at*, from the top to where *piece* begins: the piece itself has the rest."""
    return f"{piece.tab.quoted}!{letter(at)}1:{letter(at)}{piece.first}"


def _same_headers(rows: Rows, head: Rows) -> None:
    """See that the headers are where they were; they come whole, so that one outside the piece is seen, too."""
    if _trimmed_rows(head) != _trimmed_rows(rows[:HEAD]):
        raise Moved


def _same_rows(rows: Rows, at: int, column: Rows) -> None:
    """See that the *rows* before the last piece are where they were, each of them read once."""
    now = _trimmed([row[0] if row else "" for row in column])
    had = _trimmed([row[at] if at < len(row) else "" for row in rows])
    if now != had:
        raise Moved


def _trimmed(cells: list[Any]) -> list[Any]:
    while cells and cells[-1] == "":
        cells.pop()
    return cells


def _trimmed_rows(rows: Rows) -> Rows:
    return [row for row in (_trimmed(list(row)) for row in rows) if row]


# ---------------------------------------------------------------- cells


def grid(book: str, tab: Tab, rows: Rows) -> Grid:
    """*rows* as a grid. A number may be a date: only a declaration can say so."""
    width, height = max(map(len, rows), default=0), len(rows)
    texts, tags = [], []
    known: dict[Any, tuple[str, str]] = {}
    for at in range(width):
        cells = [_shown(row[at], known) if at < len(row) else _NOTHING for row in rows]
        texts.append([text for text, _ in cells])
        tags.append([tag for _, tag in cells])
    for area in tab.merges:
        mark_merged(area, tags, height)
    joined = ["".join(column) for column in tags]
    merged = list(tab.merges)
    return Grid(book, tab.title, height, texts, joined, tab.hidden, str(tab.tab_id), merged, serials=True)


_NOTHING = ("", TAG_EMPTY)


def _shown(value: Any, known: dict[Any, tuple[str, str]]) -> tuple[str, str]:
    """The text and tag of one value; one that comes again is not worked out again."""
    key = (type(value), value)
    found = known.get(key)
    if found is None:
        found = known[key] = _read(value)
    return found


def _read(value: Any) -> tuple[str, str]:
    match value:
        case None | "":
            return _NOTHING
        case bool():
            return str(value).upper(), TAG_BOOLEAN
        case int() | float():
            return digits(repr(value)) or str(value), TAG_NUMBER
    text = str(value)
    # people see the code only, and the reason may quote what is personal
    code = _REASON.sub("", text) if text.startswith("#") else text
    return (code, TAG_ERROR) if code in ERRORS else (text, TAG_TEXT)


def digest(found: Mapping[str, Rows], wanted: Iterable[Tab]) -> str:
    """What identifies the state of *wanted*: their titles and all their values."""
    seen = hashlib.sha256()
    for tab in wanted:
        seen.update(json.dumps([tab.title, found.get(tab.title, [])], ensure_ascii=True).encode())
    return seen.hexdigest()
