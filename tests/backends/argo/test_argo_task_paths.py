"""The nodes of real Workflows, told as the tasks of their pipelines."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from milonga.backends.argo.descriptions import arguments_of
from milonga.backends.argo.layout.layout import Layout, indices_of
from milonga.backends.argo.looks import run_error
from milonga.backends.argo.nodes.messages import error_of, new_reasons, told
from milonga.backends.argo.nodes.states import run_state
from milonga.backends.argo.nodes.task_tree import TaskTree, natural
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.call_failed import CallFailed


def states_of(found) -> dict[str, str]:
    return {task.path: task.state for task in TaskTree(*found).tasks()}


def test_tasks_have_the_paths_that_a_local_run_gives_them(recorded) -> None:
    assert states_of(recorded("failed_in_loop")) == {
        "exit-handler-1": "FAILED",
        "exit-handler-1/condition-4": "SKIPPED",
        "exit-handler-1/double": "SUCCEEDED",
        "exit-handler-1/for-loop-2": "FAILED",
        "exit-handler-1/for-loop-2[0]": "SUCCEEDED",
        "exit-handler-1/for-loop-2[0]/double-2": "SUCCEEDED",
        "exit-handler-1/for-loop-2[0]/fail-if": "SUCCEEDED",
        "exit-handler-1/for-loop-2[1]": "FAILED",
        "exit-handler-1/for-loop-2[1]/double-2": "NOT_RUN",
        "exit-handler-1/for-loop-2[1]/fail-if": "FAILED",
        "exit-handler-1/for-loop-2[2]": "SUCCEEDED",
        "exit-handler-1/for-loop-2[2]/double-2": "SUCCEEDED",
        "exit-handler-1/for-loop-2[2]/fail-if": "SUCCEEDED",
        "exit-handler-1/total": "NOT_RUN",
        "exit-handler-1/write": "SUCCEEDED",
        "note": "SUCCEEDED",
    }


def test_loops_count_their_iterations_and_steps_are_no_groups(recorded) -> None:
    tasks = {task.path: task for task in TaskTree(*recorded("failed_in_loop")).tasks()}
    assert tasks["exit-handler-1/for-loop-2"].iterations == 3
    assert tasks["exit-handler-1"].iterations is None
    kinds = {path: task.kind for path, task in tasks.items()}
    assert kinds["exit-handler-1/condition-4"] == "group" and kinds["exit-handler-1/for-loop-2[0]"] == "group"
    assert kinds["exit-handler-1/total"] == "step" and kinds["note"] == "step"


def test_a_task_with_retries_is_one_task_with_its_attempts(recorded) -> None:
    tasks = {task.path: task for task in TaskTree(*recorded("pods_deleted")).tasks()}
    slow = tasks["exit-handler-1/for-loop-2[1]/slow"]
    assert (slow.kind, slow.state, slow.message) == ("step", "FAILED", "pod deleted")
    assert [(node.display_name, node.phase) for node in slow.attempts] == [("slow(0)", "Error"), ("slow(1)", "Error")]
    assert len(tasks["exit-handler-1/for-loop-2[0]/slow"].attempts) == 1


def test_a_failed_run_tells_the_first_failed_step_in_the_words_of_the_task(recorded) -> None:
    workflow, layout = recorded("failed_in_loop")
    tasks = TaskTree(workflow, layout).tasks()
    assert run_state(workflow) == "FAILED"
    assert run_error(workflow, tasks) == "exit-handler-1/for-loop-2[1]/fail-if: E410: ValueError: 2 is bad"
    assert {task.path: task.message for task in tasks if task.message} == {
        "exit-handler-1/for-loop-2[1]/fail-if": "E410: ValueError: 2 is bad"
    }


def test_who_was_stopped_is_cancelled_and_who_failed_before_has_failed(recorded) -> None:
    workflow, layout = recorded("cancelled")
    assert run_state(workflow) == "CANCELLED"
    assert states_of((workflow, layout)) == {
        "double": "NOT_RUN",
        "no-image": "CANCELLED",
        "no-room": "CANCELLED",
        "sleepy": "CANCELLED",
        "too-much": "FAILED",
    }


def test_a_waiting_step_says_what_it_waits_for_and_a_killed_one_by_what(recorded) -> None:
    workflow, layout = recorded("waiting_and_out_of_memory")
    tasks = {task.path: task for task in TaskTree(workflow, layout).tasks()}
    assert run_state(workflow) == "RUNNING"
    assert tasks["no-room"].state == "PENDING" and "Insufficient memory" in tasks["no-room"].message
    assert tasks["no-image"].message == ""  # Argo does not say; the pod does
    assert tasks["too-much"].message == "main: OOMKilled (exit code 137)"


def test_without_a_layout_tasks_have_the_names_that_argo_shows(recorded) -> None:
    workflow, _ = recorded("failed_in_loop")
    paths = states_of((workflow, Layout()))
    assert paths["exit-handler-1/for-loop-2/it[1]/fail-if"] == "FAILED"


def test_packed_nodes_are_the_same_nodes(recorded) -> None:
    workflow, layout = recorded("failed_in_loop")
    nodes = workflow.document["status"]["nodes"]
    packed = base64.b64encode(gzip.compress(json.dumps(nodes).encode())).decode()
    document = {**workflow.document, "status": {**workflow.status, "nodes": {}, "compressedNodes": packed}}
    assert states_of((Workflow.from_json(document), layout)) == states_of((workflow, layout))


@pytest.mark.parametrize(
    "status",
    [{"offloadNodeStatusVersion": "fnv:1"}, {"compressedNodes": "no base64!"}, {"compressedNodes": "aGVsbG8="}],
)
def test_nodes_that_lie_elsewhere_or_are_damaged_are_one_clear_error(status) -> None:
    with pytest.raises(CallFailed) as caught:
        Workflow.from_json({"metadata": {"name": "w"}, "status": status})
    assert caught.value.code == "E833"


def test_arguments_are_told_by_the_names_of_the_pipelines_inputs(recorded) -> None:
    workflow, layout = recorded("failed_in_loop")
    assert arguments_of(workflow, layout) == {"start": 1, "bad": 2}


def test_a_task_after_a_skipped_one_is_skipped_and_after_a_failed_one_not_run() -> None:
    def node(name: str, phase: str) -> dict[str, object]:
        return {"name": f"w.{name}", "displayName": name, "type": "Skipped", "phase": phase, "boundaryID": "w"}

    names = {"a": "Skipped", "b": "Omitted", "c": "Omitted", "d": "Failed", "e": "Omitted", "f": "Omitted"}
    depends = {"b": "a.Succeeded", "c": "b.Succeeded", "e": "d.Succeeded", "f": "c.Succeeded && e.Succeeded"}
    tasks = [{"name": name, "depends": depends.get(name, "")} for name in names]
    workflow = Workflow.from_json(
        {
            "metadata": {"name": "w"},
            "spec": {"templates": [{"name": "main", "dag": {"tasks": tasks}}]},
            "status": {
                "nodes": {
                    "w": {"name": "w", "displayName": "w", "type": "DAG", "phase": "Failed", "templateName": "main"},
                    **{f"w-{name}": node(name, phase) for name, phase in names.items()},
                }
            },
        }
    )
    assert states_of((workflow, Layout())) == {
        "a": "SKIPPED",
        "b": "SKIPPED",
        "c": "SKIPPED",
        "d": "FAILED",
        "e": "NOT_RUN",
        "f": "NOT_RUN",
    }


def test_what_is_ordinary_is_not_told() -> None:
    assert [told(text) for text in ("PodInitializing", "omitted: depends condition not met", " child 'x' failed ")] == [
        ""
    ] * 3
    assert told("main: Error (exit code 1): E416: no") == "E416: no"
    assert told("main: Error (exit code 2)") == "main: Error (exit code 2)"
    assert error_of("E416: wrong\nTraceback") == {"code": "E416", "message": "wrong", "traceback": "Traceback"}
    assert error_of("")["code"] == "E410"


def test_a_reason_is_told_once() -> None:
    reasons = (
        "FailedScheduling: no node has room",
        "container main: ErrImagePull: no such host",
        "Failed: ErrImagePull",
    )
    assert new_reasons(reasons, "Unschedulable: no node has room") == ("container main: ErrImagePull: no such host",)


def test_paths_sort_by_number_and_hold_the_indices() -> None:
    assert sorted(["l[10]/a", "l[9]/a", "l"], key=natural) == ["l", "l[9]/a", "l[10]/a"]
    assert indices_of("a[2]/b/c[10]/d") == (2, 10) and indices_of("a/x[1]y") == ()
