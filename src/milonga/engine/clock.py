"""A wall clock that does not jump: what a run records stays in order, whatever is done to the machine's clock."""

from __future__ import annotations

import time

_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Of the clocks that only go forth, the one that goes on while a machine sleeps, where there is one."""


class SteadyClock:
    """Looks at the machine's wall clock once, and counts from there.

    Args:
        began_at: what the time is taken to be now, in seconds since the epoch; by default what the wall clock says.
    """

    def __init__(self, began_at: float | None = None) -> None:
        self._offset_s = (time.time() if began_at is None else began_at) - time.clock_gettime(_SINCE_BOOT)

    def now(self) -> float:
        """The time in seconds since the epoch; never less than before."""
        return self._offset_s + time.clock_gettime(_SINCE_BOOT)
