"""Where things stand in a pipeline: each use of a component, with the tasks and loops around it.

A component that two tasks use has two places. A place says where in the store the results of its tasks lie, so that
whoever needs them knows their names before anything has run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from milonga.compiler.graph import Component, Graph, Task
from milonga.compiler.targets.argo.names import Names
from milonga.errors import UnsupportedByTarget

PLACES_MAX = 5_000
"""Pipelines that use each other double with every level; this many pods' worth of templates fit into no object."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One use of a component.

    Attributes:
        component: what is used.
        path: names of the tasks that lead here, "[]" after those that are loops and whose body this is.
        depth: how many loops are around it.
        owner: the DAG that the task stands in; None for the root.
        task_name: the task, "" for the root.
        task: the task; None for the root.
        is_iteration: whether this is the body of a loop, or a step that is iterated.
        slug: of a step: the name of its results in the store; "" for a DAG.
    """

    component: Component
    path: str
    depth: int
    owner: Place | None = None
    task_name: str = ""
    task: Task | None = None
    is_iteration: bool = False
    slug: str = ""

    @property
    def condition(self) -> str:
        """The CEL expression that decides whether its task runs; "" when nothing does."""
        return self.task.condition if self.task is not None else ""

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks of a DAG, by name; nothing for a step."""
        return dict((self.component.dag.tasks if self.component.dag is not None else None) or {})


class Places:
    """All places of a pipeline, each found once. Not thread-safe; one belongs to one emission.

    Raises:
        UnsupportedByTarget: E316, there are too many.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._slugs = Names("-", 60)
        self._inside: dict[tuple[Place, str], Place] = {}
        self._count = 0
        self.root = Place(graph.root, "", 0)
        self._all: list[Place] = [self.root]
        self._walk()

    def _walk(self) -> None:
        waiting = [self.root]
        while waiting:
            place = waiting.pop()
            found = [self._add(place, name, task) for name, task in place.tasks.items()]
            waiting.extend(inner for inner in reversed(found) if inner.component.dag is not None)

    def _add(self, owner: Place, name: str, task: Task) -> Place:
        path = f"{owner.path}/{name}" if owner.path else name
        component = self._graph.component_of(task, path)
        self._count += 1
        if self._count > PLACES_MAX:
            raise UnsupportedByTarget(
                "E316",
                "the pipeline is too large for one workflow",
                where=path,
                expected=f"at most {PLACES_MAX} uses of components, those inside of components counted each time",
            )
        made = Place(
            component=component,
            path=f"{path}[]" if task.is_loop else path,
            depth=owner.depth + task.is_loop,
            owner=owner,
            task_name=name,
            task=task,
            is_iteration=task.is_loop,
            slug=self._slugs.add(path.replace("[]", "")) if component.dag is None else "",
        )
        self._inside[owner, name] = made
        self._all.append(made)
        return made

    def free_slug(self, wanted: str) -> str:
        """A name in the store that no step has, for something that the emission adds."""
        return self._slugs.add(wanted)

    def inside(self, owner: Place, task: str) -> Place:
        """What a task of a DAG leads to: for a loop, its body."""
        return self._inside[owner, task]

    def __iter__(self) -> Iterator[Place]:
        return iter(self._all)
