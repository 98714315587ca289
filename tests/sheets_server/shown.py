"""A value as its cell shows it: numbers and dates by their format."""

import datetime as dt
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .entered import EPOCH, Format

DATE_LETTERS = {"y", "m", "d", "h", "s"}
HALVES = {"am/pm", "a/p"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DEFAULTS = {"DATE": "m/d/yyyy", "TIME": "h:mm:ss AM/PM", "DATE_TIME": "m/d/yyyy h:mm:ss", "PERCENT": "0.00%"} | {
    "CURRENCY": '"$"#,##0.00',
    "SCIENTIFIC": "0.00E+00",
    "NUMBER": "#,##0.00",
}
PIECE = re.compile(r'"[^"]*"|\\.|\[(?:h+|m+|s+)\]|am/pm|a/p|y+|m+|d+|h+|s+|\.0+|.', re.DOTALL | re.IGNORECASE)
DIGITS = re.compile(r"[#0?][#0?,]*(?:\.[#0?]+,*)?(?:[eE][+-]0+)?")
FRACTION = re.compile(r"(?:(?P<whole>[#0?]+) )?[#0?]+/(?P<under>[#0?]+)")


@dataclass(frozen=True)
class Error:
    """What a formula that failed gives: #N/A, with the reason Sheets would add."""

    code: str
    message: str = ""

    @property
    def text(self) -> str:
        return f"{self.code} ({self.message})" if self.message else self.code


def is_moment(number_format: Format | None) -> bool:
    """Whether numbers of this format are dates or times."""
    if not number_format:
        return False
    if number_format.get("type") in ("DATE", "TIME", "DATE_TIME"):
        return True
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", number_format.get("pattern", ""))
    return number_format.get("type") != "TEXT" and bool(re.search(r"[ydhs]", bare, re.IGNORECASE))


def show(value: Any, number_format: Format | None = None, locale: str = "en_US") -> str:
    """What a person sees in the cell."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Error):
        return value.code
    if not isinstance(value, int | float):
        return "" if value is None else str(value)
    kind = (number_format or {}).get("type", "")
    pattern = (number_format or {}).get("pattern") or _default(kind, locale)
    if not pattern or kind == "TEXT" or pattern.lower() in ("general", "@"):
        return general(value)
    return moment(value, pattern) if is_moment(number_format) else _number(value, pattern)


def _default(kind: str, locale: str) -> str:
    if locale.startswith("zh"):
        return {"DATE": "yyyy-mm-dd", "DATE_TIME": "yyyy-mm-dd h:mm:ss", "TIME": "h:mm:ss"}.get(kind) or DEFAULTS.get(
            kind, ""
        )
    return DEFAULTS.get(kind, "")


def general(value: float) -> str:
    """The automatic format: whole numbers whole, others to ten digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10g}"
    if "e" not in text:
        return text
    if abs(value) >= 1e-9 and abs(value) < 1:
        return f"{value:.15f}".rstrip("0")
    digits, _, power = f"{value:.5e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}E{power}"


def moment(serial: float, pattern: str) -> str:
    """A day number by a pattern of y m d h s."""
    pieces = PIECE.findall(pattern)
    letters = ["" if piece[0] in '"\\' or piece.lower() in HALVES else piece.strip("[")[0].lower() for piece in pieces]
    elapsed = [letter for piece, letter in zip(pieces, letters, strict=True) if piece[0] == "[" and letter]
    clock = _Clock(serial, half=any(piece.lower() in HALVES for piece in pieces), first="".join(elapsed)[:1])
    found = [
        clock.shown(piece, letter, minutes=_minutes(letters, at))
        for at, (piece, letter) in enumerate(zip(pieces, letters, strict=True))
    ]
    return "".join(found)


def _minutes(letters: list[str], at: int) -> bool:
    """m means minutes after hours and before seconds."""
    before = next((letter for letter in reversed(letters[:at]) if letter in DATE_LETTERS), "")
    after = next((letter for letter in letters[at + 1 :] if letter in DATE_LETTERS), "")
    return before == "h" or after == "s"


class _Clock:
    """One moment, piece by piece."""

    def __init__(self, serial: float, *, half: bool, first: str) -> None:
        self.first = first
        self.seconds = round(serial * 86400, 3)
        self.when = EPOCH + dt.timedelta(seconds=self.seconds)
        self.half = half

    def shown(self, piece: str, letter: str, *, minutes: bool) -> str:
        size = len(piece)
        if piece[0] in '"\\':
            return piece.strip('"').removeprefix("\\")
        if piece.lower() in HALVES:
            return self.of_day(piece)
        if piece[0] == "[" and size > 1:
            spent = int(self.seconds // {"h": 3600, "m": 60, "s": 1}[letter])
            return f"{spent if letter == self.first else spent % 60:0{size - 2}d}"
        if piece[0] == "." and size > 1:
            return f"{self.seconds % 1:.{size - 1}f}"[1:]
        if letter in ("d", "m") and size > 2 and not (letter == "m" and minutes):
            return self.name(letter, size)
        return self.number(piece, letter, minutes=minutes)

    def of_day(self, piece: str) -> str:
        text = "PM" if self.when.hour >= 12 else "AM"
        if len(piece) > 3:
            return text
        return text[0] if piece[0] == "A" else text[0].lower()

    def name(self, letter: str, size: int) -> str:
        name = MONTHS[self.when.month - 1] if letter == "m" else WEEKDAYS[self.when.weekday()]
        return name[: {3: 3, 5: 1}.get(size)]

    def number(self, piece: str, letter: str, *, minutes: bool) -> str:
        when, wide = self.when, len(piece) > 1
        if letter == "y":
            return f"{when.year:04d}" if len(piece) > 2 else f"{when.year % 100:02d}"
        hours = (when.hour % 12 or 12) if self.half else when.hour
        month = when.minute if minutes else when.month
        numbers = {"d": when.day, "m": month, "s": when.second, "h": hours}
        return f"{numbers[letter]:0{1 + wide}d}" if letter in numbers else piece


def _number(value: float, pattern: str) -> str:
    sections = re.sub(r"\[[^\]]*\]", "", pattern).split(";")
    section, minus = sections[0], value < 0
    if value < 0 and len(sections) > 1:
        section, minus = sections[1], False
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    bare = re.sub(r'"[^"]*"|\\.', lambda quoted: "\1" * len(quoted[0]), section)
    found = FRACTION.search(bare) or DIGITS.search(bare)
    if not found:
        return _literal(section)
    text = _digits(abs(value) * (100 if "%" in bare else 1), found)
    return ("-" if minus else "") + _literal(section[: found.start()]) + text + _literal(section[found.end() :])


def _digits(amount: float, found: re.Match[str]) -> str:
    core = found[0]
    if "/" in core:
        return _fraction(amount, len(found["under"]), mixed=found["whole"] is not None)
    if "e" in core.lower():
        return _scientific(amount, core)
    thousands = len(core) - len(core.rstrip(","))
    return _decimal(amount / 1000**thousands, core.rstrip(","))


def _literal(text: str) -> str:
    return re.sub(r'"([^"]*)"|\\(.)|_.|\*.', lambda found: found[1] or found[2] or "", text)


def _decimal(amount: float, core: str) -> str:
    whole, _, places = core.partition(".")
    least = places.count("0")
    text = f"{amount:{',' if ',' in whole else ''}.{len(places)}f}"
    head, _, tail = text.partition(".")
    while len(tail) > least and tail.endswith("0"):
        tail = tail[:-1]
    head = head.zfill(whole.count("0")) if "," not in whole else head
    if head == "0" and "0" not in whole:
        head = ""
    return head + ("." + tail if tail else "")


def _fraction(amount: float, digits: int, *, mixed: bool) -> str:
    exact = Fraction(amount).limit_denominator(10**digits - 1)
    whole, rest = divmod(exact.numerator, exact.denominator) if mixed else (0, exact.numerator)
    part = f"{rest}/{exact.denominator}" if rest else ""
    return " ".join(text for text in (str(whole) if whole else "", part) if text) or "0"


def _scientific(amount: float, core: str) -> str:
    mark = "e" if "e" in core else "E"
    before, _, after = core.partition(mark)
    digits, _, power = f"{amount:.{len(before.partition('.')[2])}e}".partition("e")
    sign = power[0] if power[0] == "-" or "+" in after else ""
    return f"{digits}{mark}{sign}{power[1:].lstrip('0').zfill(after.count('0'))}"
