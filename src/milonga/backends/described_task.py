"""A task of a remote run with all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from milonga.lineage.records import State


@dataclass(frozen=True, slots=True)
class DescribedAttempt:
    """One attempt of a task.

    Attributes:
        attempt: from 1.
        state: of this attempt.
        pod: the name of its pod, "" where it is not known.
        started_at, ended_at: seconds since the epoch, None for not yet.
        exit_code: of its container, None where there is none.
        message: what the task or the system says about it.
    """

    attempt: int
    state: State
    pod: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    exit_code: int | None = None
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """The attempt as a flat JSON object."""
        return {
            "attempt": self.attempt,
            "state": self.state,
            "pod": self.pod,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "exit": self.exit_code,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class DescribedTask:
    """A task.

    Attributes:
        path: task names joined by "/", a loop iteration as "[i]".
        kind: "step" for leaves, "group" for nested DAGs, loops and branches.
        state: where it is.
        started_at, ended_at: seconds since the epoch, None for not yet.
        attempts: the first one first.
        iterations: of a loop, how many there are.
        message: why it failed, or waits.
        reasons: what the cluster says besides, one sentence each: of images, nodes, memory, volumes.
        together: the name of the group with which it shares a pod; "" for one with a pod of its own.
        progress: of a pod at work that has several steps, "ended/all" of these; "" for any other task.
        result_of: the run whose result it has handed on, by its unique id; "" for one that has worked itself.
    """

    path: str
    kind: Literal["step", "group"]
    state: State
    started_at: float | None = None
    ended_at: float | None = None
    attempts: tuple[DescribedAttempt, ...] = ()
    iterations: int | None = None
    message: str = ""
    reasons: tuple[str, ...] = ()
    together: str = ""
    progress: str = ""
    result_of: str = ""

    @property
    def wall_s(self) -> float | None:
        """How long it took, in seconds; None for one that has not ended."""
        return None if self.started_at is None or self.ended_at is None else max(self.ended_at - self.started_at, 0.0)

    def to_json(self) -> dict[str, Any]:
        """The task as a JSON object, empty fields left out."""
        fields: dict[str, Any] = {
            "task": self.path,
            "kind": self.kind,
            "state": self.state,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "wall_s": self.wall_s,
            "iterations": self.iterations,
            "message": self.message,
            "reasons": list(self.reasons),
            "together": self.together,
            "progress": self.progress,
            "cached": bool(self.result_of) or None,
            "result_of": self.result_of,
            "attempts": [attempt.to_json() for attempt in self.attempts],
        }
        return {key: value for key, value in fields.items() if value not in (None, "", [])}
