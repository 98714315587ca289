"""Series and repeats held against ones that are worked out row by row, on both engines; declarations that cannot be."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kind_oracle import months, moving, repeats, series
from rule_oracle import judged

from sync.declarations import load
from sync.engines import ENGINES
from sync.model import DeclarationError
from sync.rules import KINDS
from sync.rules.periods import PERIODS, complete, period
from sync.schema import SHIPPED

FIRST = datetime(2025, 1, 1)
NOW = datetime(2026, 11, 22, 2, 0)
SOON = timedelta(days=14)
few = settings(
    max_examples=2, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
days = st.integers(0, 720).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def contracts(draw):
    """When it was accepted, how many months it runs, when somebody came, and what was waived."""
    past = days.filter(lambda day: day <= NOW)
    return (
        draw(st.sampled_from([FIRST, datetime(2025, 1, 31), datetime(2025, 8, 31), datetime(2024, 2, 29)]) | days),
        draw(st.integers(0, 30)),
        draw(st.lists(past, max_size=8)),
        draw(st.lists(past, max_size=3)),
    )


def typed(rows):
    visits = [
        {"contract_no": f"HT-{n}", "kind": "revisit", **told}
        for n, (_, _, came, waived) in enumerate(rows)
        for told in (
            *({"visited_on": at} for at in came),
            *({"planned_on": at, "waived": True, "waive_reason": "客户停工"} for at in waived),
        )
    ]
    return {
        "contracts": [{"contract_no": f"HT-{n}", "accepted_on": row[0], "guarantee_months": row[1]}
                      for n, row in enumerate(rows)],
        "visits": [{"visit_no": f"V{n}", **visit} for n, visit in enumerate(visits)],
    }  # fmt: skip


def a_series(**more):
    waived = {"waived_when": {"waived": True}, "waived_on": "planned_on", "reason": "waive_reason"}
    done = {"register": "visits", "key": "contract_no", "on": "visited_on", **waived}
    return {"kind": "recurrence", "title": {"zh": "试", "en": "Try"}, "register": "contracts", "anchor": "accepted_on",
            "every": "3 months", "done_in": done, "due_soon": "14 days", **more}  # fmt: skip


def outcome(rows, on, **more):
    found = {}
    for line in judged([], typed(rows), NOW, on=on, own={"try": a_series(**more)}):
        found.setdefault(line["key"], []).append((line["due"], line["state"], line["stop"]))
    return found


@few
@given(rows=st.lists(contracts(), min_size=15, max_size=15))
def test_the_engines_say_what_a_series_says_that_is_walked_by_hand(rows):
    """Anchor plus k periods; a late visit makes up for the one before; a waived one is not owed."""
    wanted = {}
    for n, (anchor, length, came, waived) in enumerate(rows):
        if lines := series(anchor, 3, months(anchor.date(), length), came, waived, NOW, SOON):
            wanted[f"HT-{n}"] = lines
    assert {on: outcome(rows, on, until_months="guarantee_months") for on in ENGINES} == dict.fromkeys(ENGINES, wanted)


@few
@given(rows=st.lists(contracts(), min_size=15, max_size=15))
def test_the_engines_say_what_a_moving_series_says(rows):
    wanted = {
        f"HT-{n}": moving(anchor, 3, came, waived, NOW, SOON)
        for n, (anchor, _, came, waived) in enumerate(rows)
        if anchor + timedelta(days=1) <= NOW + SOON
    }
    assert {on: outcome(rows, on, moves=True) for on in ENGINES} == dict.fromkeys(ENGINES, wanted)


def test_a_visit_early_or_late_does_not_move_the_series():
    """Only where the promise says so."""
    early, late = ([(FIRST, 0, [FIRST + timedelta(days=n)], [])] for n in (5, 85))
    dues = [[due for due, _, _ in outcome(rows, "polars")["HT-0"]] for rows in (early, late)]
    assert dues[0] == dues[1]
    moved = [[due for due, _, _ in outcome(rows, "polars", moves=True)["HT-0"]] for rows in (early, late)]
    assert moved[0][-1] < moved[1][-1]


steps = st.integers(0, 400).map(lambda n: FIRST + timedelta(hours=4 * n))
jobs = st.tuples(st.sampled_from("AB"), steps, st.none() | st.integers(-2, 60))


@few
@given(rows=st.lists(jobs, min_size=25, max_size=25))
def test_the_engines_find_the_repeats_that_a_search_finds(rows):
    lines = [
        (f"WX-{n:05}", group, begins, None if hours is None else begins + timedelta(hours=4 * hours))
        for n, (group, begins, hours) in enumerate(rows)
    ]
    own = {"again": {"kind": "repeat", "title": {"zh": "试", "en": "Try"}, "register": "work_orders",
                     "same": ["equipment"], "starts": "arrived_at", "after": "finished_at",
                     "within": "2 days"}}  # fmt: skip
    orders = [
        {"work_order_no": key, "equipment": group, "arrived_at": a, "finished_at": b} for key, group, a, b in lines
    ]
    wanted = repeats(lines, timedelta(days=2))
    for on in ENGINES:
        found = judged([], {"work_orders": orders}, NOW, on=on, own=own)
        assert {line["key"]: line["start"] for line in found} == wanted


# ---------------------------------------------------------------- calendar periods


@pytest.mark.parametrize(
    ("every", "key", "start", "end"),
    [
        ("calendar week", "2026-W53", "2026-12-28", "2027-01-04"),
        ("calendar month", "2026-12", "2026-12-01", "2027-01-01"),
        ("calendar quarter", "2026-Q4", "2026-10-01", "2027-01-01"),
        ("calendar year", "2026", "2026-01-01", "2027-01-01"),
    ],
)
def test_a_period_has_its_name_and_its_ends(every, key, start, end):
    last = datetime(2026, 12, 31).date()
    assert period(every, last) == (key, datetime.fromisoformat(start), datetime.fromisoformat(end))


@pytest.mark.parametrize("every", PERIODS)
def test_periods_follow_each_other_without_a_gap(every):
    found = complete(every, NOW, 60)
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert found[-1].end <= NOW < period(every, NOW.date()).end


# ---------------------------------------------------------------- what is refused


def refused(tmp_path, text):
    folder = tmp_path / "policy"
    folder.mkdir(exist_ok=True)
    (folder / "own.yaml").write_text(f"try:\n  title: {{zh: 试, en: Try}}\n{text}", encoding="utf-8")
    with pytest.raises(DeclarationError) as error:
        load([SHIPPED, tmp_path], KINDS)
    return str(error.value)


SERIES = "  kind: recurrence\n  register: contracts\n"


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("  anchor: accepted_on\n  every: 3 h\n  done_in: {register: visits, on: visited_on}\n", "every: “3 h”"),
        ("  anchor: accepted_on\n  every: 1.5 months\n  done_in: {register: visits, on: visited_on}\n", "whole number"),
        ("  every: 3 months\n  done_in: {register: visits, on: visited_on}\n", "anchor: a series begins"),
        ("  every: calendar decade\n  done_in: {register: visits, on: visited_on}\n", "none of calendar week"),
        ("  every: calendar week\n  moves: true\n  done_in: {register: visits, on: visited_on}\n", "leave out anchor"),
        ("  every: calendar week\n  done_in: {register: visit, on: visited_on}\n", "did you mean “visits”"),
        ("  every: calendar week\n  done_in: {register: visits, on: visit_on}\n", "did you mean “visited_on”"),
        ("  every: calendar week\n  done_in: {register: visits, on: visited_on, when: {kind: tuor}}\n", "“tour”"),
        ("  every: calendar week\n  done_in: {register: visits, on: visited_on, waived_when: {waived: true}}\n",
         "done_in: waived_when and reason go together"),
        ("  every: calendar week\n  when: {void: true}\n  done_in: {register: visits, on: visited_on}\n", "is no row"),
        ("  every: calendar week\n  done_in: {register: visits, on: kind}\n", "“kind” is a choice, not a moment"),
        ("  anchor: patrol_period\n  every: 1 month\n  done_in: {register: visits, on: visited_on}\n", "no date"),
        ("  anchor: accepted_on\n  every: patrol_period months\n  done_in: {register: visits, on: visited_on}\n",
         "is a choice, no integer"),
    ],
)  # fmt: skip
def test_a_series_that_cannot_be_is_refused_with_its_reason(tmp_path, told, says):
    message = refused(tmp_path, SERIES + told)
    assert says in message
    assert "own.yaml:" in message


def test_a_department_that_keeps_no_visits_is_not_judged_whether_it_moves_or_not():
    rows = {"contracts": [{"contract_no": "HT-1", "accepted_on": "2026-08-16"}]}
    for moves in (True, False):
        found = judged([], rows, NOW, own={"try": a_series(moves=moves)})
        assert {line["state"] for line in found} == {"not_judged"}
