"""The attempts that are at work in a pod, and the loop that waits for them."""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from milonga.engine.pod.together.attempt_process import AttemptProcess

_LOOK_S = 0.02
"""How often it is looked whether a process is over whose output somebody else still holds open."""

_STOP_S = 0.5
"""How often it is looked whether to stop while nothing is at work: a signal does not end a wait."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attempt that is to be made.

    Attributes:
        start: makes its process.
        ended: called when that is over.
        needs: how much of the pod's resources it asks for.
    """

    start: Callable[[], AttemptProcess]
    ended: Callable[[AttemptProcess], None]
    needs: Mapping[str, float] = field(default_factory=dict)


class Processes:
    """Starts attempts as far as there is room, and calls back when they are over. Owned by one thread.

    Args:
        jobs: how many may be at work.
        capacity: resources that they may not exceed together.
        each_turn: called again and again, many times a second while anything is at work.
    """

    def __init__(self, jobs: int, capacity: Mapping[str, float], each_turn: Callable[[], None] = lambda: None) -> None:
        self._jobs = jobs
        self._each_turn = each_turn
        self._capacity = capacity
        self._soon: deque[Callable[[], None]] = deque()
        self._wanted: deque[Wanted] = deque()
        self._running: dict[AttemptProcess, Wanted] = {}
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._is_stopping = False

    def soon(self, call: Callable[[], None]) -> None:
        """Call something from the loop: chains of tasks that need no work are no chain of calls."""
        self._soon.append(call)

    def later(self, pause_s: float, call: Callable[[], None]) -> None:
        """Call something after a pause."""
        heapq.heappush(self._later, (time.monotonic() + pause_s, next(self._numbers), call))

    def want(self, wanted: Wanted) -> None:
        """Make an attempt as soon as there is room."""
        self._wanted.append(wanted)

    def stop(self) -> None:
        """Start nothing more and end what is at work; `run` returns. May be called by a signal handler."""
        self._is_stopping = True

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._is_stopping

    def run(self) -> None:
        """Work until there is nothing left to do."""
        # not epoll: it goes on to look at a pipe that was closed here, since attempts that began later hold it as well
        with selectors.PollSelector() as selector:
            while not self._is_stopping and (self._soon or self._wanted or self._running or self._later):
                self._turn(selector)
        for process in self._running:
            process.kill()
        while any(not process.has_ended() for process in self._running):
            time.sleep(_LOOK_S)

    def _turn(self, selector: selectors.BaseSelector) -> None:
        while self._soon:
            self._soon.popleft()()
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()
        self._start(selector)
        self._each_turn()
        if self._soon:
            return
        for key, _ in selector.select(self._pause_s()):
            key.data.read(key.fd)
        for process in list(self._running):
            _watch(selector, process)
            if process.has_ended():
                _watch(selector, process)
                self._running.pop(process).ended(process)

    def _start(self, selector: selectors.BaseSelector) -> None:
        waiting: deque[Wanted] = deque()
        while self._wanted and len(self._running) < self._jobs:
            wanted = self._wanted.popleft()
            if not self._fits(wanted):
                waiting.append(wanted)
                continue
            process = wanted.start()
            self._running[process] = wanted
            for reader in process.readers():
                selector.register(reader, selectors.EVENT_READ, process)
        self._wanted.extendleft(reversed(waiting))

    def _fits(self, wanted: Wanted) -> bool:
        for resource, capacity in self._capacity.items():
            used = sum(other.needs.get(resource, 0.0) for other in self._running.values())
            if self._running and used + wanted.needs.get(resource, 0.0) > capacity:
                return False
        return True

    def _pause_s(self) -> float | None:
        if self._running:
            return _LOOK_S
        return min(max(self._later[0][0] - time.monotonic(), 0.0), _STOP_S) if self._later else 0.0


def _watch(selector: selectors.BaseSelector, process: AttemptProcess) -> None:
    """Look no longer at what a process has closed."""
    open_ones = set(process.readers())
    for key in list(selector.get_map().values()):
        if key.data is process and key.fd not in open_ones:
            selector.unregister(key.fd)


def cores() -> int:
    """How many attempts may compute at the same time: the pod's limit, else what the node has."""
    known = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
    except (OSError, ValueError):
        return known
    return known if quota == "max" else max(1, min(known, -(-int(quota) // int(period))))
