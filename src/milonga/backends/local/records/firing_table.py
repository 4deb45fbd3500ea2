"""`FiringTable`: the firings of a state folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing, FiringState
from milonga.backends.local.records.moments import moment_of, seconds_of, shown, storable, time_of
from milonga.backends.local.records.stored_schedule import StoredSchedule
from milonga.backends.local.records.work import Work

_COLUMNS = "number, id, schedule, work, state, due, event, recorded_at, launches, run_id, is_cancelled, ended_at, error"


class FiringTable:
    """Reads and writes firings. Methods that write are called inside a transaction of the database."""

    def __init__(self, database: ScheduleDatabase) -> None:
        self._database = database

    def record_time(self, schedule: StoredSchedule, due: datetime, now: datetime) -> None:
        """A time that was due. Nothing happens when it has been recorded before."""
        self._insert(f"{schedule.id}@{shown(due)}", schedule.number, schedule.work, due, "", now)

    def record_event(
        self, schedule: StoredSchedule, mark: str, event: str, arguments: Mapping[str, Any], now: datetime
    ) -> bool:
        """An event, with the arguments that it carries; whether it is new.

        Args:
            schedule: whose event.
            mark: digest of what makes it new.
            event: what happened, for people.
            arguments: JSON values by input name.
            now: the present.
        """
        work = schedule.work.with_arguments(arguments)
        return self._insert(event_id(schedule, mark), schedule.number, work, None, event, now)

    def record_submitted(self, mark: str, work: Work, now: datetime) -> int:
        """A run that nothing but a call asks for; its number."""
        id = f"submitted {mark}"
        self._insert(id, None, work, None, "", now)
        ((number,),) = self._database.rows("SELECT number FROM firings WHERE id = ?", id)
        return int(number)

    def _insert(
        self, id: str, schedule: int | None, work: Work, due: datetime | None, event: str, now: datetime
    ) -> bool:
        return (
            self._database.changed(
                "INSERT OR IGNORE INTO firings (id, schedule, work, pipeline, state, due, event, recorded_at) "
                "VALUES (?, ?, ?, ?, 'PENDING', ?, ?, ?)",
                *(id, schedule, work.to_text(), work.pipeline, seconds_of(due), storable(event), now.timestamp()),
            )
            == 1
        )

    def numbered(self, number: int) -> Firing | None:
        """The firing of that number."""
        found = self._of("number = ?", number)
        return found[0] if found else None

    def of_id(self, id: str) -> Firing | None:
        """The firing of that id."""
        found = self._of("id = ?", id)
        return found[0] if found else None

    def of_run(self, run_id: str) -> Firing | None:
        """The firing that a run came from."""
        found = self._of("run_id = ? AND run_id <> ''", run_id)
        return found[0] if found else None

    def of_schedule(self, schedule: int, limit: int) -> tuple[Firing, ...]:
        """The newest firings of a schedule, newest first."""
        return self._of("schedule = ? ORDER BY number DESC LIMIT ?", schedule, limit)

    def last_started(self) -> dict[int, Firing]:
        """Of each schedule the newest firing that was started, by the schedule's number."""
        newest = "SELECT MAX(number) FROM firings WHERE schedule IS NOT NULL AND state <> 'PENDING' GROUP BY schedule"
        return {firing.schedule: firing for firing in self._of(f"number IN ({newest})") if firing.schedule is not None}

    def recorded_times(self, schedule: int, after: datetime) -> frozenset[datetime]:
        """The times later than `after` that have been recorded."""
        query = "SELECT due FROM firings WHERE schedule = ? AND due > ?"
        rows = self._database.rows(query, schedule, after.timestamp())
        return frozenset(moment_of(due) for (due,) in rows)

    def open_of(self, schedule: int) -> int:
        """How many firings of a schedule have not ended."""
        query = "SELECT COUNT(*) FROM firings WHERE schedule = ? AND state IN ('PENDING', 'RUNNING')"
        ((count,),) = self._database.rows(query, schedule)
        return int(count)

    def startable(self, limit: int) -> list[int]:
        """Numbers of recorded firings that may start now, oldest first: their schedules are on and have room."""
        query = (
            "SELECT f.number FROM (SELECT number, schedule, ROW_NUMBER() OVER (PARTITION BY schedule ORDER BY number) "
            "AS place FROM firings WHERE state = 'PENDING' AND schedule IS NOT NULL) AS f "
            "JOIN schedules AS s ON s.number = f.schedule WHERE s.is_enabled = 1 AND f.place <= s.max_concurrency - "
            "(SELECT COUNT(*) FROM firings AS g WHERE g.schedule = f.schedule AND g.state = 'RUNNING') "
            "ORDER BY f.number LIMIT ?"
        )
        return [number for (number,) in self._database.rows(query, limit)]

    def may_start(self, number: int, max_runs: int) -> bool:
        """Whether a firing that waits may start now: its schedule is on and has room, and so has the machine."""
        query = (
            "SELECT 1 FROM firings AS f JOIN schedules AS s ON s.number = f.schedule WHERE f.number = ? "
            "AND s.is_enabled = 1 AND s.max_concurrency > "
            "(SELECT COUNT(*) FROM firings AS g WHERE g.schedule = f.schedule AND g.state = 'RUNNING') "
            "AND ? > (SELECT COUNT(*) FROM firings AS h WHERE h.schedule IS NOT NULL AND h.state = 'RUNNING')"
        )
        return bool(self._database.rows(query, number, max_runs))

    def running(self) -> tuple[Firing, ...]:
        """Firings of schedules that were started and have not ended, oldest first."""
        return self._of("state = 'RUNNING' AND schedule IS NOT NULL ORDER BY number")

    def launch(self, number: int) -> None:
        """A process is about to be started for it."""
        self._database.execute("UPDATE firings SET state = 'RUNNING', launches = launches + 1 WHERE number = ?", number)

    def let_go(self, number: int) -> None:
        """Its process ends in order, for another one to go on: that is no launch that died."""
        self._database.execute("UPDATE firings SET launches = launches - 1 WHERE number = ?", number)

    def begun(self, number: int, run_id: str) -> None:
        """Its run has begun."""
        self._database.execute("UPDATE firings SET run_id = ? WHERE number = ?", run_id, number)

    def cancel(self, number: int) -> None:
        """Somebody asked for its end."""
        self._database.execute("UPDATE firings SET is_cancelled = 1 WHERE number = ?", number)

    def end(self, number: int, state: FiringState, error: Mapping[str, Any], now: datetime) -> None:
        """Its final state."""
        self._database.execute(
            "UPDATE firings SET state = ?, error = ?, ended_at = ? WHERE number = ?",
            *(state, json.dumps(dict(error), sort_keys=True), now.timestamp(), number),
        )

    def drop_waiting(self, schedule: int, now: datetime) -> None:
        """What was recorded for a schedule and not started will not be."""
        self._database.execute(
            "UPDATE firings SET state = 'CANCELLED', ended_at = ? WHERE schedule = ? AND state = 'PENDING'",
            *(now.timestamp(), schedule),
        )

    def _of(self, where: str, *values: Any) -> tuple[Firing, ...]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM firings WHERE {where}", *values)
        return tuple(map(_firing, rows))


def event_id(schedule: StoredSchedule, mark: str) -> str:
    """The id of the firing of an event."""
    return f"{schedule.id}:{mark}"


def _firing(row: tuple[Any, ...]) -> Firing:
    return Firing(
        number=row[0],
        id=row[1],
        schedule=row[2],
        work=Work.from_text(row[3]),
        state=row[4],
        due=time_of(row[5]),
        event=row[6],
        recorded_at=moment_of(row[7]),
        launches=row[8],
        run_id=row[9],
        is_cancelled=bool(row[10]),
        ended_at=time_of(row[11]),
        error=json.loads(row[12]),
    )
