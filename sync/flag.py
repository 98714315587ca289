"""Judge the tables by the promises: one line a row and promise, with its state at one moment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import narwhals as nw

from sync.model import FLAG_COLUMNS
from sync.rules import JUDGES
from sync.rules.bench import Bench, from_rows
from sync.schema import Schema
from sync.tables import Frame


def flag(schema: Schema, bench: Bench) -> Frame:
    """The flags table: a pure function of rows, declarations, calendars and the moment."""
    bench = replace(bench, promises=schema.versions)
    judged: dict[tuple[str, str], list[Frame]] = defaultdict(list)
    for promise in schema.promises:
        if promise.on and promise.register in bench.tables:
            told = JUDGES[promise.kind](promise, bench).select(*FLAG_COLUMNS)
            judged[promise.register, promise.name].append(told)
    if not judged:
        return from_rows(bench, [])
    # the lines of one promise after those of another: sorted apart, their names need not be compared
    sorted_apart = [nw.concat(judged[name]).sort("row", "key", "due", "state") for name in sorted(judged)]
    return bench.tables.engine.settle(nw.concat(sorted_apart))
