"""spreadsheets.batchUpdate: requests in order, all of them or none."""

from collections.abc import Callable
from typing import Any

from . import cells, lines, metadata, ranges, tabs
from .api import KINDS, camel
from .book import Book
from .errors import ApiError, bad

Reply = dict[str, Any]

ROOMS = {
    tabs: "add_sheet delete_sheet duplicate_sheet update_sheet_properties update_spreadsheet_properties",
    lines: (
        "insert_dimension delete_dimension append_dimension move_dimension update_dimension_properties "
        "auto_resize_dimensions add_dimension_group delete_dimension_group update_dimension_group"
    ),
    cells: (
        "update_cells repeat_cell append_cells set_data_validation merge_cells unmerge_cells copy_paste cut_paste "
        "sort_range insert_range delete_range find_replace trim_whitespace update_borders"
    ),
    ranges: (
        "add_named_range update_named_range delete_named_range add_protected_range update_protected_range "
        "delete_protected_range add_conditional_format_rule update_conditional_format_rule "
        "delete_conditional_format_rule add_banding update_banding delete_banding set_basic_filter "
        "clear_basic_filter add_filter_view update_filter_view delete_filter_view duplicate_filter_view"
    ),
}
DO: dict[str, Callable[[Book, dict[str, Any]], Reply]] = {
    camel(name): getattr(room, name) for room, names in ROOMS.items() for name in names.split()
} | {
    "createDeveloperMetadata": metadata.create,
    "updateDeveloperMetadata": metadata.update,
    "deleteDeveloperMetadata": metadata.delete,
}
assert set(DO) == KINDS, KINDS ^ set(DO)
# Google answers these with their name even when there is nothing to say in it.
ALWAYS_NAMED = {
    "deleteDimensionGroup",
    "findReplace",
    "trimWhitespace",
    "updateDeveloperMetadata",
    "deleteDeveloperMetadata",
}


def apply(book: Book, requests: list[dict[str, Any]]) -> list[Reply]:
    """Do the requests; the caller puts the book back when one is refused."""
    if not requests:
        raise bad("Must specify at least one request.")
    return [_one(book, at, tabs.twins(request)) for at, request in enumerate(requests)]


def _one(book: Book, at: int, request: dict[str, Any]) -> Reply:
    if len(request) != 1:
        raise bad("No request set." if not request else "Only one request may be set.").within(f"requests[{at}]")
    ((kind, ask),) = request.items()
    try:
        reply = DO[kind](book, ask)
    except ApiError as error:
        raise error.within(f"requests[{at}].{kind}") from None
    book.changed()
    return {kind: reply} if reply or kind in ALWAYS_NAMED else {}
