"""Drawings as inline SVG: flow charts from Mermaid text, and small charts. Colours come from the page's style sheet.

Nothing here is drawn by the reader's browser, so drawings print, need no script, and follow light and dark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree as ET

import mmdr

_SVG = "http://www.w3.org/2000/svg"
_DIRECTIVE = (
    '%%{init: {"look": "classic", "flowchart": {"htmlLabels": false, "wrappingWidth": 170,'
    ' "nodeSpacing": 26, "rankSpacing": 32, "padding": 12}}}%%\n'
)
_NODE = re.compile(r"(\w+)(?:\(\[(.+?)\]\)|\[(.+?)\]|\{(.+?)\}|\((.+?)\))")
_PLAIN = re.compile(r"-?\d+\.\d+")
# What our own style sheet dresses, by the classes of the drawing program.
_CLASSES = {
    "flowchart-link": "sb-edge", "label-container": "sb-node", "background": "sb-ground", "arrowMarkerPath": "sb-arrow",
}  # fmt: skip
_KEPT = frozenset([
    "d", "x", "y", "width", "height", "rx", "ry", "cx", "cy", "r", "points", "transform", "viewBox",
    "id", "marker-end", "markerUnits", "markerWidth", "markerHeight", "orient", "refX", "refY", "dy", "text-anchor",
    "dominant-baseline",
])  # fmt: skip


class Step(NamedTuple):
    """One arrow of a flow chart, in words."""

    start: str
    answer: str  # what leads this way; empty where there is only one
    end: str


class Flow(NamedTuple):
    """A flow chart: drawn, and as the list of its arrows for those who cannot see it."""

    svg: str
    steps: Sequence[Step]


def flow(source: str, name: str) -> Flow:
    """The flow chart that the Mermaid text *source* describes; *name* is unique on its page.

    Raises ValueError with the drawing program's words where the text is no flow chart.
    """
    steps = list(_steps(source))
    if not steps:
        message = "a flow chart needs at least one arrow, such as a[步骤] --> b[步骤]"
        raise ValueError(message)
    return Flow(_drawn(source.strip(), name), steps)


@cache
def _drawn(source: str, name: str) -> str:
    try:
        drawn = mmdr.render(_DIRECTIVE + source).svg()
    except Exception as error:
        raise ValueError(str(error)) from error
    root = ET.fromstring(drawn)  # noqa: S314 - made by the drawing program from our own pages
    used = set(re.findall(r"url\(#([^)]+)\)", drawn))
    box = root.get("viewBox") or "0 0 0 0"
    svg = ET.Element("svg", {"viewBox": box, "class": "sb-flow", "aria-hidden": "true"})
    svg.set("style", f"max-width:{float(box.split()[2]) / 20:.1f}rem")
    svg.extend(kept for child in root if (kept := _cleaned(child, name, used)) is not None)
    text = ET.tostring(svg, encoding="unicode")
    return re.sub(r"<(/?)ns\d+:", r"<\1", text)


def _cleaned(element: ET.Element, name: str, used: set[str]) -> ET.Element | None:
    """*element* with nothing but shapes and text: no styles, scripts, data, or arrow heads that nobody uses."""
    tag = element.tag.removeprefix(f"{{{_SVG}}}")
    if tag not in ("g", "path", "rect", "polygon", "circle", "text", "tspan", "marker"):
        return None
    if tag == "marker" and element.get("id") not in used:
        return None
    kept = ET.Element(tag, {k: _short(v) for k, v in element.attrib.items() if k in _KEPT})
    classes = (element.get("class") or "").split()
    if dressed := next((_CLASSES[one] for one in classes if one in _CLASSES), None):
        kept.set("class", dressed)
    for key in ("id", "marker-end"):
        if value := kept.get(key):
            kept.set(key, re.sub(r"merman[\w-]*", lambda found: f"{name}-{found[0][-12:]}", value))
    if "outer-path" in classes:
        return _pill(element)
    kept.text = element.text if tag in ("text", "tspan") else None
    kept.extend(child for one in element if (child := _cleaned(one, name, used)) is not None)
    if tag not in ("tspan", "text", "marker"):
        kept.attrib.pop("id", None)
    return kept if len(kept) or tag != "g" else None


def _pill(element: ET.Element) -> ET.Element:
    """A rounded box in place of the hundreds of curves that the drawing program makes of one."""
    numbers = [abs(float(n)) for n in re.findall(r"-?\d+(?:\.\d+)?", next(iter(element)).get("d") or "")]
    half_width, half_height = max(numbers[::2]), max(numbers[1::2])
    box = {"x": -half_width, "y": -half_height, "width": 2 * half_width, "height": 2 * half_height, "rx": half_height}
    return ET.Element("rect", {k: f"{v:.1f}" for k, v in box.items()} | {"class": "sb-node"})


def _short(value: str) -> str:
    return _PLAIN.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value)


def _steps(source: str) -> Iterator[Step]:
    """The arrows of *source* in words."""
    named: dict[str, str] = {found[1]: next(filter(None, found.groups()[1:])) for found in _NODE.finditer(source)}
    for line in source.splitlines():
        bare = _NODE.sub(r"\1", line)
        ends = re.split(r"\s*-->\s*", bare.strip())
        for left, right in pairwise(ends):
            answer = re.match(r"\|(.+?)\|\s*(\w+)", right)
            start = left.rpartition("|")[2].strip()
            said, end = (str(answer[1]), str(answer[2])) if answer else ("", right)
            yield Step(named.get(start, start), said, named.get(end, end))


# ---------------------------------------------------------------- charts


class Part(NamedTuple):
    """A stretch of a bar: how much, and the class that colours it."""

    amount: float
    tone: str


def bar(parts: Iterable[Part], whole: float, *, mark: float | None = None) -> str:
    """One horizontal bar of *parts* on a ground of *whole*; *mark* is a line across it, such as the par."""
    shapes, at = ['<rect class="sb-bar-ground" width="100" height="8" rx="2"/>'], 0.0
    scale = 100 / whole if whole > 0 else 0
    for part in parts:
        width = min(part.amount * scale, 100 - at)
        if width > 0:
            shapes.append(f'<rect class="sb-fill-{part.tone}" x="{at:.2f}" width="{width:.2f}" height="8"/>')
            at += width
    if mark is not None and whole > 0:
        shapes.append(f'<rect class="sb-bar-mark" x="{min(mark * scale, 99.2):.2f}" width=".8" height="8"/>')
    drawn = "".join(shapes)
    return f'<svg class="sb-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'


def strip(tones: Sequence[str]) -> str:
    """A row of cells, one for each number of a book, each coloured by its tone."""
    width = 5
    cells = "".join(
        f'<rect class="sb-fill-{tone}" x="{at * width}" width="{width - 1}" height="12" rx="1"/>'
        for at, tone in enumerate(tones)
    )
    box = f'viewBox="0 0 {len(tones) * width} 12" style="max-width:{len(tones) * 0.42:.1f}rem"'
    return f'<svg class="sb-strip" {box} aria-hidden="true">{cells}</svg>'


def columns(weeks: Sequence[Sequence[Part]], highest: float) -> str:
    """A column a week, each of stacked parts, all on one scale."""
    width, height = 14, 40
    scale = height / highest if highest else 0
    shapes: list[str] = []
    for at, parts in enumerate(weeks):
        top = float(height)
        for part in parts:
            tall = part.amount * scale
            if tall:
                top -= tall
                shapes.append(
                    f'<rect class="sb-fill-{part.tone}" x="{at * width + 1}" y="{top:.1f}" '
                    f'width="{width - 3}" height="{tall:.1f}"/>'
                )
    ground = f'<rect class="sb-bar-ground" y="{height}" width="{len(weeks) * width}" height="1"/>'
    return (
        f'<svg class="sb-columns" viewBox="0 0 {len(weeks) * width} {height + 1}" aria-hidden="true">'
        f"{''.join(shapes)}{ground}</svg>"
    )
