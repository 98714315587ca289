"""Holds: waits that nobody wrote down, holds that overlap, begin too early, never end, or lead to no record.

A wait is looked for in the remarks of open rows, by the very words that the register of holds has for its reasons.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, NamedTuple

import narwhals as nw

from sync.checks.references import Index
from sync.conditions import any_holds, holds
from sync.engines import Engine, rows
from sync.model import EMPTY, UNREADABLE, VALUE
from sync.schema import HOLD_FROM, HOLD_TO, Holding, Register, check
from sync.tables import PLACE, Finding, Frame, Place, Table

_NOT = "不用|不必|无需|不再|没有|没|不|未|无"  # before the words of a reason: nobody waits
Row = Mapping[str, Any]


class Span(NamedTuple):
    """One hold, and the cells that say when it began and ended."""

    begun: datetime
    to: datetime | None
    table: Table
    row: Row
    start: str
    end: str

    @property
    def place(self) -> Place:
        return _place(self.row)


@dataclass(slots=True)
class Holds:
    """The holds of one register's records."""

    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    held: set[str | Place] = field(default_factory=set)  # the records, or rows, of which a hold says anything at all


def holding(
    tables: Mapping[str, Table], indexes: Mapping[str, Index], engine: Engine, since: date | None
) -> dict[str, list[Finding]]:
    """What is wrong with the holds, by register; rows from before *since* are left alone.

    Lines of the registers of holds get the keys of the records that they mean, found by *indexes* as references are.
    """
    found: dict[str, list[Finding]] = defaultdict(list)
    for name, table in tables.items():
        declared = table.register.holds
        if declared and declared.listed in tables:
            found[declared.listed] += _follow(tables[declared.listed], name, indexes[name], engine)
    for name, table in tables.items():
        declared = table.register.holds
        listed = tables.get(declared.listed) if declared else None
        if declared is None or listed is None:
            continue
        known = _all_holds(table, listed, engine)
        found[name] += _headless(table, engine)
        found[name] += _waits(table, declared, listed.register, known, engine, since)
        told = (*_overlaps(known), *_early(table, known, engine), *_unended(table, declared, known, engine))
        for span, finding in told:
            found[span.table.register.name].append(finding)
    return found


def _live(table: Table) -> Frame:
    return table.frame.filter((nw.col("_kind") == "used") & ~nw.col("_void"))


# ---------------------------------------------------------------- which holds there are


def _follow(listed: Table, register: str, index: Index, engine: Engine) -> Iterator[Finding]:
    """Put the key of the record that a line means where the line names it; what names none of *register* is told."""
    if not _has(listed, "register", "record_no"):
        return
    about = (nw.col("register") == register).fill_null(value=False)
    lines = _rows(_live(listed).filter(about, nw.col("record_no__state") == VALUE), listed, ("record_no",), engine)
    hits = {text: index.find(text) for text in sorted({str(line["record_no"]) for line in lines})}
    means = {text: hit.key for text, hit in hits.items() if hit.key not in (None, text)}
    if means:
        data: dict[str, list[object]] = {"record_no": list(means), "_means": list(means.values())}
        lookup = engine.table(data, {"record_no": "text", "_means": "text"})
        meant = nw.coalesce(nw.when(about).then(nw.col("_means")), nw.col("record_no"))
        joined = listed.frame.join(lookup, on="record_no", how="left")
        listed.frame = engine.settle(joined.with_columns(record_no=meant).drop("_means"))
    for line in lines:
        hit = hits[str(line["record_no"])]
        if hit.code:
            yield _finding(listed, line, "record_no", hit.code, "error", {"to": register}, hit.hint)


def _all_holds(table: Table, listed: Table, engine: Engine) -> Holds:
    """Those that stand in the rows themselves, and those of the register of holds."""
    found = Holds()
    if _has(table, HOLD_FROM, HOLD_TO):
        said = nw.any_horizontal(*[~_empty(name) for name in (HOLD_FROM, HOLD_TO)], ignore_nulls=False)
        for row in _rows(_live(table).filter(said), table, (HOLD_FROM, HOLD_TO), engine):
            _add(found, table, row, str(row["_key"] or ""), HOLD_FROM, HOLD_TO)
    if _has(listed, "register", "record_no", "from_at", "to_at"):
        about = _live(listed).filter((nw.col("register") == table.register.name).fill_null(value=False))
        for row in _rows(about, listed, ("record_no", "from_at", "to_at"), engine):
            _add(found, listed, row, str(row["record_no"] or ""), "from_at", "to_at")
    return found


def _add(found: Holds, table: Table, row: Row, record: str, start: str, end: str) -> None:
    """A hold that begins and does not end before is a span; whatever it says, the record's wait was written down."""
    found.held.add(record or _place(row))
    begun, to = row[start], row[end]
    if record and isinstance(begun, datetime) and row[f"{end}__state"] != UNREADABLE and (to is None or to >= begun):
        found.spans[record].append(Span(begun, to, table, row, start, end))


def _rows(frame: Frame, table: Table, names: Sequence[str], engine: Engine) -> list[dict[str, Any]]:
    """The rows of *frame* with their places and the fields *names*, in the order of the sheet."""
    columns = [column for name in names for column in (name, f"{name}__state", f"{name}__text")]
    key = f"{table.register.primaryKey}__text"
    asked = dict.fromkeys([*PLACE, "_key", key, *columns])
    return rows(engine.columns(frame.select(*asked).sort(*PLACE)))


def _has(table: Table, *names: str) -> bool:
    return set(names) <= table.register.by_name.keys() - table.absent


def _empty(name: str) -> nw.Expr:
    return nw.col(f"{name}__state") == EMPTY


# ---------------------------------------------------------------- what is wrong


def _headless(table: Table, engine: Engine) -> Iterator[Finding]:
    """An end without a beginning: nobody knows how long the clock stood, so it does not judge."""
    if not _has(table, HOLD_FROM, HOLD_TO):
        return
    asked = table.register.by_name[HOLD_FROM].required_when  # there the empty cell is told already
    odd = _empty(HOLD_FROM) & (nw.col(f"{HOLD_TO}__state") == VALUE)
    odd = odd & ~holds(table, asked).fill_null(value=False) if asked else odd
    for row in _rows(_live(table).filter(odd), table, (HOLD_FROM,), engine):
        yield _finding(table, row, HOLD_FROM, "hold-start-missing", "error")


def _waits(
    table: Table, declared: Holding, reasons: Register, known: Holds, engine: Engine, since: date | None
) -> Iterator[Finding]:
    """A remark of an open row that says somebody waits, where no hold does."""
    names = [name for name in declared.remarks if _has(table, name)]
    choices = reasons.by_name["reason"].choices
    words = sorted({word for choice in choices for word in (choice.title.zh, *choice.synonyms)})
    if not names or not words:
        return
    said = "|".join(map(re.escape, words))
    waits = [nw.col(name).str.contains(said).fill_null(value=False) for name in names]
    open_rows = _live(table).filter(nw.any_horizontal(*waits, ignore_nulls=False))
    open_rows = open_rows.filter(~any_holds(table, declared.done).fill_null(value=False))
    judged = table.register.judged_from
    if since and judged and _has(table, judged):
        old = nw.col(judged) < nw.lit(datetime.combine(since, time()))
        open_rows = open_rows.filter(~old.fill_null(value=False))
    denied, meant = re.compile(f"(?:{_NOT})(?:{said})"), re.compile(said)
    for row in _rows(open_rows, table, names, engine):
        name = next((name for name in names if meant.search(denied.sub("", row[name] or ""))), None)
        if name and (row["_key"] or _place(row)) not in known.held:
            yield _finding(table, row, name, "hold-missing", "warning")


def _overlaps(known: Holds) -> Iterator[tuple[Span, Finding]]:
    """A hold that begins while another one lasts: what they share counts once."""
    for spans in known.spans.values():
        last: Span | None = None
        for span in sorted(spans, key=lambda one: (one.begun, one.to or datetime.max, one.place)):  # noqa: DTZ901
            if last and (last.to is None or span.begun < last.to) and span.to != span.begun:
                params = {"other": last.row[f"{last.table.register.primaryKey}__text"], "other_tab": last.place[1],
                          "other_row": str(last.place[2])}  # fmt: skip
                yield span, _finding(span.table, span.row, span.start, "hold-overlap", "warning", params)
            if last is None or (last.to is not None and (span.to is None or span.to > last.to)):
                last = span


def _early(table: Table, known: Holds, engine: Engine) -> Iterator[tuple[Span, Finding]]:
    """A line of the register of holds that begins before its record does, as the checks of the record's row say."""
    listed = [(record, span) for record, spans in known.spans.items() for span in spans if span.table is not table]
    rules = [check(text) for text in table.register.checks]
    for name in [one.right for one in rules if (one.left, one.op) == (HOLD_FROM, ">=") and _has(table, one.right)]:
        field = table.register.by_name[name]
        about = _live(table).filter(nw.col("_key").is_in(sorted({record for record, _ in listed})))
        began = {str(row["_key"]): row[name] for row in rows(engine.columns(about.select("_key", name)))}
        for record, span in listed:
            at = began.get(record)
            if isinstance(at, datetime) and span.begun < at:
                params = {"op": ">=", "other": field.title.zh, "other_en": field.title.en}
                yield span, _finding(span.table, span.row, span.start, "order-wrong", "error", params)


def _unended(table: Table, declared: Holding, known: Holds, engine: Engine) -> Iterator[tuple[Span, Finding]]:
    """A hold that nobody ended though the job is done."""
    open_ended = [(record, span) for record, spans in known.spans.items() for span in spans if span.to is None]
    if not open_ended:
        return
    done = _live(table).filter(any_holds(table, declared.done).fill_null(value=False)).select("_key")
    keys = {str(row["_key"]) for row in rows(engine.columns(done))}
    for record, span in open_ended:
        if record in keys:
            yield span, _finding(span.table, span.row, span.end, "hold-unended", "warning")


def _finding(
    table: Table, row: Row, name: str, code: str, severity: Any, params: Mapping[str, str] | None = None, near: str = ""
) -> Finding:
    declared = table.register.by_name[name]
    column = f"{name}__date" if declared.split else name
    return Finding(
        _place(row), str(row["_key"] or ""), name, column, code, severity, row[f"{name}__text"], near, params or {}
    )


def _place(row: Row) -> Place:
    return row["_book"], row["_tab"], row["_row"]
