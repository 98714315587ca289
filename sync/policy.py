"""What another policy would say of the same rows: where it stands, and which flags it changes. Nothing is written.

The other policy is a file or a folder that would be put over the department's declarations, another servicebook.toml,
or both as they were in a revision of the department's git repository.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from sync import declarations
from sync.model import DeclarationError, Flag, ServicebookError
from sync.rules import KINDS
from sync.schema import SHIPPED, Promise, Schema, Words, guess, limit
from sync.settings import FILE, OwnFigure, Settings, read

DECLARED = "sheets_schema"
# How a flag counts in a share: what is neither in time nor late has not come to its end, or nobody can say.
IN_TIME = frozenset({"met", "ok"})
UNDECIDED = frozenset({"not_due", "due_soon", "on_hold", "not_judged", "waived"})


# ---------------------------------------------------------------- the other policy


def other(place: str, folder: Path, own: Settings) -> tuple[Settings, Schema]:
    """The settings and declarations that the department in *folder* would have with *place*: a path, or a revision.

    The books stay those of *own*.
    """
    path = Path(place)
    if path.is_dir() and (path / DECLARED).is_dir():
        return _of_department(path, folder, own)
    if path.is_dir():
        if not any((path / room).is_dir() for room in declarations.ROOMS):
            raise DeclarationError(f"{place}: no declarations there; a folder like {DECLARED} has policy/*.yaml")
        return own, _declared(*_roots(folder), path)
    if path.is_file() and path.suffix == ".toml":
        return _chosen(path, own), _declared(*_roots(folder))
    if path.is_file() and path.suffix == ".yaml":
        return own, _declared(*_roots(folder), path)
    if path.exists():
        raise DeclarationError(f"{place}: write a file of promises (.yaml), a {FILE}, or a folder like {DECLARED}")
    with _revision(place, folder) as then:
        return _of_department(then, folder, own)


def tried(asked: Sequence[str], settings: Settings, schema: Schema) -> tuple[Settings, list[str]]:
    """*settings* with the figures of *asked*, each NAME=LIMIT, and the names of their promises."""
    promises, names = dict(settings.promises), []
    for text in asked:
        name, sign, figure = (part.strip() for part in text.partition("="))
        if not sign or not figure:
            raise DeclarationError(f"“{text}”: write NAME=LIMIT, such as first_reply=15min")
        _check_figure(text, name, figure, schema)
        if name in names:
            raise DeclarationError(f"“{text}”: “{name}” was named before; one figure each")
        promises[name] = msgspec.structs.replace(promises.get(name, OwnFigure()), limit=figure)
        names.append(name)
    return msgspec.structs.replace(settings, promises=promises), names


def _check_figure(text: str, name: str, figure: str, schema: Schema) -> None:
    """*name* is promised here, it has a limit, and *figure* is one for it."""
    known = (schema.declared or schema).versions
    if name not in known:
        raise DeclarationError(f"“{text}”: there is no promise “{name}”{guess(name, known)}")
    if name not in schema.promise or not schema.promise[name].on:
        raise DeclarationError(f"“{text}”: this department does not promise it; {FILE} can: promises.{name}.on = true")
    if (register := schema.promise[name].register) not in schema.registers:
        raise DeclarationError(f"“{text}”: it is judged on “{register}”, which this department does not keep")
    if not hasattr(schema.promise[name], "limit"):
        raise DeclarationError(
            f"“{text}”: a {schema.promise[name].kind} has no limit; only those that have one can be tried"
        )
    try:
        limit(figure)
    except ValueError as error:
        raise DeclarationError(f"“{text}”: {error}") from error
    for promise in schema.versions[name]:
        for key, why in declarations.faults(msgspec.structs.replace(promise, limit=figure), schema):
            raise DeclarationError(f"“{text}”: {key}: {why}")


def _roots(folder: Path) -> list[Path]:
    return [SHIPPED, folder / DECLARED]


def _declared(*roots: Path) -> Schema:
    return declarations.load(list(dict.fromkeys(root.resolve() for root in roots)), KINDS)


def _of_department(there: Path, folder: Path, own: Settings) -> tuple[Settings, Schema]:
    """What the department folder *there* chose and declares, in place of what *folder* does."""
    shipped = (folder / DECLARED).resolve() == SHIPPED
    roots = [there / DECLARED] if shipped else [SHIPPED, there / DECLARED]
    return _chosen(there / FILE, own) if (there / FILE).is_file() else own, _declared(*roots)


def _chosen(path: Path, own: Settings) -> Settings:
    """*own* with the promises of the file at *path*, and its department, if it says who that is."""
    told, usual = read(path), Settings()
    department = own.department if told.department == usual.department else told.department
    return msgspec.structs.replace(own, promises=told.promises, department=department)


@contextmanager
def _revision(name: str, folder: Path) -> Iterator[Path]:
    """The department's settings and declarations as they were in a git revision, in a folder that goes away again."""
    commit = _commit(name, folder)
    names = [one for one in (FILE, DECLARED) if _git(folder, "ls-tree", "-z", commit, one)]
    if not names:
        raise DeclarationError(f"{name}: this revision holds neither {FILE} nor {DECLARED} of {folder}")
    with tempfile.TemporaryDirectory(prefix="servicebook-") as temporary:
        then = Path(temporary).resolve()
        packed = _git(folder, "archive", "--format=tar", commit, *names)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content and Path(member.name).suffix in {".yaml", ".toml"}:
                    (then / member.name).parent.mkdir(parents=True, exist_ok=True)
                    (then / member.name).write_bytes(content.read())
        try:
            yield then
        except DeclarationError as error:
            raise DeclarationError(str(error).replace(f"{then}{os.sep}", f"{name}:")) from error


def _commit(name: str, folder: Path) -> str:
    """The commit that *name* means in the repository of *folder*."""
    if not _git(folder, "rev-parse", "--git-dir", missing=b""):
        raise DeclarationError(f"{name}: there is no such file or folder, and {folder} is in no git repository")
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", missing=b"")
    if not found:
        near = guess(name, _git(folder, "for-each-ref", "--format=%(refname:short)").decode().split())
        raise DeclarationError(f"{name}: there is no such file or folder, and no such git revision of {folder}{near}")
    return found.decode().strip()


def _git(folder: Path, *arguments: str, missing: bytes | None = None) -> bytes:
    """What git says in *folder*; *missing* where it refuses."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise ServicebookError("git is not installed, so no revision can be read; name a file or folder.") from error
    if done.returncode and missing is None:
        raise ServicebookError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout if not done.returncode else missing or b""


# ---------------------------------------------------------------- what it changes


class Change(NamedTuple):
    """One flag as it is and as it would be; None where it is not judged."""

    before: Flag | None
    after: Flag | None

    @property
    def flag(self) -> Flag:
        """One of the two, for what both have in common."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - a change has a side
        return found

    @property
    def state(self) -> bool:
        """Whether the state would be another one, or there would be one, or none."""
        return not self.before or not self.after or self.before.state != self.after.state

    @property
    def due(self) -> bool:
        """Whether the due moment would be another one."""
        return bool(self.before and self.after and self.before.due != self.after.due)


class Share(NamedTuple):
    """Of what came to its end or ran out: how many in time."""

    met: int
    late: int

    @property
    def percent(self) -> float | None:
        """In per cent; None of nothing."""
        return round(100 * self.met / (self.met + self.late), 1) if self.met + self.late else None


@dataclass(frozen=True, slots=True)
class Compared:
    """One promise: what it says, what is said instead, and each flag that would be another one."""

    name: str
    title: Words
    options: Mapping[str, tuple[str, str]]  # those that differ, as they are written
    states: tuple[Mapping[str, int], Mapping[str, int]]
    changes: Sequence[Change]  # by register and id

    @property
    def shares(self) -> tuple[Share, Share]:
        """In time and late, before and after."""
        before, after = (_share(states) for states in self.states)
        return before, after

    @property
    def moves(self) -> Mapping[tuple[str, str], int]:
        """From which state to which other one, how often; most first."""
        judged = (c for c in self.changes if c.before and c.after and c.before.state != c.after.state)
        return dict(Counter((c.before.state, c.after.state) for c in judged if c.before and c.after).most_common())

    @property
    def gained(self) -> int:
        """How many flags there would be that there are not."""
        return sum(change.before is None for change in self.changes)

    @property
    def lost(self) -> int:
        """How many flags there would be no more."""
        return sum(change.after is None for change in self.changes)

    @property
    def moved(self) -> int:
        """How many due moments would be others."""
        return sum(change.due for change in self.changes)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same rows judged twice."""

    moment: datetime  # workplace time
    since: datetime | None
    promises: Sequence[Compared]  # those that say or judge something else, and those that were asked about
    alike: int  # how many others there are


def compare(
    before: tuple[Schema, Sequence[Flag]], after: tuple[Schema, Sequence[Flag]], moment: datetime,
    *, since: datetime | None = None, named: Sequence[str] = (),
) -> Comparison:  # fmt: skip
    """What the flags of two policies differ in; with *since* only of what started from then on."""
    old, new = (_grouped(flags, since) for _, flags in (before, after))
    names = dict.fromkeys([*before[0].versions, *after[0].versions])
    found = [_compared(name, before[0], after[0], old[name], new[name]) for name in names]
    told = [one for one in found if one.name in named or (not named and (one.options or one.changes))]
    return Comparison(moment, since, told, len(found) - len(told))


def _grouped(flags: Iterable[Flag], since: datetime | None) -> Mapping[str, list[Flag]]:
    found: dict[str, list[Flag]] = defaultdict(list)
    for flag in flags:
        if since is None or (flag.start and flag.start >= since):
            found[flag.promise].append(flag)
    return found


def _compared(name: str, before: Schema, after: Schema, old: Sequence[Flag], new: Sequence[Flag]) -> Compared:
    declared = after.promise.get(name) or before.promise[name]
    changes = [change for change in _beside(old, new) if change.state or change.due]
    states = (Counter(flag.state for flag in old), Counter(flag.state for flag in new))
    return Compared(name, declared.title, _options(before, after, name), states, changes)


def _beside(old: Sequence[Flag], new: Sequence[Flag]) -> Iterator[Change]:
    """Each flag beside its other self: that of the same row, and of the same period where there are several."""
    before, after = _known(old), _known(new)
    for key in sorted(before.keys() | after.keys()):
        yield Change(before.get(key), after.get(key))


_Key = tuple[str, str, int, str, int]


def _known(flags: Sequence[Flag]) -> dict[_Key, Flag]:
    """The flags by register, id, row, period, and which one of that it is."""
    found: dict[_Key, Flag] = {}
    seen: Counter[tuple[str, str, int, str]] = Counter()
    for flag in flags:
        period = f"{flag.start:%Y-%m-%d}" if flag.kind == "recurrence" and flag.start else ""
        same = (flag.register, flag.key, flag.row or 0, period)
        found[*same, seen[same]] = flag
        seen[same] += 1
    return found


def _share(states: Mapping[str, int]) -> Share:
    decided = {state: count for state, count in states.items() if state not in UNDECIDED}
    met = sum(count for state, count in decided.items() if state in IN_TIME)
    return Share(met, sum(decided.values()) - met)


def _options(before: Schema, after: Schema, name: str) -> dict[str, tuple[str, str]]:
    """The options of *name* that differ, as they are written; of one that follows another, each."""
    old, new = before.versions.get(name, []), after.versions.get(name, [])
    if not old or not new:
        return {}
    keys = dict.fromkeys(key for one in (*old, *new) for key in one.__struct_fields__)
    told = {key: (_written(old, key), _written(new, key)) for key in keys}
    return {key: pair for key, pair in told.items() if pair[0] != pair[1]}


def _written(versions: Sequence[Promise], key: str) -> str:
    """What the option *key* says in each of *versions*."""
    said = [msgspec.to_builtins(getattr(one, key, None)) for one in versions]
    return " | ".join("—" if one in (None, "", [], {}) else one if isinstance(one, str) else _json(one) for one in said)


def _json(data: object) -> str:
    return msgspec.json.encode(data).decode()
