"""What is done for customers besides repairs: visits, calls back, complaints."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sync.demo.cast import called
from sync.demo.story import Facts, Numbers, Story


def visits(story: Story) -> None:
    """A visit every three months from acceptance; about one in fourteen did not happen."""
    numbers, plans = Numbers("XF"), []
    for contract in story.told["contracts"]:
        accepted = contract["accepted_on"]
        for quarter in range(1, 12):
            if isinstance(accepted, date):
                day = accepted + timedelta(days=round(91.3 * quarter) - story.random.randrange(12))
                plans.append((_weekday(day), contract))
    for day, contract in sorted(plans, key=lambda plan: (plan[0], str(plan[1]["contract_no"]))):
        if day < story.today and _covered(contract, day) and not story.chance(7):
            story.told["visits"].append(_visit(story, numbers.next(day), day, contract))


def _covered(contract: Facts, day: date) -> bool:
    accepted, months, until = contract["accepted_on"], contract["guarantee_months"], contract["maintenance_to"]
    if not isinstance(accepted, date) or not isinstance(months, int):
        return False
    return day <= accepted + timedelta(days=months * 30) or (isinstance(until, date) and day <= until)


def _visit(story: Story, visit_no: str, day: date, contract: Facts) -> Facts:
    words = story.work["visits"]
    return {
        "visit_no": visit_no,
        "kind": "revisit",
        "contract_no": contract["contract_no"],
        "customer_name": contract["customer_name"],
        "responsible": contract["responsible"],
        "planned_on": day,
        "visited_on": day,
        "use_state": story.pick(words["use"]),
        "used_by_manual": True,
        "guidance_given": story.pick(words["guidance"]),
        "wear_parts_state": story.pick(words["wear"]),
        "ageing_found": story.pick(words["ageing"]),
        "user_comment": story.pick(words["comment"]),
        "unresolved": story.pick(words["unresolved"]) if story.chance(4) else None,
        "company_signature": True,
        "customer_signature": True,
    }


def followups(story: Story) -> None:
    numbers = Numbers("HF")
    for call in story.told["call_register"]:
        fixed = call.get("fixed_at")
        if not isinstance(fixed, datetime) or not call.get("equipment"):
            continue
        done = fixed.date() + timedelta(days=1 + story.random.randrange(3) if story.chance(88) else 5)
        past = done < story.today
        story.told["followups"].append(
            {
                "followup_no": numbers.next(fixed.date()),
                "kind": "after_return",
                "ref_no": call["call_no"],
                "customer_name": call["customer_name"],
                "customer_received_on": fixed.date(),
                "done_by": story.pick(story.desk) if past else None,
                "done_on": done if past else None,
                "satisfied": story.pick(("very", "very", "basically")) if past else None,
                "comments": story.pick(story.work["followups"]) if past else None,
                "new_problem": False if past else None,
            }
        )


def complaints(story: Story) -> None:
    numbers = Numbers("TS")
    for number in range(12):
        came = datetime.combine(story.first + timedelta(days=1 + number * 2), time(9 + number % 8, 12 + number * 3))
        words = story.work["complaints"][number % len(story.work["complaints"])]
        closed = came.date() + timedelta(days=2 + number % 6)
        done = closed < story.today and number % 6 != 5
        story.told["complaints"].append(
            {
                "complaint_no": numbers.next(came.date()),
                "received_at": came,
                "customer_name": called(story, story.told["customers"][number * 3 % 39]),
                "channel": ("phone", "visit", "letter")[number % 3],
                "kind": words["kind"],
                "content": words["content"],
                "investigated_by": "赵经理",
                "liability": words["liability"] if done else None,
                "handling": words["handling"] if done else None,
                "result": "客户认可" if done else None,
                "closed_on": closed if done else None,
            }
        )


def _weekday(day: date) -> date:
    """*day*, or the Friday before it."""
    return day - timedelta(days=max(0, day.weekday() - 4))
