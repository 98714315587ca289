"""What outlives a night."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sync.kept import Kept, KeptError, Night, TabRecord, rows_of
from sync.model import Copy, Grid

NOON = datetime(2026, 11, 22, 12, 0)


def copy(*texts: str) -> Copy:
    grid = Grid("服务/簿", "报修", len(texts), [list(texts)], ["s" * len(texts)])
    return Copy("服务/簿", "服务.xlsx", [grid], "digest", NOON, NOON)


def night(moment: datetime, *, good: bool = True, rows: int = 2) -> Night:
    return Night(
        f"{moment:%Y%m%d-%H%M%S}", moment, {}, {}, [TabRecord("服务/簿", "报修", "jobs", good=good, rows=rows)]
    )


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "kept")


def test_a_night_comes_back_as_it_was_read(kept: Kept):
    kept.keep(night(NOON), [copy("单号", "=1+1")])
    last = kept.last()
    assert last is not None
    assert kept.copies(last) == [copy("单号", "=1+1")]
    assert rows_of(last.tabs) == {("服务/簿", "报修"): 2}


def test_nights_are_found_by_their_moment(kept: Kept):
    for day in range(3):
        kept.keep(night(NOON + timedelta(days=day)), [copy(str(day))])
    assert kept.last().moment == NOON + timedelta(days=2)
    assert kept.last(NOON + timedelta(hours=30)).moment == NOON + timedelta(days=1)
    assert kept.last(NOON - timedelta(days=1)) is None
    assert kept.before(NOON + timedelta(days=1)).moment == NOON
    assert kept.before(NOON) is None


def test_the_last_good_rows_of_a_tab(kept: Kept):
    kept.keep(night(NOON), [copy("good")])
    kept.keep(night(NOON + timedelta(days=1), good=False), [copy("broken")])
    grid, since = kept.last_good("服务/簿", "报修", NOON + timedelta(days=2))
    assert (grid.texts, since) == ([["good"]], NOON)
    assert kept.last_good("服务/簿", "报修", NOON) is None


def test_the_rows_of_a_tab_that_was_broken_are_those_of_its_last_good_night(kept: Kept):
    """Else a tab that comes back with half of its rows would be compared with nothing."""
    for day, good, rows in ((0, True, 9), (1, True, 7), (2, False, 0), (3, False, 0)):
        kept.keep(night(NOON + timedelta(days=day), good=good, rows=rows), [copy("x")])
    place = ("服务/簿", "报修")
    assert kept.rows_as_of(kept.last()) == {place: 7}
    assert kept.rows_as_of(kept.last(NOON)) == {place: 9}
    kept.keep(night(NOON - timedelta(days=9), good=False, rows=0), [copy("x")])
    assert kept.rows_as_of(kept.last(NOON - timedelta(days=1))) == {}


def test_a_night_kept_again_replaces_itself(kept: Kept):
    for text in ("first", "second"):
        kept.keep(night(NOON), [copy(text)])
    assert len(kept.nights()) == 1
    assert kept.copies(kept.last()) == [copy("second")]


def test_what_a_killed_run_replaced_comes_back(kept: Kept):
    kept.keep(night(NOON), [copy("whole")])
    (whole,) = kept.nights()
    whole.rename(whole.with_name(f"{whole.name}.old"))
    whole.with_name(f"{whole.name}.part").mkdir()
    kept.recover()
    assert kept.copies(kept.last()) == [copy("whole")]
    assert [path.name for path in kept.folder.iterdir()] == [whole.name]


def test_a_changed_file_is_found(kept: Kept):
    kept.keep(night(NOON), [copy("whole")])
    (file,) = kept.folder.glob("*/*.gz")
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(KeptError, match="checksum"):
        kept.verify(kept.last())


def test_nights_of_a_wrong_clock_bind_nobody(kept: Kept):
    for day in (0, 400):
        kept.keep(night(NOON + timedelta(days=day)), [copy(str(day))])
    kept.set_aside(NOON + timedelta(days=1))
    assert kept.last().moment == NOON
    assert len(list(kept.folder.iterdir())) == 2  # nothing was thrown away
