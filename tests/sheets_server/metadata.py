"""Developer metadata: small notes on a row, a column, a tab or the spreadsheet, that move along with them."""

from typing import Any

from . import a1
from .a1 import Area
from .api import merged
from .book import Book, overlap
from .errors import ApiError, bad
from .tabs import Reply, request_mask


def create(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("developerMetadata", {})
    if "metadataKey" not in given:
        raise bad("developerMetadata.metadataKey must be set.")
    if "visibility" not in given:
        raise bad("developerMetadata.visibility must be set.")
    if any(one["metadataId"] == given.get("metadataId") for one in book.metadata):
        raise bad(
            f"Cannot add developer metadata with ID [{given['metadataId']}] because developer metadata with that ID "
            "already exists."
        )
    made = {"metadataId": book.number()} | given | {"location": _located(book, given.get("location", {}))}
    book.metadata.append(made)
    return {"developerMetadata": made}


def _located(book: Book, location: dict[str, Any]) -> dict[str, Any]:
    """The location with its type."""
    if "dimensionRange" in location:
        span = location["dimensionRange"]
        book.sheet(span.get("sheetId", 0))
        if span.get("endIndex", 0) - span.get("startIndex", 0) != 1:
            raise bad("Developer metadata can only be on a single row or column.")
        return {"locationType": "ROW" if span["dimension"] == "ROWS" else "COLUMN", "dimensionRange": span}
    if location.get("spreadsheet"):
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    book.sheet(location.get("sheetId", 0))
    home = {"sheetId": location["sheetId"]} if "sheetId" in location else {}
    return {"locationType": "SHEET"} | home


def update(book: Book, ask: dict[str, Any]) -> Reply:
    tree = request_mask(ask.get("fields", ""), "DeveloperMetadata")
    given = ask.get("developerMetadata", {})
    found = matching(book, ask.get("dataFilters", []))
    for one in found:
        made = merged(tree, one, given) | {"metadataId": one["metadataId"]}
        one.clear()
        one.update(made, location=_located(book, made.get("location", {})))
    return {"developerMetadata": found} if found else {}


def delete(book: Book, ask: dict[str, Any]) -> Reply:
    found = matching(book, [ask.get("dataFilter", {})])
    book.metadata = [one for one in book.metadata if one not in found]
    return {"deletedDeveloperMetadata": found} if found else {}


def get(book: Book, wanted: int) -> dict[str, Any]:
    for one in book.metadata:
        if one["metadataId"] == wanted:
            return one
    raise ApiError(404)


def search(book: Book, filters: list[dict[str, Any]]) -> dict[str, Any]:
    """developerMetadata.search: each with the filters it matches."""
    found = []
    for one in book.metadata:
        by = [each for each in filters if _matches(book, one, each)]
        if by:
            found.append({"developerMetadata": one, "dataFilters": by})
    return {"matchedDeveloperMetadata": found} if found else {}


def matching(book: Book, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in book.metadata if any(_matches(book, one, each) for each in filters)]


def _matches(book: Book, one: dict[str, Any], given: dict[str, Any]) -> bool:
    look = given.get("developerMetadataLookup")
    if look is None:
        area = filtered(book, given)[0]
        place = _area(book, one)
        return place is not None and place.sheet is area.sheet and overlap(place.grid_range, area.grid_range)
    wanted = {name: look[name] for name in ("metadataId", "metadataKey", "metadataValue", "visibility") if name in look}
    if any(one.get(name) != item for name, item in wanted.items()):
        return False
    if look.get("locationType") not in (None, one["location"]["locationType"]):
        return False
    return "metadataLocation" not in look or _at(book, one, look)


def _at(book: Book, one: dict[str, Any], look: dict[str, Any]) -> bool:
    location = _located(book, look["metadataLocation"])
    if look.get("locationMatchingStrategy") != "INTERSECTING_LOCATION":
        return bool(one["location"] == location)
    place, other = _area(book, one), _area(book, {"location": location})
    if place is None or other is None:
        return True
    return place.sheet is other.sheet and overlap(place.grid_range, other.grid_range)


def _area(book: Book, one: dict[str, Any]) -> Area | None:
    """The cells it is on; None for the whole spreadsheet."""
    location = one["location"]
    if location["locationType"] == "SPREADSHEET":
        return None
    span = location.get("dimensionRange", location)
    sheet = book.sheet(span.get("sheetId", 0))
    if location["locationType"] == "SHEET":
        return Area(sheet)
    start, end = span.get("startIndex", 0), span["endIndex"]
    return Area(sheet, start, 0, end) if span["dimension"] == "ROWS" else Area(sheet, 0, start, None, end)


def filtered(book: Book, given: dict[str, Any]) -> list[Area]:
    """The areas that a DataFilter means."""
    if "a1Range" in given:
        return [a1.parse(book, given["a1Range"])]
    if "gridRange" in given:
        return [a1.from_grid(book, given["gridRange"])]
    if "developerMetadataLookup" in given:
        places = [_area(book, one) for one in matching(book, [given])]
        return [area for area in places if area is not None]
    raise bad("Must specify a filter in the data filter.")
