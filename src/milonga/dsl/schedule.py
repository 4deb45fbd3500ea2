"""A schedule: when a pipeline runs again, said once for every back end.

`Schedule` is immutable and belongs to its author. It knows the calendar and nothing about back ends:
`milonga.compiler.schedules` writes it in the words of each, and names what a back end cannot say.
"""

from __future__ import annotations

import itertools
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from milonga.dsl.cron_fields import read_cron
from milonga.dsl.cron_times import UTC, cron_times
from milonga.dsl.instants import read_instant
from milonga.dsl.schedule_mistakes import all_at_once, mistake
from milonga.dsl.time_zones import is_time_zone, unknown_zone
from milonga.errors import MilongaError, UsageError

_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTERVAL_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True, init=False)
class Schedule:
    """When a pipeline runs again.

    Exactly one of `cron` and `interval_s` is given. Times between `start` and `end` count, both included. Without a
    `start`, an interval counts from the moment when the schedule is made.

    Attributes:
        cron: five fields (minute, hour, day of month, month, day of week) on the clock of `time_zone`; "@daily" and its
            like are written as five fields, a leading 0 for the seconds is left out.
        interval_s: seconds from one run's time to the next, at least 1; knows no time zone.
        time_zone: name in IANA's database.
        catch_up: run every missed time later, one by one. Otherwise missed times are lost, except that a back end may
            start the newest of them late. A time is missed while the back end is down or `max_concurrency` is reached.
        max_concurrency: runs of this schedule at the same time.
        start: no time before it, in UTC; fractions of a second are rounded up.
        end: no time after it, in UTC; fractions of a second are cut off.
        name: what people see; "" is the pipeline's own name.
    """

    cron: str | None
    interval_s: int | None
    time_zone: str
    catch_up: bool
    max_concurrency: int
    start: datetime | None
    end: datetime | None
    name: str

    def __init__(
        self,
        cron: str | None = None,
        *,
        interval_s: int | None = None,
        time_zone: str = "UTC",
        catch_up: bool = False,
        max_concurrency: int = 1,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        name: str = "",
    ) -> None:
        """Check everything and keep it.

        Raises:
            UsageError: E920, with every mistake at once.
        """
        mistakes: list[MilongaError] = []
        cron = _checked_trigger(cron, interval_s, mistakes)
        if not is_time_zone(time_zone):
            mistakes.append(unknown_zone("time_zone", time_zone))
        if not isinstance(catch_up, bool):
            mistakes.append(mistake("catch_up is no truth value", repr(catch_up), "True or False"))
        if not _is_whole(max_concurrency, _INTERVAL_MAX):
            mistakes.append(mistake("max_concurrency is no count", repr(max_concurrency), "a whole number from 1"))
        if not isinstance(name, str):
            mistakes.append(mistake("name is no text", repr(name), "text"))
        first = _instant("start", start, mistakes, round_up=True)
        last = _instant("end", end, mistakes, round_up=False)
        if first is not None and last is not None and last < first:
            mistakes.append(mistake("the schedule ends before it starts", last.isoformat(), first.isoformat()))
        values = (cron, interval_s, time_zone, catch_up, max_concurrency, first, last, name)
        for key, value in zip(self.__slots__, values, strict=True):
            object.__setattr__(self, key, value)
        if not mistakes and first is not None and last is not None and not self.next_times(1, after=first - _SECOND):
            mistakes.append(mistake("no time of the schedule lies between start and end", self._trigger(), "a time"))
        if mistakes:
            raise all_at_once(mistakes)

    @property
    def zone(self) -> tzinfo:
        """The clock of `time_zone`."""
        return UTC if self.time_zone == "UTC" else zoneinfo.ZoneInfo(self.time_zone)

    def next_times(self, count: int, *, after: datetime | None = None) -> tuple[datetime, ...]:
        """The coming times, aware, on the clock of `time_zone`; fewer than `count` where the schedule ends.

        Args:
            count: how many, at most.
            after: only later ones; now, unless given. An interval without a start counts from here.

        Raises:
            UsageError: E920, `after` has no time zone, or `count` is no number of times.
        """
        moment = datetime.now(UTC) if after is None else after
        if moment.utcoffset() is None:
            raise mistake("after has no time zone", str(after), "an aware datetime")
        if count < 0:
            raise mistake("count is negative", str(count), "0 or more")
        return tuple(
            time.astimezone(self.zone)
            for time in itertools.islice(self._times(max(moment, _EPOCH).astimezone(UTC)), count)
        )

    def to_json(self) -> dict[str, Any]:
        """The schedule as a flat JSON object, what is not given left out."""
        fields: dict[str, Any] = {
            "cron": self.cron,
            "interval_s": self.interval_s,
            "time_zone": self.time_zone,
            "catch_up": self.catch_up,
            "max_concurrency": self.max_concurrency,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "name": self.name or None,
        }
        return {key: value for key, value in fields.items() if value is not None}

    def _times(self, after: datetime) -> Iterator[datetime]:
        """All times later than `after`, in UTC, between start and end."""
        if self.interval_s is not None:
            found = self._interval_times(after, self.interval_s)
        else:
            begin = max(after, self.start - _SECOND) if self.start else after
            found = cron_times(self.cron or "", self.zone, begin)
        return itertools.takewhile(lambda time: self.end is None or time <= self.end, found)

    def _interval_times(self, after: datetime, interval_s: int) -> Iterator[datetime]:
        anchor = self.start or after.replace(microsecond=0)
        past = (after - anchor) // _SECOND // interval_s + 1 if after >= anchor else 0
        for number in itertools.count(past):
            try:
                yield anchor + timedelta(seconds=number * interval_s)
            except OverflowError:  # the year 9999
                return

    def _trigger(self) -> str:
        return f"every {self.interval_s} s" if self.cron is None else self.cron


def _checked_trigger(cron: Any, interval_s: Any, mistakes: list[MilongaError]) -> str | None:
    if (cron is None) == (interval_s is None):
        got = "neither" if cron is None else "both"
        mistakes.append(mistake("a schedule has a cron text or an interval", got, "one of cron and interval_s"))
    if interval_s is not None and not _is_whole(interval_s, _INTERVAL_MAX):
        hint = "" if not isinstance(interval_s, (str, timedelta)) else "6 h are interval_s=6 * 3600"
        mistakes.append(mistake("interval_s is no number of seconds", repr(interval_s), "a whole number from 1", hint))
    if cron is None:
        return None
    if not isinstance(cron, str):
        mistakes.append(mistake("cron is no text", repr(cron), "text such as '0 6 * * *'"))
        return None
    fields, found = read_cron(cron)
    mistakes.extend(found)
    return fields


def _is_whole(value: Any, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest


def _instant(what: str, value: Any, mistakes: list[MilongaError], *, round_up: bool) -> datetime | None:
    """`start` or `end`; None where it is wrong or not given."""
    try:
        return None if value is None else read_instant(what, value, round_up=round_up)
    except UsageError as found:
        mistakes.append(found)
        return None
