"""A run of a remote system, as it was when somebody asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from milonga.backends.remote_state import ENDED, RemoteState
from milonga.backends.remote_task import RemoteTask


@dataclass(frozen=True, slots=True)
class RemoteRun:
    """A run at one moment.

    Attributes:
        run_id: the id that the system knows it by.
        state: where it is.
        tasks: its tasks in the system's order, groups that only hold other tasks included.
        error: what the system says about a failure, "" when it says nothing.
        url: its page, "" where the address of the pages is not known.
    """

    run_id: str
    state: RemoteState
    tasks: tuple[RemoteTask, ...] = ()
    error: str = ""
    url: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    @property
    def succeeded(self) -> bool:
        """Whether it ended as it should."""
        return self.state == "SUCCEEDED"

    def to_json(self) -> dict[str, Any]:
        """The run as a JSON object, empty fields left out."""
        fields: dict[str, Any] = {
            "run_id": self.run_id,
            "state": self.state,
            "tasks": [task.to_json() for task in self.tasks],
            "error": self.error,
            "url": self.url,
        }
        return {key: value for key, value in fields.items() if value}
