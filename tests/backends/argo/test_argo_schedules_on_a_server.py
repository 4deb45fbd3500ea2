"""Schedules on Argo: a schedule starts what was scheduled, whatever is submitted after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from api_server import ApiServer

from milonga.backends.argo.bundle import VERSION
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.graph import Graph
from milonga.dsl.schedule import Schedule
from milonga.errors import RemoteError, UsageError

REQUEST = SubmitRequest({"rows": 3})
MORNINGS = Schedule("0 6 * * *", name="mornings")


def changed(graph: Graph, name: str = "") -> Graph:
    """The pipeline with something else in it, or under another name."""
    info = replace(graph.specification.pipeline_info, name=name or graph.name)
    root = "" if name else "s3://elsewhere"
    return replace(graph, specification=replace(graph.specification, default_pipeline_root=root, pipeline_info=info))


def started_by(server: ApiServer) -> str:
    (cron,) = server.all("cronworkflows")
    return str(cron["spec"]["workflowSpec"]["workflowTemplateRef"]["name"])


def test_a_schedule_is_a_cron_workflow_of_a_template_that_is_named_by_its_content(argo, server, graph) -> None:
    backend = argo(service_account="runner")
    assert backend.add_schedule(graph, REQUEST, MORNINGS).note == ""
    (cron,), (template,) = server.all("cronworkflows"), server.all("workflowtemplates")
    name = template["metadata"]["name"]
    assert name == f"add-up-{template['metadata']['labels'][VERSION]}"
    assert cron["metadata"]["name"] == "mornings" and cron["spec"]["schedules"] == ["0 6 * * *"]
    assert cron["spec"]["workflowSpec"] == {
        "workflowTemplateRef": {"name": name},
        "arguments": {"parameters": [{"name": "rows", "value": "3"}]},
        "serviceAccountName": "runner",
    }
    again = backend.add_schedule(graph, SubmitRequest({"rows": 4}), MORNINGS)
    assert "changed" in again.note and len(server.all("cronworkflows")) == 1
    (listed,) = backend.schedules()
    assert (listed.more["pipeline"], listed.more["template"]) == ("add-up", name)


def test_a_schedule_is_paused_resumed_and_deleted(argo, server, graph) -> None:
    backend = argo()
    backend.add_schedule(graph, REQUEST, MORNINGS)
    backend.pause_schedule("mornings")
    assert [item.enabled for item in backend.schedules()] == [False]
    backend.resume_schedule("mornings")
    backend.delete_schedule("mornings")
    assert backend.schedules() == ()
    with pytest.raises(UsageError) as caught:
        backend.resume_schedule("mornings", catch_up=True)
    assert caught.value.code == "E938"


def test_a_submission_of_other_code_changes_nothing_of_what_a_schedule_starts(argo, server, graph) -> None:
    argo().add_schedule(graph, REQUEST, MORNINGS)
    name = started_by(server)
    (before,) = server.all("workflowtemplates")
    argo().submit(changed(graph), REQUEST)
    assert started_by(server) == name
    assert next(item for item in server.all("workflowtemplates") if item["metadata"]["name"] == name) == before
    argo().add_schedule(changed(graph), REQUEST, MORNINGS)
    assert started_by(server) != name


@pytest.mark.parametrize("name", ["add_up", "Add Up", "ADD-UP"])
def test_a_pipeline_whose_name_becomes_that_of_another_is_refused_and_nothing_is_made(
    argo, server, graph, name
) -> None:
    argo().submit(graph, REQUEST)
    before = dict(server.objects)
    with pytest.raises(RemoteError) as caught:
        argo().submit(changed(graph, name), REQUEST)
    assert caught.value.code == "E830" and "the pipeline 'add-up'" in caught.value.got
    assert caught.value.hint == "give the pipeline another name"
    assert server.objects == before


def test_a_schedule_of_another_pipeline_is_left_alone(argo, server, graph) -> None:
    argo().add_schedule(graph, REQUEST, MORNINGS)
    before = dict(server.objects)
    with pytest.raises(RemoteError) as caught:
        argo().add_schedule(changed(graph, "multiply"), REQUEST, MORNINGS)
    assert caught.value.code == "E830" and caught.value.hint == "give the schedule another name"
    assert server.objects == before


def test_pipelines_whose_names_have_no_letter_of_ascii_have_templates_of_their_own(argo, server, graph) -> None:
    for name in ("\u6a21\u578b", "\u6570\u636e"):
        argo().submit(changed(graph, name), REQUEST)
    assert len(server.all("workflowtemplates")) == 4 and len(server.all("workflows")) == 2
