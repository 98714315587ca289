"""Proof-reading a built site: every kind of link that readers could not use, or should not, is told with its page."""

import html
import json
import posixpath
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import build, proof
from sync.model import ServicebookError

ROOT = Path(__file__).resolve().parent.parent
CONFIG = "mkdocs.generated.yml"


@pytest.fixture
def site(tmp_path):
    """A small site in which nothing is wrong."""
    pages = {
        "index.html": '<h1 id="top-of-it">首页</h1><a href="status/today.html#late">今日</a><a href="#top-of-it"></a>',
        "status/today.html": '<link rel="stylesheet" href="../assets/look.css"><h2 id="late">超</h2><a name="old"></a>',
        "assets/look.css": "/* url(https://example.org) */ a { color: url('data:,A') } @import \"more.css\";",
        "assets/more.css": "b { background: url( ../assets/logo.svg ) }",
        "assets/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"><g id="g"/><use href="#g"/></svg>',
        "手册/报修 登记.html": '<p id="回电">回电</p>',
        "404.html": '<a href="/index.html">首页</a>',
        "search/search_index.json": json.dumps({"docs": [{"location": "index.html#top-of-it", "title": "首页"}]}),
    }
    for name, text in pages.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def found(site, text, page="status/today.html"):
    """What is found once *text* stands on *page* too, as (page, link, why)."""
    with (site / page).open("a", encoding="utf-8") as file:
        file.write(text)
    return [tuple(one) for one in proof.proof(site)]


def test_nothing_is_wrong_with_a_good_site(site):
    assert proof.proof(site) == []
    proof.require(site)


@pytest.mark.parametrize(
    "text",
    [
        '<a href="../index.html?x=1#top-of-it">', '<a href="#">', '<a href="#TOP">', '<a href="">', '<a href="#old">',
        '<a href="https://example.org/">', '<a href="mailto:x@example.org">', '<a href="tel:10086">',
        '<a href="../%E6%89%8B%E5%86%8C/%E6%8A%A5%E4%BF%AE%20%E7%99%BB%E8%AE%B0.html#%E5%9B%9E%E7%94%B5">',
        '<a href="../手册/报修 登记.html#回电">', "<a href='../index.html'>", "<a href=../index.html>",
        '<img srcset="../assets/logo.svg 1x, ../assets/logo.svg 2x" src="data:image/png;base64,AA">',
        '<link rel="canonical" href="https://example.org/x">',
        '&lt;a href="nowhere.html"&gt; <code>src="https://example.org/x.js"</code>',
        '<!-- <script src="https://example.org/x.js"></script> <a href="nowhere.html"> -->',
        '<script>let x = \'<a href="nowhere.html">\';</script>', '<a title="1 > 0" href="../index.html">',
        '<p style="background: url(../assets/logo.svg)">', '<code class="language-mermaid">',
    ],
)  # fmt: skip
def test_what_readers_can_use_is_no_finding(site, text):
    assert found(site, text) == []


NO_FILE, NO_PLACE = "there is no such file", "there is no such place on that page"
OTHER_HOST, MACHINE = "the page asks another host for it", "it names a path of this machine"
ROOT_PATH, OUT = "it begins at the server's root, where the site need not lie", "it leads out of the site"


@pytest.mark.parametrize(
    ("text", "link", "why"),
    [
        ('<a href="nowhere.html">', "nowhere.html", NO_FILE),
        ('<a href="../status">', "../status", NO_FILE),
        ('<a href="Today.html">', "Today.html", NO_FILE),
        ('<img src="../assets/logo.png">', "../assets/logo.png", NO_FILE),
        ('<img srcset="../assets/logo.svg 1x, no.svg 2x">', "no.svg", NO_FILE),
        ('<svg><use xlink:href="../assets/no.svg#g"/></svg>', "../assets/no.svg#g", NO_FILE),
        ("<style>p { background: url(no.png) }</style>", "no.png", NO_FILE),
        ('<p style="background: url(&quot;no.png&quot;)">', "no.png", NO_FILE),
        ('<a href="#nowhere">', "#nowhere", NO_PLACE),
        ('<a href="../index.html#late">', "../index.html#late", NO_PLACE),
        ('<a title="1 > 0" href="../index.html#x">', "../index.html#x", NO_PLACE),
        ('<svg><use href="../assets/logo.svg#h"/></svg>', "../assets/logo.svg#h", NO_PLACE),
        ('<script src="https://example.org/x.js"></script>', "https://example.org/x.js", OTHER_HOST),
        ('<script src="//example.org/x.js"></script>', "//example.org/x.js", OTHER_HOST),
        ('<link rel="stylesheet" href="https://example.org/x.css">', "https://example.org/x.css", OTHER_HOST),
        ('<link rel="preconnect" href="https://example.org">', "https://example.org", OTHER_HOST),
        ('<img src="https://example.org/x.png">', "https://example.org/x.png", OTHER_HOST),
        ('<iframe src="http://example.org/">', "http://example.org/", OTHER_HOST),
        ('<object data="https://example.org/x.svg">', "https://example.org/x.svg", OTHER_HOST),
        ('<form action="https://example.org/">', "https://example.org/", OTHER_HOST),
        ('<meta http-equiv="refresh" content="0; url=https://example.org/">', "https://example.org/", OTHER_HOST),
        ('<style>@import "https://example.org/x.css";</style>', "https://example.org/x.css", OTHER_HOST),
        ('<p style="background: url(https://example.org/x.png)">', "https://example.org/x.png", OTHER_HOST),
        ('<a href="/index.html">', "/index.html", ROOT_PATH),
        ('<a href="/srv/www/x.html">', "/srv/www/x.html", ROOT_PATH),
        ('<a href="../../kept/night.json">', "../../kept/night.json", OUT),
        ('<a href="../..">', "../..", OUT),
        ('<a href="..%2f..%2fkept/night.json">', "..%2f..%2fkept/night.json", OUT),
        ('<a href="file:///srv/x.html">', "file:///srv/x.html", MACHINE),
        ('<a href="C:/x.html">', "C:/x.html", MACHINE),
        (r'<a href="D:\x.html">', r"D:\x.html", MACHINE),
        (r'<a href="\\server\share">', r"\\server\share", MACHINE),
        ('<a href="javascript:alert(1)">', "javascript:alert(1)", "a page has no use for “javascript:”"),
        ('<a href=" java\nscript:alert(1)">', " java\nscript:alert(1)", "a page has no use for “javascript:”"),
        ('<a href="&#106;avascript:x">', "javascript:x", "a page has no use for “javascript:”"),
        ('<a href="data:text/html,x">', "data:text/html,x", "a page has no use for “data:”"),
        ('<script src="data:text/javascript,x"></script>', "data:text/javascript,x", "a page has no use for “data:”"),
        ('<base href="../">', "../", "it moves every other link of the page"),
    ],
)  # fmt: skip
def test_what_readers_cannot_use_is_told(site, text, link, why):
    assert found(site, text) == [("status/today.html", link, why)]


def test_style_sheets_and_the_search_list_and_the_missing_page_are_read_too(site):
    assert found(site, "i { background: url(https://example.org/i.png) }", "assets/more.css")
    (site / "assets" / "more.css").unlink()
    (site / "search" / "search_index.json").write_text(
        json.dumps({"docs": [{"location": "index.html#gone"}, {"location": "gone.html"}]}), encoding="utf-8"
    )
    assert found(site, '<a href="/status/gone.html">', "404.html") == [
        ("404.html", "/status/gone.html", NO_FILE),
        ("assets/look.css", "more.css", NO_FILE),
        ("search/search_index.json", "../index.html#gone", NO_PLACE),
        ("search/search_index.json", "../gone.html", NO_FILE),
    ]


def test_the_same_link_on_two_pages_is_two_links(site):
    """#late is a place of the one page, and of the other it is none."""
    (site / "status" / "overdue.html").write_text('<a href="#late">', encoding="utf-8")
    assert found(site, '<a href="#late">') == [("status/overdue.html", "#late", NO_PLACE)]
    (site / "status" / "aaa.html").write_text('<a href="#late">', encoding="utf-8")
    assert {one[0] for one in found(site, "")} == {"status/aaa.html", "status/overdue.html"}


def test_a_drawing_that_the_theme_would_fetch_is_told(site):
    """The theme's script asks another host for what draws class mermaid; the handbook's own flows are drawn already."""
    [(page, link, why)] = found(site, '<pre class="mermaid">flowchart TD</pre>')
    assert (page, link) == ("status/today.html", "mermaid")
    assert "another host" in why


def test_the_message_names_twenty_links_and_counts_the_rest(site):
    text = "".join(f'<a href="gone-{n:02}.html">' for n in range(25))
    found(site, text)
    found(site, text, "index.html")
    with pytest.raises(ServicebookError) as failure:
        proof.require(site)
    lines = str(failure.value).splitlines()
    assert lines[1] == "index.html: gone-00.html: there is no such file (and on 1 more)"
    assert (len(lines), lines[-1]) == (22, "… and 5 more")


@given(parts=st.lists(st.sampled_from(["..", ".", "a", "b", "页"]), min_size=1, max_size=6))
def test_a_way_through_folders_ends_where_a_browser_ends(parts, tmp_path_factory):
    """Whatever detour a link takes, it is found exactly when it ends at a page of the site."""
    site = tmp_path_factory.getbasetemp() / "detours"
    for name in ("page.html", "a/page.html", "a/b/page.html", "页/page.html"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("<p>", encoding="utf-8")
    (site / "a" / "b" / "page.html").write_text(f'<a href="{"/".join(parts)}/page.html">', encoding="utf-8")
    ends = posixpath.normpath(posixpath.join("/site/a/b", *parts, "page.html"))
    there = ends.startswith("/site/") and (site / ends.removeprefix("/site/")).is_file()
    assert (proof.proof(site) == []) is there


# ---------------------------------------------------------------- a real site


PAGES = {
    "index.md": "# 首页 {#home}\n[今日](status/today.md#late)\n\n| 单号 |\n|---|\n| [甲](https://example.org) |\n",
    "index.en.md": "# Home {#home}\n[Today](status/today.md#late)\n\n!!! note\n    A note.\n",
    "status/today.md": "# 今日 {#today}\n## 超时 {#late}\n<svg><g id='g'/><use href='#g'/></svg>\n",
    "status/today.en.md": "# Today {#today}\n## Late {#late}\n[Home](../index.md#home)\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Four pages in the handbook's own look."""
    folder = tmp_path_factory.mktemp("部门")
    for name, text in PAGES.items():
        path = folder / "build" / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "build" / "search-words.txt").touch()
    theme = {"custom_dir": (ROOT / "site" / "theme").as_posix()}
    made = {
        "INHERIT": (ROOT / "mkdocs.yml").as_posix(),
        "theme": theme,
        "nav": ["index.md", {"状况": ["status/today.md"]}],
    }
    (folder / CONFIG).write_text(json.dumps(made), encoding="utf-8")
    assert build.build(folder, folder / CONFIG, folder / "build" / "site")
    return folder


def test_a_real_site_is_read_to_its_last_link(built):
    """As many links as a plain search for them finds; none of them wrong."""
    site = built / "build" / "site"
    files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
    pages = dict(proof._pages(files))  # noqa: SLF001 - that it saw them is the point
    seen = sum(
        link.tag in {"a", "link", "img", "script"}
        for name in pages
        if name.endswith("html")
        for link in pages[name].links
    )
    text = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.html"))
    assert seen == sum(text.count(f' {key}="') for key in ("href", "src"))
    assert seen > 100
    assert proof.proof(site) == []


def test_a_wrong_link_keeps_the_old_site(built):
    """Plain HTML in a page is not the builder's affair; it stops here, and the site of yesterday stays as it was."""
    site, page = built / "build" / "site", built / "build" / "docs" / "index.md"
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    text = page.read_text(encoding="utf-8")
    page.write_text(f'{text}\n<a href="status/gone.html">{html.escape("今日")}</a>\n', encoding="utf-8")
    with pytest.raises(
        ServicebookError, match=r"the old one is still there.\nindex.html: status/gone.html: there is no"
    ):
        build.build(built, built / CONFIG, site)
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before
    assert not (built / "build" / "site.new").exists()
    page.write_text(text, encoding="utf-8")
    assert build.build(built, built / CONFIG, Path(site)) is False
