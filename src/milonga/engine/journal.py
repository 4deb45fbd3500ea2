"""What a run writes down while it goes on, and tells to whoever watches: the records of its tasks and attempts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from milonga.engine.attempts import Step
from milonga.engine.cache.result_cache import ResultCache
from milonga.engine.clock import SteadyClock
from milonga.engine.instances import TaskInstance
from milonga.engine.progress import Progress
from milonga.lineage import AttemptRecord, LineageStore, TaskRecord


class Journal:
    """The records of one run. Used from the scheduler's thread only.

    What is written becomes visible to others, and lasts, with `commit`; progress hears of it at once.

    Args:
        run_id: the run.
        graph_digest: of the graph that it runs now.
        store: where records go.
        cache: what remembers results; it lets go of its lock with each commit.
        progress: who watches.
        clock: of the times that are recorded.
    """

    def __init__(
        self,
        run_id: str,
        graph_digest: str,
        store: LineageStore,
        cache: ResultCache,
        progress: Progress,
        clock: SteadyClock,
    ) -> None:
        self._run_id = run_id
        self._graph_digest = graph_digest
        self._store = store
        self._cache = cache
        self._progress = progress
        self._clock = clock

    def commit(self) -> None:
        """What has happened is written; whoever evicts stored content sees from now on what this run relies on."""
        self._store.commit()
        self._cache.release()

    def started(self, task: TaskInstance, attempt: AttemptRecord) -> None:
        """An attempt of a step begins."""
        self._store.put_task(self._record(task, log=attempt.log))
        self._store.put_attempt(attempt)
        self._progress.step_started(task.path, attempt.attempt)

    def retried(self, task: TaskInstance, attempt: AttemptRecord, delay_s: float) -> None:
        """An attempt has failed, and there will be another."""
        self._store.put_attempt(attempt)
        self._progress.step_retried(self._record(task, log=attempt.log), delay_s)

    def ended(self, task: TaskInstance, attempt: AttemptRecord | None = None) -> None:
        """A task has its final state; `attempt` is its last one, when it had any. A success is kept for reuse."""
        details: dict[str, Any] = {}
        if attempt is not None:
            self._store.put_attempt(attempt)
            details = {"log": attempt.log, "cpu_s": attempt.cpu_s, "peak_memory_bytes": attempt.peak_memory_bytes}
        record = self._record(task, ended_at=self._clock.now(), **details)
        self._store.put_task(record)
        if attempt is not None and task.state == "SUCCEEDED":
            self._cache.remember(record)
        self._progress.task_ended(record)

    def not_repeated(self, task: TaskInstance) -> None:
        """A task that had succeeded before could not even be started again: its record stays, for the next resume."""
        self._progress.task_ended(self._record(task, ended_at=self._clock.now()))

    def cancelled(self, step: Step, attempt: AttemptRecord) -> None:
        """A step was ended with its run."""
        self._store.put_task(self._record(step.task, ended_at=attempt.ended_at, log=attempt.log))
        self._store.put_attempt(attempt)

    def lose_attempts(self, path: str) -> None:
        """Attempts that were running when an earlier engine of this run ended have ended with it."""
        for attempt in self._store.attempts(self._run_id, path):
            if attempt.state == "RUNNING":
                self._store.put_attempt(replace(attempt, state="CANCELLED"))

    def _record(self, task: TaskInstance, *, ended_at: float | None = None, **details: Any) -> TaskRecord:
        is_step = task.component.dag is None and task.loop is None
        wall_s = 0.0 if ended_at is None or task.started_at is None else max(ended_at - task.started_at, 0.0)
        return TaskRecord(
            run_id=self._run_id,
            path=task.path,
            state=task.state,
            kind="step" if is_step else "group",
            component=(task.task.component_ref.name if task.task.component_ref else ""),
            attempts=task.attempts,
            started_at=task.started_at,
            ended_at=ended_at,
            wall_s=wall_s,
            inputs=task.inputs.parameters,
            outputs=task.outputs.parameters,
            input_artifacts=task.inputs.artifacts,
            output_artifacts=task.outputs.artifacts,
            error=task.error,
            iterations=len(task.loop.items) if task.loop else None,
            cached=task.reuse.state == "hit",
            key=task.reuse.key,
            identity=task.reuse.identity,
            cache_state=task.reuse.state,
            origin=task.reuse.origin,
            graph=self._graph_digest,
            **details,
        )
