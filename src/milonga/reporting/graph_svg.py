"""A graph as one SVG element that needs nothing else: for the page of a run, and for a notebook."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from milonga.compiler.graph import Graph
from milonga.lineage.records import TaskRecord
from milonga.reporting.graph_types import artifact_type, parameter_type
from milonga.reporting.layout import Layout, Point, Size, lay_out
from milonga.reporting.lettering import fit, text_width
from milonga.reporting.markup import clip, escape, spelled
from milonga.reporting.scene import Arrow, Node, Scene, build_scene

_LABEL_PX = 13.0
_BOLD = 1.1
_CAPTION_PX = 11.5
_STEP_HEIGHT = 50.0
_STEP_WIDTHS = (132.0, 290.0)
_GROUP_WIDTH_MAX = 420.0
_HEAD = 40.0
_PAD = 18.0
_MARGIN = 12.0
_ROW_WIDTH = 1120.0
_CHIP_HEIGHT = 24.0
_CHIPS_SHOWN = 24
_WORDS = {
    "step": "",
    "loop": "LOOP",
    "branch": "",
    "choice": "CHOICE",
    "exit": "EXIT HANDLER",
    "pipeline": "PIPELINE",
    "stack": "",
}


@dataclass(frozen=True, slots=True)
class _Placed:
    """A scene with places, and the same for the boxes inside its boxes."""

    scene: Scene
    layout: Layout
    sizes: tuple[Size, ...]
    inner: tuple[_Placed | None, ...]


def graph_svg(
    graph: Graph,
    states: Mapping[str, TaskRecord] | None = None,
    *,
    arguments: Mapping[str, Any] | None = None,
    anchors: Mapping[str, str] | None = None,
) -> str:
    """A drawing of `graph`.

    Args:
        graph: what to draw.
        states: records by path, to show what became of each task; None shows the types of outputs instead.
        arguments: values of the pipeline's inputs; None shows the defaults.
        anchors: task path in the graph → id of an element on the page to link to.

    Returns:
        One `svg` element with its styles, valid in HTML and as a document; the same for the same input.
    """
    scene = build_scene(graph, states)
    placed = _place(scene, _ROW_WIDTH)
    chips, chips_height, chips_width = _chips(graph, scene, arguments)
    width = max(placed.layout.width, chips_width, 240.0) + 2 * _MARGIN
    height = placed.layout.height + chips_height + 2 * _MARGIN + (22.0 if scene.note else 0.0)
    left = (width - placed.layout.width) / 2
    body = _draw(placed, left, _MARGIN + chips_height, anchors or {})
    note = f'<text class="note" x="{_MARGIN:g}" y="{height - 8:g}">{escape(scene.note)}</text>' if scene.note else ""
    name = escape(clip(graph.name, 200))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mlg graph" role="group" aria-label="Graph of {name}" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" '
        f'style="min-width:{min(width, max(560.0, width * 0.55)):.0f}px">'
        f"<title>Graph of {name}</title><style>{stylesheet('palette.css')}{stylesheet('graph.css')}</style>"
        f'<rect class="ground" width="100%" height="100%" rx="10"/>{chips}{body}{note}</svg>'
    )


@functools.lru_cache(maxsize=8)
def stylesheet(name: str) -> str:
    """A style sheet or script that is packaged with this module."""
    return resources.files("milonga.reporting").joinpath(name).read_text(encoding="utf-8").strip()


def _place(scene: Scene, row_width: float) -> _Placed:
    inner = tuple(_place(node.inner, row_width - 2 * _PAD) if node.inner else None for node in scene.nodes)
    sizes = tuple(_size(node, within) for node, within in zip(scene.nodes, inner, strict=True))
    layout = lay_out(sizes, [(arrow.source, arrow.target) for arrow in scene.arrows], row_width=row_width)
    return _Placed(scene, layout, sizes, inner)


def _size(node: Node, inner: _Placed | None) -> Size:
    label = text_width(node.label[:200], _LABEL_PX) * _BOLD + 46
    caption = text_width(node.caption[:200], _CAPTION_PX) + 46
    if inner is None:
        least, most = _STEP_WIDTHS
        extra = text_width(_WORDS[node.kind], 9.5) + 14 if _WORDS[node.kind] else 0.0
        return Size(round(min(most, max(least, label + extra, caption))), _STEP_HEIGHT)
    words = text_width(_WORDS[node.kind], 9.5) + 20
    head = min(_GROUP_WIDTH_MAX, max(label + words, caption))
    return Size(round(max(head, inner.layout.width + 2 * _PAD)), inner.layout.height + _HEAD + 2 * _PAD - 6)


def _draw(placed: _Placed, left: float, top: float, anchors: Mapping[str, str]) -> str:
    arrows = "".join(_arrow(placed, arrow, left, top) for arrow in placed.scene.arrows)
    boxes = []
    for index, node in enumerate(placed.scene.nodes):
        x, y = placed.layout.corners[index]
        boxes.append(_box(placed, index, node, left + x, top + y, anchors))
    return f"<g>{arrows}</g>{''.join(boxes)}"


def _box(placed: _Placed, index: int, node: Node, x: float, y: float, anchors: Mapping[str, str]) -> str:
    size, inner = placed.sizes[index], placed.inner[index]
    title = escape("\n".join(clip(line, 400) for line in node.details))
    css = f"node k-{node.kind} s-{node.look.name if node.look else 'none'}{' open' if inner else ''}"
    used = f' data-in="{escape(" ".join(node.inputs))}"' if node.inputs else ""
    behind = _shape("shape behind", x + 5, y + 5, size) if node.kind != "step" and inner is None else ""
    head = behind + _shape("shape", x, y, size) + _words(node, x, y, size)
    anchor = anchors.get(node.path)
    if anchor:
        head = f'<a href="#{escape(anchor)}">{head}</a>'
    content = ""
    if inner is not None:
        content = _draw(inner, x + (size.width - inner.layout.width) / 2, y + _HEAD + _PAD - 6, anchors)
    own = f'<g class="own"><title>{title}</title>{head}</g>'
    return f'<g class="{css}" data-node="{escape(node.path)}"{used}>{own}{content}</g>'


def _shape(css: str, x: float, y: float, size: Size) -> str:
    return f'<rect class="{css}" x="{x:g}" y="{y:g}" width="{size.width:g}" height="{size.height:g}" rx="9"/>'


def _words(node: Node, x: float, y: float, size: Size) -> str:
    """State, label, kind and caption of a box."""
    kind, room = _WORDS[node.kind], size.width - 44
    sign = f'<circle class="dot" cx="{x + 20:g}" cy="{y + 18:g}" r="4"/>' if node.look is None else ""
    if node.look is not None:
        place = f'transform="translate({x + 12:g} {y + 10:g})"'
        sign = f'<g class="sign" {place}><circle cx="8" cy="8" r="8"/><path d="{node.look.sign}"/></g>'
    tag = ""
    if kind:
        width = round(text_width(kind, 9.5) + 12)
        left = x + size.width - width - 9
        tag = (
            f'<rect class="tag" x="{left:g}" y="{y + 10:g}" width="{width}" height="15" rx="7.5"/>'
            f'<text class="kind" x="{left + width / 2:g}" y="{y + 20.8:g}" text-anchor="middle">{kind}</text>'
        )
        room -= width + 6
    line = y + (22.5 if node.caption or size.height > _STEP_HEIGHT else 30.0)
    label = escape(fit(node.label, room, _LABEL_PX * _BOLD))
    words = f'<text class="label" x="{x + 34:g}" y="{line:g}">{label}</text>'
    if node.caption:
        caption = escape(fit(node.caption, size.width - 44, _CAPTION_PX))
        words += f'<text class="caption" x="{x + 34:g}" y="{y + 39:g}">{caption}</text>'
    return sign + tag + words


def _arrow(placed: _Placed, arrow: Arrow, left: float, top: float) -> str:
    route = placed.layout.routes.get((arrow.source, arrow.target))
    if route is None:  # a task that waits for itself
        return ""
    path, (x, y) = _curve([(left + px, top + py) for px, py in route])
    back = 7 if route[-1][1] < route[0][1] else -7
    source, target = placed.scene.nodes[arrow.source], placed.scene.nodes[arrow.target]
    title = escape(clip(f"{source.label} → {target.label}\n{', '.join(arrow.flows) or 'waits for it'}", 600))
    css = "arrow" if arrow.flows else "arrow order"
    return (
        f'<g class="{css}" data-from="{escape(source.path)}" data-to="{escape(target.path)}"><title>{title}</title>'
        f'<path class="reach" d="{path}"/><path class="line" d="{path}"/>'
        f'<path class="head" d="M{x - 4:g} {y + back:g}L{x:g} {y:g}L{x + 4:g} {y + back:g}z"/></g>'
    )


def _curve(points: list[Point]) -> tuple[str, Point]:
    """A path through the points: straight beside boxes, curved between rows; and where it ends."""
    x, y = points[0]
    parts = [f"M{x:g} {y:g}"]
    for next_x, next_y in points[1:]:
        if abs(next_x - x) < 0.5:
            parts.append(f"L{next_x:g} {next_y:g}" if next_y != y else "")
        else:
            middle = (y + next_y) / 2
            parts.append(f"C{x:g} {middle:g} {next_x:g} {middle:g} {next_x:g} {next_y:g}")
        x, y = next_x, next_y
    return "".join(parts), (x, y)


def _chips(graph: Graph, scene: Scene, arguments: Mapping[str, Any] | None) -> tuple[str, float, float]:
    """The pipeline's own inputs above the boxes; and the height and width that they take."""
    texts = {name: f"{name}: {artifact_type(item)}" for name, item in graph.root.input_artifacts.items()}
    for name, item in graph.root.input_parameters.items():
        value = item.default_value if arguments is None else arguments.get(name)
        texts[name] = f"{name}: {parameter_type(item)}" + ("" if value is None else f" = {spelled(value)[:40]}")
    if not texts:
        return "", 0.0, 0.0
    drawn, x, y, widest = [], _MARGIN, _MARGIN, 0.0
    for name, words in list(texts.items())[:_CHIPS_SHOWN]:
        shown = fit(words, 240, _CAPTION_PX)
        width = round(text_width(shown, _CAPTION_PX) + 20)
        if x > _MARGIN and x + width > _ROW_WIDTH:
            x, y = _MARGIN, y + _CHIP_HEIGHT + 6
        takers = [node.label for node in scene.nodes if name in node.inputs]
        title = escape(clip(f"input {words}\n" + (f"used by {', '.join(takers)}" if takers else "not used"), 600))
        drawn.append(
            f'<g class="chip" data-input="{escape(name)}"><title>{title}</title>'
            f'<rect x="{x:g}" y="{y:g}" width="{width}" height="{_CHIP_HEIGHT:g}" rx="12"/>'
            f'<text x="{x + 10:g}" y="{y + 16:g}">{escape(shown)}</text></g>'
        )
        x += width + 8
        widest = max(widest, x - _MARGIN)
    if len(texts) > _CHIPS_SHOWN:
        drawn.append(f'<text class="note" x="{x:g}" y="{y + 16:g}">and {len(texts) - _CHIPS_SHOWN} more inputs</text>')
        widest = max(widest, x + 120)
    return "".join(drawn), y + _CHIP_HEIGHT + 10, widest
