"""Schedules on KFP whose start has passed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.backends.kfp.past_start import begun
from milonga.backends.submit_request import SubmitRequest
from milonga.dsl.schedule import Schedule

REQUEST = SubmitRequest({"rows": 3})
LONG_AGO = "2020-01-01T06:30:00Z"


def _start_of(body, kind: str) -> datetime:
    return datetime.fromisoformat(body["trigger"][kind]["start_time"].replace("Z", "+00:00"))


@pytest.mark.parametrize(
    ("fields", "kind"), [({"interval_s": 5400}, "periodic_schedule"), ({"cron": "30 6 * * *"}, "cron_schedule")]
)
def test_a_start_that_has_passed_starts_nothing_at_once(kfp, kfp_server, graph, fields, kind) -> None:
    backend = kfp()
    schedule = Schedule(**fields, start=LONG_AGO)
    findings = backend.translated(graph, REQUEST, schedule).findings
    assert any(item.code == "E312" and "has passed" in item.message for item in findings)
    made = backend.add_schedule(graph, REQUEST, schedule)
    start = _start_of(kfp_server.recurring[made.id], kind)
    now = datetime.now(timezone.utc)
    if kind == "periodic_schedule":
        anchor = datetime.fromisoformat(LONG_AGO.replace("Z", "+00:00"))
        assert start <= now < start + timedelta(seconds=5400)
        assert (start - anchor) % timedelta(seconds=5400) == timedelta(0), "the phase is kept"
    else:
        assert now < start + timedelta(seconds=1) <= now + timedelta(days=1)


def test_a_start_that_has_passed_stays_where_missed_runs_are_asked_for_and_is_named(kfp, kfp_server, graph) -> None:
    schedule = Schedule(interval_s=5400, start=LONG_AGO, catch_up=True)
    backend = kfp()
    (finding,) = backend.translated(graph, REQUEST, schedule).findings
    assert finding.code == "E312" and "made up for" in finding.message
    body = kfp_server.recurring[backend.add_schedule(graph, REQUEST, schedule).id]
    assert body["trigger"]["periodic_schedule"]["start_time"] == "2020-01-01T05:00:00Z"


@given(
    interval_s=st.integers(1, 10**7),
    age_s=st.integers(-(10**6), 10**8),
    microseconds=st.integers(0, 999_999),
)
def test_moving_a_start_changes_no_time_to_come(interval_s: int, age_s: int, microseconds: int) -> None:
    now = datetime(2026, 11, 21, 10, 0, 0, microseconds, tzinfo=timezone.utc)
    asked = Schedule(interval_s=interval_s, start=now.replace(microsecond=0) - timedelta(seconds=age_s))
    moved, findings = begun(asked, now)
    assert moved.next_times(3, after=now) == asked.next_times(3, after=now)
    assert moved.start is not None and moved.start > now and bool(findings) == (moved != asked)


def test_a_schedule_that_is_over_starts_nothing() -> None:
    now = datetime(2026, 11, 21, tzinfo=timezone.utc)
    moved, (finding,) = begun(Schedule("@daily", start="2020-01-01T00:00:00Z", end="2021-01-01T00:00:00Z"), now)
    assert moved.start is None and "no time" in finding.message and moved.next_times(1, after=now) == ()
