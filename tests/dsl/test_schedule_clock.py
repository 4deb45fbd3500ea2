"""What a schedule does when the clock changes, compared with the clock itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.dsl.cron_times import cron_times, exists, follows_the_clock
from milonga.dsl.schedule import Schedule
from milonga.errors import UsageError

UTC = timezone.utc
MINUTE = timedelta(minutes=1)
CHANGES = {
    "Europe/Madrid": (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 1, tzinfo=UTC), datetime(2026, 11, 1, 1, tzinfo=UTC)),
    "Asia/Beirut": (datetime(2026, 3, 28, 18, tzinfo=UTC), datetime(2026, 10, 24, 16, tzinfo=UTC)),
    "Africa/Cairo": (datetime(2026, 4, 23, 18, tzinfo=UTC), datetime(2026, 10, 29, 16, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 10, 3, 10, tzinfo=UTC), datetime(2026, 4, 4, 10, tzinfo=UTC)),
    "Asia/Kolkata": (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)),
}
"""Zones, each with an evening before the clock goes forward and one before it goes back. Beirut and Cairo have no
midnight then, Lord Howe's clock moves by half an hour, Kolkata's never does."""


def local(schedule: Schedule, count: int, after: str) -> list[str]:
    times = schedule.next_times(count, after=datetime.fromisoformat(after))
    return [f"{time:%d %H:%M%z}" for time in times]


def test_a_time_that_the_clock_jumps_over_runs_right_after_the_jump() -> None:
    at_half_past_two = Schedule("30 2 * * *", time_zone="Europe/Madrid")
    assert local(at_half_past_two, 3, "2026-03-28T00:00:00+00:00") == [
        "28 02:30+0100",
        "29 03:00+0200",
        "30 02:30+0200",
    ]


def test_several_times_in_the_jump_are_one_run() -> None:
    schedule = Schedule("0,20,40 2,3 * * *", time_zone="Europe/Madrid")
    assert local(schedule, 4, "2026-03-29T00:00:00+00:00") == [
        "29 03:00+0200",
        "29 03:20+0200",
        "29 03:40+0200",
        "30 02:00+0200",
    ]


def test_a_time_that_the_clock_shows_twice_runs_at_the_first() -> None:
    schedule = Schedule("30 2 * * *", time_zone="Europe/Madrid")
    assert local(schedule, 2, "2026-10-24T12:00:00+00:00") == ["25 02:30+0200", "26 02:30+0100"]
    assert local(schedule, 1, "2026-10-25T01:10:00+00:00") == ["26 02:30+0100"], "asked between the two"


def test_a_text_with_a_star_follows_the_clock() -> None:
    schedule = Schedule("*/30 1-3 * * *", time_zone="Europe/Madrid")
    assert local(schedule, 4, "2026-03-28T23:59:00+00:00") == [
        "29 01:00+0100",
        "29 01:30+0100",
        "29 03:00+0200",
        "29 03:30+0200",
    ]
    assert local(schedule, 6, "2026-10-24T23:59:00+00:00") == [
        "25 02:00+0200",
        "25 02:30+0200",
        "25 02:00+0100",
        "25 02:30+0100",
        "25 03:00+0100",
        "25 03:30+0100",
    ]


def test_a_day_without_midnight_still_has_its_run() -> None:
    schedule = Schedule("@daily", time_zone="Asia/Beirut")
    assert local(schedule, 3, "2026-03-27T23:00:00+00:00") == ["29 01:00+0300", "30 00:00+0300", "31 00:00+0300"]


def expected(cron: str, zone: ZoneInfo, after: datetime, last: datetime) -> list[datetime]:
    """The rules said again, in the slowest way: every minute of the clock, or every time of the text."""

    def moved(naive: datetime) -> datetime:
        time = naive.replace(tzinfo=zone)
        while not exists(time):
            time += MINUTE
        return time.astimezone(UTC)

    first, final = (moment.astimezone(zone).replace(tzinfo=None) for moment in (after, last))
    all_shown: Iterator[datetime] = CronSim(cron, first - timedelta(days=1))
    shown = set(takewhile(lambda naive: naive < final + timedelta(days=1), all_shown))
    if follows_the_clock(cron):
        minutes = (after + number * MINUTE for number in range(1, int((last - after) / MINUTE) + 1))
        return [minute for minute in minutes if minute.astimezone(zone).replace(tzinfo=None) in shown]
    return sorted(time for time in set(map(moved, shown)) if after < time <= last)


FIELDS = st.sampled_from(["*", "*/7", "*/20", "0", "30", "0,15,59", "10-40/10"])
HOURS = st.sampled_from(["*", "*/2", "0", "1", "2", "0-3", "1,2", "23", "2,3"])
DAYS = st.sampled_from(["*", "*", "29", "24,25", "4", "*/5"])


@settings(max_examples=150, deadline=None)
@given(FIELDS, HOURS, DAYS, st.sampled_from(sorted(CHANGES)), st.booleans(), st.integers(0, 900))
def test_times_are_those_of_the_clock(minute: str, hour: str, day: str, name: str, back: bool, delay: int) -> None:
    cron, zone = f"{minute} {hour} {day} * *", ZoneInfo(name)
    after = CHANGES[name][back] + delay * MINUTE
    last = after + timedelta(hours=18)
    found = list(takewhile(lambda time: time <= last, cron_times(cron, zone, after)))
    assert found == expected(cron, zone, after, last)


CRONS = st.builds(
    "{} {} {} {} {}".format,
    FIELDS,
    HOURS,
    DAYS,
    st.sampled_from(["*", "1-6", "2", "JAN,JUL", "*/3"]),
    st.sampled_from(["*", "1-5", "7", "MON", "*/2", "5#2", "0L"]),
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(CRONS.map(lambda cron: {"cron": cron}), st.integers(1, 10**6).map(lambda s: {"interval_s": s})),
    st.sampled_from(sorted(CHANGES)),
    MOMENTS,
    st.one_of(st.none(), MOMENTS),
    st.one_of(st.none(), st.timedeltas(timedelta(days=400), timedelta(days=4000))),
)
def test_times_increase_and_lie_between_start_and_end(
    trigger: dict[str, object],
    zone: str,
    after: datetime,
    start: datetime | None,
    length: timedelta | None,
) -> None:
    end = (start or after) + length if length else None
    try:
        schedule = Schedule(**trigger, time_zone=zone, start=start, end=end)  # type: ignore[arg-type]
    except UsageError as error:
        assert "never comes" in str(error) or "no time of" in str(error)
        return
    times = [time.astimezone(UTC) for time in schedule.next_times(20, after=after)]
    assert all(before < later for before, later in pairwise(times))
    assert all(time > after and (not start or time >= start) and (not end or time <= end) for time in times)
    assert all(time.second == 0 for time in times) or schedule.cron is None
    assert [time.astimezone(UTC) for time in schedule.next_times(7, after=after)] == times[:7]
    if len(times) > 5 and (start or schedule.cron):
        assert [time.astimezone(UTC) for time in schedule.next_times(5, after=times[0])] == times[1:6]


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Europe/Madrid", "America/Argentina/Buenos_Aires"])
def test_times_carry_the_zone(zone: str) -> None:
    (time,) = Schedule("0 6 * * *", time_zone=zone).next_times(1)
    assert time.hour == 6 and time.utcoffset() is not None
