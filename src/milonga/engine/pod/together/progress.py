"""How far a pod with several tasks has come, for Argo, which shows it while the pod works."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from milonga.engine.pod.together.plan import PlannedTask
from milonga.runtime.task import write_atomically

VARIABLE = "ARGO_PROGRESS_FILE"
"""Names the file that Argo looks into: "ended/all" on one line (Argo's documentation, "Progress")."""

_WRITE_EVERY_S = 1.0


class Progress:
    """Counts steps. Owned by one thread.

    Args:
        path: Argo's file; None where nobody looks.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._expected = 0
        self._ended = 0
        self._told = ""
        self._next_at = 0.0

    def expect(self, steps: int) -> None:
        """There are so many more to do."""
        self._expected += steps

    def ended(self, steps: int = 1) -> None:
        """So many are over, however they ended."""
        self._ended += steps

    def tell(self) -> None:
        """Write the file, but not too often; called from time to time while steps work."""
        if time.monotonic() >= self._next_at:
            self.write()

    def write(self) -> None:
        """Write the file, if there is something new."""
        text = f"{self._ended}/{self._expected}"
        if self._path is None or text == self._told or not self._expected:
            return
        self._told, self._next_at = text, time.monotonic() + _WRITE_EVERY_S
        with contextlib.suppress(OSError):  # nobody's result depends on it
            write_atomically(self._path, f"{text}\n")


def steps_in(task: PlannedTask) -> int:
    """The steps of one execution of a task; without those of loops inside, whose number is known when they begin."""
    if task.leaf:
        return 1
    return sum(steps_in(inner) for inner in task.tasks or () if inner.loop is None)
