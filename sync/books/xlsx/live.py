"""The live columns of a register's tab: formulas that every row has, and the colours of soon and past."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sync.blueprint import BAND_ROW, FIRST, HEADER_ROW, BookDesign, TabDesign
from sync.blueprint.live import Live, formula, past, soon
from sync.books.xlsx.looks import NOTE, Looks
from sync.books.xlsx.places import column_letters

LAST = 100_001  # the row to which holds in their own tab are seen
LIGHT, STRONG = "#F2F2F2", "#D9E1E8"  # the fills of the status, too: nobody types here
Test = Callable[[Live, Mapping[str, str]], str]
COLOURS: tuple[tuple[str, Test], ...] = (("late", past), ("soon", soon))


def refs(live: Live, row: int, at: Mapping[str, int], elsewhere: Mapping[str, str]) -> dict[str, str]:
    """The cells of the sheet's *row* that *live* looks at: its columns stand *at* indexes, the rest is *elsewhere*."""
    own = {name: f"${column_letters(at[name])}{row}" for name in (*live.needs, live.name) if name in at}
    return {**elsewhere, **own}


def below(tab: str, column: int, first: int) -> str:
    """All rows of the *column* of *tab*, from that with the index *first* on."""
    letter, title = column_letters(column), tab.replace("'", "''")
    return f"'{title}'!${letter}${first + 1}:${letter}${LAST}"


def elsewhere(design: BookDesign, live: Live) -> dict[str, str]:
    """Where a new book of *design* has what *live* looks at in other tabs."""
    register, _, column = live.terms.held.partition(".")
    tab = next((tab for tab in design.tabs if tab.register == register), None)
    return {live.terms.held: below(tab.title, tab.places[column], FIRST)} if tab and column in tab.places else {}


def live_columns(sheet: Any, looks: Looks, design: BookDesign, tab: TabDesign, end: int) -> None:
    """Write the live columns of *tab* down to the row with index *end*."""
    places = tab.places
    for live in (one for one in tab.live if one.name in places):
        at = places[live.name]
        look = looks.format(font_size=10, num_format=live.number_format, align="center")
        sheet.set_column(at, at, live.width, look)
        head = looks.format(bold=True, bg_color=STRONG, text_wrap=True, valign="vcenter", bottom=1)
        sheet.write_blank(BAND_ROW, at, None, looks.format(bg_color=LIGHT))
        sheet.write_string(HEADER_ROW, at, live.title.zh, head)
        sheet.write_comment(HEADER_ROW, at, live.note, NOTE)
        cells = refs(live, FIRST + 1, places, elsewhere(design, live))
        sheet.fill_down(FIRST, end, at, formula(live, cells), look)
        if live.shows == "left":
            for rule in conditions(design, live, cells, looks):
                sheet.conditional_format(FIRST, at, end, at, rule)


def conditions(design: BookDesign, live: Live, cells: Mapping[str, str], looks: Looks) -> list[dict[str, object]]:
    """The colours of *live*, as of the status; *cells* are those of the first row."""
    by_name = {colour.name: colour for colour in design.colours}
    return [
        {
            "type": "formula",
            "criteria": f"={test(live, cells)}",
            "format": looks.change(bg_color=by_name[name].fill, font_color=by_name[name].ink),
        }
        for name, test in COLOURS
    ]
