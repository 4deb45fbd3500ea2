"""Sizes and names that KFP's back end bears."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Component, Graph
from milonga.compiler.rules.base import Rule, Scope

_OBJECT_BYTES_MAX = 1024 * 1024
_BYTES_A_TASK = 12_500
"""What one Python task adds to the status of a Workflow object, measured on a real back end (a command: 9 000)."""


def workflow_size(scope: Scope) -> Iterator[Diagnostic]:
    """The Workflow object, status included, stays under 1 MiB, which is what etcd and Argo take."""
    if scope.name != "root":
        return
    count = _steps(scope.graph, scope.component, frozenset())
    size = count * _BYTES_A_TASK
    if size > _OBJECT_BYTES_MAX:
        yield scope.finding(
            "E302",
            "target kfp: the run's Workflow object grows over 1 MiB, and the run fails when its status is written",
            severity="warning",
            got=f"about {size / 1024 / 1024:.1f} MiB for {count} steps, each loop counted once",
            expected=f"at most {_OBJECT_BYTES_MAX // _BYTES_A_TASK} steps",
            hint="join small steps, or split the pipeline into several that one starts after the other",
        )


def _steps(graph: Graph, component: Component, above: frozenset[str]) -> int:
    """Steps of one run in which every branch runs, with one iteration a loop and items counted where they are known."""
    count = 0
    for task in ((component.dag.tasks if component.dag else None) or {}).values():
        name = task.component_ref.name if task.component_ref else ""
        used = graph.components.get(name)
        if used is None or name in above:
            continue
        items = task.parameter_iterator.items if task.parameter_iterator else None
        times = _length(items.raw) if items is not None and items.raw is not None else 1
        count += times * (1 if used.dag is None else _steps(graph, used, above | {name}))
    return count


def _length(raw: str) -> int:
    import json

    try:
        items = json.loads(raw)
    except ValueError:
        return 1
    return len(items) if isinstance(items, list) else 1


LIMITS: tuple[Rule, ...] = (workflow_size,)
