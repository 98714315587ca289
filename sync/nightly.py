"""The river: the verbs in order, who may fail without stopping whom, and the night's record.

pull → validate → flag → (gather) → report → render → build. A failure to read stops everything, and yesterday's site
stays; a failure to report is recorded and the night goes on; a site that does not build is not put in place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import filelock
import msgspec

from sync import build, demo, gather, init, pull, render, report, validate, words
from sync import flag as flagging
from sync.books import Book, Written, open_book
from sync.books.xlsx import companion
from sync.engines import engine
from sync.kept import Kept, Left, Night, rows_of
from sync.layout import Pulled
from sync.model import STATES, BookState, Copy, Flag, Locked, RowRef, SafetyStop, ServicebookError, Tonight
from sync.rules import KINDS
from sync.rules.bench import Bench
from sync.schema import SHIPPED, Schema
from sync.schema import load as load_schema
from sync.settings import Settings, book_path
from sync.tables import Tables
from sync.words import Vocabulary
from sync.workdays import Workdays

STEPS = ("pull", "validate", "flag", "report", "render", "build")
FAR = timedelta(days=400)  # a clock that far past the last run is not trusted
CACHE = Path("build") / "cache"  # parsed declarations; may be deleted at any time
COMPANION = "今日待办.xlsx"
Say = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What one call asks for."""

    now: datetime
    until: str = "build"
    dry_run: bool = False
    as_of: datetime | None = None
    accept_deletions: bool = False
    accept_clock: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of the night, as far as it went."""

    copies: Sequence[Copy]
    tables: Tables
    bench: Bench
    tonight: Tonight
    refs: Sequence[RowRef]
    flags: Sequence[Flag]
    words: Vocabulary
    written: dict[str, Written] = field(default_factory=dict)
    companions: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)  # steps that failed without stopping the night
    site: Path | None = None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else runs a night on *folder* meanwhile; Locked where somebody does."""
    (folder / "kept").mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / "kept" / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise Locked(f"{folder}: another run is at work here. Wait for it, or end it, and try again.") from error
    try:
        yield
    finally:
        lock.release()


def judge(folder: Path, settings: Settings, schema: Schema, options: Options, say: Say) -> Outcome:
    """Read, validate and flag: everything that writes nothing. `check` and `explain` end here."""
    kept = Kept(folder / "kept")
    last = kept.last()
    copies = _kept_copies(kept, options.as_of) if options.as_of else _read(folder, settings, options.now, say)
    copies = [_saved_by_people(copy, last) for copy in copies]
    with _step(say, "validate") as told:
        pulled = pull.lay_out(copies, schema, lambda book, tab: kept.last_good(book, tab, options.now))
        tables = validate.validate(pulled, schema, settings, engine(settings.engine), options.now)
        before = rows_of(last.tabs) if last and not options.as_of else {}
        lost = pull.gate(tables.tabs, before, settings.gates, accepted=options.accept_deletions)
        validate.add(tables, lost)
        told.append(f"{sum(count.pulled for count in tables.counts.values())} rows")
    with _step(say, "flag") as told:
        department = settings.department
        calendars = {name: Workdays(calendar) for name, calendar in schema.calendars.items()}
        bench = Bench(tables, options.now, department.judge_from, calendars, department.office)
        moment = gather.Moment(
            options.now, f"{options.now:%Y%m%d-%H%M%S}", _states(pulled), department.judge_from, first_run=last is None
        )
        found = gather.gather(tables, flagging.flag(schema, bench), schema, moment)
        told.append(f"{len(found.tonight.problems)} problems, {len(found.flags)} flags, {len(found.tonight.flags)} open")
    vocabulary = words.load(cache=folder / CACHE)
    return Outcome(copies, tables, bench, found.tonight, found.refs, found.flags, vocabulary)


def sync(folder: Path, settings: Settings, schema: Schema, options: Options, say: Say) -> Outcome:
    """One night, as far as *options.until*; a dry run and a look at a kept copy write nothing."""
    with locked(folder):
        kept = Kept(folder / "kept")
        last = kept.last()
        if last and not options.as_of and not options.accept_clock:
            _clock_gate(last, options.now)
        outcome = judge(folder, settings, schema, options, say)
        steps = STEPS[: STEPS.index(options.until) + 1]
        if options.dry_run or options.as_of or "report" not in steps:
            return outcome
        night = _record(outcome)
        kept.keep(night, outcome.copies)
        vocabulary = outcome.words
        with _step(say, "report") as told:
            _report(folder, settings, schema, outcome, vocabulary, last)
            told.append(", ".join(f"{book} {written.outcome}" for book, written in outcome.written.items()))
        kept.amend(_with_books(night, outcome))
        if "render" in steps:
            with _step(say, "render") as told:
                rendered = render.render(outcome.tonight, schema, settings, vocabulary, folder)
                told.append(f"{rendered.pages} pages, {rendered.written} written")
        if "build" in steps:
            with _step(say, "build") as told:
                outcome.site = folder / "build" / "site"
                build.build(folder, rendered.config, outcome.site)
                told.append(str(outcome.site / "index.html"))
        return outcome


def make_demo(folder: Path, settings: Settings, schema: Schema, now: datetime, *, again: bool) -> list[Path]:
    """The example department's books, made for the day of *now*; those that are there stay, unless *again*."""
    paths = {name: book_path(settings, folder, name) for name in settings.books}
    wanted = {name: path for name, path in paths.items() if again or not path.exists()}
    if not wanted:
        return []
    typed = demo.rows(schema, now.date())
    made_at = datetime.combine(now.date(), datetime.min.time())
    for name, path in wanted.items():
        registers = [register for register in schema.registers.values() if register.tabs[0].book == name]
        init.write_book(
            path, registers, typed, made_at=made_at, states=_status_words(folder), title=init.book_title(name),
            headers=demo.headers(schema),
        )  # fmt: skip
    return list(wanted.values())


def make_department(folder: Path, profile: str, now: datetime) -> list[Path]:
    """A new department folder with its books; what is there already is never rewritten."""
    declared = load_schema([SHIPPED], KINDS)
    return init.new_department(folder, profile, declared, made_at=now, states=_status_words(folder))


def _status_words(folder: Path) -> dict[str, str]:
    """How a status opens, by state: a shape and a word."""
    vocabulary = words.load(cache=folder / CACHE)
    return {state: f"{vocabulary.shape(state)} {vocabulary.state(state, 'zh')}" for state in STATES}


def _clock_gate(last: Night, now: datetime) -> None:
    if now < last.moment:
        what = f"lies before the last run ({last.moment:%Y-%m-%d %H:%M})"
    elif now - last.moment > FAR:
        what = f"lies {(now - last.moment).days} days after the last run ({last.moment:%Y-%m-%d %H:%M})"
    else:
        return
    raise SafetyStop(
        f"The clock says {now:%Y-%m-%d %H:%M}, which {what}. Nothing was written or published. "
        "Set the machine's clock right; if it is right, run again with --accept-clock."
    )


def _kept_copies(kept: Kept, at: datetime) -> list[Copy]:
    night = kept.last(at)
    if night is None:
        raise ServicebookError(f"{kept.folder}: no night was kept at or before {at:%Y-%m-%d %H:%M}.")
    return kept.copies(night)


def _read(folder: Path, settings: Settings, now: datetime, say: Say) -> list[Copy]:
    """All books at once: each is read by a process of its own."""
    with _step(say, "pull") as told, ThreadPoolExecutor() as pool:
        copies = list(pool.map(lambda book: book.read(now), _books(folder, settings)))
        told.append(f"{len(copies)} books, {sum(len(copy.grids) for copy in copies)} tabs")
    return copies


def _books(folder: Path, settings: Settings) -> list[Book]:
    return [open_book(name, settings, folder) for name in settings.books]


def _states(pulled: Pulled) -> list[BookState]:
    """How each book was found: where, when, and which tabs show older rows."""
    stale = {(one.source.book, one.grid.tab): one.since for one in pulled.laid if one.since}
    return [
        BookState(
            copy.book, Path(copy.where).name, copy.read_at or datetime.min, copy.saved_at,  # noqa: DTZ901
            stale_tabs={tab: since for (book, tab), since in stale.items() if book == copy.book},
        )
        for copy in pulled.copies
    ]  # fmt: skip


def _record(outcome: Outcome) -> Night:
    tonight = outcome.tonight
    counts = {"problems": len(tonight.problems), "flags": len(outcome.flags), "open": len(tonight.flags)}
    digests = {copy.book: copy.digest for copy in outcome.copies}
    return Night(tonight.run, tonight.moment, digests, {}, list(outcome.tables.tabs), counts)


def _with_books(night: Night, outcome: Outcome) -> Night:
    """*night* with what became of the marks in each book."""
    states = {state.book: state for state in outcome.tonight.books}
    pending = {book: state.pending_since for book, state in states.items() if state.pending_since}
    left = {
        book: Left(written.digest, states[book].saved_at) for book, written in outcome.written.items() if written.digest
    }
    return msgspec.structs.replace(night, pending=pending, left=left)


def _saved_by_people(copy: Copy, last: Night | None) -> Copy:
    """*copy* with the time at which a person saved it last: our own marks are no news to anybody."""
    left = last.left.get(copy.book) if last else None
    return replace(copy, saved_at=left.saved_at) if left and left.digest == copy.digest else copy


def _report(
    folder: Path, settings: Settings, schema: Schema, outcome: Outcome, vocabulary: Vocabulary, last: Night | None
) -> None:
    """Marks into each book that nobody has open, and the day's list beside them; what fails is told, not raised."""
    made = report.marks(outcome.tonight, outcome.refs, outcome.flags, schema, vocabulary)
    books = {book.name: book for book in _books(folder, settings)}
    digests = {copy.book: copy.digest for copy in outcome.copies}
    for name, book in books.items():
        tabs = report.tabs(name, outcome.tonight, outcome.refs, made, vocabulary)
        outcome.written[name] = book.write_tabs(tabs, digests[name])
    files = {name: book_path(settings, folder, name) for name in books}
    desks = report.desks(outcome.tonight, outcome.refs, {n: p.name for n, p in files.items()}, schema, vocabulary)
    for place in dict.fromkeys(path.parent for path in files.values()):
        try:
            outcome.companions.append(companion.write(place / COMPANION, desks, outcome.tonight.moment))
        except OSError as error:
            outcome.failures.append(f"{place / COMPANION}: {error}")
    outcome.tonight = replace(outcome.tonight, books=[_told(state, outcome, last) for state in outcome.tonight.books])


def _told(state: BookState, outcome: Outcome, last: Night | None) -> BookState:
    """*state* with what became of the marks: those that wait say since when."""
    written = outcome.written[state.book]
    since = None if written.done else (last.pending.get(state.book) if last else None) or outcome.tonight.moment
    name = outcome.companions[0].name if outcome.companions else ""
    return replace(state, pending_since=since, companion=name)


@contextmanager
def _step(say: Say, name: str) -> Iterator[list[str]]:
    """Time a step, and say what came of it."""
    told: list[str] = []
    say(name, "")
    started = time.perf_counter()
    yield told
    say(name, f"{' '.join(told)}  {time.perf_counter() - started:.1f} s")
