"""What several rules ask about a whole graph, found once a check and in time linear in the graph."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

from milonga.compiler.cel import parse, referenced_parameters
from milonga.compiler.graph import Component, Graph, Task
from milonga.compiler.graph.edges import Edge, edges_of
from milonga.compiler.spelling import Spelling
from milonga.errors import MilongaError

Use = tuple[str, str]
"""A task: the name of its DAG, its own name."""


class Survey:
    """Answers about one graph, each computed at the first question. Not thread-safe; a check makes its own."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.spelling = Spelling()
        self._edges: dict[int, Mapping[str, tuple[Edge, ...]]] = {}

    def edges(self, component: Component) -> Mapping[str, tuple[Edge, ...]]:
        """The bindings of each task of a DAG, with what stands at both of their ends."""
        found = self._edges.get(id(component))
        if found is None:
            found = self._edges[id(component)] = edges_of(self._graph, component, self.repeated)
        return found

    @functools.cached_property
    def uses(self) -> Mapping[str, Use]:
        """The first task that uses a component, by the component's name."""
        found: dict[str, Use] = {}
        for dag, task, name in self._references():
            found.setdefault(name, (dag, task))
        return found

    @functools.cached_property
    def executor_uses(self) -> Mapping[str, Use]:
        """The first task that uses an executor, by the executor's label."""
        found: dict[str, Use] = {}
        for name, use in self.uses.items():
            component = self._graph.components.get(name)
            if component is not None and component.executor_label is not None:
                found.setdefault(component.executor_label, use)
        return found

    @functools.cached_property
    def loop_bodies(self) -> frozenset[str]:
        """Names of components that some task runs once an item."""
        return frozenset(name for name, (looped, _) in self._ways.items() if looped)

    @functools.cached_property
    def plain_bodies(self) -> frozenset[str]:
        """Names of components that some task runs once."""
        return frozenset(name for name, (_, plain) in self._ways.items() if plain)

    @functools.cached_property
    def inside(self) -> Mapping[str, tuple[str, ...]]:
        """The components that the tasks of a component use, by its name; "" is the root."""
        found: dict[str, tuple[str, ...]] = {}
        for name, component in [("", self._graph.root), *self._graph.components.items()]:
            tasks = (component.dag.tasks if component.dag else None) or {}
            used = (task.component_ref.name if task.component_ref is not None else "" for task in tasks.values())
            found[name] = tuple(dict.fromkeys(used))
        return found

    @functools.cached_property
    def reached(self) -> frozenset[str]:
        """Names of components that the pipeline gets to."""
        return self._below(self.inside[""])

    @functools.cached_property
    def repeated(self) -> frozenset[str]:
        """Names of components that are the body of a loop, or stand somewhere inside of one."""
        return self._below(self.loop_bodies)

    def _below(self, names: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(self.inside.get(name, ()))
        return frozenset(found)

    @functools.cached_property
    def outward(self) -> Mapping[str, frozenset[str]]:
        """Inputs of a component that the tasks which use it read themselves: items of loops, and their conditions."""
        found: dict[str, set[str]] = {}
        for _, component in self._graph.dags():
            for task in ((component.dag.tasks if component.dag else None) or {}).values():
                names = _read_outside(task)
                if names and task.component_ref is not None:
                    found.setdefault(task.component_ref.name, set()).update(names)
        return {name: frozenset(names) for name, names in found.items()}

    @functools.cached_property
    def _ways(self) -> Mapping[str, tuple[bool, bool]]:
        ways: dict[str, tuple[bool, bool]] = {}
        for _, component in self._graph.dags():
            for task in ((component.dag.tasks if component.dag else None) or {}).values():
                name = task.component_ref.name if task.component_ref else ""
                looped, plain = ways.get(name, (False, False))
                ways[name] = (looped or task.is_loop, plain or not task.is_loop)
        return ways

    def _references(self) -> Iterator[tuple[str, str, str]]:
        for dag, component in self._graph.dags():
            for task_name, task in ((component.dag.tasks if component.dag else None) or {}).items():
                if task.component_ref is not None:
                    yield dag, task_name, task.component_ref.name


def _read_outside(task: Task) -> set[str]:
    names: set[str | None] = set()
    parameters, artifacts = task.parameter_iterator, task.artifact_iterator
    if parameters is not None:
        names |= {parameters.item_input, parameters.items.input_parameter if parameters.items is not None else None}
    if artifacts is not None:
        names |= {artifacts.item_input, artifacts.items.input_artifact if artifacts.items is not None else None}
    if task.condition:
        names |= _read_by(task.condition, task)
    return {name for name in names if name}


def _read_by(condition: str, task: Task) -> set[str]:
    """The inputs that a condition looks at. Of one that is no CEL, another rule's finding, each that it may mean."""
    try:
        return set(referenced_parameters(parse(condition)))
    except MilongaError:
        return {name for name in task.parameter_bindings if name in condition}
