"""Pipelines of kfp give the same results here as in kfp's own runner, where that runs them rightly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import milonga
from milonga.engine.progress import Silent

CASES: dict[str, dict[str, Any] | None] = {
    "grade": {"points": 7},
    "spell": {"words": ["a", "b"]},
    "guarded": {"text": "hop"},
    "nested": {"line": "mn"},
    "train": {"line": "q", "copies": 2},
    "double": {"number": 4},
    "write": {"line": "w"},
    "imported": None,
}


def run(pipeline: Any, arguments: dict[str, Any], home: Path, **settings: Any) -> milonga.engine.result.RunResult:
    return milonga.run(pipeline, arguments, home=home, progress=Silent(), **settings).raise_for_state()


@pytest.mark.slow
def test_what_kfp_runs_rightly_gives_the_same_here(
    project: ModuleType, ask_kfp: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "data.txt").write_text("some text")
    cases = {**CASES, "imported": {"uri": str(tmp_path / "data.txt")}}
    theirs = ask_kfp(Path(project.__file__), cases).results
    assert {name: result for name, result in theirs.items() if "error" in result} == {}
    ours = {}
    for name, arguments in cases.items():
        result = run(getattr(project, name), arguments, tmp_path / "home")
        artifacts = {key: Path(made.uri).read_text() for key, made in result.run.output_artifacts.items()}
        ours[name] = {**result.run.outputs, **artifacts}
    assert ours == theirs


def test_a_secret_reaches_a_step_of_kfp(project: ModuleType, tmp_path: Path) -> None:
    secrets = {"keys": {"token": "abc"}, "mine": {"other": "def"}}
    result = run(project.on_a_cluster, {"secret": "mine"}, tmp_path, secrets=secrets)
    assert result.outputs == {"Output": "abc"}


@pytest.mark.parametrize(("points", "expected"), [(9, "high"), (5, "middle!"), (1, "low")])
def test_one_of_three_branches_runs(project, tmp_path: Path, points: int, expected: str) -> None:
    assert run(project.grade, {"points": points}, tmp_path).outputs == {"Output": expected}


def test_a_container_is_refused_by_name_where_none_can_run(
    project: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", "none")
    result = milonga.run(project.placed, home=tmp_path, progress=Silent())
    assert result.state == "FAILED" and result.run.error["code"] == "E440"
