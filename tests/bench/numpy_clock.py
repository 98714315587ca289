"""Clocks written by hand in NumPy, as an engineer would for just the three promises of *tests.bench.clocks*.

Moments come as datetime64 and are reckoned in whole minutes since 1970; NONE stands where there is none.
"""

from typing import NamedTuple

import numpy as np

EMPTY, VALUE, UNREADABLE = range(3)
NONE = np.iinfo(np.int64).min  # what NumPy makes of “not a time”
DAY = 1440
STATES = np.array(["not_judged", "met", "met_late", "overdue", "on_hold", "due_soon", "not_due"])


class Times(NamedTuple):
    """A column of moments: each with the state of its cell."""

    at: np.ndarray
    state: np.ndarray

    @property
    def minutes(self):
        return Times(self.at.astype("datetime64[m]").view(np.int64), self.state)

    def __getitem__(self, rows):
        return Times(self.at[rows], self.state[rows])


class Judged(NamedTuple):
    """What came of each row that was judged."""

    row: np.ndarray
    state: np.ndarray
    due: np.ndarray
    late: np.ndarray  # minutes; NONE while it is not late
    held: np.ndarray


class Always:
    """Every minute counts."""

    def gone(self, at):
        return at

    def moment(self, gone):
        return gone


class Hours:
    """The hours of a calendar as arrays: an element a span, and an element a day that leads to its first span."""

    def __init__(self, workdays, first, last):
        days = list(workdays.days(first, last))
        day, opens, closes = np.array([(n, *span) for n, day in enumerate(days) for span in day.spans]).T
        self.zero = np.datetime64(first, "m").astype(np.int64)
        self.opens, self.closes = (self.zero + day * DAY + minute for minute in (opens, closes))
        self.before = np.cumsum(closes - opens) - (closes - opens)
        self.day, self.most = day, np.bincount(day).max()
        self.first = np.searchsorted(day, np.arange(len(days)))
        self.workdays = np.unique(day)
        self.ordinal = np.searchsorted(self.workdays, np.arange(len(days)))
        self.span_of = np.repeat(np.arange(len(day)), closes - opens)  # of each minute that is worked

    def span(self, at):
        """The span that a moment lies in, or the next one."""
        found = self.first[(at - self.zero) // DAY]
        for _ in range(self.most):
            found += at >= self.closes[found]
        return found

    def gone(self, at):
        span = self.span(at)
        return self.before[span] + np.maximum(at - self.opens[span], 0)

    def moment(self, gone):
        span = self.span_of[gone - 1]
        return self.opens[span] + gone - self.before[span]

    def workdays_on(self, at, count):
        span = self.span(at)
        begun = np.maximum(at, self.opens[span])
        day = self.day[span]
        return begun + (self.workdays[self.ordinal[day] + count] - day) * DAY


class Held(NamedTuple):
    """The times that calls stood still: line by line, and the calls of which nobody knows how long they did."""

    row: np.ndarray
    begun: np.ndarray
    to: np.ndarray
    odd: np.ndarray


def prepared(calls):
    """*calls* with their moments in minutes, and their holds from both places."""
    start, stop, own_from, own_to = (
        times.minutes for times in (calls.received, calls.fixed, calls.hold_from, calls.hold_to)
    )
    begun, to = calls.listed_from.minutes, calls.listed_to.minutes
    order = np.argsort(calls.key, kind="stable")
    place = np.minimum(np.searchsorted(calls.key, calls.listed, sorter=order), len(order) - 1)
    known = calls.key[order[place]] == calls.listed
    bad = (begun.state != VALUE) | (to.state == UNREADABLE) | ((to.state == VALUE) & (to.at < begun.at))
    odd = (own_from.state == UNREADABLE) | (own_to.state == UNREADABLE)
    odd |= (own_to.state == VALUE) & ((own_from.state != VALUE) | (own_to.at < own_from.at))
    odd[order[place[known & bad]]] = True
    own, fine = np.flatnonzero(own_from.state == VALUE), known & ~bad
    holds = Held(
        np.concatenate([own, order[place[fine]]]), np.concatenate([own_from.at[own], begun.at[fine]]),
        np.concatenate([own_to.at[own], to.at[fine]]), odd,
    )  # fmt: skip
    return start, stop, holds


def judge(calls, material, now, *, hours, counted, soon, holds=False, general=False):
    """The calls judged by a clock: *counted* gives due moments of starts, *hours* runs it, *soon* is in minutes."""
    start, stop, held = material
    live = calls.live & (start.state != EMPTY)
    if general:
        live &= ((calls.fault_class == calls.general) & (calls.fault_state == VALUE)) | (
            calls.fault_state == UNREADABLE
        )
    rows = np.flatnonzero(live)
    start, stop = start[rows], stop[rows]
    unsure = calls.fault_state[rows] == UNREADABLE if general else False
    known, ended = start.state == VALUE, stop.state == VALUE
    due = np.full(len(rows), NONE)
    due[known] = counted(start.at[known])
    minutes, waits = np.zeros(len(rows), np.int64), False
    if holds:
        minutes, waits = _held(held, rows, start.at, stop, due, hours, now)
        moved = minutes > 0
        due[moved] = hours.moment(hours.gone(due[moved]) + minutes[moved])
        known &= ~held.odd[rows]
    backwards = ended & (start.at != NONE) & (stop.at < start.at)
    judged = known & (stop.state != UNREADABLE) & ~backwards
    until = np.where(ended, stop.at, now)
    late = np.full(len(rows), NONE)
    past = np.flatnonzero(judged & (until > due))
    late[past] = hours.gone(until[past]) - hours.gone(due[past])
    state = np.where(now + soon >= due, 5, 6)
    state = np.where(waits, 4, state)
    state = np.where(now > due, 3, state)
    state = np.where(ended, np.where(stop.at <= due, 1, 2), state)
    state = np.where(judged & ~np.asarray(unsure), state, 0)
    return Judged(rows, STATES[state], due.view("datetime64[m]").astype("datetime64[us]"), late, minutes)


def _held(held, rows, start, stop, due, hours, now):
    """The minutes that each of *rows* stood still before it was due, and whether it does now; overlaps count once."""
    line = np.full(len(held.odd), -1)
    line[rows] = np.arange(len(rows))
    line = line[held.row]
    there = (line >= 0) & (due[line] != NONE)
    line, begun, to = line[there], held.begun[there], held.to[there]
    runs = (begun <= now) & ((to == NONE) | (to > now))
    until = np.where(to == NONE, now, to)
    until = np.where(stop.state[line] == VALUE, np.minimum(until, stop.at[line]), until)
    begun = np.maximum(begun, start[line])
    some = (until > begun) | runs
    line, runs = line[some], runs[some]
    a, z, d = (hours.gone(at) for at in (begun[some], until[some], due[line]))
    order = np.lexsort((z, a, line))
    line, a, z, d, runs = line[order], a[order], z[order], d[order], runs[order]
    first = np.r_[True, line[1:] != line[:-1]]
    far = line << 32  # so far apart that the holds of one call reach none of the next
    reached = np.r_[0, np.maximum.accumulate(z + far)[:-1]] - far
    begins = np.where(first, a, np.maximum(a, reached))
    lengths = np.maximum(z - begins, 0)
    sums = np.cumsum(lengths) - lengths
    counts = begins - (sums - sums[first][np.cumsum(first) - 1]) < d
    minutes = np.bincount(line[counts], lengths[counts], len(rows)).astype(np.int64)
    waits = np.zeros(len(rows), bool)
    waits[line[counts & runs]] = True
    return minutes, waits
