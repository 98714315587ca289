"""Ratios of time held against half hours counted one by one, on both engines, and what must hold of any of them."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kind_oracle import time_down
from rule_oracle import UNREAD, bench, judged, schema
from test_explain import told
from test_recurrence import refused

from sync.engines import ENGINES, rows
from sync.flag import flag
from sync.gather import Names
from sync.gather.ratios import ratios
from sync.model import Flag
from sync.rules.coverage import behind, periods, shares, verdict

NOW = datetime(2026, 11, 22, 2, 0)
FIRST = datetime(2026, 8, 20)
GRACE = timedelta(hours=4)
SINCE = {"A": datetime(2026, 1, 1), "B": datetime(2026, 9, 20, 0, 0)}
CONTRACTS = [{"contract_no": f"HT-{n}", "customer_name": name, "accepted_on": at}
             for n, (name, at) in enumerate(SINCE.items())]  # fmt: skip
few = settings(
    max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
moments = st.integers(0, 95 * 48).map(lambda n: FIRST + timedelta(minutes=30 * n))
lengths = st.integers(-2, 20) | st.integers(0, 40 * 48)  # half hours


@st.composite
def faults(draw, things=("A", "B", "C", None, UNREAD), *, blurred=True):
    """One call: what was down, since when, until when."""
    begin = draw(moments)
    end = draw(st.none() | lengths.map(lambda n: begin + timedelta(minutes=30 * n)))
    unread = st.sampled_from([0, 0, 0, 0, 1, 2]) if blurred else st.just(0)
    wrong = draw(unread)
    return draw(st.sampled_from(things)), UNREAD if wrong == 1 else begin, UNREAD if wrong == 2 else end


def a_rate(**more):
    down = {"from": "received_at", "to": "fixed_at", "grace": "4 h", "thing": "customer_name",
            "of": {"register": "contracts", "key": "customer_name", "since": "accepted_on"}}  # fmt: skip
    return {"kind": "coverage", "title": {"zh": "试", "en": "Try"}, "register": "call_register",
            "every": "calendar month", "at_least": 100, "down": down, **more}  # fmt: skip


def typed(found):
    calls = [{"call_no": f"C{n:03}", "customer_name": thing, "received_at": begin, "fixed_at": end}
             for n, (thing, begin, end) in enumerate(found)]  # fmt: skip
    return {"call_register": calls, "contracts": CONTRACTS}


def shared(found, on="polars", **more):
    """By the beginning of each period: the share, and the verdict on each call."""
    [promise] = schema([], {"try": a_rate(**more)}).promises
    made = bench(typed(found), NOW, on=on, named=str(promise))
    lines = behind(promise, made)
    verdicts = {}
    for line in rows(made.tables.engine.columns(lines)):
        verdicts.setdefault(line["_from"], {})[line["_key"]] = verdict(line)
    spans = periods(promise, made)
    return {at: (share, verdicts.get(at, {})) for at, share in shares(promise, made, lines).items()}, spans


@few
@given(found=st.lists(faults(), max_size=25))
def test_the_engines_count_the_half_hours_that_a_person_counts(found):
    """What is down, what may be, out of how much, and what became of each call."""
    for on in ENGINES:
        got, spans = shared(found, on)
        for span in spans:
            hours, verdicts = time_down(found, SINCE, span.start, span.end, NOW, GRACE)
            share, said = got[span.start]
            maybe = min(hours["maybe"], hours["whole"] - hours["down"])
            assert (share.missed, share.unknown, share.whole) == tuple(
                1800 * n for n in (hours["down"], maybe, hours["whole"])
            )
            assert said == {f"C{n:03}": one for n, one in enumerate(verdicts) if one}


@few
@given(found=st.lists(faults(), max_size=12), dice=st.randoms())
def test_the_order_of_the_rows_is_irrelevant(found, dice):
    mixed = dice.sample(found, len(found))
    assert {at: share for at, (share, _) in shared(found)[0].items()} == {
        at: share for at, (share, _) in shared(mixed)[0].items()
    }


@few
@given(found=st.lists(faults(blurred=False), max_size=12))
def test_the_months_of_a_quarter_add_up_to_it(found):
    """A fault is cut at the midnight between two months, and nothing of it is lost or counted twice."""
    months, quarters = shared(found)[0], shared(found, every="calendar quarter", last=1)[0]
    third = quarters[datetime(2026, 10, 1)][0]
    parts = [months[datetime(2026, month, 1)][0] for month in (10, 11)]
    assert (third.missed, third.whole) == (sum(p.missed for p in parts), sum(p.whole for p in parts))


@few
@given(thing=st.sampled_from("AB"), begin=moments, cuts=st.lists(st.integers(9, 400), min_size=2, max_size=4))
def test_a_fault_in_two_touching_ones_lasts_as_long(thing, begin, cuts):
    """As long as each part is longer than the grace."""
    ends = [begin + timedelta(minutes=30) * sum(cuts[: n + 1]) for n in range(len(cuts))]
    parts = [(thing, a, b) for a, b in zip([begin, *ends], ends, strict=False)]
    whole, split = (shared(found)[0] for found in ([(thing, begin, ends[-1])], parts))
    last = {at for at, (share, _) in split.items() if at <= NOW}
    # the last part may still be within the grace when it has only just begun
    if ends[-1] <= NOW:
        assert {at: whole[at][0] for at in last} == {at: split[at][0] for at in last}


CALLS = {
    "call_register": [
        {"call_no": "C1", "customer_name": "A", "received_at": "2026-10-30 00:00", "fixed_at": "2026-11-02 12:00"},
        {"call_no": "C2", "customer_name": "A", "received_at": "2026-11-02 06:00", "fixed_at": "2026-11-03 00:00"},
        {"call_no": "C3", "customer_name": "B", "received_at": "2026-11-05 08:00", "fixed_at": "2026-11-05 12:00"},
        {"call_no": "C4", "customer_name": "B", "received_at": "2026-11-21 20:00"},
        {"call_no": "C5", "customer_name": "C", "received_at": "2026-11-06 08:00", "fixed_at": "2026-11-08 08:00"},
        {"call_no": "C6", "customer_name": UNREAD, "received_at": "2026-11-06 08:00", "fixed_at": "2026-11-06 18:00"},
    ],
    "contracts": CONTRACTS,
}


def test_a_receipt_can_be_worked_out_again():
    """The hours of its rows add up to the hours down, overlaps once, and the rate is one division."""
    said = next(one for one in told("2026-11", [], CALLS, {"try": a_rate()}) if one.flag.start.month == 11)
    facts = said.facts
    left = [row for row in facts["rows"] if row["verdict"] == "left"]
    assert [(row["key"], row["hours_down"]) for row in left] == [("C1", 36.0), ("C2", 12.0), ("C4", 6.0)]
    assert sum(row["hours_down"] for row in facts["rows"]) == facts["hours_down"] == 54.0
    since = datetime(2026, 11, 1)
    busy = {(row["thing"], since + timedelta(hours=n)) for row in left for n in range(506)
            if row["from"] <= since + timedelta(hours=n) < (row["to"] or NOW)}  # fmt: skip
    assert len(busy) == facts["hours_down"]
    assert facts["hours"] == facts["things"] * (NOW - since) / timedelta(hours=1) == 1012.0
    assert facts["hours_unclear"] == 10.0
    assert "共 1,012.0 小时，坏着 54.0 小时，完好 93.6–94.6%；要求不低于 100%" in said.zh  # 948/1012 and 958/1012
    assert "计入 3 件，填了结束时间的 2 件，没填的算到现在：C1（36.0 小时）、C2（12.0 小时）、C4（6.0 小时）" in said.zh
    assert "不超过 4 小时的 1 件不计。" in said.zh
    assert "不在“合同项目”里的 1 件不计：C5。" in said.zh
    assert "说不准的 1 件，最多还有 10.0 小时：C6。" in said.zh
    assert "1,012.0 hours in all, down for 54.0; in order 93.6–94.6 %" in said.en


def test_never_rounded_up():
    """One hour of a month is not 100 per cent."""
    calls = [{"call_no": "C1", "customer_name": "A", "received_at": "2026-10-05 00:00", "fixed_at": "2026-10-05 00:31"}]
    rate = a_rate(down=a_rate()["down"] | {"grace": "30 min"})
    own = {"try": rate}
    [said] = told("2026-10", [], {"call_register": calls, "contracts": CONTRACTS}, own)
    assert "完好 99.9%" in said.zh
    assert said.flag.state == "below"


@pytest.mark.parametrize("hidden", ["", "call_no", "fixed_at"])
def test_a_page_names_the_records_behind_it_where_their_register_publishes_them(hidden):
    """The longest first, then what nobody can say and what is left out; what is short is only counted."""
    asked = schema([], {"try": a_rate()})
    whole = asked.registers["call_register"]
    calls = msgspec.structs.replace(whole, publish=[name for name in whole.publish if name != hidden])
    asked = msgspec.structs.replace(asked, registers=asked.registers | {"call_register": calls})
    made = bench(CALLS, NOW, named=str(asked.promises) + str(whole.publish))
    found = [Flag(**line) for line in rows(made.tables.engine.columns(flag(asked, made)))]
    told = [ratio for ratio in ratios(found, asked, made, Names(made.tables)) if ratio.key == "2026-11"]
    if hidden:
        assert told == []
        return
    [ratio] = told
    shown = [(row.key, row.verdict, row.seconds / 3600) for row in ratio.rows]
    assert shown == [
        ("C1", "left", 36),
        ("C2", "left", 12),
        ("C4", "left", 6),
        ("C6", "unclear", 0),
        ("C5", "outside", 0),
    ]
    assert (ratio.percent, ratio.until, ratio.recorded, ratio.counts["done"]) == ("93.6–94.6", NOW, 2, 1)


def test_without_its_list_nobody_can_say():
    """The register that says what is in service is not kept."""
    found = judged([], {"call_register": CALLS["call_register"]}, NOW, own={"try": a_rate()})
    assert {line["state"] for line in found} == {"not_judged", "not_due"}


RATE = """
  kind: coverage
  register: call_register
  every: calendar month
  at_least: 100
  down:
    from: received_at
    to: fixed_at
    grace: 4 h
    otherwise: [{when: {solved_by_phone: true}, to: replied_at}]
    thing: customer_name
    of: {register: contracts, key: customer_name, since: accepted_on}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("to: fixed_at", "to: fixed", "no field “fixed”"),
        ("to: fixed_at", "to: repair_result", "not a moment"),
        ("grace: 4 h", "grace: four hours", "four hours"),
        ("{solved_by_phone: true}", "{solved_by_phone: maybe}", "yes or no"),
        ("thing: customer_name", "thing: customer", "no field “customer”"),
        ("register: contracts", "register: contrakts", "did you mean “contracts”"),
        ("key: customer_name", "key: customer", "no field “customer”"),
        ("at_least: 100", "at_least: 100\n  dated: received_at", "of time or of what was done"),
    ],
)
def test_a_ratio_of_time_that_cannot_be_is_refused_with_its_reason(tmp_path, right, wrong, says):
    assert RATE.count(right) == 1
    assert says in refused(tmp_path, RATE.removeprefix("\n").replace(right, wrong))
