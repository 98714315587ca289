"""What a page can ask of a night: rows to list and figures to show, without anything that is not public."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sync.model import OPEN_STATES, STATES, Flag, Problem, Tonight
from sync.schema import Promise, Schema
from sync.settings import Settings
from sync.words import Vocabulary, place, public


@dataclass(frozen=True)
class Line:
    """One open flag, as a row of a list."""

    record: str
    customer: str
    technician: str
    promise: str
    handbook: str
    state: str
    due: str
    late: str
    provisional: bool


@dataclass(frozen=True)
class Fault:
    """One problem, as a row of a list."""

    where: str
    record: str
    severity: str
    message: str


@dataclass(frozen=True)
class Tally:
    """How one promise stands: how many rows are in which state, open ones apart."""

    promise: str
    handbook: str
    allowed: str
    open: Sequence[tuple[str, int]]
    settled: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Figures:
    """A night in one language, for the page *name* (its addresses are relative to that page)."""

    tonight: Tonight
    schema: Schema
    settings: Settings
    words: Vocabulary
    sources: Mapping[str, Path]  # the handbook's files
    name: str
    language: str

    def total(self, *states: str) -> int:
        """How many rows are in one of *states*, whatever the promise."""
        return sum(counts.get(state, 0) for counts in self.tonight.counts.values() for state in states)

    def open_count(self) -> int:
        """How many flags ask somebody to do something; the list may carry fewer."""
        return max(self.total(*OPEN_STATES), len(self.tonight.flags))

    def judge_from(self) -> str:
        return str(self.settings.department.judge_from or "")

    def problem_count(self, *severities: str) -> int:
        return sum(problem.severity in severities for problem in self.tonight.problems)

    def tallies(self) -> list[Tally]:
        """How each promise stands, in the order of the declarations."""
        counts = self.tonight.counts
        judged = [promise for promise in self.schema.promises if promise.name in counts]
        return [self._tally(promise, counts[promise.name]) for promise in judged]

    def lines(self, most: int, promise: str = "") -> list[Line]:
        """The worst open flags, of one promise or of all."""
        flags = [flag for flag in self.tonight.flags if promise in ("", flag.promise)]
        return [self._line(flag) for flag in flags[:most]]

    def faults(self, most: int) -> list[tuple[str, list[Fault]]]:
        """The problems by tab, in the order of the sheets."""
        grouped: dict[str, list[Fault]] = {}
        for problem in self._problems[:most]:
            grouped.setdefault(problem.tab, []).append(self._fault(problem))
        return list(grouped.items())

    def old(self) -> int:
        return sum(count.old for count in self.tonight.rows.values())

    def _line(self, flag: Flag) -> Line:
        promise = self.schema.promise.get(flag.promise)
        whole_days = getattr(promise, "calendar", "always") == "always"
        return Line(
            record=flag.key if self._publishes(flag.register) else "",
            customer=self._customer(flag),
            technician=flag.responsible if promise and self._publishes(flag.register, promise.responsible) else "",
            promise=promise.title[self.language] if promise else flag.promise,
            handbook=self._handbook(promise),
            state=flag.state,
            due=self.words.short_moment(flag.due, self.language, self.tonight.moment, ends=True),
            late=self.words.lateness(flag.late_minutes or None, self.language, whole_days=whole_days),
            provisional=flag.provisional,
        )

    def _customer(self, flag: Flag) -> str:
        """The customer's short name, where the register publishes it."""
        register = self.schema.registers.get(flag.register)
        texts = self.tonight.shown.get(flag.register, {}).get(flag.key, {})
        fields = [field.name for field in register.fields if field.foreign == "customers"] if register else []
        return next((texts[name] for name in fields if texts.get(name)), "")

    def _fault(self, problem: Problem) -> Fault:
        record = problem.key if self._publishes(problem.register) else ""
        message = self.words.message(problem, self.language)
        return Fault(place(problem), record, problem.severity, message)

    def _publishes(self, name: str, field: str = "") -> bool:
        """Whether the register *name* publishes *field*, or else its key."""
        register = self.schema.registers.get(name)
        return register is not None and (field or register.primaryKey) in register.publish

    def _tally(self, promise: Promise, counts: Mapping[str, int]) -> Tally:
        ordered = [(state, counts[state]) for state in STATES if counts.get(state)]
        return Tally(
            promise=promise.title[self.language],
            handbook=self._handbook(promise),
            allowed=self.allowed(promise),
            open=[(state, n) for state, n in ordered if state in OPEN_STATES],
            settled=[(state, n) for state, n in ordered if state not in OPEN_STATES],
        )

    def allowed(self, promise: Promise) -> str:
        """The limit of *promise*, the very figure that its clock uses; empty where it has none."""
        text = next((str(t) for key in ("limit", "within", "every") if (t := getattr(promise, key, ""))), "")
        register = self.schema.registers.get(promise.register)
        titles = {field.name: field.title[self.language] for field in register.fields} if register else {}
        say = self.words.every if text and text == getattr(promise, "every", "") else self.words.limit
        return say(text, self.language, titles) if text else ""

    def _handbook(self, promise: Promise | None) -> str:
        """Where the handbook says so, as an address from this page; empty while there is no such page."""
        page, _, anchor = (promise.handbook if promise else "").partition("#")
        source = self.sources.get(f"{page}.md")
        if source is None or not re.fullmatch(r"[\w/-]+", page):
            return ""
        is_there = anchor and f"#{anchor}}}" in source.read_text(encoding="utf-8").replace(" }", "}")
        return f"{'../' * self.name.count('/')}{page}.html{'#' + anchor if is_there else ''}"

    @cached_property
    def _problems(self) -> list[Problem]:
        return [public(problem, self.schema.registers.get(problem.register)) for problem in self.tonight.problems]

    def short(self, when: datetime | None) -> str:
        """A moment for tables."""
        return self.words.short_moment(when, self.language, self.tonight.moment)
