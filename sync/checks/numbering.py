"""Ids and numbers down a column: twice the same, numbers of a series missing, phone numbers that were dragged."""

from __future__ import annotations

import re
from collections.abc import Iterator

import narwhals as nw

from sync.checks import SAID, Params, Test
from sync.tables import Table

_COUNTER = re.compile(r"\{n:0(\d+)\}$")


def unique(table: Table) -> Iterator[Test]:
    """The same value twice; ids that differ only by case count as the same, since a look-up takes them for it."""
    for field in table.register.fields:
        key = field.name == table.register.primaryKey
        if not (key or field.constraints.unique) or not table.may_be(field.name):
            continue
        counts = SAID if key else SAID & ~nw.col("_void")
        same = f"_same_{field.name}"
        value = nw.col(field.name).cast(nw.String).str.to_lowercase()
        frame = table.frame.with_columns(nw.when(counts).then(value).alias(same))
        row = nw.col("_row")
        table.frame = frame.with_columns(
            row.count().over(same).alias(f"{same}_times"), row.min().over(same).alias(f"{same}_first")
        )
        params: Params = {"first": nw.col(f"{same}_first"), "times": nw.col(f"{same}_times")}
        wrong = ~nw.col(same).is_null() & (nw.col(f"{same}_times") > 1)
        yield Test(field.name, "id-duplicate" if key else "value-duplicate", wrong, params=params)


def series(table: Table) -> Iterator[Test]:
    """A pre-written number that is gone: somebody deleted its row, or typed over it."""
    counter = _COUNTER.search(table.register.series or "")
    key = table.register.primaryKey
    pattern = table.register.by_name[key].constraints.pattern
    if not counter or not table.may_be(key):
        return
    digits = int(counter[1])
    prefix = len((table.register.series or "").replace("{yy}", "00").split("{n:")[0])
    said = SAID & nw.col(key).str.contains(f"^(?:{pattern})$" if pattern else "[0-9]+$").fill_null(value=False)
    number = nw.when(said).then(nw.col(key).str.slice(-digits)).otherwise(nw.lit("0")).cast(nw.Int64)
    table.frame = table.frame.with_columns(
        _n=nw.when(said).then(number), _series=nw.when(said).then(nw.col(key).str.slice(0, prefix))
    )
    before = nw.col("_n").shift(1).over("_series", order_by=["_n", "_row"])
    table.frame = table.frame.with_columns(_before=before)
    params: Params = {"from": nw.col("_before") + 1, "to": nw.col("_n") - 1}
    wrong = ~nw.col("_series").is_null() & (nw.col("_n") - nw.col("_before") > 1)
    yield Test(key, "series-gap", wrong, "warning", params=params)


def dragged(table: Table) -> Iterator[Test]:
    """Three or more phone numbers in a row that count up by one: the corner of a cell was dragged down."""
    for name in table.register.dragged:
        if not table.may_be(name):
            continue
        phone, number = nw.col(name).fill_null(""), f"_number_{name}"
        plain = phone.str.contains(r"^\+?[0-9]{8,15}$")
        digits = nw.when(plain).then(phone.str.slice(-8)).otherwise(nw.lit("0")).cast(nw.Int64)
        table.frame = table.frame.with_columns(nw.when(plain).then(digits).alias(number))
        steps = {}
        for step in (1, 2, -1, -2):
            other = nw.col(number).shift(step).over("_book", "_tab", order_by="_row")
            steps[f"{number}_{step}"] = ((nw.col(number) - other) == step).fill_null(value=False)
        table.frame = table.frame.with_columns(**steps)
        up, up2, down, down2 = map(nw.col, steps)
        yield Test(name, "phone-dragged", (up & up2) | (down & down2) | (up & down), "warning")
