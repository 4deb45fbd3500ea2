"""What a run leaves in the hand of who started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.engine.progress.lines import log_tail
from milonga.errors import TaskFailed
from milonga.lineage.records import Artifacts, ArtifactValue, RunRecord, TaskRecord


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run.

    Attributes:
        run: the run's record.
        tasks: its tasks by path.
        folder: its folder, with logs by attempt.
        report: its page.
    """

    run: RunRecord
    tasks: Mapping[str, TaskRecord]
    folder: Path
    report: Path | None = None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    def state(self) -> str:
        """SUCCEEDED, FAILED or CANCELLED."""
        return self.run.state

    @property
    def succeeded(self) -> bool:
        """Whether every task that had to run did."""
        return self.run.state == "SUCCEEDED"

    @property
    def error(self) -> dict[str, Any]:
        """Code, message and task of the failure; empty when there is none."""
        return dict(self.run.error)

    @property
    def outputs(self) -> dict[str, Any]:
        """Root outputs by name: parameters as values, artifacts as records."""
        return {**self.run.outputs, **self.run.output_artifacts}

    def raise_for_state(self) -> RunResult:
        """This result, if the run succeeded.

        Raises:
            TaskFailed: the first failure.
        """
        if self.succeeded:
            return self
        error = self.run.error
        raise TaskFailed(
            str(error.get("code", "E410")),
            str(error.get("message", f"the run ended as {self.state}")),
            where=f"run {self.run_id}, task {error.get('task', '?')}",
            hint=str(error.get("hint", "")),
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: outputs, metrics, tasks, and where the report is."""
        from milonga.reporting.notebook import result_html  # most results are never shown

        tasks = list(self.tasks.values())
        logs = {task.path: log_tail(self.folder, task) for task in tasks if task.state == "FAILED"}
        return result_html(self.run, tasks, report=self.report, logs=logs)

    def __repr__(self) -> str:
        steps = [task for task in self.tasks.values() if task.kind == "step"]
        took = (self.run.ended_at or self.run.created_at) - self.run.created_at
        cached = sum(task.cached for task in steps)
        return (
            f"<run {self.run_id} of {self.run.pipeline}: {self.state} in {took:.1f} s, {len(steps)} steps, "
            f"{cached} from the cache>"
        )

    def to_json(self) -> dict[str, Any]:
        """The document that `milonga run --json` prints."""
        document: dict[str, Any] = {
            "run_id": self.run.id,
            "pipeline": self.run.pipeline,
            "state": self.run.state,
            "arguments": dict(self.run.arguments),
            "outputs": {**self.run.outputs, **_artifacts(self.run.output_artifacts)},
            "started_at": self.run.created_at,
            "ended_at": self.run.ended_at,
            "folder": str(self.folder),
            "report": str(self.report) if self.report else None,
            "tasks": {path: _task(task, self.folder) for path, task in self.tasks.items()},
        }
        if self.run.error:
            document["error"] = dict(self.run.error)
        return document


def _artifacts(artifacts: Artifacts) -> dict[str, Any]:
    return {name: _artifact(value) for name, value in artifacts.items()}


def _artifact(value: ArtifactValue) -> Any:
    if isinstance(value, tuple):
        return [_artifact(item) for item in value]
    return {
        "name": value.name,
        "type": value.type,
        "uri": value.uri,
        "metadata": dict(value.metadata),
        "digest": value.digest,
        "size_bytes": value.size_bytes,
    }


def _task(task: TaskRecord, folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = {
        "state": task.state,
        "kind": task.kind,
        "component": task.component,
        "parameters": dict(task.outputs),
        "artifacts": _artifacts(task.output_artifacts),
        "inputs": {"parameters": dict(task.inputs), "artifacts": _artifacts(task.input_artifacts)},
        "attempts": task.attempts,
        "cached": task.cached,
        "cache": task.cache_state,
        "origin": task.origin,
        "wall_s": round(task.wall_s, 6),
        "log": str(folder / task.log) if task.log else None,
        "started_at": task.started_at,
        "ended_at": task.ended_at,
        "cpu_s": round(task.cpu_s, 6),
        "peak_memory_bytes": task.peak_memory_bytes,
    }
    if task.iterations is not None:
        document["iterations"] = task.iterations
    if task.error:
        document["error"] = dict(task.error)
    return document
