"""A DAG: tasks by name, and where its outputs come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from milonga.compiler.graph.task import Task


@dataclass(frozen=True, slots=True)
class ParameterSelector:
    """An output parameter of a task inside."""

    producer_subtask: str
    output_parameter_key: str


@dataclass(frozen=True, slots=True)
class ParameterSelectors:
    """Output parameters of several tasks, of which one ran."""

    parameter_selectors: tuple[ParameterSelector, ...] | None = None


@dataclass(frozen=True, slots=True)
class DagOutputParameter:
    """Where an output parameter of a DAG comes from: one task, or whichever of several ran."""

    value_from_parameter: ParameterSelector | None = None
    value_from_oneof: ParameterSelectors | None = None

    @property
    def selectors(self) -> tuple[ParameterSelector, ...]:
        """The outputs that it may come from, the first one that is there counts; empty when there are none."""
        if self.value_from_parameter is not None:
            return (self.value_from_parameter,)
        return (self.value_from_oneof.parameter_selectors if self.value_from_oneof is not None else None) or ()


@dataclass(frozen=True, slots=True)
class ArtifactSelector:
    """An output artifact of a task inside."""

    producer_subtask: str
    output_artifact_key: str


@dataclass(frozen=True, slots=True)
class DagOutputArtifact:
    """Where an output artifact of a DAG comes from; several selectors mean whichever ran."""

    artifact_selectors: tuple[ArtifactSelector, ...] | None = None


@dataclass(frozen=True, slots=True)
class DagOutputs:
    """All outputs of a DAG, by name."""

    parameters: Mapping[str, DagOutputParameter] | None = None
    artifacts: Mapping[str, DagOutputArtifact] | None = None


@dataclass(frozen=True, slots=True)
class Dag:
    """Tasks by name, and outputs."""

    tasks: Mapping[str, Task] | None = None
    outputs: DagOutputs | None = None
