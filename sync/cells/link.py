"""Addresses: e-mail, pages on the web, and links to a file beside the book."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sync.cells.cleaning import trim
from sync.cells.gate import Typed, accept, refuse
from sync.model import Cell
from sync.schema import Field
from sync.settings import Settings

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*@((?:{_LABEL}\.)+[A-Za-z]{{2,63}})")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+\w[\w-]{0,61}\w")
_BARE_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,10}(?:/\S*)?")
_NOT_IN_ADDRESS = re.compile(r"[\s<>\"'`{}|\\^]")
_NOT_IN_NAME = re.compile(r'[<>:"|?*\x00-\x1f]')
_HAS_ENDING = re.compile(r".*[^./]\.[A-Za-z0-9]{1,5}")


def email(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """One e-mail address, its domain in small letters."""
    found = _EMAIL.fullmatch(cell.text)
    if not found or len(cell.text) > 254:
        return refuse("email-unreadable")
    return accept(cell.text[: found.start(1)] + found[1].lower())


def url(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """The address of a page, http or https."""
    if _web(cell.text, "https", "http"):
        return accept(cell.text)
    return refuse("url-unreadable", f"https://{cell.text}" if _BARE_HOST.fullmatch(cell.text) else "")


def link(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """An https address, or the name of a file in the folder beside the book, with forward slashes."""
    if _web(cell.text, "https"):
        return accept(cell.text)
    if _web(cell.text, "http"):
        return refuse("link-unreadable", "https" + cell.text[4:])
    name = trim(cell.typed).replace("\\", "/")  # as typed: compatibility forms would name another file
    parts = name.split("/")
    inside = all(part.strip(" .") and part == part.strip() for part in parts)
    if not inside or _NOT_IN_NAME.search(name) or not _HAS_ENDING.fullmatch(name):
        return refuse("link-unreadable")
    return accept(name)


def _web(text: str, *schemes: str) -> bool:
    if _NOT_IN_ADDRESS.search(text):
        return False
    try:
        parts = urlsplit(text)
        host, named = parts.hostname or "", parts.port is None or parts.port > 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return False
    # a name before an @ shows one address and opens another
    return parts.scheme in schemes and named and "@" not in parts.netloc and bool(_HOST.fullmatch(host))
