"""The schedules of a state folder, as the back end and the command line see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from milonga.backends.local.clock import Clock
from milonga.backends.local.places import Places
from milonga.backends.local.records.changes import delete_schedule, pause_schedule, put_schedule, resume_schedule
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.local.records.schedule_table import ScheduleTable
from milonga.backends.local.records.stored_schedule import ScheduleDraft, StoredSchedule
from milonga.backends.local.running.presence import is_present
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.errors import UsageError


@dataclass(frozen=True, slots=True)
class KeptSchedules:
    """What can be asked of them. Looking makes no file.

    Attributes:
        places: where they are.
        clock: what time it is.
    """

    places: Places
    clock: Clock

    def add(self, draft: ScheduleDraft, *, take_present: bool = False) -> RemoteSchedule:
        """Keep a schedule; one of the same name is changed, and the note says so.

        Args:
            draft: the schedule.
            take_present: files that are there already count as new.

        Raises:
            UsageError: E977, the watched folder cannot be read.
            StoreError: E473-E475.
        """
        seen = draft.trigger.present_marks()
        with ScheduleDatabase(self.places.database) as database:
            made, was_there = put_schedule(database, draft, self.clock.now(), () if take_present else seen)
            pipeline = ScheduleTable(database).pipeline_name(made.work.pipeline)
        return made.listed(pipeline, note=self._note(made, was_there=was_there))

    def _note(self, schedule: StoredSchedule, *, was_there: bool) -> str:
        notes = (
            "the schedule of that name was changed" if was_there else "",
            "" if schedule.is_enabled else "it is paused, and stays so",
            "none of its times is left" if schedule.is_over else "",
            "" if is_present(self.places) else "no scheduler is running here: milonga schedule serve starts one",
        )
        return "; ".join(filter(None, notes))

    def all(self) -> tuple[RemoteSchedule, ...]:
        """All of them, newest first."""
        if not self.places.database.exists():
            return ()
        with ScheduleDatabase(self.places.database) as database:
            schedules, last = ScheduleTable(database), FiringTable(database).last_started()
            found = schedules.all()
            names = {digest: schedules.pipeline_name(digest) for digest in {item.work.pipeline for item in found}}
            return tuple(item.listed(names[item.work.pipeline], last=last.get(item.number)) for item in found)

    def has_kind(self, kind: str) -> bool:
        """Whether one of them has a trigger of that kind."""
        if not self.places.database.exists():
            return False
        with ScheduleDatabase(self.places.database) as database:
            return bool(ScheduleTable(database).of_kind(kind))

    def firings(self, id: str, limit: int) -> tuple[Firing, ...]:
        """The newest firings of a schedule, newest first.

        Raises:
            UsageError: E813, there is no such schedule.
        """
        with self._database_of(id) as (database, schedule):
            return FiringTable(database).of_schedule(schedule.number, limit)

    def pause(self, id: str) -> None:
        """Start nothing more; what was due before waits until it is resumed.

        Raises:
            UsageError: E813, there is no such schedule.
        """
        with self._database_of(id) as (database, schedule):
            self._require(pause_schedule(database, schedule.number, self.clock.now()), id)

    def resume(self, id: str, *, catch_up: bool) -> None:
        """Start runs again; what was missed since the pause runs with `catch_up` only.

        Raises:
            UsageError: E813, there is no such schedule.
        """
        with self._database_of(id) as (database, schedule):
            seen = () if catch_up or schedule.is_enabled else schedule.trigger.present_marks()
            found = resume_schedule(database, schedule.number, self.clock.now(), catch_up=catch_up, seen=seen)
            self._require(found, id)

    def delete(self, id: str) -> None:
        """Forget it; what runs goes on.

        Raises:
            UsageError: E813, there is no such schedule.
        """
        with self._database_of(id) as (database, schedule):
            self._require(delete_schedule(database, schedule.number, self.clock.now()), id)

    @contextmanager
    def _database_of(self, id: str) -> Iterator[tuple[ScheduleDatabase, StoredSchedule]]:
        """The database, and the schedule of that id or name."""
        self._require(self.places.database.exists(), id)
        with ScheduleDatabase(self.places.database) as database:
            schedule = ScheduleTable(database).found(id)
            if schedule is None:
                raise self._absent(id)
            yield database, schedule

    def _require(self, is_there: bool, id: str) -> None:
        if not is_there:  # it was deleted a moment ago, or never there
            raise self._absent(id)

    def _absent(self, id: str) -> UsageError:
        """Nothing is remote here: whoever names what is not there has mistyped it."""
        return UsageError(
            "E813",
            f"there is no schedule '{id}'",
            where=str(self.places.home.root),
            hint="milonga schedule list has their ids",
        )
