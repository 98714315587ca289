"""A night as far as *validate*, on a book in memory: what the tests of reading and checking share."""

from datetime import datetime
from pathlib import Path

from sync import declarations, pull, validate
from sync.books.memory import MemoryBook
from sync.cells import lanes
from sync.engines import engine
from sync.settings import Department, Settings

CASES = Path(__file__).parent / "cases" / "validate"
NOW = datetime(2026, 11, 22, 2)


def declared(registers):
    """The declarations of the folder *registers*, as a department would have them."""
    return declarations.load([registers.parent], {})


def workplace(zone="Asia/Shanghai"):
    return Settings(department=Department(name=Settings().department.name, time_zone=zone))


def _nothing(_book, _tab):
    return None


def night(tabs, declarations, own, name="polars", *, now=NOW, lanes_from=lanes.LANES_FROM, last_good=None):
    """The tables of a book with *tabs* (title → rows)."""
    copies = [MemoryBook("service", tabs).read(now)]
    pulled = pull.lay_out(copies, declarations, last_good or _nothing)
    usual, lanes.LANES_FROM = lanes.LANES_FROM, lanes_from
    try:
        return validate.validate(pulled, declarations, own, engine(name), now)
    finally:
        lanes.LANES_FROM = usual


def problem_lines(tables):
    """The problems as the oracle writes them, in an order of their own."""
    columns = tables.engine.columns(tables.problems)
    names = ("code", "severity", "register", "book", "tab", "row", "field", "header", "column", "value")
    return sorted(zip(*(columns[name] for name in names), strict=True), key=repr)
