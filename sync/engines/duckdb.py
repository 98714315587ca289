"""DuckDB: the second engine, so that no expression leans on the first one. The only module that knows duckdb."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import narwhals as nw
import pyarrow as pa

_TYPES: Mapping[str, Any] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("us"),
}


class DuckDB:
    """See *sync.engines.Engine*."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.names = (f"t{n}" for n in itertools.count())

    def table(self, columns: Mapping[str, Sequence[object]], types: Mapping[str, str]) -> nw.LazyFrame[Any]:
        arrays = {name: pa.array(values, _TYPES[types[name]]) for name, values in columns.items()}
        return self._kept(pa.table(arrays))

    def settle(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        return self._kept(frame.to_native().to_arrow_table())

    def columns(self, frame: nw.LazyFrame[Any]) -> dict[str, list[object]]:
        found: dict[str, list[object]] = frame.to_native().to_arrow_table().to_pydict()
        return found

    def _kept(self, table: Any) -> nw.LazyFrame[Any]:
        name = next(self.names)
        self.connection.register(name, table)
        return nw.from_native(self.connection.table(name))


ENGINE = DuckDB()
