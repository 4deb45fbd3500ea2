"""What groups of tasks hand out, found in the results of the steps inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import milonga as ml
from milonga.compiler.targets.argo.groups import group_outputs
from milonga.compiler.trace import trace
from milonga.engine.recipes.absent import ABSENT
from milonga.engine.recipes.evaluator import Evaluator


@ml.component
def number(n: int) -> int:
    return n


@ml.pipeline
def doubled(n: int) -> int:
    return number(n=n)


@ml.pipeline
def whole() -> int:
    return doubled(n=4)


class Made:
    """Results of steps by name and iterations: here the iteration, doubled; the second one has failed."""

    names: Mapping[str, str] = {}

    def parameters_of(self, leaf: str, indices: Sequence[int]) -> Any:
        if tuple(indices) == (1,):
            return ABSENT
        return {"Output": 2 * indices[0] if indices else 40}


def test_a_nested_pipeline_hands_out_what_its_step_has_made() -> None:
    groups = group_outputs(trace(whole).graph)
    path = next(path for path in groups if path.startswith("doubled"))
    (expression,) = groups[path].parameters.values()
    assert Evaluator(Made()).parameter(expression) == 40  # type: ignore[arg-type]


def test_a_loop_hands_out_a_list_and_each_iteration_its_own() -> None:
    graph = trace(collecting).graph
    groups = group_outputs(graph)
    (whole_loop,) = groups["for-loop-1"].parameters.values()
    (iteration,) = groups["for-loop-1[]"].parameters.values()
    assert Evaluator(Made()).parameter(whole_loop) == [0, 4], "an iteration without a result is left out"  # type: ignore[arg-type]
    assert Evaluator(Made(), (2,)).parameter(iteration) == 4  # type: ignore[arg-type]


@ml.component
def total(numbers: list[int]) -> int:
    return sum(numbers)


@ml.pipeline
def collecting() -> int:
    with ml.ParallelFor([1, 2, 3]) as item:
        made = number(n=item)
    return total(numbers=ml.Collected(made))
