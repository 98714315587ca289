"""Turn texts into typed tables, and say what would not turn.

Two lanes read a cell (*sync.cells.lanes*); then each row is held against its declaration and the other registers
(*sync.checks*). No row is dropped: pulled = shown + bad + unused + blank.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time

import narwhals as nw

from sync.cells.lanes import TAG_ABSENT, read_fields
from sync.checks import Check, run
from sync.checks.holding import holding
from sync.checks.numbering import dragged, series, unique
from sync.checks.presence import required, void_reason
from sync.checks.references import index, resolve
from sync.checks.values import order, outside, pattern
from sync.engines import Engine
from sync.kept import TabRecord
from sync.layout import Laid, Pulled
from sync.model import PROBLEM_COLUMNS, TAG_EMPTY, Problem, RowCount
from sync.rules import company
from sync.schema import Register, Schema
from sync.settings import Settings
from sync.tables import PLACE, Finding, Frame, Table, Tables

CHECKS: tuple[Check, ...] = (required, void_reason, unique, pattern, outside, order, series, dragged)


def validate(pulled: Pulled, schema: Schema, settings: Settings, engine: Engine, now: datetime) -> Tables:
    """The typed tables of all registers in *pulled*, and every problem of tab, cell and row, at the moment *now*."""
    tables: dict[str, Table] = {}
    findings: dict[str, list[Finding]] = {}
    for name, register in schema.registers.items():
        laid = [one for one in pulled.laid if one.register.name == name]
        if laid:
            tables[name], findings[name] = _parsed(register, laid, settings, engine, now)
    broken = {register for _, _, register in pulled.broken}
    indexes = {name: index(tables[name], engine, whole=name not in broken) for name in _referred(tables)}
    for name, table in tables.items():
        findings[name] += resolve(table, indexes, engine)
    for name, found in holding(tables, indexes, engine, settings.department.judge_from).items():
        findings[name] += found
    for name, table in tables.items():
        findings[name] += run(table, CHECKS, engine)
        _mark_bad(table, findings[name], engine)
    if company.REGISTER in tables:
        office = settings.department.office
        days = tables[company.REGISTER]
        findings[company.REGISTER] += company.contradictions(days, schema.calendars, office, engine)
    problems = engine.table(_columns(_problems(findings, pulled)), PROBLEM_COLUMNS)
    counts, records = _counts(tables, pulled, settings, engine)
    return Tables(engine, tables, problems, counts, records)


def add(tables: Tables, problems: Sequence[Problem]) -> None:
    """Put *problems* that are known only later (rows gone since the last run) into the table."""
    if problems:
        more = tables.engine.table(_columns(problems), PROBLEM_COLUMNS)
        tables.problems = tables.engine.settle(nw.concat([tables.problems, more]))


# ---------------------------------------------------------------- cells


def _parsed(
    register: Register, laid: Sequence[Laid], settings: Settings, engine: Engine, now: datetime
) -> tuple[Table, list[Finding]]:
    """The rows of *register* with every field read, and what the readers said."""
    read = read_fields(_stacked(register, laid), register, settings, engine, now)
    absent = frozenset(
        column.field.name
        for column in register.columns
        if not any(column.name in one.at or column.name in one.empty for one in laid)
    )
    return Table(register, read.frame, absent, read.states), read.findings


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


# ---------------------------------------------------------------- problems and counts


def _referred(tables: Mapping[str, Table]) -> list[str]:
    """The registers that other rows refer to, holds among them."""
    wanted = {field.foreign or "" for table in tables.values() for field in table.register.fields}
    wanted |= {name for name, table in tables.items() if table.register.holds}
    return sorted(name for name in wanted if name in tables)


def _problems(findings: Mapping[str, Iterable[Finding]], pulled: Pulled) -> list[Problem]:
    """All findings with header and letter, and the problems of whole tabs, in the order of the sheets."""
    laid = {(one.register.name, one.source.book, one.grid.tab): one for one in pulled.laid}
    found = list(pulled.problems)
    for register, several in findings.items():
        for one in several:
            book, tab, row = one.place
            header, letter = laid[register, book, tab].words(one.column)
            found.append(Problem(
                one.code, one.severity, register, tab, row, one.field, header, letter, one.value,
                one.suggestion, one.params, book, one.key,
            ))  # fmt: skip
    return sorted(found, key=_by_place)


def _by_place(problem: Problem) -> tuple[str, str, str, int, str, str, str]:
    """Register by register, as one reads a sheet; what is wrong with a whole tab comes first."""
    one = problem
    return one.register, one.book, one.tab, one.row or 0, one.field, one.code, one.value


def _columns(problems: Sequence[Problem]) -> dict[str, list[object]]:
    return {name: [_cell_of(problem, name) for problem in problems] for name in PROBLEM_COLUMNS}


def _cell_of(problem: Problem, name: str) -> object:
    value = getattr(problem, name)
    return json.dumps(dict(value), ensure_ascii=False) if name == "params" else value


def _mark_bad(table: Table, findings: Iterable[Finding], engine: Engine) -> None:
    """Rows with an error are `bad`: they stay visible, and get no flag that they cannot support."""
    wrong = sorted({one.place for one in findings if one.severity == "error"})
    if not wrong:
        return
    places: dict[str, list[object]] = {name: [place[n] for place in wrong] for n, name in enumerate(PLACE)}
    types = {"_book": "text", "_tab": "text", "_row": "integer", "_bad": "boolean"}
    marked = table.frame.join(engine.table({**places, "_bad": [True] * len(wrong)}, types), on=list(PLACE), how="left")
    bad = (nw.col("_kind") == "used") & ~nw.col("_bad").is_null()
    kind = nw.when(bad).then(nw.lit("bad")).otherwise(nw.col("_kind"))
    table.frame = engine.settle(marked.with_columns(_kind=kind).drop("_bad"))


def _counts(
    tables: Mapping[str, Table], pulled: Pulled, settings: Settings, engine: Engine
) -> tuple[dict[str, RowCount], list[TabRecord]]:
    """Where the rows of each register went, and how each tab was found, for the gates of the next night."""
    rows: dict[str, dict[str, int]] = {name: defaultdict(int) for name in tables}
    used: dict[tuple[str, str, str], int] = defaultdict(int)
    kinds = [_kinds(table, settings) for table in tables.values()]
    lines = engine.columns(nw.concat(kinds).group_by("register", "_book", "_tab", "_kind", "_old").agg(
        _n=nw.col("_row").count()
    )) if kinds else {name: [] for name in ("register", "_book", "_tab", "_kind", "_old", "_n")}  # fmt: skip
    for register, book, tab, kind, old, n in zip(*lines.values(), strict=True):
        count = int(str(n))
        rows[str(register)][str(kind)] += count
        if kind in ("used", "bad"):
            used[str(register), str(book), str(tab)] += count
            rows[str(register)]["old"] += count if old else 0
    counts = {
        name: RowCount(sum(n.values()) - n["old"], n["used"], n["bad"], n["unused"], n["blank"], n["old"])
        for name, n in rows.items()
    }
    broken = [TabRecord(book, tab, register, good=False, rows=0) for book, tab, register in pulled.broken]
    places = [(one.register.name, one.source.book, one.grid.tab) for one in pulled.laid if one.since is None]
    return counts, broken + [TabRecord(b, tab, name, good=True, rows=used[name, b, tab]) for name, b, tab in places]


def _kinds(table: Table, settings: Settings) -> Frame:
    """Where each row of *table* is, of what kind, and whether it is from before *judge_from*."""
    since, judged = settings.department.judge_from, table.register.judged_from
    old = nw.lit(value=False)
    if since and judged and table.may_be(judged):
        old = (nw.col(judged) < nw.lit(datetime.combine(since, time()))).fill_null(value=False)
    return table.frame.select(nw.lit(table.register.name, dtype=nw.String).alias("register"), "_kind", *PLACE, _old=old)
