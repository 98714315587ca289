"""The formulas of a register's tab, as spreadsheets set to Chinese or English write them.

No live spreadsheet has worked them out yet: the tests do it with the functions as the reference describes them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from sync.blueprint import WAITING, View
from sync.blueprint.live import Live, Refs, formula, past, soon
from sync.layout import letter
from sync.model import STATUS_HEADER, STATUS_TAB, SYNC_TAB, status_key

MARK = "servicebook:"  # inside a condition that we made, so that it is known again
AS_OF = "截至 "
_TITLE = re.compile(r'=ARRAYFORMULA\(IF\(ROW\([^()]*\)=ROW\([^()]*\),"((?:[^"]|"")*)",')


def text(value: str) -> str:
    """*value* as a formula writes a text."""
    return '"' + value.replace('"', '""') + '"'


def quoted(tab: str) -> str:
    """The title *tab* as a reference writes it."""
    return "'" + tab.replace("'", "''") + "'"


def status(register: str, key: int, at: int, last: int, header: int, live: Collection[int] = ()) -> str:
    """The header of the status column and, spilling down from it, what the last run made of each row.

    The ids stand in the column with index *key*, the status at *at*, the last declared column at *last*, the headers
    in the row with index *header*, live columns at *live*: what those show says nothing of a row.
    All ranges begin with the headers and are open below: a row that is put in right under the headers would push
    anything that begins there one row off, and every status with it.
    The look-up knows no wildcards (XLOOKUP has them only when asked to), so ids with `~ * ?` are found as they are.
    Nothing shows beside a number written ahead as long as its row holds nothing else; an unticked box is nothing.
    """
    ids, tab = _from(key, key, header), quoted(STATUS_TAB)
    found = f"XLOOKUP({text(status_key(register, ''))}&{ids},{tab}!A:A,{tab}!B:B)"
    blocks = [block for block in _between(sorted({at, *live}), max(last, key)) if block != (key, key)]
    counts = "+".join(_filled(_from(a, b, header)) for a, b in blocks) or "0"
    most = int(any(a <= key <= b for a, b in blocks))  # the id itself
    rows = f'IF({ids}="","",IFNA({found},IF({counts}<={most},"",{text(WAITING)})))'
    return f"=ARRAYFORMULA(IF(ROW({ids})=ROW({letter(key)}{header + 1}),{text(STATUS_HEADER)},{rows}))"


def _from(left: int, right: int, header: int) -> str:
    return f"{letter(left)}{header + 1}:{letter(right)}"


def column(at: int, header: int) -> str:
    """The whole column with index *at*, from the row of its header on."""
    return _from(at, at, header)


def _between(walls: Sequence[int], last: int) -> Iterator[tuple[int, int]]:
    """The first and the last index of each run of columns up to *last*, without *walls*."""
    for before, wall in zip((-1, *walls), (*walls, last + 1), strict=True):
        if before + 1 <= min(wall - 1, last):
            yield before + 1, min(wall - 1, last)


def _filled(area: str) -> str:
    """How many cells of each row of *area* hold something; an error is something."""
    return f'MMULT(IFERROR(({area}<>"")*({area}<>FALSE),1),SEQUENCE(COLUMNS({area}),1,1,0))'


def live(made: Live, refs: Refs, key: int, header: int) -> str:
    """The header of a live column and, spilling down from it, what it shows of each row.

    *refs* are whole columns from the row of the headers on, which has the index *header*, as *column* writes them.
    """
    ids = column(key, header)
    rows = formula(made, refs)
    return f"=ARRAYFORMULA(IF(ROW({ids})=ROW({letter(key)}{header + 1}),{text(made.title.zh)},{rows}))"


def live_title(written: str) -> str:
    """The header that the formula *written* of a live column gives, also where it shows an error just now."""
    found = _TITLE.match(written)
    return found[1].replace('""', '"') if found else ""


def comes(made: Live, refs: Refs, *, late: bool) -> str:
    """Whether the moment of a row has passed, or else comes soon; *refs* are the cells of both live columns."""
    return f"={past(made, refs) if late else soon(made, refs)}>0"


def as_of() -> str:
    """The moment of the last run, above the status column."""
    moment = f"{quoted(SYNC_TAB)}!$B$2"
    return f'=IF({moment}="","{AS_OF}—","{AS_OF}"&TEXT({moment},"mm-dd hh:mm"))'


def stale(cell: str) -> str:
    """Whether the moment in *cell* is not of today. Conditions see no other tab, so this one reads the text."""
    return _marked("stale", f'LEFT({cell},{len(AS_OF) + 5})<>"{AS_OF}"&TEXT(TODAY(),"mm-dd")')


def void(cell: str) -> str:
    """Whether *cell* takes its row out of all clocks."""
    return _marked("void", f'OR({cell}="是",{cell}=TRUE)')


def begins(name: str, cell: str, starts: Sequence[str]) -> str:
    """Whether the status in *cell* begins with one of *starts*."""
    return _marked(name, f"OR({','.join(_starts(cell, starts))})")


def seen(view: View, cell: str) -> str:
    """Whether *view* shows the row whose status stands in *cell*."""
    tests = _starts(cell, view.starts)
    if view.contains:
        tests.append(f"ISNUMBER(FIND({text(view.contains)},{cell}))")
    return _marked(f"view:{view.name}", f"OR({','.join(tests)})" if tests else "TRUE")


def _starts(cell: str, starts: Sequence[str]) -> list[str]:
    return [f"LEFT({cell},{len(start)})={text(start)}" for start in starts]


def _marked(name: str, test: str) -> str:
    """*test*, with a text in it that counts as nothing and by which we know it again."""
    return f"=AND(N({text(MARK + name)})=0,{test})"
