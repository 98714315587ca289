"""Letters and numbers of cells."""

from __future__ import annotations

import re

_AREA = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})")


def column_index(letters: str) -> int:
    """The index of the column with *letters* (A is 0)."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(index: int) -> str:
    """The letters of the column with *index* (0 is A)."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def corners(area: str) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom index of *area* (A1:C3); None for a single cell."""
    found = _AREA.fullmatch(area)
    if not found:
        return None
    return column_index(found[1]), int(found[2]) - 1, column_index(found[3]), int(found[4]) - 1
