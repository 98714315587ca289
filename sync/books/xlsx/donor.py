"""New tabs in a book of their own, from which they are taken over into the book of the staff."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import xlsxwriter
from xlsxwriter.exceptions import XlsxInputError

from sync.blueprint import BookDesign, ColumnDesign, TabDesign
from sync.books.xlsx.looks import Looks
from sync.books.xlsx.offers import Cells, validation
from sync.books.xlsx.sentences import untitled
from sync.books.xlsx.stylesheet import Stylesheet
from sync.books.xlsx.tabs import Tabs

_STRING = re.compile(rb"<si>(.*?)</si>", re.DOTALL)
_SHARED = re.compile(rb' t="s"><v>(\d+)</v>')
_STYLE = re.compile(rb'(<c r="[A-Z]+\d+" s="|<col [^<>]*?style="|<cfRule [^<>]*?dxfId=")(\d+)')
_RULES = re.compile(rb"<dataValidations[^<>]*>(.*)</dataValidations>", re.DOTALL)
_NAME = re.compile(r'<definedName name="([^"]+)" localSheetId="(\d+)"( hidden="1")?>([^<]*)<')


@dataclass(frozen=True, slots=True)
class Help:
    """What helps to type into new *columns*, at *places*, from the row with the index *first* to *last*."""

    columns: Sequence[ColumnDesign]
    places: Mapping[str, int]
    first: int
    last: int

    def write(self, sheet: Any, cells: Cells) -> None:
        """Put their rules into *sheet*, which has nothing else."""
        for column in self.columns:
            if rule := validation(column.rule, cells):
                at = self.places[column.name]
                sheet.data_validation(self.first, at, self.last, at, rule)


@dataclass(frozen=True, slots=True)
class Name:
    """A name that belongs to a tab: what is printed on every page, what is filtered."""

    name: str
    hidden: str
    area: str


@dataclass(frozen=True, slots=True)
class Given:
    """A new tab as it is taken over: its part, and the parts of its notes where it has some."""

    title: str
    hidden: bool
    sheet: bytes
    names: Sequence[Name]
    related: bytes = b""  # what the sheet relates to: comments and drawing
    notes: bytes = b""
    drawing: bytes = b""


class Donor:
    """A book with new *tabs* of registers, the *system*'s, and behind them what *helps* in tabs that are there."""

    def __init__(
        self,
        design: BookDesign,
        tabs: Sequence[TabDesign],
        system: Sequence[str],
        helps: Sequence[Help],
        cells: Cells,
    ) -> None:
        self._titles = [*(tab.title for tab in tabs), *system]
        content = BytesIO()
        try:
            with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_urls": False}) as book:
                # The first tab of a book is the selected one: of two selected tabs, both get what is typed.
                book.add_worksheet(" ")
                new = Tabs(book, Looks(book), design, cells)
                for tab in tabs:
                    new.write(tab)
                for title in system:
                    new.system(title)
                for number, helped in enumerate(helps):
                    helped.write(book.add_worksheet(f" {number}"), cells)
        except XlsxInputError as error:
            raise untitled(error) from None
        self._zip = ZipFile(content)
        self._book = self._part("xl/workbook.xml").decode()

    def tabs(self, styles: Stylesheet) -> list[Given]:
        """The new tabs, their texts inside them, their styles as they are numbered in *styles*."""
        cells, conditions = styles.adopt(Stylesheet(self._part("xl/styles.xml")))
        strings: list[bytes] = _STRING.findall(self._part("xl/sharedStrings.xml"))

        def styled(found: re.Match[bytes]) -> bytes:
            places = conditions if found[1].startswith(b"<cfRule") else cells
            return b"%b%d" % (found[1], places[int(found[2])])

        def inline(found: re.Match[bytes]) -> bytes:
            return b' t="inlineStr"><is>' + strings[int(found[1])] + b"</is>"

        return [
            Given(
                title,
                f'sheetId="{number}" state="hidden"' in self._book,
                _SHARED.sub(inline, _STYLE.sub(styled, self._part(f"xl/worksheets/sheet{number}.xml"))),
                self._names(number),
                *self._notes(number),
            )
            for number, title in enumerate(self._titles, 2)
        ]

    def rules(self, helped: int) -> bytes:
        """The rules of the help with the index *helped*, as they stand in a sheet part."""
        found: list[bytes] = _RULES.findall(self._part(f"xl/worksheets/sheet{len(self._titles) + 2 + helped}.xml"))
        return b"".join(found)

    def _names(self, number: int) -> list[Name]:
        found = _NAME.findall(self._book)
        return [Name(name, hidden, area) for name, place, hidden, area in found if int(place) == number - 1]

    def _notes(self, number: int) -> list[bytes]:
        related = self._part(f"xl/worksheets/_rels/sheet{number}.xml.rels")
        paths = (re.search(rb'"\.\./(%s\d+\.\w+)"' % kind, related) for kind in (b"comments", b"drawings/vmlDrawing"))
        return [related, *(self._part(f"xl/{path[1].decode()}") for path in paths if path)]

    def _part(self, path: str) -> bytes:
        return self._zip.read(path) if path in self._zip.namelist() else b""
