"""A clock that a test moves: days pass in no time, and the wall clock jumps when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

UTC = timezone.utc


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TravellingClock:
    """Starts at a moment; sleeping moves it, and `jump` moves the wall clock alone."""

    def __init__(self, start: str | datetime) -> None:
        self._now = utc(start) if isinstance(start, str) else start
        self._elapsed_s = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self._now

    def elapsed_s(self) -> float:
        return self._elapsed_s

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._elapsed_s += seconds
        self.on_sleep()

    def jump(self, **by: float) -> None:
        self._now += timedelta(**by)

    def travel_to(self, moment: str) -> None:
        self.sleep((utc(moment) - self._now).total_seconds())
