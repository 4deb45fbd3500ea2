"""Walks one run of a graph: which task may start, what it gets, what its end means for others.

One thread, no locks. Everything that has ended is written and committed before anything that depends on it starts, so
a killed engine resumes without repeating a finished step.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from milonga.compiler.graph import Component, Graph
from milonga.engine.attempts import AttemptRunner, Outcome, Step
from milonga.engine.binding import dag_outputs, loop_items, loop_outputs, resolve_inputs
from milonga.engine.cache.keys import same_inputs
from milonga.engine.cache.result_cache import ResultCache
from milonga.engine.clock import SteadyClock
from milonga.engine.content import ContentStore
from milonga.engine.critical_path import CriticalPath
from milonga.engine.custody import Custody
from milonga.engine.dag_shape import DagShapes
from milonga.engine.faults.sabotage import Sabotage
from milonga.engine.imports import import_artifact
from milonga.engine.instances import DagInstance, LoopInstance, TaskInstance
from milonga.engine.interruption import Interruption
from milonga.engine.journal import Journal
from milonga.engine.preparation import Preparation
from milonga.engine.progress import Progress
from milonga.engine.provisioning import Provisioning
from milonga.engine.resources import Ledger, Machine, available_cores
from milonga.engine.run_folder import last_attempt
from milonga.engine.run_names import run_names, task_names
from milonga.engine.settings import RunSettings
from milonga.engine.steps import Provision
from milonga.engine.values import Bundle, holds, with_defaults
from milonga.engine.workers.workforce import Workforce
from milonga.errors import MilongaError, RunError, internal_error
from milonga.lineage import AttemptRecord, LineageStore, TaskRecord
from milonga.lineage.records import State

_ITERATIONS_AHEAD = 64
"""Iterations of an unlimited loop that are instantiated beyond those that can run, to bound memory."""


class Scheduler:
    """One run.

    Args:
        graph: what to run.
        run_id: the run's id; its folder exists.
        graph_digest: digest of `graph`.
        created_at: when the run was first started, seconds since the epoch.
        inputs: parameters and artifacts of the root.
        settings: what the caller asked for.
        store: lineage store, used from this thread only.
        workers: where attempts run.
        progress: who watches.
        finished: succeeded steps of an earlier part of this run, by path; they are not repeated.
        functions: live functions by executor label.
        interruption: who wants it to end.
        sabotage: what is made to go wrong.
        clock: of the times that are recorded.
        resumed: whether this run has been worked on before.

    Attributes:
        paths: of the tasks that have their final state.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        run_id: str,
        graph_digest: str,
        created_at: float,
        inputs: Bundle,
        settings: RunSettings,
        store: LineageStore,
        workers: Workforce,
        progress: Progress,
        finished: Mapping[str, TaskRecord],
        functions: Mapping[str, Callable[..., Any]],
        interruption: Interruption,
        sabotage: Sabotage,
        clock: SteadyClock,
        resumed: bool = False,
    ) -> None:
        self._graph = graph
        self._run_id = run_id
        self._inputs = inputs
        self._settings = settings
        self._store = store
        self._progress = progress
        self._finished = finished
        self._interruption = interruption
        self._clock = clock
        self._resumed = resumed
        self._graph_digest = graph_digest
        self._ready: deque[TaskInstance] = deque()
        self._shapes = DagShapes(graph)
        self._stopping = False
        self._cache = ResultCache(store, settings.home, settings.cache_policy, is_used=settings.use_cache)
        self._journal = Journal(run_id, graph_digest, store, self._cache, progress, clock)
        self._critical_path = CriticalPath(self._shapes, lambda: store.durations_s(graph.name))
        self._provisioning = Provisioning()
        self.paths: set[str] = set()
        self._root: DagInstance | None = None
        self._result: Bundle | None = None
        folder, root = settings.home.run(run_id), settings.home.content
        self._names = run_names(
            graph, run_id, created_at, folder=folder, root=root, scheduled_for=settings.scheduled_for
        )
        machine = Machine.measured()
        self._preparation = Preparation(
            graph=graph,
            settings=settings,
            machine=machine,
            functions=functions,
            names=self._names,
            notice=progress.notice,
        )
        self._sabotage = sabotage
        spoilt = folder / "faults"  # what faults spoil must be no content of another run
        self._custody = Custody((root, spoilt), run_id, self._cache.still_holds)
        self._runner = AttemptRunner(
            workers=workers,
            ledger=Ledger(machine, settings.steps_at_once),
            home=settings.home,
            names=self._names,
            run_id=run_id,
            before_reading=self._before_reading,
            on_start=self._step_started,
            on_retry=self._step_retried,
            on_end=self._step_ended,
            check_inputs=self._check_inputs,
            now=clock.now,
            content=sabotage.content(ContentStore(root, self._custody.stored), spoilt),
        )

    # The loop --------------------------------------------------------------------------------------------------

    def run(self) -> tuple[State, Bundle, TaskInstance | None]:
        """Run to the end: final state, outputs of the root, the first failed task.

        Raises:
            RunError: E480, the run has taken longer than its pipeline allows.
            StoreError: E420, an artifact that the run would hand out is gone or has changed.
        """
        limit_s = int(self._graph.run_settings().get("activeDeadlineSeconds") or 0)
        deadline = time.monotonic() + limit_s if limit_s else None
        self._root = self._start_dag(self._graph.root, self._inputs, "", None, None)
        while True:
            while self._ready:
                self._interruption.check()
                self._guarded(self._ready.popleft(), self._decide)
            self._journal.commit()
            self._interruption.check()
            self._runner.dispatch()
            self._journal.commit()
            if not self._runner.is_busy and not self._provisioning.is_busy:
                if not self._ready:
                    break
                continue
            provided = [self._provisioning.stream] if self._provisioning.is_busy else []
            self._runner.wait([self._interruption.stream, *provided], deadline)
            self._provisioning.collect()
            if deadline is not None and time.monotonic() >= deadline:
                hint = "raise the time limit of the pipeline, or resume the run: finished steps are kept"
                raise RunError("E480", f"the run has taken longer than its {limit_s} s", hint=hint, kind="user")
        cause, outputs = self._root.cause, self._result or Bundle()
        if cause is None:
            self._custody.require(outputs.artifacts, "output")  # what is handed out must be there, and be what was made
        return ("FAILED" if cause else "SUCCEEDED"), outputs, cause

    def cancel(self) -> None:
        """End every attempt; what had not finished stays unfinished, and the run can be resumed."""
        for step, attempt in self._runner.cancel():
            step.task.state = "CANCELLED"
            self._journal.cancelled(step, attempt)
        self._journal.commit()

    def tidy(self) -> None:
        """When the run has its final record: write down what was used, evict what is beyond the limit."""
        self._cache.tidy(self._progress.notice)

    def close(self) -> None:
        """Let go of what the run held, however it ended."""
        self._provisioning.close()
        self._cache.close()

    # DAGs and loops --------------------------------------------------------------------------------------------

    def _start_dag(
        self, component: Component, inputs: Bundle, path: str, owner: TaskInstance | None, iteration: int | None
    ) -> DagInstance:
        inputs = Bundle(with_defaults(inputs.parameters, component), inputs.artifacts)
        dag = DagInstance(component, inputs, path, owner, iteration)
        shapes = self._shapes.of(component, path)
        tasks = dag.tasks
        for shape in shapes:
            tasks[shape.name] = TaskInstance(shape, dag, dag.path_of(shape.name))
        dag.unfinished = len(tasks)
        for shape in shapes:
            instance = tasks[shape.name]
            instance.waiting = len(shape.producers)
            for producer in shape.producers:
                tasks[producer].dependents.append(instance)
        self._ready.extend([instance for instance in tasks.values() if instance.waiting == 0])
        if not tasks:
            self._dag_ended(dag)
        return dag

    def _dag_ended(self, dag: DagInstance) -> None:
        outputs = dag_outputs(dag)
        owner = dag.owner
        if owner is None:
            self._result = outputs
        elif owner.loop is not None and dag.iteration is not None:
            self._iteration_ended(owner, dag.iteration, outputs, dag.cause)
        else:
            self._group_ended(owner, outputs, dag.cause)

    def _group_ended(self, task: TaskInstance, outputs: Bundle, cause: TaskInstance | None) -> None:
        if cause is not None:
            task.error = {**cause.error, "task": cause.error.get("task", cause.path)}
        task.outputs = outputs
        self._finish(task, "FAILED" if cause is not None else "SUCCEEDED")

    def _start_loop(self, task: TaskInstance) -> None:
        items, item_input, over_artifacts = loop_items(task)
        policy = task.task.iterator_policy
        wanted = (policy.parallelism_limit if policy else None) or 0
        limit = wanted or max(self._settings.steps_at_once, available_cores()) + _ITERATIONS_AHEAD
        task.loop = LoopInstance(items, item_input, limit, over_artifacts)
        if not items:
            self._loop_ended(task)
        else:
            self._start_iterations(task)

    def _start_iterations(self, task: TaskInstance) -> None:
        """Start as many iterations as may be under way; one that ends at once comes back here while this goes on."""
        loop = task.loop
        if loop is None or loop.starting:
            return
        loop.starting = True
        while loop.active < loop.limit and loop.following < len(loop.items) and not self._is_held(task):
            index = loop.following
            loop.following += 1
            loop.active += 1
            inputs = Bundle(dict(task.inputs.parameters), dict(task.inputs.artifacts))
            if loop.over_artifacts:
                inputs.artifacts[loop.item_input] = loop.items[index]
            else:
                inputs.parameters[loop.item_input] = loop.items[index]
            path = f"{task.path}[{index}]"
            if task.component.dag is not None:
                self._start_dag(task.component, inputs, path, task, index)
            else:
                self._start_iterated_step(task, inputs, path, index)
        loop.starting = False
        if not loop.active and not task.is_finished and (self._is_held(task) or loop.following == len(loop.items)):
            self._loop_ended(task)

    def _start_iterated_step(self, task: TaskInstance, inputs: Bundle, path: str, index: int) -> None:
        """An iterator directly on a step: each iteration is one step, without a DAG around it."""
        dag = DagInstance(task.component, inputs, path, task, index)
        instance = TaskInstance(task.shape, dag, path)
        dag.tasks[task.name] = instance
        dag.unfinished = 1
        instance.settings = inputs.parameters
        instance.inputs = Bundle(with_defaults(inputs.parameters, task.component), inputs.artifacts)
        self._guarded(instance, self._start_step)

    def _iteration_ended(self, task: TaskInstance, index: int, outputs: Bundle, cause: TaskInstance | None) -> None:
        loop = task.loop
        if loop is None:
            return
        loop.active -= 1
        loop.results[index] = outputs
        if cause is not None and loop.failed is None:
            loop.failed = cause
        self._start_iterations(task)

    def _loop_ended(self, task: TaskInstance) -> None:
        cause = task.loop.failed if task.loop else None
        self._group_ended(task, loop_outputs(task), cause)

    # Tasks -----------------------------------------------------------------------------------------------------

    def _guarded(self, task: TaskInstance, work: Callable[[TaskInstance], None]) -> None:
        """Do the work of `task`; an error of it is the task's, and not the run's."""
        try:
            work(task)
        except MilongaError as error:
            self._fail(task, error)
        except Exception as error:
            if os.environ.get("MILONGA_DEBUG"):
                raise
            self._fail(task, internal_error(f"{type(error).__name__}: {error}"))

    def _decide(self, task: TaskInstance) -> None:
        """Everything before `task` has finished: decide what becomes of it."""
        producers = [task.dag.tasks[name] for name in task.shape.producers]
        if not task.runs_after_failure:
            if self._is_held(task) or any(producer.state in ("FAILED", "NOT_RUN") for producer in producers):
                self._finish(task, "NOT_RUN")
                return
            if any(producer.state == "SKIPPED" for producer in producers):
                self._finish(task, "SKIPPED")
                return
        task.inputs = resolve_inputs(task, task_names(self._names, task))
        if task.task.condition and not self._condition_holds(task, task.task.condition):
            self._finish(task, "SKIPPED")
            return
        task.started_at = self._clock.now()
        if task.is_iterated:
            self._start_loop(task)
        elif task.component.dag is not None:
            self._start_dag(task.component, task.inputs, task.path, task, None)
        else:
            task.settings = task.inputs.parameters
            task.inputs = Bundle(with_defaults(task.inputs.parameters, task.component), task.inputs.artifacts)
            self._start_step(task)

    @staticmethod
    def _condition_holds(task: TaskInstance, condition: str) -> bool:
        names = {**dict.fromkeys(task.task.parameter_bindings), **task.inputs.parameters}
        return holds(condition, names)

    def _start_step(self, task: TaskInstance) -> None:
        earlier = self._finished.get(task.path) if not self._is_asked_again(task) else None
        if earlier is not None and self._is_done(earlier, task):
            self._keep(task, earlier)
            return
        prepared = self._preparation.step(task)
        if isinstance(prepared, Provision):
            if self._provisioning.request(prepared, lambda failure: self._provided(task, failure)):
                self._progress.notice(f"bringing {prepared.title}")
            return
        task.started_at = self._clock.now()
        task.reuse = self._cache.reuse_of(task, prepared.identity)
        if earlier is not None and earlier.key == task.reuse.key and self._cache.holds(earlier.output_artifacts):
            self._keep(task, earlier)
            return
        if prepared.importer is not None:
            self._store.commit()  # what is imported is digested
            task.outputs = import_artifact(prepared.importer, task, self._names)
            self._finish(task, "SUCCEEDED")
            return
        task.reuse = self._cache.find(task, task.reuse)
        if task.reuse.state == "hit":
            task.outputs = Bundle(dict(task.reuse.parameters), dict(task.reuse.artifacts))
            self._finish(task, "SUCCEEDED")
            return
        demand = self._preparation.demand(task)
        if self._settings.mode == "in-process" and (prepared.timeout_s or demand.memory_limit_bytes):
            task.reuse = replace(task.reuse, key="")  # where its limits are kept to, it might fail
            self._progress.notice(f"{task.path} has limits that are not kept in this process: its result is not reused")
        first, rank = self._first_attempt(task.path), self._critical_path.rank(task)
        self._runner.enqueue(Step.repeated(task, prepared, first_attempt=first, demand=demand, rank=rank))

    def _provided(self, task: TaskInstance, failure: MilongaError | None) -> None:
        """What `task` lacked is here, or cannot be had."""
        if self._is_held(task):
            self._finish(task, "NOT_RUN")
        elif failure is not None:
            self._fail(task, failure)
        else:
            self._guarded(task, self._start_step)

    def _is_done(self, earlier: TaskRecord, task: TaskInstance) -> bool:
        """Whether a step of a resumed run was done for this very graph and these inputs: nothing has to be prepared."""
        is_same = earlier.graph == self._graph_digest and same_inputs(earlier, task)
        return is_same and self._cache.holds(earlier.output_artifacts)

    @staticmethod
    def _is_asked_again(task: TaskInstance) -> bool:
        """Whether the work that an exit task follows has been done again: then there is something to clean up again."""
        return task.runs_after_failure and any(task.dag.tasks[name].has_worked for name in task.shape.producers)

    def _keep(self, task: TaskInstance, earlier: TaskRecord) -> None:
        task.outputs = Bundle(dict(earlier.outputs), dict(earlier.output_artifacts))
        task.attempts = earlier.attempts
        self._finish(task, "SUCCEEDED", is_recorded=True)

    def _first_attempt(self, path: str) -> int:
        """A resumed run keeps the folders of earlier attempts."""
        if not self._resumed:
            return 1
        self._journal.lose_attempts(path)
        return last_attempt(self._settings.home, self._run_id, path) + 1

    # What the runner reports -----------------------------------------------------------------------------------

    def _step_started(self, step: Step, attempt: AttemptRecord) -> None:
        task = step.task
        task.state = "RUNNING"
        if step.attempt == step.first_attempt:
            task.started_at = attempt.started_at
        task.attempts = step.attempt
        worker: TaskInstance | None = task
        while worker is not None and not worker.has_worked:
            worker.has_worked = True
            worker = worker.dag.owner
        self._journal.started(task, attempt)
        if self._settings.mode == "in-process":
            self._store.commit()  # the author's code runs next, and must not hold the store's lock meanwhile

    def _check_inputs(self, task: TaskInstance, *, has_run: bool) -> None:
        """A step must get what its key says. What changes under it outside of the store makes its result a one-off.

        Raises:
            StoreError: E420, an input is gone, or is not what was stored.
        """
        changed = self._custody.require(task.inputs.artifacts, has_run=has_run)
        if changed and task.reuse.key:
            task.reuse = replace(task.reuse, key="")
            self._progress.notice(f"{changed[0]} has changed since the run began: what {task.path} makes is not reused")

    def _before_reading(self) -> None:
        """Outputs are digested and move into the store next. Nobody waits for the database meanwhile."""
        self._store.commit()
        self._cache.hold()

    def _step_retried(self, step: Step, attempt: AttemptRecord, delay_s: float) -> None:
        step.task.error = dict(attempt.error)
        self._journal.retried(step.task, attempt, delay_s)

    def _step_ended(self, step: Step, outcome: Outcome) -> None:
        task, attempt = step.task, outcome.attempt
        task.error = dict(attempt.error)
        if outcome.outputs is None:
            self._failure_seen()
        else:
            task.outputs = outcome.outputs
            if self._sabotage.has_spoilt(task.path):
                task.reuse = replace(task.reuse, key="")
        self._finish(task, attempt.state, attempt)

    # Ends ------------------------------------------------------------------------------------------------------

    def _fail(self, task: TaskInstance, error: MilongaError) -> None:
        task.error = error.to_json()
        task.started_at = task.started_at or self._clock.now()
        self._failure_seen()
        self._finish(task, "FAILED")

    def _is_held(self, task: TaskInstance) -> bool:
        """Whether fail-fast keeps `task` from starting: not an exit task, nor anything inside of one."""
        owner: TaskInstance | None = task
        while self._stopping and owner is not None and not owner.runs_after_failure:
            owner = owner.dag.owner
        return self._stopping and owner is None

    def _failure_seen(self) -> None:
        """With fail-fast, what has not started yet does not start any more."""
        if not self._settings.fail_fast or self._stopping:
            return
        self._stopping = True
        for step in self._runner.drop_queued(lambda step: self._is_held(step.task)):
            self._finish(step.task, "NOT_RUN")

    def _finish(
        self, task: TaskInstance, state: State, attempt: AttemptRecord | None = None, *, is_recorded: bool = False
    ) -> None:
        """`task` has its final state; whoever waits for it may go on."""
        task.state = state
        self.paths.add(task.path)
        if state in ("FAILED", "NOT_RUN") and not task.attempts and task.path in self._finished:
            self._journal.not_repeated(task)
        elif not is_recorded:
            self._journal.ended(task, attempt)
        dag = task.dag
        dag.unfinished -= 1
        if state == "FAILED" and dag.cause is None:
            dag.cause = task
        for dependent in task.dependents:
            dependent.waiting -= 1
            if dependent.waiting == 0:
                self._ready.append(dependent)
        if dag.unfinished == 0:
            if dag.owner is not None and dag.component.dag is None and dag.iteration is not None:
                self._iteration_ended(dag.owner, dag.iteration, task.outputs, dag.cause)
            else:
                self._dag_ended(dag)
