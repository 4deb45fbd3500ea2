"""What was seen of a run, in the words of the corpus and of no engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union


@dataclass(frozen=True, slots=True)
class ObservedArtifact:
    """An artifact that a task or a run has handed out.

    Attributes:
        type: schema title.
        path: where its content lies; None when that is not on this machine.
    """

    type: str
    uri: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None


ObservedValue = Union[ObservedArtifact, "tuple[ObservedValue, ...]"]
"""An artifact, or a list of artifacts, which may be nested."""


@dataclass(frozen=True, slots=True)
class ObservedTask:
    """A task of a run, a leaf or a group.

    Attributes:
        state: SUCCEEDED, FAILED, SKIPPED or NOT_RUN.
        log: file with what its newest attempt printed; None when there is none.
        iterations: of a loop.
        attempts: how often it was started; 0 when it was not.
        is_cached: whether its outputs came from an earlier run.
        started_at, ended_at: seconds of any one clock; None when it did not start.
        error: what went wrong, for the reader of a verdict.
    """

    state: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, ObservedValue] = field(default_factory=dict)
    log: Path | None = None
    iterations: int | None = None
    attempts: int = 0
    is_cached: bool = False
    started_at: float | None = None
    ended_at: float | None = None
    error: str = ""

    @property
    def has_run(self) -> bool:
        """Whether it was started at all."""
        return self.state in ("SUCCEEDED", "FAILED")

    def lines(self) -> Iterator[str]:
        """What it printed, line by line: a log can be far larger than memory."""
        if self.log is None or not self.log.is_file():
            return
        with self.log.open(encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            for line in stream:
                yield line.rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """A finished run: its tasks by path.

    Attributes:
        shows_tasks: False for a back end that keeps the states of its tasks to itself: then `tasks` holds those whose
            outputs it has left behind, and nothing that a corpus says of tasks beyond that can be held against it.
        log: what all tasks printed, in one file, where tasks have none of their own.
    """

    state: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    output_artifacts: Mapping[str, ObservedValue] = field(default_factory=dict)
    tasks: Mapping[str, ObservedTask] = field(default_factory=dict)
    error: str = ""
    shows_tasks: bool = True
    log: Path | None = None

    def state_of(self, path: str) -> str | None:
        """The state of a task; below a group that never started it is NOT_RUN. None when there is no such task."""
        task = self.tasks.get(path)
        if task is not None:
            return task.state
        parts = path.split("/")
        for count in range(len(parts) - 1, 0, -1):
            group = self.tasks.get("/".join(parts[:count]))
            if group is not None:
                return "NOT_RUN" if group.state == "NOT_RUN" else None
        return None

    def has_run(self, path: str) -> bool:
        """Whether a task was started."""
        task = self.tasks.get(path)
        return task is not None and task.has_run
