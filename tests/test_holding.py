"""Holds held against a plain reading of their rows, and declarations of them that cannot be."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_oracle import UNREAD, bench, judged, shipped

from sync.checks.holding import holding
from sync.checks.references import index
from sync.declarations import load
from sync.model import DeclarationError
from sync.rules import KINDS
from sync.schema import SHIPPED

NOW = datetime(2026, 11, 22, 2)
NAMED = (
    "result_note hold_reason hold_from hold_to fixed_at solved_by_phone repair_result"
    " register record_no reason from_at to_at"
)
WORDS = (
    "等配件", "等备件", "缺件", "配件未到", "等料",
    "等客户", "客户改期", "客户原因", "等客户确认",
    "无法进场", "进不去", "进不了场", "不让进", "现场锁门", "等进场",
)  # fmt: skip
MOMENTS = st.integers(0, 12).map(lambda n: datetime(2026, 11, 18, 8) + n * timedelta(hours=1))
CELLS = st.one_of(MOMENTS, MOMENTS, st.none(), st.just(UNREAD))


@st.composite
def books(draw):
    """Calls with remarks and a hold of their own, and lines of the register of holds."""
    calls = []
    for n in range(draw(st.integers(1, 4))):
        call = {"call_no": f"C{n}", "received_at": draw(MOMENTS), "hold_from": draw(CELLS), "hold_to": draw(CELLS),
                "fixed_at": draw(st.sampled_from([None, None, datetime(2026, 11, 19, 9), UNREAD])),
                "repair_result": draw(st.sampled_from([None, "delayed", "refused"])),
                "result_note": draw(st.sampled_from([None, "换了电源", "先断电，等配件", "客户改期", "不用等配件"])),
                "void": draw(st.sampled_from([None, None, True]))}  # fmt: skip
        calls.append({name: value for name, value in call.items() if value is not None})
    lines = []
    for n in range(draw(st.integers(0, 5))):
        line = {"hold_no": f"Z{n}", "register": draw(st.sampled_from([*["call_register"] * 2, "work_orders"])),
                "record_no": draw(st.sampled_from(["C0", "C1", "C2", "c1", None])), "from_at": draw(CELLS),
                "to_at": draw(CELLS), "void": draw(st.sampled_from([None, None, True]))}  # fmt: skip
        lines.append({name: value for name, value in line.items() if value is not None})
    return {"call_register": calls, "hold_periods": lines}


def read(value):
    return None if value == UNREAD else value


def expected(book, since):
    """(code, register, row) by reading the rows one after the other."""
    calls = {n: call for n, call in enumerate(book["call_register"], 2) if not call.get("void")}
    lines = {n: line for n, line in enumerate(book["hold_periods"], 2) if not line.get("void")}
    lines = {n: line for n, line in lines.items() if line["register"] == "call_register"}
    known = {call["call_no"] for call in book["call_register"]}
    called = {word: key for key in known for word in (key, key.lower())}
    lines = {
        n: line | {"record_no": called.get(line["record_no"], line["record_no"])} if "record_no" in line else line
        for n, line in lines.items()
    }
    for n, line in lines.items():
        if "record_no" in line and line["record_no"] not in known:
            yield "reference-unknown", "hold_periods", n
        begun = {call["call_no"]: call["received_at"] for call in calls.values()}.get(line.get("record_no"))
        if begun and sound((None, n, line.get("from_at"), line.get("to_at"))) and line["from_at"] < begun:
            yield "order-wrong", "hold_periods", n
    for n, call in calls.items():
        if not call.get("hold_from") and read(call.get("hold_to")):
            yield "hold-start-missing", "call_register", n
        held = call.get("hold_from") or call.get("hold_to") or call["call_no"] in records(lines)
        old = since is not None and call["received_at"].date() < since
        if waits(call) and not (done(call) or held or old):
            yield "hold-missing", "call_register", n
    for key in records(lines) | {call["call_no"] for call in calls.values()}:
        own = {n: call for n, call in calls.items() if call["call_no"] == key}
        spans = [("call_register", n, call.get("hold_from"), call.get("hold_to")) for n, call in own.items()]
        spans += [("hold_periods", n, line.get("from_at"), line.get("to_at"))
                  for n, line in lines.items() if line.get("record_no") == key]  # fmt: skip
        yield from about_spans([span for span in spans if sound(span)], any(map(done, own.values())))


def records(lines):
    return {line["record_no"] for line in lines.values() if "record_no" in line}


def done(call):
    return bool(read(call.get("fixed_at"))) or call.get("repair_result") == "refused"


def waits(call):
    return any(word in call.get("result_note", "").replace("不用等配件", "") for word in WORDS)


def sound(span):
    _, _, begun, to = span
    return read(begun) is not None and to != UNREAD and (to is None or to >= begun)


def about_spans(spans, done):
    """Which of the holds of one record begin while an earlier one lasts, and which have no end though they should."""
    end = datetime(9999, 1, 1)
    ordered = sorted(spans, key=lambda span: (span[2], span[3] or end, span[0] == "hold_periods", span[1]))
    for at, (register, row, begun, to) in enumerate(ordered):
        if to != begun and any(begun < (other or end) for _, _, _, other in ordered[:at]):
            yield "hold-overlap", register, row
        if to is None and done:
            yield "hold-unended", register, row


@pytest.mark.parametrize("on", ["polars", "duckdb"])
@settings(max_examples=20, deadline=None)
@given(book=books(), since=st.sampled_from([None, date(2026, 11, 18), date(2026, 11, 19)]))
def test_holds_are_told_as_a_plain_reading_of_their_rows_tells_them(on, book, since):
    made = bench(book, NOW, on=on, named=NAMED)
    tables, engine = made.tables.by_register, made.tables.engine
    found = holding(tables, {"call_register": index(tables["call_register"], engine)}, engine, since)
    told = [(one.code, register, one.place[2]) for register, several in found.items() for one in several]
    assert len(told) == len(set(told))
    assert set(told) == set(expected(book, since))


def test_what_is_looked_for_are_the_reasons_of_the_register_of_holds():
    choices = shipped().registers["hold_periods"].by_name["reason"].choices
    assert {word for choice in choices for word in (choice.title.zh, *choice.synonyms)} == set(WORDS)


@pytest.mark.parametrize(
    ("own", "listed", "state"),
    [
        ({}, [], "overdue"),
        ({"hold_from": "2026-11-20 10:00"}, [], "on_hold"),  # open-ended: it lasts until now
        ({"hold_from": "2026-11-20 10:00", "hold_to": "2026-11-20 09:00"}, [], "not_judged"),  # inverted
        ({"hold_to": "2026-11-20 10:00"}, [], "not_judged"),  # headless
        ({}, [("2026-11-20 12:00", "2026-11-20 10:00")], "not_judged"),
        ({"hold_from": "2026-11-20 10:00", "hold_to": "2026-11-21 10:00"}, [("2026-11-20 10:00", "2026-11-21 10:00")],
         "overdue"),  # overlapping: a day counts once
    ],
)  # fmt: skip
def test_a_hold_that_cannot_be_is_not_counted_and_one_without_an_end_lasts(own, listed, state):
    lines = [{"hold_no": f"Z{n}", "register": "call_register", "record_no": "C1", "from_at": a, "to_at": b}
             for n, (a, b) in enumerate(listed)]  # fmt: skip
    typed = {"call_register": [{"call_no": "C1", "received_at": "2026-11-20 01:00"} | own], "hold_periods": lines}
    [line] = judged(["arrive_on_site"], typed, NOW)
    assert line["state"] == state


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("{listed: hold_period}", "did you mean “hold_periods”"),
        ("{listed: customers}", "no register of holds"),
        ("{listed: hold_periods, remarks: [nothing]}", "nothing"),
        ("{listed: uncheckeds}", "add checks: .to_at >= from_at. there"),
        ("{listed: hold_periods, remarks: [received_at]}", "write freely"),
        ("{listed: hold_periods, done: {repair_result: [gone]}}", "no choice “gone”"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(tmp_path, told, says):
    (tmp_path / "registers").mkdir()
    text = (SHIPPED / "registers" / "call_register.yaml").read_text(encoding="utf-8")
    lines = (SHIPPED / "registers" / "hold_periods.yaml").read_text(encoding="utf-8")
    unchecked = lines.replace("name: hold_periods", "name: uncheckeds").partition("\nchecks:")[0]
    (tmp_path / "registers" / "uncheckeds.yaml").write_text(unchecked, encoding="utf-8")
    before, _, rest = text.partition("holds:")
    after = rest.partition("\nbands:")[2]
    made = f"{before}holds: {told}\n\nbands:{after}"
    (tmp_path / "registers" / "call_register.yaml").write_text(made, encoding="utf-8")
    with pytest.raises(DeclarationError, match=says):
        load([SHIPPED, tmp_path], KINDS)
