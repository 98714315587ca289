"""The fast lane: clean, canonical spellings are read by expressions, everything else goes once through its reader.

An expression here accepts less than the reader of the same kind, and where it accepts it gives the same value
(a test holds the two together). A pattern cannot exclude 30 February and one failed cast ends a whole run:
so nothing is cast that the pattern did not guarantee, and dates are built from whole numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import narwhals as nw

from sync.model import TAG_DATE, TAG_NUMBER, TAG_TEXT, TAG_TIME

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - tables hold naive workplace time
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)

# Printable ASCII and the unified ideographs are what NFKC leaves alone; a lone sign may be a placeholder.
_PLAIN = "[0-9A-Za-z\u4e00-\u9fa5][ -~\u4e00-\u9fa5]*[0-9A-Za-z\u4e00-\u9fa5]"
_ID = r"[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])"
_PLACEHOLDERS = [
    "同上",
    "暂无",
    "待定",
    "未定",
    "没有",
    "不详",
    "未知",
    "同前",
    "NA",
    "N/A",
    "n/a",
    "na",
    "null",
    "NULL",
    "nil",
    "TBD",
    "tbd",
]


class Lane(NamedTuple):
    """*accepts* is true where the text is canonical; *value* is right there and harmless elsewhere."""

    accepts: nw.Expr
    value: nw.Expr


def lane(kind: str, text: nw.Expr, tag: nw.Expr) -> Lane | None:
    """The fast lane of *kind* over the columns *text* and *tag*, or None where every text goes through the reader."""
    make = _LANES.get(kind)
    return make(text, tag) if make else None


def civil_days(year: nw.Expr, month: nw.Expr, day: nw.Expr) -> nw.Expr:
    """Days since 1970-01-01 of a date given as whole numbers (Gregorian calendar, year ≥ 1)."""
    early = nw.when(month <= 2).then(nw.lit(1)).otherwise(nw.lit(0))
    y = year - early
    day_of_year = (153 * (month - 3 + 12 * early) + 2) // 5 + day - 1
    return 365 * y + y // 4 - y // 100 + y // 400 + day_of_year - 719468


def month_length(year: nw.Expr, month: nw.Expr) -> nw.Expr:
    """How many days *month* has."""
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = nw.when(leap).then(nw.lit(29)).otherwise(nw.lit(28))
    long = nw.when(month.is_in([4, 6, 9, 11])).then(nw.lit(30)).otherwise(nw.lit(31))
    return nw.when(month == 2).then(february).otherwise(long)


def moment(days: nw.Expr, seconds: nw.Expr | None = None) -> nw.Expr:
    """The naive moment *days* after 1970-01-01, and *seconds* into that day."""
    at = nw.lit(EPOCH) + days * nw.lit(DAY)
    return at if seconds is None else at + seconds * nw.lit(SECOND)


def _whole(text: nw.Expr, accepts: nw.Expr, start: int, length: int) -> nw.Expr:
    """The digits at *start* as a whole number, where *accepts* promises digits."""
    return nw.when(accepts).then(text.str.slice(start, length)).otherwise(nw.lit("1")).cast(nw.Int64)


def _text(text: nw.Expr, tag: nw.Expr) -> Lane:
    accepts = (tag == TAG_TEXT) & text.str.contains(f"^{_PLAIN}$") & ~text.is_in(_PLACEHOLDERS)
    return Lane(accepts, text)


def _id(text: nw.Expr, tag: nw.Expr) -> Lane:
    return Lane((tag == TAG_TEXT) & text.str.contains(f"^{_ID}$") & ~text.is_in(_PLACEHOLDERS), text)


def _integer(text: nw.Expr, tag: nw.Expr) -> Lane:
    accepts = tag.is_in([TAG_NUMBER, TAG_TEXT]) & text.str.contains(r"^(?:0|[1-9][0-9]{0,14})$")
    return Lane(accepts, nw.when(accepts).then(text).otherwise(nw.lit("0")).cast(nw.Int64))


def _number(text: nw.Expr, tag: nw.Expr) -> Lane:
    accepts = tag.is_in([TAG_NUMBER, TAG_TEXT]) & text.str.contains(r"^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?$")
    return Lane(accepts, nw.when(accepts).then(text).otherwise(nw.lit("0")).cast(nw.Float64))


def _phone(text: nw.Expr, tag: nw.Expr) -> Lane:
    accepts = tag.is_in([TAG_NUMBER, TAG_TEXT]) & text.str.contains("^1[3-9][0-9]{9}$")
    return Lane(accepts, nw.concat_str([nw.lit("+86"), text]))


def _day(text: nw.Expr, shaped: nw.Expr) -> Lane:
    year, month, day = (_whole(text, shaped, *part) for part in ((0, 4), (5, 2), (8, 2)))
    real = (month >= 1) & (month <= 12) & (day >= 1) & (day <= month_length(year, month))
    return Lane(shaped & real, civil_days(year, month, day))


def _date(text: nw.Expr, tag: nw.Expr) -> Lane:
    shaped = tag.is_in([TAG_DATE, TAG_TEXT]) & text.str.contains(r"^20[0-4][0-9]-[0-9]{2}-[0-9]{2}$")
    day = _day(text, shaped)
    return Lane(day.accepts, moment(day.value))


def _datetime(text: nw.Expr, tag: nw.Expr) -> Lane:
    shape = r"^20[0-4][0-9]-[0-9]{2}-[0-9]{2} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
    shaped = tag.is_in([TAG_DATE, TAG_TEXT]) & text.str.contains(shape)
    day = _day(text, shaped)
    hour, minute, second = (_whole(text, shaped, *part) for part in ((11, 2), (14, 2), (17, 2)))
    return Lane(day.accepts, moment(day.value, hour * 3600 + minute * 60 + second))


def _time(text: nw.Expr, tag: nw.Expr) -> Lane:
    accepts = tag.is_in([TAG_TIME, TAG_TEXT]) & text.str.contains(r"^(?:[01][0-9]|2[0-3]):[0-5][0-9](?::00)?$")
    return Lane(accepts, _whole(text, accepts, 0, 2) * 3600 + _whole(text, accepts, 3, 2) * 60)


_LANES: dict[str, Callable[[nw.Expr, nw.Expr], Lane]] = {
    "text": _text,
    "person": _text,
    "id": _id,
    "integer": _integer,
    "number": _number,
    "money": _number,
    "phone": _phone,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
}
