"""How large the object of a run becomes on KFP's back end, where each step's record holds its whole container.

Measured on a real back end (kubeflow/pipelines at 7b70c7b95f, November 2026): about 9 000 bytes a step, and what the
step's container holds about one and a half times. The Workflow itself holds the specification once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from milonga.compiler.constructs.base import Construct, Occurrence
from milonga.compiler.graph import Component, Container, Executor, Graph
from milonga.compiler.rules.base import Scope
from milonga.runtime.program import CODE_PATH, is_milonga_command

OBJECT_BYTES_MAX = 1024 * 1024
"""What Argo bears in one Workflow object (etcd takes 1.5 MiB)."""

COMPLETED = "ALL_UPSTREAM_TASKS_COMPLETED"
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


def shareable(graph: Graph) -> tuple[str, ...]:
    """Labels of the executors whose code another step could carry for them, sorted.

    Steps of exit tasks keep their own: an exit task of KFP waits for what it names, and would wait for the carrier.
    """
    kept = {component.executor_label for component in _exit_steps(graph)}
    return tuple(
        sorted(label for label, executor in graph.executors.items() if label not in kept and _embeds_code(executor))
    )


def _embeds_code(executor: Executor) -> bool:
    container = executor.container
    return (
        container is not None
        and is_milonga_command(container.command)
        and bool(container.args)
        and (container.args or ("",))[0] != CODE_PATH
    )


def _exit_steps(graph: Graph) -> Iterator[Component]:
    for _, component in graph.dags():
        for task in ((component.dag.tasks if component.dag else None) or {}).values():
            if task.trigger_policy is None or task.trigger_policy.strategy != COMPLETED:
                continue
            used = graph.components.get(task.component_ref.name if task.component_ref else "")
            if used is not None and used.dag is None:
                yield used
            elif used is not None:
                yield from (inner for inner, _ in _steps(graph, used, 1, frozenset()))


def _bulky_code(scope: Scope) -> Iterator[Occurrence]:
    if scope.name == "root" and len(shareable(scope.graph)) > 1:
        yield from _too_large(scope)


def _large_run(scope: Scope) -> Iterator[Occurrence]:
    if scope.name == "root" and len(shareable(scope.graph)) <= 1:
        yield from _too_large(scope)


def _too_large(scope: Scope) -> Iterator[Occurrence]:
    size = run_bytes(scope.graph)
    if size > OBJECT_BYTES_MAX:
        count = step_count(scope.graph)
        yield Occurrence("", f"about {size / 2**20:.1f} MiB for {count} steps; loops of unknown length count once")


CONSTRUCTS = (
    Construct("bulky-code", "a run whose object is over 1 MiB, with code in every step", _bulky_code),
    Construct("large-run", "a run whose object is over 1 MiB", _large_run),
)
