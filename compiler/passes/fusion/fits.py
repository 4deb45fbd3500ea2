"""What tasks must have in common to share a pod."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from milonga.compiler.constructs.python_steps import is_python_step
from milonga.compiler.graph import Component, Container, Graph, Task, wire
from milonga.compiler.graph.bound_settings import is_bound

DEADLINE = "activeDeadlineSeconds"
"""A setting that each task keeps in a shared pod: the time that an attempt may take."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a task can share a pod.

    Attributes:
        key: tasks with equal ones fit each other; "" fits all.
        reason: why it cannot; "" when it can.
        asks: whether it asks for cpu, memory or accelerators.
        pods: how many pods it would have of its own; a loop counts as many.
    """

    key: str = ""
    reason: str = ""
    asks: bool = False
    pods: int = 0


class Fits:
    """Looks at the tasks of one graph, each component once. Not thread-safe."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, Fit] = {}

    def of(self, task: Task) -> Fit:
        """Whether a task, with everything inside of it, can share a pod."""
        name = task.component_ref.name if task.component_ref is not None else ""
        if name not in self._known:
            self._known[name] = Fit(reason="it is inside of itself")
            self._known[name] = self._of_component(self._graph.component_of(task))
        found = self._known[name]
        if found.reason:
            return found
        if task.retry_policy is not None and self._graph.component_of(task).dag is not None:
            return Fit(reason="a group is repeated as a whole")
        if task.is_loop:
            return Fit(found.key, "", found.asks, found.pods * 2)
        return found

    def _of_component(self, component: Component) -> Fit:
        if component.dag is not None:
            return self._of_all((component.dag.tasks or {}).values())
        executor = self._graph.executors.get(component.executor_label or "")
        if executor is not None and executor.importer is not None:
            return Fit()
        container = executor.container if executor is not None else None
        if container is None or not is_python_step(container):
            return Fit(reason="it is no Python function")
        if "{{$" in json.dumps([container.image, wire.dump(container.resources)]):
            return Fit(reason="its image or resources are values of the run")
        settings = self._graph.platform_settings(component.executor_label or "")
        if is_bound(settings) or "{{$" in json.dumps(settings):
            return Fit(reason="a Kubernetes setting of it is a value of the run")
        return Fit(_key(container, settings), "", container.resources is not None, 1)

    def _of_all(self, tasks: Iterable[Task]) -> Fit:
        found = [self.of(task) for task in tasks]
        reason = next((fit.reason for fit in found if fit.reason), "")
        keys = {fit.key for fit in found if fit.key}
        if reason or len(keys) > 1:
            return Fit(reason=f"inside of it: {reason}" if reason else DIFFERENT)
        return Fit("".join(keys), "", any(fit.asks for fit in found), sum(fit.pods for fit in found))


DIFFERENT = "images, environment variables or Kubernetes settings differ"


def _key(container: Container, settings: Any) -> str:
    kept = {name: value for name, value in settings.items() if name != DEADLINE}
    return json.dumps([container.image, wire.dump(container.env), kept], sort_keys=True)
