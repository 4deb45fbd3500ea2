"""Recurring runs of Kubeflow Pipelines."""

from __future__ import annotations

from typing import Any

import pytest
from translated import codes_of, document_of, needs_schemas, translated, validator_of

from milonga.compiler.schedules import KfpSchedules
from milonga.errors import UsageError

KFP = KfpSchedules()


def test_a_cron_text_gets_the_seconds_that_kfp_wants_first() -> None:
    translation = translated(KFP, "30 6 * * 7", catch_up=True, max_concurrency=3, arguments={"rows": 5, "on": True})
    assert document_of(translation) == {
        "display_name": "churn",
        "trigger": {"cron_schedule": {"cron": "0 30 6 * * 0"}},
        "max_concurrency": "3",
        "no_catchup": False,
        "mode": "ENABLE",
        "runtime_config": {"parameters": {"rows": 5, "on": True}},
    }
    assert translation.findings == ()


def test_the_schedules_own_name_is_what_people_see() -> None:
    assert document_of(translated(KFP, "@daily", name="Every night"))["display_name"] == "Every night"


def test_kfp_starts_after_start_time_so_a_cron_starts_a_second_before() -> None:
    document = document_of(translated(KFP, "@daily", start="2026-01-01T00:00:00Z", end="2026-02-01T00:00:00Z"))
    assert document["trigger"]["cron_schedule"] == {
        "cron": "0 0 0 * * *",
        "start_time": "2025-12-31T23:59:59Z",
        "end_time": "2026-02-01T00:00:00Z",
    }


def test_kfp_starts_one_interval_after_start_time_so_an_interval_starts_one_before() -> None:
    translation = translated(KFP, interval_s=5400, start="2026-01-01T06:00:00Z", catch_up=True)
    assert document_of(translation)["trigger"] == {
        "periodic_schedule": {"interval_second": "5400", "start_time": "2026-01-01T04:30:00Z"}
    }
    assert codes_of(translation) == []


def test_kfp_keeps_the_phase_of_an_interval_only_when_it_catches_up() -> None:
    assert codes_of(translated(KFP, interval_s=5400, start="2026-01-01T06:00:00Z")) == ["E312"]
    assert codes_of(translated(KFP, interval_s=5400)) == []


def test_a_zone_other_than_the_servers_is_refused_and_says_what_to_set() -> None:
    translation = translated(KFP, "0 6 * * *", time_zone="Asia/Seoul")
    (finding,) = translation.findings
    assert translation.document is None and finding.code == "E310" and finding.severity == "error"
    assert "CRON_SCHEDULE_TIMEZONE" in finding.hint and "Asia/Seoul" in finding.hint


def test_the_servers_own_zone_is_fine() -> None:
    seoul = KfpSchedules(server_time_zone="Asia/Seoul")
    assert document_of(translated(seoul, "0 6 * * *", time_zone="Asia/Seoul"))["trigger"]["cron_schedule"]
    assert codes_of(translated(seoul, "0 6 * * *")) == ["E310"]
    assert codes_of(translated(KfpSchedules(server_time_zone="Etc/UTC"), "0 6 * * *", time_zone="Zulu")) == []
    madrid = KfpSchedules(server_time_zone="Europe/Madrid")
    assert codes_of(translated(madrid, "30 2 * * *", time_zone="Europe/Madrid")) == ["E312", "E312"]


def test_the_servers_zone_must_exist() -> None:
    with pytest.raises(UsageError) as raised:
        KfpSchedules(server_time_zone="Europe/Madird")
    assert raised.value.code == "E920" and "server" in raised.value.message and "Madrid" in raised.value.hint


def test_an_interval_knows_no_zone() -> None:
    assert codes_of(translated(KFP, interval_s=600, time_zone="Asia/Seoul")) == []


@pytest.mark.parametrize(("runs", "codes"), [(10, []), (11, ["E310"]), (2**31 - 1, ["E310"])])
def test_ten_runs_at_the_same_time_are_the_limit(runs: int, codes: list[str]) -> None:
    assert codes_of(translated(KFP, "@daily", max_concurrency=runs)) == codes


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("[[ScheduledTime]]", ["E312"]),
        ("at [[CurrentTime.15-04-05]]", ["E312"]),
        ("{{$.scheduledTime.strftime('%Y')}}", ["E312"]),
        ("[[1, 2], [3]]", []),
        ("{{x}} $y", []),
        (["[[Index]]"], []),
    ],
)
def test_text_that_kfp_replaces_is_named(value: Any, codes: list[str]) -> None:
    assert codes_of(translated(KFP, "@daily", arguments={"text": value})) == codes


@needs_schemas
@pytest.mark.parametrize(
    "fields",
    [
        {"cron": "0 6 * * *", "start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
        {"interval_s": 90, "max_concurrency": 10, "catch_up": True},
    ],
)
def test_the_body_is_one_that_the_api_describes(fields: dict[str, Any]) -> None:
    document = document_of(translated(KFP, arguments={"rows": [1, {"a": None}]}, **fields))
    validator_of("kfp").validate(document)
    assert not validator_of("kfp").is_valid({**document, "max_concurency": "1"}), "the schema sees a misspelling"
