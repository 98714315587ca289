"""Turn codes, states and lengths of time into sentences that staff read, Chinese first, English beside it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

from sync import schema, yamlfile
from sync.model import STATES, Problem
from sync.schema import Promise, Register, Schema

SHIPPED = Path(__file__).resolve().parent.parent / "site" / "words"
LANGUAGES = ("zh", "en")
# A cell's text in a sentence: longer than this nobody reads.
LONGEST = 200

PLACE = re.compile(r"\{(\w+)\}")
# Words from these params are of our own making, never what somebody typed.
_HARMLESS = frozenset({
    "row", "rows", "first_row", "other_row", "other_tab", "column", "tab", "header", "other_header", "count",
    "other", "other_en", "op", "minimum", "maximum", "pattern", "to", "from", "first", "times", "had", "has", "there",
    "allowed", "allowed_en",
})  # fmt: skip
_GAP = r"[\s\-‐-―()（）]*"
# a mobile number however it is spaced, a landline, an identity number, an address of mail
_PERSONAL = re.compile(
    rf"@|(?<!\d)(?:86{_GAP})?1{_GAP}[3-9](?:{_GAP}\d){{9}}(?!\d)|(?<!\d)0\d{{2,3}}[\s\-]?\d{{7,8}}(?!\d)"
    r"|(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)"
)


def fill(sentence: str, values: Mapping[str, str]) -> str:
    """*sentence* with its {places} taken by *values*; what a value says is never read as a place."""
    return PLACE.sub(lambda place: values.get(place[1], ""), sentence)


def visible(text: str) -> str:
    """*text* in one line of at most 200 characters: controls and invisible characters shown as <U+XXXX>."""
    shown = "".join(f"<U+{ord(c):04X}>" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") else c for c in text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


@dataclass(frozen=True)
class Vocabulary:
    """The words of the program. Missing words never stop a night: a code without a sentence is named as it is."""

    states: Mapping[str, Mapping[str, str]]
    units: Mapping[str, Any]
    labels: Mapping[str, Mapping[str, str]]
    problems: Mapping[str, Mapping[str, str]]

    def state(self, state: str, language: str) -> str:
        """超时未完."""
        return self.states.get(state, {}).get(language, state)

    def unseen(self, state: str, promise: Promise | None, schema: Schema, language: str) -> str:
        """The header of the cell that would have stopped the clock, where *state* only says that nobody filled it."""
        if not promise or not promise.stop or f"{language}_unseen" not in self.states.get(state, {}):
            return ""
        register, path = promise.stop
        title = schema.field_at(register, path).title[language]
        if register == promise.register:
            return title
        there = (schema.declared or schema).registers[register].title[language]
        return self.label("receipt_far", language, register=there, field=title)

    def standing(self, state: str, promise: Promise | None, schema: Schema, language: str) -> str:
        """超时（未见“到场时间”）: *state* of a row of *promise*. Nobody is called late whose time nobody wrote down."""
        field = self.unseen(state, promise, schema, language)
        return (
            fill(self.states[state][f"{language}_unseen"], {"field": field}) if field else self.state(state, language)
        )

    def shape(self, state: str) -> str:
        """●, so that a state is not told by its colour alone."""
        return self.states.get(state, {}).get("shape", "○")

    @property
    def openings(self) -> dict[str, str]:
        """How a status opens in the books, by state: a shape, and what its words have in common."""
        return {state: f"{self.shape(state)} {self._opening(self.states.get(state, {}), state)}" for state in STATES}

    @staticmethod
    def _opening(words: Mapping[str, str], state: str) -> str:
        plain = words.get("zh", state)
        both = takewhile(lambda pair: pair[0] == pair[1], zip(plain, words.get("zh_unseen", plain), strict=False))
        return "".join(letter for letter, _ in both)

    def tone(self, state: str) -> str:
        """Which of the page's colours belongs to *state*: late, soon, paper, quiet or good."""
        return self.states.get(state, {}).get("tone", "quiet")

    def label(self, key: str, language: str, **values: object) -> str:
        """The program's own text *key*, its {places} taken by *values*."""
        text = self.labels.get(key, {}).get(language, key)
        return fill(text, {name: str(value) for name, value in values.items()})

    def message(self, problem: Problem, language: str) -> str:
        """One sentence with the place, the fact and the way out."""
        sentence = self.problems.get(problem.code)
        values = {
            **{name: visible(str(value)) for name, value in problem.params.items()},
            "tab": problem.tab,
            "row": "" if problem.row is None else str(problem.row),
            "header": visible(problem.header),
            "column": problem.column,
            "value": visible(problem.value),
            "suggestion": visible(problem.suggestion),
            "code": problem.code,
        }
        if sentence is None or language not in sentence:
            return self._sentence("unknown_problem", language, place=place(problem), code=problem.code)
        hint = sentence.get(f"{language}_hint", "") if problem.suggestion else ""
        said, hinted = fill(sentence[language], values).strip(), fill(hint, values).strip()
        return f"{said}{'' if language == 'zh' else ' '}{hinted}".strip()

    def severity(self, code: str) -> str:
        """error, warning or task; what is unknown is an error."""
        return self.problems.get(code, {}).get("severity", "error")

    def limit(self, text: str, language: str, titles: Mapping[str, str] | None = None) -> str:
        """The limit that *text* declares, as people say it: 30 分钟; *titles* call its fields by their headers."""
        if text.startswith("calendar "):
            return str(self.units["calendar"].get(text.removeprefix("calendar "), {}).get(language, text))
        declared = schema.limit(text)
        if declared.field and declared.divided_by:
            by = f"{declared.divided_by:g}"
            counted = self.units["counted"].get(declared.field, {}).get(language)
            counted = counted or (titles or {}).get(declared.field, declared.field)
            return self._sentence(
                "ceil", language, by=by, counted=counted, length=self._length(1, declared.unit, language)
            )
        if declared.field:
            field = (titles or {}).get(declared.field, declared.field)
            unit = self.units["limit"][declared.unit]
            return self._sentence(
                "field", language, field=field, unit=unit["many"] if language == "en" else unit["zh"].lstrip("个")
            )
        return self._length(declared.number, declared.unit, language)

    def every(self, text: str, language: str, titles: Mapping[str, str] | None = None) -> str:
        """The recurrence that *text* declares: 每 3 个月一次."""
        length = self.limit(text, language, titles)
        if text.startswith("calendar "):
            return length
        return self._sentence("every_field" if schema.limit(text).field else "every", language, length=length)

    def lateness(self, minutes: int | None, language: str, *, whole_days: bool = True) -> str:
        """How late: 3 天 4 小时, at most two units.

        A clock that runs in office hours has no days of 24 hours: there *whole_days* is False.
        """
        if minutes is None:
            return ""
        if minutes < 1:
            return self._sentence("under_a_minute", language)
        hours, rest = divmod(minutes, 60)
        days, hours = divmod(hours, 24) if whole_days else (0, hours)
        parts = [(days, "day"), (hours, "hour"), (rest, "minute")]
        first = next(i for i, (number, _) in enumerate(parts) if number)
        return " ".join(self._length(n, unit, language, "short") for n, unit in parts[first : first + 2] if n)

    def moment(self, when: datetime | None, language: str, *, ends: bool = False) -> str:
        """2026年11月22日（周日）02:00; Sun 22 Nov 2026, 02:00; with *ends*, midnight is 24:00 of the day it ends."""
        if when is None:
            return ""
        day, clock = day_and_clock(when, ends=ends)
        weekday = self.units["weekdays"][language][day.weekday()]
        if language == "zh":
            return f"{day.year}年{day.month}月{day.day}日（{weekday}）{clock}"
        return f"{weekday} {day.day} {self.units['months'][day.month - 1]} {day.year}, {clock}"

    def short_moment(self, when: datetime | None, language: str, now: datetime, *, ends: bool = False) -> str:
        """11月20日 09:30, for tables; the year only where it is not this one."""
        if when is None:
            return ""
        day, clock = day_and_clock(when, ends=ends)
        year = "" if day.year == now.year else f"{day.year}年" if language == "zh" else f" {day.year}"
        if language == "zh":
            return f"{year}{day.month}月{day.day}日 {clock}"
        return f"{day.day} {self.units['months'][day.month - 1]}{year} {clock}"

    def _sentence(self, name: str, language: str, **values: str) -> str:
        return fill(str(self.units["sentences"][name][language]), values)

    def _length(self, number: float, unit: str, language: str, style: str = "limit") -> str:
        words = self.units[style][unit]
        return f"{number:g} {words['zh'] if language == 'zh' else words['en' if number == 1 else 'many']}"


def load(*folders: Path) -> Vocabulary:
    """The words in *folders* (the shipped ones when none is named); a later folder's words replace earlier ones."""
    named = ("states", "units", "pages", "problems")
    return Vocabulary(*(_merged(folders or (SHIPPED,), name) for name in named))


def _merged(folders: Sequence[Path], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for folder in folders:
        path = folder / f"{name}.yaml"
        if path.is_file():
            found.update(yamlfile.read(path) or {})
    return found


def deadline(when: datetime) -> str:
    """11-20 24:00, for a mark in a sheet."""
    day, clock = day_and_clock(when, ends=True)
    return f"{day:%m-%d} {clock}"


def day_and_clock(when: datetime, *, ends: bool) -> tuple[datetime, str]:
    """The day and the time of day; a deadline at midnight ends the day before: people read 00:00 as a beginning."""
    if ends and (when.hour, when.minute) == (0, 0):
        return when - timedelta(days=1), "24:00"
    return when, f"{when:%H:%M}"


def place(problem: Problem) -> str:
    """The cell as people name it: 报修登记!H23."""
    cell = f"{problem.column}{problem.row or ''}"
    return f"{problem.tab}!{cell}" if cell else problem.tab


MASK = "＊＊＊"


def public(problem: Problem, register: Register | None) -> Problem:
    """*problem* as it may be published or mailed: without what somebody typed into a cell that is not published."""
    field = register.by_name.get(problem.field) if register else None
    # a problem of a whole tab or row names no field, and quotes headers rather than cells
    published = not problem.field or bool(register and field and field.name in register.publish)
    return problem if published and not _personal(problem, register) else _masked(problem)


def discreet(problem: Problem, register: Register | None) -> Problem:
    """*problem* for a terminal or a log: the value stands there, unless it is personal."""
    return _masked(problem) if _personal(problem, register) else problem


def _personal(problem: Problem, register: Register | None) -> bool:
    """Whether the value is somebody's: by its field, or because it looks like a person's number or address.

    Even a public column can hold a phone number that somebody typed one column too far.
    """
    field = register.by_name.get(problem.field) if register else None
    # a customer is public by the short name of its file, not by what somebody typed
    if field and (field.personal or field.foreign == "customers"):
        return True
    if field and field.kind == "id" and register and field.name in register.publish:
        return False  # an order number may be as long as a telephone number
    typed = [problem.value, problem.suggestion, *problem.params.values()]
    return any(_PERSONAL.search(unicodedata.normalize("NFKC", str(text))) for text in typed)


def _masked(problem: Problem) -> Problem:
    return replace(
        problem,
        value=MASK if problem.value else "",
        suggestion="",
        params={name: value if name in _HARMLESS else MASK for name, value in problem.params.items()},
    )
