"""Read YAML 1.2 files: hours stay text, `no` stays a word, equal keys are refused, lines are known."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from sync.model import DeclarationError


def read(path: Path) -> Any:
    """The plain data in *path*.

    Parsing YAML takes longer than a small night: a file that did not change is read from the user's cache of parsed
    files, which may be deleted at any time. It holds declarations and words, never a row.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise DeclarationError(message) from error
    kept = cache_folder() / f"{hashlib.sha256(content).hexdigest()[:24]}.json"
    with suppress(msgspec.DecodeError, OSError):  # not there yet, or cut short by a full disk
        return msgspec.json.decode(kept.read_bytes())
    data = _parse(path, content)
    with suppress(OSError):  # a home that cannot be written only costs time
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.json.encode(data))
        part.replace(kept)
    return data


@cache
def cache_folder() -> Path:
    """Where parsed files are remembered: the place that the user's system has for such things."""
    from platformdirs import user_cache_path

    return user_cache_path("servicebook", appauthor=False)


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
