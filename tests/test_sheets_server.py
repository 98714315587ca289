"""The local Sheets server answers as the API's reference, and recordings of it, say."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from sheets_server import Book, SheetsServer

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Caller:
    """Sends one request after another to the server, about one spreadsheet."""

    def __init__(self, server: SheetsServer, book: Book) -> None:
        self.server, self.book = server, book

    def send(self, method, path, body=None, *, known=True, **query):
        query = {name: [value] if not isinstance(value, list) else value for name, value in query.items()}
        url = f"{self.server.url}{path}?{urllib.parse.urlencode(query, doseq=True)}"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 (our own server)
            url, data, {"Authorization": "Bearer t"} if known else {}, method=method
        )
        try:
            with OPENER.open(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read()

    def ok(self, method, path, body=None, **query):
        status, answer = self.send(method, f"/v4/spreadsheets/{self.book.id}{path}", body, **query)
        assert status == 200, answer
        return json.loads(answer)

    def refused(self, method, path, body=None, **query):
        """The sentence of a 400."""
        status, answer = self.send(method, f"/v4/spreadsheets/{self.book.id}{path}", body, **query)
        error = json.loads(answer)["error"]
        assert (status, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
        return error["message"]

    def get(self, text, **options):
        return self.ok("GET", f"/values/{urllib.parse.quote(text, safe='')}", **options)

    def put(self, text, rows, option="RAW", **options):
        path = f"/values/{urllib.parse.quote(text, safe='')}"
        return self.ok("PUT", path, {"values": rows}, valueInputOption=option, **options)

    def append(self, text, rows, **options):
        path = f"/values/{urllib.parse.quote(text, safe='')}:append"
        return self.ok("POST", path, {"values": rows}, valueInputOption="RAW", **options)

    def update(self, *requests, **more):
        return self.ok("POST", ":batchUpdate", {"requests": list(requests)} | more)

    def update_refused(self, *requests):
        return self.refused("POST", ":batchUpdate", {"requests": list(requests)})


@pytest.fixture
def server():
    with SheetsServer() as server:
        yield server
        assert not server.crashes


@pytest.fixture
def sheet(server):
    """One spreadsheet with an empty Sheet1 of 1000 by 26 cells."""
    return Caller(server, server.store.new("Test"))


# ranges


RANGES = [
    ("Sheet1", "Sheet1!A1:Z1000"),
    ("Sheet1!A1", "Sheet1!A1"),
    ("'Sheet1'!A1:B2", "Sheet1!A1:B2"),
    ("sheet1!b2:a1", "Sheet1!A1:B2"),
    ("Sheet1!$A$1:$B$2", "Sheet1!A1:B2"),
    ("Sheet1!A:A", "Sheet1!A1:A1000"),
    ("Sheet1!2:3", "Sheet1!A2:Z3"),
    ("Sheet1!A5:A", "Sheet1!A5:A1000"),
    ("Sheet1!B2:2", "Sheet1!B2:Z2"),
    ("Sheet1!R2C3:R4C5", "Sheet1!C2:E4"),
    ("A1:C2", "Sheet1!A1:C2"),
    ("Sheet1!Y999:ZZ2000", "Sheet1!Y999:Z1000"),
    ("Prices", "Sheet1!B2:C3"),
    ("Sheet1!Prices", "Sheet1!B2:C3"),
    ("'It''s 3'!A1", "'It''s 3'!A1"),
    ("It's 3!A1", "'It''s 3'!A1"),
    ("维修单!A1:B2", "'维修单'!A1:B2"),
    ("D3", "Sheet1!D3"),
    ("'D3'!A1", "'D3'!A1"),
    ("D3!A1", "'D3'!A1"),
    ("a_b.c!A1", "a_b.c!A1"),
    ("T!A1", "T!A1"),
]


@pytest.mark.parametrize(("asked", "answered"), RANGES)
def test_a_range_is_answered_by_its_full_name(sheet, asked, answered):
    for title in ("It's 3", "维修单", "D3", "a_b.c", "T"):
        sheet.book.add_sheet({"title": title})
    corner = {"startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 3}
    sheet.update({"addNamedRange": {"namedRange": {"name": "Prices", "range": corner}}})
    assert sheet.get(asked) == {"range": answered, "majorDimension": "ROWS"}


UNREADABLE = ["Nope", "Nope!A1", "Sheet1!", "Sheet1!A0", "Sheet1!A1:[5", "Sheet1!A1,B2", "Sheet1!:B", "Sheet1!5"]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_range_that_means_nothing_is_refused(sheet, text):
    message = sheet.refused("GET", f"/values/{urllib.parse.quote(text, safe='')}")
    assert message == f"Unable to parse range: {text}"


def test_a_range_that_starts_outside_the_grid_is_refused(sheet):
    limits = "exceeds grid limits. Max rows: 1000, max columns: 26"
    assert sheet.refused("GET", "/values/A1001:B1002") == f"Range (Sheet1!A1001:B1002) {limits}"
    assert sheet.refused("GET", "/values/AA1") == f"Range (Sheet1!AA1) {limits}"
    message = sheet.refused("POST", "/values:batchClear", {"ranges": ["A1", "A1001:ZZ"]})
    assert message == f"Invalid range[1]: Range (Sheet1!A1001:ZZ) {limits}"


def test_ranges_without_a_title_mean_the_first_visible_tab(sheet):
    sheet.book.add_sheet({"title": "Second"})
    sheet.server.person.hide_tab("Sheet1")
    assert sheet.get("A1")["range"] == "Second!A1"


# reading and writing


def test_trailing_blanks_are_left_out(sheet):
    sheet.put("A1", [["a", "", "c", ""], [], ["", "b"], ["", ""]])
    assert sheet.get("Sheet1")["values"] == [["a", "", "c"], [], ["", "b"]]
    assert sheet.get("A1:B3")["values"] == [["a"], [], ["", "b"]]
    assert sheet.get("Sheet1", majorDimension="COLUMNS")["values"] == [["a"], ["", "", "b"], ["c"]]
    assert "values" not in sheet.get("A2:Z2")


def test_null_leaves_a_cell_and_an_empty_text_clears_it(sheet):
    sheet.put("A1:C1", [["a", "b", "c"]])
    told = sheet.put("A1:C1", [[None, "", "z"]])
    assert told == {
        "spreadsheetId": sheet.book.id,
        "updatedRange": "Sheet1!A1:C1",
        "updatedRows": 1,
        "updatedColumns": 2,
        "updatedCells": 2,
    }
    assert sheet.get("Sheet1")["values"] == [["a", "", "z"]]


def test_values_must_fit_the_range_they_name(sheet):
    def refused(text, rows):
        return sheet.refused("PUT", f"/values/{text}", {"values": rows}, valueInputOption="RAW")

    assert (
        refused("A1:B1", [[1, 2, 3]])
        == "Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]"
    )
    assert refused("A1:B1", [[1], [2]]) == "Requested writing within range [Sheet1!A1:B1], but tried writing to row [2]"
    assert (
        refused("Z1000", [[1], [2]]) == "Requested writing within range [Sheet1!Z1000], but tried writing to row [1001]"
    )
    assert "exceeds grid limits" in refused("A999:B1001", [[1]])
    assert sheet.put("Y999", [[1, 2], [3, 4]])["updatedRange"] == "Sheet1!Y999:Z1000"


def test_values_must_be_rows_of_scalars(sheet):
    status, body = sheet.send(
        "PUT", f"/v4/spreadsheets/{sheet.book.id}/values/A1", {"values": "X"}, valueInputOption="RAW"
    )
    text = "Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue), \"X\""
    violation = {"field": "data.values", "description": text}
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}]
    assert status == 400
    assert json.loads(body)["error"] == {"code": 400, "message": text, "status": "INVALID_ARGUMENT", "details": details}
    message = sheet.refused("PUT", "/values/A1", {"values": [["a", ["b"]]]}, valueInputOption="RAW")
    assert message.startswith("Invalid values[0][1]: list_value {")


def test_how_input_is_taken_must_be_said(sheet):
    assert sheet.refused("PUT", "/values/A1", {"values": [[1]]}) == "'valueInputOption' is required but not specified"
    message = sheet.refused("PUT", "/values/A1", {"values": [[1]]}, valueInputOption="MAYBE")
    kind = "type.googleapis.com/google.apps.sheets.v4.ValueInputOption"
    assert message == f"Invalid value at 'value_input_option' ({kind}), \"MAYBE\""


TYPED = [
    # typed, shown, unformatted
    ("0042", "42", 42),
    ("2,000,000.01", "2,000,000.01", 2000000.01),
    ("12.5%", "12.50%", 0.125),
    ("$1,234.50", "$1,234.50", 1234.5),
    ("¥300", "¥300", 300),
    ("1e3", "1.00E+03", 1000),
    ("true", "TRUE", True),
    ("'0042", "0042", "0042"),
    ("2020-01-01", "2020-01-01", 43831),
    ("3/4/2024", "3/4/2024", 45355),
    ("2024年3月4日", "2024年3月4日", 45355),
    ("Mar 1 2016", "Mar 1 2016", 42430),
    ("10:30", "10:30", 0.4375),
    ("2024-03-04 18:00", "2024-03-04 18:00", 45355.75),
    ("2024-02-30", "2024-02-30", "2024-02-30"),
    ("１２３", "１２３", "１２３"),
    ("8085807e40000000", "8085807e40000000", "8085807e40000000"),
    ("=1/1024", "0.0009765625", 0.0009765625),
    ("=2/3", "0.6666666667", 2 / 3),
    ('="a"&1+1', "a2", "a2"),
    ("=1/0", "#DIV/0!", "#DIV/0! (Function DIVIDE parameter 2 cannot be zero.)"),
    ("=GOOGLETRANSLATE(A1)", "Loading...", "Loading..."),
]


@pytest.mark.parametrize(("typed", "shown", "plain"), TYPED)
def test_user_entered_text_is_read_as_a_person_means_it(sheet, typed, shown, plain):
    sheet.put("A1", [[typed]], "USER_ENTERED")
    assert sheet.get("A1")["values"] == [[shown]]
    assert sheet.get("A1", valueRenderOption="UNFORMATTED_VALUE")["values"] == [[plain]]
    assert sheet.get("A1", valueRenderOption="FORMULA")["values"] == [[typed if typed[0] == "=" else plain]]


def test_the_example_of_the_reference(sheet):
    """Formulas show their result as the cells they work on are shown."""
    wheel, door, engine = ["Wheel", "$20.50", "4", "3/1/2016"], ["Door", "$15", "2", "3/15/2016"], ["Engine", "$100"]
    rows = [["Item", "Cost", "Stocked", "Ship Date"], wheel, door, [*engine, "1", "3/20/2016"]]
    sheet.put("A1:D5", [*rows, ["Totals", "=SUM(B2:B4)", "=SUM(C2:C4)", "=MAX(D2:D4)"]], "USER_ENTERED")
    assert sheet.get("Sheet1!A1:D5")["values"] == [*rows, ["Totals", "$135.50", "7", "3/20/2016"]]
    plain = sheet.get("B5:D5", valueRenderOption="UNFORMATTED_VALUE")["values"]
    assert plain == [[135.5, 7, 42449]]


PATTERNS = [
    # number, kind of format, pattern, shown: the tables of the guide to formats
    (42465.6728125, "DATE_TIME", "h:mm:ss a/p", "4:08:51 p"),
    (42465.6728, "DATE_TIME", "dddd, m/d/yy at h:mm", "Tuesday, 4/5/16 at 16:08"),
    (42465.6728, "DATE", "mmmm d \\[dddd\\]", "April 5 [Tuesday]"),
    (0.13450522, "TIME", "[hh]:[mm]:[ss].000", "03:13:41.251"),
    (12345.125, "NUMBER", "####.#", "12345.1"),
    (12.34, "NUMBER", "000.0##", "012.34"),
    (12, "NUMBER", "000.0##", "012.0"),
    (5.125, "NUMBER", "# ???/???", "5 1/8"),
    (12000, "NUMBER", "#,###", "12,000"),
    (1230000000, "NUMBER", '0.000,,"M"', "1230.000M"),
    (1234567890, "NUMBER", "0.00e+00", "1.23e+09"),
    (-5, "NUMBER", "0;(0)", "(5)"),
]


@pytest.mark.parametrize(("value", "kind", "pattern", "shown"), PATTERNS)
def test_numbers_are_shown_by_their_format(sheet, value, kind, pattern, shown):
    look = {"userEnteredFormat": {"numberFormat": {"type": kind, "pattern": pattern}}}
    cell = {"userEnteredValue": {"numberValue": value}} | look
    sheet.update({"updateCells": {"start": {}, "rows": [{"values": [cell]}], "fields": "*"}})
    assert sheet.get("A1")["values"] == [[shown]]


@pytest.mark.parametrize("typed", ["0042", "=1+1", "2020-01-01", "TRUE", "'x"])
def test_raw_text_stays_text(sheet, typed):
    sheet.put("A1", [[typed]])
    assert sheet.get("A1", valueRenderOption="UNFORMATTED_VALUE")["values"] == [[typed]]


def test_dates_are_serial_numbers_or_their_text(sheet):
    sheet.put("A1:C1", [["2024-03-04", 45355, "x"]], "USER_ENTERED")

    def values(how, dates):
        return sheet.get("Sheet1", valueRenderOption=how, dateTimeRenderOption=dates)["values"][0]

    assert values("UNFORMATTED_VALUE", "SERIAL_NUMBER") == [45355, 45355, "x"]
    assert values("UNFORMATTED_VALUE", "FORMATTED_STRING") == ["2024-03-04", 45355, "x"]
    assert values("FORMATTED_VALUE", "SERIAL_NUMBER") == ["2024-03-04", "45355", "x"]


def test_written_values_can_come_back_with_the_answer(sheet):
    told = sheet.put("A1", [["1", "=A1+1"]], "USER_ENTERED", includeValuesInResponse="true")
    assert told["updatedData"] == {"range": "Sheet1!A1:B1", "majorDimension": "ROWS", "values": [["1", "2"]]}


def test_several_ranges_are_read_and_written_in_one_call(sheet):
    data = [
        {"range": "A1:B1", "values": [["a", "b"]]},
        {"range": "A3", "majorDimension": "COLUMNS", "values": [[1, 2]]},
    ]
    told = sheet.ok("POST", "/values:batchUpdate", {"valueInputOption": "RAW", "data": data})
    totals = {name: count for name, count in told.items() if name.startswith("total")}
    assert totals == {"totalUpdatedRows": 3, "totalUpdatedColumns": 2, "totalUpdatedCells": 4, "totalUpdatedSheets": 1}
    assert [one["updatedRange"] for one in told["responses"]] == ["Sheet1!A1:B1", "Sheet1!A3:A4"]
    found = sheet.ok("GET", "/values:batchGet", ranges=["A1:B1", "C1", "A3:A"])
    assert [one.get("values") for one in found["valueRanges"]] == [[["a", "b"]], None, [["1"], ["2"]]]


def test_a_batch_of_values_is_written_whole_or_not_at_all(sheet):
    data = [{"range": "A1", "values": [["a"]]}, {"range": "Nope!A1", "values": [["b"]]}]
    message = sheet.refused("POST", "/values:batchUpdate", {"valueInputOption": "RAW", "data": data})
    assert message == "Invalid data[1]: Unable to parse range: Nope!A1"
    assert "values" not in sheet.get("Sheet1")


def test_clearing_keeps_formats(sheet):
    sheet.put("A1", [["2024-03-04", "x"]], "USER_ENTERED")
    assert sheet.ok("POST", "/values/A1:clear", {})["clearedRange"] == "Sheet1!A1"
    sheet.put("A1", [[45355]])
    assert sheet.get("Sheet1")["values"] == [["2024-03-04", "x"]]


# append: the tables of the reference's own example, A1:C2 and B4:D6


APPENDS = [
    ("Sheet1", "Sheet1!B4:D6", "Sheet1!B7:C7"),
    ("B4", "Sheet1!B4:D6", "Sheet1!B7:C7"),
    ("C5:D5", "Sheet1!B4:D6", "Sheet1!B7:C7"),
    ("B2:D4", "Sheet1!B4:D6", "Sheet1!B7:C7"),
    ("A3:G10", "Sheet1!B4:D6", "Sheet1!B7:C7"),
    ("A1", "Sheet1!A1:C2", "Sheet1!A3:B3"),
    ("E4", None, "Sheet1!E4:F4"),
    ("A4", None, "Sheet1!A4:B4"),
]


@pytest.mark.parametrize(("asked", "table", "written"), APPENDS)
def test_append_finds_the_table(sheet, asked, table, written):
    sheet.put("A1:C2", [["x", "y", "z"]] * 2)
    sheet.put("B4:D6", [["x", "y", "z"]] * 3)
    told = sheet.append(asked, [[1, 2]])
    assert (told.get("tableRange"), told["updates"]["updatedRange"]) == (table, written)


def test_append_inserts_rows_or_writes_over_what_is_below(sheet):
    sheet.put("A1", [["a"], ["b"], [], ["", "", "below"]])
    sheet.append("A1", [["c"], ["d"]], insertDataOption="INSERT_ROWS")
    assert sheet.get("Sheet1")["values"] == [["a"], ["b"], ["c"], ["d"], [], ["", "", "below"]]
    sheet.append("A1", [["e", "", ""], ["f", "", "over"]], insertDataOption="OVERWRITE")
    assert sheet.get("A5:C7")["values"] == [["e"], ["f", "", "over"]]


def test_append_makes_room_at_the_end(sheet):
    sheet.put("A999", [["a"], ["b"]])
    told = sheet.append("Sheet1", [["c"], ["d"]])
    assert told["updates"]["updatedRange"] == "Sheet1!A1001:A1002"
    assert sheet.book.sheets[0].row_count == 1002


# spreadsheets.get and masks


def test_a_spreadsheet_is_described(sheet):
    told = sheet.ok("GET", "")
    assert told["properties"]["title"] == "Test"
    grid = {"rowCount": 1000, "columnCount": 26}
    properties = {"sheetId": 0, "title": "Sheet1", "index": 0, "sheetType": "GRID", "gridProperties": grid}
    assert told["sheets"] == [{"properties": properties}]
    assert told["spreadsheetUrl"] == f"https://docs.google.com/spreadsheets/d/{sheet.book.id}/edit"


MASKS = [
    ("sheets.properties(sheetId,title)", {"sheets": [{"properties": {"sheetId": 0, "title": "Sheet1"}}]}),
    ("sheets/properties/title", {"sheets": [{"properties": {"title": "Sheet1"}}]}),
    ("properties(title,locale),sheets.properties.index", {"properties": {"title": "Test", "locale": "en_US"}} | {
        "sheets": [{"properties": {"index": 0}}]}),
    ("namedRanges", {}),
    ("sheets.properties.tabColorStyle", {"sheets": [{"properties": {}}]}),
    ("sheets.data.rowData.values.note", {"sheets": [{"data": [{"rowData": [{"values": [{}]}]}]}]}),
    ("sheets(data(rowData(values(formattedValue))))", {"sheets": [{"data": [{"rowData": [{"values": [
        {"formattedValue": "a"}]}]}]}]}),
    ("spreadsheetId,properties/title,sheets.merges", {"properties": {"title": "Test"}, "sheets": [{}]}),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "wanted"), MASKS)
def test_a_mask_picks_fields(sheet, fields, wanted):
    sheet.put("A1", [["a"]])
    told = sheet.ok("GET", "", fields=fields)
    told.pop("spreadsheetId", None)
    assert told == wanted


def test_a_mask_must_name_what_exists(sheet):
    status, body = sheet.send("GET", f"/v4/spreadsheets/{sheet.book.id}", fields="sheets.sheetProperties")
    error = json.loads(body)["error"]
    assert (status, error["message"]) == (400, "Request contains an invalid argument.")
    why = "Error expanding 'fields' parameter. Cannot find matching fields for path 'sheets.sheetProperties'."
    assert error["details"][0]["fieldViolations"] == [{"field": "sheets.sheetProperties", "description": why}]


def test_a_query_must_name_what_exists(sheet):
    message = sheet.refused("GET", "/values/A1", nope=1)
    assert message == (
        'Invalid JSON payload received. Unknown name "nope": Cannot bind query parameter. '
        "Field 'nope' could not be found in request message."
    )


def test_grid_data_has_values_formats_and_sizes(sheet):
    sheet.put("B2", [["=1/2", "2024-03-04"]], "USER_ENTERED")
    sheet.update(
        {
            "repeatCell": {
                "range": {"startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 1, "endColumnIndex": 2},
                "cell": {
                    "userEnteredFormat": {"backgroundColor": {"red": 0.5}, "textFormat": {"bold": True}},
                    "note": "n",
                },
                "fields": "userEnteredFormat(backgroundColor,textFormat.bold),note",
            }
        }
    )
    (told,) = sheet.ok("GET", "", ranges="B2:C3", includeGridData="true")["sheets"]
    (data,) = told["data"]
    assert (data["startRow"], data["startColumn"]) == (1, 1)
    assert data["rowMetadata"] == [{"pixelSize": 21}] * 2
    assert data["columnMetadata"] == [{"pixelSize": 100}] * 2
    half, date = data["rowData"][0]["values"]
    assert half["userEnteredValue"] == {"formulaValue": "=1/2"}
    assert half["effectiveValue"] == {"numberValue": 0.5}
    assert (half["formattedValue"], half["note"]) == ("0.5", "n")
    red = {"red": 0.49803922}
    look = {"backgroundColor": red, "backgroundColorStyle": {"rgbColor": red}, "textFormat": {"bold": True}}
    assert half["userEnteredFormat"] == look
    assert half["effectiveFormat"]["textFormat"]["fontSize"] == 10
    assert date["userEnteredFormat"] == {"numberFormat": {"type": "DATE", "pattern": "yyyy-mm-dd"}}


def test_ranges_choose_tabs_and_blocks(sheet):
    sheet.book.add_sheet({"title": "Second"})
    told = sheet.ok("GET", "", ranges=["Second!A1:B1", "Second!A3:B4"], includeGridData="true")
    (second,) = told["sheets"]
    assert second["properties"]["title"] == "Second"
    assert [block.get("startRow") for block in second["data"]] == [None, 2]
    assert "data" not in sheet.ok("GET", "", ranges="Second")["sheets"][0]


def test_a_spreadsheet_can_be_created_with_tabs_and_cells(server, sheet):
    values = [{"userEnteredValue": {"stringValue": "编号"}}, {"userEnteredValue": {"numberValue": 0}}]
    grid = {"rowCount": 5, "columnCount": 2, "frozenRowCount": 1}
    tab = {"properties": {"title": "台账", "gridProperties": grid}, "data": [{"rowData": [{"values": values}]}]}
    body = {"properties": {"title": "New", "locale": "zh_CN", "timeZone": "Asia/Shanghai"}, "sheets": [tab]}
    status, answer = sheet.send("POST", "/v4/spreadsheets", body)
    told = json.loads(answer)
    assert (status, told["properties"]["timeZone"]) == (200, "Asia/Shanghai")
    assert told["sheets"][0]["properties"]["gridProperties"] == grid
    made = Caller(server, server.store.books[told["spreadsheetId"]])
    assert made.get("台账")["values"] == [["编号", "0"]]
    values.append({"note": "too far"})
    _, answer = sheet.send("POST", "/v4/spreadsheets", body)
    message = "Invalid sheets[0].data[0]: Attempting to write column: 2, beyond the last requested column of: 1"
    assert json.loads(answer)["error"]["message"] == message
    assert len(server.store.books) == 2


# errors of whole calls


def test_a_stranger_a_closed_and_a_missing_spreadsheet(server, sheet):
    status, body = sheet.send("GET", f"/v4/spreadsheets/{sheet.book.id}", known=False)
    assert (status, json.loads(body)["error"]["status"]) == (401, "UNAUTHENTICATED")
    status, body = sheet.send("GET", "/v4/spreadsheets/nothing-here")
    assert json.loads(body) == {
        "error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}
    }
    server.person.unshare()
    status, body = sheet.send("GET", f"/v4/spreadsheets/{sheet.book.id}")
    assert json.loads(body) == {
        "error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}
    }
    assert sheet.send("GET", "/v4/nothing")[0] == 404


# batchUpdate


def text_cells(*rows):
    return [{"values": [{"userEnteredValue": {"stringValue": text}} for text in row]} for row in rows]


def test_replies_mirror_requests(sheet):
    told = sheet.update(
        {"addSheet": {"properties": {"title": "New", "gridProperties": {"rowCount": 2, "columnCount": 3}}}},
        {"updateCells": {"start": {"rowIndex": 0}, "rows": text_cells(["a"]), "fields": "userEnteredValue"}},
    )
    (made, nothing) = told["replies"]
    properties = made["addSheet"]["properties"]
    assert properties["sheetId"] > 0
    assert (properties["index"], properties["gridProperties"]) == (1, {"rowCount": 2, "columnCount": 3})
    assert nothing == {}


def test_a_batch_is_done_whole_or_not_at_all(sheet):
    sheet.put("A1", [["kept"]])
    message = sheet.update_refused(
        {"updateCells": {"start": {}, "rows": text_cells(["lost"]), "fields": "userEnteredValue"}},
        {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}}},
        {"addSheet": {"properties": {"title": "sheet1"}}},
    )
    assert message == (
        'Invalid requests[2].addSheet: A sheet with the name "sheet1" already exists. Please enter another name.'
    )
    assert sheet.get("Sheet1")["values"] == [["kept"]]
    assert sheet.book.sheets[0].row_count == 1000


ROWS = {"dimension": "ROWS", "startIndex": 0}
REFUSED = [
    ({}, "Invalid requests[0]: No request set."),
    ({"deleteSheet": {"sheetId": 9}}, "Invalid requests[0].deleteSheet: No sheet with id: 9"),
    (
        {"deleteSheet": {"sheetId": 0}},
        "Invalid requests[0].deleteSheet: You can't remove all the sheets in a document.",
    ),
    (
        {"updateSheetProperties": {"properties": {"hidden": True}, "fields": "hidden"}},
        "Invalid requests[0].updateSheetProperties: You can't hide all the sheets in a document.",
    ),
    (
        {"updateSheetProperties": {"properties": {"title": "x"}}},
        ("Invalid requests[0].updateSheetProperties: At least one field must be listed in 'fields'. "
        "(Use '*' to indicate all fields.)"),
    ),
    (
        {"updateCells": {"range": {"sheetId": 7}, "fields": "*"}},
        "Invalid requests[0].updateCells: No grid with id: 7",
    ),
    (
        {"updateCells": {"range": {"startRowIndex": 1000, "endRowIndex": 1001, "endColumnIndex": 2}, "fields": "*"}},
        (
            "Invalid requests[0].updateCells: Range (Sheet1!A1001:B1001) exceeds grid limits. "
            "Max rows: 1000, max columns: 26"
        ),
    ),
    (
        {"updateCells": {"range": {"endRowIndex": 1, "endColumnIndex": 1}, "rows": text_cells("ab"), "fields": "*"}},
        "Invalid requests[0].updateCells: Attempting to write column: 1, beyond the last requested column of: 0",
    ),
    (
        {"updateCells": {"start": {"rowIndex": 999}, "rows": text_cells("a", "b"), "fields": "*"}},
        "Invalid requests[0].updateCells: Attempting to write row: 1000, beyond the last requested row of: 999",
    ),
    (
        {"updateCells": {"start": {"rowIndex": 1000}, "rows": text_cells("a"), "fields": "*"}},
        "Invalid requests[0].updateCells: GridCoordinate.rowIndex[1000] is after last row in grid[1000]",
    ),
    (
        {"deleteDimension": {"range": ROWS | {"endIndex": 1000}}},
        "Invalid requests[0].deleteDimension: You can't delete all the rows on the sheet.",
    ),
    (
        {"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 1000, "endIndex": 1001}}},
        ("Invalid requests[0].deleteDimension: Cannot delete a row that doesn't exist. "
        "Tried to delete row index 1000 but there are only 1000 rows."),
    ),
    (
        {"appendDimension": {"dimension": "ROWS", "length": 400_000}},
        ("Invalid requests[0].appendDimension: This action would increase the number of cells in the workbook "
        "above the limit of 10000000 cells."),
    ),
    (
        {"addSheet": {"nope": 1}},
        "Invalid JSON payload received. Unknown name \"nope\" at 'requests[0].add_sheet': Cannot find field.",
    ),
    (
        {"inventSheet": {}},
        "Invalid JSON payload received. Unknown name \"inventSheet\" at 'requests[0]': Cannot find field.",
    ),
    ({"addSheet": {"properties": {"sheetId": 0}}}, "Invalid requests[0].addSheet: Sheet with id 0 already exists."),
    (
        {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 1000, "endIndex": 1001}}},
        (
            "Invalid requests[0].insertDimension: range.startIndex must be less than the grid size (1000) "
            "if inheritFromBefore is false."
        ),
    ),
    (
        {"deleteSheet": {"sheetId": "x"}},
        "Invalid value at 'requests[0].delete_sheet.sheet_id' (TYPE_INT32), \"x\"",
    ),
    (
        {"mergeCells": {"range": {}, "mergeType": "X"}},
        ("Invalid value at 'requests[0].merge_cells.merge_type' "
        '(type.googleapis.com/google.apps.sheets.v4.MergeCellsRequest.MergeType), "X"'),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "message"), REFUSED)
def test_a_request_that_cannot_be_done_says_why(sheet, request_, message):
    assert sheet.update_refused(request_) == message


def test_at_least_one_request(sheet):
    assert sheet.update_refused() == "Must specify at least one request."


def test_update_cells_clears_what_its_rows_do_not_reach(sheet):
    sheet.put("A1:C3", [["1", "2", "3"]] * 3)
    area = {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    sheet.update({"updateCells": {"range": area, "rows": text_cells(["new"]), "fields": "userEnteredValue"}})
    assert sheet.get("Sheet1")["values"] == [["new", "", "3"], ["", "", "3"], ["1", "2", "3"]]
    sheet.update({"updateCells": {"start": {"rowIndex": 2}, "rows": text_cells(["x"]), "fields": "userEnteredValue"}})
    assert sheet.get("A3:C3")["values"] == [["x", "2", "3"]]


def test_update_cells_touches_only_the_fields_it_names(sheet):
    sheet.put("A1", [["a"]])
    note = {
        "start": {},
        "rows": [{"values": [{"note": "n", "userEnteredValue": {"numberValue": 1}}]}],
        "fields": "note",
    }
    sheet.update({"updateCells": note})
    assert sheet.get("A1")["values"] == [["a"]]
    value = [{"values": [{"userEnteredValue": {"formulaValue": "=1+1"}}]}]
    sheet.update({"updateCells": {"start": {}, "rows": value, "fields": "userEnteredValue"}})
    cell = sheet.book.sheets[0].cell(0, 0)
    assert (cell.formula, cell.extra) == ("=1+1", {"note": "n"})
    sheet.update({"updateCells": {"range": {"endRowIndex": 1, "endColumnIndex": 1}, "fields": "*"}})
    assert sheet.book.sheets[0].cell(0, 0).blank


def test_the_answer_can_hold_the_new_cells(sheet):
    told = sheet.update(
        {"updateCells": {"start": {}, "rows": text_cells(["a", "b"]), "fields": "userEnteredValue"}},
        includeSpreadsheetInResponse=True,
        responseRanges=["Sheet1!A1:B1"],
        responseIncludeGridData=True,
    )
    (row,) = told["updatedSpreadsheet"]["sheets"][0]["data"][0]["rowData"]
    assert [cell["formattedValue"] for cell in row["values"]] == ["a", "b"]
    masked = sheet.ok(
        "POST",
        ":batchUpdate",
        {"requests": [{"clearBasicFilter": {}}], "includeSpreadsheetInResponse": True},
        fields="updatedSpreadsheet.sheets.data.rowData.values.userEnteredValue",
    )
    values = [{"userEnteredValue": {"stringValue": text}} for text in "ab"]
    assert masked == {"updatedSpreadsheet": {"sheets": [{"data": [{"rowData": [{"values": values}]}]}]}}


def furnished(sheet):
    """A3:B4 merged, named, protected, striped and coloured; a note on B4; metadata on row 4."""
    area = {"startRowIndex": 2, "endRowIndex": 4, "startColumnIndex": 0, "endColumnIndex": 2}
    sheet.put("A1", [["h", "i"], ["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]])
    row = {"dimension": "ROWS", "startIndex": 3, "endIndex": 4}
    note = {"start": {"rowIndex": 4, "columnIndex": 1}, "rows": [{"values": [{"note": "n"}]}], "fields": "note"}
    rule = {
        "ranges": [area],
        "booleanRule": {"condition": {"type": "NOT_BLANK"}, "format": {"textFormat": {"bold": True}}},
    }
    tag = {"metadataKey": "k", "location": {"dimensionRange": row}, "visibility": "DOCUMENT"}
    sheet.update(
        {"addNamedRange": {"namedRange": {"name": "Area", "range": area}}},
        {"addProtectedRange": {"protectedRange": {"range": area, "warningOnly": True}}},
        {"addConditionalFormatRule": {"rule": rule, "index": 0}},
        {"addBanding": {"bandedRange": {"range": area, "rowProperties": {"firstBandColor": {"red": 1}}}}},
        {"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}},
        {"updateCells": note},
        {"createDeveloperMetadata": {"developerMetadata": tag}},
    )


def lying(sheet):
    """Rows of everything that furnished() laid."""
    told = sheet.ok("GET", "", fields="namedRanges,sheets(merges,conditionalFormats,protectedRanges,bandedRanges)")
    tab = told["sheets"][0]
    grids = [
        told["namedRanges"][0]["range"],
        tab["merges"][0],
        tab["conditionalFormats"][0]["ranges"][0],
        tab["protectedRanges"][0]["range"],
        tab["bandedRanges"][0]["range"],
    ]
    rows = {(grid["startRowIndex"], grid["endRowIndex"]) for grid in grids}
    return rows, sheet.book.metadata[0]["location"]["dimensionRange"]["startIndex"]


def test_everything_moves_along_with_inserted_rows(sheet):
    furnished(sheet)
    insert = {"range": {"dimension": "ROWS", "startIndex": 2, "endIndex": 4}, "inheritFromBefore": False}
    sheet.update({"insertDimension": insert})
    assert lying(sheet) == ({(4, 6)}, 5)
    assert sheet.get("A1:A5")["values"] == [["h"], ["1"], [], [], ["3"]]
    assert sheet.book.sheets[0].cell(6, 1).extra == {"note": "n"}
    sheet.update({"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 5, "endIndex": 6}}})
    assert lying(sheet)[0] == {(4, 7)}


def test_everything_shrinks_with_deleted_rows(sheet):
    furnished(sheet)
    sheet.update({"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 1, "endIndex": 3}}})
    assert lying(sheet) == ({(1, 2)}, 1)
    assert sheet.book.sheets[0].cell(2, 1).extra == {"note": "n"}
    sheet.update({"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 1, "endIndex": 2}}})
    told = sheet.ok("GET", "", fields="namedRanges,sheets(merges,conditionalFormats,protectedRanges,bandedRanges)")
    assert told == {"sheets": [{}]}
    assert sheet.book.metadata == []


def test_columns_move_with_their_cells(sheet):
    sheet.put("A1", [["a", "b", "c", "d"], ["1", "2", "3", "4"]])
    source = {"dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    sheet.update({"moveDimension": {"source": source, "destinationIndex": 3}})
    assert sheet.get("Sheet1")["values"] == [["b", "c", "a", "d"], ["2", "3", "1", "4"]]
    sheet.update({"deleteDimension": {"range": {"dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}}})
    sheet.update({"insertDimension": {"range": {"dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}}})
    assert sheet.get("Sheet1")["values"] == [["", "b", "a", "d"], ["", "2", "1", "4"]]


def test_sorting_takes_formats_and_notes_along_and_blanks_last(sheet):
    sheet.put("A1", [["b", 1], ["", 2], [10, 3], ["a", 4], [9, 5], [True, 6]])
    note = {"start": {}, "rows": [{"values": [{"note": "of b"}]}], "fields": "note"}
    area = {"startRowIndex": 0, "endRowIndex": 6, "startColumnIndex": 0, "endColumnIndex": 2}
    sort = {"range": area, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]}
    sheet.update({"updateCells": note}, {"sortRange": sort})
    assert [row[1] for row in sheet.get("Sheet1")["values"]] == ["5", "3", "4", "1", "6", "2"]
    assert sheet.book.sheets[0].cell(3, 0).extra == {"note": "of b"}


def test_a_merge_keeps_the_first_value_and_is_not_cut(sheet):
    sheet.put("A1:B2", [[1, 2], [3, 4]])
    area = {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    sheet.update({"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}})
    assert sheet.get("Sheet1")["values"] == [["1"]]
    message = sheet.update_refused({"unmergeCells": {"range": area | {"endRowIndex": 1}}})
    assert message == (
        "Invalid requests[0].unmergeCells: You must select all cells in a merged range to merge or unmerge them."
    )


def test_a_tab_is_duplicated_with_all_that_is_on_it(sheet):
    furnished(sheet)
    told = sheet.update({"duplicateSheet": {"sourceSheetId": 0, "newSheetName": "Copy", "insertSheetIndex": 1}})
    made = told["replies"][0]["duplicateSheet"]["properties"]
    assert sheet.get("Copy!A5")["values"] == [["7"]]
    other = sheet.ok("GET", "", ranges="Copy", fields="sheets(merges,protectedRanges)")["sheets"][0]
    assert other["merges"][0]["sheetId"] == made["sheetId"]
    assert other["protectedRanges"][0]["range"]["sheetId"] == made["sheetId"]


def test_a_tab_is_copied_to_another_spreadsheet(server, sheet):
    sheet.put("A1", [["a"]])
    other = Caller(server, server.store.new("Other"))
    made = sheet.ok("POST", "/sheets/0:copyTo", {"destinationSpreadsheetId": other.book.id})
    assert (made["title"], made["index"]) == ("Copy of Sheet1", 1)
    assert other.get("Copy of Sheet1")["values"] == [["a"]]


def test_data_filters_find_cells_by_metadata_and_range(sheet):
    sheet.put("A1", [["h"], ["a"], ["b"]])
    row = {"dimension": "ROWS", "startIndex": 2, "endIndex": 3}
    tag = {"metadataKey": "k", "metadataValue": "v", "location": {"dimensionRange": row}, "visibility": "DOCUMENT"}
    sheet.update({"createDeveloperMetadata": {"developerMetadata": tag}})
    filters = [{"developerMetadataLookup": {"metadataKey": "k"}}, {"a1Range": "A1"}]
    told = sheet.ok("POST", "/values:batchGetByDataFilter", {"dataFilters": filters})
    assert [one["valueRange"]["values"] for one in told["valueRanges"]] == [[["b"]], [["h"]]]
    found = sheet.ok("POST", "/developerMetadata:search", {"dataFilters": filters[:1]})
    assert found["matchedDeveloperMetadata"][0]["developerMetadata"]["location"]["locationType"] == "ROW"


def test_our_status_column_is_worked_out(sheet):
    """The header cell holds one formula for the whole column, as our tabs have it."""
    status = "_状态"
    sheet.book.add_sheet({"title": status})
    sheet.put(f"{status}!A1:B2", [["键", "状态"], ["calls|RC-1", "超时 2 小时"]])
    look_up = f"IFNA(XLOOKUP(\"calls|\"&A1:A,'{status}'!A:A,'{status}'!B:B),\"待同步\")"
    formula = f'=ARRAYFORMULA(IF(ROW(A1:A)=ROW(A1),"系统状态",IF(A1:A="","",{look_up})))'
    sheet.put("A1", [["编号"], ["RC-1"], ["RC-2"]])
    sheet.put("B1", [[formula]], "USER_ENTERED")
    assert sheet.get("B1:B4")["values"] == [["系统状态"], ["超时 2 小时"], ["待同步"], [""]]
    sheet.put("B2", [["by hand"]])
    assert sheet.get("B1")["values"] == [["#REF!"]]


# Drive


def test_files_are_made_found_copied_renamed_and_deleted(server, sheet):
    def drive(method, path="", body=None, **query):
        status, answer = sheet.send(method, f"/drive/v3/files{path}", body, **query)
        return json.loads(answer) if answer else status

    mime = "application/vnd.google-apps.spreadsheet"
    made = drive("POST", body={"name": "工单 O'Brien", "mimeType": mime})
    assert made == {"kind": "drive#file", "id": made["id"], "name": "工单 O'Brien", "mimeType": mime}
    assert server.store.books[made["id"]].sheets[0].described(0)["sheetId"] == 0
    found = drive("GET", q=f"mimeType='{mime}' and name = '工单 O\\'Brien' and trashed = false", fields="files(id)")
    assert found == {"files": [{"id": made["id"]}]}
    assert drive("POST", f"/{made['id']}/copy", {})["name"] == "Copy of 工单 O'Brien"
    assert drive("PATCH", f"/{made['id']}", {"name": "新"}, fields="name") == {"name": "新"}
    assert [one["name"] for one in drive("GET", pageSize=2)["files"]] == ["Copy of 工单 O'Brien", "新"]
    assert drive("DELETE", f"/{made['id']}") == 204
    assert drive("GET", f"/{made['id']}")["error"]["message"] == f"File not found: {made['id']}."


def test_a_file_is_shared_imported_and_exported(sheet):
    path = f"/drive/v3/files/{sheet.book.id}"
    _, answer = sheet.send("POST", f"{path}/permissions", {"type": "user", "role": "reader", "emailAddress": "a@b.cn"})
    key = json.loads(answer)["id"]
    _, answer = sheet.send("GET", f"{path}/permissions", fields="permissions(emailAddress)")
    assert json.loads(answer)["permissions"][-1] == {"emailAddress": "a@b.cn"}
    assert sheet.send("DELETE", f"{path}/permissions/{key}")[0] == 204
    sheet.send("PUT", f"/upload/drive/v2/files/{sheet.book.id}", '编号,数\n0042,"a,b"\n'.encode())
    assert sheet.get("Test")["values"] == [["编号", "数"], ["42", "a,b"]]
    assert sheet.send("GET", f"{path}/export", mimeType="text/csv")[1].decode() == '编号,数\r\n42,"a,b"'


# gspread's own tests


def test_gspreads_own_tests_pass(server, tmp_path):
    """All that gspread's authors hold Google to, but for a stranger's file that only Google has."""
    runner = Path(__file__).parents[2] / "shared" / "gspread_suite" / "run_suite.py"
    checkout = os.environ.get("GSPREAD_CHECKOUT", "")
    if not runner.exists() or not Path(checkout or "/nowhere").exists():
        pytest.skip("needs the suite's runner beside the project and a gspread checkout in GSPREAD_CHECKOUT")
    done = subprocess.run(
        [sys.executable, "-B", runner, checkout, server.url], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
