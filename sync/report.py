"""Tell staff in their own books: marks beside their rows, the list of problems, and the day's list beside the book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sync.books import Link, Tab, Value
from sync.books.xlsx.companion import Desk, Line
from sync.kept import TabRecord
from sync.model import (
    MOMENT_LINE,
    OPEN_STATES,
    PROBLEM_TAB,
    ROWS_LINE,
    SERIAL_ZERO,
    STATES,
    STATUS_TAB,
    SYNC_TAB,
    SYSTEM_HEADERS,
    Flag,
    Mark,
    Problem,
    RowRef,
    Tonight,
    status_key,
    status_order,
)
from sync.schema import Schema
from sync.words import Vocabulary, deadline, place

MOST = 50  # problems a person: a longer list is not read
MOST_OPEN = 200  # open records a person on the day's list
NOBODY = "未写明"


def marks(
    tonight: Tonight, refs: Sequence[RowRef], flags: Sequence[Flag], schema: Schema, words: Vocabulary
) -> list[Mark]:
    """One mark for each id that staff typed: the worst that its rows have, in words.

    Ids that differ only by case get none, since a look-up would show one's mark at the other.
    """
    by_row: dict[tuple[str, str, int | None], list[Flag]] = defaultdict(list)
    for flag in flags:
        by_row[_row(flag)].append(flag)
    faults: dict[tuple[str, str, str, int], int] = defaultdict(int)
    for problem in tonight.problems:
        if problem.severity == "error" and problem.row is not None:
            faults[problem.register, problem.book, problem.tab, problem.row] += 1
    made: dict[str, Mark] = {}
    for ref in refs:
        wrong = faults[ref.register, ref.book, ref.tab, ref.row]
        mark = _mark(ref, by_row.get(_row(ref), []), wrong, schema, words)
        key = status_key(ref.register, ref.typed)
        if key not in made or _rank(mark) < _rank(made[key]):
            made[key] = mark
    unclear = _same_but_case(made)
    return [made[key] for key in sorted(made, key=status_order) if key not in unclear]


def _row(one: Flag | RowRef) -> tuple[str, str, int | None]:
    """What tells a row from all others: its id, or its place where nobody can read the id."""
    return one.register, one.key, None if one.key else one.row


def _last_minute(due: datetime | None) -> datetime | None:
    """A deadline as a cell can show it: one at midnight is the last minute of the day that it ends."""
    return due - timedelta(minutes=1) if due and (due.hour, due.minute) == (0, 0) else due


def _same_but_case(keys: Iterable[str]) -> set[str]:
    folded: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        folded[key.casefold()].append(key)
    return {key for several in folded.values() if len(several) > 1 for key in several}


def _rank(mark: Mark) -> int:
    return STATES.index(mark.state) if mark.state in STATES else -1


def _mark(ref: RowRef, flags: Sequence[Flag], wrong: int, schema: Schema, words: Vocabulary) -> Mark:
    opened = sorted((flag for flag in flags if flag.state in OPEN_STATES), key=_worst_first)
    worst = opened[0] if opened else None
    parts = []
    if worst:
        parts.append(_told(worst, schema, words))
    if wrong:
        parts.append(words.label("mark_wrong", "zh", n=wrong))
    if not parts:
        parts.append(_quiet(ref, flags, words))
    state = worst.state if worst else "not_judged" if wrong else "ok"
    names = [f.promise for f in opened]
    return Mark(ref.register, ref.typed, "；".join(parts), state, worst.due if worst else None, names)


def _told(flag: Flag, schema: Schema, words: Vocabulary) -> str:
    """● 超时 到达现场 11-19 12:00（未见“到场时间”，先问再补）: it opens with the words that the colours look for."""
    promise = schema.promise[flag.promise]
    due = f" {deadline(flag.due)}" if flag.due else ""
    unseen = words.unseen(flag.state, promise, schema, "zh")
    if unseen:
        return f"{words.openings[flag.state]} {promise.title.zh}{due}{words.label('mark_unseen', 'zh', field=unseen)}"
    return f"{words.shape(flag.state)} {words.state(flag.state, 'zh')} {promise.title.zh}{due}"


def _worst_first(flag: Flag) -> tuple[int, datetime]:
    return STATES.index(flag.state), flag.due or datetime.max  # noqa: DTZ901 - naive as all moments in tables


def _quiet(ref: RowRef, flags: Sequence[Flag], words: Vocabulary) -> str:
    """What a row shows that asks nothing of anybody."""
    if ref.void:
        return words.label("mark_void", "zh")
    if ref.old:
        return words.label("mark_old", "zh")
    if any(flag.state == "not_judged" for flag in flags):
        return f"{words.shape('not_judged')} {words.state('not_judged', 'zh')}"
    return words.label("mark_ok", "zh")


# ---------------------------------------------------------------- the tabs of a book


def tabs(
    book: str, tonight: Tonight, found: Sequence[TabRecord], refs: Sequence[RowRef], made: Sequence[Mark],
    words: Vocabulary,
) -> dict[str, Tab]:  # fmt: skip
    """The system tabs of *book*, whole: status by id, problems by usefulness, and the run."""
    mine = {ref.register for ref in refs if ref.book == book}
    status: list[list[Value]] = [
        [status_key(m.register, m.key), m.text, m.state, _minute(m.due), "、".join(m.promises), tonight.run]
        for m in made
        if m.register in mine
    ]
    run: list[list[Value]] = [
        [MOMENT_LINE, (tonight.moment - SERIAL_ZERO).total_seconds() / 86400],
        ["run", tonight.run],
    ]
    run += [[f"{ROWS_LINE}{tab.tab}", tab.rows] for tab in found if tab.book == book and tab.good]
    rows: dict[str, list[list[Value]]] = {
        STATUS_TAB: status,
        PROBLEM_TAB: _problem_rows(book, tonight, refs, words),
        SYNC_TAB: run,
    }
    return {title: [list(SYSTEM_HEADERS[title]), *lines] for title, lines in rows.items()}


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def _problem_rows(book: str, tonight: Tonight, refs: Sequence[RowRef], words: Vocabulary) -> list[list[Value]]:
    owners = _owners(refs)
    counted: dict[str, int] = defaultdict(int)
    lines: list[list[Value]] = []
    for problem in useful_first(p for p in tonight.problems if p.book == book):
        owner = _owner(problem, owners)
        counted[owner] += 1
        if counted[owner] <= MOST:
            cell = f"{problem.column}{problem.row or ''}"
            lines.append([problem.tab, cell, words.message(problem, "zh"), problem.suggestion, owner, _link(problem)])
    for owner, number in counted.items():
        if number > MOST:
            lines.append(["", "", words.label("problems_more", "zh", n=number - MOST), "", owner, ""])
    return lines


def _link(problem: Problem) -> Value:
    """The way to the cell, where the problem has one."""
    if not (problem.column and problem.row):
        return ""
    tab = problem.tab.replace("'", "''")
    return Link(place(problem), f"'{tab}'!{problem.column}{problem.row}")


def useful_first(problems: Iterable[Problem]) -> list[Problem]:
    """Whole tabs first, then errors, tasks, warnings; in each the order of the sheets."""
    order = {"error": 0, "task": 1, "warning": 2}
    return sorted(problems, key=lambda p: (p.row is not None, order[p.severity], p.tab, p.row or 0, p.column))


def _owner(problem: Problem, owners: Mapping[tuple[str, str, int], str]) -> str:
    return owners.get((problem.book, problem.tab, problem.row or 0), NOBODY)


def _owners(refs: Sequence[RowRef]) -> Mapping[tuple[str, str, int], str]:
    return {(ref.book, ref.tab, ref.row): ref.owner or NOBODY for ref in refs}


# ---------------------------------------------------------------- the day's list beside the books


def desks(
    tonight: Tonight, refs: Sequence[RowRef], files: Mapping[str, str], schema: Schema, words: Vocabulary
) -> list[Desk]:
    """What each person has to do today, over all books; *files* are the books' file names, for the links."""
    rows = {_row(ref): ref for ref in refs}
    owners = _owners(refs)
    opened: dict[str, list[Line]] = defaultdict(list)
    for flag in tonight.flags:
        ref = rows.get(_row(flag))
        owner = flag.responsible or (ref.owner if ref else "") or NOBODY
        opened[owner].append(_open_line(flag, ref, files, schema, words))
    wrong: dict[str, list[Line]] = defaultdict(list)
    for problem in useful_first(tonight.problems):
        cell = f"{problem.column or 'A'}{problem.row or 1}"
        said, title = words.message(problem, "zh"), words.label("data_wrong", "zh")
        line = Line(problem.tab, problem.key, said, None, title, files.get(problem.book, ""), problem.tab, cell)
        wrong[_owner(problem, owners)].append(line)
    people = sorted({*opened, *wrong}, key=lambda name: (name == NOBODY, name))
    return [
        Desk(
            owner,
            [
                *_capped(opened[owner], MOST_OPEN, "more_flags", words),
                *_capped(wrong[owner], MOST, "problems_more", words),
            ],
        )
        for owner in people
    ]


def _open_line(flag: Flag, ref: RowRef | None, files: Mapping[str, str], schema: Schema, words: Vocabulary) -> Line:
    register = schema.registers[flag.register]
    promise = schema.promise[flag.promise]
    unseen = words.unseen(flag.state, promise, schema, "zh")
    task = words.label("task_unseen", "zh", promise=promise.title.zh, field=unseen) if unseen else promise.title.zh
    state = words.standing(flag.state, promise, schema, "zh")
    where = (files.get(ref.book, ""), ref.tab, f"A{ref.row}") if ref else ("", "", "")
    return Line(register.title.zh, flag.key, task, _last_minute(flag.due), state, *where)


def _capped(lines: Sequence[Line], most: int, label: str, words: Vocabulary) -> list[Line]:
    """The first *most* of *lines*, and one that says how many more there are."""
    more = len(lines) - most
    told = [Line("", "", words.label(label, "zh", n=more), None, "", "", "", "")] if more > 0 else []
    return [*lines[:most], *told]
