"""The flows that make and move books, beside the night's: no row is judged here, and no page made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from sync import carry, plan, pull, words
from sync.blueprint import BookShape
from sync.blueprint.design import design
from sync.books import Written, open_book
from sync.declarations import load as load_schema
from sync.layout import Laid, Pulled
from sync.model import BookError, Copy, DeclarationError
from sync.rules import KINDS
from sync.schema import SHIPPED, Schema, guess, heading
from sync.settings import FILE, SPREADSHEET_ID, BookAt, Settings, files, filled

SPREADSHEET = "gsheets:"  # before an id


def make_demo(folder: Path, settings: Settings, schema: Schema, now: datetime, *, again: bool) -> list[Path]:
    """The example department's books, made for the day of *now*; those that are there stay, unless *again*."""
    from sync import demo, init

    paths = files(settings, folder)
    wanted = {name: path for name, path in paths.items() if again or not path.exists()}
    if not wanted:
        return []
    typed = demo.rows(schema, now.date())
    made_at = datetime.combine(now.date(), datetime.min.time())
    for name, path in wanted.items():
        registers = [register for register in schema.registers.values() if register.tabs[0].book == name]
        init.write_book(
            path, registers, typed, made_at=made_at, states=words.load().openings, title=init.book_title(name),
            headers=demo.headers(schema), promises=schema.promises, judge_from=settings.department.judge_from,
        )  # fmt: skip
    return list(wanted.values())


def make_department(folder: Path, profile: str, now: datetime) -> list[Path]:
    """A new department folder with its books; what is there already is never rewritten."""
    from sync import init

    declared = load_schema([SHIPPED], KINDS)
    return init.new_department(folder, profile, declared, made_at=now, states=words.load().openings)


def draft(
    folder: Path, settings: Settings, schema: Schema, now: datetime, names: Sequence[str], named: Sequence[str] = (),
    *, write: bool = False,
) -> list[plan.Draft]:  # fmt: skip
    """What differs between the books called *names* (all that staff write in, when none is) and their design."""
    ours = [name for name in settings.books if name in schema.written]
    if not ours:
        raise DeclarationError(f"{folder / FILE}: books: none is named that staff write in; add a line under [books]")
    for name in names:
        if name not in ours:
            known = ", ".join(ours)
            raise DeclarationError(
                f"{name}: staff write in no book of that name{guess(name, ours)}. There are: {known}"
            )
    books = [open_book(name, settings, folder, write=write) for name in dict.fromkeys(names or ours)]
    registers, states = list(schema.registers.values()), words.load().openings
    designs = {
        book.name: design(
            book.name, registers, states, now, room=settings.books[book.name].room, promises=schema.promises,
            judge_from=settings.department.judge_from,
        )
        for book in books
    }  # fmt: skip
    return plan.draft(books, designs, named)


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a copy."""

    load: carry.Load
    source: str
    target: str
    written: Written | None  # None: nothing was to be written


def copy(
    folder: Path, settings: Settings, schema: Schema, now: datetime, source: str, target: str, named: str | None,
    replaced: Collection[str], *, dry_run: bool,
) -> Carried:  # fmt: skip
    """Copy the registers of *source* to *target*; nothing is written over unless it is in *replaced*.

    Each is a book of the settings, an .xlsx file, or gsheets:ID. *named* is the book that the registers are declared
    to live in, where that cannot be seen from the tabs.
    """
    come_from, go_to = _at(source, settings), _at(target, settings)
    if come_from.id == go_to.id and filled(come_from.path, folder) == filled(go_to.path, folder):
        raise DeclarationError(f"{source} and {target} are the same place.")
    original = open_book("copy", _with(settings, "copy", come_from), folder)
    read = original.read(now)
    name = named or _which(read, schema, source)
    read = replace(read, book=name, grids=[replace(grid, book=name) for grid in read.grids])
    pulled = pull.lay_out([read], schema, lambda _book, _tab: None)
    pulled.laid = [_unlike_theirs(one, original.shape()) if one.live else one for one in pulled.laid]
    made = design(
        name, schema.registers.values(), words.load().openings, now, room=go_to.room, promises=schema.promises,
        judge_from=settings.department.judge_from,
    )  # fmt: skip
    load = carry.load(made, read, pulled)
    if dry_run:
        return Carried(load, source, target, None)
    _refuse_unfound(pulled, source)
    book = open_book(name, _with(settings, name, go_to), folder, write=True)
    return Carried(load, source, target, book.fill(load.design, load.content, replaced, now))


def _unlike_theirs(laid: Laid, shape: BookShape) -> Laid:
    """*laid* without the live columns that have no formula of ours: somebody's own columns have their headers."""
    columns = [column for tab in shape.tabs if tab.title == laid.grid.tab for column in tab.columns]
    return replace(laid, live=frozenset(heading(column.header) for column in columns if column.live) & laid.live)


def _refuse_unfound(pulled: Pulled, source: str) -> None:
    """BookError where a register's tab is there and cannot be read: it would stay behind, and nobody would look."""
    unfound = [p for p in pulled.problems if p.severity == "error" and p.code.startswith("header-")]
    if unfound:
        said = {language: "\n".join(words.load().message(p, language) for p in unfound) for language in words.LANGUAGES}
        raise BookError(
            f"{source}：先改好表头再搬，什么也没有写。{said['zh']}", f"{source}: mend these first. {said['en']}"
        )


def _at(place: str, settings: Settings) -> BookAt:
    """Where *place* is: a book of the settings goes before a file of that name."""
    if place in settings.books:
        return settings.books[place]
    if place.startswith(SPREADSHEET):
        at = BookAt(id=place.removeprefix(SPREADSHEET))
        if SPREADSHEET_ID.fullmatch(at.id):
            return at
    if place.lower().endswith(".xlsx"):
        return BookAt(path=str(Path(place).absolute()))
    books = ", ".join(settings.books) or "none"
    raise DeclarationError(f"{place}: write a book of the settings ({books}), a file.xlsx, or gsheets:ID")


def _with(settings: Settings, name: str, at: BookAt) -> Settings:
    return msgspec.structs.replace(settings, books={name: at})


def _which(read: Copy, schema: Schema, source: str) -> str:
    """The book whose registers' tabs *read* has: no other has as many."""
    titles = {grid.tab for grid in read.grids}
    places = [place for register in schema.registers.values() for place in register.tabs]
    books = sorted({place.book for place in places})
    counts = {book: sum(place.book == book and place.tab in titles for place in places) for book in books}
    most = max(counts.values(), default=0)
    found = [book for book, count in counts.items() if count == most]
    if most == 0 or len(found) > 1:
        raise DeclarationError(
            f"{source}: its tabs do not tell which book it is ({', '.join(sorted(titles))}). "
            f"Say so with --book, one of: {', '.join(books)}"
        )
    return found[0]
