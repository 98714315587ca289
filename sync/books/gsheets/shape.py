"""How a spreadsheet is built, told from its metadata and the first rows of its tabs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.blueprint import ADDITIONS, ASKED, BookShape, Change, ColumnShape, TabShape
from sync.blueprint.live import mark_in
from sync.blueprint.standing import HEADER_WITHIN
from sync.books.gsheets.formulas import MARK, live_title, quoted
from sync.books.gsheets.marks import MOST_CELLS
from sync.model import STATUS_HEADER, SYSTEM_HEADERS
from sync.schema import heading

Answer = Mapping[str, Any]
Rows = Sequence[Sequence[Any]]

# What we hang on tabs and columns, so that they are known again whatever their titles say by then.
FIELD, REGISTER = "servicebook.field", "servicebook.register"
STATUS, LIVE = "servicebook.status", "servicebook.live"
NAME = "sb_"  # the beginning of our named ranges
SPILLS = "spills"  # among the looks: the status column is one formula of ours
LOOKED_AT = 12
EVERY_MINUTE = "MINUTE"  # how often the service works out what goes by its clock, besides after each change

SHAPE_FIELDS = (
    "spreadsheetId,properties(title,locale,timeZone,autoRecalc),namedRanges(name),"
    "sheets(properties(sheetId,title,hidden,sheetType,gridProperties),merges,developerMetadata,"
    "conditionalFormats(booleanRule(condition)),protectedRanges(protectedRangeId,description),"
    "filterViews(filterViewId,title,filterSpecs),bandedRanges(bandedRangeId))"
)
HEAD_FIELDS = (
    "sheets(properties(sheetId,title),data(startRow,startColumn,"
    "rowData(values(userEnteredValue,effectiveValue,formattedValue,note,dataValidation(condition(type)),"
    "userEnteredFormat(numberFormat))),columnMetadata(developerMetadata)))"
)


def head_ranges(meta: Answer) -> list[str]:
    """The first rows of each tab that may be a register's; hidden ones too, which a new tab must not double."""
    found = []
    for sheet in _grids(meta):
        title, rows = _title(sheet), _size(sheet)[0]
        if title not in SYSTEM_HEADERS and rows:
            found.append(f"{quoted(title)}!1:{min(rows, LOOKED_AT)}")
    return found


def shape(name: str, meta: Answer, heads: Answer, values: Mapping[str, Rows]) -> BookShape:
    """How the spreadsheet of the book *name* is built.

    *meta* and *heads* are answers with SHAPE_FIELDS, and with HEAD_FIELDS for *head_ranges*; *values* holds the rows
    of the tabs by title.
    """
    data = {_title(sheet): (sheet.get("data") or [{}])[0] for sheet in heads.get("sheets", [])}
    sheets = list(meta.get("sheets", []))
    return BookShape(
        name=name,
        where=str(meta.get("properties", {}).get("title", "")),
        tabs=tuple(_tab(sheet, data.get(_title(sheet), {}), values.get(_title(sheet), ())) for sheet in sheets),
        can=frozenset((*ADDITIONS, *ASKED)),
        names=frozenset(_names(meta)),
        cells=sum(rows * columns for rows, columns in map(_size, sheets)),
        most_cells=MOST_CELLS,
        taken=frozenset(_taken(meta, heads)),
        every_minute=meta.get("properties", {}).get("autoRecalc") == EVERY_MINUTE,
    )


def _names(meta: Answer) -> Iterator[str]:
    """The named ranges; of ours the register's name as well."""
    for one in meta.get("namedRanges", []):
        yield one.get("name", "")
        yield one.get("name", "").removeprefix(NAME)


def _taken(meta: Answer, heads: Answer) -> Iterator[int]:
    """The numbers of tabs, marks, views, bands and protections."""
    for sheet in meta.get("sheets", []):
        yield sheet.get("properties", {}).get("sheetId", 0)
        for kind, key in (
            ("developerMetadata", "metadataId"),
            ("filterViews", "filterViewId"),
            ("bandedRanges", "bandedRangeId"),
            ("protectedRanges", "protectedRangeId"),
        ):
            yield from (one[key] for one in sheet.get(kind, []) if key in one)
    for sheet in heads.get("sheets", []):
        for column in (sheet.get("data") or [{}])[0].get("columnMetadata", []):
            yield from (one["metadataId"] for one in column.get("developerMetadata", []) if "metadataId" in one)


def _grids(meta: Answer) -> Iterator[Answer]:
    return (sheet for sheet in meta.get("sheets", []) if sheet["properties"].get("sheetType", "GRID") == "GRID")


def _title(sheet: Answer) -> str:
    return str(sheet.get("properties", {}).get("title", ""))


def _size(sheet: Answer) -> tuple[int, int]:
    grid = sheet.get("properties", {}).get("gridProperties", {})
    return grid.get("rowCount", 0), grid.get("columnCount", 0)


def _mark(found: Answer, key: str) -> str:
    """What the developer metadata of *found* say at *key*."""
    marks = found.get("developerMetadata", [])
    return next((str(mark.get("metadataValue", "")) for mark in marks if mark.get("metadataKey") == key), "")


# ---------------------------------------------------------------- one tab


def _tab(sheet: Answer, data: Answer, values: Rows) -> TabShape:
    properties = sheet.get("properties", {})
    (rows, width), lines = _size(sheet), [row.get("values", []) for row in data.get("rowData", [])]
    header = _header(lines)
    columns = tuple(_columns(lines, header, data.get("columnMetadata", []), values))
    status = any(column.header == STATUS_HEADER for column in columns)
    spills = {SPILLS} if any(_spills(cell) for cell in (lines[header] if lines else ())) else set[str]()
    uncut = _uncut(sheet.get("merges", []), header + 1, 2 if status else 1)
    return TabShape(
        title=_title(sheet),
        tab_id=str(properties.get("sheetId", 0)),
        columns=columns,
        header=header,
        rows=rows,
        width=width,
        register=_mark(sheet, REGISTER),
        hidden=bool(properties.get("hidden")),
        looks=frozenset({*_looks(sheet, uncut), *spills}),
        uncut=uncut,
    )


def _header(lines: Rows) -> int:
    """The row with our status column, or else the first one with the most texts."""
    shown = [[_shown(cell) for cell in line] for line in lines[:HEADER_WITHIN]]
    for at, texts in enumerate(shown):
        if STATUS_HEADER in texts:
            return at
    counts = [sum(_is_text(cell) for cell in line) for line in lines[:HEADER_WITHIN]]
    return counts.index(max(counts)) if counts else 0


def _is_text(cell: Answer) -> bool:
    return bool(cell.get("effectiveValue", {}).get("stringValue", "").strip())


def _shown(cell: Answer) -> str:
    """The header in *cell*. Our formulas are known by their own first word, even where they show an error just now."""
    if mark_in(_formula(cell)):
        return live_title(_formula(cell))
    return STATUS_HEADER if _spills(cell) else str(cell.get("formattedValue", "")).strip()


def _spills(cell: Answer) -> bool:
    return f'"{STATUS_HEADER}"' in _formula(cell)


def _formula(cell: Answer) -> str:
    return str(cell.get("userEnteredValue", {}).get("formulaValue", ""))


def _columns(lines: Rows, header: int, marks: Sequence[Answer], values: Rows) -> Iterator[ColumnShape]:
    """The columns that have a header, a mark of ours, or anything below."""
    for at in range(max((len(marks), *map(len, lines), *map(len, values)), default=0)):
        cells = [line[at] if at < len(line) else {} for line in lines[header:]]
        head, below = (cells or [{}])[0], cells[1:]
        title = _shown(head)
        field, marked = (_mark(marks[at], key) if at < len(marks) else "" for key in (FIELD, LIVE))
        filled = any(at < len(row) and row[at] not in ("", None) for row in values[header + 1 :])
        live = _live(head, marked, filled=filled)
        if title or field or live or filled:
            formats = (cell.get("userEnteredFormat", {}).get("numberFormat", {}) for cell in below)
            yield ColumnShape(
                index=at,
                header=title,
                field=field,
                number_format=next((_pattern(one) for one in formats if one), ""),
                rule=any("dataValidation" in cell for cell in below),
                note=bool(head.get("note")),
                filled=filled,
                live=live,
                gaps=bool(live) and not mark_in(_formula(head)),
            )


def _live(head: Answer, marked: str, *, filled: bool) -> str:
    """What live column it is. One whose formula is gone or fails, and that holds something, is people's by now."""
    written = mark_in(_formula(head))
    works = written and "errorValue" not in head.get("effectiveValue", {})
    return written or marked if works or not filled else ""


def _pattern(number_format: Answer) -> str:
    kind = str(number_format.get("type", ""))
    return "@" if kind == "TEXT" else str(number_format.get("pattern") or kind)


# ---------------------------------------------------------------- its looks


def _uncut(merges: Sequence[Answer], rows: int, columns: int) -> tuple[bool, bool]:
    """Whether the first *rows* and the first *columns* can be frozen: no merged cell may be cut in two."""
    return (
        not any(one.get("startRowIndex", 0) < rows < one.get("endRowIndex", 0) for one in merges),
        not any(one.get("startColumnIndex", 0) < columns < one.get("endColumnIndex", 0) for one in merges),
    )


def _looks(sheet: Answer, uncut: tuple[bool, bool]) -> Iterator[str]:
    if sheet.get("properties", {}).get("gridProperties", {}).get("frozenRowCount") or not any(uncut):
        yield "freeze"
    if sheet.get("bandedRanges"):
        yield "banding"
    conditions = [rule.get("booleanRule", {}).get("condition", {}) for rule in sheet.get("conditionalFormats", [])]
    if any(f'"{MARK}' in written for condition in conditions for written in _written(condition)):
        yield "colours"
    if any(one.get("description", "").startswith(MARK) for one in sheet.get("protectedRanges", [])):
        yield "protection"
    for view in sheet.get("filterViews", []):
        yield f"view:{view.get('title', '')}"
        yield from _view_names(view)


def _view_names(view: Answer) -> Iterator[str]:
    """The name that we gave *view*, whatever its title is by now."""
    start = f'"{MARK}view:'
    for spec in view.get("filterSpecs", []):
        for written in _written(spec.get("filterCriteria", {}).get("condition", {})):
            if start in written:
                yield f"view:{written.partition(start)[2].partition(chr(34))[0]}"


def _written(condition: Answer) -> Iterator[str]:
    return (str(value.get("userEnteredValue", "")) for value in condition.get("values", []))


def vanished(before: BookShape, after: BookShape, changes: Sequence[Change]) -> list[str]:
    """Headers that stood *before* and do not *after*, although none of *changes* was to take them away."""
    titles = {change.tab: change.what for change in changes if change.kind == "rename_tab"}
    meant = Counter(
        (titles.get(one.tab, one.tab), heading(one.title if one.kind == "delete_column" else one.now))
        for one in changes
        if one.kind in {"delete_column", "rename_column"}
    )
    lost = _headers(before, titles, live=False) - meant - _headers(after, {})  # what our formulas gave is no loss
    return [f"{tab}!{header}" for tab, header in lost.elements()]


def _headers(book: BookShape, titles: Mapping[str, str], *, live: bool = True) -> Counter[tuple[str, str]]:
    return Counter(
        (titles.get(tab.title, tab.title), heading(column.header))
        for tab in book.tabs
        for column in tab.columns
        if column.header.strip() and (live or not column.live)
    )
