"""The room of engines: who computes the expressions. All verbs speak Narwhals; an engine makes and settles tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

import narwhals as nw

from sync.model import DeclarationError

# Our column types, in the words of model.py.
TYPES = ("text", "integer", "number", "boolean", "datetime")

ENGINES: Mapping[str, str] = {"polars": "sync.engines.polars", "duckdb": "sync.engines.duckdb"}


class Engine(Protocol):
    """What a night asks of an engine."""

    def table(self, columns: Mapping[str, Sequence[object]], types: Mapping[str, str]) -> nw.LazyFrame[Any]:
        """A table of *columns*, each of the type that *types* names (see TYPES)."""

    def settle(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """*frame* computed once, so that what is built on it does not compute it again."""

    def columns(self, frame: nw.LazyFrame[Any]) -> dict[str, list[object]]:
        """The values of *frame*, by column."""


def engine(name: str) -> Engine:
    """The engine called *name*; imported here, since an engine is the heaviest thing a night loads."""
    try:
        return cast("Engine", import_module(ENGINES[name]).ENGINE)
    except ModuleNotFoundError as error:
        raise DeclarationError(
            f"servicebook.toml: engine: {name} needs the package {error.name}, which is not installed. "
            "Install requirements-dev.txt, or leave the line out: polars is always there."
        ) from error


def rows(columns: Mapping[str, Sequence[object]]) -> list[dict[str, object]]:
    """*columns* turned into a dictionary a row."""
    names = list(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
