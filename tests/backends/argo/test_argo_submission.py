"""Runs on Argo: what is sent, what is made once, and what belongs to somebody else."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from api_server import ApiServer
from recording_server import Answer

from milonga.backends.argo.installation import existing
from milonga.backends.argo.resources import CONFIG_MAPS
from milonga.backends.submit_request import SubmitRequest
from milonga.errors import RemoteError, UsageError
from milonga.runtime.argo.layout import REUSE_PARAMETER

REQUEST = SubmitRequest({"rows": 3, "text": "it's {{workflow.name}} $(HOME)", "table": {"a": [1, None]}}, name="Mine")


def test_a_run_is_a_workflow_of_the_template_with_escaped_arguments(argo, server: ApiServer, graph) -> None:
    submitted = argo(service_account="runner").submit(graph, REQUEST)
    (workflow,), (newest, template) = server.all("workflows"), server.all("workflowtemplates")
    assert newest["metadata"]["name"] == "add-up" and newest["spec"] == template["spec"]
    assert submitted.run_id == workflow["metadata"]["name"] and submitted.name == "Mine"
    assert re.fullmatch(r"add-up-[a-z0-9]{8}", submitted.run_id)
    assert workflow["spec"]["workflowTemplateRef"] == {"name": template["metadata"]["name"]}
    assert workflow["spec"]["serviceAccountName"] == "runner"
    values = {item["name"]: item["value"] for item in workflow["spec"]["arguments"]["parameters"]}
    assert not any("{{" in value or "$" in value for value in values.values())
    assert {name: json.loads(value) for name, value in values.items()} == dict(REQUEST.parameters)
    assert workflow["metadata"]["annotations"]["milonga.dev/run-name"] == "Mine"
    assert workflow["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "milonga"


def test_without_cache_the_run_says_that_no_earlier_result_will_do(argo, server: ApiServer, graph) -> None:
    argo().submit(graph, replace(REQUEST, use_cache=False))
    (workflow,) = server.all("workflows")
    values = {item["name"]: item["value"] for item in workflow["spec"]["arguments"]["parameters"]}
    assert values[REUSE_PARAMETER] == "no"


def test_a_value_that_no_pod_can_be_given_is_refused_before_a_run_is_made(argo, server: ApiServer, graph) -> None:
    with pytest.raises(UsageError) as caught:
        argo().submit(graph, replace(REQUEST, parameters={**REQUEST.parameters, "text": "x" * 130_000}))
    assert caught.value.code == "E949"
    assert server.all("workflows") == []


def test_the_same_pipeline_again_is_put_there_once(argo, server, graph) -> None:
    argo().submit(graph, REQUEST)
    argo().submit(graph, REQUEST)
    assert len(server.all("workflows")) == 2
    assert len(server.asked("POST", "configmaps")) == 2 and len(server.asked("POST", "workflowtemplates")) == 2
    assert server.asked("PUT", "") == []


def test_a_template_that_says_something_else_is_replaced_and_keeps_what_others_added(argo, server, graph) -> None:
    argo().submit(graph, REQUEST)
    template, used = server.all("workflowtemplates")
    template["spec"] = {"entrypoint": "old"}
    template["metadata"]["annotations"]["team"] = "blue"
    argo().submit(graph, REQUEST)
    template, still_used = server.all("workflowtemplates")
    assert template["spec"]["templates"] and template["metadata"]["annotations"]["team"] == "blue"
    assert still_used == used


def test_other_code_under_the_same_name_changes_nothing_of_what_a_run_refers_to(argo, server, graph) -> None:
    other = replace(graph, specification=replace(graph.specification, default_pipeline_root="s3://elsewhere"))
    runs = [argo().submit(version, REQUEST).run_id for version in (graph, other)]
    found = {run["metadata"]["name"]: run["spec"]["workflowTemplateRef"]["name"] for run in server.all("workflows")}
    first, second = (found[run] for run in runs)
    names = {template["metadata"]["name"] for template in server.all("workflowtemplates")}
    assert first != second and names == {"add-up", first, second}


def test_a_template_that_changes_in_between_is_read_again(argo, server, graph) -> None:
    argo().submit(graph, REQUEST)
    server.all("workflowtemplates")[0]["spec"] = {"entrypoint": "old"}
    server.fail("workflowtemplates/", method="PUT", answer=Answer(409, {"message": "the object has been modified"}))
    argo().submit(graph, REQUEST)
    assert server.all("workflowtemplates")[0]["spec"]["templates"]


def test_a_template_of_somebody_else_is_left_alone(argo, server, graph) -> None:
    server.put("workflowtemplates", {"metadata": {"name": "add-up"}, "spec": {"entrypoint": "theirs"}})
    with pytest.raises(RemoteError) as caught:
        argo().submit(graph, REQUEST)
    assert caught.value.code == "E830"
    assert server.all("workflowtemplates")[0]["spec"] == {"entrypoint": "theirs"} and server.all("workflows") == []


def test_a_config_map_that_is_not_what_its_name_says_is_refused(argo, server, graph) -> None:
    argo().submit(graph, REQUEST)
    server.all("configmaps")[0]["binaryData"] = {"pipeline.z": "AAAA"}
    with pytest.raises(RemoteError) as caught:
        argo().submit(graph, REQUEST)
    assert caught.value.code == "E830"


@pytest.mark.parametrize("kind", ["lose", "drop", "answer"])
def test_a_lost_answer_starts_nothing_twice(argo, server, graph, kind) -> None:
    server.fail("/workflows$", kind, method="POST", times=2)
    submitted = argo().submit(graph, REQUEST)
    assert [item["metadata"]["name"] for item in server.all("workflows")] == [submitted.run_id]


def test_answers_that_stay_lost_are_said_to_be_so(argo, server, graph) -> None:
    server.fail("/workflows", "drop", times=100)
    with pytest.raises(RemoteError) as caught:
        argo().submit(graph, REQUEST)
    assert caught.value.code == "E809"


def test_a_cluster_without_argo_and_one_without_the_namespace_are_told_apart(argo, server, graph) -> None:
    server.fail("workflowtemplates", times=100, answer=Answer(404, "404 page not found\n"))
    with pytest.raises(RemoteError) as caught:
        argo().submit(graph, REQUEST)
    assert caught.value.code == "E831"
    server.faults.clear()
    status = {
        "kind": "Status",
        "message": 'namespaces "mine" not found',
        "details": {"kind": "namespaces", "name": "mine"},
    }
    server.fail("/workflows$", method="POST", answer=Answer(404, status))
    with pytest.raises(RemoteError) as caught:
        argo().submit(graph, REQUEST)
    assert caught.value.code == "E832" and "mine" in caught.value.message


def test_a_token_stands_in_no_message(argo, server, graph) -> None:
    said = {"kind": "Status", "message": "the-token-of-u may not"}
    server.fail("configmaps", times=100, answer=Answer(403, said))
    with pytest.raises(RemoteError) as caught:
        argo().submit(graph, REQUEST)
    assert caught.value.code == "E802" and "the-token-of-u" not in str(caught.value)
    assert all(request.headers["authorization"] == "Bearer the-token-of-u" for request in server.requests)


@pytest.mark.parametrize("labels", [{"a b": "x"}, {"milonga.dev/pipeline": "x"}, {"team": "a b"}, {"team": "-"}])
def test_a_label_that_kubernetes_refuses_is_refused_before_anything_is_sent(argo, server, graph, labels) -> None:
    with pytest.raises(UsageError) as caught:
        argo().submit(graph, replace(REQUEST, labels=labels))
    assert caught.value.code == "E933" and server.requests == []


def test_the_namespace_is_that_of_the_setting_else_of_the_context(argo, server) -> None:
    assert [argo().namespace, argo(context="there").namespace, argo(namespace="third").namespace] == [
        "mine",
        "other",
        "third",
    ]
    assert server.requests == []


def test_an_end_is_asked_for_once_and_not_of_what_has_ended(argo, server) -> None:
    server.put("workflows", {"metadata": {"name": "w"}, "spec": {}, "status": {"phase": "Running"}})
    argo().cancel("w")
    argo().cancel("w")
    assert server.all("workflows")[0]["spec"]["shutdown"] == "Stop"
    assert len(server.asked("PATCH", "workflows")) == 1
    assert argo().status("w").state == "CANCELLING"
    with pytest.raises(RemoteError) as caught:
        argo().cancel("nobody")
    assert caught.value.code == "E812"


def test_looking_for_an_object_that_is_not_there_is_no_failure(argo) -> None:
    assert existing(argo()._connection, CONFIG_MAPS, "nothing") is None
