"""Runs steps: queue, slots, attempts, retries with backoff, timeouts. Knows nothing about DAGs.

Owned by one scheduler. A step is handed over with `enqueue`; its final outcome comes back through `on_end`.
"""

from __future__ import annotations

import heapq
import itertools
import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from milonga.engine.content import ContentStore
from milonga.engine.executor_io import executor_input, read_outputs
from milonga.engine.home import Home, log_of
from milonga.engine.instances import TaskInstance
from milonga.engine.steps import PreparedStep
from milonga.engine.values import Bundle
from milonga.engine.workers.base import (
    ERROR_FILE,
    OUTPUT_FILE,
    StepEnded,
    StepRequest,
)
from milonga.engine.workers.workforce import Workforce
from milonga.errors import MilongaError, TaskFailed


@dataclass(frozen=True, slots=True)
class Outcome:
    """The final outcome of a step: outputs, or an error."""

    outputs: Bundle | None
    error: Mapping[str, Any]
    cpu_s: float
    peak_memory_bytes: int
    log: str


@dataclass(slots=True)
class Step:
    """A step on its way through the runner."""

    task: TaskInstance
    prepared: PreparedStep
    key: str
    first_attempt: int
    retries: int = 0
    backoff_s: float = 0.0
    backoff_factor: float = 2.0
    backoff_max_s: float = 3600.0
    attempt: int = 0
    folder: Path = field(default_factory=Path)
    request: Mapping[str, Any] = field(default_factory=dict)
    timed_out: bool = False
    deadline: float | None = None


class AttemptRunner:
    """Runs steps in a pool of workers.

    Args:
        workers: where attempts run; closed by the owner of this object.
        slots: how many may run at once.
        on_start: called when an attempt starts.
        on_retry: called when an attempt failed and another follows after a delay.
        on_end: called with the final outcome of a step.
    """

    def __init__(
        self,
        *,
        workers: Workforce,
        slots: int,
        home: Home,
        run_id: str,
        on_start: Callable[[Step], None],
        on_retry: Callable[[Step, Mapping[str, Any], float], None],
        on_end: Callable[[Step, Outcome], None],
    ) -> None:
        self._workers = workers
        self._slots = slots
        self._home = home
        self._run_id = run_id
        self._store = ContentStore(home.content)
        self._on_start, self._on_retry, self._on_end = on_start, on_retry, on_end
        self._queue: deque[Step] = deque()
        self._running: dict[int, Step] = {}
        self._timers: list[tuple[float, int, Step]] = []
        self._ids = itertools.count(1)

    @property
    def is_busy(self) -> bool:
        """Whether any step is queued, running or waiting for its next attempt."""
        return bool(self._queue or self._running or self._timers)

    @property
    def has_room(self) -> bool:
        """Whether a step could start now."""
        return len(self._running) + len(self._queue) < self._slots

    def enqueue(self, step: Step) -> None:
        """Take over a step."""
        step.attempt = step.first_attempt
        self._queue.append(step)

    def drop_queued(self, drop: Callable[[Step], bool]) -> list[Step]:
        """Take back those queued steps that `drop` names and that have never been started."""
        queued, self._queue = self._queue, deque()
        dropped: list[Step] = []
        for step in queued:
            is_new = step.attempt == step.first_attempt
            (dropped if is_new and drop(step) else self._queue).append(step)
        return dropped

    def dispatch(self) -> None:
        """Start as many queued attempts as there are slots."""
        while self._queue and len(self._running) < self._slots:
            self._start(self._queue.popleft())

    def _start(self, step: Step) -> None:
        task = step.task
        step.folder = self._home.attempt(self._run_id, task.path, step.attempt)
        step.request = executor_input(task.component, task.inputs, step.folder)
        step.timed_out = False
        timeout = step.prepared.timeout_s
        step.deadline = time.monotonic() + timeout if timeout else None
        request_id = next(self._ids)
        self._running[request_id] = step
        self._on_start(step)
        prepared = step.prepared
        self._workers.submit(
            StepRequest(
                id=request_id,
                kind=prepared.worker or "milonga",
                function=prepared.function,
                source=prepared.source,
                folder=step.folder,
                modules=prepared.modules,
                packages=prepared.packages,
                container=prepared.container,
                environment=prepared.environment,
                live_function=prepared.live_function,
                executor_input=step.request,
            )
        )

    def wait(self, others: Sequence[int] = ()) -> None:
        """Wait for something to happen, or for one of `others` to become readable, and pass on what did."""
        for ended in self._workers.wait(self._next_due(), others):
            step = self._running.pop(ended.id, None)
            if step is not None:
                self._ended(step, ended)
        self._look_at_clock()

    def _next_due(self) -> float | None:
        now = time.monotonic()
        times = [entry[0] for entry in self._timers[:1]]
        times += [step.deadline for step in self._running.values() if step.deadline is not None and not step.timed_out]
        return max(0.0, min(times) - now) if times else None

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._queue.append(heapq.heappop(self._timers)[2])
        for request_id, step in self._running.items():
            if step.deadline is not None and now >= step.deadline and not step.timed_out:
                step.timed_out = True
                self._workers.kill(request_id)

    def _ended(self, step: Step, ended: StepEnded) -> None:
        error: Mapping[str, Any] = {}
        outputs: Bundle | None = None
        if ended.exit_code == 0:
            try:
                outputs = self._read(step, ended)
            except MilongaError as failure:
                error = failure.to_json()
        else:
            error = self._failure(step, ended)
        log = log_of(step.task.path, step.attempt)
        used = step.attempt - step.first_attempt
        if outputs is None and used < step.retries:
            delay = min(step.backoff_s * step.backoff_factor**used, step.backoff_max_s)
            self._on_retry(step, error, delay)
            step.attempt += 1
            heapq.heappush(self._timers, (time.monotonic() + delay, next(self._ids), step))
            return
        self._on_end(step, Outcome(outputs, error, ended.cpu_s, ended.peak_memory_bytes, log))

    def _read(self, step: Step, ended: StepEnded) -> Bundle:
        output = ended.output
        if output is None:
            path = step.folder / OUTPUT_FILE
            output = json.loads(path.read_text("utf-8")) if path.is_file() else {}
            component = step.task.component
            promised = bool(component.output_parameters or component.output_artifacts)
            if promised and step.prepared.worker == "milonga" and not path.is_file():  # such as sys.exit(0)
                raise TaskFailed("E416", "the process ended with exit code 0 without a result")
        return read_outputs(step.task.component, output or {}, step.request, step.folder, self._store)

    def _failure(self, step: Step, ended: StepEnded) -> Mapping[str, Any]:
        if step.timed_out:
            limit = step.prepared.timeout_s
            return {"code": "E419", "kind": "user", "message": f"timed out after {limit:g} s"}
        if ended.error is not None:
            return ended.error
        path = step.folder / ERROR_FILE
        if path.is_file():
            found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
            return found
        if ended.exit_code == -9:
            peak = ended.peak_memory_bytes / 2**20
            message = f"killed by the system (signal 9) at {peak:.0f} MiB of memory, most likely for want of memory"
            return {"code": "E415", "kind": "system", "message": message}
        how = f"signal {-ended.exit_code}" if ended.exit_code < 0 else f"exit code {ended.exit_code}"
        return {"code": "E416", "kind": "user", "message": f"the process ended with {how} without a result"}

    def cancel(self) -> None:
        """Drop what is queued and end what is running."""
        self._queue.clear()
        self._timers.clear()
        for request_id in self._running:
            self._workers.kill(request_id)
        self._running.clear()
