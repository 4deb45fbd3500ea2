"""Runs steps: queue, slots, attempts, retries with backoff, timeouts. Knows nothing about DAGs.

Owned by one scheduler. A step is handed over with `enqueue`; its final outcome comes back through `on_end`.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from milonga.compiler.graph.task import RetryPolicy
from milonga.engine.content import ContentStore
from milonga.engine.executor_io import cannot_write, drop_outputs, executor_input, read_outputs, unwritable
from milonga.engine.executor_output import WITHOUT_RESULT, read_result
from milonga.engine.home import Home, log_of
from milonga.engine.instances import TaskInstance
from milonga.engine.resources import Demand, Ledger
from milonga.engine.resources.waiting_steps import WaitingSteps
from milonga.engine.run_names import task_names
from milonga.engine.steps import PreparedStep
from milonga.engine.values import Bundle
from milonga.engine.workers.base import (
    ERROR_FILE,
    OUTPUT_FILE,
    Limits,
    StepEnded,
    StepRequest,
)
from milonga.engine.workers.workforce import Workforce
from milonga.errors import MilongaError, TaskFailed
from milonga.lineage import AttemptRecord
from milonga.lineage.records import State


@dataclass(frozen=True, slots=True)
class Outcome:
    """The final outcome of a step: outputs, or None and the last attempt's error."""

    outputs: Bundle | None
    attempt: AttemptRecord


@dataclass(slots=True)
class Step:
    """A step on its way through the runner.

    Attributes:
        demand: what it asks of the machine, cut to what there is.
        rank: seconds of work that wait for it; the largest starts first.
        started_at, began: when the attempt started, by the wall clock and by one that does not jump.
    """

    task: TaskInstance
    prepared: PreparedStep
    first_attempt: int
    demand: Demand = field(default_factory=Demand)
    rank: float = 0.0
    retries: int = 0
    backoff_s: float = 0.0
    backoff_factor: float = 2.0
    backoff_max_s: float = 3600.0
    attempt: int = 0
    folder: Path = field(default_factory=Path)
    request: Mapping[str, Any] = field(default_factory=dict)
    timed_out: bool = False
    deadline: float | None = None
    started_at: float = 0.0
    began: float = 0.0

    @classmethod
    def repeated(
        cls, task: TaskInstance, prepared: PreparedStep, *, first_attempt: int, demand: Demand, rank: float
    ) -> Step:
        """A step whose failed attempts are repeated as its task says."""
        retry = task.task.retry_policy or RetryPolicy()
        return cls(
            task,
            prepared,
            first_attempt,
            demand,
            rank,
            retries=retry.max_retry_count or 0,
            backoff_s=_seconds(retry.backoff_duration, 0.0),
            backoff_factor=retry.backoff_factor or 2.0,
            backoff_max_s=_seconds(retry.backoff_max_duration, 3600.0),
        )

    def pause_s(self, used: int) -> float:
        """Seconds before the next attempt, when `used` have failed before this one."""
        try:
            return min(self.backoff_s * self.backoff_factor**used, self.backoff_max_s)
        except OverflowError:
            return self.backoff_max_s


def _seconds(text: str | None, default: float) -> float:
    """A protobuf JSON duration in seconds."""
    return float(text.removesuffix("s")) if text else default


class InputCheck(Protocol):
    """Raises the MilongaError of an attempt whose inputs are not what was recorded."""

    def __call__(self, task: TaskInstance, *, has_run: bool) -> None:
        """Check them before the attempt, or when it `has_run`."""


class AttemptRunner:
    """Runs steps in a pool of workers.

    Args:
        workers: where attempts run; closed by the owner of this object.
        ledger: what they share.
        names: run-level values of KFP's placeholders.
        check_inputs: called with the task of an attempt that is about to start, and again, with `has_run`, when it has
            succeeded; an error of it is the attempt's. After the second there is no retry: the input stays as it is.
        content: where output artifacts go; by default the content store of `home`.
        now: the time in seconds since the epoch.
        before_reading: called before the outputs of an attempt are read and move into the content store.
        on_start: called when an attempt starts.
        on_retry: called when an attempt failed and another follows after a delay.
        on_end: called with the final outcome of a step.
    """

    def __init__(
        self,
        *,
        workers: Workforce,
        ledger: Ledger,
        home: Home,
        run_id: str,
        names: Mapping[str, str],
        check_inputs: InputCheck,
        before_reading: Callable[[], None],
        on_start: Callable[[Step, AttemptRecord], None],
        on_retry: Callable[[Step, AttemptRecord, float], None],
        on_end: Callable[[Step, Outcome], None],
        content: ContentStore | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._workers = workers
        self._ledger = ledger
        self._home = home
        self._run_id = run_id
        self._store = content or ContentStore(home.content)
        self._check_inputs = check_inputs
        self._names = names
        self._now = now
        self._before_reading = before_reading
        self._on_start, self._on_retry, self._on_end = on_start, on_retry, on_end
        self._queue: WaitingSteps[Step] = WaitingSteps()
        self._running: dict[int, Step] = {}
        self._not_started: list[StepEnded] = []
        self._timers: list[tuple[float, int, Step]] = []
        self._ids = itertools.count(1)

    @property
    def is_busy(self) -> bool:
        """Whether any step is queued, running or waiting for its next attempt."""
        return bool(self._queue or self._running or self._timers)

    def enqueue(self, step: Step) -> None:
        """Take over a step."""
        step.attempt = step.first_attempt
        self._queue.push(step)

    def drop_queued(self, drop: Callable[[Step], bool]) -> list[Step]:
        """Take back those queued steps that `drop` names and that have never been started."""
        return self._queue.take_back(lambda step: step.attempt == step.first_attempt and drop(step))

    def dispatch(self) -> None:
        """Start as many queued attempts as there is room for."""
        while (step := self._queue.pop(self._ledger.fits)) is not None:
            self._start(step)

    def _start(self, step: Step) -> None:
        task = step.task
        step.folder = self._home.attempt(self._run_id, task.path, step.attempt)
        step.request = executor_input(task.component, task.inputs, step.folder)
        step.timed_out = False
        step.started_at, step.began = self._now(), time.monotonic()
        timeout = step.prepared.timeout_s
        step.deadline = step.began + timeout if timeout else None
        request_id = next(self._ids)
        limits = self._ledger.take(request_id, step.demand)
        self._running[request_id] = step
        self._on_start(step, self._record(step, "RUNNING"))
        try:
            self._check_inputs(task, has_run=False)
            self._submit(request_id, step, limits)
        except MilongaError as failure:
            self._not_started.append(StepEnded(request_id, 1, error=failure.to_json()))
        except OSError as failure:
            self._not_started.append(StepEnded(request_id, 1, error=unwritable(failure, step.folder).to_json()))

    def _submit(self, request_id: int, step: Step, limits: Limits) -> None:
        prepared = step.prepared
        self._workers.submit(
            StepRequest(
                id=request_id,
                task=step.task.path,
                kind=prepared.worker or "milonga",
                function=prepared.function,
                source=prepared.source,
                folder=step.folder,
                modules=prepared.modules,
                packages=prepared.packages,
                container=prepared.container,
                limits=limits,
                names=task_names(self._names, step.task),
                environment=prepared.environment,
                live_function=prepared.live_function,
                executor_input=step.request,
            )
        )

    def wait(self, others: Sequence[int] = (), until: float | None = None) -> None:
        """Wait for something to happen, and pass on what did.

        Args:
            others: file descriptors that end the wait when they can be read.
            until: moment of the monotonic clock that ends it.
        """
        not_started, self._not_started = self._not_started, []
        for ended in not_started or self._workers.wait(self._next_due(until), others):
            step = self._running.pop(ended.id, None)
            if step is not None:
                self._ledger.give_back(ended.id)
                self._ended(step, ended)
        self._look_at_clock()

    def _next_due(self, until: float | None) -> float | None:
        now = time.monotonic()
        times = [] if until is None else [until]
        times += [entry[0] for entry in self._timers[:1]]
        times += [step.deadline for step in self._running.values() if step.deadline is not None and not step.timed_out]
        return max(0.0, min(times) - now) if times else None

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._queue.push(heapq.heappop(self._timers)[2])
        for request_id, step in self._running.items():
            if step.deadline is not None and now >= step.deadline and not step.timed_out:
                step.timed_out = True
                self._workers.kill(request_id)

    def _ended(self, step: Step, ended: StepEnded) -> None:
        error: Mapping[str, Any] = {}
        outputs: Bundle | None = None
        is_spoilt = False
        try:
            if ended.exit_code == 0:
                is_spoilt = True
                self._check_inputs(step.task, has_run=True)
                is_spoilt = False
                outputs = self._read(step, ended)
            else:
                error = self._failure(step, ended)
        except MilongaError as failure:
            error = failure.to_json()
        record = self._record(step, "FAILED" if outputs is None else "SUCCEEDED", ended, error)
        used = step.attempt - step.first_attempt
        if outputs is None and used < step.retries and not is_spoilt:
            delay = step.pause_s(used)
            self._on_retry(step, record, delay)
            step.attempt += 1
            heapq.heappush(self._timers, (time.monotonic() + delay, next(self._ids), step))
            return
        self._on_end(step, Outcome(outputs, record))

    def _record(
        self, step: Step, state: State, ended: StepEnded | None = None, error: Mapping[str, Any] | None = None
    ) -> AttemptRecord:
        """The attempt as it is now. What lasted is measured by a clock that does not jump."""
        wall_s = 0.0 if ended is None else ended.wall_s or time.monotonic() - step.began
        return AttemptRecord(
            run_id=self._run_id,
            path=step.task.path,
            attempt=step.attempt,
            state=state,
            started_at=step.started_at,
            ended_at=None if ended is None else step.started_at + (time.monotonic() - step.began),
            wall_s=wall_s,
            cpu_s=ended.cpu_s if ended is not None else 0.0,
            peak_memory_bytes=ended.peak_memory_bytes if ended is not None else 0,
            exit=ended.exit_code if ended is not None else None,
            error=error or {},
            log=log_of(step.task.path, step.attempt),
        )

    def _read(self, step: Step, ended: StepEnded) -> Bundle:
        self._before_reading()
        output: Any = ended.output
        if output is None:
            path = step.folder / OUTPUT_FILE
            output = read_result(path)
            is_python = step.prepared.worker in ("milonga", "kfp")
            if step.task.component.has_outputs and is_python and not path.is_file():  # such as sys.exit(0)
                raise TaskFailed("E416", WITHOUT_RESULT)
        return read_outputs(step.task.component, output, step.request, step.folder, self._store)

    def _failure(self, step: Step, ended: StepEnded) -> Mapping[str, Any]:
        if step.timed_out:
            limit = step.prepared.timeout_s
            return {"code": "E419", "kind": "user", "message": f"timed out after {limit:g} s"}
        if ended.error is not None:
            return ended.error
        unwritten = cannot_write(step.folder) if ended.exit_code > 0 else None
        if unwritten is not None:
            drop_outputs(step.folder)  # half of them, and the engine has yet to write that the attempt failed
        found = read_result(step.folder / ERROR_FILE)
        if found:
            return found
        if ended.exit_code == -9:
            peak = ended.peak_memory_bytes / 2**20
            message = f"killed by the system (signal 9) at {peak:.0f} MiB of memory, most likely for want of memory"
            return {"code": "E415", "kind": "system", "message": message}
        if unwritten is not None:  # it could not say why
            return unwritable(unwritten, step.folder).to_json()
        how = f"signal {-ended.exit_code}" if ended.exit_code < 0 else f"exit code {ended.exit_code}"
        return {"code": "E416", "kind": "user", "message": f"the process ended with {how} without a result"}

    def cancel(self) -> list[tuple[Step, AttemptRecord]]:
        """Drop what waits and end what runs; the steps that were running, with what is known of their attempts."""
        self._queue.clear()
        self._timers.clear()
        ended = []
        for request_id, step in self._running.items():
            self._workers.kill(request_id)
            lasted_s = time.monotonic() - step.began
            record = self._record(step, "CANCELLED")
            ended.append((step, replace(record, ended_at=step.started_at + lasted_s, wall_s=lasted_s)))
        self._running.clear()
        return ended
