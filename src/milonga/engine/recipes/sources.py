"""The contract of what an evaluation reads from.

Used by one thread. What may never change: an answer is the same however often it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from milonga.engine.recipes.absent import Absent


class Sources(Protocol):
    """Where expressions find what tasks have made and what the run was given.

    Attributes:
        names: run-level placeholder values.
    """

    @property
    def names(self) -> Mapping[str, str]:
        """Run-level placeholder values."""
        ...

    def parameters_of(self, leaf: str, indices: Sequence[int]) -> Mapping[str, Any] | Absent:
        """Output parameters of a step; ABSENT when it has not succeeded.

        Args:
            leaf: name of the step's results in the store.
            indices: of the iterations around it, the outermost first.
        """
        ...

    def artifact_of(self, leaf: str, indices: Sequence[int], name: str) -> Any:
        """An output artifact of a step, as whoever asks wants to have it; a list for a list; ABSENT without one."""
        ...

    def pipeline_parameter(self, name: str) -> Any:
        """An input parameter of the pipeline; ABSENT when it was not given."""
        ...

    def pipeline_artifact(self, name: str) -> Any:
        """An input artifact of the pipeline; ABSENT when it was not given."""
        ...

    def final_status(self, key: str) -> Mapping[str, Any]:
        """KFP's PipelineTaskFinalStatus of a task before the one that asks, by the key of that task."""
        ...

    def imported(self, name: str, uri: str, metadata: Mapping[str, Any], title: str) -> Any:
        """An artifact that an importer stands for."""
        ...

    def select(self, value: Any, selector: str) -> Any:
        """The part of a value that a CEL selector names."""
        ...

    def holds(self, condition: str, parameters: Mapping[str, Any]) -> bool:
        """Whether a CEL condition holds for these input parameters of its task."""
        ...
