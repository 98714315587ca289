"""The sheets torn off for the calls, and the forms that follow when a job does not go smoothly."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sync.demo.calls import fault_of
from sync.demo.story import Facts, Numbers, Story

SHEETS_A_BOOK = 25


def orders(story: Story) -> None:
    delays, holds, departments = Numbers("YS"), Numbers("ZT"), Numbers("ZJ")
    shelf = Books(story)
    # Sheets are torn off in the order of the visits.
    for call in sorted(story.told["call_register"], key=lambda call: str(call.get("arrived_at"))):
        arrived = call.get("arrived_at")
        if not isinstance(arrived, datetime):
            continue
        order = _order(story, call, arrived)
        order |= shelf.sheet(str(order["technician"]), arrived.date())
        if order["result"] == "delayed" or _late(call, 12):
            _delay(story, delays, call, order)
        if call.get("hold_to") and story.chance(40):
            _hold(story, holds, call)
        call["work_order_no"] = order["work_order_no"]
        story.told["work_orders"].append(order)
        if story.chance(2):
            story.told["work_orders"].append(_spoiled(story, shelf, order, arrived))
    _slow(story, delays)
    story.told["work_orders"].sort(key=lambda order: str(order["work_order_no"]))
    for number in range(10):
        _department(story, departments, number)


def _order(story: Story, call: Facts, arrived: datetime) -> Facts:
    fault = fault_of(story, call)
    word = fault.get("part")
    outside = call["cover_status"] == "outside"
    finished = call.get("fixed_at")
    return {
        "call_no": call["call_no"],
        "customer_name": call["customer_name"],
        "contact_phone": call["phone"],
        "site_address": call["site"],
        "equipment": call.get("equipment"),
        "technician": call["assigned_to"],
        "arrived_at": arrived,
        "fault_found": fault["found"],
        "fault_kind": fault["kind"],
        "cause_class": fault["cause"],
        "work_done": fault["do"] if finished else story.pick(story.work["refusals"]),
        "parts_used": f"{story.pick(story.by_word[word])}×1" if word and story.by_word[word] and finished else None,
        "charge_basis": "quoted" if outside else "free",
        "amount": float(80 + 10 * story.random.randrange(40)) if outside else None,
        "finished_at": finished,
        "result": "fixed" if finished else "delayed",
        "customer_signature": True if finished and story.chance(98) else None,
        "front_desk_signature": True if call.get("handed_in_at") else None,
        "copies_complete": True if call.get("handed_in_at") else None,
        "handed_in_at": call.get("handed_in_at"),
    }


def _spoiled(story: Story, shelf: Books, order: Facts, arrived: datetime) -> Facts:
    """A sheet that was spoiled: void, and nearly always with its reason."""
    sheet = shelf.sheet(str(order["technician"]), arrived.date())
    shelf.spoiled += 1
    reason = None if shelf.spoiled == 2 else story.pick(story.work["void_reasons"])
    return sheet | {"technician": order["technician"], "void": True, "void_reason": reason}


def _delay(story: Story, numbers: Numbers, call: Facts, order: Facts) -> None:
    if not story.chance(8):  # or the form is missing
        cause = story.pick(("part_missing", "access_refused", "customer_not_ready", "third_party"))
        _form(story, numbers, call, order, cause)


def _slow(story: Story, numbers: Numbers) -> None:
    """The forms of general faults that took somewhat longer than they may; one in three is missing. Without dice."""
    calls = {call["call_no"]: call for call in story.told["call_register"]}
    slow = [
        (calls[order["call_no"]], order) for order in story.told["work_orders"]
        if order.get("call_no") in calls and not order.get("delay_form_no") and _late(calls[order["call_no"]], 2)
    ]  # fmt: skip
    for place, (call, order) in enumerate(slow):
        if place % 3 and call.get("fault_class") == "general":
            _form(story, numbers, call, order, "needs_specialist")


def _form(story: Story, numbers: Numbers, call: Facts, order: Facts, cause: str) -> None:
    arrived = order["arrived_at"]
    if not isinstance(arrived, datetime):
        return
    delay_no = numbers.next(arrived.date())
    order["delay_form_no"] = delay_no
    finished = call.get("fixed_at")
    story.told["delay_analyses"].append(
        {
            "delay_no": delay_no,
            "work_order_no": order["work_order_no"],
            "call_no": call["call_no"],
            "cause": cause,
            "expected_done": arrived.date() + timedelta(days=3),
            "loaner_given": bool(call.get("loaner_given")),
            "actual_done": finished.date() if isinstance(finished, datetime) else None,
            "technician": order["technician"],
            "handed_in_at": order["handed_in_at"],
        }
    )


def _hold(story: Story, numbers: Numbers, call: Facts) -> None:
    """A second hold of the same call, some hours before the first one ended."""
    ended = call["hold_to"]
    if not isinstance(ended, datetime):
        return
    story.told["hold_periods"].append(
        {
            "hold_no": numbers.next(ended.date()),
            "register": "call_register",
            "record_no": call["call_no"],
            "reason": "waiting_customer",
            "from_at": ended,
            "to_at": story.by_now(ended + timedelta(minutes=15)),
        }
    )


def _department(story: Story, numbers: Numbers, number: int) -> None:
    sent = datetime.combine(story.first + timedelta(days=2 + number * 26 // 10), time(10, 5 + number * 4))
    solved = sent + story.minutes(200, 1300) if number % 5 else sent + story.minutes(1500, 2600)
    open_still = number == 9
    story.told["dept_requests"].append(
        {
            "transfer_no": numbers.next(sent.date()),
            "kind": "transfer",
            "matter": story.work["visits"]["unresolved"][number % 3],
            "to_department": ("technical", "sales", "engineering")[number % 3],
            "passed_by": story.pick(story.visitors),
            "sent_at": sent,
            "solved_at": None if open_still else story.by_now(solved),
            "answer": None if open_still else story.work["visits"]["answers"][number % 3],
            "user_accepts": None if open_still else True,
        }
    )


def _late(call: Facts, hours: int) -> bool:
    arrived, fixed = call.get("arrived_at"), call.get("fixed_at")
    return isinstance(arrived, datetime) and isinstance(fixed, datetime) and fixed - arrived > timedelta(hours=hours)


class Books:
    """The bound books of work orders: each technician tears sheets from his own, and gets the next when it is full."""

    def __init__(self, story: Story) -> None:
        self.told = story.told["work_order_books"]
        self.lost = {one["display"]: one["loses"] for one in story.technicians if "loses" in one}
        self.swapped = {one["display"]: one["swaps"] for one in story.technicians if "swaps" in one}
        self.open: dict[str, tuple[Facts, int]] = {}
        self.sheets = 0
        self.spoiled = 0

    def sheet(self, technician: str, day: date) -> Facts:
        """The next sheet of *technician*'s book."""
        book, used = self.open.get(technician, ({}, SHEETS_A_BOOK))
        if used == SHEETS_A_BOOK:
            if book:
                book |= {"closed_on": day, "old_book_returned": True}
            book, used = self._issue(technician, day), 0
        used += used == self.lost.get(technician)
        self.open[technician] = book, used + 1
        # Two neighbouring sheets were torn off in the wrong order.
        turn = {0: 1, 1: -1}.get(used - self.swapped.get(technician, -9), 0)
        number = int(str(book["serial_from"])[3:]) + used + turn
        return {"work_order_no": f"WX-{number:05}", "book_no": book["book_no"]}

    def _issue(self, technician: str, day: date) -> Facts:
        first, last = self.sheets + 1, self.sheets + SHEETS_A_BOOK
        self.sheets = last
        book: Facts = {
            "book_no": f"B{len(self.told) + 1:03}",
            "serial_from": f"WX-{first:05}",
            "serial_to": f"WX-{last:05}",
            "issued_to": technician,
            "issued_on": day,
        }
        self.told.append(book)
        return book
