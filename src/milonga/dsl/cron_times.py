"""When a cron text comes, on the clock of a time zone.

`cronsim` goes through the times of a clock that never changes; this module puts them on a real clock, with the rules
of Debian's cron. A text whose minute and hour both name times ("30 2 * * *") runs once for each: at the end of the gap
when the clock jumps over the time, at the first of the two when the clock shows it twice. A text with a star in front
of its minute or hour ("*/15 * * * *") follows the clock as it goes: nothing in a gap, each showing of what comes twice.

`cronsim` knows these rules too. It is asked for naive times only, since on a zoned clock it forgets times after a gap
at midnight (Beirut, Cairo) and in the repeated half hour of Lord Howe. Tests compare this module with the clock itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo

UTC = timezone.utc
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_NONE = timedelta()


def follows_the_clock(cron: str) -> bool:
    """Whether Debian's cron takes it for a text with a wildcard: its minute or its hour begins with a star."""
    minute, hour = cron.split()[:2]
    return minute.startswith("*") or hour.startswith("*")


def cron_times(cron: str, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """All times of five valid fields later than the aware `after`, in UTC, each later than the one before it."""
    from cronsim import CronSim

    last = after.astimezone(UTC)
    try:
        shown = CronSim(cron, after.astimezone(zone).replace(tzinfo=None) - _repeated(zone, after))
        for time in _as_clock_goes(shown, zone) if follows_the_clock(cron) else _once_each(shown, zone):
            if time > last:
                yield time
                last = time
    except OverflowError:  # the year 9999
        return


def _repeated(zone: tzinfo, moment: datetime) -> timedelta:
    """How far the clock goes back near `moment`: times that it showed before may come once more."""
    before, now, after = ((moment + days * _DAY).astimezone(zone).utcoffset() or _NONE for days in (-1, 0, 1))
    return max(_NONE, before - now, now - after)


def exists(time: datetime) -> bool:
    """Whether the clock of its zone ever shows the aware `time`."""
    return time.astimezone(UTC).astimezone(time.tzinfo).replace(tzinfo=None) == time.replace(tzinfo=None)


def _once_each(shown: Iterator[datetime], zone: tzinfo) -> Iterator[datetime]:
    for naive in shown:
        time = naive.replace(tzinfo=zone, fold=0)
        while not exists(time):
            time += _MINUTE
        yield time.astimezone(UTC)


def _as_clock_goes(shown: Iterator[datetime], zone: tzinfo) -> Iterator[datetime]:
    """First showings come in order; a second showing waits in `later` until the first showings are past it."""
    later: deque[datetime] = deque()
    for naive in shown:
        time = naive.replace(tzinfo=zone, fold=0)
        if not exists(time):
            continue
        first, second = time.astimezone(UTC), time.replace(fold=1).astimezone(UTC)
        while later and later[0] < first:
            yield later.popleft()
        yield first
        if second != first:
            later.append(second)
    yield from later
