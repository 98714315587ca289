"""What a column is like: how its cells are shown, what its header says, what helps to type into it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from xlsxwriter.utility import xl_col_to_name

from sync.init.texts import texts
from sync.schema import VOID, Band, Column, Register

FIRST = 2  # index of the first row of data: bands stand in row 1, headers in row 2
GROWTH = 200  # numbers written ahead in a desk register

TEXT = "@"
FORMATS: Mapping[str, str] = {
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "time": "hh:mm",
    "money": "0.00",
    "integer": "0",
    "number": "General",
}
MOMENTS = frozenset(FORMATS[kind] for kind in ("date", "datetime", "time"))
WIDTHS: Mapping[str, int] = {
    "id": 14,
    "date": 12,
    "datetime": 17,
    "time": 8,
    "money": 11,
    "integer": 9,
    "number": 9,
    "boolean": 8,
    "phone": 16,
    "choice": 13,
    "choices": 16,
    "month": 10,
    "duration": 10,
}
# A band's light fill for its label, and the stronger one for its headers.
PALETTE = (
    ("#DCE9F7", "#BCD5EF"),
    ("#FFF1D3", "#FFE09E"),
    ("#E1F0DB", "#C3E0B6"),
    ("#EEE5F6", "#D9C7EA"),
    ("#DDF1F0", "#B7DFDD"),
    ("#F7E6DF", "#EBC9BB"),
)
VOID_FILLS = ("#EDEDED", "#D6D6D6")


def tab_title(register: Register) -> str:
    """The tab of *register* that staff write into."""
    return register.tabs[0].tab


def number_format(column: Column | None, value: object = None) -> str:
    """How the cells of *column* are formatted, so that what is typed stays what was meant.

    A date where none is meant brings its own format, as it does when people type it.
    """
    usual = "General" if column is None else FORMATS.get(_kind(column), TEXT)
    return FORMATS["date"] if isinstance(value, dt.date) and "y" not in usual else usual


def note(column: Column) -> str:
    """What a header says about its column: Chinese first, English beside it."""
    field, said = column.field, texts()
    lines = [field.help.zh, field.help.en] if field.help else [" / ".join(column.titles)]
    how = said.how.get(_kind(column))
    if how:
        lines += [how.zh, how.en]
    if field.choices:
        lines.append(said.one_of.zh + "、".join(choice.title.zh for choice in field.choices))
        lines.append(said.one_of.en + ", ".join(choice.title.en for choice in field.choices))
    if field.constraints.required:
        lines.append(said.required.zh + said.required.en)
    elif field.required_when:
        lines.append(said.required_later.zh + said.required_later.en)
    if field.personal is True:
        lines.append(said.personal.zh + said.personal.en)
    return "\n".join(lines)


def _kind(column: Column) -> str:
    """The kind of *column*; one half of a moment is a date or a time."""
    return "date" if column.part == "date" else column.kind


def width(column: Column, header: str) -> float:
    """How wide *column* is under its *header*, whose Chinese signs take the room of two."""
    if column.field.width:
        return column.field.width
    shown = sum(2 if ord(char) > 0x2E80 else 1 for char in header)
    return max(WIDTHS.get(_kind(column), 18), min(shown + 4, 16))


def fills(register: Register) -> dict[str, tuple[str, str]]:
    """The colours of each band; the last things anybody needs, the void columns, are grey."""
    bands = [band.name for band in register.bands if band.name != VOID]
    return {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(bands)} | {VOID: VOID_FILLS}


def band(register: Register, name: str) -> Band | None:
    """The band of *register* with that *name*."""
    return next((band for band in register.bands if band.name == name), None)


def validation(column: Column, registers: Mapping[str, Register]) -> dict[str, object]:
    """The drop-down or warning that helps to fill *column*, if any."""
    field = column.field
    if field.choices and column.kind == "choice":
        return _list([choice.title.zh for choice in field.choices])
    if column.kind == "boolean":
        return _list(["是", "否"])
    if field.foreign == "staff" and "staff" in registers:
        return {"validate": "list", "source": _names(registers["staff"]), **_warning("list")}
    if column.kind in {"date", "datetime"}:
        return {"validate": "date", "criteria": ">=", "value": dt.date(2000, 1, 1), **_warning("date")}
    if column.kind == "time":
        return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1, **_warning("time")}
    return {}


def _list(titles: Sequence[str]) -> dict[str, object]:
    # A list inside the rule may have at most 255 characters.
    return {"validate": "list", "source": list(titles), **_warning("list")} if len(",".join(titles)) <= 255 else {}


def _warning(about: str) -> dict[str, object]:
    said = texts().warnings[about]
    hint = {"input_title": said.title, "input_message": said.hint} if said.hint else {}
    return {"error_title": said.unusual, "error_message": f"{said.zh}\n{said.en}", **hint}


def _names(staff: Register) -> str:
    """The cells with the names that people are called by."""
    shown = staff.short_name or staff.primaryKey
    place = next(place for place, column in enumerate(staff.columns) if column.field.name == shown)
    letter = xl_col_to_name(place + (place > 0))
    return f"='{tab_title(staff)}'!${letter}${FIRST + 1}:${letter}${FIRST + 200}"


def written_ahead(
    register: Register, rows: Sequence[Mapping[str, object]], made_at: datetime
) -> list[dict[str, object]]:
    """The next numbers of a desk register, one a row, so that nobody has to think of one."""
    if register.series is None:
        return []
    year = f"{made_at.year % 100:02}"
    before, after = re.split(r"\{n[^}]*\}", register.series)
    shape = re.compile(re.escape(before.format(yy=year)) + r"(\d+)" + re.escape(after.format(yy=year)))
    used = [int(found[1]) for row in rows if (found := shape.fullmatch(str(row.get(register.primaryKey, "")).strip()))]
    top = max(used, default=0)
    return [
        {register.primaryKey: register.series.format(yy=year, n=number)} for number in range(top + 1, top + 1 + GROWTH)
    ]
