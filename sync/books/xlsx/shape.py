"""How a workbook is built now, as far as its cells tell."""

from __future__ import annotations

from collections.abc import Sequence

from sync.blueprint import LOOKS, BookShape, ColumnShape, Kind, TabShape
from sync.blueprint.standing import header_row
from sync.model import TAG_EMPTY, TAG_MERGED, Grid

CAN: frozenset[Kind] = frozenset({"tab", "system_tab", "column"})
BLANK = {TAG_EMPTY, TAG_MERGED}


def shape_of(name: str, where: str, grids: Sequence[Grid]) -> BookShape:
    """The shape of the book *name* with these *grids*.

    Formats, rules and notes are not told (None). Looks are said to be there: a new book has them, and people may
    change them as they like.
    """
    return BookShape(name, where, tuple(map(_tab, grids)), CAN)


def _tab(grid: Grid) -> TabShape:
    header = header_row(grid)
    return TabShape(
        grid.tab,
        grid.tab_id,
        tuple(_column(grid, header, index) for index in range(grid.width)),
        header=header,
        rows=grid.height,
        width=grid.width,
        hidden=grid.hidden,
        looks=frozenset(LOOKS),
    )


def _column(grid: Grid, header: int, index: int) -> ColumnShape:
    texts, tags = grid.texts[index], grid.tags[index]
    return ColumnShape(index, texts[header], filled=not BLANK.issuperset(tags[header + 1 :]))
