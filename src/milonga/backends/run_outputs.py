"""What a remote run, or a task of it, has made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class OutputArtifact:
    """One artifact.

    Attributes:
        name: what its maker calls it.
        type: schema title.
        uri: where it says that its content is.
        metadata: what its maker recorded.
        key: the object in the bucket that holds its content; "" where nothing was stored there.
        position: of a list, which entry of that object it is; None for a single one.
    """

    name: str
    type: str
    uri: str
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    key: str = ""
    position: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The artifact as a JSON object."""
        return {"name": self.name, "type": self.type, "uri": self.uri, "metadata": dict(self.metadata)}


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """The outputs of a run or a task.

    Attributes:
        run_id: the run.
        task: the task, "" for the pipeline.
        parameters: JSON values by name.
        artifacts: by name; a list for an output that is one.
        absent: names of declared outputs that were not made.
    """

    run_id: str
    task: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    artifacts: Mapping[str, OutputArtifact | tuple[OutputArtifact, ...]] = field(default_factory=dict, hash=False)
    absent: tuple[str, ...] = ()

    def of(self, name: str) -> tuple[OutputArtifact, ...]:
        """The artifacts of one output, a single one as a tuple of one."""
        found = self.artifacts[name]
        return found if isinstance(found, tuple) else (found,)

    def to_json(self) -> dict[str, Any]:
        """The outputs as a JSON object."""
        artifacts = {
            name: [item.to_json() for item in value] if isinstance(value, tuple) else value.to_json()
            for name, value in self.artifacts.items()
        }
        document: dict[str, Any] = {
            "run_id": self.run_id,
            "task": self.task,
            "parameters": dict(self.parameters),
            "artifacts": artifacts,
            "absent": list(self.absent),
        }
        return {key: value for key, value in document.items() if key not in ("task", "absent") or value}
