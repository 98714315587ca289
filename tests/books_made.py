"""Workbooks for the tests of the room of books: made by real tools, or by hand where no tool would make them."""

import datetime as dt
import io
import warnings
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import xlsxwriter

from sync.books.xlsx.file import XlsxBook
from sync.settings import Bounds

AT = dt.datetime(2026, 11, 22, 2, 0)
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPES = XML + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
STYLES = (
    XML + f'<styleSheet {MAIN}><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm:ss"/>'
    '<numFmt numFmtId="166" formatCode="0.0&quot;小时 day&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/>'
    '<xf numFmtId="20"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs></styleSheet>'
)
GENERAL, DATE, MOMENT, CLOCK, HOURS, UNITS = range(6)  # the styles above


def relations(*targets: tuple[str, str, str]) -> str:
    lines = (f'<Relationship Id="{key}" Type="{RELATIONS}/{kind}" Target="{path}"/>' for key, kind, path in targets)
    return XML + f'<Relationships xmlns="x">{"".join(lines)}</Relationships>'


def sheet(rows: str, after: str = "", before: str = "") -> str:
    return XML + f"<worksheet {MAIN}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>"


def parts(rows: str = "", *, after: str = "", strings: str = "", properties: str = "") -> dict[str, str | bytes]:
    """The parts of a workbook with one tab, by name."""
    return {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": XML + f'<workbook {MAIN} xmlns:r="{RELATIONS}"><workbookPr {properties}/>'
        '<sheets><sheet name="表" sheetId="7" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            ("rId1", "worksheet", "worksheets/sheet1.xml"),
            ("rId2", "sharedStrings", "sharedStrings.xml"),
            ("rId3", "styles", "/xl/styles.xml"),
        ),
        "xl/worksheets/sheet1.xml": sheet(rows, after),
        "xl/sharedStrings.xml": XML + f"<sst {MAIN}>{strings}</sst>",
        "xl/styles.xml": STYLES,
    }


def loaded(path: Path) -> openpyxl.Workbook:
    """The book as openpyxl sees it; what it says it cannot keep does not matter, for it keeps nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return openpyxl.load_workbook(io.BytesIO(path.read_bytes()))


def packed(content: dict[str, str | bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return memory.getvalue()


def book_at(path: Path, bounds: Bounds | None = None) -> XlsxBook:
    return XlsxBook("service", path, bounds or Bounds(), ZoneInfo("Asia/Shanghai"))


def decorated(path: Path) -> Path:
    """A book with all that a careless program loses, and our three tabs."""
    with xlsxwriter.Workbook(str(path)) as book:
        orders = book.add_worksheet("维修单")
        orders.write_row(0, 0, ["单号", "状态", "数量", "小计"])
        for row in range(1, 6):
            orders.write_string(row, 0, f"WX-{row:05}")
            orders.write_formula(
                row, 1, f'=IFERROR(VLOOKUP(A{row + 1},_状态!$A$1:$B$9,2,FALSE),"")&T(NOW())', None, "旧"
            )
            orders.write_number(row, 2, row)
            orders.write_formula(row, 3, f"=C{row + 1}*2", None, row * 2)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=维修单!$C$2:$C$6"})
        orders.insert_chart("F2", chart)
        orders.add_sparkline("E2", {"range": "维修单!C2:C6"})
        orders.insert_textbox("F20", "值班电话见公告")
        orders.write_comment("A2", "客户催过一次")
        orders.conditional_format("C2:C6", {"type": "data_bar", "data_bar_2010": True})
        orders.data_validation("C2:C6", {"validate": "integer", "criteria": ">", "value": 0})
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
        for title in ("_状态", "_问题", "_同步"):
            ours = book.add_worksheet(title)
            ours.set_column(0, 1, 30)
            ours.freeze_panes(1, 0)
            ours.write_row(0, 0, ["key", "text"], bold)
            ours.write_row(1, 0, ["x", "y"], wrapped)
            ours.conditional_format("B2:B9", {"type": "text", "criteria": "containing", "value": "超时"})
            if title != "_问题":
                ours.hide()
    return path
