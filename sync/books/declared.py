"""See a tab as its declarations mean it, where the source itself does not tell dates from numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sync.books.serials import Look, Shown
from sync.layout import Laid
from sync.model import TAG_BOOLEAN, TAG_EMPTY, TAG_NUMBER, Grid
from sync.schema import Column

LOOKS: Mapping[str, Look] = {"date": "date", "datetime": "moment", "time": "time"}


def as_declared(laid: Laid) -> Grid:
    """The grid of *laid* with dates where dates are declared, and without checkboxes that nobody ticked."""
    texts, tags = list(laid.grid.texts), list(laid.grid.tags)
    for column in laid.register.columns:
        look, at = _look(column), laid.at.get(column.name)
        if look and at is not None and TAG_NUMBER in tags[at]:
            texts[at], tags[at] = _dated(texts[at], tags[at], Shown(look, since_1904=False))
    silent = _silent(laid)
    for at, column_tags in enumerate(tags):
        if silent and TAG_BOOLEAN in column_tags:
            texts[at] = ["" if row in silent else text for row, text in enumerate(texts[at])]
            tags[at] = "".join(TAG_EMPTY if row in silent else tag for row, tag in enumerate(column_tags))
    return replace(laid.grid, texts=texts, tags=tags)


def _look(column: Column) -> Look | None:
    """What a number is in *column*, where it is not just a number."""
    return "date" if column.part == "date" else LOOKS.get(column.kind)


def _dated(texts: Iterable[str], tags: str, shown: Shown) -> tuple[list[str], str]:
    cells = [shown[text] if tag == TAG_NUMBER else (text, tag) for text, tag in zip(texts, tags, strict=True)]
    return [text for text, _ in cells], "".join(tag for _, tag in cells)


def _silent(laid: Laid) -> set[int]:
    """Rows that say nothing: beside their number, which may be written ahead, they have only unticked boxes.

    A checkbox column says FALSE in every row down to the end of the tab, used or not.
    """
    grid, key = laid.grid, laid.at.get(laid.register.primaryKey)
    ticks = [at for at, tags in enumerate(grid.tags) if TAG_BOOLEAN in tags and not laid.ours(at)]
    if not ticks:
        return set()
    others = [tags for at, tags in enumerate(grid.tags) if at not in (key, *ticks) and not laid.ours(at)]
    return {
        row
        for row in range(laid.header + 1, grid.height)
        if all(tags[row] == TAG_EMPTY for tags in others)
        and all(grid.tags[at][row] == TAG_EMPTY or _unticked(grid, at, row) for at in ticks)
    }


def _unticked(grid: Grid, at: int, row: int) -> bool:
    return grid.tags[at][row] == TAG_BOOLEAN and grid.texts[at][row] == "FALSE"
