"""Find what differs between a book and its declarations: what may be made, what has to be named, what is by hand."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sync.blueprint import (
    ADDITIONS,
    FIRST,
    GUIDE_TAB,
    LOOKS,
    BookDesign,
    BookShape,
    Change,
    ColumnDesign,
    ColumnShape,
    Kind,
    Plan,
    TabDesign,
    TabShape,
)
from sync.blueprint.standing import columns_in, kept_by_staff, live_in, tabs_in
from sync.books import Book, Written
from sync.layout import letter
from sync.model import STATUS_HEADER, SYSTEM_HEADERS, DeclarationError, SafetyStop
from sync.schema import guess, heading

SYSTEM_ROWS = 100  # of a system tab when it is made
# What a kind of book does not know is no difference, nor is the order of columns, which are found in any;
# everything else that it cannot carry out is for people.
OPTIONAL: frozenset[Kind] = frozenset({"guide", "look", "name", "move_column"})
STATUS = heading(STATUS_HEADER)


def plan(design: BookDesign, shape: BookShape, named: Collection[str] = ()) -> Plan:
    """What brings a book of this *shape* to its *design*: additions, and of the rest what is *named*.

    DeclarationError for a name that is not in the plan, SafetyStop where the book would become too large.
    """
    found, strange = _differences(design, shape, named)
    doable = [change for change in found if change.kind in shape.can]
    make = tuple(change for change in doable if change.kind in ADDITIONS or change.word in named)
    hand = [change for change in found if change.kind not in shape.can | OPTIONAL]
    made = Plan(
        book=design.name,
        where=shape.where,
        make=make,
        unnamed=tuple(change for change in doable if change.kind not in ADDITIONS and change.word not in named),
        by_hand=(*strange, *hand),
        cells=shape.cells + sum(_growth(design, shape, make).values()),
    )
    refuse_unknown(named, [made])
    if make and 0 < shape.most_cells < made.cells:
        raise _too_large(design, shape, made)
    return made


def refuse_unknown(named: Iterable[str], plans: Sequence[Plan]) -> None:
    """DeclarationError for a word of *named* that none of *plans* has, or that is for people to do."""
    known = dict.fromkeys(change.word for one in plans for change in (*one.unnamed, *one.make))
    waiting = dict.fromkeys(change.word for one in plans for change in one.unnamed)
    by_hand = {change.word for one in plans for change in one.by_hand}
    for word in named:
        if word in known:
            continue
        if word in by_hand:
            message = f"--do {word}：这种工作簿里只能手工改。\n--do {word}: in this kind of book it is done by hand."
            raise DeclarationError(message)
        listed = ", ".join(waiting)
        zh = f"--do {word}：没有这一项。{f'可以点名的有：{listed}' if waiting else '没有要点名的。'}"
        en = f"--do {word}: there is no such change{guess(word, known) or '.'}"
        raise DeclarationError(f"{zh}\n{en} {f'Waiting to be named: {listed}' if waiting else 'None is waiting.'}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A book and what would be made of it."""

    book: Book
    design: BookDesign
    plan: Plan


def draft(books: Sequence[Book], designs: Mapping[str, BookDesign], named: Collection[str] = ()) -> list[Draft]:
    """The plan of each of *books*; a word of *named* has to be in one of them."""
    shapes = [(book, designs[book.name], book.shape()) for book in books]
    whole = [plan(design, shape) for _, design, shape in shapes]
    refuse_unknown(named, whole)
    return [
        Draft(book, design, plan(design, shape, [word for word in named if _has(all_of_it, word)]))
        for (book, design, shape), all_of_it in zip(shapes, whole, strict=True)
    ]


def _has(one: Plan, word: str) -> bool:
    return any(change.word == word for change in (*one.unnamed, *one.make))


def carry_out(drafts: Sequence[Draft]) -> dict[str, Written]:
    """What became of each book that has something to make: each is built whole or left as it was."""
    return {one.book.name: one.book.apply(one.design, one.plan.make) for one in drafts if not one.plan.empty}


# ---------------------------------------------------------------- tabs


def _differences(design: BookDesign, shape: BookShape, named: Collection[str]) -> tuple[list[Change], list[Change]]:
    """Everything that differs, and the tabs of ours in which somebody keeps something else."""
    if not design.tabs:
        return [], []  # a book that is only read
    titles = {tab.title for tab in shape.tabs}
    found: list[Change] = [] if GUIDE_TAB in titles else [Change("guide", GUIDE_TAB)]
    strange: list[Change] = []
    there, ranged = tabs_in(design, shape), dict[str, str]()
    strange += [change for tab in design.tabs if (one := there.get(tab.title)) for change in _theirs(tab, one)]
    for tab in design.tabs:
        standing = there.get(tab.title)
        if standing is None:
            found.append(Change("tab", tab.title, tab.register))
        elif _strange(tab, standing):
            strange.append(Change("tab", standing.title, tab.register, now="、".join(_headers(standing)[:5])))
            continue
        else:
            found += _of_tab(tab, standing, named)
        ranged.setdefault(tab.register, standing.title if standing else tab.title)
    counting = next((tab for tab in design.tabs if tab.live), None)
    if counting and not shape.every_minute:
        found.append(Change("every_minute", counting.title, counting.register))
    found += [Change("name", title, register) for register, title in ranged.items() if register not in shape.names]
    return [*found, *(Change("system_tab", title) for title in SYSTEM_HEADERS if title not in titles)], strange


def _headers(tab: TabShape) -> list[str]:
    return [column.header for column in tab.columns if heading(column.header)]


def _strange(tab: TabDesign, here: TabShape) -> bool:
    """Whether a tab is better left to people: somebody keeps something else under our title, or it was emptied.

    Of an emptied one the version history has all that there was; new headers would only stand in its way.
    """
    at, whole = columns_in(tab, here)
    if not _headers(here):
        return here.register == tab.register
    return not (at or whole or here.register == tab.register)


def _of_tab(tab: TabDesign, here: TabShape, named: Collection[str]) -> Iterator[Change]:
    """What differs in a tab that is there; its moves come first."""
    at, whole = columns_in(tab, here)
    base = Change("column", here.title, tab.register)
    yield from _moves(tab, here, at, base, named)
    if all(heading(column.header) != STATUS for column in here.columns):
        yield replace(base, kind="status")
    for column in tab.columns:
        mine = replace(base, column=column.name, title=column.title)
        if column.name in at:
            yield from _of_column(column, at[column.name], mine)
        elif column.name not in whole:
            yield mine
    yield from _live(tab, here, base)
    for one in _left_over(tab, here):
        name = one.live.partition(":")[0] or one.field
        yield replace(base, kind="delete_column", column=name, title=one.header, now=letter(one.index))
    views = {f"view:{view.name}": view.title for view in tab.views}
    for look in (*LOOKS, *views):
        if look not in here.looks:
            yield replace(base, kind="look", what=look, title=views.get(look, ""))
    if heading(here.title) != heading(tab.title):
        yield replace(base, kind="rename_tab", what=tab.title, now=here.title)


# ---------------------------------------------------------------- columns


def _live(tab: TabDesign, here: TabShape, base: Change) -> Iterator[Change]:
    """The live columns that are missing, or whose formula is; where staff use a title themselves they get none."""
    at, theirs = live_in(tab, here), kept_by_staff(tab, here)
    for live in tab.live:
        mine = replace(base, kind="live", column=live.name, title=live.title.zh)
        one = at.get(live.name)
        if one and (one.live != live.mark or one.gaps):
            yield replace(mine, kind="formula")
        elif one is None and live.promise not in theirs:
            yield mine


def _theirs(tab: TabDesign, here: TabShape) -> Iterator[Change]:
    """The live columns that cannot be had, since people keep something of their own under that title."""
    for one in kept_by_staff(tab, here).values():
        yield Change("live", here.title, tab.register, title=one.header, now=letter(one.index))


def _left_over(tab: TabDesign, here: TabShape) -> Iterator[ColumnShape]:
    """The columns that we once made for what is no longer declared, unless their header is still read."""
    declared = {column.name for column in tab.columns}
    read = {heading(header) for c in tab.columns for header in (c.title, *c.known_as, *c.whole)}
    declared |= {live.name for live in tab.live}
    for one in here.columns:
        if one.live:
            if one.live.partition(":")[0] not in declared:
                yield one
        elif one.field and one.field not in declared and heading(one.header) not in {*read, STATUS}:
            yield one


def _of_column(column: ColumnDesign, here: ColumnShape, mine: Change) -> Iterator[Change]:
    if heading(here.header) != heading(column.title):
        yield replace(mine, kind="rename_column", what=column.title, now=here.header)
    if here.number_format is not None and _format(here.number_format) != _format(column.number_format):
        typed_over = here.filled and _format(here.number_format) != _format("")
        kind: Kind = "retype_column" if typed_over else "format"
        yield replace(mine, kind=kind, what=column.number_format, now=here.number_format)
    if column.rule and here.rule is False:
        yield replace(mine, kind="rule")
    if column.note and here.note is False:
        yield replace(mine, kind="note")


def _format(written: str) -> str:
    """A number format for comparing: none is the general one."""
    return (written or "General").casefold()


def _moves(
    tab: TabDesign, here: TabShape, at: Mapping[str, ColumnShape], base: Change, named: Collection[str]
) -> Iterator[Change]:
    """The fewest columns that have to move for the declared order; those that are *named* as they come about.

    Columns of people's own stay between ours as they are, and so does the status: only the first stands left of it.
    """
    ours = [column for column in tab.columns if column.name in at]
    line, first = _line(here, at), tab.columns[0].name
    stay = _stay([column.name for column in ours], first, line)
    moves = {
        column.name: replace(base, kind="move_column", column=column.name, title=column.title)
        for column in ours
        if column.name not in stay
    }
    chosen = {name for name, move in moves.items() if move.word in named}
    for wanted in (chosen, moves.keys() - chosen):  # what is not named is told as if it came afterwards
        settled = stay | (set() if wanted is chosen else chosen)
        behind = ""
        for name in (column.name for column in ours):
            if name in wanted:
                old, new = _moved(line, name, () if name == first else (behind, STATUS))
                yield replace(moves[name], what=str(new), now=letter(old), after=behind)
            if name in wanted | settled:
                behind = name


def _line(here: TabShape, at: Mapping[str, ColumnShape]) -> list[str]:
    """The columns from left to right: ours by their names, the status, and "" for people's own."""
    names = {one.index: name for name, one in at.items()}
    names |= {column.index: STATUS for column in here.columns if heading(column.header) == STATUS}
    return [names.get(index, "") for index in range(max(names, default=-1) + 1)]


def _stay(names: Sequence[str], first: str, line: Sequence[str]) -> set[str]:
    """As many of *names* as can stay where they are in *line*: the *first* left of the status, the others right."""
    places = {name: place for place, name in enumerate(line)}
    status = places.get(STATUS, len(line))
    right = [name for name in names if name != first and (places[name] > status or STATUS not in places)]
    if STATUS not in places and first in places:
        right = [first, *right]
    stay = {right[place] for place in _longest_rising([places[name] for name in right])}
    return stay | {name for name in names if name == first and STATUS in places and places[name] < status}


def _moved(line: list[str], name: str, left: Sequence[str]) -> tuple[int, int]:
    """Move *name* in *line* right behind all that are to be *left* of it; from where, and to where."""
    old = line.index(name)
    line.pop(old)
    new = max((line.index(one) + 1 for one in left if one in line), default=0)
    line.insert(new, name)
    return old, new


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The places of a longest rising part of *numbers*."""
    ends: list[int] = []  # of the rising parts of each length, the place of the lowest last number
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left([numbers[end] for end in ends], number)
        before.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [place]
    found, place = set[int](), ends[-1] if ends else -1
    while place >= 0:
        found.add(place)
        place = before[place]
    return found


# ---------------------------------------------------------------- size


def _growth(design: BookDesign, shape: BookShape, make: Iterable[Change]) -> dict[str, int]:
    """How many cells *make* adds, by tab; blank ones count too, and a new column takes the place of none."""
    tabs = {tab.title: tab for tab in shape.tabs}
    grown: dict[str, int] = {}
    for change in make:
        added = 0
        if change.kind == "tab" and (made := design.tab(change.tab)):
            added = (FIRST + len(made.ahead) + made.spare) * (len(made.order) + 1)
        elif change.kind == "system_tab":
            added = len(SYSTEM_HEADERS[change.tab]) * SYSTEM_ROWS
        elif change.kind == "guide":
            added = 3 * (2 + sum(1 + line.head for line in design.guide))  # a blank line before each heading
        elif change.kind in {"column", "live", "status"}:
            added = tabs[change.tab].rows
        elif change.kind == "delete_column":
            added = -tabs[change.tab].rows
        grown[change.tab] = grown.get(change.tab, 0) + added
    return grown


def _too_large(design: BookDesign, shape: BookShape, made: Plan) -> SafetyStop:
    sizes = {tab.title: tab.rows * tab.width for tab in shape.tabs}
    for title, added in _growth(design, shape, made.make).items():
        sizes[title] = sizes.get(title, 0) + added
    largest = sorted(sizes, key=lambda title: -sizes[title])[:3]
    listed = "、".join(f"{title} {sizes[title]:,}" for title in largest)
    return SafetyStop(
        f"{made.where}：做完会有 {made.cells:,} 格，超过上限 {shape.most_cells:,} 格，所以什么也没写。"
        f"最大的表：{listed}。请删掉这些表里用不到的空行和空列，或者把往年的内容移到另一本。\n"
        f"{made.where}: it would have {made.cells:,} cells, more than the limit of {shape.most_cells:,}; nothing was"
        f" written. Largest tabs: {listed}. Delete their unused blank rows and columns, or move older years to another"
        " book."
    )
