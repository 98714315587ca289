"""JSON Schemas of the declarations, for editors: made from the structures that the loader itself uses.

Write them anew after a change: python -m tests.export_json_schema
"""

import json
from pathlib import Path

import msgspec

from sync.rules import KINDS
from sync.schema import Calendar, Form, Profile, Register
from sync.settings import Settings

FOLDER = Path(__file__).resolve().parent.parent / "sheets_schema" / "json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas():
    """The text of each file by its name."""
    made = {
        "register": _register(),
        "policy": _policy(),
        "profile": msgspec.json.schema(Profile),
        "form": msgspec.json.schema(Form),
        "calendar": msgspec.json.schema(Calendar),
        "settings": msgspec.json.schema(Settings),
    }
    return {f"{name}.schema.json": _text(name, schema) for name, schema in made.items()}


def _register():
    schema = msgspec.json.schema(Register)
    # the loader calls a field without a title by its name
    schema["$defs"]["Field"]["required"].remove("title")
    return schema


def _policy():
    """A file of promises: by name, each of one of the kinds."""
    kinds = list(KINDS.values())
    _, parts = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    for kind in kinds:
        declared = parts[kind.__name__]
        del declared["properties"]["name"]  # it is the key in the file
        declared["required"].remove("name")
    choices = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in kinds]
    several = {"type": "array", "items": {"anyOf": choices}}  # one after the other
    return {"type": "object", "additionalProperties": {"anyOf": [*choices, several]}, "$defs": parts}


def _text(name, schema):
    whole = {"$schema": DIALECT, "title": name, **schema}
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
