"""Say beforehand what would go wrong tonight: machine, settings, books, calendars, kept nights."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sync.books import open_book
from sync.kept import Kept
from sync.model import SYSTEM_HEADERS, ServicebookError
from sync.rules import company
from sync.schema import Schema
from sync.settings import Settings, book_path
from sync.targets import open_target
from sync.workdays import Workdays

STALE = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: √ fine, ! look at it, × it will fail."""

    grade: Literal["√", "!", "×"]
    what: str
    told: str

    def __str__(self) -> str:
        return f"{self.grade} {self.what}: {self.told}"

    @property
    def data(self) -> dict[str, str]:
        return asdict(self)


def examine(folder: Path, settings: Settings, schema: Schema, now: datetime) -> Iterator[Line]:
    """Everything that can be seen without reading a row."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Line("√", "python", f"{version} on {sys.platform}")
    yield Line("√", "department", f"{folder}, profile {settings.department.profile}, {settings.department.time_zone}")
    on = sum(promise.on for promise in schema.promise.values())
    yield Line("√", "declarations", f"{len(schema.registers)} registers, {on} of {len(schema.promise)} promises on")
    yield from _books(folder, settings)
    yield from _calendars(folder, settings, schema, now)
    yield from _kept(folder, settings, now)
    yield from _published(folder, settings)


def _books(folder: Path, settings: Settings) -> Iterator[Line]:
    if not settings.books:
        yield Line("×", "books", "the settings name none; add a line under [books]")
    for name, at in settings.books.items():
        if at.room == "gsheets":
            yield _spreadsheet(name, settings, folder)
            continue
        path = book_path(settings, folder, name)
        if not path.is_file():
            yield Line("×", f"book {name}", f"{path} is not there")
            continue
        holder = open_book(name, settings, folder).held_by()
        if holder:
            yield Line("!", f"book {name}", f"open ({holder}); marks will wait until it is closed")
        elif not os.access(path, os.W_OK):
            yield Line("!", f"book {name}", f"{path} cannot be written; marks will not reach staff")
        else:
            yield Line("√", f"book {name}", str(path))


def _spreadsheet(name: str, settings: Settings, folder: Path) -> Line:
    """Whether the spreadsheet can be opened and is set up; reads no row."""
    try:
        shape = open_book(name, settings, folder).shape()
    except ServicebookError as error:
        return Line("×", f"book {name}", str(error))
    lacking = [tab for tab in SYSTEM_HEADERS if tab not in {one.title for one in shape.tabs}]
    if lacking:
        return Line("!", f"book {name}", f"{shape.where} has no {', '.join(lacking)}: run servicebook apply")
    lost = [f"{tab.title}!{one.header or one.live}" for tab in shape.tabs for one in tab.columns if one.gaps]
    if lost:
        return Line("!", f"book {name}", f"{shape.where}: no formula in {', '.join(lost)}: run servicebook apply")
    return Line("√", f"book {name}", f"{shape.where}, {shape.cells:,} of {shape.most_cells:,} cells")


def _published(folder: Path, settings: Settings) -> Iterator[Line]:
    try:
        target = open_target(settings, folder)
        if target is None:
            return
        target.check()
        shown = next((release.name for release in target.releases() if release.current), "nothing yet")
        yield Line("√", "publish", f"{settings.publish.folder} shows {shown}")
    except ServicebookError as error:
        yield Line("×", "publish", str(error))


def _calendars(folder: Path, settings: Settings, schema: Schema, now: datetime) -> Iterator[Line]:
    """The office hours, and the calendars in use, whose year nobody announced, nor staff had typed in last night."""
    typed = _typed_in(folder)
    office = settings.department.office
    for name in sorted({office, *company.needed(schema, office)}):
        years = [year for year in Workdays(schema.calendars[name]).unannounced(now.date()) if year not in typed[name]]
        if years:
            listed = ", ".join(map(str, years))
            told = (
                f"no official holidays for {listed}: due times in that year are provisional; {_way_out(schema, name)}"
            )
            yield Line("!", f"calendar {name}", told)


def _way_out(schema: Schema, calendar: str) -> str:
    """Where the official notice is typed in: by staff into the register, where the department keeps it."""
    register = schema.registers.get(company.REGISTER)
    if register is None:
        return f"add company_days to sheets_schema/calendar/{calendar}.yaml, and a last one with kind: published"
    tab = f"{register.tabs[0].tab} ({register.title.en})"
    return f"type the notice into {tab}, and a last line 全年已录 (whole year typed in)"


def _typed_in(folder: Path) -> Mapping[str, Sequence[int]]:
    """The years that the department had typed in by the last night, by calendar."""
    try:
        last = Kept(folder / "kept").last()
    except ServicebookError:  # said by *_kept*
        last = None
    return defaultdict(list, last.published if last else {})


def _kept(folder: Path, settings: Settings, now: datetime) -> Iterator[Line]:
    kept = Kept(folder / "kept")
    try:
        last = kept.last()
        if last:
            kept.verify(last)
    except ServicebookError as error:
        yield Line("×", "kept", str(error))
        return
    if last is None:
        yield Line("!", "kept", "no night was kept yet: tonight is a first run, and nothing can be compared")
        return
    grade: Literal["√", "!"] = "!" if now - last.moment > STALE else "√"
    yield Line(grade, "last run", f"{last.moment:%Y-%m-%d %H:%M}, {last.counts.get('problems', 0)} problems")
    if now < last.moment:
        yield Line(
            "×", "clock", f"it says {now:%Y-%m-%d %H:%M}, before the last run: set it right, or use --accept-clock"
        )
    if not last.done:
        yield Line("!", "last run", "it did not come to its end: " + ("; ".join(last.failures) or "it was ended"))
    for book, since in last.pending.items():
        days = (now - since).days
        file = book in settings.books and settings.books[book].room == "xlsx"
        way = "close the book once" if file else "the next run tries again"
        yield Line("!", f"marks of {book}", f"waiting since {since:%Y-%m-%d %H:%M} ({days} days): {way}")
