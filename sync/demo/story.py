"""Who tells what happened: the days, the dice, and the facts told so far."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sync import yamlfile
from sync.schema import SHIPPED
from sync.workdays import Workdays

SAMPLES = SHIPPED / "samples"
DAYS = 28
LAST_HOUR = time(21, 30)  # nobody wrote anything later on the last evening

Facts = dict[str, object]


def samples(name: str) -> dict[str, Any]:
    """The names, words or amounts that the example is made of, from the file of that *name*."""
    content: dict[str, Any] = yamlfile.read(SAMPLES / f"{name}.yaml")
    return content


class Numbers:
    """The running numbers of a desk register, starting again each year."""

    def __init__(self, prefix: str, digits: int = 5) -> None:
        self.prefix = prefix
        self.digits = digits
        self.used: dict[int, int] = defaultdict(int)

    def next(self, day: date) -> str:
        self.used[day.year] += 1
        return f"{self.prefix}-{day.year % 100:02}-{self.used[day.year]:0{self.digits}}"


class Story:
    """What happened, told register by register: *told* holds the facts of each row by field name.

    The chapters add to it in their order; each may use what those before it left.
    """

    def __init__(self, today: date, office: Workdays) -> None:
        self.random = random.Random(f"servicebook {today:%Y-%m-%d}")  # noqa: S311 - a story, not a secret
        self.today = today
        self.office = office
        self.first = today - timedelta(days=DAYS)
        self.end = datetime.combine(today - timedelta(days=1), LAST_HOUR)
        self.people, self.work, self.goods = samples("people"), samples("work"), samples("goods")
        self.told: dict[str, list[Facts]] = defaultdict(list)
        self.technicians: list[dict[str, Any]] = []
        self.visitors: list[str] = []
        self.desk: list[str] = []
        self.callers: list[tuple[Facts, str]] = []  # a customer, and the phone that rings from there
        self.machines: dict[str, list[tuple[str, str]]] = defaultdict(list)  # by customer: number and kind
        self.by_word: dict[str, list[str]] = defaultdict(list)  # part numbers by the word for such a part
        self.stock: dict[str, float] = {}

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
