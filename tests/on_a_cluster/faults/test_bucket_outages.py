"""The bucket goes away in the middle of a run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from bucket_door import BucketDoor, door_of
from cluster_hands import ClusterHands

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]


@pytest.fixture
def behind_a_door(hands: ClusterHands) -> Iterator[tuple[ClusterHands, BucketDoor]]:
    with door_of(hands) as both:
        yield both


def test_a_bucket_that_is_away_for_twenty_seconds_changes_nothing(behind_a_door) -> None:
    hands, door = behind_a_door
    run = hands.submit("fault_flows.py:fault_naps", "--seconds", "5")
    hands.wrote(run, "nap", "napping 0")
    door.close()  # before the first result is stored
    time.sleep(20)
    door.open()
    hands.wrote(run, "nap-2", "napping 1")
    door.close()  # again, so that inputs are fetched while it is away
    time.sleep(20)
    door.open()
    shown = hands.ended(run)
    assert shown["state"] == "SUCCEEDED", shown
    assert hands.outputs(run)["parameters"] == {"Output": 9}
    steps = [task for task in shown["tasks"] if task["kind"] == "step"]
    assert len(steps) == 6 and all(len(task["attempts"]) == 1 for task in steps), steps


def test_a_bucket_that_stays_away_fails_the_run_which_goes_on_when_it_is_back(behind_a_door) -> None:
    hands, door = behind_a_door
    run = hands.submit("fault_flows.py:fault_naps", "--seconds", "3")
    hands.wrote(run, "nap", "napping 0")
    door.close()
    shown = hands.ended(run, timeout_s=900)
    assert shown["state"] == "FAILED"
    failed = [task for task in shown["tasks"] if task["state"] == "FAILED" and task["kind"] == "step"]
    assert [task["task"] for task in failed] in (["nap"], ["nap-2"]), "the door closes while the first one hands over"
    assert "object store" in failed[0]["reasons"][-1] and "object store" in shown["error"]
    text = hands.milonga("show", run, "--to", "argo")
    assert "FAILED" in text.out and "the object store could not be reached" in text.err
    assert hands.outputs(run)["absent"] == ["Output"]
    door.open()
    assert hands.milonga("retry", run, "--to", "argo").code == 0
    hands.until(lambda: hands.phase(run) == "Succeeded", "the end of the retry", 400)
    assert hands.outputs(run)["parameters"] == {"Output": 9}
