"""Everything that a pipeline may use, by name: the rows of the capability tables."""

from __future__ import annotations

import dataclasses

from milonga.compiler.constructs import control, data, execution, kubernetes, size
from milonga.compiler.constructs.base import Construct, Occurrence
from milonga.compiler.graph import Graph
from milonga.compiler.scope import Scope

CONSTRUCTS: dict[str, Construct] = {
    construct.name: dataclasses.replace(construct, group=group)
    for group, constructs in (
        ("Control flow", control.CONSTRUCTS),
        ("Data", data.CONSTRUCTS),
        ("Execution", execution.CONSTRUCTS),
        ("Size", size.CONSTRUCTS),
        ("Kubernetes", kubernetes.CONSTRUCTS),
    )
    for construct in constructs
}


def constructs_of(graph: Graph) -> dict[str, tuple[str, ...]]:
    """The constructs that `graph` uses, each with the paths of the tasks that use it."""
    found: dict[str, list[str]] = {}
    for name, component in graph.dags():
        scope = Scope(graph, name, component)
        for construct in CONSTRUCTS.values():
            for occurrence in construct.find(scope):
                found.setdefault(construct.name, []).append(f"{name}/{occurrence.task}" if occurrence.task else name)
    return {name: tuple(paths) for name, paths in sorted(found.items())}


__all__ = ["CONSTRUCTS", "Construct", "Occurrence", "constructs_of"]
