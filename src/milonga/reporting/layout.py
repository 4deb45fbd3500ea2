"""The second half of a layered drawing: coordinates. No two boxes overlap, and no edge crosses a box.

Says nothing about what is drawn: boxes are widths and heights, edges are pairs of indices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from milonga.reporting.layering import Edge, Rows, arrange

Point = tuple[float, float]

BOX_GAP = 30.0
LANE_GAP = 14.0
ROW_GAP = 46.0
_PORT_GAP = 18.0
_SWEEPS = 6
_SWEEPS_LARGE = 2
_LARGE = 3000
# How much two neighbours want to be above each other, by how many of them are lanes: long edges shall be straight.
# After Gansner et al., "A technique for drawing directed graphs" (IEEE Trans. Softw. Eng. 19, 1993).
_PULL = (1.0, 2.0, 8.0)


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a box."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A finished drawing.

    Attributes:
        width, height: of the whole.
        corners: left upper corner of each box.
        routes: points that each edge passes, from the bottom of its source to the top of its target.
    """

    width: float
    height: float
    corners: tuple[Point, ...]
    routes: Mapping[Edge, tuple[Point, ...]]


def lay_out(sizes: Sequence[Size], edges: Iterable[Edge], *, row_width: float = 1160.0) -> Layout:
    """Coordinates for boxes of these sizes, from top to bottom.

    Args:
        sizes: one a box.
        edges: (source, target).
        row_width: width that a row with more than one box should keep; lanes of edges come on top.
    """
    if not sizes:
        return Layout(0.0, 0.0, (), {})
    rows = arrange([size.width for size in sizes], edges, row_width=row_width, gap=BOX_GAP)
    centres = _centres(rows, [size.width for size in sizes])
    tops, heights = _row_places(rows, sizes)
    corners = []
    for index, size in enumerate(sizes):
        row = rows.row_of[index]
        corners.append((centres[index] - size.width / 2, tops[row] + (heights[row] - size.height) / 2))
    routes = _routes(rows, sizes, centres, corners, tops, heights)
    return _from_origin(sizes, corners, routes, tops[-1] + heights[-1])


def _row_places(rows: Rows, sizes: Sequence[Size]) -> tuple[list[float], list[float]]:
    tops, heights, y = [], [], 0.0
    for row in rows.order:
        height = max((sizes[item].height for item in row if item < len(sizes)), default=0.0)
        tops.append(y)
        heights.append(height)
        y += height + ROW_GAP
    return tops, heights


def _centres(rows: Rows, widths: Sequence[float]) -> list[float]:
    """The x of each item: near its neighbours, in the order of its row, with the gaps kept."""
    count = len(rows.row_of)
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for upper, lower in rows.links:
        above[lower].append(upper)
        below[upper].append(lower)
    centres = [0.0] * count
    offsets = [_offsets(row, widths) for row in rows.order]
    for row, offset in zip(rows.order, offsets, strict=True):
        shift = offset[-1] / 2 if offset else 0.0
        for item, place in zip(row, offset, strict=True):
            centres[item] = place - shift
    both = [first + second for first, second in zip(above, below, strict=True)]
    bounds = _bounds(rows.order, offsets, widths)
    sweeps = _SWEEPS if count < _LARGE else _SWEEPS_LARGE
    for sweep in range(2 * sweeps):
        down = sweep % 2 == 0
        neighbours = both if sweep > sweeps else above if down else below
        for index in range(len(rows.order)) if down else range(len(rows.order) - 1, -1, -1):
            _settle(rows.order[index], offsets[index], neighbours, centres, len(widths), bounds[index])
    return centres


def _bounds(
    order: Sequence[Sequence[int]], offsets: Sequence[Sequence[float]], widths: Sequence[float]
) -> list[tuple[float, float]]:
    """Least and largest place of each row's first item, so that no row leaves the width of the widest."""
    ends = [(_width(row[0], widths) / 2, _width(row[-1], widths) / 2) for row in order]
    spans = [first + offset[-1] + last for (first, last), offset in zip(ends, offsets, strict=True)]
    half = max(spans) / 2
    return [(first - half, half - last - offset[-1]) for (first, last), offset in zip(ends, offsets, strict=True)]


def _offsets(row: Sequence[int], widths: Sequence[float]) -> list[float]:
    """Least distance of each item's centre from the first one's."""
    offsets, x = [], 0.0
    for index, item in enumerate(row):
        if index:
            before = row[index - 1]
            half = (_width(before, widths) + _width(item, widths)) / 2
            x += half + (BOX_GAP if before < len(widths) and item < len(widths) else LANE_GAP)
        offsets.append(x)
    return offsets


def _width(item: int, widths: Sequence[float]) -> float:
    return widths[item] if item < len(widths) else 0.0


def _settle(
    row: Sequence[int],
    offsets: Sequence[float],
    neighbours: Sequence[Sequence[int]],
    centres: list[float],
    boxes: int,
    bounds: tuple[float, float],
) -> None:
    """Move the items of a row as near to their neighbours as order and gaps allow.

    With the least distances taken off, what is left is isotonic regression, which pooling adjacent violators solves
    exactly (Barlow et al., "Statistical inference under order restrictions", 1972); bounds clip its result.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight, items
    for item, offset in zip(row, offsets, strict=True):
        pulls = [(_PULL[(item >= boxes) + (other >= boxes)], centres[other]) for other in neighbours[item]]
        weight = sum(pull for pull, _ in pulls) or 0.05
        wanted = sum(pull * x for pull, x in pulls) / weight if pulls else centres[item]
        mean, size = wanted - offset, 1
        while blocks and blocks[-1][0] > mean:
            other_mean, other_weight, other_size = blocks.pop()
            mean = (mean * weight + other_mean * other_weight) / (weight + other_weight)
            weight += other_weight
            size += other_size
        blocks.append((mean, weight, size))
    index = 0
    for mean, _, size in blocks:
        for _ in range(size):
            centres[row[index]] = min(max(mean, bounds[0]), bounds[1]) + offsets[index]
            index += 1


def _routes(
    rows: Rows,
    sizes: Sequence[Size],
    centres: Sequence[float],
    corners: Sequence[Point],
    tops: Sequence[float],
    heights: Sequence[float],
) -> dict[Edge, tuple[Point, ...]]:
    leaving: dict[int, set[int]] = {}
    entering: dict[int, set[int]] = {}
    for upper, lower in rows.links:
        leaving.setdefault(upper, set()).add(lower)
        entering.setdefault(lower, set()).add(upper)
    exits = _ports(leaving, sizes, centres)
    entries = _ports(entering, sizes, centres)
    routes: dict[Edge, tuple[Point, ...]] = {}
    for edge, chain in rows.chains.items():
        backward = rows.row_of[edge[0]] > rows.row_of[edge[1]]
        down = tuple(reversed(chain)) if backward else chain
        source, target = down[0], down[-1]
        row = rows.row_of[source]
        x = exits.get((source, down[1]), centres[source])
        points = [(x, corners[source][1] + sizes[source].height), (x, tops[row] + heights[row])]
        for lane in down[1:-1]:
            row = rows.row_of[lane]
            points += [(centres[lane], tops[row]), (centres[lane], tops[row] + heights[row])]
        x = entries.get((target, down[-2]), centres[target])
        points += [(x, tops[rows.row_of[target]]), (x, corners[target][1])]
        routes[edge] = tuple(reversed(points)) if backward else tuple(points)
    return routes


def _ports(ends: dict[int, set[int]], sizes: Sequence[Size], centres: Sequence[float]) -> dict[Edge, float]:
    """Where on a box's side the link to each neighbour starts, so that links do not cross at the box."""
    ports: dict[Edge, float] = {}
    for item, others in ends.items():
        if item >= len(sizes):
            continue
        ordered = sorted(others, key=lambda other: (centres[other], other))
        gap = min(_PORT_GAP, sizes[item].width * 0.6 / len(ordered))
        for index, other in enumerate(ordered):
            ports[item, other] = centres[item] + (index - (len(ordered) - 1) / 2) * gap
    return ports


def _from_origin(
    sizes: Sequence[Size], corners: Sequence[Point], routes: Mapping[Edge, Sequence[Point]], height: float
) -> Layout:
    points = [point for route in routes.values() for point in route]
    left = min([x for x, _ in corners] + [x for x, _ in points])
    ends = [corner[0] + size.width for corner, size in zip(corners, sizes, strict=True)]
    right = max(ends + [x for x, _ in points])

    def moved(point: Point) -> Point:
        return round(point[0] - left, 1), round(point[1], 1)

    return Layout(
        round(right - left, 1),
        round(height, 1),
        tuple(moved(corner) for corner in corners),
        {edge: tuple(moved(point) for point in route) for edge, route in routes.items()},
    )
