"""Which live columns a register's tab has: those of its promises that ask for them, are on and in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sync.blueprint.columns import FORMATS, WIDTHS
from sync.blueprint.live import Live, Moment, Terms, Test, Turn
from sync.blueprint.texts import texts
from sync.schema import HOLD_FROM, HOLD_TO, NO, VOID, YES, Countdown, Field, Promise, Register, length

RECORD = "record_no"  # of a register of holds: what stood still


@dataclass(frozen=True, slots=True)
class Made:
    """What a department promises on the day *at*; it keeps *registers*, and judges no row from before *judge_from*."""

    promises: Sequence[Promise]
    registers: Mapping[str, Register]
    at: date
    judge_from: date | None = None


def live_columns(register: Register, made: Made) -> Iterator[Live]:
    """The live columns of *register*: two for each promise, the due moment before the time left."""
    named: dict[str, list[Promise]] = {}
    for promise in made.promises:
        if promise.register == register.name and promise.on:
            named.setdefault(promise.name, []).append(promise)
    for versions in named.values():
        now = next((one for one in versions if one.in_force(made.at)), None)
        counted = now.countdown() if now else None
        if now and counted and _told(register, now, counted, made):
            yield from _two(now, counted, _terms(register, now, counted, versions, made))


def _told(register: Register, promise: Promise, counted: Countdown, made: Made) -> bool:
    """Whether the cells of one book tell all: its conditions are words, and its holds stand in no other book."""
    holds = made.registers.get(counted.holds)
    asked = (*promise.when, *promise.unless)
    worded = all(name in register.by_name and register.by_name[name].worded for name in asked)
    return worded and (holds is None or holds.tabs[0].book == register.tabs[0].book)


def _two(promise: Promise, counted: Countdown, terms: Terms) -> Iterator[Live]:
    said, beside = texts().live, terms.stop[0]
    soon = int(length(promise.due_soon or "2 h") / timedelta(minutes=1))
    looked = _looked_at(terms)
    for shows, title, code, width in (
        ("due", counted.titles.due, FORMATS["datetime"], float(WIDTHS["datetime"])),
        ("left", counted.titles.left, "General", 13.0),
    ):
        note = "\n".join((f"{promise.title.zh}：{said[shows].zh}", f"{promise.title.en}: {said[shows].en}"))
        needs = looked if shows == "due" else (*looked, *terms.stop, f"{promise.name}.due")
        yield Live(promise.name, shows, title, note, beside, needs, soon, code, width, terms)  # type: ignore[arg-type]


def _looked_at(terms: Terms) -> tuple[str, ...]:
    starts = [column for start in terms.starts for column in start.columns]
    tests = [test.column for test in terms.tests]
    judged = [terms.judged[0]] if terms.judged else []
    held = [terms.held] if terms.held else []
    return tuple(dict.fromkeys((terms.key, *starts, *tests, *judged, *terms.holds, *held)))


def _terms(
    register: Register, promise: Promise, counted: Countdown, versions: Sequence[Promise], made: Made
) -> Terms:  # fmt: skip
    own = [name for name in (HOLD_FROM, HOLD_TO) if counted.holds and name in register.by_name]
    judged = register.judged_from if made.judge_from else None
    return Terms(
        key=_columns(register, register.primaryKey)[0],
        starts=tuple(Moment(_columns(register, name), register.by_name[name].past) for name in counted.starts),
        stop=_columns(register, counted.stops),
        tests=tuple(_tests(register, promise)),
        holds=tuple(column for name in own for column in _columns(register, name)),
        held=f"{counted.holds}.{RECORD}" if counted.holds in made.registers else "",
        turns=tuple(_turns(promise, counted, versions)),
        judged=(_columns(register, judged)[0], made.judge_from) if judged and made.judge_from else None,
    )


def _columns(register: Register, name: str) -> tuple[str, ...]:
    return tuple(column.name for column in register.columns if column.field.name == name)


# ---------------------------------------------------------------- conditions


def _tests(register: Register, promise: Promise) -> Iterator[Test]:
    """The conditions of the row; what is void is out of all clocks."""
    for wanted, lets_in in ((promise.when, True), (promise.unless, False)):
        for name, value in wanted.items():
            yield _test(register.by_name[name], value, lets_in=lets_in)
    if VOID in register.by_name:
        yield _test(register.by_name[VOID], value=True, lets_in=False)


def _test(field: Field, value: str | bool | list[str], *, lets_in: bool) -> Test:  # noqa: FBT001 - as declared
    """*value* as words of the cell that let the row in, or keep it out."""
    if field.reads_as == "boolean":
        yes, no = tuple(sorted(YES)), tuple(sorted(NO))
        go, out = (yes, no) if value is True else (no, yes)
    else:
        wanted = value if isinstance(value, list) else [value]
        every = isinstance(value, bool)
        go = tuple(_words(field, lambda name: value is True if every else name in wanted))
        out = tuple(_words(field, lambda name: value is not True if every else name not in wanted))
    empty = value is False
    return Test(field.name, go, out, empty) if lets_in else Test(field.name, out, go, not empty)


def _words(field: Field, wanted: Callable[[str], bool]) -> Iterator[str]:
    """How the choices that are *wanted* are typed."""
    for option in field.choices:
        if wanted(option.name):
            yield from (option.name, option.title.zh, option.title.en, *option.synonyms)


# ---------------------------------------------------------------- one promise after the other


def _turns(promise: Promise, counted: Countdown, versions: Sequence[Promise]) -> Iterator[Turn]:
    """What is promised from which day on; a version that goes by other cells is left to the night."""
    began: date | None = None
    for version in sorted(versions, key=lambda one: one.valid_from or ""):
        since = date.fromisoformat(version.valid_from) if version.valid_from else None
        if began and since and began < since:
            yield Turn(began, None)
        other = version.countdown()
        yield Turn(since, other.minutes if other and _alike(promise, counted, version, other) else -1)
        began = date.fromisoformat(version.valid_to) + timedelta(days=1) if version.valid_to else None
    if began:
        yield Turn(began, None)


def _alike(promise: Promise, counted: Countdown, version: Promise, other: Countdown) -> bool:
    """Whether both go by the same cells."""
    mine, its = ((one.starts, one.holds) for one in (counted, other))
    return mine == its and (promise.when, promise.unless) == (version.when, version.unless)
