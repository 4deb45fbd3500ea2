"""All worker pools of one run behind one face: an attempt goes to the pool of its kind, one wait serves them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from milonga.engine.workers.base import StepEnded, StepKind, StepRequest, WorkerPool
from milonga.engine.workers.readiness import wait_for_ready


class Workforce:
    """The pools of a run, each made when its first attempt comes. Used from the scheduler's thread only.

    Args:
        makers: kind of step → what makes its pool. Kinds that share a maker share the pool.
    """

    def __init__(self, makers: Mapping[StepKind, Callable[[], WorkerPool]]) -> None:
        self._makers = makers
        self._pools: dict[Callable[[], WorkerPool], WorkerPool] = {}
        self._pool_of: dict[int, WorkerPool] = {}

    def submit(self, request: StepRequest) -> None:
        """Start an attempt in the pool of its kind."""
        maker = self._makers[request.kind]
        pool = self._pools.get(maker)
        if pool is None:
            pool = self._pools[maker] = maker()
        self._pool_of[request.id] = pool
        try:
            pool.submit(request)
        except Exception:
            del self._pool_of[request.id]  # it never started, and no report of it will come
            raise

    def wait(self, timeout_s: float | None, others: Sequence[int] = ()) -> list[StepEnded]:
        """Attempts that have ended.

        Args:
            timeout_s: how long to wait for the first; None waits without limit.
            others: more file descriptors that end the wait when they can be read.
        """
        ended = self._collect()
        if ended:
            return ended
        streams = [*others, *(stream for pool in self._pools.values() for stream in pool.streams())]
        if streams:
            if wait_for_ready(streams, timeout_s=timeout_s):
                return self._collect()
        elif timeout_s:
            time.sleep(timeout_s)
        return []

    def _collect(self) -> list[StepEnded]:
        ended = [report for pool in self._pools.values() for report in pool.collect()]
        for report in ended:
            self._pool_of.pop(report.id, None)
        return ended

    def kill(self, request_id: int) -> None:
        """End an attempt and all its processes; nothing happens when it has ended already."""
        pool = self._pool_of.get(request_id)
        if pool is not None:
            pool.kill(request_id)

    def close(self) -> None:
        """End everything."""
        for pool in self._pools.values():
            pool.close()
