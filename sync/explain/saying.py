"""How receipts put things: labels, headers, moments and lists in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sync.explain.about import About, Line
from sync.model import Flag
from sync.rules.bench import Bench
from sync.schema import Promise, Register, Schema
from sync.words import Vocabulary

MANY = 4  # days, holds or fields that a sentence names; of more it says how many there are


@dataclass
class Saying:
    """One flag in one language; *published* when it is for a page, which quotes only what registers publish."""

    about: About
    vocabulary: Vocabulary
    language: str
    published: bool = False

    @property
    def flag(self) -> Flag:
        return self.about.flag

    @property
    def schema(self) -> Schema:
        return self.about.schema

    @property
    def bench(self) -> Bench:
        return self.about.bench

    @property
    def promise(self) -> Promise:
        return self.about.promise

    @property
    def register(self) -> Register:
        return self.about.register

    @property
    def line(self) -> Line:
        return self.about.line

    @cached_property
    def titles(self) -> dict[str, str]:
        return {field.name: field.title[self.language] for field in self.register.fields}

    def say(self, key: str, **values: object) -> str:
        return self.vocabulary.label(f"receipt_{key}", self.language, **values)

    def name(self, path: str) -> str:
        """The header of a field, and of which register, where it lies in another one."""
        head, _, tail = path.partition(".")
        if not tail:
            return self.titles.get(head, head)
        other = self.schema.registers[str(self.register.by_name[head].foreign)]
        return self.say("far", register=other.title[self.language], field=other.by_name[tail].title[self.language])

    def listed(self, texts: Sequence[str]) -> str:
        shown = ("、" if self.language == "zh" else ", ").join(texts[:MANY])
        return shown + (self.say("more", n=len(texts) - MANY) if len(texts) > MANY else "")

    def lasting(self, minutes: int, *, whole_days: bool) -> str:
        return self.vocabulary.lateness(minutes, self.language, whole_days=whole_days)

    def at(self, moment: datetime, *, ends: bool = False) -> str:
        return self.vocabulary.moment(moment, self.language, ends=ends)

    def short(self, moment: datetime) -> str:
        return self.vocabulary.short_moment(moment, self.language, self.bench.now)

    def said(self, path: str | Sequence[str], moment: datetime) -> str:
        """*moment* as its field has it: a date has no time of day."""
        field = self.register.by_name.get(path) if isinstance(path, str) else None
        return self.day(moment.date(), year=True) if field and field.reads_as == "date" else self.at(moment)

    def day(self, at: date, *, year: bool = False) -> str:
        text = self.vocabulary.short_moment(datetime(at.year, at.month, at.day), self.language, self.bench.now)  # noqa: DTZ001
        shown = text.removesuffix(" 00:00")
        return f"{at.year}年{shown}" if year and self.language == "zh" and f"{at.year}年" not in shown else shown
