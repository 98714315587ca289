"""Drawings: what a chart shows is what it was given, and nothing but shapes and text leaves the drawing program."""

import re

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from sync import drawing
from sync.drawing import Part

CHART = """
flowchart TD
  start([电话响了]) --> ask{在保？}
  ask -->|在| go[30 分钟内回电]
  ask -->|不在| price[先定价]
  price --> go
"""
SHAPES = {"svg", "g", "path", "rect", "polygon", "circle", "text", "tspan", "marker"}


def test_a_chart_holds_every_step_and_answer():
    flow = drawing.flow(CHART, "flow-1")
    shown = "".join(fromstring(flow.svg).itertext())
    for words in ("电话响了", "在保？", "30 分钟内回电", "先定价", "不在"):
        assert words in shown
    assert [tuple(step) for step in flow.steps] == [
        ("电话响了", "", "在保？"),
        ("在保？", "在", "30 分钟内回电"),
        ("在保？", "不在", "先定价"),
        ("先定价", "", "30 分钟内回电"),
    ]


def test_only_shapes_and_text_are_left_and_colours_are_the_pages():
    svg = drawing.flow(CHART, "flow-1").svg
    assert {element.tag for element in fromstring(svg).iter()} <= SHAPES
    assert not re.search(r"<style|<script|href|fill=|font-family|data-|\bon\w+=", svg)
    assert len(svg) < 6000


def test_two_charts_on_a_page_share_no_name():
    first, second = (drawing.flow(CHART, name).svg for name in ("flow-1", "flow-2"))
    names = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, second)]
    assert names[0]
    assert not names[0] & names[1]
    for svg, own in zip((first, second), names, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= own


@pytest.mark.parametrize("label", ["a & b", "a &lt;b&gt;", "1 < 2", "50 %"])
def test_a_label_is_text(label):
    root = fromstring(drawing.flow(f"flowchart TD\n  a[{label}] --> b[y]\n", "f").svg)
    assert {element.tag for element in root.iter()} <= SHAPES


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", '" onload="x', "{{ 7 }}"])
def test_a_label_that_could_be_more_than_text_is_refused(label):
    with pytest.raises(ValueError, match="label"):
        drawing.flow(f"flowchart TD\n  a[{label}] --> b[y]\n", "f")


@pytest.mark.parametrize("source", ["", "flowchart TD", "flowchart TD\n a[只有一步]", "nonsense --> ["])
def test_what_is_no_chart_is_refused(source):
    with pytest.raises(ValueError, match=r"\w"):
        drawing.flow(source, "f")


def widths(svg):
    return [float(rect.get("width")) for rect in fromstring(svg).findall("rect") if "fill" in rect.get("class")]


@given(st.lists(st.floats(0, 1000), max_size=5), st.floats(0, 1000))
def test_a_bar_is_never_wider_than_its_ground(amounts, whole):
    drawn = widths(drawing.bar([Part(amount, "good") for amount in amounts], whole))
    assert sum(drawn) <= 100.1
    if sum(amounts) <= whole:
        assert sum(drawn) == pytest.approx(
            sum(a for a in amounts if whole and 100 * a / whole > 0) * 100 / (whole or 1), abs=0.1
        )


def test_a_strip_has_a_cell_for_each_sheet():
    svg = drawing.strip(["used", "gap", "left"])
    assert [rect.get("class") for rect in fromstring(svg)] == ["sb-fill-used", "sb-fill-gap", "sb-fill-left"]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8))
def test_columns_are_as_tall_as_they_count(weeks):
    highest = max(a + b for a, b in weeks)
    svg = drawing.columns([[Part(a, "good"), Part(b, "late")] for a, b in weeks], highest)
    tall = [float(r.get("height")) for r in fromstring(svg).findall("rect") if "fill" in r.get("class")]
    expected = [40 * n / highest for week in weeks for n in week if n]
    assert tall == pytest.approx(expected, abs=0.06)
