"""Telephone numbers in one form, E.164 with ;ext= for an extension; a number that lost digits is refused."""

from __future__ import annotations

import re

from sync.cells.gate import Typed, accept, refuse
from sync.model import TAG_NUMBER, TAG_TEXT, Cell
from sync.schema import Field
from sync.settings import Settings

_LABEL = re.compile(r"(?:电话|手机|座机|固话|tel|mobile|phone)\s*[.:]?\s*", re.IGNORECASE)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_EXTENSION = re.compile(r"(.*?)\s*(?:;ext=|转分机|分机号?|转|ext\.?|x|#)\s*[:.]?\s*([0-9]{1,6})", re.IGNORECASE)
_DASHED = re.compile(
    r"(\(?0[0-9]{2,3}\)?[- ]?[0-9]{7,8}|0[0-9]{2,3}-[0-9]{3,4}-[0-9]{4}|[48]00-?[0-9]{3,4}-?[0-9]{3,4})-([0-9]{1,6})"
)
_DRESSING = re.compile(r"[\s().-]")
_SHAPE = re.compile(r"\(?\+?[0-9(][0-9\s().-]*[0-9]")
_BROKEN = re.compile(r"[.-]{2}|[(][^)]*$|\.[0-9]{1,2}$")
_ABROAD = re.compile(r"^(?:\+|00)")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0((?:10|2[0-9])[0-9]{8}|[3-9][0-9]{2}[0-9]{7,8})")
_SERVICE = re.compile(r"[48]00[0-9]{7}")
_NO_ZERO = re.compile(r"(?:10|2[0-9])[2-8][0-9]{7}|[3-9][0-9]{2}[2-8][0-9]{6,7}")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?e\+?[0-9]{1,2}", re.IGNORECASE)
_MASKED = re.compile(r"[0-9].*[*•●xX]{2,}|[*•●xX]{2,}.*[0-9]")
_BETWEEN = re.compile(r"[/、,;|\n]|或|和|及|(?<=[0-9]{7})\s+(?=[0-9+])")


def phone(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """The number as +86…, with ;ext= where there is an extension; two numbers in one cell are refused, both of them."""
    if cell.tag not in {TAG_TEXT, TAG_NUMBER}:
        return refuse("phone-unreadable")
    text = _LABEL.sub("", cell.text, count=1) if _LABEL.match(cell.text) else cell.text
    text = text.translate(_DASHES)
    if _SCIENTIFIC.fullmatch(text) or _MASKED.search(text):
        return refuse("phone-lost-digits")
    found = one(text)
    if found:
        return accept(found)
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    if len(parts) > 1 and sum(one(part) is not None for part in parts) > 1:
        return refuse("phone-two")
    bare = _DRESSING.sub("", text)
    lost = cell.tag == TAG_NUMBER and "." in cell.text
    return refuse("phone-lost-digits" if lost or _NO_ZERO.fullmatch(bare) else "phone-unreadable")


def one(text: str) -> str | None:
    """The one number in *text* in its canonical form, or None."""
    split = _EXTENSION.fullmatch(text) or _DASHED.fullmatch(text)
    number, extension = (split[1], split[2]) if split else (text, "")
    found = _international(number)
    if found is None:
        return None
    return f"{found};ext={extension}" if extension else found


def _international(text: str) -> str | None:
    # brackets and dashes mean nothing, but any other sign, or a dash at the end, is more than a number
    if not _SHAPE.fullmatch(text) or _BROKEN.search(text):
        return None
    digits = _DRESSING.sub("", text)
    abroad = _ABROAD.sub("", digits)
    if digits == abroad:
        return _chinese(digits.removeprefix("86") if len(digits) == 13 else digits)
    if not abroad.startswith("86"):
        return _foreign(abroad)
    # +86 10 … and the double +86 010 … are the same line
    own = abroad.removeprefix("86")
    return _chinese(own) or _chinese(f"0{own}")


def _chinese(digits: str) -> str | None:
    """Our own rules, since the library's tables know only numbers that were given out."""
    if _MOBILE.fullmatch(digits) or _SERVICE.fullmatch(digits):
        return f"+86{digits}"
    landline = _LANDLINE.fullmatch(digits)
    return f"+86{landline[1]}" if landline else None


def _foreign(digits: str) -> str | None:
    import phonenumbers  # 86 is nearly always enough

    try:
        number = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
