"""From declarations to what a book should be like, whatever kind of book it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sync.blueprint import WAITING, BookDesign, Colour, GuideLine, Rule, TabDesign, View
from sync.blueprint.columns import columns, offered
from sync.blueprint.running import Made, live_columns
from sync.blueprint.texts import Seen, book_title, texts
from sync.model import OPEN_STATES, PROBLEM_TAB, STATES, DeclarationError
from sync.schema import MERGED_INTO, VOID, Promise, Register, Source

GROWTH = 200  # numbers written ahead in a desk register
SPARE = 300  # empty rows of a new tab that are made ready: status formula, drop-downs

Rows = Mapping[str, Sequence[Mapping[str, object]]]

# Colours of a status, with the states that wear them; the words and the shape say the same without colour.
COLOURS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("late", "#FBD9D5", "#9C1C12", ("overdue", "missed", "negative")),
    ("soon", "#FFE5C2", "#8A4B00", ("due_soon", "low", "below", "repeat", "stale")),
    (
        "paper",
        "#E9E0F5",
        "#5B2E8C",
        ("gap", "double", "void_without_reason", "not_returned", "missing", "out_of_order"),
    ),
    ("quiet", "#EDEDED", "#5F5F5F", ("on_hold", "not_judged", "waived")),
    ("good", "#FFFFFF", "#2F6B2F", ("met", "ok")),
)
FAULTY = "数据有误"


def design(
    name: str,
    registers: Iterable[Register],
    states: Mapping[str, str],
    made_at: datetime,
    rows: Rows | None = None,
    room: str = "xlsx",
    headers: Mapping[str, Mapping[str, str]] | None = None,
    promises: Iterable[Promise] = (),
    judge_from: date | None = None,
) -> BookDesign:
    """How the book *name*, of the kind *room*, should be built: a tab for each place that *registers* write to.

    *states* gives the words a status opens with, by state. *rows* holds, by register, what stands in a book that is
    made: numbers are written ahead from the last of them, of the year of *made_at*. *headers* gives, by register,
    column and header, the columns that staff renamed. *promises* are those that the department makes, judged from the
    day *judge_from*: they can ask for live columns. DeclarationError where two registers share a tab.
    """
    used = list(registers)
    here = [(register, source) for register in used for source in _written(register) if source.book == name]
    _refuse_shared(here)
    read = {source.tab for register in used for source in register.tabs if source.book == name}
    kept = {register.name: register for register in used}
    made = Made(tuple(promises), kept, made_at.date(), judge_from)
    typed = _Typed(states, made_at, rows or {}, headers or {}, made)
    people = next((typed.people(register, source) for register, source in here if register.name == "staff"), None)
    said = texts()
    return BookDesign(
        name=name,
        title=book_title(name),
        guide=tuple(_guide(here, room)),
        tabs=tuple(typed.tab(register, source, people) for register, source in here),
        colours=tuple(_colours(states)),
        status_note=f"{said.status.zh}\n{said.status.en}",
        left_alone=tuple(sorted(read - {source.tab for _, source in here})),
    )


def _written(register: Register) -> list[Source]:
    """The tabs of *register* that are ours to build."""
    return [source for source in register.tabs if source.mode == "write"]


def _refuse_shared(here: Iterable[tuple[Register, Source]]) -> None:
    """Each of two registers in one tab would take the columns of the other for left-overs."""
    owners: dict[str, str] = {}
    for register, source in here:
        other = owners.setdefault(source.tab.casefold(), register.name)
        if other != register.name:
            raise DeclarationError(
                f"「{source.tab}」同时是登记表 {other} 和 {register.name} 的标签页；请给其中一个换个名字。\n"
                f"{source.tab} is the tab of both {other} and {register.name}. Give one of the registers another."
            )


@dataclass(frozen=True, slots=True)
class _Typed:
    """What is known besides declarations, as in *design*."""

    states: Mapping[str, str]
    made_at: datetime
    rows: Rows
    headers: Mapping[str, Mapping[str, str]]
    made: Made

    def people(self, staff: Register, source: Source) -> Rule:
        """What offers the names of our own."""
        return offered(staff, source.tab, self.headers.get(staff.name, {}))

    def tab(self, register: Register, source: Source, people: Rule | None) -> TabDesign:
        made = tuple(columns(register, people, self.headers.get(register.name, {})))
        first = source == _written(register)[0]  # a number written ahead in two tabs would be used twice
        titles = (register.title.zh, register.title.en, register.name)
        return TabDesign(
            register=register.name,
            title=source.tab,
            columns=made,
            key=register.primaryKey,
            void=next((column.name for column in made if column.name == VOID), None),
            ahead=_written_ahead(register, self.rows.get(register.name, ()), self.made_at) if first else (),
            views=tuple(_views(register, self.states)),
            spare=SPARE,
            # tabs that are declared one by one are found by their titles alone
            known_as=() if register.sources else tuple(title for title in titles if title != source.tab),
            live=tuple(live_columns(register, self.made)),
        )


def _written_ahead(register: Register, rows: Sequence[Mapping[str, object]], made_at: datetime) -> tuple[str, ...]:
    """The next numbers of a desk register, one a row, so that nobody has to think of one."""
    if register.series is None:
        return ()
    year = f"{made_at.year % 100:02}"
    before, after = re.split(r"\{n[^}]*\}", register.series)
    shape = re.compile(re.escape(before.format(yy=year)) + r"(\d+)" + re.escape(after.format(yy=year)))
    used = [int(found[1]) for row in rows if (found := shape.fullmatch(str(row.get(register.primaryKey, "")).strip()))]
    top = max(used, default=0)
    return tuple(register.series.format(yy=year, n=number) for number in range(top + 1, top + 1 + GROWTH))


def _guide(here: Sequence[tuple[Register, Source]], room: str) -> Iterator[GuideLine]:
    """The first page: where to write what, and the house rules of this kind of book."""
    said = texts()
    yield GuideLine(said.registers.name, said.registers, head=True)
    for register, source in here:
        yield GuideLine(source.tab, register.help or register.title, tab=source.tab)
    yield GuideLine(PROBLEM_TAB, said.problems, tab=PROBLEM_TAB)
    yield GuideLine(said.rules.name, said.rules, head=True)
    for rule in said.house_rules:
        if rule.only in {"", room}:
            yield GuideLine(rule.name, rule)


def _views(register: Register, states: Mapping[str, str]) -> Iterator[View]:
    """Each role's way of looking at the tab; one that goes by people needs a column with them."""
    for seen in texts().views:
        sort_by = "" if seen.people is None else _by_people(register, seen.people)
        if seen.people is None or sort_by:
            yield View(seen.name, f"{seen.zh} / {seen.en}", _starts(seen, states), seen.contains, sort_by)


def _by_people(register: Register, preferred: Sequence[str]) -> str:
    people = [field.name for field in register.fields if field.foreign == "staff" and field.name != MERGED_INTO]
    return next((name for name in (*preferred, *people) if name in people), "")


def _starts(seen: Seen, states: Mapping[str, str]) -> tuple[str, ...]:
    wanted = OPEN_STATES if "open" in seen.states else seen.states
    return tuple(states[state] for state in STATES if state in wanted)


def _colours(states: Mapping[str, str]) -> Iterator[Colour]:
    """Fill, ink and the words that open a status of that colour."""
    for name, fill, ink, wearers in COLOURS:
        yield Colour(name, fill, ink, tuple(states[state] for state in wearers))
    shapes = sorted({text[0] for text in states.values()})
    yield Colour("faulty", "#FFF4B8", "#6B5600", (FAULTY, *(f"{shape} {FAULTY}" for shape in shapes)))
    yield Colour("waiting", "#FFFFFF", "#8C8C8C", (WAITING,))
