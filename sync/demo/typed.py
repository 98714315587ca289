"""From facts to the cells that people would have typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sync.schema import Field, Register


def typed(register: Register, facts: Mapping[str, object]) -> dict[str, object]:
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
