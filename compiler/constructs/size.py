"""How large the object of a run becomes on KFP's back end, where each step's record holds its whole container.

Measured on a real back end (kubeflow/pipelines at 7b70c7b95f, November 2026): about 9 000 bytes a step, and what the
step's container holds about one and a half times. The Workflow itself holds the specification once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from milonga.compiler.graph import Component, Container, Executor, Graph

OBJECT_BYTES_MAX = 1024 * 1024
"""What Argo bears in one Workflow object (etcd takes 1.5 MiB)."""

_STEP_BYTES = 9_000
_CONTAINER_TIMES = 1.5


def run_bytes(graph: Graph) -> int:
    """An estimate of the object of a run in which every branch runs; loops count their items where they are known."""
    sizes = {label: _container_bytes(executor) for label, executor in graph.executors.items()}
    specification = sum(sizes.values())
    return specification + round(
        sum(
            times * (_STEP_BYTES + _CONTAINER_TIMES * sizes.get(component.executor_label or "", 0))
            for component, times in steps(graph)
        )
    )


def step_count(graph: Graph) -> int:
    """How many steps such a run has."""
    return sum(times for _, times in steps(graph))


def steps(graph: Graph) -> Iterator[tuple[Component, int]]:
    """The components of all steps, each with how often it runs."""
    yield from _steps(graph, graph.root, 1, frozenset())


def _steps(graph: Graph, component: Component, times: int, above: frozenset[str]) -> Iterator[tuple[Component, int]]:
    for task in ((component.dag.tasks if component.dag else None) or {}).values():
        name = task.component_ref.name if task.component_ref else ""
        used = graph.components.get(name)
        if used is None or name in above:
            continue
        items = task.parameter_iterator.items if task.parameter_iterator else None
        repeated = times * (_length(items.raw) if items is not None and items.raw is not None else 1)
        if used.dag is None:
            yield used, repeated
        else:
            yield from _steps(graph, used, repeated, above | {name})


def _length(raw: str) -> int:
    try:
        items = json.loads(raw)
    except (ValueError, RecursionError):
        return 1
    return len(items) if isinstance(items, (list, Mapping)) else 1


def _container_bytes(executor: Executor) -> int:
    container: Container | None = executor.container
    return sum(len(text.encode()) for text in (*(container.command or ()), *(container.args or ()))) if container else 0
