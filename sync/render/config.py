"""The builder's configuration for one department: the shipped one with its name and its pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sync import yamlfile
from sync.render.inert import inert
from sync.settings import Settings

Nav = list[Any]  # page names, and mappings from a title to a page or to a section's own list


def config(settings: Settings, folder: Path, pages: Sequence[str], shipped: Path, docs: str) -> str:
    """mkdocs.yml of *shipped* with the department's name and *pages*, which lie in *docs*.

    JSON is YAML that everybody reads alike.
    """
    base = yamlfile.read(shipped / "mkdocs.yml")
    at_home = folder.resolve() == shipped
    # INHERIT takes folders from the inheriting file, so a department elsewhere names ours in full.
    theme = {"custom_dir": "site/theme" if at_home else (shipped / "site" / "theme").as_posix()}
    name = settings.department.name
    for plugin in base["plugins"]:
        for language in plugin.get("i18n", {}).get("languages", []) if isinstance(plugin, dict) else ():
            language["site_name"] = inert(name[language["locale"]])
    made = {
        "INHERIT": "mkdocs.yml" if at_home else (shipped / "mkdocs.yml").as_posix(),
        "docs_dir": docs,
        "site_name": inert(name.zh),
        "theme": theme,
        "plugins": base["plugins"],
        "nav": pruned(completed(base["nav"], pages), pages),
    }
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def completed(nav: Nav, pages: Sequence[str]) -> Nav:
    """*nav* with the pages that it does not list: each in the section that has its folder's other pages, or at the end.

    So a register, a form or a page of a department's own needs no line in mkdocs.yml.
    """
    named = set(listed(nav))
    extra = [p for p in pages if p.endswith(".md") and not p.endswith(".en.md") and p not in named]
    extra = [page for page in extra if not page.startswith("about/decisions/")]
    made = [
        {title: _with_folder(below, extra) for title, below in entry.items()} if isinstance(entry, dict) else entry
        for entry in nav
    ]
    placed = set(listed(made))
    return made + [page for page in extra if page not in placed]


def _with_folder(below: Any, extra: Sequence[str]) -> Any:
    """A section with those of *extra* that lie in the folder its first page lies in."""
    if not isinstance(below, list):
        return below
    folder = next((page.rpartition("/")[0] for page in listed(below)), "")
    return below + [page for page in extra if folder and page.rpartition("/")[0] == folder]


def listed(nav: Any) -> Iterator[str]:
    """The pages of *nav* in their order."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for entry in nav:
            yield from listed(entry)
    else:
        for below in nav.values():
            yield from listed(below)


def pruned(nav: Nav, pages: Sequence[str]) -> Nav:
    """*nav* without the pages that this department does not have, and without sections left empty."""
    kept: Nav = []
    for entry in nav:
        if isinstance(entry, str):
            kept += [entry] if entry in pages else []
            continue
        for title, target in entry.items():
            below = pruned(target, pages) if isinstance(target, list) else pruned([target], pages)
            if below:
                kept.append({title: below if isinstance(target, list) else below[0]})
    return kept
