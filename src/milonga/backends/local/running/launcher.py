"""Starts the processes of firings.

A process gets the lock of its firing from who starts it, already taken: there is no moment at which the lock says that
nobody works on a firing while somebody does. So any number of schedulers may try, one of them starts it, and when a
scheduler is killed between the lines below, either the process is there and holds the lock, or the lock is free and the
next scheduler starts it. What a firing has begun before is for its process to find out.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import IO

from milonga.backends.local.clock import Clock
from milonga.backends.local.places import Places
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing
from milonga.backends.local.records.firing_table import FiringTable
from milonga.engine.home import Home
from milonga.engine.run_lock import is_held
from milonga.errors import RunError, StoreError

LAUNCHES_MAX = 5
"""How many processes of one firing may die before it counts as failed."""


class Launcher:
    """Starts processes, and collects those of its own that have ended.

    Args:
        home: the state folder.
        database: the firings; used by the caller's thread.
        clock: what time it is.
    """

    def __init__(self, home: Home, database: ScheduleDatabase, clock: Clock) -> None:
        self._home = home
        self._places = Places(home)
        self._database = database
        self._firings = FiringTable(database)
        self._clock = clock
        self._processes: list[subprocess.Popen[bytes]] = []

    def launch(self, number: int, may_start: Callable[[Firing], bool] = lambda _: True) -> Firing | None:
        """Start the process of a firing; the firing as it was before, or None when there was nothing to start.

        Args:
            number: which firing.
            may_start: asked about one that was never started, in the transaction that writes that it was.

        Raises:
            RunError: E476, the system starts no process. The firing stays as it is, and is tried again.
            StoreError: E475, there is no room for its log.
        """
        with ExitStack() as stack:
            folder = self._places.firing(number)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context((folder / "lock").open("a+"))
                log = stack.enter_context(self._places.log(number).open("ab"))
            except OSError as error:
                raise StoreError(
                    "E475", f"the schedules cannot be written: {error.strerror}", where=str(folder)
                ) from error
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return None
            with self._database.transaction():
                firing = self._firings.numbered(number)
                if firing is None or firing.has_ended or self._is_refused(firing, may_start):
                    return None
                self._firings.launch(number)
            self._processes.append(self._started(number, lock, log))
        return firing

    def _is_refused(self, firing: Firing, may_start: Callable[[Firing], bool]) -> bool:
        if firing.state == "PENDING":
            return not may_start(firing)
        if firing.is_cancelled:
            self._firings.end(firing.number, "CANCELLED", {}, self._clock.now())
            return True
        if firing.launches >= LAUNCHES_MAX:
            error = RunError(
                "E471",
                f"the process of the run died {firing.launches} times",
                where=str(self._places.log(firing.number)),
                hint=f"milonga run --resume {firing.run_id}" if firing.run_id else "",
                kind="system",
            )
            self._firings.end(firing.number, "FAILED", error.to_json(), self._clock.now())
            return True
        return False

    def _started(self, number: int, lock: IO[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        """The process, in a session of its own, so that what ends this one does not end it.

        It starts in a folder of ours: Python looks for modules where it starts, and the author's folder may hold an
        `email.py`.
        """
        module = "milonga.backends.local.running.firing_process"
        try:
            return subprocess.Popen(
                [sys.executable, "-m", module, str(self._home.root), str(number), str(lock.fileno())],
                cwd=self._places.firing(number),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock.fileno(),),
            )
        except OSError as error:
            raise RunError(
                "E476", f"the process of a run cannot be started: {error.strerror}", where=sys.executable, kind="system"
            ) from error

    def is_going(self, firing: Firing) -> bool:
        """Whether some process works on a firing now."""
        return is_held(self._places.firing(firing.number)) or (
            bool(firing.run_id) and is_held(self._home.run(firing.run_id))
        )

    def collect(self) -> None:
        """Let the system forget those of our processes that have ended."""
        self._processes = [process for process in self._processes if process.poll() is None]

    def leave(self) -> None:
        """Let our processes go on without us. They belong to nobody then, and the system collects them."""
        self.collect()
        for process in self._processes:
            process.returncode = 0  # else Popen warns that it was never waited for, which is the point
        self._processes = []
