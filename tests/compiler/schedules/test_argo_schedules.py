"""CronWorkflows of Argo Workflows 3.7, 4.0 and 4.1."""

from __future__ import annotations

import json
from typing import Any

import pytest
from translated import ARGO_VERSIONS, codes_of, document_of, needs_schemas, translated, validator_of

from milonga.compiler.schedules import ArgoSchedules

ARGO = ArgoSchedules()


def spec_of(*cron: str, **fields: Any) -> dict[str, Any]:
    spec: dict[str, Any] = document_of(translated(ARGO, *cron, **fields))["spec"]
    return spec


def test_a_cron_workflow_starts_the_template_of_the_pipeline() -> None:
    translation = translated(ARGO, "0 6 * * MON", time_zone="Europe/Madrid", name="nightly")
    assert translation.findings == ()
    assert document_of(translation) == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": "nightly"},
        "spec": {
            "schedules": ["0 6 * * MON"],
            "timezone": "Europe/Madrid",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "suspend": False,
            "workflowSpec": {"workflowTemplateRef": {"name": "churn"}},
        },
    }


def test_start_and_end_are_expressions_that_the_ends_own_minute_passes() -> None:
    spec = spec_of("0 6 * * *", start="2026-01-01T06:00:00Z", end="2026-02-01T06:00:00Z")
    assert spec["when"] == "{{= now() >= date('2026-01-01T06:00:00Z') }}"
    assert spec["stopStrategy"] == {"expression": "now() > date('2026-02-01T06:00:59Z')"}
    assert "when" not in spec_of("@daily") and "stopStrategy" not in spec_of("@daily")


def test_more_than_one_run_at_the_same_time_is_any_number() -> None:
    translation = translated(ARGO, "@daily", max_concurrency=2)
    assert document_of(translation)["spec"]["concurrencyPolicy"] == "Allow" and codes_of(translation) == ["E311"]


def test_catching_up_is_dropped() -> None:
    assert codes_of(translated(ARGO, "@daily", catch_up=True)) == ["E311"]


def test_an_interval_is_a_cron_text_that_no_restart_moves() -> None:
    spec = spec_of(interval_s=21_600, start="2026-01-01T01:30:00Z", time_zone="Asia/Seoul")
    assert (spec["schedules"], spec["timezone"]) == (["30 1-23/6 * * *"], "UTC")


@pytest.mark.parametrize("interval_s", [1, 90, 5400])
def test_an_interval_that_no_cron_text_has_is_counted_by_the_controller(interval_s: int) -> None:
    translation = translated(ARGO, interval_s=interval_s)
    assert document_of(translation)["spec"]["schedules"] == [f"@every {interval_s}s"]
    assert codes_of(translation) == ["E312"] and "restarts" in translation.findings[0].message


def test_arguments_are_json_that_no_template_reads() -> None:
    hostile = {"text": '{{workflow.name}} {{=1+1}} $(HOME) "\u00fc\n', "table": {"a": {"b": [1, None]}}, "n": 1.5}
    parameters = spec_of("@daily", arguments=hostile)["workflowSpec"]["arguments"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["n", "table", "text"]
    for parameter in parameters:
        value = parameter["value"]
        assert "{{" not in value and "$" not in value and value.isascii()
        assert json.loads(value) == hostile[parameter["name"]]


@pytest.mark.parametrize(
    ("name", "made", "codes"),
    [
        ("n" * 52, "n" * 52, []),
        ("n" * 53, None, ["E310"]),
        ("Every night, 2 o'clock", "every-night-2-o-clock", ["E312"]),
        ("\u5915", None, ["E310"]),
        ("'; DROP {{x}}", "drop-x", ["E312"]),
        ("x" * 10_000, None, ["E310"]),
    ],
)
def test_a_name_is_one_that_kubernetes_takes(name: str, made: str | None, codes: list[str]) -> None:
    translation = translated(ARGO, "@daily", name=name)
    assert codes_of(translation) == codes and all(len(finding.got) < 120 for finding in translation.findings)
    if made is not None:
        assert document_of(translation)["metadata"]["name"] == made


def test_a_parameter_name_beyond_ascii_is_refused() -> None:
    assert codes_of(translated(ARGO, "@daily", arguments={"a\u00f1o": 1, "year": 1})) == ["E310"]


def test_what_argos_cron_reads_differently_is_refused_or_named() -> None:
    assert codes_of(translated(ARGO, "0 0 */2 * MON")) == ["E310"]
    assert codes_of(translated(ARGO, "0 0 L * *")) == ["E310"]
    assert codes_of(translated(ARGO, "30 2 * * *", time_zone="Europe/Madrid")) == ["E312", "E312"]


@needs_schemas
@pytest.mark.parametrize("version", ARGO_VERSIONS)
@pytest.mark.parametrize(
    "fields",
    [
        {"cron": "*/5 9-17 * JAN-MAR MON,3,7", "start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
        {"interval_s": 90},
        {"cron": "@weekly", "max_concurrency": 3, "catch_up": True, "time_zone": "America/Argentina/Buenos_Aires"},
    ],
)
def test_a_cron_workflow_is_one_that_each_version_takes(version: str, fields: dict[str, Any]) -> None:
    document = document_of(translated(ARGO, arguments={"a": "{{x}}", "b": {}}, **fields))
    validator_of(version).validate(document)
    assert not validator_of(version).is_valid({**document, "spec": {**document["spec"], "timeZone": "UTC"}})
