"""The receipt of a flag: how it came about, in a few short lines, Chinese and English, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from sync import words
from sync.explain import clock, kinds
from sync.explain.about import About
from sync.explain.clock import ClockTold
from sync.explain.kinds import KindTold
from sync.explain.saying import Saying
from sync.model import Flag, RowRef, ServicebookError
from sync.rules.bench import Bench
from sync.rules.clock import Clock
from sync.schema import Schema, guess
from sync.words import Vocabulary


@dataclass(frozen=True, slots=True)
class Receipt:
    """One promise, judged on one record: to read aloud, and as *facts* that the due moment can be worked out from."""

    flag: Flag
    zh: str
    en: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.zh}\n{self.en}"

    @property
    def data(self) -> dict[str, object]:
        return {**asdict(self.flag), "facts": self.facts, "receipt": {"zh": self.zh, "en": self.en}}


def explain(
    record: str, flags: Sequence[Flag], refs: Sequence[RowRef], schema: Schema, bench: Bench, vocabulary: Vocabulary,
    since: date | None = None,
) -> list[Receipt]:  # fmt: skip
    """The receipts of all flags of *record*, an id as typed or as read; ServicebookError where nobody typed it.

    Those of rows from before *since*, the first day judged, say that they are listed nowhere.
    """
    wanted = record.strip().casefold()
    mine = [flag for flag in flags if flag.key.casefold() == wanted]
    known = {ref.key for ref in refs} | {flag.key for flag in flags}
    if not mine and wanted not in {key.casefold() for key in known}:
        raise ServicebookError(f"No record “{record}” in the books{guess(record, known)}")
    return [receipt(flag, schema, bench, vocabulary, since) for flag in mine]


def receipt(
    flag: Flag, schema: Schema, bench: Bench, vocabulary: Vocabulary, since: date | None = None
) -> Receipt:  # fmt: skip
    """Why *flag* says what it says; with *since* its row is older than that, the first day judged."""
    about = About(flag, schema, bench)
    told = {language: "\n".join(_lines(about, vocabulary, language, since)) for language in words.LANGUAGES}
    return Receipt(flag, told["zh"], told["en"], _facts(about) | ({"judge_from": since} if since else {}))


def for_pages(
    flags: Sequence[Flag], schema: Schema, bench: Bench, vocabulary: Vocabulary
) -> dict[Flag, dict[str, str]]:
    """The receipts that may be published, by language: nothing is quoted from a field that its register keeps private.

    What a page says beside them anyway (which record, which promise, where in the handbook) is left out.
    """
    found: dict[Flag, dict[str, str]] = {}
    for flag in flags:
        about = About(flag, schema, bench)
        if about.is_public:
            found[flag] = {
                language: ("" if language == "zh" else " ").join(_story(about, vocabulary, language, published=True))
                for language in words.LANGUAGES
            }
    return found


def _facts(about: About) -> dict[str, object]:
    promise = about.promise
    named = {"title": {language: promise.title[language] for language in words.LANGUAGES}, "rule": promise.rule,
             "handbook": promise.handbook}  # fmt: skip
    found = clock.facts(clock.Taken(about, promise)) if isinstance(promise, Clock) else kinds.facts(about)
    return {"promise": named, **found, "now": about.bench.now}


def _lines(about: About, vocabulary: Vocabulary, language: str, since: date | None) -> Iterator[str]:
    """Which record and promise, with the clause of the handbook; then how the flag came about."""
    flag, promise = about.flag, about.promise
    clause = vocabulary.label("receipt_clause", language, page=promise.handbook) if promise.handbook else ""
    source = vocabulary.label("comma", language).join(filter(None, (promise.rule, clause)))
    head = "receipt_head" if source else "receipt_head_only"
    yield vocabulary.label(head, language, record=flag.key, promise=promise.title[language], source=source)
    if since:
        yield vocabulary.label("receipt_old", language, day=Saying(about, vocabulary, language).day(since, year=True))
    yield from _story(about, vocabulary, language)


def _story(about: About, vocabulary: Vocabulary, language: str, *, published: bool = False) -> Iterator[str]:
    """How the flag came about, line by line; the last one says how it stands now."""
    kind = ClockTold if isinstance(about.promise, Clock) else KindTold
    told = kind(about, vocabulary, language, published)
    yield from filter(None, (line.strip() for line in told.lines()))
    yield "".join(_standing(told)).strip()


def _standing(told: ClockTold | KindTold) -> Iterator[str]:
    """The state now, how far past the due moment, and what to do first where only the record may be missing."""
    flag, promise, language = told.flag, told.promise, told.language
    state = told.vocabulary.standing(flag.state, promise, told.schema, language)
    yield told.say("state", now=told.at(told.bench.now), state=state)
    if flag.late_minutes is not None:
        whole = getattr(promise, "hours", "always") == "always"
        yield told.say("late", late=told.lasting(flag.late_minutes, whole_days=whole))
    if unseen := told.vocabulary.unseen(flag.state, promise, told.schema, language):
        yield told.say("ask", field=unseen)
    if flag.provisional and not isinstance(promise, Clock):
        yield told.say("provisional")
