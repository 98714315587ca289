"""Formulas, as far as our sheets and the common clients need them; others show Loading... for ever.

Known: numbers, text, true/false, errors, references and ranges (also of other tabs), names, + - * / ^ & %,
comparisons, {array;literals}, IF, IFERROR, IFNA, ROW, COLUMN and all of functions.py. A result of several cells fills
the cells below and beside it when they are free. References inside formulas do not move when rows or columns move.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import a1
from .errors import ApiError
from .functions import FUNCTIONS, Grid, each, grid_of, operate
from .shown import Error, is_moment

if TYPE_CHECKING:
    from .book import Book, Sheet

Node = tuple[Any, ...]

TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"]|"")*")
    |(?P<ref>(?:'(?:[^']|'')+'!|[^\W\d][\w.]*!)?
        (?:\$?[A-Za-z]{1,3}\$?\d+(?::\$?[A-Za-z]{0,3}\$?\d*)?|\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}\$?\d*|\$?\d+:\$?\d+)(?![\w(.!]))
    |(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<error>\#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!))
    |(?P<name>[^\W\d][\w.]*)
    |(?P<op><=|>=|<>|[-+*/^&=<>%(){},;:]))""",
    re.VERBOSE,
)
LITERALS: dict[str, Callable[[str], Any]] = {
    "text": lambda text: text[1:-1].replace('""', '"'),
    "number": lambda text: float(text) if re.search(r"[.eE]", text) else int(text),
    "error": Error,
}
DAYS = {"TODAY": "DATE", "DATE": "DATE", "NOW": "DATE_TIME"}
TAKE_OVER = {"SUM", "MIN", "MAX", "AVERAGE", "ROUND", "ABS"}
SINGLE = {"SUM", "MIN", "MAX", "COUNT", "COUNTA", "COUNTBLANK", "AVERAGE", "ROW", "ROWS", "COLUMNS", "MATCH"}
LOADING = Error("Loading...")
PARSE_ERROR = Error("#ERROR!", "Formula parse error.")


class Unknown(Exception):
    """The formula uses what this server does not know."""


class Sums:
    """The values of one state of a book, worked out when they are asked for."""

    def __init__(self, book: "Book") -> None:
        self.book = book
        self.known: dict[tuple[int, int, int], Any] = {}
        self.spills: dict[int, dict[tuple[int, int], Any]] = {}
        self.widths: dict[tuple[int, int], int] = {}
        self.formulas: dict[int, list[tuple[int, int, bool]]] = {}  # by tab: row, column, whether it is wide
        self.scanned: set[tuple[int, int]] = set()

    def value(self, sheet: "Sheet", row: int, column: int) -> Any:
        cell = sheet.rows[row].cells.get(column)
        if cell is not None and cell.formula is not None:
            grid = self._result(sheet, row, column)
            return grid[0][0] if grid and grid[0] else None
        if cell is not None and cell.value is not None:
            return cell.value
        return self._spilled(sheet, column).get((row, column))

    def filled(self, sheet: "Sheet", row: int, column: int) -> bool:
        """Whether there is something in the cell, be it an empty text that a formula gives."""
        cell = sheet.rows[row].cells.get(column)
        return (cell is not None and not cell.blank) or (row, column) in self._spilled(sheet, column)

    def width(self, sheet: "Sheet", row: int) -> int:
        """The columns of a row up to its last filled one."""
        for column in range(sheet.column_count):
            self._spilled(sheet, column)
        typed = max((at for at, cell in sheet.rows[row].cells.items() if not cell.blank), default=-1)
        return max(typed + 1, self.widths.get((sheet.id, row), 0))

    def format(self, sheet: "Sheet", row: int, column: int) -> dict[str, str] | None:
        """The format a formula takes over from the first cell it works on, or that of a day."""
        formula = sheet.cell(row, column).formula
        tree = parsed(formula) if formula else None
        return self._format(sheet, tree) if tree else None

    def _format(self, sheet: "Sheet", tree: Node) -> dict[str, str] | None:
        kind, *rest = tree
        if kind == "ref":
            area = self.area(sheet, rest[0])
            if isinstance(area, Error):
                return None
            return area.sheet.cell(area.top, area.left).number_format or self.format(area.sheet, area.top, area.left)
        if kind == "call":
            inner = self._format(sheet, rest[1]) if rest[0] in TAKE_OVER and len(rest) > 1 else None
            return {"type": DAYS[rest[0]]} if rest[0] in DAYS else inner
        return self._of_both(sheet, *rest) if kind == "op" and rest[0] in "+-*/" else None

    def _of_both(self, sheet: "Sheet", sign: str, left: Node, right: Node) -> dict[str, str] | None:
        """Money stays money; a date less a date is a number."""
        found = [self._format(sheet, side) for side in (left, right)]
        moments = [is_moment(one) for one in found]
        plain = all(moments) or (any(moments) and sign in "*/")
        return None if plain else found[0] or found[1]

    def _result(self, sheet: "Sheet", row: int, column: int) -> Grid:
        key = (sheet.id, row, column)
        if key not in self.known:
            self.known[key] = [[Error("#REF!", "Circular dependency detected.")]]
            self.known[key] = self._evaluated(sheet, str(sheet.cell(row, column).formula))
            self._spill(sheet, row, column)
        found: Grid = self.known[key]
        return found

    def _evaluated(self, sheet: "Sheet", formula: str) -> Grid:
        tree = parsed(formula)
        if tree is None:
            return [[PARSE_ERROR]]
        try:
            found = _Run(self, sheet).of(tree)
        except Unknown:
            return [[LOADING]]
        grid = found if isinstance(found, list) else [[found]]
        return [[0 if value is None else value for value in line] for line in grid] if tree[0] == "ref" else grid

    def _spill(self, sheet: "Sheet", row: int, column: int) -> None:
        key = (sheet.id, row, column)
        grid = self.known[key]
        cells = {
            (row + down, column + over): value for down, line in enumerate(grid) for over, value in enumerate(line)
        }
        del cells[row, column]
        if any(r < sheet.row_count and not sheet.cell(r, c).blank for r, c in cells):
            self.known[key] = [[Error("#REF!", "Array result was not expanded because it would overwrite data.")]]
            return
        inside = {(r, c): "" if v is None else v for (r, c), v in cells.items() if r < sheet.row_count}
        for (r, c), v in inside.items():
            if c < sheet.column_count:
                self.spills.setdefault(sheet.id, {})[r, c] = v
                self.widths[sheet.id, r] = max(self.widths.get((sheet.id, r), 0), c + 1)

    def _spilled(self, sheet: "Sheet", column: int) -> dict[tuple[int, int], Any]:
        """What formulas spill, those at least that can reach *column*: others may wait for what it holds."""
        if (sheet.id, column) not in self.scanned:
            self.scanned.add((sheet.id, column))
            for row, at, wide in self._written(sheet):
                if at == column or (wide and at < column):
                    self._result(sheet, row, at)
        return self.spills.get(sheet.id, {})

    def _written(self, sheet: "Sheet") -> list[tuple[int, int, bool]]:
        if sheet.id not in self.formulas:
            self.formulas[sheet.id] = [
                (row, column, _wide(parsed(cell.formula) or ("value", None)))
                for row, column, cell in sheet.used()
                if cell.formula is not None
            ]
        return self.formulas[sheet.id]

    def area(self, sheet: "Sheet", text: str) -> "a1.Area | Error":
        title, mark, cells = text.replace("$", "").rpartition("!")
        name = title if mark else a1.quoted(sheet.title)
        try:
            return a1.parse(self.book, f"{name}!{cells}").clipped()
        except ApiError:
            return Error("#REF!", "Reference does not exist")

    def read(self, sheet: "Sheet", text: str) -> Any:
        """The value, or the grid of values, that a reference means."""
        area = self.area(sheet, text)
        if isinstance(area, Error):
            return area
        columns = range(area.left, area.right or 0)
        grid = [[self.value(area.sheet, r, c) for c in columns] for r in range(area.top, area.bottom or 0)]
        return grid[0][0] if area.single else grid


@lru_cache(maxsize=4096)
def parsed(formula: str) -> Node | None:
    """The formula as a tree, or None when it cannot be read."""
    try:
        return _Parser(formula[1:]).whole()
    except (IndexError, ValueError):
        return None


def _wide(tree: Node) -> bool:
    """Whether the result may have more than one column; of most functions it is as wide as what they get."""
    kind, *rest = tree
    if kind == "ref":
        ends = re.findall(r"[A-Za-z]+", rest[0].rpartition("!")[2]) or ["", "any"]
        return len({end.upper() for end in ends}) > 1
    if kind == "array":
        return any(len(row) > 1 or any(map(_wide, row)) for row in rest[0])
    if kind == "call":
        name, *asked = rest
        if name == "SEQUENCE":
            return len(asked) > 1 and asked[1] != ("value", 1)
        telling = {"MMULT": slice(1, 2), "XLOOKUP": slice(1), "VLOOKUP": slice(1), "COUNTIF": slice(1, 2)}
        return name not in SINGLE and any(map(_wide, asked[telling.get(name, slice(None))]))
    return kind == "name" or (kind == "op" and any(map(_wide, rest[1:])))


class _Parser:
    LEVELS = (("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"), ("^",))

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found or found.lastgroup is None:
                raise ValueError(text)
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.tokens.append(("end", ""))

    def whole(self) -> Node:
        tree = self.binary(0)
        if self.tokens[0][0] != "end":
            raise ValueError(self.tokens)
        return tree

    def next(self, *wanted: str) -> bool:
        if self.tokens[0][0] == "op" and self.tokens[0][1] in wanted:
            self.tokens.pop(0)
            return True
        return False

    def binary(self, level: int) -> Node:
        if level == len(self.LEVELS):
            return self.unary()
        tree = self.binary(level + 1)
        while self.tokens[0][0] == "op" and self.tokens[0][1] in self.LEVELS[level]:
            sign = self.tokens.pop(0)[1]
            tree = ("op", sign, tree, self.binary(level + 1))
        return tree

    def unary(self) -> Node:
        for sign in "+-":
            if self.next(sign):
                return ("op", sign, ("value", 0), self.unary())
        tree = self.primary()
        while self.next("%"):
            tree = ("op", "/", tree, ("value", 100))
        return tree

    def primary(self) -> Node:
        kind, text = self.tokens.pop(0)
        if kind in LITERALS:
            return ("value", LITERALS[kind](text))
        if kind == "ref":
            return ("ref", text)
        if kind == "name":
            return self.named(text)
        if (kind, text) == ("op", "("):
            tree = self.binary(0)
            return self.closed(tree, ")")
        if (kind, text) == ("op", "{"):
            return self.array()
        raise ValueError(text)

    def closed(self, tree: Node, bracket: str) -> Node:
        if not self.next(bracket):
            raise ValueError(bracket)
        return tree

    def named(self, text: str) -> Node:
        if self.next("("):
            asked: list[Node] = []
            while not self.next(")"):
                asked.append(("value", None) if self.tokens[0][1] in (",", ";") else self.binary(0))
                if not self.next(",", ";") and self.tokens[0] != ("op", ")"):
                    raise ValueError(text)
            return ("call", text.upper(), *asked)
        if text.upper() in ("TRUE", "FALSE"):
            return ("value", text.upper() == "TRUE")
        return ("name", text)

    def array(self) -> Node:
        rows = [[self.binary(0)]]
        while not self.next("}"):
            if self.next(";"):
                rows.append([self.binary(0)])
            elif self.next(","):
                rows[-1].append(self.binary(0))
            else:
                raise ValueError(self.tokens[0])
        return ("array", rows)


class _Run:
    """One formula at work."""

    def __init__(self, sums: Sums, sheet: "Sheet") -> None:
        self.sums = sums
        self.sheet = sheet

    def of(self, tree: Node) -> Any:
        kind = tree[0]
        if kind == "value":
            return tree[1]
        if kind == "op":
            return each(lambda a, b: operate(tree[1], a, b), self.of(tree[2]), self.of(tree[3]))
        if kind == "call":
            return self.call(tree[1], tree[2:])
        return {"ref": self.cells, "name": self.named, "array": self.array}[kind](tree[1])

    def cells(self, text: str) -> Any:
        return self.sums.read(self.sheet, text)

    def named(self, name: str) -> Any:
        for named in self.sums.book.named:
            if named["name"].lower() == name.lower():
                return self.sums.read(self.sheet, a1.from_grid(self.sums.book, named["range"]).clipped().text)
        return Error("#NAME?", f"Unknown range name: '{name.upper()}'.")

    def array(self, rows: list[list[Node]]) -> Grid:
        found: Grid = []
        for row in rows:
            parts = [grid_of(self.of(one)) for one in row]
            tall = max(len(part) for part in parts)
            wide = [part + [[None] * len(part[0])] * (tall - len(part)) for part in parts]
            found += [[value for part in wide for value in part[at]] for at in range(tall)]
        return found

    def call(self, name: str, asked: tuple[Node, ...]) -> Any:
        if name == "IF":
            return self.choose(*asked)
        if name in ("IFERROR", "IFNA"):
            return self.rescue(name, *asked)
        if name in ("ROW", "COLUMN") and asked and asked[0][0] == "ref":
            return self.place(name, asked[0][1])
        if name not in FUNCTIONS:
            raise Unknown(name)
        return FUNCTIONS[name](self, *[self.of(one) for one in asked])

    def choose(self, asked: Node, yes: Node, no: Node = ("value", False)) -> Any:
        found = self.of(asked)
        if not isinstance(found, list):
            return found if isinstance(found, Error) else self.of(yes if found else no)
        return each(lambda a, b, c: a if isinstance(a, Error) else b if a else c, found, self.of(yes), self.of(no))

    def rescue(self, name: str, asked: Node, other: Node = ("value", None)) -> Any:
        def failed(value: Any) -> bool:
            return isinstance(value, Error) and (name == "IFERROR" or value.code == "#N/A")

        return each(lambda a, b: b if failed(a) else a, self.of(asked), self.of(other))

    def place(self, name: str, ref: str) -> Any:
        area = self.sums.area(self.sheet, ref)
        if isinstance(area, Error):
            return area
        rows, columns = range(area.top, area.bottom or 0), range(area.left, area.right or 0)
        grid = [[row + 1] for row in rows] if name == "ROW" else [[column + 1 for column in columns]]
        return grid[0][0] if area.single else grid
