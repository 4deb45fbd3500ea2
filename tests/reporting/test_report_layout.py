from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.reporting.layering import arrange, crossings
from milonga.reporting.layout import BOX_GAP, Layout, Size, lay_out

SIZE = st.builds(Size, st.floats(20, 600), st.floats(20, 400))


@st.composite
def drawings(draw: st.DrawFn) -> tuple[list[Size], list[tuple[int, int]]]:
    sizes = draw(st.lists(SIZE, min_size=1, max_size=25))
    end = st.integers(0, len(sizes) - 1)
    return sizes, draw(st.lists(st.tuples(end, end), max_size=50))


def boxes(sizes: list[Size], layout: Layout) -> list[tuple[float, float, float, float]]:
    corners = zip(layout.corners, sizes, strict=True)
    return [(x, y, x + size.width, y + size.height) for (x, y), size in corners]


@settings(max_examples=75, deadline=None)
@given(drawings())
def test_no_two_boxes_overlap(drawing):
    sizes, edges = drawing
    placed = boxes(sizes, lay_out(sizes, edges))
    for index, (left, top, right, bottom) in enumerate(placed):
        for other_left, other_top, other_right, other_bottom in placed[:index]:
            apart = left > other_right or right < other_left or top > other_bottom or bottom < other_top
            assert apart, (left, top, right, bottom)


@settings(max_examples=75, deadline=None)
@given(drawings())
def test_everything_is_inside_the_drawing(drawing):
    sizes, edges = drawing
    layout = lay_out(sizes, edges)
    points = [point for route in layout.routes.values() for point in route]
    for left, top, right, bottom in [*boxes(sizes, layout), *((x, y, x, y) for x, y in points)]:
        assert -0.2 <= left <= right <= layout.width + 0.2
        assert -0.2 <= top <= bottom <= layout.height + 0.2


@settings(max_examples=75, deadline=None)
@given(drawings())
def test_an_edge_passes_no_box_and_its_ends_touch_its_own(drawing):
    sizes, edges = drawing
    layout = lay_out(sizes, edges)
    placed = boxes(sizes, layout)
    for (source, target), route in layout.routes.items():
        down = route if route[0][1] <= route[-1][1] else route[::-1]
        upper, lower = (source, target) if down == route else (target, source)
        assert abs(down[0][1] - placed[upper][3]) < 0.2
        assert abs(down[-1][1] - placed[lower][1]) < 0.2
        for (x, y), (next_x, next_y) in pairwise(down[1:]):
            if abs(x - next_x) < 0.2:  # a straight part, which is where it passes a row
                for index, (left, top, right, bottom) in enumerate(placed):
                    inside = left + 0.2 < x < right - 0.2 and y < bottom - 0.2 and next_y > top + 0.2
                    assert not inside or index in (upper, lower)


@settings(max_examples=60, deadline=None)
@given(drawings())
def test_a_box_stands_below_what_it_follows(drawing):
    sizes, edges = drawing
    forward = [(a, b) for a, b in edges if a < b]
    layout = lay_out(sizes, forward)
    placed = boxes(sizes, layout)
    for source, target in forward:
        assert placed[source][3] < placed[target][1]


@settings(max_examples=60, deadline=None)
@given(drawings())
def test_the_same_drawing_twice_is_the_same(drawing):
    sizes, edges = drawing
    assert lay_out(sizes, edges) == lay_out(sizes, list(reversed(edges)))


def test_a_fan_of_thirty_keeps_the_width_of_a_page():
    sizes = [Size(150, 50)] * 32
    edges = [(0, index) for index in range(1, 31)] + [(index, 31) for index in range(1, 31)]
    layout = lay_out(sizes, edges, row_width=1120)
    assert layout.width < 1200
    assert len(layout.routes) == 60


def test_a_chain_is_one_straight_column():
    layout = lay_out([Size(150, 50)] * 10, [(index, index + 1) for index in range(9)])
    assert {x for x, _ in layout.corners} == {0.0}


def test_a_circle_is_drawn_and_its_last_edge_leads_up():
    layout = lay_out([Size(100, 50)] * 3, [(0, 1), (1, 2), (2, 0), (1, 1)])
    assert set(layout.routes) == {(0, 1), (1, 2), (2, 0)}
    assert layout.routes[2, 0][0][1] > layout.routes[2, 0][-1][1]


def test_barycentres_untangle_a_crossed_ladder():
    count = 8
    edges = [(index, count + (count - 1 - index)) for index in range(count)]
    rows = arrange([50.0] * (2 * count), edges, row_width=1000, gap=BOX_GAP)
    below: list[list[int]] = [[] for _ in range(2 * count)]
    for source, target in edges:
        below[source].append(target)
    assert crossings([range(count), range(count, 2 * count)], below) == 28
    assert crossings(rows.order, below) == 0


def test_nothing_has_no_size():
    assert lay_out([], []) == Layout(0.0, 0.0, (), {})


def test_two_thousand_boxes_are_laid_out():
    edges = [(max(0, index - 1 - index % 7), index) for index in range(1, 2000)]
    edges += [(max(0, index - 1 - index % 11), index) for index in range(1, 2000)]
    layout = lay_out([Size(180, 50)] * 2000, edges)
    assert len(layout.corners) == 2000
