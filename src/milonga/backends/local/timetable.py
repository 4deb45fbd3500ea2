"""Which times of a schedule are due: pure functions of the schedule, what was decided before, and the present.

Every time is decided once: it is run, or it is lost because a newer one runs in its place (`catch_up=False`). What was
decided is one moment, `Standing.decided`, behind which nothing is looked at again. When the wall clock is set back that
moment moves back with it, so that a clock that was far ahead for a minute does not silence a schedule for years; the
times that have run by then are known by name (`Standing.recorded`) and are not run a second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from milonga.dsl.schedule import Schedule

UTC = timezone.utc
_FIRST_SPAN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The times of a schedule that was made at a known moment.

    Attributes:
        schedule: its calendar; an interval has a start.
        floor: no time at this moment or before it.
        catch_up: whether every missed time runs later.
    """

    schedule: Schedule
    floor: datetime
    catch_up: bool

    @classmethod
    def of(cls, schedule: Schedule, made_at: datetime) -> Timetable:
        """The timetable of `schedule`. An interval without a start counts from `made_at`: its first time is later."""
        if schedule.interval_s is None or schedule.start is not None:
            return cls(schedule, datetime.fromtimestamp(0, UTC), schedule.catch_up)
        anchor = made_at.replace(microsecond=0)
        if schedule.end is not None and schedule.end < anchor:
            return cls(schedule, schedule.end, schedule.catch_up)
        return cls(replace(schedule, start=anchor), anchor, schedule.catch_up)

    def times(self, after: datetime) -> Iterator[datetime]:
        """All times later than `after`, in UTC, in order."""
        after, size = max(after, self.floor), 2  # mostly a time that is due and the one after it
        while True:
            found = self.schedule.next_times(size, after=after)
            for time in found:
                yield time.astimezone(UTC)
            if len(found) < size:
                return
            after, size = found[-1], min(4 * size, 256)

    def next(self, after: datetime) -> datetime | None:
        """The first time later than `after`."""
        return next(self.times(after), None)

    def newest(self, after: datetime, until: datetime) -> datetime | None:
        """The last time later than `after` and not later than `until`.

        Looks at the end first, in spans that grow, so that a year without a scheduler costs no more than a minute.
        """
        span = _FIRST_SPAN
        while after < until:
            span = min(span, until - after)
            found = None
            for time in self.times(until - span):
                if time > until:
                    break
                found = time
            if found is not None or span == until - after:
                return found
            span *= 4
        return None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a schedule has come.

    Attributes:
        decided: every time up to this moment has been decided.
        made_up_until: missed times up to this moment run whatever `catch_up` says; None for none.
        recorded: times later than `decided` that have run already: the clock was ahead.
        room: how many more runs may be started now.
    """

    decided: datetime
    made_up_until: datetime | None = None
    recorded: frozenset[datetime] = frozenset()
    room: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done now.

    Attributes:
        due: times that start a run, in order, no more than there is room for.
        decided: the new `Standing.decided`.
        next_due: the first time that is left to decide; in the past where there was no room; None when none is left.
    """

    due: tuple[datetime, ...]
    decided: datetime
    next_due: datetime | None


def decide(timetable: Timetable, standing: Standing, now: datetime) -> Decision:
    """Which times start a run at `now`.

    With catch-up every time does, one by one as there is room. Without, the newest missed time does, late, and the
    older ones are lost; while there is no room nothing is decided.
    """
    decided = min(standing.decided, now)
    due: list[datetime] = []
    kept_until = now if timetable.catch_up else min(now, standing.made_up_until or decided)
    coming = timetable.times(decided)
    first = next(coming, None)
    while first is not None and first <= kept_until:
        if first not in standing.recorded:
            if len(due) >= standing.room:
                return Decision(tuple(due), decided, first)
            due.append(first)
        decided, first = first, next(coming, None)
    if first is None or first > now:
        return Decision(tuple(due), decided, first)
    newest, following = first, next(coming, None)
    if following is not None and following <= now:
        newest = timetable.newest(first, now) or following
        following = timetable.next(newest)
    if newest not in standing.recorded:
        if len(due) >= standing.room:
            return Decision(tuple(due), decided, first)
        due.append(newest)
    return Decision(tuple(due), newest, following)
