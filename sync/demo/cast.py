"""Who and what is there before the four weeks begin: staff, customers, contracts, machines, parts."""

from __future__ import annotations

from datetime import date, timedelta

from sync.demo.story import Facts, Story


def staff(story: Story) -> None:
    for number, one in enumerate(story.people["staff"], 1):
        left = story.today - timedelta(days=one["left"]) if "left" in one else None
        story.told["staff"].append(
            {
                "staff_no": f"YG{number:03}",
                "name": one["name"],
                "display_name": one["display"],
                "phone": f"1380000{number * 613 % 10000:04}",
                "role": one["role"],
                "group": one["group"],
                "joined_on": story.today - timedelta(days=one["joined"]),
                "left_on": left,
                "active": left is None,
            }
        )
    story.technicians = [one for one in story.people["staff"] if one["group"].startswith("维修")]
    story.visitors = [one["display"] for one in story.people["staff"] if one["group"] == "巡检组"]
    story.desk = [one["display"] for one in story.people["staff"] if one["role"] == "front_desk"]


def working(story: Story, day: date) -> list[str]:
    """The technicians who are there on *day*."""
    gone = story.today - timedelta(days=next(one["left"] for one in story.technicians if "left" in one))
    return [one["display"] for one in story.technicians if "left" not in one or day < gone]


def company_days(story: Story) -> None:
    """The days of this year on which the company works otherwise than the official arrangement says."""
    for number, one in enumerate(story.work["company_days"], 1):
        day = date.fromisoformat(f"{story.today.year}-{one['on']}")
        said = {name: one.get(name) for name in ("kind", "half", "name", "void", "void_reason")}
        story.told["calendar"].append({"line_no": f"RL-{day:%y}-{number:03}", "from_on": day, **said})


def customers(story: Story) -> None:
    words = story.people["customers"]
    for number, stem in enumerate(words["stems"]):
        kind = words["kinds"][number % len(words["kinds"])]
        private = number == len(words["stems"]) - 1
        contact = words["contacts"][number * 7 % len(words["contacts"])]
        story.told["customers"].append(
            {
                "customer_no": f"KH{number + 1:03}",
                "name": words["private"] if private else f"{stem}{kind['name']}",
                "short_name": None if private else f"{stem}{kind['short']}",
                "aliases": None if private else f"{stem}{kind['alias']}、老{stem}",
                "private_person": private or None,
                "phone": f"1380000{8000 + number}" if number % 5 == 2 else f"010-5550{1000 + number * 137}",
                "area": words["areas"][number % len(words["areas"])],
                "address": f"{words['streets'][number * 5 % len(words['streets'])]}{number * 3 + 1}号",
                "contact_name": words["private"] if private else contact,
                "filed_on": story.first - timedelta(days=200 + number * 11),
            }
        )
    story.callers = [
        (customer, f"1380000{(number * 2711 + 5003) % 10000:04}")
        for number, customer in enumerate(story.told["customers"])
    ]


def called(story: Story, customer: Facts) -> object:
    """How people write a customer down: mostly the short name, now and then another."""
    if customer["short_name"] is None:
        return customer["name"]
    dice = story.random.random()
    if dice < 0.8:
        return customer["short_name"]
    return str(customer["aliases"]).split("、")[0] if dice < 0.9 else customer["name"]


def contracts(story: Story) -> None:
    kinds = story.people["customers"]["kinds"]
    for number in range(45):
        place = number % len(story.told["customers"])
        customer = story.told["customers"][place]
        months = (12, 24, 36)[number % 3]
        accepted = story.first - timedelta(days=20 + number * 23 % 900)
        guarded_until = accepted + timedelta(days=round(months * 30.44))
        kept = guarded_until < story.today and number % 2 == 0
        story.told["contracts"].append(
            {
                "contract_no": f"HT{accepted:%y}-{number + 1:03}",
                "customer_name": customer["short_name"] or customer["customer_no"],
                "project": kinds[place % len(kinds)]["project"],
                "site_address": customer["address"],
                "responsible": story.visitors[number % len(story.visitors)],
                "accepted_on": accepted,
                "guarantee_months": months,
                "maintenance": kept,
                "maintenance_from": guarded_until + timedelta(days=1) if kept else None,
                "maintenance_to": guarded_until + timedelta(days=730) if kept else None,
                "built_by_us": number % 15 != 14,
            }
        )


def contract_of_a_month_end(story: Story) -> None:
    """Accepted on the last day of a month: where this month is shorter, its first visit is due on the last day too."""
    accepted = story.today
    for _ in range(3):
        accepted = accepted.replace(day=1) - timedelta(days=1)
    customer = story.told["customers"][21]
    story.told["contracts"].append(
        {
            "contract_no": f"HT{accepted:%y}-{len(story.told['contracts']) + 1:03}",
            "customer_name": customer["short_name"],
            "project": story.people["customers"]["kinds"][5]["project"],
            "site_address": customer["address"],
            "responsible": story.visitors[0],
            "accepted_on": accepted,
            "guarantee_months": 18,
            "maintenance": False,
            "built_by_us": True,
        }
    )


def equipment(story: Story) -> None:
    units = story.goods["equipment"]
    for number in range(60):
        customer = story.told["customers"][number % 40]
        contract = story.told["contracts"][number % 40]
        unit = units[number * 4 % len(units)]
        machine_no = f"SB{number + 1:04}"
        story.machines[str(customer["customer_no"])].append((machine_no, unit))
        story.told["equipment"].append(
            {
                "equipment_no": machine_no,
                "customer_name": customer["short_name"] or customer["customer_no"],
                "contract_no": contract["contract_no"],
                "product": unit,
                "location": story.work["sites"][number * 7 % len(story.work["sites"])],
                "installed_on": contract["accepted_on"],
            }
        )


def parts(story: Story) -> None:
    kinds = [(part, spec) for part in story.goods["parts"] for spec in part["specs"]]
    for number, (part, spec) in enumerate(kinds[:120]):
        least, camera = 2 + number % 4, part["kind"].endswith("camera")
        by_length = part["unit"] == "米"
        opening = (300 if by_length else 8 + number * 5 % 13) + least
        part_no = f"{number * 37 % 1000:05}"
        story.by_word[part["word"]].append(part_no)
        story.stock[part_no] = opening
        story.told["parts"].append(
            {
                "part_no": part_no,
                "name": f"{part['name']} {spec}",
                "kind": part["kind"],
                "spec": spec,
                "unit": part["unit"],
                "location": story.goods["shelves"][number % len(story.goods["shelves"])],
                "keeper": "沈师傅",
                "opening_qty": opening,
                "opening_on": story.first,
                "original_qty": least + 4 if camera else None,
                "min_qty": 60 if by_length else least,
                "condition": "repaired_backup" if camera and number % 3 == 0 else "new",
                "age_class": str(1 + number % 3) if camera else None,
                "construction_year": story.today.year - 1 - number % 6 if part["kind"] == "moving_camera" else None,
            }
        )
