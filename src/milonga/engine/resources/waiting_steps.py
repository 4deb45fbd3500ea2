"""Steps that wait for their turn: the one on the longest path first, as far as what it asks for is free."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from milonga.engine.resources.demand import Demand

_LOOKED_AT = 64
"""Kinds of demand that are tried for one that fits. More than that wait for different things only by accident."""

_PASSES = 16
"""How often a step may be passed by others that fit sooner, before nothing else starts until it fits."""


class Waiting(Protocol):
    """What waits."""

    @property
    def demand(self) -> Demand:
        """What it asks for."""
        ...

    @property
    def rank(self) -> float:
        """Seconds of work that wait for it, its own included; the largest starts first."""
        ...


_Step = TypeVar("_Step", bound=Waiting)


class WaitingSteps(Generic[_Step]):
    """A queue by rank: one heap for each kind of demand, and one of the steps at their tops.

    However many kinds there are, finding the next step looks at `_LOOKED_AT` of them at most.
    """

    def __init__(self) -> None:
        self._heaps: dict[Demand, list[tuple[float, int, _Step]]] = {}
        self._tops: list[tuple[float, int, Demand]] = []
        self._numbers = itertools.count()
        self._passed: dict[int, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def push(self, step: _Step) -> None:
        """Let `step` wait; of equal rank, who came first is first."""
        heap = self._heaps.setdefault(step.demand, [])
        number = next(self._numbers)
        heapq.heappush(heap, (-step.rank, number, step))
        self._count += 1
        if heap[0][1] == number:
            heapq.heappush(self._tops, (-step.rank, number, step.demand))

    def pop(self, fits: Callable[[Demand], bool]) -> _Step | None:
        """The first step that fits; None when there is none, or when one that was passed too often must be next."""
        passed: list[tuple[float, int, Demand]] = []
        found: Demand | None = None
        while self._tops and len(passed) < _LOOKED_AT:
            top = heapq.heappop(self._tops)
            _, number, demand = top
            heap = self._heaps.get(demand)
            if not heap or heap[0][1] != number:
                continue  # it is no top any more
            if fits(demand):
                found = demand
                break
            passed.append(top)
            if self._passed.get(number, 0) >= _PASSES:
                break
        for top in passed:
            heapq.heappush(self._tops, top)
            if found is not None:
                self._passed[top[1]] = self._passed.get(top[1], 0) + 1
        return None if found is None else self._taken(found)

    def _taken(self, demand: Demand) -> _Step:
        heap = self._heaps[demand]
        _, number, step = heapq.heappop(heap)
        self._passed.pop(number, None)
        self._count -= 1
        if heap:
            heapq.heappush(self._tops, (heap[0][0], heap[0][1], demand))
        else:
            del self._heaps[demand]
        return step

    def take_back(self, drop: Callable[[_Step], bool]) -> list[_Step]:
        """Those that `drop` names wait no longer; in the order in which they came."""
        waiting = sorted((entry for heap in self._heaps.values() for entry in heap), key=lambda entry: entry[1])
        dropped = [step for _, _, step in waiting if drop(step)]
        gone = {id(step) for step in dropped}
        self._heaps, self._tops = {}, []
        for entry in waiting:
            if id(entry[2]) not in gone:
                heapq.heappush(self._heaps.setdefault(entry[2].demand, []), entry)
        self._tops = [(heap[0][0], heap[0][1], demand) for demand, heap in self._heaps.items()]
        heapq.heapify(self._tops)
        self._count = sum(len(heap) for heap in self._heaps.values())
        return dropped

    def clear(self) -> None:
        """Nothing waits any more."""
        self._heaps.clear()
        self._tops.clear()
        self._passed.clear()
        self._count = 0
