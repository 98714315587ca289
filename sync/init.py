"""Make the workbooks that staff type into, and a new department folder around them."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from sync.model import (
    PROBLEM_TAB,
    STATUS_HEADER,
    STATUS_TAB,
    SYNC_TAB,
    SYSTEM_HEADERS,
    DeclarationError,
    ErrorCell,
    Formula,
    Merge,
)
from sync.schema import VOID, Band, Column, Register, Schema, Words
from sync.settings import FILE

Rows = Mapping[str, Sequence[Mapping[str, object]]]

FIRST = 2  # index of the first row of data: bands stand in row 1, headers in row 2
GROWTH = 200  # numbers written ahead in a desk register
SPARE = 300  # empty rows that already have their status formula and drop-downs
STATUS_END = 100_001  # last row of the hidden tab that the look-up sees
WAITING = "待同步"

TEXT = "@"
FORMATS: Mapping[str, str] = {
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "time": "hh:mm",
    "money": "0.00",
    "integer": "0",
    "number": "General",
}
MOMENTS = frozenset(FORMATS[kind] for kind in ("date", "datetime", "time"))
WIDTHS: Mapping[str, int] = {
    "id": 14,
    "date": 12,
    "datetime": 17,
    "time": 8,
    "money": 11,
    "integer": 9,
    "number": 9,
    "boolean": 8,
    "phone": 16,
    "choice": 13,
    "choices": 16,
    "month": 10,
    "duration": 10,
}
# A band's light fill for its label, and the stronger one for its headers.
PALETTE = (
    ("#DCE9F7", "#BCD5EF"),
    ("#FFF1D3", "#FFE09E"),
    ("#E1F0DB", "#C3E0B6"),
    ("#EEE5F6", "#D9C7EA"),
    ("#DDF1F0", "#B7DFDD"),
    ("#F7E6DF", "#EBC9BB"),
)
VOID_FILLS = ("#EDEDED", "#D6D6D6")
# Colours of a status, with the states that wear them; the words and the shape say the same without colour.
COLOURS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("#FBD9D5", "#9C1C12", ("overdue", "missed", "negative")),
    ("#FFE5C2", "#8A4B00", ("due_soon", "low", "below", "repeat")),
    ("#E9E0F5", "#5B2E8C", ("gap", "double", "void_without_reason", "not_returned", "missing", "out_of_order")),
    ("#EDEDED", "#5F5F5F", ("on_hold", "not_judged", "waived")),
    ("#FFFFFF", "#2F6B2F", ("met", "ok")),
)
FAULTY = "数据有误"
LINKED: Mapping[str, object] = {"font_color": "#1155CC", "underline": 1}

# ---------------------------------------------------------------- what staff read

HOW: Mapping[str, list[str]] = {
    "date": ["写四位年份，如 2026-11-22；按 Ctrl+; 填今天。", "Four-digit year, like 2026-11-22; Ctrl+; is today."],
    "datetime": ["日期和时间都写，如 2026-11-22 09:30。", "Date and time, like 2026-11-22 09:30."],
    "time": ["24 小时制，如 09:30；按 Ctrl+Shift+; 填现在。", "24 hours, like 09:30; Ctrl+Shift+; is now."],
    "money": ["单位：元，只写数字。", "In yuan, digits only."],
    "integer": ["只写整数，单位写在别处。", "A whole number, without its unit."],
    "boolean": ["写 是 或 否；不知道就空着。", "是 (yes) or 否 (no); leave empty when unknown."],
    "phone": ["一格一个号码，座机带区号。", "One number a cell, landlines with their area code."],
    "month": ["如 2026-11。", "Like 2026-11."],
    "choices": ["可以写几个，用、隔开。", "Several may stand here, divided by 、"],
}
STATUS_NOTE = """这一列由系统每晚填，不用手写，也不要改公式。
● 要马上处理　▲ 快到期　√ 没问题　待同步：今晚过后才有结果。
上面一格写着结果截至什么时候；变灰就是今天还没有更新。
Filled every night; do not type here. The cell above says as of when; grey means not updated today."""
PROBLEM_WORDS = (
    "系统每晚列出看不懂或对不上的格子：在哪里、怎么改。改完原来那一格就行，这里第二天自己更新。",
    "Each night's list of cells that could not be read or do not agree. Mend the cell itself; the list renews itself.",
)
HOUSE_RULES: tuple[tuple[str, str, str], ...] = (
    (
        "不删行",
        "写错的行不要删，在“作废”写 是 并写明原因；号码留着不再用。",
        "Never delete a row: write 是 under 作废 and say why. Its number is not used again.",
    ),
    (
        "一行一件事",
        "从上往下写，不合并单元格，不写“同上”。中间空行没关系。",
        "One row, one matter, from the top down; no merged cells, no “ditto”. Blank rows do no harm.",
    ),
    (
        "日期和时间",
        "Ctrl+; 填今天，Ctrl+Shift+; 填现在。手写就写 2026-11-22 和 09:30。",
        "Ctrl+; writes today, Ctrl+Shift+; the time. By hand: 2026-11-22 and 09:30.",
    ),
    (
        "号码已写好",
        "灰底表头下第一列已有号码的，接着用下一个，不用自己编。没用到的号码不算错。",
        "Where the first column has numbers already, take the next one. Unused numbers are no mistake.",
    ),
    (
        "先写前几栏",
        "接电话时只填第一段颜色的几栏，其余派出时、回来后再补。",
        "On the phone fill the first colour only; the rest follows when somebody is sent and when they are back.",
    ),
    (
        "系统状态",
        "第二列每晚由系统填：红色超时，橙色快到期，黄色数据有误，灰色暂时判断不了，待同步是还没轮到。",
        "The second column is filled nightly: red overdue, orange due soon, yellow wrong data, grey not judged.",
    ),
    (
        "可以加列",
        "需要自己的列就加在最右边，系统不会动它。表头的名字请不要改。",
        "Add columns of your own at the far right; nothing touches them. Please keep the headers' names.",
    ),
    (
        "关一次表",
        "下班前保存并关闭，系统夜里才写得进结果；一直开着时请看同一文件夹的“今日待办”。",
        "Save and close before you go, so that results can be written; else see 今日待办 in the same folder.",
    ),
)
OTHERWISE: Mapping[str, object] = {
    "error_title": "不在列表里",
    "error_message": "列表里没有这个写法。确定要这样写就选“是”。\nNot in the list; keep it if you mean it.",
}
TYPE_DATE: Mapping[str, object] = {
    "input_title": "日期",
    "input_message": "如 2026-11-22；Ctrl+; 是今天",
    "error_title": "不像日期",
    "error_message": "请写四位年份，如 2026-11-22。\nPlease write it like 2026-11-22.",
}
TYPE_TIME: Mapping[str, object] = {
    "input_title": "时间",
    "input_message": "如 09:30；Ctrl+Shift+; 是现在",
    "error_title": "不像时间",
    "error_message": "请写 24 小时制，如 09:30。\nPlease write it like 09:30.",
}


# ---------------------------------------------------------------- the status of a row, as a formula


def status_formula(register: str, row: int, last: str) -> str:
    """The look-up that shows what the last run made of the sheet's *row*, whose columns end at the letter *last*.

    The hidden tab is sorted, so the quick approximate match finds the key, and an exact comparison confirms it.
    Tried in LibreOffice: keys in *status_order* are found, whatever the case; keys with `~ * ? ' ( _` between digits
    or full-width letters may be missed there, and then an exact match finds them (with its wildcards escaped).
    `T(NOW())` makes the formula work itself out at every opening, since a program trusts saved results.
    A row with nothing but its pre-written number shows nothing.
    """
    keys, texts = (f"'{STATUS_TAB}'!${letter}$2:${letter}${STATUS_END}" for letter in "AB")
    both = f"'{STATUS_TAB}'!$A$2:$B${STATUS_END}"
    key = f'"{register}|"&$A{row}'
    plain = f'SUBSTITUTE(SUBSTITUTE(SUBSTITUTE({key},"~","~~"),"*","~*"),"?","~?")'
    at = f"MATCH({plain},{keys},0)"
    slow = f'IFERROR(INDEX({texts},{at}/EXACT(INDEX({keys},{at}),{key})),"{WAITING}")'
    missed = f'IF(COUNTA($C{row}:${last}{row})=0,"",{slow})'
    quick = f"IF(IFERROR(EXACT(VLOOKUP({key},{keys},1),{key}),FALSE),VLOOKUP({key},{both},2),{missed})"
    return f'=IF($A{row}="","",{quick})&T(NOW())'


AS_OF = f'=IF(\'{SYNC_TAB}\'!$B$2="","截至 —","截至 "&TEXT(\'{SYNC_TAB}\'!$B$2,"mm-dd hh:mm"))&T(NOW())'


# ---------------------------------------------------------------- a book


def write_book(
    path: Path,
    registers: Sequence[Register],
    rows: Rows,
    *,
    made_at: datetime,
    states: Mapping[str, str],
    title: Words,
    headers: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Write a new workbook with a tab for each of *registers*, filled with *rows*.

    *rows* holds, by register, what stands in the named columns; a name that no column has becomes a column at the
    right, as staff add them. *states* gives the words a status opens with, by state. *headers* gives, by register,
    column and header, the columns that staff renamed; they stand behind the others.
    The same input gives the same bytes.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"title": title.zh, "created": made_at})
        book.set_calc_mode("auto")
        sheets = _Sheets(book, registers, states, made_at)
        sheets.guide(title)
        for register in registers:
            sheets.tab(register, rows.get(register.name, ()), (headers or {}).get(register.name, {}))
        sheets.system_tabs()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.getvalue())
    part.replace(path)


class _Filled(str):
    """A formula that is filled down *area*, as it stands in the first row."""

    __slots__ = ("area",)
    area: str


class _Tab(Worksheet):  # type: ignore[misc]
    """A tab whose formulas are written as they are, and those that are filled down only once."""

    def fill_down(self, first: int, last: int, column: int, formula: str, look: Any) -> None:
        """*formula*, written for the row with index *first*, in all rows to *last*.

        Stored once: 20,000 rows open in LibreOffice a second later than without it, and not six.
        """
        filled = _Filled(formula.removeprefix("="))
        filled.area = xl_range(first, column, last, column)
        for row in range(first, last + 1):
            self.write_formula(row, column, filled, look, "")

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002
        # Ours use no function newer than 2007; looking for forty newer names in each took most of the time.
        return formula if isinstance(formula, _Filled) else formula.removeprefix("=")

    def _xml_formula_element(self, formula: str, result: object, attributes: Sequence[tuple[str, object]] = ()) -> None:
        if not isinstance(formula, _Filled):
            super()._xml_formula_element(formula, result, attributes)
            return
        place = "".join(f' {name}="{value}"' for name, value in attributes)
        first = formula.area.split(":")[0] == dict(attributes)["r"]
        stored = f' ref="{formula.area}" si="0">{escape(formula)}</f>' if first else ' si="0"/>'
        self.fh.write(f'<c{place}><f t="shared"{stored}<v></v></c>')


class _Sheets:
    """The tabs of one book while it is written: formats are made once and shared."""

    def __init__(self, book: Any, registers: Sequence[Register], states: Mapping[str, str], made_at: datetime) -> None:
        self.book = book
        self.registers = {register.name: register for register in registers}
        self.states = states
        self.made_at = made_at
        self.formats: dict[tuple[tuple[str, object], ...], Any] = {}

    def format(self, **properties: object) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format({"font_name": "宋体", "font_size": 11, **properties})
        return self.formats[key]

    def cell(self, column: Column | None, value: object = None) -> Any:
        """The format of a cell of *column*; moments stand in the middle, clear of their neighbours."""
        shown = number_format(column, value)
        return self.format(num_format=shown, align="center" if shown in MOMENTS else "")

    # ------------------------------------------------------------ a register's tab

    def tab(self, register: Register, rows: Sequence[Mapping[str, object]], renamed: Mapping[str, str]) -> None:
        sheet = self.book.add_worksheet(tab_title(register), _Tab)
        columns = [column for column in register.columns if column.name not in renamed]
        columns += [column for column in register.columns if column.name in renamed]
        places = {column.name: place + (place > 0) for place, column in enumerate(columns)}  # B is the status
        own = dict.fromkeys(name for row in rows for name in row if name not in places)
        places |= {name: len(columns) + 1 + extra for extra, name in enumerate(own)}
        self._heads(sheet, register, columns, renamed)
        for name in own:
            sheet.write_string(1, places[name], name, self.format(bold=True))
        rows = [*rows, *_written_ahead(register, rows, self.made_at)]
        end = max(len(rows) + SPARE, SPARE) + FIRST - 1
        kinds = {column.name: column for column in columns}
        for index, row in enumerate(rows, FIRST):
            for name, value in row.items():
                _put(sheet, index, places[name], value, self.cell(kinds.get(name), value))
        self._status(sheet, register, end, places)
        for column in columns:
            self._choices(sheet, column, places[column.name], end)
        sheet.freeze_panes(FIRST, 2)
        sheet.autofilter(1, 0, end, len(columns))
        _paper(sheet)

    def _heads(self, sheet: Any, register: Register, columns: Sequence[Column], renamed: Mapping[str, str]) -> None:
        """Row 1 says which columns are filled together, row 2 carries the headers with their notes."""
        fills, labelled = _fills(register), set[str]()
        sheet.set_row(0, 20)
        sheet.set_row(1, 32)
        for place, column in enumerate(columns):
            light, strong = fills.get(column.field.band, PALETTE[0])
            at = place + (place > 0)
            band = _band(register, column.field.band)
            label = f"{band.title.zh}  {band.title.en}" if band and band.name not in labelled and at > 1 else ""
            if at == 0:
                label = register.title.zh
            elif band:
                labelled.add(band.name)
            text = renamed.get(column.name, column.titles[0])
            needed = column.field.constraints.required
            sheet.set_column(at, at, _width(column, text), self.cell(column))
            _put(sheet, 0, at, label, self.format(bold=True, bg_color=light, font_color="#44546A"))
            head = self.format(
                bold=True,
                bg_color=strong,
                text_wrap=True,
                valign="vcenter",
                bottom=1,
                font_color="#9C1C12" if needed else "#1F2D3D",
            )
            sheet.write_string(1, at, text, head)
            sheet.write_comment(1, at, note(column), {"x_scale": 2.1, "y_scale": 1.5, "font_size": 9})

    def _status(self, sheet: Any, register: Register, end: int, places: Mapping[str, int]) -> None:
        """The second column: what the last run made of the row, and as of when."""
        light, strong = "#F2F2F2", "#D9E1E8"
        plain = self.format(font_size=10)
        sheet.set_column(1, 1, 32, plain)
        sheet.write_formula(0, 1, AS_OF, self.format(font_size=9, bg_color=light, font_color="#1F5E2E"), "")
        stale = {"type": "formula", "criteria": '=LEFT($B$1,8)<>"截至 "&TEXT(TODAY(),"mm-dd")'}
        sheet.conditional_format(0, 1, 0, 1, {**stale, "format": self._look("#D9D9D9", "#7F7F7F")})
        head = self.format(bold=True, bg_color=strong, text_wrap=True, valign="vcenter", bottom=1)
        sheet.write_string(1, 1, STATUS_HEADER, head)
        sheet.write_comment(1, 1, STATUS_NOTE, {"x_scale": 2.1, "y_scale": 1.5, "font_size": 9})
        last = xl_col_to_name(max(places.values()))
        sheet.fill_down(FIRST, end, 1, status_formula(register.name, FIRST + 1, last), plain)
        void = places.get(VOID)
        if void is not None:
            rule = {"type": "formula", "criteria": f'=OR(${xl_col_to_name(void)}3="是",${xl_col_to_name(void)}3=TRUE)'}
            look = self.book.add_format({"font_color": "#8C8C8C", "font_strikeout": True})
            sheet.conditional_format(FIRST, 0, end, max(places.values()), {**rule, "format": look})
        for fill, ink, starts in self._colours():
            test = ",".join(f'LEFT($B3,{len(start)})="{start}"' for start in starts)
            rule = {"type": "formula", "criteria": f"=OR({test})", "format": self._look(fill, ink)}
            sheet.conditional_format(FIRST, 1, end, 1, rule)

    def _colours(self) -> list[tuple[str, str, list[str]]]:
        """Fill, ink and the words that open a status of that colour."""
        found = [(fill, ink, [self.states[state] for state in states]) for fill, ink, states in COLOURS]
        faulty = [FAULTY, *(f"{shape} {FAULTY}" for shape in sorted({text[0] for text in self.states.values()}))]
        return [*found, ("#FFF4B8", "#6B5600", faulty), ("#FFFFFF", "#8C8C8C", [WAITING])]

    def _look(self, fill: str, ink: str) -> Any:
        return self.book.add_format({"bg_color": fill, "font_color": ink})

    def _choices(self, sheet: Any, column: Column, at: int, end: int) -> None:
        """Drop-downs and gentle warnings: they help to type, and never forbid what a person means."""
        rule = _validation(column, self.registers)
        if rule:
            sheet.data_validation(FIRST, at, end, at, {"error_type": "warning", **rule})

    # ------------------------------------------------------------ the other tabs

    def guide(self, title: Words) -> None:
        """The first tab: what this book is, and where to write what."""
        sheet = self.book.add_worksheet("说明")
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, 2, 62)
        sheet.set_row(0, 30)
        sheet.write_string(0, 0, title.zh, self.format(bold=True, font_size=18, font_color="#1F3A5F"))
        sheet.write_string(1, 0, title.en, self.format(font_size=11, font_color="#5F6B7A"))
        head = self.format(bold=True, bg_color="#BCD5EF", valign="vcenter", bottom=1)
        text = self.format(text_wrap=True, valign="top")
        link = self.format(valign="top", **LINKED)
        self._line(sheet, 3, ("表", "写什么", "What goes there"), head)
        row = 4
        for register in self.registers.values():
            tab, words = tab_title(register), register.help or register.title
            sheet.set_row(row, 32)
            self._line(sheet, row, ("", words.zh, words.en), text)
            sheet.write_url(row, 0, f"internal:'{tab}'!A{FIRST + 1}", link, tab)
            row += 1
        sheet.set_row(row, 32)
        self._line(sheet, row, ("", *PROBLEM_WORDS), text)
        sheet.write_url(row, 0, f"internal:'{PROBLEM_TAB}'!A2", link, PROBLEM_TAB)
        self._line(sheet, row + 2, ("规矩", "", "House rules"), head)
        for at, (short, zh, en) in enumerate(HOUSE_RULES, row + 3):
            sheet.set_row(at, 34)
            self._line(sheet, at, (short, zh, en), text)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 1)

    def _line(self, sheet: Any, row: int, texts: Sequence[str], look: Any) -> None:
        for place, text in enumerate(texts):
            sheet.write_string(row, place, text, look)

    def system_tabs(self) -> None:
        """Ours alone: rewritten whole by every run that has something new to say."""
        head = self.format(bold=True, bg_color="#D9E1E8", bottom=1)
        for tab, titles in SYSTEM_HEADERS.items():
            sheet = self.book.add_worksheet(tab)
            self._line(sheet, 0, titles, head)
            sheet.freeze_panes(1, 0)
            if tab != PROBLEM_TAB:
                sheet.hide()
                sheet.set_column(0, len(titles) - 1, 24)
                continue
            for place, width in enumerate((14, 10, 84, 18, 12, 22)):
                look = LINKED if place == len(titles) - 1 else {}
                sheet.set_column(place, place, width, self.format(text_wrap=True, valign="top", **look))
            _paper(sheet)


# ---------------------------------------------------------------- what a column is like


def tab_title(register: Register) -> str:
    """The tab of *register* that staff write into."""
    return register.tabs[0].tab


def number_format(column: Column | None, value: object = None) -> str:
    """How the cells of *column* are formatted, so that what is typed stays what was meant.

    A date where none is meant brings its own format, as it does when people type it.
    """
    usual = "General" if column is None else FORMATS.get("date" if column.part == "date" else column.kind, TEXT)
    return FORMATS["date"] if isinstance(value, dt.date) and "y" not in usual else usual


def note(column: Column) -> str:
    """What a header says about its column: Chinese first, English beside it."""
    field = column.field
    lines = [field.help.zh, field.help.en] if field.help else [" / ".join(column.titles)]
    kind = "date" if column.part == "date" else column.kind
    if kind in HOW:
        lines += HOW[kind]
    if field.choices:
        lines.append("可选：" + "、".join(choice.title.zh for choice in field.choices))
        lines.append("One of: " + ", ".join(choice.title.en for choice in field.choices))
    if field.constraints.required:
        lines += ["必填。Required."]
    elif field.required_when:
        lines += ["做到这一步时必填。Required once the job has come this far."]
    if field.personal is True:
        lines += ["个人信息，不会上网页。Personal: never shown on the pages."]
    return "\n".join(lines)


def _width(column: Column, header: str) -> float:
    if column.field.width:
        return column.field.width
    shown = sum(2 if ord(char) > 0x2E80 else 1 for char in header)
    kind = "date" if column.part == "date" else column.kind
    return max(WIDTHS.get(kind, 18), min(shown + 4, 16))


def _fills(register: Register) -> dict[str, tuple[str, str]]:
    """The colours of each band; the last things anybody needs, the void columns, are grey."""
    bands = [band.name for band in register.bands if band.name != VOID]
    return {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(bands)} | {VOID: VOID_FILLS}


def _band(register: Register, name: str) -> Band | None:
    return next((band for band in register.bands if band.name == name), None)


def _validation(column: Column, registers: Mapping[str, Register]) -> dict[str, object]:
    """The drop-down or warning that helps to fill *column*, if any."""
    field = column.field
    if field.choices and column.kind == "choice":
        return _list([choice.title.zh for choice in field.choices])
    if column.kind == "boolean":
        return _list(["是", "否"])
    if field.foreign == "staff" and "staff" in registers:
        return {"validate": "list", "source": _names(registers["staff"]), **OTHERWISE}
    if column.kind in {"date", "datetime"}:
        return {"validate": "date", "criteria": ">=", "value": dt.date(2000, 1, 1), **TYPE_DATE}
    if column.kind == "time":
        return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1, **TYPE_TIME}
    return {}


def _list(titles: Sequence[str]) -> dict[str, object]:
    # A list inside the rule may have at most 255 characters.
    return {"validate": "list", "source": list(titles), **OTHERWISE} if len(",".join(titles)) <= 255 else {}


def _names(staff: Register) -> str:
    """The cells with the names that people are called by."""
    shown = staff.short_name or staff.primaryKey
    place = next(place for place, column in enumerate(staff.columns) if column.field.name == shown)
    letter = xl_col_to_name(place + (place > 0))
    return f"='{tab_title(staff)}'!${letter}${FIRST + 1}:${letter}${FIRST + 200}"


def _written_ahead(
    register: Register, rows: Sequence[Mapping[str, object]], made_at: datetime
) -> list[dict[str, object]]:
    """The next numbers of a desk register, one a row, so that nobody has to think of one."""
    if register.series is None:
        return []
    year = f"{made_at.year % 100:02}"
    before, after = re.split(r"\{n[^}]*\}", register.series)
    shape = re.compile(re.escape(before.format(yy=year)) + r"(\d+)" + re.escape(after.format(yy=year)))
    used = [int(found[1]) for row in rows if (found := shape.fullmatch(str(row.get(register.primaryKey, "")).strip()))]
    top = max(used, default=0)
    return [
        {register.primaryKey: register.series.format(yy=year, n=number)} for number in range(top + 1, top + 1 + GROWTH)
    ]


def _put(sheet: Any, row: int, column: int, value: object, look: Any) -> None:
    """Write *value* as what it is: text stays text, whatever it looks like."""
    match value:
        case None:
            return
        case Formula(text, saved):
            sheet.write_formula(row, column, text, look, "" if saved is None else saved)
        case ErrorCell(text):
            sheet.write_formula(row, column, f"={text}", look, text)
        case Merge(text, rows):
            sheet.merge_range(row, column, row + rows - 1, column, text, look)
        case bool():
            sheet.write_boolean(row, column, value, look)
        case int() | float():
            sheet.write_number(row, column, value, look)
        case dt.datetime() | dt.date() | dt.time():
            sheet.write_datetime(row, column, value, look)
        case "":
            sheet.write_blank(row, column, None, look)
        case _:
            sheet.write_string(row, column, str(value), look)


def _paper(sheet: Any) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(0.4, 0.4, 0.5, 0.5)
    sheet.repeat_rows(0, 1)
    sheet.repeat_columns(0, 1)
    sheet.print_across()


# ---------------------------------------------------------------- a department

BOOK_WORDS: Mapping[str, Words] = {
    "service": Words(zh="售后登记簿", en="After-sales registers"),
    "stores": Words(zh="库房台账", en="Stores ledger"),
}


def book_title(book: str) -> Words:
    """What a book is called: the name of its file, and of its first page."""
    return BOOK_WORDS.get(book, Words(zh=book, en=book))


def registers_of(schema: Schema, profile: str) -> dict[str, list[Register]]:
    """The registers that *profile* uses, by the book they live in, in the profile's order."""
    if profile not in schema.profiles:
        message = f"No profile “{profile}”. There are: {', '.join(sorted(schema.profiles))}"
        raise DeclarationError(message)
    books: dict[str, list[Register]] = {}
    for name in schema.profiles[profile].registers:
        register = schema.registers[name]
        books.setdefault(register.tabs[0].book, []).append(register)
    return books


def new_department(
    folder: Path, profile: str, schema: Schema, *, made_at: datetime, states: Mapping[str, str]
) -> list[Path]:
    """Make *folder* a department folder with empty books for *profile*; gives the files made, the settings first.

    Nothing that is there already is ever rewritten.
    """
    books = registers_of(schema, profile)
    paths = {book: folder / "books" / f"{book_title(book).zh}.xlsx" for book in books}
    for path in (folder / FILE, *paths.values()):
        if path.exists():
            message = f"{path} is there already and is never rewritten. Name another folder, or move it away first."
            raise DeclarationError(message)
    for book, registers in books.items():
        write_book(paths[book], registers, {}, made_at=made_at, states=states, title=book_title(book))
    settings = folder / FILE
    settings.write_text(_settings_text(profile, books, made_at), encoding="utf-8", newline="\n")
    return [settings, *paths.values()]


def _settings_text(profile: str, books: Mapping[str, object], made_at: datetime) -> str:
    places = "\n".join(f'{book}.path = "books/{book_title(book).zh}.xlsx"' for book in books)
    return f"""\
# 本部门的选择。改完先运行 servicebook check。密码之类不要写在这里。
# This department's choices. After a change run: servicebook check. Never put a secret here.

[department]
name.zh = "售后服务部"
name.en = "After-sales service"
profile = "{profile}"
# 工作地点的时区 / the workplace's time zone
time_zone = "Asia/Shanghai"
# 这一天以前的行只读不判 / rows from before this day are read, not judged
judge_from = {made_at:%Y-%m-%d}

# 表格在哪里，相对本文件夹 / where the books are, from this folder
[books]
{places}

# 自己的期限写在这里，没写的按随附的规定 / own figures; what is not written stays as shipped
# [promises.first_reply]
# limit = "20 min"
# due_soon = "5 min"

# 两次运行之间少了多少行要提醒、要停下 / how many rows may vanish between two runs
[gates]
warn_percent = 10
stop_percent = 20
"""
