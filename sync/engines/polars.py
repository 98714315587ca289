"""Polars, lazy: the default engine. The only module that knows polars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import narwhals as nw
import polars as pl

_TYPES: Mapping[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "datetime": pl.Datetime("us"),
}

# Our plans are wide tables that look up a day in narrow ones: streaming would copy the wide one at every look-up.
HOW: Literal["in-memory"] = "in-memory"


class Polars:
    """See *sync.engines.Engine*."""

    def table(self, columns: Mapping[str, Sequence[object]], types: Mapping[str, str]) -> nw.LazyFrame[Any]:
        series = {name: pl.Series(name, values, _TYPES[types[name]]) for name, values in columns.items()}
        return nw.from_native(pl.DataFrame(series).lazy())

    def settle(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        settled: pl.DataFrame = frame.to_native().collect(engine=HOW)
        return nw.from_native(settled.lazy())

    def columns(self, frame: nw.LazyFrame[Any]) -> dict[str, list[object]]:
        found: dict[str, list[object]] = frame.to_native().collect(engine=HOW).to_dict(as_series=False)
        return found


ENGINE = Polars()
