"""A spreadsheet as it will be while its batch of requests is carried out: the later ones count on the earlier."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.blueprint import FIRST, OWN, BookDesign, BookShape, Change, ColumnDesign, ColumnShape, TabDesign, TabShape
from sync.blueprint.standing import columns_in, tabs_in
from sync.books.gsheets.cells import Json, area, pixels, span
from sync.books.gsheets.shape import FIELD, REGISTER, SPILLS
from sync.model import STATUS_HEADER, SYSTEM_HEADERS, BookError

BLANK = ColumnShape(-1, "", rule=False, note=False)
# What can be done to several columns at once: a batch is a fifth shorter so.
WIDENED = frozenset({"repeatCell", "setDataValidation", "updateDimensionProperties"})
# Fields of cells that are written together.
LOOKING = "userEnteredValue,userEnteredFormat"
WHOLE = f"{LOOKING},note"


@dataclass(slots=True)
class Slot:
    """A column of the grid, wherever it stands by now."""

    header: str = ""
    name: str = ""  # the declared column that it is
    field: str = ""  # the one that it is marked as
    live: str = ""  # the live column that it is
    was: ColumnShape = BLANK

    @property
    def used(self) -> bool:
        """It has a header or anything below."""
        return bool(self.header or self.field or self.was.filled)


@dataclass(slots=True)
class Sheet:
    """One tab."""

    id: int
    title: str
    header: int  # index of the row with the headers
    rows: int
    slots: list[Slot]
    register: str = ""  # that it is marked as
    looks: frozenset[str] = frozenset()
    uncut: tuple[bool, bool] = (True, True)
    design: TabDesign | None = None
    restate: bool = False  # its status formula has to be written (again)
    changed: bool = False  # columns came, went or moved: live columns that look at them have to be written (again)
    fresh: set[str] = field(default_factory=set)  # promises that got a live column

    def stands_for(self, design: TabDesign | None, shape: TabShape) -> None:
        """The tab is the one that *design* means."""
        self.design = design
        for name, column in (columns_in(design, shape)[0] if design else {}).items():
            self.slots[column.index].name = name

    @property
    def first(self) -> int:
        """Index of the first row of data."""
        return self.header + 1

    @property
    def status(self) -> int | None:
        """Where the status column stands."""
        return next((at for at, slot in enumerate(self.slots) if slot.header == STATUS_HEADER), None)

    @property
    def banded(self) -> bool:
        """The row above the headers is ours."""
        return self.status is not None and self.header == FIRST - 1

    def again(self) -> None:
        """Columns or tabs that the status formula names have changed; one that is not ours is left as it is."""
        self.restate = self.restate or SPILLS in self.looks
        self.changed = True

    def end(self) -> int:
        """The index behind the last column in use."""
        return max((at + 1 for at, slot in enumerate(self.slots) if slot.used), default=0)

    def places(self) -> dict[str, int]:
        """Where each declared column stands."""
        return {slot.name: at for at, slot in enumerate(self.slots) if slot.name}

    def live(self) -> dict[str, int]:
        """Where each live column stands."""
        return {slot.live: at for at, slot in enumerate(self.slots) if slot.live}

    def find(self, name: str) -> int | None:
        """Where the declared column *name* stands."""
        return self.places().get(name)

    def below(self, at: int) -> Json:
        """The data of the column with index *at*, open below."""
        return area(self.id, (self.first, None), (at, at + 1))


class Draft:
    """The book while it is being changed, and the requests so far."""

    def __init__(self, design: BookDesign, shape: BookShape) -> None:
        self.design, self.shape = design, shape
        self.requests: list[Json] = []
        self.sheets = {tab.title: _sheet(tab) for tab in shape.tabs}  # by their titles as they were
        self.names = set(shape.names)
        self._taken = {0, *shape.taken, *(sheet.id for sheet in self.sheets.values())}
        for title, tab in tabs_in(design, shape).items():
            self.sheets[tab.title].stands_for(design.tab(title), tab)

    def add(self, kind: str, **body: object) -> None:
        """One more request; or the last one made wider, where this does the same to the next column."""
        if not (kind in WIDENED and self.requests and _widened(self.requests[-1].get(kind), body)):
            self.requests.append({kind: body})

    def number(self, *parts: str) -> int:
        """A free number, the same whenever the spreadsheet is the same.

        A batch that was carried out, but whose answer got lost, is refused as a whole when it is sent once more:
        its numbers are taken then. So nothing is there twice.
        """
        digest = hashlib.sha256("\n".join(parts).encode()).digest()
        found = int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
        while found in self._taken:
            found = (found + 1) & 0x7FFFFFFF
        self._taken.add(found)
        return found

    def titled(self, title: str) -> Sheet | None:
        """The tab that has *title* by now."""
        return next((sheet for sheet in self.sheets.values() if sheet.title == title), None)

    def standing(self, change: Change) -> Sheet | None:
        """The tab that *change* calls as it was called, or as it should be."""
        meant = (sheet for sheet in self.sheets.values() if sheet.design and sheet.design.title == change.tab)
        return self.sheets.get(change.tab) or next(meant, None)

    def place(self, change: Change) -> tuple[Sheet, TabDesign]:
        """The tab that *change* is about, and what it should be like."""
        sheet = self.standing(change)
        if sheet is None:
            raise _gone(f"标签页「{change.tab}」", f"the tab “{change.tab}”")
        if sheet.design is None:
            raise _gone(f"「{change.tab}」的声明", f"the declaration of “{change.tab}”")
        self._mark_tab(sheet, sheet.design)
        return sheet, sheet.design

    def column(self, change: Change) -> tuple[Sheet, ColumnDesign, int]:
        """The column that *change* is about, and where it stands by now."""
        sheet, tab = self.place(change)
        column = declared(tab, change.column)
        at = sheet.find(column.name)
        if at is None:
            raise _gone(f"「{sheet.title}」的「{column.title}」列", f"the column “{column.title}” of “{sheet.title}”")
        self.mark(sheet, at, column.name)
        return sheet, column, at

    def new(
        self,
        title: str,
        rows: int,
        slots: list[Slot],
        *,
        hidden: bool = False,
        index: int | None = None,
        gridlines: bool = True,
    ) -> Sheet:
        """A new tab, behind the others where no *index* says otherwise."""
        grid = {"rowCount": rows, "columnCount": len(slots), **({} if gridlines else {"hideGridlines": True})}
        sheet = Sheet(self.number("tab", title), title, 0 if title in SYSTEM_HEADERS else FIRST - 1, rows, slots)
        properties: Json = {"sheetId": sheet.id, "title": title, "gridProperties": grid}
        properties |= ({"hidden": True} if hidden else {}) | ({} if index is None else {"index": index})
        self.add("addSheet", properties=properties)
        self.sheets[title] = sheet
        return sheet

    def write(self, sheet: Sheet, row: int, column: int, rows: Sequence[Sequence[Json]], fields: str) -> None:
        """Cells from *row* and *column* on, of which only *fields* change."""
        start = {"sheetId": sheet.id, "rowIndex": row, "columnIndex": column}
        self.add("updateCells", start=start, rows=[{"values": list(cells)} for cells in rows], fields=fields)

    def repeat(self, where: Json, look: Json, fields: str) -> None:
        """The same *fields* of the format in all cells of *where*."""
        named = ",".join(f"userEnteredFormat.{field}" for field in fields.split(","))
        self.add("repeatCell", range=where, cell={"userEnteredFormat": look}, fields=named)

    def width(self, sheet: Sheet, at: int, width: float) -> None:
        """So many characters wide."""
        self.size(span(sheet.id, "COLUMNS", at), pixels(width))

    def size(self, where: Json, length: int) -> None:
        """So many pixels wide or high."""
        self.add("updateDimensionProperties", range=where, properties={"pixelSize": length}, fields="pixelSize")

    def mark(self, sheet: Sheet, at: int, name: str, key: str = FIELD) -> None:
        """Hang *name* on the column with index *at*, unless it has a mark already."""
        if sheet.slots[at].field:
            return
        if name.startswith(OWN):
            return
        if key == FIELD:
            sheet.slots[at].field = name
        self._mark({"dimensionRange": span(sheet.id, "COLUMNS", at)}, key, name, sheet)

    def _mark_tab(self, sheet: Sheet, tab: TabDesign) -> None:
        if not sheet.register:
            sheet.register = tab.register
            self._mark({"sheetId": sheet.id}, REGISTER, tab.register, sheet)

    def _mark(self, location: Json, key: str, value: str, sheet: Sheet) -> None:
        mark: Json = {"metadataId": self.number(str(sheet.id), key, value), "metadataKey": key, "metadataValue": value}
        self.add("createDeveloperMetadata", developerMetadata={**mark, "location": location, "visibility": "DOCUMENT"})


def declared(tab: TabDesign, name: str) -> ColumnDesign:
    """The column of *tab* that is declared as *name*."""
    found = next((column for column in tab.columns if column.name == name), None)
    if found is None:
        raise _gone(f"「{tab.title}」里 {name} 的声明", f"the declaration of {name} in “{tab.title}”")
    return found


def _sheet(tab: TabShape) -> Sheet:
    slots = [Slot() for _ in range(max(tab.width, *(column.index + 1 for column in tab.columns), 0))]
    for column in tab.columns:
        slots[column.index] = Slot(column.header, field=column.field, live=column.live.partition(":")[0], was=column)
    return Sheet(int(tab.tab_id), tab.title, tab.header, tab.rows, slots, tab.register, tab.looks, tab.uncut)


def _widened(before: Any, body: Mapping[str, Any]) -> bool:
    """Let *before* do to one more column what *body* does, where that is the next one."""
    if not isinstance(before, dict) or {**before, "range": 0} != {**body, "range": 0}:
        return False
    last, now = before["range"], body["range"]
    for start, end in (("startColumnIndex", "endColumnIndex"), ("startIndex", "endIndex")):
        if {**last, start: 0, end: 0} == {**now, start: 0, end: 0} and last.get(end, -1) == now.get(start):
            last[end] = now[end]
            return True
    return False


def _gone(zh: str, en: str) -> BookError:
    return BookError(
        f"{zh}已经不在了，什么都没有改。请再运行一次 servicebook plan。",
        f"{en[0].upper()}{en[1:]} is not there any more; nothing was changed. Run servicebook plan again.",
    )
