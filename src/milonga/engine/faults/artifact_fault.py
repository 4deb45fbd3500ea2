"""Faults of stored artifacts: those of a name, of any task or of the tasks that a pattern names."""

from __future__ import annotations

from dataclasses import dataclass

from milonga.compiler.graph import Graph
from milonga.engine.faults.base import Fault
from milonga.engine.faults.spec import FaultSpec
from milonga.engine.faults.targets import Targets, steps_of
from milonga.engine.faults.task_pattern import TaskPattern


@dataclass(frozen=True, slots=True)
class ArtifactPattern:
    """`model`, or `train.model`: an output's name, and which tasks it is an output of."""

    text: str

    def matches(self, task: str, artifact: str) -> bool:
        """Whether that output of that task is meant."""
        tasks, name = self._parts()
        return TaskPattern(name).matches(artifact) and tasks.matches(task)

    def may_match(self, path: str, artifact: str) -> bool:
        """The same for a path of the graph, where loops have no indices yet."""
        tasks, name = self._parts()
        return TaskPattern(name).matches(artifact) and tasks.may_match(path)

    def _parts(self) -> tuple[TaskPattern, str]:
        tasks, _, name = self.text.rpartition(".")
        return TaskPattern(tasks or "*"), name


@dataclass(frozen=True, slots=True)
class ArtifactFault(Fault):
    """A fault of stored artifacts.

    Attributes:
        artifacts: which ones.
    """

    artifacts: ArtifactPattern

    @classmethod
    def pattern_of(cls, spec: FaultSpec) -> ArtifactPattern:
        """The target as artifacts; there is nothing besides."""
        spec.only(cls.form, 0)
        return ArtifactPattern(spec.target)

    def spoils(self, task: str, artifact: str) -> bool:
        """All of these faults do that."""
        return self.artifacts.matches(task, artifact)

    def targets(self, graph: Graph) -> Targets:
        """The output artifacts of steps that the pattern names."""
        outputs = [(step.path, name) for step in steps_of(graph) for name in step.component.output_artifacts]
        known = tuple(f"{path}.{name}" for path, name in outputs)
        hit = tuple(f"{path}.{name}" for path, name in outputs if self.artifacts.may_match(path, name))
        return Targets("artifact", self.artifacts.text, hit, known, tuple(name for _, name in outputs))
