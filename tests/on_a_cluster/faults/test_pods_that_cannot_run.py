"""Pods that Kubernetes cannot start, or ends: what is wrong, and what to do, is in `milonga show`."""

from __future__ import annotations

import os

import pytest
from cluster_hands import ClusterHands

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
IMAGE = "registry.invalid/milonga/no-such-image:1"


def test_a_task_that_wants_more_memory_than_its_limit_is_told_so(hands: ClusterHands) -> None:
    run = hands.submit("fault_flows.py:fault_memory")
    shown = hands.ended(run)
    task = hands.task(shown, "allocate")
    assert shown["state"] == "FAILED" and task["state"] == "FAILED"
    assert "OOMKilled" in task["message"] and task["attempts"][0]["exit"] == 137
    assert "`memory=`" in task["reasons"][-1]
    text = hands.milonga("show", run, "--to", "argo")
    assert "OOMKilled" in text.out and "OOMKilled" in text.err and "`memory=`" in text.err


def test_a_task_that_uses_up_the_memory_of_a_shared_pod_is_told_so(hands: ClusterHands) -> None:
    """Whether Kubernetes ends that process alone or all of the container is a matter of the node's control groups."""
    run = hands.submit("fault_flows.py:fault_shared_memory")
    shown = hands.ended(run)
    task = hands.task(shown, "allocate")
    assert shown["state"] == "FAILED" and task["state"] == "FAILED", shown
    said = f"{task['message']} {shown['error']}"
    assert "E415" in said or "OOMKilled" in said


def test_a_process_that_ends_with_code_0_in_the_middle_is_repeated_and_has_failed(hands: ClusterHands) -> None:
    run = hands.submit("fault_flows.py:fault_vanishing")
    shown = hands.ended(run)
    task = hands.task(shown, "vanish")
    assert shown["state"] == "FAILED" and task["state"] == "FAILED" and len(task["attempts"]) == 2
    assert task["message"] == "E416: the process ended with exit code 0 without a result"
    assert hands.task(shown, "nap")["state"] in ("SKIPPED", "NOT_RUN", "UPSTREAM_FAILED")


def test_an_image_that_cannot_be_pulled_is_named_while_one_waits_and_the_run_can_be_cancelled(
    hands: ClusterHands,
) -> None:
    run = hands.submit("fault_flows.py:fault_image")
    with hands.waiting("submit", "--to", "argo", "--attach", run, "--wait") as command:
        hands.until(lambda: f"cannot pull {IMAGE}" in command.text, "the reason among what is said", 300)
        shown = hands.show(run)
        assert shown["state"] == "RUNNING"
        task = hands.task(shown, "nap")
        assert task["state"] == "PENDING" and task["message"].startswith(f"cannot pull {IMAGE}: ")
        assert "`milonga cancel`" in task["reasons"][-1]
        assert f"cannot pull {IMAGE}: " in hands.milonga("show", run, "--to", "argo").out
        impatient = ("submit", "--to", "argo", "--attach", run, "--wait", "--timeout-s", "3")
        assert hands.milonga(*impatient).code == 3
        assert hands.milonga("cancel", run, "--to", "argo").code == 0
        ended = command.end(120)
    assert ended.code == 1 and f"{run} CANCELLED" in ended.out
    assert hands.show(run)["state"] == "CANCELLED"


def test_a_task_that_fits_on_no_node_waits_with_the_schedulers_reason(hands: ClusterHands) -> None:
    run = hands.submit("fault_flows.py:fault_room")
    with hands.waiting("submit", "--to", "argo", "--attach", run, "--wait") as command:
        hands.until(lambda: "Insufficient memory" in command.text, "the reason among what is said", 180)
        task = hands.task(hands.show(run), "nap")
        assert task["state"] == "PENDING" and "Insufficient memory" in task["message"]
        assert "ask for less" in task["reasons"][-1]
        assert "Insufficient memory" in hands.milonga("show", run, "--to", "argo").out
        assert hands.milonga("cancel", run, "--to", "argo").code == 0
        assert command.end(120).code == 1


def test_a_task_that_fills_its_volume_is_evicted_and_told_so(hands: ClusterHands) -> None:
    pytest.importorskip("kfp.kubernetes")
    run = hands.submit("fault_kfp_flows.py:fault_volume")
    shown = hands.ended(run)
    task = hands.task(shown, "fill")
    assert shown["state"] == "FAILED" and "exceeds the limit" in task["message"]
    assert "raise the limit" in task["reasons"][-1] and "raise the limit" in shown["error"]
    assert "exceeds the limit" in hands.milonga("show", run, "--to", "argo").out
