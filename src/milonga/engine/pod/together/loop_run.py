"""One loop: its iterations, as many at a time as may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from milonga.engine.pod.together.journal import State
from milonga.engine.pod.together.pod_run import PodRun

StartBody = Callable[[str, Sequence[int], Callable[[State], None]], None]
"""Starts an iteration: its path, the indices, what to call in the end."""


class LoopRun:
    """Runs a loop. Owned by the pod's thread.

    Args:
        pod: what all tasks share.
        path: of the loop in the run.
        indices: of the iterations around it.
        count: how many iterations it has.
        limit: how many may run at the same time; 0 for any number.
        start_body: starts one.
        ended: called in the end.
    """

    def __init__(
        self,
        pod: PodRun,
        path: str,
        indices: Sequence[int],
        *,
        count: int,
        limit: int,
        start_body: StartBody,
        ended: Callable[[State], None],
    ) -> None:
        self._pod = pod
        self._path = path
        self._indices = tuple(indices)
        self._count = count
        self._limit = limit
        self._start_body = start_body
        self._ended = ended
        self._begun = 0
        self._running = 0
        self._has_failed = False

    def start(self) -> None:
        """Begin."""
        self._pod.journal.started(self._path, "group", iterations=self._count)
        self._go_on()

    def _go_on(self) -> None:
        while self._may_begin():
            index = self._begun
            self._begun += 1
            self._running += 1
            self._start_body(f"{self._path}[{index}]", (*self._indices, index), self._one_ended)
        if not self._running:
            state: State = "FAILED" if self._has_failed else "SUCCEEDED"
            self._pod.journal.ended(self._path, state, kind="group")
            self._ended(state)

    def _may_begin(self) -> bool:
        """As in Argo and in the local engine, an iteration that has failed stops no other."""
        has_room = not self._limit or self._running < self._limit
        return self._begun < self._count and has_room

    def _one_ended(self, state: State) -> None:
        self._running -= 1
        self._has_failed = self._has_failed or state == "FAILED"
        self._go_on()
