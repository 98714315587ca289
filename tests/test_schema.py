"""Declarations: what is wrong is refused with file, line, key, and what was probably meant."""

import pytest

from sync.declarations import load
from sync.model import DeclarationError
from sync.rules import KINDS
from sync.schema import SHIPPED

REGISTER = """\
name: works
title: {zh: 维修, en: Works}
book: service
primaryKey: no
series: W-{n:03}
bands:
  - {name: call, title: {zh: 接电话时, en: Call}}
fields:
  - {name: no, title: {zh: 单号, en: No.}, kind: id, constraints: {pattern: 'W-.*'}, band: call}
  - {name: done, title: {zh: 完工, en: Done}, type: date, constraints: {minimum: '2024-01-01'}}
  - {name: told, title: {zh: 来电, en: Told}, type: datetime, split: {date: {zh: 日, en: D}, time: {zh: 时, en: H}}}
  - {name: phone, title: {zh: 电话, en: Phone}, kind: phone, personal: true, foreign: works}
  - name: state
    title: {zh: 状态, en: State}
    choices:
      - {name: open, title: {zh: 未完, en: Open}, synonyms: [还没]}
      - {name: shut, title: {zh: 完成, en: Shut}, synonyms: [好了]}
  - {name: note, title: {zh: 说明, en: Note}, required_when: {state: shut}}
publish: [no, done]
checks: [done >= told]
"""
PROMISE = """\
reply:
  kind: clock
  title: {zh: 回复, en: Reply}
  register: works
  starts: told
  stops: done
  limit: 30 min
  when: {state: shut}
"""
PROFILE = "name: all\ntitle: {zh: 全部, en: All}\nstyles: []\nregisters: [works]\n"


def declare(folder, register=REGISTER, promise=PROMISE, profile=PROFILE):
    for room, text in (("registers", register), ("policy", promise), ("profiles", profile)):
        (folder / room).mkdir()
        (folder / room / "one.yaml").write_text(text, encoding="utf-8")
    return load([folder], KINDS)


def test_the_example_of_these_tests_is_sound(tmp_path):
    found = declare(tmp_path)
    assert list(found.registers) == ["works"]
    assert [promise.name for promise in found.promises] == ["reply"]


def test_all_that_is_shipped_is_sound():
    assert len(load([SHIPPED], KINDS).registers) >= 17


MISTAKES = [
    # what stands there, what somebody wrote instead, the line, the key, what is said of it
    ("book: service", "bok: service", 3, "bok", "did you mean “book”?"),
    ("book: service", "book: 3", 3, "book", "Expected `str`"),
    ("book: service", "book: service\nbook: stores", 4, "", "duplicate"),
    ("book: service", "book: service\n\tseries: 1", 4, "", "cannot start any token"),
    ("name: works", "name: Works", 1, "name", "not a name"),
    ("primaryKey: no", "primaryKey: num", 4, "primaryKey", "has no field “num”"),
    ("series: W-{n:03}", "series: W-000", 5, "series", "not a series"),
    ("name: no,", "name: No,", 9, "fields[0].name", "lower case"),
    ("kind: id", "kind: ident", 9, "fields[0].kind", "ident"),
    ("type: date,", "type: dat,", 10, "fields[1].type", "did you mean “date”?"),
    ("pattern: 'W-.*'", "pattern: 'W-('", 9, "fields[0].constraints.pattern", "does not compile"),
    ("minimum: '2024-01-01'", "minimum: yesterday", 10, "fields[1].constraints.minimum", "no date"),
    ("minimum: '2024-01-01'", "minimum: 5", 10, "fields[1].constraints.minimum", "cannot bound a date"),
    ("{pattern: 'W-.*'}", "{required: 1}", 9, "fields[0].constraints.required", "Expected `bool`"),
    ("band: call", "band: cal", 9, "fields[0].band", "there is no band"),
    (", time: {zh: 时, en: H}}", "}", 11, "fields[2].split", "a date and a time"),
    ("type: datetime, split", "type: date, split", 11, "fields[2].split", "on a datetime"),
    ("foreign: works", "foreign: work", 12, "fields[3].foreign", "did you mean “works”?"),
    ("personal: true", "personal: staff", 12, "fields[3].personal", "foreign: staff"),
    ("  - name: state", "  - name: done", 8, "fields", "declared twice"),
    ("{zh: 状态, en: State}", "{zh: 完工, en: State}", 8, "fields", "heads both"),
    ("synonyms: [好了]", "synonyms: [还没]", 15, "fields[4].choices", "means both “open” and “shut”"),
    ("name: shut,", "name: open,", 15, "fields[4].choices", "declared twice"),
    ("{state: shut}", "{state: shud}", 18, "fields[5].required_when.state", "did you mean “shut”?"),
    ("{state: shut}", "{stat: shut}", 18, "fields[5].required_when", "did you mean “state”?"),
    ("publish: [no, done]", "publish: [no, phone]", 19, "publish[1]", "personal and may not be published"),
    ("publish: [no, done]", "publish: [no, don]", 19, "publish[1]", "did you mean “done”?"),
    ("done >= told", "done => told", 20, "checks[0]", "FIELD OP FIELD"),
    ("done >= told", "done >= state", 20, "checks[0]", "cannot be compared"),
    ("done >= told", "done >= tol", 20, "checks[0]", "did you mean “told”?"),
]
CHOICELESS = REGISTER.replace("kind: id", "kind: choice")
PROMISED = [
    ("kind: clock", "kind: clok", 2, "reply.kind", "did you mean “clock”?"),
    ("reply:", "Reply:", 1, "Reply", "not a name"),
    ("register: works", "register: work", 4, "reply.register", "did you mean “works”?"),
    ("starts: told", "starts: tolt", 5, "reply.starts", "did you mean “told”?"),
    ("starts: told", "starts: state.name", 5, "reply.starts", "leads to no other register"),
    ("limit: 30 min", "limit: half an hour", 7, "reply.limit", "not a limit"),
    ("limit: 30 min", "limit: 30 minuts", 7, "reply.limit", "UNIT one of"),
    ("limit: 30 min", "limits: 30 min", 7, "reply.limits", "did you mean “limit”?"),
    ("{state: shut}", "{state: 完成}", 8, "reply.when.state", "has no choice"),
]


def refused(folder, room, line, key, words, **files):
    with pytest.raises(DeclarationError) as refusal:
        declare(folder, **files)
    said = str(refusal.value)
    assert said.startswith(f"{folder / room / 'one.yaml'}:{line}: {key}"), said
    assert words in said


@pytest.mark.parametrize(("there", "instead", "line", "key", "words"), MISTAKES)
def test_a_mistake_in_a_register_is_refused_where_it_stands(there, instead, line, key, words, tmp_path):
    assert there in REGISTER
    refused(tmp_path, "registers", line, key, words, register=REGISTER.replace(there, instead, 1))


@pytest.mark.parametrize(("there", "instead", "line", "key", "words"), PROMISED)
def test_a_mistake_in_a_promise_is_refused_where_it_stands(there, instead, line, key, words, tmp_path):
    assert there in PROMISE
    refused(tmp_path, "policy", line, key, words, promise=PROMISE.replace(there, instead, 1))


def test_a_choice_needs_choices(tmp_path):
    refused(tmp_path, "registers", 9, "fields[0]", "without choices", register=CHOICELESS)


def test_a_profile_names_registers_that_there_are(tmp_path):
    refused(
        tmp_path, "profiles", 4, "registers[0]", "did you mean “works”?", profile=PROFILE.replace("[works]", "[work]")
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "just words", "fields: 3", "fields: [1, 2]", "name: [", "\u0000", "!!python/x 1"]
)
def test_what_is_no_register_at_all_is_refused_with_its_file(text, tmp_path):
    with pytest.raises(DeclarationError, match=r"one\.yaml"):
        declare(tmp_path, register=text)


@pytest.mark.parametrize("text", ["[]", "just words", "reply: 3", "3: {kind: clock}"])
def test_what_is_no_promise_is_refused_with_its_file(text, tmp_path):
    with pytest.raises(DeclarationError, match=r"one\.yaml"):
        declare(tmp_path, promise=text)


def test_the_department_replaces_a_shipped_file_by_its_name(tmp_path):
    ours, shipped = tmp_path / "ours", tmp_path / "shipped"
    ours.mkdir()
    shipped.mkdir()
    declare(shipped)
    declare(ours, register=REGISTER.replace("zh: 维修", "zh: 修理"))
    assert load([shipped, ours], KINDS).registers["works"].title.zh == "修理"


@pytest.mark.parametrize("text", ["1 month", "2 working days", "done days"])
def test_a_warning_time_that_has_no_fixed_length_is_refused(tmp_path, text):
    """It used to count as none, so that nobody was warned."""
    with pytest.raises(DeclarationError, match=r"one.yaml:\d+: reply.due_soon: .* no fixed length"):
        declare(tmp_path, promise=f"{PROMISE}  due_soon: {text}\n")
