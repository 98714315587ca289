"""Follow what people typed to the row of another register: by code, name, short name, alias or phone."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import narwhals as nw

from sync.cells import fold
from sync.checks import USED, Test, finding
from sync.engines import Engine
from sync.model import VALUE
from sync.schema import Field
from sync.tables import Frame, Table, column_type

_SEPARATORS = re.compile(r"[、,，;；/|\n]+")
SEVERAL = 200  # names compared for a near miss: more would cost more than the hint is worth


@dataclass(slots=True)
class Index:
    """How the rows of one register are found: every word that leads to a key, and the keys it leads to."""

    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def find(self, text: str) -> tuple[str | None, str, str]:
        """(key, problem code, suggestion) for what somebody typed."""
        found = self.keys.get(fold(text), set())
        if len(found) == 1:
            return next(iter(found)), "", ""
        if found:
            return None, "reference-ambiguous", "、".join(sorted(found)[:5])
        near = difflib.get_close_matches(fold(text), list(self.keys)[:SEVERAL], n=1, cutoff=0.75)
        return None, "reference-unknown", next(iter(sorted(self.keys[near[0]])), "") if near else ""


def index(table: Table, engine: Engine) -> Index:
    """The words that find a row of *table*; a pre-written number that nobody used finds nothing."""
    register = table.register
    names = [name for name in (*register.found_by.fields, *register.found_by.lists) if name not in table.absent]
    texts = [name for name in names if column_type(register.by_name[name].reads_as) == "text"]
    used = table.frame.filter(nw.col("_kind") == "used", ~nw.col("_key").is_null())
    columns = engine.columns(used.select("_key", *texts))
    found = Index()
    for position, key in enumerate(columns["_key"]):
        for word in (key, *(columns[name][position] for name in texts)):
            found.keys[fold(str(word or ""))].add(str(key))
    for name in register.found_by.lists:
        for key, several in zip(columns["_key"], columns.get(name, []), strict=False):
            for word in _SEPARATORS.split(str(several or "")):
                found.keys[fold(word)].add(str(key))
    for word in [word for word in found.keys if re.fullmatch(r"\+86\d{8,}", word)]:
        found.keys[word.removeprefix("+86")] |= found.keys[word]
    found.keys.pop("", None)
    return found


def resolve(table: Table, indexes: Mapping[str, Index], engine: Engine) -> tuple[Frame, list[Frame]]:
    """*table*'s frame with what people typed replaced by the keys it means, and the findings where it means none.

    What finds no row stays as typed: an unknown customer is a task for the desk, and its clocks run.
    """
    fields = [f for f in table.register.fields if f.foreign in indexes and f.name not in table.absent]
    frame = table.frame
    findings: list[Frame] = []
    typed = _typed(table, fields, engine)
    for declared in fields:
        texts = typed.get(declared.name, [])
        if not texts:
            continue
        hits = [indexes[str(declared.foreign)].find(text) for text in texts]
        columns: dict[str, list[object]] = {
            declared.name: list(texts),
            "_found": [key for key, _, _ in hits],
            "_code": [code for _, code, _ in hits],
            "_hint": [hint for _, _, hint in hits],
        }
        lookup = engine.table(columns, dict.fromkeys(columns, "text"))
        joined = frame.join(lookup, on=declared.name, how="left")
        findings += _findings(joined, table, declared, {code for _, code, _ in hits})
        frame = joined.with_columns(
            nw.when(nw.col("_found").is_null()).then(nw.col(declared.name)).otherwise(nw.col("_found"))
            .alias(declared.name)
        ).drop("_found", "_code", "_hint")  # fmt: skip
    return frame, findings


def _typed(table: Table, fields: list[Field], engine: Engine) -> dict[str, list[str]]:
    """The distinct texts of each of *fields*."""
    parts = [
        table.frame.filter(nw.col(f"{f.name}__state") == VALUE)
        .select(nw.lit(f.name, dtype=nw.String).alias("field"), nw.col(f.name).alias("text"))
        .unique()
        for f in fields
    ]
    found: dict[str, list[str]] = defaultdict(list)
    if parts:
        columns = engine.columns(nw.concat(parts).sort("field", "text"))
        for name, text in zip(columns["field"], columns["text"], strict=True):
            found[str(name)].append(str(text))
    return found


def _findings(joined: Frame, table: Table, declared: Field, codes: set[str]) -> Iterator[Frame]:
    task = declared.unknown == "task"
    params = {"to": declared.foreign or ""}
    for code in sorted(codes - {""}):
        rows = joined.filter(nw.col("_kind") != "blank", nw.col("_code") == code)
        if task and code == "reference-unknown":
            yield finding(rows, table, Test(declared.name, "reference-to-add", USED, "task", params=params))
        else:
            # the hint is a key of the other register, never a person's name
            yield finding(rows, table, Test(declared.name, code, USED, params=params, suggestion=nw.col("_hint")))
