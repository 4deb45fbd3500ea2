"""`run`: a pipeline, its arguments, a result."""

from __future__ import annotations

import json
import secrets as random_tokens
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from milonga.compiler.documents import dump_graph, load_graph
from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.engine.arguments import root_inputs
from milonga.engine.home import Home
from milonga.engine.progress import Progress, choose_progress
from milonga.engine.result import RunResult
from milonga.engine.run_lock import locked
from milonga.engine.runnable import Runnable, as_runnable
from milonga.engine.scheduler import Scheduler
from milonga.engine.settings import Mode, RunSettings
from milonga.engine.values import Bundle, with_defaults
from milonga.engine.workers import workforce
from milonga.errors import InvalidPipeline, MilongaError, RunError, UsageError
from milonga.lineage import LineageStore, RunRecord, TaskRecord
from milonga.lineage.records import State
from milonga.runtime.task import write_atomically

_GRAPH_FILE = "pipeline.yaml"


def run(
    target: object,
    arguments: Mapping[str, Any] | None = None,
    *,
    jobs: int = 0,
    mode: Mode = "isolated",
    cache: bool = True,
    fail_fast: bool = False,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    home: str | Path | None = None,
    resume: str | bool = False,
    progress: Progress | None = None,
) -> RunResult:
    """Run a pipeline on this machine and wait for its end.

    Args:
        target: a pipeline or component of milonga or of kfp, a graph, or a path: `FILE.py:name`, an IR or component
            file.
        arguments: values of its inputs; artifacts as paths.
        jobs: how many steps at the same time; 0 is the number of cores.
        mode: "isolated" runs each attempt in a process of its own, "in-process" all of them here, for a debugger.
        cache: whether results of equal steps may be used.
        fail_fast: whether a failure keeps everything not yet started from starting.
        secrets: secret name → key → value.
        home: state folder; by default MILONGA_HOME or `.milonga`.
        resume: a run id, or True for the newest run of this pipeline: finished steps are not repeated.
        progress: who watches; by default a table in a notebook, plain lines on stderr elsewhere.

    Returns:
        The result, whatever the state: see `RunResult.raise_for_state`.

    Raises:
        AuthoringError: mistakes in the pipeline.
        UsageError: wrong arguments or settings.
        StoreError: the state folder cannot be used.
    """
    runnable = as_runnable(target)
    settings = RunSettings(
        home=Home(Path(home).absolute()) if home else Home.default(),
        jobs=jobs,
        mode=mode,
        use_cache=cache,
        fail_fast=fail_fast,
        secrets=secrets or {},
        search_path=runnable.search_path,
    )
    watcher = progress or choose_progress(show_logs=mode != "in-process")
    if resume:
        return resume_run(runnable, resume if isinstance(resume, str) else None, arguments, settings, watcher)
    return start_run(runnable, arguments or {}, settings, watcher)


def start_run(runnable: Runnable, arguments: Mapping[str, Any], settings: RunSettings, progress: Progress) -> RunResult:
    """Run from the beginning.

    Raises:
        InvalidPipeline: E225, the graph is not consistent; nothing has been written.
    """
    _require_consistent(runnable)
    inputs = root_inputs(runnable.graph.root, arguments, runnable.signature)
    store = LineageStore(settings.home.database)
    try:
        run_id = _new_run_id(settings.home)
        folder = settings.home.run(run_id)
        record = RunRecord(
            id=run_id,
            pipeline=runnable.graph.name,
            graph_digest=runnable.graph.digest(),
            state="RUNNING",
            created_at=time.time(),
            arguments=_recorded_arguments(runnable.graph, inputs),
            source=runnable.source,
        )
        write_atomically(folder / _GRAPH_FILE, dump_graph(runnable.graph))
        with locked(folder):
            return _execute(runnable, record, inputs, settings, store, progress, {}, resumed=False, same_graph=True)
    finally:
        store.close()


def resume_run(
    runnable: Runnable | None,
    run_id: str | None,
    arguments: Mapping[str, Any] | None,
    settings: RunSettings,
    progress: Progress,
) -> RunResult:
    """Go on with a run. Its finished steps are kept; where the pipeline has changed, those whose work is the same.

    Args:
        runnable: the pipeline as it is now; None takes the run's own.
        run_id: which run; None is the newest of that pipeline.
        arguments: must be those of the run, if given.

    Raises:
        UsageError: E905 no such run of that pipeline, E906 other arguments than the run's.
        RunError: E438, the run is still going on in another process.
    """
    store = LineageStore(settings.home.database)
    try:
        found = store.run(run_id) if run_id else _newest(store, runnable)
        if found is None:
            what = f"run '{run_id}'" if run_id else f"a run of '{runnable.graph.name if runnable else ''}'"
            raise UsageError("E905", f"there is no {what} to resume", where=str(settings.home.root))
        if runnable is not None and runnable.graph.name != found.pipeline:
            what = f"run '{found.id}' of '{runnable.graph.name}'"
            raise UsageError("E905", f"there is no {what} to resume", got=f"a run of '{found.pipeline}'")
        folder = settings.home.run(found.id)
        own = load_graph(folder / _GRAPH_FILE)
        same = runnable is None or runnable.graph.digest() == found.graph_digest
        chosen = runnable if runnable is not None else Runnable(own, source=found.source)
        _require_consistent(chosen)
        inputs = root_inputs(chosen.graph.root, {**found.arguments, **(arguments or {})})
        if _recorded_arguments(chosen.graph, inputs) != dict(found.arguments) and arguments:
            raise UsageError(
                "E906", "a resumed run keeps its arguments", got=json.dumps(dict(arguments)), hint="start a new run"
            )
        record = replace(found, state="RUNNING", ended_at=None, error={}, graph_digest=chosen.graph.digest())
        with locked(folder):
            if not same:
                write_atomically(folder / _GRAPH_FILE, dump_graph(chosen.graph))
            finished = store.finished_steps(found.id)
            return _execute(chosen, record, inputs, settings, store, progress, finished, resumed=True, same_graph=same)
    finally:
        store.close()


def _require_consistent(runnable: Runnable) -> None:
    errors = [finding for finding in check(runnable.graph) if finding.severity == "error"]
    if errors:
        where = ": ".join(part for part in (runnable.source, errors[0].where) if part)
        raise InvalidPipeline(
            "E225", "the pipeline has errors", where=where, got="\n".join(str(finding) for finding in errors)
        )


def _newest(store: LineageStore, runnable: Runnable | None) -> RunRecord | None:
    runs = store.runs(runnable.graph.name if runnable else None, limit=1)
    return runs[0] if runs else None


def _execute(
    runnable: Runnable,
    record: RunRecord,
    inputs: Bundle,
    settings: RunSettings,
    store: LineageStore,
    progress: Progress,
    finished: Mapping[str, TaskRecord],
    *,
    resumed: bool,
    same_graph: bool,
) -> RunResult:
    folder = settings.home.run(record.id)
    store.put_run(record)
    store.commit()
    progress.run_started(record, folder)
    workers = workforce(settings)
    scheduler = Scheduler(
        graph=runnable.graph,
        run_id=record.id,
        inputs=inputs,
        settings=settings,
        store=store,
        workers=workers,
        progress=progress,
        finished=finished,
        functions=runnable.functions,
        resumed=resumed,
        same_graph=same_graph,
    )
    try:
        ended = _run_scheduler(scheduler, record)
    finally:
        workers.close()
        scheduler.close()
    if resumed and ended.state != "CANCELLED":
        store.forget_tasks(record.id, keep=scheduler.paths)
    store.put_run(ended)
    store.commit()
    tasks = store.tasks(record.id)
    from milonga.reporting import write_report  # drawing is needed at the end only

    report = write_report(ended, tasks, runnable.graph, folder)
    progress.run_ended(ended, folder)
    return RunResult(ended, {task.path: task for task in tasks}, folder, report)


def _run_scheduler(scheduler: Scheduler, record: RunRecord) -> RunRecord:
    state: State
    try:
        state, outputs, cause = scheduler.run()
    except KeyboardInterrupt:
        scheduler.cancel()
        error = {"code": "E439", "kind": "user", "message": "interrupted", "hint": f"milonga run --resume {record.id}"}
        return replace(record, state="CANCELLED", ended_at=time.time(), error=error)
    except MilongaError as failure:
        scheduler.cancel()
        return replace(record, state="FAILED", ended_at=time.time(), error=failure.to_json())
    error = {}
    if cause is not None:
        error = {**cause.error, "task": cause.error.get("task", cause.path)}
    return replace(
        record,
        state=state,
        ended_at=time.time(),
        outputs=outputs.parameters,
        output_artifacts=outputs.artifacts,
        error=error,
    )


def _recorded_arguments(graph: Graph, inputs: Bundle) -> dict[str, Any]:
    parameters = with_defaults(inputs.parameters, graph.root)
    artifacts = {name: record.uri for name, record in inputs.artifacts.items() if not isinstance(record, tuple)}
    return {**parameters, **artifacts}


def _new_run_id(home: Home) -> str:
    """An id that sorts by start time and is free; its folder is made."""
    while True:
        now = time.time()
        thousandths = int(now % 1 * 1000)
        run_id = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + f"-{thousandths:03d}{random_tokens.token_hex(2)}"
        try:
            home.run(run_id).mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise RunError(
                "E423", f"the state folder cannot be written: {error.strerror}", where=str(home.root), kind="system"
            ) from error
        return run_id
