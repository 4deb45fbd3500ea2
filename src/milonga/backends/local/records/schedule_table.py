"""`ScheduleTable`: the schedules of a state folder."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.moments import moment_of, seconds_of, storable, time_of
from milonga.backends.local.records.stored_schedule import ScheduleDraft, StoredSchedule
from milonga.backends.local.records.work import Work
from milonga.backends.local.timetable import Decision
from milonga.backends.local.triggers import Trigger, trigger_from_text, trigger_text
from milonga.backends.marks import slug
from milonga.compiler.documents import parse_documents
from milonga.errors import UsageError

_COLUMNS = (
    "number, id, name, is_enabled, kind, trigger, work, max_concurrency, made_at, decided, next_due, made_up_until"
)
_ID_LONGEST = 48
_PIPELINE_INFO = re.compile(r"^pipelineInfo:\n(?: .*\n)+", re.MULTILINE)
"""The part of a kept pipeline that has its name: a listing need not read what may be megabytes of YAML."""


class ScheduleTable:
    """Reads and writes schedules. Methods that write are called inside a transaction of the database."""

    def __init__(self, database: ScheduleDatabase) -> None:
        self._database = database

    def all(self) -> tuple[StoredSchedule, ...]:
        """All of them, newest first."""
        return self._of("1 ORDER BY number DESC")

    def of_kind(self, kind: str) -> tuple[StoredSchedule, ...]:
        """Those whose trigger is of a kind, oldest first."""
        return self._of("kind = ? ORDER BY number", kind)

    def named(self, name: str) -> StoredSchedule | None:
        """The schedule of exactly that name."""
        found = self._of("name = ?", storable(name))
        return found[0] if found else None

    def numbered(self, number: int) -> StoredSchedule | None:
        """The schedule of that number."""
        found = self._of("number = ?", number)
        return found[0] if found else None

    def found(self, text: str) -> StoredSchedule | None:
        """The schedule of that id, or of that name.

        Raises:
            UsageError: E970, it is the id of one and the name of another.
        """
        found = self._of("id = ? OR name = ?", storable(text), storable(text))
        if len(found) > 1:
            raise UsageError(
                "E970",
                "this is the id of one schedule and the name of another",
                got=text,
                expected=" or ".join(sorted(item.name if item.id == text else item.id for item in found)),
            )
        return found[0] if found else None

    def to_decide(self, now: datetime) -> list[int]:
        """Numbers of those that have a time to decide and room for a run, the longest overdue first.

        Also of those whose decisions lie in the future: the clock was set back.
        """
        moment = now.timestamp()
        due = self._database.rows(
            "SELECT number FROM schedules WHERE is_enabled = 1 AND next_due <= ? AND max_concurrency > "
            "(SELECT COUNT(*) FROM firings WHERE schedule = schedules.number AND state IN ('PENDING', 'RUNNING')) "
            "ORDER BY next_due, number",
            moment,
        )
        ahead = self._database.rows(
            "SELECT number FROM schedules WHERE is_enabled = 1 AND kind = 'time' AND decided > ?", moment
        )
        return list(dict.fromkeys(number for (number,) in (*due, *ahead)))

    def next_due(self) -> datetime | None:
        """The first time that any of them has to decide."""
        ((seconds,),) = self._database.rows("SELECT MIN(next_due) FROM schedules WHERE is_enabled = 1")
        return time_of(seconds)

    def pipeline_text(self, digest: str) -> str:
        """The pipeline of that digest; "" when it is not kept any more."""
        rows = self._database.rows("SELECT text FROM pipelines WHERE digest = ?", digest)
        return str(rows[0][0]) if rows else ""

    def pipeline_name(self, digest: str) -> str:
        """The name of the pipeline of that digest; "" when it is not kept any more."""
        found = _PIPELINE_INFO.search(self.pipeline_text(digest))
        return str(parse_documents(found[0])[0]["pipelineInfo"]["name"]) if found else ""

    def keep_pipeline(self, digest: str, text: str) -> None:
        """Keep the text of a pipeline."""
        self._database.execute("INSERT OR IGNORE INTO pipelines VALUES (?, ?)", digest, text)

    def forget_pipelines(self) -> None:
        """Drop the texts that no schedule and no unfinished firing needs."""
        self._database.execute(
            "DELETE FROM pipelines WHERE digest NOT IN (SELECT pipeline FROM schedules) AND digest NOT IN "
            "(SELECT pipeline FROM firings WHERE state IN ('PENDING', 'RUNNING'))"
        )

    def insert(self, draft: ScheduleDraft, now: datetime, next_due: datetime | None) -> int:
        """A new schedule; its number."""
        moment, text = now.timestamp(), trigger_text(draft.trigger)
        number = self._database.execute(
            "INSERT INTO schedules (id, name, is_enabled, kind, trigger, work, pipeline, max_concurrency, made_at, "
            "decided, next_due) VALUES ('', ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(storable(draft.name), draft.trigger.kind, text, draft.work.to_text(), draft.work.pipeline),
            *(draft.max_concurrency, moment, moment, seconds_of(next_due)),
        )
        id = f"{slug(draft.name, _ID_LONGEST)}-{number}"
        self._database.execute("UPDATE schedules SET id = ? WHERE number = ?", id, number)
        return number

    def replace_work(self, number: int, draft: ScheduleDraft) -> None:
        """Other work under the same trigger; what is still to be made up for stays."""
        self._database.execute(
            "UPDATE schedules SET work = ?, pipeline = ?, max_concurrency = ? WHERE number = ?",
            *(draft.work.to_text(), draft.work.pipeline, draft.max_concurrency, number),
        )

    def replace_trigger(self, number: int, trigger: Trigger, now: datetime, next_due: datetime | None) -> None:
        """Another trigger, from now on."""
        moment = now.timestamp()
        self._database.execute(
            "UPDATE schedules SET kind = ?, trigger = ?, made_at = ?, decided = ?, next_due = ?, made_up_until = NULL "
            "WHERE number = ?",
            *(trigger.kind, trigger_text(trigger), moment, moment, seconds_of(next_due), number),
        )

    def pause(self, number: int) -> None:
        """Start nothing more."""
        self._database.execute("UPDATE schedules SET is_enabled = 0 WHERE number = ?", number)

    def resume(self, number: int, standing: Decision, made_up_until: datetime | None) -> None:
        """Start runs again, as if everything up to `standing` had been decided."""
        self._database.execute(
            "UPDATE schedules SET is_enabled = 1, decided = ?, next_due = ?, made_up_until = ? WHERE number = ?",
            *(standing.decided.timestamp(), seconds_of(standing.next_due), seconds_of(made_up_until), number),
        )

    def decide(self, number: int, decision: Decision) -> None:
        """Keep how far a schedule has come."""
        self._database.execute(
            "UPDATE schedules SET decided = ?, next_due = ? WHERE number = ?",
            *(decision.decided.timestamp(), seconds_of(decision.next_due), number),
        )

    def delete(self, number: int) -> None:
        """Forget a schedule and what it has seen."""
        self._database.execute("DELETE FROM schedules WHERE number = ?", number)
        self._database.execute("DELETE FROM seen WHERE schedule = ?", number)

    def has_seen(self, number: int, mark: str) -> bool:
        """Whether an event of that mark was noted before."""
        return bool(self._database.rows("SELECT 1 FROM seen WHERE schedule = ? AND mark = ?", number, mark))

    def note_seen(self, number: int, mark: str) -> bool:
        """Note an event; whether it is new."""
        return self._database.changed("INSERT OR IGNORE INTO seen VALUES (?, ?)", number, mark) == 1

    def note_all_seen(self, number: int, marks: Collection[str]) -> None:
        """Note events that are not new."""
        for mark in marks:
            self.note_seen(number, mark)

    def _of(self, where: str, *values: Any) -> tuple[StoredSchedule, ...]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM schedules WHERE {where}", *values)
        return tuple(map(_schedule, rows))


def _schedule(row: tuple[Any, ...]) -> StoredSchedule:
    return StoredSchedule(
        number=row[0],
        id=row[1],
        name=row[2],
        is_enabled=bool(row[3]),
        trigger=trigger_from_text(row[4], row[5]),
        work=Work.from_text(row[6]),
        max_concurrency=row[7],
        made_at=moment_of(row[8]),
        decided=moment_of(row[9]),
        next_due=time_of(row[10]),
        made_up_until=time_of(row[11]),
    )
