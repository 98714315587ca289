"""Text as a person types it, read as Sheets reads it: a number, a date, a formula, or just text."""

import datetime as dt
import math
import re
from typing import Any

EPOCH = dt.datetime(1899, 12, 30)
Format = dict[str, str]

NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?")
MONEY = re.compile(r"(?P<sign>-?)(?P<mark>[$¥￥€£])\s?(?P<amount>[\d,]*\.?\d+)")
DATE = re.compile(
    r"(?:(?P<y>\d{4})(?P<mark>[-/.])(?P<m>\d{1,2})(?P=mark)(?P<d>\d{1,2})"
    r"|(?P<cy>\d{4})年(?P<cm>\d{1,2})月(?P<cd>\d{1,2})日"
    r"|(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<ly>\d{4})"
    r"|(?P<name>[A-Za-z]{3,9})\.?[ -](?P<nd>\d{1,2})(?P<comma>,?)[ -](?P<ny>\d{4}))"
    r"(?:[ T]+(?P<time>\d.*))?"
)
NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: str(at) for at, name in enumerate(NAMES, 1)}
TIME = re.compile(r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?P<f>\.\d+)?)?\s*(?P<half>[AaPp][Mm])?")


def read(text: str, locale: str = "en_US") -> tuple[Any, Format | None]:
    """(value, the number format it brings along); formulas are for the caller."""
    if text.startswith("'"):
        return text[1:], None
    typed = text.strip()
    if typed.upper() in ("TRUE", "FALSE"):
        return typed.upper() == "TRUE", None
    return _number(typed) or _money(typed) or _date(typed, locale) or _time(typed) or (text, None)


def _number(text: str) -> tuple[Any, Format | None] | None:
    percent = text.endswith("%")
    plain = text.removesuffix("%").strip()
    if not any(letter.isdigit() for letter in plain) or not plain.isascii() or not NUMBER.fullmatch(plain):
        return None
    value = float(plain.replace(",", ""))
    if not math.isfinite(value):
        return None
    decimals = "." in plain
    if percent:
        return _whole(value / 100), {"type": "PERCENT", "pattern": "0.00%" if decimals else "0%"}
    if "e" in plain.lower():
        return _whole(value), {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    if "," in plain:
        return _whole(value), {"type": "NUMBER", "pattern": "#,##0.00" if decimals else "#,##0"}
    return _whole(value), None


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _money(text: str) -> tuple[Any, Format] | None:
    found = MONEY.fullmatch(text)
    if not found:
        return None
    value = float(found["sign"] + found["amount"].replace(",", ""))
    decimals = ".00" if "." in found["amount"] else ""
    return _whole(value), {"type": "CURRENCY", "pattern": f'"{found["mark"]}"#,##0{decimals}'}


def _date(text: str, locale: str) -> tuple[Any, Format] | None:
    found = DATE.fullmatch(text)
    if not found:
        return None
    year, month, day, pattern = _parts(found, locale)
    clock = _time(found["time"]) if found["time"] else None
    try:
        days = (dt.datetime(int(year), int(month), int(day)) - EPOCH).days
    except ValueError:
        return None
    if found["time"] and not clock:
        return None
    if clock:
        return days + clock[0], {"type": "DATE_TIME", "pattern": f"{pattern} {clock[1]['pattern']}"}
    return days, {"type": "DATE", "pattern": pattern}


def _parts(found: re.Match[str], locale: str) -> tuple[str, str, str, str]:
    if found["cy"]:
        return found["cy"], found["cm"], found["cd"], 'yyyy"年"m"月"d"日"'
    if found["name"]:
        month = MONTHS.get(found["name"][:3].lower(), "0")
        return found["ny"], month, found["nd"], f"mmm d{found['comma']} yyyy"
    if found["y"]:
        month = "mm" if len(found["m"]) == 2 else "m"
        day = "dd" if len(found["d"]) == 2 else "d"
        return found["y"], found["m"], found["d"], found["mark"].join(("yyyy", month, day))
    month_first = locale in ("en_US", "en_PH", "")
    month, day = (found["a"], found["b"]) if month_first else (found["b"], found["a"])
    return found["ly"], month, day, "m/d/yyyy" if month_first else "dd/mm/yyyy"


def _time(text: str) -> tuple[Any, Format] | None:
    found = TIME.fullmatch(text)
    if not found or int(found["m"]) > 59 or int(found["s"] or 0) > 59 or int(found["h"]) > 24:
        return None
    hours = int(found["h"])
    pattern = "h:mm:ss" if found["s"] else "h:mm"
    if found["half"]:
        hours = hours % 12 + (12 if found["half"].lower() == "pm" else 0)
        pattern += " AM/PM"
    seconds = hours * 3600 + int(found["m"]) * 60 + float((found["s"] or "0") + (found["f"] or ""))
    return seconds / 86400, {"type": "TIME", "pattern": pattern}
