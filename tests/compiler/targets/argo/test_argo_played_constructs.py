"""Each construct of the language, compiled for Argo and played step by step, makes what it makes everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import constructs
import pytest
from paper_argo import PaperArgo

from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.trace.tracer import trace

PHASES = {"SUCCEEDED": "Succeeded", "FAILED": "Failed"}


@pytest.mark.slow
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in constructs.CASES])
def test_a_pipeline_makes_the_same_as_on_this_machine(case: constructs.Case, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "data.txt").write_text("imported")
    arguments = json.loads(json.dumps(case.arguments).replace("${TMP}", str(files)))
    argo = PaperArgo(tmp_path / "cluster", ArgoTarget().emit(trace(case.pipeline).graph))
    run = argo.run(arguments)
    assert run.phase == PHASES[case.state], run.log
    assert constructs.same(argo.results(), case.outputs), (argo.results(), run.log)
    assert {name: (files / name).read_text() for name in case.files} == case.files
