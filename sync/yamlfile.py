"""Read YAML 1.2 files: hours stay text, `no` stays a word, equal keys are refused, lines are known."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from sync.model import DeclarationError


def read(path: Path, cache: Path | None = None) -> Any:
    """The plain data in *path*.

    Parsing YAML takes longer than a small night: with *cache* (a folder that may be deleted at any time)
    a file that did not change is read from its JSON there.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise DeclarationError(message) from error
    kept = cache / f"{hashlib.sha256(content).hexdigest()[:24]}.json" if cache else None
    if kept and kept.is_file():
        try:
            return msgspec.json.decode(kept.read_bytes())
        except (msgspec.DecodeError, OSError):
            kept.unlink(missing_ok=True)  # cut short by a full disk: parse again
    data = _parse(path, content)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(data))
        part.replace(kept)
    return data


def _parse(path: Path, content: bytes) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    # a date stays the text that was written: the declarations say what it means
    yaml.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    try:
        return yaml.load(content.decode("utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = " ".join(str(error.problem or error.context).split())
        message = f"{path}:{line}: {problem}"
        raise DeclarationError(message) from error
    except (YAMLError, UnicodeDecodeError) as error:
        message = f"{path}: {error}"
        raise DeclarationError(message) from error


def line_of(path: Path, keys: Sequence[str | int]) -> int:
    """The line (from 1) where the node under *keys* stands, or of the nearest parent that is there."""
    from ruamel.yaml import YAML

    node = YAML().compose(path.read_text(encoding="utf-8"))
    line = 1
    for key in keys:
        child = _child(node, key)
        if child is None:
            break
        line, node = child
    return line


def _child(node: Any, key: str | int) -> tuple[int, Any] | None:
    """The line and the node under *key*: of a mapping's key, or of a list's item."""
    if isinstance(key, int):
        items = node.value if node.id == "sequence" else []
        return (items[key].start_mark.line + 1, items[key]) if key < len(items) else None
    pairs = node.value if node.id == "mapping" else []
    for name, value in pairs:
        if name.value == key:
            return name.start_mark.line + 1, value
    return None
