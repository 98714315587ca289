"""The receipts of what is no clock: periods, levels, papers, repeats, ratios, what does not move, numbered sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import narwhals as nw

from sync.engines import rows
from sync.explain.about import About
from sync.explain.saying import Saying
from sync.model import EMPTY, UNREADABLE
from sync.rules.coverage import Coverage, verdict
from sync.rules.downtime import Down, Share
from sync.rules.level import Level
from sync.rules.presence import Presence
from sync.rules.recurrence import Recurrence
from sync.rules.repeat import Repeat
from sync.rules.stale import Stale


def facts(about: About) -> dict[str, object]:
    """The rows behind a ratio, or the sum of a level; what else there is to know stands in the flag."""
    promise = about.promise
    if isinstance(promise, Coverage) and promise.down:
        return _time(about)
    if isinstance(promise, Coverage):
        return {"rows": [{"key": line["_key"], "done": line["_done"] == 1, "unreadable": line["_unknown"] == 1}
                         for line in about.behind]}  # fmt: skip
    if isinstance(promise, Level) and (line := about.level):
        return {"opening": line[promise.opening], "in": line["_in"] or 0, "out": line["_out"] or 0,
                "on_hand": line["_hand"], "par": line[promise.par]}  # fmt: skip
    return {}


def _time(about: About) -> dict[str, object]:
    """The hours behind a ratio of time; those of its rows add up to *hours_down*."""
    share = about.share
    found = [
        {"key": line["_key"], "thing": line["_thing"], "verdict": verdict(line),
         "from": line["_begin"], "to": line["_end"], "hours_down": _hours(line["_down"]),
         "hours_unclear": _hours(line["_maybe"])}
        for line in about.behind
    ]  # fmt: skip
    if share is None:
        return {"rows": found}
    return {"things": share.things, "hours": _hours(share.whole), "hours_down": _hours(share.missed),
            "hours_unclear": _hours(share.unknown), "rows": found}  # fmt: skip


def _hours(seconds: object) -> float:
    return int(str(seconds)) / 3600


@dataclass
class KindTold(Saying):
    """A receipt in one language, of any kind but a clock."""

    def lines(self) -> Iterator[str]:
        yield "".join(self.story())

    def story(self) -> Iterator[str]:
        """How the flag came about."""
        promise = self.promise
        if isinstance(promise, Recurrence):
            yield from self.period(promise)
        elif isinstance(promise, Level):
            yield from self.arithmetic(promise)
        elif isinstance(promise, Presence):
            yield from self.papers(promise)
        elif isinstance(promise, Repeat):
            yield from self.earlier(promise)
        elif isinstance(promise, Coverage):
            yield from self.ratio(promise)
        elif isinstance(promise, Stale):
            yield from self.quiet(promise)
        else:
            yield from self.number()

    def period(self, promise: Recurrence) -> Iterator[str]:
        """The period, where it comes from, and what served it."""
        flag = self.flag
        every = self.vocabulary.every(promise.every, self.language, self.titles)
        anchor = self.line.get(promise.anchor)
        if promise.moves:
            yield self.say("moving", every=every)
        elif isinstance(anchor, datetime):
            yield self.say(
                "anchor", field=self.name(promise.anchor), anchor=self.day(anchor.date(), year=True), every=every
            )
        else:
            yield self.say("every", every=every)
        if flag.start and flag.due:
            last = flag.due - timedelta(days=1)
            yield self.say(
                "period", first=self.day(flag.start.date(), year=True), last=self.day(last.date(), year=True)
            )
            clamped = "month" in promise.every and flag.due.day == 1 and not promise.moves
            if clamped and isinstance(anchor, datetime) and last.day < anchor.day:
                yield self.say("month_end", day=anchor.day)
        if flag.stop:
            yield self.say("served", on=self.day(flag.stop.date(), year=True))
        elif flag.state == "waived":
            yield self.say("waived")
        elif flag.state in ("overdue", "missed"):
            yield self.say("not_served")
        odd = [name for _, name in promise.fields() if self.line.get(f"{name}__state") == UNREADABLE]
        if odd:
            yield self.say("unreadable", fields=self.listed([self.name(name) for name in odd]))

    def arithmetic(self, promise: Level) -> Iterator[str]:
        """Opening + in − out = on hand, against the par."""
        if line := self.about.level:
            values = {"opening": line[promise.opening], "came": line["_in"] or 0, "went": line["_out"] or 0,
                      "hand": line["_hand"], "par": line[promise.par]}  # fmt: skip
            shown = {name: "—" if value is None else f"{float(str(value)):g}" for name, value in values.items()}
            yield self.say("level", field=self.name(promise.par), **shown)
            if line["_hand"] is None:
                yield self.say("level_unknown")

    def papers(self, promise: Presence) -> Iterator[str]:
        """Which fields are empty, denied or unreadable, or which register has no row."""
        states = {name: self.line.get(f"{name}__state") for name in promise.needs}
        denied = [name for name in promise.needs if self.line.get(name) is False]
        for key, names in (
            ("empty", [name for name, state in states.items() if state == EMPTY]),
            ("denied", denied),
            ("unreadable", [name for name, state in states.items() if state == UNREADABLE]),
        ):
            if names:
                yield self.say(key, fields=self.listed([self.name(name) for name in names]))
        if promise.needs_row and self.flag.state == "missing":
            yield self.say("no_row", register=self.schema.registers[promise.needs_row.register].title[self.language])
        if self.flag.state == "ok":
            yield self.say("all_there")

    def earlier(self, promise: Repeat) -> Iterator[str]:
        """The record that it repeats."""
        if not self.flag.start or not self.flag.stop:
            return
        before = self.bench.tables[promise.register].live.filter(nw.col(promise.after) == nw.lit(self.flag.start))
        for name in promise.same:
            before = before.filter(nw.col(name) == nw.lit(str(self.line[name])))
        keys = rows(self.bench.tables.engine.columns(before.select("_key")))
        days = (self.flag.stop - self.flag.start).days
        within = self.vocabulary.limit(promise.within, self.language)
        same = self.listed([self.name(name) for name in promise.same])
        earlier = "、".join(str(line["_key"]) for line in keys)
        yield self.say("repeat", same=same, earlier=earlier, ended=self.at(self.flag.start), days=days, within=within)

    def ratio(self, promise: Coverage) -> Iterator[str]:
        """How much of the period's work or time was as it should be, and which records were not."""
        flag, share = self.flag, self.about.share
        if not flag.start or not flag.due or not share:
            yield self.say("ratio_unknown")
            return
        told = {"first": self.day(flag.start.date(), year=True), "least": f"{promise.at_least:g}",
                "last": self.day((flag.due - timedelta(days=1)).date(), year=True),
                "share": share.percent}  # fmt: skip
        if promise.down:
            yield from self.time(promise.down, share, told)
            return
        yield self.say("ratio", n=share.whole, done=share.done, **told)
        for key, wanted in (("ratio_open", "left"), ("ratio_unread", "unclear")):
            if keys := self.behind(wanted):
                yield self.say(key, records=self.listed(keys))

    def time(self, down: Down, share: Share, told: Mapping[str, str]) -> Iterator[str]:
        """For how many hours things were down, in which faults, and what was left out and why."""
        if self.flag.due and self.flag.due > self.bench.now:
            told = {**told, "last": self.at(self.bench.now)}
        listed = self.schema.registers[down.of.register]
        register, thing = listed.title[self.language], listed.by_name[down.of.key].title[self.language]
        hours = [f"{_hours(one):,.1f}" for one in (share.whole, share.missed)]
        yield self.say(
            "time", things=share.things, register=register, thing=thing, whole=hours[0], down=hours[1], **told
        )
        lines = [line for line in self.about.behind if verdict(line) == "left"]
        if lines:
            faults = [
                self.say("time_fault", record=line["_key"], hours=f"{_hours(line['_down']):,.1f}") for line in lines
            ]
            ended = sum(line["_end"] is not None for line in lines)
            yield self.say("time_faults", n=len(lines), ended=ended, faults=self.listed(faults))
        grace = self.vocabulary.limit(down.grace, self.language)
        for key, wanted in (("time_short", "done"), ("time_outside", "outside"), ("time_unread", "unclear")):
            if keys := self.behind(wanted):
                yield self.say(
                    key, n=len(keys), records=self.listed(keys), grace=grace, register=register,
                    hours=f"{_hours(share.unknown):,.1f}",
                )  # fmt: skip

    def behind(self, wanted: str) -> list[str]:
        """The keys of the records behind the ratio with the verdict *wanted*, each once."""
        return list(dict.fromkeys(str(line["_key"]) for line in self.about.behind if verdict(line) == wanted))

    def quiet(self, promise: Stale) -> Iterator[str]:
        """When something moved last, and until when that was new enough."""
        watched = self.listed([self.name(name) for name in promise.watches])
        limit = self.vocabulary.limit(promise.limit, self.language)
        if self.flag.start and self.flag.due:
            yield self.say(
                "moved", fields=watched, on=self.at(self.flag.start, ends=True), limit=limit,
                due=self.at(self.flag.due, ends=True),
            )  # fmt: skip
        if self.flag.state == "not_judged":
            yield self.say("moved_unknown")

    def number(self) -> Iterator[str]:
        """What is wrong with a numbered sheet or its book."""
        flag = self.flag
        start = self.at(flag.start) if flag.start else "—"
        stop = self.at(flag.stop) if flag.stop else "—"
        due = self.at(flag.due, ends=True) if flag.due else "—"
        key = "two_books" if flag.state == "double" and flag.register != self.promise_number else flag.state
        yield self.say(f"number_{key}", record=flag.key, start=start, stop=stop, due=due)
        if flag.responsible:
            yield self.say("holder", holder=flag.responsible)

    @property
    def promise_number(self) -> str:
        """The register that carries the numbers; a promise about the books themselves has none."""
        return self.promise.register if getattr(self.promise, "number", "") else ""
