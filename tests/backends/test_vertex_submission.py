"""Runs on Vertex AI: what is sent, with which credentials, and what is never started twice."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from recording_server import Answer
from vertex_server import VertexServer

from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.documents import parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.targets import target_named
from milonga.errors import RemoteError, UsageError

REQUEST = SubmitRequest({"rows": 3, "text": "it's {{$}}"})
TAKE = """
pipelineInfo: {name: take}
schemaVersion: 2.1.0
root:
  inputDefinitions: &inputs
    artifacts:
      data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}
  dag:
    tasks:
      use:
        taskInfo: {name: use}
        componentRef: {name: comp-use}
        inputs: {artifacts: {data: {componentInputArtifact: data}}}
components:
  comp-use: {executorLabel: e, inputDefinitions: *inputs}
deploymentSpec: {executors: {e: {container: {image: a, command: [b]}}}}
"""
KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"


def test_a_job_carries_the_pipeline_as_the_target_writes_it(vertex, vertex_server: VertexServer, graph) -> None:
    submitted = vertex().submit(graph, REQUEST)
    job = vertex_server.jobs[submitted.run_id]
    assert job["pipelineSpec"] == parse_documents(target_named("vertex").emit(graph))[0]
    assert job["runtimeConfig"] == {"gcsOutputDirectory": "gs://bucket/root", "parameterValues": REQUEST.parameters}
    assert submitted.run_id.startswith("add-up-20") and job["displayName"] == submitted.name
    assert submitted.url.endswith(f"/europe-west4/pipelines/runs/{submitted.run_id}?project=my-project")


def test_the_name_of_a_long_pipeline_is_cut_and_its_time_is_not(vertex, vertex_server, graph) -> None:
    info = replace(graph.specification.pipeline_info, name="x" * 128)
    submitted = vertex().submit(graph.replace(pipeline_info=info), REQUEST)
    name = vertex_server.jobs[submitted.run_id]["displayName"]
    assert name == submitted.name and len(name) == 128
    assert re.fullmatch(r"x{108} \d{4}-\d\d-\d\d \d\d-\d\d-\d\d", name)


def test_settings_reach_the_job(vertex, vertex_server, graph) -> None:
    backend = vertex(
        service_account="robot@p.iam.gserviceaccount.com",
        network="projects/1/global/networks/n",
        kms_key=KEY,
        failure_policy="fast",
    )
    request = replace(REQUEST, name="by hand", labels={"team": "vision", "größe": "1"}, use_cache=False)
    job = vertex_server.jobs[backend.submit(graph, request).run_id]
    assert job["serviceAccount"] == "robot@p.iam.gserviceaccount.com"
    assert job["network"] == "projects/1/global/networks/n"
    assert job["encryptionSpec"] == {"kmsKeyName": KEY}
    assert job["runtimeConfig"]["failurePolicy"] == "PIPELINE_FAILURE_POLICY_FAIL_FAST"
    assert job["labels"] == {"team": "vision", "größe": "1"} and job["displayName"] == "by hand"
    inner = job["pipelineSpec"]["components"]["comp-group"]["dag"]["tasks"]["inner"]
    assert inner["cachingOptions"] == {"enableCache": False}


def test_artifacts_are_given_by_their_id(vertex, vertex_server) -> None:
    graph = Graph.from_documents(parse_documents(TAKE))
    run = vertex().submit(graph, SubmitRequest(artifacts={"data": "456"}))
    assert vertex_server.jobs[run.run_id]["runtimeConfig"]["inputArtifacts"] == {"data": {"artifactId": "456"}}
    with pytest.raises(UsageError) as caught:
        vertex().submit(graph, SubmitRequest(artifacts={"data": "gs://bucket/data"}))
    assert caught.value.code == "E936"


def test_a_token_is_asked_for_once_and_sent_with_each_request(vertex, vertex_server, graph) -> None:
    backend = vertex()
    run = backend.submit(graph, REQUEST)
    backend.status(run.run_id)
    assert len(vertex_server.asked("POST", "/token")) == 1 and len(vertex_server.tokens) == 1


@pytest.mark.parametrize("kind", ["answer", "drop", "lose", "slow"])
def test_a_job_whose_answer_is_lost_is_started_once(vertex, vertex_server, graph, kind) -> None:
    from remote_samples import IMPATIENT

    vertex_server.fail("/pipelineJobs$", kind, times=2, seconds=0.5)
    submitted = vertex(replace(IMPATIENT, answer_timeout_s=0.2, attempts=5)).submit(graph, REQUEST)
    assert list(vertex_server.jobs) == [submitted.run_id]


def test_an_id_that_somebody_else_has_taken_is_no_run_of_ours(vertex, vertex_server, graph) -> None:
    vertex_server.fail("/pipelineJobs$", answer=Answer(409, {"error": {"message": "exists"}}))
    with pytest.raises(RemoteError) as caught:
        vertex().submit(graph, REQUEST)
    assert caught.value.code == "E803" and "exists" in caught.value.got


def test_what_vertex_would_refuse_is_said_before_anything_is_sent(vertex, vertex_server, graph) -> None:
    for request in (
        replace(REQUEST, labels={"Team": "a"}),
        replace(REQUEST, labels={"1": "a"}),
        replace(REQUEST, labels={"a": "b" * 64}),
        replace(REQUEST, labels={f"a{number}": "" for number in range(65)}),
        replace(REQUEST, name="x" * 129),
    ):
        with pytest.raises(UsageError) as caught:
            vertex().submit(graph, request)
        assert caught.value.code in ("E933", "E935")
    assert vertex_server.requests == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("project", "No Project"),
        ("location", "europe west"),
        ("pipeline_root", "s3://bucket/x"),
        ("service_account", "robot"),
        ("network", "default"),
        ("kms_key", "key"),
        ("failure_policy", "quick"),
        ("endpoint", "http://aiplatform.example.org"),
        ("endpoint", "aiplatform.example.org"),
    ],
)
def test_a_setting_that_breaks_its_rule_is_an_error(vertex, vertex_server, setting, value) -> None:
    with pytest.raises(UsageError) as caught:
        vertex(**{setting: value})
    assert caught.value.code == "E933" and vertex_server.requests == []


@pytest.mark.parametrize("setting", ["project", "location", "pipeline_root"])
def test_a_setting_that_is_needed_is_asked_for(vertex, vertex_server, graph, setting) -> None:
    with pytest.raises(UsageError) as caught:
        vertex(without=setting).submit(graph, REQUEST)
    assert caught.value.code == "E932" and f"--{setting.replace('_', '-')}" in caught.value.expected
    assert vertex_server.requests == []


def test_the_root_of_the_pipeline_itself_is_taken(vertex, vertex_server, graph) -> None:
    own = graph.replace(default_pipeline_root="gs://own/root")
    job = vertex_server.jobs[vertex(without="pipeline_root").submit(own, REQUEST).run_id]
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://own/root"


def test_a_machine_without_credentials_is_told_how_to_get_some(vertex, graph, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))
    with pytest.raises(UsageError) as caught:
        vertex().submit(graph, REQUEST)
    assert caught.value.code == "E934" and "gcloud auth" in caught.value.hint


def test_a_revoked_key_is_no_traceback_and_shows_no_secret(vertex, vertex_server, graph) -> None:
    vertex_server.is_revoked = True
    with pytest.raises(RemoteError) as caught:
        vertex().submit(graph, REQUEST)
    assert caught.value.code == "E801" and "invalid_grant" in caught.value.got
    assert "assertion" not in str(caught.value) and "PRIVATE" not in str(caught.value)
