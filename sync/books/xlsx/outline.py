"""Outline a part: where its elements stand, in bytes, so that something is put in and all the rest stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import quoteattr

from sync.books.xlsx.markup import local, parser
from sync.books.xlsx.package import damaged
from sync.model import BookError

Edit = tuple[int, int, bytes]  # from, to, and what stands there afterwards
Keep = Callable[[int, str, dict[str, str]], bool]

# A tag to its end: a > may stand in the value of an attribute.
_TAG = re.compile(rb"""<[^\s"'<>]+(?:[^"'<>]|"[^"]*"|'[^']*')*>""")
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding=["']([^"']+)""")
_NAMES = re.compile(rb"<(/?)(?=[A-Za-z])")


@dataclass(slots=True)
class Element:
    """One element: its opening tag runs from *start* to *opened*, its closing one from *closed* to *end*."""

    name: str
    attributes: dict[str, str]
    depth: int
    start: int
    opened: int
    closed: int = 0
    end: int = 0

    @property
    def kind(self) -> str:
        """Its name without the prefix."""
        return local(self.name)

    @property
    def prefix(self) -> str:
        """What stands before the name, colon included."""
        return self.name.removesuffix(self.kind)

    def put_in(self, content: bytes) -> Edit:
        """*content* behind everything that it holds."""
        if self.closed < self.end:
            return self.closed, self.closed, content
        return self.opened - 2, self.opened, b">" + content + f"</{self.name}>".encode()

    def set(self, part: bytes, name: str, value: str) -> list[Edit]:
        """Another *value* for the attribute *name*, where it has that attribute."""
        found = re.compile(rb"\s%s\s*=\s*(\"[^\"]*\"|'[^']*')" % name.encode()).search(part, self.start, self.opened)
        return [(*found.span(1), quoteattr(value).encode())] if found else []


def shallow(depth: int, _: str, __: dict[str, str]) -> bool:
    """The root, its children and theirs: all that small parts are made of."""
    return depth <= 2


def outline(part: bytes, keep: Keep = shallow) -> list[Element]:
    """The elements of *part* that *keep* (asked for depth, name and attributes) wants, in document order."""
    named = _ENCODING.match(part)
    if part[:2] in {b"\xff\xfe", b"\xfe\xff"} or (named and named[1].lower() not in {b"utf-8", b"us-ascii"}):
        raise unusual()
    found: list[Element] = []
    opened: list[Element | None] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        element = None
        if keep(len(opened), local(name), attributes):
            at = reader.CurrentByteIndex
            tag = _TAG.match(part, at)
            if tag is None:
                raise damaged(f"<{name}>")
            element = Element(name, attributes, len(opened), at, tag.end())
            found.append(element)
        opened.append(element)

    def end(_: str) -> None:
        element = opened.pop()
        if element is None:
            return
        if part[element.opened - 2 : element.opened] == b"/>":
            element.closed = element.end = element.opened
        else:
            element.closed = reader.CurrentByteIndex
            element.end = part.index(b">", element.closed) + 1

    reader = parser(start, end)
    reader.Parse(part, True)  # noqa: FBT003 - expat takes no keywords
    return found


def edited(part: bytes, edits: Iterable[Edit]) -> bytes:
    """*part* after *edits*, which do not overlap; those at the same place in the order given."""
    ordered = sorted(edits, key=lambda edit: edit[:2])
    if any(before[1] > after[0] for before, after in pairwise(ordered)):
        raise damaged("overlapping edits")
    pieces: list[bytes] = []
    at = 0
    for start, stop, content in ordered:
        pieces += part[at:start], content
        at = stop
    return b"".join((*pieces, part[at:]))


def put_child(elements: Sequence[Element], order: Sequence[str], kind: str, content: bytes) -> Edit:
    """*content* as the root's child of that *kind*, which it does not have yet, where *order* has its place."""
    root, later = elements[0], order[order.index(kind) + 1 :]
    following = next((found for found in elements if found.depth == 1 and found.kind in later), None)
    return root.put_in(content) if following is None else (following.start, following.start, content)


def prefixed(content: bytes, prefix: str) -> bytes:
    """*content*, whose names have no prefix, as it stands in a part where they have."""
    return _NAMES.sub(rb"<\1" + prefix.encode(), content) if prefix else content


def unusual() -> BookError:
    """The book is stored in a way that is too rare to be changed safely."""
    return BookError(
        "工作簿的内部格式不常见，为了不伤到它，没有改动；请用 Excel 或 WPS 打开后另存一次。",
        "The workbook is stored in an unusual way and was left alone. Open it with Excel or WPS and save it once.",
    )
