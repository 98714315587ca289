"""The meanings of a limit side by side on worked dates, reckoned by the very functions that the clocks use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import narwhals as nw

from sync.engines import Engine
from sync.rules.bench import Bench
from sync.rules.due import counted
from sync.rules.terms import Clock, Shift
from sync.schema import Meaning, Words
from sync.tables import Tables
from sync.workdays import Workdays


class Shown(NamedTuple):
    """A column of the table: a limit, counted in one way."""

    limit: str
    meaning: Meaning
    shift: Shift = "none"


class Due(NamedTuple):
    at: datetime
    provisional: bool


SHOWN = (
    Shown("2 working days", "snap"),
    Shown("2 working days", "end_of_day"),
    Shown("15 h", "working_time"),
    Shown("48 h", "elapsed"),
    Shown("2 days", "calendar_days"),
    Shown("2 days", "calendar_days", "next_workday"),
    Shown("1 month", "months"),
    Shown("1 month", "months", "next_workday"),
)
# An ordinary day, its noon and evening, a weekend, both sides of National Day with its make-up Saturday, a month's and
# a year's end.
STARTS = tuple(
    datetime.fromisoformat(text)
    for text in (
        "2026-01-31 10:00", "2026-09-24 16:00", "2026-09-30 10:00", "2026-10-03 15:00", "2026-10-09 16:00",
        "2026-10-10 10:00", "2026-11-18 12:30", "2026-11-18 19:00", "2026-11-20 17:30", "2026-12-31 10:00",
    )
)  # fmt: skip


def worked(workdays: Workdays, made: Engine) -> list[tuple[datetime, Sequence[Due]]]:
    """Each start, and when each way of counting has a clock due that began then, in the calendar *workdays*."""
    nothing = Tables(made, {}, made.table({"code": []}, {"code": "text"}))
    bench = Bench(nothing, STARTS[-1], date(STARTS[0].year, 1, 1), {"office": workdays})
    starts = made.table({"_n": list(range(len(STARTS))), "_from": list(STARTS)}, {"_n": "integer", "_from": "datetime"})
    found: list[Sequence[Due]] = []
    for limit, meaning, shift in SHOWN:
        clock = Clock(
            name="worked", title=Words(zh="", en=""), register="", starts="", limit=limit, meaning=meaning,
            shift=shift, calendar="office",
        )  # fmt: skip
        frame = counted(clock, bench, starts).select("_n", "_due", nw.col("_provisional")).sort("_n")
        columns = made.columns(frame)
        found.append([Due(*told) for told in zip(columns["_due"], columns["_provisional"], strict=True)])  # type: ignore[arg-type]
    return list(zip(STARTS, zip(*found, strict=True), strict=True))
