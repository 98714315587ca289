"""Follow what people typed to the row of another register: by code, name, short name, alias or phone."""

from __future__ import annotations

import bisect
import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import narwhals as nw

from sync.cells import clean, fold
from sync.cells.phone import one
from sync.engines import Engine
from sync.schema import Field
from sync.tables import PLACE, Finding, Frame, Place, Table, column_type

_SEPARATORS = re.compile(r"[、,，;；/|\n]+")
_NUMBER = re.compile(r"[-+() .0-9]{7,}")
UNKNOWN = "reference-unknown"
SEVERAL = 200  # names compared for a near miss: more cost more than the hint is worth


class Hit(NamedTuple):
    """The key of the row that a text leads to; or the problem, and what was probably meant."""

    key: str | None
    code: str = ""
    hint: str = ""


Hits = Mapping[str, Hit]


@dataclass
class Index:
    """How the rows of one register are found: every word that leads to a key, and the keys it leads to.

    *whole* is false while rows of the register cannot be read: then nobody knows whether a word leads nowhere.
    """

    whole: bool = True
    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def find(self, text: str, *, hint: bool = True) -> Hit:
        """What somebody typed leads to."""
        word = fold(text)
        found = self.keys.get(word) or self._phone(text)
        if len(found) == 1:
            return Hit(min(found))
        if found:
            return Hit(None, "reference-ambiguous", "、".join(sorted(found)[:5]))
        if not self.whole:
            return Hit(None)
        near = difflib.get_close_matches(word, self._about(word), n=1, cutoff=0.75) if hint else []
        return Hit(None, UNKNOWN, min(self.keys[near[0]]) if near else "")

    def _phone(self, text: str) -> set[str]:
        """The rows that have the number *text*, however its figures are grouped."""
        number = clean(text)
        canonical = one(number) if _NUMBER.fullmatch(number) else None
        return self.keys.get(canonical, set()) if canonical else set()

    def _about(self, word: str) -> list[str]:
        """The words that stand near *word* in the alphabet."""
        first = max(0, bisect.bisect(self._words, word) - SEVERAL // 2)
        return self._words[first : first + SEVERAL]

    @cached_property
    def _words(self) -> list[str]:
        return sorted(self.keys)


def index(table: Table, engine: Engine, *, whole: bool = True) -> Index:
    """The words that find a row of *table*; a pre-written number that nobody used finds nothing."""
    register = table.register
    names = [name for name in (*register.found_by.fields, *register.found_by.lists) if table.may_be(name)]
    texts = [name for name in dict.fromkeys(names) if column_type(register.by_name[name].reads_as) == "text"]
    columns = engine.columns(table.frame.filter(nw.col("_kind") == "used").select("_key", *texts))
    found = Index(whole)
    for name in ("_key", *texts):
        for key, value in zip(columns["_key"], columns[name], strict=True):
            if key and value:
                for word in _words(str(value), several=name in register.found_by.lists):
                    found.keys[word].add(str(key))
    found.keys.pop("", None)
    return found


def _words(value: str, *, several: bool) -> Iterable[str]:
    return map(fold, (value, *_SEPARATORS.split(value))) if several else (fold(value),)


def resolve(table: Table, indexes: Mapping[str, Index], engine: Engine) -> list[Finding]:
    """Replace what people typed in *table* by the keys it means; the findings where it means none.

    What finds no row stays as typed: an unknown customer is a task for the desk, and its clocks run.
    """
    fields = [f for f in table.register.fields if f.foreign in indexes and table.may_be(f.name)]
    odd: list[tuple[Field, Hits]] = []
    for declared, texts in zip(fields, _typed(table.frame, fields, engine), strict=True):
        target = indexes[str(declared.foreign)]
        found = ((text, target.find(text, hint=declared.unknown == "error")) for text in texts)
        if strange := {text: hit for text, hit in found if hit.key != text}:
            odd.append((declared, strange))
    if not odd:
        return []
    frame = table.frame
    for declared, hits in odd:
        frame = _followed(frame, declared.name, hits, engine)
    frame = engine.settle(frame)
    table.frame = frame.drop(*[f"_lost_{declared.name}" for declared, _ in odd])
    wrong = [(declared, hits) for declared, hits in odd if any(hit.code for hit in hits.values())]
    return _findings(frame, wrong, engine) if wrong else []


def _typed(frame: Frame, fields: list[Field], engine: Engine) -> list[list[str]]:
    """The distinct texts of each of *fields*."""
    if not fields:
        return []
    parts = [frame.select(_n=nw.lit(n), text=nw.col(field.name)) for n, field in enumerate(fields)]
    columns = engine.columns(nw.concat(parts).drop_nulls("text").unique())
    found: list[list[str]] = [[] for _ in fields]
    for n, text in zip(columns["_n"], columns["text"], strict=True):
        found[int(str(n))].append(str(text))
    return [sorted(texts) for texts in found]


def _followed(frame: Frame, name: str, hits: Hits, engine: Engine) -> Frame:
    """*frame* with the texts of *name* replaced by the keys they lead to; `_lost_name` has those that lead nowhere."""
    keys = [hit.key for hit in hits.values()]
    types = {name: "text", "_to": "text", "_odd": "boolean"}
    lookup = engine.table({name: list(hits), "_to": keys, "_odd": [True] * len(keys)}, types)
    joined = frame.join(lookup, on=name, how="left")
    lost = nw.when(~nw.col("_odd").is_null() & nw.col("_to").is_null()).then(nw.col(name))
    return joined.with_columns(
        nw.coalesce(nw.col("_to"), nw.col(name)).alias(name), lost.alias(f"_lost_{name}")
    ).drop("_to", "_odd")  # fmt: skip


def _findings(frame: Frame, odd: Sequence[tuple[Field, Hits]], engine: Engine) -> list[Finding]:
    lost = [nw.col(f"_lost_{field.name}") for field, _ in odd]
    strange = frame.filter(nw.any_horizontal(*[~one.is_null() for one in lost], ignore_nulls=False))
    texts = [f"{field.name}__text" for field, _ in odd]
    rows: dict[str, list[Any]] = engine.columns(strange.select(*PLACE, "_key", *lost, *texts))
    return [
        _finding(declared, hits[text], (book, tab, row), key or "", typed)
        for declared, hits in odd
        for book, tab, row, key, text, typed in zip(
            *(rows[name] for name in (*PLACE, "_key", f"_lost_{declared.name}", f"{declared.name}__text")), strict=True
        )
        if text in hits and hits[text].code
    ]


def _finding(declared: Field, hit: Hit, place: Place, key: str, typed: str) -> Finding:
    params = {"to": declared.foreign or ""}
    name = declared.name
    if declared.unknown == "task" and hit.code == UNKNOWN:
        return Finding(place, key, name, name, "reference-to-add", "task", typed, params=params)
    # the hint is a key of the other register, never a person's name
    return Finding(place, key, name, name, hit.code, "error", typed, hit.hint, params)
