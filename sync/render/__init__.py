"""Compile the handbook and tonight's state into plain Markdown, with every cell's text made inert."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import jinja2
from markupsafe import Markup

from sync import yamlfile
from sync.figures import Figures
from sync.model import DeclarationError, Tonight
from sync.schema import Promise, Schema, guess
from sync.settings import Settings
from sync.words import LANGUAGES, Vocabulary

SHIPPED = Path(__file__).resolve().parent.parent
TEMPLATES = SHIPPED / "site" / "pages"
CONFIG = "mkdocs.generated.yml"
# More rows than this on one page cannot be used on a phone.
MOST_ROWS = 300
MOST_BREAKING = 20
# The methods of *Page* that templates and handbook pages may call.
CALLS = (
    "t quoted state moment short stamp asof today limit breaking register registers decisions "
    "lines faults tallies total open_count problem_count old judge_from"
)
FACTS = "tonight words language"

_PROFILES = re.compile(r"\A---\n(?:.*\n)*?profiles: *\[(.*)\]\n(?:.*\n)*?---\n")

# the end of a sentence that is no heading, before a line that begins no list, table, block, element or key
_SENTENCES = re.compile(r"(?m)^(?P<line>(?![#|<]).*[。；，：？！、）”])\n(?=[^\s\-*+|#<>!\d:{a-z])")
_FENCES = re.compile(r"(?ms)(^```.*?^```$)")
Declared = TypeVar("Declared")


class Rendered(NamedTuple):
    """What came of it: the configuration to build from, and how many files there are and were written."""

    config: Path
    pages: int
    written: int
    removed: int


def render(tonight: Tonight, schema: Schema, settings: Settings, words: Vocabulary, folder: Path) -> Rendered:
    """Write *folder*/build/docs and the site's configuration for the department in *folder*.

    The same night gives the same bytes; a file that did not change is not written, one that nobody makes is removed.
    """
    sources = _sources((SHIPPED / "docs", folder / "docs"), settings.department.profile)
    page = partial(Page, tonight, schema, settings, words, sources)
    pages = {name: _compiled(page, name, path) for name, path in sources.items()}
    for path in sorted((TEMPLATES / "status").glob("*.md.j2")):
        name = f"status/{path.name.removesuffix('.md.j2')}"
        template = _environment().get_template(f"status/{path.name}")
        for language in LANGUAGES:
            pages[_suffixed(name, language)] = page(name, language).fill(template).encode()
    pages = {name: pages[name] for name in sorted(pages)}
    written, removed = _write_tree(folder / "build" / "docs", pages)
    terms = yamlfile.read(SHIPPED / "site" / "words" / "terms.yaml")
    _write(folder / "build" / "search-words.txt", "".join(f"{term}\n" for term in terms).encode())
    _write(folder / CONFIG, _config(settings, folder, pages, yamlfile.read(SHIPPED / "mkdocs.yml")).encode())
    return Rendered(folder / CONFIG, len(pages), written, removed)


def inert(value: object) -> str:
    """*value* as HTML and Markdown text that can only be read: no element, link, template or direction comes of it."""
    if value is None:
        return ""
    shown: list[str] = []
    for character in str(value):
        category = unicodedata.category(character)
        if character.isalnum():
            shown.append(character)
        elif character.isspace():
            # one space stays one; more would be Markdown's line break or code
            shown.append(" " if shown and not shown[-1].isspace() else "&#160;")
        elif category not in ("Cc", "Cf", "Cs", "Co", "Cn"):
            shown.append(f"&#{ord(character)};")
    return "".join(shown)


def _finalize(value: object) -> object:
    return value if isinstance(value, Markup) else Markup(inert(value))  # noqa: S704 - inert is the escaping


# ---------------------------------------------------------------- what pages are made of


@dataclass(frozen=True)
class Page(Figures):
    """A page and what its template can call: an answer that is not Markup becomes inert."""

    def fill(self, template: jinja2.Template) -> str:
        """*template* with this page's answers."""
        return template.render(self.names)

    @cached_property
    def names(self) -> dict[str, Any]:
        """What templates and handbook pages may write between {{ and }}."""
        calls = {name: getattr(self, name) for name in CALLS.split()}
        root = Markup("../" * self.name.count("/"))  # noqa: S704 - dots
        return calls | {name: getattr(self, name) for name in FACTS.split()} | {"root": root, "most": MOST_ROWS}

    # words

    def t(self, key: str, **values: object) -> Markup:
        """The program's own text; it is trusted, its values are not."""
        text = self.words.label(key, self.language, **{name: inert(value) for name, value in values.items()})
        return Markup(text)  # noqa: S704 - ours, and its values are inert

    def quoted(self, key: str) -> Markup:
        """The same text for front matter, where a colon has a meaning."""
        return Markup(json.dumps(str(self.t(key)), ensure_ascii=False))  # noqa: S704 - ours

    def state(self, state: str) -> str:
        return self.words.state(state, self.language)

    def moment(self, when: Any) -> str:
        return self.words.moment(when, self.language)

    def stamp(self) -> str:
        """The moment with its offset, for the browser's clock."""
        return self.tonight.moment.replace(tzinfo=self.settings.zone).isoformat()

    # for handbook pages

    def limit(self, promise: str) -> str:
        """The limit of *promise*, the very figure that the clock uses."""
        allowed = self.allowed(self._promise(promise))
        if not allowed:
            raise DeclarationError(f"the promise “{promise}” has no limit")
        return allowed

    def breaking(self, promise: str) -> Markup:
        """Today's records that break *promise*."""
        name = self._promise(promise).name
        return self._part("breaking", found=self.lines(MOST_BREAKING, name))

    def register(self, name: str) -> str:
        """What the register *name* is called."""
        return _declared(name, self.schema.registers, "register").title[self.language]

    def registers(self) -> Markup:
        """Where do I write what."""
        registers = self.schema.registers.values()
        files = {state.book: state.where for state in self.tonight.books}
        return self._part("registers", declared=[(r, files.get(r.book, r.book)) for r in registers])

    def today(self) -> Markup:
        """Today's figures."""
        return self._part("tiles")

    def asof(self) -> Markup:
        """The moment that the page is true as of, and the warning for the day when it is old."""
        return self._part("asof")

    def decisions(self) -> Markup:
        """The recorded decisions; links name the Chinese file, the builder leads to the reader's language."""
        found = [name.removesuffix(".md") for name in sorted(self.sources) if name.startswith("about/decisions/")]
        lines = []
        for name in (name for name in found if not name.endswith(".en")):
            path = self.sources.get(_suffixed(name, self.language), self.sources[f"{name}.md"])
            lines.append(f"- [{_title(path)}]({name.removeprefix('about/')}.md)")
        return Markup("\n".join(lines))  # noqa: S704 - our own pages

    def _promise(self, name: str) -> Promise:
        return _declared(name, self.schema.promise, "promise")

    def _part(self, name: str, **more: object) -> Markup:
        template = _environment().get_template(f"parts/{name}.md.j2")
        return Markup(template.render(self.names | more).strip())  # noqa: S704 - made of inert values


def _declared(name: str, declared: Mapping[str, Declared], noun: str) -> Declared:
    if name not in declared:
        raise DeclarationError(f"there is no {noun} “{name}”{guess(name, declared)}")
    return declared[name]


# ---------------------------------------------------------------- files


@cache
def _environment() -> jinja2.Environment:
    """The environment in which values are data: whatever is not Markup leaves it inert."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # in Markdown a brace and a hash begin an anchor
        comment_start_string="{##",
        comment_end_string="##}",
    )


def _sources(roots: Iterable[Path], profile: str) -> dict[str, Path]:
    """The handbook's files by name: a department's own replaces the shipped one; pages of other profiles stay out."""
    found = {p.relative_to(root).as_posix(): p for root in roots for p in sorted(root.rglob("*")) if p.is_file()}
    return {name: path for name, path in found.items() if not name.endswith(".md") or _is_for(path, profile)}


def _is_for(path: Path, profile: str) -> bool:
    named = _PROFILES.match(path.read_text(encoding="utf-8"))
    return named is None or profile in ("everything", *(name.strip() for name in named[1].split(",")))


def _compiled(page: Callable[[str, str], Page], name: str, path: Path) -> bytes:
    if not name.endswith(".md") or name.startswith("about/decisions/"):
        return path.read_bytes()  # a decision is not a template: it may well quote one
    base = name.removesuffix(".md")
    language = "en" if base.endswith(".en") else "zh"
    try:
        template = _environment().from_string(path.read_text(encoding="utf-8"))
        text = page(base.removesuffix(".en"), language).fill(template).rstrip() + "\n"
        return (joined(text) if language == "zh" else text).encode()
    except jinja2.TemplateSyntaxError as error:
        raise DeclarationError(f"{path}:{error.lineno}: {error.message}") from error
    except DeclarationError as error:
        raise DeclarationError(f"{path}: {error}") from error
    except jinja2.TemplateError as error:
        raise DeclarationError(f"{path}: {error.message}") from error


def joined(text: str) -> str:
    """*text* without the line breaks between its sentences: a browser shows each as a space, which Chinese has not."""
    parts = _FENCES.split(text)  # every second part is a fenced block
    return "".join(part if i % 2 else _SENTENCES.sub(r"\g<line>", part) for i, part in enumerate(parts))


def _suffixed(name: str, language: str) -> str:
    return f"{name}.md" if language == "zh" else f"{name}.{language}.md"


def _title(path: Path) -> str:
    """The first heading of a page of ours."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), path.stem)


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


# ---------------------------------------------------------------- the builder's configuration


def _config(settings: Settings, folder: Path, pages: Mapping[str, bytes], shipped: Any) -> str:
    """The shipped mkdocs.yml with the department's name and pages. JSON is YAML that everybody reads alike."""
    at_home = folder.resolve() == SHIPPED
    # INHERIT takes folders from the inheriting file, so a department elsewhere names ours in full.
    theme = {"custom_dir": "site/theme" if at_home else (SHIPPED / "site" / "theme").as_posix()}
    name = settings.department.name
    for plugin in shipped["plugins"]:
        for language in plugin.get("i18n", {}).get("languages", []):
            language["site_name"] = inert(name[language["locale"]])
    config = {
        "INHERIT": "mkdocs.yml" if at_home else (SHIPPED / "mkdocs.yml").as_posix(),
        "site_name": inert(name.zh),
        "theme": theme,
        "plugins": shipped["plugins"],
        "nav": pruned(shipped["nav"], pages),
    }
    return json.dumps(config, ensure_ascii=False, indent=1) + "\n"


def pruned(nav: Sequence[Any], pages: Mapping[str, bytes]) -> list[Any]:
    """*nav* without the pages that this department does not have, and without sections left empty."""
    kept: list[Any] = []
    for entry in nav:
        if isinstance(entry, str):
            kept += [entry] if entry in pages else []
            continue
        for title, target in entry.items():
            below = pruned(target, pages) if isinstance(target, list) else pruned([target], pages)
            if below:
                kept.append({title: below if isinstance(target, list) else below[0]})
    return kept
