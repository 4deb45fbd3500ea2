"""A pod that goes away, a step that fails half way: the results of a run are those of one whole attempt, or none."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from cluster_hands import ClusterHands
from run_objects import objects_of

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
LINES = [f"{half} {number} whole" for half in (0, 1) for number in range(3)]
WHOLE = {"lines": LINES, "files": ["0 whole", "1 whole", "lines.txt"], "metadata": {"0 whole": 3, "1 whole": 3}}


def require_one_whole_result(hands: ClusterHands, run: str, folder: Path) -> None:
    """What is read by the next step, by `milonga outputs`, and what lies in the bucket, are of one attempt."""
    assert hands.outputs(run)["parameters"] == {"Output": WHOLE}
    done = hands.milonga("outputs", run, "write", "--to", "argo", "--download", str(folder))
    assert done.code == 0, done.err
    (text,) = folder.rglob("lines.txt")
    assert text.read_text().splitlines() == LINES
    assert sorted(path.name for path in text.parent.iterdir()) == WHOLE["files"]
    objects = objects_of(hands, run)
    assert sorted(objects) == ["read/r.tgz", "write/a-Output.tgz", "write/r.tgz"]
    with tarfile.open(fileobj=io.BytesIO(objects["write/a-Output.tgz"])) as archive:
        assert sorted(Path(name).name for name in archive.getnames() if "whole" in name or "." in name) == [
            *WHOLE["files"]
        ]


@pytest.mark.parametrize("how", ["--grace-period=5", "--now", "--force"])
def test_a_deleted_pod_is_replaced_and_only_one_whole_result_is_read(
    hands: ClusterHands, tmp_path: Path, how: str
) -> None:
    hands.set_mode("wait")
    run = hands.submit("fault_flows.py:fault_retried")
    pod = hands.wrote(run, "write(0)", "wrote half 0 wait")
    hands.set_mode("whole")
    hands.delete_pod(pod, how)
    shown = hands.ended(run)
    assert shown["state"] == "SUCCEEDED", shown
    attempts = hands.task(shown, "write")["attempts"]
    assert attempts[-1]["state"] == "SUCCEEDED"
    for attempt in attempts[:-1]:  # none where Argo has made the same pod once more
        assert attempt["message"] == "pod deleted" or attempt["exit"] == 143, attempts
    require_one_whole_result(hands, run, tmp_path / "here")


def test_a_deleted_pod_without_retries_fails_the_run_and_is_named_as_the_cause(hands: ClusterHands) -> None:
    hands.set_mode("wait")
    run = hands.submit("fault_flows.py:fault_once")
    pod = hands.wrote(run, "write", "wrote half 0 wait")
    with hands.waiting("submit", "--to", "argo", "--attach", run, "--wait") as command:
        hands.delete_pod(pod)
        shown = hands.ended(run)
        ended = command.end(60)
    assert ended.code == 1 and "write failed: pod deleted" in ended.text
    assert "error of the run: write: pod deleted" in ended.text and "milonga retry" in ended.text
    assert shown["state"] == "FAILED" and "write: pod deleted" in shown["error"]
    task = hands.task(shown, "write")
    assert task["message"] == "pod deleted" and "`milonga retry` runs it again" in task["reasons"][-1]
    assert hands.task(shown, "read")["state"] == "NOT_RUN"
    text = hands.milonga("show", run, "--to", "argo")
    assert "pod deleted" in text.out and "error: write: pod deleted (" in text.err
    assert hands.outputs(run) == {"run_id": run, "parameters": {}, "artifacts": {}, "absent": ["Output"]}
    half = hands.milonga("outputs", run, "write", "--to", "argo", "--json")
    assert "wait" not in half.out, "half of a result is no result"
    hands.set_mode("whole")
    again = hands.milonga("retry", run, "--to", "argo", "--json")
    assert again.code == 0, again.err
    hands.until(lambda: hands.phase(run) == "Succeeded", "the end of the retry", 300)
    assert hands.outputs(run)["parameters"] == {"Output": WHOLE}


def test_a_step_that_fails_after_one_half_hands_on_the_second_attempt_only(hands: ClusterHands, tmp_path: Path) -> None:
    hands.set_mode("fail")
    run = hands.submit("fault_flows.py:fault_retried")
    hands.until(lambda: hands.failed_attempts(run), "a first attempt that has failed")
    hands.set_mode("whole")
    shown = hands.ended(run)
    assert shown["state"] == "SUCCEEDED", shown
    attempts = hands.task(shown, "write")["attempts"]
    assert len(attempts) >= 2 and attempts[0]["message"] == "E410: ValueError: failed after one half"
    require_one_whole_result(hands, run, tmp_path / "here")


@pytest.mark.parametrize("mode", ["fail", "wait"])
def test_a_container_that_ends_after_one_half_hands_on_the_second_attempt_only(hands: ClusterHands, mode: str) -> None:
    pytest.importorskip("kfp.kubernetes")
    hands.set_mode(mode)
    run = hands.submit("fault_kfp_flows.py:fault_container")
    if mode == "wait":
        pod = hands.wrote(run, "append(0)", "wrote half 0 wait")
    else:
        hands.until(lambda: hands.failed_attempts(run), "a first attempt that has failed")
    hands.set_mode("whole")
    if mode == "wait":
        hands.delete_pod(pod)
    shown = hands.ended(run)
    assert shown["state"] == "SUCCEEDED", shown
    assert hands.outputs(run)["parameters"] == {"Output": "0 whole\n1 whole\nwhole"}
    if mode == "fail":
        assert "7" in hands.task(shown, "append")["attempts"][0]["message"]


def test_a_failed_attempt_does_not_spoil_what_later_runs_use_again(hands: ClusterHands) -> None:
    """An earlier whole result, then a run that fails half way over it, then a run that may use earlier results."""
    hands.set_mode("whole")
    arguments = ("--lines", str(1000 + os.getpid() % 10_000))
    first = hands.ended(hands.submit("fault_flows.py:fault_once", *arguments))
    assert first["state"] == "SUCCEEDED", first
    hands.set_mode("wait")
    second = hands.submit("fault_flows.py:fault_once", *arguments)
    pod = hands.wrote(second, "write", "wrote half 0 wait")
    hands.delete_pod(pod)
    assert hands.ended(second)["state"] == "FAILED"
    hands.set_mode("whole")
    third = hands.submit("fault_flows.py:fault_once", *arguments, reuse=True)
    assert hands.ended(third)["state"] == "SUCCEEDED"
    whole, again = (hands.outputs(run)["parameters"]["Output"] for run in (first["run_id"], third))
    assert json.dumps(whole) == json.dumps(again) and not any("wait" in line for line in again["lines"])


def test_a_run_that_is_deleted_ends_the_wait_for_it_with_one_clear_error(hands: ClusterHands) -> None:
    hands.set_mode("wait")
    run = hands.submit("fault_flows.py:fault_once")
    with hands.waiting("submit", "--to", "argo", "--attach", run, "--wait", "--logs", "--json") as command:
        hands.until(lambda: f"run {run} RUNNING" in command.text, "the wait's first look")
        hands.kubectl("delete", "workflow", run, "--wait=false")
        ended = command.end(90)
    assert ended.code != 0 and "E812" in ended.text and run in ended.text
    assert json.loads(ended.out)["error"]["code"] == "E812" and json.loads(ended.out)["run_id"] == run
    assert "Traceback" not in ended.text
