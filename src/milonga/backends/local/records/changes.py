"""What people do to schedules: each function is one transaction.

A change never loses a time that is still to be made up for: what was due before a pause, and before another timetable
takes the place of this one, is recorded first and runs as it would have.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from datetime import datetime

from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.local.records.schedule_table import ScheduleTable
from milonga.backends.local.records.stored_schedule import ScheduleDraft, StoredSchedule
from milonga.backends.local.timetable import Decision, Standing, decide
from milonga.backends.local.triggers import trigger_text


def put_schedule(
    database: ScheduleDatabase, draft: ScheduleDraft, now: datetime, seen: Collection[str] = ()
) -> tuple[StoredSchedule, bool]:
    """Keep a schedule; the one of the same name is changed.

    Where the trigger is the same, its times go on and what is to be made up for runs the new work. A schedule that is
    paused stays paused.

    Args:
        database: where it is kept.
        draft: the schedule.
        now: the present.
        seen: marks of events that are not new, where the trigger is.

    Returns:
        The schedule, and whether there was one of that name.
    """
    schedules, is_new = ScheduleTable(database), True
    with database.transaction():
        schedules.keep_pipeline(draft.work.pipeline, draft.text)
        old = schedules.named(draft.name)
        timetable = draft.trigger.timetable(now)
        next_due = timetable.next(now) if timetable is not None else None
        number = schedules.insert(draft, now, next_due) if old is None else old.number
        if old is not None:
            is_new = _kind_and_text(old) != (draft.trigger.kind, trigger_text(draft.trigger))
            if is_new and old.is_enabled:
                record_due(database, old, now, room=sys.maxsize)
            if is_new:
                schedules.replace_trigger(number, draft.trigger, now, next_due)
            schedules.replace_work(number, draft)
        if is_new:
            schedules.note_all_seen(number, seen)
        schedules.forget_pipelines()
        made = schedules.numbered(number)
    if made is None:
        raise AssertionError("it was written in this transaction")
    return made, old is not None


def _kind_and_text(schedule: StoredSchedule) -> tuple[str, str]:
    return schedule.trigger.kind, trigger_text(schedule.trigger)


def pause_schedule(database: ScheduleDatabase, number: int, now: datetime) -> bool:
    """Start nothing more of a schedule; whether there is one. What was due before is recorded, and waits."""
    with database.transaction():
        schedule = ScheduleTable(database).numbered(number)
        if schedule is not None and schedule.is_enabled:
            record_due(database, schedule, now, room=sys.maxsize)
            ScheduleTable(database).pause(schedule.number)
    return schedule is not None


def resume_schedule(
    database: ScheduleDatabase, number: int, now: datetime, *, catch_up: bool, seen: Collection[str] = ()
) -> bool:
    """Start runs of a schedule again; whether there is one.

    Args:
        database: where it is.
        number: which one.
        now: the present.
        catch_up: also start the runs that were missed since the pause; otherwise these times are lost.
        seen: marks of events that are not new, unless they are to be made up for.
    """
    with database.transaction():
        schedule = ScheduleTable(database).numbered(number)
        if schedule is None or schedule.is_enabled:
            return schedule is not None
        if not catch_up:
            ScheduleTable(database).note_all_seen(schedule.number, seen)
        timetable = schedule.timetable
        decided = schedule.decided if catch_up else now
        next_due = timetable.next(decided) if timetable is not None else None
        ScheduleTable(database).resume(schedule.number, Decision((), decided, next_due), now if catch_up else None)
    return True


def delete_schedule(database: ScheduleDatabase, number: int, now: datetime) -> bool:
    """Forget a schedule and what it has not started; whether there was one. What runs goes on."""
    with database.transaction():
        schedules = ScheduleTable(database)
        schedule = schedules.numbered(number)
        if schedule is not None:
            FiringTable(database).drop_waiting(schedule.number, now)
            schedules.delete(schedule.number)
            schedules.forget_pipelines()
    return schedule is not None


def record_due(database: ScheduleDatabase, schedule: StoredSchedule, now: datetime, *, room: int) -> Decision | None:
    """Record the times of a schedule that are due, inside a transaction; None for one without times.

    Args:
        database: where it is.
        schedule: as it was read in this transaction.
        now: the present.
        room: how many firings it may have that have not ended.
    """
    timetable = schedule.timetable
    if timetable is None:
        return None
    firings = FiringTable(database)
    standing = Standing(
        schedule.decided,
        schedule.made_up_until,
        firings.recorded_times(schedule.number, min(schedule.decided, now)),
        max(0, room - firings.open_of(schedule.number)),
    )
    decision = decide(timetable, standing, now)
    for due in decision.due:
        firings.record_time(schedule, due, now)
    if (decision.decided, decision.next_due) != (schedule.decided, schedule.next_due):
        ScheduleTable(database).decide(schedule.number, decision)
    return decision
