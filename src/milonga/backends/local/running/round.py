"""One round of scheduling: look at the clock and the folders, record what is due, start what may start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from milonga.backends.local.clock import Clock
from milonga.backends.local.events.watched_folders import WatchedFolders
from milonga.backends.local.records.changes import record_due
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.local.records.schedule_table import ScheduleTable
from milonga.backends.local.running.launcher import Launcher
from milonga.errors import RunError

_AT_ONCE = 500
"""Schedules that one transaction decides: others must be able to write in between."""


class Rounds:
    """Makes rounds over one state folder. Several processes may do so at the same time.

    Args:
        database: schedules and firings.
        launcher: starts their processes.
        clock: what time it is.
        max_runs: runs of all schedules together that go on at the same time.
        say: called with a line for people when something happens.
    """

    def __init__(
        self,
        database: ScheduleDatabase,
        launcher: Launcher,
        clock: Clock,
        *,
        max_runs: int,
        say: Callable[[str], None],
    ) -> None:
        self._database = database
        self._schedules = ScheduleTable(database)
        self._firings = FiringTable(database)
        self._launcher = launcher
        self._clock = clock
        self._max_runs = max_runs
        self._say = say
        self._folders = WatchedFolders(database, clock, say)

    @property
    def settle_s(self) -> float:
        """For how long to wait until the files that are there can be known to be complete; 0 when all are known."""
        return self._folders.settle_s

    def make(self, until: datetime | None = None) -> list[Firing]:
        """One round; the firings that it has started, as they were before.

        Args:
            until: times up to this moment only, and no files; None is now.
        """
        self._launcher.collect()
        self._record_times(until)
        if until is None:
            self._folders.look()
        return [*self._seen_through(), *self._started()]

    def next_due(self) -> datetime | None:
        """When the next time is due."""
        return self._schedules.next_due()

    def _record_times(self, until: datetime | None) -> None:
        numbers = self._schedules.to_decide(self._clock.now())
        for begin in range(0, len(numbers), _AT_ONCE):
            with self._database.transaction():
                now = self._clock.now()
                for number in numbers[begin : begin + _AT_ONCE]:
                    self._decide(number, now, until)

    def _decide(self, number: int, now: datetime, until: datetime | None) -> None:
        schedule = self._schedules.numbered(number)
        if schedule is None or not schedule.is_enabled or (until is not None and schedule.decided > until):
            return
        moment = now if until is None else min(now, until)
        record_due(self._database, schedule, moment, room=schedule.max_concurrency)

    def _seen_through(self) -> list[Firing]:
        """Go on with what was started and has lost its process."""
        lost = [firing for firing in self._firings.running() if not self._launcher.is_going(firing)]
        return [found for firing in lost if (found := self._launched(firing.number, "resumed")) is not None]

    def _started(self) -> list[Firing]:
        started: list[Firing] = []
        while True:
            room = self._max_runs - len(self._firings.running())
            numbers = self._firings.startable(room) if room > 0 else []
            found = [firing for number in numbers if (firing := self._launched(number, "started")) is not None]
            if not found:
                return started
            started += found

    def _launched(self, number: int, word: str) -> Firing | None:
        try:
            firing = self._launcher.launch(number, lambda _: self._firings.may_start(number, self._max_runs))
        except RunError as error:
            self._say(str(error))
            return None
        if firing is not None:
            self._say(f"{firing.id} {word}" + (f" ({firing.event})" if firing.event else ""))
        return firing
