"""Make the workbooks that staff type into, and a new department folder around them."""

from sync.blueprint.design import GROWTH, SPARE
from sync.blueprint.texts import book_title
from sync.init.book import write_book
from sync.init.department import new_department

__all__ = ["GROWTH", "SPARE", "book_title", "new_department", "write_book"]
