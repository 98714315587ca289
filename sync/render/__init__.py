"""Compile the handbook and tonight's state into plain Markdown, with every cell's text made inert.

`page` is what a page can ask, `inert` what makes a value harmless, `config` the builder's configuration.
"""

from __future__ import annotations

import posixpath
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jinja2

from sync import yamlfile
from sync.model import DeclarationError, Tonight
from sync.render.config import config
from sync.render.inert import inert
from sync.render.page import TEMPLATES, Page, environment, front, read, terms
from sync.schema import Schema
from sync.settings import Settings
from sync.words import LANGUAGES, Vocabulary

__all__ = ["CONFIG", "Rendered", "inert", "render"]

SHIPPED = Path(__file__).resolve().parents[2]
CONFIG, DOCS = "mkdocs.generated.yml", "build/docs"
# a preview has pages of its own: a night that runs meanwhile must not build what was only a look
PREVIEW_CONFIG, PREVIEW_DOCS = "mkdocs.preview.yml", "build/docs-preview"

_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\(([\w./-]+\.md)(?:#[\w-]*)?\)")
# the end of a sentence that is no heading, before a line that begins no list, table, block, element or key
_SENTENCES = re.compile(r"(?m)^(?P<line>(?![#|<]).*[。；，：？！、）”])\n(?=[^\s\-*+|#<>!\d:{a-z])")
_FENCES = re.compile(r"(?ms)(^```.*?^```$)")


class Rendered(NamedTuple):
    """What came of it: the configuration to build from, and how many files there are and were written."""

    config: Path
    pages: int
    written: int
    removed: int


def render(
    tonight: Tonight, schema: Schema, settings: Settings, words: Vocabulary, folder: Path, *, preview: bool = False
) -> Rendered:
    """Write *folder*/build/docs and the site's configuration for the department in *folder*.

    The same night gives the same bytes; a file that did not change is not written, one that nobody makes is removed.
    """
    everything = _sources((SHIPPED / "docs", folder / "docs"))
    sources = {name: path for name, path in everything.items() if _is_for(path, settings.department.profile)}
    page = partial(Page, tonight, schema, settings, words, sources)
    pages = {name: _compiled(page(*_named(name)), path) for name, path in sources.items()}
    for name, template, subject in _generated(schema):
        for language in LANGUAGES:
            if _suffixed(name, language) in sources:
                continue  # the department has written its own
            with _at(TEMPLATES / template):
                text = page(name, language).fill(environment().get_template(template), it=subject)
                pages[_suffixed(name, language)] = text.encode()
    pages = {name: _linked(name, content, pages, everything) for name, content in pages.items()}
    # each page in each language: builders differ in what they make of one that is missing
    for name in [name for name in pages if _is_page(name) and _named(name)[1] == "zh"]:
        pages.setdefault(_suffixed(name.removesuffix(".md"), "en"), pages[name])
    name, docs = (PREVIEW_CONFIG, PREVIEW_DOCS) if preview else (CONFIG, DOCS)
    written, removed = _write_tree(folder / docs, pages)
    _write(folder / "build" / "search-words.txt", "".join(f"{word}\n" for word in _search_words()).encode())
    _write(folder / name, config(settings, folder, list(pages), SHIPPED, docs).encode())
    return Rendered(folder / name, len(pages), written, removed)


def _generated(schema: Schema) -> Iterator[tuple[str, str, str]]:
    """The pages that no file of the handbook stands for: name, template, what it is about."""
    for path in sorted((TEMPLATES / "status").glob("*.md.j2")):
        yield f"status/{path.name.removesuffix('.md.j2')}", f"status/{path.name}", ""
    for name in schema.registers:
        yield f"registers/{name}", "each/register.md.j2", name
    for form in sorted(schema.forms.values(), key=lambda form: form.number):
        yield f"forms/{form.name}", "each/form.md.j2", form.name


# ---------------------------------------------------------------- the handbook's own files


def _sources(roots: Iterable[Path]) -> dict[str, Path]:
    """The handbook's files by name: a department's own replaces the shipped one."""
    return {p.relative_to(root).as_posix(): p for root in roots for p in sorted(root.rglob("*")) if p.is_file()}


def _is_for(path: Path, profile: str) -> bool:
    """Whether departments of *profile* have the page; a page that names no profiles is for all."""
    named = front(path).get("profiles") if path.suffix == ".md" else None
    return named is None or profile in ("everything", *re.findall(r"\w+", named))


def _compiled(page: Page, path: Path) -> bytes:
    if path.suffix != ".md" or page.name.startswith("about/decisions/"):
        return path.read_bytes()  # a decision is not a template: it may well quote one
    with _at(path):
        template = environment().from_string(read(path))
        text = page.fill(template).rstrip() + "\n"
        if (told := front(path)).get("owner"):
            text += f"\n{page.card(told)}\n"
    return (joined(text) if page.language == "zh" else text).encode()


@contextmanager
def _at(path: Path) -> Iterator[None]:
    """What goes wrong while *path* is filled in names it."""
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise DeclarationError(f"{error.filename or path}:{error.lineno}: {error.message}") from error
    except DeclarationError as error:
        raise DeclarationError(f"{path}: {error}") from error
    except jinja2.TemplateError as error:
        raise DeclarationError(f"{path}: {error.message}") from error
    except TypeError as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        if at.filename != "<template>":
            raise
        raise DeclarationError(f"{path}:{at.lineno}: {error}") from error  # a call with too few words, or too many


def joined(text: str) -> str:
    """*text* without the line breaks between its sentences: a browser shows each as a space, which Chinese has not."""
    parts = _FENCES.split(text)  # every second part is a fenced block
    return "".join(part if i % 2 else _SENTENCES.sub(r"\g<line>", part) for i, part in enumerate(parts))


def _linked(name: str, content: bytes, pages: Mapping[str, bytes], everything: Mapping[str, Path]) -> bytes:
    """*content* without links to pages that other kinds of company have: their words stay. What is mistyped stays."""
    if not _is_page(name):
        return content

    def settled(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link[2]))
        return link[1] if target in everything and target not in pages else link[0]

    return _LINK.sub(settled, content.decode()).encode()


def _is_page(name: str) -> bool:
    return name.endswith(".md")


def _named(name: str) -> tuple[str, str]:
    """The page that the file *name* holds, and its language."""
    base = name.removesuffix(".md")
    return base.removesuffix(".en"), "en" if base.endswith(".en") else "zh"


def _suffixed(name: str, language: str) -> str:
    return f"{name}.md" if language == "zh" else f"{name}.{language}.md"


def _search_words() -> Iterator[str]:
    """The words of the trade, which the search must not cut in two."""
    said = {word for group in terms() for term in group["terms"] for word in (term["zh"], *term.get("also", []))}
    said.update(yamlfile.read(SHIPPED / "site" / "words" / "terms.yaml"))
    yield from sorted(word for word in said if re.fullmatch(r"[\u4e00-\u9fff]{2,8}", word))


# ---------------------------------------------------------------- files


def _write_tree(folder: Path, files: Mapping[str, bytes]) -> tuple[int, int]:
    """Make *folder* hold *files* and nothing else; how many were written, how many removed."""
    present = [path for path in sorted(folder.rglob("*"), reverse=True) if path.is_file()] if folder.is_dir() else []
    stale = [path for path in present if path.relative_to(folder).as_posix() not in files]
    for path in stale:
        path.unlink()
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return sum(_write(folder / name, content) for name, content in files.items()), len(stale)


def _write(path: Path, content: bytes) -> bool:
    """Whether *content* was new."""
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True
