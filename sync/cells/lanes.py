"""Read the fields of one register: each distinct text once by its reader, or, in large tables, by two lanes.

Correctness lives in the readers, speed in the fast lane: above *LANES_FROM* rows canonical texts are read by
expressions (*sync.cells.fast*), and only the other distinct texts go through their readers and are joined back.
Below it building the expressions costs more than reading; a test holds both ways together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import narwhals as nw

from sync.cells import READERS
from sync.cells.fast import SECOND, Lane, lane
from sync.cells.moment import steady
from sync.cells.split import read_split
from sync.engines import Engine
from sync.model import EMPTY, TAG_EMPTY, UNREADABLE, VALUE, Cell, Raw, Reason, State
from sync.schema import VOID, Column, Field, Register
from sync.settings import Settings
from sync.tables import PLACE, Finding, Frame, Place, column_type

LANES_FROM = 20_000  # rows
TAG_ABSENT = "?"  # the tab has no such column: what would stand there is unknown, not empty
ABSENT = Cell(UNREADABLE)

Data = Mapping[str, Sequence[Any]]
Key = tuple[str, ...]  # the texts and tags of a field's columns: (text, tag), or (text, tag, text, tag)


class Remark(NamedTuple):
    """Why a cell was not read, or deserves a word: the text *value* at *column*."""

    column: str
    value: str
    reason: Reason
    warns: bool


@dataclass(slots=True)
class Read:
    """A frame with `f`, `f__state` and `f__text` for each field and `_key`, `_kind`, `_void`; what the readers found.

    *states*: those that the cells of a field have, where that is known.
    """

    frame: Frame
    findings: list[Finding]
    states: Mapping[str, frozenset[State]] = field(default_factory=dict)


@dataclass(slots=True)
class Reading:
    """What reading one register needs."""

    register: Register
    settings: Settings
    now: datetime

    def columns(self, wanted: Field) -> list[Column]:
        return [column for column in self.register.columns if column.field is wanted]

    def cells(self, wanted: Field, keys: Sequence[Key]) -> tuple[dict[Key, Cell], dict[Key, list[Remark]]]:
        """The cell under each of *keys*, and what there is to say of some."""
        cells: dict[Key, Cell] = {}
        remarks: dict[Key, list[Remark]] = {}
        read = self._reader(wanted)
        for key in keys:
            cell, part = (ABSENT, "date") if TAG_ABSENT in key[1::2] else read(key)
            value = cell.value
            if wanted.past and isinstance(value, datetime) and value > self.now:
                cell = Cell(UNREADABLE, None, Reason("date-future"))
            cells[key] = cell
            if cell.reason or cell.warnings:
                remarks[key] = list(_remarks(wanted, cell, part, key))
        return cells, remarks

    def _reader(self, wanted: Field) -> Any:
        """Reads a key of *wanted*: gives the cell, and the half of a split field that its reason is about."""
        settings = self.settings
        if not wanted.split:
            reader = READERS[wanted.reads_as]
            return lambda key: (reader(Raw(*key), wanted, settings), "")
        days, times = _Once("datetime", wanted, settings), _Once("time", wanted, settings)
        return lambda key: read_split(Raw(*key[:2]), Raw(*key[2:]), days.__getitem__, times.__getitem__, settings)


class _Once(dict[Raw, Cell]):
    """Reads each cell once."""

    def __init__(self, kind: str, wanted: Field, settings: Settings) -> None:
        self.read = READERS[kind]
        self.how = (wanted, settings)

    def __missing__(self, raw: Raw) -> Cell:
        self[raw] = cell = self.read(raw, *self.how)
        return cell


def _remarks(wanted: Field, cell: Cell, part: str, key: Key) -> Iterator[Remark]:
    column = f"{wanted.name}__{part}" if wanted.split else wanted.name
    text = key[2 if part == "time" else 0]
    if cell.reason:
        yield Remark(column, text, cell.reason, warns=False)
    for warning in cell.warnings:
        yield Remark(column, text, warning, warns=True)


def read_fields(data: Data, register: Register, settings: Settings, engine: Engine, now: datetime) -> Read:
    """The rows of *data* (`_book`, `_tab`, `_row`; `c__text`, `c__tag` for each column *c*) with every field read."""
    reading = Reading(register, settings, now)
    return (_by_lanes if len(data["_row"]) >= LANES_FROM else _directly)(data, reading, engine)


def _keys(columns: Sequence[Column]) -> list[str]:
    return [f"{column.name}__{part}" for column in columns for part in ("text", "tag")]


def _types(names: Sequence[str]) -> dict[str, str]:
    return {name: "integer" if name == "_row" or name.endswith("__odd") else "text" for name in names}


def _finding(place: Place, key: object, wanted: Field, remark: Remark) -> Finding:
    reason = remark.reason
    return Finding(
        place, str(key or ""), wanted.name, remark.column, reason.code, "warning" if remark.warns else "error",
        remark.value, reason.suggestion, reason.params,
    )  # fmt: skip


# ---------------------------------------------------------------- each distinct text once


def _directly(data: Data, reading: Reading, engine: Engine) -> Read:
    height, register = len(data["_row"]), reading.register
    table: dict[str, Sequence[object]] = {name: data[name] for name in PLACE}
    types = _types(list(table))
    said = [False] * height  # whether a field other than the id says something
    odd: list[tuple[int, Field, Remark]] = []
    states: dict[str, frozenset[State]] = {}
    for wanted in register.fields:
        name, columns = wanted.name, reading.columns(wanted)
        keys: list[Key] = list(zip(*(data[column] for column in _keys(columns)), strict=True))
        cells, remarks = reading.cells(wanted, list(dict.fromkeys(keys)))
        found = [cells[key] for key in keys]
        table[name] = [cell.value for cell in found]
        table[f"{name}__state"] = [cell.state for cell in found]
        table[f"{name}__text"] = data[f"{name}__text"] if len(columns) == 1 else [
            f"{date} {time}".strip(" ") for date, _, time, _ in keys
        ]  # fmt: skip
        types |= {name: column_type(wanted.reads_as), f"{name}__state": "text", f"{name}__text": "text"}
        states[name] = frozenset(cell.state for cell in cells.values())
        telling = {key for key, cell in cells.items() if _says(cell, wanted, register)}
        if telling:
            said = [before or key in telling for before, key in zip(said, keys, strict=True)]
        if remarks:
            odd += [(n, wanted, remark) for n, key in enumerate(keys) for remark in remarks.get(key, ())]
    ids = [None if value is None else str(value) for value in table[register.primaryKey]]
    table |= {"_key": ids, "_kind": _kinds(said, table, register), "_void": _voids(table, height)}
    places: list[Place] = list(zip(*(data[name] for name in PLACE), strict=True))
    findings = [_finding(places[n], ids[n], wanted, remark) for n, wanted, remark in odd]
    return Read(engine.table(table, {**types, "_key": "text", "_kind": "text", "_void": "boolean"}), findings, states)


def _says(cell: Cell, wanted: Field, register: Register) -> bool:
    """An empty cell says nothing, nor does a column that the tab lacks, nor an id that was written beforehand."""
    if wanted.name == register.primaryKey:
        return cell.state == UNREADABLE and cell is not ABSENT
    return cell.state != EMPTY and cell is not ABSENT


def _kinds(said: Sequence[bool], table: Data, register: Register) -> list[str]:
    """The kind of each row: a row with nothing but its pre-written number is unused."""
    alone = "unused" if len(register.fields) > 1 else "used"
    ids = table[f"{register.primaryKey}__state"]
    return ["used" if says else alone if state == VALUE else "blank" for says, state in zip(said, ids, strict=True)]


def _voids(table: Data, height: int) -> list[bool]:
    return [value is True for value in table[VOID]] if VOID in table else [False] * height


# ---------------------------------------------------------------- two lanes


def _by_lanes(data: Data, reading: Reading, engine: Engine) -> Read:
    register = reading.register
    frame = engine.table(data, _types(list(data)))
    odd: dict[str, list[list[Remark]]] = {}
    for wanted in register.fields:
        frame, odd[wanted.name] = _field(frame, wanted, reading, engine)
    said = nw.any_horizontal(*[_tells(wanted, reading, data) for wanted in register.fields], ignore_nulls=False)
    key = nw.col(register.primaryKey).cast(nw.String)
    alone = nw.lit("unused" if len(register.fields) > 1 else "used")
    kind = nw.when(said).then(nw.lit("used")).otherwise(nw.when(key.is_null()).then(nw.lit("blank")).otherwise(alone))
    void = nw.col(VOID).fill_null(value=False) if VOID in register.by_name else nw.lit(value=False)
    frame = engine.settle(frame.with_columns(_key=key, _kind=kind, _void=void))
    findings = _odd(frame, reading, {name: lists for name, lists in odd.items() if lists}, engine)
    extra = [f"{c.name}__{part}" for c in register.columns for part in ("text", "tag") if c.part or part == "tag"]
    return Read(frame.drop(*extra, *[f"{name}__odd" for name in odd]), findings)


def _tells(wanted: Field, reading: Reading, data: Data) -> nw.Expr:
    """Whether the field says something (see *_says*)."""
    state = nw.col(f"{wanted.name}__state")
    tells = state == UNREADABLE if wanted.name == reading.register.primaryKey else state != EMPTY
    for column in reading.columns(wanted):
        if TAG_ABSENT in data[f"{column.name}__tag"]:
            tells = tells & (nw.col(f"{column.name}__tag") != TAG_ABSENT)
    return tells


def _field(frame: Frame, wanted: Field, reading: Reading, engine: Engine) -> tuple[Frame, list[list[Remark]]]:
    """*frame* with *wanted* read, by the fast lane where it accepts, by its reader elsewhere; what `f__odd` numbers."""
    columns, name = reading.columns(wanted), wanted.name
    fast = _fast(columns, wanted, reading)
    tags = [nw.col(f"{column.name}__tag") for column in columns]
    empty = nw.all_horizontal(*[tag == TAG_EMPTY for tag in tags], ignore_nulls=False)
    keys = _keys(columns)
    frame = engine.settle(frame.with_columns(_fast=fast.accepts if fast else nw.lit(value=False), _none=empty))
    slow = engine.columns(frame.filter(~nw.col("_fast") & ~nw.col("_none")).select(*keys).unique().sort(*keys))
    texts: list[Any] = list(zip(*(slow[key] for key in keys), strict=True))
    cells, remarks = reading.cells(wanted, texts)
    numbers = {key: number for number, key in enumerate(remarks)}
    lookup = {key: [text[i] for text in texts] for i, key in enumerate(keys)} | {
        "_value": [cells[text].value for text in texts],
        "_state": [cells[text].state for text in texts],
        f"{name}__odd": [numbers.get(text) for text in texts],
    }
    types = {**_types(list(lookup)), "_value": column_type(wanted.reads_as)}
    frame = frame.join(engine.table(lookup, types), on=keys, how="left")
    accepted = nw.col("_fast")
    state = nw.when(accepted).then(nw.lit(VALUE)).otherwise(nw.col("_state").fill_null(EMPTY))
    value = nw.when(accepted).then(fast.value).otherwise(nw.col("_value")) if fast else nw.col("_value")
    frame = frame.with_columns(value.alias(name), state.alias(f"{name}__state"))
    if len(columns) == 2:
        date, time = (nw.col(f"{column.name}__text") for column in columns)
        both = nw.concat_str([date, nw.lit(" "), time]).str.strip_chars(" ")
        frame = frame.with_columns(both.alias(f"{name}__text"))
    return frame.drop("_fast", "_none", "_value", "_state"), list(remarks.values())


def _fast(columns: Sequence[Column], wanted: Field, reading: Reading) -> Lane | None:
    """The fast lane of a field: of its column, or of a canonical date beside a canonical time."""
    if wanted.reads_as == "datetime" and not steady(reading.settings.zone):
        return None  # where clocks are put forward and back, a reader looks at every moment
    lanes = [lane(kind, nw.col(f"{c.name}__text"), nw.col(f"{c.name}__tag")) for c, kind in zip(
        columns, ("date", "time") if len(columns) == 2 else (columns[0].kind,), strict=True
    )]  # fmt: skip
    if lanes[0] is None:
        return None
    found = lanes[0]
    if len(lanes) == 2 and lanes[1] is not None:
        found = Lane(found.accepts & lanes[1].accepts, found.value + lanes[1].value * nw.lit(SECOND))
    return Lane(found.accepts & (found.value <= nw.lit(reading.now)), found.value) if wanted.past else found


def _odd(frame: Frame, reading: Reading, odd: Mapping[str, list[list[Remark]]], engine: Engine) -> list[Finding]:
    """What the readers said, cell by cell."""
    if not odd:
        return []
    numbers = {name: nw.col(f"{name}__odd") for name in odd}
    strange = frame.filter(nw.any_horizontal(*[~n.is_null() for n in numbers.values()], ignore_nulls=False))
    rows = engine.columns(strange.select(*PLACE, "_key", *numbers.values()))
    places: list[Any] = list(zip(*(rows[name] for name in PLACE), strict=True))
    return [
        _finding(place, key, reading.register.by_name[name], remark)
        for name, lists in odd.items()
        for place, key, number in zip(places, rows["_key"], rows[f"{name}__odd"], strict=True)
        if isinstance(number, int)
        for remark in lists[number]
    ]
