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
from sync.rules import KINDS, company
from sync.rules.bench import Bench
from sync.schema import SHIPPED, Calendar, Schema, length
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
        calendars["office"] = msgspec.convert(msgspec.to_builtins(calendars["office"]) | office, Calendar)
    days = company.company_days(tables.get(company.REGISTER), calendars, "office", made)
    workdays = {name: Workdays(calendar, days.get(name, ())) for name, calendar in calendars.items()}
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
    always = company.FACTS if register.name == company.REGISTER else ()
    always = (*always, register.primaryKey, register.judged_from)
    kept += [f for f in register.fields if f not in kept and f.name in always]
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
    due, _ = due_by_hand(promise, start, workdays)
    ticking = _ticking(promise, workdays)
    began = start.replace(hour=0, minute=0) if by_date else start
    spans = [(max(a, start), min(b or now, ends or b or now)) for a, b in holds]
    held_minutes, cap = 0, length(promise.hold_cap) // MINUTE if promise.hold_cap else math.inf
    if promise.holds and any(b > a for a, b in spans):
        due, held_minutes = _pushed(due, spans, ticking, cap)
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
    elif running and held_minutes < cap:
        state = "on_hold"
    else:
        state = "due_soon" if now + timedelta(hours=2) >= due else "not_due"
    return Judged(state, due, late, held_minutes)


def _pushed(due, spans, ticking, cap):
    """Walk on from *due* as many counted minutes as were held before it, and no more than *cap*."""
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    held = [at for at in _steps(first, last) if ticking(at) and any(a <= at < b for a, b in spans)]
    minutes = 0
    for run in _runs(held, ticking):  # what moves the due moment may bring a later hold before it
        if _walked(due, minutes, ticking) > run[0]:
            minutes = min(cap, minutes + 10 * len(run))
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


# ---------------------------------------------------------------- a due moment counted by hand

SCALE = {"min": 1, "h": 60, "day": 1440, "days": 1440, "week": 10080, "weeks": 10080}


def due_by_hand(promise, start, workdays, row=None, *, step=STEP):
    """When the clock that began at *start* is due, and whether a day that is not official yet was looked at."""
    row = row or {}
    if promise.due:
        dated = shipped().registers[promise.register].by_name[promise.due].type == "date"
        later = DAY if dated else length(promise.tolerance) if promise.tolerance else timedelta()
        return (row[promise.due] + later if row.get(promise.due) else None), False
    number, unit = _how_many(promise.limit, row)
    way, since = (-1, row.get(promise.before)) if promise.before else (1, start)
    if number is None or since is None:
        return None, False
    looked = Looked(workdays)
    due = MEANINGS[promise.measure](promise, since, number, unit, way, looked, step)
    return due, looked.provisional


class Looked:
    """The days of a calendar, and whether one that was looked at is provisional."""

    def __init__(self, workdays):
        self.workdays, self.provisional = workdays, False

    def spans(self, at):
        day = self.workdays.day(at)
        self.provisional |= day.provisional
        return day.spans


def _how_many(text, row):
    """The number of *text* (`30 min`, `FIELD months`, `ceil(FIELD / 10) days`) and its unit."""
    if text.startswith("ceil("):
        field, _, rest = text.removeprefix("ceil(").partition(" / ")
        by, _, unit = rest.partition(") ")
        said = row.get(field)
        return (_sound(said) and -(-said // int(by))), unit
    first, _, unit = text.partition(" ")
    said = row.get(first) if first[0].isalpha() else float(first)
    return _sound(said), unit


def _sound(said):
    """*said* itself, unless it is missing, below zero or a slip of the pen."""
    return said if said is not None and 0 <= said < 100_000 else None


def _elapsed(_promise, since, number, unit, way, _looked, _step):
    return since + way * timedelta(minutes=round(number * SCALE[unit]))


def _calendar_days(promise, since, number, unit, way, looked, _step):
    last = since.date() + way * DAY * math.ceil(number * (7 if unit.startswith("week") else 1))
    return _ended(promise, last, looked)


def _months(promise, since, number, _unit, way, looked, _step):
    return _ended(promise, months(since.date(), way * math.ceil(number)).date(), looked)


def _ended(promise, last, looked):
    """The midnight that ends the day *last*, or the workday that it is shifted to."""
    if promise.shift != "none":
        while not looked.spans(last):
            last += DAY if promise.shift == "next_workday" else -DAY
    return datetime.combine(last, time()) + DAY


def _working_time(promise, since, number, unit, way, looked, step):
    left, at = round(number * SCALE[unit]), since
    looked.spans(at.date())
    ticks = _ticking(promise, looked.workdays)
    while left > 0:
        at += min(0, way) * step
        left -= step // MINUTE * ticks(at)
        at += max(0, way) * step
    looked.spans((at - max(0, way) * MINUTE).date())
    return at


def _snap(_promise, since, number, _unit, way, looked, _step):
    at = (_opening if way > 0 else _closing)(since, looked.workdays)
    return datetime.combine(_days_on(at.date(), math.ceil(number), way, looked), at.time())


def _end_of_day(_promise, since, number, _unit, way, looked, _step):
    day = _opening(since, looked.workdays).date() if way > 0 else since.date()
    last = _days_on(day, math.ceil(number), way, looked)
    while not looked.spans(last):  # no day at all before a day off
        last -= DAY
    return datetime.combine(last, time()) + looked.spans(last)[-1][1] * MINUTE


def _days_on(day, left, way, looked):
    looked.spans(day)
    while left:
        day += way * DAY
        left -= bool(looked.spans(day))
    return day


def _closing(at, workdays):
    """*at* itself from an opening to its closing, both included, or else the last closing before it."""
    while True:
        midnight = datetime.combine(at.date(), time())
        for first, last in reversed(workdays.day(at.date()).spans):
            if midnight + first * MINUTE <= at:
                return min(at, midnight + last * MINUTE)
        at = midnight - timedelta(microseconds=1)


MEANINGS = {
    "elapsed": _elapsed, "calendar_days": _calendar_days, "months": _months,
    "working_time": _working_time, "snap": _snap, "end_of_day": _end_of_day,
}  # fmt: skip


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
