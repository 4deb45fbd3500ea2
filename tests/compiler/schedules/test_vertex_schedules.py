"""Schedules of Vertex AI."""

from __future__ import annotations

from typing import Any

import pytest
from translated import codes_of, document_of, translated

from milonga.compiler.graph import Graph
from milonga.compiler.schedules import VertexSchedules
from milonga.dsl.schedule import Schedule

VERTEX = VertexSchedules()
FIELDS = {
    *("displayName", "cron", "startTime", "endTime", "maxConcurrentRunCount", "maxConcurrentActiveRunCount"),
    *("allowQueueing", "createPipelineJobRequest"),
}
"""Those that a caller may set, of the fields of `google.cloud.aiplatform_v1.types.Schedule`."""


def test_a_cron_text_carries_its_zone() -> None:
    translation = translated(VERTEX, "0 6 * * 1-5", time_zone="Europe/Madrid", arguments={"rows": 5})
    assert translation.findings == ()
    assert document_of(translation) == {
        "displayName": "churn",
        "cron": "TZ=Europe/Madrid 0 6 * * 1-5",
        "maxConcurrentRunCount": "1",
        "maxConcurrentActiveRunCount": "1",
        "allowQueueing": False,
        "createPipelineJobRequest": {
            "pipelineJob": {"displayName": "churn", "runtimeConfig": {"parameterValues": {"rows": 5}}}
        },
    }


def test_bounds_and_limits_have_their_fields() -> None:
    translation = translated(
        VERTEX, "@daily", start="2026-01-01T00:00:00Z", end="2026-02-01T00:00:00Z", max_concurrency=4, catch_up=True
    )
    document = document_of(translation)
    assert set(document) <= FIELDS
    assert (document["startTime"], document["endTime"]) == ("2025-12-31T23:59:59Z", "2026-02-01T00:00:00Z")
    assert document["maxConcurrentActiveRunCount"] == "4" and document["allowQueueing"] is True
    assert codes_of(translation) == ["E311"], "a pause is made up for only by the call that ends it"


def test_an_interval_is_a_cron_text_in_utc_where_one_is_the_same() -> None:
    translation = translated(VERTEX, interval_s=21_600, start="2026-01-01T07:30:00Z", time_zone="Asia/Seoul")
    assert document_of(translation)["cron"] == "TZ=UTC 30 1-23/6 * * *" and codes_of(translation) == []


def test_an_interval_without_a_start_says_that_it_is_not_counted_from_now() -> None:
    translation = translated(VERTEX, interval_s=900)
    assert document_of(translation)["cron"] == "TZ=UTC */15 * * * *" and codes_of(translation) == ["E312"]


@pytest.mark.parametrize("interval_s", [1, 90, 5400, 7 * 3600])
def test_another_interval_is_refused(interval_s: int) -> None:
    translation = translated(VERTEX, interval_s=interval_s)
    assert translation.document is None and codes_of(translation) == ["E310"]


def test_what_is_not_documented_is_said_or_refused() -> None:
    assert codes_of(translated(VERTEX, "0 0 */2 * MON")) == ["E310"]
    translation = translated(VERTEX, "30 2 * * *", time_zone="Europe/Madrid")
    assert codes_of(translation) == ["E312", "E312"] and "not described" in translation.findings[0].message


@pytest.mark.parametrize(("name", "codes"), [("n" * 128, []), ("n" * 129, ["E310"])])
def test_a_name_has_at_most_128_characters(name: str, codes: list[str]) -> None:
    assert codes_of(translated(VERTEX, "@daily", name=name)) == codes


def test_artifacts_are_given_by_their_ids(takes_a_dataset: Graph) -> None:
    arguments: dict[str, Any] = {"data": "7", "rows": 5}
    translation = VERTEX.translate(Schedule("@daily"), name="churn", graph=takes_a_dataset, arguments=arguments)
    job = document_of(translation)["createPipelineJobRequest"]["pipelineJob"]
    assert job["runtimeConfig"] == {"parameterValues": {"rows": 5}, "inputArtifacts": {"data": {"artifactId": "7"}}}


@pytest.mark.parametrize("id", ["gs://bucket/data", "", "a/b", 7])
def test_an_artifact_that_is_not_given_by_its_id_is_refused(takes_a_dataset: Graph, id: Any) -> None:
    translation = VERTEX.translate(Schedule("@daily"), name="churn", graph=takes_a_dataset, arguments={"data": id})
    (finding,) = translation.findings
    assert translation.document is None and finding.code == "E310" and "'data'" in finding.message
