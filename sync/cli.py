"""The commands. The only module that prints or exits: results to stdout, progress and complaints to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from sync.model import ServicebookError

if TYPE_CHECKING:  # --help loads nothing of a night
    from sync.nightly import Outcome
    from sync.schema import Schema
    from sync.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
STEPS = ("validate", "flag", "report", "render", "build")
DEMO_DAYS = 28


class Moment(click.ParamType):
    """2026-11-22T02:00, with or without seconds; with an offset it is turned into workplace time."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return self.fail(f"“{value}” is not a moment; write 2026-11-22T02:00", param, ctx)


class Department:
    """The department folder that a command works on, read when it is first needed."""

    def __init__(self, folder: Path | None, quiet: int, verbose: int, demo: bool = False) -> None:
        self.where = folder
        self.quiet = quiet
        self.verbose = verbose
        self.demo = demo

    @property
    def folder(self) -> Path:
        from sync import settings

        return ROOT if self.demo and self.where is None else settings.find(self.where)

    def load(self, now: datetime) -> tuple[Path, Settings, Schema]:
        """The folder, its settings and the declarations it uses."""
        import msgspec

        from sync import schema, settings
        from sync.rules import KINDS

        folder = self.folder
        own = settings.load(folder)
        if self.demo and own.department.judge_from is None:
            since = now.date() - timedelta(days=DEMO_DAYS)
            own = msgspec.structs.replace(own, department=msgspec.structs.replace(own.department, judge_from=since))
        roots = [schema.SHIPPED, folder / "sheets_schema"]
        declared = schema.load(list(dict.fromkeys(roots)), KINDS, folder / "build" / "cache")
        return folder, own, settings.adopt(declared, own)

    def now(self, given: datetime | None) -> datetime:
        """*given*, or this moment, as the workplace's clock says it."""
        from sync import settings

        zone: ZoneInfo = settings.load(self.folder).zone
        if given is None:
            return datetime.now(zone).replace(tzinfo=None, microsecond=0)
        return given.astimezone(zone).replace(tzinfo=None) if given.tzinfo else given

    def say(self, step: str, told: str) -> None:
        """A line a step; on a terminal the step shows as soon as it begins."""
        if self.quiet:
            return
        if told:
            click.echo(f"\r{step:<9} {told}", err=True)
        elif sys.stderr.isatty():
            click.echo(f"{step:<9} …", err=True, nl=False)


@contextmanager
def exits() -> Iterator[None]:
    """What goes wrong becomes one message and its exit code."""
    try:
        yield
    except ServicebookError as error:
        click.echo(f"servicebook: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("servicebook: interrupted; nothing half-written is left", err=True)
        sys.exit(130)


def moments(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say at which moment a command judges."""
    now = click.option("--now", type=Moment(), help="Judge the current books at this moment instead of now.")
    as_of = click.option("--as-of", type=Moment(), help="Judge the copy kept at or before this moment; writes nothing.")
    return now(as_of(command))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SERVICEBOOK"})
@click.option("-C", "--dir", "folder", type=click.Path(path_type=Path), envvar="SERVICEBOOK_DIR",
              help="The department folder (default: the nearest one with a servicebook.toml).")  # fmt: skip
@click.option("-q", "--quiet", count=True, help="No progress.")
@click.option("-v", "--verbose", count=True, help="More about what is done.")
@click.version_option(package_name="servicebook", message="servicebook %(version)s")
@click.pass_context
def main(ctx: click.Context, folder: Path | None, quiet: int, verbose: int) -> None:
    """Runs an after-sales service department on the spreadsheets its people type into."""
    if hasattr(sys.stdout, "reconfigure"):
        # an old console in a Chinese Windows cannot show every character: a mark is better than a crash
        sys.stdout.reconfigure(errors="backslashreplace")
        sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    ctx.obj = Department(folder, quiet, verbose)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--profile", default="integrator", show_default=True, help="The kind of company.")
@click.option("--demo", is_flag=True, help="Write the example department's two books instead.")
@click.option("--now", type=Moment(), help="The day the example's four weeks end on.")
@click.pass_obj
def init(department: Department, folder: Path | None, profile: str, demo: bool, now: datetime | None) -> None:
    """Make a new department FOLDER with its workbooks; what is there is never rewritten."""
    with exits():
        from sync import nightly

        if demo:
            department.demo = True
            made = nightly.make_demo(*department.load(department.now(now)), department.now(now), again=True)
        elif folder is None:
            raise click.UsageError("Name the folder to make: servicebook init FOLDER (or --demo).")
        else:
            made = nightly.make_department(folder, profile, _today(now))
        for path in made:
            click.echo(path)


def _today(given: datetime | None) -> datetime:
    return given or datetime.now().replace(microsecond=0)  # noqa: DTZ005 - a new folder has no zone yet


@main.command()
@moments
@click.option("--json", "as_json", is_flag=True, help="Problems and counts as JSON.")
@click.pass_obj
def check(department: Department, now: datetime | None, as_of: datetime | None, as_json: bool) -> None:
    """Read the books and say what is wrong in them; writes nothing. Exit code 3: there are errors."""
    with exits():
        from sync import outlet

        found = _judged(department, now, as_of)
        folder, settings, schema = department.load(department.now(now))
        del folder
        click.echo(outlet.check_json(found, schema, settings) if as_json else outlet.check_text(found, schema))
        sys.exit(3 if outlet.errors(found) else 0)


def _judged(department: Department, now: datetime | None, as_of: datetime | None) -> Outcome:
    from sync import nightly

    at = department.now(now or as_of)
    folder, settings, schema = department.load(at)
    options = nightly.Options(at, as_of=department.now(as_of) if as_of else None, accept_deletions=True)
    return nightly.judge(folder, settings, schema, options, department.say)


@main.command()
@moments
@click.option("--demo", is_flag=True, help="The example department; its books are made under build/demo when absent.")
@click.option("--until", type=click.Choice(STEPS), default="build", help="Stop after this step.")
@click.option("--dry-run", is_flag=True, help="Judge, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Counts and flags as JSON.")
@click.option("--strict", is_flag=True, help="Exit with 3 when there are errors in the data.")
@click.option("--accept-deletions", is_flag=True, help="Go on although many rows are gone.")
@click.option("--accept-clock", is_flag=True, help="Go on although the clock lies before the last run, or far past it.")
@click.pass_obj
def sync(
    department: Department, now: datetime | None, as_of: datetime | None, demo: bool, until: str, dry_run: bool,
    as_json: bool, strict: bool, accept_deletions: bool, accept_clock: bool,
) -> None:  # fmt: skip
    """One night: read, validate, flag, tell staff, and rebuild the handbook site."""
    with exits():
        from sync import nightly, outlet

        department.demo = demo
        at = department.now(now or as_of)
        folder, settings, schema = department.load(at)
        if demo:
            nightly.make_demo(folder, settings, schema, at, again=False)
        options = nightly.Options(
            at, until, dry_run, department.now(as_of) if as_of else None, accept_deletions, accept_clock
        )
        found = nightly.sync(folder, settings, schema, options, department.say)
        click.echo(outlet.sync_json(found, schema) if as_json else outlet.sync_text(found))
        if found.failures:
            sys.exit(1)
        sys.exit(3 if strict and outlet.errors(found) else 0)


@main.command()
@click.argument("record")
@moments
@click.option("--json", "as_json", is_flag=True, help="The receipts as JSON.")
@click.option("--demo", is_flag=True, help="The example department.")
@click.pass_obj
def explain(
    department: Department, record: str, now: datetime | None, as_of: datetime | None, as_json: bool, demo: bool
) -> None:
    """Why RECORD has the flags it has: start, promise, holds, due moment."""
    with exits():
        from sync import explain as receipts
        from sync import outlet

        department.demo = demo
        found = _judged(department, now, as_of)
        _, _, schema = department.load(department.now(now))
        told = receipts.explain(record, found.flags, found.refs, schema, found.bench, found.words)
        click.echo(outlet.as_json([receipt.data for receipt in told]) if as_json else "\n\n".join(map(str, told)))


@main.command()
@click.option("--now", type=Moment(), help="As if it were this moment.")
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
@click.option("--demo", is_flag=True, help="The example department.")
@click.pass_obj
def doctor(department: Department, now: datetime | None, as_json: bool, demo: bool) -> None:
    """Look at machine, settings, books and kept nights, and say what would go wrong tonight."""
    with exits():
        from sync import doctor as examination
        from sync import outlet

        department.demo = demo
        found = list(examination.examine(*department.load(department.now(now)), department.now(now)))
        click.echo(outlet.as_json([line.data for line in found]) if as_json else "\n".join(map(str, found)))
        sys.exit(1 if any(line.grade == "×" for line in found) else 0)


if __name__ == "__main__":
    main()
