"""The contract of a progress display. Called from the scheduler's thread; must be quick and must not raise."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from milonga.lineage.records import RunRecord, TaskRecord


class Progress(Protocol):
    """Watches a run."""

    def run_started(self, run: RunRecord, folder: Path) -> None:
        """The run begins, or goes on."""
        ...

    def notice(self, text: str) -> None:
        """Something that whoever waits should know: packages are being installed, a request is cut to the machine."""
        ...

    def step_started(self, path: str, attempt: int) -> None:
        """An attempt of a step begins."""
        ...

    def step_retried(self, task: TaskRecord, delay_s: float) -> None:
        """An attempt failed, and there will be another."""
        ...

    def task_ended(self, task: TaskRecord) -> None:
        """A step or group has its final state."""
        ...

    def run_ended(self, run: RunRecord, folder: Path) -> None:
        """The run has its final state."""
        ...


class Silent:
    """Shows nothing."""

    def run_started(self, run: RunRecord, folder: Path) -> None:
        """Nothing."""

    def notice(self, text: str) -> None:
        """Nothing."""

    def step_started(self, path: str, attempt: int) -> None:
        """Nothing."""

    def step_retried(self, task: TaskRecord, delay_s: float) -> None:
        """Nothing."""

    def task_ended(self, task: TaskRecord) -> None:
        """Nothing."""

    def run_ended(self, run: RunRecord, folder: Path) -> None:
        """Nothing."""
