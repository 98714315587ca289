"""From a path to an answer: every call of the Sheets and Drive APIs this server knows."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from . import a1, api, describe, drive, metadata, tabs, updates, values
from .book import Book, Store, now
from .errors import ApiError, bad, violations

SYSTEM = {"$.xgafv", "access_token", "alt", "callback", "fields", "key", "oauth_token", "prettyPrint", "quotaUser"} | {
    "uploadType",
    "upload_protocol",
}
MAJOR = "ROWS|COLUMNS"
RENDER = "FORMATTED_VALUE|UNFORMATTED_VALUE|FORMULA"
DATES = "SERIAL_NUMBER|FORMATTED_STRING"
READING = {"valueRenderOption": RENDER, "dateTimeRenderOption": DATES, "majorDimension": MAJOR}
WRITING = {
    "valueInputOption": "RAW|USER_ENTERED",
    "includeValuesInResponse": "bool",
    "responseValueRenderOption": RENDER,
    "responseDateTimeRenderOption": DATES,
}
APPENDING = WRITING | {"insertDataOption": "OVERWRITE|INSERT_ROWS"}


@dataclass
class Answer:
    """A response: JSON unless it says otherwise."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json; charset=UTF-8"})

    @classmethod
    def of(cls, data: Any, status: int = 200) -> "Answer":
        return cls(status, (json.dumps(data, ensure_ascii=False) + "\n").encode())

    @classmethod
    def refusing(cls, error: ApiError) -> "Answer":
        return cls.of(error.body, error.status)


class Ask:
    """One call: its place in the path, its query and its body, checked when they are read."""

    def __init__(self, target: str, body: bytes, names: tuple[str, ...]) -> None:
        self.names = names
        self.given = parse_qsl(urlsplit(target).query, keep_blank_values=True)
        self.raw = body

    def first(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.given if key == name), default)

    def options(self, known: dict[str, str]) -> dict[str, Any]:
        """The query by its declared kinds; a name that is not declared is refused."""
        read: dict[str, Any] = {}
        found: api.Found = []
        for given, text in self.given:
            name = given if given in known else api.camel(given)
            if name in known:
                self._option(read, name, known[name], text, found)
            elif name not in SYSTEM:
                found.append((given, _unbound(given)))
        if found:
            raise violations(found)
        return read

    def _option(self, read: dict[str, Any], name: str, kind: str, text: str, found: api.Found) -> None:
        if kind == "[str]":
            read.setdefault(name, []).append(text)
        elif kind == "bool" and text.lower() in ("true", "false", "1", "0"):
            read[name] = text.lower() in ("true", "1")
        elif kind == "bool" or text not in kind.split("|"):
            type_name = "TYPE_BOOL" if kind == "bool" else api.PACKAGE + api.SPECIAL[kind]
            found.append((api.snake(name), f"Invalid value at '{api.snake(name)}' ({type_name}), \"{text}\""))
        else:
            read[name] = text

    def json(self) -> Any:
        if not self.raw.strip():
            return {}
        try:
            return json.loads(self.raw)
        except ValueError:
            text = self.raw.decode("utf-8", "replace")[:100]
            raise bad(f"Invalid JSON payload received. Unexpected token.\n{text}\n^") from None

    def message(self, kind: str, root: str = "") -> dict[str, Any]:
        return api.checked(kind, self.json(), root)

    def mask(self, kind: str) -> api.Mask:
        """The fields wanted in the answer; {} is all of it."""
        text = self.first("fields")
        tree = api.mask(text) if text else {}
        if kind:
            api.verify(tree, kind, text)
        return tree


def _unbound(name: str) -> str:
    return (
        f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
        f"Field '{name}' could not be found in request message."
    )


class App:
    """The APIs over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """What Google would say."""
        path = urlsplit(target).path
        for verb, pattern, room in ROUTES:
            found = pattern.fullmatch(path)
            if found and verb == method:
                ask = Ask(target, body, tuple(unquote(part) for part in found.groups()))
                with self.store.lock:
                    try:
                        return room(self, ask)
                    except ApiError as error:
                        return Answer.refusing(error)
        page = "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title></html>"
        return Answer(404, page.encode(), {"Content-Type": "text/html; charset=UTF-8"})

    def kept(self, book: Book | None = None) -> None:
        """Note the moment of a change and save."""
        if book is not None:
            book.file["modifiedTime"] = now()
        self.store.save()

    # spreadsheets

    def create(self, ask: Ask) -> Answer:
        tree = ask.mask("Spreadsheet")
        ask.options({})
        book = describe.created(self.store, tabs.twins(ask.message("Spreadsheet", "spreadsheet")))
        self.kept(book)
        return self._told(book, None, tree, grid=False)

    def get(self, ask: Ask) -> Answer:
        tree = ask.mask("Spreadsheet")
        known = {"ranges": "[str]", "includeGridData": "bool", "excludeTablesInBandedRanges": "bool"}
        options = ask.options(known | {"commentsViewMode": "COMMENTS_VIEW_MODE_OMITTED"})
        book = self.store.open(ask.names[0])
        areas = [a1.parse(book, text) for text in options["ranges"]] if options.get("ranges") else None
        return self._told(book, areas, tree, grid=options.get("includeGridData", False))

    def get_by_filter(self, ask: Ask) -> Answer:
        tree = ask.mask("Spreadsheet")
        body = ask.message("GetSpreadsheetByDataFilterRequest")
        book = self.store.open(ask.names[0])
        filters = body.get("dataFilters", [])
        areas = [area for one in filters for area in metadata.filtered(book, one)] if filters else None
        return self._told(book, areas, tree, grid=body.get("includeGridData", False))

    def _told(self, book: Book, areas: list[a1.Area] | None, tree: api.Mask, *, grid: bool) -> Answer:
        wanted_grid = api.reaches(tree, "sheets", "data") if tree else grid
        told = describe.spreadsheet(book, areas, grid=wanted_grid, wanted=tree)
        return Answer.of(api.select(tree, told))

    def batch_update(self, ask: Ask) -> Answer:
        tree = ask.mask("BatchUpdateSpreadsheetResponse")
        ask.options({})
        body = ask.message("BatchUpdateSpreadsheetRequest")
        book = self.store.open(ask.names[0])
        before = book.copy()
        try:
            told: dict[str, Any] = {"spreadsheetId": book.id, "replies": updates.apply(book, body.get("requests", []))}
            if body.get("includeSpreadsheetInResponse"):
                told["updatedSpreadsheet"] = self._updated(book, body, tree)
        except ApiError:
            book.take(before)
            raise
        self.kept(book)
        return Answer.of(api.select(tree, told))

    def _updated(self, book: Book, body: dict[str, Any], tree: api.Mask) -> dict[str, Any]:
        ranges = body.get("responseRanges", [])
        areas = [a1.parse(book, text) for text in ranges] if ranges else None
        grid = body.get("responseIncludeGridData", False)
        if tree:
            grid = api.reaches(tree, "updatedSpreadsheet", "sheets", "data")
        inner = tree.get("updatedSpreadsheet", {})
        return describe.spreadsheet(book, areas, grid=grid, wanted=inner)

    def copy_to(self, ask: Ask) -> Answer:
        body = ask.message("CopySheetToAnotherSpreadsheetRequest")
        book = self.store.open(ask.names[0])
        sheet = book.sheet(int(ask.names[1]), "sheet")
        other = self.store.open(body.get("destinationSpreadsheetId", ""))
        title = tabs.copy_title(other, sheet.title)
        made = tabs.place_copy(other, sheet, {"title": title}, len(other.sheets))
        self.kept(other)
        return Answer.of(made.described(len(other.sheets) - 1))

    def metadata_get(self, ask: Ask) -> Answer:
        book = self.store.open(ask.names[0])
        return Answer.of(metadata.get(book, int(ask.names[1])))

    def metadata_search(self, ask: Ask) -> Answer:
        body = ask.message("SearchDeveloperMetadataRequest")
        return Answer.of(metadata.search(self.store.open(ask.names[0]), body.get("dataFilters", [])))

    # values

    def values_get(self, ask: Ask) -> Answer:
        tree, options = ask.mask("ValueRange"), ask.options(READING)
        book = self.store.open(ask.names[0])
        return Answer.of(api.select(tree, _found(book, a1.parse(book, ask.names[1]), options)))

    def values_batch_get(self, ask: Ask) -> Answer:
        tree, options = ask.mask("BatchGetValuesResponse"), ask.options(READING | {"ranges": "[str]"})
        book = self.store.open(ask.names[0])
        areas = [a1.parse(book, text) for text in options.pop("ranges", [])]
        told = {"valueRanges": [_found(book, area, options) for area in areas]} if areas else {}
        return Answer.of(api.select(tree, {"spreadsheetId": book.id} | told))

    def values_get_by_filter(self, ask: Ask) -> Answer:
        tree = ask.mask("BatchGetValuesByDataFilterResponse")
        body = ask.message("BatchGetValuesByDataFilterRequest")
        book = self.store.open(ask.names[0])
        pairs = [(area, one) for one in body.get("dataFilters", []) for area in metadata.filtered(book, one)]
        found = [{"valueRange": _found(book, area, body), "dataFilters": [_echo(one)]} for area, one in pairs]
        return Answer.of(api.select(tree, {"spreadsheetId": book.id} | ({"valueRanges": found} if found else {})))

    def values_update(self, ask: Ask) -> Answer:
        return self._write(ask, values.update, WRITING, "UpdateValuesResponse")

    def values_append(self, ask: Ask) -> Answer:
        return self._write(ask, values.append, APPENDING, "AppendValuesResponse")

    def _write(self, ask: Ask, do: Callable[..., dict[str, Any]], known: dict[str, str], kind: str) -> Answer:
        tree, options = ask.mask(kind), ask.options(known)
        value_range = ask.message("ValueRange", "data")
        book = self.store.open(ask.names[0])
        before = book.copy()
        try:
            told = do(book, ask.names[1], value_range, options)
        except ApiError:
            book.take(before)
            raise
        self.kept(book)
        return Answer.of(api.select(tree, told))

    def values_batch_update(self, ask: Ask) -> Answer:
        tree = ask.mask("BatchUpdateValuesResponse")
        ask.options({})
        body = ask.message("BatchUpdateValuesRequest")
        book = self.store.open(ask.names[0])
        data = [(_area_or_error(book, one.get("range", "")), one) for one in body.get("data", [])]
        told = values.batch_update(book, data, body)
        self.kept(book)
        return Answer.of(api.select(tree, told))

    def values_update_by_filter(self, ask: Ask) -> Answer:
        body = ask.message("BatchUpdateValuesByDataFilterRequest")
        book = self.store.open(ask.names[0])
        data = [(area, one) for one in body.get("data", []) for area in metadata.filtered(book, one["dataFilter"])]
        told = values.batch_update(book, [(area, one) for area, one in data], body)
        for response, (_, one) in zip(told["responses"], data, strict=True):
            response.pop("spreadsheetId", None)
            response["dataFilter"] = one["dataFilter"]
        self.kept(book)
        return Answer.of(told)

    def values_clear(self, ask: Ask) -> Answer:
        tree = ask.mask("ClearValuesResponse")
        ask.message("ClearValuesRequest")
        book = self.store.open(ask.names[0])
        told = {"spreadsheetId": book.id, "clearedRange": values.clear(book, a1.parse(book, ask.names[1]))}
        self.kept(book)
        return Answer.of(api.select(tree, told))

    def values_batch_clear(self, ask: Ask) -> Answer:
        tree = ask.mask("BatchClearValuesResponse")
        body = ask.message("BatchClearValuesRequest")
        book = self.store.open(ask.names[0])
        areas = [_area_or_error(book, text) for text in body.get("ranges", [])]
        return self._cleared(book, areas, tree)

    def values_clear_by_filter(self, ask: Ask) -> Answer:
        body = ask.message("BatchClearValuesByDataFilterRequest")
        book = self.store.open(ask.names[0])
        areas = [area for one in body.get("dataFilters", []) for area in metadata.filtered(book, one)]
        return self._cleared(book, areas, {})

    def _cleared(self, book: Book, areas: list[Any], tree: api.Mask) -> Answer:
        for at, area in enumerate(areas):
            try:
                if isinstance(area, ApiError):
                    raise area
                book.guard(area.clipped())
            except ApiError as error:
                raise error.within(f"range[{at}]") from None
        names = [values.clear(book, area) for area in areas]
        self.kept(book)
        told = {"spreadsheetId": book.id} | ({"clearedRanges": names} if names else {})
        return Answer.of(api.select(tree, told))

    # Drive

    def file_create(self, ask: Ask) -> Answer:
        book = drive.create(self.store, ask.json())
        self.kept()
        return self._file(ask, book)

    def file_copy(self, ask: Ask) -> Answer:
        book = drive.copy(self.store, drive.opened(self.store, ask.names[0]), ask.json())
        self.kept()
        return self._file(ask, book)

    def file_get(self, ask: Ask) -> Answer:
        return self._file(ask, drive.opened(self.store, ask.names[0]))

    def file_update(self, ask: Ask) -> Answer:
        book = drive.opened(self.store, ask.names[0])
        drive.rename(book, ask.json())
        self.kept(book)
        return self._file(ask, book)

    def _file(self, ask: Ask, book: Book) -> Answer:
        tree = api.mask(ask.first("fields") or drive.BRIEF)
        return Answer.of(api.select(tree, drive.described(book)))

    def file_list(self, ask: Ask) -> Answer:
        told = drive.listed(self.store, ask.first("q"), int(ask.first("pageSize", "100")), ask.first("pageToken"))
        text = ask.first("fields") or f"kind,nextPageToken,incompleteSearch,files({drive.BRIEF})"
        return Answer.of(api.select(api.mask(text), told))

    def file_delete(self, ask: Ask) -> Answer:
        del self.store.books[drive.opened(self.store, ask.names[0]).id]
        self.kept()
        return Answer(204, b"", {"Content-Type": "text/html"})

    def file_export(self, ask: Ask) -> Answer:
        mime = ask.first("mimeType")
        return Answer(200, drive.export(drive.opened(self.store, ask.names[0]), mime), {"Content-Type": mime})

    def file_upload(self, ask: Ask) -> Answer:
        book = drive.opened(self.store, ask.names[0])
        told = drive.import_csv(book, ask.raw)
        self.kept(book)
        return Answer.of(told)

    def permission_list(self, ask: Ask) -> Answer:
        book = drive.opened(self.store, ask.names[0])
        tree = api.mask(ask.first("fields") or "kind,permissions(kind,id,type,role)")
        return Answer.of(api.select(tree, {"kind": "drive#permissionList", "permissions": book.file["permissions"]}))

    def permission_create(self, ask: Ask) -> Answer:
        book = drive.opened(self.store, ask.names[0])
        made = drive.permit(book, ask.json())
        self.kept(book)
        return Answer.of(api.select(api.mask(ask.first("fields") or "kind,id,type,role"), made))

    def permission_delete(self, ask: Ask) -> Answer:
        book = drive.opened(self.store, ask.names[0])
        drive.forbid(book, ask.names[1])
        self.kept(book)
        return Answer(204, b"", {"Content-Type": "text/html"})

    def comment_list(self, ask: Ask) -> Answer:
        book = drive.opened(self.store, ask.names[0])
        return Answer.of(api.select(ask.mask(""), {"comments": book.file["comments"]}))

    def comment_create(self, ask: Ask) -> Answer:
        book = drive.opened(self.store, ask.names[0])
        made = {"id": str(book.number()), "kind": "drive#comment"} | ask.json()
        book.file["comments"].append(made)
        self.kept(book)
        return Answer.of(api.select(ask.mask(""), made))


def _found(book: Book, area: a1.Area, options: dict[str, Any]) -> dict[str, Any]:
    how = options.get("valueRenderOption", "FORMATTED_VALUE")
    dates = options.get("dateTimeRenderOption", "SERIAL_NUMBER")
    return values.found(book, area, how, dates, options.get("majorDimension", "ROWS"))


def _echo(one: dict[str, Any]) -> dict[str, Any]:
    """A data filter as answers repeat it: without zeros."""
    return {
        name: {k: v for k, v in item.items() if v != 0} if name == "gridRange" else item for name, item in one.items()
    }


def _area_or_error(book: Book, text: str) -> a1.Area | ApiError:
    try:
        return a1.parse(book, text)
    except ApiError as error:
        return error


def _routes() -> list[tuple[str, re.Pattern[str], Callable[[App, Ask], Answer]]]:
    sheet, file = "/v4/spreadsheets/([^/:]+)", "/drive/v3/files/([^/]+)"
    table = [
        ("POST", "/v4/spreadsheets", App.create),
        ("GET", sheet, App.get),
        ("POST", f"{sheet}:getByDataFilter", App.get_by_filter),
        ("POST", f"{sheet}:batchUpdate", App.batch_update),
        ("POST", f"{sheet}/sheets/(\\d+):copyTo", App.copy_to),
        ("GET", f"{sheet}/developerMetadata/(\\d+)", App.metadata_get),
        ("POST", f"{sheet}/developerMetadata:search", App.metadata_search),
        ("GET", f"{sheet}/values:batchGet", App.values_batch_get),
        ("POST", f"{sheet}/values:batchGetByDataFilter", App.values_get_by_filter),
        ("POST", f"{sheet}/values:batchUpdate", App.values_batch_update),
        ("POST", f"{sheet}/values:batchUpdateByDataFilter", App.values_update_by_filter),
        ("POST", f"{sheet}/values:batchClear", App.values_batch_clear),
        ("POST", f"{sheet}/values:batchClearByDataFilter", App.values_clear_by_filter),
        ("POST", f"{sheet}/values/(.+):append", App.values_append),
        ("POST", f"{sheet}/values/(.+):clear", App.values_clear),
        ("GET", f"{sheet}/values/(.+)", App.values_get),
        ("PUT", f"{sheet}/values/(.+)", App.values_update),
        ("GET", "/drive/v3/files", App.file_list),
        ("POST", "/drive/v3/files", App.file_create),
        ("GET", file, App.file_get),
        ("PATCH", file, App.file_update),
        ("DELETE", file, App.file_delete),
        ("POST", f"{file}/copy", App.file_copy),
        ("GET", f"{file}/export", App.file_export),
        ("GET", f"{file}/permissions", App.permission_list),
        ("POST", f"{file}/permissions", App.permission_create),
        ("DELETE", f"{file}/permissions/([^/]+)", App.permission_delete),
        ("GET", f"{file}/comments", App.comment_list),
        ("POST", f"{file}/comments", App.comment_create),
        ("PUT", "/upload/drive/v2/files/([^/]+)", App.file_upload),
    ]
    return [(verb, re.compile(pattern), room) for verb, pattern, room in table]


ROUTES = _routes()
