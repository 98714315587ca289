"""The fast lane: what it accepts, its reader accepts, with the same value; where clocks change there is none."""

from zoneinfo import ZoneInfo

import narwhals as nw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.cells import READERS
from sync.cells.fast import lane
from sync.cells.moment import steady
from sync.engines import engine
from sync.model import VALUE, Raw
from sync.schema import Field, Words
from sync.settings import Settings

KINDS = ("text", "person", "id", "integer", "number", "money", "phone", "date", "datetime", "time")
TYPICAL = ["2026-02-28", "2024-02-29", "2023-02-29", "2026-11-31", "2000-01-01 00:00:00", "2049-12-31 23:59:59",
           "09:30", "24:00", "007", "0", "12.50", "-3", "13800000001", "12345678901", "WX-00017", "屏幕黑 2 块", "同上",
           "暂无", "无", "NA", "1E5", "1E+05", "#N/A", "NULL"]  # fmt: skip
ALPHABET = "0123456789-:. 年月AEx#/无同上"


def fast(kind, texts, tag, name):
    """What the fast lane accepts of *texts*: {text: value}."""
    known = engine(name)
    frame = known.table({"x": texts, "t": [tag] * len(texts)}, {"x": "text", "t": "text"})
    found = lane(kind, nw.col("x"), nw.col("t"))
    taken = known.columns(frame.select("x", value=found.value, taken=found.accepts).filter(nw.col("taken")))
    return dict(zip(taken["x"], taken["value"], strict=True))


def agree(kind, texts, tag, name):
    field = Field(name="f", title=Words(zh="栏", en="Column"), kind=kind)
    for text, value in fast(kind, texts, tag, name).items():
        cell = READERS[kind](Raw(text, tag), field, Settings())
        assert (cell.state, cell.warnings) == (VALUE, ()), (kind, tag, text)
        seconds = kind == "time" and hasattr(value, "seconds")
        assert (int(value.total_seconds()) if seconds else value) == cell.value, (kind, tag, text)


@pytest.mark.parametrize("name", ["polars", "duckdb"])
@pytest.mark.parametrize("kind", KINDS)
def test_typical_texts_are_taken_with_the_reader_s_value(kind, name):
    for tag in "sndt":
        agree(kind, TYPICAL, tag, name)
    assert fast(kind, TYPICAL, "d" if kind in ("date", "datetime") else "s", name)


@settings(deadline=None, max_examples=40)
@given(texts=st.lists(st.text(ALPHABET, max_size=12) | st.sampled_from(TYPICAL), min_size=1, unique=True),
       kind=st.sampled_from(KINDS), tag=st.sampled_from("snbdt"))  # fmt: skip
def test_no_text_is_taken_that_the_reader_reads_otherwise(texts, kind, tag):
    agree(kind, texts, tag, "polars")


@pytest.mark.parametrize(
    ("zone", "still"),
    [
        ("Asia/Shanghai", True),
        ("UTC", True),
        ("America/New_York", False),
        ("Europe/Berlin", False),
        ("Asia/Pyongyang", False),
    ],
)
def test_only_where_clocks_stay_as_they_are_is_there_a_fast_lane_for_moments(zone, still):
    assert steady(ZoneInfo(zone)) is still
