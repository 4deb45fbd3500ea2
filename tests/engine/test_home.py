"""Names that somebody else chose, as names of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga import Model
from milonga.engine.home import Home, safe_name, safe_path


@given(st.text(st.characters(codec=None), max_size=400))
def test_a_name_is_never_a_path_and_always_fits(name: str) -> None:
    found = safe_name(name)
    assert found not in ("", ".", "..") and "/" not in found and len(found.encode()) <= 200
    assert Path("folder", found).parent == Path("folder")


@given(st.lists(st.text(st.characters(codec=None), max_size=300), unique=True, max_size=8))
def test_different_names_stay_different(names: list[str]) -> None:
    assert len({safe_name(name) for name in names}) == len(names)


@pytest.mark.parametrize("path", ["train", "for-loop-2[1]/condition-3/double", "a_b/c-d[0]"])
def test_an_ordinary_path_stays_as_it_is(path: str) -> None:
    assert safe_path(path) == path


def test_no_task_path_leads_out_of_its_run(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for path in ("../../etc", "/etc/passwd", "..", "a/../../../b", "", "x" * 5000, "\x00", "\ud800"):
        folder = home.attempt("run", path, 1)
        assert (tmp_path / "runs" / "run" / "tasks") in folder.resolve().parents, path
        folder.mkdir(parents=True)


def test_an_output_of_a_file_by_somebody_else_stays_in_its_attempt(play, tmp_path: Path) -> None:
    """The names of outputs are the file's own choice; one that is a path must not choose where a task writes."""
    outside = tmp_path / "outside.txt"
    name = f"../../../../../../../../../..{outside}"
    program = "def work(out):\n    with open(out, 'w') as stream:\n        stream.write('7')\n"
    document = one_step(name, program)
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    result = play(str(file))
    assert not outside.exists()
    assert result.state in ("SUCCEEDED", "FAILED")


def one_step(output: str, program: str) -> dict:
    source = f"import kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n\n{program}"
    source = source.replace("def work(out):", "def work(out: dsl.OutputPath(int)):")
    container = {
        "image": "python:3.11",
        "command": ["sh", "-ec", 'printf "%s" "$0" > program.py && python3 -m kfp.dsl.executor_main "$@"', source],
        "args": ["--executor_input", "{{$}}", "--function_to_execute", "work"],
    }
    outputs = {"parameters": {output: {"parameterType": "NUMBER_INTEGER"}}}
    return {
        "components": {"comp-work": {"executorLabel": "exec-work", "outputDefinitions": outputs}},
        "deploymentSpec": {"executors": {"exec-work": {"container": container}}},
        "pipelineInfo": {"name": "theirs"},
        "root": {"dag": {"tasks": {"work": {"componentRef": {"name": "comp-work"}, "taskInfo": {"name": "work"}}}}},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
    }


def test_writing_text_never_removes_what_a_folder_holds(tmp_path: Path) -> None:
    kept = tmp_path / "project" / "notes.txt"
    kept.parent.mkdir()
    kept.write_text("years of work")
    with pytest.raises(OSError, match="not empty"):
        Model.at(kept.parent).write_text("model")
    assert kept.read_text() == "years of work"


def test_an_artifact_s_name_does_not_choose_its_place() -> None:
    for name in ("/", "../../..", "/etc", ""):
        model = Model.create(name)
        assert model.path.parent.name.startswith("milonga-") and model.path.name == "model", name
        model.path.rmdir()
        model.path.parent.rmdir()
