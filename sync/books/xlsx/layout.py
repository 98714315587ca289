"""Find the places in a part that may be rewritten, in bytes, so that all the others stay."""

from __future__ import annotations

from sync.books.xlsx.markup import local, parser
from sync.books.xlsx.package import TRUE
from sync.books.xlsx.places import column_index

# What follows the links in a sheet part.
AFTER_LINKS = {
    *("printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties"),
    *("cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "picture"),
    *("oleObjects", "controls", "webPublishItems", "tableParts", "extLst"),
}
# What stands before calcPr in a workbook part.
BEFORE_CALC = {"sheets", "functionGroups", "externalReferences", "definedNames"}

WIDEST = 100  # columns of a tab of ours: the last <col> often reaches to the end of the sheet


class Layout:
    """Where a sheet part keeps its rows and its links, and how the rows look."""

    def __init__(self, part: bytes) -> None:
        self.prefix = ""
        self.rows = (0, 0)
        self.links: tuple[int, int] | None = None  # where they are, or belong
        self.dimension: int | None = None
        self.attributes: dict[int, dict[str, str]] = {}  # of row 1 and 2
        self.styles: dict[int, dict[int, str]] = {1: {}, 2: {}}  # of their cells, by column
        self.columns: list[tuple[int, int, str]] = []  # first, last, style
        self.widths: dict[int, float] = {}  # by column
        self.formulas = False
        self.utf8 = part[:2] not in {b"\xff\xfe", b"\xfe\xff"}
        self._part, self._row, self._inside = part, 0, False
        self._reader = parser(self._start, self._end)
        self._reader.XmlDeclHandler = self._declared
        self._reader.Parse(part, True)  # noqa: FBT003

    def style(self, row: int, column: int) -> str:
        """The style of a cell: as in the first rows, else as its column."""
        found = self.styles[min(row, 2)].get(column)
        if found is None:
            found = next((style for first, last, style in self.columns if first <= column <= last), "")
        return found

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        self.utf8 = self.utf8 and (encoding or "utf-8").lower() == "utf-8"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._inside:
            self._row_or_cell(local(name), attributes)
            return
        match local(name):
            case "worksheet":
                self.prefix = name.removesuffix("worksheet")
            case "dimension":
                self.dimension = self._reader.CurrentByteIndex
            case "col":
                self._column(int(attributes["min"]) - 1, int(attributes["max"]) - 1, attributes)
            case "sheetData":
                self.rows = (self._reader.CurrentByteIndex, 0)
                self._inside = True
            case "hyperlinks":
                self.links = (self._reader.CurrentByteIndex, 0)
            case following if following in AFTER_LINKS and self.links is None:
                self.links = (self._reader.CurrentByteIndex,) * 2

    def _column(self, first: int, last: int, attributes: dict[str, str]) -> None:
        if "style" in attributes:
            self.columns.append((first, last, attributes["style"]))
        if "width" in attributes:
            self.widths |= dict.fromkeys(range(first, min(last, first + WIDEST) + 1), float(attributes["width"]))

    def _row_or_cell(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            if self._row <= 2:
                self.attributes[self._row] = attributes
        elif name == "c" and self._row <= 2 and "s" in attributes and "r" in attributes:
            self.styles[self._row][column_index(attributes["r"].rstrip("0123456789"))] = attributes["s"]
        elif name == "f":
            self.formulas = True

    def _end(self, name: str) -> None:
        at = self._reader.CurrentByteIndex
        match local(name):
            case "sheetData":
                self.rows = (self.rows[0], self._behind(name, at))
                self._inside = False
            case "hyperlinks" if self.links:
                self.links = (self.links[0], self._behind(name, at))
            case "worksheet" if self.links is None:
                self.links = (at, at)

    def _behind(self, name: str, at: int) -> int:
        """Where the element that ends here is over: expat stands at its closing tag, or already behind <name/>."""
        return self._part.index(b">", at) + 1 if self._part.startswith(f"</{name}".encode(), at) else at


class Calculation:
    """Where calcPr stands in a workbook part, or where it belongs."""

    def __init__(self, part: bytes) -> None:
        self.prefix = ""
        self.at: int | None = None
        self.after = 0
        self.wanted = False
        self._ended = False  # the element just closed stands before calcPr
        self._reader = parser(self._start, self._end)
        self._reader.Parse(part, True)  # noqa: FBT003

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._pass()
        if local(name) == "workbook":
            self.prefix = name.removesuffix("workbook")
        elif local(name) == "calcPr":
            self.at = self._reader.CurrentByteIndex
            self.wanted = attributes.get("fullCalcOnLoad", "") in TRUE

    def _end(self, name: str) -> None:
        self._pass()
        self._ended = local(name) in BEFORE_CALC

    def _pass(self) -> None:
        # expat tells where things begin: an element ends where the next event begins
        if self._ended:
            self.after, self._ended = self._reader.CurrentByteIndex, False
