"""A remote run with all that is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.backends.described_task import DescribedTask
from milonga.backends.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class DescribedRun:
    """A run.

    Attributes:
        summary: what a list of runs says of it.
        place: where it is, such as a namespace.
        arguments: what it was given, by input of the pipeline.
        tasks: by path, groups included.
    """

    summary: RunSummary
    place: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    tasks: tuple[DescribedTask, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The run as a JSON object."""
        return {
            **self.summary.to_json(),
            "namespace": self.place,
            "arguments": dict(self.arguments),
            "tasks": [task.to_json() for task in self.tasks],
        }
