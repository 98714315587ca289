"""Make text fit for a cell: what a workbook cannot hold is replaced visibly, and nothing becomes a formula."""

from __future__ import annotations

import re
from math import ceil
from xml.sax.saxutils import escape

LONGEST = 32_767  # UTF-16 units in a cell
LINE = 15  # points that a line of text takes
MOST_LINES = 12  # a row of more hides the others
_CONTROLS = {code: chr(0x2400 + code) for code in range(32) if code not in {9, 10, 13}}  # ␀ ␁ …
_FORBIDDEN = re.compile("[\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def fit(text: str) -> str:
    """*text* as a cell can hold it: controls and broken characters made visible, cut with … where it is too long."""
    visible = _FORBIDDEN.sub("\ufffd", text.translate(_CONTROLS))
    if len(visible) * 2 <= LONGEST or _units(visible) <= LONGEST:
        return visible
    half = visible.encode("utf-16-le")[: (LONGEST - 1) * 2]
    return half.decode("utf-16-le", "ignore") + "…"


def markup(text: str) -> str:
    """*text*, made fit, as it stands between the tags of a cell."""
    plain = _LOOKS_ESCAPED.sub("_x005F_", fit(text))
    return escape(plain).replace("\r", "_x000D_")


def lines_in(text: str, width: float) -> int:
    """How many lines *text* takes in a wrapping column of *width* (in Latin letters; a Chinese one takes two)."""
    if width < 2 or (len(text) * 2 <= width and "\n" not in text):
        return 1
    taken = (sum(2 if letter > "\u2e7f" else 1 for letter in line) for line in text.split("\n"))
    return sum(max(1, ceil(units * 1.1 / (width - 1))) for units in taken)  # the last letters of a line move down


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
