"""The receipt of a flag: how its due time came about, in one short paragraph, Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import narwhals as nw

from sync import words
from sync.engines import rows
from sync.model import Flag, RowRef, ServicebookError
from sync.rules.bench import Bench
from sync.rules.clock import Clock
from sync.rules.level import Level, on_hand
from sync.schema import Promise, Schema, guess
from sync.words import Vocabulary


@dataclass(frozen=True, slots=True)
class Receipt:
    """One promise, judged on one record."""

    flag: Flag
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh}\n{self.en}"

    @property
    def data(self) -> dict[str, object]:
        return {**asdict(self.flag), "receipt": {"zh": self.zh, "en": self.en}}


def explain(
    record: str, flags: Sequence[Flag], refs: Sequence[RowRef], schema: Schema, bench: Bench, vocabulary: Vocabulary
) -> list[Receipt]:
    """The receipts of all flags of *record*, an id as typed or as read; ServicebookError where nobody typed it."""
    wanted = record.strip().casefold()
    mine = [flag for flag in flags if flag.key.casefold() == wanted]
    known = {ref.key for ref in refs} | {flag.key for flag in flags}
    if not mine and wanted not in {key.casefold() for key in known}:
        raise ServicebookError(f"No record “{record}” in the books{guess(record, known)}")
    return [_receipt(flag, schema, bench, vocabulary) for flag in mine]


def _receipt(flag: Flag, schema: Schema, bench: Bench, vocabulary: Vocabulary) -> Receipt:
    promise = schema.promise[flag.promise]
    told = {
        language: "".join(_sentences(flag, promise, schema, bench, vocabulary, language))
        for language in words.LANGUAGES
    }
    return Receipt(flag, told["zh"], told["en"].strip())


def _sentences(
    flag: Flag, promise: Promise, schema: Schema, bench: Bench, vocabulary: Vocabulary, language: str
) -> list[str]:
    """The sentences of the receipt, in the order in which the due time came about."""
    register = schema.registers[flag.register]
    say = lambda key, **values: vocabulary.label(f"receipt_{key}", language, **values)  # noqa: E731
    at = lambda moment: vocabulary.moment(moment, language)  # noqa: E731
    titles = {field.name: field.title[language] for field in register.fields}
    said = [say("head", record=flag.key, promise=promise.title[language], rule=promise.rule)]
    if isinstance(promise, Clock):
        limit = vocabulary.limit(promise.limit, language, titles)
        said.append(say("start", start=at(flag.start), limit=limit) if flag.start else say("no_start"))
        if promise.calendar != "always":
            said.append(say("calendar", calendar=_calendar(promise, schema, language)))
    elif flag.start:
        said.append(say("since", start=at(flag.start)))
    if flag.held_minutes:
        said.append(say("held", held=vocabulary.lateness(flag.held_minutes, language)))
    if flag.due:
        said.append(say("due", due=at(flag.due)))
    if flag.stop:
        said.append(say("stop", stop=at(flag.stop)))
    if isinstance(promise, Level):
        said.append(_arithmetic(flag, promise, bench, vocabulary, language))
    said.append(say("state", now=at(bench.now), state=vocabulary.state(flag.state, language)))
    if flag.late_minutes:
        said.append(say("late", late=vocabulary.lateness(flag.late_minutes, language)))
    if flag.provisional:
        said.append(say("provisional"))
    return said


def _calendar(promise: Clock, schema: Schema, language: str) -> str:
    found = schema.calendars.get(promise.calendar) or schema.calendars.get("office")
    return found.title[language] if found else promise.calendar


def _arithmetic(flag: Flag, promise: Level, bench: Bench, vocabulary: Vocabulary, language: str) -> str:
    """Opening + in − out = on hand, against the par."""
    frame = bench.tables[promise.register].live.filter(nw.col("_key") == flag.key)
    lines = rows(bench.tables.engine.columns(on_hand(promise, bench, frame)))
    if not lines:
        return ""
    line = lines[0]
    values = {"opening": line[promise.opening], "came": line["_in"], "went": line["_out"], "hand": line["_hand"],
              "par": line[promise.par]}  # fmt: skip
    shown = {name: "—" if value is None else f"{float(str(value)):g}" for name, value in values.items()}
    return vocabulary.label("receipt_level", language, **shown)
