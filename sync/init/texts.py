"""What the books say about themselves, from site/words/guide.yaml."""

from __future__ import annotations

from functools import cache

import msgspec

from sync import yamlfile
from sync.schema import Words
from sync.words import SHIPPED


class Line(Words, frozen=True, kw_only=True):
    """A line of the first page, with what stands at its left."""

    name: str


class Warned(Words, frozen=True, kw_only=True):
    """What is said about something *unusual* that was typed, and the *hint* that comes before."""

    unusual: str
    title: str | None = None
    hint: str | None = None


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    books: dict[str, Words]
    registers: Line
    problems: Words
    rules: Line
    house_rules: list[Line]
    how: dict[str, Words]
    one_of: Words
    required: Words
    required_later: Words
    personal: Words
    status: Words
    warnings: dict[str, Warned]


@cache
def texts() -> Texts:
    """The texts as they are shipped."""
    return msgspec.convert(yamlfile.read(SHIPPED / "guide.yaml"), Texts)
