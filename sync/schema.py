"""What can be declared: registers, promises, forms, profiles, calendars, as structures in Table Schema's words."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import msgspec

SHIPPED = Path(__file__).resolve().parent.parent / "sheets_schema"

# Table Schema types, and the kind that reads them where the field names none.
TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "yearmonth": "month",
    "duration": "duration",
    "list": "choices",
}
Kind = Literal[
    "text",
    "id",
    "integer",
    "number",
    "money",
    "date",
    "datetime",
    "time",
    "month",
    "duration",
    "boolean",
    "choice",
    "choices",
    "phone",
    "person",
    "email",
    "url",
    "link",
]
KINDS: tuple[str, ...] = get_args(Kind)
NAME = re.compile(r"[a-z][a-z0-9_]*")
Condition = Mapping[str, str | bool | list[str]]
Meaning = Literal["elapsed", "calendar_days", "snap", "end_of_day", "working_time", "months"]  # how a limit is counted
# Every register takes a wrong row out of all clocks with these three, and keeps its number.
VOID, VOID_REASON, MERGED_INTO = "void", "void_reason", "merged_into"
HOLD_FROM, HOLD_TO = "hold_from", "hold_to"  # the first hold of a record stands in its own row
# What is yes and no in a cell. An X is a cross for some and a tick for others, so the letter is neither.
YES = frozenset(["是", "有", "对", "√", "✓", "✔", "☑", "✅", "1", "y", "yes", "true"])
NO = frozenset(["否", "不是", "没有", "错", "×", "✗", "✘", "✕", "✖", "❌", "0", "n", "no", "false"])


class Struct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, dict=True):
    """A declared structure: a key that nobody declared is refused."""


class Words(Struct, frozen=True, kw_only=True):
    """A text in the languages of the site; Chinese is the first."""

    zh: str
    en: str

    def __getitem__(self, language: str) -> str:
        return str(getattr(self, language))


class Choice(Struct, frozen=True, kw_only=True):
    """One allowed value of a list: what we store, what people read, and what else they type for it."""

    name: str
    title: Words
    synonyms: list[str] = []


class Constraints(Struct, frozen=True, kw_only=True):
    """Table Schema constraints."""

    required: bool = False
    unique: bool = False
    pattern: str | None = None
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None


class Numbers(Struct, frozen=True, kw_only=True):
    """The number is printed in a book that is audited."""

    book: str


class Field(Struct, frozen=True, kw_only=True):
    """One fact of a row. A date-and-time that people type in two columns declares *split*."""

    name: str
    title: Words
    help: Words | None = None
    aliases: list[str] = []
    type: str = "string"
    kind: Kind | None = None
    constraints: Constraints = Constraints()
    required_when: dict[str, str | bool | list[str]] = {}
    choices: list[Choice] = []
    choices_of: Literal["", "calendars"] = ""  # besides *choices*, one for each calendar that is declared
    foreign: str | None = None
    unknown: Literal["error", "task"] = "error"
    personal: bool | Literal["staff"] = False
    numbers: Numbers | None = None
    split: dict[Literal["date", "time"], Words] | None = None
    past: bool = False  # a moment that lies in the future is a mistake
    band: str = ""
    width: int | None = None  # of the column, in characters
    example: str = ""  # a cell as it should be typed
    signature: bool = False  # a signature on paper: the sheet only says whether it is there

    @property
    def reads_as(self) -> str:
        """The kind of value: which reader, which column type."""
        if self.kind:
            return self.kind
        return "choice" if self.choices and self.type == "string" else TYPES[self.type]

    @property
    def worded(self) -> bool:
        """Whether a cell says one of a few words, so that a formula knows it, too."""
        return self.reads_as == "boolean" or (self.reads_as == "choice" and bool(self.choices))


class Column(Struct, frozen=True, kw_only=True):
    """One column of the sheet: a field, or the date or time half of a split field."""

    name: str
    field: Field
    kind: str
    titles: tuple[str, str]
    aliases: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    part: Literal["", "date", "time"] = ""

    @property
    def required(self) -> bool:
        """Without this column the tab cannot be read."""
        return self.field.constraints.required and self.part != "time"


class Source(Struct, frozen=True, kw_only=True):
    """One tab that a register is read from."""

    book: str
    tab: str
    mode: Literal["write", "read_only"] = "write"


class Band(Struct, frozen=True, kw_only=True):
    """A group of columns that is filled at one moment."""

    name: str
    title: Words


class Match(Struct, frozen=True, kw_only=True):
    """How another register finds a row of this one: by these fields, besides the key."""

    fields: list[str] = []
    lists: list[str] = []  # fields with several names, separated by 、 ; or a comma


class Holding(Struct, frozen=True, kw_only=True):
    """How a row says that its job stands still: a remark that says so asks for a hold."""

    listed: str  # the register of holds; its reasons are the words that are looked for
    remarks: list[str] = []  # fields where people write freely
    done: dict[str, str | bool | list[str]] = {}  # one of these, and nothing is waited for any more


class Register(Struct, frozen=True, kw_only=True):
    """One register = one tab, or several alike."""

    name: str
    title: Words
    book: str
    primaryKey: str  # noqa: N815 - Table Schema's word
    fields: list[Field]
    help: Words | None = None
    sources: list[Source] = []
    systems: list[str] = []
    forms: list[str] = []
    bands: list[Band] = []
    series: str | None = None  # pre-written numbers, e.g. RC-{yy}-{n:05}
    found_by: Match = Match()
    short_name: str | None = None  # the field that stands for a row on pages
    judged_from: str | None = None  # the field that *judge_from* of the settings looks at
    publish: list[str] = []
    checks: list[str] = []
    holds: Holding | None = None  # what stands still here
    dragged: list[str] = []  # fields where numbers that count up down the column were dragged

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def columns(self) -> list[Column]:
        """The sheet's columns in the order of typing."""
        found: list[Column] = []
        for field in self.fields:
            if field.split is None:
                title = field.title
                found.append(
                    Column(
                        name=field.name,
                        field=field,
                        kind=field.reads_as,
                        titles=(title.zh, title.en),
                        aliases=(*field.aliases, field.name),
                    )
                )
                continue
            for part in ("date", "time"):
                title = field.split[part]
                found.append(
                    Column(
                        name=f"{field.name}__{part}",
                        field=field,
                        kind="datetime" if part == "date" else "time",
                        titles=(title.zh, title.en),
                        aliases=(f"{field.name}_{part}",),
                        # where people kept both in one column, its undivided title still finds it
                        whole=(field.title.zh, field.title.en, *field.aliases, field.name) if part == "date" else (),
                        part=part,
                    )
                )
        return found

    @cached_property
    def tabs(self) -> list[Source]:
        """Where the rows are."""
        return self.sources or [Source(book=self.book, tab=self.title.zh)]


class FormField(Struct, frozen=True, kw_only=True):
    """A box on paper: a field of the form's register, or a line that only paper has, which needs a title."""

    field: str = ""
    title: Words | None = None  # what paper calls it, where that differs
    lines: int = 1  # how many lines there are to write on
    wide: bool = False  # across the whole width of a sheet
    width: int = 0  # of a list's column, in millimetres; columns that say nothing share what is left


class FormSection(Struct, frozen=True, kw_only=True):
    """Boxes that are filled in at one moment."""

    title: Words | None = None
    head: bool = False  # above a list, once for all its lines
    fields: list[str | FormField]

    @cached_property
    def boxes(self) -> list[FormField]:
        return [FormField(field=one) if isinstance(one, str) else one for one in self.fields]


class Form(Struct, frozen=True, kw_only=True):
    """A paper to print: a sheet for one case, or a list with a line for each."""

    name: str
    number: str  # F013
    title: Words
    register: str
    purpose: Words
    filled_by: Words
    layout: Literal["sheet", "list"] = "sheet"
    landscape: bool = False
    rows: int = 0  # empty lines of a list
    sections: list[FormSection]
    signatures: list[Words] = []
    copies: Words | None = None
    numbering: Words | None = None
    promises: list[str] = []  # their limits are printed on the paper
    styles: list[str] = []  # only companies of these styles use it; none: whoever keeps the register
    notes: list[Words] = []
    systems: list[str] = []


class LiveColumns(Struct, frozen=True, kw_only=True):
    """Two columns that a formula keeps up to the minute: when it is due, and how much is left."""

    due: Words
    left: Words


class Countdown(msgspec.Struct, frozen=True):
    """All that the cells of a row need to know a promise's due moment by themselves, without a calendar."""

    starts: tuple[str, ...]  # the first that is not empty; fields of the row
    stops: str
    minutes: int
    holds: str  # the register of holds, "" where nothing stops the clock
    titles: LiveColumns


class Promise(Struct, frozen=True, kw_only=True):
    """What the department promises, whatever the kind: the base of the structures in *sync.rules*."""

    name: str
    title: Words
    register: str
    rule: str = ""
    styles: list[str] = []
    when: dict[str, str | bool | list[str]] = {}  # only rows where these fields have these values
    unless: dict[str, str | bool | list[str]] = {}
    responsible: str = ""  # a field that names a person
    due_soon: str = ""
    handbook: str = ""  # page#anchor
    valid_from: str | None = None
    valid_to: str | None = None
    note: Words | None = None  # what the source leaves open and how it was decided
    on: bool = True  # whether a department that takes the style has it without asking

    @property
    def live(self) -> LiveColumns | None:
        """Two columns that show by formula what is left of its time."""
        return None

    @property
    def kind(self) -> str:
        """The word that the declaration writes at *kind*."""
        return str(type(self).__struct_config__.tag)

    def in_force(self, at: dt.date) -> bool:
        """Whether what begins on the day *at* is judged by this promise; both ends of its time are included."""
        return (self.valid_from or "") <= at.isoformat() <= (self.valid_to or "9999-12-31")

    def fields(self) -> list[tuple[str, str]]:
        """The options that name a field of the register, as (option, field or path): the loader looks them up."""
        return []

    def countdown(self) -> Countdown | None:
        """What live columns show; None where the declaration asks for none."""
        return None

    def elsewhere(self) -> list[tuple[str, str, Condition]]:
        """The options about another register, as (option, register, fields and what is wanted of them)."""
        return []

    def moments_elsewhere(self) -> list[tuple[str, str, str]]:
        """Those of them that name a moment, as (option, register, field)."""
        return []

    @property
    def stop(self) -> tuple[str, str] | None:
        """Where it is written down that it was done, as (register, field or path); None where nothing is."""
        path = getattr(self, "stops", "")
        return (self.register, path) if path else None

    def faults(self, kinds: Mapping[str, str]) -> Iterable[tuple[str, str]]:  # noqa: ARG002 - most kinds have none
        """What contradicts itself, as (option, why); *kinds* are those of the values that `fields` names, by path."""
        return ()


class Profile(Struct, frozen=True, kw_only=True):
    """A kind of company: the styles it takes its promises from, first one first, and the registers it uses."""

    name: str
    title: Words
    styles: list[str]
    registers: list[str]


class CompanyDay(Struct, frozen=True, kw_only=True):
    """Days about which the company itself decides; *published*: all official days of their years are typed in."""

    first: dt.date = msgspec.field(name="from")
    last: dt.date | None = msgspec.field(name="to", default=None)  # one day, where nothing is said
    kind: Literal["off", "work", "published"] = "off"
    half: Literal["whole", "morning", "afternoon"] = "whole"  # until noon, or from noon
    name: str = ""

    def __post_init__(self) -> None:
        if self.until < self.first:
            raise ValueError(f"it ends on {self.last}, before it begins on {self.first}")

    @property
    def until(self) -> dt.date:
        """Its last day, included."""
        return self.last or self.first

    @property
    def years(self) -> range:
        """The years that it touches."""
        return range(self.first.year, self.until.year + 1)


WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Span = tuple[int, int]  # minutes after midnight, the end not included
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


def span(text: str) -> Span:
    """The minutes of `09:00-12:00`; ValueError where it is none."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        message = f"“{text}” is not a span of hours; write 09:00-12:00"
        raise ValueError(message)
    h1, m1, h2, m2 = map(int, found.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if not (0 <= start < end <= 1440 and m1 < 60 and m2 < 60):
        message = f"“{text}” is not a span of hours of one day, from earlier to later"
        raise ValueError(message)
    return start, end


class Calendar(Struct, frozen=True, kw_only=True):
    """A working week; official holidays and make-up workdays come from the library *holidays* names."""

    name: str
    title: Words
    week: dict[str, list[str]]  # mon: ["09:00-12:00", "13:30-18:00"]
    holidays: str = ""  # CN: chinesecalendar; anything else: the holidays package, e.g. US-MA
    company_days: list[CompanyDay] = []

    def __post_init__(self) -> None:
        for day, hours in self.week.items():
            if day not in WEEK:
                raise ValueError(f"week: “{day}” is no day; write {', '.join(WEEK)}{guess(day, WEEK)}")
            spans = [span(text) for text in hours]
            for (_, closes), (opens, _), text in zip(spans, spans[1:], hours[1:], strict=False):
                if opens < closes:
                    raise ValueError(f"week: {day}: “{text}” begins before the hours in front of it end")


class Schema(Struct, frozen=True, kw_only=True):
    """All declarations that a department uses."""

    registers: dict[str, Register]
    promises: list[Promise]
    profiles: dict[str, Profile]
    calendars: dict[str, Calendar]
    forms: dict[str, Form] = {}
    declared: Schema | None = None  # everything there is, where this is what one department uses of it
    at: dt.date | None = None  # the day whose promises pages tell

    @cached_property
    def written(self) -> set[str]:
        """The books that staff write in and marks go to: those with at least one tab that is not read only."""
        sources = (source for register in self.registers.values() for source in register.tabs)
        return {source.book for source in sources if source.mode == "write"}

    def field_at(self, register: str, path: str) -> Field:
        """The field at *path* of *register*, one step away or its own; also where the department does not use it."""
        known = (self.declared or self).registers
        head, _, tail = path.partition(".")
        found = known[register].by_name[head]
        return known[str(found.foreign)].by_name[tail] if tail else found

    @cached_property
    def live(self) -> Mapping[str, frozenset[str]]:
        """By register the headings of its live columns, those of promises that are off among them: they may be left."""
        found: dict[str, set[str]] = {name: set() for name in self.registers}
        for promise in (self.declared or self).promises:
            if promise.live and promise.register in found:
                titles = (promise.live.due, promise.live.left)
                found[promise.register] |= {heading(title[language]) for title in titles for language in ("zh", "en")}
        return {name: frozenset(headings) for name, headings in found.items()}

    @cached_property
    def versions(self) -> dict[str, list[Promise]]:
        """The promises by name; after a department chose, those of one name follow each other, oldest first."""
        found: dict[str, list[Promise]] = {}
        for promise in self.promises:
            found.setdefault(promise.name, []).append(promise)
        return {name: sorted(same, key=lambda one: one.valid_from or "") for name, same in found.items()}

    @cached_property
    def promise(self) -> dict[str, Promise]:
        """Of each name the promise that is in force at *at*: else the next one to come, else the last one."""
        today = self.at.isoformat() if self.at else "9999-12-31"
        return {
            name: next((one for one in same if today <= (one.valid_to or "9999-12-31")), same[-1])
            for name, same in self.versions.items()
        }


# ---------------------------------------------------------------- limits


class Limit(msgspec.Struct, frozen=True):
    """A length of time: *number* units, or as many as a field says, or ceil(field / number)."""

    unit: str  # minute hour day working_day week month
    number: float = 0
    field: str | None = None
    divided_by: float | None = None

    @property
    def minutes(self) -> int | None:
        """The length in minutes, for fixed units."""
        scale = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}.get(self.unit)
        return None if scale is None or self.field else round(self.number * scale)


UNITS: Mapping[str, str] = {
    "min": "minute",
    "minute": "minute",
    "minutes": "minute",
    "h": "hour",
    "hour": "hour",
    "hours": "hour",
    "day": "day",
    "days": "day",
    "working day": "working_day",
    "working days": "working_day",
    "week": "week",
    "weeks": "week",
    "month": "month",
    "months": "month",
}
_NUMBER = r"(?P<number>\d+(?:\.\d+)?)"
_PATH = r"[a-z]\w*(?:\.[a-z]\w*)?"  # a field of the row, or foreign_field.field one step away
_EACH = rf"ceil\((?P<ceil>{_PATH}) / (?P<by>[1-9]\d*)\)"
_LIMIT = re.compile(rf"(?:{_NUMBER}|(?P<field>{_PATH})|{_EACH}) ?(?P<unit>[a-z ]+)")


def limit(text: str) -> Limit:
    """The length that *text* declares; ValueError with the grammar where it declares none."""
    found = _LIMIT.fullmatch(text.strip())
    unit = UNITS.get(found["unit"].strip()) if found else None
    if found is None or unit is None:
        known = (
            "NUMBER UNIT, FIELD UNIT or ceil(FIELD / NUMBER) UNIT, UNIT one of min, h, day, working day, week, month"
        )
        message = f"“{text}” is not a limit; write {known}"
        raise ValueError(message)
    if found["ceil"]:
        return Limit(unit=unit, field=found["ceil"], divided_by=float(found["by"]))
    return Limit(unit=unit, number=float(found["number"] or 0), field=found["field"])


def length(text: str) -> dt.timedelta:
    """The fixed length that *text* declares; ValueError where it changes with the calendar or the row."""
    minutes = limit(text).minutes
    if minutes is None:
        message = f"“{text}” has no fixed length; write NUMBER UNIT, UNIT one of min, h, day, week"
        raise ValueError(message)
    return dt.timedelta(minutes=minutes)


class Check(msgspec.Struct, frozen=True):
    """FIELD OP FIELD."""

    left: str
    op: str
    right: str


_CHECK = re.compile(r"([a-z]\w*) (<=|>=|<|>|=) ([a-z]\w*)")


def check(text: str) -> Check:
    """The comparison that *text* declares; ValueError with the grammar where it declares none."""
    found = _CHECK.fullmatch(text.strip())
    if not found:
        message = f"“{text}” is not a check; write FIELD OP FIELD, OP one of < <= = >= >"
        raise ValueError(message)
    return Check(*found.groups())


# ---------------------------------------------------------------- words


def heading(text: str) -> str:
    """A header for comparing: NFKC, without white space and invisible characters, case folded."""
    kept = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Cc"))
    return "".join("".join(kept).split()).casefold()


def guess(word: str, known: Iterable[str]) -> str:
    """`; did you mean “…”?`, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean “{near[0]}”?" if near else ""


def refusal(error: msgspec.ValidationError) -> tuple[str, list[str | int]]:
    """What msgspec refused, in words with a guess, and the keys that lead there."""
    text, _, where = str(error).partition(" - at ")
    keys: list[str | int] = [int(k) if k.isdigit() else k for k in re.findall(r"\w+", where) if k != "key"]
    unknown = re.search(r"unknown field `(\w+)`", text)
    if unknown:
        keys.append(unknown[1])
        text = f"nobody declared “{unknown[1]}”{guess(unknown[1], _declared_keys() - {unknown[1]})}"
    return text, keys


def dotted(keys: Sequence[str | int]) -> str:
    """fields[3].title: *keys* as people write them."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def _declared_keys() -> set[str]:
    seen: set[str] = {"kind"}
    kinds: list[type] = [Struct]
    while kinds:
        kind = kinds.pop()
        seen.update(getattr(kind, "__struct_fields__", ()))
        kinds.extend(kind.__subclasses__())
    return seen
