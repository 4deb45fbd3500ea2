"""Logs while they are written: each line of every running step, with the step's name in front."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from milonga.engine.home import log_of
from milonga.engine.progress.base import Progress
from milonga.engine.progress.log_tail import LogTail, shown_line
from milonga.lineage.records import RunRecord, TaskRecord

_TICK_S = 0.1


class StreamedLogs:
    """A progress with the logs in between.

    Events come from the engine's thread; a thread of its own looks at the logs of what runs. A step's last lines are
    shown before its end is.

    Args:
        inner: what shows everything else.
        write: where a line goes; stderr by default, since stdout is for data.
    """

    def __init__(self, inner: Progress, write: Callable[[str], None] | None = None) -> None:
        self._inner = inner
        self._write = write or _to_stderr
        self._lock = threading.Lock()
        self._tails: dict[str, LogTail] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._folder = Path()

    def run_started(self, run: RunRecord, folder: Path) -> None:
        """Look at logs from now on."""
        self._folder = folder
        self._over.clear()
        self._inner.run_started(run, folder)
        self._thread = threading.Thread(target=self._look, name="milonga-logs", daemon=True)
        self._thread.start()

    def notice(self, text: str) -> None:
        """As it is."""
        self._inner.notice(text)

    def step_started(self, path: str, attempt: int) -> None:
        """One more log."""
        self._inner.step_started(path, attempt)
        with self._lock:
            self._tails[path] = LogTail(self._folder / log_of(path, attempt))

    def step_retried(self, task: TaskRecord, delay_s: float) -> None:
        """The attempt's last lines, then why there is another."""
        self._finish(task.path)
        self._inner.step_retried(task, delay_s)

    def task_ended(self, task: TaskRecord) -> None:
        """The step's last lines, then how it ended."""
        self._finish(task.path)
        self._inner.task_ended(task)

    def run_ended(self, run: RunRecord, folder: Path) -> None:
        """The last lines of what was still running, then the end."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        for path in list(self._tails):
            self._finish(path)
        self._inner.run_ended(run, folder)

    def _look(self) -> None:
        while not self._over.wait(_TICK_S):
            with self._lock:
                for path, tail in self._tails.items():
                    self._show(path, tail.lines())

    def _finish(self, path: str) -> None:
        with self._lock:
            tail = self._tails.pop(path, None)
            if tail is not None:
                self._show(path, tail.lines(is_over=True))

    def _show(self, path: str, lines: list[str]) -> None:
        for line in lines:
            self._write(f"{path} | {shown_line(line)}")


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
