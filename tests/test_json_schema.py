"""The committed JSON Schemas are those of the structures, and know every key that our own declarations use."""

import json

import pytest
from export_json_schema import FOLDER, schemas

from sync import yamlfile
from sync.schema import SHIPPED, TYPES

ROOMS = {"registers": "register", "policy": "policy", "forms": "form", "profiles": "profile", "calendar": "calendar"}
PYTHON = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


@pytest.mark.parametrize("name", schemas())
def test_the_committed_schema_is_the_structures(name):
    """Where this fails, run python -m tests.export_json_schema and look at the difference."""
    assert (FOLDER / name).read_text(encoding="utf-8") == schemas()[name]


def test_no_schema_is_left_over():
    assert {path.name for path in FOLDER.iterdir()} == set(schemas())


@pytest.mark.parametrize("room", ROOMS)
def test_every_shipped_declaration_fits_its_schema(room):
    """An editor that believes the schema marks nothing in the files that the loader takes."""
    schema = json.loads((FOLDER / f"{ROOMS[room]}.schema.json").read_text(encoding="utf-8"))
    paths = sorted((SHIPPED / room).glob("*.yaml"))
    assert paths
    for path in paths:
        assert fits(yamlfile.read(path), schema, schema["$defs"]), path


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"kindd": "id"}, "a key that nobody declared"),
        ({"kind": "identifier"}, "a kind that does not exist"),
        ({"constraints": {"required": "yes"}}, "a word for a yes or no"),
        ({"title": {"zh": "单号"}}, "a title in one language"),
    ],
)
def test_a_wrong_field_does_not_fit(changed, why):
    schema = json.loads((FOLDER / "register.schema.json").read_text(encoding="utf-8"))
    field = {"name": "order_no", "type": next(iter(TYPES))}
    assert fits(field, schema["$defs"]["Field"], schema["$defs"])
    assert not fits(field | changed, schema["$defs"]["Field"], schema["$defs"]), why


def fits(data, schema, known):
    """Whether *data* is what *schema* describes: the few words of JSON Schema that ours use."""
    if "$ref" in schema:
        return fits(data, known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema:
        return any(fits(data, one, known) for one in schema["anyOf"])
    if "enum" in schema:
        return data in schema["enum"]
    kind = schema.get("type", "object")
    if not isinstance(data, PYTHON[kind]) or (isinstance(data, bool) and kind in ("integer", "number")):
        return False
    if kind == "array":
        return all(fits(item, schema.get("items", {}), known) for item in data)
    return kind != "object" or _fits_object(data, schema, known)


def _fits_object(data, schema, known):
    declared, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    if not set(schema.get("required", ())) <= set(data):
        return False
    for key, value in data.items():
        expected = declared.get(key, others)
        if expected is False or (isinstance(expected, dict) and not fits(value, expected, known)):
            return False
    return True
