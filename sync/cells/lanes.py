"""Read the fields of one register: each distinct text once by its reader, or, in large tables, by two lanes.

Correctness lives in the readers, speed in the fast lane: above *LANES_FROM* rows canonical texts are read by
expressions (*sync.cells.fast*), and only the other distinct texts go through their readers and are joined back.
Below it building the expressions costs more than reading; a test holds both ways together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import narwhals as nw

from sync.cells import READERS
from sync.cells.fast import SECOND, Lane, lane
from sync.cells.split import read_split
from sync.engines import Engine
from sync.model import EMPTY, TAG_EMPTY, UNREADABLE, VALUE, Cell, Raw, Reason
from sync.schema import Column, Field, Register
from sync.settings import Settings
from sync.tables import Frame, column_type

LANES_FROM = 20_000  # rows
TAG_ABSENT = "?"  # the tab has no such column: what would stand there is unknown, not empty
ABSENT = Cell(UNREADABLE)

Key = tuple[str, ...]  # the texts and tags of a field's columns: (text, tag), or (text, tag, text, tag)


class Said(NamedTuple):
    """Why cells of *field* were not read, or deserve a word: at *column*, under the number in `f__odd`."""

    number: int
    field: Field
    column: str
    reason: Reason
    warns: bool


@dataclass(slots=True)
class Read:
    """A frame with `f`, `f__state`, `f__text` and `f__odd` for each field, and what `f__odd` numbers."""

    frame: Frame
    said: list[Said] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """What reading one register needs, and what it has said so far."""

    register: Register
    settings: Settings
    now: datetime
    said: list[Said] = field(default_factory=list)

    def columns(self, wanted: Field) -> list[Column]:
        return [column for column in self.register.columns if column.field is wanted]

    def cell(self, wanted: Field, columns: Sequence[Column], key: Key) -> tuple[Cell, int | None]:
        """The cell under *key*, and the number of what was said of it."""
        cell, part = self._read(wanted, columns, key)
        value = cell.value
        if wanted.past and isinstance(value, datetime) and value > self.now:
            cell = Cell(UNREADABLE, None, Reason("date-future"))
        if not cell.reason and not cell.warnings:
            return cell, None
        number = self.said[-1].number + 1 if self.said else 0
        at = f"{wanted.name}__{part}" if wanted.split else wanted.name
        reasons = [(cell.reason, False)] if cell.reason else []
        for reason, warns in reasons + [(warning, True) for warning in cell.warnings]:
            self.said.append(Said(number, wanted, at, reason, warns))
        return cell, number

    def _read(self, wanted: Field, columns: Sequence[Column], key: Key) -> tuple[Cell, str]:
        if TAG_ABSENT in key[1::2]:
            return ABSENT, "date"
        if len(columns) == 2:
            return read_split(Raw(*key[:2]), Raw(*key[2:]), wanted, self.settings)
        return READERS[columns[0].kind](Raw(*key), wanted, self.settings), "date"


def read_fields(
    data: Mapping[str, Sequence[object]], register: Register, settings: Settings, engine: Engine, now: datetime
) -> Read:
    """The rows of *data* (`_book`, `_tab`, `_row`, and `c__text` and `c__tag` for each column *c*), every field read."""
    reading = Reading(register, settings, now)
    frame = _by_lanes(data, reading, engine) if len(data["_row"]) >= LANES_FROM else _directly(data, reading, engine)
    return Read(frame, reading.said)


def _keys(columns: Sequence[Column]) -> list[str]:
    return [f"{column.name}__{part}" for column in columns for part in ("text", "tag")]


def _types(names: Sequence[str]) -> dict[str, str]:
    return {name: "integer" if name == "_row" or name.endswith("__odd") else "text" for name in names}


# ---------------------------------------------------------------- each distinct text once


def _directly(data: Mapping[str, Sequence[object]], reading: Reading, engine: Engine) -> Frame:
    table: dict[str, Sequence[object]] = {name: data[name] for name in ("_book", "_tab", "_row")}
    types = _types(list(table))
    for wanted in reading.register.fields:
        columns = reading.columns(wanted)
        keys: list[Any] = list(zip(*(data[name] for name in _keys(columns)), strict=True))
        cells = {key: reading.cell(wanted, columns, key) for key in dict.fromkeys(keys)}
        name = wanted.name
        found = [cells[key] for key in keys]
        table[name] = [cell.value for cell, _ in found]
        table[f"{name}__state"] = [cell.state for cell, _ in found]
        table[f"{name}__odd"] = [number for _, number in found]
        table[f"{name}__text"] = data[f"{columns[0].name}__text"] if len(columns) == 1 else [
            f"{date} {time}".strip() for date, _, time, _ in keys
        ]  # fmt: skip
        types |= _types([f"{name}__state", f"{name}__odd", f"{name}__text"])
        types[name] = column_type(wanted.reads_as)
    return engine.table(table, types)


# ---------------------------------------------------------------- two lanes


def _by_lanes(data: Mapping[str, Sequence[object]], reading: Reading, engine: Engine) -> Frame:
    frame = engine.table(data, _types(list(data)))
    for wanted in reading.register.fields:
        frame = _field(frame, wanted, reading, engine)
    return engine.settle(frame.drop(*[f"{c.name}__tag" for c in reading.register.columns]))


def _field(frame: Frame, wanted: Field, reading: Reading, engine: Engine) -> Frame:
    """*frame* with *wanted* read: by the fast lane where it accepts, by its reader elsewhere."""
    columns, name = reading.columns(wanted), wanted.name
    fast = _fast(columns, wanted, reading.now)
    tags = [nw.col(f"{column.name}__tag") for column in columns]
    empty = nw.all_horizontal(*[tag == TAG_EMPTY for tag in tags], ignore_nulls=False)
    keys = _keys(columns)
    frame = engine.settle(frame.with_columns(_fast=fast.accepts if fast else nw.lit(value=False), _none=empty))
    odd = engine.columns(frame.filter(~nw.col("_fast") & ~nw.col("_none")).select(*keys).unique().sort(*keys))
    texts: list[Any] = list(zip(*(odd[key] for key in keys), strict=True))
    found = [reading.cell(wanted, columns, key) for key in texts]
    lookup = {key: [text[i] for text in texts] for i, key in enumerate(keys)} | {
        "_value": [cell.value for cell, _ in found],
        "_state": [cell.state for cell, _ in found],
        f"{name}__odd": [number for _, number in found],
    }
    types = {**_types(list(lookup)), "_value": column_type(wanted.reads_as)}
    frame = frame.join(engine.table(lookup, types), on=keys, how="left")
    slow = nw.col("_value")
    accepted = nw.col("_fast")
    state = nw.when(accepted).then(nw.lit(VALUE)).otherwise(nw.col("_state").fill_null(EMPTY))
    value = nw.when(accepted).then(fast.value).otherwise(slow) if fast else slow
    frame = frame.with_columns(value.alias(name), state.alias(f"{name}__state"))
    if len(columns) == 2:
        date, time = (nw.col(f"{column.name}__text") for column in columns)
        both = nw.concat_str([date, nw.lit(" "), time]).str.strip_chars()
        frame = frame.with_columns(both.alias(f"{name}__text"))
    return frame.drop("_fast", "_none", "_value", "_state")


def _fast(columns: Sequence[Column], wanted: Field, now: datetime) -> Lane | None:
    """The fast lane of a field: of its column, or of a canonical date beside a canonical time."""
    lanes = [lane(kind, nw.col(f"{c.name}__text"), nw.col(f"{c.name}__tag")) for c, kind in zip(
        columns, ("date", "time") if len(columns) == 2 else (columns[0].kind,), strict=True
    )]  # fmt: skip
    if lanes[0] is None:
        return None
    found = lanes[0]
    if len(lanes) == 2 and lanes[1] is not None:
        found = Lane(found.accepts & lanes[1].accepts, found.value + lanes[1].value * nw.lit(SECOND))
    return Lane(found.accepts & (found.value <= nw.lit(now)), found.value) if wanted.past else found
