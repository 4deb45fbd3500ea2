"""Schedules of this machine while the clock travels: weeks down, changes of the clock, jumps, pauses, changes."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schedule_desk import Desk
from travelling_clock import UTC, TravellingClock, utc

from milonga.dsl.schedule import Schedule
from milonga.errors import UsageError

DAYS_OF_CHANGE = [
    ("Europe/Berlin", "2026-03-28T20:00:00", "2026-03-29T12:00:00"),
    ("Europe/Berlin", "2026-10-24T20:00:00", "2026-10-25T12:00:00"),
    ("Australia/Lord_Howe", "2026-04-04T10:00:00", "2026-04-05T02:00:00"),
    ("Australia/Lord_Howe", "2026-10-03T10:00:00", "2026-10-04T02:00:00"),
    ("Asia/Kolkata", "2026-01-01T00:00:00", "2026-01-01T16:00:00"),
]


@pytest.mark.parametrize(("zone", "begin", "end"), DAYS_OF_CHANGE)
@pytest.mark.parametrize("cron", ["30 2 * * *", "*/20 * * * *", "0 1-3 * * *"])
def test_times_are_those_of_the_schedule_also_when_the_clock_changes(desk, zone, begin, end, cron) -> None:
    here: Desk = desk(begin)
    made = here.add(cron, time_zone=zone, max_concurrency=100)
    here.every(300, end)
    expected = Schedule(cron, time_zone=zone).next_times(200, after=utc(begin))
    assert here.dues(made) == [item.astimezone(UTC) for item in expected if item <= utc(end)]


def test_a_firing_is_named_by_its_schedule_and_the_time_that_was_due(desk) -> None:
    here: Desk = desk("2026-03-28T23:00:00")
    made = here.add("30 2 * * *", time_zone="Europe/Berlin", name="nightly")
    here.every(600, "2026-03-29T02:00:00")
    (firing,) = here.all(made)
    assert firing.id == "nightly-1@2026-03-29T01:00:00Z" and firing.source == f"schedule {firing.id}"
    assert firing.state == "PENDING" and firing.recorded_at == utc("2026-03-29T01:00:00")


def test_after_a_week_down_catch_up_runs_every_time_one_by_one(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 6 * * *", catch_up=True)
    here.clock.travel_to("2026-05-08T00:00:00")
    for day in range(1, 8):
        here.round()
        assert len(here.dues(made)) == day and here.dues(made)[-1] == utc(f"2026-05-0{day}T06:00:00")
        assert here.end_all() == 1
    here.round()
    assert len(here.dues(made)) == 7


def test_after_a_week_down_without_catch_up_the_newest_time_runs_late(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 6 * * *")
    here.clock.travel_to("2026-05-08T00:00:00")
    here.round()
    here.end_all()
    here.round()
    assert here.dues(made) == [utc("2026-05-07T06:00:00")]


def test_a_time_that_meets_a_run_that_is_still_going_waits_and_only_the_newest_does(desk) -> None:
    here: Desk = desk("2026-05-01T00:30:00")
    made = here.add("0 * * * *", max_concurrency=1)
    here.every(1800, "2026-05-01T05:00:00")
    assert here.hours(made) == ["01 01:00"]
    here.end_all()
    here.clock.sleep(60)
    here.round()
    assert here.hours(made) == ["01 01:00", "01 05:00"]


@pytest.mark.parametrize("room", [1, 2, 5])
def test_never_more_firings_are_open_than_may_run_at_the_same_time(desk, room: int) -> None:
    here: Desk = desk("2026-05-01T00:30:00")
    made = here.add("*/10 * * * *", max_concurrency=room, catch_up=True)
    here.every(600, "2026-05-01T03:30:00")
    assert len(here.dues(made)) == min(room, 18)
    ended = 0
    while here.end_all():
        ended += 1
        here.round()
    assert len(here.dues(made)) == 18 and ended == -(-18 // room)


def test_a_clock_that_is_set_back_an_hour_runs_nothing_twice_and_goes_on(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("*/10 * * * *", max_concurrency=1000)
    here.every(60, "2026-05-01T02:00:00")
    here.clock.jump(hours=-1)
    here.every(60, "2026-05-01T03:00:00")
    assert len(here.dues(made)) == len(set(here.dues(made))) == 18


def test_a_clock_that_was_years_ahead_for_a_moment_does_not_silence_a_schedule(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 * * * *", max_concurrency=1000)
    here.clock.jump(days=4000)
    here.round()
    here.clock.jump(days=-4000)
    here.every(600, "2026-05-01T03:00:00")
    assert here.hours(made)[1:] == ["01 01:00", "01 02:00", "01 03:00"]


def test_an_interval_keeps_its_phase_whenever_it_is_looked_at(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:07")
    made = here.add(interval_s=90, max_concurrency=1000, catch_up=True)
    here.every(37, "2026-05-01T00:20:00")
    assert here.dues(made) == [utc("2026-05-01T00:00:07") + timedelta(seconds=90 * n) for n in range(1, 14)]


def test_start_and_end_count_both(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add(interval_s=3600, start="2026-05-01T02:00:00Z", end="2026-05-01T04:00:00Z", max_concurrency=9)
    here.every(900, "2026-05-01T08:00:00")
    assert here.hours(made) == ["01 02:00", "01 03:00", "01 04:00"]
    assert here.rounds.next_due() is None


def test_a_start_that_has_passed_makes_up_for_nothing(desk) -> None:
    here: Desk = desk("2026-05-01T00:30:00")
    made = here.add("0 * * * *", start="2026-01-01T00:00:00Z", catch_up=True)
    here.round()
    assert here.dues(made) == []


def test_an_end_that_has_passed_is_told(desk) -> None:
    here: Desk = desk("2026-05-01T00:30:00")
    assert "none of its times is left" in here.add("0 * * * *", end="2026-01-01T00:00:00Z").note


@pytest.mark.parametrize(("catch_up", "expected"), [(False, ["06"]), (True, ["03", "04", "05", "06"])])
def test_times_of_a_pause_run_only_when_they_are_asked_for(desk, catch_up: bool, expected: list[str]) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 * * * *", max_concurrency=99)
    here.every(600, "2026-05-01T02:30:00")
    here.backend.pause_schedule(made.id)
    here.backend.pause_schedule(made.name)
    here.every(600, "2026-05-01T05:30:00")
    assert [item.enabled for item in here.backend.schedules()] == [False]
    here.backend.resume_schedule(made.id, catch_up=catch_up)
    here.every(600, "2026-05-01T06:30:00")
    assert [hour[3:5] for hour in here.hours(made)] == ["01", "02", *expected]


@pytest.mark.parametrize("catch_up", [False, True])
def test_what_was_due_before_a_pause_is_not_lost(desk, catch_up: bool) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 * * * *", catch_up=catch_up)
    here.clock.travel_to("2026-05-01T03:30:00")
    here.backend.pause_schedule(made.id)
    here.clock.travel_to("2026-05-01T06:30:00")
    here.backend.resume_schedule(made.id)
    here.round()
    assert [hour[3:5] for hour in here.hours(made)] == (["01", "02", "03"] if catch_up else ["03"])
    assert here.firings.startable(99) == [1]


def test_what_waits_does_not_start_while_its_schedule_is_paused(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 * * * *")
    here.every(600, "2026-05-01T01:00:00")
    assert here.firings.startable(9) == [1] and here.firings.may_start(1, 9) and not here.firings.may_start(1, 0)
    here.backend.pause_schedule(made.id)
    assert here.firings.startable(9) == [] and not here.firings.may_start(1, 9)
    here.backend.resume_schedule(made.id)
    assert here.firings.startable(9) == [1]


def test_the_same_name_again_changes_the_schedule_and_loses_nothing(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 * * * *", catch_up=True, name="x")
    assert "changed" not in made.note and "no scheduler is running here" in made.note
    here.clock.travel_to("2026-05-01T03:30:00")
    again = here.add("0 * * * *", catch_up=True, name="x", max_concurrency=2)
    assert again.id == made.id and "changed" in again.note
    here.round()
    assert [hour[3:5] for hour in here.hours(made)] == ["01", "02"]
    here.add("30 * * * *", name="x")
    here.every(600, "2026-05-01T04:40:00")
    here.end_all()
    here.round()
    assert [hour[3:] for hour in here.hours(made)] == ["01:00", "02:00", "03:00", "04:30"]


def test_a_deleted_schedule_starts_nothing_and_one_of_its_name_begins_anew(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 * * * *", name="x")
    here.every(600, "2026-05-01T01:00:00")
    here.backend.delete_schedule(made.id)
    assert here.firings.startable(9) == [] and here.firings.numbered(1).state == "CANCELLED"
    again = here.add("0 * * * *", name="x")
    assert again.id != made.id
    here.every(600, "2026-05-01T02:00:00")
    assert here.hours(again) == ["01 02:00"]
    assert here.database.rows("SELECT COUNT(*) FROM pipelines") == [(1,)]
    here.backend.delete_schedule(again.id)
    here.end_all()
    with pytest.raises(UsageError) as caught:
        here.backend.delete_schedule(again.id)
    assert caught.value.code == "E813"


NAMES = [
    'it\'s "quoted"',
    "{{braces}} {$.x}",
    "two\nlines\tand a tab",
    "a/b/../c",
    "; DROP TABLE schedules; --",
    "\N{SNOWMAN} \N{PILE OF POO}",
    "\ud800 alone",
    "x" * 3000,
    "-1",
    "nightly-1",
    "*",
    "",
]


def test_names_are_data(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = {name: here.add("0 * * * *", name=name) for name in NAMES}
    assert len({item.id for item in made.values()}) == len(NAMES)
    here.clock.travel_to("2026-05-01T01:00:00")
    here.round()
    assert all(len(here.dues(item)) == 1 for item in made.values())
    for name, item in made.items():
        assert item.id.replace("-", "").isalnum() and item.id.isascii() and len(item.id) < 64
        here.backend.pause_schedule(name or item.id)
    assert not any(item.enabled for item in here.backend.schedules())
    assert here.add("0 * * * *", name=NAMES[0]).id == made[NAMES[0]].id


def test_an_id_that_is_the_name_of_another_is_not_guessed(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    first = here.add("0 * * * *", name="a")
    second = here.add("0 * * * *", name=first.id)
    with pytest.raises(UsageError) as caught:
        here.backend.delete_schedule(first.id)
    assert caught.value.code == "E970" and caught.value.expected == f"a or {second.id}"
    here.backend.delete_schedule("a")
    assert [item.id for item in here.backend.schedules()] == [second.id]


@pytest.mark.slow
def test_ten_thousand_schedules_are_listed_and_decided_quickly(desk) -> None:
    here: Desk = desk("2026-05-01T00:00:00")
    made = here.add("0 6 * * *", name="first")
    with here.database.transaction():
        here.database.execute(
            "WITH RECURSIVE c(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c WHERE n < 10000) INSERT INTO schedules "
            "(id, name, is_enabled, kind, trigger, work, pipeline, max_concurrency, made_at, decided, next_due) "
            "SELECT 's-' || n, 's' || n, 1, kind, trigger, work, pipeline, max_concurrency, made_at, decided, next_due "
            "FROM c, schedules WHERE number = 1"
        )
    begin = time.process_time()
    assert len(here.backend.schedules()) == 10_000
    listed = time.process_time()
    for _ in range(100):
        here.round()
    idle = time.process_time()
    here.clock.travel_to("2026-05-01T06:00:00")
    here.round()
    decided = time.process_time()
    assert here.dues(made) == [utc("2026-05-01T06:00:00")]
    assert here.database.rows("SELECT COUNT(*) FROM firings") == [(10_000,)]
    assert listed - begin < 5 and idle - listed < 5 and decided - idle < 30


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("sleep"), st.integers(1, 20_000)),
            st.tuples(st.just("jump"), st.integers(-10_000, 20_000)),
            st.tuples(st.just("end"), st.just(0)),
            st.tuples(st.just("round"), st.just(0)),
            st.tuples(st.just("again"), st.just(0)),
        ),
        max_size=15,
    )
)
def test_whatever_happens_catch_up_loses_nothing_and_nothing_runs_twice(tmp_path_factory, steps) -> None:
    here = Desk(tmp_path_factory.mktemp("desk"), TravellingClock("2026-05-01T00:00:00"))
    made = here.add("*/30 * * * *", catch_up=True, max_concurrency=2, name="x")
    begin = latest = here.clock.now()
    for step, amount in steps:
        if step == "sleep":
            here.clock.sleep(amount)
        elif step == "jump":
            here.clock.jump(seconds=max(amount, (begin - here.clock.now()).total_seconds()))
        elif step == "end":
            here.end_all()
        elif step == "again":
            here.add("*/30 * * * *", catch_up=True, max_concurrency=2, name="x")
        here.round()
        latest = max(latest, here.clock.now())
    here.clock.jump(seconds=max(0.0, (latest - here.clock.now()).total_seconds()))
    here.round()
    while here.end_all():
        here.round()
    expected = Schedule("*/30 * * * *").next_times(500, after=utc("2026-05-01T00:00:00"))
    assert here.dues(made) == sorted(here.dues(made)) == [item for item in expected if item <= here.clock.now()]
    here.database.close()
