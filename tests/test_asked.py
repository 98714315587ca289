"""Papers that only lateness calls for, and conditions that a kind cannot keep: what is refused when they are read."""

import pytest
from test_recurrence import refused

CLOCK = "  kind: clock\n  register: work_orders\n  starts: call_no.received_at\n  limit: 48 h\n"
DONE = "  done_in: {register: delay_analyses, key: work_order_no, on: handed_in_at}\n"
BOOKS = (
    "  kind: numbers\n  register: work_orders\n  number: work_order_no\n"
    "  books: {register: work_order_books, first: serial_from, last: serial_to, holder: issued_to}\n"
)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (CLOCK + DONE + "  stops: handed_in_at\n", "done_in: it is done at “handed_in_at” of the row, or elsewhere"),
        (CLOCK + DONE.replace("on: handed_in_at", "on: cause"), "“cause” is a choice, not a moment"),
        (CLOCK + DONE.replace("handed_in_at", "handed_in"), "did you mean “handed_in_at”"),
        (CLOCK + DONE + "  asked_by: {}\n", "asked_by: nothing would ever call for it"),
        (CLOCK + DONE + "  asked_by: {any: {result: delay}}\n", "did you mean “delayed”"),
        (CLOCK + DONE + "  asked_by: {late: {fix_generl: call_no}}\n", "did you mean “fix_general”"),
        (CLOCK + DONE + "  asked_by: {late: {visit_guarantee: call_no}}\n", "is no clock"),
        (CLOCK + DONE + "  asked_by: {late: {delay_form: call_no}}\n", "or one that something calls for as well"),
        (CLOCK + DONE + "  asked_by: {late: {fix_general: equipment}}\n", "does not lead to “call_register”"),
        (CLOCK + DONE + "  asked_by: {late: {fix_general: ''}}\n", "name the field that leads there"),
        (CLOCK + "  stops: handed_in_at\n  asked_by: {any: {finished_at: false}}\n"
         "  live: {due: {zh: 应交, en: Due}, left: {zh: 还剩多少, en: Left over}}\n", "knows no asked_by"),
        (BOOKS + "  when: {result: [fixed]}\n", "when: a book is counted whole"),
        (BOOKS + "  used_on: result\n", "used_on: “result” is a choice, not a moment"),
    ],
)  # fmt: skip
def test_what_cannot_be_called_for_is_refused_with_its_reason(tmp_path, told, says):
    assert says in refused(tmp_path, told)
