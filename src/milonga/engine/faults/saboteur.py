"""Workers that do to attempts what the faults of a run ask for: a real signal, a real pause, a real end."""

from __future__ import annotations

import heapq
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from milonga.engine.faults.interference import Interference
from milonga.engine.workers.base import LOG_FILE, StepEnded, StepRequest
from milonga.engine.workers.workforce import Workforce

_SIGKILL_CODE = -int(signal.SIGKILL)


class Saboteur(Workforce):
    """Stands before the workers of a run and has their face.

    Args:
        workers: who does the work; closed with this object.
        interference: what to do to an attempt that is about to start; asked once for each.
        on_kill: called with the text of a fault that has killed.
    """

    def __init__(
        self,
        workers: Workforce,
        interference: Callable[[StepRequest], Interference],
        on_kill: Callable[[str], None],
    ) -> None:
        super().__init__({})
        self._workers = workers
        self._interference = interference
        self._on_kill = on_kill
        self._held: list[tuple[float, int, StepRequest, Interference]] = []
        self._to_kill: list[tuple[float, int, Interference]] = []
        self._deaths: dict[int, Mapping[str, Any]] = {}
        self._running: set[int] = set()
        self._last_words: set[int] = set()
        self._crashes = False
        self._ended: list[StepEnded] = []

    def submit(self, request: StepRequest) -> None:
        """Start an attempt, or do something else in its place."""
        self._crash_if_due()
        planned = self._interference(request)
        if planned.hold_s:
            heapq.heappush(self._held, (time.monotonic() + planned.hold_s, request.id, request, planned))
        else:
            self._begin(request, planned)

    def _begin(self, request: StepRequest, planned: Interference) -> None:
        if planned.crash == "after":
            self._last_words.add(request.id)
        if planned.failure:
            _log(request, planned.failure)
            self._ended.append(StepEnded(request.id, 1, error=planned.failure))
            return
        self._running.add(request.id)
        self._workers.submit(request)
        if planned.crash == "before":
            _die()
        if planned.kill_after_s is not None:
            heapq.heappush(self._to_kill, (time.monotonic() + planned.kill_after_s, request.id, planned))
            self._kill_due()

    def _kill_due(self) -> None:
        while self._to_kill and self._to_kill[0][0] <= time.monotonic():
            _, request_id, planned = heapq.heappop(self._to_kill)
            if request_id in self._running:
                self._workers.kill(request_id)
                self._deaths[request_id] = planned.death
                self._on_kill(planned.killer)

    def wait(self, timeout_s: float | None, others: Sequence[int] = ()) -> list[StepEnded]:
        """Attempts that have ended, by themselves or by a fault."""
        self._crash_if_due()
        if not self._ended:
            due = self._next_due_s()
            limits = [limit for limit in (timeout_s, due) if limit is not None]
            self._ended = [self._told(report) for report in self._workers.wait(min(limits, default=None), others)]
            self._act()
        ended, self._ended = self._ended, []
        self._crashes = self._crashes or any(report.id in self._last_words for report in ended)
        return ended

    def _next_due_s(self) -> float | None:
        times = [held[0] for held in self._held[:1]] + [killed[0] for killed in self._to_kill[:1]]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _act(self) -> None:
        while self._held and self._held[0][0] <= time.monotonic():
            _, _, request, planned = heapq.heappop(self._held)
            self._begin(request, planned)
        self._kill_due()

    def _told(self, report: StepEnded) -> StepEnded:
        """The report of a killed attempt says why; one that was quicker than its late end keeps its result."""
        self._running.discard(report.id)
        death = self._deaths.pop(report.id, None)
        return report if death is None else replace(report, exit_code=_SIGKILL_CODE, output=None, error=death)

    def kill(self, request_id: int) -> None:
        """End an attempt, also one that is still held back."""
        held = [entry for entry in self._held if entry[1] == request_id]
        if held:
            self._held = [entry for entry in self._held if entry[1] != request_id]
            heapq.heapify(self._held)
            self._ended.append(StepEnded(request_id, _SIGKILL_CODE))
        else:
            self._workers.kill(request_id)

    def close(self) -> None:
        """End everything."""
        self._crash_if_due()
        self._workers.close()

    def _crash_if_due(self) -> None:
        """The engine comes here after it has committed what `wait` told it."""
        if self._crashes:
            _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _log(request: StepRequest, error: Mapping[str, Any]) -> None:
    request.folder.mkdir(parents=True, exist_ok=True)
    (request.folder / LOG_FILE).write_text(f"{error['code']}: {error['message']}\n", "utf-8")
