"""Ids and part numbers are text: leading zeros stay, 1E5 and MARCH1 are what they are."""

from __future__ import annotations

import re

from sync.cells.gate import Typed, accept, refuse
from sync.model import TAG_DATE, TAG_NUMBER, TAG_TIME, Cell, Reason
from sync.schema import Field
from sync.settings import Settings

# Letters of other alphabets, and dashes, that nobody can tell from the ones on the keyboard.
_LOOK_ALIKE = str.maketrans(
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϹϳАВЕЅІЈКМНОРСТУХаеорсухіјѕԁԛԝһӏ‐‑‒–—―−",
    "ABEZHIKMNOPTYXoCjABESIJKMHOPCTYXaeopcyxijsdqwhl-------",
)
_WHOLE = re.compile(r"[0-9]+")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]{2,3}", re.IGNORECASE)
# A spreadsheet keeps 15 digits of a number and makes zeros of the rest.
_KEPT_DIGITS = 15


def ident(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """The id as text; refused where the spreadsheet has already changed it, or where it only looks like another."""
    if cell.tag in {TAG_DATE, TAG_TIME}:
        return refuse("id-is-date")
    if cell.tag == TAG_NUMBER:
        return _number(cell.text)
    if len(cell.text.splitlines()) > 1:
        return refuse("id-has-break")
    plain = cell.text.translate(_LOOK_ALIKE)
    if plain != cell.text:
        return refuse("id-look-alike", plain, letters=" ".join(sorted(set(cell.text) - set(plain))))
    if _SCIENTIFIC.fullmatch(cell.text):
        return accept(cell.text, Reason("id-scientific"))
    return accept(cell.text)


def _number(text: str) -> Cell:
    if not _WHOLE.fullmatch(text):
        return refuse("id-is-number")
    return accept(text) if len(text) <= _KEPT_DIGITS else refuse("id-number-too-long")
