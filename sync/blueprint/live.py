"""Live columns: when a promise is due and how much time is left, by formulas that every kind of book understands.

A formula gives the engine's own due moment (*sync.rules.clock*), or a word; never a moment that the night would not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sync.schema import Words

TONIGHT = "夜里算"  # a cell that only the nightly run can judge
HELD = "有暂停"
PAST_A_DAY = "已超时"
JUST_PAST = "刚超时"  # by less than a minute
EARLIEST, LATEST = 36526, 73050  # the serials of the days that a reader takes: 2000-01-01 to 2099-12-31
NOTHING = '""'
MARK = "servicebook:"
_MARKED = re.compile(rf'"{MARK}([a-z0-9_]+\.[a-z]+:[0-9a-f]{{8}})"')

Refs = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Moment:
    """The columns of a moment: a date and a time, or both in one; *past* refuses what lies in the future."""

    columns: tuple[str, ...]
    past: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """A cell that decides whether the row counts: by a word of *go* (or empty, if so), out by one of *out*."""

    column: str
    go: tuple[str, ...]
    out: tuple[str, ...]
    empty: bool  # an empty cell goes


@dataclass(frozen=True, slots=True)
class Turn:
    """From the day *since* on so many minutes are promised: None nothing, -1 something that no cell can tell."""

    since: date | None
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Terms:
    """A promise as far as the cells of its row decide about it, in names of columns."""

    key: str
    starts: tuple[Moment, ...]
    stop: tuple[str, ...]
    tests: tuple[Test, ...]
    holds: tuple[str, ...]  # columns of the row's own hold
    held: str  # REGISTER.COLUMN: where other holds name the row; "" where there is none
    turns: tuple[Turn, ...]  # oldest first
    judged: tuple[str, date] | None = None  # rows with an earlier date here are not judged


@dataclass(frozen=True, slots=True)
class Live:
    """One live column. It is ours: written by us, never read back."""

    promise: str
    shows: Literal["due", "left"]
    title: Words
    note: str  # of its header, Chinese first
    beside: str  # it stands directly before this column, and the one with the due moment before the other
    needs: tuple[str, ...]  # what the formula looks at: see *formula*
    soon: int  # minutes before the due moment in which it wears the colour of due_soon
    number_format: str
    width: float
    terms: Terms

    @property
    def name(self) -> str:
        """first_reply.left: no declared column has a dot."""
        return f"{self.promise}.{self.shows}"

    @property
    def mark(self) -> str:
        """first_reply.left:1f2e3d4c: stands in the formula, so that it is known again; other terms, another one."""
        said = _said(self, {name: name for name in self.needs})
        return f"{self.name}:{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def formula(live: Live, refs: Refs) -> str:
    """The formula of *live* without its equals sign; right for one row, and for whole columns inside ARRAYFORMULA.

    *refs* gives the cells of each name in *live.needs*: declared columns, the due moment (first_reply.due) beside
    the time left, and the records that holds name, all rows of them, in their own tab (hold_periods.record_no).
    What it leaves out counts as empty: the tab has no such column.
    """
    # NOW() makes a program work it out at every opening: one that finds a saved result would trust it
    return f"IF(N({_text(MARK + live.mark)})*NOW()=0,{_said(live, refs)},{NOTHING})"


def mark_in(formula: str) -> str:
    """The mark of the live column that *formula* belongs to; "" where it is none of ours."""
    found = _MARKED.search(formula)
    return found[1] if found else ""


def _said(live: Live, refs: Refs) -> str:
    return _left(live, refs) if live.shows == "left" else _due(live.terms, refs)


def soon(live: Live, refs: Refs) -> str:
    """True for a cell of *live* whose moment comes within *soon*; *refs* as of *formula*, and both live columns."""
    due = refs[f"{live.promise}.due"]
    return f"{_counting(live, refs)}*(({due}-NOW())*1440<={live.soon})*({due}>=NOW())"


def past(live: Live, refs: Refs) -> str:
    """True for a cell of *live* whose moment has passed."""
    return f"{_counting(live, refs)}*({refs[f'{live.promise}.due']}<NOW())"


def _counting(live: Live, refs: Refs) -> str:
    """The clock of the row runs: there is a due moment, and something is said of the time left."""
    due, left = (refs[f"{live.promise}.{shows}"] for shows in ("due", "left"))
    return f'ISNUMBER({due})*({left}<>"")*({left}<>{_text(HELD)})'


# ---------------------------------------------------------------- when it is due


def _due(terms: Terms, refs: Refs) -> str:
    """What keeps the row out first, then what only the night can judge: an error inside means that, too."""
    begun = _sum(_said_of(start, refs) for start in terms.starts)
    out = [f'({_cell(refs, terms.key)}="")', f"({begun}=0)", *(_is_out(test, refs) for test in terms.tests)]
    if terms.judged:
        day, since = _cell(refs, terms.judged[0]), _day(terms.judged[1])
        out.append(f"IF(ISNUMBER({day}),({day}>={EARLIEST})*({day}<{since}),0)")
    odd = [*(_is_odd(test, refs) for test in terms.tests), *_holds(terms, refs)]
    sure = f"IF({_sum(odd)}>0,{_text(TONIGHT)},{_moment(terms, refs)})" if odd else _moment(terms, refs)
    return f"IFERROR(IF({_sum(out)}>0,{NOTHING},{sure}),{_text(TONIGHT)})"


def _moment(terms: Terms, refs: Refs) -> str:
    """The start, to the second, and what is promised since its day."""
    start, day = _started(terms.starts, refs), _began(terms.starts, refs)
    found = NOTHING
    for turn in terms.turns:
        if turn.minutes is None:
            then = NOTHING
        elif turn.minutes < 0:
            then = _text(TONIGHT)
        else:
            then = f"ROUND(({start}+{turn.minutes}/1440)*86400,0)/86400"
        found = then if turn.since is None else f"IF({day}>={_day(turn.since)},{then},{found})"
    return f"IF({day}<{EARLIEST},{_text(TONIGHT)},{found})"  # a slip is not older than the promise


def _began(starts: Sequence[Moment], refs: Refs) -> str:
    """The day of the first start that is not empty, as it stands there."""
    first, *others = starts
    day = _cell(refs, first.columns[0])
    return f"IF({_said_of(first, refs)}>0,{day},{_began(others, refs)})" if others else day


def _started(starts: Sequence[Moment], refs: Refs) -> str:
    """The first start that is not empty: its moment, or an error where the cells are not exactly that."""
    first, *others = starts
    found = _read(first, refs)
    if not others:
        return found
    return f"IF({_said_of(first, refs)}>0,{found},{_started(others, refs)})"


def _said_of(start: Moment, refs: Refs) -> str:
    return _sum(_filled(_cell(refs, column)) for column in start.columns)


def _read(start: Moment, refs: Refs) -> str:
    """A date with its time, or a moment with one in it; divided by nothing where the reader would refuse it."""
    day, time = (*(_cell(refs, column) for column in start.columns), NOTHING)[:2]
    within = f"ISNUMBER({day})*({day}>={EARLIEST})*({day}<{LATEST + 1})"
    if time == NOTHING:
        sound, moment = f"({day}<>INT({day}))", day
    else:
        timed = f"({day}=INT({day}))*ISNUMBER({time})*({time}>=0)*({time}<1)"
        sound, moment = f"IF({time}={NOTHING},{day}<>INT({day}),{timed})", f"({day}+IF({time}={NOTHING},0,{time}))"
    past = f"*({moment}<=NOW())" if start.past else ""
    return f"{moment}/({within}*{sound}{past})"


def _holds(terms: Terms, refs: Refs) -> list[str]:
    """What is more than 0 where the clock stood, or may have stood."""
    own = [_filled(_cell(refs, column)) for column in terms.holds if column in refs]
    if terms.held not in refs:
        return own
    # a record may be named with a blank beside it; with wildcards, 5,000 rows would open in twice the time
    held, key = refs[terms.held], f"TRIM({_cell(refs, terms.key)})"
    return [*own, *(f"COUNTIF({held},{named})" for named in (key, f'{key}&" "', f'" "&{key}'))]


# ---------------------------------------------------------------- how much is left


def _left(live: Live, refs: Refs) -> str:
    """Nothing once it is done; of a number in the due column the time until then, else the word that stands there."""
    due = _cell(refs, f"{live.promise}.due")
    done = _sum(_filled(_cell(refs, column)) for column in live.terms.stop)
    word = f'{due}&""'
    if holds := _holds(live.terms, refs):
        word = f"IF(({_sum(holds)}>0)*({due}<>{NOTHING})>0,{_text(HELD)},{word})"
    shown = f"IF(ISNUMBER({due}),{_until(due)},{word})"
    return f"IFERROR(IF({done}>0,{NOTHING},{shown}),{_text(TONIGHT)})"


def _until(due: str) -> str:
    """25 分, 1 时 05 分, and past it 超 12 分; what is more than a day past the nightly status tells."""
    seconds = f"ROUND(({due}-NOW())*86400,0)"
    minutes = f"INT(ABS({seconds})/60)"
    hours = f'INT({minutes}/60)&" 时 "&TEXT(MOD({minutes},60),"00")&" 分"'
    length = f'IF({minutes}<60,{minutes}&" 分",{hours})'
    late = f'IF({seconds}<-86400,{_text(PAST_A_DAY)},IF({seconds}>-60,{_text(JUST_PAST)},"超 "&{length}))'
    return f"IF({seconds}<0,{late},{length})"


# ---------------------------------------------------------------- words of formulas


def _is_out(test: Test, refs: Refs) -> str:
    cell, words = _cell(refs, test.column), _one_of(test, test.out, refs)
    return words if test.empty else f"(({cell}={NOTHING})+{words})"


def _is_odd(test: Test, refs: Refs) -> str:
    """Whether the cell holds a word that nobody declared."""
    cell = _cell(refs, test.column)
    return f"({cell}<>{NOTHING})*({_one_of(test, (*test.go, *test.out), refs)}=0)"


def _one_of(test: Test, words: Sequence[str], refs: Refs) -> str:
    """Whether the cell says one of *words*, whatever its case: no wildcards, and no list that a locale would cut."""
    known = _text("|" + "|".join(dict.fromkeys(word.lower() for word in words)) + "|")
    return f'ISNUMBER(FIND("|"&LOWER({_cell(refs, test.column)})&"|",{known}))*1'


def _filled(cell: str) -> str:
    return f"({cell}<>{NOTHING})*1"  # FALSE is no 0 in Excel and Google Sheets, and larger than any number


def _cell(refs: Refs, name: str) -> str:
    return refs.get(name, NOTHING)


def _sum(tests: Iterable[str]) -> str:
    return "+".join(tests)


def _day(day: date) -> str:
    return f"DATE({day.year},{day.month},{day.day})"


def _text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
