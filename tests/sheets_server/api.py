"""What a body may hold and what a mask may name: the API's own messages, read from api.txt."""

import json
import re
import struct
from functools import cache
from pathlib import Path
from typing import Any

from .errors import ApiError, violations

Mask = dict[str, Any]
Found = list[tuple[str, str]]

SPECIAL = {
    "ROWS|COLUMNS": "Dimension",
    "RAW|USER_ENTERED": "ValueInputOption",
    "FORMATTED_VALUE|UNFORMATTED_VALUE|FORMULA": "ValueRenderOption",
    "SERIAL_NUMBER|FORMATTED_STRING": "DateTimeRenderOption",
    "MERGE_ALL|MERGE_COLUMNS|MERGE_ROWS": "MergeCellsRequest.MergeType",
    "OVERWRITE|INSERT_ROWS": "AppendValuesRequest.InsertDataOption",
}
PACKAGE = "type.googleapis.com/google.apps.sheets.v4."
# In these messages 0, false and "" are values; elsewhere Google leaves them out of its answers.
KEEPS_DEFAULTS = {"ExtendedValue", "TextFormat", "Padding"}
KEEPS = {"startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex", "startIndex", "endIndex"}
KEEPS_IN = {"SheetProperties": {"sheetId", "index"}}


def _read_types() -> tuple[dict[str, dict[str, str]], set[str]]:
    text = (Path(__file__).parent / "api.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    types, kinds = {}, set()
    for line in "\n".join(lines).replace("\n  ", " ").splitlines():
        name, *fields = line.split()
        if name == "Request":
            kinds = set(fields)
            types[name] = {kind: f"{kind[0].upper()}{kind[1:]}Request" for kind in fields}
        else:
            types[name] = dict(field.split(":", 1) for field in fields)
    return types, kinds


TYPES, KINDS = _read_types()


def camel(name: str) -> str:
    return re.sub(r"_(.)", lambda found: found[1].upper(), name)


@cache
def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), name)


def single(number: float) -> float:
    """*number* as a 4-byte float prints: colours are kept so."""
    if number == int(number):
        return int(number)
    exact = struct.pack("f", number)
    return next(float(f"{number:.{n}g}") for n in range(1, 18) if struct.pack("f", float(f"{number:.{n}g}")) == exact)


def shade(part: float) -> float:
    """A part of a colour, in the 255 steps that Google keeps."""
    return single(int(part * 255 + 1e-4) / 255)


def checked(kind: str, body: Any, root: str = "") -> dict[str, Any]:
    """*body* as a message of that *kind*, without nulls and defaults; everything wrong with it in one 400."""
    found: Found = []
    value = _message(kind, {} if body is None else body, root, found)
    if found:
        raise violations(found)
    return value


def _message(kind: str, body: Any, path: str, found: Found) -> dict[str, Any]:
    if not isinstance(body, dict):
        _wrong(path, PACKAGE + kind, body, found)
        return {}
    value: dict[str, Any] = {}
    for given, item in body.items():
        name = given if given in TYPES[kind] else camel(given)
        if name not in TYPES[kind]:
            place = f" at '{path}'" if path else ""
            found.append((path, f'Invalid JSON payload received. Unknown name "{given}"{place}: Cannot find field.'))
        elif item is not None:
            read = _value(TYPES[kind][name], item, f"{path}.{snake(name)}".lstrip("."), found)
            if read not in (0, "", []) or _keeps(kind, name):
                value[name] = read
    return value


def _keeps(kind: str, name: str) -> bool:
    return kind in KEEPS_DEFAULTS or name in KEEPS or name in KEEPS_IN.get(kind, ())


def _value(kind: str, item: Any, path: str, found: Found) -> Any:
    if kind == "any":
        return item
    if kind.startswith("["):
        return _list(kind[1:-1], item, path, found)
    if kind in TYPES:
        return _message(kind, item, path, found)
    return _scalar(kind, item, path, found)


def _list(kind: str, item: Any, path: str, found: Found) -> list[Any]:
    if not isinstance(item, list):
        _wrong(path, _called(kind), item, found)
        return []
    if kind == "[any]":
        for at, row in enumerate(item):
            if not isinstance(row, list):
                _wrong(f"{path}[{at}]", _called(kind), row, found)
        return item
    return [_value(kind, one, f"{path}[{at}]", found) for at, one in enumerate(item)]


def _called(kind: str) -> str:
    if kind.startswith("["):
        return "type.googleapis.com/google.protobuf.ListValue"
    return {"str": "TYPE_STRING", "int": "TYPE_INT32"}.get(kind, PACKAGE + kind)


def _scalar(kind: str, item: Any, path: str, found: Found) -> Any:
    if "|" in kind:
        if item in kind.split("|") or str(item).endswith("_UNSPECIFIED"):
            return item
        _wrong(path, PACKAGE + SPECIAL.get(kind, path.rpartition(".")[2].title().replace("_", "")), item, found)
    elif kind == "int":
        if (
            isinstance(item, int | float | str)
            and not isinstance(item, bool)
            and re.fullmatch(r"-?\d+(\.0)?", str(item))
        ):
            return int(float(item))
        _wrong(path, "TYPE_INT32", item, found)
    elif kind in ("num", "numf"):
        if isinstance(item, int | float) and not isinstance(item, bool):
            return shade(item) if kind == "numf" else item
        _wrong(path, "TYPE_FLOAT" if kind == "numf" else "TYPE_DOUBLE", item, found)
    elif isinstance(item, {"str": str, "bool": bool}[kind]):
        return item
    else:
        _wrong(path, {"str": "TYPE_STRING", "bool": "TYPE_BOOL"}[kind], item, found)
    return None


def _wrong(path: str, kind: str, item: Any, found: Found) -> None:
    shown = json.dumps(item, ensure_ascii=False)
    found.append((path, f"Invalid value at '{path}' ({kind}), {shown}"))


# masks: a,b.c  a/b  a(b,c(d))  *


def mask(text: str) -> Mask:
    """A tree of the fields that *text* names; an empty branch is the whole field."""
    tree, rest = _branches(text.replace(" ", ""), 0)
    if rest != len(text.replace(" ", "")):
        raise _no_match(text, text)
    return tree


def _branches(text: str, at: int) -> tuple[Mask, int]:
    tree: Mask = {}
    while at < len(text) and text[at] != ")":
        name = re.compile(r"[\w*]+(?:[./][\w*]+)*").match(text, at)
        if not name:
            raise _no_match(text, text[at:])
        leaf, at = {}, name.end()
        if text[at : at + 1] == "(":
            leaf, at = _branches(text, at + 1)
            if text[at : at + 1] != ")":
                raise _no_match(text, text)
            at += 1
        _plant(tree, re.split("[./]", name[0]), leaf)
        if text[at : at + 1] == ",":
            at += 1
    return tree, at


def _plant(tree: Mask, names: list[str], leaf: Mask) -> None:
    name, *rest = names
    name = camel(name)
    if rest:
        grown: Mask = {}
        _plant(grown, rest, leaf)
        leaf = grown
    if name in tree and (not tree[name] or not leaf):
        tree[name] = {}
    elif name in tree:
        for key, branch in leaf.items():
            _plant(tree[name], [key], branch)
    else:
        tree[name] = leaf


def _no_match(text: str, path: str) -> ApiError:
    why = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    return violations([(text, why)], "Request contains an invalid argument.")


def verify(tree: Mask, kind: str, text: str, path: str = "") -> None:
    """Refuse a mask that names what a message of that *kind* does not have."""
    for name, branch in tree.items():
        here = f"{path}.{name}".lstrip(".")
        field = "any" if name == "*" else TYPES.get(kind, {}).get(name)
        if field is None:
            raise _no_match(text, here)
        inner = field.strip("[]")
        if branch and inner in TYPES:
            verify(branch, inner, text, here)
        elif branch and inner != "any":
            raise _no_match(text, f"{here}.{next(iter(branch))}")


def select(tree: Mask, data: Any) -> Any:
    """The part of *data* that the mask names; what is absent stays absent."""
    if not tree or "*" in tree:
        return data
    if isinstance(data, list):
        return [select(tree, one) for one in data]
    if not isinstance(data, dict):
        return data
    return {name: select(tree[name], item) for name, item in data.items() if name in tree}


def reaches(tree: Mask, *names: str) -> bool:
    """Whether a mask asks for the field found under *names*."""
    for name in names:
        if not tree or "*" in tree:
            return True
        if name not in tree:
            return False
        tree = tree[name]
    return True


def merged(tree: Mask, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """*old* with the fields of the mask as they are in *new*; named but absent there means cleared."""
    if not tree or "*" in tree:
        return dict(new)
    kept = dict(old)
    for name, branch in tree.items():
        if branch and "*" not in branch:
            inner = merged(branch, kept.get(name, {}), new.get(name, {}))
            kept[name] = inner
            if not inner:
                del kept[name]
        elif name in new:
            kept[name] = new[name]
        else:
            kept.pop(name, None)
    return kept
