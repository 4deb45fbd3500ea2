"""A table in the output of a notebook's cell that changes in place while a run goes on."""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from milonga.engine.progress.lines import describe_end, log_tail
from milonga.lineage.records import RunRecord, TaskRecord
from milonga.reporting.notebook import progress_html

UPDATES_A_SECOND = 5
_TICK_S = 1.0
"""How often the times of running tasks move on when nothing else happens."""

_REST = 10
"""The display rests so many times as long as a drawing took, so that it costs the run a tenth of a core at most."""

_STEPS_AS_TEXT = 60
"""The newest, where no HTML is shown; a display of every step would be sent again with every change."""


class NotebookProgress:
    """Shows a run through IPython's display of one id.

    Events come from the engine's thread and change what is known; a thread of its own draws, at most
    `UPDATES_A_SECOND` times a second, so that a run of ten thousand quick tasks is not held up by its picture.
    """

    def __init__(self, *, show_logs: bool = True) -> None:
        self._show_logs = show_logs
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._run: RunRecord | None = None
        self._tasks: dict[str, TaskRecord] = {}
        self._notes: dict[str, str] = {}
        self._logs: dict[str, list[str]] = {}
        self._folder = Path()
        self._thread: threading.Thread | None = None
        self._show: Callable[[dict[str, str]], None] | None = None

    def run_started(self, run: RunRecord, folder: Path) -> None:
        """Show an empty table, and draw from now on."""
        self._run, self._folder = run, folder
        self._tasks, self._notes, self._logs = {}, {}, {}
        self._show = _displayed(self._drawn())
        self._ended.clear()
        context = contextvars.copy_context()  # it says which cell the display belongs to
        self._thread = threading.Thread(target=context.run, args=(self._draw,), name="milonga-display", daemon=True)
        self._thread.start()

    def notice(self, text: str) -> None:
        """A line on stderr of the cell: it is no row of the table."""
        print(text, file=sys.stderr, flush=True)  # noqa: T201

    def step_started(self, path: str, attempt: int) -> None:
        """One more row, or an old one that runs again."""
        run_id = self._run.id if self._run is not None else ""
        task = TaskRecord(run_id, path, "RUNNING", attempts=attempt, started_at=time.time())
        self._note(task, "")

    def step_retried(self, task: TaskRecord, delay_s: float) -> None:
        """Say why there is another attempt."""
        self._note(replace(task, state="PENDING"), f"{task.error.get('message', 'failed')}; again in {delay_s:g} s")

    def task_ended(self, task: TaskRecord) -> None:
        """The row's last state; below a failed one the end of its log."""
        if self._show_logs and task.state == "FAILED" and task.kind == "step":
            self._logs[task.path] = log_tail(self._folder, task)
        self._note(task, "")

    def _note(self, task: TaskRecord, note: str) -> None:
        with self._lock:
            self._tasks[task.path] = task
            self._notes.pop(task.path, None)
            if note:
                self._notes[task.path] = note
        self._changed.set()

    def run_ended(self, run: RunRecord, folder: Path) -> None:
        """Show the final state; what was running when the run was interrupted has not ended."""
        with self._lock:
            self._run = run
            for path, task in self._tasks.items():
                if task.state in ("RUNNING", "PENDING"):
                    self._tasks[path] = replace(task, state="CANCELLED", ended_at=run.ended_at)
        self._ended.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join()
        if self._show is not None:
            self._show(self._drawn())

    def _draw(self) -> None:
        cell = _cell_number()
        while self._goes_on(cell):
            self._changed.wait(_TICK_S)
            self._changed.clear()
            began = time.perf_counter()
            if self._goes_on(cell) and self._show is not None:
                self._show(self._drawn())
            took_s = time.perf_counter() - began
            self._ended.wait(max(1 / UPDATES_A_SECOND, took_s * _REST))

    def _goes_on(self, cell: object) -> bool:
        """Whether the run has not ended, nor its cell: an engine that broke down ends no run."""
        return not self._ended.is_set() and _cell_number() == cell

    def _drawn(self) -> dict[str, str]:
        with self._lock:
            run, tasks, notes = self._run, list(self._tasks.values()), dict(self._notes)
        if run is None:
            return {"text/plain": ""}
        html = progress_html(run, tasks, now=time.time(), logs=self._logs, notes=notes)
        steps = [task for task in tasks if task.kind == "step"]
        lines = [f"run {run.id} of {run.pipeline}: {run.state}"]
        lines += [f"  {task.path} {describe_end(task)}" for task in steps[-_STEPS_AS_TEXT:]]
        if len(steps) > _STEPS_AS_TEXT:
            lines.append(f"  and {len(steps) - _STEPS_AS_TEXT} more")
        return {"text/html": html, "text/plain": "\n".join(lines)}


def _cell_number() -> object:
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "execution_count", None)


def _displayed(bundle: dict[str, str]) -> Callable[[dict[str, str]], None]:
    """Show `bundle` in the cell; what is returned puts another one in its place."""
    from IPython.display import display

    handle: Any = display(bundle, raw=True, display_id=True)

    def update(changed: dict[str, str]) -> None:
        handle.update(changed, raw=True)

    return update
