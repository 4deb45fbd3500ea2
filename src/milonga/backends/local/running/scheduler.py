"""The scheduler of this machine: rounds, for as long as it is there. It keeps nothing that a kill could lose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from milonga.backends.local.clock import Clock, SystemClock
from milonga.backends.local.places import Places
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.local.running.launcher import Launcher
from milonga.backends.local.running.presence import present
from milonga.backends.local.running.round import Rounds
from milonga.engine.home import Home
from milonga.errors import StoreError

POLL_S = 0.5
MAX_RUNS = 8


class LocalScheduler:
    """Starts what is due in one state folder.

    Args:
        home: the state folder.
        clock: what time it is.
        max_runs: runs of all schedules together that go on at the same time.
        say: called with a line for people when something happens.
        poll_s: how often folders, requests and ended runs are looked at, in seconds.
    """

    def __init__(
        self,
        home: Home,
        *,
        clock: Clock | None = None,
        max_runs: int = MAX_RUNS,
        say: Callable[[str], None] = lambda _: None,
        poll_s: float = POLL_S,
    ) -> None:
        self._home = home
        self._clock = clock or SystemClock()
        self._max_runs = max_runs
        self._say = say
        self._poll_s = poll_s

    def serve(self) -> None:
        """Make rounds until something is raised, such as KeyboardInterrupt. What runs then goes on.

        Raises:
            StoreError: E473, E474, the file of schedules cannot be used. While it cannot be written (E475) it goes on.
        """
        with present(Places(self._home)), self._rounds() as (rounds, _):
            said = ""
            while True:
                try:
                    rounds.make()
                    pause_s, said = self._pause_s(rounds), ""
                except StoreError as error:
                    if error.code != "E475":  # a full disk and a held file pass
                        raise
                    if said != str(error):
                        said = str(error)
                        self._say(said)
                    pause_s = self._poll_s
                self._clock.sleep(pause_s)

    def run_due(self, *, wait: bool = False) -> tuple[Firing, ...]:
        """Start what is due now; files that have just come are given the time to settle.

        Args:
            wait: also wait for the end of everything that was started, and start what had to wait for it.

        Returns:
            The firings that were started, as they are now, in their order.
        """
        with self._rounds() as (rounds, database):
            until = self._clock.now()
            started = rounds.make()
            if rounds.settle_s > 0:
                self._clock.sleep(rounds.settle_s)
                started += rounds.make()
            while wait and not all(firing.has_ended for firing in _as_they_are(database, started)):
                self._clock.sleep(min(self._poll_s, 0.1))
                started += rounds.make(until)
            return _as_they_are(database, started)

    @contextmanager
    def _rounds(self) -> Iterator[tuple[Rounds, ScheduleDatabase]]:
        with ScheduleDatabase(Places(self._home).database) as database:
            launcher = Launcher(self._home, database, self._clock)
            try:
                yield Rounds(database, launcher, self._clock, max_runs=self._max_runs, say=self._say), database
            finally:
                launcher.leave()

    def _pause_s(self, rounds: Rounds) -> float:
        """Until the next time, or until the next look: a clock that jumps is noticed then."""
        due = rounds.next_due()
        left_s = 0.0 if due is None else (due - self._clock.now()).total_seconds()
        return left_s if 0 < left_s < self._poll_s else self._poll_s  # what is overdue waits for room


def _as_they_are(database: ScheduleDatabase, started: list[Firing]) -> tuple[Firing, ...]:
    numbers = sorted({firing.number for firing in started})
    found = (FiringTable(database).numbered(number) for number in numbers)
    return tuple(firing for firing in found if firing is not None)
