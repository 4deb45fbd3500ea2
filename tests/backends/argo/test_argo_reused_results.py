"""Steps that have handed on the result of an earlier run say so."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer

from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.described_run import DescribedRun
from milonga.backends.described_task import DescribedTask
from milonga.backends.operations import operations_of
from milonga.backends.run_summary import RunSummary
from milonga.cli.remote_runs import print_run, print_task
from milonga.runtime.argo.layout import RECIPES_FILE
from milonga.runtime.argo.packing import packed

RECORDED = Path(__file__).parent / "recorded"
STEP = "exit-handler-1/double"


def put_run(server: ApiServer, *, known: dict[str, Any] | None) -> str:
    """A recorded run; `known` is what was found for its first step before it began."""
    document = json.loads((RECORDED / "failed_in_loop.json").read_text("utf-8"))
    workflow, layout = document["workflow"], document["layout"]
    (leaf,) = [leaf for leaf in layout["leaves"].values() if leaf["path"] == STEP]
    if known is not None:
        leaf["known"] = known
    server.put("workflows", workflow)
    content = base64.b64encode(packed({"layout": layout})).decode("ascii")
    name = workflow["metadata"]["annotations"]["milonga.dev/code"]
    server.put("configmaps", {"metadata": {"name": name}, "binaryData": {RECIPES_FILE: content}})
    return str(workflow["metadata"]["name"])


@pytest.mark.parametrize("run", ["", "uid-of-another-run"])
def test_a_result_that_was_found_before_the_run_is_that_of_another_one(server: ApiServer, argo, run: str) -> None:
    backend: ArgoBackend = argo()
    name = put_run(server, known={"parameters": {"Output": 2}, "run": run} if run else None)
    tasks = operations_of(backend).described(name).tasks
    assert {task.path: task.result_of for task in tasks if task.result_of} == ({STEP: run} if run else {})


def test_a_step_that_has_worked_itself_and_one_that_has_not_look_different(capsys) -> None:
    worked = DescribedTask("worked", "step", "SUCCEEDED")
    reused = DescribedTask("reused", "step", "SUCCEEDED", iterations=None, result_of="uid-1")
    assert "cached" not in worked.to_json() and "result_of" not in worked.to_json()
    assert (reused.to_json()["cached"], reused.to_json()["result_of"]) == (True, "uid-1")
    run = DescribedRun(RunSummary("run-1", "run-1", "pipeline", "SUCCEEDED"), tasks=(worked, reused))
    print_run(run)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[-2:]] == [["worked", "SUCCEEDED"], ["reused", "SUCCEEDED", "reused"]]
    print_task(run, reused)
    assert "of run uid-1, used again" in capsys.readouterr().out
