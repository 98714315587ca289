"""What is said about a file that cannot be read, and about what became of the marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sync.books import Outcome, Written
from sync.model import BookError, Unreachable

SHOWN = 8  # workbooks named when the one asked for is not there

OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    "written": ("标记已写入。", "The marks are in the book."),
    "unchanged": ("标记没有变化，文件没有动。", "The marks are the same; the file was not touched."),
    "held": (
        "工作簿正开着：{detail}；标记等关闭后再写，这期间请看“今日待办”和网页。",
        "The book is open: {detail}. The marks wait until it is closed; meanwhile see 今日待办 and the pages.",
    ),
    "changed": (
        "读取之后有人保存过，为了不盖掉新内容，没有写入；下一次运行会补上。",
        "Somebody saved the book after it was read; nothing was written over it. The next run brings the marks.",
    ),
    "no_tabs": (
        "工作簿里没有系统标签页（{detail}），标记没有地方写；请在工作簿里新建同名的空白页，下次运行就会填上。",
        "No system tabs ({detail}) for the marks in the book. Add empty tabs with these names; a run fills them.",
    ),
    "failed": (
        "标记没有写成，文件保持原样：{detail}。请检查磁盘空间和文件夹的写入权限。",
        "The marks were not written, the file is as it was: {detail}. Look at free space and write access.",
    ),
}
# The same about additions to the book's build.
BUILT: Mapping[Outcome, tuple[str, str]] = {
    "written": ("已加进工作簿，原有内容没有动。", "Added; everything that was in the book is as it was."),
    "unchanged": ("没有要加的，文件没有动。", "Nothing to add; the file was not touched."),
    "held": (
        "工作簿正开着：{detail}；请关闭后再运行 servicebook apply。文件没有动。",
        "The book is open: {detail}. Close it and run servicebook apply again; the file was not touched.",
    ),
    "changed": (
        "读取之后有人改过工作簿，没有写入；请再运行一次 servicebook plan 和 apply。",
        "Somebody changed the book after it was read; nothing was written. Run servicebook plan and apply again.",
    ),
    "failed": (
        "没有加成，文件保持原样：{detail}。请检查磁盘空间和文件夹的写入权限。",
        "Nothing was added, the file is as it was: {detail}. Look at free space and write access.",
    ),
}
# And about a book that is made anew.
FILLED: Mapping[Outcome, tuple[str, str]] = {
    "written": ("内容已搬进新的工作簿。", "The rows are in the new workbook."),
    "held": (
        "要换掉的工作簿正开着：{detail}；请关闭后再运行一次。文件没有动。",
        "The workbook that may go is open: {detail}. Close it and run this again; the file was not touched.",
    ),
    "failed": (
        "新的工作簿没有写成：{detail}。请检查磁盘空间和文件夹的写入权限。",
        "The new workbook was not written: {detail}. Look at free space and write access.",
    ),
}
LACKING = (
    "但缺少标签页：{tabs}；请新建同名的空白页。",
    " But these tabs are missing: {tabs}. Add empty tabs with these names.",
)


def told(
    outcome: Outcome,
    detail: str | None = None,
    *,
    missing: Sequence[str] = (),
    sentences: Mapping[Outcome, tuple[str, str]] = OUTCOMES,
) -> Written:
    """*outcome* with its sentences; a book that was changed by somebody who still has it open is held."""
    if outcome == "changed" and detail:
        outcome = "held"
    lacking = LACKING if missing and outcome == "written" else ("", "")
    zh, en = (
        (words + more).format(detail=detail or "有人 somebody", tabs="、".join(missing))
        for words, more in zip(sentences[outcome], lacking, strict=True)
    )
    return Written(outcome, {"zh": zh, "en": en})


def missing(path: Path) -> BookError:
    """The file is not there; the folder may hold it under another name."""
    if not path.parent.is_dir():
        return BookError(
            f"找不到文件夹 {path.parent}；网络盘是否已连接？路径写在 servicebook.toml 的 [books] 里。",
            f"There is no folder {path.parent}. Is the network drive connected? See servicebook.toml, [books].",
        )
    there = sorted(found.name for found in path.parent.glob("*.xlsx") if not found.name.startswith(("~$", ".")))
    names = "、".join(there[:SHOWN]) + (" …" if len(there) > SHOWN else "")
    return BookError(
        f"找不到工作簿 {path}；文件夹里的 .xlsx 有：{names or '一个也没有'}。路径写在 servicebook.toml 的 [books] 里。",
        f"There is no workbook {path}. The folder holds: {names or 'no .xlsx at all'}. "
        "The path is in servicebook.toml, [books].",
    )


def not_a_file(path: Path) -> BookError:
    """A folder, or something else that cannot be read like a file."""
    return BookError(
        f"{path} 不是文件（是文件夹？）；请在 servicebook.toml 的 [books] 里写到 .xlsx 文件为止。",
        f"{path} is not a file (a folder?). Let the path in servicebook.toml, [books], end with the .xlsx file.",
    )


def no_permission(path: Path) -> BookError:
    """The account may not read the file."""
    return BookError(
        f"没有读取 {path} 的权限；请让管理员给运行本程序的账号读写权限。",
        f"No permission to read {path}. Ask for read and write access for the account that runs this program.",
    )


def unreachable(path: Path, error: OSError) -> Unreachable:
    """The disk or the network does not answer."""
    reason = error.strerror or type(error).__name__
    return Unreachable(
        f"现在读不了 {path}（{reason}）；请检查磁盘或网络盘，稍后再运行。\n"
        f"{path} cannot be read now ({reason}). Look at the disk or network drive and run again later."
    )


def there_already(path: Path) -> BookError:
    """A file that nobody said may go."""
    return BookError(
        f"{path} 已经在了，没有动它；确实要换掉，就加上 --replace {path.name}",
        f"{path} is there already and was left alone. If it may go, say so: --replace {path.name}",
    )


def too_long(tab: str, row: int, header: str, most: int) -> BookError:
    """A text that a spreadsheet can hold and a workbook cannot."""
    return BookError(
        f"「{tab}」新的第 {row} 行「{header}」的文字超过 {most:,} 个字，工作簿的一格放不下；没有写。请先缩短它。",
        f"{tab}, new row {row}, {header}: a cell of a workbook holds {most:,} characters, and this text is longer. "
        "Nothing was written; shorten it first.",
    )


def untitled(error: Exception) -> BookError:
    """A tab whose title no workbook takes."""
    return BookError(
        f"标签页建不成，工作簿不接受这个名称：{error}。请在声明里换一个（最多 31 个字，不含 []:*?/\\）。",
        f"A tab cannot be made, its title is not accepted: {error}. Declare another (31 signs, no []:*?/\\).",
    )


def being_saved(path: Path) -> Unreachable:
    """The file changed under every look."""
    return Unreachable(
        f"{path.name} 一直在变，大概正在保存或同步；请等一会儿再运行。\n"
        f"{path.name} keeps changing: it is being saved or synchronised. Run again in a moment."
    )
