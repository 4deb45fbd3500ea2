"""How large the object of a run becomes on KFP's back end, where each step's record holds its whole container.

Measured on a real back end (kubeflow/pipelines at 7b70c7b95f, November 2026): about 9 000 bytes a step, and what the
step's container holds about one and a half times. The Workflow itself holds the specification once.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping

from milonga.compiler.constructs.base import Construct, Occurrence
from milonga.compiler.graph import Container, Executor, Graph
from milonga.compiler.graph.nesting import inside_out, reached_from
from milonga.compiler.scope import Scope
from milonga.runtime.program import CODE_PATH, is_milonga_command

OBJECT_BYTES_MAX = 1024 * 1024
"""What Argo bears in one Workflow object (etcd takes 1.5 MiB)."""

CARRIER = "carry_code"
"""Name of the function of a step that carries the code of others."""

_STEP_BYTES = 9_000
_CONTAINER_TIMES = 1.5


def run_bytes(graph: Graph) -> int:
    """An estimate of the object of a run in which every branch runs; loops count their items where they are known."""
    sizes = {label: _container_bytes(executor) for label, executor in graph.executors.items()}
    return sum(sizes.values()) + round(_added_up(graph, sizes)[1])


def step_count(graph: Graph) -> int:
    """How many steps such a run has."""
    return _added_up(graph, {})[0]


def _added_up(graph: Graph, sizes: Mapping[str, int]) -> tuple[int, float]:
    """Steps of a whole run, and bytes of their records. Each component is looked at once, however often it is used."""
    totals: dict[str, tuple[int, float]] = {}
    for name in inside_out(graph):
        component = graph.root if name == "root" else graph.components[name]
        if component.dag is None:
            totals[name] = (1, _STEP_BYTES + _CONTAINER_TIMES * sizes.get(component.executor_label or "", 0))
            continue
        count, size = 0, 0.0
        for task in (component.dag.tasks or {}).values():
            inner = totals.get(task.component_ref.name if task.component_ref else "", (0, 0.0))
            items = task.parameter_iterator.items if task.parameter_iterator else None
            times = _length(items.raw) if items is not None and items.raw is not None else 1
            count, size = count + times * inner[0], size + times * inner[1]
        totals[name] = (count, size)
    return totals.get("root", (0, 0.0))


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
    kept = {graph.components[name].executor_label for name in _of_exit_tasks(graph)}
    return tuple(
        sorted(label for label, executor in graph.executors.items() if label not in kept and _embeds_code(executor))
    )


def is_carrier(executor: Executor) -> bool:
    """Whether it carries the code of other steps."""
    arguments = (executor.container.args if executor.container else None) or ()
    return ("--function", CARRIER) in itertools.pairwise(arguments)


def _embeds_code(executor: Executor) -> bool:
    container = executor.container
    return (
        container is not None
        and is_milonga_command(container.command)
        and bool(container.args)
        and (container.args or ("",))[0] != CODE_PATH
        and not is_carrier(executor)
    )


def _of_exit_tasks(graph: Graph) -> frozenset[str]:
    """Names of the components that run in exit tasks."""
    found: set[str] = set()
    for _, component in graph.dags():
        for task in ((component.dag.tasks if component.dag else None) or {}).values():
            if task.runs_anyway and task.component_ref is not None:
                found |= reached_from(graph, task.component_ref.name)
    return frozenset(found)


def _bulky_code(scope: Scope) -> Iterator[Occurrence]:
    if scope.is_root and len(shareable(scope.graph)) > 1:
        yield from _too_large(scope)


def _large_run(scope: Scope) -> Iterator[Occurrence]:
    if scope.is_root and len(shareable(scope.graph)) <= 1:
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
