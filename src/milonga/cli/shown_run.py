"""A recorded run as text: its tasks in a table, what it returned, what it failed by."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from milonga.cli.output import message, printable
from milonga.cli.quantities import instant, seconds, size
from milonga.cli.runs_verb import shown_state
from milonga.cli.table import lines_of
from milonga.engine.home import Home
from milonga.engine.result import RunResult
from milonga.lineage import RunRecord, TaskRecord
from milonga.lineage.records import ArtifactRecord, flattened

_VALUE_CHARACTERS = 100


def run_document(run: RunRecord, tasks: Sequence[TaskRecord], home: Home) -> dict[str, Any]:
    """The document that the run itself printed with `--json`."""
    return RunResult(run, {task.path: task for task in tasks}, home.run(run.id), _report(run, home)).to_json()


def print_run(run: RunRecord, tasks: Sequence[TaskRecord], home: Home) -> None:
    """One line about the run, one a task, then results and what went wrong."""
    state = shown_state(run, home)
    took = seconds((run.ended_at or time.time()) - run.created_at) if run.ended_at or state == "RUNNING" else ""
    parts = [run.id, run.pipeline, state, took, f"started {instant(run.created_at)}"]
    print("  ".join(printable(part) for part in parts if part))
    for name, value in run.arguments.items():
        print(f"  {printable(name)} = {shown_value(value)}")
    head = ("TASK", "STATE", "WALL", "CPU", "MEMORY", "ATTEMPTS", "CACHE", "WHY")
    rows = [_row(task) for task in tasks]
    for line in lines_of(head, rows, right=("WALL", "CPU", "MEMORY", "ATTEMPTS")):
        print(line)
    for name, value in run.outputs.items():
        print(f"{printable(name)} = {shown_value(value)}")
    for name, value in run.output_artifacts.items():
        for record in flattened(value):
            print(f"{printable(name)} = {shown_artifact(record)}")
    if run.error:
        task = f" in {run.error['task']}" if run.error.get("task") else ""
        message(f"error {run.error.get('code', 'E410')}{task}: {run.error.get('message', '')}")
    report = _report(run, home)
    if report is not None:
        message(f"report: {report}")


def _row(task: TaskRecord) -> tuple[str, ...]:
    is_step = task.kind == "step"
    why = str(task.error.get("message", "")).partition("\n")[0] if task.state == "FAILED" and is_step else ""
    return (
        task.path,
        task.state,
        seconds(wall_of(task)),
        seconds(task.cpu_s) if is_step and task.cpu_s else "",
        size(task.peak_memory_bytes),
        str(task.attempts) if is_step and task.attempts else "",
        task.cache_state if is_step else f"{task.iterations} iterations" if task.iterations is not None else "",
        why if len(why) <= _VALUE_CHARACTERS else f"{why[: _VALUE_CHARACTERS - 1]}…",
    )


def wall_of(task: TaskRecord) -> float | None:
    """How long a task took, in seconds; None for one that did not run, or runs still."""
    if task.cached or task.started_at is None or task.ended_at is None:
        return None
    return task.wall_s or max(task.ended_at - task.started_at, 0.0)


def shown_value(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    cut = text if len(text) <= _VALUE_CHARACTERS else f"{text[:_VALUE_CHARACTERS]}… ({len(text)} characters)"
    return printable(cut)


def shown_artifact(record: ArtifactRecord) -> str:
    """Type, content and place of an artifact."""
    facts = ", ".join(filter(None, (size(record.size_bytes), record.digest[:12])))
    return printable(f"{record.uri} ({record.type}{', ' + facts if facts else ''})")


def _report(run: RunRecord, home: Home) -> Path | None:
    report = home.run(run.id) / "report.html"
    return report if report.exists() else None
