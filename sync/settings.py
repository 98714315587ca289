"""What one department chose: its books, its profile, its own figures. Read from servicebook.toml."""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from sync.declarations import faults
from sync.model import DeclarationError
from sync.schema import Meaning, Profile, Promise, Schema, Struct, Words, dotted, guess, length, limit, refusal

FILE = "servicebook.toml"
# The whole text: libraries do not agree on where the host of a crooked address ends.
LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?/?")
SPREADSHEET_ID = re.compile(r"[A-Za-z0-9_-]{3,100}")


class Department(Struct, frozen=True, kw_only=True):
    """Who this is."""

    name: Words
    profile: str = "everything"
    time_zone: str = "Asia/Shanghai"
    judge_from: dt.date | None = None
    """Rows from before this day are read, but not judged, and counted on one line."""
    office: str = "office"
    """The calendar that *calendar: office* of a promise means."""


class BookAt(Struct, frozen=True, kw_only=True):
    """Where a book is: a workbook on disk has a *path*, a Google spreadsheet an *id*."""

    path: str = ""
    """Of the .xlsx, from the department folder; $VARIABLES and ~ are filled in."""
    id: str = ""
    """The long word between /d/ and /edit in the spreadsheet's address."""
    kind: Literal["xlsx", "gsheets"] | None = None
    """None: what the other two say."""

    @property
    def room(self) -> str:
        """The kind of book this is."""
        return self.kind or ("gsheets" if self.id else "xlsx")


class Google(Struct, frozen=True, kw_only=True):
    """How to reach Google Sheets."""

    key_file: str | None = None
    """None: GOOGLE_APPLICATION_CREDENTIALS, or what `servicebook sign-in` stored. Never inside a repository."""
    endpoint: str = "https://sheets.googleapis.com"
    """Another address only for a server on this very machine, to try things out."""
    locale: str = "zh_CN"
    """What the spreadsheets are set to; another one would read numbers and dates differently."""
    deadline: Annotated[int, msgspec.Meta(ge=1, le=250)] = 120
    """Seconds that one call may take with all its retries."""


class Gates(Struct, frozen=True, kw_only=True):
    """How many rows may vanish between two runs before somebody is asked."""

    warn_percent: int = 10
    stop_percent: int = 20
    base: int = 20
    """Below this many rows nothing is compared."""


class Bounds(Struct, frozen=True, kw_only=True):
    """What a workbook may cost to read."""

    memory_mb: int = 2048
    seconds: int = 300
    unpacked_mb: int = 1024
    ratio: int = 200
    """Unpacked size against packed size: above it the file is a zip bomb, or broken."""


class OwnFigure(Struct, frozen=True, kw_only=True):
    """The department's choice for one promise; what is None stays as shipped."""

    on: bool | None = None
    limit: str | None = None
    due_soon: str | None = None
    calendar: str | None = None
    meaning: Meaning | None = None
    """How the limit is counted, where its unit changes with it."""
    handbook: str | None = None
    when: dict[str, str | bool | list[str]] | None = None


class Publish(Struct, frozen=True, kw_only=True):
    """Where readers find the site, and how many of its nights can be gone back to."""

    folder: str | None = None
    """None: the site stays in build/site. Relative to the department folder; $VARIABLES and ~ are filled in."""
    keep: Annotated[int, msgspec.Meta(ge=1)] = 10


class Settings(Struct, frozen=True, kw_only=True):
    """servicebook.toml."""

    department: Department = Department(name=Words(zh="售后服务部", en="After-sales service"))
    books: dict[str, BookAt] = {}  # noqa: RUF012 - each gets its own
    promises: dict[str, OwnFigure] = {}  # noqa: RUF012 - each gets its own
    gates: Gates = Gates()
    bounds: Bounds = Bounds()
    publish: Publish = Publish()
    google: Google = Google()
    engine: Literal["polars", "duckdb"] = "polars"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The workplace's time zone."""
        return ZoneInfo(self.department.time_zone)


def find(start: Path | None) -> Path:
    """The department folder: *start* itself, or the nearest folder from here upwards that has a servicebook.toml."""
    if start is not None:
        if not (start / FILE).is_file():
            message = f"{start}: no {FILE} there. Name a department folder with -C, or make one: servicebook init DIR"
            raise DeclarationError(message)
        return start.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder
    message = f"No {FILE} in {here} or above it. Name a department folder with -C, or make one: servicebook init DIR"
    raise DeclarationError(message)


def load(folder: Path) -> Settings:
    """The settings of the department in *folder*; a wrong line is refused with its key."""
    path = folder / FILE
    settings = read(path)
    _check_books_at(path, settings, folder)
    _check_endpoint(path, settings.google.endpoint)
    return settings


def read(path: Path) -> Settings:
    """What the file at *path* says, whether or not its books are there."""
    try:
        # Notepad writes a mark before the first line
        settings = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8-sig")), Settings)
    except msgspec.ValidationError as error:
        text, keys = refusal(error)
        raise DeclarationError(f"{path}: {dotted(keys)}: {text}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: {error}"
        raise DeclarationError(message) from error
    zone = settings.department.time_zone
    try:
        settings.zone  # noqa: B018 - looks it up
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = guess(zone, available_timezones())
        raise DeclarationError(f"{path}: department.time_zone: there is no zone “{zone}”{near}") from error
    return settings


def _check_books_at(path: Path, settings: Settings, folder: Path) -> None:
    """Each book is in one place, and no two in the same: they would write over each other's marks."""
    places: dict[Path | str, str] = {}
    for book, at in settings.books.items():
        key = {"xlsx": "path", "gsheets": "id"}[at.room]
        wrong = "id" if key == "path" else "path"
        if not getattr(at, key) or getattr(at, wrong):
            raise DeclarationError(
                f"{path}: books.{book}: write one of path = 'book.xlsx' and id = 'the spreadsheet id'"
            )
        if key == "id" and not SPREADSHEET_ID.fullmatch(at.id):
            raise DeclarationError(
                f"{path}: books.{book}.id: “{at.id}” is no spreadsheet id; it is the long word between /d/ and /edit"
                " in the spreadsheet's address"
            )
        other = places.setdefault(at.id or book_path(settings, folder, book), book)
        if other != book:
            raise DeclarationError(f"{path}: books.{book}.{key}: the same place as books.{other}; one name is enough")


def _check_endpoint(path: Path, endpoint: str) -> None:
    """Whoever answers there gets our token: it is Google, or this very machine."""
    if endpoint != Google().endpoint and not loopback(endpoint):
        raise DeclarationError(
            f"{path}: google.endpoint: “{endpoint}” is neither {Google().endpoint} nor an address of this machine"
            " such as http://127.0.0.1:8790"
        )


def loopback(address: str) -> bool:
    """Whether *address* leads to this very machine."""
    return LOOPBACK.fullmatch(address) is not None


def book_path(settings: Settings, folder: Path, book: str) -> Path:
    """Where the .xlsx of *book* lies."""
    return filled(settings.books[book].path, folder)


def filled(written: str, folder: Path) -> Path:
    """The path that is *written* in the settings of the department in *folder*: $VARIABLES and ~ filled in."""
    return (folder / Path(os.path.expandvars(written)).expanduser()).resolve()


def files(settings: Settings, folder: Path) -> dict[str, Path]:
    """The books that are files, by name."""
    return {name: book_path(settings, folder, name) for name, at in settings.books.items() if at.room == "xlsx"}


def adopt(declared: Schema, settings: Settings, at: dt.date | None = None) -> Schema:
    """The declarations that this department uses; pages tell the promises in force on the day *at*.

    Registers of its profile that have a book; of each promise the first style of the profile that makes it;
    figures: the department's toml > its profile > the shipped policy. The toml's figures have no date: where promises
    of one name follow each other, they go for each.
    """
    name = settings.department.profile
    if name not in declared.profiles:
        known = ", ".join(sorted(declared.profiles))
        message = f"{FILE}: department.profile: there is no profile “{name}”{guess(name, declared.profiles)} ({known})"
        raise DeclarationError(message)
    profile = declared.profiles[name]
    used = [declared.registers[name] for name in profile.registers if name in declared.registers]
    _check_books(settings, {source.book for register in used for source in register.tabs})
    registers = {
        register.name: register for register in used if any(source.book in settings.books for source in register.tabs)
    }
    office = settings.department.office
    if office not in declared.calendars:
        near = guess(office, declared.calendars)
        raise DeclarationError(f"{FILE}: department.office: there is no calendar “{office}”{near}")
    promises = [_own(promise, declared, settings) for promise in _chosen(declared, profile, settings)]
    for unknown in settings.promises.keys() - {promise.name for promise in declared.promises}:
        names = [promise.name for promise in declared.promises]
        raise DeclarationError(f"{FILE}: promises.{unknown}: there is no such promise{guess(unknown, names)}")
    forms = {
        name: form for name, form in declared.forms.items()
        if form.register in registers and (not form.styles or set(form.styles) & set(profile.styles))
    }  # fmt: skip
    return msgspec.structs.replace(
        declared, registers=registers, promises=promises, forms=forms, declared=declared, at=at
    )


def _check_books(settings: Settings, used: set[str]) -> None:
    """A book whose name is mistyped would leave its registers unread without a word."""
    for book in settings.books.keys() - used:
        known = ", ".join(sorted(used))
        raise DeclarationError(f"{FILE}: books.{book}: no register lives in it{guess(book, used)} ({known})")


def _chosen(declared: Schema, profile: Profile, settings: Settings) -> list[Promise]:
    """Of each name the first style's promise, or those that follow each other; who switches one on needs no style."""
    found: dict[str, list[Promise]] = {}
    for style in profile.styles:
        for promise in declared.promises:
            if style in promise.styles:
                found.setdefault(promise.name, _of_style(declared, promise.name, style))
    for promise in declared.promises:
        own = settings.promises.get(promise.name)
        if not promise.styles or (own and own.on):
            found.setdefault(promise.name, _of_style(declared, promise.name, *promise.styles[:1]))
    return [promise for same in found.values() for promise in same]


def _of_style(declared: Schema, name: str, style: str = "") -> list[Promise]:
    """The promises called *name* that *style* makes; without a style those that need none."""
    return [one for one in declared.versions[name] if (style in one.styles if style else not one.styles)]


def _own(promise: Promise, declared: Schema, settings: Settings) -> Promise:
    own = settings.promises.get(promise.name)
    if own is None:
        return promise
    figures = {key: value for key, value in msgspec.structs.asdict(own).items() if value is not None}
    for key, value in figures.items():
        if key not in promise.__struct_fields__:
            raise DeclarationError(f"{FILE}: promises.{promise.name}.{key}: a {promise.kind} has no {key}")
        if key in ("limit", "due_soon"):
            try:
                (limit if key == "limit" else length)(value)
            except ValueError as error:
                raise DeclarationError(f"{FILE}: promises.{promise.name}.{key}: {error}") from error
    chosen = msgspec.structs.replace(promise, **figures)
    for key, message in faults(chosen, declared):
        if key == "live":  # a figure that no formula can count takes its columns away, and no more
            continue
        raise DeclarationError(f"{FILE}: promises.{promise.name}.{key}: {message}")
    return chosen
