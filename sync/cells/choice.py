"""Lists and yes-or-no: only what is declared is a value; a near miss is refused with what was probably meant."""

from __future__ import annotations

import difflib
import re

from sync.cells.cleaning import clean, fold
from sync.cells.gate import NOTHING, Typed, accept, declared, refuse
from sync.model import TAG_BOOLEAN, TAG_NUMBER, TAG_TEXT, Cell
from sync.schema import NO, YES, Choice, Field
from sync.settings import Settings

_BETWEEN = re.compile(r"[;,、\n]")
_SHOWN = 12  # values that a message lists


def choice(cell: Typed, field: Field, _settings: Settings) -> Cell:
    """The declared name of the value; any text where the field declares no list."""
    name = declared(cell.text, field) if field.choices else cell.text
    return accept(name) if name is not None else _unknown(cell.text, field)


def choices(cell: Typed, field: Field, _settings: Settings) -> Cell:
    """The declared names, joined with a semicolon, each once, in the order typed."""
    whole = declared(cell.text, field)
    if whole is not None:
        return accept(whole)
    parts = [part for part in map(clean, _BETWEEN.split(cell.text)) if part]
    if not parts:
        return NOTHING
    names: dict[str, None] = {}
    for part in parts:
        name = declared(part, field) if field.choices else part
        if name is None:
            return _unknown(part, field)
        names[name] = None
    return accept(";".join(names))


def boolean(cell: Typed, field: Field, _settings: Settings) -> Cell:
    """Yes or no; an empty cell is neither."""
    word = fold(cell.text)
    if cell.tag in {TAG_TEXT, TAG_NUMBER, TAG_BOOLEAN}:
        if word in YES or (field.signature and word in {"已签", "已签字"}):
            return accept(value=True)
        if word in NO or (field.signature and word in {"未签", "未签字"}):
            return accept(value=False)
    return refuse("boolean-unreadable")


def _unknown(text: str, field: Field) -> Cell:
    few = field.choices[:_SHOWN]
    more = len(field.choices) > _SHOWN
    allowed = "、".join(option.title.zh for option in few) + ("……" if more else "")
    allowed_en = ", ".join(option.title.en for option in few) + (" …" if more else "")
    return refuse("choice-unknown", _near(text, field.choices), allowed=allowed, allowed_en=allowed_en)


def _near(text: str, options: list[Choice]) -> str:
    """The title of the value that *text* comes nearest to."""
    words = {fold(word): o.title.zh for o in options for word in (*o.synonyms, o.name, o.title.en, o.title.zh)}
    word = fold(text)
    within = {title for known, title in words.items() if len(known) > 1 and known in word}
    if within:
        return within.pop() if len(within) == 1 else ""
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5) if 1 < len(word) < 50 else []
    return words[near[0]] if near else ""
