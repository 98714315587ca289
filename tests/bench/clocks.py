"""Clocks over very many rows, against hand-written NumPy: python -m tests.bench.clocks [--rows N] [--json]

The product's own `flag` judges invented calls by three promises, one by one and all together; NumPy does the same for
just these three. Every row must agree, and a sample of them with a clock that is counted by hand.
The figure to look at is the ratio of the times in one run; seconds belong to the machine.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import narwhals as nw
import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import rule_oracle as reference

from sync.engines import engine
from sync.flag import flag
from sync.rules import KINDS
from sync.rules.bench import Bench
from sync.tables import Table, Tables
from sync.workdays import Workdays
from tests.bench import numpy_clock
from tests.bench.numpy_clock import EMPTY, NONE, UNREADABLE, VALUE, Times

ROWS, TIMES, SAMPLE = 400_000, 3, 200
FIRST, NOW, LAST = date(2024, 11, 22), datetime(2026, 11, 22, 2), date(2027, 1, 31)
STEP = np.timedelta64(10, "m")  # every moment lies on a step, as the reference walks
DAY = 144  # steps
SOON = 120  # minutes
WORDS = np.array(["empty", "value", "unreadable"])  # by the codes of numpy_clock
FAULTS = np.array(["general", "difficult", "special"])
USUAL = {"kind": "clock", "register": "call_register", "starts": "received_at", "stops": "fixed_at", "due_soon": "2 h",
         "responsible": "assigned_to"}  # fmt: skip
PROMISES = {
    "workdays": {"limit": "2 working days", "calendar": "office"},
    "working_time": {"limit": "8 h", "calendar": "office", "holds": "hold_periods"},
    "elapsed": {"limit": "24 h", "holds": "hold_periods", "when": {"fault_class": ["general"]}},
}


# ---------------------------------------------------------------- the rows


class Calls(NamedTuple):
    """Invented calls, and the lines of the register of holds."""

    key: np.ndarray
    technician: np.ndarray
    live: np.ndarray
    fault_class: np.ndarray
    fault_state: np.ndarray
    received: Times
    fixed: Times
    hold_from: Times
    hold_to: Times
    listed: np.ndarray  # the call that a line of the register is about
    listed_from: Times
    listed_to: Times
    general: int = 0  # the place of that class among FAULTS


def invented(rows, seed=22):
    """Two years of calls by day and night: most are done, one in a hundred of every kind of cell cannot be read."""
    dice = np.random.default_rng(seed)
    begins = np.datetime64(FIRST, "us")
    came = begins + dice.integers(0, (np.datetime64(NOW, "us") - begins) // STEP, rows) * STEP
    done = came + np.where(dice.random(rows) < 0.01, -1, 1) * dice.integers(0, 8 * DAY, rows) * STEP
    waits = came + dice.integers(-DAY, 5 * DAY, rows) * STEP
    about = np.repeat(np.arange(rows), np.where(dice.random(rows) < 0.05, dice.integers(1, 4, rows), 0))
    lines = came[about] + dice.integers(-DAY, 5 * DAY, len(about)) * STEP
    key = np.char.add("BX-26-", np.char.zfill(np.arange(1, rows + 1).astype(str), 6))
    held = dice.random(rows) < 0.1
    return Calls(
        key, np.char.add("T", dice.integers(10, 30, rows).astype(str)), dice.random(rows) > 0.01,
        dice.choice(3, rows, p=[0.7, 0.2, 0.1]), states(dice, rows, 0.02),
        typed(came, states(dice, rows, 0.001)), typed(done, states(dice, rows, 0.07)),
        typed(waits, np.where(held, states(dice, rows, 0), EMPTY)),
        typed(until(dice, waits), np.where(held, states(dice, rows, 0.06), EMPTY)), key[about],
        typed(lines, states(dice, len(about), 0)), typed(until(dice, lines), states(dice, len(about), 0.06)),
    )  # fmt: skip


def states(dice, rows, empty):
    """The states of cells: a share of them is *empty*, one in a hundred cannot be read."""
    return dice.choice(3, rows, p=[empty, 0.99 - empty, 0.01])


def until(dice, begun):
    """The ends of times that began then: within three days, now and then before."""
    steps = dice.integers(1, 3 * DAY, len(begun))
    return begun + np.where(dice.random(len(begun)) < 0.005, -1, 1) * steps * STEP


def typed(at, state):
    return Times(np.where(state == VALUE, at, np.datetime64("NaT")), state)


def tables(calls):
    """*calls* as `validate` would hand them on."""
    declared = reference.shipped().registers
    wanted = {"received_at": calls.received, "fixed_at": calls.fixed, "hold_from": calls.hold_from,
              "hold_to": calls.hold_to, "assigned_to": (calls.technician, np.full(len(calls.key), VALUE)),
              "fault_class": (FAULTS[calls.fault_class], calls.fault_state)}  # fmt: skip
    full = np.full(len(calls.listed), VALUE)
    lines = {"register": (np.full(len(full), "call_register"), full), "record_no": (calls.listed, full),
             "from_at": calls.listed_from, "to_at": calls.listed_to}  # fmt: skip
    made = engine("polars")
    numbers = np.char.add("ZT-", np.arange(len(full)).astype(str))
    return Tables(made, {
        "call_register": table(declared["call_register"], calls.key, calls.live, wanted),
        "hold_periods": table(declared["hold_periods"], numbers, full == VALUE, lines),
    }, made.table({"code": []}, {"code": "text"}))  # fmt: skip


def table(register, key, live, fields):
    """A register whose fields have these values and states."""
    rows = len(key)
    place = {"_book": pl.repeat("service", rows, eager=True), "_tab": pl.repeat(register.title.zh, rows, eager=True),
             "_row": np.arange(2, rows + 2), "_key": text(key), "_void": ~live,
             "_kind": pl.repeat("used", rows, eager=True)}  # fmt: skip
    cells = {}
    for name, (value, state) in fields.items():
        series = pl.Series(value) if value.dtype.kind == "M" else text(value)
        cells[name] = pl.select(pl.when(pl.Series(state == VALUE)).then(series)).to_series()
        cells[f"{name}__state"] = text(WORDS[state])
    kinds = {name: frozenset(WORDS[np.unique(state)].tolist()) for name, (_, state) in fields.items()}
    return Table(register, nw.from_native(pl.LazyFrame({**place, **cells})), states=kinds)


def text(values):
    return pl.Series(values.tolist(), dtype=pl.String)


# ---------------------------------------------------------------- judging


def clock(name):
    """A promise as the product takes it."""
    title = {"zh": name, "en": name}
    return msgspec.convert({**USUAL, **PROMISES[name], "name": name, "title": title}, KINDS["clock"])


def by_product(names, given, workdays):
    """The flags of the promises *names*."""
    schema = msgspec.structs.replace(reference.shipped(), promises=[clock(name) for name in names])
    return flag(schema, Bench(given, NOW, FIRST, {"office": workdays}))


def by_numpy(names, calls, workdays):
    """The same, by promise."""
    material = numpy_clock.prepared(calls)
    now = np.datetime64(NOW, "m").astype(np.int64)
    # a job may end before it began, and before the first call
    office, always = numpy_clock.Hours(workdays, FIRST - timedelta(days=31), LAST), numpy_clock.Always()
    ways = {
        "workdays": {"hours": office, "counted": lambda at: office.workdays_on(at, 2)},
        "working_time": {
            "hours": office, "holds": True, "counted": lambda at: office.moment(office.gone(at) + 8 * 60),
        },
        "elapsed": {"hours": always, "holds": True, "general": True, "counted": lambda at: at + 24 * 60},
    }  # fmt: skip
    return {name: numpy_clock.judge(calls, material, now, soon=SOON, **ways[name]) for name in names}


def differences(flags, judged):
    """How many rows the two ways judge differently."""
    found = 0
    for name, ours in judged.items():
        theirs = flags.filter(pl.col("promise") == name)
        if theirs.height != len(ours.row):
            return max(theirs.height, len(ours.row))
        mine = pl.DataFrame({"row": ours.row + 2, "state": text(ours.state), "due": ours.due,
                             "late_minutes": ours.late, "held_minutes": ours.held}).with_columns(
            pl.col("late_minutes").replace(NONE, None), pl.col("due").cast(pl.Datetime("us")),
        )  # fmt: skip
        differ = [~theirs[name].eq_missing(mine[name]) for name in mine.columns]
        found += pl.select(pl.any_horizontal(differ).sum()).item()
    return found


# ---------------------------------------------------------------- the reference


def astray(flags, calls, workdays, sample, seed=22):
    """How many rows of a *sample* are counted otherwise by the reference, of how many that it looked at."""
    dice = np.random.default_rng(seed)
    odd = numpy_clock.prepared(calls)[2].odd
    listed = dict.fromkeys(calls.listed.tolist(), True)
    waiting = np.flatnonzero((calls.hold_from.state == VALUE) | np.isin(calls.key, list(listed)))
    picked = [*dice.choice(len(calls.key), sample // 2), *dice.choice(waiting, sample - sample // 2)]
    lines = {(line["promise"], line["row"]): line for line in flags.filter(pl.col("row").is_in(
        [int(row) + 2 for row in picked])).iter_rows(named=True)}  # fmt: skip
    looked = wrong = 0
    for name in PROMISES:
        for row in {int(row) for row in picked if (name, int(row) + 2) in lines}:
            line = lines[name, row + 2]
            found = counted(clock(name), calls, row, workdays, odd=odd[row])
            if found.state == "not_judged":
                wrong += line["state"] != found.state
            else:
                told = reference.Judged(line["state"], line["due"], line["late_minutes"], line["held_minutes"])
                wrong += told != found
            looked += 1
    return int(wrong), looked


def counted(promise, calls, row, workdays, *, odd):
    """A call as the reference judges it."""
    unread = UNREADABLE in (calls.received.state[row], calls.fixed.state[row])
    if unread or (promise.holds and odd) or (promise.when and calls.fault_state[row] == UNREADABLE):
        return reference.Judged("not_judged")
    own = [(calls.hold_from.at[row], calls.hold_to.at[row])] if calls.hold_from.state[row] == VALUE else []
    lines = np.flatnonzero(calls.listed == calls.key[row])
    spans = own + [(calls.listed_from.at[line], calls.listed_to.at[line]) for line in lines]
    holds = [(a.item(), b.item()) for a, b in spans] if promise.holds else []
    start, stop = calls.received.at[row].item(), calls.fixed.at[row].item()
    return reference.clock(promise, start, stop, holds, NOW, workdays)


# ---------------------------------------------------------------- the report


def timed(work):
    """What *work* gives, and the seconds it took."""
    gc.collect()
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def measure(rows=ROWS, sample=SAMPLE):
    """Everything that was measured; the medians of some runs, in which the two ways take turns."""
    calls = invented(rows)
    given, workdays = tables(calls), Workdays(reference.shipped().calendars["office"])
    found = {"rows": {"calls": rows, "lines of holds": len(calls.listed)}}
    for title, names in {**{name: [name] for name in PROMISES}, "all": list(PROMISES)}.items():
        seconds = {"product": [], "numpy": []}
        for _ in range(TIMES):
            flags, took = timed(lambda names=names: by_product(names, given, workdays))
            seconds["product"].append(took)
            judged, took = timed(lambda names=names: by_numpy(names, calls, workdays))
            seconds["numpy"].append(took)
        flags = flags.to_native().collect()
        middle = {way: statistics.median(times) for way, times in seconds.items()}
        found[title] = {
            "flags": flags.height, "differences": differences(flags, judged),
            **{way: round(took, 3) for way, took in middle.items()},
            "ratio": round(middle["product"] / middle["numpy"], 2),
        }  # fmt: skip
    wrong, looked = astray(flags, calls, workdays, sample)
    found["reference"] = {"flags": looked, "differences": wrong}
    return found


def report(found):
    """*found* as lines."""
    for name, line in found.items():
        yield f"{name:<14} {', '.join(f'{what} {value}' for what, value in line.items())}"


def main(arguments):
    asked = argparse.ArgumentParser(prog="python -m tests.bench.clocks", description=__doc__)
    asked.add_argument("--rows", type=int, default=ROWS)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args(arguments)
    found = measure(options.rows)
    told = json.dumps(found, indent=1) if options.json else "\n".join(report(found))
    sys.stdout.write(f"{told}\n")
    return int(any(line.get("differences") for line in found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
