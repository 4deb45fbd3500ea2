"""The components of a graph from the inside out."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.graph.component import Component
from milonga.compiler.graph.graph import Graph


def used_names(component: Component) -> Iterator[str]:
    """Names of the components that the tasks of a DAG use, as often as they do."""
    for task in ((component.dag.tasks if component.dag else None) or {}).values():
        if task.component_ref is not None:
            yield task.component_ref.name


def inside_out(graph: Graph) -> tuple[str, ...]:
    """Names of all components, each after those that it uses, "root" last; circles are cut somewhere."""
    ordered: dict[str, None] = {}
    for start in ("root", *graph.components):
        waiting: list[tuple[str, bool]] = [(start, False)]
        opened: set[str] = set()
        while waiting:
            name, is_done = waiting.pop()
            if is_done:
                ordered.setdefault(name)
                continue
            component = graph.root if name == "root" else graph.components.get(name)
            if component is None or name in ordered or name in opened:
                continue
            opened.add(name)
            waiting.append((name, True))
            waiting.extend((inner, False) for inner in dict.fromkeys(used_names(component)))
    return tuple(ordered)


def reached_from(graph: Graph, start: str) -> frozenset[str]:
    """Names of the components that a component uses, directly or through others, and its own."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        component = graph.components.get(name)
        if component is not None and name not in found:
            found.add(name)
            waiting.extend(used_names(component))
    return frozenset(found)
