"""What goes in and out of the store, what is counted there, and what is lent."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sync.demo.calls import fault_of
from sync.demo.cast import working
from sync.demo.story import Facts, Numbers, Story


def stock(story: Story) -> None:
    numbers, counts = Numbers("CK"), Numbers("PD")
    parts = story.told["parts"]
    wanted = [order for order in story.told["work_orders"] if order.get("parts_used")]
    for day in story.days():
        weekend = day.weekday() > 4
        for minute in sorted(story.random.randrange(510, 1060) for _ in range(8 if weekend else 37)):
            moment = datetime.combine(day, time()) + timedelta(minutes=minute)
            part = story.pick(parts)
            order = story.pick(wanted) if wanted else {}
            story.told["stock_moves"].append(_move(story, numbers.next(day), moment, part, order))
        # A week in which nobody counted: the third.
        if day.weekday() == 4 and (day - story.first).days // 7 != 2:
            _count(story, counts, day)


def _move(story: Story, move_no: str, moment: datetime, part: Facts, order: Facts) -> Facts:
    part_no, least = str(part["part_no"]), part["min_qty"]
    by_length = part["unit"] == "米"
    quantity = 10 * (1 + story.random.randrange(4)) if by_length else 1 + story.random.randrange(2)
    floor = int(least) if isinstance(least, int) else 0
    runs_short = story.stock[part_no] - quantity <= floor
    # Twelve kinds of part are never bought again here: they are the ones that fall below their minimum.
    if runs_short and (int(part_no) % 10 or story.stock[part_no] < quantity):
        quantity = 100 if by_length else 10
        story.stock[part_no] += quantity
        return _receipt(move_no, moment, part, quantity)
    story.stock[part_no] -= quantity
    return {
        "move_no": move_no,
        "moved_at": moment,
        "direction": "out",
        "part_no": part_no,
        "quantity": quantity,
        "location": part["location"],
        "requester": story.pick(working(story, moment.date())),
        "reason": story.pick(("fault_repair",) * 6 + ("technical_notice", "missing_parts")),
        "ref_no": order.get("work_order_no") if story.chance(60) else None,
        "confirmed_by_both": True,
        "issued_by": "沈师傅",
    }


def _receipt(move_no: str, moment: datetime, part: Facts, quantity: int) -> Facts:
    return {
        "move_no": move_no,
        "moved_at": moment,
        "direction": "in",
        "part_no": part["part_no"],
        "quantity": quantity,
        "location": part["location"],
        "arrival_note_no": f"DH{moment:%y%m%d}",
        "matches": True,
        "qualified": True,
    }


def _count(story: Story, numbers: Numbers, day: date) -> None:
    for place in range(10):
        part = story.told["parts"][(day.toordinal() + place * 11) % len(story.told["parts"])]
        on_hand = story.stock[str(part["part_no"])]
        off = place == 7
        story.told["stocktakes"].append(
            {
                "stocktake_no": numbers.next(day),
                "counted_on": day,
                "item": part["part_no"],
                "counted_qty": on_hand - 1 if off and on_hand else on_hand,
                "counted_by": "沈师傅",
                "cause": story.pick(story.work["stocktake_causes"]) if off else None,
                "store_cleaned": True,
                "topup_needed": on_hand <= float(str(part["min_qty"])),
            }
        )


def loaners(story: Story) -> None:
    numbers = Numbers("BJ")
    cameras = [part["part_no"] for part in story.told["parts"] if str(part["kind"]).endswith("camera")]
    for call in story.told["call_register"]:
        arrived = call.get("arrived_at")
        if not call.get("loaner_given") or not isinstance(arrived, datetime):
            continue
        back = arrived.date() + timedelta(days=4 + story.random.randrange(9))
        story.told["loaners"].append(
            {
                "loan_no": numbers.next(arrived.date()),
                "call_no": call["call_no"],
                "customer_name": call["customer_name"],
                "loaner_item": story.pick(cameras),
                "customer_unit": fault_of(story, call)["unit"],
                "out_on": arrived.date(),
                "back_on": back if back < story.today else None,
                "reason": "taken_for_repair",
            }
        )


def reconciliations(story: Story) -> None:
    """Keeper and finance agreed the store at the end of each month; of the last one nobody has yet."""
    numbers, ends = Numbers("DZ", digits=3), [story.today]
    for _ in range(4):
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    for number, last in enumerate(reversed(ends[2:])):
        day = last - timedelta(days=max(0, last.weekday() - 4))  # a Friday where the month ends with a week-end
        differs = number == 1
        story.told["reconciliations"].append(
            {
                "reconcile_no": numbers.next(day),
                "done_on": day,
                "store_value": 83030.0 + 1130 * number,
                "finance_value": 83030.0 + 1130 * number + 260 * differs,
                "reason": story.work["reconcile_reason"] if differs else None,
                "keeper": "沈师傅",
                "accountant": "韩会计",
                "both_signed": True,
            }
        )


def calibrations(story: Story) -> None:
    """Measuring tools: one that has run out, one that is due soon, and others that are valid."""
    for number, (name, cycle, left) in enumerate(story.goods["measuring_tools"], 1):
        story.told["calibrations"].append(
            {
                "tool_no": f"LJ-{number:03}",
                "name": name,
                "keeper": "沈师傅",
                "cycle_months": cycle,
                "last_on": story.today - timedelta(days=round(30.44 * cycle) - left),
            }
        )
