"""Each construct of the language, compiled: kfp reads it, the published schema holds it, and it runs the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import constructs
import pytest

import milonga
from milonga.engine.progress.base import Silent

CASES = [pytest.param(case, id=case.name) for case in constructs.CASES]
CONFIRMED = [pytest.param(case, id=case.name) for case in constructs.CASES if not case.local]


def prepared(case: constructs.Case, folder: Path) -> dict:
    """The arguments of a case over a fresh folder."""
    folder.mkdir(parents=True)
    (folder / "data.txt").write_text("imported")
    return json.loads(json.dumps(case.arguments).replace("${TMP}", str(folder)))


@pytest.fixture(scope="session")
def kfps_results(tmp_path_factory):
    """What kfp makes of every case, by name; one process for all of them."""
    folder = tmp_path_factory.mktemp("kfp")
    cases = {}
    for case in constructs.CASES:
        (folder / f"{case.name}.yaml").write_text(milonga.compile(case.pipeline), encoding="utf-8")
        cases[case.name] = {"arguments": prepared(case, folder / "files" / case.name), "run": not case.local}
    (folder / "cases.json").write_text(json.dumps(cases))
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": "",
    }
    script = Path(__file__).with_name("confirm_with_kfp.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (folder / "log").write_text(done.stdout + done.stderr)
    return json.loads((folder / "results.json").read_text()), folder


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_kfp_loads_it_and_the_published_schema_knows_every_field(case, kfps_results):
    results, _ = kfps_results
    assert results[case.name].get("loaded") == case.pipeline.name, results[case.name]


@pytest.mark.slow
@pytest.mark.parametrize("case", CONFIRMED)
def test_kfps_local_runner_gets_the_same(case, kfps_results):
    results, folder = kfps_results
    result = results[case.name]
    assert result["state"] == case.state, result
    assert result.get("outputs", {}) == case.outputs  # 1 or 1.0: kfp.local makes floats of the ints in a list
    for name, text in case.files.items():
        assert (folder / "files" / case.name / name).read_text() == text


@pytest.mark.parametrize("case", CASES)
def test_it_gives_what_it_must(case, tmp_path):
    arguments = prepared(case, tmp_path / "files")
    result = milonga.run(case.pipeline, arguments, home=tmp_path / "home", mode="in-process", progress=Silent())

    assert result.state == case.state, result.run.error
    outputs = dict(result.run.outputs)
    for name, record in result.run.output_artifacts.items():
        path = Path(record.uri)
        outputs[name] = path.read_text() if path.is_file() else dict(record.metadata)
    assert constructs.same(outputs, case.outputs)
    for name, text in case.files.items():
        assert (tmp_path / "files" / name).read_text() == text


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_compiled_file_runs_like_the_live_pipeline(case, tmp_path):
    path = tmp_path / "pipeline.yaml"
    milonga.compile(case.pipeline, output=path)
    from milonga.compiler.documents import load_graph

    arguments = prepared(case, tmp_path / "files")
    result = milonga.run(load_graph(path), arguments, home=tmp_path / "home", progress=Silent())
    assert result.state == case.state, result.run.error
    assert dict(result.run.outputs) == {
        name: value for name, value in case.outputs.items() if name not in result.run.output_artifacts
    }


def test_every_skipped_case_says_which_defect_of_kfps_local_runner_it_is():
    assert all("kfp.local" in case.local for case in constructs.CASES if case.local)
    assert sum(1 for case in constructs.CASES if not case.local) >= 30
