"""One firing: the reason for one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from milonga.backends.local.records.moments import shown
from milonga.backends.local.records.work import Work

FiringState = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]


@dataclass(frozen=True, slots=True)
class Firing:
    """A firing is written before its run is started, and there is one of its id only.

    Attributes:
        number: its place in the order of all firings, never given twice.
        id: the schedule's id, `@` and the time that was due in UTC; for an event, `:` and a digest of what is new.
        schedule: number of its schedule; None for a run that `submit` started.
        work: what runs, as it was when this was recorded.
        state: PENDING, it was not started; RUNNING, it was, though its process may have died since.
        due: the time that was due.
        event: what happened, for people; "" for a time.
        recorded_at: when it was written.
        launches: how many processes were started for it.
        run_id: its run, "" before there is one.
        is_cancelled: whether somebody asked for its end.
        ended_at: when it had its final state.
        error: code and message of what kept it from succeeding.
    """

    number: int
    id: str
    schedule: int | None
    work: Work
    state: FiringState
    due: datetime | None
    event: str
    recorded_at: datetime
    launches: int = 0
    run_id: str = ""
    is_cancelled: bool = False
    ended_at: datetime | None = None
    error: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """What the lineage store keeps as the source of the run: by it a run is found that was not recorded here."""
        return f"schedule {self.id}" if self.schedule is not None else self.id

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("SUCCEEDED", "FAILED", "CANCELLED")

    def to_json(self) -> dict[str, Any]:
        """The firing as a flat JSON object, empty fields left out."""
        fields: dict[str, Any] = {
            "firing": self.id,
            "state": self.state,
            "due": shown(self.due),
            "event": self.event,
            "recorded_at": shown(self.recorded_at),
            "ended_at": shown(self.ended_at),
            "run_id": self.run_id,
            "error": dict(self.error),
        }
        return {key: value for key, value in fields.items() if value}
