"""Looking at runs, waiting for them and ending them, on both back ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from recording_server import Answer
from remote_samples import IMPATIENT, PIPELINE

from milonga.backends.submit_request import SubmitRequest
from milonga.backends.waiting import ended_run
from milonga.compiler.documents import parse_documents
from milonga.compiler.graph import Graph
from milonga.errors import RemoteError

REQUEST = SubmitRequest({"rows": 3})
TASKS_OF_KFP = {
    "root-driver": "SUCCEEDED",
    "root": "RUNNING",
    "add": "RUNNING",
    "add-driver": "SUCCEEDED",
    "executor": "RUNNING",
    "screw-driver": "PENDING",
}


def test_a_kfp_run_shows_the_tasks_of_the_pipeline_only(kfp, kfp_server, graph) -> None:
    kfp_server.scenes = [{"state": "RUNNING", "tasks": TASKS_OF_KFP}]
    backend = kfp()
    run = backend.status(backend.submit(graph, REQUEST).run_id)
    assert [(task.name, task.state) for task in run.tasks] == [("add", "RUNNING"), ("screw-driver", "PENDING")]
    assert run.state == "RUNNING" and not run.ended and run.url.endswith(run.run_id)


def test_a_task_that_is_called_like_something_of_kfp_is_shown(kfp, kfp_server, graph) -> None:
    text = PIPELINE
    for old, new in (("inner", "executor"), ("group", "add-driver")):
        text = text.replace(f" {old}:\n", f" {new}:\n").replace(f"name: {old}}}", f"name: {new}}}")
    named = Graph.from_documents(parse_documents(text))
    kfp_server.scenes = [{"state": "RUNNING", "tasks": TASKS_OF_KFP}]
    backend = kfp()
    run_id = backend.submit(named, REQUEST).run_id
    for _ in range(3):
        names = [task.name for task in backend.status(run_id).tasks]
    assert names == ["add", "add-driver", "executor", "screw-driver"]
    assert len(kfp_server.asked("GET", "/versions/")) == 1, "the pipeline is read once"


def test_a_run_whose_pipeline_was_deleted_is_shown_all_the_same(kfp, kfp_server, graph) -> None:
    kfp_server.scenes = [{"state": "RUNNING", "tasks": TASKS_OF_KFP}]
    backend = kfp()
    run_id = backend.submit(graph, REQUEST).run_id
    kfp_server.versions.clear()
    assert [task.name for task in backend.status(run_id).tasks] == ["add", "screw-driver"]


def test_a_kfp_run_that_has_ended_before_its_tasks_is_looked_at_once_more(kfp, kfp_server, graph) -> None:
    kfp_server.scenes = [
        {"state": "SUCCEEDED", "tasks": {"add": "RUNNING"}},
        {"state": "SUCCEEDED", "tasks": {"add": "SUCCEEDED"}},
    ]
    backend = kfp()
    run = backend.status(backend.submit(graph, REQUEST).run_id)
    assert [task.state for task in run.tasks] == ["SUCCEEDED"]


def test_a_state_that_nobody_knows_is_no_end(kfp, kfp_server, graph) -> None:
    kfp_server.scenes = [{"state": "RUNTIME_STATE_UNSPECIFIED"}]
    backend = kfp()
    run = backend.status(backend.submit(graph, REQUEST).run_id)
    assert run.state == "UNKNOWN" and not run.ended


def test_a_vertex_run_shows_its_tasks_with_their_errors(vertex, vertex_server, graph) -> None:
    details = [
        {"taskId": "1", "taskName": "add-up-2026", "state": "RUNNING"},
        {"taskId": "2", "parentTaskId": "1", "taskName": "add", "state": "FAILED", "error": {"message": "exit 1"}},
        {"taskId": "3", "parentTaskId": "1", "taskName": "group", "state": "NOT_TRIGGERED"},
    ]
    vertex_server.scenes = [
        {"state": "PIPELINE_STATE_FAILED", "error": {"message": "add failed"}, "jobDetail": {"taskDetails": details}}
    ]
    backend = vertex()
    run = backend.status(backend.submit(graph, REQUEST).run_id)
    assert [(task.name, task.state, task.error) for task in run.tasks] == [
        ("add", "FAILED", "exit 1"),
        ("group", "SKIPPED", ""),
    ]
    assert run.error == "add failed" and run.ended and not run.succeeded


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_waiting_survives_an_outage_and_shows_each_look(request, name, graph) -> None:
    backend, server = request.getfixturevalue(name)(), request.getfixturevalue(f"{name}_server")
    prefix = "PIPELINE_STATE_" if name == "vertex" else ""
    server.scenes = [{"state": f"{prefix}{state}"} for state in ("PENDING", "RUNNING", "SUCCEEDED")]
    run_id = backend.submit(graph, REQUEST).run_id
    server.fail("/(runs|pipelineJobs)/", times=7)
    seen = []
    assert ended_run(backend, run_id, watch=lambda run: seen.append(run.state)).succeeded
    assert seen == ["PENDING", "RUNNING", "SUCCEEDED"]


def test_waiting_ends_when_the_server_stays_away(kfp, kfp_server, graph) -> None:
    backend = kfp(replace(IMPATIENT, outage_s=0.2))
    run_id = backend.submit(graph, REQUEST).run_id
    kfp_server.fail("/runs/", times=1000)
    with pytest.raises(RemoteError) as caught:
        ended_run(backend, run_id)
    assert caught.value.code == "E805"


def test_waiting_ends_in_time_and_the_run_goes_on(kfp, kfp_server, graph) -> None:
    kfp_server.scenes = [{"state": "RUNNING"}]
    backend = kfp()
    run_id = backend.submit(graph, REQUEST).run_id
    with pytest.raises(RemoteError) as caught:
        ended_run(backend, run_id, timeout_s=0.1)
    assert caught.value.code == "E810" and run_id in caught.value.hint
    assert kfp_server.asked("POST", "terminate") == []


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_a_run_that_is_not_there_is_named(request, name) -> None:
    backend = request.getfixturevalue(name)()
    for ask in (backend.status, backend.cancel):
        with pytest.raises(RemoteError) as caught:
            ask("absent")
        assert caught.value.code == "E812" and "'absent'" in caught.value.message


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_ending_a_run_that_has_ended_or_is_ending_is_no_error(request, name, graph) -> None:
    backend, server = request.getfixturevalue(name)(), request.getfixturevalue(f"{name}_server")
    ended = backend.submit(graph, REQUEST).run_id
    backend.cancel(ended)
    server.scenes = [{"state": "RUNNING" if name == "kfp" else "PIPELINE_STATE_RUNNING"}]
    going = backend.submit(graph, REQUEST).run_id
    backend.cancel(going)
    assert backend.status(going).state == "CANCELLING"
    backend.cancel(going)
    server.ended()
    assert backend.status(going).state == "CANCELLED"
    backend.cancel(going)


FAILURES = [
    (Answer(401, {"error": {"message": "who are you"}}), "E801"),
    (Answer(302, "", {"Location": "https://login.example.org/oauth?x=1"}), "E801"),
    (Answer(403, {"error": {"message": "may not"}}), "E802"),
    (Answer(400, {"error": {"message": "bad"}}), "E803"),
    (Answer(500, {"error": {"message": "oops"}}), "E805"),
    (Answer(429, {"error": {"message": "slow down"}}), "E807"),
    (Answer(301, "", {"Location": "https://elsewhere.example.org/x"}), "E811"),
    (Answer(200, "<html><body>Welcome</body></html>"), "E808"),
]


@pytest.mark.parametrize("name", ["kfp", "vertex"])
@pytest.mark.parametrize(("answer", "code"), FAILURES, ids=lambda value: getattr(value, "status", value))
def test_each_failure_has_a_code_the_server_s_words_and_something_to_do(request, name, answer, code) -> None:
    backend, server = request.getfixturevalue(name)(), request.getfixturevalue(f"{name}_server")
    if name == "vertex":
        server.tokens.append("known")
    server.fail("/(runs|pipelineJobs)/", times=99, answer=answer)
    with pytest.raises(RemoteError) as caught:
        backend.status("some-run")
    error = caught.value
    assert error.code == code and error.hint and error.where and error.kind == "remote"
    if isinstance(answer.body, dict):
        assert answer.body["error"]["message"] in error.got


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_a_server_that_is_not_there_is_unreachable(request, name) -> None:
    server = request.getfixturevalue(f"{name}_server")
    backend = request.getfixturevalue(name)(endpoint="http://127.0.0.1:9")
    with pytest.raises(RemoteError) as caught:
        backend.status("some-run")
    assert caught.value.code == "E800" and "127.0.0.1:9" in caught.value.where
    assert "Connection refused" in caught.value.got and "object at" not in caught.value.got
    assert [item for item in server.requests if item.path != "/token"] == []


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_a_server_that_is_too_slow_is_told_from_one_that_is_away(request, name) -> None:
    backend = request.getfixturevalue(name)(replace(IMPATIENT, answer_timeout_s=0.2, attempts=2))
    request.getfixturevalue(f"{name}_server").fail("/(runs|pipelineJobs)/", "slow", times=9, seconds=0.5)
    with pytest.raises(RemoteError) as caught:
        backend.status("some-run")
    assert caught.value.code == "E806" and "0.2 s" in caught.value.expected


@pytest.mark.parametrize("body", [[], "text", None, {"run_id": "x", "created_at": "yesterday"}, {"run_details": 3}])
def test_an_answer_of_another_form_is_no_traceback(kfp, kfp_server, body) -> None:
    kfp_server.fail("/runs/", answer=Answer(200, body))
    with pytest.raises(RemoteError) as caught:
        kfp().status("some-run")
    assert caught.value.code == "E808"
