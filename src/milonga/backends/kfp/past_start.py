"""Schedules whose start has passed: KFP would start a run for it at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.schedules.base import changed, timestamp
from milonga.dsl.schedule import Schedule


def begun(schedule: Schedule, now: datetime) -> tuple[Schedule, list[Diagnostic]]:
    """The schedule that means on KFP what `schedule` means: no run before the first of its times that is to come.

    KFP takes `start_time` for the time of the last run, so one that has passed starts a run at once. The start is moved
    to the next time, which is a whole number of intervals later, unless missed times are to be made up for.

    Args:
        schedule: what was asked for.
        now: the present, aware.

    Returns:
        The schedule to translate, and what the user should know about it.
    """
    if schedule.start is None or schedule.start > now:
        return schedule, []
    given = f"start={timestamp(schedule.start)}"
    if schedule.catch_up:
        hint = "leave catch_up out to begin with the next time"
        return schedule, [changed("kfp: all runs since the start are made up for at once", got=given, hint=hint)]
    coming = schedule.next_times(1, after=now)
    if not coming:
        return replace(schedule, start=None), [changed("kfp: no time of the schedule is left", got=given)]
    start = coming[0].astimezone(timezone.utc)
    message = "kfp: the start has passed and is moved, since the server would start a run at once"
    return replace(schedule, start=start), [changed(message, got=given, expected=f"start={timestamp(start)}")]
