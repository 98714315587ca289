"""Rows typed in a case as tables of an engine, and a clock that is counted by hand: row by row, step by step."""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import msgspec

from sync.declarations import load
from sync.engines import engine, rows
from sync.flag import flag
from sync.model import EMPTY, UNREADABLE, VALUE
from sync.rules import KINDS
from sync.rules.bench import Bench
from sync.schema import SHIPPED, Schema
from sync.tables import Table, Tables, column_type
from sync.workdays import Workdays

ALWAYS_THERE = {
    "hold_from",
    "hold_to",
    "void_reason",
    "merged_into",
    "register",
    "record_no",
    "from_at",
    "to_at",
    "left_on",
}
UNREAD = "??"  # in a case: somebody typed something that nobody can read
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STEP = 10 * MINUTE  # the stride of the walk: all moments of the comparison lie on it


@lru_cache(maxsize=1)
def shipped() -> Schema:
    return load([SHIPPED], KINDS)


def schema(promises, own=None):
    """The shipped declarations with only *promises* (names), all switched on, and those that a case declares itself."""
    found = [msgspec.structs.replace(p, on=True) for p in shipped().promises if p.name in promises]
    found += [msgspec.convert({**told, "name": name}, KINDS[told["kind"]]) for name, told in (own or {}).items()]
    return msgspec.structs.replace(shipped(), promises=found)


def bench(typed, now, *, on="polars", judge_from=None, absent=(), office=None, named=""):
    """The tables of *typed* (register → rows) at the moment *now*, with the fields that *named* names."""
    made = engine(on)
    tables = {name: _table(shipped().registers[name], lines, made, absent, named) for name, lines in typed.items()}
    calendars = dict(shipped().calendars)
    if office:
        calendars["office"] = msgspec.structs.replace(calendars["office"], **office)
    workdays = {name: Workdays(calendar) for name, calendar in calendars.items()}
    return Bench(Tables(made, tables, made.table({"code": []}, {"code": "text"})), now, judge_from, workdays)


def judged(promises, typed, now, *, on="polars", own=None, **told):
    """The flags as dictionaries, in the order of the table."""
    asked = schema(promises, own)
    made = bench(typed, now, on=on, named=str(asked.promises), **told)
    return rows(made.tables.engine.columns(flag(asked, made)))


def _table(register, lines, made, absent, named):
    data = {"_book": [], "_tab": [], "_row": [], "_key": [], "_kind": [], "_void": []}
    types = dict.fromkeys(data, "text") | {"_row": "integer", "_void": "boolean"}
    kept = [
        f for f in register.fields if f.name in ALWAYS_THERE or f.name in named or any(f.name in line for line in lines)
    ]
    kept += [f for f in register.fields if f not in kept and f.name in (register.primaryKey, register.judged_from)]
    for field in kept:
        data |= {field.name: [], f"{field.name}__state": [], f"{field.name}__text": []}
        types |= {
            field.name: column_type(field.reads_as),
            f"{field.name}__state": "text",
            f"{field.name}__text": "text",
        }
    for number, line in enumerate(lines, 2):
        assert line.keys() <= register.by_name.keys(), line.keys() - register.by_name.keys()
        for field in kept:
            raw = line.get(field.name)
            state = EMPTY if raw is None else UNREADABLE if raw == UNREAD else VALUE
            data[field.name].append(_value(raw, types[field.name]) if state == VALUE else None)
            data[f"{field.name}__state"].append(state)
            data[f"{field.name}__text"].append("" if raw is None else str(raw))
        data["_book"].append(register.book)
        data["_tab"].append(register.title.zh)
        data["_row"].append(number)
        data["_key"].append(data[register.primaryKey][-1])
        data["_kind"].append("used")
        data["_void"].append(line.get("void") is True)
    return Table(register, made.table(data, types), frozenset(absent))


def _value(raw, kind):
    if kind == "datetime":
        return raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    return {"integer": int, "number": float, "boolean": bool, "text": str}[kind](raw)


# ---------------------------------------------------------------- a clock counted by hand


@dataclass(frozen=True)
class Judged:
    state: str
    due: datetime | None = None
    late: int | None = None
    held: int = 0


def clock(promise, start, stop, holds, now, workdays, *, by_date=False):
    """What a clock says, found by walking ten minutes at a time. *holds* are (from, to or None)."""
    ends = stop + DAY if stop and by_date else stop
    due = _due(promise, start, workdays)
    ticking = _ticking(promise, workdays)
    began = start.replace(hour=0, minute=0) if by_date else start
    spans = [(max(a, start), min(b or now, ends or b or now)) for a, b in holds]
    held_minutes = 0
    if promise.holds and any(b > a for a, b in spans):
        due, held_minutes = _pushed(due, spans, ticking)
    # a hold that began when the clock had run out, though its due moment is the next opening, does not stop it
    running = promise.holds and any(
        a <= now and (b is None or b > now) and any(ticking(at) for at in _steps(max(a, start), due)) for a, b in holds
    )
    until = ends or now
    late = sum(10 for at in _steps(due, until) if ticking(at)) if until > due else None
    if stop and stop < began:
        return Judged("not_judged", due, None, held_minutes)
    if stop:
        state = "met" if ends <= due else "met_late"
    elif now > due:
        state = "overdue"
    elif running:
        state = "on_hold"
    else:
        state = "due_soon" if now + timedelta(hours=2) >= due else "not_due"
    return Judged(state, due, late, held_minutes)


def _pushed(due, spans, ticking):
    """Walk on from *due* as many counted minutes as were held before it."""
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    held = [at for at in _steps(first, last) if ticking(at) and any(a <= at < b for a, b in spans)]
    minutes = 0
    for run in _runs(held, ticking):  # what moves the due moment may bring a later hold before it
        if _walked(due, minutes, ticking) > run[0]:
            minutes += 10 * len(run)
    return (_walked(due, minutes, ticking) if minutes else due), minutes


def _runs(held, ticking):
    """What was held, in runs that nothing but closed hours interrupts."""
    found = []
    for at in held:
        if found and not any(ticking(between) for between in _steps(found[-1][-1] + STEP, at)):
            found[-1].append(at)
        else:
            found.append([at])
    return found


def _walked(at, minutes, ticking):
    while minutes > 0:
        minutes -= 10 * ticking(at)
        at += STEP
    return at


def _steps(first, last):
    while first < last:
        yield first
        first += STEP


def _ticking(promise, workdays):
    if promise.hours == "always":
        return lambda _: True

    @lru_cache(maxsize=4000)
    def spans(day):
        return workdays.day(day).spans

    def ticks(at):
        minute = at.hour * 60 + at.minute
        return any(a <= minute < b for a, b in spans(at.date()))

    return ticks


def _due(promise, start, workdays):
    number, unit = promise.limit.split(" ", 1)
    number = float(number)
    midnight = datetime.combine(start.date(), time())
    if promise.measure == "elapsed":
        return start + timedelta(minutes=number * {"min": 1, "h": 60}[unit])
    if promise.measure == "calendar_days":
        return midnight + DAY * (math.ceil(number) + 1)
    if promise.measure == "months":
        return months(start.date(), int(number)) + DAY
    if promise.measure == "working_time":
        return _walked(start, round(number * {"min": 1, "h": 60}[unit]), _ticking(promise, workdays))
    opened = _opening(start, workdays)
    day, left = opened.date(), math.ceil(number)
    while left:
        day += DAY
        left -= bool(workdays.day(day).spans)
    if promise.measure == "end_of_day":
        return datetime.combine(day, time()) + workdays.day(day).spans[-1][1] * MINUTE
    return datetime.combine(day, opened.time())


def _opening(at, workdays):
    while True:
        minute = at.hour * 60 + at.minute
        for first, last in workdays.day(at.date()).spans:
            if minute < last:
                return max(at, datetime.combine(at.date(), time()) + first * MINUTE)
        at = datetime.combine(at.date() + DAY, time())


def months(day: date, number: int) -> datetime:
    """The same day of the month *number* months on, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    for last in range(day.day, 27, -1):
        try:
            return datetime(year, month + 1, last)
        except ValueError:
            continue
    return datetime(year, month + 1, day.day)
