"""The verbs that look into runs of a cluster."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from api_server import ApiServer

from milonga.cli.main import run_command_line
from milonga.runtime.argo.layout import RECIPES_FILE
from milonga.runtime.argo.packing import packed

RECORDED = Path(__file__).parent / "recorded"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def milonga(server: ApiServer, kubeconfig: Path, monkeypatch, capsys) -> Run:
    monkeypatch.setenv("MILONGA_ARGO_KUBECONFIG", str(kubeconfig))

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_command_line(list(words))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def failed(server: ApiServer) -> str:
    """A failed run of that server, with its pods and the results of its tasks."""
    document = json.loads((RECORDED / "failed_in_loop.json").read_text("utf-8"))
    workflow, layout = document["workflow"], document["layout"]
    name = workflow["metadata"]["name"]
    server.put("workflows", workflow)
    code = workflow["metadata"]["annotations"]["milonga.dev/code"]
    content = base64.b64encode(packed({"layout": layout})).decode("ascii")
    server.put("configmaps", {"metadata": {"name": code}, "binaryData": {RECIPES_FILE: content}})
    labels = {"workflows.argoproj.io/workflow": name}
    for id, node in workflow["status"]["nodes"].items():
        if node["type"] == "Pod":
            annotations = {"workflows.argoproj.io/node-id": id}
            server.put("pods", {"metadata": {"name": f"pod-{id}", "labels": labels, "annotations": annotations}})
            server.put("workflowtaskresults", {"metadata": {"name": id, "labels": labels}})
    return name


def test_runs_lists_the_runs_of_milonga(milonga: Run, server: ApiServer, failed: str) -> None:
    server.put("workflows", {"metadata": {"name": "theirs"}, "spec": {}, "status": {"phase": "Running"}})
    code, out, _ = milonga("runs", "--to", "argo")
    assert code == 0 and out.split()[0] == failed and "theirs" not in out and "FAILED" in out
    document = json.loads(milonga("runs", "--to", "argo", "--json")[1])
    assert [run["run_id"] for run in document["runs"]] == [failed]
    assert json.loads(milonga("runs", "--to=argo", "--state", "succeeded", "--json")[1])["runs"] == []


def test_show_tells_the_tasks_and_why_the_run_failed(milonga: Run, failed: str) -> None:
    code, out, err = milonga("show", failed, "--to", "argo")
    assert code == 0 and "exit-handler-1/for-loop-2[1]/fail-if" in out and "3 iterations" in out
    assert "error: exit-handler-1/for-loop-2[1]/fail-if: E410: ValueError: 2 is bad" in err
    code, out, _ = milonga("show", failed, "for-loop-2[1]/fail-if", "--to", "argo", "--json")
    assert code == 0 and json.loads(out)["attempts"][0]["exit"] == 1
    assert milonga("show", failed, "nothing", "--to", "argo")[0] == 2
    assert milonga("show", "nobody", "--to", "argo")[0] == 3


def test_retry_deletes_what_failed_and_opens_the_run(milonga: Run, server: ApiServer, failed: str) -> None:
    code, out, _ = milonga("retry", failed, "--to", "argo", "--json")
    assert code == 0 and json.loads(out)["retried"] == [
        "exit-handler-1/for-loop-2[1]/double-2",
        "exit-handler-1/for-loop-2[1]/fail-if",
        "exit-handler-1/total",
        "note",
    ]
    (workflow,) = server.all("workflows")
    left = {id for id, node in workflow["status"]["nodes"].items() if node["type"] == "Pod"}
    assert {item["metadata"]["name"] for item in server.all("pods")} == {f"pod-{id}" for id in left}
    assert {item["metadata"]["name"] for item in server.all("workflowtaskresults")} == left
    assert workflow["status"]["phase"] == "Running"
    code, _, err = milonga("retry", failed, "--to", "argo")
    assert code == 2 and "E943" in err


def test_a_run_that_somebody_else_changes_is_looked_at_again(milonga: Run, server: ApiServer, failed: str) -> None:
    from recording_server import Answer

    conflict = Answer(409, {"kind": "Status", "message": "the object has been modified"})
    server.fail("workflows/", method="PATCH", times=2, answer=conflict)
    assert milonga("retry", failed, "--to", "argo")[0] == 0
    server.all("workflows")[0]["status"]["phase"] = "Failed"
    server.all("workflows")[0]["metadata"]["labels"]["workflows.argoproj.io/completed"] = "true"
    server.fail("workflows/", method="PATCH", times=9, answer=conflict)
    code, _, err = milonga("retry", failed, "--to", "argo")
    assert code == 3 and "E838" in err


def test_cancel_asks_for_the_end(milonga: Run, server: ApiServer) -> None:
    server.put("workflows", {"metadata": {"name": "w"}, "spec": {}, "status": {"phase": "Running"}})
    assert milonga("cancel", "w", "--to", "argo")[0] == 0
    assert server.all("workflows")[0]["spec"]["shutdown"] == "Stop"


@pytest.mark.parametrize("verb", ["retry", "outputs"])
def test_verbs_about_other_systems_say_so_of_this_machine(milonga: Run, verb: str) -> None:
    code, _, err = milonga(verb, "20260101-000000-0000000", "--to", "local")
    assert code == 2 and "E947" in err


def test_outputs_need_a_bucket(milonga: Run, server: ApiServer, failed: str) -> None:
    code, _, err = milonga("outputs", failed, "--to", "argo")
    assert code == 3 and "E835" in err and "secret 's3' is not there" in err
