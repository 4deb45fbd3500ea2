"""The moving parts of one run: DAGs, tasks and loops, as they are instantiated while the run goes on.

Owned by one scheduler, changed by its thread only. A graph's `Task` says what should happen; a `TaskInstance` is one
time that it does, with its own path: "for-loop-2[1]/condition-3/double".
"""

from __future__ import annotations

from typing import Any

from milonga.compiler.graph import Component
from milonga.engine.cache.reuse import Reuse
from milonga.engine.dag_shape import TaskShape
from milonga.engine.values import Bundle
from milonga.lineage.records import FINISHED, State


class TaskInstance:
    """One task of one DAG instance.

    Attributes:
        settings: all parameters that are bound to it: those that its component does not declare carry its settings,
            such as the memory of its container.
        has_worked: whether it, or anything inside of it, has been started by this engine.
    """

    __slots__ = (
        "attempts",
        "component",
        "dag",
        "dependents",
        "error",
        "has_worked",
        "inputs",
        "loop",
        "name",
        "outputs",
        "path",
        "reuse",
        "settings",
        "shape",
        "started_at",
        "state",
        "task",
        "waiting",
    )

    def __init__(self, shape: TaskShape, dag: DagInstance, path: str) -> None:
        self.shape = shape
        self.name = shape.name
        self.task = shape.task
        self.component = shape.component
        self.dag = dag
        self.path = path
        self.state: State = "PENDING"
        self.waiting = 0
        self.has_worked = False
        self.dependents: list[TaskInstance] = []
        self.inputs = Bundle()
        self.settings: dict[str, Any] = {}
        self.outputs = Bundle()
        self.attempts = 0
        self.reuse = Reuse()
        self.error: dict[str, Any] = {}
        self.loop: LoopInstance | None = None
        self.started_at: float | None = None

    @property
    def is_finished(self) -> bool:
        """Whether it will not change any more."""
        return self.state in FINISHED

    @property
    def runs_after_failure(self) -> bool:
        """Whether it runs however the tasks before it ended."""
        return self.task.runs_anyway

    @property
    def is_iterated(self) -> bool:
        """Whether it is a loop."""
        return self.task.parameter_iterator is not None or self.task.artifact_iterator is not None


class DagInstance:
    """One execution of a DAG component.

    Attributes:
        owner: the task whose component it is; None for the root.
        iteration: index in the owner's loop, or None.
        unfinished: how many of its tasks are not finished.
        cause: the first failure inside.
    """

    __slots__ = ("cause", "component", "inputs", "iteration", "owner", "path", "tasks", "unfinished")

    def __init__(
        self, component: Component, inputs: Bundle, path: str, owner: TaskInstance | None, iteration: int | None
    ) -> None:
        self.component = component
        self.inputs = inputs
        self.path = path
        self.owner = owner
        self.iteration = iteration
        self.tasks: dict[str, TaskInstance] = {}
        self.unfinished = 0
        self.cause: TaskInstance | None = None

    def path_of(self, name: str) -> str:
        """The path of a task inside."""
        return f"{self.path}/{name}" if self.path else name


class LoopInstance:
    """One execution of a loop: its items, and what its iterations made.

    Attributes:
        items: JSON values, or artifacts.
        item_input: name of the input that an iteration gets its item as.
        limit: how many iterations may be under way.
        following: index of the next iteration to start.
        active: iterations under way.
        starting: whether iterations are being started right now.
        results: outputs by iteration; None until it has ended, or when it was not run.
    """

    __slots__ = (
        "active",
        "failed",
        "following",
        "item_input",
        "items",
        "limit",
        "over_artifacts",
        "results",
        "starting",
    )

    def __init__(self, items: list[Any], item_input: str, limit: int, over_artifacts: bool) -> None:
        self.items = items
        self.item_input = item_input
        self.limit = limit
        self.over_artifacts = over_artifacts
        self.following = 0
        self.active = 0
        self.results: list[Bundle | None] = [None] * len(items)
        self.failed: TaskInstance | None = None
        self.starting = False
