"""The styles of a book: new ones go behind those that are there, and no number that is in use changes its meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from sync.books.xlsx.outline import Edit, Element, edited, outline, prefixed, put_child

ORDER = (
    *("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles"),
    *("colors", "extLst"),
)
BUILT_IN = {"": 0, "General": 0, "0": 1, "0.00": 2, "@": 49}  # formats that have a number without being listed
OWN = 164  # the first number of those that are listed
PARTS = {"fontId": "fonts", "fillId": "fills", "borderId": "borders"}  # what a cell's style is put together from


class Stylesheet:
    """A styles part, and what is added to it."""

    def __init__(self, part: bytes) -> None:
        self._part = part
        self._elements = outline(part)
        self.prefix = self._elements[0].prefix
        self._sections: dict[str, Element] = {}
        self._known: dict[str, list[bytes]] = {name: [] for name in ORDER}
        self._added: dict[str, list[bytes]] = {name: [] for name in ORDER}
        self._numbers: dict[str, int] = {}
        for element in self._elements[1:]:
            if element.depth == 1:
                self._sections[element.kind] = section = element
                continue
            self._known.setdefault(section.kind, []).append(part[element.start : element.end])
            if section.kind == "numFmts":
                self._numbers[element.attributes.get("formatCode", "")] = int(element.attributes.get("numFmtId", "0"))

    def add(self, section: str, content: bytes) -> int:
        """The place of *content* in *section*: an equal one that is there already, else behind them all."""
        known = self._known[section]
        if content not in known:
            known.append(content)
            self._added[section].append(content)
        return known.index(content)

    def number(self, code: str) -> int:
        """The number of the number format *code*."""
        if code in BUILT_IN:
            return BUILT_IN[code]
        if code not in self._numbers:
            number = max([OWN - 1, *self._numbers.values()]) + 1
            self.add("numFmts", f'<{self.prefix}numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'.encode())
            self._numbers[code] = number
        return self._numbers[code]

    def like(self, style: int, code: str) -> int:
        """The cell style that looks as *style* does and shows its values by the number format *code*."""
        known = self._known["cellXfs"]
        base = known[style] if style < len(known) else f'<{self.prefix}xf numFmtId="0"/>'.encode()
        return self.add("cellXfs", _with(base, numFmtId=self.number(code), applyNumberFormat=1))

    def tint(self, fill: str, ink: str) -> int:
        """The conditional style with the colour *ink* on *fill*, both as #RRGGBB."""
        colours = (f'<color rgb="FF{ink[1:]}"/>', f'<bgColor rgb="FF{fill[1:]}"/>')
        content = f"<dxf><font>{colours[0]}</font><fill><patternFill>{colours[1]}</patternFill></fill></dxf>"
        return self.add("dxfs", prefixed(content.encode(), self.prefix))

    def adopt(self, other: Stylesheet) -> tuple[list[int], list[int]]:
        """Where the cell styles and the conditional styles of *other* (whose names have no prefix) are found here.

        The first cell style is what cells look like that say nothing, and stays so.
        """
        codes = {number: code for code, number in other._numbers.items()}
        styles = [0]
        for content in other._known["cellXfs"][1:]:
            numbers = {name: self._adopted(other, section, _value(content, name)) for name, section in PARTS.items()}
            listed = _value(content, "numFmtId")
            numbers["numFmtId"] = self.number(codes[listed]) if listed in codes else listed
            styles.append(self.add("cellXfs", prefixed(_with(content, **numbers), self.prefix)))
        return styles, [self._adopted(other, "dxfs", place) for place in range(len(other._known["dxfs"]))]

    def _adopted(self, other: Stylesheet, section: str, place: int) -> int:
        return self.add(section, prefixed(other._known[section][place], self.prefix))

    def part(self) -> bytes:
        """The part with everything that was added; all else in it stands as it did."""
        edits: list[Edit] = []
        for name in ORDER:
            if self._added[name]:
                edits += self._grown(name, self._added[name], len(self._known[name]))
        return edited(self._part, edits)

    def _grown(self, name: str, added: Sequence[bytes], count: int) -> list[Edit]:
        content, section = b"".join(added), self._sections.get(name)
        if section is not None:
            return [section.put_in(content), *section.set(self._part, "count", str(count))]
        whole = f'<{self.prefix}{name} count="{count}">'.encode() + content + f"</{self.prefix}{name}>".encode()
        return [put_child(self._elements, ORDER, name, whole)]


def _value(content: bytes, name: str) -> int:
    found = re.search(rb'\s%s="(\d+)"' % name.encode(), content)
    return int(found[1]) if found else 0


def _with(content: bytes, **values: int) -> bytes:
    """The style *content* with other *values* in its opening tag."""
    end = content.index(b">") - content[: content.index(b">") + 1].endswith(b"/>")
    opening, rest = content[:end], content[end:]
    for name, value in values.items():
        opening = re.sub(rb"\s+%s\s*=\s*(\"[^\"]*\"|'[^']*')" % name.encode(), b"", opening)
        opening += f' {name}="{value}"'.encode()
    return opening + rest
