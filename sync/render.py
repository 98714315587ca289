"""Compile the handbook and tonight's state into plain Markdown, with every cell's text made inert."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import jinja2
from markupsafe import Markup

from sync import yamlfile
from sync.model import OPEN_STATES, STATES, DeclarationError, Flag, Problem, Tonight
from sync.schema import Promise, Schema, guess
from sync.settings import Settings
from sync.words import LANGUAGES, Vocabulary, place, public

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
    night = Night(tonight, schema, settings, words, sources)
    pages = {name: _compiled(night, name, path) for name, path in sources.items()}
    for path in sorted((TEMPLATES / "status").glob("*.md.j2")):
        template = f"status/{path.name}"
        name = template.removesuffix(".md.j2")
        for language in LANGUAGES:
            pages[_suffixed(name, language)] = night.page(name, language).fill(template).encode()
    pages = {name: pages[name] for name in sorted(pages)}
    written, removed = _write_tree(folder / "build" / "docs", pages)
    terms = yamlfile.read(SHIPPED / "site" / "words" / "terms.yaml")
    _write(folder / "build" / "search-words.txt", "".join(f"{term}\n" for term in terms).encode())
    _write(folder / CONFIG, _config(settings, folder, pages).encode())
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
class Line:
    """One open flag, as a row of a list."""

    record: str
    customer: str
    technician: str
    promise: str
    handbook: str
    state: str
    due: str
    late: str
    provisional: bool


@dataclass(frozen=True)
class Fault:
    """One problem, as a row of a list."""

    where: str
    record: str
    severity: str
    message: str


@dataclass(frozen=True)
class Tally:
    """How one promise stands: how many rows are in which state, open ones apart."""

    promise: str
    handbook: str
    allowed: str
    open: Sequence[tuple[str, int]]
    settled: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Night:
    """Everything a page can ask for."""

    tonight: Tonight
    schema: Schema
    settings: Settings
    words: Vocabulary
    sources: Mapping[str, Path]

    def page(self, name: str, language: str) -> Page:
        return Page(self, name, language)

    @cached_property
    def problems(self) -> list[Problem]:
        """The problems without anything that is not public."""
        return [public(problem, self.schema.registers.get(problem.register)) for problem in self.tonight.problems]


@dataclass(frozen=True)
class Page:
    """One page in one language, and what its template can call: an answer that is not Markup becomes inert."""

    night: Night
    name: str
    language: str

    def fill(self, template: str) -> str:
        """The template of *site/pages* called *template*, filled for this page."""
        return _environment().get_template(template).render(self.names)

    @cached_property
    def names(self) -> dict[str, Any]:
        """What templates and handbook pages may write between {{ and }}."""
        facts = {"tonight": self.night.tonight, "words": self.night.words, "language": self.language, "most": MOST_ROWS}
        return (
            {name: getattr(self, name) for name in CALLS.split()}
            | facts
            | {"root": Markup("../" * self.name.count("/"))}  # noqa: S704 - dots
        )

    # words

    def t(self, key: str, **values: object) -> Markup:
        """The program's own text; it is trusted, its values are not."""
        text = self.night.words.label(key, self.language, **{name: inert(value) for name, value in values.items()})
        return Markup(text)  # noqa: S704 - ours, and its values are inert

    def quoted(self, key: str) -> Markup:
        """The same text for front matter, where a colon has a meaning."""
        return Markup(json.dumps(str(self.t(key)), ensure_ascii=False))  # noqa: S704 - ours

    def state(self, state: str) -> str:
        return self.night.words.state(state, self.language)

    def moment(self, when: Any) -> str:
        return self.night.words.moment(when, self.language)

    def short(self, when: Any) -> str:
        return self.night.words.short_moment(when, self.language, self.night.tonight.moment)

    def stamp(self) -> str:
        """The moment with its offset, for the browser's clock."""
        return self.night.tonight.moment.replace(tzinfo=self.night.settings.zone).isoformat()

    # for handbook pages

    def limit(self, promise: str) -> str:
        """The limit of *promise*, the very figure that the clock uses."""
        return self._allowed(self._promise(promise), must=True)

    def breaking(self, promise: str) -> Markup:
        """Today's records that break *promise*."""
        name = self._promise(promise).name
        return self._part("breaking", found=self.lines(MOST_BREAKING, name))

    def register(self, name: str) -> str:
        """What the register *name* is called."""
        return _declared(name, self.night.schema.registers, "register").title[self.language]

    def registers(self) -> Markup:
        """Where do I write what."""
        registers = self.night.schema.registers.values()
        files = {state.book: state.where for state in self.night.tonight.books}
        return self._part("registers", declared=[(r, files.get(r.book, r.book)) for r in registers])

    def today(self) -> Markup:
        """Today's figures."""
        return self._part("tiles")

    def asof(self) -> Markup:
        """The moment that the page is true as of, and the warning for the day when it is old."""
        return self._part("asof")

    def decisions(self) -> Markup:
        """The recorded decisions; links name the Chinese file, the builder leads to the reader's language."""
        sources = self.night.sources
        found = [
            n for n in sources if n.startswith("about/decisions/") and n.endswith(".md") and not n.endswith(".en.md")
        ]
        titles = {
            n: _title(sources.get(_suffixed(n.removesuffix(".md"), self.language), sources[n])) for n in sorted(found)
        }
        return Markup("\n".join(f"- [{title}]({n.removeprefix('about/')})" for n, title in titles.items()))  # noqa: S704

    # for status pages

    def total(self, *states: str) -> int:
        """How many rows are in one of *states*, whatever the promise."""
        return sum(counts.get(state, 0) for counts in self.night.tonight.counts.values() for state in states)

    def open_count(self) -> int:
        """How many flags ask somebody to do something; the list may carry fewer."""
        return max(self.total(*OPEN_STATES), len(self.night.tonight.flags))

    def judge_from(self) -> str:
        return str(self.night.settings.department.judge_from or "")

    def problem_count(self, *severities: str) -> int:
        return sum(problem.severity in severities for problem in self.night.tonight.problems)

    def tallies(self) -> list[Tally]:
        """How each promise stands, in the order of the declarations."""
        counts = self.night.tonight.counts
        return [
            self._tally(promise, counts[promise.name])
            for promise in self.night.schema.promises
            if promise.name in counts
        ]

    def lines(self, most: int, promise: str = "") -> list[Line]:
        """The worst open flags, of one promise or of all."""
        flags = [flag for flag in self.night.tonight.flags if promise in ("", flag.promise)]
        return [self._line(flag) for flag in flags[:most]]

    def faults(self, most: int) -> list[tuple[str, list[Fault]]]:
        """The problems by tab, in the order of the sheets."""
        grouped: dict[str, list[Fault]] = {}
        for problem in self.night.problems[:most]:
            grouped.setdefault(problem.tab, []).append(self._fault(problem))
        return list(grouped.items())

    def old(self) -> int:
        return sum(count.old for count in self.night.tonight.rows.values())

    # how they are made

    def _line(self, flag: Flag) -> Line:
        promise = self.night.schema.promise.get(flag.promise)
        whole_days = getattr(promise, "calendar", "always") == "always"
        return Line(
            record=flag.key,
            customer=self._customer(flag),
            technician=flag.responsible,
            promise=promise.title[self.language] if promise else flag.promise,
            handbook=self._handbook(promise),
            state=flag.state,
            due=self.short(flag.due),
            late=self.night.words.lateness(flag.late_minutes or None, self.language, whole_days=whole_days),
            provisional=flag.provisional,
        )

    def _customer(self, flag: Flag) -> str:
        """The customer's short name, where the register publishes it."""
        register = self.night.schema.registers.get(flag.register)
        texts = self.night.tonight.shown.get(flag.register, {}).get(flag.key, {})
        fields = [field.name for field in register.fields if field.foreign == "customers"] if register else []
        return next((texts[name] for name in fields if texts.get(name)), "")

    def _fault(self, problem: Problem) -> Fault:
        register = self.night.schema.registers.get(problem.register)
        known = bool(register and register.primaryKey in register.publish)
        message = self.night.words.message(problem, self.language)
        return Fault(place(problem), problem.key if known else "", problem.severity, message)

    def _tally(self, promise: Promise, counts: Mapping[str, int]) -> Tally:
        ordered = [(state, counts[state]) for state in STATES if counts.get(state)]
        return Tally(
            promise=promise.title[self.language],
            handbook=self._handbook(promise),
            allowed=self._allowed(promise),
            open=[(state, n) for state, n in ordered if state in OPEN_STATES],
            settled=[(state, n) for state, n in ordered if state not in OPEN_STATES],
        )

    def _allowed(self, promise: Promise, *, must: bool = False) -> str:
        text = next((str(t) for key in ("limit", "every", "within") if (t := getattr(promise, key, ""))), "")
        if not text:
            if must:
                raise jinja2.TemplateRuntimeError(f"the promise “{promise.name}” has no limit")
            return ""
        register = self.night.schema.registers.get(promise.register)
        titles = {field.name: field.title[self.language] for field in register.fields} if register else {}
        return self.night.words.limit(text, self.language, titles)

    def _handbook(self, promise: Promise | None) -> str:
        """Where the handbook says so, as an address from this page; empty while there is no such page."""
        page, _, anchor = (promise.handbook if promise else "").partition("#")
        source = self.night.sources.get(f"{page}.md")
        if source is None or not re.fullmatch(r"[\w/-]+", page):
            return ""
        is_there = anchor and f"#{anchor}}}" in source.read_text(encoding="utf-8").replace(" }", "}")
        return f"{'../' * self.name.count('/')}{page}.html{'#' + anchor if is_there else ''}"

    def _promise(self, name: str) -> Promise:
        return _declared(name, self.night.schema.promise, "promise")

    def _part(self, name: str, **more: object) -> Markup:
        template = _environment().get_template(f"parts/{name}.md.j2")
        return Markup(template.render(self.names | more).strip())  # noqa: S704 - made of inert values


def _declared(name: str, declared: Mapping[str, Declared], noun: str) -> Declared:
    if name not in declared:
        raise jinja2.TemplateRuntimeError(f"there is no {noun} “{name}”{guess(name, declared)}")
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


def _compiled(night: Night, name: str, path: Path) -> bytes:
    if not name.endswith(".md") or name.startswith("about/decisions/"):
        return path.read_bytes()  # a decision is not a template: it may well quote one
    base = name.removesuffix(".md")
    language = "en" if base.endswith(".en") else "zh"
    page = night.page(base.removesuffix(".en"), language)
    try:
        template = _environment().from_string(path.read_text(encoding="utf-8"))
        text = template.render(page.names).rstrip() + "\n"
        return (_joined(text) if language == "zh" else text).encode()
    except jinja2.TemplateSyntaxError as error:
        raise DeclarationError(f"{path}:{error.lineno}: {error.message}") from error
    except jinja2.TemplateError as error:
        raise DeclarationError(f"{path}: {error.message}") from error


def _joined(text: str) -> str:
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


def _config(settings: Settings, folder: Path, pages: Mapping[str, bytes]) -> str:
    """The shipped mkdocs.yml with the department's name and pages. JSON is YAML that everybody reads alike."""
    shipped = yamlfile.read(SHIPPED / "mkdocs.yml")
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
        "nav": _pruned(shipped["nav"], pages),
    }
    return json.dumps(config, ensure_ascii=False, indent=1) + "\n"


def _pruned(nav: Sequence[Any], pages: Mapping[str, bytes]) -> list[Any]:
    """*nav* without the pages that this department does not have, and without sections left empty."""
    kept: list[Any] = []
    for entry in nav:
        if isinstance(entry, str):
            kept += [entry] if entry in pages else []
            continue
        for title, target in entry.items():
            below = _pruned(target, pages) if isinstance(target, list) else _pruned([target], pages)
            if below:
                kept.append({title: below if isinstance(target, list) else below[0]})
    return kept
