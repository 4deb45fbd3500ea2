"""Outputs of runs that have not succeeded: what was made is shown, what depends on the rest is absent."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

sys.path.append(str(Path(__file__).parents[3] / "engine" / "pod"))

from paper_argo import PaperArgo

import milonga as ml
from milonga import Dataset
from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.outputs.found import group_results, pipeline_outputs
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.targets.argo.groups import group_outputs
from milonga.compiler.trace.tracer import trace
from milonga.errors import RunError


@ml.component
def where() -> str:
    return "s3://b/k"


@ml.component
def say(text: str) -> str:
    return text


class Found(NamedTuple):
    data: Dataset
    said: str


@ml.pipeline
def inner(text: str) -> Dataset:
    return ml.importer(text, Dataset)


@ml.pipeline
def importing() -> Found:
    return Found(inner(where()), say("a"))


class Seen:
    """A run in which `say` has succeeded, and `where` has not."""

    def __init__(self, folder: Path, phase: str) -> None:
        self.graph = trace(importing).graph
        layout = Layout.from_json(PaperArgo(folder, ArgoTarget().emit(self.graph)).layout)
        records = {"say": {"parameters": {"Output": "a"}, "artifacts": {}, "run": "uid"}}
        self.results: Any = SimpleNamespace(layout=layout, record=lambda leaf, indices: records.get(leaf))
        document = {"metadata": {"name": "wf", "uid": "uid"}, "status": {"phase": phase, "nodes": {}}}
        self.workflow = Workflow.from_json(document)


@pytest.mark.parametrize("phase", ["Running", "Failed", "Error"])
def test_what_depends_on_a_step_that_has_made_nothing_is_absent(phase: str, tmp_path: Path) -> None:
    seen = Seen(tmp_path / "cluster", phase)
    outputs = pipeline_outputs(seen.workflow, seen.results)
    assert (outputs.parameters, outputs.artifacts, outputs.absent) == ({"said": "a"}, {}, ("data",))


def test_a_run_that_has_succeeded_must_have_made_everything(tmp_path: Path) -> None:
    seen = Seen(tmp_path / "cluster", "Succeeded")
    with pytest.raises(RunError) as caught:
        pipeline_outputs(seen.workflow, seen.results)
    assert caught.value.code == "E436"


def test_a_group_that_has_failed_hands_out_what_there_is(tmp_path: Path) -> None:
    seen = Seen(tmp_path / "cluster", "Succeeded")
    group = group_outputs(seen.graph)["inner"]
    outputs = group_results(seen.workflow, seen.results, "inner", group, has_all=False)
    assert outputs.artifacts == {} and len(outputs.absent) == 1
    with pytest.raises(RunError):
        group_results(seen.workflow, seen.results, "inner", group, has_all=True)
