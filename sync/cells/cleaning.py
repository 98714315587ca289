"""Clean a text for comparing and parsing, and make a text visible for messages. What is stored stays as typed."""

from __future__ import annotations

import re
import unicodedata

# Left-to-right and right-to-left orders: they make a text show other than it is.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_BIDI_ANY = re.compile(f"[{_BIDI}]")
# What takes no room on the screen: format characters, variation selectors, fillers,
# and controls other than line breaks.
_INVISIBLE = re.compile(
    f"[{_BIDI}\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u206f\u2800\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
# Said where there is nothing to say.
PLACEHOLDERS = frozenset({"无", "暂无", "待定", "未定", "不详", "未知", "N/A", "n/a", "TBD", "tbd"})
_ONLY_SIGNS = re.compile(r"[-/\\‐‑‒–—―−─━_.。…?]+")
_DITTO = frozenset({"同上", "同前", "〃", "々", '"', "''", "′′", "”", "“"})


def clean(text: str) -> str:
    """*text* for comparing: compatibility forms made plain, outer white space and all that is invisible gone."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()


def fold(text: str) -> str:
    """*text* for finding headers, choices and keys: cleaned, and no matter the case."""
    return clean(clean(text).casefold())


def trim(text: str) -> str:
    """*text* without what is invisible, otherwise as typed: a file's name is another one in its compatibility form."""
    return _INVISIBLE.sub("", text).strip()


def bidi(text: str) -> bool:
    """Whether there are controls in *text* that turn its order round."""
    return not text.isascii() and bool(_BIDI_ANY.search(text))


def is_placeholder(text: str) -> bool:
    """Whether *text* only fills the cell: / —— 暂无 待定."""
    return fills(clean(text))


def fills(cleaned: str) -> bool:
    """*is_placeholder* of what is cleaned already."""
    return cleaned in PLACEHOLDERS or bool(_ONLY_SIGNS.fullmatch(cleaned))


def is_ditto(text: str) -> bool:
    """Whether *text* points at the cell above, which sorting would change."""
    return points_up(clean(text))


def points_up(cleaned: str) -> bool:
    """*is_ditto* of what is cleaned already."""
    return cleaned in _DITTO


def strange_digits(text: str) -> bool:
    """Whether cleaning would make a plain digit of something else, such as 10² or ③; full-width digits are plain."""
    return not text.isascii() and any(
        not "０" <= sign <= "９" and any("0" <= plain <= "9" for plain in unicodedata.normalize("NFKC", sign))
        for sign in text
        if not sign.isascii()
    )


def visible(text: str, limit: int = 200) -> str:
    """*text* for a message: what cannot be seen is spelt out, and at most *limit* characters are shown."""
    shown = "".join(_spelt(sign) for sign in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _spelt(sign: str) -> str:
    if sign == "\n":
        return "↵"
    hidden = unicodedata.category(sign)[0] == "C" or unicodedata.category(sign) in {"Zl", "Zp"}
    hidden = hidden or bool(_INVISIBLE.match(sign)) or (sign.isspace() and sign not in " \u3000")
    return f"‹U+{ord(sign):04X}›" if hidden else sign
