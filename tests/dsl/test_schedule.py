"""A schedule says when, once; everything wrong with it is said at once."""

import dataclasses
import pickle
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.dsl.cron_fields import SHORTHANDS, is_valid, read_cron
from milonga.dsl.schedule import Schedule
from milonga.errors import UsageError

UTC = timezone.utc
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def mistake_of(*arguments: Any, **fields: Any) -> UsageError:
    with pytest.raises(UsageError) as raised:
        Schedule(*arguments, **fields)
    assert raised.value.code == "E920" and raised.value.where == "schedule"
    return raised.value


# what is accepted -------------------------------------------------------------------------------------------------


def test_five_fields_stay_as_they_are_written() -> None:
    assert Schedule("  0 6  * * MON-fri\n").cron == "0 6 * * MON-fri"


@pytest.mark.parametrize("word", SHORTHANDS)
def test_a_shorthand_is_five_fields(word: str) -> None:
    assert Schedule(word) == Schedule(word.upper()) == Schedule(SHORTHANDS[word])


def test_a_seconds_field_is_left_out_when_it_is_zero() -> None:
    assert Schedule("0 30 6 * * *") == Schedule("00 30 6 * * *") == Schedule("30 6 * * *")


def test_an_instant_is_a_datetime_or_text_and_is_kept_in_utc() -> None:
    seoul = timezone(timedelta(hours=9))
    written = Schedule(interval_s=60, start="2026-01-01T09:00:00+09:00", end="2026-01-02T00:00:00Z")
    assert written == Schedule(interval_s=60, start=datetime(2026, 1, 1, 9, tzinfo=seoul), end="2026-01-02T00:00Z")
    assert written.start == datetime(2026, 1, 1, tzinfo=UTC) and written.start.tzinfo is UTC


def test_fractions_of_a_second_never_let_a_time_in_that_lies_outside() -> None:
    schedule = Schedule("* * * * *", start="2026-01-01T00:00:00.5Z", end="2026-01-01T00:02:59.9Z")
    assert [time.minute for time in schedule.next_times(9, after=NOON - timedelta(days=300))] == [1, 2]


def test_a_schedule_is_a_value() -> None:
    schedule = Schedule("0 6 * * *", time_zone="Europe/Madrid", start="2026-01-01T00:00:00Z", name="nightly")
    assert schedule == dataclasses.replace(schedule) == pickle.loads(pickle.dumps(schedule))
    assert len({schedule, dataclasses.replace(schedule)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.cron = "* * * * *"  # type: ignore[misc]


def test_its_json_form_makes_it_again() -> None:
    schedule = Schedule(interval_s=5, max_concurrency=3, catch_up=True, end="2030-01-01T00:00:00Z")
    assert Schedule(**schedule.to_json()) == schedule


def test_making_one_imports_cronsim_and_importing_the_module_does_not() -> None:
    script = (
        "import sys; from milonga.dsl.schedule import Schedule; assert 'cronsim' not in sys.modules; "
        "Schedule(interval_s=60); assert 'cronsim' not in sys.modules; "
        "Schedule('0 6 * * *'); assert 'cronsim' in sys.modules; "
        "assert not any(name.startswith('milonga.compiler') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# what is wrong ----------------------------------------------------------------------------------------------------


def test_every_mistake_is_named_at_once() -> None:
    error = mistake_of("61 24 0 13 MONDAY", time_zone="europe/madird", start="soon", end=3, max_concurrency=0, name=1)
    assert error.message == "10 mistakes in the schedule"
    for words in (
        "cron field 1 (minute) is wrong: 61; expected 0-59",
        "cron field 2 (hour) is wrong: 24; expected 0-23",
        "midnight is hour 0 of the next day",
        "cron field 3 (day of month) is wrong: 0; expected 1-31",
        "cron field 4 (month) is wrong: 13; expected 1-12 or JAN-DEC",
        "cron field 5 (day of week) is wrong: MONDAY; expected 0-7 or SUN-SAT",
        "names have three letters",
        "did you mean 'Europe/Madrid'?",
        "max_concurrency is no count: 0",
        "start is no time: 'soon'",
        "end is no time: 3",
        "name is no text: 1",
    ):
        assert words in error.got


@pytest.mark.parametrize(
    ("cron", "message", "words"),
    [
        ("0 6 * *", "not five fields", "4 fields"),
        ("0 6 * * * 2026 *", "not five fields", "7 fields"),
        ("", "not five fields", "no text"),
        ("@reboot", "unknown shorthand", "@daily"),
        ("@every 6h", "not five fields", "interval_s="),
        ("CRON_TZ=Asia/Seoul 0 6 * * *", "not five fields", "time_zone='Asia/Seoul'"),
        ("30 0 6 * * *", "field 1 of 6 (second) is not 0", "interval_s"),
        ("*/90 * * * *", "field 1 (minute)", "for a run every 90 minutes: interval_s=5400"),
        ("0 */36 * * *", "field 2 (hour)", "interval_s=129600"),
        ("0 0 * * */7", "field 5 (day of week)", "at most 6"),
        ("0 22-2 * * *", "field 2 (hour)", "22-23,0-2"),
        ("*/0 * * * *", "field 1 (minute)", "a step is at least 1"),
        ("0 0 ? * MON", "field 3 (day of month)", "write * for any value"),
        ("0 0 * 0 *", "field 4 (month)", "the first month is 1"),
        ("0 0 * JANUARY *", "field 4 (month)", "three letters"),
        ("0 0 * * 8", "field 5 (day of week)", "0-7"),
        ("0 0 30 2 *", "never comes", "day"),
        ("0 0 31 2 */2", "never comes", "day"),
        ("9" * 5000 + " * * * *", "too long", "1000"),
        ("9" * 900 + " * * * *", "field 1 (minute)", "0-59"),
        ("\u0663 * * * *", "field 1 (minute)", "0-59"),
        ("1,,2 * * * *", "field 1 (minute)", "0-59"),
        ("{{x}} $y * * '", "mistakes", "field 5"),
    ],
)
def test_a_wrong_cron_text_is_explained(cron: str, message: str, words: str) -> None:
    error = mistake_of(cron)
    assert message in error.message and words in str(error)
    assert all(len(line) < 400 for line in str(error).splitlines())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "a cron text or an interval"),
        ({"cron": "@daily", "interval_s": 60}, "a cron text or an interval"),
        ({"interval_s": 0}, "interval_s is no number of seconds"),
        ({"interval_s": True}, "interval_s is no number of seconds"),
        ({"interval_s": 1.5}, "interval_s is no number of seconds"),
        ({"interval_s": 2**31}, "interval_s is no number of seconds"),
        ({"interval_s": timedelta(hours=6)}, "interval_s is no number of seconds"),
        ({"cron": 5}, "cron is no text"),
        ({"cron": "@daily", "catch_up": "no"}, "catch_up is no truth value"),
        ({"cron": "@daily", "max_concurrency": True}, "max_concurrency is no count"),
        ({"cron": "@daily", "start": "2026-01-01T00:00:00"}, "start has no time zone"),
        ({"cron": "@daily", "start": datetime(2026, 1, 1)}, "start has no time zone"),
        ({"cron": "@daily", "start": "1969-12-31T00:00:00Z"}, "start is no time"),
        ({"cron": "@daily", "end": "9999-12-31T23:00:00-05:00"}, "end is no time"),
        ({"interval_s": 9, "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "ends before it starts"),
        (
            {"cron": "@yearly", "start": "2026-01-02T00:00:00Z", "end": "2026-06-01T00:00:00Z"},
            "no time of the schedule",
        ),
    ],
)
def test_a_wrong_field_is_explained(fields: dict[str, Any], message: str) -> None:
    assert message in mistake_of(**fields).message


@pytest.mark.parametrize(
    "zone",
    ["", "Europe", "../../etc/passwd", "/etc/localtime", "right/UTC", "localtime", "CEST", "UTC+1", 3, None, "\0"],
)
def test_a_name_that_is_no_zone_of_iana_is_refused(zone: Any) -> None:
    assert mistake_of("@daily", time_zone=zone).message == "time_zone is unknown"


@given(st.lists(st.text("0123456789*/,-LW#?JANMOSU", max_size=6), min_size=5, max_size=5))
def test_what_is_accepted_can_be_read_and_what_is_refused_says_where(words: list[str]) -> None:
    text, mistakes = read_cron(" ".join(words))
    if not mistakes:
        assert is_valid(text) and Schedule(text).cron == text
    else:
        assert all(found.code == "E920" and found.expected for found in mistakes)
        assert not is_valid(text) or all("step of" in found.got or "never" in found.message for found in mistakes)


# times ------------------------------------------------------------------------------------------------------------


def iso(times: tuple[datetime, ...]) -> list[str]:
    return [time.isoformat() for time in times]


def test_times_are_on_the_clock_of_the_zone() -> None:
    times = Schedule("0 6 * * MON", time_zone="Asia/Seoul").next_times(2, after=NOON)
    assert iso(times) == ["2026-03-02T06:00:00+09:00", "2026-03-09T06:00:00+09:00"]


def test_now_is_where_times_begin_unless_told_otherwise() -> None:
    (time,) = Schedule("* * * * *").next_times(1)
    assert timedelta() < time - datetime.now(UTC) + timedelta(seconds=5) < timedelta(seconds=66)


def test_a_time_that_equals_start_or_end_counts_and_one_that_equals_after_does_not() -> None:
    schedule = Schedule("0 6 * * *", start="2026-03-02T06:00:00Z", end="2026-03-04T06:00:00Z")
    assert [time.day for time in schedule.next_times(9, after=NOON)] == [2, 3, 4]
    assert [time.day for time in schedule.next_times(9, after=datetime(2026, 3, 2, 6, tzinfo=UTC))] == [3, 4]
    assert schedule.next_times(9, after=datetime(2026, 3, 4, 6, tzinfo=UTC)) == ()


def test_an_interval_counts_from_its_start_first_run_included() -> None:
    schedule = Schedule(interval_s=5400, start="2026-03-01T06:15:00Z")
    assert iso(schedule.next_times(2, after=NOON - timedelta(days=9))) == [
        "2026-03-01T06:15:00+00:00",
        "2026-03-01T07:45:00+00:00",
    ]
    assert iso(schedule.next_times(1, after=NOON)) == ["2026-03-01T12:15:00+00:00"]


def test_an_interval_without_a_start_counts_from_after() -> None:
    times = Schedule(interval_s=90).next_times(2, after=NOON.replace(microsecond=9))
    assert iso(times) == ["2026-03-01T12:01:30+00:00", "2026-03-01T12:03:00+00:00"]


def test_an_interval_is_an_interval_also_when_the_clock_changes() -> None:
    after = datetime(2026, 3, 28, 23, tzinfo=UTC)
    times = Schedule(interval_s=3600, time_zone="Europe/Madrid").next_times(4, after=after)
    assert [time.hour for time in times] == [1, 3, 4, 5]


def test_sunday_is_0_and_7_and_both_days_are_either_unless_one_begins_with_a_star() -> None:
    def days(cron: str) -> list[int]:
        return [time.day for time in Schedule(cron).next_times(5, after=NOON)]

    assert days("0 0 * * 0") == days("0 0 * * 7") == days("0 0 * * SUN") == [8, 15, 22, 29, 5]
    assert days("0 0 13 * 5") == [6, 13, 20, 27, 3]
    assert days("0 0 */2 * 5") == [13, 27, 3, 17, 1]
    assert days("0 0 L * *") == [31, 30, 31, 30, 31]


@pytest.mark.parametrize(("count", "after"), [(-1, NOON), (1, datetime(2026, 1, 1))])
def test_times_are_asked_for_with_a_count_and_an_aware_moment(count: int, after: datetime) -> None:
    with pytest.raises(UsageError, match=r"count is negative|after has no time zone"):
        Schedule("@daily").next_times(count, after=after)


def test_the_end_of_the_calendar_is_the_end_of_the_times() -> None:
    last = datetime(9999, 12, 30, 12, tzinfo=UTC)
    assert len(Schedule("@daily", time_zone="Europe/Madrid").next_times(9, after=last)) == 1
    assert Schedule(interval_s=2**31 - 1).next_times(9, after=last) == ()
    assert len(Schedule("@yearly").next_times(1, after=datetime.min.replace(tzinfo=UTC))) == 1
    assert Schedule("@daily").next_times(0) == ()
