"""Plain lines, one an event: for logs, CI and pipes."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TextIO

from milonga.lineage.records import RunRecord, TaskRecord

_LOG_TAIL_LINES = 20


class LineProgress:
    """Writes append-only lines; a failed step shows the end of its log.

    Args:
        stream: where to write; stderr by default, since stdout is for data.
        show_logs: whether a failed step shows the end of its log; not where it has been seen live.
    """

    def __init__(self, stream: TextIO | None = None, *, show_logs: bool = True) -> None:
        self._show_logs = show_logs
        self._stream = stream or sys.stderr
        self._folder = Path()
        self._counts: dict[str, int] = {}

    def _write(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=self._stream, flush=True)

    def run_started(self, run: RunRecord, folder: Path) -> None:
        """Which run, and where its files are."""
        self._folder = folder
        self._counts = {}
        self._write(f"run {run.id} of {run.pipeline}")

    def notice(self, text: str) -> None:
        """One line."""
        self._write(text)

    def step_started(self, path: str, attempt: int) -> None:
        """One line."""
        again = f" (attempt {attempt})" if attempt > 1 else ""
        self._write(f"{path} started{again}")

    def step_retried(self, task: TaskRecord, delay_s: float) -> None:
        """Why, and when the next attempt is."""
        self._write(f"{task.path} failed: {task.error.get('message', '')}; again in {delay_s:g} s")

    def task_ended(self, task: TaskRecord) -> None:
        """State and time; for a failure, the end of its log."""
        self._counts[task.state] = self._counts.get(task.state, 0) + (task.kind == "step")
        if task.kind == "group" and task.state != "FAILED":
            return
        self._write(f"{task.path} {describe_end(task)}")
        if self._show_logs and task.state == "FAILED" and task.kind == "step":
            for line in log_tail(self._folder, task):
                print(f"    {line}", file=self._stream, flush=True)

    def run_ended(self, run: RunRecord, folder: Path) -> None:
        """The final state and the counts."""
        took = (run.ended_at or run.created_at) - run.created_at
        counts = ", ".join(f"{count} {state.lower()}" for state, count in sorted(self._counts.items()) if count)
        self._write(f"run {run.id} {run.state} in {took:.1f} s ({counts or 'no step'})")


def describe_end(task: TaskRecord) -> str:
    """State, time and the reason of a failure, in one line."""
    if task.cached:
        return "cached"
    took = ""
    if task.started_at is not None and task.ended_at is not None:
        took = f" in {task.ended_at - task.started_at:.1f} s"
    reason = f": {task.error['message']}" if task.state == "FAILED" and task.error.get("message") else ""
    return f"{task.state.lower().replace('_', ' ')}{took}{reason}"


def log_tail(folder: Path, task: TaskRecord) -> list[str]:
    """The last lines of a task's log."""
    path = folder / task.log if task.log else None
    if path is None or not path.is_file():
        return []
    with path.open("rb") as stream:
        stream.seek(0, 2)
        stream.seek(max(0, stream.tell() - 16_384))
        text = stream.read().decode("utf-8", "replace")
    return text.rstrip().splitlines()[-_LOG_TAIL_LINES:]
