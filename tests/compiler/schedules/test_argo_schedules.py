"""CronWorkflows of Argo Workflows 3.7, 4.0 and 4.1."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from translated import ARGO_VERSIONS, codes_of, document_of, needs_schemas, translated, validator_of

from milonga.compiler.graph import Graph
from milonga.compiler.schedules import ArgoSchedules
from milonga.compiler.targets.argo import ArgoTarget
from milonga.dsl.schedule import Schedule

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
    ("name", "made"),
    [
        ("n" * 52, "n" * 52),
        ("n" * 53, f"{'n' * 43}-[0-9a-f]{{8}}"),
        ("9am", "9am"),
        ("Every night, 2 o'clock", "every-night-2-o-clock"),
        ("\u5915", "t-[0-9a-f]{8}"),
        ("'; DROP {{x}}", "drop-x"),
        ("x" * 10_000, f"{'x' * 43}-[0-9a-f]{{8}}"),
    ],
)
def test_a_name_is_one_that_kubernetes_takes(name: str, made: str) -> None:
    translation = translated(ARGO, "@daily", name=name)
    found = document_of(translation)["metadata"]["name"]
    assert re.fullmatch(made, found) and len(found) <= 52
    assert codes_of(translation) == ([] if found == name else ["E312"])
    assert all(len(finding.got) < 120 for finding in translation.findings)


def test_a_parameter_name_beyond_ascii_is_refused_where_the_pipeline_is_not_at_hand() -> None:
    assert codes_of(translated(ARGO, "@daily", arguments={"a\u00f1o": 1, "year": 1})) == ["E310"]


NAMES = st.text(min_size=1, max_size=60) | st.sampled_from(["2024-train", "in", "my_pipe", "x" * 64, "gr\u00f6\u00dfe"])


@given(name=NAMES, wanted=st.lists(NAMES, min_size=1, max_size=3, unique=True))
@settings(max_examples=15, deadline=None)
def test_what_it_starts_is_the_template_that_the_compiler_writes(name: str, wanted: list[str]) -> None:
    graph = pipeline_of(name, wanted)
    *_, template = yaml.safe_load_all(ArgoTarget().emit(graph))
    arguments = dict.fromkeys(wanted, "value")
    translation = ARGO.translate(Schedule("@daily"), name=graph.name, graph=graph, arguments=arguments)
    specification = document_of(translation)["spec"]["workflowSpec"]
    assert specification["workflowTemplateRef"] == {"name": template["metadata"]["name"]}
    asked = {item["name"] for item in template["spec"]["arguments"]["parameters"] if "value" not in item}
    assert {item["name"] for item in specification["arguments"]["parameters"]} == asked


def pipeline_of(name: str, inputs: list[str]) -> Graph:
    step = {"executorLabel": "exec-step"}
    container = {"image": "python:3.11-slim", "command": ["true"]}
    document = {
        "pipelineInfo": {"name": name},
        "schemaVersion": "2.1.0",
        "root": {
            "inputDefinitions": {"parameters": {key: {"parameterType": "STRING"} for key in inputs}},
            "dag": {"tasks": {"step": {"componentRef": {"name": "comp-step"}}}},
        },
        "components": {"comp-step": step},
        "deploymentSpec": {"executors": {"exec-step": {"container": container}}},
    }
    return Graph.from_documents((document,))


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
