"""What a cell of a workbook shows, as text: numbers in digits, dates as ISO, times as HH:MM:SS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Literal

from sync.model import SERIAL_ZERO, TAG_DATE, TAG_ERROR, TAG_MERGED, TAG_NUMBER, TAG_TIME, Area, Raw

Look = Literal["number", "date", "moment", "time", "elapsed"]

# Formats that a file names by number only; 27-36 and 50-58 are those of Chinese editions.
BUILT_IN: Mapping[int, Look] = {
    22: "moment",
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 55), 57, 58), "date"),
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47, 55, 56), "time"),
    46: "elapsed",
}
_LITERAL = re.compile(r'"[^"]*"?|\\.|_.|\*.')
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_NOT_A_DATE = re.compile(r"\[[^\]]*\]|am/pm|a/p|上午/下午|general|g/通用格式|e[+-]", re.IGNORECASE)

_SERIAL = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]{1,3})?")
LAST_DAY = 2958465  # 9999-12-31
BETWEEN_SYSTEMS = 1462  # days from the 1900 to the 1904 system
NEVER = 60  # the 29 February 1900 that workbooks count and the calendar does not


def look(code: str) -> Look:
    """What the number format *code* makes of a number."""
    bare = _LITERAL.sub("", code).split(";")[0]
    letters = _NOT_A_DATE.sub("", _ELAPSED.sub("", bare)).lower()
    if re.search(r"[ydge]|aaa", letters):
        return "moment" if "h" in letters else "date"
    if _ELAPSED.search(bare):
        return "elapsed"
    if re.search(r"[hs]", letters):
        return "time"
    return "date" if "m" in letters else "number"


class Shown(dict[str, tuple[str, str]]):
    """The texts and tags of numbers that share one *look*: the same number is worked out once."""

    def __init__(self, look: Look, *, since_1904: bool) -> None:
        super().__init__()
        self._look = look
        self._first = BETWEEN_SYSTEMS if since_1904 else 0

    def __missing__(self, stored: str) -> tuple[str, str]:
        found = self[stored] = self._read(stored)
        return found

    def _read(self, stored: str) -> tuple[str, str]:
        found = self._moment(float(stored)) if self._look != "number" and _SERIAL.fullmatch(stored) else None
        if found is not None:
            return found
        text = digits(stored)
        return (stored, TAG_ERROR) if text is None else (text, TAG_NUMBER)

    def _moment(self, serial: float) -> tuple[str, str] | None:
        """The date or time that *serial* is; None where it is neither, so that it stays a number."""
        if serial > LAST_DAY + 1:
            return None
        days = int(serial)
        # never rounded up into the next day
        seconds = min(round((serial - days) * 86400), 86399)
        clock = _clock(seconds)
        if self._look == "elapsed":
            return f"{days * 24 + seconds // 3600:02}{clock[2:]}", TAG_TIME
        if days == 0 and (self._look == "time" or not self._first):
            return clock, TAG_TIME
        day = _day(days + self._first)
        if day is None:
            return None
        # midnight is a time where the cell shows times, and none where it shows days
        return (day if self._look == "date" and not seconds else f"{day} {clock}"), TAG_DATE


def serial(raw: Raw, code: str) -> float | None:
    """The number that a cell with the number format *code* shows as *raw*, a date or a time; None where none does."""
    try:
        number = _seconds(raw.text) / 86400 if raw.tag == TAG_TIME else _days(raw.text)
    except ValueError:  # a file may call the 45th a date
        return None
    return number if shown(repr(number), code) == raw else None


def _seconds(clock: str) -> int:
    hours, minutes, seconds = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _days(moment: str) -> float:
    return (datetime.fromisoformat(moment) - SERIAL_ZERO) / timedelta(days=1)


def shown(stored: str, code: str) -> tuple[str, str]:
    """The text and tag of the number *stored* under the number format *code*."""
    return _shown(code)[stored]


@cache
def _shown(code: str) -> Shown:
    return Shown(look(code), since_1904=False)


def digits(stored: str) -> str | None:
    """The number that a file stores as *stored*, shortest and without an exponent; None where it is no number."""
    if stored.isascii() and stored.isdigit() and len(stored) <= 15:
        return str(int(stored))
    try:
        text = repr(float(stored))
    except ValueError:
        return None
    if "n" in text or "_" in stored or not stored.isascii():  # nan, inf, and what only Python takes for numbers
        return None
    if "e" in text:
        text = f"{Decimal(text):f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def iso(stored: str) -> tuple[str, str] | None:
    """The text and tag of a cell that stores its date as ISO; None where it does not."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?)?", stored, re.ASCII)
    if not found:
        return None
    clock = found[2]
    return (f"{found[1]} {clock}" if clock and clock != "00:00:00" else found[1]), TAG_DATE


def mark_merged(area: Area, tags: list[list[str]], height: int) -> None:
    """Tag the cells of *area* other than its first: they have no value of their own, and are not empty either."""
    top, bottom, left, right = area
    for column in range(left, min(right, len(tags))):
        for row in range(top, min(bottom, height)):
            if (row, column) != (top, left):
                tags[column][row] = TAG_MERGED


@cache
def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@cache
def _day(serial: int) -> str | None:
    if serial in {0, NEVER} or serial > LAST_DAY:
        return None
    # before March 1900 Excel shows the next day, for the sake of its 29 February; LibreOffice and Sheets count plainly,
    # and so do we: no work lies there, and what was typed (11.22) can be told from the plain count
    return (date(1899, 12, 30) + timedelta(days=serial)).isoformat()
