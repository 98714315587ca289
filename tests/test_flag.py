"""Promises judged: cases as rows and flags, and clocks held against one that is counted by hand, on both engines."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_oracle import STEP, bench, clock, judged, shipped

from sync import yamlfile
from sync.engines import ENGINES
from sync.model import STATES
from sync.rules import KINDS
from sync.workdays import Workdays

CASES = Path(__file__).parent / "cases" / "rules"
NOW = datetime(2026, 11, 22, 2, 0)
NOTHING = object()


def cases():
    for path in sorted(CASES.glob("*.yaml")):
        for case in yamlfile.read(path):
            yield pytest.param(case, id=f"{path.stem}: {case['holds']}")


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("case", list(cases()))
def test_rows_get_the_flags_that_the_case_says(case, on):
    """Each case says in a sentence what must hold; only the columns that it names are compared."""
    since = case.get("judge_from")
    found = judged(
        case.get("promises", []), case["rows"], _moment(case.get("now")) or NOW, on=on, own=case.get("own"),
        judge_from=_moment(since).date() if since else None, absent=case.get("absent", ()), office=case.get("office"),
    )  # fmt: skip
    wanted = case.get("flags") or []
    shown = [{name: flag[name] for name in want} for want, flag in zip(wanted, found, strict=False)]
    assert shown == [{name: _like(name, value) for name, value in want.items()} for want in wanted]
    assert len(found) == len(wanted), found[len(wanted) :]
    assert {flag["state"] for flag in found} <= set(STATES)


def _like(name, value):
    return _moment(value) if name in ("start", "due", "stop") else value


def _moment(text):
    return datetime.fromisoformat(str(text)) if text else None


def test_every_kind_has_its_cases():
    declared = {promise.name: promise.kind for promise in shipped().promises}
    used = set()
    for case in (param.values[0] for param in cases()):
        used |= {declared[name] for name in case.get("promises", [])} | {
            p["kind"] for p in case.get("own", {}).values()
        }
    assert used == set(KINDS)


def test_each_promise_of_the_policy_is_judged_by_a_case():
    told = {name for param in cases() for name in param.values[0].get("promises", [])}
    assert {promise.name for promise in shipped().promises} - told == set()


# ---------------------------------------------------------------- against a clock counted by hand

LIMITS = [
    {"limit": "30 min"}, {"limit": "24 h"}, {"limit": "1.5 h"}, {"limit": "3 days"}, {"limit": "1 month"},
    {"limit": "2 working days", "calendar": "office"}, {"limit": "1 working day", "calendar": "office"},
    {"limit": "1 working day", "calendar": "office", "meaning": "end_of_day"},
    {"limit": "0 working days", "calendar": "office", "meaning": "end_of_day"},
    {"limit": "2 h", "calendar": "office"}, {"limit": "9 h", "calendar": "office"},
    {"limit": "24 h", "hold_cap": "5 h"}, {"limit": "9 h", "calendar": "office", "hold_cap": "3 h"},
    {"limit": "1 working day", "calendar": "office", "hold_cap": "100 min"},
]  # fmt: skip
FIRST = datetime(2026, 9, 28)  # National Day, with make-up workdays around it
moments = st.integers(0, 12 * 144).map(lambda steps: FIRST + steps * STEP)
OFFICE = Workdays(shipped().calendars["office"])


@st.composite
def calls(draw):
    """A call that came, perhaps was answered, and stood still a few times."""
    came = draw(moments)
    done = draw(st.none() | st.integers(-6, 6 * 144).map(lambda steps: came + steps * STEP))
    spans = draw(st.lists(st.tuples(st.integers(-60, 4 * 144), st.none() | st.integers(0, 200)), max_size=3))
    held = [(came + a * STEP, b if b is None else came + (a + b) * STEP) for a, b in spans]
    return came, done, held


def typed(lines):
    """Calls and holds as rows of their registers."""
    calls = [
        {"call_no": f"BX-26-{n:05}", "received_at": came, "fixed_at": done}
        for n, (came, done, _) in enumerate(lines, 1)
    ]
    holds = [
        {
            "hold_no": f"ZT-26-{n}-{m}",
            "register": "call_register",
            "record_no": f"BX-26-{n:05}",
            "from_at": a,
            "to_at": b,
        }
        for n, (_, _, held) in enumerate(lines, 1)
        for m, (a, b) in enumerate(held)
    ]
    return {"call_register": calls, "hold_periods": holds}


def a_clock(limit, **more):
    return {"kind": "clock", "title": {"zh": "试", "en": "Try"}, "register": "call_register", "starts": "received_at",
            "stops": "fixed_at", "holds": "hold_periods", "due_soon": "2 h", "limit": limit, **more}  # fmt: skip


def outcome(lines, told, now, on):
    found = judged([], typed(lines), now, on=on, own={"try": a_clock(**told)}, judge_from=FIRST.date())
    return {flag["key"]: (flag["state"], flag["due"], flag["late_minutes"], flag["held_minutes"]) for flag in found}


@pytest.mark.parametrize("told", LIMITS, ids=lambda told: " ".join(told.values()))
@settings(max_examples=2, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=st.lists(calls(), min_size=12, max_size=12), now=moments.map(lambda at: at + timedelta(days=3)))
def test_the_engines_say_what_a_hand_counted_clock_says(told, lines, now):
    promise = msgspec.convert({**a_clock(**told), "name": "try"}, KINDS["clock"])
    wanted = {}
    for n, (came, done, held) in enumerate(lines, 1):
        by_hand = clock(promise, came, done, held, now, OFFICE)
        wanted[f"BX-26-{n:05}"] = (by_hand.state, by_hand.due, by_hand.late, by_hand.held)
    assert {on: outcome(lines, told, now, on) for on in ENGINES} == dict.fromkeys(ENGINES, wanted)


@settings(max_examples=5, deadline=None, database=None)
@given(lines=st.lists(calls(), min_size=8, max_size=8), told=st.sampled_from(LIMITS), data=st.data())
def test_a_split_hold_is_one_hold_and_their_order_says_nothing(lines, told, data):
    """Waiting from two to five is waiting from two to three and from three to five, in whatever order it was typed."""
    split = []
    for came, done, held in lines:
        parts = []
        for a, b in held:
            end = b or NOW
            cut = a + (end - a) * data.draw(st.sampled_from([0.25, 0.5])) if end > a else a
            cut = cut.replace(second=0, microsecond=0)
            parts += [(a, cut), (cut, b)] if a < cut < end else [(a, b)]
        split.append((came, done, data.draw(st.permutations(parts))))
    assert outcome(split, told, NOW, "polars") == outcome(lines, told, NOW, "polars")


@settings(max_examples=5, deadline=None, database=None)
@given(
    lines=st.lists(calls(), min_size=8, max_size=8), told=st.sampled_from(LIMITS[:3] + LIMITS[9:11]),
    cap=st.sampled_from([1, 4, 30]),
)  # fmt: skip
def test_a_cap_only_brings_the_deadline_nearer_and_never_before_it_stood_without_holds(lines, told, cap):
    free = outcome([(came, done, []) for came, done, _ in lines], told, NOW, "polars")
    held = outcome(lines, told, NOW, "polars")
    capped = outcome(lines, told | {"hold_cap": f"{cap} h"}, NOW, "polars")
    for key, (_, due, _, minutes) in capped.items():
        assert free[key][1] <= due <= held[key][1]
        assert minutes == min(held[key][3], cap * 60)
        if "calendar" not in told:
            assert due <= free[key][1] + timedelta(hours=cap)


@pytest.mark.parametrize("told", LIMITS, ids=lambda told: " ".join(told.values()))
def test_who_calls_later_is_never_due_earlier(told):
    starts = [FIRST + timedelta(minutes=97 * n) for n in range(150)]
    due = [due for _, due, _, _ in outcome([(at, None, []) for at in starts], told, NOW, "polars").values()]
    assert due == sorted(due)
    assert all(a <= b for a, b in zip(starts, due, strict=True))


@settings(max_examples=3, deadline=None, database=None)
@given(lines=st.lists(calls(), min_size=4, max_size=4), told=st.sampled_from(LIMITS), data=st.data())
def test_a_row_is_judged_by_itself_alone(lines, told, data):
    """Its flag is the same among other rows, in another place and on another engine."""
    alone = data.draw(st.integers(0, len(lines) - 1))
    among = outcome(lines, told, NOW, "polars")[f"BX-26-{alone + 1:05}"]
    assert outcome([lines[alone]], told, NOW, "duckdb") == {"BX-26-00001": among}


def test_the_same_rows_give_the_same_flags_twice():
    made = [(FIRST + timedelta(hours=n), None, []) for n in range(5)]
    assert outcome(made, LIMITS[0], NOW, "polars") == outcome(made, LIMITS[0], NOW, "polars")


def test_a_register_that_is_not_kept_has_no_flags():
    assert bench({}, NOW).tables.by_register == {}
    assert judged(["first_reply", "low_stock"], {}, NOW) == []
