"""A register as its page explains it: columns, choices, an example row, rules and promises, in one language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sync.figures import Figures
from sync.schema import MERGED_INTO, VOID, VOID_REASON, Band, Condition, Constraints, Field, Promise, Register, Words
from sync.schema import check as compared

_MOMENTS = frozenset({"date", "datetime", "time", "month"})
_OPERATORS: Mapping[str, str] = {"<": "lt", "<=": "le", "=": "eq", ">=": "ge", ">": "gt"}
_DIGITS = re.compile(r"\\d(?:\{(\d+)\})?")


@dataclass(frozen=True)
class Name:
    """What something is called: on an English page the sheet's own Chinese word stands beside it."""

    text: str
    beside: str


@dataclass(frozen=True)
class Line:
    """One field, as a line of the table: one header, or two where date and time are typed apart."""

    headers: Sequence[Name]
    goes: str  # what goes in
    other: str  # the register where it is looked up
    help: str
    rules: Sequence[str]
    examples: Sequence[str]  # as many as headers, or none
    seen: str  # public, inside or private
    seen_as: str  # the word for it


@dataclass(frozen=True)
class Part:
    """The columns that are filled at one moment."""

    anchor: str
    title: str
    lines: Sequence[Line]

    @property
    def sample(self) -> list[tuple[Name, str]]:
        """The cells of the example row, each with its header."""
        return [pair for line in self.lines for pair in zip(line.headers, line.examples, strict=False)]


@dataclass(frozen=True)
class Option:
    """A word to pick, and what people write for it that is understood as well."""

    name: Name
    synonyms: str


@dataclass(frozen=True)
class Pledge:
    """A promise that the rows are judged by."""

    title: str
    handbook: str
    allowed: str
    looks_at: str
    note: str
    rule: str
    judged_on: str  # the register with the rows that are judged, where it is another one


@dataclass(frozen=True)
class Place:
    """A tab with rows of the register."""

    file: str
    tab: str
    read_only: bool
    address: str  # where people open the tab by one


@dataclass(frozen=True)
class Described:
    """What the register's page shows."""

    title: str
    help: str
    places: Sequence[Place]
    parts: Sequence[Part]
    choices: Sequence[tuple[Name, Sequence[Option]]]
    rules: Sequence[str]
    pledges: Sequence[Pledge]
    forms: Sequence[str]


def described(register: Register, figures: Figures) -> Described:
    """What the page of *register* shows."""
    return _Describing(register, figures).page()


@dataclass(frozen=True)
class _Describing:
    register: Register
    figures: Figures

    def page(self) -> Described:
        register, figures = self.register, self.figures
        title = self.told(register.title)
        return Described(
            title=title,
            help=self.told(register.help) if register.help else title,
            places=list(self.places()),
            parts=list(self.parts()),
            choices=[(self.name(field.title), self.options(field)) for field in register.fields if field.choices],
            rules=list(self.rules()),
            pledges=list(self.pledges()),
            forms=[form.name for form in figures.schema.forms.values() if form.register == register.name],
        )  # fmt: skip

    # ---- words

    def say(self, key: str, **values: object) -> str:
        return self.figures.words.label(f"reg_{key}", self.figures.language, **values)

    def told(self, words: Words) -> str:
        return words[self.figures.language]

    def name(self, words: Words) -> Name:
        english = self.figures.language == "en"
        return Name(self.told(words), words.zh if english and words.zh != words.en else "")

    def joined(self, texts: Sequence[str]) -> str:
        return self.say("and").join(texts)

    def quoted(self, fields: Sequence[Field]) -> str:
        """“维修结果”“排除时间”: fields by their titles."""
        return self.joined([self.say("quoted", text=self.told(field.title)) for field in fields])

    # ---- where, and what stands there

    def places(self) -> Iterator[Place]:
        states = {state.book: state for state in self.figures.tonight.books}
        for source in self.register.tabs:
            state = states.get(source.book)
            where, addresses = (state.where, state.addresses) if state else (source.book, {})
            yield Place(where, source.tab, source.mode == "read_only", addresses.get(source.tab, ""))

    def parts(self) -> Iterator[Part]:
        bands = self.register.bands
        known = {band.name for band in bands}
        lost = [field for field in self.register.fields if field.band not in known]
        for band in (*bands, Band(name="", title=self.register.title)):
            fields = [field for field in self.register.fields if field.band == band.name] if band.name else lost
            if fields:
                # an anchor has only letters and digits: everything else leaves a template changed
                anchor = "".join(filter(str.isalnum, band.name))
                yield Part(anchor, self.told(band.title), [self.line(field) for field in fields])

    def line(self, field: Field) -> Line:
        titles = list(field.split.values()) if field.split else [field.title]
        examples = field.example.split(" ", len(titles) - 1) if field.example else []
        seen, seen_as = self.seen(field)
        return Line(
            headers=[self.name(title) for title in titles],
            goes=self.goes(field),
            other=field.foreign if field.foreign and self.has(field.foreign) else "",
            help=self.told(field.help) if field.help else "",
            rules=list(self.demands(field)),
            examples=examples,
            seen=seen,
            seen_as=seen_as,
        )

    def has(self, register: str) -> bool:
        return register in self.figures.schema.registers and register != self.register.name

    def goes(self, field: Field) -> str:
        """What goes into the cell, in words."""
        if field.foreign and self.has(field.foreign):
            return self.say("by", keys=self.finders(self.figures.schema.registers[field.foreign]))
        if field.choices:
            key = "several" if field.reads_as == "choices" else "one"
            also = sum(len(choice.synonyms) for choice in field.choices)
            return self.say(key, n=len(field.choices)) + (self.say("also_n", n=also) if also else "")
        return self.say("split" if field.split else f"kind_{field.reads_as}")

    def finders(self, other: Register) -> str:
        """客户号、简称或电话: by what a row of *other* is found, its number first."""
        names = (other.primaryKey, *other.found_by.fields, *other.found_by.lists)
        *most, last = (self.told(other.by_name[name].title) for name in names)
        return self.joined(most) + self.say("or") + last if most else last

    def seen(self, field: Field) -> tuple[str, str]:
        """Whether the site may show the column, and the word for it."""
        if field.personal is True:
            return "private", self.say("private")
        if field.name not in self.register.publish:
            return "inside", self.say("inside")
        if field.personal == "staff":
            return "public", self.say("public_staff")
        return "public", self.say("public_customer" if field.foreign == "customers" else "public")

    # ---- what is asked of a cell

    def demands(self, field: Field) -> Iterator[str]:
        asked = field.constraints
        if asked.required:
            yield self.say("required")
        elif field.required_when:
            yield self.say("required_when", when=self.condition(field.required_when))
        if asked.unique:
            yield self.say("unique")
        yield from self.shapes(asked)
        if field.past:
            yield self.say("past")
        if field.unknown == "task" and field.foreign and self.has(field.foreign):
            yield self.say("task")
        if field.signature:
            yield self.say("signature")

    def shapes(self, asked: Constraints) -> Iterator[str]:
        if shape := shaped(asked.pattern or ""):
            yield self.say("shape", shape=shape)
        low, high = asked.minimum, asked.maximum
        if low is not None and high is not None:
            yield self.say("between", low=low, high=high)
        elif low is not None:
            yield self.say("least", low=low)
        elif high is not None:
            yield self.say("most", high=high)

    def condition(self, wanted: Condition) -> str:
        """“维修结果”是“已修好”: when the cell must be filled."""
        return self.joined([self.where(self.register.by_name[name], value) for name, value in wanted.items()])

    def where(self, field: Field, value: object) -> str:
        """One line of a condition, in words."""
        title = self.told(field.title)
        if isinstance(value, bool):
            key = "yes" if field.reads_as == "boolean" else "filled"
            return self.say(f"when_{key if value else f'not_{key}'}", field=title)
        names = list(map(str, value)) if isinstance(value, list) else [str(value)]
        titles = {choice.name: self.told(choice.title) for choice in field.choices}
        chosen = self.say("or").join(self.say("quoted", text=titles.get(name, name)) for name in names)
        return self.say("when_is", field=title, chosen=chosen)

    def options(self, field: Field) -> list[Option]:
        return [Option(self.name(choice.title), self.joined(choice.synonyms)) for choice in field.choices]

    # ---- what is asked of a row

    def rules(self) -> Iterator[str]:
        register = self.register
        yield from self.checks()
        key = register.by_name[register.primaryKey]
        shape = shaped(key.constraints.pattern or "")
        if register.series and shape:
            yield self.say("series", field=self.told(key.title), shape=shape)
        for field in register.fields:
            if field.numbers and self.has(field.numbers.book):
                book = self.figures.schema.registers[field.numbers.book]
                yield self.say("numbers", field=self.told(field.title), book=self.told(book.title))
        if register.found_by.fields or register.found_by.lists:
            yield self.say("found_by", keys=self.finders(register))
        if register.holds and register.holds.remarks and self.has(register.holds.listed):
            listed = self.figures.schema.registers[register.holds.listed]
            reasons = [self.told(choice.title) for choice in listed.by_name["reason"].choices]
            fields = self.quoted([register.by_name[name] for name in register.holds.remarks])
            yield self.say("holds", fields=fields, reasons=self.joined(reasons), register=self.told(listed.title))
        if register.dragged:
            yield self.say("dragged", fields=self.quoted([register.by_name[name] for name in register.dragged]))
        if register.judged_from and self.figures.judge_from():
            field = register.by_name[register.judged_from]
            yield self.say("judged_from", field=self.told(field.title), day=self.figures.judge_from())
        if {VOID, VOID_REASON, MERGED_INTO} <= set(register.by_name):
            ends = {name: self.told(register.by_name[name].title) for name in (VOID, VOID_REASON, MERGED_INTO)}
            yield self.say("void", **ends)

    def checks(self) -> Iterator[str]:
        """“到场时间”、“排除时间”不早于“来电时间”: the fields that are held against the same one together."""
        fields = self.register.by_name
        grouped: dict[tuple[str, str], list[Field]] = {}
        for check in map(compared, self.register.checks):
            grouped.setdefault((check.op, check.right), []).append(fields[check.left])
        for (operator, right), left in grouped.items():
            key = f"{_OPERATORS[operator]}_moment" if fields[right].reads_as in _MOMENTS else _OPERATORS[operator]
            yield self.say(key, left=self.quoted(left), right=self.told(fields[right].title))

    # ---- what the rows are judged by

    def pledges(self) -> Iterator[Pledge]:
        """The promises on this register, then those on others that look here."""
        schema = self.figures.schema
        here = [promise for promise in schema.promise.values() if promise.register == self.register.name]
        there = [
            p
            for p in schema.promise.values()
            if self.has(p.register) and self.register.name in set(self.looked_into(p))
        ]
        for promise in (*here, *there):
            judged_on = schema.registers[promise.register]
            yield Pledge(
                title=self.told(promise.title),
                handbook=self.figures.handbook_of(promise),
                allowed=self.figures.allowed(promise),
                looks_at=self.joined([self.path(judged_on, path) for _, path in promise.fields()]),
                note=self.told(promise.note) if promise.note else "",
                rule=promise.rule,
                judged_on="" if judged_on is self.register else self.told(judged_on.title),
            )

    def looked_into(self, promise: Promise) -> Iterator[str]:
        """The registers besides its own that *promise* reads."""
        own = self.figures.schema.registers[promise.register]
        for _, path in promise.fields():
            head, _, tail = path.partition(".")
            if tail:
                yield str(own.by_name[head].foreign)
        yield str(getattr(promise, "holds", ""))
        for key in promise.__struct_fields__:
            yield str(getattr(getattr(promise, key), "register", ""))

    def path(self, register: Register, path: str) -> str:
        """A field of *register* by its title; one step along a reference it says of which register."""
        head, _, tail = path.partition(".")
        field = register.by_name[head]
        if not tail:
            return self.say("quoted", text=self.told(field.title))
        far = self.figures.schema.registers.get(str(field.foreign))
        return self.say("far", register=self.told(far.title), field=self.told(far.by_name[tail].title)) if far else ""


def shaped(pattern: str) -> str:
    """RC-##-##### for the pattern of such a number, a # for each digit; empty where it is not as simple as that."""
    shape = _DIGITS.sub(lambda digits: "#" * int(digits[1] or 1), pattern)
    return shape if re.fullmatch(r"[\w#/-]+", shape) and "#" in shape else ""
