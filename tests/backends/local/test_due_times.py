"""Which times are due: a pure function, compared with the calendar itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from travelling_clock import UTC, utc

from milonga.backends.local.timetable import Standing, Timetable, decide
from milonga.dsl.schedule import Schedule

MADE = utc("2026-03-28T00:00:00.250000")
CRONS = ("*/7 * * * *", "30 2 * * *", "0 * * * *", "15 1,3 * * *", "* 2 * * *", "0 0 1 * *")
ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns")

SCHEDULES = st.builds(
    lambda cron, interval, zone, catch_up: Schedule(
        None if interval else cron, interval_s=interval, time_zone=zone, catch_up=catch_up
    ),
    st.sampled_from(CRONS),
    st.one_of(st.none(), st.integers(60, 7200)),
    st.sampled_from(ZONES),
    st.booleans(),
)
STEPS = st.lists(
    st.tuples(st.integers(-7200, 20_000), st.integers(0, 3)).map(lambda pair: (timedelta(seconds=pair[0]), pair[1])),
    max_size=8,
)


def times_of(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
    anchored = schedule
    if schedule.interval_s is not None and schedule.start is None:
        anchored = Schedule(interval_s=schedule.interval_s, start=after.replace(microsecond=0))
    found: list[datetime] = []
    while not found or found[-1] <= until:
        found += [time.astimezone(UTC) for time in anchored.next_times(50, after=found[-1] if found else after)]
    return [time for time in found if time <= until]


@settings(max_examples=60, deadline=None)
@given(SCHEDULES, STEPS)
def test_no_time_runs_twice_and_catch_up_loses_none_however_the_clock_jumps(schedule: Schedule, steps) -> None:
    timetable = Timetable.of(schedule, MADE)
    now = latest = decided = MADE
    run: list[datetime] = []
    for step, room in [*steps, (timedelta(), 10_000)]:
        now = max(MADE, now + step)
        latest = max(latest, now)
        decision = decide(timetable, Standing(decided, None, frozenset(run), room), now)
        assert len(decision.due) <= room and all(due <= now for due in decision.due)
        assert list(decision.due) == sorted(decision.due)
        run += decision.due
        decided = decision.decided
    now = latest
    run += decide(timetable, Standing(decided, None, frozenset(run), 10_000), now).due
    expected = times_of(schedule, MADE, latest)
    assert len(run) == len(set(run)) and set(run) <= set(expected)
    if schedule.catch_up:
        assert sorted(run) == expected
    else:
        assert not expected or expected[-1] in run


@settings(max_examples=50, deadline=None)
@given(SCHEDULES, st.integers(0, 400_000), st.integers(0, 400_000))
def test_the_newest_time_is_found_from_the_end(schedule: Schedule, first: int, second: int) -> None:
    timetable = Timetable.of(schedule, MADE)
    after, until = sorted((MADE + timedelta(seconds=first), MADE + timedelta(seconds=second)))
    expected = [time for time in times_of(schedule, MADE, until) if time > after]
    assert timetable.newest(after, until) == (expected[-1] if expected else None)


@settings(max_examples=50, deadline=None)
@given(SCHEDULES, STEPS)
def test_what_is_left_to_decide_is_never_behind_what_is_decided(schedule: Schedule, steps) -> None:
    timetable, now, decided = Timetable.of(schedule, MADE), MADE, MADE
    for step, room in steps:
        now = max(MADE, now + step)
        decision = decide(timetable, Standing(decided, None, frozenset(), room), now)
        assert decision.decided <= now and decision.next_due is not None and decision.next_due > decision.decided
        decided = decision.decided


def test_without_catch_up_a_week_costs_as_little_as_a_minute() -> None:
    timetable = Timetable.of(Schedule(interval_s=1), MADE)
    now = MADE + timedelta(days=3650)
    decision = decide(timetable, Standing(MADE), now)
    assert decision.due == (now.replace(microsecond=0),)


def test_a_schedule_that_has_ended_has_no_next_time() -> None:
    schedule = Schedule("0 * * * *", end="2026-03-28T02:30:00Z", catch_up=True)
    decision = decide(Timetable.of(schedule, MADE), Standing(MADE, room=9), utc("2026-04-01T00:00:00"))
    assert [f"{due:%H}" for due in decision.due] == ["01", "02"] and decision.next_due is None


def test_an_interval_counts_from_when_the_schedule_was_made_and_that_moment_is_none_of_its_times() -> None:
    timetable = Timetable.of(Schedule(interval_s=3600, catch_up=True), MADE)
    before = decide(timetable, Standing(MADE - timedelta(hours=5), room=9), MADE + timedelta(minutes=90))
    assert [f"{due:%H:%M:%S}" for due in before.due] == ["01:00:00"]


def test_an_interval_that_ends_before_it_was_made_has_no_times() -> None:
    schedule = Schedule(interval_s=60, end="2020-01-01T00:00:00Z")
    assert Timetable.of(schedule, MADE).next(MADE) is None


@pytest.mark.parametrize("catch_up", [True, False])
def test_what_a_resumption_makes_up_for_runs_whatever_the_schedule_says(catch_up: bool) -> None:
    schedule = Schedule("0 * * * *", catch_up=catch_up)
    until = utc("2026-03-28T03:30:00")
    decision = decide(Timetable.of(schedule, MADE), Standing(MADE, until, room=99), utc("2026-03-28T06:10:00"))
    hours = [due.hour for due in decision.due]
    assert hours == ([1, 2, 3, 4, 5, 6] if catch_up else [1, 2, 3, 6])
