"""The strict build: whole or not at all, the same bytes from the same pages, and no link that leads nowhere."""

import html
import json
import os
import re
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest
from site_night import SETTINGS, busy_night, schema

from sync import build, render, words, yamlfile
from sync.model import ServicebookError

ROOT = Path(__file__).resolve().parent.parent


def make(folder):
    """The pages of a busy night for the department in *folder*, compiled and built."""
    made = render.render(busy_night(), schema(), SETTINGS, words.load(), folder)
    return build.build(folder, made.config, folder / "build" / "site")


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def department(tmp_path_factory):
    folder = tmp_path_factory.mktemp("售后 部")
    assert make(folder)
    return folder


def test_every_link_leads_somewhere(department):
    """The builder sees Markdown links only; the tables' own are looked at here, with their anchors.

    A reader may be led elsewhere by a link that says so; no page fetches anything from there.
    """
    site = department / "build" / "site"
    pages = {p: p.read_text(encoding="utf-8") for p in site.rglob("*.html") if p.name != "404.html"}
    assert len(pages) >= 14
    seen = 0
    for page, text in pages.items():
        led_away = set(re.findall(r'<a [^>]*href="(https://[^"]*)"', text))
        for link in re.findall(r'(?:href|src)="([^"]*)"', text):
            if link in led_away:
                continue
            address, anchor = urldefrag(html.unescape(link))
            assert not urlsplit(address).scheme, f"{page}: {link}"
            target = (page.parent / address).resolve() if address else page
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{page}: {link}"
            assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"), f"{page}: {link}"
            seen += 1
    assert seen > 200


def test_the_site_holds_both_languages_and_the_words_that_people_search(department):
    site = department / "build" / "site"
    assert '<html lang="zh"' in (site / "status" / "overdue.html").read_text(encoding="utf-8")
    assert '<html lang="en"' in (site / "en" / "status" / "overdue.html").read_text(encoding="utf-8")
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    texts = "".join(place["text"] for place in index["docs"]).replace("\u200b", "")  # put between words, to find them
    assert "超时" in texts
    for row in ("RC-26-", "青松小区", "WX-0000"):
        assert row not in texts, f"a row of {row} can be searched"


def test_an_unchanged_night_builds_nothing(department):
    site = department / "build" / "site"
    stamps = {p: p.stat().st_mtime_ns for p in site.rglob("*")}
    assert make(department) is False
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps


def test_a_failed_build_leaves_yesterdays_site_whole(department):
    """A link that leads nowhere fails the strict build; its own line is told, and the site is the old one."""
    site, page = department / "build" / "site", department / "build" / "docs" / "index.md"
    before, text = tree(site), page.read_text(encoding="utf-8")
    page.write_text(f"{text}\n[nowhere](nowhere.md) [no anchor](about/run.md#nowhere)\n", encoding="utf-8")
    with pytest.raises(ServicebookError, match=r"nowhere\.md") as failure:
        build.build(department, department / render.CONFIG, site)
    assert "#nowhere" in str(failure.value)
    assert tree(site) == before
    assert {p.name for p in site.parent.iterdir()} == {"cache", "docs", "site", "site.stamp", "search-words.txt"}
    page.write_text(text, encoding="utf-8")
    assert build.build(department, department / render.CONFIG, site) is False


def test_a_run_that_ended_between_the_two_renames_is_mended(department):
    site = department / "build" / "site"
    before = tree(site)
    site.rename(site.with_name("site.old"))
    assert make(department) is False
    assert tree(site) == before


def test_a_page_that_was_lost_or_changed_is_made_again(department):
    site = department / "build" / "site"
    before = tree(site)
    (site / "status" / "today.html").unlink()
    (site / "index.html").write_text("changed", encoding="utf-8")
    assert make(department) is True
    assert tree(site) == before


def test_the_same_pages_give_the_same_bytes_and_a_broken_stamp_builds_again(department, tmp_path):
    site = department / "build" / "site"
    before = tree(site)
    site.with_name("site.stamp").write_text("cut", encoding="utf-8")
    moment = min(p.stat().st_mtime for p in site.rglob("*.html"))
    for path in (department / "build" / "docs").rglob("*.md"):
        os.utime(path, (moment - 86400, moment - 86400))
    assert make(department) is True
    assert tree(site) == before
    assert not tmp_path.joinpath("build").exists()


def test_the_shipped_settings_never_empty_the_sources():
    """The builder empties its site_dir and reads its docs_dir: both lie under build/."""
    shipped = yamlfile.read(ROOT / "mkdocs.yml")
    assert (shipped["docs_dir"], shipped["site_dir"]) == ("build/docs", "build/site")
    assert shipped["theme"]["font"] is False
    assert "hooks" not in shipped
    assert {name for plugin in shipped["plugins"] for name in plugin} == {"search", "i18n"}
    kinds = {kind for group in shipped["validation"].values() for kind in group.values()}
    assert kinds == {"warn"}


def test_no_file_of_the_look_names_another_host():
    for path in (ROOT / "site" / "theme").rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "//" not in re.sub(r"(?m)^\s*//.*$", "", text), path
