"""Publishing: readers see whole pages only, nothing of anybody else's is touched, and an older site can be had back."""

import contextlib
import errno
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import filelock
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync import publish
from sync.model import DeclarationError, Locked, ServicebookError
from sync.settings import Settings, load
from sync.targets import files, guards, open_target
from sync.targets import folder as room
from sync.targets.files import MARKER, content
from sync.targets.folder import Folder

NIGHT = datetime(2026, 11, 22, 2, 0)
PAGES = ("index.html", "404.html", "status/today.html", "en/status/today.html", "assets/look.css", "手册/报修.html")
ROOT = Path(__file__).resolve().parent.parent
BOTH = pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])


def write_site(folder, stamp, filler=200):
    """A site whose every page opens and closes with *stamp*."""
    for page in PAGES:
        path = folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{stamp}\n{'文' * filler}\n{stamp}\n", encoding="utf-8")
    return folder


def shows(path):
    """The one stamp that all pages below *path* bear."""
    found = {line for page in PAGES for line in (path / page).read_text(encoding="utf-8").split("\n")[::2] if line}
    assert len(found) == 1, found
    return found.pop()


def tree(folder):
    """Every name below *folder* with its bytes, or where it leads."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """Where readers look, on a disk with nothing else of ours."""
    (tmp_path / "网 站").mkdir()
    return tmp_path / "网 站" / "handbook"


@pytest.fixture
def nights(tmp_path, place):
    """Publish a site with this stamp on the *n*-th night."""

    def night(n, stamp=None, **more):
        site = write_site(tmp_path / "site", stamp or f"night {n}")
        return Folder(place, **more).publish(site, NIGHT + timedelta(days=n))

    return night


def releases(target):
    return [(one.name, one.current) for one in target.releases()]


# ---------------------------------------------------------------- what readers see


@BOTH
def test_a_night_replaces_the_one_before(nights, place, links):
    for n in range(3):
        done = nights(n, links=links)
        assert done.changed
        assert shows(place) == f"night {n}"
        assert place.is_symlink() is links
        assert ("a page may have been missing" in done.told) is not links
    assert releases(Folder(place, links=links)) == [
        ("20261122-020000", False), ("20261123-020000", False), ("20261124-020000", True)
    ]  # fmt: skip


def test_the_link_is_relative_so_that_the_folder_can_move(nights, place, tmp_path):
    nights(0)
    place.parent.rename(tmp_path / "moved")
    assert shows(tmp_path / "moved" / "handbook") == "night 0"


@BOTH
def test_an_unchanged_site_is_left_as_it_was(nights, place, links):
    nights(0, "same", links=links)
    before = {path: path.lstat().st_mtime_ns for path in place.parent.rglob("*") if path.name != room.LOCK}
    done = nights(1, "same", links=links)
    assert not done.changed
    assert done.told.endswith("as it was")
    del before[place.with_name("handbook.releases")]  # the lock's coming and going may date it anew
    assert {path: path.lstat().st_mtime_ns for path in before} == before


@BOTH
def test_a_page_that_was_changed_by_hand_is_published_again(nights, place, links):
    nights(0, "same", links=links)
    (place / "index.html").write_text("spoilt", encoding="utf-8")
    assert nights(0, "same", links=links).release == "20261122-020000-2"
    assert shows(place) == "same"


@BOTH
def test_the_same_moment_with_another_site_gets_a_number(nights, place, links):
    names = [nights(0, f"try {n}", links=links).release for n in range(11)]
    assert names[:3] == ["20261122-020000", "20261122-020000-2", "20261122-020000-3"]
    assert shows(place) == "try 10"
    assert Folder(place, links=links).rollback().name == "20261122-020000-10"


def test_an_empty_folder_that_was_made_ready_is_taken(nights, place):
    place.mkdir()
    nights(0)
    assert shows(place) == "night 0"


def test_a_file_system_without_links_gets_the_substitute(nights, place, monkeypatch):
    def refuse(*_names, **_more):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert "without links" in nights(0).told
    assert not place.is_symlink()
    assert shows(place) == "night 0"


def test_links_may_come_and_go_between_nights(nights, place):
    """A disk that is moved to another system keeps its releases."""
    for n, links in enumerate([True, False, True, False]):
        nights(n, links=links)
        assert shows(place) == f"night {n}"
    assert len(Folder(place).releases()) == 4
    assert Folder(place).rollback("20261122-020000").current
    assert shows(place) == "night 0"


def test_old_releases_go_but_never_the_shown_one_or_the_one_before_it(nights, place):
    for n in range(5):
        nights(n, keep=2)
    assert [name for name, _ in releases(Folder(place))] == ["20261125-020000", "20261126-020000"]
    nights(5, keep=1)
    assert [name for name, _ in releases(Folder(place))] == ["20261126-020000", "20261127-020000"]
    Folder(place).rollback()
    nights(6, keep=1)  # what was shown before it is older than the newest two
    assert [name for name, _ in releases(Folder(place))] == ["20261126-020000", "20261128-020000"]
    assert {path.name for path in place.parent.iterdir()} == {"handbook", "handbook.releases"}


READER = """
import json, os, sys
root, pages = sys.argv[1], sys.argv[2:]
reads = missing = torn = 0
def whole(file):
    global reads, torn
    reads += 1
    with open(file, encoding="utf-8") as page:
        lines = page.read().split("\\n")
    torn += len(lines) != 4 or lines[0] != lines[2]
    return lines[0]
print("ready", flush=True)
os.set_blocking(0, False)
while not sys.stdin.buffer.read():
    try:
        for page in pages:
            whole(f"{root}/{page}")
        held = os.open(root, os.O_RDONLY)
        stamps = {whole(os.open(page, os.O_RDONLY, dir_fd=held)) for page in pages}
        os.close(held)
        torn += len(stamps) != 1
    except FileNotFoundError:
        missing += 1
print(json.dumps([reads, missing, torn]))
"""


@pytest.mark.skipif(os.name != "posix", reason="the reader opens pages inside a folder that it holds open")
def test_readers_never_miss_a_page_or_get_half_of_one(nights, place):
    """Twenty nights while somebody reads all pages as fast as they can, by name and inside a folder held open."""
    nights(0, keep=30)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(place), *PAGES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with reader:
        assert reader.stdout.readline() == "ready\n"
        for n in range(1, 21):
            nights(n, keep=30)
        told, _ = reader.communicate("stop", timeout=30)
    reads, missing, torn = json.loads(told)
    assert (missing, torn) == (0, 0)
    assert reads > 500
    assert shows(place) == "night 20"


# ---------------------------------------------------------------- a run that is ended


CHILD = """
import os, sys
from datetime import datetime
from pathlib import Path
from sync.targets.folder import Folder
place, site, links, where = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "True", sys.argv[4]
left, moment = int(sys.argv[5]), datetime.fromisoformat(sys.argv[6])
def count(*_):
    global left
    left -= 1
    if not left:
        os._exit(9)
if where == "in a copy":
    fsync = os.fsync
    os.fsync = lambda handle: (count(), fsync(handle))
else:
    # what is done inside an open folder (-1: none) is the removal of a release that nobody reads
    names = {"os.rename", "os.symlink", "os.remove", "os.rmdir"}
    sys.addaudithook(lambda event, found: event in names and found[-1] == -1 and count())
Folder(place, 2, links=links).publish(site, moment)
"""


def ended(place, site, links, where, after, moment):
    """Publish in a process that ends by itself, without a word to anybody; whether it was ended."""
    command = [sys.executable, "-c", CHILD, str(place), str(site), str(links), where, str(after), str(moment)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 9}, done.stderr
    return done.returncode == 9


@BOTH
@pytest.mark.parametrize("where", ["before a change of names", "in a copy"])
def test_a_run_that_is_ended_anywhere_leaves_the_old_site_or_the_new_one(nights, place, tmp_path, links, where):
    """Whichever step was next, nothing half is shown; the next run shows the new site and clears up."""
    every = 3 if where == "in a copy" else 1
    seen = set()
    for after in range(1, 40, every):
        for n in range(3):
            nights(10 * after + n, f"old {after}.{n}", links=links, keep=2)
        site = write_site(tmp_path / "new", f"new {after}")
        moment = NIGHT + timedelta(days=10 * after + 3)
        stopped = ended(place, site, links, where, after, moment)
        if place.exists():
            seen.add(shows(place).split()[0])
        else:
            assert not links
            assert [shows(place.with_name("handbook.releases") / one.name) for one in Folder(place).releases()]
            seen.add("gap")
        Folder(place, 2, links=links).publish(site, moment)
        assert shows(place) == f"new {after}"
        assert {p.name for p in place.parent.rglob(".*")} <= {MARKER, room.LOCK}
        assert len(Folder(place).releases()) <= 3  # one may be whole and was never shown
        if not stopped:
            break
    else:
        pytest.fail("the run was never left to its end")
    assert seen == {"old", "new"} | ({"gap"} if not links and where != "in a copy" else set())


def test_what_a_run_left_half_done_is_removed_and_nothing_else(nights, place, tmp_path):
    nights(0)
    store = place.with_name("handbook.releases")
    others = [store / name for name in ("notes.txt", "20250101-000000", ".hidden", "20250102-000000")]
    others[0].write_text("ours", encoding="utf-8")
    write_site(others[1], "somebody's own copy")
    others[2].mkdir()
    write_site(tmp_path / "else", "somebody's release")
    (tmp_path / "else" / MARKER).write_bytes(
        (place / MARKER).read_bytes().replace(b"20261122-020000", b"20250102-000000")
    )
    others[3].symlink_to(tmp_path / "else", target_is_directory=True)
    write_site(store / ".servicebook-new-20261122-020000", "half")
    write_site(store / ".servicebook-old-20261121-020000", "half gone")
    place.with_name(".handbook.servicebook-link").symlink_to("nowhere")
    before = {other: tree(other) for other in others}
    for n in range(1, 5):
        nights(n, keep=1)
    assert {other: tree(other) for other in others} == before
    assert not list(store.glob(".servicebook-[no]*"))
    assert [name for name, _ in releases(Folder(place))] == ["20261125-020000", "20261126-020000"]


def test_two_at_once_do_not_get_into_each_others_way(nights, place):
    nights(0)
    with filelock.FileLock(place.with_name("handbook.releases") / room.LOCK), pytest.raises(Locked, match="handbook"):
        nights(1)
    assert shows(place) == "night 0"
    assert nights(1).changed


def test_a_full_disk_leaves_the_old_site_and_nothing_behind(nights, place, monkeypatch):
    nights(0)

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ServicebookError, match="No space left on device"):
            nights(1)
    assert shows(place) == "night 0"
    assert releases(Folder(place)) == [("20261122-020000", True)]
    assert not list(place.with_name("handbook.releases").glob(".servicebook-new*"))


@pytest.mark.parametrize("times", [2, 99])
def test_a_folder_that_somebody_holds_is_tried_again_and_then_left(nights, place, monkeypatch, times):
    """On Windows a folder in use cannot be renamed: some tries later it can, or the old site is shown again."""
    nights(0, links=False)
    held, rename = iter(range(times)), Path.rename

    def held_for_a_while(path, to):
        if to == place and path.name == "20261123-020000" and next(held, None) is not None:
            raise PermissionError(errno.EACCES, "in use", str(path))
        return rename(path, to)

    monkeypatch.setattr(files, "WAITS", (0, 0, 0))
    monkeypatch.setattr(Path, "rename", held_for_a_while)
    with pytest.raises(ServicebookError, match="in use") if times > 3 else contextlib.nullcontext():
        nights(1, links=False)
    assert shows(place) == ("night 0" if times > 3 else "night 1")


# ---------------------------------------------------------------- going back


@BOTH
def test_rollback_shows_what_was_shown_before(nights, place, links):
    for n in range(3):
        nights(n, links=links)
    target = Folder(place, links=links)
    assert target.rollback().name == "20261123-020000"
    assert shows(place) == "night 1"
    assert target.rollback("20261124-020000").name == "20261124-020000"
    assert shows(place) == "night 2"
    target.rollback()
    target.rollback()
    assert shows(place) == "night 0"
    with pytest.raises(
        ServicebookError, match=r"before the current one.*20261124.*20261123.*20261122-020000 \(current"
    ):
        target.rollback()
    assert shows(place) == "night 0"
    assert len(target.releases()) == 3


@BOTH
def test_the_night_after_a_rollback_publishes_over_it_and_going_back_skips_the_bad_one(nights, place, links):
    """Night 1 was bad, so people went back to night 0; when night 2 is bad too, they want night 0 again."""
    nights(0, links=links)
    nights(1, "bad", links=links)
    Folder(place, links=links).rollback()
    assert nights(2, "bad", links=links).changed
    assert shows(place) == "bad"
    assert Folder(place, links=links).rollback().name == "20261122-020000"
    assert shows(place) == "night 0"
    assert not nights(3, "night 0", links=links).changed


def test_rollback_refuses_what_it_cannot_show(nights, place):
    target = Folder(place)
    with pytest.raises(ServicebookError, match="There are: none"):
        target.rollback()
    assert not list(place.parent.iterdir())
    nights(0)
    nights(1)
    for wanted, why in (("20260101-000000", "no release 20260101"), ("20261123-020000", "is what readers see now")):
        with pytest.raises(ServicebookError, match=why):
            target.rollback(wanted)
    (place.with_name("handbook.releases") / "20261122-020000" / "index.html").write_text("spoilt", encoding="utf-8")
    with pytest.raises(ServicebookError, match="20261122-020000 is damaged"):
        target.rollback()
    assert shows(place) == "night 1"


def test_a_release_into_which_somebody_put_a_link_is_not_shown(nights, place, tmp_path):
    nights(0)
    nights(1)
    (place.with_name("handbook.releases") / "20261122-020000" / "out.html").symlink_to(tmp_path / "secret")
    with pytest.raises(ServicebookError, match="damaged"):
        Folder(place).rollback()


# ---------------------------------------------------------------- where no site may go


@pytest.fixture(scope="module")
def department(tmp_path_factory):
    folder = tmp_path_factory.mktemp("公司") / "售后 部"
    for name in ("docs/procedures", "kept", "sheets_schema", "site", "build/site/en"):
        (folder / name).mkdir(parents=True)
    return folder


FORBIDDEN = [
    "", "..", "../..", "docs", "docs/procedures", "docs/new", "kept", "kept/www", "sheets_schema/x", "site",
    "site/theme", "build", "build/site", "build/site/en", "build/docs", "build/site.new", "build/public",
]  # fmt: skip


@st.composite
def spellings(draw, paths):
    """One of *paths*, written as somebody might: with dots, slashes, capitals, detours."""
    parts = draw(st.sampled_from(paths)).split("/")
    respelt = []
    for part in parts:
        if draw(st.booleans()):
            respelt.append(draw(st.sampled_from([".", "", "detour/..", "docs/.."])))
        respelt.append(draw(st.sampled_from([part, part.upper(), part.capitalize()])))
    return "./" + "/".join(respelt) + draw(st.sampled_from(["", "/", "//", "/.", "/detour/.."]))


@given(spelt=spellings(FORBIDDEN), absolute=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_spelling_leads_into_the_department_or_around_it(department, spelt, absolute):
    before = tree(department.parent)
    with pytest.raises(DeclarationError, match=r"publish\.folder: /.*Name a folder of its own"):
        guards.place(f"{department}/{spelt}" if absolute else spelt, department)
    assert tree(department.parent) == before


@given(spelt=spellings(["public", "www/docs", "../handbook", "builds", "docs.releases"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_place_of_its_own_is_one_place_however_it_is_spelt(department, spelt):
    """Dots and slashes make no second place; only a place that ends in a detour names what is before it."""
    assert str(guards.place(spelt, department)) == os.path.normpath(department / spelt)


@pytest.mark.parametrize(
    "written",
    ["/", "//", "~", "~/", "~/..", "/usr", "$HOME", "${HOME}/",
     *map(str, (ROOT, ROOT.parent, ROOT / "sync" / "x", ROOT / "docs"))],
)  # fmt: skip
def test_disks_homes_and_the_program_are_refused(department, written, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/usr/home/nobody" if written == "/usr" else str(tmp_path))
    with pytest.raises(DeclarationError, match="Name a folder of its own"):
        guards.place(written, department)


@pytest.mark.parametrize(
    ("written", "why"),
    [("$NOT_SET_HERE/www", r"\$NOT_SET_HERE"), ("  ", "empty"), ("~nobody-of-that-name/x", "no path"),
     ("a\0b/c", "no path")],
)  # fmt: skip
def test_what_is_no_path_is_said(department, written, why):
    with pytest.raises(DeclarationError, match=why):
        guards.place(written, department)


def test_releases_never_lie_where_the_place_itself_may_not(tmp_path):
    """Beside “home” its releases would be “home.releases”: here that is the department."""
    folder = tmp_path / "home.releases"
    folder.mkdir()
    with pytest.raises(DeclarationError, match="the department folder"):
        guards.place("../home", folder)


def test_a_link_into_the_department_is_followed_before_it_is_judged(department, tmp_path):
    (tmp_path / "innocent").symlink_to(department / "docs", target_is_directory=True)
    with pytest.raises(DeclarationError, match="docs"):
        guards.place(f"{tmp_path}/innocent/www", department)
    with pytest.raises(DeclarationError, match="docs"):
        guards.place(f"{tmp_path}/innocent", department)


def file(place):
    place.write_text("ours", encoding="utf-8")


def somebodys_folder(place):
    write_site(place, "somebody's own site")


def somebodys_hidden_file(place):
    place.mkdir()
    (place / ".htaccess").write_text("Deny from all", encoding="utf-8")


def a_marker_that_is_not_ours(place):
    write_site(place, "somebody's own site")
    (place / MARKER).write_text('{"made_by": "somebody"}', encoding="utf-8")


def a_link_out(place):
    write_site(place.parent / "else", "somebody's own site")
    place.symlink_to("else", target_is_directory=True)


def a_link_to_nowhere(place):
    place.symlink_to("/no/such/folder")


def a_link_to_itself(place):
    place.symlink_to(place.name)


def a_link_below_a_release(place):
    write_site(place.with_name("handbook.releases") / "20261122-020000", "x")
    place.symlink_to("handbook.releases/20261122-020000/en", target_is_directory=True)


def a_link_out_of_the_releases(place):
    write_site(place.parent / "else", "somebody's own site")
    place.with_name("handbook.releases").mkdir()
    (place.with_name("handbook.releases") / "20261122-020000").symlink_to("../else", target_is_directory=True)
    place.symlink_to("handbook.releases/20261122-020000", target_is_directory=True)


def releases_elsewhere(place):
    write_site(place.parent / "else", "somebody's own site")
    place.with_name("handbook.releases").symlink_to("else", target_is_directory=True)


def releases_are_a_file(place):
    file(place.with_name("handbook.releases"))


IN_THE_WAY = [
    file, somebodys_folder, somebodys_hidden_file, a_marker_that_is_not_ours, a_link_out, a_link_to_nowhere,
    a_link_to_itself, a_link_below_a_release, a_link_out_of_the_releases, releases_elsewhere, releases_are_a_file,
]  # fmt: skip


@BOTH
@pytest.mark.parametrize("thing", IN_THE_WAY, ids=lambda thing: thing.__name__)
def test_what_is_not_ours_is_left_alone(place, nights, thing, links):
    thing(place)
    before = tree(place.parent)
    with pytest.raises(DeclarationError, match=r"handbook.*Nothing was written"):
        nights(0, links=links)
    with pytest.raises(ServicebookError, match="handbook"):
        Folder(place, links=links).rollback()
    assert tree(place.parent) == before


def test_a_folder_that_is_not_there_and_a_place_inside_a_release_are_refused(nights, place):
    with pytest.raises(DeclarationError, match="there is no folder"):
        Folder(place / "a" / "b").check()
    with pytest.raises(DeclarationError, match=r"name too long.*Nothing was written"):
        Folder(place.with_name("x" * 300)).check()
    nights(0)
    for inside in (guards.place(f"{place}/en", ROOT), place.with_name("handbook.releases") / "x"):
        with pytest.raises(DeclarationError, match="which is published"):
            Folder(inside).check()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a mount that is always there")
def test_a_mount_is_refused():
    with pytest.raises(DeclarationError, match="a disk or a share of its own"):
        Folder(Path("/proc")).check()


@pytest.mark.parametrize("kind", ["link", "folder link", "pipe", "none"])
def test_a_site_with_anything_but_files_is_not_published(place, tmp_path, kind):
    site = tmp_path / "site"
    if kind != "none":
        write_site(site, "new")
    if kind == "pipe":
        os.mkfifo(site / "pipe")
    elif kind != "none":
        (site / "out").symlink_to(tmp_path if kind == "folder link" else "index.html")
    with pytest.raises(ServicebookError, match="site"):
        Folder(place).publish(site, NIGHT)
    assert not list(place.parent.iterdir())


def test_the_digest_tells_names_and_bytes_apart(tmp_path):
    made = []
    for n, texts in enumerate([{"a": "1", "b": "2"}, {"a": "12"}, {"a": "1", "c": "2"}, {"a": "2", "b": "1"}]):
        (tmp_path / str(n)).mkdir()
        for name, text in texts.items():
            (tmp_path / str(n) / name).write_text(text, encoding="utf-8")
        made.append(content(tmp_path / str(n)))
    assert len(set(made)) == 4


# ---------------------------------------------------------------- the verb


def chosen(folder, **more):
    return msgspec.convert({"publish": {"folder": str(folder), **more}}, Settings)


def test_a_department_publishes_where_its_settings_say(department, tmp_path):
    site = write_site(department / "build" / "site", "night")
    own = chosen("../网站", keep=3)
    publish.check(own, department)
    done = publish.publish(site, NIGHT, own, department)
    place = department.parent / "网站"
    assert done.told == f"{place}, now 20261122-020000"
    assert shows(place) == "night"
    publish.publish(write_site(tmp_path / "site", "next"), NIGHT + timedelta(days=1), own, department)
    assert publish.rollback(own, department).name == "20261122-020000"
    assert [one.current for one in publish.releases(own, department)] == [True, False]
    assert shows(place) == "night"


def test_a_department_without_a_place_publishes_nothing(department, tmp_path):
    publish.check(Settings(), department)
    assert open_target(Settings(), department) is None
    assert publish.publish(write_site(tmp_path / "site", "x"), NIGHT, Settings(), department) is None
    with pytest.raises(DeclarationError, match="not set"):
        publish.rollback(Settings(), department)


@pytest.mark.parametrize("wrong", ["keep = 0", "keep = 'all'", "folder = 3", "place = 'x'"])
def test_a_wrong_setting_is_refused_by_name(tmp_path, wrong):
    (tmp_path / "servicebook.toml").write_text(f"[publish]\n{wrong}\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=f"publish.{wrong.split()[0]}"):
        load(tmp_path)


def test_the_marker_tells_nothing_of_the_machine(nights, place):
    nights(0)
    nights(1)
    marker = json.loads((place / MARKER).read_text(encoding="utf-8"))
    assert marker.pop("digest") == content(place.resolve())
    assert marker == {
        "made_by": "servicebook", "release": "20261123-020000", "moment": "2026-11-23T02:00:00",
        "before": "20261122-020000",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["md", "en.md"])
def test_every_refusal_that_the_page_explains_is_one(language):
    """What stands in the table of refusals is what the program says, word for word."""
    page = (ROOT / "docs" / "about" / f"publish.{language}").read_text(encoding="utf-8")
    rows = page.partition("{#refusals}")[2].partition("\n## ")[0].split("\n| `")[1:]
    told = [row.partition("`")[0].strip("… $") for row in rows]
    said = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (room, files, guards))
    said = said.replace("is {what}, or", "is the department folder, or")
    said = said.replace("it lies in {around}, which", "it lies in …, which")
    assert len(told) >= 12
    assert [one for one in told if one not in said] == []
