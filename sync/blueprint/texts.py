"""What the books say about themselves, from site/words/guide.yaml."""

from __future__ import annotations

from functools import cache

import msgspec

from sync import yamlfile
from sync.schema import Words
from sync.words import SHIPPED


class Line(Words, frozen=True, kw_only=True):
    """A line of the first page, with what stands at its left; *only* for one kind of book."""

    name: str
    only: str = ""


class Warned(Words, frozen=True, kw_only=True):
    """What is said about something *unusual* that was typed, and the *hint* that comes before."""

    unusual: str
    title: str | None = None
    hint: str | None = None


class Seen(Words, frozen=True, kw_only=True):
    """A view: the states whose words open a status (open: all of them that ask for something), or what it contains.

    *people*: rows stand by the first of these columns that the tab has, or else by its first with one of our people.
    """

    name: str
    states: tuple[str, ...] = ()
    contains: str = ""
    people: tuple[str, ...] | None = None


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
    live: dict[str, Words]
    warnings: dict[str, Warned]
    views: list[Seen]
    plan: dict[str, Words]
    changes: dict[str, Words]
    looks: dict[str, Words]


@cache
def texts() -> Texts:
    """The texts as they are shipped."""
    return msgspec.convert(yamlfile.read(SHIPPED / "guide.yaml"), Texts)


def book_title(book: str) -> Words:
    """What a book is called: the name of its file, and of its first page."""
    return texts().books.get(book, Words(zh=book, en=book))
