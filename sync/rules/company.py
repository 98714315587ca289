"""The company calendar: a register of days off and days worked, whose lines have the last word in every clock.

It says in time what no library knows yet: next year's holidays and make-up days, typed from the official notice.
A line with a fault says nothing until it is mended, and neither does a void one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import narwhals as nw

from sync.engines import Engine, rows
from sync.model import UNREADABLE
from sync.rules.terms import ALWAYS
from sync.schema import Calendar, CompanyDay, Schema
from sync.tables import PLACE, Finding, Place, Table

REGISTER = "calendar"
OFFICE = "office"  # what promises and people call the calendar that the department chose for its office hours
KINDS = ("off", "work", "published")
FACTS = ("kind", "from_on", "to_on", "half", "name", "calendar")


class Line(NamedTuple):
    """One line of the register that counts."""

    place: Place
    key: str
    typed: str  # its first day, as typed
    chosen: str  # the calendar that it names, if any
    says: CompanyDay

    def about(self, calendars: Mapping[str, Calendar], office: str) -> set[str]:
        """The calendars that it changes: the one that it names, or all that keep official holidays."""
        if self.chosen:
            return {office if self.chosen == OFFICE else self.chosen}
        return {name for name, calendar in calendars.items() if calendar.holidays}


def company_days(
    table: Table | None, calendars: Mapping[str, Calendar], office: str, engine: Engine
) -> dict[str, list[CompanyDay]]:
    """What the register says of each calendar, in the order of the sheet; nothing where a department keeps none."""
    found: dict[str, list[CompanyDay]] = defaultdict(list)
    for line in _lines(table, engine):
        for calendar in line.about(calendars, office):
            found[calendar].append(line.says)
    return found


def needed(schema: Schema, office: str) -> list[str]:
    """The calendars that a promise in use counts by: a year that is missing there makes due times provisional."""
    asked = (getattr(promise, "calendar", ALWAYS) for promise in schema.promises if promise.on)
    return sorted({office if name == OFFICE else name for name in asked} - {ALWAYS})


def contradictions(table: Table, calendars: Mapping[str, Calendar], office: str, engine: Engine) -> Iterator[Finding]:
    """Two lines that say different things about a day of the same calendar, found at the lower one, which counts.

    One for a single calendar below one for all is no contradiction but an exception.
    """
    lines = [(n, line) for n, line in enumerate(_lines(table, engine)) if line.says.kind != "published"]
    found: dict[int, tuple[int, Line, Line]] = {}
    for calendar in calendars:
        mine = [(n, line) for n, line in lines if calendar in line.about(calendars, office)]
        for (n, upper), (m, lower) in _clashes(mine):
            if upper.chosen or not lower.chosen:
                found.setdefault(m, (n, upper, lower))
    for _, (_, upper, lower) in sorted(found.items()):
        day = max(upper.says.first, lower.says.first)
        params = {"line": lower.key, "other": upper.key, "other_row": str(upper.place[2]), "day": day.isoformat()}
        yield Finding(
            lower.place, lower.key, "from_on", "from_on", "calendar-contradiction", "warning", lower.typed,
            params=params,
        )  # fmt: skip


def _clashes(lines: Sequence[tuple[int, Line]]) -> Iterator[tuple[tuple[int, Line], tuple[int, Line]]]:
    """Pairs of *lines* about a common day that differ, the upper one first; each line is in at most a few."""
    reaching: dict[tuple[str, str, str], tuple[int, Line]] = {}  # of each thing that can be said the longest so far
    for n, line in sorted(lines, key=lambda one: (one[1].says.first, one[0])):
        said = (line.says.kind, line.says.half, line.chosen)
        for other, (m, earlier) in reaching.items():
            if other[:2] != said[:2] and earlier.says.until >= line.says.first:
                upper, lower = sorted([(m, earlier), (n, line)], key=lambda one: one[0])
                yield upper, lower
        if said not in reaching or reaching[said][1].says.until < line.says.until:
            reaching[said] = n, line


def _lines(table: Table | None, engine: Engine) -> Iterator[Line]:
    """The lines that count, in the order of the sheet."""
    if table is None:
        return
    register = table.register
    asked = [name for name in FACTS if name in register.by_name and (name != "name" or name in register.publish)]
    # a column that was lost is unclear as well; without its name a day still counts
    unclear = [nw.col(f"{name}__state") == UNREADABLE for name in asked if name != "name"]
    sound = table.frame.filter((nw.col("_kind") == "used") & ~nw.col("_void"))
    sound = sound.filter(~nw.any_horizontal(*unclear, ignore_nulls=False)).sort(*PLACE)
    for row in rows(engine.columns(sound.select(*PLACE, "_key", "from_on__text", *asked))):
        line = _line(row)
        if line:
            yield line


def _line(row: Mapping[str, Any]) -> Line | None:
    """What *row* says; None where it does not say what it must, or ends before it begins."""
    kind, first, last = row.get("kind"), row.get("from_on"), row.get("to_on")
    if kind not in KINDS or not isinstance(first, datetime) or (last and last < first):
        return None
    says = CompanyDay(
        first=first.date(), last=last.date() if last else None, kind=kind,
        half=row.get("half") or "whole", name=row.get("name") or "",
    )  # fmt: skip
    place = (row["_book"], row["_tab"], row["_row"])
    return Line(place, row["_key"] or "", row["from_on__text"], row.get("calendar") or "", says)
