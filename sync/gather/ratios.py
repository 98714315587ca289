"""The ratios of the status pages, period by period, with the records behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sync.engines import rows
from sync.gather import CUSTOMERS, Names, shown_fields
from sync.model import Flag, Ratio, RatioRow
from sync.rules.bench import Bench
from sync.rules.coverage import Coverage, behind, shares, verdict
from sync.rules.downtime import Share
from sync.schema import Register, Schema

ORDER = ("left", "unclear", "outside", "done")


def ratios(flags: Sequence[Flag], schema: Schema, bench: Bench, names: Names) -> Iterator[Ratio]:
    """Every period of a ratio that somebody can work out and whose records may be shown, the newest first."""
    bench = replace(bench, promises=schema.versions)
    judged = {(flag.promise, flag.start): flag for flag in flags if flag.kind == "coverage"}
    for promise in [one for one in schema.promises if isinstance(one, Coverage) and one.on]:
        registers = _registers(promise, schema)
        if promise.register not in bench.tables or not _publishes(promise, registers, schema):
            continue
        found = behind(promise, bench)
        if found is None:
            continue
        found = bench.tables.engine.settle(found)
        lines = rows(bench.tables.engine.columns(found))
        customers = _customers(registers, lines, bench, names)
        for first, share in sorted(shares(promise, bench, found).items(), reverse=True):
            if flag := judged.get((promise.name, first)):
                mine = [_row(line, customers) for line in lines if line["_from"] == first]
                yield _ratio(flag, share, mine, bench.now)


def _registers(promise: Coverage, schema: Schema) -> list[Register]:
    """Those that the records behind it are of."""
    asked = [one.register for name in promise.promises for one in schema.versions.get(name, ())]
    return [schema.registers[name] for name in dict.fromkeys(asked or [promise.register]) if name in schema.registers]


def _publishes(promise: Coverage, registers: Sequence[Register], schema: Schema) -> bool:
    """Whether the records behind it may be named, and their moments, where it is a ratio of time."""
    moments = {promise.down.first, promise.down.to} if promise.down else set()
    named = all(register.primaryKey in register.publish for register in registers)
    return named and moments <= set(schema.registers[promise.register].publish)


def _customers(
    registers: Sequence[Register], lines: Sequence[Mapping[str, object]], bench: Bench, names: Names
) -> dict[str, str]:
    """Whose each record that is not done is, as far as its register publishes it."""
    keys = {str(line["_key"]) for line in lines if line["_key"] and verdict(line) != "done"}
    found: dict[str, str] = {}
    for table in [bench.tables[register.name] for register in registers if register.name in bench.tables]:
        fields = [field.name for field in table.register.fields if field.foreign == CUSTOMERS]
        for key, texts in shown_fields(table, bench.tables, names, keys):
            found[key] = next((texts[name] for name in fields if texts.get(name)), "")
    return found


def _row(line: Mapping[str, object], customers: Mapping[str, str]) -> RatioRow:
    key, began, ended = str(line["_key"] or ""), line.get("_begin"), line.get("_end")
    return RatioRow(
        key, customers.get(key, ""), verdict(line), began if isinstance(began, datetime) else None,
        ended if isinstance(ended, datetime) else None, int(str(line.get("_down", 0))),
    )  # fmt: skip


def _ratio(flag: Flag, share: Share, lines: Sequence[RatioRow], now: datetime) -> Ratio:
    assert flag.start is not None  # noqa: S101 - a ratio is of a period
    assert flag.due is not None  # noqa: S101
    shown = sorted(
        (row for row in lines if row.verdict != "done"),
        key=lambda row: (ORDER.index(row.verdict), -row.seconds, row.key),
    )
    return Ratio(
        flag.promise, flag.key, flag.state, flag.start, min(flag.due, now), share.percent, share.done,
        share.missed, share.whole, share.things,
        recorded=sum(row.verdict == "left" and row.ended is not None for row in lines),
        rows=shown, counts=Counter(row.verdict for row in lines),
    )  # fmt: skip
