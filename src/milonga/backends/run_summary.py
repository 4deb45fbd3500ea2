"""A remote run in a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from milonga.backends.remote_state import RemoteState


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run.

    Attributes:
        run_id: the id that the system knows it by.
        name: what people call it.
        pipeline: the pipeline's name.
        state: where it is.
        created_at, ended_at: seconds since the epoch; None where it has not come to that.
        progress: "finished/all" tasks, "" where the system does not say.
        schedule: the schedule that has started it, "" for none.
        error: what the system says about a failure, "" when it says nothing.
        url: its page, "" where the address of the pages is not known.
    """

    run_id: str
    name: str
    pipeline: str
    state: RemoteState
    created_at: float | None = None
    ended_at: float | None = None
    progress: str = ""
    schedule: str = ""
    error: str = ""
    url: str = ""

    def to_json(self) -> dict[str, Any]:
        """The run as a flat JSON object, empty fields left out."""
        fields = {
            "run_id": self.run_id,
            "name": self.name,
            "pipeline": self.pipeline,
            "state": self.state,
            "started_at": self.created_at,
            "ended_at": self.ended_at,
            "progress": self.progress,
            "schedule": self.schedule,
            "error": self.error,
            "url": self.url,
        }
        return {key: value for key, value in fields.items() if value not in (None, "")}
