"""Pick from tonight's tables what people will see: open flags, problems, and the published fields of their rows.

`boards` picks what only pages show: the stock, the numbered books, the weeks, the ratios, what comes next.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import narwhals as nw

from sync.engines import rows
from sync.model import (
    FLAG_COLUMNS,
    OPEN_STATES,
    PROBLEM_COLUMNS,
    STATES,
    VALUE,
    BookState,
    Flag,
    Problem,
    RowRef,
    Tonight,
)
from sync.schema import Field, Schema
from sync.tables import Frame, Table, Tables

STAFF, CUSTOMERS = "staff", "customers"
PRIVATE = "private_person"  # such a customer is shown by number only
UNFILED = "—"


@dataclass(frozen=True, slots=True)
class Gathered:
    """One moment's outcome as objects."""

    tonight: Tonight
    refs: Sequence[RowRef]
    flags: Sequence[Flag]  # all, in the order of the table


@dataclass(frozen=True, slots=True)
class Moment:
    """When this is true, and the night it belongs to."""

    now: datetime
    run: str
    books: Sequence[BookState]
    judge_from: date | None
    first_run: bool


def gather(tables: Tables, flagged: Frame, schema: Schema, moment: Moment) -> Gathered:
    """Everything that pages, marks and lists are made from."""
    names = Names(tables)
    flags = flags_of(flagged, tables, schema)
    problems = [_problem(line) for line in rows(tables.engine.columns(tables.problems.select(*PROBLEM_COLUMNS)))]
    refs = [ref for table in tables.by_register.values() for ref in _refs(table, tables, names, moment.judge_from)]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for flag in flags:
        counts[flag.promise][flag.state] += 1
    opened = sorted((flag for flag in flags if flag.state in OPEN_STATES), key=_worst_first)
    shown = {
        name: dict(shown_fields(tables[name], tables, names, keys)) for name, keys in _keys(opened, tables).items()
    }
    tonight = Tonight(
        moment.now, moment.run, moment.books, tables.counts, problems, opened,
        {name: dict(sorted(states.items())) for name, states in sorted(counts.items())}, shown, moment.first_run,
    )  # fmt: skip
    return Gathered(tonight, refs, flags)


def flags_of(flagged: Frame, tables: Tables, schema: Schema) -> list[Flag]:
    """The lines of a flags table in its order; whoever is responsible is called what pages call them."""
    names = Names(tables)
    return [_flag(line, names, schema) for line in rows(tables.engine.columns(flagged.select(*FLAG_COLUMNS)))]


def _worst_first(flag: Flag) -> tuple[int, datetime, str, str]:
    return STATES.index(flag.state), flag.due or datetime.max, flag.register, flag.key  # noqa: DTZ901 - naive as all are


def _keys(flags: Sequence[Flag], tables: Tables) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in sorted(tables.by_register)}
    for flag in flags:
        found[flag.register].add(flag.key)
    return {name: keys for name, keys in found.items() if keys}


def _flag(line: Mapping[str, object], names: Names, schema: Schema) -> Flag:
    promise = schema.promise.get(str(line["promise"]))
    holder = promise.responsible if promise else ""
    known = names.staff.get(str(line["responsible"]), "")
    # numbers name the holder of a book, the others a field: in both cases a key of the staff register
    return Flag(**{**line, "responsible": known if line["responsible"] or holder else ""})  # type: ignore[arg-type]


def _problem(line: Mapping[str, object]) -> Problem:
    return Problem(**{**line, "params": json.loads(str(line["params"]))})


# ---------------------------------------------------------------- what a row is called


class Names:
    """How customers and staff are shown on pages: by what their registers publish."""

    def __init__(self, tables: Tables) -> None:
        self.staff = dict(_called(tables, STAFF))
        self.customers = dict(_called(tables, CUSTOMERS))


def _called(tables: Tables, register: str) -> Iterator[tuple[str, str]]:
    table = tables.by_register.get(register)
    name = table.register.short_name if table else None
    if table is None or name is None or name in table.absent or name not in table.register.publish:
        return
    private = nw.col(PRIVATE).fill_null(value=False) if PRIVATE in table.register.by_name else nw.lit(value=False)
    said = table.frame.filter(~nw.col("_key").is_null()).select("_key", name, _private=private)
    for line in rows(tables.engine.columns(said)):
        key = str(line["_key"])
        yield key, key if line["_private"] else str(line[name] or key)


def shown_fields(table: Table, tables: Tables, names: Names, keys: set[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The published fields of the rows with *keys*, as they may stand on a page."""
    fields = [f for f in map(table.register.by_name.__getitem__, table.register.publish) if f.name not in table.absent]
    columns = [c for f in fields for c in (f.name, f"{f.name}__text", f"{f.name}__state")]
    said = table.frame.filter(nw.col("_key").is_in(sorted(keys))).select("_key", *columns).sort("_key")
    for line in rows(tables.engine.columns(said)):
        yield str(line["_key"]), {f.name: _text(f, line, names) for f in fields}


def _text(field: Field, line: Mapping[str, object], names: Names) -> str:
    """What a page shows for a field: never a name that its own register does not publish."""
    if line[f"{field.name}__state"] != VALUE:
        return ""
    value = str(line[field.name])
    if field.foreign == STAFF:
        return names.staff.get(value, UNFILED)
    if field.foreign == CUSTOMERS:
        return names.customers.get(value, UNFILED)
    return str(line[f"{field.name}__text"])


def _refs(table: Table, tables: Tables, names: Names, judge_from: date | None) -> Iterator[RowRef]:
    """Every row that says something, with the first person it names."""
    register = table.register
    # whoever does the work comes after whoever wrote the row down, so the last one named is asked first
    owners = [f.name for f in reversed(register.fields) if f.foreign == STAFF and f.name not in table.absent]
    key = f"{register.primaryKey}__text"
    old = nw.lit(value=False)
    if register.judged_from and judge_from and register.judged_from not in table.absent:
        old = nw.col(register.judged_from) < nw.lit(datetime.combine(judge_from, time()))
    said = table.frame.filter(nw.col("_kind").is_in(["used", "bad"])).with_columns(_old=old.fill_null(value=False))
    chosen = said.select("_book", "_tab", "_row", "_key", key, "_void", "_old", *owners).sort("_book", "_tab", "_row")
    for line in rows(tables.engine.columns(chosen)):
        owner = next((names.staff[str(line[o])] for o in owners if line[o] in names.staff), "")
        yield RowRef(
            register.name, str(line["_book"]), str(line["_tab"]), int(str(line["_row"])), str(line["_key"] or ""),
            str(line[key]), owner, bool(line["_void"]), bool(line["_old"]),
        )  # fmt: skip
