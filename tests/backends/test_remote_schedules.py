"""Schedules on both back ends."""

from __future__ import annotations

import pytest

from milonga.backends.submit_request import SubmitRequest
from milonga.dsl.schedule import Schedule
from milonga.errors import RemoteError, UnsupportedByTarget, UsageError

REQUEST = SubmitRequest({"rows": 3})
NIGHTLY = Schedule("30 2 * * 1", name="nightly")


def test_a_recurring_run_refers_to_the_version_and_carries_the_arguments(kfp, kfp_server, graph) -> None:
    made = kfp(service_account="robot", pipeline_root="s3://b/x").add_schedule(graph, REQUEST, NIGHTLY)
    body = kfp_server.recurring[made.id]
    assert body["pipeline_version_reference"]["pipeline_version_id"] in kfp_server.versions
    assert body["runtime_config"] == {"parameters": {"rows": 3}, "pipeline_root": "s3://b/x"}
    assert body["service_account"] == "robot" and body["display_name"] == "nightly"
    assert body["trigger"]["cron_schedule"]["cron"] == "0 30 2 * * 1"
    assert made.enabled and made.timing == "0 30 2 * * 1" and made.url.endswith(made.id)


def test_a_vertex_schedule_creates_jobs_of_the_pipeline(vertex, vertex_server, graph) -> None:
    made = vertex(service_account="robot@p.iam.gserviceaccount.com").add_schedule(graph, REQUEST, NIGHTLY)
    body = vertex_server.schedules[made.id]
    job = body["createPipelineJobRequest"]["pipelineJob"]
    assert job["runtimeConfig"] == {"gcsOutputDirectory": "gs://bucket/root", "parameterValues": {"rows": 3}}
    assert job["pipelineSpec"]["pipelineInfo"]["name"] == "add-up"
    assert job["serviceAccount"] == "robot@p.iam.gserviceaccount.com" and body["displayName"] == "nightly"
    assert made.enabled and made.timing == "TZ=UTC 30 2 * * 1"


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_a_schedule_is_listed_paused_resumed_and_deleted(request, name, graph) -> None:
    backend = request.getfixturevalue(name)()
    made = [backend.add_schedule(graph, REQUEST, Schedule("@daily", name=f"s{number}")) for number in range(5)]
    assert [item.name for item in backend.schedules()] == ["s4", "s3", "s2", "s1", "s0"]
    backend.pause_schedule(made[0].id)
    backend.pause_schedule(made[0].id)
    assert [item.name for item in backend.schedules() if not item.enabled] == ["s0"]
    backend.resume_schedule(made[0].id)
    assert all(item.enabled for item in backend.schedules())
    backend.delete_schedule(made[1].id)
    assert [item.name for item in backend.schedules()] == ["s4", "s3", "s2", "s0"]


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_a_schedule_whose_answer_is_lost_is_made_once(request, name, graph) -> None:
    backend, server = request.getfixturevalue(name)(), request.getfixturevalue(f"{name}_server")
    backend.add_schedule(graph, REQUEST, NIGHTLY)  # of the same name
    server.fail("/(recurringruns|schedules)$", "lose", method="POST")
    made = backend.add_schedule(graph, REQUEST, NIGHTLY)
    assert len(backend.schedules()) == 2 and backend.schedules()[0] == made
    server.fail("/(recurringruns|schedules)$", "drop", method="POST")
    with pytest.raises(RemoteError) as caught:
        backend.add_schedule(graph, REQUEST, NIGHTLY)
    assert caught.value.code == "E809" and len(backend.schedules()) == 2


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_deleting_whose_answer_is_lost_is_done(request, name, graph) -> None:
    backend, server = request.getfixturevalue(name)(), request.getfixturevalue(f"{name}_server")
    made = backend.add_schedule(graph, REQUEST, NIGHTLY)
    server.fail("/(recurringruns|schedules)/", "lose", method="DELETE")
    backend.delete_schedule(made.id)
    assert backend.schedules() == ()


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_a_schedule_that_is_not_there_is_named(request, name) -> None:
    backend = request.getfixturevalue(name)()
    for change in (backend.pause_schedule, backend.resume_schedule, backend.delete_schedule):
        with pytest.raises(RemoteError) as caught:
            change("404")
        assert caught.value.code == "E813"


def test_a_schedule_that_a_back_end_cannot_keep_is_not_sent(kfp, vertex, kfp_server, vertex_server, graph) -> None:
    for backend, schedule in (
        (kfp(), Schedule("@daily", time_zone="Europe/Madrid")),
        (vertex(), Schedule(interval_s=7)),
    ):
        with pytest.raises(UnsupportedByTarget) as caught:
            backend.add_schedule(graph, REQUEST, schedule)
        assert caught.value.code == "E310"
    assert kfp_server.requests == [] and vertex_server.requests == []


def test_what_vertex_is_sent_holds_what_the_translation_shows(vertex, vertex_server, graph) -> None:
    backend = vertex(failure_policy="fast")
    shown = backend.translated(graph, REQUEST, NIGHTLY).document
    sent = vertex_server.schedules[backend.add_schedule(graph, REQUEST, NIGHTLY).id]
    job = sent["createPipelineJobRequest"]["pipelineJob"]
    part = shown["createPipelineJobRequest"]["pipelineJob"]
    assert {key: sent[key] for key in shown if key != "createPipelineJobRequest"} == {
        key: value for key, value in shown.items() if key != "createPipelineJobRequest"
    }
    assert job["displayName"] == part["displayName"]
    assert part["runtimeConfig"].items() <= job["runtimeConfig"].items()


def test_a_kfp_server_on_another_clock_takes_schedules_of_that_clock(kfp, kfp_server, graph) -> None:
    madrid = Schedule("0 6 * * *", time_zone="Europe/Madrid")
    made = kfp(kfp_time_zone="Europe/Madrid").add_schedule(graph, REQUEST, madrid)
    assert kfp_server.recurring[made.id]["trigger"]["cron_schedule"]["cron"] == "0 0 6 * * *"


def test_missed_runs_are_made_up_for_where_that_can_be_chosen(kfp, vertex, vertex_server, graph) -> None:
    made = vertex().add_schedule(graph, REQUEST, NIGHTLY)
    vertex().resume_schedule(made.id, catch_up=True)
    assert vertex_server.asked("POST", ":resume")[0].json == {"catchUp": True}
    with pytest.raises(UsageError) as caught:
        kfp().resume_schedule("1", catch_up=True)
    assert caught.value.code == "E938"
