"""When which pipeline is killed, and whom it hits: the same plan for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from milonga.testing.crash.pipelines import PIPELINES

Target = Literal["engine", "worker", "zygote", "both"]

TARGETS: tuple[Target, ...] = ("engine", "worker", "zygote", "both")
"""The engine; the process of one attempt; the process that these are forked from; the engine and one attempt."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill of one run.

    Attributes:
        number: its place in the plan.
        pipeline: one of `PIPELINES`.
        target: who gets the signal.
        at: when, as a share of the time that the run takes undisturbed: 0 is its first instant, 1 its last.
        choice: which of several attempts under way is hit, and who of both is hit first.
    """

    number: int
    pipeline: str
    target: Target
    at: float
    choice: int

    def __str__(self) -> str:
        return f"{self.pipeline}-{self.target}-{self.at:.2f}"


def plan_kills(count: int, seed: int = 0) -> tuple[Kill, ...]:
    """`count` kills; each twenty in a row hit each pipeline in each of the four ways."""
    kills = []
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        pipeline, target = PIPELINES[number % len(PIPELINES)], TARGETS[number % len(TARGETS)]
        kills.append(Kill(number, pipeline, target, chance.random(), chance.randrange(1 << 16)))
    return tuple(kills)
