"""What is forgotten of a failed Workflow, and what is kept."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from datetime import datetime, timezone

import pytest
from api_server import patched

from milonga.backends.argo.nodes.task_tree import TaskTree
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.retrying.plan import RetryPlan, retry_patch

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def after(workflow: Workflow) -> Workflow:
    return Workflow.from_json(patched(dict(workflow.document), retry_patch(workflow, RetryPlan.of(workflow), NOW)))


def test_what_failed_and_what_comes_after_it_is_forgotten_at_every_level(recorded) -> None:
    workflow, layout = recorded("failed_in_loop")
    left = {task.path: task.state for task in TaskTree(after(workflow), layout).tasks()}
    assert left == {
        "exit-handler-1": "RUNNING",
        "exit-handler-1/condition-4": "SKIPPED",
        "exit-handler-1/double": "SUCCEEDED",
        "exit-handler-1/for-loop-2": "RUNNING",
        "exit-handler-1/for-loop-2[0]": "SUCCEEDED",
        "exit-handler-1/for-loop-2[0]/double-2": "SUCCEEDED",
        "exit-handler-1/for-loop-2[0]/fail-if": "SUCCEEDED",
        "exit-handler-1/for-loop-2[2]": "SUCCEEDED",
        "exit-handler-1/for-loop-2[2]/double-2": "SUCCEEDED",
        "exit-handler-1/for-loop-2[2]/fail-if": "SUCCEEDED",
        "exit-handler-1/write": "SUCCEEDED",
    }


def test_a_node_of_retries_goes_with_its_attempts(recorded) -> None:
    workflow, _ = recorded("pods_deleted")
    removed = {workflow.nodes[id].display_name for id in RetryPlan.of(workflow).removed}
    assert removed == {"it(1:1)", "slow", "slow(0)", "slow(1)", "double-2", "total", "note"}


def test_no_node_that_is_left_leads_to_one_that_is_gone(recorded) -> None:
    for name in ("failed_in_loop", "pods_deleted", "cancelled"):
        nodes = after(recorded(name)[0]).nodes
        assert all(child in nodes for node in nodes.values() for child in node.children)


def test_finished_nodes_are_left_as_they_are(recorded) -> None:
    workflow, _ = recorded("failed_in_loop")
    found = after(workflow)
    for id, node in found.nodes.items():
        if node.phase == "Succeeded" and node.type == "Pod" and "fail-if" in node.name:
            assert node.document == workflow.nodes[id].document


def test_the_workflow_runs_again_and_is_no_longer_completed(recorded) -> None:
    found = after(recorded("cancelled")[0])
    assert (found.phase, found.shutdown, found.ended_at) == ("Running", "", None)
    assert found.status["startedAt"] == "2026-01-02T03:04:05Z"  # a deadline of the run counts from there
    assert found.metadata["labels"]["workflows.argoproj.io/completed"] == "false"
    assert all(item["type"] != "Completed" for item in found.status["conditions"])


def test_the_end_that_was_asked_for_is_forgotten_in_the_controllers_copy_too(recorded) -> None:
    workflow, _ = recorded("cancelled")
    stored = {**workflow.status["storedWorkflowTemplateSpec"], "shutdown": "Stop"}
    status = {**workflow.status, "storedWorkflowTemplateSpec": stored}
    found = after(Workflow.from_json({**workflow.document, "status": status}))
    assert "shutdown" not in found.status["storedWorkflowTemplateSpec"]
    assert found.status["storedWorkflowTemplateSpec"]["templates"] == stored["templates"]


def test_the_patch_holds_for_the_version_that_was_read(recorded) -> None:
    workflow, _ = recorded("failed_in_loop")
    patch = retry_patch(workflow, RetryPlan.of(workflow))
    assert patch["metadata"]["resourceVersion"] == workflow.metadata["resourceVersion"]


def test_nothing_of_a_run_that_went_well_is_forgotten(recorded) -> None:
    assert RetryPlan.of(recorded("retried_and_succeeded")[0]).removed == frozenset()


@pytest.mark.parametrize("is_parted", [False, True])
def test_what_ran_well_after_a_failure_is_made_again_wherever_its_template_lies(recorded, is_parted: bool) -> None:
    workflow, _ = recorded("failed_in_loop")
    found = waiting_for(workflow, "write", "(for-loop-2.Succeeded || for-loop-2.Failed)", is_parted=is_parted)
    removed = {found.nodes[id].display_name for id in RetryPlan.of(found).removed}
    assert removed == {"it(1:1)", "fail-if", "double-2", "total", "note", "write"}


@pytest.mark.parametrize("is_parted", [False, True])
def test_what_waited_for_a_skipped_task_is_skipped_wherever_its_template_lies(recorded, is_parted: bool) -> None:
    workflow, layout = recorded("failed_in_loop")
    found = waiting_for(workflow, "total", "condition-4.Succeeded", is_parted=is_parted)
    states = {task.path: task.state for task in TaskTree(found, layout).tasks()}
    assert states["exit-handler-1/total"] == "SKIPPED"


def waiting_for(workflow: Workflow, task: str, depends: str, *, is_parted: bool) -> Workflow:
    """The same, had `task` waited for others; with all templates but the first in an object of their own if asked."""
    stored = copy.deepcopy(workflow.status["storedWorkflowTemplateSpec"])
    for item in (item for template in stored["templates"] for item in template["dag"]["tasks"]):
        if item["name"] == task:
            item["depends"] = depends
    status = {**workflow.status, "storedWorkflowTemplateSpec": stored}
    if is_parted:
        main, *others = stored["templates"]
        status["storedWorkflowTemplateSpec"] = {**stored, "templates": [main]}
        status["storedTemplates"] = {f"namespaced/be-flow.2/{item['name']}": item for item in others}
    return Workflow.from_json({**workflow.document, "status": status})


def test_packed_nodes_are_packed_again(recorded) -> None:
    workflow, _ = recorded("failed_in_loop")
    packed = base64.b64encode(gzip.compress(json.dumps(workflow.document["status"]["nodes"]).encode())).decode()
    status = {**workflow.status, "nodes": {}, "compressedNodes": packed}
    same = Workflow.from_json({**workflow.document, "status": status})
    assert {id: node.document for id, node in after(same).nodes.items()} == {
        id: node.document for id, node in after(workflow).nodes.items()
    }
