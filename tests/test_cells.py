"""What cells say, kind by kind: each line of *cases/cells* is a cell and what is made of it."""

import datetime as dt
import re
import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import yamlfile
from sync.cells import READERS, clean, fold, is_placeholder, raw, read, visible
from sync.model import EMPTY, UNREADABLE, VALUE, Cell, Raw
from sync.schema import KINDS, Field
from sync.settings import Department, Settings

ROOT = Path(__file__).parent.parent
PROBLEMS = yamlfile.read(ROOT / "site/words/problems.yaml")
FILES = {path.stem: yamlfile.read(path) for path in sorted((ROOT / "tests/cases/cells").glob("*.yaml"))}
KNOWN = {"tab", "row", "header", "column", "value"}
TAGS = "snbdtefm "
OWN = ("choice", "date", "day", "duration", "gate", "ident", "link", "moment", "number", "phone", "timeofday")
calm = settings(deadline=None)  # a busy machine is no fault of a reader


def cases():
    for name, file in FILES.items():
        for outcome in ("reads", "refuses", "warns"):
            for text, expected in file.get(outcome, {}).items():
                yield name, Raw(text, "s"), {outcome: expected}
        for case in file.get("tagged", []):
            yield name, Raw(case["value"], case["tag"]), case


def declared(file):
    kind = file["kind"]
    words = {"zh": "栏", "en": "Column"}
    field = msgspec.convert({"name": "f", "title": words, "kind": kind, **file.get("field", {})}, Field)
    department = Department(name=Settings().department.name, time_zone=file.get("zone", "Asia/Shanghai"))
    return field, Settings(department=department)


def shown(value):
    """Values as the case files write them: dates as text."""
    if isinstance(value, dt.datetime):
        return str(value)
    return value


@pytest.mark.parametrize(("name", "cell", "expected"), list(cases()))
def test_a_cell_is_read_as_its_case_says(name, cell, expected):
    field, workplace = declared(FILES[name])
    got = READERS[field.reads_as](cell, field, workplace)
    if "refuses" in expected:
        wanted = expected["refuses"]
        code, suggestion = wanted if isinstance(wanted, list) else (wanted, "")
        assert (got.state, got.value, got.reason and got.reason.code) == (UNREADABLE, None, code)
        assert got.reason.suggestion == suggestion
        return
    if "empty" in expected:
        assert got == Cell(EMPTY)
        return
    code, value = expected["warns"] if "warns" in expected else (None, expected["reads"])
    text = shown(got.value)
    if field.reads_as == "date":
        assert got.value.time() == dt.time()
        text = text.removesuffix(" 00:00:00")
    assert (got.state, got.reason, text) == (VALUE, None, value)
    assert type(text) is type(value)
    assert [warning.code for warning in got.warnings] == ([code] if code else [])


def test_every_kind_has_a_reader_and_cases():
    assert set(READERS) == set(KINDS) == {file["kind"] for file in FILES.values()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", " ", "\u3000\u00a0\n", "\u200b\ufeff", "\u202e", "/", "-", "——", "—", "－", "…",
                                  "？", "无", "暂无", "待定", " 待定 ", "N/A", "n/a"])  # fmt: skip
def test_nothing_and_placeholders_are_empty_in_every_kind(kind, text):
    """Empty is unknown: not zero, not no, not today."""
    assert read(kind, Raw(text, "s")) == Cell(EMPTY)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_cells_are_unreadable_in_every_kind(kind):
    """An error value, a formula that was never calculated and a merged cell are never blanks, and never values."""
    for tag, code in (("e", "cell-error"), ("f", "formula-unsaved"), ("m", "cell-merged")):
        for text in ("", "2026-11-22", "1"):
            cell = read(kind, Raw(text, tag))
            assert (cell.state, cell.reason and cell.reason.code) == (UNREADABLE, code)
    assert read(kind, Raw("#N/A", "s")).reason.code == "cell-error"
    assert read(kind, Raw("同上", "s")).reason.code == "placeholder-ditto"
    assert read(kind, Raw("", " ")) == Cell(EMPTY)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", None, None),
        ("text", "a", "a"),
        ("id", 42, "42"),
        ("id", "0042", "0042"),
        ("integer", 3, 3),
        ("integer", 3.0, 3),
        ("integer", True, "integer-unreadable"),
        ("integer", 1e15, "integer-unreadable"),
        ("id", 1e15, "id-number-too-long"),
        ("id", 12345678901234567890, "id-number-too-long"),
        ("number", 0.1, 0.1),
        ("number", 1e-7, 1e-7),
        ("number", float("nan"), "number-unreadable"),
        ("number", float("inf"), "number-unreadable"),
        ("number", dt.date(2026, 11, 22), "number-is-date"),
        ("boolean", False, False),
        ("date", dt.date(2026, 11, 22), dt.datetime(2026, 11, 22)),
        ("date", 46348, dt.datetime(2026, 11, 22)),
        ("date", 11.22, "date-serial-small"),
        ("datetime", dt.datetime(2026, 11, 22, 9, 30), dt.datetime(2026, 11, 22, 9, 30)),
        ("datetime", dt.datetime(2026, 11, 22, 1, 30, tzinfo=dt.UTC), dt.datetime(2026, 11, 22, 9, 30)),
        ("datetime", 46348 + 9.5 / 24, dt.datetime(2026, 11, 22, 9, 30)),
        ("time", dt.time(9, 30), 34200),
        ("time", 9.5 / 24, 34200),
        ("duration", dt.timedelta(hours=30), 1800),
        ("duration", dt.timedelta(hours=-1), "duration-unreadable"),
        ("month", dt.date(2026, 11, 1), "2026-11"),
        ("phone", 13800000001, "+8613800000001"),
    ],
)
def test_plain_values_are_read_as_a_workbook_would_hold_them(kind, value, expected):
    cell = read(kind, value)
    assert expected == (cell.reason.code if cell.reason else cell.value)


def test_a_kind_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="no kind of value is called “colour”"):
        read("colour", "red")


def test_a_declared_minimum_opens_earlier_dates():
    """An old machine may have been installed in 1998, where the register says that such years occur."""
    words = {"zh": "安装日期", "en": "Installed"}
    field = msgspec.convert(
        {"name": "f", "title": words, "type": "date", "constraints": {"minimum": "1980-01-01"}}, Field
    )
    assert read(field, "1998-05-01").value == dt.datetime(1998, 5, 1)
    assert read(field, dt.date(1998, 5, 1)).value == dt.datetime(1998, 5, 1)
    assert read(field, "1979-12-31").reason.code == "date-too-early"
    assert read(field, dt.date(1900, 1, 10)).reason.code == "date-serial-small"


def test_a_list_names_its_values_in_both_languages():
    reason = read(declared(FILES["choice"])[0], "邮件").reason
    assert reason.params == {"allowed": "电话、微信、上门、无", "allowed_en": "Phone, WeChat, Visit, None"}


# ---------------------------------------------------------------- texts


@calm
@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)
    assert fold(fold(text)) == fold(text)
    assert is_placeholder(text) == is_placeholder(clean(text))


def test_what_cannot_be_seen_is_shown():
    """A message shows why two cells that look alike are not."""
    assert visible("a\u202eb\u200bc\x00d\u00a0e\nf\ud800") == "a‹U+202E›b‹U+200B›c‹U+0000›d‹U+00A0›e↵f‹U+D800›"
    assert visible("不制冷\u3000外机 ok") == "不制冷\u3000外机 ok"


@calm
@given(st.text(max_size=400), st.integers(10, 200))
def test_a_shown_value_is_short_and_harmless(text, limit):
    found = visible(text, limit)
    assert len(found) <= limit
    assert found.isprintable() or "\u3000" in found


# ---------------------------------------------------------------- all readers

TYPED = st.text(st.characters(exclude_categories=()), max_size=30)
NEARLY = st.text(
    "0123456789年月日号点时分半上下午:-/.~ TZ+¥元万台,xX转()*E@ahc#无同一十\u200b\u202e\u3000：，²", max_size=24
)
COLUMNS = [declared(file) for file in FILES.values()]


@calm
@given(st.one_of(TYPED, NEARLY), st.sampled_from(TAGS), st.sampled_from(COLUMNS))
def test_reading_never_raises_and_never_leaves_a_refusal_without_words(text, tag, column):
    field, workplace = column
    cell = READERS[field.reads_as](Raw(text, tag), field, workplace)
    assert (cell.state == VALUE) == (cell.value is not None)
    assert (cell.state == UNREADABLE) == (cell.reason is not None)
    assert cell.state == VALUE or not cell.warnings
    if not clean(text) and tag not in "efm":
        assert cell == Cell(EMPTY)
    for reason in filter(None, (cell.reason, *cell.warnings)):
        words = PROBLEMS[reason.code]
        assert (words["severity"] == "warning") == (reason in cell.warnings)
        for language in ("zh", "en"):
            given_ = dict.fromkeys(KNOWN, "…") | dict(reason.params)
            assert words[language].format(**given_)
            if reason.suggestion:
                assert words[f"{language}_hint"].format(suggestion=reason.suggestion, **given_)


@calm
@given(st.one_of(TYPED, NEARLY), st.sampled_from(COLUMNS))
def test_outer_white_space_and_invisible_signs_change_nothing(text, column):
    field, workplace = column
    if field.reads_as == "link":
        return
    dressed = f"\u3000\n {text}\u200b\u00a0"
    wanted = read(field, Raw(text, "s"), workplace)
    assert read(field, Raw(dressed, "s"), workplace) == wanted


@calm
@given(st.dates(dt.date(2000, 1, 1), dt.date(2049, 12, 31)))
def test_every_spelling_of_a_day_is_the_day(day):
    wanted = Cell(VALUE, dt.datetime(day.year, day.month, day.day))
    spellings = (
        "{0:%Y-%m-%d}",
        "{0:%Y/%m/%d}",
        "{0:%Y%m%d}",
        "{0.year}.{0.month}.{0.day}",
        "{0.year}年{0.month}月{0.day}日",
    )
    assert [read("date", spelling.format(day)) for spelling in spellings] == [wanted] * len(spellings)
    assert read("date", day) == read("date", (day - dt.date(1899, 12, 30)).days) == wanted
    assert read("month", f"{day:%Y-%m}").value == f"{day:%Y-%m}"


@calm
@given(st.datetimes(dt.datetime(2000, 1, 2), dt.datetime(2049, 12, 31)).map(lambda at: at.replace(microsecond=0)))
def test_a_moment_is_the_same_as_text_as_a_cell_and_as_a_serial(moment):
    wanted = Cell(VALUE, moment)
    assert read("datetime", str(moment)) == read("datetime", moment) == wanted
    assert read("datetime", f"{moment.isoformat()}+08:00") == wanted
    assert read("datetime", f"{moment - dt.timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}") == wanted
    serial = (moment - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)
    if moment.time() != dt.time():
        assert read("datetime", serial) == wanted
    assert read("date", serial).value == dt.datetime(moment.year, moment.month, moment.day)


@calm
@given(st.times())
def test_a_time_is_the_same_as_text_and_as_a_part_of_a_day(time):
    wanted = Cell(VALUE, time.hour * 3600 + time.minute * 60 + time.second)
    assert read("time", f"{time:%H:%M:%S}") == read("time", time) == wanted
    assert read("time", wanted.value / 86_400) == wanted


@calm
@given(st.integers(0, 999_999_999_999_999))
def test_a_count_is_the_same_in_every_script(number):
    wide = str(number).translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    assert read("integer", number) == read("integer", str(number)) == Cell(VALUE, number)
    assert read("integer", f"{number:,}") == read("integer", wide) == Cell(VALUE, number)
    assert read("id", raw(number)).value == str(number)


@calm
@given(st.floats(-1e12, 1e12))
def test_a_number_keeps_its_value(number):
    assert read("number", number).value == number


# ---------------------------------------------------------------- sentences


def test_every_code_that_a_reader_gives_has_a_case_and_sentences():
    sources = "".join((ROOT / f"sync/cells/{name}.py").read_text(encoding="utf-8") for name in ("__init__", *OWN))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', sources))
    named = {expected for file in FILES.values() for case in file.get("tagged", []) for expected in codes_of(case)}
    for file in FILES.values():
        for text in (*file.get("refuses", {}).values(), *file.get("warns", {}).values()):
            named.add(text[0] if isinstance(text, list) else text)
    everywhere = {"cell-error", "formula-unsaved", "cell-merged", "placeholder-ditto"}
    assert codes == named | everywhere
    assert codes <= set(PROBLEMS)


def codes_of(case):
    given_ = case.get("refuses", case.get("warns"))
    return [given_[0] if isinstance(given_, list) else given_] if given_ else []


def test_every_sentence_exists_in_both_languages_and_uses_the_same_facts():
    for code, words in PROBLEMS.items():
        assert words["severity"] in {"error", "warning", "task"}, code
        assert ("zh_hint" in words) == ("en_hint" in words), code
        facts = [{name for _, name, _, _ in string.Formatter().parse(words[part]) if name} for part in ("zh", "en")]
        assert {name.removesuffix("_en") for name in facts[0]} == {name.removesuffix("_en") for name in facts[1]}, code
