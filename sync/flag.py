"""Judge the tables by the promises: one line a row and promise, with its state at one moment."""

from __future__ import annotations

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
    judged = [
        JUDGES[promise.kind](promise, bench).select(*FLAG_COLUMNS)
        for promise in schema.promises
        if promise.on and promise.register in bench.tables
    ]
    if not judged:
        return from_rows(bench, [])
    stacked = nw.concat(judged)
    return bench.tables.engine.settle(stacked.sort("register", "promise", "row", "key", "due", "state"))
