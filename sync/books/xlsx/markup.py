"""The one door to XML: every part of a workbook is read here, and none may declare anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from xml.parsers import expat

from sync.model import BookError

Start = Callable[[str, dict[str, str]], None]
BLOCK = 1 << 20
# text between tags as the fast lane takes it: no control characters, no entities but the five
_PLAIN = r"[^<&\x00-\x08\x0b-\x1f]*+"
DATA = rf"{_PLAIN}(?:&(?:amp|lt|gt|quot|apos);{_PLAIN})*+"
_ENTITY = re.compile("&(amp|lt|gt|quot|apos);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def parser(start: Start, end: Callable[[str], None] | None = None) -> expat.XMLParserType:
    """A parser that calls *start* and *end* with names as written, and refuses document types."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse
    made.StartElementHandler = start
    made.EndElementHandler = end
    return made


def _refuse(*_: object) -> None:
    raise BookError(
        "文件里夹带了 XML 类型声明（DTD），正常的工作簿不会有；请用 Excel 或 WPS 重新另存为 .xlsx。",
        "The file carries an XML document type, which no workbook has; save it anew as .xlsx with Excel or WPS.",
    )


def elements(part: bytes) -> list[tuple[str, dict[str, str]]]:
    """Every element of a small *part* in document order: local name and attributes (names without their prefix)."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((local(name), {local(key): value for key, value in attributes.items()}))

    parser(start).Parse(part, True)  # noqa: FBT003 - expat takes no keywords
    return found


def local(name: str) -> str:
    """*name* without its prefix."""
    return name.rpartition(":")[2]


def decoded(text: str) -> str:
    """*text* with the escapes that workbooks use for characters XML cannot hold (_x000D_) undone."""
    if "_x" not in text:
        return text
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unescaped(text: str) -> str:
    """*text* as it stands between tags, with the five entities undone."""
    return _ENTITY.sub(lambda found: _ENTITIES[found[1]], text) if "&" in text else text


def feed(
    blocks: Iterable[bytes],
    to: expat.XMLParserType,
    opening: re.Pattern[bytes],
    closing: bytes,
    take: Callable[[str], bool],
) -> None:
    """Parse a long part, with a fast lane.

    What stands between *opening* and the last *closing* of a block goes to *take* as text, which answers False
    where it is not spelled as usual; from the first such block on, everything goes to the parser.
    """
    rest = b""
    lane: bool | None = None  # not decided yet
    for block in blocks:
        rest += block
        if lane is None:
            found = opening.search(rest)
            lane = found is not None and _plain(rest[: found.start()])
            if found is not None and lane:
                to.Parse(rest[: found.end()])
                rest = rest[found.end() :]
        if lane:
            cut = rest.rfind(closing) + len(closing)
            if cut >= len(closing):
                text = _text(rest[:cut])
                lane = text is not None and take(text)
                if lane:
                    rest = rest[cut:]
        if not lane:
            to.Parse(rest)
            rest = b""
    to.Parse(rest, True)  # noqa: FBT003


def _plain(head: bytes) -> bool:
    """Nothing before the rows hides them or spells them in another encoding."""
    named = re.search(rb"""encoding=["']([^"']+)""", head[:200])
    return b"<!" not in head and (named is None or named[1].lower() == b"utf-8")


def _text(block: bytes) -> str | None:
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        return None
