"""A display that cannot be written to any more must not end a run."""

from __future__ import annotations

import contextlib
from pathlib import Path

from milonga.engine.progress.base import Progress
from milonga.lineage.records import RunRecord, TaskRecord

_UNWRITABLE = (OSError, ValueError)
"""A terminal that is gone, a reader that has left, a full disk; a stream that was closed."""


class SteadyProgress:
    """Passes everything on to `progress`, and goes on when its output is gone."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def run_started(self, run: RunRecord, folder: Path) -> None:
        """Passed on."""
        with contextlib.suppress(*_UNWRITABLE):
            self._progress.run_started(run, folder)

    def notice(self, text: str) -> None:
        """Passed on."""
        with contextlib.suppress(*_UNWRITABLE):
            self._progress.notice(text)

    def step_started(self, path: str, attempt: int) -> None:
        """Passed on."""
        with contextlib.suppress(*_UNWRITABLE):
            self._progress.step_started(path, attempt)

    def step_retried(self, task: TaskRecord, delay_s: float) -> None:
        """Passed on."""
        with contextlib.suppress(*_UNWRITABLE):
            self._progress.step_retried(task, delay_s)

    def task_ended(self, task: TaskRecord) -> None:
        """Passed on."""
        with contextlib.suppress(*_UNWRITABLE):
            self._progress.task_ended(task)

    def run_ended(self, run: RunRecord, folder: Path) -> None:
        """Passed on."""
        with contextlib.suppress(*_UNWRITABLE):
            self._progress.run_ended(run, folder)
