"""A live table on a terminal: what runs now, what has ended, how much is left unsaid."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from milonga.engine.progress.lines import describe_end, log_tail
from milonga.lineage.records import RunRecord, TaskRecord

_SHOWN_RUNNING = 12
_STYLES = {"SUCCEEDED": "green", "FAILED": "red", "SKIPPED": "dim", "NOT_RUN": "yellow", "CANCELLED": "yellow"}
_SIGNS = {"SUCCEEDED": "✓", "FAILED": "✗", "SKIPPED": "○", "NOT_RUN": "-", "CANCELLED": "-"}


class LiveProgress:
    """Ended tasks scroll by above; running ones are updated in place below.

    Args:
        show_logs: whether a failed step shows the end of its log; not where it has been seen live.
    """

    def __init__(self, *, show_logs: bool = True) -> None:
        self._show_logs = show_logs
        self._console = Console(stderr=True)
        self._running: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._folder = Path()
        self._live = Live(console=self._console, refresh_per_second=8, transient=True, get_renderable=self._view)

    def _view(self) -> Group:
        now = time.monotonic()
        table = Table.grid(padding=(0, 1))
        for path, since in list(self._running.items())[:_SHOWN_RUNNING]:
            table.add_row(Spinner("dots"), escape(path), f"{now - since:.1f} s")
        hidden = len(self._running) - _SHOWN_RUNNING
        return Group(table, Text(f"  and {hidden} more") if hidden > 0 else Text(""))

    def run_started(self, run: RunRecord, folder: Path) -> None:
        """Start drawing."""
        self._folder = folder
        self._console.print(f"run [bold]{run.id}[/] of {escape(run.pipeline)}", highlight=False)
        self._live.start()

    def notice(self, text: str) -> None:
        """A line above the table."""
        self._live.console.print(f"[dim]{escape(text)}[/]", highlight=False)

    def print_line(self, text: str) -> None:
        """A line of a log above the table, as it is; any thread may print."""
        self._live.console.print(Text(text), highlight=False, soft_wrap=True)

    def step_started(self, path: str, attempt: int) -> None:
        """One more row."""
        self._running[path] = time.monotonic()

    def step_retried(self, task: TaskRecord, delay_s: float) -> None:
        """Say why there is another attempt."""
        self._running.pop(task.path, None)
        reason = escape(str(task.error.get("message", "")))
        self._live.console.print(
            f"[yellow]↻ {escape(task.path)} failed: {reason}; again in {delay_s:g} s[/]", highlight=False
        )

    def task_ended(self, task: TaskRecord) -> None:
        """Move the task from below to above."""
        self._running.pop(task.path, None)
        self._counts[task.state] = self._counts.get(task.state, 0) + (task.kind == "step")
        if task.kind == "group" and task.state != "FAILED":
            return
        style, sign = _STYLES.get(task.state, ""), _SIGNS.get(task.state, "?")
        self._live.console.print(
            f"[{style}]{sign}[/] {escape(task.path)} [dim]{escape(describe_end(task))}[/]", highlight=False
        )
        if self._show_logs and task.state == "FAILED" and task.kind == "step":
            for line in log_tail(self._folder, task):
                self._live.console.print(Text(f"    {line}", style="red"))

    def run_ended(self, run: RunRecord, folder: Path) -> None:
        """Stop drawing, and sum up."""
        self._live.stop()
        took = (run.ended_at or run.created_at) - run.created_at
        counts = ", ".join(f"{count} {state.lower()}" for state, count in sorted(self._counts.items()) if count)
        style = _STYLES.get(run.state, "")
        self._console.print(
            f"run {run.id} [{style}]{run.state}[/] in {took:.1f} s ({counts or 'no step'})", highlight=False
        )
