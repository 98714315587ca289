"""A small department on Google Sheets: its spreadsheet on the local server, what people type, and the real command."""

import atexit
import copy
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from night_department import CLIENTS, DECLARED, JOBS, NOW, STAFF, Department
from sheets_server import Book, Cell, Person, Sheet, SheetsServer

from sync.declarations import load
from sync.model import STATUS_TAB, SYSTEM_HEADERS
from sync.rules import KINDS
from sync.schema import SHIPPED

XLSX = 'desk.path = "表 格/值班 登记.xlsx"'
ROWS = {"jobs": JOBS, "clients": CLIENTS, "staff": STAFF}
FIRST = 3  # the sheet's row below the headers


@dataclass(frozen=True)
class SheetsDepartment(Department):
    """One department folder whose book is a spreadsheet of *server*."""

    server: SheetsServer
    id: str

    @property
    def sheets(self) -> Book:
        """The spreadsheet, as the server keeps it."""
        return self.server.store.books[self.id]

    @property
    def person(self) -> Person:
        """Somebody who has the spreadsheet open."""
        return Person(self.server.store, self.sheets)

    def settle(self, *google: str, book: str = "") -> None:
        """Write the settings anew: *google* are lines of [google], *book* is the id of another spreadsheet."""
        own = (DECLARED / "servicebook.toml").read_text(encoding="utf-8")
        lines = [f'desk.id = "{book or self.id}"', "", "[google]", f'endpoint = "{self.server.url}"', *google]
        text = own.replace(XLSX, "\n".join(lines))
        (self.folder / "servicebook.toml").write_text(text + "\n", encoding="utf-8", newline="\n")

    def fill(self, rows: Mapping[str, Iterable[Mapping[str, object]]] = ROWS) -> None:
        """Somebody types all *rows*, below the headers."""
        schema = load([SHIPPED, self.folder / "sheets_schema"], KINDS)
        for name, typed in rows.items():
            register = schema.registers[name]
            titles = {column.titles[0]: column.name for column in register.columns}
            places = {titles[cell.value]: at for at, cell in self.headers(register.title.zh) if cell.value in titles}
            for row, line in enumerate(typed, FIRST):
                for field, value in line.items():
                    text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value
                    self.person.type(register.title.zh, f"{chr(65 + places[field])}{row}", text)

    def headers(self, title: str) -> list[tuple[int, Cell]]:
        """The headers of a tab with their columns."""
        return sorted(self.person.sheet(title).rows[FIRST - 2].cells.items())

    def tonight(self, now: str, until: str = "render") -> tuple[int, str]:
        """The exit code of a night, and all that it said."""
        done = self.run("sync", "--until", until, now=now)
        return done.exit_code, done.stdout + done.stderr

    def staff_cells(self) -> dict[str, object]:
        """All of the tabs that people type into: values, formulas, formats, notes, sizes, what hangs on ranges."""
        return {sheet.title: everything(sheet) for sheet in self.sheets.sheets if sheet.title not in SYSTEM_HEADERS}

    def system_cells(self) -> dict[str, object]:
        """The same of our own tabs."""
        return {sheet.title: everything(sheet) for sheet in self.sheets.sheets if sheet.title in SYSTEM_HEADERS}

    def shows(self, tab: str = STATUS_TAB) -> list[list[str]]:
        """The rows below the headers of one of the system's tabs, as people see them."""
        return [row for row in self.person.read(tab, "A2:F") if row]


def everything(sheet: Sheet) -> object:
    """All that the server keeps of a tab; safe from later changes."""
    rows = {at: (dict(line.cells), dict(line.look)) for at, line in enumerate(sheet.rows) if line.cells or line.look}
    size = (sheet.row_count, sheet.column_count)
    return copy.deepcopy((sheet.properties, sheet.grid, size, sheet.columns, sheet.things, rows))


@cache
def _prototype() -> tuple[Path, Book]:
    """A department whose spreadsheet `apply` has made, filled by its people."""
    folder = Path(tempfile.mkdtemp(prefix="servicebook "))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(DECLARED, folder, dirs_exist_ok=True)
    with SheetsServer() as server:
        book = server.store.new("值班登记")
        book.properties |= {"locale": "zh_CN", "timeZone": "Asia/Shanghai"}
        desk = SheetsDepartment(folder, server, book.id)
        desk.settle()
        made = desk.run("apply", now="")
        assert made.exit_code == 0, made.output
        desk.person.delete_tab("Sheet1")
        desk.fill()
        return folder, book.copy()


@cache
def _evening() -> tuple[Path, Book]:
    """The same after its first night."""
    folder = Path(tempfile.mkdtemp(prefix="servicebook "))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with SheetsServer() as server:
        desk = department(folder, server)
        code, said = desk.tonight(NOW)
        assert code == 0, said
        return folder, desk.sheets.copy()


def department(folder: Path, server: SheetsServer, *, ran: bool = False) -> SheetsDepartment:
    """A fresh department in *folder*, its spreadsheet on *server*; *ran*: after its first night."""
    made, book = _evening() if ran else _prototype()
    shutil.copytree(made, folder, dirs_exist_ok=True)
    server.store.books[book.id] = book.copy()
    desk = SheetsDepartment(folder, server, book.id)
    desk.settle()
    return desk
