"""Compiled pipelines against the files beside this one. `--update-goldens` writes them; read the difference first."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import golden_pipelines
import pytest
import yaml

import milonga
from milonga.compiler.documents import dump_yaml
from milonga.runtime.program import unpack

HERE = Path(__file__).parent
PIPELINES = [pytest.param(item, id=item.name) for item in golden_pipelines.PIPELINES]


def normal(text: str) -> list[Any]:
    """The documents of a compiled file without what changes with milonga itself: version, runtime and loader."""
    documents = list(yaml.safe_load_all(text))
    documents[0]["sdkVersion"] = "milonga"
    for executor in documents[0]["deploymentSpec"]["executors"].values():
        container = executor.get("container")
        if container is None:
            continue
        command, arguments = container["command"], container["args"]
        assert command[:2] == ["python3", "-c"]
        assert "milonga/runtime/main.py" in unpack(arguments[0])
        command[2], arguments[0] = "<the loader>", "<milonga's runtime, packed>"
    return documents


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_pipeline_compiles_to_its_golden_file(pipeline, update_goldens):
    path = HERE / f"{pipeline.name}.yaml"
    documents = normal(milonga.compile(pipeline))
    if update_goldens:
        path.write_text("---\n".join(dump_yaml(document) for document in documents), encoding="utf-8")
    assert documents == list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_every_golden_file_has_its_pipeline():
    assert {path.stem for path in HERE.glob("*.yaml")} == {item.name for item in golden_pipelines.PIPELINES}


def test_golden_files_are_not_written_in_ci():
    command = [sys.executable, "-m", "pytest", "--update-goldens", "--collect-only", "-q", str(HERE)]
    done = subprocess.run(
        command, cwd=HERE.parents[1], env={**os.environ, "CI": "true"}, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "--update-goldens is refused in CI" in done.stdout + done.stderr


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_golden_pipeline_has_no_finding(pipeline):
    from milonga.compiler.rules import check
    from milonga.compiler.trace import trace

    assert check(trace(pipeline).graph) == ()
