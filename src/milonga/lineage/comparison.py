"""What differs between two recorded runs: what was run, what it was given, what came out.

The pipelines are compared by `milonga.compiler.diff`; a renamed task is compared with itself under its old name.
Durations are told and never counted: they differ between any two runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from milonga.compiler.diff import Change, compare, matched_paths
from milonga.compiler.diff.change import PIPELINE, path_order
from milonga.compiler.graph import Graph
from milonga.lineage.differences import artifacts, duration, stated, values
from milonga.lineage.records import RunRecord, TaskRecord

RUN = "run"
"""Where a change is that belongs to the run as a whole."""

KINDS: dict[str, str] = {
    "argument": "a value that the run was given",
    "run-state": "how the run ended",
    "result": "a value or an artifact that the run returned",
    "task-state": "how a task ended",
    "task-error": "why a task failed",
    "cached": "whether a task's outputs came from the cache",
    "attempts": "how often a task was started",
    "iterations": "how many iterations a loop had",
    "output": "a parameter that a task made",
    "artifact": "the content of an artifact that a task made",
    "metadata": "what a task recorded about an artifact, such as a metric",
    "duration": "how long it took; quiet",
}
"""Every kind of difference between runs, beside those between their pipelines."""

_ITERATION = re.compile(r"\[\d+\]$")


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as it was recorded.

    Attributes:
        graph: what was run.
    """

    run: RunRecord
    tasks: tuple[TaskRecord, ...]
    graph: Graph


def compare_runs(before: RecordedRun, after: RecordedRun) -> tuple[Change, ...]:
    """All differences, those of the pipelines first at each place, sorted by place.

    Raises:
        InvalidPipeline, UsageError: a pipeline that cannot be compared; see `milonga.compiler.diff.compare`.
    """
    changes = [*compare(before.graph, after.graph), *_of_run(before.run, after.run), *_of_tasks(before, after)]
    return tuple(sorted(changes, key=lambda change: _place(change.where)))


def _place(where: str) -> tuple[object, ...]:
    known = {PIPELINE: 0, RUN: 1}
    return (known[where],) if where in known else (len(known), path_order(where))


def _of_run(before: RunRecord, after: RunRecord) -> Iterator[Change]:
    yield from values(RUN, "argument", before.arguments, after.arguments)
    yield from stated(RUN, "run-state", "state", before.state, after.state)
    yield from values(RUN, "result", before.outputs, after.outputs)
    yield from artifacts(RUN, "result", before.output_artifacts, after.output_artifacts)
    yield from duration(RUN, before.created_at, before.ended_at, after.created_at, after.ended_at)


def _of_tasks(before: RecordedRun, after: RecordedRun) -> Iterator[Change]:
    counterparts = matched_paths(before.graph, after.graph)
    here = {_path_after(task.path, counterparts): task for task in before.tasks}
    there = {task.path: task for task in after.tasks}
    known = set(counterparts.values())
    for path in {**here, **there}:
        old, new = here.get(path), there.get(path)
        if old is not None and new is not None:
            for comparer in TASK_COMPARERS:
                yield from comparer(path, old, new)
        elif _names(path) in known:  # a task of both pipelines that only one run came to, such as a last iteration
            states = old.state if old is not None else None, new.state if new is not None else None
            yield from stated(path, "task-state", "state", *states)


def _names(path: str) -> str:
    return "/".join(_ITERATION.sub("", part) for part in path.split("/"))


def _path_after(path: str, counterparts: dict[str, str]) -> str:
    """The path of a task of the first run as it is in the second; unchanged for a task that the second lacks."""
    renamed = counterparts.get(_names(path))
    if renamed is None or renamed == path:
        return path
    parts = zip(renamed.split("/"), path.split("/"), strict=True)
    return "/".join(name + "".join(_ITERATION.findall(part)) for name, part in parts)


def _state(path: str, before: TaskRecord, after: TaskRecord) -> Iterator[Change]:
    yield from stated(path, "task-state", "state", before.state, after.state)
    errors = [str(task.error.get("message", "")) for task in (before, after)]
    if before.state == after.state == "FAILED":
        yield from stated(path, "task-error", "error", *errors)


def _work(path: str, before: TaskRecord, after: TaskRecord) -> Iterator[Change]:
    yield from stated(path, "cached", "cached", *("yes" if task.cached else "no" for task in (before, after)))
    if before.cached == after.cached and before.kind == after.kind == "step":
        yield from stated(path, "attempts", "attempts", str(before.attempts), str(after.attempts))
    counts = [None if task.iterations is None else str(task.iterations) for task in (before, after)]
    yield from stated(path, "iterations", "iterations", *counts)


def _made(path: str, before: TaskRecord, after: TaskRecord) -> Iterator[Change]:
    """Outputs of steps; a group hands on what its tasks make."""
    if before.kind == after.kind == "step":
        yield from values(path, "output", before.outputs, after.outputs)
        yield from artifacts(path, "artifact", before.output_artifacts, after.output_artifacts)


def _took(path: str, before: TaskRecord, after: TaskRecord) -> Iterator[Change]:
    if before.kind == after.kind == "step" and not (before.cached or after.cached):
        yield from duration(path, before.started_at, before.ended_at, after.started_at, after.ended_at)


TASK_COMPARERS: tuple[Callable[[str, TaskRecord, TaskRecord], Iterator[Change]], ...] = (_state, _work, _made, _took)
"""What is compared about two records of one task."""
