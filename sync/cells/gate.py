"""What holds for a cell of every kind, before its own reader looks at it: emptiness, damage, placeholders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sync.cells.cleaning import bidi, clean, fills, fold, points_up, strange_digits
from sync.model import (
    EMPTY,
    TAG_EMPTY,
    TAG_ERROR,
    TAG_MERGED,
    TAG_TEXT,
    TAG_UNSAVED,
    UNREADABLE,
    VALUE,
    Cell,
    Raw,
    Reason,
)
from sync.schema import Field
from sync.settings import Settings


class Typed(NamedTuple):
    """A cell with something in it: *text* is cleaned and never empty, *typed* is as people left it."""

    text: str
    tag: str
    typed: str


Reader = Callable[[Raw, Field, Settings], Cell]
Inner = Callable[[Typed, Field, Settings], Cell]

NOTHING = Cell(EMPTY)
_DAMAGED: Mapping[str, str] = {TAG_ERROR: "cell-error", TAG_UNSAVED: "formula-unsaved", TAG_MERGED: "cell-merged"}
# An error that was pasted as text, or comes from a source that has no type for it.
_ERRORS = frozenset(
    {
        "#BLOCKED!", "#BUSY!", "#CALC!", "#CONNECT!", "#DIV/0!", "#ERROR!", "#FIELD!", "#GETTING_DATA", "#N/A",
        "#NAME?", "#NULL!", "#NUM!", "#PYTHON!", "#REF!", "#SPILL!", "#UNKNOWN!", "#VALUE!",
    }
)  # fmt: skip


def accept(value: object, *warnings: Reason) -> Cell:
    """The cell says *value*."""
    return Cell(VALUE, value, None, warnings)


def refuse(code: str, suggestion: str = "", **params: str) -> Cell:
    """The cell says something that cannot be taken; *suggestion* is what was probably meant."""
    return Cell(UNREADABLE, None, Reason(code, suggestion, params))


def gate(inner: Inner, digits: str = "") -> Reader:
    """The reader that calls *inner* only for a sound cell with something in it.

    *digits* is the code for digits in disguise (10², ③), in kinds where reading them plainly would change the value.
    """

    def reader(raw: Raw, field: Field, settings: Settings) -> Cell:
        text = clean(raw.text)
        early = _damage(raw, text) or _filler(text, field)
        if early:
            return early
        if digits and strange_digits(raw.text):
            return refuse(digits)
        return _warned(inner(Typed(text, raw.tag, raw.text), field, settings), raw)

    return reader


def declared(text: str, field: Field) -> str | None:
    """The name of the choice of *field* that *text* is: by name, title or synonym, cleaned and no matter the case."""
    wanted = fold(text)
    for option in field.choices:
        if wanted in map(fold, (option.name, option.title.zh, option.title.en, *option.synonyms)):
            return option.name
    return None


def _damage(raw: Raw, text: str) -> Cell | None:
    if raw.tag in _DAMAGED:
        return refuse(_DAMAGED[raw.tag])
    if raw.tag == TAG_EMPTY or not text:
        return NOTHING
    return refuse("cell-error") if raw.tag == TAG_TEXT and text in _ERRORS else None


def _filler(text: str, field: Field) -> Cell | None:
    # A list may declare 无 or - as one of its values.
    if fills(text):
        return None if declared(text, field) else NOTHING
    return refuse("placeholder-ditto") if points_up(text) else None


def _warned(cell: Cell, raw: Raw) -> Cell:
    if cell.state != VALUE or not bidi(raw.text):
        return cell
    return accept(cell.value, *cell.warnings, Reason("bidi-removed"))
