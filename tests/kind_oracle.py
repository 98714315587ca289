"""What recurrences, repeats, ratios and quiet rows should say, found row by row in plain Python."""

from collections import defaultdict
from datetime import datetime, timedelta

from rule_oracle import months

DAY = timedelta(days=1)


def series(anchor, period, until, visits, waivers, now, soon):
    """The periods of one row as (due, state, stop): *period* months each, the last one ends by *until*."""
    found, debt = [], None
    for k in range(1, 500):
        after, due = (months(anchor.date(), period * n) + DAY for n in (k - 1, k))
        if after > now + soon or due > until + DAY:
            break
        here = sorted({at for at in visits if after <= at < due})
        if debt and here:
            debt["stop"] = here.pop(0)
        line = {"due": due, "stop": here[0] if here else None, "waived": any(after <= at < due for at in waivers)}
        debt = None if here or line["waived"] else line
        found.append(line)
    return [(line["due"], _state(line, found[n + 1 :], now, soon), line["stop"]) for n, line in enumerate(found)]


def moving(anchor, period, visits, waivers, now, soon):
    """The same where each period begins on the day on which it was last done, or waived."""
    found, begin = [], anchor
    done = {at for at in visits if at > anchor}
    for at in [*sorted(done | {at for at in waivers if at > anchor}), None]:
        line = {
            "due": months(begin.date(), period) + DAY,
            "stop": at if at in done else None,
            "waived": at is not None and at not in done,
        }
        found.append((line["due"], _state(line, [], now, soon), line["stop"]))
        begin = at
    return found


def _state(line, later, now, soon):
    due, stop = line["due"], line["stop"]
    if stop:
        return "met" if stop < due else "met_late"
    if line["waived"]:
        return "waived"
    if due <= now:
        return "missed" if later and later[0]["due"] <= now else "overdue"
    return "due_soon" if due <= now + soon else "not_due"


def repeats(rows, within):
    """*rows* are (key, group, begins, ends or None) in the order of the sheet; the repeats with the end before each."""
    found = {}
    for n, (key, group, begins, _) in enumerate(rows):
        earlier = [
            ends
            for m, (_, other, began, ends) in enumerate(rows)
            if m != n
            and other == group
            and ends
            and began <= ends <= begins
            and (ends < begins or began < ends or m < n)
        ]
        if earlier and begins - max(earlier) <= within:
            found[key] = max(earlier)
    return found


def share(rows, now, last, within, least):
    """*rows* are (dated, filled or None or "??"); the state of each of the *last* months that are over, by its key."""
    groups = defaultdict(list)
    for dated, filled in rows:
        groups[dated.year, dated.month].append("?" if filled == "??" else bool(filled and filled - dated <= within))
    found = {}
    for back in range(1, last + 1):
        year, month = divmod(now.year * 12 + now.month - 1 - back, 12)
        lines = groups.get((year, month + 1))
        if lines:
            low, high = (100 * sum(one in good for one in lines) / len(lines) for good in ([True], [True, "?"]))
            found[f"{year}-{month + 1:02}"] = "ok" if low >= least else "below" if high < least else "not_judged"
    return found


HALF_HOUR = timedelta(minutes=30)


def time_down(faults, listed, first, last, now, grace):
    """Half hours by name, `down`, `maybe` and `whole`, of the period from *first* to *last*, and each fault's verdict.

    *faults* are (thing, begin, end), each a value, None or "??"; *listed* says since when a thing is in service.
    All moments lie on half hours, which are looked at one by one.
    """
    last = min(last, now)
    halves = [first + n * HALF_HOUR for n in range(int((last - first) / HALF_HOUR))]
    down, maybe, verdicts = set(), 0, []
    for thing, begin, end in faults:
        known = isinstance(begin, datetime)
        blind = end == "??" or bool(known and end and end < begin)
        until = now if blind or end is None else min(end, now)
        since = listed.get(thing, first if thing in (None, "??") else None)
        mine = [at for at in halves if (not known or at >= begin) and at < until]
        if not mine:
            touches = known and first <= begin < last and begin >= until
            verdicts.append(None if not touches else "done" if since is not None and since < begin else "outside")
            continue
        served = [at for at in mine if since is not None and at >= since]
        if not served:
            verdicts.append("outside")
        elif known and until - begin <= grace:
            verdicts.append("done")
        elif blind or not known or thing in (None, "??"):
            verdicts.append("unclear")
            maybe += len(served)
        else:
            verdicts.append("left")
            down |= {(thing, at) for at in served}
    whole = sum(at >= since for since in listed.values() for at in halves)
    return {"down": len(down), "maybe": maybe, "whole": whole}, verdicts


def quiet(moments, others, now, days):
    """The state of a row by its own *moments* and those of *others*: None for an empty cell, "??" for an unread one."""
    said = [at for at in (*moments, *others) if isinstance(at, datetime)]
    lost = "??" in (*moments, *others)
    if not said:
        return "not_judged" if lost else None
    if now <= max(said) + timedelta(days=days):
        return "ok"
    return "not_judged" if lost else "stale"
