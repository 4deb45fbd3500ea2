"""The clock of schedules. Everything that asks for the time takes one, so that tests travel through years at once."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Protocol

UTC = timezone.utc


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC. It may jump, both ways."""
        ...

    def elapsed_s(self) -> float:
        """Seconds since some moment; never jumps."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """What `time.time` says."""
        return datetime.fromtimestamp(time.time(), UTC)

    def elapsed_s(self) -> float:
        """What `time.monotonic` says."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; a signal whose handler raises ends it."""
        time.sleep(max(0.0, seconds))
