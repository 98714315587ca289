"""The program's words: every state and code has a sentence, and what somebody typed stays out of what is published."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_night import REGISTERS, problem

from sync import words, yamlfile
from sync.model import STATES
from sync.schema import Register

WORDS = words.load()
ROOT = Path(__file__).resolve().parent.parent
CALLS = msgspec.convert(REGISTERS[0], Register)


def test_every_state_has_a_word_in_both_languages_and_a_shape_that_old_consoles_show():
    assert set(WORDS.states) == set(STATES)
    for state in STATES:
        assert WORDS.shape(state).encode("gbk")
        assert WORDS.state(state, "zh").encode("gbk")
        assert WORDS.state(state, "zh") != WORDS.state(state, "en") != state
        assert WORDS.tone(state) in {"late", "soon", "paper", "quiet", "good"}


def test_every_label_and_problem_has_both_languages_with_the_same_places():
    for name, texts in {**WORDS.labels, **WORDS.problems}.items():
        assert texts["zh"], name
        assert texts["en"], name
    for name, texts in WORDS.labels.items():
        assert set(words.PLACE.findall(texts["zh"])) == set(words.PLACE.findall(texts["en"])), name


def test_templates_use_only_labels_that_exist():
    used = set()
    for template in (ROOT / "site" / "pages").rglob("*.j2"):
        text = template.read_text(encoding="utf-8")
        used |= set(words.re.findall(r"\b(?:t|quoted)\(\"(\w+)\"[,)]", text))
    assert len(used) > 40
    assert used <= set(WORDS.labels)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("30 min", "30 分钟", "30 minutes"),
        ("1 h", "1 小时", "1 hour"),
        ("48 h", "48 小时", "48 hours"),
        ("1.5 h", "1.5 小时", "1.5 hours"),
        ("3 days", "3 天", "3 days"),
        ("5 working days", "5 个工作日", "5 working days"),
        ("3 months", "3 个月", "3 months"),
        ("guarantee_months months", "表中“质保月数”所写的月数", "as many months as “Guarantee months” says"),
        ("ceil(units / 10) days", "每 10 台 1 天，不足 10 台按 10 台算", "1 day for every 10 units or part of them"),
        ("calendar week", "每个自然周一次", "once in every calendar week"),
    ],
)
def test_limits_are_written_as_people_say_them(text, zh, en):
    assert WORDS.limit(text, "zh", {"guarantee_months": "质保月数"}) == zh
    assert WORDS.limit(text, "en", {"guarantee_months": "Guarantee months"}) == en


def test_recurrences_are_written_as_people_say_them():
    assert WORDS.every("3 months", "zh") == "每 3 个月一次"
    assert WORDS.every("3 months", "en") == "once every 3 months"
    assert WORDS.every("calendar week", "zh") == "每个自然周一次"


def test_lateness_has_at_most_two_units():
    assert WORDS.lateness(3 * 1440 + 4 * 60 + 5, "zh") == "3 天 4 小时"
    assert WORDS.lateness(1440, "en") == "1 day"
    assert WORDS.lateness(1440 + 5, "zh") == "1 天"
    assert WORDS.lateness(65, "en") == "1 h 5 min"
    assert WORDS.lateness(0, "zh") == "不到 1 分钟"
    assert WORDS.lateness(None, "zh") == ""
    assert WORDS.lateness(1500, "zh", whole_days=False) == "25 小时"


@given(st.integers(min_value=1, max_value=10**6), st.booleans())
def test_lateness_never_says_more_than_it_is_and_loses_less_than_its_smaller_unit(minutes, whole_days):
    scale = {"天": 1440, "小时": 60, "分钟": 1}
    parts = WORDS.lateness(minutes, "zh", whole_days=whole_days).split()
    said = [(int(n), scale[unit]) for n, unit in zip(parts[::2], parts[1::2], strict=True)]
    total = sum(n * size for n, size in said)
    smallest = 60 if said[0][1] == 1440 else 1
    assert total <= minutes < total + smallest


def test_moments_are_written_out():
    when = datetime(2026, 11, 22, 2, 0)
    assert WORDS.moment(when, "zh") == "2026年11月22日（周日）02:00"
    assert WORDS.moment(when, "en") == "Sun 22 Nov 2026, 02:00"
    assert WORDS.short_moment(when, "zh", when) == "11月22日 02:00"
    assert WORDS.short_moment(when - timedelta(days=400), "en", when) == "18 Oct 2025 02:00"


def test_a_message_names_place_fact_and_way_out():
    said = WORDS.message(problem(), "zh")
    for part in ("报修登记", "23", "来电日期", "H", "3月4日", "2026-11-22"):
        assert part in said
    with_hint = WORDS.message(problem(suggestion="2026-03-04"), "zh")
    assert "2026-03-04" in with_hint
    assert with_hint.startswith(said)


def test_a_code_without_a_sentence_is_named_and_stops_nothing():
    for language in words.LANGUAGES:
        said = WORDS.message(problem(code="moon-phase"), language)
        assert "moon-phase" in said
        assert "报修登记!H23" in said


@given(st.text(), st.sampled_from(sorted(WORDS.problems)), st.sampled_from(words.LANGUAGES))
def test_what_a_value_says_is_never_read_as_a_place(value, code, language):
    said = WORDS.message(problem(code=code, value=value, suggestion=value, params={"row": value}), language)
    assert not any(c in said for c in "\u202e\u200b\x00\n")
    WORDS.message(problem(code=code, value="{code}{tab}"), language)


def test_a_value_is_shown_in_one_line_of_200_characters_with_controls_visible():
    assert words.visible("a\u202eb\x07") == "a<U+202E>b<U+0007>"
    assert len(words.visible("长" * 5000)) == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "13800000001"),
        ("phone", "138****0001"),
        ("fault", "钥匙在门卫张样那里"),
        ("nobody_declared", "anything"),
        ("received_at", "13800000001"),
        ("received_at", "1 3 8 0 0 0 0 0 0 0 1"),
        ("received_at", "１３８０００００００１"),
        ("customer", "某某 010-55500001"),
        ("customer", "someone@example.invalid"),
        ("received_at", "+8613800000001"),
        ("customer", "11010119000101999X"),
    ],
)
def test_what_is_not_public_is_masked_with_suggestion_and_params(field, value):
    """Neither a private column nor a private thing in a public column is published."""
    given_problem = problem(field=field, value=value, suggestion=value, params={"near": value, "row": "7"})
    masked = words.public(given_problem, CALLS)
    assert masked.value == "＊＊＊"
    assert masked.suggestion == ""
    assert masked.params == {"near": "＊＊＊", "row": "7"}
    assert value not in WORDS.message(masked, "zh") + WORDS.message(masked, "en")


def test_a_public_value_stays_readable():
    for value in ("3月4日", "2026-02-30", "2026-11-22 09:30:00", "9.30", "20261122"):
        assert words.public(problem(value=value), CALLS).value == value


def test_a_terminal_shows_what_is_not_personal():
    """Whoever mends a cell needs its value, published or not; a number or a name stays in the book."""
    told = problem(field="fault", value="约3", suggestion="3", params={"near": "约3"})
    assert words.public(told, CALLS).value == "＊＊＊"
    assert words.discreet(told, CALLS) == told
    for field, value in (("phone", "1380000"), ("customer", "某某"), ("fault", "打 13800000001 找某某")):
        assert words.discreet(problem(field=field, value=value), CALLS).value == "＊＊＊"


def test_a_register_that_nobody_knows_publishes_nothing():
    assert words.public(problem(value="secret"), None).value == "＊＊＊"


def test_search_words_are_whole_words():
    terms = yamlfile.read(ROOT / "site" / "words" / "terms.yaml")
    assert len(terms) == len(set(terms)) > 20
    assert all(2 <= len(term) <= 4 for term in terms)


def test_a_deadline_at_midnight_ends_the_day_before():
    """People read 00:00 as a beginning, and would believe to have another day."""
    midnight, noon = datetime(2026, 11, 21), datetime(2026, 11, 21, 12)
    assert words.deadline(midnight) == "11-20 24:00"
    assert WORDS.short_moment(midnight, "zh", noon, ends=True) == "11月20日 24:00"
    assert WORDS.moment(midnight, "zh", ends=True) == "2026年11月20日（周五）24:00"
    assert WORDS.short_moment(midnight, "zh", noon) == "11月21日 00:00"
    assert words.deadline(noon) == "11-21 12:00"
