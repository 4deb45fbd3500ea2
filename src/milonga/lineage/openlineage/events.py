"""Events of recorded runs. Ids and times come from the records alone: the same runs are the same events."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.__about__ import __version__
from milonga.compiler.graph import Graph
from milonga.lineage.openlineage.datasets import Datasets
from milonga.lineage.openlineage.facets import EVENT_SCHEMA, PRODUCER, facet, own_facet, parameters
from milonga.lineage.openlineage.jobs import Jobs
from milonga.lineage.records import RunRecord, TaskRecord, artifacts_to_json
from milonga.lineage.store import LineageStore

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/milonga-mlops/milonga/runs")
_ENDS = {"SUCCEEDED": "COMPLETE", "FAILED": "FAIL", "CANCELLED": "ABORT"}


@dataclass(frozen=True, slots=True)
class ExportedRun:
    """A run, and those of its tasks that are told about.

    Attributes:
        graph: what was run, where it is still there.
    """

    run: RunRecord
    tasks: tuple[TaskRecord, ...]
    graph: Graph | None = None


def events_of(
    runs: Sequence[ExportedRun], store: LineageStore, *, namespace: str, author_folder: Path
) -> list[dict[str, Any]]:
    """All events of `runs`, by time.

    A task that was not run has none. One without an end, in a run that goes on, has only a START.

    Args:
        runs: what to tell about.
        store: where makers of what came from other runs are looked up.
        namespace: of jobs, and of the data sets that they make.
        author_folder: what the source of a run is relative to.
    """
    events: list[tuple[float, int, str, dict[str, Any]]] = []
    for exported in runs:
        events.extend(_RunEvents(exported, store, namespace, author_folder).all())
    return [event for _, _, _, event in sorted(events, key=lambda entry: entry[:3])]


def event_lines(events: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Each event as one line of JSON."""
    return (json.dumps(event, sort_keys=True, separators=(",", ":"), allow_nan=False) for event in events)


def run_uuid(run_id: str, path: str = "") -> str:
    """The id of a run or of a task's run: always the same for the same records."""
    return str(uuid.uuid5(_NAMESPACE, f"{run_id}/{path}" if path else run_id))


class _RunEvents:
    """The events of one run; each comes with its time, its order among events of the same time, and its path."""

    def __init__(self, exported: ExportedRun, store: LineageStore, namespace: str, author_folder: Path) -> None:
        self._run, self._tasks = exported.run, exported.tasks
        self._jobs = Jobs(exported.run, exported.graph, namespace, author_folder)
        self._datasets = Datasets(exported.tasks, exported.run.pipeline, store, namespace)
        self._groups = {task.path: task for task in exported.tasks if task.kind == "group"}

    def all(self) -> Iterator[tuple[float, int, str, dict[str, Any]]]:
        run, job = self._run, self._jobs.of_run()
        facets = self._facets_of_run()
        key = run.id
        yield run.created_at, 0, key, self._event("START", run.created_at, run_uuid(run.id), facets, job)
        for task in self._tasks:
            yield from self._of_task(task)
        if run.ended_at is not None and run.state in _ENDS:
            ended = max(run.ended_at, run.created_at)
            ended_facets = {**facets, **_error_facet(run.error)}
            yield ended, 3, key, self._event(_ENDS[run.state], ended, run_uuid(run.id), ended_facets, job)

    def _of_task(self, task: TaskRecord) -> Iterator[tuple[float, int, str, dict[str, Any]]]:
        if task.started_at is None:
            return
        run_id, key = run_uuid(task.run_id, task.path), f"{task.run_id}/{task.path}"
        job, facets = self._jobs.of_task(task), self._facets_of_task(task)
        is_step = task.kind == "step"
        inputs = self._datasets.inputs(task) if is_step else []
        yield task.started_at, 1, key, self._event("START", task.started_at, run_id, facets, job, inputs)
        end, ended_at = _ENDS.get(task.state), task.ended_at
        if end is None and self._run.state in _ENDS:  # it was running when the run was ended
            end, ended_at = "ABORT", self._run.ended_at
        if end is None or ended_at is None:
            return
        ended_at = max(ended_at, task.started_at)  # a clock may have been set back
        outputs = self._datasets.outputs(task) if is_step and end == "COMPLETE" else []
        ended_facets = {**facets, **_error_facet(task.error)}
        yield ended_at, 2, key, self._event(end, ended_at, run_id, ended_facets, job, inputs, outputs)

    def _event(
        self,
        kind: str,
        at: float,
        run_id: str,
        facets: dict[str, Any],
        job: dict[str, Any],
        inputs: Sequence[dict[str, Any]] = (),
        outputs: Sequence[dict[str, Any]] = (),
    ) -> dict[str, Any]:
        return {
            "eventType": kind,
            "eventTime": _instant(at),
            "producer": PRODUCER,
            "schemaURL": EVENT_SCHEMA,
            "run": {"runId": run_id, "facets": facets},
            "job": job,
            "inputs": list(inputs),
            "outputs": list(outputs),
        }

    def _facets_of_run(self) -> dict[str, Any]:
        run = self._run
        return {
            "processing_engine": facet("ProcessingEngineRunFacet", version=__version__, name="milonga"),
            "executionParameters": parameters(run.arguments),
            "milonga_run": own_facet(
                "MilongaRunFacet",
                runId=run.id,
                pipeline=run.pipeline,
                pipelineDigest=run.graph_digest,
                source=run.source,
                state=run.state,
                outputs=dict(run.outputs),
                outputArtifacts=artifacts_to_json(run.output_artifacts),
            ),
        }

    def _facets_of_task(self, task: TaskRecord) -> dict[str, Any]:
        return {
            "parent": self._parent(task),
            "executionParameters": parameters(task.inputs),
            "milonga_task": own_facet(
                "MilongaTaskRunFacet",
                runId=task.run_id,
                path=task.path,
                kind=task.kind,
                state=task.state,
                component=task.component,
                key=task.key,
                identity=task.identity,
                cached=task.cached,
                origin=task.origin,
                attempts=task.attempts,
                wallSeconds=round(task.wall_s, 6),
                cpuSeconds=round(task.cpu_s, 6),
                peakMemoryBytes=task.peak_memory_bytes,
                outputs=dict(task.outputs),
            ),
        }

    def _parent(self, task: TaskRecord) -> dict[str, Any]:
        """The group around a task, or the run; the root is always the run."""
        job = self._jobs.of_run()
        root = {
            "run": {"runId": run_uuid(task.run_id)},
            "job": {"namespace": job["namespace"], "name": job["name"]},
        }
        group = self._group_around(task.path)
        if group is None:
            return facet("ParentRunFacet", **root, root=root)
        around = self._jobs.of_task(group)
        return facet(
            "ParentRunFacet",
            run={"runId": run_uuid(task.run_id, group.path)},
            job={"namespace": around["namespace"], "name": around["name"]},
            root=root,
        )

    def _group_around(self, path: str) -> TaskRecord | None:
        above = path.rpartition("/")[0]
        while above:
            for name in (above, above.rpartition("[")[0]):
                if name in self._groups:
                    return self._groups[name]
            above = above.rpartition("/")[0]
        return None


def _error_facet(error: Any) -> dict[str, Any]:
    if not error:
        return {}
    details = {"stackTrace": str(error["traceback"])} if error.get("traceback") else {}
    message = f"{error.get('code', 'E410')}: {error.get('message', '')}"
    return {"errorMessage": facet("ErrorMessageRunFacet", message=message, programmingLanguage="PYTHON", **details)}


def _instant(seconds: float) -> str:
    """ISO 8601 in UTC, to the microsecond."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="microseconds")
