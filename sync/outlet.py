"""Results as text and JSON: what `check` and `sync` print. Nothing personal leaves here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from sync import words
from sync.model import Problem
from sync.schema import Schema
from sync.settings import Settings

if TYPE_CHECKING:
    from sync.nightly import Outcome

SHOWN = 200  # lines of problems on a terminal
# What became of the marks, without the name of who has a book open: that is for `doctor`, not for a log.
MARKS: Mapping[str, str] = {
    "written": "written",
    "unchanged": "the same as before, the file was not touched",
    "held": "waiting, somebody has the book open",
    "changed": "waiting, somebody saved the book after it was read",
    "no_tabs": "not written, the book has no system tabs; add empty tabs called _状态, _问题 and _同步",
    "failed": "not written",
}


def as_json(data: object) -> str:
    """*data* as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(data, order="deterministic"), indent=1).decode()


def errors(found: Outcome) -> int:
    """How many problems are errors."""
    return sum(problem.severity == "error" for problem in found.tonight.problems)


def check_json(found: Outcome, schema: Schema, settings: Settings) -> str:
    """{"problems": […columns of the table, "message": {zh, en}, "link"], "counts": {register: rows, …}}."""
    lines = [_problem(problem, schema, settings, found.words) for problem in found.tonight.problems]
    return as_json({"problems": lines, "counts": _counts(found), "by_code": _by_code(found)})


def _problem(problem: Problem, schema: Schema, settings: Settings, vocabulary: words.Vocabulary) -> dict[str, Any]:
    shown = words.discreet(problem, schema.registers.get(problem.register))
    message = {language: vocabulary.message(shown, language) for language in words.LANGUAGES}
    at = settings.books.get(problem.book)
    place = f"{problem.column or 'A'}{problem.row}" if problem.row else "A1"
    link = f"{at.path}#'{problem.tab}'!{place}" if at else ""
    return {**asdict(shown), "message": message, "link": link}


def _counts(found: Outcome) -> dict[str, Any]:
    return {register: asdict(count) for register, count in found.tonight.rows.items()}


def _by_code(found: Outcome) -> dict[str, int]:
    return dict(sorted(Counter(problem.code for problem in found.tonight.problems).items()))


def check_text(found: Outcome, schema: Schema) -> str:
    """One line a problem in Chinese, then the counts."""
    shown = [words.discreet(p, schema.registers.get(p.register)) for p in found.tonight.problems[:SHOWN]]
    lines = [found.words.message(problem, "zh") for problem in shown]
    if len(found.tonight.problems) > SHOWN:
        lines.append(f"… {len(found.tonight.problems) - SHOWN} more; all of them: servicebook check --json")
    return "\n".join([*lines, *_count_lines(found)])


def _count_lines(found: Outcome) -> Iterator[str]:
    for register, count in found.tonight.rows.items():
        old = f", {count.old} before judge_from" if count.old else ""
        yield (
            f"{register}: {count.pulled} rows = {count.shown} shown + {count.bad} with problems"
            f" + {count.unused} unused + {count.blank} blank{old}"
        )
    by_severity = Counter(problem.severity for problem in found.tonight.problems)
    told = [f"{by_severity[s]} {s}s" for s in ("error", "warning", "task")]
    yield f"problems: {', '.join(told)}"


def sync_json(found: Outcome) -> str:
    """{"moment", "run", "registers": {…}, "flags": […], "counts": {promise: {state: rows}}} and what was written."""
    data: Mapping[str, object] = {
        "moment": found.tonight.moment,
        "run": found.tonight.run,
        "registers": _counts(found),
        "flags": [asdict(flag) for flag in found.flags],
        "counts": found.tonight.counts,
        "problems": _by_code(found),
        "books": {book: written.outcome for book, written in found.written.items()},
        "companions": [path.name for path in found.companions],
        "failures": found.failures,
    }
    return as_json(data)


def sync_text(found: Outcome) -> str:
    """The counts, what became of the marks, and which file to open."""
    lines = list(_count_lines(found))
    open_flags = Counter(flag.state for flag in found.tonight.flags)
    lines.append(f"open flags: {', '.join(f'{n} {state}' for state, n in open_flags.items()) or 'none'}")
    lines += [f"marks in {book}: {MARKS[written.outcome]}" for book, written in found.written.items()]
    lines += [f"today's list: {path}" for path in found.companions]
    if found.published:
        lines.append(f"published: {found.published.told}")
    if found.site:
        lines.append(f"打开 / open: {found.site / 'index.html'}")
    return "\n".join(lines)
