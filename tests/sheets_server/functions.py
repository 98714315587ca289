"""What formulas can do: operators and functions over single values and grids of values."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

from .entered import EPOCH, read
from .shown import Error, general, show

Grid = list[list[Any]]
NOT_AVAILABLE = Error("#N/A", "Did not find the value.")


def each(apply: Callable[..., Any], *given: Any) -> Any:
    """*apply* to scalars, or to every place of the grids among them."""
    if not any(isinstance(one, list) for one in given):
        return apply(*given)
    grids = [grid_of(one) for one in given]
    tall, wide = max(len(grid) for grid in grids), max(len(grid[0]) for grid in grids)
    return [[apply(*[_at(grid, r, c) for grid in grids]) for c in range(wide)] for r in range(tall)]


def _at(grid: Grid, row: int, column: int) -> Any:
    row, column = 0 if len(grid) == 1 else row, 0 if len(grid[0]) == 1 else column
    return grid[row][column] if row < len(grid) and column < len(grid[0]) else NOT_AVAILABLE


def grid_of(value: Any) -> Grid:
    return value if isinstance(value, list) else [[value]]


def _flat(*given: Any) -> Iterator[Any]:
    for one in given:
        for line in grid_of(one):
            yield from line


def _key(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else (type(value) is bool, value)


def _text(value: Any) -> str:
    return general(value) if isinstance(value, int | float) and not isinstance(value, bool) else show(value)


def _figure(value: Any) -> Any:
    """The number a value is taken for in sums."""
    if isinstance(value, str):
        found = read(value)[0] if value else None
        if isinstance(found, int | float) and not isinstance(found, bool):
            return found
        return Error("#VALUE!", f"Parameter expects number values. But '{value}' is a text and cannot be coerced.")
    return 0 if value is None else value if isinstance(value, Error) else value + 0


def operate(sign: str, a: Any, b: Any) -> Any:
    """The result of an operator; an error on one side is the result."""
    failed = [one for one in (a, b) if isinstance(one, Error)]
    if failed:
        return failed[0]
    if sign == "&":
        return _text(a) + _text(b)
    if sign in ("=", "<>", "<", ">", "<=", ">="):
        return _compare(sign, a, b)
    return _sum(sign, _figure(a), _figure(b))


def _sum(sign: str, a: Any, b: Any) -> Any:
    failed = [one for one in (a, b) if isinstance(one, Error)]
    if failed:
        return failed[0]
    if sign == "/" and b == 0:
        return Error("#DIV/0!", "Function DIVIDE parameter 2 cannot be zero.")
    try:
        found = {"+": a + b, "-": a - b, "*": a * b}.get(sign)
        found = (a / b if sign == "/" else a**b) if found is None else found
    except (OverflowError, ZeroDivisionError):
        return Error("#NUM!")
    return int(found) if isinstance(found, float) and found.is_integer() and abs(found) < 1e15 else found


def _compare(sign: str, a: Any, b: Any) -> bool:
    a, b = _like(a, b), _like(b, a)
    kinds = [
        0 if isinstance(x, int | float) and not isinstance(x, bool) else 1 if isinstance(x, str) else 2 for x in (a, b)
    ]
    one, other = (kinds[0], a), (kinds[1], b)
    if kinds[0] == kinds[1] == 1:
        one, other = (1, a.lower()), (1, b.lower())
    return {
        "=": one == other,
        "<>": one != other,
        "<": one < other,
        ">": one > other,
        "<=": one <= other,
        ">=": one >= other,
    }[sign]


def _like(value: Any, other: Any) -> Any:
    """A blank cell equals "", 0 and FALSE."""
    if value is not None:
        return value
    return "" if isinstance(other, str) or other is None else type(other)()


def _index_of(where: Any) -> dict[Any, int]:
    """Where each value of a column stands first."""
    found: dict[Any, int] = {}
    for at, value in enumerate(_flat(where)):
        if value is not None:
            found.setdefault(_key(value), at)
    return found


def _xlookup(_: Any, keys: Any, where: Any, results: Any, missing: Any = NOT_AVAILABLE) -> Any:
    index, found = _index_of(where), grid_of(results)
    rows = [line[0] for line in found] if len(found) > 1 else found[0]

    def one(key: Any) -> Any:
        at = index.get(_key(key)) if key is not None else None
        return missing if at is None else rows[at]

    return each(one, keys)


def _vlookup(_: Any, keys: Any, where: Any, column: Any, near: Any = 1) -> Any:
    rows = grid_of(where)
    index = _index_of([[line[0]] for line in rows])

    def one(key: Any) -> Any:
        if isinstance(key, Error):
            return key
        at = index.get(_key(key))
        if at is None and not near and isinstance(key, str) and re.search("[*?]", key):
            at = next(
                (n for n, line in enumerate(rows) if isinstance(line[0], str) and _wild(key).fullmatch(line[0])), None
            )
        if at is None and near:
            lower = [n for n, line in enumerate(rows) if line[0] is not None and _compare("<=", line[0], key)]
            at = lower[-1] if lower else None
        return (
            Error("#N/A", f"Did not find value '{_text(key)}' in VLOOKUP evaluation.")
            if at is None
            else rows[at][column - 1]
        )

    return each(one, keys)


def _wild(pattern: str) -> re.Pattern[str]:
    pieces = re.findall(r"~.|.", pattern, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(one) or re.escape(one[-1]) for one in pieces), re.IGNORECASE | re.DOTALL)


def _match(_: Any, key: Any, where: Any, kind: Any = 1) -> Any:
    if kind == 0:
        at = _index_of(where).get(_key(key))
    else:
        lower = [n for n, value in enumerate(_flat(where)) if value is not None and _compare("<=", value, key)]
        at = lower[-1] if lower else None
    return Error("#N/A", f"Did not find value '{_text(key)}' in MATCH evaluation.") if at is None else at + 1


def _index(_: Any, where: Any, row: Any = 0, column: Any = 0) -> Any:
    grid = grid_of(where)
    grid = [grid[row - 1]] if row else grid
    grid = [[line[column - 1]] for line in grid] if column else grid
    return grid[0][0] if len(grid) == len(grid[0]) == 1 else grid


def _total(join: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    """A function of the numbers among its cells; an error among them is the answer."""

    def apply(_: Any, *given: Any) -> Any:
        values = list(_flat(*given))
        failed = next((one for one in values if isinstance(one, Error)), None)
        return failed or join([one for one in values if isinstance(one, int | float) and not isinstance(one, bool)])

    return apply


def _plain(apply: Callable[..., Any]) -> Callable[..., Any]:
    """A function of single values, for every place of a grid."""

    def safe(*values: Any) -> Any:
        return next((one for one in values if isinstance(one, Error)), None) or apply(*values)

    return lambda _, *given: each(safe, *given)


def _figures(apply: Callable[..., Any]) -> Callable[..., Any]:
    """A function of single numbers, for every place of a grid."""

    def counted(*values: Any) -> Any:
        given = [_figure(value) for value in values]
        return next((one for one in given if isinstance(one, Error)), None) or apply(*given)

    return _plain(counted)


def _average(values: list[Any]) -> Any:
    return sum(values) / len(values) if values else Error("#DIV/0!")


def _count_if(_: Any, where: Any, wanted: Any) -> Any:
    """How many values of *where* are as *wanted* says; for each of several wanted ones."""
    values = [value for value in _flat(where) if value is not None and not isinstance(value, Error)]

    def one(wish: Any) -> int:
        found = re.fullmatch(r"(<=|>=|<>|=|<|>)?(.*)", _text(wish), re.DOTALL)
        sign, text = (found[1] or "=", found[2]) if found else ("=", "")
        aim = read(text)[0] if text else ""
        if sign == "=" and isinstance(aim, str) and re.search("[*?]", aim):
            return sum(1 for value in values if isinstance(value, str) and _wild(aim).fullmatch(value))
        return sum(1 for value in values if _compare(sign, value, aim))

    return each(one, wanted)


def _sequence(_: Any, rows: Any, columns: Any = 1, start: Any = 1, step: Any = 1) -> Grid:
    return [[start + step * (row * columns + column) for column in range(columns)] for row in range(rows)]


def _product(_: Any, left: Any, right: Any) -> Any:
    """The product of two matrices of numbers."""
    rows, columns = grid_of(left), list(zip(*grid_of(right), strict=True))
    if any(not isinstance(value, int | float) for value in _flat(left, right)) or len(rows[0]) != len(columns[0]):
        return Error("#VALUE!", "Function MMULT parameters expect number values of matching sizes.")
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in rows]


def _find(wanted: Any, value: Any, start: Any = 1) -> Any:
    at = _text(value).find(_text(wanted), int(start) - 1)
    return Error("#VALUE!", f"In FIND evaluation, cannot find '{_text(wanted)}'.") if at < 0 else at + 1


def _date(year: Any, month: Any, day: Any) -> int:
    return (dt.datetime(int(year), int(month), 1) - EPOCH).days + int(day) - 1


def _now(run: Any) -> float:
    """The book's clock as a serial number: this machine's, unless it was set."""
    here = run.sums.book.clock or dt.datetime.now(dt.UTC).astimezone().replace(tzinfo=None, microsecond=0)
    return float((here - EPOCH) / dt.timedelta(days=1))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ARRAYFORMULA": lambda _, value: value,
    "SUM": _total(sum),
    "MIN": _total(lambda values: min(values, default=0)),
    "MAX": _total(lambda values: max(values, default=0)),
    "COUNT": _total(len),
    "AVERAGE": _total(_average),
    "COUNTA": lambda _, *given: sum(1 for value in _flat(*given) if value is not None),
    "COUNTBLANK": lambda _, *given: sum(1 for value in _flat(*given) if value in (None, "")),
    "COUNTIF": _count_if,
    "COLUMNS": lambda _, value: len(grid_of(value)[0]),
    "ROWS": lambda _, value: len(grid_of(value)),
    "SEQUENCE": _sequence,
    "MMULT": _product,
    "XLOOKUP": _xlookup,
    "VLOOKUP": _vlookup,
    "MATCH": _match,
    "INDEX": _index,
    "AND": lambda _, *given: all(_flat(*given)),
    "OR": lambda _, *given: any(_flat(*given)),
    "NOT": _plain(lambda value: not value),
    "LEN": _plain(lambda value: len(_text(value))),
    "TRIM": _plain(lambda value: " ".join(_text(value).split())),
    "UPPER": _plain(lambda value: _text(value).upper()),
    "LOWER": _plain(lambda value: _text(value).lower()),
    "LEFT": _plain(lambda value, n=1: _text(value)[: int(n)]),
    "RIGHT": _plain(lambda value, n=1: _text(value)[-int(n) :]),
    "MID": _plain(lambda value, at, n: _text(value)[int(at) - 1 : int(at) - 1 + int(n)]),
    "SUBSTITUTE": _plain(lambda value, old, new: _text(value).replace(_text(old), _text(new))),
    "CONCATENATE": lambda _, *given: "".join(_text(value) for value in _flat(*given)),
    "FIND": _plain(_find),
    "EXACT": _plain(lambda a, b: _text(a) == _text(b)),
    "ROUND": _figures(lambda value, places=0: round(value, int(places))),
    "ABS": _figures(abs),
    "INT": _figures(lambda value: int(value // 1)),
    "MOD": _figures(lambda value, by: value % by),
    "ISBLANK": lambda _, value: each(lambda one: one is None, value),
    "ISERROR": lambda _, value: each(lambda one: isinstance(one, Error), value),
    "ISNUMBER": lambda _, value: each(lambda one: isinstance(one, int | float) and not isinstance(one, bool), value),
    "ISTEXT": lambda _, value: each(lambda one: isinstance(one, str), value),
    "N": _plain(lambda value: value if isinstance(value, int | float) else 0),
    "T": _plain(lambda value: value if isinstance(value, str) else ""),
    "HYPERLINK": lambda _, url, label=None: url if label is None else label,
    "TEXT": _plain(lambda value, pattern: show(value, {"pattern": _text(pattern)})),
    "DATE": _plain(_date),
    "TODAY": lambda run: int(_now(run)),
    "NOW": _now,
    "NA": lambda _: Error("#N/A"),
    "TRUE": lambda _: True,
    "FALSE": lambda _: False,
}
