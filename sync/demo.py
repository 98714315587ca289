"""Four weeks of an example department, as people would have typed them, dirt included; the same for a given day."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sync import yamlfile
from sync.model import ErrorCell, Formula, Merge
from sync.schema import SHIPPED, Field, Register, Schema

SAMPLES = SHIPPED / "samples"
DAYS = 28
LAST_HOUR = time(21, 30)  # nobody wrote anything later on the last evening
SHEETS_A_BOOK = 25

Facts = dict[str, object]
Rows = dict[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where the rows are dirty: the sheet's *row*, and the problem *code* that a check must find there.

    *code* is empty where the cell looks odd but can be read.
    """

    register: str
    row: int
    column: str
    code: str
    why: str


def rows(schema: Schema, today: date) -> Rows:
    """What stands in each register's columns on the morning of *today*, in the order of the sheet."""
    return _written(schema, today)[0]


def dirt(schema: Schema, today: date) -> list[Spot]:
    """Where *rows* is dirty, and which problem belongs there."""
    return _written(schema, today)[1]


def headers(schema: Schema) -> dict[str, dict[str, str]]:
    """The headers that staff renamed, by register and column; they stand behind the others."""
    renamed: dict[str, dict[str, str]] = _samples("dirt")["headers"]
    return {register: names for register, names in renamed.items() if register in schema.registers}


def _samples(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yamlfile.read(SAMPLES / f"{name}.yaml")
    return content


def _written(schema: Schema, today: date) -> tuple[Rows, list[Spot]]:
    story = _Story(today, _samples("people"), _samples("work"), _samples("goods"))
    typed = {
        name: [_typed(register, facts) for facts in story.told[name]]
        for name, register in schema.registers.items()
        if name in story.told
    }
    return typed, _soil(typed, today)


# ---------------------------------------------------------------- from facts to cells


def _typed(register: Register, facts: Mapping[str, object]) -> dict[str, object]:
    """The cells of a row: moments in two columns where the register has two, choices by their Chinese title."""
    cells: dict[str, object] = {}
    for name, value in facts.items():
        if value is None:
            continue
        field = register.by_name[name]
        if field.split is not None and isinstance(value, datetime):
            cells |= {f"{name}__date": value.date(), f"{name}__time": value.time()}
        else:
            cells[name] = _word(field, value)
    return cells


def _word(field: Field, value: object) -> object:
    if isinstance(value, bool):
        return "是" if value else "否"
    return next((choice.title.zh for choice in field.choices if choice.name == value), value)


# ---------------------------------------------------------------- the four weeks


class _Numbers:
    """The running numbers of a desk register, starting again each year."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.used: dict[int, int] = defaultdict(int)

    def next(self, day: date) -> str:
        self.used[day.year] += 1
        return f"{self.prefix}-{day.year % 100:02}-{self.used[day.year]:05}"


class _Story:
    """What happened, told register by register: *told* holds the facts of each row by field name."""

    def __init__(self, today: date, people: dict[str, Any], work: dict[str, Any], goods: dict[str, Any]) -> None:
        self.random = random.Random(f"servicebook {today:%Y-%m-%d}")  # noqa: S311 - a story, not a secret
        self.today = today
        self.first = today - timedelta(days=DAYS)
        self.end = datetime.combine(today - timedelta(days=1), LAST_HOUR)
        self.people, self.work, self.goods = people, work, goods
        self.told: dict[str, list[Facts]] = defaultdict(list)
        self.spoiled = 0
        self._staff()
        self._customers()
        self._contracts()
        self._equipment()
        self._parts()
        self._calls()
        self._orders()
        self._visits()
        self._followups()
        self._stock()
        self._loaners()
        self._complaints()

    # ------------------------------------------------------------ small helps

    def chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent

    def pick(self, items: Sequence[Any]) -> Any:
        return items[int(self.random.random() * len(items))]

    def minutes(self, least: float, most: float) -> timedelta:
        return timedelta(minutes=round(self.random.uniform(least, most)))

    def by_now(self, moment: datetime | None) -> datetime | None:
        """*moment*, unless it had not come when the last evening ended."""
        return moment if moment is not None and moment <= self.end else None

    def days(self) -> Iterator[date]:
        for number in range(DAYS):
            yield self.first + timedelta(days=number)

    # ------------------------------------------------------------ who and what is there

    def _staff(self) -> None:
        for number, one in enumerate(self.people["staff"], 1):
            left = self.today - timedelta(days=one["left"]) if "left" in one else None
            self.told["staff"].append(
                {
                    "staff_no": f"YG{number:03}",
                    "name": one["name"],
                    "display_name": one["display"],
                    "phone": f"1380000{number * 613 % 10000:04}",
                    "role": one["role"],
                    "group": one["group"],
                    "joined_on": self.today - timedelta(days=one["joined"]),
                    "left_on": left,
                    "active": left is None,
                }
            )
        self.technicians = [one for one in self.people["staff"] if one["group"].startswith("维修")]
        self.visitors = [one["display"] for one in self.people["staff"] if one["group"] == "巡检组"]
        self.desk = [one["display"] for one in self.people["staff"] if one["role"] == "front_desk"]

    def working(self, day: date) -> list[str]:
        """The technicians who are there on *day*."""
        gone = self.today - timedelta(days=next(one["left"] for one in self.technicians if "left" in one))
        return [one["display"] for one in self.technicians if "left" not in one or day < gone]

    def _customers(self) -> None:
        words = self.people["customers"]
        for number, stem in enumerate(words["stems"]):
            kind = words["kinds"][number % len(words["kinds"])]
            private = number == len(words["stems"]) - 1
            contact = words["contacts"][number * 7 % len(words["contacts"])]
            self.told["customers"].append(
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
                    "filed_on": self.first - timedelta(days=200 + number * 11),
                }
            )
        self.callers = [
            (customer, f"1380000{(number * 2711 + 5003) % 10000:04}")
            for number, customer in enumerate(self.told["customers"])
        ]

    def called(self, customer: Facts) -> object:
        """How people write a customer down: mostly the short name, now and then another."""
        if customer["short_name"] is None:
            return customer["name"]
        dice = self.random.random()
        if dice < 0.8:
            return customer["short_name"]
        return str(customer["aliases"]).split("、")[0] if dice < 0.9 else customer["name"]

    def _contracts(self) -> None:
        kinds = self.people["customers"]["kinds"]
        for number in range(45):
            place = number % len(self.told["customers"])
            customer = self.told["customers"][place]
            months = (12, 24, 36)[number % 3]
            accepted = self.first - timedelta(days=20 + number * 23 % 900)
            guarded_until = accepted + timedelta(days=round(months * 30.44))
            kept = guarded_until < self.today and number % 2 == 0
            self.told["contracts"].append(
                {
                    "contract_no": f"HT{accepted:%y}-{number + 1:03}",
                    "customer_name": customer["short_name"] or customer["customer_no"],
                    "project": kinds[place % len(kinds)]["project"],
                    "site_address": customer["address"],
                    "responsible": self.visitors[number % len(self.visitors)],
                    "accepted_on": accepted,
                    "guarantee_months": months,
                    "maintenance": kept,
                    "maintenance_from": guarded_until + timedelta(days=1) if kept else None,
                    "maintenance_to": guarded_until + timedelta(days=730) if kept else None,
                    "built_by_us": number % 15 != 14,
                }
            )

    def _equipment(self) -> None:
        units = self.goods["equipment"]
        self.machines: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for number in range(60):
            customer = self.told["customers"][number % 40]
            contract = self.told["contracts"][number % 40]
            unit = units[number * 4 % len(units)]
            machine_no = f"SB{number + 1:04}"
            self.machines[str(customer["customer_no"])].append((machine_no, unit))
            self.told["equipment"].append(
                {
                    "equipment_no": machine_no,
                    "customer_name": customer["short_name"] or customer["customer_no"],
                    "contract_no": contract["contract_no"],
                    "product": unit,
                    "location": self.work["sites"][number * 7 % len(self.work["sites"])],
                    "installed_on": contract["accepted_on"],
                }
            )

    def _parts(self) -> None:
        self.by_word: dict[str, list[str]] = defaultdict(list)
        self.stock: dict[str, float] = {}
        kinds = [(part, spec) for part in self.goods["parts"] for spec in part["specs"]]
        for number, (part, spec) in enumerate(kinds[:120]):
            least, camera = 2 + number % 4, part["kind"].endswith("camera")
            by_length = part["unit"] == "米"
            opening = (300 if by_length else 8 + number * 5 % 13) + least
            part_no = f"{number * 37 % 1000:05}"
            self.by_word[part["word"]].append(part_no)
            self.stock[part_no] = opening
            self.told["parts"].append(
                {
                    "part_no": part_no,
                    "name": f"{part['name']} {spec}",
                    "kind": part["kind"],
                    "spec": spec,
                    "unit": part["unit"],
                    "location": self.goods["shelves"][number % len(self.goods["shelves"])],
                    "keeper": "沈师傅",
                    "opening_qty": opening,
                    "opening_on": self.first,
                    "original_qty": least + 4 if camera else None,
                    "min_qty": 60 if by_length else least,
                    "condition": "repaired_backup" if camera and number % 3 == 0 else "new",
                    "age_class": str(1 + number % 3) if camera else None,
                    "construction_year": self.today.year - 1 - number % 6 if part["kind"] == "moving_camera" else None,
                }
            )

    # ------------------------------------------------------------ calls

    def _calls(self) -> None:
        numbers = _Numbers("RC")
        for moment in sorted(self._ringing()):
            if len(self.told["call_register"]) == 40:  # somebody left a line out
                self.told["call_register"].append({"call_no": numbers.next(moment.date())})
            self.told["call_register"].append(self._call(numbers.next(moment.date()), moment))

    def _ringing(self) -> Iterator[datetime]:
        """When the phone rang: office hours mostly, few calls at week-ends, some at night."""
        for day in self.days():
            weekend = day.weekday() > 4
            for _ in range(3 + self.random.randrange(3) if weekend else 9 + self.random.randrange(3)):
                hour = self.pick((8, 9, 9, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16, 16, 17, 18))
                yield datetime.combine(day, time(hour, self.random.randrange(60)))
        # Their limits of a day and of two days run out on the night that follows the last evening.
        for back, hour, minute in ((2, 3, 10), (2, 4, 5), (2, 5, 20), (1, 2, 35), (1, 3, 50)):
            yield datetime.combine(self.today - timedelta(days=back), time(hour, minute))

    def _call(self, call_no: str, rang: datetime) -> Facts:
        customer, mobile = self.pick(self.callers)
        fault = self.pick(self.work["faults"])
        place = self.pick(self.work["sites"])
        night = rang.hour < 6
        told = rang + self.minutes(2, 12)
        replied = told + (self.minutes(3, 27) if self.chance(93) else self.minutes(31, 95))
        by_phone = bool(fault.get("phone")) and self.chance(90)
        promised = _whole_half_hour(replied + self.minutes(60, 300))
        arrived = promised + self.minutes(-20, 40) if self.chance(93) else promised + self.minutes(1200, 2000)
        if night and rang.date() == self.end.date():
            arrived = rang + timedelta(hours=26)  # the day has gone by, and nobody has been there yet
        facts: Facts = {
            "call_no": call_no,
            "received_at": rang,
            "customer_name": self.called(customer),
            "phone": mobile,
            "reporter_name": customer["contact_name"],
            "fault_description": fault["say"].format(site=place),
            "taken_by": self.pick(self.desk),
            "channel": self.pick(("phone",) * 7 + ("hotline", "online_chat", "official_website")),
            "fault_class": fault.get("class", "general"),
            "cover_status": self.pick(("guarantee",) * 5 + ("maintenance",) * 3 + ("outside",)),
            "site": place,
            "technician_told_at": self.by_now(told),
            "replied_at": self.by_now(replied) if self.chance(98) or night else None,
        }
        if by_phone:
            done = {"solved_by_phone": True, "fixed_at": self.by_now(replied), "repair_result": "fixed"}
            return facts | done | {"assigned_to": self.pick(self.working(rang.date()))}
        facts |= {"solved_by_phone": False, "assigned_to": self.pick(self.working(rang.date()))}
        facts["promised_arrival"] = promised if facts["replied_at"] and self.chance(97) else None
        if self.by_now(arrived) and self.chance(98):
            facts |= self._on_site(arrived, rang, customer, fault)
        return facts

    def _on_site(self, arrived: datetime, rang: datetime, customer: Facts, fault: Mapping[str, Any]) -> Facts:
        """What the technician brought back: mostly done within the hour, now and then a second visit."""
        dice = self.random.random()
        facts: Facts = {"arrived_at": arrived, "equipment": self._machine(customer, fault["unit"])}
        if dice < 0.84:
            fixed = arrived + self.minutes(15, 110)
            facts |= {"fixed_at": self.by_now(fixed), "repair_result": "fixed" if self.by_now(fixed) else None}
        elif dice < 0.90:
            waited = arrived + self.minutes(25, 40)
            over = waited + self.minutes(1200, 4000)
            fixed = over + self.minutes(20, 60)
            facts |= {
                "hold_reason": self.pick(("waiting_parts", "waiting_customer", "waiting_access")),
                "hold_from": self.by_now(waited),
                "hold_to": self.by_now(over),
                "fixed_at": self.by_now(fixed),
                "repair_result": "fixed" if self.by_now(fixed) else "delayed",
            }
            if facts["hold_from"] is None:
                facts["hold_reason"] = facts["repair_result"] = None
        elif dice < 0.97:
            fixed = arrived + self.minutes(1500, 4500)
            facts |= {"fixed_at": self.by_now(fixed), "repair_result": "fixed" if self.by_now(fixed) else "delayed"}
        else:
            facts |= {"repair_result": "loaner_in_place", "loaner_given": True}
        slow = self.minutes(2900, 4300) if self.chance(5) else self.minutes(400, 2300)
        done = facts.get("fixed_at")
        ready = done if isinstance(done, datetime) else arrived + timedelta(hours=4)
        handed_in = _in_office(max(rang + slow, ready + timedelta(minutes=40)))
        facts["handed_in_at"] = self.by_now(handed_in) if rang.hour > 6 and self.chance(96) and done else None
        facts["result_note"] = self.pick(self.work["remarks"]) if self.chance(15) else None
        return facts

    def _machine(self, customer: Facts, unit: str) -> str | None:
        """A machine of that kind at the customer's, each used once here, so that repeats are few."""
        machines = self.machines[str(customer["customer_no"])]
        found = next((machine for machine in machines if machine[1] == unit), None)
        if found is not None and not self.chance(8):
            machines.remove(found)
        return found[0] if found else None

    # ------------------------------------------------------------ work orders

    def _orders(self) -> None:
        delays, holds, departments = _Numbers("YS"), _Numbers("ZT"), _Numbers("ZJ")
        shelf = _Books(self)
        # Sheets are torn off in the order of the visits.
        for call in sorted(self.told["call_register"], key=lambda call: str(call.get("arrived_at"))):
            arrived = call.get("arrived_at")
            if not isinstance(arrived, datetime):
                continue
            order = self._order(call, arrived)
            order |= shelf.sheet(str(order["technician"]), arrived.date())
            if order["result"] == "delayed" or _late(call):
                self._delay(delays, call, order)
            if call.get("hold_to") and self.chance(40):
                self._hold(holds, call)
            call["work_order_no"] = order["work_order_no"]
            self.told["work_orders"].append(order)
            if self.chance(2):
                self.told["work_orders"].append(self._spoiled(shelf, order, arrived))
        self.told["work_orders"].sort(key=lambda order: str(order["work_order_no"]))
        for number in range(10):
            self._department(departments, number)

    def _order(self, call: Facts, arrived: datetime) -> Facts:
        fault = self._fault(call)
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
            "work_done": fault["do"] if finished else self.pick(self.work["refusals"]),
            "parts_used": f"{self.pick(self.by_word[word])}×1" if word and self.by_word[word] and finished else None,
            "charge_basis": "quoted" if outside else "free",
            "amount": float(80 + 10 * self.random.randrange(40)) if outside else None,
            "finished_at": finished,
            "result": "fixed" if finished else "delayed",
            "customer_signature": True if finished and self.chance(98) else None,
            "front_desk_signature": True if call.get("handed_in_at") else None,
            "copies_complete": True if call.get("handed_in_at") else None,
            "handed_in_at": call.get("handed_in_at"),
        }

    def _fault(self, call: Facts) -> Mapping[str, Any]:
        site = str(call["site"])
        said = call["fault_description"]
        found: Mapping[str, Any] = next(
            fault for fault in self.work["faults"] if fault["say"].format(site=site) == said
        )
        return found

    def _spoiled(self, shelf: _Books, order: Facts, arrived: datetime) -> Facts:
        """A sheet that was spoiled: void, and nearly always with its reason."""
        sheet = shelf.sheet(str(order["technician"]), arrived.date())
        self.spoiled += 1
        reason = None if self.spoiled == 2 else self.pick(self.work["void_reasons"])
        return sheet | {"technician": order["technician"], "void": True, "void_reason": reason}

    def _delay(self, numbers: _Numbers, call: Facts, order: Facts) -> None:
        if self.chance(8):
            return  # the form that is missing
        arrived = order["arrived_at"]
        if not isinstance(arrived, datetime):
            return
        delay_no = numbers.next(arrived.date())
        order["delay_form_no"] = delay_no
        finished = call.get("fixed_at")
        self.told["delay_analyses"].append(
            {
                "delay_no": delay_no,
                "work_order_no": order["work_order_no"],
                "call_no": call["call_no"],
                "cause": self.pick(("part_missing", "access_refused", "customer_not_ready", "third_party")),
                "expected_done": arrived.date() + timedelta(days=3),
                "loaner_given": bool(call.get("loaner_given")),
                "actual_done": finished.date() if isinstance(finished, datetime) else None,
                "technician": order["technician"],
                "handed_in_at": order["handed_in_at"],
            }
        )

    def _hold(self, numbers: _Numbers, call: Facts) -> None:
        """A second hold of the same call, some hours before the first one ended."""
        ended = call["hold_to"]
        if not isinstance(ended, datetime):
            return
        self.told["hold_periods"].append(
            {
                "hold_no": numbers.next(ended.date()),
                "register": "call_register",
                "record_no": call["call_no"],
                "reason": "waiting_customer",
                "from_at": ended,
                "to_at": self.by_now(ended + timedelta(minutes=15)),
            }
        )

    def _department(self, numbers: _Numbers, number: int) -> None:
        sent = datetime.combine(self.first + timedelta(days=2 + number * 26 // 10), time(10, 5 + number * 4))
        solved = sent + self.minutes(200, 1300) if number % 5 else sent + self.minutes(1500, 2600)
        open_still = number == 9
        self.told["dept_requests"].append(
            {
                "transfer_no": numbers.next(sent.date()),
                "kind": "transfer",
                "matter": self.work["visits"]["unresolved"][number % 3],
                "to_department": ("technical", "sales", "engineering")[number % 3],
                "passed_by": self.pick(self.visitors),
                "sent_at": sent,
                "solved_at": None if open_still else self.by_now(solved),
                "answer": None if open_still else self.work["visits"]["answers"][number % 3],
                "user_accepts": None if open_still else True,
            }
        )

    # ------------------------------------------------------------ visits and calls back

    def _visits(self) -> None:
        """A visit every three months from acceptance; about one in fourteen did not happen."""
        numbers, plans = _Numbers("XF"), []
        for contract in self.told["contracts"]:
            accepted = contract["accepted_on"]
            for quarter in range(1, 12):
                if isinstance(accepted, date):
                    day = accepted + timedelta(days=round(91.3 * quarter) - self.random.randrange(12))
                    plans.append((_weekday(day), contract))
        for day, contract in sorted(plans, key=lambda plan: (plan[0], str(plan[1]["contract_no"]))):
            if day < self.today and self._covered(contract, day) and not self.chance(7):
                self.told["visits"].append(self._visit(numbers.next(day), day, contract))

    def _covered(self, contract: Facts, day: date) -> bool:
        accepted, months, until = contract["accepted_on"], contract["guarantee_months"], contract["maintenance_to"]
        if not isinstance(accepted, date) or not isinstance(months, int):
            return False
        return day <= accepted + timedelta(days=months * 30) or (isinstance(until, date) and day <= until)

    def _visit(self, visit_no: str, day: date, contract: Facts) -> Facts:
        words = self.work["visits"]
        return {
            "visit_no": visit_no,
            "kind": "revisit",
            "contract_no": contract["contract_no"],
            "customer_name": contract["customer_name"],
            "responsible": contract["responsible"],
            "planned_on": day,
            "visited_on": day,
            "use_state": self.pick(words["use"]),
            "used_by_manual": True,
            "guidance_given": self.pick(words["guidance"]),
            "wear_parts_state": self.pick(words["wear"]),
            "ageing_found": self.pick(words["ageing"]),
            "user_comment": self.pick(words["comment"]),
            "unresolved": self.pick(words["unresolved"]) if self.chance(4) else None,
            "company_signature": True,
            "customer_signature": True,
        }

    def _followups(self) -> None:
        numbers = _Numbers("HF")
        for call in self.told["call_register"]:
            fixed = call.get("fixed_at")
            if not isinstance(fixed, datetime) or not call.get("equipment"):
                continue
            done = fixed.date() + timedelta(days=1 + self.random.randrange(3) if self.chance(88) else 5)
            past = done < self.today
            self.told["followups"].append(
                {
                    "followup_no": numbers.next(fixed.date()),
                    "kind": "after_return",
                    "ref_no": call["call_no"],
                    "customer_name": call["customer_name"],
                    "customer_received_on": fixed.date(),
                    "done_by": self.pick(self.desk) if past else None,
                    "done_on": done if past else None,
                    "satisfied": self.pick(("very", "very", "basically")) if past else None,
                    "comments": self.pick(self.work["followups"]) if past else None,
                    "new_problem": False if past else None,
                }
            )

    # ------------------------------------------------------------ the store

    def _stock(self) -> None:
        numbers, counts = _Numbers("CK"), _Numbers("PD")
        parts = self.told["parts"]
        wanted = [order for order in self.told["work_orders"] if order.get("parts_used")]
        for day in self.days():
            weekend = day.weekday() > 4
            for minute in sorted(self.random.randrange(510, 1060) for _ in range(8 if weekend else 37)):
                moment = datetime.combine(day, time()) + timedelta(minutes=minute)
                part = self.pick(parts)
                order = self.pick(wanted) if wanted else {}
                self.told["stock_moves"].append(self._move(numbers.next(day), moment, part, order))
            # A week in which nobody counted: the third.
            if day.weekday() == 4 and (day - self.first).days // 7 != 2:
                self._count(counts, day)

    def _move(self, move_no: str, moment: datetime, part: Facts, order: Facts) -> Facts:
        part_no, least = str(part["part_no"]), part["min_qty"]
        by_length = part["unit"] == "米"
        quantity = 10 * (1 + self.random.randrange(4)) if by_length else 1 + self.random.randrange(2)
        floor = int(least) if isinstance(least, int) else 0
        runs_short = self.stock[part_no] - quantity <= floor
        # Twelve kinds of part are never bought again here: they are the ones that fall below their minimum.
        if runs_short and (int(part_no) % 10 or self.stock[part_no] < quantity):
            quantity = 100 if by_length else 10
            self.stock[part_no] += quantity
            return self._receipt(move_no, moment, part, quantity)
        self.stock[part_no] -= quantity
        return {
            "move_no": move_no,
            "moved_at": moment,
            "direction": "out",
            "part_no": part_no,
            "quantity": quantity,
            "location": part["location"],
            "requester": self.pick(self.working(moment.date())),
            "reason": self.pick(("fault_repair",) * 6 + ("technical_notice", "missing_parts")),
            "ref_no": order.get("work_order_no") if self.chance(60) else None,
            "confirmed_by_both": True,
            "issued_by": "沈师傅",
        }

    def _receipt(self, move_no: str, moment: datetime, part: Facts, quantity: int) -> Facts:
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

    def _count(self, numbers: _Numbers, day: date) -> None:
        for place in range(10):
            part = self.told["parts"][(day.toordinal() + place * 11) % len(self.told["parts"])]
            on_hand = self.stock[str(part["part_no"])]
            off = place == 7
            self.told["stocktakes"].append(
                {
                    "stocktake_no": numbers.next(day),
                    "counted_on": day,
                    "item": part["part_no"],
                    "counted_qty": on_hand - 1 if off and on_hand else on_hand,
                    "counted_by": "沈师傅",
                    "cause": self.pick(self.work["stocktake_causes"]) if off else None,
                    "store_cleaned": True,
                    "topup_needed": on_hand <= float(str(part["min_qty"])),
                }
            )

    def _loaners(self) -> None:
        numbers = _Numbers("BJ")
        cameras = [part["part_no"] for part in self.told["parts"] if str(part["kind"]).endswith("camera")]
        for call in self.told["call_register"]:
            arrived = call.get("arrived_at")
            if not call.get("loaner_given") or not isinstance(arrived, datetime):
                continue
            back = arrived.date() + timedelta(days=4 + self.random.randrange(9))
            self.told["loaners"].append(
                {
                    "loan_no": numbers.next(arrived.date()),
                    "call_no": call["call_no"],
                    "customer_name": call["customer_name"],
                    "loaner_item": self.pick(cameras),
                    "customer_unit": self._fault(call)["unit"],
                    "out_on": arrived.date(),
                    "back_on": back if back < self.today else None,
                    "reason": "taken_for_repair",
                }
            )

    def _complaints(self) -> None:
        numbers = _Numbers("TS")
        for number in range(12):
            came = datetime.combine(self.first + timedelta(days=1 + number * 2), time(9 + number % 8, 12 + number * 3))
            words = self.work["complaints"][number % len(self.work["complaints"])]
            closed = came.date() + timedelta(days=2 + number % 6)
            done = closed < self.today and number % 6 != 5
            self.told["complaints"].append(
                {
                    "complaint_no": numbers.next(came.date()),
                    "received_at": came,
                    "customer_name": self.called(self.told["customers"][number * 3 % 39]),
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


class _Books:
    """The bound books of work orders: each technician tears sheets from his own, and gets the next when it is full."""

    def __init__(self, story: _Story) -> None:
        self.told = story.told["work_order_books"]
        self.lost = {one["display"]: one["loses"] for one in story.technicians if "loses" in one}
        self.swapped = {one["display"]: one["swaps"] for one in story.technicians if "swaps" in one}
        self.open: dict[str, tuple[Facts, int]] = {}
        self.sheets = 0

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


def _whole_half_hour(moment: datetime) -> datetime:
    return moment.replace(minute=30 if moment.minute >= 30 else 0) + timedelta(minutes=30)


def _in_office(moment: datetime) -> datetime:
    """The same moment, or the next morning when the front desk has gone home."""
    if moment.hour >= 18:
        moment = datetime.combine(moment.date() + timedelta(days=1), time(8, 40))
    return moment if moment.hour >= 8 else moment.replace(hour=8, minute=50)


def _weekday(day: date) -> date:
    """*day*, or the Friday before it."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _late(call: Facts) -> bool:
    arrived, fixed = call.get("arrived_at"), call.get("fixed_at")
    return isinstance(arrived, datetime) and isinstance(fixed, datetime) and fixed - arrived > timedelta(hours=12)


# ---------------------------------------------------------------- dirt


def _soil(typed: Rows, today: date) -> list[Spot]:
    """Spoil *typed* in the places that dirt.yaml names; gives those places as the sheet shows them."""
    plan = _samples("dirt")
    spots: list[tuple[Mapping[str, Any], dict[str, object]]] = []
    for one in plan["cells"]:
        table = typed.get(one["register"])
        if table:
            row = table[one["at"]]
            row[one["column"]] = _dirty(one, table, today)
            if "merge" in one:  # the first cell of a merged area has the value, the next ones have none
                row = table[one["at"] + 1]
                row.pop(one["column"], None)
            spots.append((one, row))
    for one in plan["rows"]:
        table = typed.get(one["register"])
        if table:
            again = [table[one["copy"]]] if "copy" in one else []
            new = dict(again[0]) if again else dict[str, object]()
            table.insert(one["at"], new)
            spots += [(one, row) for row in (new, *again)]
    return [
        Spot(one["register"], _sheet_row(typed[one["register"]], row), one.get("column", ""), one["code"], one["why"])
        for one, row in spots
    ] + [
        Spot(register, _sheet_row(table, row), "void_reason", "void-reason-missing", "作废没写原因")
        for register, table in typed.items()
        for row in table
        if row.get("void") == "是" and "void_reason" not in row
    ]


def _dirty(one: Mapping[str, Any], table: Sequence[Mapping[str, object]], today: date) -> object:
    """The cell that *one* line of dirt.yaml describes, by the one of these words that it holds."""
    makers: dict[str, Callable[[Any], object]] = {
        "text": str,
        "number": float,
        "truth": bool,
        "days": lambda days: today + timedelta(days=days),
        "error": ErrorCell,
        "formula": Formula,
        "merge": lambda text: Merge(text, 2),
        "same_as": lambda other: table[other][one["column"]],
    }
    word = next(word for word in makers if word in one)
    return makers[word](one[word])


def _sheet_row(table: Sequence[object], row: object) -> int:
    """Bands stand in row 1, headers in row 2."""
    return 3 + next(place for place, other in enumerate(table) if other is row)
