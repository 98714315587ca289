"""Times of day: 9:30, 9：30, 9点半, 下午3点 are read; 9.30 and 930 are refused with what they probably mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sync.cells.gate import Typed, accept, refuse
from sync.cells.number import numeral
from sync.model import TAG_BOOLEAN, TAG_DATE, TAG_NUMBER, Cell
from sync.schema import Field
from sync.settings import Settings

DAY = 86_400  # 24:00 is the end of the day
_HALF_DAY = "凌晨|清晨|早晨|早上|上午|中午|下午|午后|傍晚|晚上|夜里|早|晚"
_COLON = re.compile(
    rf"(?P<half>{_HALF_DAY})?\s*(?P<h>[0-9]{{1,2}}):(?P<m>[0-9]{{2}})(?::(?P<s>[0-9]{{2}})(?:\.[0-9]+)?)?\s*(?P<en>[ap]\.?m\.?)?",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    rf"(?P<half>{_HALF_DAY})?\s*(?P<h>[0-9]{{1,2}}|[一二两三四五六七八九十]{{1,3}})\s*[点點时時]\s*"
    r"(?:(?P<word>半|一刻|三刻|整|钟|钟整)|(?P<m>[0-9]{1,2})\s*分(?:\s*(?P<s>[0-9]{1,2})\s*秒)?|(?P<bare>[0-9]{2}))?"
)
_ENGLISH = re.compile(r"(?P<h>[0-9]{1,2})\s*(?P<en>[ap]\.?m\.?)", re.IGNORECASE)
# What an hour means after each word. What can be meant in two ways is left out: 晚上12点 ends a day or begins one.
_BEFORE_NOON = {hour: hour for hour in range(12)}
_AFTER_NOON = {hour: hour + 12 for hour in range(1, 12)} | {hour: hour for hour in range(12, 24)}
_EVENING = {hour: hour + 12 for hour in range(5, 12)} | {hour: hour for hour in range(17, 24)}
_HOURS: Mapping[str, Mapping[int, int]] = {
    "a": {hour: hour % 12 for hour in range(1, 13)},
    "p": {hour: hour % 12 + 12 for hour in range(1, 13)},
    "凌晨": {hour: hour for hour in range(7)} | {12: 0},
    **dict.fromkeys(("清晨", "早晨", "早上", "上午", "早"), _BEFORE_NOON),
    "中午": {11: 11, 12: 12, 13: 13, 14: 14, 1: 13, 2: 14},
    **dict.fromkeys(("下午", "午后", "傍晚"), _AFTER_NOON),
    **dict.fromkeys(("晚上", "夜里", "晚"), _EVENING),
}
_WORDS: Mapping[str, int] = {"半": 30, "一刻": 15, "三刻": 45}
_MISTYPED = re.compile(r"([0-9]{1,2})\s*[.,;。、\-]\s*([0-9]{2})|([0-9]{1,2})([0-9]{2})")
_ONE_DIGIT = re.compile(r"([0-9]{1,2})\s*[:点]\s*([0-9])")
# The day before serials begin: what a time looks like when it is shown as a date.
_IMAGE = re.compile(r"(?:1899-12-3[01]|1900-01-0[01])[ T]([0-9:]+)(?:\.[0-9]+)?")


def time(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """The time of day in seconds after midnight; the end of the day, 24:00, is 86400."""
    if cell.tag == TAG_NUMBER:
        return _fraction(cell.text)
    if cell.tag == TAG_BOOLEAN:
        return refuse("time-unreadable")
    if cell.tag == TAG_DATE:
        image = _IMAGE.fullmatch(cell.text)
        found = seconds(image[1]) if image else None
        later = re.fullmatch(r".{10}[ T]([0-9]{2}:[0-9]{2}).*", cell.text)
        return refuse("time-unreadable", later[1] if later else "") if found is None else accept(found)
    found = seconds(cell.text)
    return refuse("time-unreadable", likely(cell.text)) if found is None else accept(found)


def seconds(text: str) -> int | None:
    """Seconds after midnight, or None where *text* is no time of day."""
    text = text.replace("∶", ":")
    found = _COLON.fullmatch(text) or _SPOKEN.fullmatch(text) or _ENGLISH.fullmatch(text)
    if not found:
        return None
    part = {"half": "", "en": "", "m": "", "s": "", "word": "", "bare": "", **found.groupdict("")}
    if part["half"] and part["en"]:
        return None
    hour = _hour(part["h"], part["half"] or part["en"][:1].lower())
    minute = _WORDS.get(part["word"], int(part["m"] or part["bare"] or 0))
    second = int(part["s"] or 0)
    if hour is None or minute > 59 or second > 59:
        return None
    total = hour * 3600 + minute * 60 + second
    return total if total <= DAY else None


def likely(text: str) -> str:
    """The time that *text* was probably meant to say, such as 09:30 for 9.30; nothing where nobody can know."""
    if part := _MISTYPED.fullmatch(text):
        return _shown(part[1] or part[3], part[2] or part[4])
    if part := re.fullmatch(r"([0-9]{1,2})\.([0-9])", text):
        # the number 9.3 was typed as 9.30; behind 9.5 there may be half past, too
        halves = ["50", "30"] if part[2] == "5" else [f"{part[2]}0"]
        return " / ".join(filter(None, (_shown(part[1], minute) for minute in halves)))
    if part := _ONE_DIGIT.fullmatch(text):
        return _shown(part[1], part[2])
    if re.fullmatch("[0-9]{1,2}", text):
        return _shown(text, "0")
    return ""


def _fraction(text: str) -> Cell:
    """A time cell that has lost its format is a part of a day."""
    try:
        part = float(text)
    except ValueError:
        return refuse("time-unreadable")
    if 0 <= part < 1:
        return accept(min(round(part * DAY), DAY - 1))
    return refuse("time-unreadable", likely(text))


def _hour(written: str, half: str) -> int | None:
    """The hour on the 24-hour clock; None where the words and the figure do not go together."""
    hour = int(written) if written.isdecimal() else numeral(written)
    return hour if hour is None or not half else _HOURS[half].get(hour)


def _shown(hour: str, minute: str) -> str:
    return f"{int(hour):02}:{int(minute):02}" if int(hour) < 24 and int(minute) < 60 else ""
