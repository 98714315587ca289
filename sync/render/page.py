"""What a page can ask, and how its template is filled: whatever is not ours leaves a template inert."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

import jinja2
from dateutil.relativedelta import relativedelta
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from sync import drawing, papers, schema, yamlfile
from sync.columns import described
from sync.engines import engine
from sync.figures import Figures
from sync.model import STATES, BookStrip, DeclarationError, StockLine, Week
from sync.render.config import listed
from sync.render.inert import inert
from sync.rules.worked import SHOWN, worked
from sync.schema import Field, Promise, Schema, guess
from sync.words import day_and_clock
from sync.workdays import Workdays

SITE = Path(__file__).resolve().parents[2] / "site"
TEMPLATES = SITE / "pages"
# More rows than this on one page cannot be used on a phone.
MOST_ROWS = 300
MOST_BREAKING = 20
# The methods of *Page* that templates and handbook pages may call.
CALLS = (
    "t quoted state moment short stamp asof today limit promised used form register column choice breaking "
    "registers forms doors glossary decisions meanings described paper lines visits coming desks tallies total open_of "
    "open_count problem_count level stock_bar book_strip week_chart week_words old judge_from"
)
FACTS = "tonight words language"
Declared = TypeVar("Declared")


@dataclass(frozen=True)
class Page(Figures):
    """A page and what its template can call: an answer that is not Markup becomes inert."""

    def fill(self, template: jinja2.Template, **more: object) -> str:
        """*template* with this page's answers."""
        return template.render(self.names | more)

    @cached_property
    def names(self) -> dict[str, Any]:
        """What templates and handbook pages may write between {{ and }}."""
        calls = {name: getattr(self, name) for name in CALLS.split()}
        facts = {name: getattr(self, name) for name in FACTS.split()}
        return calls | facts | {"page": self, "root": self.root, "most": MOST_ROWS}

    @property
    def root(self) -> Markup:
        """The way from this page to the first one."""
        return Markup("../" * self.name.count("/"))  # noqa: S704 - dots

    # words

    def t(self, key: str, **values: object) -> Markup:
        """The program's own text; it is trusted, its values are not."""
        text = self.words.label(key, self.language, **{name: inert(value) for name, value in values.items()})
        return Markup(text)  # noqa: S704 - ours, and its values are inert

    def quoted(self, text: str) -> Markup:
        """*text*, or the program's own text of that name, for front matter, where a colon has a meaning."""
        # the theme writes titles as they are
        said = str(self.t(text)) if text in self.words.labels else re.sub("[<>&]", "", text)
        return Markup(json.dumps(said, ensure_ascii=False))  # noqa: S704 - ours

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

    def promised(self, promise: str) -> bool:
        """Whether this department makes *promise*."""
        declared = self.schema.promise.get(promise)
        return declared is not None and declared.on

    def used(self, register: str) -> bool:
        """Whether this department uses the register."""
        return register in self.schema.registers

    def breaking(self, promise: str) -> Markup:
        """Today's records that break *promise*."""
        name = self._promise(promise).name
        return self.part("breaking", found=self.lines(MOST_BREAKING, name))

    def form(self, name: str) -> Markup:
        """A link to the printable form; no link where the register that it belongs to is not used here."""
        form = _declared(name, self._all.forms, "form")
        title = self.t("form_named", title=form.title[self.language], number=form.number)
        return self._link(f"forms/{name}.html", title) if name in self.schema.forms else title

    def register(self, name: str) -> Markup:
        """A link to the register's page, by what the register is called; no link where it is not used here."""
        title = Markup(inert(_declared(name, self._all.registers, "register").title[self.language]))  # noqa: S704 - inert
        return self._link(f"registers/{name}.html", title) if self.used(name) else title

    def column(self, path: str) -> str:
        """The headers in the sheet of a field named as register.field: “上交日期”“上交时间”."""
        field = self._field(path)
        titles = [part[self.language] for part in field.split.values()] if field.split else [field.title[self.language]]
        return (" " if self.language == "en" else "").join(f"“{title}”" for title in titles)

    def choice(self, path: str, name: str) -> str:
        """What people pick for the choice *name* of a field."""
        choices = {choice.name: choice for choice in self._field(path).choices}
        return _declared(name, choices, "choice").title[self.language]

    def drawn(self, source: str) -> Markup:
        """The flow chart that the Mermaid text *source* describes."""
        source = html.unescape(source)  # what came in through {{ }} is inert, and the drawing program escapes anew
        name = f"flow-{hashlib.sha256(source.encode()).hexdigest()[:6]}"
        try:
            flow = drawing.flow(source, name)
        except ValueError as error:
            raise DeclarationError(f"a flow chart cannot be drawn: {error}") from error
        return self.part("flow", svg=Markup(flow.svg), steps=flow.steps)  # noqa: S704 - only shapes and text

    def registers(self) -> Markup:
        """Where do I write what."""
        registers = self.schema.registers.values()
        files = {state.book: state.where for state in self.tonight.books}
        return self.part("registers", declared=[(r, files.get(r.book, r.book)) for r in registers])

    def forms(self) -> Markup:
        """The papers that can be printed."""
        return self.part("forms", declared=list(self.schema.forms.values()))

    def doors(self) -> Markup:
        """The procedures that this department has, each with what it is about."""
        ordered = [*listed(yamlfile.read(SITE.parent / "mkdocs.yml")["nav"]), *sorted(self.sources)]
        names = [name for name in dict.fromkeys(ordered) if re.fullmatch(r"procedures/[\w-]+\.md", name)]
        found = []
        for name in (name.removesuffix(".md") for name in names if name in self.sources):
            path = self.sources.get(f"{name}.en.md") if self.language == "en" else None
            path = path or self.sources[f"{name}.md"]
            told = front(path)
            found.append((f"{name}.html", told.get("title") or _title(path), told.get("description", "")))
        return self.part("doors", found=found)

    def glossary(self) -> Markup:
        """The words of the trade."""
        return self.part("glossary", groups=terms())

    def meanings(self) -> Markup:
        """The meanings of a limit side by side on worked dates, in this department's office hours."""
        office = Workdays(self.schema.calendars[self.settings.department.office])
        return self.part("meanings", shown=SHOWN, lines=worked(office, engine(self.settings.engine)), said=self.dated)

    def dated(self, when: datetime, *, ends: bool = False) -> str:
        """2026-10-08 周四 10:00, for comparing dates with one another."""
        day, clock = day_and_clock(when, ends=ends)
        return f"{day:%Y-%m-%d} {self.words.units['weekdays'][self.language][day.weekday()]} {clock}"

    def today(self) -> Markup:
        """Today's figures."""
        return self.part("tiles")

    def asof(self) -> Markup:
        """The moment that the page is true as of, and the warning for the day when it is old."""
        return self.part("asof")

    def decisions(self) -> Markup:
        """The recorded decisions; links name the Chinese file, the builder leads to the reader's language."""
        found = [name.removesuffix(".md") for name in sorted(self.sources) if name.startswith("about/decisions/")]
        lines = [f"- [{_title(self.sources[f'{name}.md'])}]({name.removeprefix('about/')}.md)" for name in found]
        return Markup("\n".join(lines))  # noqa: S704 - our own pages

    def card(self, front: Mapping[str, str]) -> Markup:
        """Who keeps the page right, since when, and whether somebody should read it through again."""
        try:
            lasts = schema.limit(front["review_in"])
            approved = datetime.fromisoformat(front["approved_on"])
        except (KeyError, ValueError) as error:
            example = "approved_on: 2026-01-31 and review_in: 12 months"
            raise DeclarationError(f"a page with an owner also says {example}; what is wrong: {error}") from error
        due = approved + relativedelta(months=int(lasts.number)) if lasts.unit == "month" else None
        every = self.words.every(front["review_in"], self.language)
        return self.part("card", front=front, every=every, over=due is not None and due < self.tonight.moment)

    def part(self, name: str, **more: object) -> Markup:
        """A piece that pages share."""
        template = environment().get_template(f"parts/{name}.md.j2")
        return Markup(template.render(self.names | more).strip())  # noqa: S704 - made of inert values

    # small charts

    def level(self, amount: float | None) -> str:
        """An amount of goods, or a dash where nobody can say."""
        return "—" if amount is None else f"{amount:g}"

    def stock_bar(self, line: StockLine) -> Markup:
        """What is on hand, against the highest level that the part is held to."""
        pars = [par for _, par, _ in line.levels if par is not None]
        worst = min((state for *_, state in line.levels), key=STATES.index, default="ok")
        whole = max([line.hand or 0, *pars, 1.0])
        parts = [drawing.Part(max(line.hand or 0, 0), self.words.tone(worst))]
        return Markup(drawing.bar(parts, whole, mark=min(pars, default=None)))  # noqa: S704 - numbers and our own words

    def book_strip(self, book: BookStrip) -> Markup:
        """The sheets of a numbered book, one small cell each."""
        return Markup(drawing.strip(book.sheets))  # noqa: S704 - our own words

    def week_chart(self, promise: str) -> Markup:
        """How the clocks of *promise* stand that started in each of the last weeks."""
        weeks = self.tonight.boards.weeks.get(promise, ())
        drawn = [
            [drawing.Part(w.met, "good"), drawing.Part(w.open - w.overdue, "quiet"), drawing.Part(w.late, "soon"),
             drawing.Part(w.overdue, "late")]
            for w in weeks
        ]  # fmt: skip
        highest = max((w.met + w.late + w.open for w in weeks), default=0)
        return Markup(drawing.columns(drawn, highest) if highest else "")  # noqa: S704 - numbers and our own words

    def week_words(self, promise: str) -> Markup:
        """The last whole week and this one, in words: what the chart says."""
        weeks = zip(("week_last", "week_this"), self.tonight.boards.weeks[promise][-2:], strict=True)
        told = [self.t(when, met=w.met, late=w.late, open=w.open, recorded=self._recorded_of(w)) for when, w in weeks]
        return self.t("semicolon").join(told)

    def _recorded_of(self, week: Week) -> str:
        """5/6: of the clocks of *week* that ended or ran out, those whose end somebody wrote down."""
        ended = week.met + week.late
        return f"{ended}/{ended + week.overdue}" if ended + week.overdue else "—"

    # what a page about one declaration shows

    def described(self, name: str) -> object:
        """The register *name*, for its own page."""
        return described(self.schema.registers[name], self)

    def paper(self, name: str) -> object:
        """The form *name*, for its own page."""
        return papers.paper(self.schema.forms[name], self)

    def _promise(self, name: str) -> Promise:
        return _declared(name, self.schema.promise, "promise")

    def _field(self, path: str) -> Field:
        register, _, field = path.partition(".")
        return _declared(field, _declared(register, self._all.registers, "register").by_name, "field")

    @property
    def _all(self) -> Schema:
        """What can be named on a page, whether or not this department uses it."""
        return self.schema.declared or self.schema

    def _link(self, address: str, text: Markup) -> Markup:
        return Markup('<a href="{}{}">{}</a>').format(self.root, address, text)


def terms() -> list[Any]:
    """The glossary: groups of terms."""
    found: list[Any] = yamlfile.read(SITE / "words" / "glossary.yaml")
    return found


_FRONT = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)


def front(path: Path) -> dict[str, str]:
    """The metadata at the head of a page, each as one text."""
    found = _FRONT.match(read(path))
    lines = re.findall(r"(?m)^(\w+): *(.*?(?:\n *- .*)*) *$", found[1]) if found else []
    return {key: value.strip("\"'") for key, value in lines}


def read(path: Path) -> str:
    """The text of a page, without the mark that Notepad writes before the first line."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{path}: it is not saved as UTF-8; save it again with that encoding") from error


def _declared(name: str, declared: Mapping[str, Declared], noun: str) -> Declared:
    if name not in declared:
        raise DeclarationError(f"there is no {noun} “{name}”{guess(name, declared)}")
    return declared[name]


def _title(path: Path) -> str:
    """The first heading of a page."""
    found = re.search(r"(?m)^# (.+?)(?: \{#.*)?$", read(path))
    return found[1] if found else path.stem


# ---------------------------------------------------------------- templates


class _FlowTag(Extension):
    """{% flow %} Mermaid text {% endflow %}."""

    tags = {"flow"}  # noqa: RUF012 - Jinja's own way

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endflow",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_draw", [nodes.Name("page", "load")]), [], [], body).set_lineno(line)

    def _draw(self, page: Page, caller: Any) -> Markup:
        return page.drawn(str(caller()))


def _finalize(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(inert(value))  # noqa: S704 - inert is the escaping


@cache
def environment() -> jinja2.Environment:
    """The environment in which values are data: whatever is not Markup leaves it inert."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"),
        extensions=[_FlowTag],
        autoescape=True,
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # in Markdown a brace and a hash begin an anchor
        comment_start_string="{##",
        comment_end_string="##}",
    )
    made.filters["join"] = _listed
    return made


def _listed(values: Iterable[object], between: str = "") -> Markup:
    """Jinja's join escapes for HTML only; here as everywhere a value becomes inert."""
    return Markup("").join([_finalize(v) for pair in ((between, value) for value in values) for v in pair][1:])
