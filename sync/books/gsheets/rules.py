"""What helps to type into a column: it offers and warns, and never forbids."""

from __future__ import annotations

from sync.blueprint import Rule
from sync.books.gsheets.cells import Json
from sync.books.gsheets.draft import Draft
from sync.books.gsheets.formulas import quoted
from sync.layout import letter

EARLIEST = "2000-01-01"


def validation(draft: Draft, made: Rule) -> Json | None:
    """The data validation that does what *made* says; None where the names it offers stand in no tab of this book.

    What does not fit gets a red corner and stays: `strict` would refuse it. A list says what it offers by itself.
    """
    condition = _condition(draft, made)
    if condition is None:
        return None
    found: Json = {"condition": condition, "strict": False, "showCustomUi": True}
    return found | ({"inputMessage": f"{made.hint}\n{made.warning}"} if made.hint else {})


def _condition(draft: Draft, made: Rule) -> Json | None:
    match made.kind:
        case "list":
            return _of("ONE_OF_LIST", *made.values)
        case "names":
            where = _names(draft, made)
            return _of("ONE_OF_RANGE", where) if where else None
        case "date":
            return _of("DATE_ON_OR_AFTER", EARLIEST)
        case "time":
            return _of("NUMBER_BETWEEN", "0", "1")


def _names(draft: Draft, made: Rule) -> str:
    """The cells that *made* offers, open below."""
    for sheet in draft.sheets.values():
        if sheet.design and sheet.design.title == made.tab:
            column = next((one.name for one in sheet.design.columns if one.title == made.header), "")
            at = sheet.find(column)
            return "" if at is None else f"={quoted(sheet.title)}!${letter(at)}${sheet.first + 1}:${letter(at)}"
    return ""


def _of(kind: str, *values: str) -> Json:
    return {"type": kind, "values": [{"userEnteredValue": value} for value in values]}
