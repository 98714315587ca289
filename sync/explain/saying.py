"""How receipts put things: labels, headers, moments and lists in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sync.explain.about import About, Line
from sync.model import Flag
from sync.rules.bench import Bench
from sync.schema import Field, Promise, Register, Schema
from sync.words import Vocabulary, visible

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
        return self.far(str(self.register.by_name[head].foreign), tail)

    def far(self, register: str, field: str) -> str:
        """The header of a field of another register."""
        other = self.schema.registers[register]
        return self.say("far", register=other.title[self.language], field=other.by_name[field].title[self.language])

    def row(self, path: str) -> str:
        """The row of another register that *path* leads to: 合同项目 HT25-018."""
        head = path.partition(".")[0]
        other = self.schema.registers[str(self.register.by_name[head].foreign)]
        return self.say("row", register=other.title[self.language], record=self.line.get(head))

    def value(self, path: str, value: object) -> str:
        """*value* as people read it who know the field at *path*: a choice by its title."""
        field = self.schema.field_at(self.register.name, path)
        title = next((one.title[self.language] for one in field.choices if one.name == value), None)
        if title or isinstance(value, bool):
            return title or self.say("yes" if value else "no")
        if isinstance(value, datetime):
            return self.day(value.date(), year=True)
        return f"{value:g}" if isinstance(value, float) else visible(str(value))

    def listed(self, texts: Sequence[str]) -> str:
        shown = ("、" if self.language == "zh" else ", ").join(texts[:MANY])
        return shown + (self.say("more", n=len(texts) - MANY) if len(texts) > MANY else "")

    def lasting(self, minutes: int, *, whole_days: bool) -> str:
        return self.vocabulary.lateness(minutes, self.language, whole_days=whole_days)

    def at(self, moment: datetime, *, ends: bool = False) -> str:
        return self.vocabulary.moment(moment, self.language, ends=ends)

    def short(self, moment: datetime) -> str:
        return self.vocabulary.short_moment(moment, self.language, self.bench.now)

    def said(self, path: str, moment: datetime) -> str:
        """*moment* as its field has it: a date has no time of day."""
        return self.said_of(self.schema.field_at(self.register.name, path), moment)

    def said_of(self, field: Field, moment: datetime) -> str:
        """The same for a field that was looked up."""
        return self.day(moment.date(), year=True) if field.reads_as == "date" else self.at(moment)

    def day(self, at: date, *, year: bool = False) -> str:
        text = self.vocabulary.short_moment(datetime(at.year, at.month, at.day), self.language, self.bench.now)  # noqa: DTZ001
        shown = text.removesuffix(" 00:00")
        if not year or str(at.year) in shown:
            return shown
        return f"{at.year}年{shown}" if self.language == "zh" else f"{shown} {at.year}"
