"""One task of a remote run."""

from __future__ import annotations

from dataclasses import dataclass

from milonga.backends.remote_state import RemoteState


@dataclass(frozen=True, slots=True)
class RemoteTask:
    """A task as a remote system sees it.

    Attributes:
        id: the system's own id; iterations of a loop share a name, never an id.
        name: the task's name in the pipeline.
        state: where it is.
        error: what the system says about a failure, "" when it says nothing.
        progress: of a pod at work that has several steps, "ended/all" of these; "" for any other task.
    """

    id: str
    name: str
    state: RemoteState
    error: str = ""
    progress: str = ""

    def to_json(self) -> dict[str, str]:
        """The task as a flat JSON object, empty fields left out."""
        fields = {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "error": self.error,
            "progress": self.progress,
        }
        return {key: value for key, value in fields.items() if value}
