"""Spoil the rows as people do, and say where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sync.demo.story import samples
from sync.model import ErrorCell, Formula, Merge

Rows = dict[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where the rows are dirty: the sheet's *row*, and the problem *code* that a check must find there.

    *code* is empty where the cell looks odd but can be read.
    """

    register: str
    row: int
    column: str
    code: str
    why: str


def soil(typed: Rows, today: date) -> list[Spot]:
    """Spoil *typed* in the places that dirt.yaml names; gives those places as the sheet shows them."""
    plan = samples("dirt")
    spots: list[tuple[Mapping[str, Any], dict[str, object]]] = []
    for one in plan["cells"]:
        table = typed.get(one["register"])
        if table:
            row = table[one["at"]]
            row[one["column"]] = _dirty(one, table, today)
            if "merge" in one:  # the first cell of a merged area has the value, the next ones have none
                row = table[one["at"] + 1]
                row.pop(one["column"], None)
            spots.append((one, row))
    for one in plan["rows"]:
        table = typed.get(one["register"])
        if table:
            again = [table[one["copy"]]] if "copy" in one else []
            new = dict(again[0]) if again else dict[str, object]()
            table.insert(one["at"], new)
            spots += [(one, row) for row in (new, *again)]
    return [
        Spot(one["register"], _sheet_row(typed[one["register"]], row), one.get("column", ""), one["code"], one["why"])
        for one, row in spots
    ] + [
        Spot(register, _sheet_row(table, row), "void_reason", "void-reason-missing", "作废没写原因")
        for register, table in typed.items()
        for row in table
        if row.get("void") == "是" and "void_reason" not in row
    ]


def _dirty(one: Mapping[str, Any], table: Sequence[Mapping[str, object]], today: date) -> object:
    """The cell that *one* line of dirt.yaml describes, by the one of these words that it holds."""
    makers: dict[str, Callable[[Any], object]] = {
        "text": str,
        "number": float,
        "truth": bool,
        "days": lambda days: today + timedelta(days=days),
        "error": ErrorCell,
        "formula": Formula,
        "merge": lambda text: Merge(text, 2),
        "same_as": lambda other: table[other][one["column"]],
    }
    word = next(word for word in makers if word in one)
    return makers[word](one[word])


def _sheet_row(table: Sequence[object], row: object) -> int:
    """Bands stand in row 1, headers in row 2."""
    return 3 + next(place for place, other in enumerate(table) if other is row)
