"""The receipt of a flag: how it came about, in one short paragraph, Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import narwhals as nw

from sync import words
from sync.engines import rows
from sync.model import EMPTY, UNREADABLE, VALUE, Flag, RowRef, ServicebookError
from sync.rules.bench import Bench
from sync.rules.clock import Clock
from sync.rules.holds import HOLD_FROM, HOLD_TO
from sync.rules.level import Level, on_hand
from sync.rules.presence import Presence
from sync.rules.recurrence import Recurrence
from sync.rules.repeat import Repeat
from sync.schema import Promise, Register, Schema, guess
from sync.words import Vocabulary
from sync.workdays import Day, holiday_name

MANY = 4  # days, holds or fields that a sentence names; of more it says how many there are
Line = Mapping[str, object]


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
    return [receipt(flag, schema, bench, vocabulary) for flag in mine]


def receipt(flag: Flag, schema: Schema, bench: Bench, vocabulary: Vocabulary) -> Receipt:
    """Why *flag* says what it says."""
    about = _About(flag, schema, bench)
    told = {language: "".join(_Told(about, vocabulary, language).sentences()).strip() for language in words.LANGUAGES}
    return Receipt(flag, told["zh"], told["en"])


def for_pages(
    flags: Sequence[Flag], schema: Schema, bench: Bench, vocabulary: Vocabulary
) -> dict[Flag, dict[str, str]]:
    """The receipts that may be published, by language: nothing is quoted from a field that its register keeps private.

    What a page says beside them anyway (which record, which promise, where in the handbook) is left out.
    """
    found: dict[Flag, dict[str, str]] = {}
    for flag in flags:
        about = _About(flag, schema, bench)
        if about.is_public:
            found[flag] = {
                language: "".join(_Told(about, vocabulary, language).story()).strip() for language in words.LANGUAGES
            }
    return found


@dataclass
class _About:
    """One flag with its promise and its row, whatever the language."""

    flag: Flag
    schema: Schema
    bench: Bench

    @cached_property
    def promise(self) -> Promise:
        return self.schema.promise[self.flag.promise]

    @cached_property
    def register(self) -> Register:
        return self.schema.registers[self.flag.register]

    @cached_property
    def line(self) -> Line:
        """The row itself."""
        if self.flag.row is None and self.promise.kind != "recurrence":
            return {}
        frame = self.bench.tables[self.flag.register].frame.filter(nw.col("_key") == self.flag.key)
        if self.flag.row is not None:
            frame = frame.filter(nw.col("_row") == self.flag.row)
        found = rows(self.bench.tables.engine.columns(frame))
        return found[0] if found else {}

    @cached_property
    def level(self) -> Line:
        """The arithmetic of a part's level."""
        assert isinstance(self.promise, Level)  # noqa: S101 - asked for levels only
        frame = self.bench.tables[self.promise.register].live.filter(nw.col("_key") == self.flag.key)
        found = rows(self.bench.tables.engine.columns(on_hand(self.promise, self.bench, frame)))
        return found[0] if found else {}

    @property
    def is_public(self) -> bool:
        """Whether every field that the receipt quotes is published by its register, and so is the record's key."""
        promise, register = self.promise, self.schema.registers[self.promise.register]
        quoted = (
            [] if isinstance(promise, Presence) else [path for _, path in promise.fields()]
        )  # those say titles only
        return register.primaryKey in register.publish and all(self._published(register, path) for path in quoted)

    def _published(self, register: Register, path: str) -> bool:
        head, _, tail = path.partition(".")
        if tail:
            foreign = self.schema.registers.get(str(register.by_name[head].foreign))
            return foreign is not None and self._published(foreign, tail)
        return head in register.publish


@dataclass
class _Told:
    """One flag, told in one language."""

    about: _About
    vocabulary: Vocabulary
    language: str

    def sentences(self) -> Iterator[str]:
        """In the order in which the flag came about, from which record to where the handbook says so."""
        flag, promise = self.flag, self.promise
        yield self.say("head", record=flag.key, promise=promise.title[self.language], rule=promise.rule)
        yield from self.story()
        if promise.handbook:
            yield self.say("handbook", page=promise.handbook)

    def story(self) -> Iterator[str]:
        """How the flag came about."""
        flag, promise = self.flag, self.promise
        if isinstance(promise, Clock):
            yield from self.clock(promise)
        elif isinstance(promise, Recurrence):
            yield from self.period(promise)
        elif isinstance(promise, Level):
            yield from self.arithmetic(promise)
        elif isinstance(promise, Presence):
            yield from self.papers(promise)
        elif isinstance(promise, Repeat):
            yield from self.earlier(promise)
        else:
            yield from self.number()
        yield self.say("state", now=self.at(self.bench.now), state=self.vocabulary.state(flag.state, self.language))
        if flag.late_minutes is not None:
            whole = not isinstance(promise, Clock) or promise.hours == "always"
            late = self.vocabulary.lateness(flag.late_minutes, self.language, whole_days=whole)
            yield self.say("late", late=late)
        if flag.provisional:
            yield self.say("provisional")

    # ------------------------------------------------------------ a clock

    def clock(self, promise: Clock) -> Iterator[str]:
        """Which moment started it, how long it may take, what did not count, and the due moment."""
        if not self.flag.start:
            yield self.say("no_start", field=self.started(promise))
            return
        limit = self.vocabulary.limit(promise.limit, self.language, self.titles)
        yield self.say(
            "start", field=self.started(promise), start=self.said(promise.starts, self.flag.start), limit=limit
        )
        if promise.hours != "always":
            calendar = self.schema.calendars[self.bench.office if promise.calendar == "office" else promise.calendar]
            yield self.say("calendar", calendar=calendar.title[self.language])
            yield from self.days(promise)
        yield from self.holds(promise)
        if self.flag.due:
            yield self.say("due", due=self.at(self.flag.due, ends=True))
        elif self.flag.state == "not_judged":
            yield self.say("no_limit")
        if self.flag.stop:
            yield self.say("stop", field=self.name(promise.stops), stop=self.said(promise.stops, self.flag.stop))

    def started(self, promise: Clock) -> str:
        """The header of the moment that the clock was started by."""
        starts = [promise.starts] if isinstance(promise.starts, str) else promise.starts
        filled = (path for path in starts if self.line.get(f"{path.partition('.')[0]}__state") in (VALUE, UNREADABLE))
        return self.name(next(filled, starts[-1]))

    def days(self, promise: Clock) -> Iterator[str]:
        """The days between start and due that did not count, and the weekends that did."""
        start, due = self.flag.start, self.flag.due
        if not start or not due or due - start > timedelta(days=400):
            return
        days = list(self.bench.workdays(promise.calendar).days(start.date(), due.date()))
        off = [day for day in days if not day.spans]
        made_up = [day for day in days if day.spans and day.date.weekday() >= 5]
        if off:
            yield self.say("days_off", days=self.listed([self.stretch(run) for run in _runs(off)]))
        if made_up:
            yield self.say("made_up", days=self.listed([self.day(day.date) for day in made_up]))

    def stretch(self, run: Sequence[Day]) -> str:
        """`10月1日～10月8日 国庆节`."""
        named = next((day.name for day in run if day.name), "")
        name = holiday_name(named, self.language) if named else self.say("weekend")
        first, last = self.day(run[0].date), self.day(run[-1].date)
        return f"{first} {name}" if first == last else f"{first}～{last} {name}"

    def holds(self, promise: Clock) -> Iterator[str]:
        """The holds that moved the due moment."""
        if not promise.holds:
            return
        spans = sorted(self.spans(promise), key=lambda span: span[0])
        told = [self.say("hold_span", a=self.short(a), b=self.short(b) if b else self.say("still")) for a, b in spans]
        if self.flag.held_minutes and told:
            held = self.vocabulary.lateness(self.flag.held_minutes, self.language, whole_days=promise.hours == "always")
            yield self.say("held", held=held, spans=self.listed(told))
        elif told:
            yield self.say("held_none", spans=self.listed(told))

    def spans(self, promise: Clock) -> Iterator[tuple[datetime, datetime | None]]:
        found = [(self.line.get(HOLD_FROM), self.line.get(HOLD_TO))]
        if promise.holds in self.bench.tables:
            about = self.bench.tables[promise.holds].live.filter(
                nw.col("register") == self.flag.register, nw.col("record_no") == self.flag.key
            )
            lines = rows(self.bench.tables.engine.columns(about.select("from_at", "to_at")))
            found += [(line["from_at"], line["to_at"]) for line in lines]
        for a, b in found:
            if isinstance(a, datetime):
                yield a, b if isinstance(b, datetime) else None

    # ------------------------------------------------------------ the other kinds

    def period(self, promise: Recurrence) -> Iterator[str]:
        """The period, where it comes from, and what served it."""
        flag = self.flag
        every = self.vocabulary.every(promise.every, self.language, self.titles)
        anchor = self.line.get(promise.anchor)
        if isinstance(anchor, datetime):
            yield self.say(
                "anchor", field=self.name(promise.anchor), anchor=self.day(anchor.date(), year=True), every=every
            )
        else:
            yield self.say("every", every=every)
        if flag.start and flag.due:
            last = flag.due - timedelta(days=1)
            yield self.say(
                "period", first=self.day(flag.start.date(), year=True), last=self.day(last.date(), year=True)
            )
        if flag.stop:
            yield self.say("served", on=self.day(flag.stop.date(), year=True))
        elif flag.state in ("overdue", "missed"):
            yield self.say("not_served")
        odd = [name for _, name in promise.fields() if self.line.get(f"{name}__state") == UNREADABLE]
        if odd:
            yield self.say("unreadable", fields=self.listed([self.name(name) for name in odd]))

    def arithmetic(self, promise: Level) -> Iterator[str]:
        """Opening + in − out = on hand, against the par."""
        if line := self.about.level:
            values = {"opening": line[promise.opening], "came": line["_in"] or 0, "went": line["_out"] or 0,
                      "hand": line["_hand"], "par": line[promise.par]}  # fmt: skip
            shown = {name: "—" if value is None else f"{float(str(value)):g}" for name, value in values.items()}
            yield self.say("level", field=self.name(promise.par), **shown)
            if line["_hand"] is None:
                yield self.say("level_unknown")

    def papers(self, promise: Presence) -> Iterator[str]:
        """Which fields are empty, denied or unreadable, or which register has no row."""
        states = {name: self.line.get(f"{name}__state") for name in promise.needs}
        denied = [name for name in promise.needs if self.line.get(name) is False]
        for key, names in (
            ("empty", [name for name, state in states.items() if state == EMPTY]),
            ("denied", denied),
            ("unreadable", [name for name, state in states.items() if state == UNREADABLE]),
        ):
            if names:
                yield self.say(key, fields=self.listed([self.name(name) for name in names]))
        if promise.needs_row and self.flag.state == "missing":
            yield self.say("no_row", register=self.schema.registers[promise.needs_row.register].title[self.language])
        if self.flag.state == "ok":
            yield self.say("all_there")

    def earlier(self, promise: Repeat) -> Iterator[str]:
        """The record that it repeats."""
        if not self.flag.start or not self.flag.stop:
            return
        before = self.bench.tables[promise.register].live.filter(nw.col(promise.after) == nw.lit(self.flag.start))
        for name in promise.same:
            before = before.filter(nw.col(name) == nw.lit(str(self.line[name])))
        keys = rows(self.bench.tables.engine.columns(before.select("_key")))
        days = (self.flag.stop - self.flag.start).days
        within = self.vocabulary.limit(promise.within, self.language)
        same = self.listed([self.name(name) for name in promise.same])
        earlier = "、".join(str(line["_key"]) for line in keys)
        yield self.say("repeat", same=same, earlier=earlier, ended=self.at(self.flag.start), days=days, within=within)

    def number(self) -> Iterator[str]:
        """What is wrong with a numbered sheet or its book."""
        flag = self.flag
        start = self.at(flag.start) if flag.start else "—"
        stop = self.at(flag.stop) if flag.stop else "—"
        due = self.at(flag.due, ends=True) if flag.due else "—"
        key = "two_books" if flag.state == "double" and flag.register != self.promise_number else flag.state
        yield self.say(f"number_{key}", record=flag.key, start=start, stop=stop, due=due)
        if flag.responsible:
            yield self.say("holder", holder=flag.responsible)

    # ------------------------------------------------------------ words

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

    @property
    def promise_number(self) -> str:
        """The register that carries the numbers; a promise about the books themselves has none."""
        return self.promise.register if getattr(self.promise, "number", "") else ""

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


def _runs(days: Sequence[Day]) -> list[list[Day]]:
    """*days* in unbroken stretches."""
    found: list[list[Day]] = []
    for day in days:
        if found and day.date - found[-1][-1].date == timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return found
