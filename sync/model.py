"""The nouns of a night, and the fixed columns of the tables that travel between its verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from datetime import datetime
from typing import Literal, NamedTuple

State = Literal["value", "empty", "unreadable"]
Severity = Literal["error", "warning", "task"]

VALUE: State = "value"
EMPTY: State = "empty"
UNREADABLE: State = "unreadable"

# ---------------------------------------------------------------- a cell

# What a workbook says a cell is, one character a cell (see *Grid.tags*).
TAG_EMPTY = " "
TAG_TEXT = "s"
TAG_NUMBER = "n"
TAG_BOOLEAN = "b"
TAG_DATE = "d"  # a true date cell, text is ISO: 2026-11-22 or 2026-11-22 09:30:00
TAG_TIME = "t"  # a time of day or a length of time, text is HH:MM:SS (hours may pass 23)
TAG_ERROR = "e"  # #DIV/0!, #REF!, Loading...
TAG_UNSAVED = "f"  # a formula without a saved value
TAG_MERGED = "m"  # inside a merged area, but not its first cell


class Raw(NamedTuple):
    """A cell as a workbook holds it: *text* as people see it, *tag* what the workbook says it is."""

    text: str
    tag: str


class Reason(NamedTuple):
    """Why a cell would not be read (or deserves a word): a problem code and what its sentence needs."""

    code: str
    suggestion: str = ""
    params: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a reader makes of a cell.

    *value* is None unless *state* is "value"; *reason* is set when it is "unreadable";
    *warnings* go with a value that can be used but should be looked at.
    """

    state: State
    value: object = None
    reason: Reason | None = None
    warnings: tuple[Reason, ...] = ()


# ---------------------------------------------------------------- a tab

Area = tuple[int, int, int, int]  # first row, the row behind the last, first column, the column behind the last


@dataclass(slots=True)
class Grid:
    """One tab as read: a column is a list of texts and a string with one tag a cell.

    Row 1 of the sheet is index 0. Every column has *height* cells.
    Nothing is interpreted here: error cells, merged cells and formulas without a saved value are tagged, not dropped.
    """

    book: str
    tab: str
    height: int
    texts: list[list[str]]
    tags: list[str]
    hidden: bool = False
    tab_id: str = ""
    merged: list[Area] = default(default_factory=list)
    serials: bool = False  # the source does not tell a date from a number: what is declared a date may be one

    @property
    def width(self) -> int:
        return len(self.texts)

    def row(self, index: int) -> list[Raw]:
        """The cells of the row with *index* (0 is the sheet's row 1)."""
        return [Raw(texts[index], tags[index]) for texts, tags in zip(self.texts, self.tags, strict=True)]


@dataclass(slots=True)
class Copy:
    """A workbook as read at one moment: its tabs, and what identifies this state of it."""

    book: str
    where: str  # a path or an address, for messages
    grids: list[Grid]
    digest: str  # sha256 of the file as read, so that nobody's later change is overwritten
    saved_at: datetime | None = None  # workplace time
    read_at: datetime | None = None  # workplace time
    addresses: Mapping[str, str] = default(default_factory=dict)  # of its tabs by title, where people open them by one

    def cell(self, tab: str, place: str) -> str:
        """The address of the cell at *place*; nothing where people open a file instead."""
        return cell_address(self.addresses, tab, place)


def cell_address(addresses: Mapping[str, str], tab: str, place: str) -> str:
    """Where the cell at *place* of *tab* can be opened; nothing where the tab has no address."""
    return f"{addresses[tab]}&range={place}" if tab in addresses else ""


# ---------------------------------------------------------------- a cell that is to be written


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula for a new workbook; without *saved* it is one that no program has worked out yet."""

    text: str
    saved: str | float | None = None


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that shows an error, such as #N/A."""

    text: str


@dataclass(frozen=True, slots=True)
class Serial:
    """A date or a time as the number that the *number_format* shows so."""

    number: float
    number_format: str


@dataclass(frozen=True, slots=True)
class Merge:
    """*value* in one cell merged over *rows* rows."""

    value: object
    rows: int


# ---------------------------------------------------------------- the tabs of a book that are ours

STATUS_HEADER = "系统状态"  # the second column of a staff tab: a look-up, never read back
STATUS_TAB, PROBLEM_TAB, SYNC_TAB = "_状态", "_问题", "_同步"
SYSTEM_HEADERS: Mapping[str, Sequence[str]] = {
    STATUS_TAB: ("key", "text", "state", "due", "promises", "run"),  # hidden; rows by *status_order* of the key
    PROBLEM_TAB: ("表", "单元格", "问题", "怎么改", "谁来改", "打开"),
    # hidden; the first row below is the moment, as a spreadsheet's date number: staff tabs show it
    SYNC_TAB: ("项目", "内容"),
}
# Lines of _同步: when the last run was, as a spreadsheet's date number, and what of each tab was in use then.
MOMENT_LINE, ROWS_LINE = "moment", "rows "
SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's dates have no zone


def status_key(register: str, typed: str) -> str:
    """The key of a row in the status tab: *typed* is the id exactly as it stands in the cell."""
    return f"{register}|{typed}"


def status_order(key: str) -> tuple[str, str]:
    """The place of *key* in the status tab: near enough a spreadsheet's own order (case aside, `_` before letters).

    A key with signs that spreadsheets sort in ways of their own is still found, only more slowly.
    """
    return key.casefold(), key


# ---------------------------------------------------------------- tables between verbs

# problems: one line for each thing that a person should mend.
PROBLEM_COLUMNS: Mapping[str, str] = {
    "code": "text",
    "severity": "text",
    "register": "text",
    "tab": "text",
    "row": "integer",
    "field": "text",
    "header": "text",
    "column": "text",  # the letter
    "value": "text",
    "suggestion": "text",
    "params": "text",  # JSON object of strings
    # where the row is: a register can have several books, and people look for ids, not row numbers
    "book": "text",
    "key": "text",
}

# flags: one line for each promise that was judged on a row.
FLAG_COLUMNS: Mapping[str, str] = {
    "register": "text",
    "key": "text",
    "row": "integer",
    "promise": "text",
    "kind": "text",
    "state": "text",
    "start": "datetime",
    "due": "datetime",
    "stop": "datetime",
    "late_minutes": "integer",
    "held_minutes": "integer",
    "responsible": "text",
    "provisional": "boolean",
}

ROW_KINDS = ("used", "unused", "blank", "bad")

# Every state a flag can have, worst first: the order of the marks and of the lists on pages.
STATES = (
    "overdue",
    "missed",
    "negative",
    "gap",
    "double",
    "void_without_reason",
    "not_returned",
    "missing",
    "out_of_order",
    "low",
    "below",
    "repeat",
    "stale",
    "due_soon",
    "on_hold",
    "not_judged",
    "met_late",
    "met_early",
    "not_due",
    "met",
    "waived",
    "ok",
)

# States that ask somebody to do something; the rest is for the record.
OPEN_STATES = frozenset(STATES[: STATES.index("due_soon") + 1])


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the problems table, for a row that is shown or explained."""

    code: str
    severity: Severity
    register: str
    tab: str
    row: int | None = None
    field: str = ""
    header: str = ""
    column: str = ""
    value: str = ""
    suggestion: str = ""
    params: Mapping[str, str] = default(default_factory=dict)
    book: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """One line of the flags table."""

    register: str
    key: str
    row: int | None
    promise: str
    kind: str
    state: str
    start: datetime | None = None
    due: datetime | None = None
    stop: datetime | None = None
    late_minutes: int | None = None
    held_minutes: int | None = None
    responsible: str = ""
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What a staff row shows in its status column: the worst state and the words for it."""

    register: str
    key: str
    text: str
    state: str
    due: datetime | None
    promises: Sequence[str]


@dataclass(frozen=True, slots=True)
class RowRef:
    """Where a row is that staff typed, and whose it is: what a mark and a line of the day's list hang on."""

    register: str
    book: str
    tab: str
    row: int
    key: str
    typed: str  # the id exactly as it stands in the cell
    owner: str = ""  # who can mend it, as the staff register shows them
    void: bool = False
    old: bool = False  # before *judge_from*


@dataclass(frozen=True, slots=True)
class RowCount:
    """Where a register's rows went: pulled = shown + bad + unused + blank."""

    pulled: int
    shown: int
    bad: int
    unused: int
    blank: int
    old: int = 0  # of the shown and bad rows: before *judge_from*, read but not judged


@dataclass(frozen=True, slots=True)
class BookState:
    """How a book was found tonight, and what of our marks has not reached it yet."""

    book: str
    where: str  # the file's name, never its folder
    read_at: datetime
    saved_at: datetime | None
    pending_since: datetime | None = None  # marks wait because somebody has the book open
    companion: str = ""  # the file that carries the marks meanwhile
    stale_tabs: Mapping[str, datetime] = default(default_factory=dict)  # broken tabs: their rows are from then
    addresses: Mapping[str, str] = default(default_factory=dict)  # of its tabs, where people open them by one


@dataclass(frozen=True, slots=True)
class StockLine:
    """One part: opening + came − went = hand, and the levels it is held to."""

    key: str
    texts: Mapping[str, str]  # its published fields
    opening: float | None
    came: float
    went: float
    hand: float | None  # None where a quantity or a move cannot be read
    levels: Sequence[tuple[str, float | None, str]]  # promise, par, state


@dataclass(frozen=True, slots=True)
class BookStrip:
    """One numbered book: what became of each of its sheets."""

    key: str
    first: str
    last: str
    holder: str  # as the staff register shows them
    closed: bool
    sheets: Sequence[str]  # used, void, gap or left, in the order of the numbers
    missing: Sequence[str]  # the numbers that nobody accounts for


@dataclass(frozen=True, slots=True)
class Week:
    """How the clocks of one promise that started in one week stand."""

    monday: datetime
    met: int
    late: int  # stopped after the due moment
    open: int
    overdue: int  # of the open ones


@dataclass(frozen=True, slots=True)
class RatioRow:
    """One record behind a ratio."""

    key: str
    customer: str  # as pages call them
    verdict: str  # left, unclear, outside or done
    began: datetime | None = None  # of a fault
    ended: datetime | None = None
    seconds: int = 0  # for how long it counts


@dataclass(frozen=True, slots=True)
class Ratio:
    """How one period of a ratio stands, in rows or, where it is of *things*, in seconds."""

    promise: str
    key: str  # 2026-11
    state: str
    first: datetime
    until: datetime  # the end of the period, or the moment, while it runs
    percent: str  # 99.9
    done: int
    missed: int
    whole: int
    things: int = 0  # of which time is counted
    recorded: int = 0  # of the faults that count, those whose end somebody wrote down
    rows: Sequence[RatioRow] = ()  # what was not done, longest first, what nobody can say, what is left out
    counts: Mapping[str, int] = default(default_factory=dict)  # by verdict


@dataclass(frozen=True, slots=True)
class Boards:
    """What only pages show; without it they show less."""

    refs: Mapping[tuple[str, str, int | None], RowRef] = default(default_factory=dict)  # of a flag: register, key, row
    owners: Mapping[tuple[str, str, int], str] = default(default_factory=dict)  # by book, tab and row
    receipts: Mapping[Flag, Mapping[str, str]] = default(default_factory=dict)  # by language
    coming: Sequence[Flag] = ()  # recurrences that fall due next, soonest first
    stock: Sequence[StockLine] = ()  # worst first
    books: Sequence[BookStrip] = ()
    weeks: Mapping[str, Sequence[Week]] = default(default_factory=dict)  # by promise, oldest first
    ratios: Sequence[Ratio] = ()  # in the order of the declarations, newest period first


@dataclass(frozen=True, slots=True)
class Tonight:
    """All that pages, marks and notices are made from: one moment's outcome, nothing personal but what is published."""

    moment: datetime  # workplace time
    run: str
    books: Sequence[BookState]
    rows: Mapping[str, RowCount]  # by register
    problems: Sequence[Problem]
    flags: Sequence[Flag]  # in an open state, worst first
    counts: Mapping[str, Mapping[str, int]]  # promise → state → rows
    shown: Mapping[str, Mapping[str, Mapping[str, str]]]  # register → key → published field → text
    first_run: bool = False
    boards: Boards = Boards()
    unannounced: Mapping[str, Sequence[int]] = default(default_factory=dict)  # calendar in use → years without data


# ---------------------------------------------------------------- failures, one family


class ServicebookError(Exception):
    """Something a person has to do before the program can go on. The text says what, where and the way out."""

    exit_code = 1


class BookError(ServicebookError):
    """A workbook cannot be read or written as it is: a line in Chinese, then the same in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")


class DeclarationError(ServicebookError):
    """A declaration, a setting or an option is wrong."""

    exit_code = 2


class SafetyStop(ServicebookError):
    """Too much has vanished, or the clock went backwards: nothing is written, nothing published."""

    exit_code = 4


class Unreachable(ServicebookError):
    """The source does not answer now; a later run may succeed."""

    exit_code = 5


class Locked(ServicebookError):
    """Another run holds the department folder."""

    exit_code = 6
