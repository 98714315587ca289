"""What the cells of all tabs share: the strings they point to, and how each style shows a number."""

from __future__ import annotations

import re
from typing import get_args

from sync.books.serials import BUILT_IN, Look, Shown, look
from sync.books.xlsx.markup import DATA, decoded, elements, feed, local, parser, unescaped
from sync.books.xlsx.package import Package

T = rf'<t(?: xml:space="preserve")?(?:/>|>({DATA})</t>)'
_STRING = re.compile(rf"<si>{T}</si>")
_OPENING = re.compile(b"<sst[^<>]*>")


def shared_strings(package: Package) -> list[str]:
    """The strings that cells point to; rich text is joined, reading aids are left out."""
    path = package.of_kind("sharedStrings")
    strings = _Strings()
    if path is not None:
        feed(package.blocks(path), strings.parser, _OPENING, b"</si>", strings.take)
    return strings.found


class _Strings:
    """The strings of the part, in both lanes."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.parser = parser(self._start, self._end)
        self._value: list[str] = []
        self._aid = False  # inside the reading aid of a word (rPh)

    def take(self, block: str) -> bool:
        """Add the strings of *block*; False where it holds anything else."""
        pieces = _STRING.split(block)  # what lies between them, and their texts, by turns
        if "".join(pieces[::2]).strip():
            return False
        self.found.extend(decoded(unescaped(text or "")) for text in pieces[1::2])
        return True

    def _start(self, name: str, _: dict[str, str]) -> None:
        match local(name):
            case "si":
                self._value.clear()
            case "t" if not self._aid:
                self.parser.CharacterDataHandler = self._value.append
            case "rPh":
                self._aid = True

    def _end(self, name: str) -> None:
        match local(name):
            case "t":
                self.parser.CharacterDataHandler = None
            case "rPh":
                self._aid = False
            case "si":
                self.found.append(decoded("".join(self._value)))


def styles(package: Package) -> list[Shown]:
    """How each style shows its numbers; styles that look alike share what was worked out."""
    shown: dict[Look, Shown] = {kind: Shown(kind, since_1904=package.since_1904) for kind in get_args(Look)}
    return [shown[kind] for kind in _looks(package)] or [shown["number"]]


def _looks(package: Package) -> list[Look]:
    path = package.of_kind("styles")
    looks: list[Look] = []
    codes: dict[str, str] = {}
    section = ""
    for name, attributes in elements(package.part(path)) if path else ():
        if name in {"numFmts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs"}:
            section = name
        elif name == "numFmt" and section == "numFmts":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf" and section == "cellXfs":
            number = attributes.get("numFmtId", "0")
            looks.append(look(codes[number]) if number in codes else BUILT_IN.get(int(number), "number"))
    return looks
