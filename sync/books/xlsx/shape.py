"""How a workbook is built now, as far as its cells tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from sync.blueprint import LOOKS, BookShape, ColumnShape, Kind, TabShape
from sync.blueprint.standing import STATUS, header_row
from sync.books.xlsx.formulas import Marks
from sync.model import TAG_EMPTY, TAG_MERGED, Grid
from sync.schema import heading

CAN: frozenset[Kind] = frozenset({"tab", "system_tab", "column", "live", "formula"})
BLANK = {TAG_EMPTY, TAG_MERGED}


def shape_of(name: str, where: str, grids: Sequence[Grid], formulas: Mapping[str, Marks]) -> BookShape:
    """The shape of the book *name* with these *grids* and the marks of their live *formulas*, by the tab's title.

    Formats, rules and notes are not told (None). Looks are said to be there: a new book has them, and people may
    change them as they like.
    """
    return BookShape(name, where, tuple(_tab(grid, formulas.get(grid.tab, {})) for grid in grids), CAN)


def _tab(grid: Grid, formulas: Marks) -> TabShape:
    header = header_row(grid)
    used = _used(grid, header, set(formulas))
    return TabShape(
        grid.tab,
        grid.tab_id,
        tuple(_column(grid, header, index, formulas.get(index, {}), used) for index in range(grid.width)),
        header=header,
        rows=grid.height,
        width=grid.width,
        hidden=grid.hidden,
        looks=frozenset(LOOKS),
    )


def _column(grid: Grid, header: int, index: int, formulas: Mapping[int, str], used: Collection[int]) -> ColumnShape:
    texts, tags = grid.texts[index], grid.tags[index]
    filled = not BLANK.issuperset(tags[header + 1 :])
    if not formulas:
        return ColumnShape(index, texts[header], filled=filled)
    mark, *others = Counter(formulas.values()).most_common()
    # what somebody typed over a formula is theirs; a row without either was put in by hand
    gaps = bool(others) or any(row not in formulas and tags[row] in BLANK for row in used)
    return ColumnShape(index, texts[header], filled=filled, live=mark[0], gaps=gaps)


def _used(grid: Grid, header: int, live: Collection[int]) -> list[int]:
    """The indexes of the rows in which people wrote something, be it only the number."""
    typed = [tags for index, tags in enumerate(grid.tags) if index not in live and not _is_status(grid, index, header)]
    return [row for row in range(header + 1, grid.height) if any(tags[row] not in BLANK for tags in typed)]


def _is_status(grid: Grid, index: int, header: int) -> bool:
    return heading(grid.texts[index][header]) == STATUS
