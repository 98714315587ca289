"""A new department folder: its settings, and empty books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from sync.blueprint.texts import book_title
from sync.init.book import write_book
from sync.model import DeclarationError
from sync.schema import Promise, Register, Schema, Words
from sync.settings import FILE, BookAt, Department, Settings, adopt

# Books and kept copies hold people's names and numbers: they stay out of a repository that somebody makes here.
IGNORED = """\
/books/
/kept/
/build/
/mkdocs.generated.yml
/mkdocs.preview.yml
今日待办*.xlsx
"""


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
    promises = _promises(profile, schema, paths, made_at)
    for book, registers in books.items():
        write_book(
            paths[book], registers, {}, made_at=made_at, states=states, title=book_title(book), promises=promises,
            judge_from=made_at.date(),
        )  # fmt: skip
    settings = folder / FILE
    settings.write_text(_settings_text(profile, books, made_at), encoding="utf-8", newline="\n")
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text(IGNORED, encoding="utf-8", newline="\n")
    return [settings, *paths.values()]


def _promises(profile: str, schema: Schema, books: Iterable[str], made_at: datetime) -> list[Promise]:
    """What such a department promises before it has figures of its own."""
    department = Department(name=Words(zh="", en=""), profile=profile)
    places = {book: BookAt(path=f"{book}.xlsx") for book in books}
    return adopt(schema, Settings(department=department, books=places), made_at.date()).promises


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
