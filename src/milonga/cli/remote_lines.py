"""A remote run on a terminal: one plain line a change, for logs, CI and people alike."""

from __future__ import annotations

import time

from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_task import RemoteTask
from milonga.cli.output import message


class RemoteLines:
    """Writes a line on stderr for each task whose state has changed since the last look, and for the run.

    Of a pod with several steps there is a line, too, whenever more of these have ended.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, bool, str]] = {}

    def __call__(self, run: RemoteRun) -> None:
        """Show what is new."""
        for task in run.tasks:
            # why a task waits may come later, and then changes its words each time
            seen = task.state, bool(task.error), task.progress
            if self._seen.get(task.id) != seen:
                self._seen[task.id] = seen
                _line(described(task))
        if self._seen.get("") != (run.state, False, ""):
            self._seen[""] = run.state, False, ""
            _line(f"run {run.run_id} {run.state}")


def described(task: RemoteTask) -> str:
    """A task in one line."""
    reason = f": {task.error}" if task.error else ""
    progress = f", {task.progress} steps" if task.progress else ""
    return f"{task.name} {task.state.lower()}{progress}{reason}"


def _line(text: str) -> None:
    message(f"{time.strftime('%H:%M:%S')} {' '.join(text.split())}")
