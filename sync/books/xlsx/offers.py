"""What helps to type into a column, as a workbook file keeps it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sync.blueprint import FIRST, BookDesign, Rule
from sync.books.xlsx.places import column_letters

LONGEST_LIST = 255  # characters of a list that stands inside its rule
NAMES = 200  # rows of people that are offered

# The cells that a rule offers ('人员'!$C$3:$C$202), or nothing where the book has no such column.
Cells = Callable[[Rule], str]


def validation(rule: Rule | None, cells: Cells) -> dict[str, object]:
    """The drop-down or the warning that *rule* asks for; {} where it cannot be had. It never forbids anything."""
    if rule is None:
        return {}
    match rule.kind:
        case "list":
            if len(",".join(rule.values)) > LONGEST_LIST:
                return {}
            asked: dict[str, object] = {"validate": "list", "source": list(rule.values)}
        case "names":
            if not (offered := cells(rule)):
                return {}
            asked = {"validate": "list", "source": f"={offered}"}
        case "date":
            asked = {"validate": "date", "criteria": ">=", "value": dt.date(2000, 1, 1)}
        case "time":
            asked = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1}
    hint = {"input_title": rule.hint_title or None, "input_message": rule.hint} if rule.hint else {}
    return {"error_type": "warning", **asked, "error_title": rule.unusual, "error_message": rule.warning, **hint}


def names(design: BookDesign, rule: Rule) -> str:
    """The cells with the names that people are called by, in a book as it is designed."""
    tab = design.tab(rule.tab)
    if tab is None:
        return ""
    name = next((column.name for column in tab.columns if column.title == rule.header), None)
    return "" if name is None else below(tab.title, tab.places[name], FIRST)


def below(tab: str, column: int, first: int) -> str:
    """The cells in the *column* of *tab*, from the row with the index *first* on."""
    letter, title = column_letters(column), tab.replace("'", "''")
    return f"'{title}'!${letter}${first + 1}:${letter}${first + NAMES}"
