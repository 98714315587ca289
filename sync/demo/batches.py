"""What is counted in working days: machines sent in by the box, and agreements with dealers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sync.demo.cast import working
from sync.demo.story import Facts, Numbers, Story

DAY = timedelta(days=1)


def batches(story: Story) -> None:
    """A batch that a make-up day of the last months fell into, and those of the last weeks."""
    numbers = Numbers("FX")
    came = [(_step(story, story.today, -batch["back"]), batch) for batch in story.work["batches"]]
    made_up = _made_up(story)
    if made_up:
        came.append((_step(story, made_up, -3), story.work["batch_over_a_make_up_day"]))
    for number, (day, batch) in enumerate(sorted(came, key=lambda one: one[0])):
        story.told["repairs_in"].append(_batch(story, numbers.next(day), number, day, batch))


def _batch(story: Story, repair_no: str, number: int, day: date, batch: Facts) -> Facts:
    """A batch that came on *day*; *took* says after how many workdays it was done, if it was."""
    took = batch.get("took")
    repaired = _step(story, day, took) if isinstance(took, int) else None
    back = _step(story, repaired, 1) if repaired else None
    customer = story.told["customers"][number * 5 + 1]
    there = working(story, day)
    return {
        "repair_no": repair_no,
        "received_on": day,
        "customer_name": customer["short_name"],
        "repairer": there[number % len(there)],
        "repaired_on": repaired,
        "sent_back_on": back if back and back < story.today else None,
        **{name: batch.get(name) for name in ("model", "units", "fault", "quality_feedback", "user_need")},
    }


def _step(story: Story, day: date, count: int) -> date:
    """The workday *count* workdays after *day*, or before it."""
    way = 1 if count > 0 else -1
    while count:
        day += way * DAY
        count -= way * bool(story.office.day(day).spans)
    return day


def _made_up(story: Story) -> date | None:
    """The last day of a week-end that was worked, far enough back that the batch is done by now."""
    days = (story.today - back * DAY for back in range(20, 120))
    return next((day for day in days if day.weekday() > 4 and story.office.day(day).spans), None)


def agreements(story: Story) -> None:
    """What dealers asked for: the first with all its papers, the last not yet answered."""
    numbers = Numbers("AZ")
    for number, back in enumerate((16, 11, 6, 1)):
        day = _step(story, story.today, -back)
        order, faxed, leaves = (_step(story, day, steps) for steps in (3, 5 + number % 2, 9))
        customer = story.told["customers"][number * 7 + 3]
        answered = datetime.combine(_step(story, day, 1 + number % 2), time(9, 40))
        papers = {
            "director_decision": "approved",
            "answered_at": answered,
            "order_no": f"DD-{1180 + number}",
            "order_on": order,
            "series": ("fashion", "classic_or_above")[number % 2],
            "standard_price": 312000.0 - 21000 * number,
            "faxed_on": faxed if faxed < story.today else None,
            "departure_on": leaves,
            "confirmed_on": _step(story, leaves, -1) if leaves < story.today else None,
        }
        story.told["install_agreements"].append(
            {
                "application_no": numbers.next(day),
                "dealer": customer["short_name"],
                "project": "公寓楼橱柜工程",
                "announced_at_filing": True,
                "filed_at": datetime.combine(day, time(10, 20)),
                "sets": 48 - 9 * number,
                "handled_by": story.visitors[number % 2],
                "group_comment": "人手够",
            }
            | (papers if order < story.today else {})
        )
