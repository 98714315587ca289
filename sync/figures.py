"""What a page can ask of a night: rows to list and figures to show, without anything that is not public."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sync.model import OPEN_STATES, STATES, Flag, Problem, RowRef, Tonight, cell_address
from sync.schema import Promise, Schema
from sync.settings import Settings
from sync.words import Vocabulary, place, public

MOST_FORMS = 2  # that a line of a list names
ENDED = ("met", "met_early", "met_late")  # the states of a clock whose end somebody wrote down


@dataclass(frozen=True)
class Line:
    """One open flag, as a row of a list."""

    record: str
    customer: str
    technician: str
    promise: str
    handbook: str
    state: str
    word: str  # the state as it is said of this promise
    ask: str  # the header of the cell that may only be missing: the first step is to ask, and to fill it in
    due: str
    late: str
    provisional: bool
    due_at: str  # ISO, to sort by
    late_minutes: int
    cell: str  # 报修登记!A12
    book: str  # the file that the cell is in
    address: str  # where the cell can be opened, if by an address
    receipt: str
    forms: Sequence[tuple[str, str]]  # address and title of the papers that the promise asks for


@dataclass(frozen=True)
class Listing:
    """The first lines of a list, and how many more there are: a list never ends without a word."""

    lines: Sequence[Line]
    more: int


@dataclass(frozen=True)
class Fault:
    """One problem, as a row of a list."""

    where: str
    book: str
    record: str
    severity: str
    message: str
    address: str  # where the cell can be opened, if by an address


@dataclass(frozen=True)
class Desk:
    """One person's problems, by tab."""

    owner: str  # empty: nobody is named
    count: int
    tabs: Sequence[tuple[str, Sequence[Fault]]]


@dataclass(frozen=True)
class Tally:
    """How one promise stands: how many rows are in which state, open ones apart."""

    name: str
    promise: str
    handbook: str
    allowed: str
    open: Sequence[tuple[str, int, str]]  # state, rows, and the state as it is said of this promise
    settled: Sequence[tuple[str, int, str]]
    recorded: str  # of the clocks that came to their end or ran out, those whose end somebody wrote down


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
        judged = [promise for promise in self.schema.promise.values() if promise.name in counts]
        return [self._tally(promise, counts[promise.name]) for promise in judged]

    def lines(self, most: int, promise: str = "", kind: str = "") -> Listing:
        """The worst open flags, of one promise, of one kind, or of all."""
        flags = [flag for flag in self.tonight.flags if promise in ("", flag.promise) and kind in ("", flag.kind)]
        return self._listing(flags, most, len(flags) if promise or kind else self.open_count())

    def visits(self, most: int) -> Listing:
        """What is due to be done again and again, and what comes to its end, worst first."""
        ending = {promise.name for promise in self.schema.promises if getattr(promise, "expiry", False)}
        flags = [flag for flag in self.tonight.flags if flag.kind == "recurrence" or flag.promise in ending]
        return self._listing(flags, most, len(flags))

    def coming(self, most: int) -> Listing:
        """The visits, counts and the like that fall due next."""
        flags = self.tonight.boards.coming
        return self._listing(flags, most, len(flags))

    def _listing(self, flags: Sequence[Flag], most: int, whole: int) -> Listing:
        shown = [self._line(flag) for flag in flags[:most]]
        return Listing(shown, whole - len(shown))

    def par_of(self, promise: str) -> str:
        """What the level is called that *promise* holds a part to: the header of its column."""
        declared = self.schema.promise[promise]
        return self.schema.registers[declared.register].by_name[getattr(declared, "par", "")].title[self.language]

    def handbook_at(self, promise: str) -> str:
        return self.handbook_of(self.schema.promise.get(promise))

    def open_of(self, kind: str) -> int:
        """How many flags of *kind* are open."""
        return sum(flag.kind == kind for flag in self.tonight.flags)

    def desks(self, most: int) -> list[Desk]:
        """The problems by who can mend them, whoever has most first; those of nobody come last."""
        grouped: dict[str, dict[str, list[Fault]]] = {}
        for problem in self._problems[:most]:
            owner = self.tonight.boards.owners.get((problem.book, problem.tab, problem.row or 0), "")
            grouped.setdefault(owner, {}).setdefault(problem.tab, []).append(self._fault(problem))
        desks = [Desk(owner, sum(map(len, tabs.values())), list(tabs.items())) for owner, tabs in grouped.items()]
        return sorted(desks, key=lambda desk: (not desk.owner, -desk.count, desk.owner))

    def old(self) -> int:
        return sum(count.old for count in self.tonight.rows.values())

    def _line(self, flag: Flag) -> Line:
        promise = self.schema.promise.get(flag.promise)
        whole_days = getattr(promise, "hours", "always") == "always"
        return Line(
            record=flag.key if self._publishes(flag.register) else "",
            customer=self._customer(flag),
            technician=flag.responsible if promise and self._publishes(flag.register, promise.responsible) else "",
            promise=promise.title[self.language] if promise else flag.promise,
            handbook=self.handbook_of(promise),
            state=flag.state,
            word=self.words.standing(flag.state, promise, self.schema, self.language),
            ask=self.words.unseen(flag.state, promise, self.schema, self.language),
            due=self.words.short_moment(flag.due, self.language, self.tonight.moment, ends=True),
            late=self.words.lateness(flag.late_minutes or None, self.language, whole_days=whole_days),
            provisional=flag.provisional,
            due_at=flag.due.isoformat() if flag.due else "",
            late_minutes=flag.late_minutes or 0,
            cell=self._cell(flag),
            book=self._file(flag),
            address=self._address(flag),
            receipt=self.tonight.boards.receipts.get(flag, {}).get(self.language, ""),
            forms=self._forms(flag.promise),
        )

    def _cell(self, flag: Flag) -> str:
        """Where the record is typed: its tab and row."""
        ref = self._ref(flag)
        return f"{ref.tab}!{ref.row}" if ref else ""

    def _file(self, flag: Flag) -> str:
        ref = self._ref(flag)
        return self._files.get(ref.book, ref.book) if ref else ""

    def _address(self, flag: Flag) -> str:
        """Where the record's row can be opened; nothing where people open a file."""
        ref = self._ref(flag)
        return cell_address(self._addresses.get(ref.book, {}), ref.tab, f"A{ref.row}") if ref else ""

    def _ref(self, flag: Flag) -> RowRef | None:
        return self.tonight.boards.refs.get((flag.register, flag.key, flag.row))

    def _forms(self, promise: str) -> list[tuple[str, str]]:
        up = "../" * self.name.count("/")
        told = self.schema.promise.get(promise)
        near = [getattr(getattr(told, "needs_row", None), "register", ""), told.register if told else ""]
        asked = [form for form in self.schema.forms.values() if promise in form.promises]
        # the paper that is missing first, then those of the record's own register; more than two help nobody
        asked.sort(key=lambda form: (near.index(form.register) if form.register in near else len(near), form.number))
        return [(f"{up}forms/{form.name}.html", form.title[self.language]) for form in asked[:MOST_FORMS]]

    def _customer(self, flag: Flag) -> str:
        """The customer's short name, where the register publishes it."""
        register = self.schema.registers.get(flag.register)
        texts = self.tonight.shown.get(flag.register, {}).get(flag.key, {})
        fields = [field.name for field in register.fields if field.foreign == "customers"] if register else []
        return next((texts[name] for name in fields if texts.get(name)), "")

    def _fault(self, problem: Problem) -> Fault:
        record = problem.key if self._publishes(problem.register) else ""
        message = self.words.message(problem, self.language)
        cell = f"{problem.column or 'A'}{problem.row or 1}"
        address = cell_address(self._addresses.get(problem.book, {}), problem.tab, cell)
        return Fault(place(problem), self._files.get(problem.book, ""), record, problem.severity, message, address)

    def _publishes(self, name: str, field: str = "") -> bool:
        """Whether the register *name* publishes *field*, or else its key."""
        register = self.schema.registers.get(name)
        return register is not None and (field or register.primaryKey) in register.publish

    def _tally(self, promise: Promise, counts: Mapping[str, int]) -> Tally:
        said = {state: self.words.standing(state, promise, self.schema, self.language) for state in counts}
        ordered = [(state, counts[state], said[state]) for state in STATES if counts.get(state)]
        return Tally(
            name=promise.name,
            promise=promise.title[self.language],
            handbook=self.handbook_of(promise),
            allowed=self.allowed(promise),
            open=[line for line in ordered if line[0] in OPEN_STATES],
            settled=[line for line in ordered if line[0] not in OPEN_STATES],
            recorded=self._recorded(promise, counts),
        )

    def _recorded(self, promise: Promise, counts: Mapping[str, int]) -> str:
        """96%（186/192）: the share of recorded ends, without which a rate of what was met says little."""
        ended = sum(counts.get(state, 0) for state in ENDED) if promise.stop else 0
        whole = ended + counts.get("overdue", 0)
        percent = ended * 100 // whole if ended else 0
        return self.words.label("share_of", self.language, percent=percent, n=ended, of=whole) if ended else ""

    def allowed(self, promise: Promise) -> str:
        """The limit of *promise*, the very figure that its clock uses; empty where it has none."""
        if least := getattr(promise, "at_least", None):
            return self.words.label("allowed_share", self.language, least=f"{least:g}")
        text = next((str(t) for key in ("limit", "within", "every") if (t := getattr(promise, key, ""))), "")
        register = self.schema.registers.get(promise.register)
        titles = {field.name: field.title[self.language] for field in register.fields} if register else {}
        if by := getattr(promise, "counted_by", ""):
            titles[by] = self._title(promise, by)
        say = self.words.every if text and text == getattr(promise, "every", "") else self.words.limit
        said = say(text, self.language, titles) if text else ""
        return self._about_moment(promise, said) or said

    def _about_moment(self, promise: Promise, limit: str) -> str:
        """The deadline of a clock that looks at a moment in the row; empty where it only counts from its start."""
        due, before, tolerance = (str(getattr(promise, key, "")) for key in ("due", "before", "tolerance"))
        if not due and not before:
            return ""
        key = "allowed_before" if before else "allowed_within" if tolerance else "allowed_by"
        length = self.words.limit(tolerance, self.language) if tolerance else ""
        field = self._title(promise, due or before)
        return self.words.label(key, self.language, field=field, limit=limit, length=length)

    def _title(self, promise: Promise, path: str) -> str:
        """The header of the field at *path*, one step away or in the promise's own register."""
        known = (self.schema.declared or self.schema).registers
        head, _, tail = path.partition(".")
        field = known[promise.register].by_name[head]
        return (known[str(field.foreign)].by_name[tail] if tail else field).title[self.language]

    def handbook_of(self, promise: Promise | None) -> str:
        """Where the handbook says so, as an address from this page; empty while there is no such page."""
        return self.address_of(promise.handbook) if promise else ""

    def address_of(self, where: str) -> str:
        """*where* (page#anchor of the handbook, or registers/NAME) as seen from this page; empty if not there."""
        page, _, anchor = where.partition("#")
        up = "../" * self.name.count("/")
        if page.removeprefix("registers/") in self.schema.registers:
            return f"{up}{page}.html"
        source = self.sources.get(f"{page}.md")
        if source is None or not re.fullmatch(r"[\w/-]+", page):
            return ""
        is_there = anchor and f"#{anchor}}}" in source.read_text(encoding="utf-8").replace(" }", "}")
        return f"{up}{page}.html{'#' + anchor if is_there else ''}"

    @cached_property
    def _files(self) -> dict[str, str]:
        """The file name of each book."""
        return {state.book: state.where for state in self.tonight.books}

    @cached_property
    def _addresses(self) -> dict[str, Mapping[str, str]]:
        """The addresses of each book's tabs."""
        return {state.book: state.addresses for state in self.tonight.books}

    @cached_property
    def _problems(self) -> list[Problem]:
        return [public(problem, self.schema.registers.get(problem.register)) for problem in self.tonight.problems]

    def short(self, when: datetime | None) -> str:
        """A moment for tables."""
        return self.words.short_moment(when, self.language, self.tonight.moment)
