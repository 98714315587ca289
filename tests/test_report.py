"""What staff are told in their own books."""

from datetime import timedelta

import pytest
import site_night

from sync import report, words
from sync.model import OPEN_STATES, STATUS_TAB, RowRef, status_key

WORDS = words.load()
FILES = {"service": "服务登记.xlsx"}


def ref(number: int = 1, **more) -> RowRef:
    typed = f"RC-26-{number:05}"
    usual = {"register": "call_register", "book": "service", "tab": "报修登记", "row": number + 2, "owner": "张样"}
    return RowRef(**usual | {"key": typed, "typed": typed} | more)


def mark(refs, flags=(), problems=()) -> dict[str, str]:
    tonight = site_night.night(problems=list(problems), flags=list(flags))
    made = report.marks(tonight, refs, list(flags), site_night.schema(), WORDS)
    return {one.key: one.text for one in made}


def test_the_worst_state_is_shown_with_its_promise_and_due_time():
    flags = [site_night.flag(1, "met"), site_night.flag(1, "due_soon", "arrive_on_site"), site_night.flag(1)]
    assert mark([ref()], flags) == {"RC-26-00001": "● 超时 首次回复 11-21 23:35（未见“回复时间”，先问再补）"}


def test_every_status_opens_with_the_words_that_the_colours_look_for():
    for promise in ("first_reply", "arrive_on_site"):  # one that a recorded moment stops, and one that nothing does
        for state in OPEN_STATES:
            made = mark([ref()], [site_night.flag(1, state, promise)])
            assert made["RC-26-00001"].startswith(WORDS.openings[state])


def test_of_two_that_are_late_the_earlier_comes_first():
    flags = [site_night.flag(1, late=10), site_night.flag(1, late=900, promise="arrive_on_site")]
    assert "到达现场" in mark([ref()], flags)["RC-26-00001"]


@pytest.mark.parametrize(
    ("more", "flags", "text"),
    [
        ({}, [], "√ 正常"),
        ({}, ["met_late"], "√ 正常"),
        ({}, ["not_judged"], "数据不足"),
        ({"void": True}, [], "○ 已作废"),
        ({"old": True}, [], "○ 只读不判"),
    ],
)
def test_a_row_that_asks_nothing(more, flags, text):
    made = mark([ref(**more)], [site_night.flag(1, state) for state in flags])
    assert made["RC-26-00001"].endswith(text)


def test_wrong_cells_are_counted_beside_the_state():
    problems = [site_night.problem(3, book="service"), site_night.problem(3, book="service", column="I")]
    assert mark([ref()], [site_night.flag(1)], problems)["RC-26-00001"].endswith("；数据有误（2 处）")
    assert mark([ref(row=4)], [], problems) == {"RC-26-00001": "√ 正常"}


def test_a_warning_is_no_fault_of_the_row():
    assert mark([ref()], [], [site_night.problem(3, book="service", severity="warning")]) == {"RC-26-00001": "√ 正常"}


def test_an_id_typed_twice_shows_the_worse():
    flags = [site_night.flag(1)]
    assert mark([ref(), ref(row=9, key="other")], flags)["RC-26-00001"].startswith("●")


def test_the_key_is_the_id_exactly_as_typed():
    tonight = site_night.night()
    refs = [ref(typed=" rc-26-00001 ")]
    made = report.marks(tonight, refs, [], site_night.schema(), WORDS)
    rows = report.tabs("service", tonight, [], refs, made, WORDS)[STATUS_TAB]
    assert rows[1][0] == status_key("call_register", " rc-26-00001 ")


def test_many_rows_take_no_longer_each():
    """Twenty thousand ids: looking for look-alikes among them must not compare each with all."""
    assert len(mark([ref(n) for n in range(20_000)])) == 20_000


def test_everybody_finds_what_is_theirs():
    late = site_night.flag(1, responsible="李例")
    problems = [site_night.problem(3, book="service"), site_night.problem(99, book="service")]
    tonight = site_night.night(flags=[late], problems=problems)
    desks = {desk.title: desk.lines for desk in report.desks(tonight, [ref()], FILES, site_night.schema(), WORDS)}
    assert list(desks) == sorted(desks, key=lambda name: (name == report.NOBODY, name))
    (line,) = desks["李例"]
    assert (line.record, line.task, line.state) == (
        "RC-26-00001", "首次回复：先问，做了就补“回复时间”", "超时（未见“回复时间”）"
    )  # fmt: skip
    assert (line.book, line.tab, line.cell) == ("服务登记.xlsx", "报修登记", "A3")
    assert [(line.state, line.cell) for line in desks["张样"]] == [("数据有误", "H3")]
    assert [line.cell for line in desks[report.NOBODY]] == ["H99"]


def test_a_long_list_says_how_much_more_there_is():
    flags = [site_night.flag(n, responsible="李例", due=site_night.NOW - timedelta(days=n)) for n in range(1, 301)]
    (desk,) = report.desks(site_night.night(flags=flags, problems=[]), [], FILES, site_night.schema(), WORDS)
    assert len(desk.lines) == report.MOST_OPEN + 1
    assert "100" in desk.lines[-1].task
