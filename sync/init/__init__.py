"""Make the workbooks that staff type into, and a new department folder around them."""

from sync.init.book import SPARE, write_book
from sync.init.columns import GROWTH
from sync.init.department import book_title, new_department

__all__ = ["GROWTH", "SPARE", "book_title", "new_department", "write_book"]
