"""Look into a workbook's zip: refuse what is no sound .xlsx, and find the parts of its tabs."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from sync.books.xlsx.markup import BLOCK, elements
from sync.model import BookError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Office files, and new ones behind a password
MOST_ENTRIES = 10_000
SMALL = 1 << 20  # below this size unpacked, no ratio is suspicious
MEGA = 1 << 20
TRUE = {"1", "true", "on"}


@dataclass(frozen=True, slots=True)
class Part:
    """A tab of cells: its title, its part in the zip, and whether people see it."""

    title: str
    path: str
    hidden: bool
    tab_id: str


class Package:
    """The parts of a workbook, by name in any case."""

    def __init__(self, data: bytes, unpacked_mb: int, ratio: int) -> None:
        _refuse_other_kinds(data)
        try:
            self.zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise cut_short() from error
        entries = self.zip.infolist()
        _refuse_bombs(entries, len(data), unpacked_mb, ratio)
        if any(entry.flag_bits & 1 for entry in entries):
            raise _password()
        self.names = {entry.filename.replace("\\", "/").lower(): entry.filename for entry in entries}
        if len(self.names) != len(entries):
            raise damaged("zip: a name twice")
        self.book = self._find_book()

    def __contains__(self, path: str) -> bool:
        return path.lower() in self.names

    def part(self, path: str) -> bytes:
        """The bytes of the part at *path*."""
        return b"".join(self.blocks(path))

    def blocks(self, path: str) -> Iterator[bytes]:
        """The bytes of the part at *path*, piece by piece."""
        name = self.names.get(path.lower())
        if name is None:
            raise damaged(f"no {path}")
        with self.zip.open(name) as stream:
            yield from iter(lambda: stream.read(BLOCK), b"")

    @cached_property
    def tabs(self) -> list[Part]:
        """The tabs of cells in their order; chart sheets are left out."""
        found = []
        for attributes in self._named("sheet"):
            kind, path = self._related.get(attributes.get("id", ""), ("", ""))
            if kind != "worksheet":
                continue
            hidden = attributes.get("state", "visible") != "visible"
            found.append(Part(attributes.get("name", ""), path, hidden, attributes.get("sheetId", "")))
        if not found:
            raise damaged("no tab")
        return found

    @cached_property
    def titles(self) -> list[str]:
        """The titles of all tabs, those of charts too."""
        return [attributes.get("name", "") for attributes in self._named("sheet")]

    @cached_property
    def since_1904(self) -> bool:
        """Days are counted from 1904, as old Macs did."""
        return any(attributes.get("date1904", "") in TRUE for attributes in self._named("workbookPr"))

    def of_kind(self, kind: str) -> str | None:
        """The path of the workbook's one part of that *kind* (sharedStrings, styles)."""
        paths = [path for found, path in self._related.values() if found == kind]
        return paths[0] if paths and paths[0] in self else None

    def beside(self, path: str, kind: str) -> list[str]:
        """The paths of what the part at *path* relates to, of that *kind* (table, comments)."""
        folder, name = posixpath.split(path)
        rels = f"{folder}/_rels/{name}.rels"
        related = self._relations(rels, folder).values() if rels in self else ()
        return [found for what, found in related if what == kind]

    @cached_property
    def _elements(self) -> list[tuple[str, dict[str, str]]]:
        return elements(self.part(self.book))

    def _named(self, name: str) -> list[dict[str, str]]:
        return [attributes for found, attributes in self._elements if found == name]

    @cached_property
    def _related(self) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(self.book)
        return self._relations(f"{folder}/_rels/{name}.rels", folder)

    def _relations(self, path: str, folder: str) -> dict[str, tuple[str, str]]:
        """Id → (kind, path) of what *path* relates to."""
        return {
            attributes.get("Id", ""): (
                attributes.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/"),
            )
            for name, attributes in elements(self.part(path))
            if name == "Relationship"
        }

    def _find_book(self) -> str:
        """The path of the workbook part."""
        if "[Content_Types].xml" not in self:
            raise _no_workbook()
        root = self._relations("_rels/.rels", "").values() if "_rels/.rels" in self else ()
        paths = [path for kind, path in root if kind == "officeDocument"]
        path = paths[0] if paths else "xl/workbook.xml"
        if path.endswith(".bin"):
            raise wrong_kind("Excel 二进制工作簿（.xlsb）", "a binary workbook (.xlsb)")
        if path.lower().startswith(("word/", "ppt/")):
            raise wrong_kind("别的 Office 文件", "another kind of Office file")
        if path not in self:
            raise _no_workbook()
        return path


def _refuse_other_kinds(data: bytes) -> None:
    if not data:
        raise BookError(
            "文件是空的（0 字节），多半是保存或同步没有完成；请重新保存，或取回昨天的备份。",
            "The file is empty (0 bytes): saving or copying it was cut off. Save it again, or take yesterday's copy.",
        )
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _password()
        raise wrong_kind("旧格式的 Excel 文件（.xls）", "an old Excel file (.xls)")
    if data[:256].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise wrong_kind("网页或 XML 文件，只是改了扩展名", "a web page or XML file that was given another name")
    if not data.startswith(b"PK"):
        raise wrong_kind(
            "别的文件（例如 CSV），只是改了扩展名", "another kind of file (CSV perhaps) that was given another name"
        )


def _refuse_bombs(entries: list[zipfile.ZipInfo], packed: int, unpacked_mb: int, ratio: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES:
        raise damaged(f"{len(entries)} parts")
    if unpacked > unpacked_mb * MEGA:
        raise too_big(
            f"解开后有 {unpacked // MEGA} MB，超过上限 {unpacked_mb} MB",
            f"it unpacks to {unpacked // MEGA} MB, more than the {unpacked_mb} MB allowed",
        )
    if unpacked > SMALL and unpacked > packed * ratio:
        raise too_big(
            f"解开后是原来的 {unpacked // packed} 倍，正常的工作簿不到 {ratio} 倍",
            f"it unpacks to {unpacked // packed} times its size; a sound workbook stays below {ratio} times",
        )


def damaged(detail: str) -> BookError:
    """The file is broken; *detail* is for whoever looks closer."""
    return BookError(
        f"文件已损坏，读不出来（{detail}）；请用 Excel 或 WPS 打开并修复后另存，或取回昨天的备份。",
        f"The file is damaged and cannot be read ({detail}). Repair it with Excel or WPS, or take yesterday's copy.",
    )


def cut_short() -> BookError:
    """The zip has no sound end."""
    return BookError(
        "文件不完整，多半是保存、复制或同步到一半；请等同步完成，或重新保存，或取回昨天的备份。",
        "The file is cut short: saving, copying or synchronising it was not finished. Wait until it is, save it again, "
        "or take yesterday's copy.",
    )


def too_big(zh: str, en: str) -> BookError:
    """The file costs more to read than the settings allow."""
    return BookError(
        f"文件太大：{zh}。请把旧年份移到另一本，删掉表格下方和右边多余的行列；"
        "确实需要这么大，就在 servicebook.toml 的 [bounds] 里放宽。",
        f"The file is too big: {en}. Move old years to another book and delete unused rows and columns; "
        "if it must be so, raise the bounds in servicebook.toml, [bounds].",
    )


def wrong_kind(zh: str, en: str) -> BookError:
    """The file is no .xlsx."""
    return BookError(
        f"这不是 .xlsx 工作簿，而是{zh}；请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”。",
        f"This is not an .xlsx workbook but {en}. Open it with Excel or WPS and save it as Excel Workbook (.xlsx).",
    )


def _no_workbook() -> BookError:
    return wrong_kind("一个压缩包，里面没有工作簿", "a zip without a workbook inside")


def _password() -> BookError:
    return BookError(
        "文件设了打开密码，程序读不了；请在“文件→信息→保护工作簿→用密码进行加密”里清空密码后保存。",
        "The file has a password. Remove it (File, Info, Protect Workbook, Encrypt with Password) and save.",
    )
