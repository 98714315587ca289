"""The commands. The only module that prints or exits: results to stdout, progress and complaints to stderr."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # --help loads nothing of a night
    from sync.nightly import Options, Outcome
    from sync.schema import Schema
    from sync.settings import Settings
    from sync.unchanged import Said

ROOT = Path(__file__).resolve().parent.parent
STEPS = ("pull", "validate", "flag", "report", "render", "build", "publish")
DEMO_DAYS = 28
BOOKS_THERE = (
    "这个部门的登记簿已经在了，没有动；init --demo 只重写示例部门自己的。",
    "The books of this department are there already and were left alone: init --demo rewrites the example's own only.",
)
INTERRUPTED, TERMINATED = 130, 143


class Moment(click.ParamType[datetime]):
    """2026-11-22T02:00, with or without seconds; with an offset it is turned into workplace time."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value).replace(microsecond=0)
        except ValueError:
            return self.fail(f"“{value}” is not a moment; write 2026-11-22T02:00", param, ctx)


class Department:
    """The department folder that a command works on, read when it is first needed."""

    def __init__(self, folder: Path | None, quiet: bool, verbose: bool) -> None:
        self.where = folder
        self.quiet = quiet
        self.verbose = verbose
        self.demo = False
        self.step_open = False  # a step's name stands on the terminal without what came of it

    @property
    def folder(self) -> Path:
        from sync import settings

        return ROOT if self.demo and self.where is None else settings.find(self.where)

    def chosen(self, given: datetime | None) -> tuple[Path, Settings, datetime]:
        """The folder, its settings, and the moment *given* (or now) on its clock."""
        from sync import settings

        folder = self.folder
        own = settings.load(folder)
        return folder, own, workplace(given, own)

    def load(self, given: datetime | None) -> tuple[Path, Settings, Schema, datetime]:
        """What was chosen, with the declarations that the department uses."""
        from sync import declarations, schema, settings
        from sync.rules import KINDS

        folder, own, now = self.chosen(given)
        own = self.shown(own, now)
        roots = dict.fromkeys([schema.SHIPPED, folder / "sheets_schema"])
        declared = declarations.load(list(roots), KINDS)
        return folder, own, settings.adopt(declared, own, now.date()), now

    def shown(self, own: Settings, now: datetime) -> Settings:
        """*own*; the example is judged for its four weeks only."""
        import msgspec

        if not self.demo or own.department.judge_from is not None:
            return own
        since = now.date() - timedelta(days=DEMO_DAYS)
        return msgspec.structs.replace(own, department=msgspec.structs.replace(own.department, judge_from=since))

    def say(self, step: str, told: str) -> None:
        """A line a step; on a terminal the step shows as soon as it begins. Details are for those who ask."""
        if self.quiet or (not step and not self.verbose):
            return
        if told:
            self.end_step(back=True)
            click.echo(f"{step:<9} {told}", err=True)
        elif sys.stderr.isatty():
            click.echo(f"{step:<9} …", err=True, nl=False)
            self.step_open = True

    def complain(self, complaint: str) -> None:
        """A line about what went wrong."""
        self.end_step(back=False)
        click.echo(f"servicebook: {complaint}", err=True)

    def said_of(self, error: Exception) -> str:
        """What went wrong. The text of an error of ours may quote a cell, so it is named by its place."""
        from sync.model import ServicebookError

        if isinstance(error, ServicebookError):
            return str(error)
        if isinstance(error, OSError):
            return f"{error.filename or 'the system'}: {error.strerror or type(error).__name__}"
        at = traceback.extract_tb(error.__traceback__)[-1]
        way = "".join(traceback.format_tb(error.__traceback__)) if self.verbose else ""
        place = f"{type(error).__name__} in {Path(at.filename).name}:{at.lineno}"
        return f"{way}an error of the program ({place}); -v shows the way there"

    def end_step(self, *, back: bool) -> None:
        """Go back to the beginning of the step's line, or to a new one."""
        if self.step_open:
            click.echo("\r" if back else "", err=True, nl=not back)
            self.step_open = False


def workplace(given: datetime | None, own: Settings) -> datetime:
    """*given*, or this moment, as the workplace's clock says it."""
    if given is None:
        return datetime.now(own.zone).replace(tzinfo=None, microsecond=0)
    return given.astimezone(own.zone).replace(tzinfo=None) if given.tzinfo else given


class _Terminated(BaseException):
    """The system asked this run to end."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated


@contextmanager
def exits(department: Department) -> Iterator[None]:
    """What goes wrong becomes one message and its exit code."""
    code, complaint = 1, ""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
        raise
    except KeyboardInterrupt:
        code, complaint = INTERRUPTED, "interrupted; nothing half-written is left"
    except _Terminated:
        code, complaint = TERMINATED, "terminated; nothing half-written is left"
    except Exception as error:  # noqa: BLE001 - every failure becomes one message
        code, complaint = getattr(error, "exit_code", 1), department.said_of(error)
    finally:
        signal.signal(signal.SIGTERM, before)
    if complaint:
        department.complain(complaint)
        sys.exit(code)


Command = Callable[..., None]


def option(*names: str, **more: Any) -> Callable[[Command], Command]:
    """An option that can also be given as SERVICEBOOK_NAME (or, for one command only, SERVICEBOOK_COMMAND_NAME)."""
    word = next(name for name in reversed(names) if name.startswith("--"))
    return click.option(*names, envvar=f"SERVICEBOOK_{word[2:].upper().replace('-', '_')}", **more)


def moments(command: Command) -> Command:
    """The options that say at which moment a command judges."""
    now = option("--now", type=Moment(), help="Judge the current books at this moment instead of now.")
    as_of = option("--as-of", type=Moment(), help="Judge the copy kept at or before this moment; writes nothing.")
    return now(as_of(command))


as_demo = option(
    "--demo", is_flag=True, help="The example department; its books are made under build/demo when absent."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SERVICEBOOK"})
@option("-C", "folder", "--dir", type=click.Path(path_type=Path),
        help="The department folder (default: the nearest one with a servicebook.toml).")  # fmt: skip
@option("-q", "--quiet", is_flag=True, help="No progress, and no summary of a night: only what went wrong.")
@option("-v", "--verbose", is_flag=True, help="Details: the files read, and the way to an error of the program.")
@click.version_option(package_name="servicebook", message="servicebook %(version)s")
@click.pass_context
def main(ctx: click.Context, folder: Path | None, quiet: bool, verbose: bool) -> None:
    """Runs an after-sales service department on the spreadsheets its people type into."""
    for stream in (sys.stdout, sys.stderr):
        # an old console in a Chinese Windows cannot show every character: a mark is better than a crash
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    ctx.obj = Department(folder, quiet, verbose)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@option("--profile", default="integrator", show_default=True, help="The kind of company.")
@option("--demo", is_flag=True, help="Write the example department's two books instead.")
@option("--now", type=Moment(), help="The day the example's four weeks end on.")
@click.pass_obj
def init(department: Department, folder: Path | None, profile: str, demo: bool, now: datetime | None) -> None:
    """Make a new department FOLDER with its workbooks; what is there is never rewritten."""
    with exits(department):
        from sync import making
        from sync.model import BookError

        if demo:
            department.demo = True
            own_folder, settings, schema, at = department.load(now)
            # only the example's own books are written anew: elsewhere people may have typed into theirs
            made = making.make_demo(own_folder, settings, schema, at, again=own_folder == ROOT)
            if not made:
                raise BookError(*BOOKS_THERE)
        elif folder is None:
            raise click.UsageError("Name the folder to make: servicebook init FOLDER (or --demo).")
        else:
            made = making.make_department(folder, profile, _today(now))
        for path in made:
            click.echo(path)


def _today(given: datetime | None) -> datetime:
    today = given or datetime.now()  # noqa: DTZ005 - a new folder has no zone yet
    return today.replace(tzinfo=None, microsecond=0)


@main.command()
@click.argument("books", metavar="[BOOK]...", nargs=-1)
@option("--json", "as_json", is_flag=True, help="The plans as JSON.")
@click.pass_obj
def plan(department: Department, books: tuple[str, ...], as_json: bool) -> None:
    """Say how the books differ from what is declared, and what `apply` would build into them; writes nothing."""
    with exits(department):
        _built(department, books, (), dry_run=True, as_json=as_json)


@main.command()
@click.argument("books", metavar="[BOOK]...", nargs=-1)
@option("--do", "named", multiple=True, help="Make this too, which `plan` says has to be named; may be given again.")
@option("--dry-run", is_flag=True, help="Say what would be made, and write nothing.")
@option("--json", "as_json", is_flag=True, help="What was made, and what was not, as JSON.")
@click.pass_obj
def apply(
    department: Department, books: tuple[str, ...], named: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:  # fmt: skip
    """Build into the books what is declared and missing there; anything else only when it is named."""
    with exits(department):
        _built(department, books, named, dry_run=dry_run, as_json=as_json)


def _built(
    department: Department, books: tuple[str, ...], named: tuple[str, ...], *, dry_run: bool, as_json: bool
) -> None:  # fmt: skip
    from sync import making, nightly, outlet
    from sync.plan import carry_out

    folder, settings, schema, at = department.load(None)
    with nullcontext() if dry_run else nightly.locked(folder):
        drafts = making.draft(folder, settings, schema, at, books, named, write=not dry_run)
        written = {} if dry_run else carry_out(drafts)
    click.echo(outlet.plan_json(drafts, written) if as_json else outlet.plan_text(drafts, written))
    failed = {book: told for book, told in written.items() if not told.done}
    for book, told in failed.items():
        click.echo(f"servicebook: failed: {book}: {told.words['en']}", err=True)
    if failed:
        sys.exit(1)


@main.command()
@option("--from", "source", required=True, help="A book of the settings, a file.xlsx, or gsheets:ID.")
@option("--to", "target", required=True, help="Where to: the same three ways.")
@option("--book", "named", help="Which book it is, where its tabs do not tell.")
@option("--replace", "replaced", multiple=True, help="A tab (or file) whose rows may go; may be given again.")
@option("--dry-run", is_flag=True, help="Say what would be copied, and write nothing.")
@click.pass_obj
def copy(
    department: Department, source: str, target: str, named: str | None, replaced: tuple[str, ...], dry_run: bool
) -> None:  # fmt: skip
    """Copy the registers of one book to another of any kind, values and ids as they are."""
    with exits(department):
        from sync import making, outlet

        folder, settings, schema, at = department.load(None)
        found = making.copy(folder, settings, schema, at, source, target, named, replaced, dry_run=dry_run)
        click.echo(outlet.copy_text(found))
        sys.exit(0 if found.written is None or found.written.done else 1)


@main.command("sign-in")
@click.argument("client_file", type=click.Path(path_type=Path))
@option("--port", type=click.IntRange(0, 65535), default=0, help="Where the browser's answer is awaited; 0 is any.")
@click.pass_obj
def sign_in(department: Department, client_file: Path, port: int) -> None:
    """Sign in to Google as yourself, to try it at your own desk; CLIENT_FILE is a desktop app's OAuth client."""
    with exits(department):
        from sync.books.gsheets import signin

        _, own, _ = department.chosen(None)
        kept = signin.sign_in(
            client_file, endpoint=own.google.endpoint, port=port, tell=lambda page: click.echo(page, err=True)
        )
        click.echo(kept)


@main.command()
@moments
@as_demo
@option("--json", "as_json", is_flag=True, help="Problems and counts as JSON.")
@click.pass_obj
def check(department: Department, now: datetime | None, as_of: datetime | None, demo: bool, as_json: bool) -> None:
    """Read the books and say what is wrong in them; writes nothing. Exit code 3: there are errors."""
    with exits(department):
        from sync import outlet

        department.demo = demo
        found, settings, schema = _judged(department, now, as_of)
        click.echo(outlet.check_json(found, schema, settings) if as_json else outlet.check_text(found, schema))
        sys.exit(3 if outlet.errors(found) else 0)


def _judged(department: Department, now: datetime | None, as_of: datetime | None) -> tuple[Outcome, Settings, Schema]:
    from sync import nightly

    folder, settings, schema, at = department.load(now or as_of)
    kept_at = workplace(as_of, settings) if as_of else None
    options = nightly.Options(at, as_of=kept_at, accept_deletions=True)
    return nightly.judge(folder, settings, schema, options, department.say), settings, schema


@main.command()
@moments
@as_demo
@option("--until", type=click.Choice(STEPS), default="publish", show_default=True, help="Stop after this step.")
@option("--dry-run", is_flag=True, help="Judge, and write nothing.")
@option("--json", "as_json", is_flag=True, help="Counts and flags as JSON.")
@option("--strict", is_flag=True, help="Exit with 3 when there are errors in the data.")
@option("--accept-deletions", is_flag=True, help="Go on although many rows are gone.")
@option("--accept-clock", is_flag=True, help="Go on although the clock lies before the last run, or far past it.")
@click.pass_obj
def sync(
    department: Department, now: datetime | None, as_of: datetime | None, demo: bool, until: str, dry_run: bool,
    as_json: bool, strict: bool, accept_deletions: bool, accept_clock: bool,
) -> None:  # fmt: skip
    """One night: read, validate, flag, tell staff, rebuild the handbook site, and publish it."""
    with exits(department):
        from sync import unchanged

        department.demo = demo
        folder, own, at = department.chosen(now or as_of)
        asked = f"{until} demo" if demo else until
        writes = until in STEPS[STEPS.index("report") :]
        plain = writes and not (dry_run or as_of or accept_deletions or accept_clock)
        said = unchanged.recall(folder, own, at, asked) if plain else None
        if said:
            department.say(
                "sync", "nothing has changed since this night was run: nothing was read, judged or built again"
            )
        else:
            from sync import nightly

            kept_at = workplace(as_of, own) if as_of else None
            options = nightly.Options(at, until, dry_run, kept_at, accept_deletions, accept_clock)
            found = _night(department, options)
            said = _said(found)
            if plain and found.settled:
                unchanged.remember(folder, own, at, asked, _said(found.again()))
        if as_json:
            click.echo(said.json)
        elif not department.quiet:
            click.echo(said.text)
        for failure in said.failures:
            click.echo(f"servicebook: failed: {failure}", err=True)
        if said.failures:
            sys.exit(1)
        sys.exit(3 if strict and said.errors else 0)


def _night(department: Department, options: Options) -> Outcome:
    from sync import making, nightly

    folder, settings, schema, _ = department.load(options.now)
    if department.demo and not options.dry_run:
        for path in making.make_demo(folder, settings, schema, options.now, again=False):
            department.say("demo", f"{path.name}: four weeks up to {options.now:%Y-%m-%d}")
    return nightly.sync(folder, settings, schema, options, department.say)


def _said(found: Outcome) -> Said:
    from sync import outlet, unchanged

    return unchanged.Said(
        text=outlet.sync_text(found), json=outlet.sync_json(found), errors=outlet.errors(found), failures=found.failures
    )


@main.command()
@option("--to", help="The release to show (default: the one shown before).")
@option("--list", "listed", is_flag=True, help="Only list the releases that there are.")
@click.pass_obj
def rollback(department: Department, to: str | None, listed: bool) -> None:
    """Show readers an older release of the published site; the next night publishes over it."""
    with exits(department):
        from sync import publish
        from sync.nightly import locked

        folder, own, _ = department.chosen(None)
        if not listed:
            with locked(folder):
                shown = publish.rollback(own, folder, to)
            department.say("publish", f"readers now see {shown.name}")
        for release in publish.releases(own, folder):
            click.echo(f"{'→' if release.current else ' '} {release.name}  {release.moment:%Y-%m-%d %H:%M}")


@main.command()
@option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 lets other machines in.")
@option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes any that is free.")
@option("--now", type=Moment(), help="Judge the current books at this moment instead of now.")
@as_demo
@click.pass_obj
def preview(department: Department, host: str, port: int, now: datetime | None, demo: bool) -> None:
    """Serve the site as books and pages are now, made anew at every save; Ctrl-C ends it."""
    with exits(department):
        from sync import making, nightly

        def complain(error: Exception) -> None:
            department.complain(f"{department.said_of(error)}\nThe last good pages are still shown.")

        department.demo = demo
        folder, settings, schema, at = department.load(now)
        department.where = folder  # settings that are being saved are not looked for further up
        if demo:
            making.make_demo(folder, settings, schema, at, again=False)
        nightly.preview(folder, lambda: department.load(now)[1:], (host, port), department.say, complain)


@main.command()
@click.argument("record")
@moments
@as_demo
@option("--json", "as_json", is_flag=True, help="The receipts as JSON.")
@click.pass_obj
def explain(
    department: Department, record: str, now: datetime | None, as_of: datetime | None, demo: bool, as_json: bool
) -> None:
    """Why RECORD has the flags it has: start, promise, holds, due moment."""
    with exits(department):
        from sync import explain as receipts
        from sync import nightly, outlet

        department.demo = demo
        found, own, schema = _judged(department, now, as_of)
        told = receipts.explain(record, found.flags, found.refs, schema, found.bench, found.words)
        flags, bench = nightly.older(found, schema, record)
        if flags:
            told += receipts.explain(record, flags, found.refs, schema, bench, found.words, own.department.judge_from)
        if as_json:
            click.echo(outlet.as_json([receipt.data for receipt in told]))
        else:
            click.echo("\n\n".join(map(str, told)) or found.words.label("receipt_none", "zh", record=record))


@main.group()
def policy() -> None:
    """What another policy would say of the same rows, before anybody adopts it; writes nothing."""


@policy.command("diff")
@click.argument("other", metavar="FILE|REV")
@moments
@as_demo
@option("--json", "as_json", is_flag=True, help="Every promise and row that changes, as JSON.")
@click.pass_obj
def policy_diff(
    department: Department, other: str, now: datetime | None, as_of: datetime | None, demo: bool, as_json: bool
) -> None:  # fmt: skip
    """Which rows change state with FILE (promises, a folder of declarations, a servicebook.toml), or as in git REV."""
    with exits(department):
        from sync import policy as policies
        from sync import settings

        department.demo = demo
        folder, own, schema, at = department.load(now or as_of)
        chosen, declared = policies.other(other, folder, own)
        chosen = department.shown(chosen, at)
        theirs = chosen, settings.adopt(declared, chosen, at.date())
        options = _looking(at, as_of, own)
        _compare(department, folder, (own, schema), theirs, options, other=other, as_json=as_json)


@policy.command("try")
@click.argument("figures", metavar="NAME=LIMIT...", nargs=-1, required=True)
@option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what started on this day or later.")
@moments
@as_demo
@option("--json", "as_json", is_flag=True, help="Counts, shares and every row that changes, as JSON.")
@click.pass_obj
def policy_try(
    department: Department, figures: tuple[str, ...], since: datetime | None, now: datetime | None,
    as_of: datetime | None, demo: bool, as_json: bool,
) -> None:  # fmt: skip
    """How many would be in time or late with other limits: first_reply=15min. Judges the newest kept night."""
    with exits(department):
        from sync import policy as policies
        from sync import settings
        from sync.kept import Kept

        department.demo = demo
        if not now and not as_of and (last := Kept(department.folder / "kept").last()):
            as_of = last.moment
        folder, own, schema, at = department.load(now or as_of)
        chosen, names = policies.tried(figures, own, schema)
        theirs = chosen, settings.adopt(schema.declared or schema, chosen, at.date())
        options, other = _looking(at, as_of, own), " ".join(figures)
        _compare(department, folder, (own, schema), theirs, options, other=other, since=since, names=names,
                 as_json=as_json)  # fmt: skip


def _looking(at: datetime, as_of: datetime | None, own: Settings) -> Options:
    from sync import nightly

    kept_at = workplace(as_of, own) if as_of else None
    return nightly.Options(at, dry_run=True, as_of=kept_at, accept_deletions=True)


def _compare(
    department: Department, folder: Path, ours: tuple[Settings, Schema], theirs: tuple[Settings, Schema],
    options: Options, *, other: str, as_json: bool, since: datetime | None = None, names: Sequence[str] = (),
) -> None:  # fmt: skip
    from sync import nightly, outlet
    from sync import policy as policies

    before, after = nightly.twice(folder, ours, theirs, options, department.say)
    sides = (ours[1], before.flags), (theirs[1], after.flags)
    found = policies.compare(*sides, options.now, since=since, named=names)
    said = outlet.policy_json(found, other) if as_json else outlet.policy_text(found, other, ours[0], before.words)
    click.echo(said)


@main.command()
@option("--now", type=Moment(), help="As if it were this moment.")
@as_demo
@option("--json", "as_json", is_flag=True, help="The findings as JSON.")
@click.pass_obj
def doctor(department: Department, now: datetime | None, demo: bool, as_json: bool) -> None:
    """Look at machine, settings, books and kept nights, and say what would go wrong tonight."""
    with exits(department):
        from sync import doctor as examination
        from sync import outlet

        department.demo = demo
        found = list(examination.examine(*department.load(now)))
        click.echo(outlet.as_json([line.data for line in found]) if as_json else "\n".join(map(str, found)))
        sys.exit(1 if any(line.grade == "×" for line in found) else 0)


if __name__ == "__main__":
    main()
