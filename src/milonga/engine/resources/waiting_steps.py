"""Steps that wait for their turn: the one on the longest path first, as far as what it asks for is free."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from milonga.engine.resources.demand import Demand

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
    """A queue by rank, one heap for each kind of demand, so that finding the next step does not look at all of them."""

    def __init__(self) -> None:
        self._heaps: dict[Demand, list[tuple[float, int, _Step]]] = {}
        self._numbers = itertools.count()
        self._passed: dict[int, int] = {}

    def __len__(self) -> int:
        return sum(len(heap) for heap in self._heaps.values())

    def push(self, step: _Step) -> None:
        """Let `step` wait; of equal rank, who came first is first."""
        heapq.heappush(self._heaps.setdefault(step.demand, []), (-step.rank, next(self._numbers), step))

    def pop(self, fits: Callable[[Demand], bool]) -> _Step | None:
        """The first step that fits; None when there is none, or when one that was passed too often must be next."""
        passed: list[int] = []
        for _, number, demand in sorted((heap[0][0], heap[0][1], demand) for demand, heap in self._heaps.items()):
            if fits(demand):
                for other in passed:
                    self._passed[other] = self._passed.get(other, 0) + 1
                return self._taken(demand)
            if self._passed.get(number, 0) >= _PASSES:
                return None
            passed.append(number)
        return None

    def _taken(self, demand: Demand) -> _Step:
        heap = self._heaps[demand]
        _, number, step = heapq.heappop(heap)
        self._passed.pop(number, None)
        if not heap:
            del self._heaps[demand]
        return step

    def take_back(self, drop: Callable[[_Step], bool]) -> list[_Step]:
        """Those that `drop` names wait no longer; in the order in which they came."""
        dropped: list[tuple[int, _Step]] = []
        for demand, heap in list(self._heaps.items()):
            named = {number for _, number, step in heap if drop(step)}
            dropped += [(number, step) for _, number, step in heap if number in named]
            kept = [entry for entry in heap if entry[1] not in named]
            heapq.heapify(kept)
            if kept:
                self._heaps[demand] = kept
            else:
                del self._heaps[demand]
        return [step for _, step in sorted(dropped, key=lambda entry: entry[0])]

    def clear(self) -> None:
        """Nothing waits any more."""
        self._heaps.clear()
        self._passed.clear()
