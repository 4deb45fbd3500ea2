"""A condition over the outcomes of tasks, and whether it can hold, or fail, when each may end in several ways."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

ITEM_RESULTS = frozenset(("AnySucceeded", "AllFailed"))
_COMBINATIONS_MAX = 4096
_BOTH = frozenset((True, False))


@dataclass(frozen=True, slots=True)
class Condition:
    """A task's result, or an operation on conditions.

    Attributes:
        operator: "" for a task's result.
        parts: what it works on.
        task: the task, and `result` what of it; "" for a bare name.
    """

    operator: Literal["", "!", "&&", "||"]
    parts: tuple[Condition, ...] = ()
    task: str = ""
    result: str = ""

    @property
    def tasks(self) -> frozenset[str]:
        """Every task in it."""
        return frozenset((self.task,)) if not self.operator else frozenset().union(*(part.tasks for part in self.parts))

    def holds(self, outcomes: Mapping[str, str]) -> bool:
        """Whether it holds when each task ended in one way."""
        if not self.operator:
            return _is(outcomes[self.task], self.result)
        if self.operator == "!":
            return not self.parts[0].holds(outcomes)
        combine = all if self.operator == "&&" else any
        return combine(part.holds(outcomes) for part in self.parts)

    def results(self, outcomes: Mapping[str, frozenset[str]]) -> frozenset[bool]:
        """The values that it may have when tasks end independently; exact unless a task stands in several big parts."""
        names = sorted(self.tasks)
        if prod(len(outcomes[name]) for name in names) <= _COMBINATIONS_MAX:
            ends = itertools.product(*(sorted(outcomes[name]) for name in names))
            return frozenset(self.holds(dict(zip(names, end, strict=True))) for end in ends)
        values = [part.results(outcomes) for part in self.parts]
        if self.operator == "!":
            return frozenset(not value for value in values[0])
        decisive = self.operator == "||"
        may_decide = any(decisive in value for value in values)
        must_decide = any(value == {decisive} for value in values)
        return frozenset((decisive,)) if must_decide else _BOTH if may_decide else frozenset((not decisive,))


def _is(outcome: str, result: str) -> bool:
    """A bare name means succeeded or skipped; of a loop, the outcome alone tells here how its items ended."""
    if not result:
        return outcome in ("Succeeded", "Skipped")
    if result in ITEM_RESULTS:
        return outcome == ("Succeeded" if result == "AnySucceeded" else "Failed")
    return outcome == result
