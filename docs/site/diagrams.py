"""Draws the Mermaid flow charts of the pages as pictures, because Mermaid itself would be a program of 3 MB.

It reads what the pages use: `flowchart TD` or `BT`, nodes with a label in `["..."]`, and arrows with `&`.
"""

import re
import textwrap
from html import escape
from itertools import pairwise, product
from types import SimpleNamespace
from typing import Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst import Directive
from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import SugiyamaLayout
from grandalf.routing import EdgeViewer, route_with_lines
from sphinx.application import Sphinx

LETTER, LINE, PADDING, GAP = 7, 18, 12, 34  # In pixels: the width of a letter, the height of a line, and distances.
WIDEST = 18  # Letters of a line of a label.
_NODE = re.compile(r'(\w+)\["(.*?)"\]')


class Row(NamedTuple):
    """A line of a label."""

    text: str
    strong: bool


class Chart(NamedTuple):
    """A flow chart."""

    upwards: bool
    labels: dict[str, list[Row]]  # The label of each node.
    arrows: list[tuple[str, str]]


def read_chart(lines: list[str]) -> Chart:
    """Read a flow chart.

    Raises:
        ValueError: If a line is none that is understood.
    """
    head, *rest = (line.strip() for line in lines if line.strip())
    if head not in ("flowchart TD", "flowchart BT"):
        raise ValueError(f"expected `flowchart TD` or `flowchart BT`, not {head!r}")
    labels: dict[str, list[Row]] = {}
    arrows = []
    for line in rest:
        for name, text in _NODE.findall(line):
            labels[name] = [row for part in text.split("<br>") for row in _rows(part)]
        sides = [re.split(r"\s*&\s*", side) for side in re.split(r"\s*-->\s*", _NODE.sub(r"\1", line))]
        if not all(re.fullmatch(r"\w+", name) for side in sides for name in side):
            raise ValueError(f"expected nodes and arrows, not {line!r}")
        for name in (name for side in sides for name in side):
            labels.setdefault(name, [Row(name, strong=False)])
        arrows += [pair for left, right in pairwise(sides) for pair in product(left, right)]
    return Chart(head.endswith("BT"), labels, arrows)


def _rows(part: str) -> list[Row]:
    return [Row(text, "<b>" in part) for text in textwrap.wrap(re.sub("<.*?>", "", part), WIDEST)]


def draw_chart(chart: Chart) -> str:
    """Draw a flow chart as SVG. Its colours are those of the theme (site.css)."""
    vertices = {name: Vertex(name) for name in chart.labels}
    for name, vertex in vertices.items():
        rows = chart.labels[name]
        width, height = max(len(row.text) for row in rows) * LETTER + 2 * PADDING, len(rows) * LINE + PADDING
        vertex.view = SimpleNamespace(w=width, h=height, xy=(0, 0))
    edges = [Edge(vertices[start], vertices[end]) for start, end in chart.arrows]
    for edge in edges:
        edge.view = EdgeViewer()
    (graph,) = Graph([*vertices.values()], edges).C
    layout = SugiyamaLayout(graph)
    layout.xspace, layout.yspace, layout.route_edge = GAP // 2, GAP, route_with_lines
    layout.init_all(roots=[vertex for vertex in graph.sV if not vertex.e_in()], optimize=True)
    layout.draw(9)
    return _svg(chart, {name: vertex.view for name, vertex in vertices.items()}, [edge.view._pts for edge in edges])  # noqa: SLF001


def _svg(chart: Chart, boxes: dict[str, Any], paths: list[list[tuple[float, float]]]) -> str:
    sign = -1 if chart.upwards else 1
    across = [box.xy[0] + side * box.w / 2 for box in boxes.values() for side in (-1, 1)]
    across += [x for path in paths for x, _ in path]
    down = [sign * box.xy[1] + side * box.h / 2 for box in boxes.values() for side in (-1, 1)]
    left, top = min(across) - 2, min(down) - 2
    width, height = max(across) + 2 - left, max(down) + 2 - top
    drawn = [
        '<polyline marker-end="url(#arrow)" points="'
        + " ".join(f"{x - left:.0f},{sign * y - top:.0f}" for x, y in path)
        + '"/>'
        for path in paths
    ]
    for name, box in boxes.items():
        x, y = box.xy[0] - left, sign * box.xy[1] - top
        drawn.append(
            f'<rect x="{x - box.w / 2:.0f}" y="{y - box.h / 2:.0f}" width="{box.w:.0f}" height="{box.h:.0f}" rx="4"/>'
        )
        first = y - (len(chart.labels[name]) - 1) * LINE / 2
        drawn += [_label(row, x, first + number * LINE) for number, row in enumerate(chart.labels[name])]
    spoken = escape("; ".join(f"{start} to {end}" for start, end in chart.arrows))
    return (
        f'<div class="diagram"><svg role="img" aria-label="Flow chart: {spoken}" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"><defs><marker id="arrow" viewBox="0 0 8 8" '
        'refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker></defs>'
        f"{''.join(drawn)}</svg></div>"
    )


def _label(row: Row, x: float, y: float) -> str:
    strong = ' class="strong"' if row.strong else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{strong}>{escape(row.text)}</text>'


class Mermaid(Directive):
    """The fence ```mermaid."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Put the picture in the place of the fence."""
        try:
            return [nodes.raw("", draw_chart(read_chart(list(self.content))), format="html")]
        except ValueError as problem:
            raise self.error(f"mermaid: {problem}") from None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the fence."""
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True}
