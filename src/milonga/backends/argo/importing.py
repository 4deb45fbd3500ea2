"""A run of a cluster in the lineage store of this machine."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.descriptions import arguments_of
from milonga.backends.argo.layout.layout import indices_of, pattern_of
from milonga.backends.argo.looks import first_failed, run_error, workflow_named
from milonga.backends.argo.nodes.messages import error_of, told
from milonga.backends.argo.nodes.node import Node
from milonga.backends.argo.nodes.states import node_state, run_state
from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.outputs.downloads import fetched
from milonga.backends.argo.outputs.found import group_results, pipeline_outputs, task_outputs
from milonga.backends.argo.outputs.stored_results import StoredResults
from milonga.backends.run_outputs import OutputArtifact, RunOutputs
from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo.groups import group_outputs
from milonga.engine.home import Home
from milonga.errors import UsageError
from milonga.lineage.records import ArtifactRecord, Artifacts, ArtifactValue, AttemptRecord, RunRecord, TaskRecord


def imported(
    connection: ArgoConnection, run_id: str, home: Home, *, graph: Graph | None = None, content: bool = True
) -> RunRecord:
    """Write an ended run into the lineage store, whole or not at all.

    Raises:
        UsageError: E939, no id; E943, the run goes on, or `graph` is another pipeline.
        CallFailed: E800-E808; E812, there is no such run; E833, E835-E837, it cannot be read.
        StoreError: the state folder cannot be written.
    """
    from milonga.lineage import LineageStore

    workflow = workflow_named(connection, run_id)
    if not workflow.has_ended:
        raise UsageError(
            "E943", f"run '{run_id}' goes on", got=workflow.phase or "Pending", hint="import it when it has ended"
        )
    with StoredResults(connection, workflow) as results:
        _require_same(results, graph)
        found = _Import(workflow, results, home, graph, content=content).records()
    store = LineageStore(home.database)
    try:
        store.put_run(found.run)
        store.forget_tasks(found.run.id, {task.path for task in found.tasks})
        for task in found.tasks:
            store.put_task(task)
        for attempt in found.attempts:
            store.put_attempt(attempt)
        store.commit()
    finally:
        store.close()
    if graph is not None:
        _report(found, graph, home)
    return found.run


@dataclass(frozen=True, slots=True)
class _Records:
    run: RunRecord
    tasks: tuple[TaskRecord, ...]
    attempts: tuple[AttemptRecord, ...]


class _Import:
    """Makes the records of one run. Content goes into the store of this machine, where equal content is kept once."""

    def __init__(
        self, workflow: Workflow, results: StoredResults, home: Home, graph: Graph | None, *, content: bool
    ) -> None:
        self._workflow = workflow
        self._results = results
        self._home = home
        self._content = content
        self._groups = group_outputs(graph) if graph is not None else {}
        self._kept: dict[tuple[str, int | None], ArtifactRecord] = {}

    def records(self) -> _Records:
        workflow = self._workflow
        tasks = self._results.tasks()
        id = local_id(workflow)
        made = tuple(self._task(id, task) for task in tasks)
        outputs = pipeline_outputs(workflow, self._results)
        failed = first_failed(tasks)
        error = error_of(failed.message if failed is not None else run_error(workflow, tasks))
        if failed is not None:
            error["task"] = failed.path
        state = run_state(workflow)
        run = RunRecord(
            id=id,
            pipeline=workflow.pipeline or self._results.layout.pipeline,
            graph_digest=self._results.layout.graph,
            state="CANCELLED" if state == "CANCELLED" else "SUCCEEDED" if state == "SUCCEEDED" else "FAILED",
            created_at=workflow.created_at or 0.0,
            ended_at=workflow.ended_at,
            arguments=arguments_of(workflow, self._results.layout),
            outputs=outputs.parameters,
            output_artifacts=self._artifacts(outputs),
            source=f"argo:{workflow.metadata.get('namespace', '')}/{workflow.name}",
            error=error if state == "FAILED" else {},
        )
        attempts = tuple(
            _attempt(workflow, id, task.path, number, node)
            for task in tasks
            for number, node in enumerate(task.attempts, 1)
        )
        return _Records(run, made, attempts)

    def _task(self, id: str, task: TaskNode) -> TaskRecord:
        outputs = RunOutputs(self._workflow.name, task.path)
        group = self._groups.get(pattern_of(task.path))
        if group is not None and task.state in ("SUCCEEDED", "FAILED"):
            has_all = task.state == "SUCCEEDED"
            outputs = group_results(self._workflow, self._results, task.path, group, has_all=has_all)
        elif task.kind == "step" and task.state == "SUCCEEDED":
            outputs = task_outputs(self._workflow, self._results, task.path)
        leaf = self._results.layout.leaf_at(task.path)
        record = self._results.record(leaf.slug, indices_of(task.path)) if leaf is not None else None
        is_reused = record is not None and record.get("run", self._workflow.uid) != self._workflow.uid
        return TaskRecord(
            run_id=id,
            path=task.path,
            state=task.state,
            kind=task.kind,
            component=leaf.slug if leaf is not None else "",
            attempts=len(task.attempts),
            cached=is_reused,
            cache_state="hit" if is_reused else "",
            started_at=task.started_at,
            ended_at=task.ended_at,
            wall_s=max((task.ended_at or 0.0) - (task.started_at or 0.0), 0.0) if task.started_at else 0.0,
            outputs=outputs.parameters,
            output_artifacts=self._artifacts(outputs),
            error=error_of(task.message) if task.state == "FAILED" else {},
            iterations=task.iterations,
            graph=self._results.layout.graph,
        )

    def _artifacts(self, outputs: RunOutputs) -> Artifacts:
        """Records of all artifacts, their content brought along."""
        made: dict[str, ArtifactValue] = {}
        for name, value in outputs.artifacts.items():
            items = outputs.of(name)
            if self._content:
                self._bring(name, [item for item in items if item.key and (item.key, item.position) not in self._kept])
            records = tuple(self._record(item) for item in items)
            made[name] = records if isinstance(value, tuple) else records[0]
        return made

    def _record(self, item: OutputArtifact) -> ArtifactRecord:
        kept = self._kept.get((item.key, item.position)) if item.key else None
        if kept is not None:
            return kept
        return ArtifactRecord(item.name, item.type, item.uri, metadata=item.metadata)

    def _bring(self, name: str, items: Sequence[OutputArtifact]) -> None:
        """Move the content of artifacts of one output into the store of this machine."""
        from milonga.engine.content import ContentStore

        if not items:
            return
        self._home.root.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".import-", dir=self._home.root))
        try:
            for at, path in fetched(self._results.bucket, items, staging / "fetched").items():
                item = items[at]
                where, content = ContentStore(self._home.content).take(path, item.name or name)
                self._kept[item.key, item.position] = ArtifactRecord(
                    item.name, item.type, str(where), content.digest, content.size_bytes, item.metadata
                )
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def local_id(workflow: Workflow) -> str:
    """The id of an imported run on this machine: the same each time, and sorted by start time among the others."""
    began = time.strftime("%Y%m%d-%H%M%S", time.gmtime(workflow.created_at or 0.0))
    return f"{began}-{workflow.uid.replace('-', '')[:7]}"


def _attempt(workflow: Workflow, id: str, path: str, number: int, node: Node) -> AttemptRecord:
    state = node_state(workflow, node)
    return AttemptRecord(
        run_id=id,
        path=path,
        attempt=number,
        state=state,
        started_at=node.started_at,
        ended_at=node.ended_at,
        wall_s=max((node.ended_at or 0.0) - (node.started_at or 0.0), 0.0) if node.started_at else 0.0,
        cpu_s=node.cpu_s,
        peak_memory_bytes=node.memory_bytes,
        exit=node.exit_code,
        error=error_of(told(node.message)) if state == "FAILED" else {},
    )


def _require_same(results: StoredResults, graph: Graph | None) -> None:
    known = results.layout.graph
    if graph is not None and known and graph.digest() != known:
        raise UsageError(
            "E943",
            "this is not the pipeline of the run",
            got=graph.digest()[:12],
            expected=known[:12],
            hint="leave the pipeline out, and the run is imported without a report",
        )


def _report(found: _Records, graph: Graph, home: Home) -> None:
    from milonga.compiler.documents import dump_graph
    from milonga.engine.run_folder import write_pipeline
    from milonga.reporting import write_report

    folder = home.run(found.run.id)
    folder.mkdir(parents=True, exist_ok=True)
    write_pipeline(folder, dump_graph(graph))
    write_report(found.run, found.tasks, graph, folder)
