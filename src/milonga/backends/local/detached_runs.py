"""Runs in processes of their own, which nobody waits for."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass

from milonga.backends.local.clock import Clock
from milonga.backends.local.places import Places
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.local.records.schedule_table import ScheduleTable
from milonga.backends.local.records.work import Work
from milonga.backends.local.run_states import run_as_it_is
from milonga.backends.local.running.launcher import Launcher
from milonga.backends.marks import new_mark
from milonga.backends.remote_run import RemoteRun
from milonga.engine.run_lock import is_held
from milonga.errors import RunError, UsageError

_BEGIN_S = 60.0
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class DetachedRuns:
    """Starts, shows and ends runs of a state folder, whoever has started them.

    Attributes:
        places: where they are.
        clock: what time it is.
    """

    places: Places
    clock: Clock

    def start(self, work: Work, text: str) -> str:
        """Start a run, and wait until it has begun; its id.

        Args:
            work: what runs.
            text: the pipeline.

        Raises:
            RunError: E472, E476, it does not begin; or why it cannot.
        """
        with ScheduleDatabase(self.places.database) as database:
            with database.transaction():
                ScheduleTable(database).keep_pipeline(work.pipeline, text)
                number = FiringTable(database).record_submitted(new_mark(), work, self.clock.now())
            launcher = Launcher(self.places.home, database, self.clock)
            try:
                launcher.launch(number)
                return self._begun(database, launcher, number)
            finally:
                launcher.leave()

    def _begun(self, database: ScheduleDatabase, launcher: Launcher, number: int) -> str:
        deadline = time.monotonic() + _BEGIN_S
        while time.monotonic() < deadline:
            launcher.collect()
            firing = FiringTable(database).numbered(number)
            if firing is None:
                raise AssertionError("it was recorded just now")
            if firing.run_id:
                return firing.run_id
            if firing.has_ended:
                error = firing.error
                raise RunError(
                    str(error.get("code", "E472")),
                    str(error.get("message", "the run has not begun")),
                    where=str(error.get("where", "")),
                    got=str(error.get("got", "")),
                    expected=str(error.get("expected", "")),
                    hint=str(error.get("hint", "")),
                )
            if not launcher.is_going(firing):
                break
            time.sleep(_LOOK_S)
        raise RunError("E472", "the run has not begun", where=str(self.places.log(number)), kind="system")

    def status(self, run_id: str) -> RemoteRun:
        """A run as it is now.

        Raises:
            UsageError: E812, there is no such run.
        """
        run = run_as_it_is(self.places.home, run_id, is_going=self._is_going(run_id))
        if run is None:
            raise UsageError(
                "E812",
                f"there is no run '{run_id}'",
                where=str(self.places.home.root),
                hint="milonga runs lists them",
            )
        return run

    def cancel(self, run_id: str) -> None:
        """Ask the process of a run for its end; one that has lost its process is not resumed any more.

        Raises:
            UsageError: E812, there is no such run.
        """
        self.status(run_id)
        if self.places.database.exists():
            with ScheduleDatabase(self.places.database) as database, database.transaction():
                firings = FiringTable(database)
                firing = firings.of_run(run_id)
                if firing is not None and not firing.has_ended:
                    firings.cancel(firing.number)
        folder = self.places.home.run(run_id)
        with contextlib.suppress(OSError, ValueError):
            if is_held(folder):
                os.kill(int((folder / "lock").read_text("utf-8")), signal.SIGINT)

    def _is_going(self, run_id: str) -> bool:
        """Whether a process works on a run, or will in a moment: between two processes its firing holds it."""
        if is_held(self.places.home.run(run_id)):
            return True
        firing = self._firing_of(run_id)
        return firing is not None and not firing.has_ended and is_held(self.places.firing(firing.number))

    def _firing_of(self, run_id: str) -> Firing | None:
        if not self.places.database.exists():
            return None
        with ScheduleDatabase(self.places.database) as database:
            return FiringTable(database).of_run(run_id)
