"""Runs on a real cluster: KUBECONFIG leads to it, and MILONGA_ARGO_NAMESPACE names a namespace that has a bucket.

Where the bucket has another address from here than in the cluster: AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.argo.resources import WORKFLOWS
from milonga.backends.log_line import LogLine
from milonga.backends.operations import operations_of
from milonga.backends.patience import Patience
from milonga.backends.preparation import checked_request
from milonga.backends.waiting import ended_run
from milonga.compiler.interop.sources import Source, read_source
from milonga.engine.home import Home
from milonga.errors import UsageError
from milonga.lineage import LineageStore

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
FLOW = """
import milonga as ml
from milonga import Dataset, component, pipeline

IMAGE = "python:3.11"

@component(image=IMAGE)
def double(number: int) -> int:
    print("doubling", number)
    return 2 * number

@component(image=IMAGE)
def look(number: int, bad: int) -> int:
    if number == bad:
        raise ValueError(f"{number} is bad")
    return number

@component(image=IMAGE)
def write(number: int) -> Dataset:
    data = Dataset.create()
    data.path.mkdir(exist_ok=True)
    (data.path / "a.txt").write_text(f"number {number}\\n")
    return data

@component(image=IMAGE)
def nap() -> int:
    import time
    time.sleep(120)
    return 1

@component(image=IMAGE)
def note(text: str = "end") -> None:
    print(text)

@pipeline
def be_cluster(start: int = 1, bad: int = -1) -> list:
    with ml.ExitHandler(note, "the end"):
        first = double(start)
        write(first)
        with ml.ParallelFor([1, 2]) as item:
            twice = double(look(item, bad))
        with ml.If(first > 1000):
            double(first)
    return ml.Collected(twice)

@pipeline
def be_naps() -> int:
    return nap()
"""


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], Source]:
    (tmp_path / "be_flows.py").write_text(FLOW, "utf-8")
    return lambda name: read_source(f"{tmp_path / 'be_flows.py'}:{name}")


@pytest.fixture
def backend() -> ArgoBackend:
    return ArgoBackend.configured({}, Patience(poll_s=1, longest_poll_s=3))


def started(backend: ArgoBackend, source: Source, **arguments: object) -> str:
    """A run in which every step works, whatever earlier tests have left in the bucket."""
    request = checked_request(source.graph, source.signature, arguments)
    return backend.submit(source.graph, replace(request, use_cache=False)).run_id


def test_a_run_from_its_submission_to_the_report_of_this_machine(source, backend, tmp_path: Path) -> None:
    flow = source("be_cluster")
    run_id = started(backend, flow, start=3)
    operations = operations_of(backend)
    lines: list[LogLine] = []
    operations.follow(run_id, lines.append)
    assert ended_run(backend, run_id, timeout_s=300).state == "SUCCEEDED"
    assert LogLine("exit-handler-1/double", 1, "doubling 3") in lines and LogLine("note", 1, "the end") in lines
    assert not any("argo=true" in line.text for line in lines)
    again: list[LogLine] = []
    assert operations.logs(run_id, again.append) == 7
    assert sorted(again, key=str) == sorted(lines, key=str)

    found = operations.described(run_id)
    (skipped,) = [task for task in found.tasks if task.state != "SUCCEEDED"]
    assert (skipped.state, skipped.kind) == ("SKIPPED", "group") and "condition" in skipped.path
    assert found.arguments == {"start": 3, "bad": -1}
    assert run_id in [run.run_id for run in operations.runs(pipeline="be-cluster", state="succeeded")]

    assert operations.outputs(run_id).parameters == {"Output": [2, 4]}
    places = operations.download(operations.outputs(run_id, task="write"), tmp_path / "here")
    assert (places["Output"][0] / "a.txt").read_text() == "number 6\n"
    with pytest.raises(UsageError):
        operations.download(operations.outputs(run_id, task="write"), tmp_path / "here")

    home = Home(tmp_path / "home")
    record = operations.import_run(run_id, home, graph=flow.graph)
    assert operations.import_run(run_id, home).id == record.id
    store = LineageStore(home.database)
    (kept,) = [task for task in store.tasks(record.id) if task.path.endswith("/write")]
    store.close()
    artifact = kept.output_artifacts["Output"]
    assert (Path(artifact.uri) / "a.txt").read_text() == "number 6\n" and artifact.digest
    assert "be-cluster" in (home.run(record.id) / "report.html").read_text()


def test_a_retry_does_what_failed_and_keeps_what_did_not(source, backend) -> None:
    run_id = started(backend, source("be_cluster"), bad=2)
    assert ended_run(backend, run_id, timeout_s=300).state == "FAILED"
    operations = operations_of(backend)
    before = {task.path: task for task in operations.described(run_id).tasks}
    (failed,) = [path for path, task in before.items() if task.state == "FAILED" and task.kind == "step"]
    assert failed.endswith("[1]/look") and before[failed].message == "E410: ValueError: 2 is bad"

    parameters = [{"name": "bad", "value": "-1"}]
    stored = {
        "storedWorkflowTemplateSpec": {"arguments": {"parameters": [*parameters, {"name": "start", "value": "1"}]}}
    }
    patch = {"spec": {"arguments": {"parameters": parameters}}, "status": stored}
    backend._connection.read("PATCH", WORKFLOWS, run_id, body=patch)  # the cause is mended
    assert {path.rpartition("/")[2] for path in operations.retry(run_id)} == {"look", "double-2", "note"}
    assert ended_run(backend, run_id, timeout_s=300).state == "SUCCEEDED"
    after = {task.path: task for task in operations.described(run_id).tasks}
    for path, task in before.items():
        if task.kind == "step" and task.state == "SUCCEEDED" and path != "note":
            assert after[path] == task
    assert operations.outputs(run_id).parameters == {"Output": [2, 4]}
    with pytest.raises(UsageError) as caught:
        operations.retry(run_id)
    assert caught.value.code == "E943"


def test_a_run_that_is_stopped_is_cancelled_and_can_be_retried(source, backend) -> None:
    run_id = started(backend, source("be_naps"))
    operations = operations_of(backend)
    with pytest.raises(UsageError) as caught:
        operations.retry(run_id)
    assert caught.value.code == "E943"
    backend.cancel(run_id)
    assert ended_run(backend, run_id, timeout_s=120).state == "CANCELLED"
    assert operations.retry(run_id) in (("nap",), ())
    assert backend.status(run_id).state in ("PENDING", "RUNNING")
    backend.cancel(run_id)
    assert ended_run(backend, run_id, timeout_s=120).state == "CANCELLED"
