"""Rewrite the rows of our own tabs inside a workbook, and nothing else that people made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from sync.books import Link, Tab, Value
from sync.books.xlsx.layout import Calculation, Layout
from sync.books.xlsx.package import Package, damaged
from sync.books.xlsx.places import column_letters
from sync.books.xlsx.rawzip import replaced
from sync.books.xlsx.sheet import read_parts
from sync.books.xlsx.text import LINE, MOST_LINES, lines_in, markup
from sync.model import BookError

if TYPE_CHECKING:
    from sync.settings import Bounds

OF_ITS_OWN = {"r", "spans", "hidden", "collapsed"}  # attributes of a row that belong to its old content


@dataclass(frozen=True, slots=True)
class Patched:
    """The workbook with new rows, or None where it shows them already; and which tabs it does not have."""

    data: bytes | None
    missing: list[str]


def patched(data: bytes, tabs: Mapping[str, Tab], bounds: Bounds) -> Patched:
    """The workbook *data* with the rows of *tabs*."""
    package = Package(data, bounds.unpacked_mb, bounds.ratio)
    ours = [part for part in package.tabs if part.title in tabs]
    titles = {part.title for part in ours}
    missing = [title for title in tabs if title not in titles]
    parts = {
        part.path: new_rows(package.part(part.path), part.title, tabs[part.title], hidden=part.hidden) for part in ours
    }
    if all(package.part(path) == part for path, part in parts.items()):
        return Patched(None, missing)
    book = package.part(package.book)
    parts[package.book] = recalculating(book)
    new = replaced(data, {package.names[path.lower()]: part for path, part in parts.items()})
    after = Package(new, bounds.unpacked_mb, bounds.ratio)
    if after.zip.testzip() is not None:
        raise damaged("copy")
    # Excel stores the same rows in other words: then there is nothing to write either
    same = read_parts("", package, titles) == read_parts("", after, titles)
    return Patched(None if same else new, missing)


def new_rows(part: bytes, title: str, rows: Tab, *, hidden: bool = False) -> bytes:
    """The sheet *part* with *rows* in place of its own; everything else in it stays."""
    layout = Layout(part)
    if hidden:  # nobody looks at how high its rows are
        layout.widths.clear()
    if not layout.utf8:
        raise _not_utf8(title)
    if layout.formulas:
        raise BookError(
            f"系统标签页“{title}”里有人写了公式；这一页由程序整页重写，请把公式移到别的标签页。",
            f"There are formulas in the system tab “{title}”, which is rewritten as a whole. Move them elsewhere.",
        )
    (start, stop), (links, after) = layout.rows, layout.links or (len(part), len(part))
    fresh = part[:start] + _sheet_data(layout, rows) + part[stop:links] + _links(layout, rows) + part[after:]
    if layout.dimension is not None:
        size = _dimension(rows)
        fresh = fresh[: layout.dimension] + re.sub(rb'ref="[^"]*"', size, fresh[layout.dimension :], count=1)
    return fresh


def recalculating(part: bytes) -> bytes:
    """The workbook *part* asking for all formulas to be worked out when it is opened."""
    found = Calculation(part)
    if found.wanted:
        return part
    name = f"<{found.prefix}calcPr".encode()
    if found.at is None:
        return part[: found.after] + name + b' fullCalcOnLoad="1"/>' + part[found.after :]
    end = part.index(b">", found.at)
    rest = re.sub(rb"""\s+fullCalcOnLoad=("[^"]*"|'[^']*')""", b"", part[found.at + len(name) : end])
    return part[: found.at] + name + b' fullCalcOnLoad="1"' + rest + part[end:]


def _not_utf8(title: str) -> BookError:
    return BookError(
        f"系统标签页“{title}”的编码不常见，没有写入；请用 Excel 或 WPS 打开后另存一次。",
        f"The system tab “{title}” is stored in an unusual encoding and was left alone. Save the book once with Excel.",
    )


def _sheet_data(layout: Layout, rows: Tab) -> bytes:
    p = layout.prefix
    # an empty tab keeps the looks of its first data row, for the night when there is something to say again
    height = max(len(rows), *(row for row in (1, 2) if layout.styles[row]), 0, 0)
    lines = [_row(layout, number, rows[number - 1] if number <= len(rows) else ()) for number in range(1, height + 1)]
    return f"<{p}sheetData>{''.join(lines)}</{p}sheetData>".encode()


def _row(layout: Layout, number: int, values: Sequence[Value]) -> str:
    """One row, its cells styled as the first rows are."""
    kept = layout.attributes.get(min(number, 2), {})
    if number > 1:  # heights belong to the text of one row
        kept = {name: value for name, value in kept.items() if name in {"s", "customFormat"}}
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in kept.items() if name not in OF_ITS_OWN)
    if number > 1:
        attributes += _height(layout, values)
    width = max(len(values), *(column + 1 for column in layout.styles[min(number, 2)]), 0, 0)
    padded = [*values, *[None] * (width - len(values))]
    cells = "".join(_cell(layout, number, column, value) for column, value in enumerate(padded))
    p = layout.prefix
    return f'<{p}row r="{number}"{attributes}>{cells}</{p}row>'


def _height(layout: Layout, values: Sequence[Value]) -> str:
    """A row grows with its longest text: not every program sees to that when it opens the book."""
    texts = (str(value.text if isinstance(value, Link) else value) for value in values)
    lines = max((lines_in(text, layout.widths.get(place, 0)) for place, text in enumerate(texts)), default=1)
    return f' ht="{min(lines, MOST_LINES) * LINE}" customHeight="1"' if lines > 1 else ""


def _cell(layout: Layout, row: int, column: int, value: Value) -> str:
    p = layout.prefix
    style = layout.style(row, column)
    opening = f'<{p}c r="{column_letters(column)}{row}"' + (f' s="{style}"' if style else "")
    value = value.text if isinstance(value, Link) else value
    match value:
        case None | "":
            return f"{opening}/>" if style else ""
        case bool():
            return f'{opening} t="b"><{p}v>{value:d}</{p}v></{p}c>'
        case int() | float() if isfinite(value):
            return f"{opening}><{p}v>{value!r}</{p}v></{p}c>"
    text = str(value)
    space = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return f'{opening} t="inlineStr"><{p}is><{p}t{space}>{markup(text)}</{p}t></{p}is></{p}c>'


def _links(layout: Layout, rows: Tab) -> bytes:
    p = layout.prefix
    found = [
        f'<{p}hyperlink ref="{column_letters(column)}{row}" location={quoteattr(value.target)}/>'
        for row, values in enumerate(rows, 1)
        for column, value in enumerate(values)
        if isinstance(value, Link)
    ]
    return f"<{p}hyperlinks>{''.join(found)}</{p}hyperlinks>".encode() if found else b""


def _dimension(rows: Tab) -> bytes:
    corner = f"{column_letters(max(map(len, rows), default=1) - 1 if any(rows) else 0)}{max(len(rows), 1)}"
    return f'ref="A1:{corner}"'.encode() if corner != "A1" else b'ref="A1"'
