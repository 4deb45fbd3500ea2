"""The verdict of a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case.

    Attributes:
        reason: the first difference, or why it was not run; for one that passed, what of it could not be looked at
            because the back end does not show it, mostly "".
        duration_s: how long it took.
    """

    file: str
    case: str
    outcome: Outcome
    reason: str = ""
    duration_s: float = 0.0

    def to_json(self) -> dict[str, str]:
        """The verdict as `milonga conformance --json` prints it."""
        return {"file": self.file, "case": self.case, "verdict": self.outcome, "reason": self.reason}
