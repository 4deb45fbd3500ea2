"""Cron texts as the back ends read them: checked against what their own cron library answers."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from milonga.compiler.schedules.clock_changes import clock_change_findings
from milonga.compiler.schedules.cron_dialect import portable_cron
from milonga.compiler.schedules.interval_cron import interval_cron
from milonga.dsl.schedule import Schedule

UTC = timezone.utc
SEEN: dict[str, Any] = json.loads((Path(__file__).parent / "robfig_cron_times.json").read_text("utf-8"))
"""Answers of robfig/cron v1.2.0 and v3.0.1 themselves, to the texts that stand there as `kfp` and `argo`."""


@pytest.mark.parametrize("case", SEEN["cases"], ids=lambda case: case["cron"])
def test_the_libraries_of_the_back_ends_give_the_times_of_the_schedule(case: dict[str, Any]) -> None:
    schedule = Schedule(case["cron"], time_zone=case["zone"])
    assert schedule.cron is not None
    cron, refusals = portable_cron(schedule.cron, "kfp", step_is_star=True)
    assert (f"0 {cron}", refusals) == (case["kfp"], [])
    cron, refusals = portable_cron(schedule.cron, "argo", step_is_star=False)
    assert (cron if not refusals else None) == case["argo"]
    times = schedule.next_times(len(case["times"]), after=datetime(2026, 3, 27, 11, 59, 30, tzinfo=UTC))
    assert [f"{time.astimezone(UTC):%Y-%m-%dT%H:%MZ}" for time in times] == case["times"]


@pytest.mark.parametrize("cron", ["0 0 L * *", "0 0 LW * *", "0 0 * * 5L", "0 0 * * MON#2", "0 0 1,L * *"])
def test_last_days_and_numbered_weekdays_are_refused(cron: str) -> None:
    assert [finding.code for finding in portable_cron(cron, "x", step_is_star=True)[1]] == ["E310"]


@pytest.mark.parametrize("step_is_star", [False, None])
def test_a_day_that_must_match_both_is_refused_where_either_would_do(step_is_star: bool | None) -> None:
    (finding,) = portable_cron("0 0 */2 * MON", "x", step_is_star=step_is_star)[1]
    assert finding.code == "E310" and "both" in finding.message and finding.path == "schedule"
    assert portable_cron("0 0 1-31/2 * MON", "x", step_is_star=step_is_star) == ("0 0 1-31/2 * MON", [])


def test_a_time_that_the_library_does_not_find_is_refused() -> None:
    (finding,) = portable_cron("0 0 29 2 */3", "x", step_is_star=True)[1]
    assert finding.code == "E310" and "5 years" in finding.message
    assert portable_cron("0 0 29 2 *", "x", step_is_star=True)[1] == []


@pytest.mark.parametrize(
    ("interval_s", "start", "cron"),
    [
        (60, None, "* * * * *"),
        (900, None, "*/15 * * * *"),
        (900, "2026-01-01T00:07:00Z", "7-59/15 * * * *"),
        (3600, "2026-01-01T05:30:00Z", "30 * * * *"),
        (21_600, None, "0 */6 * * *"),
        (21_600, "2026-01-01T07:30:00Z", "30 1-23/6 * * *"),
        (86_400, "2026-01-01T22:05:00Z", "5 22 * * *"),
        (604_800, "2026-01-04T22:05:00Z", "5 22 * * 0"),
        (604_800, None, "0 0 * * 1"),
        (90, None, None),
        (5400, None, None),
        (50_400, None, None),
        (172_800, None, None),
        (900, "2026-01-01T00:07:30Z", None),
    ],
)
def test_an_interval_is_a_cron_text_only_where_the_times_are_the_same(
    interval_s: int, start: str | None, cron: str | None
) -> None:
    schedule = Schedule(interval_s=interval_s, start=start)
    assert interval_cron(interval_s, schedule.start) == cron
    if cron is not None and start is not None:
        after = datetime(2026, 1, 1, tzinfo=UTC)
        assert Schedule(cron, start=start).next_times(300, after=after) == schedule.next_times(300, after=after)


def clock_codes(cron: str, zone: str, **fields: Any) -> list[str]:
    schedule = Schedule(cron, time_zone=zone, **fields)
    return [finding.got for finding in clock_change_findings(schedule, "x", documented=True)]


def test_times_that_the_clock_skips_or_shows_twice_are_named_with_their_first_date() -> None:
    assert clock_codes("30 2 * * *", "Europe/Madrid") == [
        "2025-10-26 02:30 in Europe/Madrid comes twice",
        "2025-03-30 02:30 in Europe/Madrid does not exist",
    ]


@pytest.mark.parametrize(
    ("cron", "zone"),
    [
        ("0 6 * * *", "Europe/Madrid"),
        ("30 2 * * *", "UTC"),
        ("30 2 * * *", "Asia/Seoul"),
        ("30 2 * * MON-SAT", "Europe/Madrid"),
        ("*/30 2 * * *", "Europe/Madrid"),
        ("30 2 * JUN *", "Europe/Madrid"),
    ],
)
def test_a_schedule_that_no_change_of_the_clock_meets_has_no_finding(cron: str, zone: str) -> None:
    assert clock_codes(cron, zone) == []


def test_only_changes_between_start_and_end_count() -> None:
    assert clock_codes("30 2 * * *", "Europe/Madrid", start="2026-04-01T00:00:00Z", end="2026-10-01T00:00:00Z") == []
    assert (
        len(clock_codes("30 2 * * *", "Europe/Madrid", start="2026-04-01T00:00:00Z", end="2026-12-01T00:00:00Z")) == 1
    )
