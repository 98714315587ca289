"""The calls of the four weeks, from the ringing phone to what the technician brought back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sync.demo.cast import called, working
from sync.demo.story import Facts, Numbers, Story


def calls(story: Story) -> None:
    numbers = Numbers("RC")
    for moment in sorted(_ringing(story)):
        if len(story.told["call_register"]) == 40:  # somebody left a line out
            story.told["call_register"].append({"call_no": numbers.next(moment.date())})
        story.told["call_register"].append(_call(story, numbers.next(moment.date()), moment))


def _ringing(story: Story) -> Iterator[datetime]:
    """When the phone rang: office hours mostly, few calls at week-ends, some at night."""
    for day in story.days():
        weekend = day.weekday() > 4
        for _ in range(3 + story.random.randrange(3) if weekend else 9 + story.random.randrange(3)):
            hour = story.pick((8, 9, 9, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16, 16, 17, 18))
            yield datetime.combine(day, time(hour, story.random.randrange(60)))
    # Their limits of a day and of two days run out on the night that follows the last evening.
    for back, hour, minute in ((2, 3, 10), (2, 4, 5), (2, 5, 20), (1, 2, 35), (1, 3, 50)):
        yield datetime.combine(story.today - timedelta(days=back), time(hour, minute))


def _call(story: Story, call_no: str, rang: datetime) -> Facts:
    customer, mobile = story.pick(story.callers)
    fault = story.pick(story.work["faults"])
    place = story.pick(story.work["sites"])
    night = rang.hour < 6
    told = rang + story.minutes(2, 12)
    replied = told + (story.minutes(3, 27) if story.chance(93) else story.minutes(31, 95))
    by_phone = bool(fault.get("phone")) and story.chance(90)
    promised = _whole_half_hour(replied + story.minutes(60, 300))
    arrived = promised + story.minutes(-20, 40) if story.chance(93) else promised + story.minutes(1200, 2000)
    if night and rang.date() == story.end.date():
        arrived = rang + timedelta(hours=26)  # the day has gone by, and nobody has been there yet
    facts: Facts = {
        "call_no": call_no,
        "received_at": rang,
        "customer_name": called(story, customer),
        "phone": mobile,
        "reporter_name": customer["contact_name"],
        "fault_description": fault["say"].format(site=place),
        "taken_by": story.pick(story.desk),
        "channel": story.pick(("phone",) * 7 + ("hotline", "online_chat", "official_website")),
        "fault_class": fault.get("class", "general"),
        "cover_status": story.pick(("guarantee",) * 5 + ("maintenance",) * 3 + ("outside",)),
        "site": place,
        "technician_told_at": story.by_now(told),
        "replied_at": story.by_now(replied) if story.chance(98) or night else None,
    }
    if by_phone:
        done = {"solved_by_phone": True, "fixed_at": story.by_now(replied), "repair_result": "fixed"}
        return facts | done | {"assigned_to": story.pick(working(story, rang.date()))}
    facts |= {"solved_by_phone": False, "assigned_to": story.pick(working(story, rang.date()))}
    facts["promised_arrival"] = promised if facts["replied_at"] and story.chance(97) else None
    if story.by_now(arrived) and story.chance(98):
        facts |= _on_site(story, arrived, rang, customer, fault)
    return facts


def _on_site(story: Story, arrived: datetime, rang: datetime, customer: Facts, fault: Mapping[str, Any]) -> Facts:
    """What the technician brought back: mostly done within the hour, now and then a second visit."""
    dice = story.random.random()
    facts: Facts = {"arrived_at": arrived, "equipment": _machine(story, customer, fault["unit"])}
    if dice < 0.84:
        fixed = arrived + story.minutes(15, 110)
        facts |= {"fixed_at": story.by_now(fixed), "repair_result": "fixed" if story.by_now(fixed) else None}
    elif dice < 0.90:
        waited = arrived + story.minutes(25, 40)
        over = waited + story.minutes(1200, 4000)
        fixed = over + story.minutes(20, 60)
        facts |= {
            "hold_reason": story.pick(("waiting_parts", "waiting_customer", "waiting_access")),
            "hold_from": story.by_now(waited),
            "hold_to": story.by_now(over),
            "fixed_at": story.by_now(fixed),
            "repair_result": "fixed" if story.by_now(fixed) else "delayed",
        }
        if facts["hold_from"] is None:
            facts["hold_reason"] = facts["repair_result"] = None
    elif dice < 0.97:
        fixed = arrived + story.minutes(1500, 4500)
        facts |= {"fixed_at": story.by_now(fixed), "repair_result": "fixed" if story.by_now(fixed) else "delayed"}
    else:
        facts |= {"repair_result": "loaner_in_place", "loaner_given": True}
    slow = story.minutes(2900, 4300) if story.chance(5) else story.minutes(400, 2300)
    done = facts.get("fixed_at")
    ready = done if isinstance(done, datetime) else arrived + timedelta(hours=4)
    handed_in = _in_office(max(rang + slow, ready + timedelta(minutes=40)))
    facts["handed_in_at"] = story.by_now(handed_in) if rang.hour > 6 and story.chance(96) and done else None
    facts["result_note"] = story.pick(story.work["remarks"]) if story.chance(15) else None
    return facts


def _machine(story: Story, customer: Facts, unit: str) -> str | None:
    """A machine of that kind at the customer's, each used once here, so that repeats are few."""
    machines = story.machines[str(customer["customer_no"])]
    found = next((machine for machine in machines if machine[1] == unit), None)
    if found is not None and not story.chance(8):
        machines.remove(found)
    return found[0] if found else None


def fault_of(story: Story, call: Facts) -> Mapping[str, Any]:
    site = str(call["site"])
    said = call["fault_description"]
    found: Mapping[str, Any] = next(fault for fault in story.work["faults"] if fault["say"].format(site=site) == said)
    return found


def _whole_half_hour(moment: datetime) -> datetime:
    return moment.replace(minute=30 if moment.minute >= 30 else 0) + timedelta(minutes=30)


def _in_office(moment: datetime) -> datetime:
    """The same moment, or the next morning when the front desk has gone home."""
    if moment.hour >= 18:
        moment = datetime.combine(moment.date() + timedelta(days=1), time(8, 40))
    return moment if moment.hour >= 8 else moment.replace(hour=8, minute=50)
