"""Bring the books in, find each register's tab and columns, and keep what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sync.books.declared import as_declared
from sync.kept import TabRecord
from sync.layout import Laid, Pulled, letter
from sync.model import (
    MOMENT_LINE,
    ROWS_LINE,
    SERIAL_ZERO,
    SYNC_TAB,
    SYSTEM_HEADERS,
    Copy,
    Grid,
    Problem,
    SafetyStop,
)
from sync.schema import Column, Register, Schema, Source, heading
from sync.settings import Gates

HEADER_WITHIN = 10  # rows from the top in which the headers are looked for
LastGood = Callable[[str, str], tuple[Grid, datetime] | None]


def lay_out(copies: Sequence[Copy], schema: Schema, last_good: LastGood) -> Pulled:
    """Find the tab and the columns of every register in *copies*.

    A tab that is missing, or whose headers cannot be used, keeps the rows of *last_good*, marked with their date.
    """
    pulled = Pulled(list(copies), [], [])
    by_book = {copy.book: copy for copy in copies}
    for register in schema.registers.values():
        for source in register.tabs:
            copy = by_book.get(source.book)
            if copy is None:
                continue  # the department does not keep this book
            found, problems = _found(register, source, copy, schema.live[register.name])
            pulled.problems += problems
            if found is None or any(problem.severity == "error" for problem in problems):
                pulled.broken.append((source.book, source.tab, register.name))
                found = _last_good(register, source, last_good, schema.live[register.name])
            if found is not None:
                pulled.laid.append(found)
    pulled.problems += _copied_tabs(pulled)
    return pulled


def _copied_tabs(pulled: Pulled) -> Iterator[Problem]:
    """A tab that nobody reads although it has a register's headers: what is typed there is lost without a word."""
    read = {(one.source.book, one.grid.tab): one for one in pulled.laid}
    broken = {(book, register) for book, _, register in pulled.broken}  # they are told with the tabs that there are
    for copy in pulled.copies:
        sound = [o for (book, _), o in read.items() if book == copy.book and (book, o.register.name) not in broken]
        for grid in copy.grids:
            if grid.hidden or grid.tab in SYSTEM_HEADERS or (copy.book, grid.tab) in read:
                continue
            found = next((one for one in sound if _has_its_headers(one, grid)), None)
            if found:
                params = {"original": found.grid.tab}
                yield Problem("tab-copy", "warning", found.register.name, grid.tab, book=copy.book, params=params)


def _has_its_headers(read: Laid, grid: Grid) -> bool:
    """Whether all columns of the tab that is *read* stand in *grid*, too, with rows below them."""
    laid, _ = laid_grid(read.register, read.source, grid, read.live)
    return laid.height > 0 and len(laid.at) > 2 and laid.at.keys() >= read.at.keys()


def _last_good(register: Register, source: Source, last_good: LastGood, live: frozenset[str]) -> Laid | None:
    kept = last_good(source.book, source.tab)
    if kept is None:
        return None
    laid, _ = laid_grid(register, source, kept[0], live)
    laid.since = kept[1]
    return laid


def _found(
    register: Register, source: Source, copy: Copy, live: frozenset[str]
) -> tuple[Laid | None, list[Problem]]:  # fmt: skip
    named = [grid for grid in copy.grids if heading(grid.tab) in _titles(register, source)]
    exact = [grid for grid in named if grid.tab == source.tab] or named
    if len(exact) == 1:
        return laid_grid(register, source, exact[0], live)
    there = "、".join(grid.tab for grid in copy.grids if not grid.hidden)
    code = "tab-double" if exact else "tab-missing"
    problem = Problem(
        code, "error", register.name, source.tab, book=source.book, value=source.tab, params={"there": there}
    )
    return None, [problem]


def _titles(register: Register, source: Source) -> set[str]:
    if register.sources:
        return {heading(source.tab)}
    return {heading(title) for title in (source.tab, register.title.zh, register.title.en, register.name)}


def laid_grid(
    register: Register, source: Source, grid: Grid, live: frozenset[str] = frozenset()
) -> tuple[Laid, list[Problem]]:
    """Where *register*'s columns stand in *grid*, and what is wrong with its headers; formulas of ours fill *live*."""
    known = {heading(t) for column in register.columns for t in (*column.titles, *column.aliases, *column.whole)}
    rows = [[heading(texts[row]) for texts in grid.texts] for row in range(min(HEADER_WITHIN, grid.height))]
    hits = [len(known.intersection(row)) for row in rows]
    header = hits.index(max(hits)) if hits else 0
    laid = Laid(register, source, grid, header, live=live)
    problems = []
    titles = rows[header] if rows else []
    for column in register.columns:
        places = _places(column, titles)
        if column.part == "time" and _shares(column, laid, titles, places):
            laid.empty.add(column.name)
        elif len(places) == 1:
            laid.at[column.name] = places[0]
        else:
            problems.append(_header_problem(laid, column, places))
    if grid.serials:
        laid.grid = as_declared(laid)
    return laid, problems


def _places(column: Column, titles: Sequence[str]) -> list[int]:
    """The columns that *column* may be: its titles first, then its older names, then the undivided title."""
    for names in (column.titles, column.aliases, column.whole):
        if places := _at(titles, names):
            return places
    return []


def _shares(column: Column, laid: Laid, titles: Sequence[str], places: Sequence[int]) -> bool:
    """Whether this tab keeps the time in the same column as the date, under the undivided title."""
    date = laid.at.get(f"{column.field.name}__date")
    return date is not None and (date in places or (not places and date in _at(titles, _undivided(column))))


def _undivided(column: Column) -> tuple[str, ...]:
    whole = column.field
    return (whole.title.zh, whole.title.en, *whole.aliases, whole.name)


def _at(titles: Sequence[str], names: Iterable[str]) -> list[int]:
    wanted = {heading(name) for name in names}
    return [index for index, title in enumerate(titles) if title in wanted]


def _header_problem(laid: Laid, column: Column, places: Sequence[int]) -> Problem:
    needed = column.required or column.name == laid.register.primaryKey
    return Problem(
        code="header-double" if places else "header-missing",
        severity="error" if needed else "warning",
        register=laid.register.name,
        tab=laid.grid.tab,
        row=laid.header + 1,
        field=column.field.name,
        header=column.titles[0],
        column="、".join(letter(place) for place in places),
        book=laid.source.book,
    )


# ---------------------------------------------------------------- gates


def gate(
    tonight: Sequence[TabRecord], before: Mapping[tuple[str, str], int], gates: Gates, *, accepted: bool
) -> list[Problem]:
    """Compare the rows in use with the last good run: warn past one limit, stop past the other.

    Raises SafetyStop when too many rows are gone, or a tab that had rows is empty, unless *accepted*.
    """
    problems, stops = [], []
    for tab in tonight:
        had = before.get((tab.book, tab.tab), 0)
        if not tab.good or had <= tab.rows:
            continue
        lost = (had - tab.rows) * 100 / had
        too_many = tab.rows == 0 or (had >= gates.base and lost > gates.stop_percent)
        if too_many:
            stops.append(f"「{tab.tab}」{had} → {tab.rows}")
        if too_many or (had >= gates.base and lost > gates.warn_percent):
            params = {"had": str(had), "has": str(tab.rows)}
            problems.append(Problem("rows-lost", "warning", tab.register, tab.tab, book=tab.book, params=params))
    if stops and not accepted:
        raise SafetyStop(
            f"比上一次少了很多行：{'、'.join(stops)}。什么也没有写，也没有发布。"
            "请看标签页的版本记录；确实是有意删的，再运行一次，加上 --accept-deletions。\n"
            f"Rows are gone since the last good run: {'; '.join(stops)}. Nothing was written or published. "
            "Look at the tab's version history; if people meant it, run again with --accept-deletions."
        )
    return problems


class Told(NamedTuple):
    """What the books say of the last run: it may have run on another machine, or lost what it kept."""

    moment: datetime
    rows: Mapping[tuple[str, str], int]  # in use, by book and tab


def told_by(copies: Sequence[Copy]) -> Told | None:
    """The last run as the books' own tabs tell of it; None where none does."""
    moments, rows = [], {}
    for copy in copies:
        for grid in copy.grids:
            if grid.tab == SYNC_TAB and grid.width > 1:
                for name, value in zip(grid.texts[0], grid.texts[1], strict=True):
                    if name == MOMENT_LINE:
                        moments += _moment(value)
                    elif name.startswith(ROWS_LINE) and value.isdecimal():
                        rows[copy.book, name.removeprefix(ROWS_LINE)] = int(value)
    return Told(max(moments), rows) if moments else None


def _moment(serial: str) -> list[datetime]:
    try:
        return [SERIAL_ZERO + timedelta(seconds=round(float(serial) * 86400))]
    except (ValueError, OverflowError):
        return []
