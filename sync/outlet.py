"""Results as text and JSON: what `check`, `sync` and `plan` print. Nothing personal leaves here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from sync import words
from sync.blueprint import BookDesign, Change
from sync.blueprint.texts import texts
from sync.books import Written
from sync.model import STATES, STATUS_HEADER, BookState, Problem, cell_address
from sync.schema import Schema, Words
from sync.settings import Settings

if TYPE_CHECKING:
    from sync import policy
    from sync.making import Carried
    from sync.nightly import Outcome
    from sync.plan import Draft

SHOWN = 200  # lines of problems on a terminal
CHANGES = 20  # rows of one promise on a terminal
UNWRITTEN = "只看了看，什么也没有写。 / Only looked: nothing was written."
# What became of the marks, without the name of who has a book open: that is for `doctor`, not for a log.
MARKS: Mapping[str, str] = {
    "written": "written",
    "unchanged": "the same as before, nothing was written",
    "held": "waiting, somebody has the book open",
    "changed": "waiting, somebody saved the book after it was read",
    "no_tabs": "not written, the book has no system tabs: run servicebook apply",
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
    states = {state.book: state for state in found.tonight.books}
    lines = [_problem(problem, schema, settings, states, found.words) for problem in found.tonight.problems]
    return as_json({"problems": lines, "counts": _counts(found), "by_code": _by_code(found)})


def _problem(
    problem: Problem, schema: Schema, settings: Settings, states: Mapping[str, BookState], vocabulary: words.Vocabulary
) -> dict[str, Any]:
    shown = words.discreet(problem, schema.registers.get(problem.register))
    message = {language: vocabulary.message(shown, language) for language in words.LANGUAGES}
    return {**asdict(shown), "message": message, "link": _link(problem, settings, states)}


def _link(problem: Problem, settings: Settings, states: Mapping[str, BookState]) -> str:
    """The way to the cell: the address of a spreadsheet, or a file and the place in it."""
    at, state = settings.books.get(problem.book), states.get(problem.book)
    place = f"{problem.column or 'A'}{problem.row}" if problem.row else "A1"
    if state and state.addresses:
        return cell_address(state.addresses, problem.tab, place)
    return f"{at.path}#'{problem.tab}'!{place}" if at else ""


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
    stale = [(tab, since) for state in found.tonight.books for tab, since in state.stale_tabs.items()]
    lines += [f"「{tab}」 cannot be used: its rows are those of {since:%Y-%m-%d %H:%M}" for tab, since in stale]
    lines += [f"marks in {book}: {MARKS[written.outcome]}" for book, written in found.written.items()]
    lines += [f"today's list: {path}" for path in found.companions]
    if found.published:
        lines.append(f"published: {found.published.told}")
    if found.site:
        lines.append(f"打开 / open: {found.site / 'index.html'}")
    return "\n".join(lines)


def copy_text(found: Carried) -> str:
    """What was copied, what stays behind, and what became of it."""
    lines = [f"{found.source} → {found.target}"]
    lines += [f"  {title}: {len(tab.rows)}" for title, tab in found.load.content.items()]
    lines += [f"  ! {line}" for line in found.load.left]
    lines.append(f"{found.load.count} 行 / rows")
    lines += [found.written.words["zh"], found.written.words["en"]] if found.written else [UNWRITTEN]
    return "\n".join(lines)


# ---------------------------------------------------------------- how books are built


def plan_json(drafts: Sequence[Draft], written: Mapping[str, Written]) -> str:
    """{book: {"where", "make": […], "unnamed": […], "by_hand": […], "cells", "written"}}, a change with its word."""
    found = {}
    for plan in (draft.plan for draft in drafts):
        told = written.get(plan.book)
        kinds = {"make": plan.make, "unnamed": plan.unnamed, "by_hand": plan.by_hand}
        listed = {kind: [{"word": one.word, **asdict(one)} for one in changes] for kind, changes in kinds.items()}
        outcome = {"outcome": told.outcome, "message": dict(told.words)} if told else None
        found[plan.book] = {"where": plan.where, **listed, "cells": plan.cells, "written": outcome}
    return as_json(found)


def plan_text(drafts: Sequence[Draft], written: Mapping[str, Written]) -> str:
    """Of each book what is to be made (or what became of it), what waits to be named, and what is by hand."""
    lines = []
    for draft in drafts:
        plan, design = draft.plan, draft.design
        said, told = texts().plan, written.get(plan.book)
        lines.append(f"{plan.book}: {plan.where}")
        make = f"{told.words['zh']} / {told.words['en']}" if told else _both(said["make" if plan.make else "empty"])
        lines += [f"  {make}", *_changes(design, plan.make)]
        if plan.unnamed:
            lines += [f"  {_both(said['unnamed'])}", *_changes(design, plan.unnamed, each=True)]
        if plan.by_hand:
            lines += [f"  {_both(said['by_hand'])}", *_changes(design, plan.by_hand)]
    return "\n".join(lines)


def _changes(design: BookDesign, changes: Sequence[Change], *, each: bool = False) -> Iterator[str]:
    """A line for what is alike in one tab; with *each*, a line for every word that can be given, with the word."""
    alike: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        whole = change.kind in {"tab", "system_tab", "guide", "name"}
        alike.setdefault(("" if whole else change.tab, change.word if each else change.kind), []).append(change)
    for (tab, word), some in alike.items():
        shown = "、".join(dict.fromkeys(filter(None, (_shown(design, change) for change in some))))
        place, named = f"{tab}: " if tab else "", f"    --do {word}" if each else ""
        yield f"    {place}{_both(texts().changes[some[0].kind])}{f': {shown}' if shown else ''}{named}"


def _shown(design: BookDesign, change: Change) -> str:
    """What a change is about, and from what to what."""
    if change.kind == "look":
        kind, _, view = change.what.partition(":")
        return change.title if view else _both(texts().looks[kind])
    subject = change.title or change.column or ("" if change.kind in {"status", "rename_tab"} else change.tab)
    match change.kind:
        case "rename_tab" | "rename_column":
            return f"{change.now or '—'} → {change.what}"
        case "move_column":
            return f"{subject} → {_header(design, change)}"
        case "retype_column":
            return f"{subject} {change.now} → {change.what}"
        case "delete_column":
            return f"{subject} {change.now}"
        case _:
            return f"{subject} ({change.now})" if change.kind == "tab" and change.now else subject


def _header(design: BookDesign, change: Change) -> str:
    """The header that a moved column comes to stand behind."""
    tab = next(tab for tab in design.tabs if tab.register == change.register)
    behind = next((column.title for column in tab.columns if column.name == change.after), STATUS_HEADER)
    return _both(texts().plan["front"]) if tab.columns[0].name == change.column else behind


def _both(said: Words) -> str:
    return f"{said.zh} / {said.en}"


# ---------------------------------------------------------------- another policy on the same rows


def policy_json(found: policy.Comparison, other: str) -> str:
    """{"moment", "other", "since", "promises": […, with every row that changes], "unchanged": how many promises}."""
    promises = [_promise_data(one) for one in found.promises]
    data = {"moment": found.moment, "other": other, "since": found.since, "promises": promises}
    return as_json({**data, "unchanged": found.alike})


def _promise_data(one: policy.Compared) -> dict[str, Any]:
    moves = [{"before": before, "after": after, "rows": rows} for (before, after), rows in one.moves.items()]
    shares = [{**share._asdict(), "percent": share.percent} for share in one.shares]
    return {
        "promise": one.name, "title": one.title,
        "options": {key: _sides(pair) for key, pair in one.options.items()},
        "states": _sides([dict(states) for states in one.states]), "shares": _sides(shares),
        "moves": moves, "newly_judged": one.gained, "no_longer_judged": one.lost, "due_moved": one.moved,
        "rows": [_change_data(change) for change in one.changes],
    }  # fmt: skip


def _sides(pair: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(("before", "after"), pair, strict=True))


def _change_data(change: policy.Change) -> dict[str, Any]:
    """The row by its id, and nothing else that people typed."""
    sides = [
        flag and {"state": flag.state, "start": flag.start, "due": flag.due, "late_minutes": flag.late_minutes}
        for flag in change
    ]
    flag = change.flag
    return {"register": flag.register, "key": flag.key, "row": flag.row, **_sides(sides)}


def policy_text(found: policy.Comparison, other: str, settings: Settings, vocabulary: words.Vocabulary) -> str:
    """Of each promise what it says instead, what comes of it, and the first rows that change; Chinese / English."""

    def say(key: str, **values: object) -> str:
        return " / ".join(vocabulary.label(f"policy_{key}", language, **values) for language in words.LANGUAGES)

    lines = [say("head", moment=f"{found.moment:%Y-%m-%d %H:%M}", other=other)]
    if found.since:
        lines.append(say("since", day=f"{found.since:%Y-%m-%d}"))
    if settings.department.judge_from:
        lines.append(say("judge_from", day=settings.department.judge_from))
    for one in found.promises:
        lines += ["", f"{one.name}  {_both(one.title)}", *_compared_lines(one, vocabulary, say)]
    if not any(one.changes for one in found.promises):
        lines += ["", say("none")]
    return "\n".join([*lines, "", say("alike", n=found.alike)])


def _compared_lines(one: policy.Compared, vocabulary: words.Vocabulary, say: Callable[..., str]) -> Iterator[str]:
    yield from (f"  {option}: {before} → {after}" for option, (before, after) in one.options.items())
    if any(share.percent is not None for share in one.shares):
        before, after = ({"percent": _percent(share), "met": share.met, "late": share.late} for share in one.shares)
        yield f"  {say('share', **before)}"
        yield f"  → {say('share', **after)}"

    def word(state: str) -> str:
        return " / ".join(vocabulary.state(state, language) for language in words.LANGUAGES)

    for state in STATES:
        was, would = (states.get(state, 0) for states in one.states)
        if was != would:
            yield f"  {word(state)}: {was} → {would}"
    yield from (f"  {word(was)} → {word(would)}: {rows}" for (was, would), rows in one.moves.items())
    told = {"gained": one.gained, "lost": one.lost, "due": one.moved}
    yield from (f"  {say(key, n=n)}" for key, n in told.items() if n)
    yield from (f"    {_change_line(change, vocabulary)}" for change in one.changes[:CHANGES])
    if len(one.changes) > CHANGES:
        yield f"    … {say('more', n=len(one.changes) - CHANGES)}"


def _change_line(change: policy.Change, vocabulary: words.Vocabulary) -> str:
    """`BX-26-00012  按时 → 超时完成  2026-11-20 09:30 → 2026-11-20 09:15`: a side that stays is told once."""
    states = [vocabulary.state(flag.state, "zh") if flag else "—" for flag in change]
    dues = [f"{flag.due:%Y-%m-%d %H:%M}" if flag and flag.due else "—" for flag in change]
    told = [" → ".join(dict.fromkeys(pair)) for pair in (states, dues)]
    return f"{change.flag.key or f'({change.flag.row})'}  {'  '.join(told)}"


def _percent(share: policy.Share) -> str:
    return "—" if share.percent is None else f"{share.percent:g}%"
