"""Requests whose answers stay lost: nothing is started twice, and nothing that was started is lost sight of."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from recording_server import Answer
from remote_samples import IMPATIENT

from milonga.backends.submit_request import SubmitRequest
from milonga.errors import RemoteError

REQUEST = SubmitRequest({"rows": 3})
EXISTS = Answer(409, {"error": {"message": "exists"}})


@pytest.mark.parametrize("kind", ["lose", "slow"])
def test_a_job_whose_every_answer_is_lost_is_found(vertex, vertex_server, graph, kind) -> None:
    vertex_server.fail("/pipelineJobs$", kind, times=99, method="POST", seconds=0.4)
    submitted = vertex(replace(IMPATIENT, answer_timeout_s=0.2)).submit(graph, REQUEST)
    assert list(vertex_server.jobs) == [submitted.run_id]
    assert vertex_server.asked("GET", f"/{submitted.run_id}$")


def test_a_job_that_cannot_be_found_is_told_with_its_id(vertex, vertex_server, graph) -> None:
    vertex_server.fail("/pipelineJobs$", "drop", times=99, method="POST")
    with pytest.raises(RemoteError) as caught:
        vertex().submit(graph, REQUEST)
    error = caught.value
    (asked_for,) = {request.query["pipelineJobId"] for request in vertex_server.asked("POST", "/pipelineJobs$")}
    assert error.code == "E809" and asked_for in error.message and asked_for in error.hint


def test_a_job_lost_before_the_server_went_away_is_not_called_unsent(vertex, vertex_server, graph) -> None:
    vertex_server.fail("/pipelineJobs$", "lose", method="POST")
    vertex_server.fail("/pipelineJobs", times=99, answer=Answer(429, {"error": {"message": "slow down"}}))
    with pytest.raises(RemoteError) as caught:
        vertex().submit(graph, REQUEST)
    (job_id,) = vertex_server.jobs
    assert caught.value.code == "E809" and job_id in caught.value.message


def test_looking_for_what_is_there_is_repeated_as_often_as_anything(vertex, vertex_server, graph) -> None:
    vertex_server.fail("/pipelineJobs$", times=99, method="POST", answer=EXISTS)
    vertex_server.fail("/pipelineJobs/", times=99, method="GET")
    with pytest.raises(RemoteError) as caught:
        vertex().submit(graph, REQUEST)
    assert caught.value.code == "E805"
    assert len(vertex_server.asked("POST", "/pipelineJobs$")) == 1
    assert len(vertex_server.asked("GET", "/pipelineJobs/")) == IMPATIENT.attempts


def test_looking_for_a_kfp_run_is_repeated_as_often_as_anything(kfp, kfp_server, graph) -> None:
    kfp_server.fail("/runs$", "lose", method="POST")
    kfp_server.fail("/runs$", times=99, method="GET")
    with pytest.raises(RemoteError) as caught:
        kfp().submit(graph, replace(REQUEST, name="by hand"))
    assert caught.value.code == "E809" and "'by hand'" in caught.value.message
    assert len(kfp_server.asked("GET", "/runs$")) == IMPATIENT.attempts


def test_an_experiment_is_asked_for_by_the_same_name_next_time_so_its_failure_is_the_server_s(
    kfp, kfp_server, graph
) -> None:
    kfp_server.fail("/experiments$", "answer", times=99, method="POST")
    with pytest.raises(RemoteError) as caught:
        kfp().submit(graph, REQUEST)
    assert caught.value.code == "E805"
    assert len(kfp_server.asked("POST", "/experiments$")) == IMPATIENT.attempts


@pytest.mark.parametrize(("name", "key"), [("kfp", "next_page_token"), ("vertex", "nextPageToken")])
def test_a_list_whose_pages_lead_in_a_circle_ends(request, name, key) -> None:
    backend, server = request.getfixturevalue(name)(), request.getfixturevalue(f"{name}_server")
    pattern = "/(recurringruns|schedules)$"
    server.fail(pattern, times=50, method="GET", answer=Answer(200, {key: "again"}))
    with pytest.raises(RemoteError) as caught:
        backend.schedules()
    assert caught.value.code == "E808" and re.search("'again'", caught.value.got)
    assert len(server.asked("GET", pattern)) == 2


@pytest.mark.parametrize("text", ["<html>login</html>", "", "[]", '{"a":'])
@pytest.mark.parametrize("call", ["pause_schedule", "resume_schedule", "delete_schedule"])
def test_a_page_that_is_no_answer_is_no_success(kfp, kfp_server, call, text) -> None:
    kfp_server.fail("/recurringruns/", times=99, answer=Answer(200, text, {"Content-Type": "text/html"}))
    with pytest.raises(RemoteError) as caught:
        getattr(kfp(), call)("some-schedule")
    assert caught.value.code == "E808"


def test_a_page_that_is_no_answer_is_no_empty_list(kfp, kfp_server) -> None:
    kfp_server.fail("/recurringruns", times=99, answer=Answer(200, "<html>login</html>"))
    with pytest.raises(RemoteError) as caught:
        kfp().schedules()
    assert caught.value.code == "E808"
