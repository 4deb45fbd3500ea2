"""What kfp's own local runner 2.17.0 gets wrong or refuses, and milonga's engine does: pipelines written with kfp.

Proven elsewhere, on pipelines of milonga or on files of KFP: what kfp.local does, and where the test stands in tests/
(`targets/` is `compiler/targets/`).

- two uses of one shared component overwrite each other: targets/constructs.py, one_component_twice_with_artifacts
- expression selectors on outputs of tasks are ignored: targets/constructs.py, parts_of_a_value
- each output that enters a loop becomes its item: targets/constructs.py, a_value_from_outside_of_a_loop
- no nested lists of artifacts: conformance/corpus/details.yaml, pieces
- an optional artifact may not be absent: engine/test_run_control_flow.py, an_optional_artifact
- a failed iteration does not say why: engine/test_run_control_flow.py, a_failed_iteration
- a failure stops the rest or not, as the graph may be: engine/test_run_control_flow.py, what_depends_on_a_failure
- IndexError for placeholders of artifacts: engine/containers/test_placeholders.py
- no container components, and no containerized Python components: engine/containers/test_runs.py, test_python_steps.py
- a container that ended early counts as a success: engine/containers/test_lives.py, somebody_removes
- secrets are empty: engine/test_attempts.py, variables_and_secrets
- no persistent volumes: engine/containers/test_volumes.py
- cores, memory and GPUs count for nothing: engine/resources/test_runs.py
- the cache does not look at the content of artifacts: engine/cache/test_result_cache.py
- no Literal, enum or dataclass: engine/test_run_values.py, enums_literals_dataclasses
- a pip install in each step makes a loop serial: engine/environments/test_steps_with_packages.py
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import milonga as ml
from milonga.engine.progress import Silent
from milonga.engine.result import RunResult
from milonga.errors import InvalidPipeline
from milonga.testing.conformance import ObservedRun, RunRequest, backend_named

pytest.importorskip("kfp", reason="kfp is not installed")
pytest.importorskip("kfp.kubernetes", reason="kfp-kubernetes is not installed")

import rows_of_kfp_local as rows

Play = Callable[..., RunResult]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(pipeline: Any, arguments: dict[str, Any] | None = None, jobs: int = 2) -> RunResult:
        return ml.run(pipeline, arguments, home=tmp_path / "home", jobs=jobs, progress=Silent())

    return run


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A folder in which steps meet."""
    folder = tmp_path / "place"
    folder.mkdir()
    return str(folder)


def outputs_of(result: RunResult) -> dict[str, Any]:
    result.raise_for_state()
    return {name: value for name, value in result.outputs.items() if name not in result.run.output_artifacts}


def states_of(result: RunResult) -> dict[str, str]:
    return {path: task.state for path, task in result.tasks.items()}


# Values ------------------------------------------------------------------------------------------------------------


def test_whole_numbers_in_lists_and_dicts_stay_whole(play: Play) -> None:
    """kfp.local: floats arrive, and a component that returns their sum dies."""
    result = play(rows.whole_numbers)
    assert outputs_of(result) == {"collected": 9, "text": "[1, 2] {'a': 1} {'b': [2, {'c': 3, 'half': 0.5}]}"}
    assert repr(result.tasks["total"].inputs) == "{'values': [2, 3, 4]}"
    given = play(rows.whole_numbers, {"values": [9007199254740991], "table": {"z": 0}, "deep": {"f": 2.0}})
    assert outputs_of(given)["text"] == "[9007199254740991] {'z': 0} {'f': 2.0}"


def test_an_optional_value_may_be_absent_wherever_it_is_handed_on(play: Play) -> None:
    """kfp.local: `int() argument must be ... not 'NoneType'`, and `Unknown value type` through an inner pipeline."""
    nothing = "7 None None"
    assert outputs_of(play(rows.absent)) == {"direct": nothing, "handed": nothing, "inner": nothing}
    assert outputs_of(play(rows.absent, {"value": 0}))["handed"] == "0 None None"


def test_a_parameter_may_be_longer_than_a_command_line(play: Play) -> None:
    """kfp.local: `Argument list too long`."""
    text = 'it\'s 300 kB of "text"\n' * 14_000
    assert outputs_of(play(rows.big, {"text": text})) == {"size": len(text), "text": text}


@pytest.mark.slow
def test_or_thirty_million_characters(play: Play) -> None:
    text = "x" * 30_000_000
    assert outputs_of(play(rows.big, {"text": text})) == {"size": len(text), "text": text}


# Conditions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quoted", "same", "secret", "said"),
    [
        ("it's", "it's", "secret", {"quoted": "same", "secret": "open"}),
        ('say "it\'s"', "it's", "' or True or '", {"quoted": "other", "secret": "closed"}),
        ("\\'", "\\'", "' || true || '", {"quoted": "same", "secret": "closed"}),
    ],
    ids=["quotes", "python", "cel"],
)
def test_a_text_in_a_condition_is_compared_and_never_evaluated(
    play: Play, quoted: str, same: str, secret: str, said: dict[str, str]
) -> None:
    """kfp.local pastes both sides into Python source: a quote makes it false, an attacker's text makes it true."""
    assert outputs_of(play(rows.texts_in_conditions, {"quoted": quoted, "same": same, "secret": secret})) == said


def test_a_condition_that_is_none_is_an_error_before_anything_runs(play: Play, tmp_path: Path) -> None:
    """kfp.local: a warning in the log, and the condition is false. A quote in a constant is enough."""
    with pytest.raises(InvalidPipeline) as caught:
        play(rows.quote_in_a_constant)
    assert "E220" in str(caught.value) and "lacks its closing '" in str(caught.value)
    assert not (tmp_path / "home" / "runs").exists()


def test_one_of_two_artifacts_is_consumed_and_returned(play: Play) -> None:
    """kfp.local: `Expected 1 artifact in ArtifactSelectorSpec. Got: 2`."""
    result = play(rows.branches_of_artifacts)
    assert outputs_of(result) == {"text": "many:4"}
    assert Path(result.run.output_artifacts["data"].uri).read_text() == "many"


# Loops -------------------------------------------------------------------------------------------------------------


def test_loops_collect_what_there_is(play: Play) -> None:
    """kfp.local finds no task for what an empty loop or a skipped branch would have made, nor a part of an outer item.

    `skipped`: two of four iterations run the branch. `parts`: an inner loop over a part of the item of the outer one.
    """
    assert outputs_of(play(rows.loops_of_parameters)) == {"empty": 0, "skipped": 13 + 14, "parts": "ax-ay-bz"}


def test_artifacts_are_collected_from_nested_loops_and_looped_over(play: Play) -> None:
    """kfp.local: `'list' object has no attribute 'name'`. A list of kfp is flat; its order is that of the loops."""
    result = play(rows.loops_of_artifacts)
    assert outputs_of(result) == {"all": ["ax", "ay", "bbx", "bby"], "each": "a:1-bb:2"}
    assert [Path(item.uri).read_text() for item in result.run.output_artifacts["nested"]] == ["ax", "ay", "bbx", "bby"]


def test_no_iteration_makes_an_empty_list_of_artifacts(play: Play) -> None:
    result = play(rows.loops_of_artifacts, {"texts": []})
    assert outputs_of(result) == {"all": [], "each": ""}
    assert result.run.output_artifacts["nested"] == ()


def test_a_limit_of_three_iterations_is_three_and_no_more(play: Play, place: str) -> None:
    """kfp.local: two, whatever the limit says."""
    assert outputs_of(play(rows.limited, {"folder": place}, jobs=7)) == {"Output": 3}


def test_tasks_that_need_nothing_of_each_other_run_at_the_same_time(play: Play, place: str) -> None:
    """kfp.local: one after the other, outside of a loop."""
    assert outputs_of(play(rows.independent, {"folder": place})) == {"Output": 2 + 2}


# Artifacts ---------------------------------------------------------------------------------------------------------


def test_artifacts_come_from_outside_and_from_paths_of_their_own(play: Play, tmp_path: Path) -> None:
    """kfp.local: `Input artifacts are not supported`; `Parent pipeline input argument 'data' not found` for an inner
    pipeline without parameters; the content at a path of its own is not found."""
    (tmp_path / "given.txt").write_text("given")
    own = tmp_path / "own.txt"
    result = play(rows.artifacts_from_everywhere, {"data": str(tmp_path / "given.txt"), "path": str(own)})
    assert outputs_of(result) == {
        "given": "given:None",
        "nested": "abc:3",
        "own": "at a path of its own:None",
        "none": "nothing",
    }


# Ends --------------------------------------------------------------------------------------------------------------


def test_the_final_status_is_that_of_the_block(play: Play, tmp_path: Path) -> None:
    """Each exit task learns of its own block, with the message of what failed in it."""
    file = tmp_path / "status.txt"
    result = play(rows.reported, {"path": str(file), "message": 'it\'s "so"'})
    assert result.state == "FAILED"
    said = sorted(file.read_text().splitlines())
    assert said == ['FAILED exit-handler-2 RuntimeError: it\'s "so"', "SUCCEEDED exit-handler-1 -"]


def test_a_task_that_ignores_a_failure_gives_its_outputs(play: Play) -> None:
    """kfp.local: `Tried to get output 'Output' from task 'fail'`, and no output of the pipeline."""
    result = play(rows.ignored)
    assert states_of(result) == {"fail": "FAILED", "say-or": "SUCCEEDED", "say": "SUCCEEDED"}
    assert result.outputs == {"on": "nothing came", "after": "nothing came"}
    assert result.state == "FAILED" and result.run.error["task"] == "fail"


def test_a_timeout_holds(play: Play) -> None:
    """kfp.local ignores it: the task would succeed after a minute."""
    error = play(rows.too_slow).tasks["sleep"].error
    assert (error["code"], error["message"]) == ("E419", "timed out after 1 s")


def test_a_limit_may_be_the_result_of_a_task(play: Play) -> None:
    """kfp.local does not see that one needs the other and starts them in either order; the limit is ignored."""
    result = play(rows.limited_by_a_result)
    assert states_of(result) == {"memory": "SUCCEEDED", "hold": "FAILED"}
    assert result.tasks["hold"].error["code"] == "E415"


# kfp.local ---------------------------------------------------------------------------------------------------------


WRONG = [
    (rows.whole_numbers, {}, "want type <class 'int'>"),
    (rows.absent, {}, "Unknown value type"),
    (rows.big, {"text": "x" * 300_000}, "Argument list too long"),
    (rows.texts_in_conditions, {"quoted": "it's", "same": "it's", "secret": ""}, "No value available for 'dsl.OneOf'"),
    (rows.branches_of_artifacts, {}, "Expected 1 artifact in ArtifactSelectorSpec"),
    (rows.loops_of_parameters, {}, "task 'for-loop-1' not found"),
    (rows.loops_of_artifacts, {}, "'list' object has no attribute 'name'"),
    (rows.ignored, {}, "Tried to get output 'Output' from task 'fail'"),
]

of_2_17 = pytest.mark.skipif(importlib.metadata.version("kfp") != "2.17.0", reason="measured with kfp 2.17.0")


def run_of_kfp_local(pipeline: Any, arguments: dict[str, Any], folder: Path) -> ObservedRun:
    from kfp import compiler

    compiler.Compiler().compile(pipeline, str(folder / "pipeline.yaml"))
    return backend_named("kfp.local").run(RunRequest(folder / "pipeline.yaml", folder / "home", arguments))


@of_2_17
@pytest.mark.slow
@pytest.mark.parametrize(("pipeline", "arguments", "said"), WRONG, ids=[row[0].name for row in WRONG])
def test_what_is_said_of_kfp_local_is_so(tmp_path: Path, pipeline: Any, arguments: dict[str, Any], said: str) -> None:
    run = run_of_kfp_local(pipeline, arguments, tmp_path)
    assert run.state in ("FAILED", "REFUSED")
    assert said in run.error


@of_2_17
@pytest.mark.slow
def test_an_attackers_text_opens_the_branch_in_kfp_local(tmp_path: Path) -> None:
    arguments = {"quoted": "", "same": "", "secret": "' or True or '"}
    assert run_of_kfp_local(rows.texts_in_conditions, arguments, tmp_path).outputs["secret"] == "open"
