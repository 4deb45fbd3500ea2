"""`run`: a pipeline, its arguments, a result."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.compiler.documents import dump_graph
from milonga.compiler.graph import Graph
from milonga.compiler.graph.graph import digest_of
from milonga.compiler.json_documents import dump_json_documents
from milonga.compiler.rules import check
from milonga.engine.arguments import root_inputs
from milonga.engine.cache.policy import CachePolicy
from milonga.engine.clock import SteadyClock
from milonga.engine.faults.sabotage import Sabotage
from milonga.engine.home import Home
from milonga.engine.interruption import Interrupted, Interruption
from milonga.engine.progress import Progress, choose_progress
from milonga.engine.progress.steady import SteadyProgress
from milonga.engine.result import RunResult
from milonga.engine.run_folder import new_run, read_pipeline, unwritable_home, write_pipeline
from milonga.engine.run_lock import locked
from milonga.engine.runnable import Runnable, as_runnable
from milonga.engine.scheduler import Scheduler
from milonga.engine.settings import Mode, ResourceRule, RunSettings
from milonga.engine.values import Bundle, with_defaults
from milonga.engine.workers import workforce
from milonga.errors import InvalidPipeline, MilongaError, StoreError, UsageError
from milonga.lineage import LineageStore, RunRecord, TaskRecord

if TYPE_CHECKING:
    from milonga.engine.faults.base import Fault


def run(
    target: object,
    arguments: Mapping[str, Any] | None = None,
    *,
    jobs: int = 0,
    mode: Mode = "isolated",
    cache: bool = True,
    cache_max_age: str | None = None,
    cache_max_size: str | None = None,
    fail_fast: bool = False,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    home: str | Path | None = None,
    resume: str | bool = False,
    install: bool = True,
    resources: ResourceRule = "fit",
    inject: Sequence[str] = (),
    progress: Progress | None = None,
) -> RunResult:
    """Run a pipeline on this machine and wait for its end.

    Args:
        target: a pipeline or component of milonga or of kfp, a graph, or a path: `FILE.py:name`, an IR or component
            file.
        arguments: values of its inputs; artifacts as paths.
        jobs: how many steps at the same time; 0 leaves it to the cores, of which a step takes those that it asks for.
        mode: "isolated" runs each attempt in a process of its own, "in-process" all of them here, for a debugger,
            "container" each in a container of the image that its step names.
        cache: whether results of equal steps may be used.
        cache_max_age: results that are older, such as "7d", are not; by default MILONGA_CACHE_MAX_AGE, or no limit.
        cache_max_size: what is beyond this size, such as "20GB", is evicted after the run, as far as no run needs it;
            by default MILONGA_CACHE_MAX_BYTES, or no limit.
        fail_fast: whether a failure keeps everything not yet started from starting.
        secrets: secret name → key → value.
        home: state folder; by default MILONGA_HOME or `.milonga`.
        resume: a run id, or True for the newest run of this pipeline: finished steps are not repeated.
        install: whether packages that a step declares and that are missing here may be installed, beside this
            environment.
        resources: what becomes of requests for cores, memory and GPUs: "fit" keeps to them and cuts those that are
            larger than the machine, "strict" lets such steps fail, "ignore" counts none.
        inject: what is made to go wrong, such as "kill:train" or "fail:fetch:2".
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
        cache_policy=CachePolicy.chosen(cache_max_age, cache_max_size),
        fail_fast=fail_fast,
        secrets=secrets or {},
        search_path=runnable.search_path,
        installs=install,
        resources=resources,
        faults=_faults(inject),
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
    sabotage = _sabotage(settings, runnable)
    inputs = root_inputs(runnable.graph.root, arguments, runnable.signature)
    store = LineageStore(settings.home.database)
    try:
        documents = runnable.graph.to_documents()
        run_id = new_run(settings.home, dump_json_documents(documents))
        folder = settings.home.run(run_id)
        record = RunRecord(
            id=run_id,
            pipeline=runnable.graph.name,
            graph_digest=digest_of(documents),
            state="RUNNING",
            created_at=time.time(),
            arguments=_recorded_arguments(runnable.graph, inputs),
            source=runnable.source,
        )
        with locked(folder):
            return _execute(
                runnable, record, inputs, settings, store, progress, {}, sabotage, resumed=False, same_graph=True
            )
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
        RunError: E438, the run is still going on in another process; E467, its pipeline is gone and none was given.
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
        same = runnable is None or runnable.graph.digest() == found.graph_digest
        chosen = runnable or Runnable(read_pipeline(folder, found.source), source=found.source)
        _require_consistent(chosen)
        sabotage = _sabotage(settings, chosen)
        inputs = root_inputs(chosen.graph.root, {**found.arguments, **(arguments or {})})
        if _recorded_arguments(chosen.graph, inputs) != dict(found.arguments) and arguments:
            raise UsageError(
                "E906", "a resumed run keeps its arguments", got=json.dumps(dict(arguments)), hint="start a new run"
            )
        record = replace(found, state="RUNNING", ended_at=None, error={}, graph_digest=chosen.graph.digest())
        folder.mkdir(parents=True, exist_ok=True)  # somebody may have cleaned up
        with locked(folder):
            if runnable is not None:
                write_pipeline(folder, dump_graph(chosen.graph))
            finished = store.finished_steps(found.id)
            return _execute(
                chosen, record, inputs, settings, store, progress, finished, sabotage, resumed=True, same_graph=same
            )
    finally:
        store.close()


def _require_consistent(runnable: Runnable) -> None:
    errors = [finding for finding in check(runnable.graph) if finding.severity == "error"]
    if errors:
        where = ": ".join(part for part in (runnable.source, errors[0].where) if part)
        raise InvalidPipeline(
            "E225", "the pipeline has errors", where=where, got="\n".join(str(finding) for finding in errors)
        )


def _faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    if not texts:
        return ()
    from milonga.engine.faults.kinds import parse_faults  # most runs have none

    return parse_faults(texts)


def _sabotage(settings: RunSettings, runnable: Runnable) -> Sabotage:
    return Sabotage(settings.faults, runnable.graph, has_processes=settings.mode != "in-process")


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
    sabotage: Sabotage,
    *,
    resumed: bool,
    same_graph: bool,
) -> RunResult:
    folder = settings.home.run(record.id)
    store.put_run(record)
    store.commit()
    progress = SteadyProgress(progress)
    progress.run_started(record, folder)
    if settings.faults:
        progress.notice(f"faults in this run: {sabotage.describe()}")
    clock = SteadyClock(None if resumed else record.created_at)
    with Interruption() as interruption:
        workers = sabotage.workers(workforce(settings))
        scheduler = Scheduler(
            graph=runnable.graph,
            run_id=record.id,
            created_at=record.created_at,
            inputs=inputs,
            settings=settings,
            store=store,
            workers=workers,
            progress=progress,
            finished=finished,
            functions=runnable.functions,
            interruption=interruption,
            sabotage=sabotage,
            clock=clock,
            resumed=resumed,
            same_graph=same_graph,
        )
        try:
            ended = _run_scheduler(scheduler, record, store, clock)
        except StoreError as error:
            error.hint = f"free some space, or make the folder writable; then milonga run --resume {record.id}"
            raise
        finally:
            interruption.wrap_up()
            workers.close()
            scheduler.close()
        if resumed and ended.state != "CANCELLED":
            store.forget_tasks(record.id, keep=scheduler.paths)
        store.put_run(ended)
        store.commit()
    scheduler.tidy()
    for text in sabotage.unused():
        progress.notice(f"the fault '{text}' has hit nothing")
    tasks = store.tasks(record.id)
    report = _report(ended, tasks, runnable.graph, folder, progress)
    progress.run_ended(ended, folder)
    return RunResult(ended, {task.path: task for task in tasks}, folder, report)


def _report(
    record: RunRecord, tasks: Sequence[TaskRecord], graph: Graph, folder: Path, progress: Progress
) -> Path | None:
    """The run's page. A run that has ended stays what it is when there is no room for a page about it."""
    from milonga.reporting import write_report  # drawing is needed at the end only

    try:
        return write_report(record, tasks, graph, folder)
    except StoreError as error:
        progress.notice(f"{error.code}: {error.message}")
        return None


def _run_scheduler(scheduler: Scheduler, record: RunRecord, store: LineageStore, clock: SteadyClock) -> RunRecord:
    try:
        state, outputs, cause = scheduler.run()
    except KeyboardInterrupt as request:
        if not isinstance(request, Interrupted):
            store.database.roll_back()  # it came in the middle of something
        scheduler.cancel()
        message = str(request) or "interrupted"
        error = {"code": "E439", "kind": "user", "message": message, "hint": f"milonga run --resume {record.id}"}
        return replace(record, state="CANCELLED", ended_at=clock.now(), error=error)
    except (MilongaError, OSError) as failure:
        scheduler.cancel()
        known = failure if isinstance(failure, MilongaError) else unwritable_home(failure, Path(record.id))
        return replace(record, state="FAILED", ended_at=clock.now(), error=known.to_json())
    error = {}
    if cause is not None:
        error = {**cause.error, "task": cause.error.get("task", cause.path)}
    return replace(
        record,
        state=state,
        ended_at=clock.now(),
        outputs=outputs.parameters,
        output_artifacts=outputs.artifacts,
        error=error,
    )


def _recorded_arguments(graph: Graph, inputs: Bundle) -> dict[str, Any]:
    parameters = with_defaults(inputs.parameters, graph.root)
    artifacts = {name: record.uri for name, record in inputs.artifacts.items() if not isinstance(record, tuple)}
    return {**parameters, **artifacts}
