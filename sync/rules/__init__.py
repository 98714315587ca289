"""The room of rule kinds: one file a kind, with the structure of its options and the expressions that judge by it.

`judge(promise, bench)` gives a frame with the columns of model.FLAG_COLUMNS, one line for each row judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sync.rules import clock, coverage, level, numbers, presence, recurrence, repeat, stale
from sync.rules.bench import Bench
from sync.schema import Promise
from sync.tables import Frame

KINDS: Mapping[str, type[Promise]] = {
    "clock": clock.Clock,
    "recurrence": recurrence.Recurrence,
    "level": level.Level,
    "numbers": numbers.NumberBook,
    "presence": presence.Presence,
    "repeat": repeat.Repeat,
    "coverage": coverage.Coverage,
    "stale": stale.Stale,
}
JUDGES: Mapping[str, Callable[[Any, Bench], Frame]] = {
    "clock": clock.judge,
    "recurrence": recurrence.judge,
    "level": level.judge,
    "numbers": numbers.judge,
    "presence": presence.judge,
    "repeat": repeat.judge,
    "coverage": coverage.judge,
    "stale": stale.judge,
}
