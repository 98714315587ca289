"""A local server that speaks the Google Sheets API, and the calls of Drive that go with it; see README.md."""

from .book import Book, Cell, Sheet, Store
from .faults import Fault, Quota
from .person import Person
from .server import SheetsServer

__all__ = ["Book", "Cell", "Fault", "Person", "Quota", "Sheet", "SheetsServer", "Store"]
