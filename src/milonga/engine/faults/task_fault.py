"""Faults of attempts of tasks: the first few of each task that a pattern names."""

from __future__ import annotations

from dataclasses import dataclass

from milonga.compiler.graph import Graph
from milonga.engine.faults.base import Fault
from milonga.engine.faults.targets import Targets, steps_of
from milonga.engine.faults.task_pattern import TaskPattern


@dataclass(frozen=True, slots=True)
class TaskFault(Fault):
    """A fault of attempts.

    Attributes:
        tasks: which tasks.
        attempts: how many attempts of each, the first ones; None is all.
    """

    tasks: TaskPattern
    attempts: int | None = 1

    def targets(self, graph: Graph) -> Targets:
        """The steps that the pattern names."""
        known = tuple(step.path for step in steps_of(graph))
        hit = tuple(path for path in known if self.tasks.may_match(path))
        return Targets("task", self.tasks.text, hit, known, tuple(path.rpartition("/")[2] for path in known))

    def hits(self, task: str, number: int) -> bool:
        """Whether attempt `number` of `task` is one of them."""
        return (self.attempts is None or number <= self.attempts) and self.tasks.matches(task)
