"""Reading a spreadsheet in several calls: nothing is lost, nothing comes twice, and what moved meanwhile is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from math import ceil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheets_server import Book, Cell, Person, SheetsServer
from sheets_server.a1 import Area, letters
from sheets_server.book import cell_of
from sheets_server.values import found as values_of

from sync.books.gsheets import reading
from sync.books.gsheets.book import FIELDS, SheetsBook
from sync.books.gsheets.client import Client, RangeGone
from sync.books.gsheets.reading import MOST_BYTES, Moved, Tab, grid, tabs
from sync.books.gsheets.signin import Local
from sync.model import Grid, Unreachable
from sync.pull import laid_grid
from sync.schema import Register
from sync.settings import Google

READS = "values:batchGet"
HEADERS = ["单号", "电话", "来电时间", "维修员"]
NOW = datetime(2026, 11, 22, 2)

Rows = list[list[object]]


@pytest.fixture(scope="module")
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as made:
        yield made
        assert made.crashes == []


class Desk:
    """One spreadsheet on the server, and a client that reads it."""

    def __init__(self, server: SheetsServer, tabs: dict[str, Rows], most: int, spare: int = 0) -> None:
        """*most* bytes in one answer; *spare* blank rows and columns around what stands in a tab."""
        self.server, self.most = server, most
        server.store.books.clear()
        server.log.clear()
        self.book = server.store.create("试用", "desk")
        self.book.properties |= {"locale": "zh_CN", "timeZone": "Asia/Shanghai"}
        for title, rows in tabs.items():
            add(self.book, title, rows, spare)
        google = Google(endpoint=server.url)
        self.client = Client(Local(), google, "desk", "books.desk")
        self.reader = SheetsBook("desk", "desk", google, "Asia/Shanghai", self.client, "books.desk")
        self.person = Person(server.store)

    def seen(self) -> list[Tab]:
        self.client.begin()
        return tabs(self.client.metadata(FIELDS))

    def read(self, meanwhile: Callable[[], object] = int, nth: int = 0) -> dict[str, Rows]:
        """What one look brings; somebody does *meanwhile* just before the *nth* call for values."""
        wanted = self.seen()
        with bytes_at_most(self.most):
            if nth:
                self.server.between(READS, lambda _: meanwhile(), nth=nth)
            try:
                return {title: trimmed(rows) for title, rows in reading.read(self.client, wanted).items()}
            finally:
                self.server._visits.clear()  # noqa: SLF001 - a visit that came too late

    def as_one(self) -> dict[str, Rows]:
        """What one single read of each tab would bring now."""
        return {
            sheet.title: values_of(self.book, Area(sheet), "UNFORMATTED_VALUE").get("values", [])
            for sheet in self.book.sheets
        }

    def sizes(self) -> list[int]:
        """The bytes of each answer with values."""
        return [entry.received for entry in self.server.calls(READS)]


class bytes_at_most:  # noqa: N801 - reads as a word
    """So many bytes in one answer, for a while: Hypothesis and fixtures for one test do not go together."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __enter__(self) -> None:
        reading.MOST_BYTES = self.most

    def __exit__(self, *_: object) -> None:
        reading.MOST_BYTES = MOST_BYTES


def add(book: Book, title: str, rows: Rows, spare: int) -> None:
    height, width = len(rows) + spare, max(map(len, rows), default=0) + spare
    sheet = book.add_sheet({"title": title, "gridProperties": {"rowCount": height or 1, "columnCount": width or 1}})
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.put(at, column, cell_of(value))


def trimmed(rows: Rows) -> Rows:
    """*rows* as one answer has them: without blank cells and rows at the end."""
    cut = [list(row) for row in rows]
    for row in cut:
        while row and row[-1] == "":
            row.pop()
    while cut and not cut[-1]:
        cut.pop()
    return cut


def register(number: int) -> Rows:
    """A tab with *number* rows, each told from all others by its id only."""
    return [HEADERS, *[[f"J-{n:03}", f"138{n % 7}", 46340 + n % 5 / 4, "小张" if n % 2 else ""] for n in range(number)]]


# ---------------------------------------------------------------- all rows, once


words = st.text("报修'!A1:,，表 \"_x", min_size=1, max_size=12)
cells = st.one_of(
    st.just(""), st.text("客户甲乙0'=\n é", max_size=6), st.integers(-999, 10**9), st.booleans(),
    st.floats(-1e6, 1e6, allow_nan=False), st.sampled_from(["#N/A", "007", "'", "=1/0"]),
)  # fmt: skip
ragged = st.lists(st.one_of(st.just([]), st.lists(cells, max_size=6)), max_size=40)
titled = st.lists(st.tuples(words, ragged), min_size=1, max_size=4, unique_by=lambda tab: tab[0].casefold())


@given(found=titled, most=st.sampled_from([60, 300, 1200, 2_000_000]), spare=st.integers(0, 12))
def test_the_pieces_of_all_tabs_are_what_one_read_of_each_would_bring(server, found, most, spare):
    """Ragged and blank rows, empty tabs, quotes and marks in titles: however often it is cut."""
    desk = Desk(server, dict(found), most, spare)
    assert desk.read() == {title: trimmed(rows) for title, rows in desk.as_one().items()}


@given(rows=st.integers(0, 60), spare=st.integers(0, 3), most=st.integers(40, 4000))
def test_two_registers_are_read_whole_and_in_order(server, rows, spare, most):
    desk = Desk(server, {"报修": register(rows), "It's 2026": register(60 - rows)}, most, spare)
    read = desk.read()
    assert [[row[0] for row in tab[1:]] for tab in read.values()] == [
        [f"J-{n:03}" for n in range(number)] for number in (rows, 60 - rows)
    ]


# ---------------------------------------------------------------- few calls, none too big


@pytest.mark.parametrize(("rows", "columns", "spare"), [(600, 20, 0), (300, 40, 0), (600, 20, 6), (2000, 6, 20)])
def test_no_more_calls_than_the_size_needs_and_none_much_bigger_than_may_be(server, rows, columns, spare):
    """Rows of ids, Chinese words and blanks; the last call brings the ids of all rows along and still fits."""
    line = ["电视没有图像", 46340.375, "", "小张", True]
    made = [[f"J-{n:05}", *[line[(n + at) % 5] for at in range(columns - 1)]] for n in range(rows)]
    desk = Desk(server, {"报修": made}, most := 40_000, spare)
    assert desk.read()["报修"] == trimmed(desk.as_one()["报修"])
    first, *more = desk.sizes()
    assert all(size <= most * 1.3 for size in more)
    assert len(more) <= ceil((sum(desk.sizes()) - first) / most) + 1
    assert len(more) > 1


def test_a_small_department_is_one_call(server):
    desk = Desk(server, {"报修": register(300), "客户": register(100), "空": []}, MOST_BYTES)
    assert len(desk.read()["报修"]) == 301
    assert [len(desk.sizes()), len(desk.server.log)] == [1, 2]


# ---------------------------------------------------------------- what moves meanwhile


def insert(desk: Desk, row: int, _: int) -> None:
    desk.person.insert_row("报修", row + 1)


def delete(desk: Desk, row: int, _: int) -> None:
    desk.person.delete_row("报修", row + 1)


def sort(desk: Desk, row: int, column: int) -> None:
    desk.person.sort("报修", letters(column), descending=bool(row % 2))


def move(desk: Desk, row: int, column: int) -> None:
    desk.person.move_column("报修", letters(column), before=letters(row % 6))


def widen(desk: Desk, _: int, column: int) -> None:
    desk.person.insert_column("报修", letters(column))


def rename(desk: Desk, _: int, column: int) -> None:
    desk.person.type("报修", f"{letters(column)}1", "别的")


MOVES = [insert, delete, sort, move, widen, rename]


@given(
    doing=st.sampled_from(MOVES), row=st.integers(0, 39), column=st.integers(0, 3), nth=st.integers(1, 6),
    gaps=st.sets(st.integers(1, 39), max_size=12), spare=st.sampled_from([2, 6]), first=st.sampled_from([0, 3]),
)  # fmt: skip
def test_rows_and_columns_that_move_between_two_calls_are_noticed(server, doing, row, column, nth, gaps, spare, first):
    """Either all is read as it is after the move, or nothing is made of it: no row is lost, doubled or shifted.

    *gaps* are rows that nobody gave an id yet; the ids may stand in another column than the first.
    """
    made = [line[first:] + line[:first] for line in register(40)]
    for gap in gaps:
        made[gap] = ["" if str(cell).startswith("J-") else cell for cell in made[gap]]
    desk = Desk(server, {"报修": made}, 450, spare)
    try:
        read = desk.read(lambda: doing(desk, row, column), nth)["报修"]
    except (Moved, RangeGone):
        return
    assert told_apart(read) == told_apart(desk.as_one()["报修"])


def told_apart(rows: Rows) -> dict[int, list[object]]:
    """The headers and the rows with an id, by where they stand."""
    return {
        at: row for at, row in enumerate(trimmed(rows)) if at == 0 or any(str(cell).startswith("J-") for cell in row)
    }


@pytest.mark.parametrize(
    ("doing", "row", "column"),
    [(insert, 12, 0), (delete, 12, 0), (sort, 1, 0), (sort, 0, 1), (move, 2, 0), (widen, 0, 3), (rename, 0, 1)],
)
def test_a_move_is_always_noticed_where_it_changes_something(server, doing, row, column):
    desk = Desk(server, {"报修": register(40)}, 450, spare=2)
    with pytest.raises(Moved):
        desk.read(lambda: doing(desk, row, column), nth=4)


def test_a_column_put_in_before_the_first_call_hides_none_at_the_right(server):
    """The metadata said four columns; the fifth is a column of people's all the same."""
    desk = Desk(server, {"报修": register(40)}, 450)
    with pytest.raises(Moved):
        desk.read(lambda: desk.person.insert_column("报修", "B"), nth=1)


def test_what_changes_nothing_disturbs_nobody(server):
    """Sorted as it is sorted, a row typed below the last one, a blank row deleted under them all."""
    desk = Desk(server, {"报修": register(40)}, 450, spare=4)
    assert desk.read(lambda: desk.person.sort("报修", "A"), nth=2) == desk.as_one()
    assert desk.read(lambda: desk.person.type("报修", "A42", "J-900"), nth=2) == desk.as_one()
    assert desk.read(lambda: desk.person.delete_row("报修", 44), nth=3) == desk.as_one()


def test_rows_that_went_away_under_the_last_piece_are_noticed(server):
    desk = Desk(server, {"报修": register(40)}, 450)
    with pytest.raises(RangeGone):
        desk.read(lambda: desk.person.delete_row("报修", 10, 31), nth=2)


def test_the_book_looks_again_and_gives_up_when_it_never_stands_still(server):
    """Two moves under two looks cost two more; three are for a later run."""
    desk = Desk(server, {"报修": register(40)}, 450)
    with bytes_at_most(450):
        for nth in (2, 4):
            server.between(READS, lambda _: desk.person.insert_row("报修", 2), nth=nth)
        copy = desk.reader.read(NOW)
        assert [text for text in copy.grids[0].texts[0] if text] == [row[0] for row in register(40)]
        server.log.clear()
        for nth in range(2, 30):
            server.between(READS, lambda _: desk.person.insert_row("报修", 2), nth=nth)
        with pytest.raises(Unreachable, match="一直有人在移动行"):
            desk.reader.read(NOW)
        server._visits.clear()  # noqa: SLF001
    assert len(server.calls("GET /v4/spreadsheets/desk$")) == 3


# ---------------------------------------------------------------- cells


def shown(server: SheetsServer, *values: object) -> list[tuple[str, str]]:
    """What becomes of *values* that people typed into one column."""
    desk = Desk(server, {"报修": [[value] for value in values]}, MOST_BYTES)
    found = grid("desk", desk.seen()[0], desk.read()["报修"])
    return [(cell.text, cell.tag) for row in range(found.height) for cell in found.row(row)]


def desk_answers(server: SheetsServer, typed: str) -> object:
    """What the server itself answers for a cell."""
    return Desk(server, {"报修": [[typed]]}, MOST_BYTES).read()["报修"][0][0]


def test_errors_booleans_and_texts_keep_what_they_are(server):
    assert shown(server, "=1/0", "=NA()", "Loading...", "#REF", *[True, False], "TRUE", "007", " ", "=1+1") == [
        ("#DIV/0!", "e"), ("#N/A", "e"), ("Loading...", "e"), ("#REF", "s"), ("TRUE", "b"), ("FALSE", "b"),
        ("TRUE", "s"), ("007", "s"), (" ", "s"), ("2", "n"),
    ]  # fmt: skip


def test_the_reason_of_an_error_is_not_passed_on(server):
    """Google puts it behind the code, and it may quote a customer's phone; people see the code alone."""
    assert desk_answers(server, '=VLOOKUP("13800000001",B1:C1,2,FALSE)') != "#N/A"
    assert shown(server, '=VLOOKUP("13800000001",B1:C1,2,FALSE)', "#N/A (没有)", "#3 (东门)", "客户 (东门)") == [
        ("#N/A", "e"), ("#N/A", "e"), ("#3 (东门)", "s"), ("客户 (东门)", "s"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "text"),
    [(0, "0"), (-0.0, "0"), (46348, "46348"), (13800000001, "13800000001"), (0.1, "0.1"), (1e-7, "0.0000001"),
     (1e21, "1" + "0" * 21), (-2.5, "-2.5"), (123456789012345678, "123456789012345680"), (1e15, "1" + "0" * 15)],
)  # fmt: skip
def test_numbers_are_written_out_without_an_exponent(server, stored, text):
    assert shown(server, stored) == [(text, "n")]


def test_one_is_not_true(server):
    """Python takes 1, 1.0 and TRUE for the same."""
    assert shown(server, 1, *[True, 0, False], 1.0) == [
        ("1", "n"),
        ("TRUE", "b"),
        ("0", "n"),
        ("FALSE", "b"),
        ("1", "n"),
    ]


def test_only_the_first_cell_of_a_merged_area_has_a_value(server):
    desk = Desk(server, {"报修": [["单号", "电话"], ["J-1", 1], ["", 2], ["J-3", 3]]}, MOST_BYTES)
    area = {"startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 1}
    desk.book.sheets[0].things["merges"] = [area]
    found = grid("desk", desk.seen()[0], desk.read()["报修"])
    assert (found.tags, found.merged) == (["ssms", "snnn"], [(1, 3, 0, 1)])


# ---------------------------------------------------------------- dates, as declared

JOBS = msgspec.convert(
    {
        "name": "jobs", "title": {"zh": "报修", "en": "Jobs"}, "book": "desk", "primaryKey": "job_no",
        "fields": [
            {"name": "job_no", "title": {"zh": "单号", "en": "No."}, "kind": "id"},
            {"name": "on", "title": {"zh": "日期", "en": "Date"}, "type": "date"},
            {"name": "at", "title": {"zh": "时刻", "en": "Moment"}, "type": "datetime"},
            {"name": "time", "title": {"zh": "时间", "en": "Time"}, "type": "time"},
            {"name": "count", "title": {"zh": "数量", "en": "Count"}, "type": "integer"},
            {"name": "void", "title": {"zh": "作废", "en": "Void"}, "type": "boolean"},
        ],
    },
    Register,
)  # fmt: skip
TITLES = ["单号", "日期", "时刻", "时间", "数量", "作废"]


def declared(server: SheetsServer, *rows: list[object]) -> Grid:
    desk = Desk(server, {"报修": [TITLES, *rows]}, MOST_BYTES)
    found = grid("desk", desk.seen()[0], desk.read()["报修"])
    return laid_grid(JOBS, JOBS.tabs[0], found)[0].grid


def cell(found: Grid, row: int, title: str) -> tuple[str, str]:
    return tuple(found.row(row)[TITLES.index(title)])


def test_a_number_is_a_date_where_a_date_is_declared_and_nowhere_else(server):
    found = declared(server, ["J-1", 46348, 46348.395833333336, 0.5, 46348], [46348, 46348.5, 46348, 0, 0.5])
    assert [cell(found, 1, title) for title in TITLES[:5]] == [
        ("J-1", "s"), ("2026-11-22", "d"), ("2026-11-22 09:30:00", "d"), ("12:00:00", "t"), ("46348", "n"),
    ]  # fmt: skip
    assert [cell(found, 2, title) for title in TITLES[:5]] == [
        ("46348", "n"), ("2026-11-22 12:00:00", "d"), ("2026-11-22 00:00:00", "d"), ("00:00:00", "t"), ("0.5", "n"),
    ]  # fmt: skip


def test_what_is_typed_as_a_text_stays_a_text_in_a_date_column(server):
    found = declared(server, ["J-1", "2026-11-22", "11月22日", "#N/A", ""], ["J-2", "", -1, 1e9])
    assert [cell(found, 1, title) for title in TITLES[1:5]] == [
        ("2026-11-22", "s"), ("11月22日", "s"), ("#N/A", "e"), ("", " "),
    ]  # fmt: skip
    assert [cell(found, 2, title) for title in TITLES[2:4]] == [("-1", "n"), ("1000000000", "n")]


def test_a_box_that_nobody_ticked_makes_no_row(server):
    """A checkbox says FALSE down to the end of the tab; beside a number written ahead it says nothing either."""
    written = [["J-1", 46348, "", "", 1, False], ["J-2", "", "", "", "", False], ["", "", "", "", "", False]]
    found = declared(server, *written, ["", "", "", "", "", True])
    assert [cell(found, row, "作废") for row in (1, 2, 3, 4)] == [("FALSE", "b"), ("", " "), ("", " "), ("TRUE", "b")]


def test_a_blank_cell_with_a_look_is_blank(server):
    desk = Desk(server, {"报修": [["J-1"], [""]]}, MOST_BYTES, spare=2)
    desk.book.sheets[0].put(1, 1, Cell(extra={"note": "写日期"}))
    assert desk.read()["报修"] == [["J-1"]]
