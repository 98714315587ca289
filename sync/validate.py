"""Turn texts into typed tables, and say what would not turn.

Two lanes read a cell (*sync.cells.lanes*); then each row is held against its declaration and the other registers
(*sync.checks*). No row is dropped: pulled = shown + bad + unused + blank.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import narwhals as nw

from sync.cells.lanes import TAG_ABSENT, Read, read_fields
from sync.checks import FINDING, PLACE, Check, run, text
from sync.checks.numbering import dragged, series, unique
from sync.checks.presence import required, void_reason
from sync.checks.references import index, resolve
from sync.checks.values import order, outside, pattern
from sync.engines import Engine
from sync.kept import TabRecord
from sync.layout import Laid, Pulled
from sync.model import EMPTY, PROBLEM_COLUMNS, TAG_EMPTY, Problem, RowCount
from sync.schema import VOID, Register, Schema
from sync.settings import Settings
from sync.tables import Frame, Table, Tables

CHECKS: tuple[Check, ...] = (required, void_reason, unique, pattern, outside, order, series, dragged)


def validate(pulled: Pulled, schema: Schema, settings: Settings, engine: Engine, now: datetime) -> Tables:
    """The typed tables of all registers in *pulled*, and every problem of tab, cell and row, at the moment *now*."""
    findings: list[Frame] = []
    tables: dict[str, Table] = {}
    for register in schema.registers.values():
        laid = [one for one in pulled.laid if one.register.name == register.name]
        if laid:
            tables[register.name], found = _parsed(register, laid, settings, engine, now)
            findings += found
    indexes = {name: index(tables[name], engine) for name in _referred(tables)}
    for table in tables.values():
        frame, found = resolve(table, indexes, engine)
        findings += found
        table.frame = engine.settle(frame)
    for table in tables.values():
        frame = table.frame
        findings += run(table, (test for check in CHECKS for test in check(table)), engine)
        table.frame = frame
    problems = _problems(findings, pulled, engine)
    _mark_bad(tables, problems, engine)
    counts = _counts(tables, settings, engine)
    return Tables(engine, tables, problems, counts, _tab_records(tables, pulled, engine))


def add(tables: Tables, problems: Sequence[Problem]) -> None:
    """Put *problems* that are known only later (rows gone since the last run) into the table."""
    if problems:
        more = tables.engine.table(_columns(problems), PROBLEM_COLUMNS)
        tables.problems = tables.engine.settle(nw.concat([tables.problems, more]))


# ---------------------------------------------------------------- cells


def _parsed(
    register: Register, laid: Sequence[Laid], settings: Settings, engine: Engine, now: datetime
) -> tuple[Table, list[Frame]]:
    """The rows of *register* with every field read, and what the readers said."""
    read = read_fields(_stacked(register, laid), register, settings, engine, now)
    absent = frozenset(
        column.field.name for column in register.columns if not any(column.name in one.at for one in laid)
        and not all(column.name in one.empty for one in laid)
    )  # fmt: skip
    table = Table(register, engine.settle(_classified(read.frame, register, absent)), absent)
    return table, _reasons(table, read, engine)


def _stacked(register: Register, laid: Sequence[Laid]) -> dict[str, list[object]]:
    """The texts and tags of all tabs of *register*, one below the other."""
    data: dict[str, list[object]] = {name: [] for name in PLACE}
    for column in register.columns:
        data |= {f"{column.name}__text": [], f"{column.name}__tag": []}
    for one in laid:
        first, height = one.header + 1, max(one.height, 0)
        data["_book"] += [one.source.book] * height
        data["_tab"] += [one.grid.tab] * height
        data["_row"] += range(one.first, one.first + height)
        for column in register.columns:
            at = one.at.get(column.name)
            if at is None:
                data[f"{column.name}__text"] += [""] * height
                data[f"{column.name}__tag"] += [TAG_EMPTY if column.name in one.empty else TAG_ABSENT] * height
            else:
                data[f"{column.name}__text"] += one.grid.texts[at][first : first + height]
                data[f"{column.name}__tag"] += one.grid.tags[at][first : first + height]
    return data


def _classified(frame: Frame, register: Register, absent: frozenset[str]) -> Frame:
    """*frame* with `_key`, `_kind` and `_void`."""
    key = register.primaryKey
    rest = [field.name for field in register.fields if field.name != key and field.name not in absent]
    # an empty column has no value; a column that one of several tabs lacks says nothing either
    nothing = nw.all_horizontal(*[nw.col(f"{name}__text") == "" for name in rest], ignore_nulls=False)
    silent = nw.all_horizontal(*[nw.col(f"{name}__state") == EMPTY for name in rest], ignore_nulls=False)
    kind = (
        nw.when(~(nothing | silent) if rest else nw.lit(value=True)).then(nw.lit("used"))
        .otherwise(nw.when(nw.col(f"{key}__state") != EMPTY).then(nw.lit("unused")).otherwise(nw.lit("blank")))
    )  # fmt: skip
    void = nw.col(VOID).fill_null(value=False) if VOID in register.by_name else nw.lit(value=False)
    return frame.with_columns(_kind=kind, _void=void, _key=nw.col(key).cast(nw.String))


def _reasons(table: Table, read: Read, engine: Engine) -> list[Frame]:
    """What the readers said of single cells."""
    if not read.said:
        return []
    data: dict[str, list[object]] = {
        "_odd": [said.number for said in read.said],
        "column": [said.column for said in read.said],
        "code": [said.reason.code for said in read.said],
        "severity": ["warning" if said.warns else "error" for said in read.said],
        "suggestion": [said.reason.suggestion for said in read.said],
        "params": [json.dumps(dict(said.reason.params), ensure_ascii=False) for said in read.said],
    }
    reasons = engine.table(data, {name: "integer" if name == "_odd" else "text" for name in data})
    rows = [
        table.frame.filter(~nw.col(f"{name}__odd").is_null()).select(
            *PLACE,
            "_key",
            text(table.register.name).alias("register"),
            text(name).alias("field"),
            nw.col(f"{name}__text").alias("value"),
            nw.col(f"{name}__odd").alias("_odd"),
        )
        for name in dict.fromkeys(said.field.name for said in read.said)
    ]
    return [nw.concat(rows).join(reasons, on="_odd", how="inner").select(*FINDING)]


# ---------------------------------------------------------------- problems and counts


def _referred(tables: Mapping[str, Table]) -> list[str]:
    """The registers that other rows refer to."""
    wanted = {field.foreign for table in tables.values() for field in table.register.fields}
    return sorted(name for name in wanted if name in tables)


def _problems(findings: Sequence[Frame], pulled: Pulled, engine: Engine) -> Frame:
    """All findings with header and letter, and the problems of whole tabs, in the order of the sheets."""
    whole = engine.table(_columns(pulled.problems), PROBLEM_COLUMNS)
    if not findings:
        return whole
    stacked = nw.concat([frame.select(*FINDING) for frame in findings])
    headers = _headers(pulled, engine)
    placed = stacked.join(headers, on=["_book", "_tab", "register", "column"], how="left").drop("column")
    named = placed.rename({"_book": "book", "_tab": "tab", "_row": "row", "_key": "key", "_letter": "column"})
    filled = named.with_columns(nw.col(name).fill_null("") for name in ("header", "column", "key", "value"))
    both = nw.concat([whole.select(*PROBLEM_COLUMNS), filled.select(*PROBLEM_COLUMNS)])
    return engine.settle(both.sort("register", "book", "tab", "row", "field", "code", "value"))


def _columns(problems: Sequence[Problem]) -> dict[str, list[object]]:
    return {name: [_cell_of(problem, name) for problem in problems] for name in PROBLEM_COLUMNS}


def _cell_of(problem: Problem, name: str) -> object:
    value = getattr(problem, name)
    return json.dumps(value, ensure_ascii=False) if name == "params" else value


def _headers(pulled: Pulled, engine: Engine) -> Frame:
    """Header and letter of every column of every tab."""
    lines = {
        (one.source.book, one.grid.tab, one.register.name, column.name): one.words(column.name)
        for one in pulled.laid
        for column in one.register.columns
    }
    names = ("_book", "_tab", "register", "column")
    data: dict[str, list[object]] = {name: [line[i] for line in lines] for i, name in enumerate(names)}
    data |= {name: [words[i] for words in lines.values()] for i, name in enumerate(("header", "_letter"))}
    return engine.table(data, dict.fromkeys(data, "text"))


def _mark_bad(tables: Mapping[str, Table], problems: Frame, engine: Engine) -> None:
    """Rows with an error are `bad`: they stay visible, and get no flag that they cannot support."""
    errors = problems.filter(nw.col("severity") == "error", ~nw.col("row").is_null())
    for name, table in tables.items():
        rows = errors.filter(nw.col("register") == name).select(
            nw.col("book").alias("_book"), nw.col("tab").alias("_tab"), nw.col("row").alias("_row")
        )
        marked = table.frame.join(rows.unique().with_columns(_bad=nw.lit(1)), on=list(PLACE), how="left")
        bad = (nw.col("_kind") == "used") & ~nw.col("_bad").is_null()
        kind = nw.when(bad).then(nw.lit("bad")).otherwise(nw.col("_kind"))
        table.frame = engine.settle(marked.with_columns(_kind=kind).drop("_bad"))


def _counts(tables: Mapping[str, Table], settings: Settings, engine: Engine) -> dict[str, RowCount]:
    found = {}
    for name, table in tables.items():
        judged = table.register.judged_from
        since = settings.department.judge_from
        old = nw.lit(value=False)
        if judged and since and judged not in table.absent:
            old = nw.col(judged).is_null() == nw.lit(value=False)
            old = old & (nw.col(judged) < nw.lit(datetime(since.year, since.month, since.day)))  # noqa: DTZ001
        kinds = table.frame.select("_kind", _old=old.fill_null(value=False)).group_by("_kind", "_old")
        lines = engine.columns(kinds.agg(_n=nw.col("_old").count()))
        by_kind = {kind: 0 for kind in ("used", "bad", "unused", "blank")}
        older = 0
        for kind, is_old, rows in zip(lines["_kind"], lines["_old"], lines["_n"], strict=True):
            by_kind[str(kind)] += int(str(rows))
            older += int(str(rows)) if is_old and kind in ("used", "bad") else 0
        found[name] = RowCount(
            sum(by_kind.values()), by_kind["used"], by_kind["bad"], by_kind["unused"], by_kind["blank"], older
        )
    return found


def _tab_records(tables: Mapping[str, Table], pulled: Pulled, engine: Engine) -> list[TabRecord]:
    """How each tab was found, for the gates of the next night."""
    found = [TabRecord(book, tab, register, good=False, rows=0) for book, tab, register in pulled.broken]
    for one in pulled.laid:
        if one.since is None:
            rows = tables[one.register.name].frame.filter(
                nw.col("_book") == one.source.book, nw.col("_tab") == one.grid.tab, nw.col("_kind").is_in(["used", "bad"])
            )
            used = len(engine.columns(rows.select("_row"))["_row"])
            found.append(TabRecord(one.source.book, one.grid.tab, one.register.name, good=True, rows=used))
    return found
