"""Take new tabs into a workbook: their parts come behind all others, and four parts learn of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from sync.books.xlsx.donor import Given
from sync.books.xlsx.outline import Edit, Element, edited, outline, put_child
from sync.books.xlsx.package import Package, damaged
from sync.books.xlsx.patch import recalculating
from sync.model import BookError

# The children of a workbook part in their order.
ORDER = (
    *("fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "functionGroups"),
    *("externalReferences", "definedNames", "calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr"),
    *("smartTagTypes", "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst"),
)
TYPES = "[Content_Types].xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.{}+xml"
VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"
STRICT = "http://purl.oclc.org/ooxml"


class Graft:
    """What *tabs* bring into the book of *package*: parts that are *added*, and *parts* that tell of them, by path.

    *book* is its workbook part as it is by now.
    """

    def __init__(self, package: Package, book: bytes, tabs: Sequence[Given]) -> None:
        self._package, self._tabs = package, tabs
        self._folder = posixpath.dirname(package.book)
        self._types: list[tuple[str, str]] = []  # path and kind of what needs a content type of its own
        self.added: dict[str, bytes] = {}
        self._paths = [self._sheet(tab) for tab in tabs]
        rels = posixpath.join(self._folder, "_rels", posixpath.basename(package.book) + ".rels")
        ids, related = self._related(package.part(rels))
        listed = recalculating(self._listed(book, ids))
        self.parts = {TYPES: self._typed(package.part(TYPES)), package.book: listed, rels: related}

    def _sheet(self, tab: Given) -> str:
        path = self._add("worksheets/sheet", ".xml", tab.sheet, "worksheet")
        if tab.notes:
            notes = self._add("comments", ".xml", tab.notes, "comments")
            drawing = self._add("drawings/vmlDrawing", ".vml", tab.drawing)
            related = re.sub(rb'"\.\./comments\d+\.xml"', f'"/{notes}"'.encode(), tab.related)
            related = re.sub(rb'"\.\./drawings/vmlDrawing\d+\.vml"', f'"/{drawing}"'.encode(), related)
            folder, name = posixpath.split(path)
            self.added[f"{folder}/_rels/{name}.rels"] = related
        return path

    def _add(self, stem: str, ending: str, content: bytes, kind: str = "") -> str:
        """The path of a new part, with the first number that is free."""
        number = 1
        while (path := posixpath.join(self._folder, f"{stem}{number}{ending}")) in self._package or path in self.added:
            number += 1
        self.added[path] = content
        if kind:
            self._types.append((path, kind))
        return path

    def _typed(self, part: bytes) -> bytes:
        """The content types with those of the new parts."""
        root, *known = outline(part)
        p = root.prefix
        lines = [
            f'<{p}Override PartName="/{path}" ContentType="{CONTENT.format(kind)}"/>' for path, kind in self._types
        ]
        drawn = any(path.endswith(".vml") for path in self.added)
        if drawn and not any(element.attributes.get("Extension", "").lower() == "vml" for element in known):
            lines.insert(0, f'<{p}Default Extension="vml" ContentType="{VML}"/>')
        return edited(part, [root.put_in("".join(lines).encode())])

    def _related(self, part: bytes) -> tuple[list[str], bytes]:
        """The ids of the new tabs, and what the workbook relates to, them included."""
        root, *known = outline(part)
        taken = {element.attributes.get("Id", "") for element in known}
        free = (f"rId{number}" for number in range(1, len(taken) + len(self._tabs) + 1))
        ids = [id_ for id_ in free if id_ not in taken][: len(self._tabs)]
        lines = (
            f'<{root.prefix}Relationship Id="{id_}" Type="{OFFICE}/worksheet" Target="/{path}"/>'
            for id_, path in zip(ids, self._paths, strict=True)
        )
        return ids, edited(part, [root.put_in("".join(lines).encode())])

    def _listed(self, part: bytes, ids: Sequence[str]) -> bytes:
        """The workbook part with the new tabs behind the others."""
        elements = outline(part)
        if any(value.startswith(STRICT) for value in elements[0].attributes.values()):
            raise _strict()
        sheets = _child(elements, "sheets")
        there = [element for element in elements if element.kind == "sheet"]
        if sheets is None or not there:
            raise damaged("no sheets")
        related = next(name for name in there[0].attributes if name.endswith(":id"))
        first = max(int(element.attributes.get("sheetId", "0")) for element in there) + 1
        lines = (
            f'<{elements[0].prefix}sheet name={quoteattr(tab.title)} sheetId="{number}"'
            + (' state="hidden"' if tab.hidden else "")
            + f' {related}="{id_}"/>'
            for number, (tab, id_) in enumerate(zip(self._tabs, ids, strict=True), first)
        )
        edits = [sheets.put_in("".join(lines).encode()), *_view(elements), *self._named(elements, len(there))]
        return edited(part, edits)

    def _named(self, elements: Sequence[Element], first: int) -> list[Edit]:
        """The names that belong to the new tabs, the first of which is the book's tab with the index *first*."""
        p = elements[0].prefix
        lines = "".join(
            f'<{p}definedName name="{name.name}" localSheetId="{place}"{name.hidden}>{name.area}</{p}definedName>'
            for place, tab in enumerate(self._tabs, first)
            for name in tab.names
        )
        section = _child(elements, "definedNames")
        if not lines:
            return []
        if section:
            return [section.put_in(lines.encode())]
        return [put_child(elements, ORDER, "definedNames", f"<{p}definedNames>{lines}</{p}definedNames>".encode())]


def filtering(part: bytes, tab: int, area: str) -> bytes:
    """The workbook *part* where the name of what is filtered in the book's *tab* (an index) says *area* (A2:D9)."""
    fixed = re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", area).encode()
    edits = []
    for element in outline(part):
        of_tab = element.attributes.get("localSheetId") == str(tab)
        if of_tab and element.attributes.get("name") == "_xlnm._FilterDatabase":
            start = part.rfind(b"!", element.opened, element.closed) + 1
            edits += [(start, element.closed, fixed)] if start else []
    return edited(part, edits)


def _view(elements: Sequence[Element]) -> list[Edit]:
    """The window that views of tabs belong to, in one of the few books that have none."""
    if _child(elements, "bookViews"):
        return []
    p = elements[0].prefix
    return [put_child(elements, ORDER, "bookViews", f"<{p}bookViews><{p}workbookView/></{p}bookViews>".encode())]


def _child(elements: Sequence[Element], kind: str) -> Element | None:
    return next((element for element in elements if element.depth == 1 and element.kind == kind), None)


def _strict() -> BookError:
    return BookError(
        "工作簿存成了“严格的 Open XML”格式，加不了标签页；请用 Excel 另存为普通的“Excel 工作簿（.xlsx）”。",
        "The workbook is in the Strict Open XML format and takes no new tabs. Save it as Excel Workbook (.xlsx).",
    )
