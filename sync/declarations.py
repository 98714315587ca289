"""Load the declarations of *sheets_schema*, each checked by itself and against the others.

What is wrong is refused with file, line, key and a guess.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from sync import yamlfile
from sync.model import STATUS_HEADER, DeclarationError
from sync.schema import (
    HOLD_FROM,
    HOLD_TO,
    NAME,
    TYPES,
    Calendar,
    Choice,
    Condition,
    Field,
    Form,
    LiveColumns,
    Profile,
    Promise,
    Register,
    Schema,
    check,
    dotted,
    guess,
    heading,
    length,
    limit,
    refusal,
)

_NAMES = "write lower case letters, digits and _, a letter first"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SERIES = re.compile(r"[^{}]*(?:\{yy\})?[^{}]*\{n:0\d+\}")
# Kinds whose values have an order, by what they can be compared with.
_COMPARED: Mapping[str, str] = {
    **dict.fromkeys(("integer", "number", "money", "duration"), "number"),
    **dict.fromkeys(("date", "datetime"), "day"),
}

ROOMS = ("registers", "policy", "profiles", "forms", "calendar")  # of a folder of declarations
_TIMED = ("clock", "recurrence")  # the kinds that a ratio can be taken of

Declared = Register | Promise | Form | Profile


class _Fault(Exception):
    """A declaration is wrong at *keys* of its file."""

    def __init__(self, message: str, *keys: str | int) -> None:
        super().__init__(message)
        self.keys = keys


def files(roots: Sequence[Path], room: str) -> list[Path]:
    """The declarations of one room; a later root's file replaces an earlier one of the same name.

    A root can be a single file: it belongs to the room that its folder is called, or else to the promises.
    """
    found: dict[str, Path] = {}
    for root in roots:
        home = root.parent.name if root.parent.name in ROOMS else "policy"
        single = [root] if home == room else []
        for path in single if root.is_file() else sorted((root / room).glob("*.yaml")):
            found[path.name] = path
    return [found[name] for name in sorted(found)]


def load(roots: Sequence[Path], kinds: Mapping[str, type[Promise]]) -> Schema:
    """All declarations under *roots* (the shipped ones first), each checked by itself and against the others.

    *kinds* are the kinds of promise with the structure of their options.
    Raises DeclarationError with file, line, key and a guess.
    """
    registers: dict[str, Register] = {}
    promises: list[Promise] = []
    places: dict[int, tuple[Path, tuple[str | int, ...]]] = {}
    calendars = [_converted(path, yamlfile.read(path), Calendar) for path in files(roots, "calendar")]
    for path in files(roots, "registers"):
        register = _offering(calendars, _converted(path, yamlfile.read(path), Register))
        if register.name in registers:
            raise DeclarationError(f"{path}:1: name: register “{register.name}” is declared twice")
        registers[register.name] = register
        places[id(register)] = (path, ())
    for path in files(roots, "policy"):
        for under, told in _listed(path):
            promise = _promise(path, under, told, kinds)
            promises.append(promise)
            places[id(promise)] = (path, under)
    profiles: dict[str, Profile] = {}
    for path in files(roots, "profiles"):
        profile = _converted(path, yamlfile.read(path), Profile)
        profiles[profile.name] = profile
        places[id(profile)] = (path, ())
    forms: dict[str, Form] = {}
    for path in files(roots, "forms"):
        form = _converted(path, yamlfile.read(path), Form)
        forms[form.name] = form
        places[id(form)] = (path, ())
    schema = Schema(
        registers=registers, promises=promises, profiles=profiles,
        calendars={one.name: one for one in calendars}, forms=forms,
    )  # fmt: skip
    everything: list[Declared] = [*registers.values(), *promises, *forms.values(), *profiles.values()]
    for declared in everything:
        path, under = places[id(declared)]
        try:
            _check(declared, schema)
            if isinstance(declared, Promise):
                _check_turns(declared, schema, places)
        except _Fault as fault:
            raise _located(path, fault, under) from fault
    return schema


def _listed(path: Path) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The promises of a file, each with the keys that lead to it; a name can have several, one after the other."""
    data = yamlfile.read(path)
    if data is not None and not isinstance(data, dict):
        raise _located(path, _Fault("a file of promises is a mapping from their names to what they say"), ())
    for name, declared in (data or {}).items():
        if isinstance(declared, list) and declared:
            yield from (((name, position), one) for position, one in enumerate(declared))
        else:
            yield (name,), declared


def _promise(
    path: Path, under: tuple[str | int, ...], declared: Any, kinds: Mapping[str, type[Promise]]
) -> Promise:  # fmt: skip
    name = under[0]
    if not NAME.fullmatch(str(name)):
        raise _located(path, _Fault(f"“{name}” is not a name; {_NAMES}"), under)
    kind = declared.get("kind") if isinstance(declared, dict) else None
    if kind not in kinds:
        fault = _Fault(
            f"“{kind}” is not a kind of promise{guess(str(kind), kinds)}; there are {', '.join(kinds)}", "kind"
        )
        raise _located(path, fault, under)
    return cast("Promise", _converted(path, {**declared, "name": name}, kinds[str(kind)], *under))


def _converted(path: Path, data: Any, kind: type[Any], *under: str | int) -> Any:
    """*data* as *kind*; msgspec names the path of a fault, the file gives the line."""
    if kind is Register and isinstance(data, dict) and isinstance(data.get("fields"), list):
        data = {**data, "fields": [_titled(field) for field in data["fields"]]}
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        text, keys = refusal(error)
        raise _located(path, _Fault(text, *keys), under) from error


def _offering(calendars: Sequence[Calendar], register: Register) -> Register:
    """*register*, whose fields that want one of the *calendars* offer each; a department may have added its own."""
    fields = [_with_calendars(field, calendars) if field.choices_of else field for field in register.fields]
    return msgspec.structs.replace(register, fields=fields)


def _with_calendars(field: Field, calendars: Sequence[Calendar]) -> Field:
    listed = {choice.name for choice in field.choices} | {"always"}  # nobody can take a day out of that one
    more = [Choice(name=one.name, title=one.title) for one in calendars if one.name not in listed]
    return msgspec.structs.replace(field, choices=[*field.choices, *more])


def _titled(field: Any) -> Any:
    """A field without a title is called by its name."""
    if isinstance(field, dict) and "title" not in field and "name" in field:
        return {**field, "title": {"zh": field["name"], "en": field["name"]}}
    return field


def _located(path: Path, fault: _Fault, under: Sequence[str | int]) -> DeclarationError:
    keys = (*under, *fault.keys)
    return DeclarationError(f"{path}:{yamlfile.line_of(path, keys)}: {dotted(keys) or 'file'}: {fault}")


# ---------------------------------------------------------------- what one structure cannot know of the others


def _check(declared: Declared, schema: Schema) -> None:
    if isinstance(declared, Register):
        _check_register(declared, schema)
    elif isinstance(declared, Form):
        _check_form(declared, schema)
    elif isinstance(declared, Promise):
        _check_promise(declared, schema)
    else:
        for position, name in enumerate(declared.registers):
            if name not in schema.registers:
                raise _Fault(f"there is no register “{name}”{guess(name, schema.registers)}", "registers", position)


def _check_register(register: Register, schema: Schema) -> None:
    names = register.by_name
    if not NAME.fullmatch(register.name):
        raise _Fault(f"“{register.name}” is not a name; {_NAMES}", "name")
    if len(names) < len(register.fields):
        twice = next(f.name for f in register.fields if sum(g.name == f.name for g in register.fields) > 1)
        raise _Fault(f"field “{twice}” is declared twice", "fields")
    for position, field in enumerate(register.fields):
        _check_field(register, field, position, schema)
    _check_headers(register)
    _check_references(register)
    _check_holding(register, schema)
    for position, text in enumerate(register.checks):
        _check_check(register, text, "checks", position)
    if register.series is not None and not _SERIES.fullmatch(register.series):
        raise _Fault(f"“{register.series}” is not a series; write it like RC-{{yy}}-{{n:05}}", "series")


def _check_references(register: Register) -> None:
    """The fields that a register names outside its list of fields are there."""
    for key in ("primaryKey", "short_name", "judged_from"):
        if name := getattr(register, key):
            _field_of(register, name, key)
    for position, name in enumerate(register.publish):
        if _field_of(register, name, "publish", position).personal is True:
            raise _Fault(f"“{name}” is personal and may not be published", "publish", position)
    for position, name in enumerate(register.dragged):
        _field_of(register, name, "dragged", position)
    for key in ("fields", "lists"):
        for position, name in enumerate(getattr(register.found_by, key)):
            _field_of(register, name, "found_by", key, position)


def _check_holding(register: Register, schema: Schema) -> None:
    """The register of holds has the columns of one, and remarks are fields where people write freely."""
    if register.holds is None:
        return
    listed = schema.registers.get(register.holds.listed)
    if listed is None:
        told = guess(register.holds.listed, schema.registers)
        raise _Fault(f"no register “{register.holds.listed}”{told}", "holds", "listed")
    for name in ("register", "record_no", "reason", "from_at", "to_at"):
        if name not in listed.by_name:
            raise _Fault(f"“{listed.name}” is no register of holds: it has no field “{name}”", "holds", "listed")
    for one, wanted in ((listed, "to_at >= from_at"), (register, f"{HOLD_TO} >= {HOLD_FROM}")):
        if wanted.partition(" ")[0] in one.by_name and wanted not in one.checks:
            raise _Fault(f"“{one.name}” lets a hold end before it begins: add checks: [{wanted}] there", "holds")
    for position, name in enumerate(register.holds.remarks):
        if _field_of(register, name, "holds", "remarks", position).reads_as != "text":
            raise _Fault(f"“{name}” is no field where people write freely", "holds", "remarks", position)
    _check_condition(register, register.holds.done, "holds", "done")


def _check_check(register: Register, text: str, *at: str | int) -> None:
    """A comparison compares two fields that have an order in common."""
    try:
        found = check(text)
    except ValueError as error:
        raise _Fault(str(error), *at) from error
    left, right = (_field_of(register, name, *at).reads_as for name in (found.left, found.right))
    if _COMPARED.get(left, left) != _COMPARED.get(right, right):
        raise _Fault(f"a {left} cannot be compared with a {right}", *at)


def _check_field(register: Register, field: Field, position: int, schema: Schema) -> None:
    at = ("fields", position)
    if not NAME.fullmatch(field.name):
        raise _Fault(f"“{field.name}” is not a name; {_NAMES}", *at, "name")
    if field.band and field.band not in {band.name for band in register.bands}:
        raise _Fault(f"there is no band “{field.band}”", *at, "band")
    _check_kind(field, *at)
    _check_target(register, field, schema, *at)
    _check_choices(field, *at, "choices")
    _check_constraints(field, *at, "constraints")
    _check_condition(register, field.required_when, *at, "required_when")


def _check_kind(field: Field, *at: str | int) -> None:
    if field.type not in TYPES:
        raise _Fault(f"“{field.type}” is not a type of Table Schema{guess(field.type, TYPES)}", *at, "type")
    if field.reads_as in ("choice", "choices") and not field.choices and field.type != "list":
        raise _Fault(f"“{field.name}” is a {field.reads_as} without choices", *at)
    if field.split and (set(field.split) != {"date", "time"} or field.reads_as != "datetime"):
        raise _Fault("split needs a date and a time title, on a datetime", *at, "split")


def _check_target(register: Register, field: Field, schema: Schema, *at: str | int) -> None:
    """What the field leads to is there."""
    for key, target in (("foreign", field.foreign), ("numbers", field.numbers and field.numbers.book)):
        if target and target not in schema.registers:
            raise _Fault(f"there is no register “{target}”{guess(target, schema.registers)}", *at, key)
    if field.foreign and field.reads_as in _COMPARED:
        raise _Fault(f"“{field.name}” leads to another register, so it is a text, not a {field.reads_as}", *at)
    if field.personal == "staff" and "staff" not in (field.foreign, register.name):
        raise _Fault(f"“{field.name}” can be shown by display name only with foreign: staff", *at, "personal")


def _check_choices(field: Field, *at: str | int) -> None:
    """A word that people type means one value."""
    seen: dict[str, str] = {}
    for option in field.choices:
        for word in (option.name, option.title.zh, option.title.en, *option.synonyms):
            other = seen.setdefault(heading(word), option.name)
            if other != option.name:
                raise _Fault(f"“{word}” means both “{other}” and “{option.name}”", *at)
    names = [option.name for option in field.choices]
    if twice := {name for name in names if names.count(name) > 1}:
        raise _Fault(f"“{min(twice)}” is declared twice", *at)


def _check_constraints(field: Field, *at: str | int) -> None:
    if field.constraints.pattern is not None:
        try:
            re.compile(field.constraints.pattern)
        except re.error as error:
            raise _Fault(f"the pattern does not compile: {error}", *at, "pattern") from error
    for key in ("minimum", "maximum"):
        bound = getattr(field.constraints, key)
        if bound is not None:
            _check_bound(field, bound, *at, key)


def _check_bound(field: Field, bound: float | str, *at: str | int) -> None:
    measure = _COMPARED.get(field.reads_as)
    if measure is None or (measure == "number") == isinstance(bound, str):
        what = "numbers have a number, dates a date, other kinds none"
        raise _Fault(f"“{bound}” cannot bound a {field.reads_as}: {what}", *at)
    try:
        dt.date.fromisoformat(str(bound) if measure == "day" else "2000-01-01")
    except ValueError as error:
        raise _Fault(f"“{bound}” is no date; write it like 2024-01-01", *at) from error


def _check_condition(register: Register, wanted: Condition, *at: str | int, schema: Schema | None = None) -> None:
    """The fields of a condition are there, with *schema* one step away too, and can have what is wanted of them."""
    for name, value in wanted.items():
        near, far = path_of(schema, register, name, *at) if schema else (_field_of(register, name, *at), None)
        field = far or near
        words = [] if isinstance(value, bool) else value if isinstance(value, list) else [value]
        if words and field.reads_as == "boolean":
            raise _Fault(f"“{name}” is a yes or no; write true or false", *at, name)
        known = [option.name for option in field.choices]
        for word in words if known else ():
            if word not in known:
                raise _Fault(f"“{name}” has no choice “{word}”{guess(word, known)}", *at, name)


def _check_headers(register: Register) -> None:
    seen: dict[str, str] = {}
    for column in register.columns:
        for title in dict.fromkeys(heading(t) for t in (*column.titles, *column.aliases)):
            other = seen.setdefault(title, column.name)
            if other != column.name:
                raise _Fault(f"“{title}” heads both “{other}” and “{column.name}”", "fields")


def _check_promise(promise: Promise, schema: Schema) -> None:
    if promise.register not in schema.registers:
        known = guess(promise.register, schema.registers)
        raise _Fault(f"there is no register “{promise.register}”{known}", "register")
    for key, read in (("limit", limit), ("every", limit), ("due_soon", length), ("within", length)):
        text = getattr(promise, key, "")
        if text and not (key == "every" and text.startswith("calendar ")):
            try:
                read(text)
            except ValueError as error:
                raise _Fault(str(error), key) from error
    _check_named(promise, schema)
    _check_days(promise)
    for option, message in _contradictions(promise, schema):
        raise _Fault(message, option)


def _check_named(promise: Promise, schema: Schema) -> None:
    """Every register, field and promise that *promise* names is there, and fields can have what is wanted of them."""
    register = schema.registers[promise.register]
    for key in ("when", "unless"):
        _check_condition(register, getattr(promise, key), key, schema=schema)
    _check_condition(register, getattr(promise, "done", {}), "done")
    if promise.responsible:
        _field_of(register, promise.responsible, "responsible")
    for key, path in promise.fields():
        path_of(schema, register, path, key)
    for key, name, wanted in promise.elsewhere():
        at = (key,) if isinstance(getattr(promise, key), str) else (key, "register")
        if name not in schema.registers:
            raise _Fault(f"there is no register “{name}”{guess(name, schema.registers)}", *at)
        _check_condition(schema.registers[name], wanted, key)
    for key, name, moment in promise.moments_elsewhere():
        if (kind := schema.registers[name].by_name[moment].reads_as) not in ("date", "datetime"):
            raise _Fault(f"“{moment}” is a {kind}, not a moment", key)
    known = [other.name for other in schema.promises if other.kind in _TIMED]
    for position, name in enumerate(getattr(promise, "promises", [])):
        if name not in known:
            raise _Fault(f"there is no clock or recurrence “{name}”{guess(name, known)}", "promises", position)
    _check_counted(promise, schema)
    _check_asked(promise, schema)


def _check_asked(promise: Promise, schema: Schema) -> None:
    """What calls for a clock: conditions of its row, and clocks of the row or of one that it refers to."""
    asked = getattr(promise, "asked_by", None)
    if asked is None:
        return
    register = schema.registers[promise.register]
    _check_condition(register, asked.any, "asked_by", "any")
    for name, through in asked.late.items():
        at = ("asked_by", "late", name)
        clocks = [other for other in schema.promises if other.kind == "clock" and not getattr(other, "asked_by", None)]
        found = next((other for other in clocks if other.name == name), None)
        if found is None:
            known = guess(name, [other.name for other in clocks])
            raise _Fault(f"“{name}” is no clock, or one that something calls for as well{known}", *at)
        if through and _field_of(register, through, *at).foreign != found.register:
            raise _Fault(f"“{through}” does not lead to “{found.register}”, where {name} is judged", *at)
        if not through and found.register != promise.register:
            raise _Fault(f"{name} is judged on “{found.register}”: name the field that leads there", *at)


def _check_counted(promise: Promise, schema: Schema) -> None:
    """A limit that a field says is a number there."""
    if path := getattr(promise, "counted_by", ""):
        near, far = path_of(schema, schema.registers[promise.register], path, "limit")
        kind = (far or near).reads_as
        if _COMPARED.get(kind) != "number":
            raise _Fault(f"“{path}” is a {kind}, not a number", "limit")


def _check_days(promise: Promise) -> None:
    """The days from and to which it holds are days, in this order."""
    for key in ("valid_from", "valid_to"):
        text = getattr(promise, key)
        if text is not None and not _DAY.fullmatch(text):
            raise _Fault(f"“{text}” is no date; write it like 2024-01-01", key)
        try:
            dt.date.fromisoformat(text or "2024-01-01")
        except ValueError as error:
            raise _Fault(f"“{text}” is no date: {error}", key) from error
    if promise.valid_from and promise.valid_to and promise.valid_to < promise.valid_from:
        raise _Fault(f"it ends before it begins ({promise.valid_from})", "valid_to")


def _check_turns(promise: Promise, schema: Schema, places: Mapping[int, tuple[Path, tuple[str | int, ...]]]) -> None:
    """What is promised by one name to one style follows each other: no day has two, and all judge the same."""
    for other in schema.promises:
        if other is promise:
            return  # what comes later is held against this one
        if other.name != promise.name or not _same_style(promise, other):
            continue
        path, keys = places[id(other)]
        first = f"{path.name}:{yamlfile.line_of(path, keys)}"
        if (other.kind, other.register) != (promise.kind, promise.register):
            raise _Fault(f"it follows the one in {first}, so it is a {other.kind} on {other.register} as well", "kind")
        began, ended = max(promise.valid_from or "", other.valid_from or ""), (promise.valid_to, other.valid_to)
        if all(began <= (end or "9") for end in ended):
            raise _Fault(
                f"“{promise.name}” is promised for some of the same days in {first}. Let the older one end (valid_to)"
                " before the newer one begins (valid_from); a file of the same name replaces the other one",
                "valid_from",
            )


def _same_style(one: Promise, other: Promise) -> bool:
    return bool(set(one.styles) & set(other.styles)) or not (one.styles or other.styles)


def faults(promise: Promise, schema: Schema) -> Iterator[tuple[str, str]]:
    """What is wrong with *promise*, where somebody chose figures of their own, as (option, why)."""
    try:
        _check_named(promise, schema)
    except _Fault as fault:
        yield dotted(fault.keys), str(fault)
    else:
        yield from _contradictions(promise, schema)


def _contradictions(promise: Promise, schema: Schema) -> Iterator[tuple[str, str]]:
    """What contradicts itself among the options of *promise*, as (option, why)."""
    kinds: dict[str, str] = {}
    for key, name in promise.fields():
        near, far = path_of(schema, schema.registers[promise.register], name, key)
        kinds[name] = (far or near).reads_as
    calendar = getattr(promise, "calendar", "")
    if calendar not in ("", "always", "office", *schema.calendars):
        yield "calendar", f"there is no calendar “{calendar}”{guess(calendar, schema.calendars)}"
    yield from promise.faults(kinds)
    yield from _live_faults(promise, schema)


def _live_faults(promise: Promise, schema: Schema) -> Iterator[tuple[str, str]]:
    """Live columns go by cells with known words, and their headers are nobody else's."""
    live: LiveColumns | None = promise.live
    if live is None:
        return
    register = schema.registers[promise.register]
    for name in (*promise.when, *promise.unless):
        if not (name in register.by_name and register.by_name[name].worded):
            yield "live", f"no formula can tell what “{name}” says: only a choice or a yes or no; leave out live"
    taken = {heading(t) for column in register.columns for t in (*column.titles, *column.aliases, *column.whole)}
    taken.add(heading(STATUS_HEADER))
    for other in schema.promises:
        if other is promise:
            break  # what comes later is held against this one
        theirs: LiveColumns | None = other.live
        if theirs and other.register == promise.register and other.name != promise.name:
            taken |= {heading(t) for words in (theirs.due, theirs.left) for t in (words.zh, words.en)}
    for title in (live.due.zh, live.due.en, live.left.zh, live.left.en):
        if heading(title) in taken:
            yield "live", f"“{title}” heads another column of “{register.name}”"
        taken.add(heading(title))


def _check_form(form: Form, schema: Schema) -> None:
    if not NAME.fullmatch(form.name):
        raise _Fault(f"“{form.name}” is not a name; {_NAMES}", "name")
    if form.register not in schema.registers:
        raise _Fault(f"there is no register “{form.register}”{guess(form.register, schema.registers)}", "register")
    if (form.layout == "list") != bool(form.rows):
        raise _Fault("a list says how many empty rows it has, a sheet has none", "rows")
    for at, section in enumerate(form.sections):
        for position, box in enumerate(section.boxes):
            if box.field:
                _field_of(schema.registers[form.register], box.field, "sections", at, "fields", position)
            elif box.title is None:
                raise _Fault("a box that is no field needs a title", "sections", at, "fields", position)
    known = [promise.name for promise in schema.promises]
    for position, name in enumerate(form.promises):
        if name not in known:
            raise _Fault(f"there is no promise “{name}”{guess(name, known)}", "promises", position)


def path_of(schema: Schema, register: Register, path: str, *keys: str | int) -> tuple[Field, Field | None]:
    """The field that *path* names: `field`, or `foreign_field.field` one step away; a fault at *keys* if none."""
    head, _, tail = path.partition(".")
    first = _field_of(register, head, *keys)
    if not tail:
        return first, None
    if first.foreign is None:
        raise _Fault(f"“{head}” leads to no other register", *keys)
    return first, _field_of(schema.registers[first.foreign], tail, *keys)


def _field_of(register: Register, name: str, *keys: str | int) -> Field:
    if name not in register.by_name:
        raise _Fault(f"register “{register.name}” has no field “{name}”{guess(name, register.by_name)}", *keys)
    return register.by_name[name]
