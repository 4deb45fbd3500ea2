"""kfp.local under test: what it shows is compared, and what it does not show is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from milonga.errors import UsageError
from milonga.testing.conformance import (
    ObservedArtifact,
    ObservedRun,
    ObservedTask,
    RunRequest,
    backend_named,
    load_corpus,
    run_corpus,
)
from milonga.testing.conformance.checks import CheckContext
from milonga.testing.conformance.logged_cause import logged_cause
from milonga.testing.conformance.printed_order import in_key_order
from milonga.testing.conformance.runner import first_difference
from milonga.testing.conformance.shown import shown_part

kfp = pytest.importorskip("kfp")

PIPELINE = """
from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def double(number: int) -> int:
    print(f"doubling {number}")
    return 2 * number


@dsl.component(base_image="python:3.11")
def write(text: str, made: dsl.Output[dsl.Dataset]):
    with open(made.path, "w") as stream:
        stream.write(text)
    made.metadata["length"] = len(text)


@dsl.component(base_image="python:3.11")
def table() -> dict:
    print({"b": 1, "a": {"d": 2, "c": 3}})
    return {"n": 1}


@dsl.pipeline
def calm(number: int = 4) -> int:
    first = double(number=number)
    with dsl.If(first.output > 5):
        second = double(number=first.output)
    with dsl.ParallelFor([1, 2]) as item:
        double(number=item)
    write(text="abc")
    table()
    return first.output


compiler.Compiler().compile(calm, FILE)
"""

SLEEPER = """
from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def sleep():
    import time
    time.sleep(600)


@dsl.pipeline
def asleep():
    sleep()


compiler.Compiler().compile(asleep, FILE)
"""


def compiled(text: str, folder: Path) -> Path:
    file = folder / "pipeline.yaml"
    program = folder / "author.py"
    program.write_text(text.replace("FILE", repr(str(file))))
    exec(compile(program.read_text(), str(program), "exec", dont_inherit=True), {"__name__": "author"})
    return file


def context_of(run: ObservedRun, **expectations: Any) -> CheckContext:
    return CheckContext(run, lambda: run, {"state": "SUCCEEDED", **expectations})


# The rule --------------------------------------------------------------------------------------------------------


@pytest.fixture
def hidden_run(tmp_path: Path) -> ObservedRun:
    log = tmp_path / "log"
    log.write_text("first\n{'a': 1, 'b': 2}\nlast\n")
    artifact = ObservedArtifact("system.Dataset", "/x", {"rows": 1})
    made = ObservedTask("", parameters={"n": 1}, artifacts={"d": artifact})
    return ObservedRun("SUCCEEDED", outputs={"n": 1}, tasks={"make": made}, shows_tasks=False, log=log)


def test_what_is_shown_counts_and_what_is_not_is_named(hidden_run: ObservedRun) -> None:
    tasks = {
        "make": {"state": "SUCCEEDED", "parameters": {"n": 1, "unseen": 2}, "artifacts": {"d": {"uri": "/x"}}},
        "loop": {"iterations": 2, "attempts": 1},
        "say": {"log_lines": ["first", "{'b': 2, 'a': 1}"], "parameters": {"unseen": 1}},
    }
    context, hidden = shown_part(context_of(hidden_run, outputs={"n": 1}, tasks=tasks))
    assert context.expectations["tasks"] == {
        "make": {"parameters": {"n": 1}, "artifacts": {"d": {"uri": "/x"}}},
        "say": {"log_lines": ["first", "{'a': 1, 'b': 2}"]},
    }
    assert hidden == ("tasks.attempts", "tasks.iterations", "tasks.parameters", "tasks.state")
    assert first_difference(context) == ""


@pytest.mark.parametrize(
    ("key", "wrong", "reason"),
    [
        ("state", "FAILED", "state: expected 'FAILED'"),
        ("outputs", {"n": 2}, "outputs.n: expected 2"),
        ("outputs_absent", ["n"], "outputs.n: expected no value"),
        ("tasks", {"make": {"parameters": {"n": 2}}}, "tasks.make.parameters.n: expected 2"),
        ("tasks", {"make": {"artifacts": {"d": {"type": "system.Model"}}}}, "tasks.make.artifacts.d.type"),
        ("tasks", {"say": {"log_lines": ["never"]}}, "tasks.say.log_lines[0]: expected 'never', not found"),
        ("tasks", {"say": {"log_lines": ["last", "first"]}}, "tasks.say.log_lines[1]"),
        ("files", {"/nowhere/at/all": ""}, "files.all"),
        ("rules", [{"rule": "equal", "left": "#outputs.n", "right": 2}], "rules[0] equal: #outputs.n"),
    ],
)
def test_what_it_shows_wrongly_is_a_failure(hidden_run: ObservedRun, key: str, wrong: Any, reason: str) -> None:
    context, _ = shown_part(context_of(hidden_run, **{key: wrong}))
    assert first_difference(context).startswith(reason)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("order", [["a", "b"]]),
        ("limits", {"loop": 1}),
        ("second_run", {"cached": ["make"]}),
        ("alternatives", [{"tasks": {"a": {"state": "SKIPPED"}}}]),
        ("rules", [{"rule": "exactly_one", "tasks": ["a", "b"]}]),
        ("rules", [{"rule": "equal", "left": "#outputs.n", "right": {"ref": "make#parameters.n"}}]),
        ("rules", [{"rule": "value_in", "ref": "#outputs.n", "values": [], "if": [["a#state", "==", "FAILED"]]}]),
        ("rules", [{"rule": "logs", "task": "a", "line": "never"}]),
    ],
)
def test_what_speaks_of_tasks_is_not_held_against_it(hidden_run: ObservedRun, key: str, expected: Any) -> None:
    context, hidden = shown_part(context_of(hidden_run, **{key: expected}))
    assert hidden == (key,)
    assert first_difference(context) == ""


def test_a_back_end_that_shows_its_tasks_is_held_against_everything() -> None:
    run = ObservedRun("SUCCEEDED")
    context = context_of(run, order=[["a", "b"]])
    assert shown_part(context) == (context, ())


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("{'b': 1, 'a': [{'d': 1, 'c': 2}]}", "{'a': [{'c': 2, 'd': 1}], 'b': 1}"),
        ("{'a': 1.0}", "{'a': 1.0}"),
        ("plain", "plain"),
        ("{not python}", "{not python}"),
        ("{1: 1, 'a': 2}", "{1: 1, 'a': 2}"),
        ("{" * 3000 + "}" * 3000, "{" * 3000 + "}" * 3000),
        ("{__import__('os').getcwd()}", "{__import__('os').getcwd()}"),
        ("", ""),
    ],
)
def test_a_printed_dict_is_the_same_in_any_order_of_its_keys(line: str, same: str) -> None:
    assert in_key_order(line) == same


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (
            ["Traceback (most recent call last):", '  File "x.py"', "ValueError: no luck", "later"],
            "ValueError: no luck",
        ),
        (["kfp.dsl.SomeError: b", "TypeError: c", "AError: a"], "AError: a"),
        (["10:00 - ERROR - Task for-loop-1-iteration-0 failed with exception: not found."], "not found."),
        (["Error", "an Error: in the middle", "  ValueError: indented", "", "\udcff"], ""),
        ([f"ValueError: {'x' * 10_000}"], "ValueError: " + "x" * 288),
        ([], ""),
    ],
)
def test_the_cause_of_a_failure_is_found_in_the_log(tmp_path: Path, lines: list[str], cause: str) -> None:
    (tmp_path / "log").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    assert logged_cause(tmp_path / "log") == cause


# Real runs -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_of_kfp_local_is_observed(tmp_path: Path) -> None:
    file = compiled(PIPELINE, tmp_path)
    backend = backend_named("kfp.local")
    assert backend.provides == frozenset()
    backend.read(file)
    run = backend.run(RunRequest(file, tmp_path / "home", {"number": 3}))
    assert (run.state, run.error, run.shows_tasks) == ("SUCCEEDED", "", False)
    assert run.outputs == {"Output": 6}
    assert {path: dict(task.parameters) for path, task in run.tasks.items() if task.parameters} == {
        "double": {"Output": 6},
        "condition-1/double-2": {"Output": 12},
        "for-loop-3[0]/double-3": {"Output": 2},
        "for-loop-3[1]/double-3": {"Output": 4},
        "table": {"Output": {"n": 1}},
    }
    made = run.tasks["write"].artifacts["made"]
    assert isinstance(made, ObservedArtifact) and made.path is not None
    assert (made.type, made.metadata, made.path.read_text()) == ("system.Dataset", {"length": 3}, "abc")
    assert run.log is not None
    lines = run.log.read_text().splitlines()
    assert {"doubling 3", "doubling 6", "{'a': {'c': 3, 'd': 2}, 'b': 1}"} <= set(lines)


@pytest.mark.slow
def test_its_verdicts_say_what_they_rest_on(tmp_path: Path) -> None:
    import json

    compiled(PIPELINE, tmp_path)
    base = {"state": "SUCCEEDED", "outputs": {"Output": 8}, "tasks": {"double": {"parameters": {"Output": 8}}}}
    cases = [
        {"id": "right", **base, "order": [["double", "condition-1"]]},
        {"id": "wrong", **base, "tasks": {"condition-1/double-2": {"parameters": {"Output": 17}}}},
    ]
    (tmp_path / "expected.json").write_text(json.dumps({"files": {"pipeline.yaml": {"cases": cases}}}))
    found = {item.case: item for item in run_corpus(load_corpus(tmp_path), backend_named("kfp.local"))}
    assert (found["right"].outcome, found["right"].reason) == ("passed", "not shown by the back end: order")
    assert found["wrong"].outcome == "failed"
    assert found["wrong"].reason == "tasks.condition-1/double-2.parameters.Output: expected 17, got 16"


FAILING = """
from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def fail(number: int) -> int:
    raise LookupError(f"nothing under {number}")


@dsl.pipeline
def failing():
    fail(number=3)


compiler.Compiler().compile(failing, FILE)
"""


@pytest.mark.slow
def test_a_failed_run_says_why(tmp_path: Path) -> None:
    run = backend_named("kfp.local").run(RunRequest(compiled(FAILING, tmp_path), tmp_path / "home"))
    assert (run.state, run.error) == ("FAILED", "LookupError: nothing under 3")


@pytest.mark.slow
def test_a_run_without_an_end_is_ended(tmp_path: Path) -> None:
    from milonga.testing.conformance.kfp_local_backend import KfpLocalBackend

    run = KfpLocalBackend(timeout_s=4).run(RunRequest(compiled(SLEEPER, tmp_path), tmp_path / "home"))
    assert (run.state, run.error) == ("TIMED_OUT", "no end after 4 s")


@pytest.mark.parametrize("text", ["", "a: [", "pipelineInfo: {name: x}", "root: {unknown: 1}"])
def test_what_kfp_cannot_load_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        backend_named("kfp.local").read(tmp_path / "a.yaml")
    assert caught.value.code == "E956"
