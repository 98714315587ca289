"""What a night makes of its books, row by row in plain Python: slow, and easy to see that it is right.

It uses the readers of *sync.cells* for single cells and nothing else of the program's own way of working.
"""

import itertools
import re
from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.cells import READERS, clean, fold
from sync.cells.phone import one as phone_number
from sync.model import EMPTY, UNREADABLE, VALUE, Cell, Raw, Reason
from sync.schema import heading

MISSING = Cell(UNREADABLE)  # the tab has no such column
NUMBERS = {"integer", "number", "money", "duration"}


class Row:
    """One row of a sheet: its cells as read, by field."""

    def __init__(self, register, place, key):
        self.register, self.place, self.key_field = register, place, key
        self.cells, self.texts, self.columns = {}, {}, {}
        self.errors = False

    def state(self, name):
        return self.cells[name].state

    def value(self, name):
        return self.cells[name].value

    @property
    def key(self):
        return None if self.value(self.key_field) is None else str(self.value(self.key_field))

    @property
    def says(self):
        for name, cell in self.cells.items():
            if cell is MISSING or cell.state == EMPTY:
                continue
            if name != self.key_field or cell.state == UNREADABLE:
                return True
        return False

    @property
    def kind(self):
        if self.says:
            return "used"
        return "blank" if self.key is None else "unused"

    @property
    def shown_kind(self):
        return "bad" if self.kind == "used" and self.errors else self.kind

    @property
    def void(self):
        return "void" in self.cells and self.value("void") is True


class Night:
    """Everything that *validate* says: rows by register, problems, the account of rows, broken tabs."""

    def __init__(self, books, schema, settings, now):
        self.books, self.schema, self.settings, self.now = books, schema, settings, now
        self.rows = {}
        self.problems = []
        self.broken = []
        self.headers = {}  # (register, book, tab) → {column: (title, letter)}
        for register in schema.registers.values():
            self.read_register(register)
        for name, rows in self.rows.items():
            self.follow(schema.registers[name], rows)
        for name, rows in self.rows.items():
            self.check(schema.registers[name], rows)

    # ------------------------------------------------------------ headers

    def read_register(self, register):
        for source in register.tabs:
            grid = self.books[source.book].get(source.tab)
            if grid is None:
                self.tell_tab(register, source, "tab-missing", "error")
                self.broken.append((source.book, source.tab, register.name))
                continue
            at, header, stop = self.columns(register, source, grid)
            if stop:
                self.broken.append((source.book, source.tab, register.name))
                continue
            rows = self.rows.setdefault(register.name, [])
            last = max((n for n, line in enumerate(grid) if any(cell.tag != " " for cell in line)), default=-1)
            for number in range(header + 1, last + 1):
                rows.append(self.read_row(register, source, at, grid[number], number + 1))

    def columns(self, register, source, grid):
        """Where each column stands (None: nowhere; "": in its date's column), the header row, and whether to stop."""
        known = {heading(word) for column in register.columns for word in words_of(column)}
        hits = [sum(word in known for word in {heading(cell.text) for cell in line}) for line in grid[:10]]
        header = hits.index(max(hits))
        titles = [heading(cell.text) for cell in grid[header]]
        at, stop = {}, False
        for column in register.columns:
            places = []
            for names in (column.titles, column.aliases, column.whole):
                if not places:
                    places = [n for n, title in enumerate(titles) if title in {heading(name) for name in names}]
            if column.part == "time":
                date = at.get(f"{column.field.name}__date")
                field = column.field
                whole = {heading(w) for w in (field.title.zh, field.title.en, *field.aliases, field.name)}
                if isinstance(date, int) and (date in places or (not places and titles[date] in whole)):
                    at[column.name] = ""
                    continue
            if len(places) == 1:
                at[column.name] = places[0]
                continue
            at[column.name] = None
            needed = (column.field.constraints.required and column.part != "time") or column.name == register.primaryKey
            stop = stop or needed
            letters = "、".join(letter(place) for place in places)
            code, severity = "header-double" if places else "header-missing", "error" if needed else "warning"
            self.problems.append((code, severity, register.name, source.book, source.tab, header + 1,
                                  column.field.name, column.titles[0], letters, ""))  # fmt: skip
        self.headers[register.name, source.book, source.tab] = {
            name: (grid[header][n].text.strip(), letter(n)) if isinstance(n, int) else ("", "")
            for name, n in at.items()
        }
        return at, header, stop

    # ------------------------------------------------------------ cells

    def read_row(self, register, source, at, line, number):
        row = Row(register.name, (source.book, source.tab, number), register.primaryKey)
        for field in register.fields:
            columns = [column for column in register.columns if column.field is field]
            raws = [self.raw(at[column.name], line) for column in columns]
            parts = [raw.text if raw else "" for raw in raws]
            row.texts[field.name] = " ".join(parts).strip(" ") if len(parts) == 2 else parts[0]
            row.columns[field.name] = columns[0].name
            if None in raws:
                row.cells[field.name] = MISSING
                continue
            cell, part = self.moment(field, *raws) if len(raws) == 2 else (self.read(field, raws[0]), 0)
            if field.past and isinstance(cell.value, datetime) and cell.value > self.now:
                cell = Cell(UNREADABLE, None, Reason("date-future"))
            row.cells[field.name] = cell
            if cell.reason:
                self.tell(row, field, cell.reason.code, "error", columns[part].name, raws[part].text)
            for warning in cell.warnings:
                self.tell(row, field, warning.code, "warning", columns[part].name, raws[part].text)
        return row

    def raw(self, place, line):
        if place is None:
            return None
        return line[place] if isinstance(place, int) and place < len(line) else Raw("", " ")

    def read(self, field, raw, kind=None):
        return READERS[kind or field.reads_as](raw, field, self.settings)

    def moment(self, field, date, time):  # noqa: PLR0911 - one answer a line
        """A date cell and a time cell as one moment, and which of them is wrong."""
        day, clock = self.read(field, date, "datetime"), self.read(field, time, "time")
        if day.state == UNREADABLE:
            return day, 0
        if clock.state == UNREADABLE:
            return clock, 1
        if day.state == EMPTY and clock.state == EMPTY:
            return Cell(EMPTY), 0
        if day.state == EMPTY:
            return Cell(UNREADABLE, None, Reason("date-missing")), 0
        has_time = day.value.time() != datetime.min.time() or re.search("[:：点时Tt]", date.text)
        if clock.state == EMPTY:
            return (day, 0) if has_time else (Cell(UNREADABLE, None, Reason("time-missing")), 1)
        if has_time:
            return Cell(UNREADABLE, None, Reason("time-doubled")), 1
        at = day.value + timedelta(seconds=clock.value)
        if not exists(at, self.settings.zone):
            return Cell(UNREADABLE, None, Reason("time-skipped")), 1
        warnings = [*day.warnings, *clock.warnings]
        if twice(at, self.settings.zone):
            warnings.append(Reason("time-twice"))
        if at.year >= 2050 and Reason("date-far") not in warnings:
            warnings.append(Reason("date-far"))
        return Cell(VALUE, at, None, tuple(warnings)), 0

    # ------------------------------------------------------------ rows of other registers

    def follow(self, register, rows):
        for field in register.fields:
            if field.foreign not in self.rows:
                continue
            broken = any(name == field.foreign for _, _, name in self.broken)
            for row in rows:
                if row.state(field.name) != VALUE:
                    continue
                typed = row.value(field.name)
                found = self.found(self.schema.registers[field.foreign], typed)
                if len(found) == 1:
                    row.cells[field.name] = Cell(VALUE, found.pop())
                elif found:
                    self.tell(row, field, "reference-ambiguous", "error", field.name, row.texts[field.name])
                elif not broken:
                    task = field.unknown == "task"
                    self.tell(row, field, "reference-to-add" if task else "reference-unknown",
                              "task" if task else "error", field.name, row.texts[field.name])  # fmt: skip

    def found(self, register, typed):
        """The keys of the rows of *register* that *typed* may mean."""
        number = phone_number(clean(typed)) if re.fullmatch(r"[-+() .0-9]{7,}", clean(typed)) else None
        for wanted in (fold(typed), number):
            keys = {row.key for row in self.rows[register.name]
                    if wanted and row.key and row.kind == "used" and wanted in names_of(register, row)}  # fmt: skip
            if keys:
                return keys
        return set()

    # ------------------------------------------------------------ checks

    def check(self, register, rows):
        for row in rows:
            self.check_row(register, row)
        for field in register.fields:
            if field.constraints.unique or field.name == register.primaryKey:
                self.check_unique(register, field, rows)
        self.check_series(register, rows)
        for name in register.dragged:
            self.check_dragged(register.by_name[name], rows)

    def check_row(self, register, row):  # noqa: C901, PLR0912 - every rule once, in a row
        live = row.kind == "used" and not row.void
        for field in register.fields:
            name, rules = field.name, field.constraints
            if row.kind == "used" and name == register.primaryKey and row.state(name) == EMPTY:
                self.tell(row, field, "id-missing", "error")
            elif live and row.state(name) == EMPTY and name != register.primaryKey:
                if rules.required:
                    self.tell(row, field, "required-empty", "error")
                elif field.required_when and all(wanted(row, *pair) for pair in field.required_when.items()):
                    self.tell(row, field, "required-when-empty", "error")
            if row.kind != "used" or row.state(name) != VALUE:
                continue
            value = row.value(name)
            if rules.pattern and not re.fullmatch(rules.pattern, str(value)):
                self.tell(row, field, "pattern-mismatch", "error", field.name)
            low, high = (limit(field, bound) for bound in (rules.minimum, rules.maximum))
            if low is not None and value < low:
                self.tell(row, field, "below-minimum", "error", field.name)
            if high is not None and value > high:
                self.tell(row, field, "above-maximum", "error", field.name)
        if row.void and "void_reason" in row.cells and row.state("void_reason") == EMPTY:
            self.tell(row, register.by_name["void_reason"], "void-reason-missing", "warning")
        for text in register.checks:
            left, op, right = text.split()
            if live and row.state(left) == row.state(right) == VALUE:
                a, b = row.value(left), row.value(right)
                if not {"<": a < b, "<=": a <= b, "=": a == b, ">=": a >= b, ">": a > b}[op]:
                    self.tell(row, register.by_name[left], "order-wrong", "error")

    def check_unique(self, register, field, rows):
        key = field.name == register.primaryKey
        same = defaultdict(list)
        for row in rows:
            if row.kind != "blank" and row.state(field.name) == VALUE and (key or not row.void):
                same[str(row.value(field.name)).lower()].append(row)
        for several in same.values():
            for row in several if len(several) > 1 else ():
                self.tell(row, field, "id-duplicate" if key else "value-duplicate", "error", field.name)

    def check_series(self, register, rows):
        if not register.series:
            return
        field = register.by_name[register.primaryKey]
        numbers = defaultdict(list)
        for row in rows:
            if row.key and row.kind != "blank" and re.fullmatch(field.constraints.pattern, row.key):
                start, _, number = row.key.rpartition("-")
                numbers[start].append((int(number), row.place[2], row))
        for found in numbers.values():
            found.sort(key=lambda one: one[:2])
            for (before, _, _), (number, _, row) in itertools.pairwise(found):
                if number - before > 1:
                    self.tell(row, field, "series-gap", "warning", field.name)

    def check_dragged(self, field, rows):
        by_tab = defaultdict(list)
        for row in rows:
            value = row.value(field.name) or ""
            plain = re.fullmatch(r"\+?[0-9]{8,15}", value)
            by_tab[row.place[:2]].append((row, int(value[-8:]) if plain else None))
        for several in by_tab.values():
            for start in range(len(several) - 2):
                (_, a), (_, b), (_, c) = several[start : start + 3]
                if None not in (a, b, c) and (b - a, c - b) == (1, 1):
                    for row, _ in several[start : start + 3]:
                        self.tell(row, field, "phone-dragged", "warning", field.name)

    # ------------------------------------------------------------ what was said

    def tell(self, row, field, code, severity, column=None, value=None):
        book, tab, number = row.place
        column = column or row.columns[field.name]
        header, place = self.headers[row.register, book, tab][column]
        row.errors = row.errors or severity == "error"
        text = row.texts[field.name] if value is None else value
        line = (code, severity, row.register, book, tab, number, field.name, header, place, text)
        if line not in self.problems:  # a row in two runs of dragged numbers is told once
            self.problems.append(line)

    def tell_tab(self, register, source, code, severity):
        self.problems.append((code, severity, register.name, source.book, source.tab, None, "", "", "", source.tab))

    def count(self, register):
        """(pulled, shown, bad, unused, blank)."""
        kinds = [row.shown_kind for row in self.rows[register]]
        return (len(kinds), *(kinds.count(kind) for kind in ("used", "bad", "unused", "blank")))


def words_of(column):
    return (*column.titles, *column.aliases, *column.whole)


def letter(index):
    return chr(65 + index)  # the sheets of these tests are narrow


def names_of(register, row):
    words = {fold(row.key)}
    for name in register.found_by.fields:
        words.add(fold(str(row.value(name) or "")))
    for name in register.found_by.lists:
        value = str(row.value(name) or "")
        words |= {fold(word) for word in (value, *re.split(r"[、,，;；/|\n]+", value))}
    return words


def wanted(row, name, value):
    if row.state(name) != VALUE:
        return value is False
    if isinstance(value, bool):
        return (row.value(name) if isinstance(row.value(name), bool) else True) is value
    return row.value(name) in (value if isinstance(value, list) else [value])


def limit(field, bound):
    return datetime.fromisoformat(bound) if isinstance(bound, str) and field.reads_as not in NUMBERS else bound


def exists(at, zone: ZoneInfo):
    """Whether the clocks of *zone* ever show *at*."""
    utc = ZoneInfo("UTC")
    return at.replace(tzinfo=zone).astimezone(utc).astimezone(zone).replace(tzinfo=None) == at


def twice(at, zone: ZoneInfo):
    return at.replace(tzinfo=zone, fold=0).utcoffset() != at.replace(tzinfo=zone, fold=1).utcoffset()
