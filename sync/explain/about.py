"""One flag with its promise and its row, whatever the language: what a receipt is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

import narwhals as nw

from sync.conditions import any_holds
from sync.engines import rows
from sync.model import Flag
from sync.rules.bench import Bench
from sync.rules.clock import Clock
from sync.rules.coverage import Coverage, behind, shares
from sync.rules.downtime import Share
from sync.rules.level import Level, on_hand
from sync.rules.presence import Presence
from sync.rules.stale import Stale
from sync.schema import HOLD_FROM, HOLD_TO, Condition, Promise, Register, Schema
from sync.tables import Frame

Line = Mapping[str, object]
Spans = list[tuple[datetime, datetime | None]]


@dataclass
class About:
    """One flag with its promise and its row."""

    flag: Flag
    schema: Schema
    bench: Bench

    @cached_property
    def promise(self) -> Promise:
        """The promise that was in force for the flag."""
        same = self.schema.versions[self.flag.promise]
        return next((one for one in same if len(same) > 1 and one.in_force(self.began)), same[-1])

    @property
    def began(self) -> date:
        """The day that tells which of the promises of one name is in force."""
        flag, judged = self.flag, self.register.judged_from
        at: object = self.bench.now
        if flag.kind in ("clock", "coverage"):
            at = flag.start
        elif flag.kind == "recurrence":
            at = flag.due and flag.due - timedelta(days=1)
        elif flag.kind in ("presence", "repeat", "stale") and judged:
            at = self.line.get(judged)
        return (at if isinstance(at, datetime) else self.bench.now).date()

    @cached_property
    def register(self) -> Register:
        return self.schema.registers[self.flag.register]

    # ---------------------------------------------------------------- the row

    @cached_property
    def line(self) -> Line:
        """The row itself."""
        if self.flag.row is None and self.flag.kind != "recurrence":
            return {}
        return self._first(self._own)

    @property
    def _own(self) -> Frame:
        frame = self.bench.tables[self.flag.register].frame.filter(nw.col("_key") == self.flag.key)
        return frame if self.flag.row is None else frame.filter(nw.col("_row") == self.flag.row)

    def _first(self, frame: Frame) -> Line:
        found = rows(self.bench.tables.engine.columns(frame))
        return found[0] if found else {}

    def cell(self, path: str) -> tuple[object, object]:
        """What stands at *path*, in the row or one step away: the value, and whether it is one."""
        if "." not in path:
            return self.line.get(path), self.line.get(f"{path}__state")
        frame = self.bench.field(self._own, self.bench.tables[self.flag.register], path, "_at")
        found = self._first(frame.select("_at", "_at_state"))
        return found.get("_at"), found.get("_at_state")

    def meets(self, wanted: Condition) -> bool:
        """Whether one of the fields of *wanted* has its value in the row."""
        table = self.bench.tables[self.flag.register]
        return bool(self._first(self._own.filter(any_holds(table, wanted)).select("_row")))

    def moment(self, path: str) -> datetime | None:
        """The moment at *path*, in the row or one step away."""
        found, _ = self.cell(path)
        return found if isinstance(found, datetime) else None

    def spans(self, register: str) -> tuple[Spans, Spans]:
        """The holds that stand in the row itself, and those of the *register* of holds."""
        listed: Sequence[Line] = []
        if register in self.bench.tables:
            about = self.bench.tables[register].live.filter(
                nw.col("register") == self.flag.register, nw.col("record_no") == self.flag.key
            )
            listed = rows(self.bench.tables.engine.columns(about.select("from_at", "to_at")))
        own = [(self.line.get(HOLD_FROM), self.line.get(HOLD_TO))]
        return _read(own), _read([(line["from_at"], line["to_at"]) for line in listed])

    @cached_property
    def level(self) -> Line:
        """The arithmetic of a part's level."""
        assert isinstance(self.promise, Level)  # noqa: S101 - asked for levels only
        frame = self.bench.tables[self.promise.register].live.filter(nw.col("_key") == self.flag.key)
        return self._first(on_hand(self.promise, self.bench, frame))

    @cached_property
    def behind(self) -> Sequence[Line]:
        """The lines that a ratio is made of, those that count as done last, or of time the longest first."""
        if self._ratio is None:
            return []
        mine = self._ratio.filter(nw.col("_from") == nw.lit(self.flag.start)).sort("_done", "_key", "_row")
        # the longest time down comes first; what is no ratio of time has none
        return sorted(rows(self.bench.tables.engine.columns(mine)), key=lambda line: -int(str(line.get("_down", 0))))

    @cached_property
    def share(self) -> Share | None:
        """What the ratio comes to; None where nobody can say."""
        assert isinstance(self.promise, Coverage)  # noqa: S101 - asked for ratios only
        if self._ratio is None or self.flag.start is None:
            return None
        return shares(self.promise, self._all, self._ratio).get(self.flag.start)

    @cached_property
    def _ratio(self) -> Frame | None:
        assert isinstance(self.promise, Coverage)  # noqa: S101 - asked for ratios only
        found = behind(self.promise, self._all)
        return None if found is None else self.bench.tables.engine.settle(found)

    @property
    def _all(self) -> Bench:
        """The bench with every promise that a ratio can be taken of."""
        return replace(self.bench, promises=self.schema.versions)

    # ---------------------------------------------------------------- what may be published of it

    @property
    def is_public(self) -> bool:
        """Whether every field that the receipt quotes is published by its register, and so is the record's key."""
        promise, register = self.promise, self.schema.registers[self.promise.register]
        told = {register.name}
        if isinstance(promise, Coverage):  # it says the records behind it, whatever register they are of
            told |= {one.register for name in promise.promises for one in self.schema.versions.get(name, ())}
        # presences say titles only, ratios keys only, and of faults for how long
        quoted = [] if isinstance(promise, Presence | Coverage) else [path for _, path in promise.fields()]
        if isinstance(promise, Coverage) and promise.down:
            quoted = [promise.down.first, promise.down.to]
        far = [(one.register, one.watches) for one in promise.watches_in] if isinstance(promise, Stale) else []
        if isinstance(promise, Clock) and promise.done_in:
            far = [(promise.done_in.register, [promise.done_in.on])]
        return (
            all((one := self.schema.registers[name]).primaryKey in one.publish for name in told)
            and all(map(self.publishes, quoted))
            and all(self._published(self.schema.registers[name], path) for name, paths in far for path in paths)
        )

    def publishes(self, path: str) -> bool:
        """Whether the field at *path* is published by the register that it lies in."""
        return self._published(self.schema.registers[self.promise.register], path)

    def names_row(self, path: str) -> bool:
        """Whether pages may name the row of another register that *path* leads to."""
        head = path.partition(".")[0]
        other = self.schema.registers.get(str(self.register.by_name[head].foreign))
        return self.publishes(head) and other is not None and other.primaryKey in other.publish

    def _published(self, register: Register, path: str) -> bool:
        head, _, tail = path.partition(".")
        if tail:
            foreign = self.schema.registers.get(str(register.by_name[head].foreign))
            return foreign is not None and self._published(foreign, tail)
        return head in register.publish


def _read(spans: Sequence[tuple[object, object]]) -> Spans:
    """The spans that say when they began."""
    return [(a, b if isinstance(b, datetime) else None) for a, b in spans if isinstance(a, datetime)]
