"""Pipelines drawn by chance make the same when random tasks of them share pods: outputs, records and objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drawn_pipelines import drawn
from fused_play import ForkedArgo, assert_same, partly_marked, played

from milonga.compiler.graph import Graph
from milonga.compiler.passes.fusion import Fuse
from milonga.compiler.trace.tracer import trace

FOUR = {"content": "NA=="}


def _compared(seed: int, folder: Path, marked: list[tuple[Graph, Any]], graph: Graph) -> None:
    given = {"data": FOUR, "number": seed % 5}
    alone = played(graph, folder / "alone", given, kind=ForkedArgo)
    for number, (fused, marks) in enumerate(marked):
        assert_same(alone, played(fused, folder / str(number), given, kind=ForkedArgo), (seed, marks))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 5])
def test_a_small_pipeline_makes_the_same_in_shared_pods(seed: int, tmp_path: Path) -> None:
    graph = trace(drawn(seed)).graph
    _compared(seed, tmp_path, [(Fuse().run(graph), "all"), partly_marked(graph, seed)], graph)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_it_makes_the_same_in_whatever_groups(seed: int, tmp_path: Path) -> None:
    graph = trace(drawn(seed)).graph
    partly = [partly_marked(graph, 100 * seed + number, then_fused=number == 2) for number in range(3)]
    _compared(seed, tmp_path, [(Fuse().run(graph), "all"), *partly], graph)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 208))
def test_one_that_may_fail_fails_in_whatever_groups(seed: int, tmp_path: Path) -> None:
    graph = trace(drawn(seed, fails=True)).graph
    partly = [partly_marked(graph, 100 * seed + number, then_fused=number == 1) for number in range(2)]
    _compared(seed, tmp_path, [(Fuse().run(graph), "all"), *partly], graph)
