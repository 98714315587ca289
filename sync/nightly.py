"""The river: the verbs in order, who may fail without stopping whom, and the night's record.

pull → validate → flag → (gather) → report → render → build → publish. A failure to read stops everything, and
yesterday's site stays; a failure to report is recorded and the night goes on; a site that does not build is not put
in place.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import filelock
import msgspec
import narwhals as nw

from sync import flag as flagging
from sync import gather, publish, pull, validate, words
from sync.books import Book, Written, at_once, open_book
from sync.engines import engine
from sync.kept import Kept, Left, Night
from sync.layout import Pulled
from sync.model import (
    SYSTEM_HEADERS,
    Boards,
    BookState,
    Copy,
    DeclarationError,
    Flag,
    Grid,
    Locked,
    RowRef,
    SafetyStop,
    ServicebookError,
    Tonight,
)
from sync.rules import company
from sync.rules.bench import Bench
from sync.schema import Schema
from sync.settings import FILE, Settings, files
from sync.tables import Tables
from sync.targets import Published
from sync.words import Vocabulary
from sync.workdays import Workdays

STEPS = ("pull", "validate", "flag", "report", "render", "build", "publish")
FAR = timedelta(days=400)  # a clock that far past the last run is not trusted
COMPANION = "今日待办.xlsx"
MOST_RECEIPTS = 300  # as many as a page has rows
Say = Callable[[str, str], None]  # a step and what came of it; without a step it is a detail


@dataclass(frozen=True, slots=True)
class Options:
    """What one call asks for."""

    now: datetime
    until: str = "publish"
    dry_run: bool = False
    as_of: datetime | None = None
    accept_deletions: bool = False
    accept_clock: bool = False

    @property
    def writes(self) -> bool:
        """Whether this call may write anything at all."""
        return not self.dry_run and self.as_of is None and self.reaches("report")

    def reaches(self, step: str) -> bool:
        """Whether *step* is among those asked for."""
        return STEPS.index(step) <= STEPS.index(self.until)


@dataclass(slots=True)
class Outcome:
    """What came of the night, as far as it went."""

    books: Sequence[Book]
    copies: Sequence[Copy]
    tables: Tables
    bench: Bench
    tonight: Tonight
    refs: Sequence[RowRef]
    flags: Sequence[Flag]
    words: Vocabulary
    written: dict[str, Written] = field(default_factory=dict)
    companions: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)  # what failed without stopping the night
    site: Path | None = None
    published: Published | None = None

    @property
    def settled(self) -> bool:
        """Whether the same night, run once more, would find nothing left to do."""
        return not self.failures and all(written.done for written in self.written.values())

    def again(self) -> Outcome:
        """What the same night would say, run once more."""
        written = {book: replace(one, outcome="unchanged") for book, one in self.written.items()}
        return replace(self, written=written)


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


def twice(
    folder: Path, ours: tuple[Settings, Schema], theirs: tuple[Settings, Schema], options: Options, say: Say
) -> tuple[Outcome, Outcome]:  # fmt: skip
    """The same books, read once, as two sets of settings and declarations judge them."""
    first = judge(folder, *ours, options, say)
    return first, judge(folder, *theirs, options, say, first.copies)


def judge(
    folder: Path, settings: Settings, schema: Schema, options: Options, say: Say, read: Sequence[Copy] | None = None
) -> Outcome:  # fmt: skip
    """Read, validate and flag: everything that writes nothing. `check` and `explain` end here.

    What was *read* already is not read again.
    """
    if not settings.books:
        raise DeclarationError(f"{folder / FILE}: books: none is named; add a line such as service.path = 'book.xlsx'")
    kept = Kept(folder / "kept")
    last, before = kept.last(), kept.before(options.now)
    books = [] if options.as_of or read is not None else [
        open_book(name, settings, folder, write=options.writes) for name in settings.books
    ]  # fmt: skip
    if read is None:
        read = _kept_copies(kept, options.as_of) if options.as_of else _read(books, settings, options.now, say)
    copies = [_saved_by_people(copy, last, kept) for copy in read]
    said = pull.told_by(copies)
    if last is None and said and options.writes and not options.accept_clock:
        _clock_gate(said.moment, options.now)
    earlier = said if said and said.moment < options.now else None
    with _step(say, "validate") as told:
        pulled = pull.lay_out(copies, schema, lambda book, tab: kept.last_good(book, tab, options.now))
        laid = pulled if options.reaches("validate") else replace(pulled, laid=[])
        tables = validate.validate(laid, schema, settings, engine(settings.engine), options.now)
        compared = before or last
        had = kept.rows_as_of(compared) if compared else earlier.rows if earlier else {}
        had = {} if options.as_of else had
        lost = pull.gate(tables.tabs, had, settings.gates, accepted=options.accept_deletions)
        validate.add(tables, lost)
        told.append(f"{sum(count.pulled for count in tables.counts.values())} rows")
    with _step(say, "flag") as told:
        department = settings.department
        calendars = _calendars(tables, schema, department.office)
        bench = Bench(tables, options.now, department.judge_from, calendars, department.office)
        promised = schema if options.reaches("flag") else msgspec.structs.replace(schema, promises=[])
        first_run = before is None and earlier is None and (last is None or last.moment == options.now)
        moment = gather.Moment(
            options.now, f"{options.now:%Y%m%d-%H%M%S}", _states(pulled), department.judge_from, first_run=first_run
        )
        found = gather.gather(tables, flagging.flag(promised, bench), promised, moment)
        tonight = replace(found.tonight, unannounced=_unannounced(promised, bench))
        told.append(
            f"{len(found.tonight.problems)} problems, {len(found.flags)} flags, {len(found.tonight.flags)} open"
        )
    vocabulary = words.load()
    return Outcome(books, copies, tables, bench, tonight, found.refs, found.flags, vocabulary)


def older(found: Outcome, schema: Schema, record: str) -> tuple[list[Flag], Bench]:
    """What would be flagged in those rows of *record*, an id as typed, that lie before *judge_from*; and by what bench.

    For whoever asks about that record: no list, page or ratio has these flags.
    """
    wanted = record.strip().casefold()
    rows = {(ref.register, ref.key, ref.row) for ref in found.refs if ref.old and ref.key.casefold() == wanted}
    if not rows:
        return [], found.bench
    bench = Bench(found.tables, found.bench.now, None, found.bench.calendars, found.bench.office)
    flagged = flagging.flag(schema, bench).filter(nw.col("key").is_in(sorted({key for _, key, _ in rows})))
    flags = gather.flags_of(flagged, found.tables, schema)
    return [flag for flag in flags if (flag.register, flag.key, flag.row) in rows], bench


def _calendars(tables: Tables, schema: Schema, office: str) -> dict[str, Workdays]:
    """The calendars as the company's own register has them tonight."""
    own = company.company_days(tables.by_register.get(company.REGISTER), schema.calendars, office, tables.engine)
    return {name: Workdays(calendar, own.get(name, ())) for name, calendar in schema.calendars.items()}


def _unannounced(schema: Schema, bench: Bench) -> dict[str, list[int]]:
    """The calendars that promises count by, with the years that nobody has announced yet."""
    years = {name: bench.calendars[name].unannounced(bench.now.date()) for name in company.needed(schema, bench.office)}
    return {name: missing for name, missing in years.items() if missing}


def sync(folder: Path, settings: Settings, schema: Schema, options: Options, say: Say) -> Outcome:
    """One night, as far as *options.until*; a dry run and a look at a kept copy write nothing."""
    with locked(folder) if options.writes else nullcontext():
        kept = Kept(folder / "kept")
        if options.writes:
            kept.recover()
        if options.writes and options.reaches("publish"):
            publish.check(settings, folder)  # a place that is refused is refused before anything is written
        last = kept.last()
        if last:
            kept.verify(last)
            if not options.as_of and not options.accept_clock:
                _clock_gate(last.moment, options.now)
        outcome = judge(folder, settings, schema, options, say)
        if outcome.tonight.first_run:
            say("kept", "a first run: there is nothing to compare with")
        if options.writes:
            _write(folder, settings, schema, outcome, options, last, say)
        return outcome


def _write(
    folder: Path, settings: Settings, schema: Schema, outcome: Outcome, options: Options, last: Night | None, say: Say
) -> None:
    """Keep what was read, then tell staff, then make the pages; the night's record says how far it came."""
    kept = Kept(folder / "kept")
    kept.set_aside(options.now)
    night = _record(outcome, last)
    kept.keep(night, outcome.copies)
    with _step(say, "report") as told, _forgiven(outcome, "report", say):
        _report(folder, settings, schema, outcome, say)
        told.append(", ".join(f"{book} {written.outcome}" for book, written in outcome.written.items()))
    waiting = schema.written
    states = [_told(state, outcome, last) if state.book in waiting else state for state in outcome.tonight.books]
    outcome.tonight = replace(outcome.tonight, books=states)
    night = _with_books(night, outcome)
    kept.amend(night)
    done = False  # until it is: an error of the program, or an end from outside, leaves it so
    try:
        if options.reaches("render"):
            _pages(folder, settings, schema, outcome, options, say)
        done = not outcome.failures
    except ServicebookError as error:
        outcome.failures.append(str(error))
        raise
    finally:
        kept.amend(msgspec.structs.replace(night, failures=outcome.failures, done=done))


def _pages(folder: Path, settings: Settings, schema: Schema, outcome: Outcome, options: Options, say: Say) -> None:
    from sync import build, render

    with _step(say, "render") as told:
        outcome.tonight = replace(outcome.tonight, boards=_boards(outcome, schema))
        rendered = render.render(outcome.tonight, schema, settings, outcome.words, folder)
        told.append(f"{rendered.pages} pages, {rendered.written} written")
    if options.reaches("build"):
        with _step(say, "build") as told:
            outcome.site = folder / "build" / "site"
            built = build.build(folder, rendered.config, outcome.site)
            told.append(f"{outcome.site / 'index.html'}{'' if built else ', as it was'}")
    if outcome.site and options.reaches("publish") and settings.publish.folder:
        with _step(say, "publish") as told:
            outcome.published = publish.publish(outcome.site, options.now, settings, folder, lambda line: say("", line))
            told.append(outcome.published.told if outcome.published else "")


def _boards(outcome: Outcome, schema: Schema) -> Boards:
    """What only pages show, with the receipts of the flags that a page has room for."""
    from sync import explain
    from sync.gather import boards

    made = boards.boards(outcome.flags, outcome.refs, outcome.tonight.problems, schema, outcome.bench)
    told = explain.for_pages(outcome.tonight.flags[:MOST_RECEIPTS], schema, outcome.bench, outcome.words)
    return replace(made, receipts=told)


def preview(
    folder: Path, load: Callable[[], tuple[Settings, Schema, datetime]], address: tuple[str, int], say: Say,
    complain: Callable[[Exception], None],
) -> None:  # fmt: skip
    """Serve the site as books and pages are now until interrupted; *load* reads settings and declarations anew.

    It is a look: nothing is kept, no mark is written, and build/site stays as the last night left it.
    """
    from sync import preview as watching
    from sync import render

    def detail(step: str, told: str) -> None:
        if told:
            say("", f"{step} {told}".strip())

    def remake() -> Path:
        settings, schema, now = load()
        outcome = judge(folder, settings, schema, Options(now, accept_deletions=True), detail)
        outcome.tonight = replace(outcome.tonight, boards=_boards(outcome, schema))
        return render.render(outcome.tonight, schema, settings, outcome.words, folder, preview=True).config

    watching.preview(folder, remake, address, say, complain)


def _clock_gate(last: datetime, now: datetime) -> None:
    """Refuse a moment that cannot follow the *last* run's."""
    if now < last:
        zh, what = "之前", f"lies before the last run ({last:%Y-%m-%d %H:%M})"
    elif now - last > FAR:
        days = (now - last).days
        zh, what = f"之后 {days} 天", f"lies {days} days after the last run ({last:%Y-%m-%d %H:%M})"
    else:
        return
    raise SafetyStop(
        f"时钟是 {now:%Y-%m-%d %H:%M}，在上一次运行（{last:%Y-%m-%d %H:%M}）{zh}。什么也没有写，也没有发布。"
        "请把电脑的时间调准；本来就准的，再运行一次，加上 --accept-clock。\n"
        f"The clock says {now:%Y-%m-%d %H:%M}, which {what}. Nothing was written or published. "
        "Set the machine's clock right; if it is right, run again with --accept-clock."
    )


def _kept_copies(kept: Kept, at: datetime) -> list[Copy]:
    night = kept.last(at)
    if night is None:
        raise ServicebookError(f"{kept.folder}: no night was kept at or before {at:%Y-%m-%d %H:%M}.")
    return kept.copies(night)


def _read(books: Sequence[Book], settings: Settings, now: datetime, say: Say) -> list[Copy]:
    """All books at once: a file is read by a process of its own, a spreadsheet is waited for."""
    with _step(say, "pull") as told:
        coming = at_once(lambda book: book.read(now), books)
        engine(settings.engine)  # the heaviest import of a night, while other processes read
        copies = [copy.result() for copy in coming]
        told.append(f"{len(copies)} books, {sum(len(copy.grids) for copy in copies)} tabs")
    for copy in copies:
        say("", f"{copy.book}: {copy.where}, {len(copy.grids)} tabs, saved {copy.saved_at}, sha256 {copy.digest[:12]}")
    return copies


def _states(pulled: Pulled) -> list[BookState]:
    """How each book was found: where, when, and which tabs show older rows."""
    stale = {(one.source.book, one.grid.tab): one.since for one in pulled.laid if one.since}
    return [
        BookState(
            copy.book, copy.where, copy.read_at or datetime.min, copy.saved_at,  # noqa: DTZ901
            stale_tabs={tab: since for (book, tab), since in stale.items() if book == copy.book},
            addresses=copy.addresses,
        )
        for copy in pulled.copies
    ]  # fmt: skip


def _record(outcome: Outcome, last: Night | None) -> Night:
    """The night's record before anything is told: what waited and how marks left the books is still as it was."""
    tonight = outcome.tonight
    counts = {"problems": len(tonight.problems), "flags": len(outcome.flags), "open": len(tonight.flags)}
    digests = {copy.book: copy.digest for copy in outcome.copies}
    pending, left = (last.pending, last.left) if last else ({}, {})
    calendars = outcome.bench.calendars.items()
    published = {name: sorted(calendar.published) for name, calendar in calendars if calendar.published}
    return Night(
        tonight.run, tonight.moment, digests, {}, list(outcome.tables.tabs), counts, pending, left, published=published
    )


def _with_books(night: Night, outcome: Outcome) -> Night:
    """*night* with what became of the marks in each book."""
    states = {state.book: state for state in outcome.tonight.books}
    pending = {book: state.pending_since for book, state in states.items() if state.pending_since}
    left = {
        book: Left(written.digest, states[book].saved_at) for book, written in outcome.written.items() if written.digest
    }
    return msgspec.structs.replace(night, pending=pending, left=left, failures=outcome.failures)


def _saved_by_people(copy: Copy, last: Night | None, kept: Kept) -> Copy:
    """*copy* with the time at which a person saved it last: our own marks are no news to anybody."""
    if last is None:
        return copy
    left = last.left.get(copy.book)
    if left and left.digest == copy.digest:
        return replace(copy, saved_at=left.saved_at)
    if not last.done and copy.digest != last.digests.get(copy.book):
        # that run was ended before it could note how its marks left the book
        seen = next((one for one in kept.copies(last) if one.book == copy.book), None)
        if seen and _by_people(seen) == _by_people(copy):
            return replace(copy, saved_at=seen.saved_at)
    return copy


def _by_people(copy: Copy) -> list[Grid]:
    return [grid for grid in copy.grids if grid.tab not in SYSTEM_HEADERS]


def _report(folder: Path, settings: Settings, schema: Schema, outcome: Outcome, say: Say) -> None:
    """The day's list beside each file, then marks into each book that nobody has open; one failure stops no other."""
    from sync import report
    from sync.books.xlsx import companion

    paths = files(settings, folder)
    for place in dict.fromkeys(path.parent for path in paths.values()):
        with _forgiven(outcome, COMPANION, say):
            links = {name: _link(path, place) for name, path in paths.items()}
            desks = report.desks(outcome.tonight, outcome.refs, links, schema, outcome.words)
            outcome.companions.append(companion.write(place / COMPANION, desks, outcome.tonight.moment))
    made = report.marks(outcome.tonight, outcome.refs, outcome.flags, schema, outcome.words)
    digests = {copy.book: copy.digest for copy in outcome.copies}

    def write(book: Book) -> None:
        with _forgiven(outcome, book.name, say):
            shown = report.tabs(book.name, outcome.tonight, outcome.tables.tabs, outcome.refs, made, outcome.words)
            written = outcome.written[book.name] = book.write_tabs(shown, digests[book.name])
            if written.outcome == "failed":
                outcome.failures.append(f"{book.name}: {written.words['en']}")

    # last year's book, an export: it is only read
    written_to = [book for book in outcome.books if book.name in schema.written]
    for done in at_once(write, written_to):  # a service that is silent keeps no other book waiting
        done.result()
    outcome.written = {book.name: outcome.written[book.name] for book in written_to if book.name in outcome.written}
    outcome.failures.sort()


def _link(path: Path, place: Path) -> str:
    """How a file in the folder *place* names *path*."""
    try:
        return Path(os.path.relpath(path, place)).as_posix()
    except ValueError:  # another drive of Windows
        return str(path)


@contextmanager
def _forgiven(outcome: Outcome, what: str, say: Say) -> Iterator[None]:
    """What fails in here is recorded, and the night goes on without it."""
    try:
        yield
    except (ServicebookError, OSError) as error:
        outcome.failures.append(f"{what}: {error}")
    except Exception as error:  # noqa: BLE001 - pages must reach staff even when a mark cannot be made
        # an error of the program may quote a cell, so it is named by its place only
        at = traceback.extract_tb(error.__traceback__)[-1]
        outcome.failures.append(f"{what}: {type(error).__name__} in {Path(at.filename).name}:{at.lineno}")
        say("", "".join(traceback.format_tb(error.__traceback__)))


def _told(state: BookState, outcome: Outcome, last: Night | None) -> BookState:
    """*state* with what became of the marks: those that wait say since when."""
    written = outcome.written.get(state.book)
    waited = (last.pending.get(state.book) if last else None) or outcome.tonight.moment
    name = outcome.companions[0].name if outcome.companions else ""
    return replace(state, pending_since=None if written and written.done else waited, companion=name)


@contextmanager
def _step(say: Say, name: str) -> Iterator[list[str]]:
    """Time a step, and say what came of it."""
    told: list[str] = []
    say(name, "")
    started = time.perf_counter()
    yield told
    say(name, f"{' '.join(told)}  {time.perf_counter() - started:.1f} s")
