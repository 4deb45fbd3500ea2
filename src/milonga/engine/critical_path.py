"""How much work waits for a task: what decides which of those that are ready starts first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from milonga.compiler.graph import Component
from milonga.engine.dag_shape import DagShapes, TaskShape
from milonga.engine.instances import DagInstance, TaskInstance

_UNKNOWN_S = 1.0
"""What a step is taken to last of which no run has been seen."""


class CriticalPath:
    """Ranks the tasks of one run: seconds on the longest way from a task's start to the end of the run.

    A group lasts as long as the longest way through it, a loop as one of its iterations, since how many there are is
    known only when it starts.

    Args:
        shapes: of the pipeline's DAGs.
        durations_s: asked once, when the first rank is wanted: component name → seconds that a step of it took lately.
    """

    def __init__(self, shapes: DagShapes, durations_s: Callable[[], Mapping[str, float]]) -> None:
        self._shapes = shapes
        self._ask = durations_s
        self._durations_s: Mapping[str, float] | None = None
        self._tails: dict[int, dict[str, float]] = {}
        self._costs: dict[int, float] = {}

    def rank(self, task: TaskInstance) -> float:
        """Seconds from the start of `task` to the end of the run, if nothing has to wait for a free core."""
        return self._tails_of(task.dag.component, task.dag.path).get(task.name, 0.0) + self._after(task.dag)

    def _after(self, dag: DagInstance) -> float:
        """Seconds from the end of `dag` to the end of the run."""
        owner = dag.owner
        return 0.0 if owner is None else self.rank(owner) - self._cost(owner.shape, owner.path)

    def _cost(self, shape: TaskShape, path: str) -> float:
        component, reference = shape.component, shape.task.component_ref
        if component.dag is None:
            if self._durations_s is None:
                self._durations_s = self._ask()
            return self._durations_s.get(reference.name if reference else "", _UNKNOWN_S)
        known = self._costs.get(id(component))
        if known is None:
            known = self._costs[id(component)] = max(self._tails_of(component, path).values(), default=0.0)
        return known

    def _tails_of(self, component: Component, path: str) -> dict[str, float]:
        known = self._tails.get(id(component))
        if known is None:
            known = self._tails[id(component)] = self._measured(self._shapes.of(component, path), path)
        return known

    def _measured(self, shapes: Sequence[TaskShape], where: str) -> dict[str, float]:
        """Task → seconds from its start to the end of the DAG, found from the ends backwards."""
        tasks = {shape.name: shape for shape in shapes}
        followers = dict.fromkeys(tasks, 0)
        for shape in shapes:
            for name in shape.producers:
                followers[name] += 1
        longest_after = dict.fromkeys(tasks, 0.0)
        tails: dict[str, float] = {}
        ends = [name for name, count in followers.items() if count == 0]
        while ends:
            name = ends.pop()
            tails[name] = longest_after[name] + self._cost(tasks[name], f"{where}/{name}" if where else name)
            for producer in tasks[name].producers:
                longest_after[producer] = max(longest_after[producer], tails[name])
                followers[producer] -= 1
                if followers[producer] == 0:
                    ends.append(producer)
        return tails
