"""Due times and late flags held against official ones: python -m tests.bench.public_records TRAIN TEST [--json]

Both files (.csv or .csv.gz) are requests to a city, with an official due time and an official late flag for each.
From TRAIN it learns which meaning of a limit, and which length, fits the official due times of each type of request;
it declares them as a department would, a promise a type, and lets a night judge the workbook of TEST by them.
Where the rule of a type changed within TRAIN the newest is declared: what the last weeks of it say.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import narwhals as nw
import polars as pl

from sync import declarations, nightly, settings
from sync.engines import engine
from sync.flag import flag
from sync.model import VALUE, Flag
from sync.rules import KINDS
from sync.rules.bench import Bench
from sync.rules.hours import ticks
from sync.schema import Field, Words
from sync.tables import Table, Tables
from sync.workdays import Workdays
from tests.public_records import DEPARTMENT, moment, records, write

NEAR = timedelta(seconds=90)  # an official due time is met when ours lies as near as this
ENOUGH, MOST = 20, 0.7  # a rule is clean with that many learning rows, of which that share fits
LATELY = timedelta(days=45)  # the end of TRAIN that says which rule is in force when TEST begins
TRIES = 3  # lengths tried for a type and a meaning
# Meanings of a limit, with the unit and the calendar they are declared with; of two that fit alike the first is taken.
MEANINGS = {
    "elapsed": ("min", "always"),
    "calendar_days": ("days", "always"),
    "months": ("months", "always"),
    "snap": ("working days", "office"),
    "end_of_day": ("working days", "office"),
    "working_time": ("min", "office"),
}
LATE = {"OVERDUE": True, "ONTIME": False}  # the official flag; some rows have none


class Rule(NamedTuple):
    """What was learned of a type."""

    type: str
    meaning: str
    length: int  # in the unit of the meaning
    rows: int  # learned from
    fit: float  # the share of them whose official due time it gives
    was: str = ""  # the limit that most of them have, where the last of them have another

    def now(self, newest):
        """The rule in force at the end, where *newest* is what the last requests say: clean, and another one."""
        if newest is None or not newest.clean or (newest.meaning, newest.length) == (self.meaning, self.length):
            return self
        return self._replace(meaning=newest.meaning, length=newest.length, was=self.limit)

    @property
    def clean(self):
        return self.rows >= ENOUGH and self.fit >= MOST

    @property
    def in_workdays(self):
        return MEANINGS[self.meaning][1] == "office"

    @property
    def limit(self):
        """The length as a declaration says it: whole days and hours where it is that many."""
        unit = MEANINGS[self.meaning][0]
        larger = {"elapsed": [(1440, "days"), (60, "h")], "working_time": [(60, "h")]}.get(self.meaning, [])
        for minutes, name in larger:
            if self.length % minutes == 0:
                return f"{self.length // minutes} {name}"
        return f"{self.length} {unit}"


def clock(title, meaning, limit, **more):
    """A promise as a declaration says it."""
    calendar = MEANINGS[meaning][1]
    return {
        "kind": "clock", "title": {"zh": title, "en": title}, "register": "requests", "starts": "opened_at",
        "meaning": meaning, "limit": limit, "calendar": calendar, **more,
    }  # fmt: skip


# ---------------------------------------------------------------- learning


def learn(rows):
    """The rule of each type among *rows* that has official due times, as it is in force at their end, by type."""
    last = max(moment(row["OPEN_DT"]) for row in rows if row["OPEN_DT"])
    newest = best([row for row in rows if row["OPEN_DT"] and moment(row["OPEN_DT"]) > last - LATELY])
    return {name: rule.now(newest.get(name)) for name, rule in best(rows).items()}


def best(rows):
    """The rule that fits most of the requests of each type, by type."""
    schema = declarations.load([DEPARTMENT / "sheets_schema"], KINDS)
    told = due_officially(rows)
    tables = Tables(engine("polars"), {}, nw.from_native(pl.LazyFrame({"code": []})))
    bench = Bench(tables, told["opened_at"].max(), None, {"office": Workdays(schema.calendars["boston"])})
    lengths = tries(measured(told, bench), bench)
    wide = told.join(lengths.pivot("promise", index="type", values="length"), on="type")
    near = (pl.col("due") - pl.col("target_at")).abs() <= NEAR
    judged = told.join(tried(wide, schema, bench), on="_row")
    fits = judged.group_by("type", "promise").agg(pl.len().alias("rows"), near.fill_null(value=False).mean())
    found = {}
    for name, promise, length, count, fit in lengths.join(fits, on=("type", "promise")).iter_rows():
        meaning, _, place = promise.rpartition("_")
        order = (-fit, list(MEANINGS).index(meaning), int(place))
        found.setdefault(name, {})[order] = Rule(name, meaning, length, count, fit)
    return {name: rules[min(rules)] for name, rules in sorted(found.items())}


def due_officially(rows):
    """The requests among *rows* that have an official due time."""
    typed = [
        (row["TYPE"], moment(row["OPEN_DT"]), moment(row["TARGET_DT"]))
        for row in rows
        if row["TARGET_DT"] and row["OPEN_DT"]
    ]
    columns = {"type": pl.String, "opened_at": pl.Datetime("us"), "target_at": pl.Datetime("us")}
    return pl.DataFrame(typed, columns, orient="row").with_columns(_row=pl.int_range(pl.len(), dtype=pl.Int64))


def measured(told, bench):
    """*told* with the minutes between call and official due time: `all` of them, and those `worked` in the office."""
    frame = nw.from_native(told.lazy())
    for name, calendar in (("all", "always"), ("worked", "office")):
        frame = ticks(bench, calendar, frame, _from="opened_at", _to="target_at")
        minutes = ((nw.col("_to") - nw.col("_from")) / 60).round(0).cast(nw.Int64)
        frame = frame.with_columns(minutes.alias(name)).drop("_from", "_to")
    return frame.to_native().collect()


def tries(told, bench):
    """The lengths worth trying, as `type`, `promise` (a meaning and a number) and `length`: the most frequent ones."""
    day = sum(end - start for start, end in bench.workdays("office").usual)
    opened, target, worked = pl.col("opened_at").dt, pl.col("target_at").dt, pl.col("worked")
    months = (target.year() - opened.year()).cast(pl.Int64) * 12 + target.month() - opened.month()
    nights = (target.date() - opened.date()).dt.total_days()
    lengths = {
        "elapsed": [declared(pl.col("all"))],
        "calendar_days": [nights, nights - 1],
        "months": [months, months - 1],
        "snap": [(worked / day).round(0)],
        "end_of_day": [worked // day, worked // day - 1],
        "working_time": [declared(worked)],
    }
    every = pl.concat(
        told.select("type", meaning=pl.lit(meaning), length=length.cast(pl.Int64))
        for meaning, several in lengths.items()
        for length in several
    )
    counted = every.filter(pl.col("length") >= 0).group_by("type", "meaning", "length").len().sort("length")
    place = pl.col("len").rank("ordinal", descending=True).over("type", "meaning")
    few = counted.with_columns(place=place).filter(pl.col("place") <= TRIES)
    return few.select("type", pl.format("{}_{}", "meaning", "place").alias("promise"), "length")


def declared(minutes):
    """*minutes* as somebody would promise them: from a day on in whole hours."""
    return pl.when(minutes >= 1440).then((minutes / 60).round(0) * 60).otherwise(minutes)


def tried(wide, schema, bench):
    """The due moment that the product's clocks give each row of *wide* for each length that stands in it."""
    names = {name: name.rpartition("_")[0] for name in wide.columns if name.rpartition("_")[0] in MEANINGS}
    register = schema.registers["requests"]
    lengths = [Field(name=name, title=Words(zh=name, en=name), type="integer") for name in names]
    frame = wide.lazy().with_columns(
        *(pl.lit(VALUE).alias(f"{name}__state") for name in ("opened_at", *names)),
        _book=pl.lit(""), _tab=pl.lit(""), _key=pl.lit(""), _kind=pl.lit("used"), _void=pl.lit(value=False),
    )  # fmt: skip
    register = msgspec.structs.replace(register, fields=[*register.fields, *lengths])
    bench.tables.by_register["requests"] = Table(register, nw.from_native(frame))
    clocks = [clock(name, how, f"{name} {MEANINGS[how][0]}", name=name) for name, how in names.items()]
    promises = [msgspec.convert(told, KINDS["clock"]) for told in clocks]
    flags = flag(msgspec.structs.replace(schema, promises=promises), bench)
    return flags.select(nw.col("row").alias("_row"), "promise", "due").to_native().collect()


# ---------------------------------------------------------------- judging


def judge(rows, rules, now):
    """What a night at *now* says of *rows*: its flags by the place of the row, and how often it said which problem."""
    with tempfile.TemporaryDirectory() as place:
        folder = write(Path(place), rows)
        declare(folder, rules)
        own = settings.load(folder)
        schema = settings.adopt(declarations.load([folder / "sheets_schema"], KINDS), own)
        options = nightly.Options(now, until="flag", dry_run=True)
        outcome = nightly.judge(folder, own, schema, options, lambda _step, _told: None)
    flags = {one.row - 2: one for one in outcome.flags}  # row 1 has the headers
    return flags, Counter(problem.code for problem in outcome.tonight.problems)


def declare(folder, rules):
    """A promise for each type, in place of those that the folder declares."""
    promises = {
        f"type_{n}": clock(
            rule.type, rule.meaning, rule.limit, stops="closed_at", styles=["public"], when={"type": rule.type}
        )
        for n, rule in enumerate(rules.values(), 1)
    }
    policy = folder / "sheets_schema" / "policy" / "public.yaml"
    policy.write_text(json.dumps(promises, ensure_ascii=False, indent=1), encoding="utf-8")


def last_told(rows):
    """The last thing that *rows* tell of, to the minute after it: the file was written then, or not long after."""
    told = max(moment(row[column]) for row in rows for column in ("OPEN_DT", "CLOSED_DT") if row[column])
    return told.replace(second=0) + timedelta(minutes=1)


# ---------------------------------------------------------------- comparing


class Line(NamedTuple):
    """A request of TEST: what officials say of it, and what we say."""

    type: str
    target: datetime | None
    closed: datetime | None
    late: bool | None
    ours: Flag | None

    @property
    def exact(self):
        return bool(self.ours and self.ours.due and abs(self.ours.due - self.target) <= NEAR)

    @property
    def judged(self):
        return self.ours is not None and self.ours.state != "not_judged"

    @property
    def ours_late(self):
        return self.ours.state in ("overdue", "met_late")


def lines(rows, flags):
    return [
        Line(
            row["TYPE"],
            moment(row["TARGET_DT"]),
            moment(row["CLOSED_DT"]),
            LATE.get(row["OnTime_Status"]),
            flags.get(n),
        )
        for n, row in enumerate(rows)
    ]


def compare(every, rules):
    """How far we agree on the requests whose types have *rules*, where there is an official word to agree with."""
    due = [line for line in every if line.type in rules and line.target]
    flagged = [line for line in due if line.late is not None and line.judged]
    false = sum(line.ours_late and not line.late for line in flagged)
    missed = sum(line.late and not line.ours_late for line in flagged)
    exact = sum(line.exact for line in due)
    return {
        "types": len(rules),
        "rows": len(due),
        "share_of_all": share(len(due), len(every)),
        "share_of_due": share(len(due), sum(bool(line.target) for line in every)),
        "exact": exact,
        "exact_share": share(exact, len(due)),
        "flags": len(flagged),
        "flag_share": share(len(flagged) - false - missed, len(flagged)),
        "flag_share_of_all": share(len(flagged) - false - missed, sum(line.late is not None for line in due)),
        "false_late": false,
        "missed_late": missed,
        "not_judged": sum(not line.judged for line in due),
        "no_official_flag": sum(line.late is None for line in due),
        "no_official_due": sum(line.type in rules and not line.target for line in every),
    }


def share(part, of):
    return round(part / of, 5) if of else None


def means(every):
    """Whether the official flag of a closed request says that it was closed later than its official due time."""
    closed = [line for line in every if line.closed and line.late is not None]
    odd = sum(line.late != bool(line.target and line.closed > line.target) for line in closed)
    return {"closed_with_flag": len(closed), "exceptions": odd}


def by_type(every, rules):
    """The rules, with what came of each; those with most due times that are not ours first."""
    rows = Counter(line.type for line in every if line.target)
    exact = Counter(line.type for line in every if line.target and line.exact)
    told = [
        {
            "type": name, "meaning": rule.meaning, "limit": rule.limit, "clean": rule.clean,
            "was": rule.was, "learned_from": rule.rows, "fit": round(rule.fit, 5), "rows": rows[name],
            "exact": exact[name],
        }
        for name, rule in rules.items()
    ]  # fmt: skip
    return sorted(told, key=lambda one: one["exact"] - one["rows"])


def measure(train, test, now=None):
    """Everything that is told of rules learned on the requests *train* and scored on the requests *test*."""
    started = time.perf_counter()
    rules = learn(train)
    learned = time.perf_counter()
    now = now or last_told(test)
    flags, problems = judge(test, rules, now)
    every = lines(test, flags)
    clean = {name: rule for name, rule in rules.items() if rule.clean}
    workdays = {name: rule for name, rule in clean.items() if rule.in_workdays}
    return {
        "now": now.isoformat(),
        "learned_from": len(train),
        "rows": len(test),
        "types": len({line.type for line in every}),
        "official_due": sum(bool(line.target) for line in every),
        "without_rule": sum(line.type not in rules for line in every),
        "not_judged": sum(line.type in rules and not line.judged for line in every),
        "problems": dict(problems.most_common()),
        "clean_working_days": compare(every, workdays),
        "clean": compare(every, clean),
        "learned": compare(every, rules),
        "official": {"train": means(lines(train, {})), "test": means(every)},
        "rules": by_type(every, rules),
        "seconds": {"learn": round(learned - started, 1), "judge": round(time.perf_counter() - learned, 1)},
    }


# ---------------------------------------------------------------- the report


WORST = 8  # rules that the report names
GROUPS = {
    "clean_working_days": "clean, working days",
    "clean": "clean, all",
    "learned": "all that were learned",
}


def report(found):
    """*found* as lines."""
    yield f"{found['learned_from']} requests learned from, {found['rows']} judged as of {found['now']}"
    yield f"  of {found['types']} types; {found['official_due']} with an official due time"
    problems = ", ".join(f"{code} {count}" for code, count in found["problems"].items())
    yield f"  {found['without_rule']} of types without a rule, {found['not_judged']} with one that could not be judged"
    yield f"  problems told: {problems or 'none'}"
    for key, title in GROUPS.items():
        yield from agreement(title, found[key])
    yield "late = closed after the official due time, of the closed requests with an official flag:"
    for name, one in found["official"].items():
        yield f"  {name}: {one['closed_with_flag']}, exceptions {one['exceptions']}"
    yield "clean rules that miss most due times:"
    for rule in [rule for rule in found["rules"] if rule["clean"] and rule["exact"] < rule["rows"]][:WORST]:
        limit = f"{rule['limit']}, once {rule['was']}" if rule["was"] else rule["limit"]
        told = f"{rule['meaning']} {limit}, fit {rule['fit']:.1%} of {rule['learned_from']}"
        yield f"  {rule['type']}: {told}; exact {rule['exact']} of {rule['rows']}"
    yield "seconds: {learn} to learn, {judge} to write the workbook and judge it".format(**found["seconds"])


def agreement(title, group):
    if not group["rows"]:
        yield f"{title}: {group['types']} types, no rows"
        return
    yield (
        f"{title}: {group['types']} types, {group['rows']} rows with an official due time"
        f" ({group['share_of_all']:.1%} of all rows, {group['share_of_due']:.1%} of those with one)"
    )
    yield f"  due times exact within {NEAR.seconds} s: {group['exact']}, {group['exact_share']:.2%}"
    if group["flags"]:
        yield (
            f"  flags that agree: {group['flag_share']:.2%} of {group['flags']};"
            f" false late {group['false_late']}, missed late {group['missed_late']}"
            f" ({group['flag_share_of_all']:.2%} if those not judged count as wrong)"
        )
    yield (
        f"  not compared: {group['not_judged']} not judged, {group['no_official_flag']} without an official flag,"
        f" {group['no_official_due']} without an official due time"
    )


def requests(path):
    """The requests of the file *path*."""
    try:
        found = records(Path(path))
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror or error}") from error
    if not found:
        raise argparse.ArgumentTypeError(f"{path}: there are no requests in it")
    return found


def main():
    parser = argparse.ArgumentParser(prog="tests.bench.public_records", description=__doc__.splitlines()[0])
    parser.add_argument("train", type=requests)
    parser.add_argument("test", type=requests)
    parser.add_argument("--now", type=datetime.fromisoformat, help="when TEST was written; else the last moment in it")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.train, asked.test, asked.now)
    told = json.dumps(found, indent=1, ensure_ascii=False) if asked.json else "\n".join(report(found))
    sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()
