"""`order`: everything of the first task is finished before anything of the second starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.observed import ObservedRun, ObservedTask


def order_difference(expected: Any, context: CheckContext) -> str:
    """The first pair out of order, or of which one has not run."""
    for first, second in expected:
        ends = {path: task.ended_at for path, task in part_of(context.run, first) if task.ended_at is not None}
        starts = {path: task.started_at for path, task in part_of(context.run, second) if task.started_at is not None}
        if not ends or not starts:
            return f"order: expected '{first}' before '{second}', and '{second if ends else first}' did not run"
        last, earliest = max(ends, key=lambda path: ends[path]), min(starts, key=lambda path: starts[path])
        if ends[last] > starts[earliest]:
            late = ends[last] - starts[earliest]
            return f"order: '{last}' ended {late:.3f} s after '{earliest}' had started"
    return ""


def part_of(run: ObservedRun, path: str) -> Iterator[tuple[str, ObservedTask]]:
    """A task that was started, and all started ones inside of it."""
    for name, task in run.tasks.items():
        if task.has_run and (name == path or name.startswith((f"{path}/", f"{path}["))):
            yield name, task
