"""The few calls of Drive that spreadsheets need: files, copies, exports, permissions, comments."""

import csv
import io
import re
from typing import Any

from .book import SPREADSHEET, Book, Cell, Store, now, owner
from .entered import read
from .errors import DriveError

EXPORTS = {
    "text/csv": ",",
    "text/tab-separated-values": "\t",
}
OTHER_EXPORTS = {
    "application/pdf": b"%PDF-1.4\n%%EOF\n",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": b"PK\x05\x06" + b"\0" * 18,
    "application/vnd.oasis.opendocument.spreadsheet": b"PK\x05\x06" + b"\0" * 18,
    "application/x-vnd.oasis.opendocument.spreadsheet": b"PK\x05\x06" + b"\0" * 18,
    "application/zip": b"PK\x05\x06" + b"\0" * 18,
}
TERM = re.compile(
    r"""\s*(?:(?P<field>name|mimeType|trashed|parents)\s*(?P<how>!?=|contains|in)\s*(?P<value>"(?:\\.|[^"])*"|'(?:\\.|[^'])*'|true|false)
    |(?P<folder>"(?:\\.|[^"])*"|'(?:\\.|[^'])*')\s+in\s+parents)\s*(?:and\b|$)""",
    re.VERBOSE,
)
BRIEF = "kind,id,name,mimeType"


def opened(store: Store, key: str) -> Book:
    """The file, or Drive's own 404; a file that is not shared does not exist for the caller."""
    book = store.books.get(key)
    if book is None or not book.shared:
        raise DriveError(404, f"File not found: {key}.", "notFound", locationType="parameter", location="fileId")
    return book


def described(book: Book) -> dict[str, Any]:
    """A file with all the fields that are kept of it."""
    return {
        "kind": "drive#file",
        "id": book.id,
        "name": book.properties["title"],
        "mimeType": SPREADSHEET,
        "parents": book.file["parents"],
        "createdTime": book.file["createdTime"],
        "modifiedTime": book.file["modifiedTime"],
        "trashed": book.file.get("trashed", False),
        "ownedByMe": True,
        "webViewLink": f"https://docs.google.com/spreadsheets/d/{book.id}/edit?usp=drivesdk",
        "permissions": book.file["permissions"],
        "capabilities": {"canEdit": True, "canCopy": True},
    }


def create(store: Store, body: dict[str, Any]) -> Book:
    """A new file with one tab."""
    mime = body.get("mimeType", SPREADSHEET)
    if mime != SPREADSHEET:
        raise DriveError(400, f"This server keeps spreadsheets only, not {mime}.", "badRequest")
    book = store.create(body.get("name") or "Untitled")
    book.file["parents"] = body.get("parents") or ["root"]
    book.add_sheet({})
    return book


def copy(store: Store, source: Book, body: dict[str, Any]) -> Book:
    made = store.create("")
    taken, file, key = source.copy(), made.file, made.id
    made.take(taken)
    made.id, made.file, made.shared = key, file, True
    made.properties["title"] = body.get("name") or f"Copy of {source.properties['title']}"
    made.file |= {"parents": body.get("parents") or source.file["parents"], "comments": []}
    return made


def listed(store: Store, query: str, size: int, token: str) -> dict[str, Any]:
    """A page of the files that the query finds, the newest first."""
    found = [book for book in reversed(store.books.values()) if book.shared and _fits(book, query)]
    start = int(token or 0)
    page = [described(book) for book in found[start : start + size]]
    more = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
    return {"kind": "drive#fileList", **more, "incompleteSearch": False, "files": page}


def _fits(book: Book, query: str) -> bool:
    at, fits = 0, True
    while at < len(query.rstrip()):
        term = TERM.match(query, at)
        if not term or term.end() == at:
            raise DriveError(400, "Invalid Value", "invalid", locationType="parameter", location="q")
        fits = fits and _term(book, term)
        at = term.end()
    return fits


def _term(book: Book, term: re.Match[str]) -> bool:
    if term["folder"]:
        return _unquoted(term["folder"]) in book.file["parents"]
    value, title = _unquoted(term["value"]), book.properties["title"]
    if term["field"] == "parents":
        return value in book.file["parents"]
    if term["field"] == "trashed":
        return (value == "true") == book.file.get("trashed", False)
    if term["how"] == "contains":
        return value.lower() in title.lower()
    same = bool(value == (title if term["field"] == "name" else SPREADSHEET))
    return same == (term["how"] == "=")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] in "\"'" else text


def rename(book: Book, body: dict[str, Any]) -> None:
    """files.update: the name, the bin."""
    unknown = set(body) - {"name", "trashed", "mimeType", "description", "starred"}
    if unknown:
        name = min(unknown)
        raise DriveError(
            403, f"The resource body includes fields which are not directly writable: {name}.", "fieldNotWritable"
        )
    if body.get("name"):
        book.properties["title"] = body["name"]
    if "trashed" in body:
        book.file["trashed"] = bool(body["trashed"])


def export(book: Book, mime: str) -> bytes:
    """The first tab as text; other kinds are a few bytes that begin as such files do."""
    if mime in OTHER_EXPORTS:
        return OTHER_EXPORTS[mime]
    if mime not in EXPORTS:
        text = "The requested conversion is not supported."
        raise DriveError(400, text, "badRequest", locationType="parameter", location="convertTo")
    sheet = book.sheets[0]
    filled = [row for row in range(sheet.row_count) if book.sums.width(sheet, row)]
    wide = max((book.sums.width(sheet, row) for row in filled), default=0)
    lines = [[book.shown(sheet, row, at) for at in range(wide)] for row in range(max(filled, default=-1) + 1)]
    text = io.StringIO()
    csv.writer(text, delimiter=EXPORTS[mime], lineterminator="\r\n").writerows(lines)
    return text.getvalue().removesuffix("\r\n").encode()


def import_csv(book: Book, data: bytes) -> dict[str, Any]:
    """Put a CSV in the place of everything, in one tab named like the file."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    wide = max((len(row) for row in rows), default=0)
    shape = {"rowCount": max(1000, len(rows)), "columnCount": max(26, wide)}
    book.sheets, book.named, book.metadata = [], [], []
    sheet = book.add_sheet({"sheetId": book.number(), "title": book.properties["title"], "gridProperties": shape})
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            value, number_format = read(text, book.properties["locale"])
            look = {"userEnteredFormat": {"numberFormat": number_format}} if number_format else {}
            sheet.put(at, column, Cell(None if value == "" else value, extra=look))
    book.changed()
    return {
        "kind": "drive#file",
        "id": book.id,
        "title": book.properties["title"],
        "mimeType": SPREADSHEET,
        "editable": True,
        "copyable": True,
        "writersCanShare": True,
        "selfLink": f"https://www.googleapis.com/drive/v2/files/{book.id}",
        "ownerNames": ["owner@example.com"],
        "labels": {"starred": False, "hidden": False, "trashed": False, "restricted": False, "viewed": True},
        "createdDate": book.file["createdTime"],
        "modifiedDate": now(),
        "alternateLink": f"https://docs.google.com/spreadsheets/d/{book.id}/edit?usp=drivesdk",
    }


def permit(book: Book, body: dict[str, Any]) -> dict[str, Any]:
    """permissions.create"""
    kind, role = body.get("type"), body.get("role")
    if kind not in ("user", "group", "domain", "anyone") or role not in ("owner", "writer", "commenter", "reader"):
        raise DriveError(400, "The specified permission type or role is invalid.", "invalid")
    made = {"id": f"{book.number():020d}", "type": kind, "kind": "drive#permission", "role": role}
    if kind == "anyone":
        made |= {"id": "anyoneWithLink", "allowFileDiscovery": False}
    elif kind == "domain":
        made |= {"domain": body.get("domain", ""), "displayName": body.get("domain", "")}
    else:
        address = body.get("emailAddress", "")
        made |= {"emailAddress": address, "displayName": address, "deleted": False, "pendingOwner": False}
    kept = [one for one in book.file["permissions"] if one["id"] != made["id"]]
    book.file["permissions"] = [*kept, made]
    return made


def forbid(book: Book, key: str) -> None:
    """permissions.delete"""
    kept = [one for one in book.file["permissions"] if one["id"] != key]
    if len(kept) == len(book.file["permissions"]):
        text = f"Permission not found: {key}."
        raise DriveError(404, text, "notFound", locationType="parameter", location="permissionId")
    book.file["permissions"] = kept or [owner()]
