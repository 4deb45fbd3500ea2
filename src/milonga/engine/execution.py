"""One run from its record to its result: workers, scheduler, signals, the end, the page about it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from milonga.compiler.graph import Graph
from milonga.engine.clock import SteadyClock
from milonga.engine.faults.sabotage import Sabotage
from milonga.engine.interruption import Interrupted, Interruption
from milonga.engine.progress import Progress
from milonga.engine.progress.steady import SteadyProgress
from milonga.engine.result import RunResult
from milonga.engine.run_folder import unwritable_home
from milonga.engine.runnable import Runnable
from milonga.engine.scheduler import Scheduler
from milonga.engine.settings import RunSettings
from milonga.engine.values import Bundle
from milonga.engine.workers import workforce
from milonga.errors import MilongaError, StoreError, internal_error
from milonga.lineage import LineageStore, RunRecord, TaskRecord


def execute(
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
) -> RunResult:
    """Run the graph of `runnable`, or go on with it, to its end.

    Args:
        runnable: the pipeline; it is consistent.
        record: the run; the caller holds its lock, and its folder has the pipeline.
        inputs: parameters and artifacts of the root.
        settings: what the caller asked for.
        store: where records go; closed by the caller.
        progress: who watches.
        finished: succeeded steps of an earlier part of this run, by path.
        sabotage: what is made to go wrong.
        resumed: whether this run has been worked on before.

    Raises:
        StoreError: the records cannot be written any more; the run can be resumed.
    """
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
            graph_digest=record.graph_digest,
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
        )
        try:
            ended, is_complete = _run_scheduler(scheduler, record, store, clock)
        except StoreError as error:
            error.hint = f"free some space, or make the folder writable; then milonga run --resume {record.id}"
            raise
        finally:
            interruption.wrap_up()
            workers.close()
            scheduler.close()
        if resumed and is_complete:
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


def _run_scheduler(
    scheduler: Scheduler, record: RunRecord, store: LineageStore, clock: SteadyClock
) -> tuple[RunRecord, bool]:
    """The run's final record, and whether the scheduler came to the end of the graph."""
    try:
        state, outputs, cause = scheduler.run()
    except KeyboardInterrupt as request:
        if not isinstance(request, Interrupted):
            store.roll_back()  # it came in the middle of something
        scheduler.cancel()
        message = str(request) or "interrupted"
        error = {"code": "E439", "kind": "user", "message": message, "hint": f"milonga run --resume {record.id}"}
        return replace(record, state="CANCELLED", ended_at=clock.now(), error=error), False
    except (MilongaError, OSError) as failure:
        scheduler.cancel()
        known = failure if isinstance(failure, MilongaError) else unwritable_home(failure, Path(record.id))
        return replace(record, state="FAILED", ended_at=clock.now(), error=known.to_json()), False
    except Exception as failure:
        if os.environ.get("MILONGA_DEBUG"):
            raise
        scheduler.cancel()
        error = dict(internal_error(f"{type(failure).__name__}: {failure}").to_json())
        return replace(record, state="FAILED", ended_at=clock.now(), error=error), False
    error = {}
    if cause is not None:
        error = {**cause.error, "task": cause.error.get("task", cause.path)}
    ended = replace(
        record,
        state=state,
        ended_at=clock.now(),
        outputs=outputs.parameters,
        output_artifacts=outputs.artifacts,
        error=error,
    )
    return ended, True
