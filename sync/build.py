"""Build the site from the compiled pages, whole or not at all: a failed build leaves yesterday's site as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from sync import proof
from sync.model import ServicebookError
from sync.targets.files import content

THEME = Path(__file__).resolve().parent.parent / "site" / "theme"
BASE = Path(__file__).resolve().parent.parent / "mkdocs.yml"
# 600 pages take about 9 seconds; ten minutes mean that the builder hangs.
SECONDS = 600
CHATTER = ("INFO", "Building prefix dict", "Loading model", "Dumping model", "Prefix dict")
TOOLS = ("mkdocs", "mkdocs-material", "mkdocs-static-i18n", "jieba", "markdown")


def build(root: Path, config: Path, site: Path) -> bool:
    """Build the pages of the department in *root* into *site*; False when nothing had changed since it was built.

    Raises ServicebookError with the builder's own lines; *site* is then the complete old one.
    """
    root, config, site = root.resolve(), config.resolve(), site.resolve()
    new, old, stamp = (site.with_name(f"{site.name}{end}") for end in (".new", ".old", ".stamp"))
    _recover(site, old)
    inputs = _digest(root, config)
    with suppress(OSError, ServicebookError):  # there is no stamp, or no site that could be looked at
        if stamp.read_text(encoding="utf-8") == _stamp(inputs, site):
            return False
    _remove(new)
    try:
        _run(root, config, new)
        _searchable_from_a_folder(new)
        proof.require(new)
        stamp.unlink(missing_ok=True)  # a stamp never outlives the site that it describes
        _swap(new, site, old)
    finally:
        _remove(new)
    stamp.write_text(_stamp(inputs, site), encoding="utf-8")
    return True


def _stamp(inputs: str, site: Path) -> str:
    """What *site* was made of and what came of it: a page that was lost or changed since is made again."""
    return f"{inputs}\n{content(site)}\n"


def _run(root: Path, config: Path, target: Path) -> None:
    """Run the builder in a process of its own.

    It costs a third of a second; for that its memory, logging and warnings end with it, and a hang can be ended.
    """
    # One fixed moment for everything that builders like to date: the same pages give the same bytes.
    # The pages themselves say what moment they are true as of.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "SOURCE_DATE_EPOCH": "946684800", "PYTHONUTF8": "1"}
    # The search's word list is cached where temporary files go, and believed from there: keep it among our own.
    cache = root / "build" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(cache))
    # not --quiet: warnings that are not logged are not counted either, and --strict lets everything pass
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(target)]
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, encoding="utf-8", errors="replace",
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        message = (
            f"The site was not built, the old one is still there: the builder ran for more than {SECONDS} seconds."
        )
        raise ServicebookError(message) from error
    if done.returncode != 0 or not (target / "index.html").is_file():
        lines = (done.stderr + done.stdout).splitlines()
        said = "\n".join(line for line in lines if line.strip() and not line.startswith(CHATTER)) or "it said nothing"
        message = f"The site was not built; the old one is still there. The builder said:\n{said}"
        raise ServicebookError(message)


def _searchable_from_a_folder(site: Path) -> None:
    """Give the search its index as a script too: pages opened from a folder may read nothing else."""
    index = site / "search" / "search_index.json"
    if index.is_file():
        text = index.read_text(encoding="utf-8")
        index.with_suffix(".js").write_text(f"var __index = {text}", encoding="utf-8", newline="\n")


def _swap(new: Path, site: Path, old: Path) -> None:
    _remove(old)
    if site.exists():
        site.rename(old)
    new.rename(site)
    _remove(old)


def _recover(site: Path, old: Path) -> None:
    """A run that ended between the two renames left the old site under its other name."""
    if old.is_dir() and not site.exists():
        old.rename(site)
    _remove(old)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _digest(root: Path, config: Path) -> str:
    """What the site is made of: pages, looks, configuration and tools, in one word."""
    seen = hashlib.sha256("".join(f"{tool} {version(tool)}\n" for tool in TOOLS).encode())
    for path in _inputs(root, config):
        seen.update(f"{path}\0{path.stat().st_size}\0".encode())
        seen.update(path.read_bytes())
    return seen.hexdigest()


def _inputs(root: Path, config: Path) -> Iterable[Path]:
    for folder in (root / "build" / "docs", THEME):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
    yield from (path for path in (config, BASE, root / "build" / "search-words.txt") if path.is_file())
