"""How a book is built: what its tabs should be like, what they are like, and what differs. Nouns only.

`design` makes the first from declarations; every kind of book tells the second of itself; the verb `plan` finds the
third, and every kind of book carries it out as far as it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sync.blueprint.live import Live
from sync.schema import Words

# ---------------------------------------------------------------- what it should be like

# Rows of a register's tab: bands stand in row 1, headers in row 2, and data begin below.
BAND_ROW, HEADER_ROW, FIRST = 0, 1, 2
OWN = "own "  # before the name of a column that staff added: nothing marks it as ours
STATUS_AT = 1  # index of the status column, beside the id
GUIDE_TAB = "说明"
WAITING = "待同步"  # the status of a row that no run has seen yet


@dataclass(frozen=True, slots=True)
class Rule:
    """What helps to type into a column: it offers and warns, and never forbids what a person means."""

    kind: Literal["list", "names", "date", "time"]
    values: tuple[str, ...] = ()  # list: what is offered
    tab: str = ""  # names: the tab and the header whose cells are offered
    header: str = ""
    unusual: str = ""  # the title of the warning, its words in both languages, and what is said beforehand
    warning: str = ""
    hint_title: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ColumnDesign:
    """One column of a register's tab."""

    name: str  # of the declared column: finished_at__date
    title: str
    known_as: tuple[str, ...]  # other headers that find it
    note: str
    number_format: str  # as spreadsheets write it: @ is text
    width: float  # in characters
    rule: Rule | None
    label: str  # what row 1 says above it
    light: str  # colours of row 1 and of the header
    strong: str
    needed: bool
    personal: bool
    # one half of a moment: headers under which people keep both halves in a single column, which is read as well
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """One role's way of looking at a tab: rows whose status begins with one of *starts* or has *contains* in it."""

    name: str
    title: str
    starts: tuple[str, ...] = ()
    contains: str = ""
    sort_by: str = ""  # a column's name


@dataclass(frozen=True, slots=True)
class TabDesign:
    """One register's tab; its second column is the status, which is no declared column."""

    register: str
    title: str
    columns: tuple[ColumnDesign, ...]
    key: str  # the column with the id
    void: str | None  # the column that takes a row out of all clocks
    ahead: tuple[str, ...] = ()  # numbers written ahead when the tab is made
    views: tuple[View, ...] = ()
    spare: int = 300  # empty rows that are made ready
    known_as: tuple[str, ...] = ()  # other titles under which it is found
    live: tuple[Live, ...] = ()  # columns that formulas keep, each beside the declared column that it names

    @property
    def order(self) -> list[ColumnDesign | Live]:
        """All columns but the status, from left to right."""
        live: dict[str, list[Live]] = {}
        for one in self.live:
            live.setdefault(one.beside, []).append(one)
        return [one for column in self.columns for one in (*live.get(column.name, ()), column)]

    @property
    def places(self) -> dict[str, int]:
        """The index of each column of a new tab; the status has the one that is left out."""
        return {column.name: place + (place >= STATUS_AT) for place, column in enumerate(self.order)}


@dataclass(frozen=True, slots=True)
class Colour:
    """Fill and ink of a status that begins with one of *starts*."""

    name: str
    fill: str
    ink: str
    starts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuideLine:
    """A line of the first page: a heading, or what one tab is for."""

    name: str
    words: Words
    head: bool = False
    tab: str = ""  # where it leads


@dataclass(frozen=True, slots=True)
class BookDesign:
    """One book: a guide, a tab for each register, and the system's own tabs (*sync.model.SYSTEM_HEADERS*)."""

    name: str
    title: Words
    guide: tuple[GuideLine, ...]
    tabs: tuple[TabDesign, ...]
    colours: tuple[Colour, ...]
    status_note: str
    left_alone: tuple[str, ...] = ()  # tabs that are only read

    def tab(self, title: str) -> TabDesign | None:
        """The register's tab with that title."""
        return next((tab for tab in self.tabs if tab.title == title), None)


# ---------------------------------------------------------------- what it is like


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One column as it is; what a kind of book cannot tell is None."""

    index: int
    header: str
    field: str = ""  # the declared column that we marked it as, whatever its header says now
    number_format: str | None = None  # of the first row of data; "" where none is set
    rule: bool | None = None  # it offers or warns
    note: bool | None = None  # its header has one
    filled: bool = False  # something stands below its header
    live: str = ""  # the mark of its formula, where it is a live column
    gaps: bool = False  # a live column: rows in use have another formula, or none


@dataclass(frozen=True, slots=True)
class TabShape:
    """One tab as it is."""

    title: str
    tab_id: str
    columns: tuple[ColumnShape, ...]
    header: int = HEADER_ROW  # index of the row with the headers
    rows: int = 0  # of the grid, not only those in use
    width: int = 0
    register: str = ""  # the register that we marked it as
    hidden: bool = False
    looks: frozenset[str] = frozenset()  # what it has of LOOKS and of views, as "view:NAME"
    uncut: tuple[bool, bool] = (True, True)  # header rows and id columns can be frozen: they cut no merged cell in two


@dataclass(frozen=True, slots=True)
class BookShape:
    """One book as it is, and which kinds of change its kind of book can carry out."""

    name: str
    where: str  # for messages
    tabs: tuple[TabShape, ...]
    can: frozenset[str]
    names: frozenset[str] = frozenset()  # named ranges; of ours the register's name
    cells: int = 0  # of all grids, blank ones too: what counts against a spreadsheet's limit
    most_cells: int = 0  # 0: no limit
    taken: frozenset[int] = frozenset()  # numbers that its tabs, marks and views have
    every_minute: bool = True  # it works out each minute what goes by the clock, or that is up to a program at a desk


# ---------------------------------------------------------------- what differs

# Looks of a tab, made once: frozen rows and columns, bands of colour, the colours of a status, protections.
LOOKS = ("freeze", "banding", "colours", "protection")

Kind = Literal[
    # additions: made by `apply` without being asked for
    "tab",  # a register's tab with everything that belongs to it
    "system_tab",
    "guide",
    "column",  # a header behind the last one, with its format, rule and note
    "status",  # the status column of a tab that has none
    "live",  # a live column that is not there
    "formula",  # of a live column that lost it, or has an older one
    "every_minute",  # what goes by the clock is worked out each minute
    "format",  # of a column that has none
    "rule",
    "note",
    "look",  # one of LOOKS, or view:NAME
    "name",  # a named range: the register's name
    # only when they are named
    "rename_tab",
    "rename_column",
    "move_column",
    "delete_column",
    "retype_column",  # another number format over values that people typed
]
ADDITIONS: tuple[Kind, ...] = (
    "tab",
    "system_tab",
    "guide",
    "column",
    "status",
    "live",
    "formula",
    "every_minute",
    "format",
    "rule",
    "note",
    "look",
    "name",
)
ASKED: tuple[Kind, ...] = ("rename_tab", "rename_column", "move_column", "delete_column", "retype_column")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a book and its design."""

    kind: Kind
    tab: str  # the tab's title as it is (as it should be, where it is missing)
    register: str = ""
    column: str = ""  # the column's name, declared or live; delete_column: what it was marked as
    what: str = ""  # look: which one; rename: the new title; retype: the new format; move: see *Plan*
    now: str = ""  # what it is now, for people to read
    title: str = ""  # of the column, for people to read
    after: str = ""  # move: see *Plan*

    @property
    def word(self) -> str:
        """How the change is named on the command line: rename_column:call_register.phone."""
        place = ".".join(part for part in (self.register or self.tab, self.column) if part)
        more = f".{self.what}" if self.kind == "look" else ""
        return f"{self.kind}:{place}{more}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What *apply* would do to one book, and what it leaves to people or to whoever names it.

    The moves of a tab stand in the order in which they are made. A tab's first column goes to the front; any other
    right behind the declared column *after* (where there is one), and in any case behind the status. *what* is the
    index that it has then, when the moves before it are done and nothing else of the tab is.
    """

    book: str
    where: str
    make: tuple[Change, ...]  # additions, and what was named
    unnamed: tuple[Change, ...] = ()  # done only when named
    by_hand: tuple[Change, ...] = ()  # this kind of book cannot carry them out
    cells: int = 0  # that the book would have afterwards

    @property
    def empty(self) -> bool:
        """There is nothing to make."""
        return not self.make
