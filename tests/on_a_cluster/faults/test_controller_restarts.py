"""The controller dies in the middle of a run: the run ends right, and nothing is done twice."""

from __future__ import annotations

import os
import time
import warnings

import pytest
from cluster_hands import ClusterHands
from disruption import controller_killed, disruptive

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
    disruptive,
]


@pytest.mark.parametrize("away_s", [0, 25])
def test_a_run_ends_right_when_its_controller_was_killed_in_the_middle(hands: ClusterHands, away_s: int) -> None:
    """Once back at once, once away so long that pods end with nobody looking."""
    run = hands.submit("fault_flows.py:fault_naps", "--seconds", "8")
    hands.wrote(run, "nap-2", "napping 1")
    with hands.waiting("submit", "--to", "argo", "--attach", run, "--wait") as command:
        killed = controller_killed()
        try:
            time.sleep(away_s)
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)  # the new one outlives this test
                killed.restart()
        shown = hands.ended(run)
        ended = command.end(90)
    assert ended.code == 0 and f"{run} SUCCEEDED" in ended.out, ended.text
    assert shown["state"] == "SUCCEEDED" and hands.outputs(run)["parameters"] == {"Output": 9}
    steps = [task for task in shown["tasks"] if task["kind"] == "step"]
    assert len(steps) == 6 and all(len(task["attempts"]) == 1 for task in steps), steps
    assert len(hands.pods(run)) == 6
    assert hands.log(hands.wrote(run, "nap", "napping 0")).count("napping 0") == 1
