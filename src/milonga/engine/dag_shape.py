"""A DAG of the graph, looked at once: what every execution of it starts from. A loop may make ten thousand of them."""

from __future__ import annotations

from dataclasses import dataclass

from milonga.compiler.graph import Component, Graph, Task
from milonga.errors import InvalidPipeline


@dataclass(frozen=True, slots=True)
class TaskShape:
    """One task of a DAG.

    Attributes:
        component: what it runs.
        producers: the tasks that must end before it.
    """

    name: str
    task: Task
    component: Component
    producers: tuple[str, ...]


class DagShapes:
    """The DAGs of one graph, each looked at when it is first asked for. Used by one thread.

    Args:
        graph: the pipeline.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[int, tuple[TaskShape, ...]] = {}

    def of(self, component: Component, where: str) -> tuple[TaskShape, ...]:
        """The tasks of a DAG component, in the order of the file; nothing for a step.

        Args:
            component: one of the graph's own.
            where: path of the task that it belongs to, for errors; "" for the root.

        Raises:
            InvalidPipeline: E143 the tasks wait for each other in a circle, E211 a task waits for one that does not
                exist.
        """
        known = self._known.get(id(component))
        if known is None:
            known = self._known[id(component)] = _tasks_of(self._graph, component, where)
        return known


def _tasks_of(graph: Graph, component: Component, where: str) -> tuple[TaskShape, ...]:
    tasks = (component.dag.tasks if component.dag is not None else None) or {}
    found = []
    for name, task in tasks.items():
        path = f"{where}/{name}" if where else name
        producers = tuple(task.producers())
        for producer in producers:
            if producer not in tasks:
                raise InvalidPipeline("E211", f"the task waits for '{producer}', which does not exist", where=path)
        found.append(TaskShape(name, task, graph.component_of(task, path), producers))
    if found and all(shape.producers for shape in found):
        raise InvalidPipeline("E143", "the tasks wait for each other in a circle", where=where or "root")
    return tuple(found)
