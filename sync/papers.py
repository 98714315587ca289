"""A form as paper: what is printed, and how each box is answered by hand, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sync.figures import Figures
from sync.schema import Field, Form, FormField, FormSection, Promise, Register

# How a box is answered; whatever is not named here is written on lines.
_BLANKS = {
    "date": "form_date",
    "datetime": "form_datetime",
    "time": "form_time",
    "month": "form_month",
    "money": "form_money",
}
_SHORT = {"date": "form_short_date", "datetime": "form_short_datetime", "time": "form_short_time"}
# More choices than this in a cell of a list are answered by a number that is explained below it.
_TICKED = 2


@dataclass(frozen=True)
class Box:
    """One thing to fill in. *blanks* are printed parts of the answer with gaps between them, in groups."""

    title: str
    choices: Sequence[str] = ()
    coded: bool = False  # a number stands for the choice
    blanks: Sequence[Sequence[str]] = ()
    signed: bool = False
    lines: int = 1
    wide: bool = False
    width: int = 0

    @property
    def codes(self) -> list[str]:
        """① 已修好, ② 延时: what the numbers stand for."""
        return [f"{chr(0x2460 + at)} {choice}" for at, choice in enumerate(self.choices)]


@dataclass(frozen=True)
class Section:
    """Boxes that belong together."""

    title: str
    boxes: Sequence[Box]

    @cached_property
    def rows(self) -> list[list[Box]]:
        """Two boxes beside each other, where neither is wide."""
        rows: list[list[Box]] = []
        for box in self.boxes:
            beside = rows and len(rows[-1]) == 1 and not rows[-1][0].wide and not box.wide
            rows[-1].append(box) if beside else rows.append([box])
        return rows


@dataclass(frozen=True)
class Paper:
    """A form in one language, for its page and for the printer."""

    number: str
    title: str
    purpose: str
    filled_by: str
    register: str
    register_title: str
    department: str
    day: str
    landscape: bool
    rows: int  # empty lines of a list; a sheet has none
    head: Sequence[Section]
    sections: Sequence[Section]
    limits: Sequence[tuple[str, str]]
    signatures: Sequence[str]
    copies: str
    numbering: str
    notes: Sequence[str]

    @property
    def boxes(self) -> list[Box]:
        """The boxes of all sections; in a list, its columns."""
        return [box for section in self.sections for box in section.boxes]


def paper(form: Form, figures: Figures) -> Paper:
    """What the page of *form* shows and prints."""
    language, register = figures.language, figures.schema.registers[form.register]
    made = {at: _section(form, section, register, figures) for at, section in enumerate(form.sections)}
    return Paper(
        number=form.number,
        title=form.title[language],
        purpose=form.purpose[language],
        filled_by=form.filled_by[language],
        register=register.name,
        register_title=register.title[language],
        department=figures.settings.department.name[language],
        day=f"{figures.tonight.moment:%Y-%m-%d}",
        landscape=form.landscape,
        rows=form.rows,
        head=[made[at] for at, section in enumerate(form.sections) if section.head],
        sections=[made[at] for at, section in enumerate(form.sections) if not section.head],
        limits=_limits(form, figures),
        signatures=[one[language] for one in form.signatures],
        copies=form.copies[language] if form.copies else "",
        numbering=form.numbering[language] if form.numbering else "",
        notes=[one[language] for one in form.notes],
    )


def _section(form: Form, section: FormSection, register: Register, figures: Figures) -> Section:
    listed = form.layout == "list" and not section.head
    boxes = [_box(box, register.by_name.get(box.field), figures, listed=listed) for box in section.boxes]
    return Section(section.title[figures.language] if section.title else "", boxes)


def _box(declared: FormField, field: Field | None, figures: Figures, *, listed: bool) -> Box:
    """The box on paper; in a list it is a narrow cell."""
    title = declared.title or (field.title if field else None)
    assert title is not None  # noqa: S101 - the loader refuses a box without a title
    choices = _choices(field, figures)
    return Box(
        title=title[figures.language],
        choices=choices,
        coded=listed and len(choices) > _TICKED,
        blanks=_blanks(field, figures, listed=listed),
        signed=bool(field and field.signature) and not listed,
        lines=declared.lines,
        wide=declared.wide or declared.lines > 1,
        width=declared.width,
    )


def _choices(field: Field | None, figures: Figures) -> list[str]:
    """What can be ticked."""
    if field is None or field.signature:
        return []
    if field.reads_as == "boolean":
        return [figures.words.label(key, figures.language) for key in ("form_yes", "form_no")]
    return [choice.title[figures.language] for choice in field.choices]


def _blanks(field: Field | None, figures: Figures, *, listed: bool) -> list[list[str]]:
    """20_年_月_日 in groups that stay on one line, each cut at its gaps."""
    kind = "" if field is None else "date" if field.signature else field.reads_as
    key = (_SHORT if listed else _BLANKS).get(kind)
    if key is None or (listed and field and field.signature):
        return []
    return [group.split("_") for group in figures.words.label(key, figures.language).split()]


# ---------------------------------------------------------------- limits


def _limits(form: Form, figures: Figures) -> list[tuple[str, str]]:
    """What the holder of the paper must keep to, of the promises that this department makes."""
    named = [figures.schema.promise[name] for name in form.promises if name in figures.schema.promise]
    return [(promise.title[figures.language], _says(promise, figures)) for promise in named if promise.on]


def _says(promise: Promise, figures: Figures) -> str:
    """The limit and what it runs from; for a promise without a limit what its note says."""
    allowed, start = figures.allowed(promise), _start(promise, figures)
    if allowed and start:
        return figures.words.label("form_limit_from", figures.language, limit=allowed, start=start)
    return allowed or (promise.note[figures.language] if promise.note else "")


def _start(promise: Promise, figures: Figures) -> str:
    """The title of the field that the clock starts from, one step along where it says so."""
    path = next((path for option, path in promise.fields() if option == "starts"), "")
    name, _, tail = path.partition(".")
    register = figures.schema.registers.get(promise.register)
    field = register.by_name.get(name) if register else None
    if field and tail:
        far = figures.schema.registers.get(field.foreign or "")
        field = far.by_name.get(tail) if far else None
    return field.title[figures.language] if field else ""
