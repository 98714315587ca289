"""Proof-read a built site before anybody sees it: every link leads to a place inside it, and no page asks another host.

Pages, drawings, style sheets and the search's list are read by patterns: they are our own builder's spelling.
Scripts are not read. sitemap.xml is for search engines and no page leads there.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from sync.model import ServicebookError

SHOWN = 20
# A server shows this page wherever it misses one, so its links begin at the site's root. No other page's may.
MISSING_PAGE = "404.html"
SEARCH = "search/search_index.json"

_INSIDE = r"""([^"'>]*+(?:"[^"]*+"[^"'>]*+|'[^']*+'[^"'>]*+)*+)"""
_TAG = re.compile(
    rf"<!--.*?-->|<(script|style)\b{_INSIDE}>(.*?)</\1\s*>|<([a-z][\w:-]*){_INSIDE}>", re.DOTALL | re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_ADDRESSES = frozenset(
    "href xlink:href src srcset imagesrcset action formaction poster background manifest ping".split()  # noqa: SIM905
)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_ADDRESS = re.compile(
    r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*))\s*\)|@import\s+(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# Where readers go when they press; everything else a page fetches by itself.
_GOES = {"a", "area"}
# What may carry its own picture.
_DATA = {"img", "source", "image", "link", "css", "video"}


class Finding(NamedTuple):
    """A link that readers could not use, or should not: the page as the site names it, the link as it stands there."""

    page: str
    link: str
    why: str


class _Link(NamedTuple):
    """One address on a page; *tag* is the element that holds it, or css, or search."""

    tag: str
    address: str


class _Page(NamedTuple):
    ids: set[str]
    links: list[_Link]


def require(site: Path) -> None:
    """Raise ServicebookError with the first findings where *site* has any."""
    found = proof(site)
    if not found:
        return
    alike: dict[tuple[str, str], list[str]] = {}  # a wrong link of the menu stands on every page
    for page, link, why in found:
        alike.setdefault((link, why), []).append(page)
    lines = [
        f"{pages[0]}: {link}: {why}{f' (and on {len(pages) - 1} more)' if len(pages) > 1 else ''}"
        for (link, why), pages in alike.items()
    ]
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    told = "\n".join(lines[:SHOWN] + more)
    raise ServicebookError(f"The new site has links that it must not have; the old one is still there.\n{told}")


def proof(site: Path) -> list[Finding]:
    """Every link of *site* that leads nowhere, out of it, to a machine's own paths, or to another host by itself."""
    files = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*")) if path.is_file()}
    pages = dict(_pages(files))
    judged: dict[tuple[str, _Link], str] = {}  # the pages of one folder share their menu
    found = []
    for name, page in pages.items():
        base = posixpath.dirname(name)
        for link in dict.fromkeys(page.links):
            at = name if link.address[:1] in "#?" or name == MISSING_PAGE else base
            if (at, link) not in judged:
                judged[at, link] = _why(name, link, pages, files)
            if judged[at, link]:
                found.append(Finding(name, link.address, judged[at, link]))
    return found


def _pages(files: dict[str, Path]) -> Iterator[tuple[str, _Page]]:
    known: dict[str, list[tuple[str, str]]] = {}
    for name, path in files.items():
        if name.endswith((".html", ".svg")):
            yield name, _read(path.read_text(encoding="utf-8", errors="replace"), known)
        elif name.endswith(".css"):
            yield name, _Page(set(), list(_css(path.read_text(encoding="utf-8"))))
        elif name == SEARCH:
            places = msgspec.json.decode(path.read_bytes(), type=_Index).docs
            # places are told from the site's root, and this file lies one folder deeper
            yield name, _Page(set(), [_Link("search", f"../{place.location}") for place in places])


class _Place(msgspec.Struct):
    location: str


class _Index(msgspec.Struct):
    docs: list[_Place]


def _read(text: str, known: dict[str, list[tuple[str, str]]]) -> _Page:
    """The ids and links of one page; *known* keeps what tags that stand on many pages say."""
    page = _Page(set(), [])
    for raw, raw_inside, body, tag, inside in _TAG.findall(text):
        within = raw_inside or inside
        if raw.lower() == "style":
            page.links.extend(_css(body))
        if not within:
            continue
        if within not in known:
            known[within] = [(key.lower(), a or b or c) for key, a, b, c in _ATTRIBUTE.findall(within)]
        if known[within]:
            _note(page, (raw or tag).lower(), known[within])
    return page


def _note(page: _Page, tag: str, attributes: list[tuple[str, str]]) -> None:
    for key, value in attributes:
        if key == "id" or (key == "name" and tag == "a"):
            page.ids.add(html.unescape(value))
        elif key in _ADDRESSES or (key == "data" and tag == "object"):
            page.links.extend(_Link(_kind(tag, attributes), one) for one in _several(key, html.unescape(value)))
        elif key == "style":
            page.links.extend(_css(html.unescape(value)))
        elif key == "class" and "mermaid" in value.split():
            page.links.append(_Link("mermaid", value))
        elif key == "content" and ("http-equiv", "refresh") in {(k, v.lower()) for k, v in attributes}:
            page.links.append(_Link("meta", html.unescape(value).partition("=")[2].strip("'\" ")))


def _kind(tag: str, attributes: list[tuple[str, str]]) -> str:
    """*tag*, or "a" for the links in a page's head that name another page and fetch nothing."""
    rel = dict(attributes).get("rel", "") if tag == "link" else ""
    return "a" if rel in {"canonical", "alternate"} else tag


def _several(key: str, value: str) -> list[str]:
    """The addresses of a srcset, each with its size behind it; any other attribute has one."""
    return [part.split()[0] for part in value.split(",") if part.strip()] if key.endswith("srcset") else [value]


def _css(text: str) -> Iterator[_Link]:
    for match in _CSS_ADDRESS.finditer(_CSS_COMMENT.sub("", text)):
        yield _Link("css", next(filter(None, match.groups()), "").strip())


def _why(name: str, link: _Link, pages: dict[str, _Page], files: dict[str, Path]) -> str:
    """What is wrong with *link* on the page *name*; "" when nothing is."""
    # browsers drop these characters before they look for a scheme
    address = re.sub(r"[\t\r\n]", "", link.address).strip("".join(map(chr, range(33))))
    scheme = _SCHEME.match(address)
    if link.tag == "base":
        return "it moves every other link of the page"
    if link.tag == "mermaid":
        return "the theme's script fetches what draws it from another host; use a flow of the handbook"
    if scheme:
        return _abroad(link.tag, scheme[1].lower())
    if address.startswith("//"):
        return _abroad(link.tag, "https")
    return _inside(name, link.tag, address, pages, files)


def _abroad(tag: str, scheme: str) -> str:
    if scheme == "file" or len(scheme) == 1:
        return "it names a path of this machine"
    if scheme == "data" and tag in _DATA:
        return ""
    if scheme in {"http", "https"}:
        return "" if tag in _GOES else "the page asks another host for it"
    return "" if tag in _GOES and scheme in {"mailto", "tel"} else f"a page has no use for “{scheme}:”"


def _inside(name: str, tag: str, address: str, pages: dict[str, _Page], files: dict[str, Path]) -> str:
    """What is wrong with an address without a host; *name* is the page it stands on."""
    path, _, anchor = address.partition("#")
    path = unquote(path.partition("?")[0])
    if "\\" in path:
        return "it names a path of this machine"
    if path.startswith("/") and name != MISSING_PAGE:
        return "it begins at the server's root, where the site need not lie"
    base = "" if path.startswith("/") else posixpath.dirname(name)
    target = posixpath.normpath(posixpath.join(base, path.lstrip("/"))) if path else name
    if target.split("/")[0] == "..":
        return "it leads out of the site"
    if target not in files:
        return "there is no such file"
    if not anchor or target not in pages or tag == "css" or anchor.lower() == "top":
        return ""
    return "" if {anchor, unquote(anchor)} & pages[target].ids else "there is no such place on that page"
