"""The second column of a register's tab: what the last run made of each row, looked up by a formula."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from sync.blueprint import BAND_ROW, FIRST, HEADER_ROW, STATUS_AT, WAITING, BookDesign, TabDesign
from sync.books.xlsx.looks import NOTE, Looks
from sync.model import STATUS_HEADER, STATUS_TAB, SYNC_TAB

STATUS_END = 100_001  # last row of the hidden tab that the look-up sees
AS_OF = f'=IF(\'{SYNC_TAB}\'!$B$2="","截至 —","截至 "&TEXT(\'{SYNC_TAB}\'!$B$2,"mm-dd hh:mm"))&T(NOW())'


def status_formula(register: str, row: int, key: str, others: Sequence[str]) -> str:
    """The look-up that shows what the last run made of the sheet's *row*.

    Its id stands in the column with the letter *key*; *others* are the cells right of the status in which people type.

    The hidden tab is sorted, so the quick approximate match finds the key, and an exact comparison confirms it.
    Tried in LibreOffice: keys in *status_order* are found, whatever the case; keys with `~ * ? ' ( _` between digits
    or full-width letters may be missed there, and then an exact match finds them (with its wildcards escaped).
    `T(NOW())` makes the formula work itself out at every opening, since a program trusts saved results.
    A row with nothing but its pre-written number shows nothing.
    """
    keys, found = (f"'{STATUS_TAB}'!${letter}$2:${letter}${STATUS_END}" for letter in "AB")
    both = f"'{STATUS_TAB}'!$A$2:$B${STATUS_END}"
    typed, filled = f"${key}{row}", ",".join(others)
    key = f'"{register}|"&{typed}'
    plain = f'SUBSTITUTE(SUBSTITUTE(SUBSTITUTE({key},"~","~~"),"*","~*"),"?","~?")'
    at = f"MATCH({plain},{keys},0)"
    slow = f'IFERROR(INDEX({found},{at}/EXACT(INDEX({keys},{at}),{key})),"{WAITING}")'
    alone = f"COUNTA({filled})=0" if typed == f"$A{row}" else f"COUNTA($A{row},{filled})=1"
    missed = f'IF({alone},"",{slow})'
    quick = f"IF(IFERROR(EXACT(VLOOKUP({key},{keys},1),{key}),FALSE),VLOOKUP({key},{both},2),{missed})"
    return f'=IF({typed}="","",{quick})&T(NOW())'


def status_column(
    sheet: Any, looks: Looks, design: BookDesign, tab: TabDesign, end: int, places: Mapping[str, int]
) -> None:
    """Write the second column down to the row with index *end*, where the columns stand at *places*."""
    light, strong = "#F2F2F2", "#D9E1E8"
    plain = looks.format(font_size=10)
    sheet.set_column(STATUS_AT, STATUS_AT, 32, plain)
    as_of = looks.format(font_size=9, bg_color=light, font_color="#1F5E2E")
    sheet.write_formula(BAND_ROW, STATUS_AT, AS_OF, as_of, "")
    stale = {"type": "formula", "criteria": '=LEFT($B$1,8)<>"截至 "&TEXT(TODAY(),"mm-dd")'}
    grey = looks.change(bg_color="#D9D9D9", font_color="#7F7F7F")
    sheet.conditional_format(BAND_ROW, STATUS_AT, BAND_ROW, STATUS_AT, {**stale, "format": grey})
    head = looks.format(bold=True, bg_color=strong, text_wrap=True, valign="vcenter", bottom=1)
    sheet.write_string(HEADER_ROW, STATUS_AT, STATUS_HEADER, head)
    sheet.write_comment(HEADER_ROW, STATUS_AT, design.status_note, NOTE)
    last = max(places.values())
    typed = _typed({places[one.name] for one in tab.live if one.name in places}, last, FIRST + 1)
    formula = status_formula(tab.register, FIRST + 1, xl_col_to_name(places[tab.key]), typed)
    sheet.fill_down(FIRST, end, STATUS_AT, formula, plain)
    if tab.void:
        void = f"${xl_col_to_name(places[tab.void])}{FIRST + 1}"
        rule = {"type": "formula", "criteria": f'=OR({void}="是",{void}=TRUE)'}
        look = looks.change(font_color="#8C8C8C", font_strikeout=True)
        sheet.conditional_format(FIRST, 0, end, last, {**rule, "format": look})
    for colour in design.colours:
        test = ",".join(f'LEFT($B3,{len(start)})="{start}"' for start in colour.starts)
        look = looks.change(bg_color=colour.fill, font_color=colour.ink)
        sheet.conditional_format(
            FIRST, STATUS_AT, end, STATUS_AT, {"type": "formula", "criteria": f"=OR({test})", "format": look}
        )


def _typed(live: Collection[int], last: int, row: int) -> list[str]:
    """The cells of *row* from the third column to the *last* but for those *live*: a formula there is nothing typed."""
    ends = [STATUS_AT, *sorted(live), last + 1]
    between = [(before + 1, after - 1) for before, after in pairwise(ends) if before + 1 < after]
    return [f"${xl_col_to_name(first)}{row}:${xl_col_to_name(end)}{row}" for first, end in between]


class _Filled(str):
    """A formula that is filled down *area*, as it stands in the first row."""

    __slots__ = ("area", "number")
    area: str
    number: int  # by which the cells name it


class Tab(Worksheet):  # type: ignore[misc]
    """A tab whose formulas are written as they are, and those that are filled down only once."""

    filled = 0  # how many are

    def fill_down(self, first: int, last: int, column: int, formula: str, look: Any) -> None:
        """*formula*, written for the row with index *first*, in all rows to *last*.

        Stored once: 20,000 rows open in LibreOffice a second later than without it, and not six.
        """
        filled = _Filled(formula.removeprefix("="))
        filled.number, self.filled = self.filled, self.filled + 1
        filled.area = xl_range(first, column, last, column)
        for row in range(first, last + 1):
            self.write_formula(row, column, filled, look, "")

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002
        # Ours use no function newer than 2007; looking for forty newer names in each took most of the time.
        return formula if isinstance(formula, _Filled) else formula.removeprefix("=")

    def _xml_formula_element(self, formula: str, result: object, attributes: Sequence[tuple[str, object]] = ()) -> None:
        if not isinstance(formula, _Filled):
            super()._xml_formula_element(formula, result, attributes)
            return
        place = "".join(f' {name}="{value}"' for name, value in attributes)
        first = formula.area.split(":")[0] == dict(attributes)["r"]
        number = f'si="{formula.number}"'
        stored = f' ref="{formula.area}" {number}>{escape(formula)}</f>' if first else f" {number}/>"
        self.fh.write(f'<c{place}><f t="shared"{stored}<v></v></c>')
