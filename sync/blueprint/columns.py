"""What a column is like: how its cells are shown, what its header says, what helps to type into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.blueprint import ColumnDesign, Rule
from sync.blueprint.texts import texts
from sync.schema import VOID, Band, Column, Register

TEXT = "@"
FORMATS: Mapping[str, str] = {
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "time": "hh:mm",
    "money": "0.00",
    "integer": "0",
    "number": "General",
}
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


def columns(register: Register, people: Rule | None, renamed: Mapping[str, str]) -> Iterator[ColumnDesign]:
    """The columns of *register* in the order of typing; *people* offers the names of our own.

    Those that are *renamed* have another header and stand behind the others.
    """
    colours, labelled = _fills(register), set[str]()
    for place, column in enumerate(sorted(register.columns, key=lambda column: column.name in renamed)):
        title = renamed.get(column.name, column.titles[0])
        group = _band(register, column.field.band)
        label = register.title.zh if place == 0 else ""
        if place and group and group.name not in labelled:
            labelled.add(group.name)
            label = f"{group.title.zh}  {group.title.en}"
        light, strong = colours.get(column.field.band, PALETTE[0])
        yield ColumnDesign(
            name=column.name,
            title=title,
            known_as=(column.titles[1], *column.aliases),
            note=_note(column),
            number_format=FORMATS.get(_kind(column), TEXT),
            width=_width(column, title),
            rule=_rule(column, people),
            label=label,
            light=light,
            strong=strong,
            needed=column.field.constraints.required,
            personal=column.field.personal is True,
            whole=_undivided(column),
        )


def _note(column: Column) -> str:
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


def _width(column: Column, header: str) -> float:
    """How wide *column* is under its *header*, whose Chinese signs take the room of two."""
    if column.field.width:
        return column.field.width
    shown = sum(2 if ord(char) > 0x2E80 else 1 for char in header)
    return max(WIDTHS.get(_kind(column), 18), min(shown + 4, 16))


def _kind(column: Column) -> str:
    """The kind of *column*; one half of a moment is a date or a time."""
    return "date" if column.part == "date" else column.kind


def _undivided(column: Column) -> tuple[str, ...]:
    field = column.field
    return (field.title.zh, field.title.en, *field.aliases, field.name) if column.part else ()


def _fills(register: Register) -> dict[str, tuple[str, str]]:
    """The colours of each band; the last things anybody needs, the void columns, are grey."""
    bands = [band.name for band in register.bands if band.name != VOID]
    return {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(bands)} | {VOID: VOID_FILLS}


def _band(register: Register, name: str) -> Band | None:
    return next((band for band in register.bands if band.name == name), None)


def _rule(column: Column, people: Rule | None) -> Rule | None:
    """The drop-down or warning that helps to fill *column*, if any."""
    field = column.field
    if field.choices and column.kind == "choice":
        return _warning("list", values=tuple(choice.title.zh for choice in field.choices))
    if column.kind == "boolean":
        return _warning("list", values=("是", "否"))
    if field.foreign == "staff" and people:
        return people
    if column.kind in {"date", "datetime"}:
        return _warning("date")
    return _warning("time") if column.kind == "time" else None


def offered(staff: Register, tab: str, renamed: Mapping[str, str]) -> Rule:
    """What offers the names that people are called by, as they stand in the *tab* of *staff*."""
    shown = staff.short_name or staff.primaryKey
    column = next(column for column in staff.columns if column.field.name == shown)
    return _warning("names", tab=tab, header=renamed.get(column.name, column.titles[0]))


def _warning(kind: str, values: tuple[str, ...] = (), tab: str = "", header: str = "") -> Rule:
    said = texts().warnings["list" if kind == "names" else kind]
    return Rule(
        kind,  # type: ignore[arg-type]
        values=values,
        tab=tab,
        header=header,
        unusual=said.unusual,
        warning=f"{said.zh}\n{said.en}",
        hint_title=(said.title or "") if said.hint else "",
        hint=said.hint or "",
    )
