"""A loop of two hundred on a real controller: a pod an iteration, in one object that the API server keeps."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest
from cluster_hands import ClusterHands

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
COUNT = 200
OBJECT_MAX_BYTES = 2**20
"""What the API server's store takes of one object."""


def test_two_hundred_iterations_are_two_hundred_pods_and_one_small_object(hands: ClusterHands) -> None:
    run = hands.submit("loop_flows.py:long_loop", "--set", f"count={COUNT}")
    shown = hands.ended(run, timeout_s=1_800)
    assert shown["state"] == "SUCCEEDED", shown.get("error")
    assert hands.outputs(run)["parameters"] == {"Output": COUNT * (COUNT - 1)}
    assert len(hands.pods(run)) == 1 + (COUNT - 1) + 1, "the condition of an iteration has no pod, and skips one"
    assert size_bytes(hands.workflow(run)) < OBJECT_MAX_BYTES / 2
    steps = Counter(task["state"] for task in shown["tasks"] if task["task"].endswith("/doubled"))
    assert steps["SUCCEEDED"] == COUNT - 1 and set(steps) <= {"SUCCEEDED", "SKIPPED", "NOT_RUN"}


def test_the_same_loop_in_shared_pods_is_the_same(hands: ClusterHands) -> None:
    run = hands.submit("loop_flows.py:long_loop", "--set", f"count={COUNT}", "--fuse")
    assert hands.ended(run, timeout_s=900)["state"] == "SUCCEEDED"
    assert hands.outputs(run)["parameters"] == {"Output": COUNT * (COUNT - 1)}
    assert len(hands.pods(run)) == 1
    assert size_bytes(hands.workflow(run)) < OBJECT_MAX_BYTES / 8


def size_bytes(document: Any) -> int:
    """As the API server keeps it."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
