"""The first half of a layered drawing: which row each box stands in, and in which order.

After Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures" (IEEE Trans. SMC 11,
1981): break circles, rows by longest path, lanes for edges that pass a row, order by barycentre. Rows have a limited
width, as in Coffman-Graham's layering, so that a fan of thirty tasks stays on a page. Edges of one box share a lane.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[int, int]

_SWEEPS = 8
_SWEEPS_LARGE = 2
_LARGE = 1500


@dataclass(frozen=True, slots=True)
class Rows:
    """Boxes and lanes in rows.

    Items 0 to n-1 are the boxes; items from n on are lanes, each in one row.

    Attributes:
        order: items of each row, from left to right.
        links: pairs of items of neighbouring rows, upper one first.
        chains: items that each edge passes, from its source to its target.
        row_of: row of each item.
    """

    order: tuple[tuple[int, ...], ...]
    links: tuple[Edge, ...]
    chains: dict[Edge, tuple[int, ...]]
    row_of: tuple[int, ...]


def arrange(widths: Sequence[float], edges: Iterable[Edge], *, row_width: float, gap: float) -> Rows:
    """Rows for boxes of these widths.

    Args:
        widths: width of each box.
        edges: (source, target); unknown, doubled and circular ones are allowed and do no harm.
        row_width: no row gets a second box that would make it wider.
        gap: space between boxes.
    """
    count = len(widths)
    wanted = sorted({(a, b) for a, b in edges if a != b and 0 <= a < count and 0 <= b < count})
    forward = _without_circles(count, wanted)
    backward = sorted(set(wanted) - set(forward))
    downward = sorted({*forward, *((target, source) for source, target in backward)})
    row_of = _rows(widths, downward, row_width, gap)
    row_of, links, chains = _lanes(row_of, downward)
    for source, target in backward:  # drawn upwards; the two edges of a pair take one way
        chains[source, target] = tuple(reversed(chains[target, source]))
    chains = {edge: chains[edge] for edge in wanted}
    order = _ordered(row_of, links)
    return Rows(tuple(map(tuple, order)), tuple(links), chains, tuple(row_of))


def ranks(count: int, edges: Iterable[Edge]) -> list[int]:
    """Longest path from a source to each node; edges that close a circle are left out."""
    forward = _without_circles(count, sorted({(a, b) for a, b in edges if a != b}))
    return _longest_paths(count, forward)


def _without_circles(count: int, edges: Sequence[Edge]) -> list[Edge]:
    """The edges without those that lead back to a node on the way to them (depth first, without recursion)."""
    following = _neighbours(count, edges)
    state = [0] * count
    backward: set[Edge] = set()
    for start in range(count):
        if state[start]:
            continue
        state[start] = 1
        stack = [(start, iter(following[start]))]
        while stack:
            node, rest = stack[-1]
            for successor in rest:
                if state[successor] == 0:
                    state[successor] = 1
                    stack.append((successor, iter(following[successor])))
                    break
                if state[successor] == 1:
                    backward.add((node, successor))
            else:
                state[node] = 2
                stack.pop()
    return [edge for edge in edges if edge not in backward]


def _neighbours(count: int, edges: Iterable[Edge]) -> list[list[int]]:
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        following[source].append(target)
    return following


def _longest_paths(count: int, edges: Sequence[Edge]) -> list[int]:
    following = _neighbours(count, edges)
    waiting = [0] * count
    for _, target in edges:
        waiting[target] += 1
    ready = [node for node in range(count) if not waiting[node]]
    rank = [0] * count
    for node in ready:  # grows while it is walked
        for successor in following[node]:
            rank[successor] = max(rank[successor], rank[node] + 1)
            waiting[successor] -= 1
            if not waiting[successor]:
                ready.append(successor)
    return rank


def _rows(widths: Sequence[float], edges: Sequence[Edge], row_width: float, gap: float) -> list[int]:
    """Row of each box: below all its sources, in a row with room, and close to its targets if it has no source."""
    count = len(widths)
    rank = _longest_paths(count, edges)
    sources, targets = _neighbours(count, [(b, a) for a, b in edges]), _neighbours(count, edges)
    row_of = [0] * count
    used: list[float] = []

    def has_room(row: int, width: float) -> bool:
        return row >= len(used) or not used[row] or used[row] + gap + width <= row_width

    def put(node: int, row: int) -> None:
        while len(used) <= row:
            used.append(0.0)
        used[row] += widths[node] + (gap if used[row] else 0)
        row_of[node] = row

    for node in sorted(range(count), key=lambda node: (rank[node], node)):
        row = max((row_of[source] + 1 for source in sources[node]), default=0)
        while not has_room(row, widths[node]):
            row += 1
        put(node, row)
    for node in range(count):
        if sources[node] or not targets[node]:
            continue
        lowest = min(row_of[target] for target in targets[node]) - 1
        if lowest > row_of[node] and has_room(lowest, widths[node]):
            used[row_of[node]] -= widths[node] + gap
            put(node, lowest)
    filled = {row: index for index, row in enumerate(sorted(set(row_of)))}
    return [filled[row] for row in row_of]


def _lanes(row_of: list[int], edges: Sequence[Edge]) -> tuple[list[int], list[Edge], dict[Edge, tuple[int, ...]]]:
    """A lane for each row that an edge passes; edges of the busier end share it."""
    outgoing, incoming = [0] * len(row_of), [0] * len(row_of)
    for source, target in edges:
        outgoing[source] += 1
        incoming[target] += 1
    rows = list(row_of)
    lanes: dict[tuple[str, int, int], int] = {}
    links: dict[Edge, None] = {}
    chains: dict[Edge, tuple[int, ...]] = {}
    for source, target in edges:
        owner = ("from", source) if outgoing[source] >= incoming[target] else ("to", target)
        chain = [source]
        for row in range(row_of[source] + 1, row_of[target]):
            key = (owner[0], owner[1], row)
            if key not in lanes:
                lanes[key] = len(rows)
                rows.append(row)
            chain.append(lanes[key])
        chain.append(target)
        chains[source, target] = tuple(chain)
        links.update(dict.fromkeys(pairwise(chain)))
    return rows, list(links), chains


def _ordered(row_of: Sequence[int], links: Sequence[Edge]) -> list[list[int]]:
    """The order with the fewest crossings that some sweeps down and up find."""
    order: list[list[int]] = [[] for _ in range(max(row_of, default=-1) + 1)]
    for item, row in enumerate(row_of):
        order[row].append(item)
    above, below = _neighbours(len(row_of), [(b, a) for a, b in links]), _neighbours(len(row_of), links)
    best, fewest = [list(row) for row in order], crossings(order, below)
    for sweep in range(_SWEEPS if len(row_of) < _LARGE else _SWEEPS_LARGE):
        if not fewest:
            break
        down = sweep % 2 == 0
        _sweep(order if down else order[::-1], above if down else below)
        found = crossings(order, below)
        if found < fewest:
            best, fewest = [list(row) for row in order], found
    return best


def _sweep(order: list[list[int]], neighbours: list[list[int]]) -> None:
    place: dict[int, float] = {}
    for row in order:
        wanted = {
            item: sum(place[other] for other in known) / len(known) if known else float(index)
            for index, item in enumerate(row)
            for known in [[other for other in neighbours[item] if other in place]]
        }
        row.sort(key=wanted.__getitem__)
        place = {item: index for index, item in enumerate(row)}


def crossings(order: Sequence[Sequence[int]], below: Sequence[Sequence[int]]) -> int:
    """How many links cross."""
    total = 0
    for upper, lower in pairwise(order):
        place = {item: index for index, item in enumerate(lower)}
        seen: list[int] = []
        for item in upper:
            ends = sorted(place[target] for target in below[item])
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
