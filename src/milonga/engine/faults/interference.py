"""What the faults of a run do to one attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CrashTime = Literal["", "before", "after"]


@dataclass(frozen=True, slots=True)
class Interference:
    """What is done to an attempt; the defaults do nothing.

    Attributes:
        hold_s: seconds before it starts.
        failure: the error that it ends with in place of running.
        kill_after_s: seconds that it runs before its processes are killed; None lets it end by itself.
        death: the error that the killed attempt is reported with.
        killer: the fault that kills, as it was written.
        crash: when the engine itself is killed: as the attempt starts, or when what came of it is recorded.
    """

    hold_s: float = 0.0
    failure: Mapping[str, Any] = field(default_factory=dict)
    kill_after_s: float | None = None
    death: Mapping[str, Any] = field(default_factory=dict)
    killer: str = ""
    crash: CrashTime = ""

    def joined(self, other: Interference) -> Interference:
        """Both: pauses add up; of failures, deaths and crashes the first counts."""
        first = self if self.kill_after_s is not None else other
        return Interference(
            self.hold_s + other.hold_s,
            self.failure or other.failure,
            first.kill_after_s,
            first.death,
            first.killer,
            self.crash or other.crash,
        )
