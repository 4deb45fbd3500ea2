"""Files that have arrived in watched folders.

A file counts when it has not changed for its trigger's `settle_s` seconds between two looks of this process, measured
by a clock that does not jump: the times that a file carries are its writer's, and may be old (`cp -p`) or ahead. What
has counted once is noted by its mark in the same transaction that records the firing.

A folder of very many files, or one far away, takes long to look at: it is looked at less often, so that waiting costs
next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from milonga.backends.local.clock import Clock
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.local.records.schedule_table import ScheduleTable
from milonga.backends.local.records.stored_schedule import StoredSchedule
from milonga.backends.local.triggers import FileTrigger
from milonga.backends.local.triggers.sightings import Sighting

_CHEAP_S = 0.005
_REST = 20.0
"""How many times as long as a look took a folder is left alone, unless it was cheap."""


class WatchedFolders:
    """Looks at the folders of all schedules that wait for files.

    Args:
        database: schedules and firings.
        clock: what time it is.
        say: called with a line for people when a folder cannot be read.
    """

    def __init__(self, database: ScheduleDatabase, clock: Clock, say: Callable[[str], None]) -> None:
        self._database = database
        self._schedules = ScheduleTable(database)
        self._firings = FiringTable(database)
        self._clock = clock
        self._say = say
        self._since: dict[int, dict[Sighting, float]] = {}
        self._known: dict[int, set[Sighting]] = {}
        self._rest_until: dict[int, float] = {}
        self._unreadable: set[str] = set()
        self.settle_s = 0.0

    def look(self) -> None:
        """Look once; record a firing for each file that has arrived.

        `settle_s` says afterwards for how long the others must be left alone before the next look is of use.
        """
        self.settle_s = 0.0
        for schedule in self._schedules.of_kind(FileTrigger.kind):
            trigger = schedule.trigger
            if schedule.is_enabled and isinstance(trigger, FileTrigger):
                began = self._clock.elapsed_s()
                if began >= self._rest_until.get(schedule.number, began):
                    self._look_at(schedule, trigger)
                    now = self._clock.elapsed_s()
                    self._rest_until[schedule.number] = now + _REST * (now - began) if now - began > _CHEAP_S else now
                if self._since.get(schedule.number):
                    self.settle_s = max(self.settle_s, self._rest_until[schedule.number] - began)

    def _look_at(self, schedule: StoredSchedule, trigger: FileTrigger) -> None:
        try:
            there = list(trigger.sightings())
        except OSError as error:
            if trigger.folder not in self._unreadable:
                self._unreadable.add(trigger.folder)
                self._say(f"{schedule.id}: the folder cannot be read: {error.strerror}: {trigger.folder}")
            return
        self._unreadable.discard(trigger.folder)
        known = self._known.get(schedule.number, set()).intersection(there)
        before = self._since.get(schedule.number, {})
        now = self._clock.elapsed_s()
        since: dict[Sighting, float] = {}
        for sighting in there:
            if sighting in known:
                continue
            if self._schedules.has_seen(schedule.number, sighting.mark):
                known.add(sighting)
                continue
            first = before.get(sighting, now)
            if now - first >= trigger.settle_s and (sighting in before or not trigger.settle_s):
                if self._record(schedule, trigger, sighting):
                    known.add(sighting)
                continue
            since[sighting] = first
            self.settle_s = max(self.settle_s, trigger.settle_s - (now - first))
        self._known[schedule.number], self._since[schedule.number] = known, since

    def _record(self, schedule: StoredSchedule, trigger: FileTrigger, sighting: Sighting) -> bool:
        """Record the firing of a file, unless another process has; whether the file is done with."""
        try:
            marks = trigger.marks(sighting)
        except OSError as error:
            self._say(f"{schedule.id}: the file cannot be read: {error.strerror}: {sighting.path}")
            return False
        with self._database.transaction():
            present = self._schedules.numbered(schedule.number)
            if present is None or not present.is_enabled or present.trigger != trigger:
                return False
            is_new = [self._schedules.note_seen(schedule.number, mark) for mark in marks]
            if all(is_new):
                arguments = {trigger.input: sighting.path}
                self._firings.record_event(present, marks[-1], sighting.path, arguments, self._clock.now())
        return True
