"""Where a schedule meets a change of the clock, and a back end's cron does something else than `Schedule` says.

`Schedule` follows Debian (see `milonga.dsl.cron_times`): a time that the clock jumps over runs at the end of the gap, a
time that comes twice runs once. `robfig/cron` (KFP, Argo) skips the first and runs the second twice; Argo's
`docs/cron-workflows.md`, "Daylight Saving", shows both. Texts with a star in front of their minute or hour are alike.

The changes of the years below are looked at, not those from now on: the same schedule gives the same findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.schedules.base import changed
from milonga.dsl.cron_times import UTC, follows_the_clock
from milonga.dsl.schedule import Schedule

FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


def clock_change_findings(schedule: Schedule, backend: str, *, documented: bool) -> list[Diagnostic]:
    """What `backend` does with times of `schedule` that the clock skips or shows twice; nothing when there are none."""
    if schedule.cron is None or follows_the_clock(schedule.cron):
        return []
    found: dict[bool, datetime] = {}
    for begin, end, is_gap in _changes(schedule.zone, schedule.start or FIRST, schedule.end or LAST):
        time = _first_time(schedule.cron, begin, end)
        if time is not None:
            found.setdefault(is_gap, time)
    return [_finding(schedule, backend, time, is_gap, documented) for is_gap, time in sorted(found.items())]


def _finding(schedule: Schedule, backend: str, time: datetime, is_gap: bool, documented: bool) -> Diagnostic:
    clock = f"{time:%Y-%m-%d %H:%M} in {schedule.time_zone}"
    event = f"{clock} {'does not exist' if is_gap else 'comes twice'}"
    which = "a time that the clock jumps over" if is_gap else "a time that the clock shows twice"
    does = ("is skipped" if is_gap else "runs twice") if documented else "is not described in its documentation"
    return changed(
        f"{backend}: {which} {does}",
        got=event,
        expected="one run, right after the gap" if is_gap else "one run, at the first",
        hint="choose an hour at which the clock does not change, or time_zone='UTC'",
    )


def _first_time(cron: str, begin: datetime, end: datetime) -> datetime | None:
    from cronsim import CronSim

    time = next(CronSim(cron, begin - _SECOND), None)
    return time if time is not None and time < end else None


def _changes(zone: tzinfo, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
    """Stretches of local time that are skipped (True) or shown twice (False) between two moments, naive, in order."""
    day = max(first, FIRST)
    while day < min(last, LAST):
        before, after = _offset(zone, day), _offset(zone, day + _DAY)
        if before != after:
            moment = _moment_of_change(zone, day)
            yield (moment + min(before, after)), (moment + max(before, after)), after > before
        day += _DAY


def _moment_of_change(zone: tzinfo, day: datetime) -> datetime:
    """The first second of the new offset, as naive UTC."""
    before = _offset(zone, day)
    low, high = 0, int(_DAY / _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, day + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    return (day + timedelta(seconds=high)).replace(tzinfo=None)


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
