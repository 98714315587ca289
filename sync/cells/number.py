"""Counts, numbers and sums of money."""

from __future__ import annotations

import math
import re

from sync.cells.gate import Typed, accept, refuse
from sync.model import TAG_BOOLEAN, TAG_DATE, TAG_TIME, Cell
from sync.schema import Field
from sync.settings import Settings

_PLAIN = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
# 3台 is three; 3箱 is as many as the box holds, so a pack is not read.
_COUNTED = re.compile(r"(.*[0-9])\s*[台个件只套块根条把次人张份片支]")
_WITH_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*[^\W\d_]{1,6}")
_MONEY = re.compile(r"(?:¥|rmb|cny|人民币)?\s*([+-]?[0-9.,]+)\s*(?:元|块|圆|rmb|cny)?整?", re.IGNORECASE)
_TEN_THOUSANDS = re.compile(r"¥?\s*([0-9]{1,6}(?:\.[0-9]{1,4})?)\s*[万w]元?", re.IGNORECASE)
# Beyond 15 digits a spreadsheet, and a double, no longer hold every whole number.
_LONGEST = 15
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_DIGITS = {
    sign: digit
    for digit, signs in enumerate(("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for sign in signs
}


def integer(cell: Typed, field: Field, _settings: Settings) -> Cell:
    """A whole number; without a sign, unless the field declares a minimum below zero."""
    if _is_date(cell):
        return refuse("number-is-date")
    text = _uncounted(cell.text)
    plain = text.replace(",", "")
    signed = plain.startswith(("+", "-"))
    if not _PLAIN.fullmatch(text) or not _WHOLE.fullmatch(plain) or (signed and not _below_zero(field)):
        return refuse("integer-unreadable", _meant(cell.text, whole=True))
    if len(plain.lstrip("+-")) > _LONGEST:
        return refuse("integer-unreadable")
    return accept(int(plain))


def number(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """A number with or without decimals."""
    return _float(cell, _uncounted(cell.text), "number-unreadable", _meant(cell.text))


def money(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """A sum in yuan; 1.2万 is refused with the sum that it probably means."""
    large = _TEN_THOUSANDS.fullmatch(cell.text)
    if large:
        return refuse("money-unreadable", f"{float(large[1]) * 10_000:.15g}")
    found = _MONEY.fullmatch(cell.text.replace("−", "-"))
    return _float(cell, found[1] if found else "", "money-unreadable", _meant(cell.text))


def numeral(text: str) -> int | None:
    """The number below a hundred that Chinese numerals say: 九, 十二, 三十."""
    tens, ten, ones = text.replace("拾", "十").rpartition("十")
    if not ten:
        return _DIGITS.get(text)
    if (tens and not _DIGITS.get(tens)) or (ones and not _DIGITS.get(ones)):
        return None
    return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)


def _is_date(cell: Typed) -> bool:
    """Whether a spreadsheet made a date of what was typed, or somebody moved such a cell elsewhere as text."""
    return cell.tag in {TAG_DATE, TAG_TIME} or _DAY.fullmatch(cell.text) is not None


def _float(cell: Typed, text: str, code: str, suggestion: str) -> Cell:
    if _is_date(cell):
        return refuse("number-is-date")
    if cell.tag == TAG_BOOLEAN or not _PLAIN.fullmatch(text):
        return refuse(code, suggestion)
    found = float(text.replace(",", ""))
    return accept(found) if math.isfinite(found) else refuse(code)


def _uncounted(text: str) -> str:
    counted = _COUNTED.fullmatch(text)
    return (counted[1] if counted else text).replace("−", "-")


def _below_zero(field: Field) -> bool:
    least = field.constraints.minimum
    return isinstance(least, int | float) and least < 0


def _meant(text: str, *, whole: bool = False) -> str:
    """The bare number that *text* probably means; nothing where there is a doubt."""
    spelt = numeral(text)
    if spelt is not None:
        return str(spelt)
    found = _WITH_UNIT.fullmatch(text) or re.fullmatch(r"\+?([0-9]+(?:\.[0-9]+)?)", text)
    if not found or re.search("[eExX万千百亿%]|[wWkK]$", text):
        return ""
    bare = found[1].rstrip("0").rstrip(".") if "." in found[1] else found[1]
    return "" if len(bare) > _LONGEST or (whole and "." in bare) else bare
