"""What is said about a spreadsheet that cannot be used, and about what became of the marks: with the way out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sync.books import Written
from sync.model import BookError, ServicebookError, Unreachable

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "written": ("标记已写入。", "The marks are in the spreadsheet."),
    "unchanged": ("标记没有变化，没有写。", "The marks are the same; nothing was written."),
    "as_planned": ("没有要改的。", "Nothing to change."),
    "filled": ("内容已搬好。", "The rows are in the spreadsheet."),
    "applied": ("已照计划改好。", "Changed as planned."),
    "no_tabs": (
        "表格里没有系统标签页（{detail}），标记没有地方写；请运行 servicebook apply，它会建好。",
        "The spreadsheet has no system tabs ({detail}) for the marks. Run: servicebook apply",
    ),
}
LACKING = (
    "但缺少标签页：{tabs}；请运行 servicebook apply。",
    " But these tabs are missing: {tabs}. Run: servicebook apply",
)
REASONS: Mapping[str, tuple[str, str]] = {
    "SERVICE_DISABLED": (
        "项目里还没有启用 Google Sheets API；请在云控制台的“API 和服务 → 库”里找到它，点“启用”，过几分钟再运行。",
        "the Google Sheets API is not enabled. Do it in the cloud console, APIs and services → Library.",
    ),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": (
        "登录时给的权限不够写表格；请重新运行 servicebook sign-in，并在网页上勾选表格的权限。",
        "the sign-in did not grant enough. Run servicebook sign-in again and tick the box about spreadsheets.",
    ),
}


# What Google quotes of a request: texts, and numbers as long as a telephone's.
_QUOTED = re.compile(r'"[^"]*(?:"|$)|\d{5,}')


def told(
    outcome: Literal["written", "unchanged", "no_tabs"],
    said: str = "",
    *,
    detail: str = "",
    missing: Sequence[str] = (),
) -> Written:
    """*outcome* in the sentences for it, or for what was *said* instead."""
    lacking = LACKING if missing and outcome == "written" else ("", "")
    zh, en = (
        (words + more).format(detail=detail, tabs="、".join(missing))
        for words, more in zip(OUTCOMES[said or outcome], lacking, strict=True)
    )
    return Written(outcome, {"zh": zh, "en": en})


def failed(error: ServicebookError) -> Written:
    """The marks were not written; *error* says why, in Chinese and then in English."""
    zh, _, en = str(error).partition("\n")
    return Written("failed", {"zh": zh, "en": en or zh})


def refused(status: int, error: Mapping[str, Any], spreadsheet: str, named: str, who: str) -> ServicebookError:
    """Google understood and said no: asking again would not help."""
    known = REASONS.get(_reason(error))
    if known:
        return BookError(f"{named}：{known[0]}", f"{named}: {known[1]}")
    if status == 403:
        return BookError(
            f"{named}：没有打开这个表格的权限。请打开表格，点“共享”，把 {who} 加为“编辑者”。",
            f"{named}: no access to this spreadsheet. Open it, press Share, and add {who} as an editor.",
        )
    if status == 404:
        return BookError(
            f"{named}：没有 id 为 {spreadsheet} 的表格（写在 servicebook.toml 的 [books] 里）。"
            "id 是网址里 /d/ 和 /edit 之间的那一串。",
            f"{named}: there is no spreadsheet with the id {spreadsheet} (it is written in servicebook.toml, [books]). "
            "The id stands between /d/ and /edit in the address.",
        )
    if status == 401:
        return BookError(
            f"{named}：Google 不认这次登录（{who}）；请检查密钥是否还有效，本机时间是否准确。",
            f"{named}: Google refuses the sign-in ({who}). Is the key still valid, and this machine's clock right?",
        )
    if error.get("status") == "FAILED_PRECONDITION":
        return BookError(
            f"{named}：这是云端硬盘里的 Excel 文件，不是 Google 表格；"
            "请打开它，点“文件 → 保存为 Google 表格”，再用新表格的 id。",
            f"{named}: this is an Excel file in Drive. Open it, choose File → Save as Google Sheets, use the new id.",
        )
    message = _harmless(str(error.get("message", "")))
    return BookError(
        f"{named}：Google 拒绝了请求（{status}：{message}）；什么也没有改。",
        f"{named}: Google refused the request ({status}: {message}). Nothing was changed.",
    )


def _harmless(message: str) -> str:
    """*message* on one line, short, without the values that Google quotes: they may be somebody's name or number."""
    return " ".join(_QUOTED.sub("…", message).split())[:200]


def _reason(error: Mapping[str, Any]) -> str:
    """The word in which Google says why, where it does."""
    details = error.get("details") or []
    return next((str(one["reason"]) for one in details if isinstance(one, dict) and "reason" in one), "")


def busy(named: str, status: int) -> Unreachable:
    """Google answers that it cannot now."""
    why = ("每分钟的次数用完了", "the minute's quota is used up") if status == 429 else (f"{status}", f"{status}")
    return Unreachable(
        f"{named}：Google 现在忙不过来（{why[0]}），试了几次都不行；过一会儿再运行。\n"
        f"{named}: Google cannot answer now ({why[1]}), tried several times. Run again later."
    )


def silent(named: str, what: str) -> Unreachable:
    """Nothing came back, or nothing whole."""
    return Unreachable(
        f"{named}：连不上 Google，或者回答不完整（{what}）；请检查网络和代理，过一会儿再运行。\n"
        f"{named}: Google does not answer, or not in full ({what}). Look at network and proxy; run again later."
    )


def gone(named: str) -> tuple[str, str]:
    """A tab that was there when it was read."""
    return (
        f"{named}：刚才有人给标签页改名，或者删了标签页、行，什么也没有写；下次运行会重新读。",
        f"{named}: a tab was just renamed or removed, or rows were. Nothing was written; the next run reads anew.",
    )


def restless(named: str) -> Unreachable:
    """Rows moved under every look."""
    return Unreachable(
        f"{named}：读的时候一直有人在移动行或改标签页，读了几遍都不一致；过一会儿再运行。\n"
        f"{named}: rows or tabs kept moving while it was read, and no two looks agreed. Run again later."
    )


def strange(named: str, what: str) -> BookError:
    """An answer that fits no question of ours."""
    return BookError(
        f"{named}：Google 的回答对不上（{what}）；什么也没有改。请再运行一次，还是这样就请报告。",
        f"{named}: the answer does not fit the question ({what}). Nothing was changed. Run again, or report it.",
    )


def settings_differ(named: str, what: tuple[str, str], has: str, wanted: str) -> BookError:
    """The spreadsheet would read numbers and dates in other ways than the settings say."""
    return BookError(
        f"{named}：表格的{what[0]}是 {has}，设置里是 {wanted}；"
        f"请在表格的“文件 → 设置”里改成 {wanted}，或改 servicebook.toml。",
        f"{named}: the spreadsheet's {what[1]} is {has}, the settings say {wanted}. "
        f"Change it to {wanted} in File → Settings of the spreadsheet, or change servicebook.toml.",
    )


def too_many_cells(named: str, cells: int, most: int) -> BookError:
    """It would not fit; said before anything is written."""
    return BookError(
        f"{named}：写完会有 {cells:,} 个单元格，超过上限 {most:,}；什么也没有写。"
        "请删掉各页下方和右边的空行空列，或把旧年份移到另一个表格。",
        f"{named}: it would have {cells:,} cells, more than the {most:,} that are possible. Nothing was written. "
        "Delete empty rows and columns, or move old years to another spreadsheet.",
    )


class Hit(BookError):
    """A change met another column than it was meant for."""


def hit(named: str, headers: Sequence[str]) -> Hit:
    """Somebody moved columns between the look and the change."""
    listed = "、".join(headers)
    return Hit(
        f"{named}：改的同时有人移动了列，这些列不在了：{listed}。"
        "请马上打开表格，从“文件 → 版本记录”恢复到刚才那一版，再运行 servicebook plan。",
        f"{named}: somebody moved columns at the same moment, and these are gone: {listed}. Open the spreadsheet now, "
        "restore the version of a moment ago (File → Version history), and run servicebook plan again.",
    )


def not_there(named: str, run: str) -> BookError:
    """What was written is not what is read back."""
    return BookError(
        f"{named}：标记写过了，但读回来的不是这一次的（{run}）；可能有另一台电脑也在运行。下一次运行会重写。",
        f"{named}: the marks were written, but another run's are read back (not {run}). Does a second machine run this?"
        " The next run writes them anew.",
    )
