"""Each case script runs once with tiny numbers. Nothing is timed here: that is what `python -m benchmarks` is for."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import measurement  # noqa: E402 - a folder of the checkout, not of the package
from benchmarks.environments import FOLDER  # noqa: E402
from benchmarks.figures import Bar, Figure, table  # noqa: E402
from benchmarks.measurement import Case, CaseFailed, interleave, run_case  # noqa: E402
from benchmarks.suite import SUITE  # noqa: E402

PEERS = ("kfp", "metaflow", "flytekit", "dagster", "prefect")
SHAPES = ("linear", "loop")
FEW = {"tasks": 2, "seconds": 0.01}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("import_module", {"module": "milonga"}),
    ("milonga_compile", {"sizes": [200], "rounds": 1}),
    ("milonga_corpus", {"files": [str(path) for path in sorted(ROOT.glob("tests/goldens/*.yaml"))[:2]], "rounds": 1}),
    ("kfp_corpus", {"files": [str(path) for path in sorted(ROOT.glob("tests/goldens/*.yaml"))[:2]], "rounds": 1}),
    ("milonga_run", {"tasks": 2, "mode": "in-process"}),
    ("milonga_large", {"tasks": 2, "shape": "linear", "mode": "isolated"}),
    ("milonga_large", {"tasks": 2, "shape": "loop", "mode": "in-process"}),
    ("milonga_busy", {"tasks": 6}),
    ("milonga_parallel", {**FEW, "shape": "loop"}),
    ("distinct_components", {"tool": "milonga", "components": 2}),
    ("kfp_compile", {"sizes": [2], "rounds": 1}),
    ("pod_start", {"rounds": 1}),
    ("argo_manifests", {"files": {str(path): 10_000 for path in sorted(ROOT.glob("tests/goldens/*.yaml"))[:2]}}),
    *((f"{tool}_run", {"tasks": 3, "shape": shape}) for tool in PEERS for shape in SHAPES),
    *((f"{tool}_run", {"tasks": 3, "cache": True}) for tool in ("kfp", "flytekit", "prefect")),
    *((f"{tool}_parallel", {**FEW, "shape": shape}) for tool in PEERS for shape in ("independent", "loop")),
]
"""Scripts with tiny settings."""


def interpreter(tool: str) -> Path:
    """Ours where the tool is installed beside milonga, else that of `.bench`; a test installs nothing."""
    if tool == "milonga" or find_spec(tool) is not None:
        return Path(sys.executable)
    made = FOLDER / tool / "bin" / "python"
    if not made.exists():
        pytest.skip(f"{tool} is not installed; `python -m benchmarks` installs it")
    return made


@pytest.fixture(autouse=True)
def _installed_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "interpreter_of", interpreter)


def tool_of(script: str) -> str:
    name = script.partition("_")[0]
    return name if name in PEERS else "milonga"


PARAMETERS = [
    pytest.param(
        script,
        settings,
        id=f"{script}-{settings.get('shape', settings.get('cache', ''))}",
        marks=pytest.mark.slow if tool_of(script) in PEERS else (),
    )
    for script, settings in CASES
]


@pytest.mark.slow
@pytest.mark.parametrize(("script", "settings"), PARAMETERS)
def test_a_case_runs(script: str, settings: dict[str, Any]):
    sample = run_case(Case(tool_of(script), script, settings))
    assert sample.output
    assert sample.cpu_s > 0
    assert sample.peak_bytes > 1_000_000


def test_every_script_has_a_test():
    assert {path.stem for path in measurement.CASES.glob("*.py")} == {script for script, _ in CASES}


def test_the_second_run_takes_every_step_from_the_cache(tmp_path: Path):
    run_case(Case("milonga", "milonga_run", {"tasks": 3, "cache": True, "mode": "in-process"}), tmp_path)
    again = run_case(Case("milonga", "milonga_run", {"tasks": 3, "cache": True}), tmp_path)
    assert (again.output["steps"], again.output["cached"]) == (3, 3)


@pytest.mark.slow
def test_metaflow_takes_the_earlier_steps_from_the_run_before(tmp_path: Path):
    run_case(Case("metaflow", "metaflow_run", {"tasks": 3}), tmp_path)
    again = run_case(Case("metaflow", "metaflow_run", {"tasks": 3, "again": True}), tmp_path)
    assert 0 < again.output["cpu_s"] < again.cpu_s


def test_large_pipelines_report_the_memory_of_engine_and_zygote():
    output = run_case(Case("milonga", "milonga_large", {"tasks": 3, "shape": "loop", "mode": "isolated"})).output
    assert output["steps"] == 3
    assert 10e6 < output["engine_bytes"] < 500e6
    assert 5e6 < output["children_bytes"] < 500e6
    assert output["worker_bytes"] > 5e6


@pytest.mark.slow
def test_the_shares_of_a_busy_machine_are_shares():
    case = Case("milonga", "milonga_busy", {"tasks": 8, "seed": 1})
    first, second = run_case(case).output, run_case(case).output
    assert first["work_s"] == second["work_s"] >= 8 * 0.005
    assert first["cpu_s"] > first["work_s"]
    assert 0 < first["share"] <= first["share_of_what_was_left"] < 1.2


def test_a_loop_counts_its_iterations():
    sample = run_case(Case("milonga", "milonga_run", {"tasks": 4, "shape": "loop", "mode": "in-process"}))
    assert sample.output["steps"] == 4


def test_a_case_that_fails_says_why():
    with pytest.raises(CaseFailed, match="no_such_module"):
        run_case(Case("milonga", "import_module", {"module": "no_such_module"}))


def test_a_failing_case_is_kept_with_its_reason_and_does_not_stop_the_others():
    runs = interleave(
        {
            "bad": Case("milonga", "import_module", {"module": "no_such_module"}),
            "good": Case("milonga", "import_module", {"module": "json"}),
        },
        repeats=2,
    )
    assert runs["bad"].median() is None
    assert "no_such_module" in runs["bad"].failure
    assert len(runs["good"].samples) == 2


def test_a_missed_bar_is_missed_and_a_missing_peer_is_not():
    assert Figure("x", "milonga", 2.0, "s", Bar(1.0)).verdict == "NO"
    assert Figure("x", "milonga", None, "s", Bar(1.0)).verdict == "NO"
    assert Figure("x", "milonga", 1.0, "s", Bar(1.0)).verdict == "yes"
    assert Figure("x", "kfp / milonga", None, "times", Bar(10, at_least=True)).verdict == "not measured"
    assert Figure("x", "kfp / milonga", 9.0, "times", Bar(10, at_least=True)).is_missed


def test_a_figure_that_could_not_be_measured_is_shown_with_its_reason():
    assert "kfp cannot be installed" in table([Figure("x", "kfp", None, "s", note="kfp cannot be installed")])


def test_figures_have_a_json_form():
    assert json.dumps([Figure("x", "milonga", 1.0, "s", Bar(1.0)).to_json()])


def test_the_command_names_every_benchmark():
    names = ["import", "compile", "corpus", "noop", "parallel", "cached", "loops", "busy", "kills", "size"]
    assert list(SUITE) == names
