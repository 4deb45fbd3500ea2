"""Each check can fail: one wrong expectation at a time, held against runs that meet the right ones."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from milonga.testing.conformance.checks import CHECKS, CheckContext
from milonga.testing.conformance.observed import ObservedArtifact, ObservedRun, ObservedTask
from milonga.testing.conformance.runner import first_difference

Seen = Callable[[str, str], CheckContext]

VALUES, FAILING = ("values.yaml", "all-keys"), ("failing.yaml", "one-retry")
COIN, GUARDED, IMPORTED = ("coin.yaml", "random"), ("guarded.yaml", "with-secret"), ("hand/imported.yaml", "default")

WRONG: list[tuple[tuple[str, str], str, Any, str]] = [
    (VALUES, "state", "FAILED", "state: expected 'FAILED', got 'SUCCEEDED'"),
    (FAILING, "state", "SUCCEEDED", "state: expected 'SUCCEEDED', got 'FAILED' (exit-handler-1/broken: E410"),
    (VALUES, "outputs", {"count": 3.5}, "outputs.count: expected 3.5, got 3"),
    (VALUES, "outputs", {"count": "3"}, "outputs.count: expected '3', got 3"),
    (VALUES, "outputs", {"none": 1}, "outputs.none: expected 1, got no value"),
    (VALUES, "outputs_absent", ["nothing", "count"], "outputs.count: expected no value, got 3"),
    (VALUES, "outputs_absent", ["data"], "outputs.data: expected no value"),
    (VALUES, "output_artifacts", {"data": {"type": "system.Model"}}, "output_artifacts.data.type:"),
    (VALUES, "output_artifacts", {"data": {"text": "other"}}, "output_artifacts.data.text:"),
    (VALUES, "output_artifacts", {"data": {"uri": "gs://x"}}, "output_artifacts.data.uri:"),
    (VALUES, "output_artifacts", {"data": {"metadata": {"rows": 4}}}, "output_artifacts.data.metadata.rows:"),
    (VALUES, "output_artifacts", {"data": {"files": {"a": "b"}}}, "output_artifacts.data.files: expected a folder"),
    (VALUES, "output_artifacts", {"other": {"text": ""}}, "output_artifacts.other: expected"),
    (VALUES, "output_artifacts", {"data": [{}]}, "output_artifacts.data: expected a list"),
    (VALUES, "output_artifacts", {"doubles": {}}, "output_artifacts.doubles: expected one artifact"),
    (VALUES, "output_artifacts", {"doubles": [{}, {}]}, "output_artifacts.doubles: expected 2 artifacts, got 3"),
    (VALUES, "output_artifacts", {"doubles": [{}, {}, {"text": ""}]}, "output_artifacts.doubles[2].text:"),
    (IMPORTED, "output_artifacts", {"data": {"text": "x"}}, "output_artifacts.data.text: expected 'x', got no value"),
    (IMPORTED, "output_artifacts", {"data": {"files": {}}}, "output_artifacts.data.files: expected a folder, got no"),
    (VALUES, "tasks", {"make": {"state": "SKIPPED"}}, "tasks.make.state:"),
    (VALUES, "tasks", {"unknown": {"state": "SUCCEEDED"}}, "tasks.unknown.state: expected 'SUCCEEDED', got no value"),
    (VALUES, "tasks", {"unknown": {}}, "tasks.unknown.state:"),
    (VALUES, "tasks", {"condition-3/say": {"state": "SKIPPED"}}, "tasks.condition-3/say.state:"),
    (VALUES, "tasks", {"make": {"parameters": {"share": 0.5}}}, "tasks.make.parameters.share:"),
    (VALUES, "tasks", {"make": {"artifacts": {"scores": {"metadata": {"b": 1}}}}}, "tasks.make.artifacts.scores.m"),
    (VALUES, "tasks", {"make": {"artifacts": {"folder": {"files": {"a.txt": "a"}}}}}, "tasks.make.artifacts.folder.f"),
    (VALUES, "tasks", {"make": {"artifacts": {"folder": {"text": "a"}}}}, "tasks.make.artifacts.folder.text:"),
    (VALUES, "tasks", {"make": {"attempts": 2}}, "tasks.make.attempts: expected 2, got 1"),
    (VALUES, "tasks", {"make": {"iterations": 1}}, "tasks.make.iterations: expected 1, got no value"),
    (VALUES, "tasks", {"for-loop-1": {"iterations": 2}}, "tasks.for-loop-1.iterations: expected 2, got 3"),
    (VALUES, "tasks", {"make": {"log_lines": ["first"]}}, "tasks.make.log_lines[0]: expected 'first', not found"),
    (VALUES, "tasks", {"make": {"log_lines": ["last line", "first line"]}}, "tasks.make.log_lines[1]:"),
    (VALUES, "tasks", {"measure": {"log_lines": ["anything"]}}, "tasks.measure.log_lines[0]:"),
    (FAILING, "tasks", {"exit-handler-1/broken": {"state": "SUCCEEDED"}}, "tasks.exit-handler-1/broken.state:"),
    (FAILING, "files", {"/nowhere/at/all": "2"}, "files.all: expected '2', got no value"),
    (
        COIN,
        "rules",
        [{"rule": "in_range", "ref": "flip#parameters.Output", "min": 100, "max": 200}],
        "rules[0] in_range:",
    ),
    (COIN, "rules", [{"rule": "in_range", "ref": "say-3#parameters.Output", "min": 0, "max": 1}], "rules[0] in_range:"),
    (COIN, "rules", [{"rule": "value_in", "ref": "say-3#parameters.Output", "values": ["x"]}], "rules[0] value_in:"),
    (
        COIN,
        "rules",
        [{"rule": "runs_iff", "task": "flip", "when": [["flip#parameters.Output", "<", 0]]}],
        "rules[0] runs",
    ),
    (COIN, "rules", [{"rule": "runs_iff", "task": "none", "when": []}], "rules[0] runs_iff: none: expected SUCCEEDED"),
    (
        COIN,
        "rules",
        [{"rule": "exactly_one", "tasks": ["flip", "say-3"]}],
        "rules[0] exactly_one: expected exactly one",
    ),
    (COIN, "rules", [{"rule": "exactly_one", "tasks": ["none"]}], "rules[0] exactly_one: expected exactly one"),
    (COIN, "rules", [{"rule": "at_least_one", "tasks": ["flip"], "state": "FAILED"}], "rules[0] at_least_one:"),
    (COIN, "rules", [{"rule": "equal", "left": "say-3#parameters.Output", "right": "x"}], "rules[0] equal: say-3#"),
    (
        COIN,
        "rules",
        [{"rule": "equal", "left": "#outputs.Output", "right": {"ref": "none#parameters.x"}}],
        "rules[0] eq",
    ),
    (
        COIN,
        "rules",
        [{"rule": "equal", "left": "#outputs.Output", "right": {"list": ["a"]}}],
        "rules[0] equal: #outputs",
    ),
    (COIN, "rules", [{"rule": "logs", "task": "say-3", "line": "{flip#parameters.Output}"}], "rules[0] logs: say-3"),
    (COIN, "alternatives", [{"when": [["flip#parameters.Output", "<", 0]]}], "alternatives: none fits"),
    (COIN, "alternatives", [{"state": "FAILED"}, {"tasks": {"flip": {"state": "FAILED"}}}], "alternatives: none fits"),
    (
        COIN,
        "alternatives",
        [{"state": "SUCCEEDED"}, {}],
        "alternatives: expected exactly one that fits, got numbers [0, 1]",
    ),
    (GUARDED, "order", [["unlock", "for-loop-1"]], "order: 'unlock' ended"),
    (GUARDED, "order", [["for-loop-1", "none"]], "order: expected 'for-loop-1' before 'none', and 'none' did not run"),
    (
        FAILING,
        "order",
        [["exit-handler-1/say-2", "say"]],
        "order: expected 'exit-handler-1/say-2' before 'say', and 'exi",
    ),
    (GUARDED, "limits", {"for-loop-2": 1}, "limits.for-loop-2: expected at most 1 iterations at a time, got 2"),
    (GUARDED, "limits", {"unlock": 1}, "limits.unlock: expected at most 1 iterations at a time, and none was run"),
    (VALUES, "second_run", {"cached": ["joined"]}, "second_run.joined: expected cached, got executed"),
    (VALUES, "second_run", {"executed": ["make"]}, "second_run.make: expected executed, got cached"),
    (VALUES, "second_run", {"executed": ["condition-3"]}, "second_run.condition-3: expected executed, got did not run"),
]


@pytest.mark.parametrize(("case", "key", "wrong", "reason"), WRONG)
def test_a_wrong_expectation_is_found_out(seen: Seen, case: tuple[str, str], key: str, wrong: Any, reason: str) -> None:
    found = CHECKS[key](wrong, seen(*case))
    assert found.startswith(reason), found


def test_every_check_is_shown_to_fail() -> None:
    assert {key for _, key, _, _ in WRONG} == set(CHECKS)


@pytest.mark.parametrize("case", [VALUES, FAILING, COIN, GUARDED, IMPORTED])
def test_the_right_expectations_are_met(seen: Seen, case: tuple[str, str]) -> None:
    assert first_difference(seen(*case)) == ""


def test_the_corpus_uses_every_check(corpus_folder: Path) -> None:
    document = json.loads((corpus_folder / "expected.json").read_text("utf-8"))
    used = {key for item in document["files"].values() for case in item["cases"] for key in case}
    assert set(CHECKS) <= used


# Runs as they should not be, made by hand ------------------------------------------------------------------------


def context_of(tasks: dict[str, ObservedTask], **run: Any) -> CheckContext:
    observed = ObservedRun("SUCCEEDED", tasks=tasks, **run)
    return CheckContext(observed, lambda: copy.copy(observed), {"state": "SUCCEEDED"})


def ran(start: float, end: float) -> ObservedTask:
    return ObservedTask("SUCCEEDED", attempts=1, started_at=start, ended_at=end)


def test_order_looks_at_everything_inside_of_a_group() -> None:
    tasks = {"loop": ran(0, 1), "loop[0]/a": ran(0, 5), "next": ran(4, 6), "loop-2": ran(9, 10)}
    assert CHECKS["order"]([["loop", "next"]], context_of(tasks)) == (
        "order: 'loop[0]/a' ended 1.000 s after 'next' had started"
    )
    tasks["loop[0]/a"] = ran(0, 4)
    assert CHECKS["order"]([["loop", "next"]], context_of(tasks)) == ""


def test_a_limit_counts_iterations_and_not_tasks() -> None:
    tasks = {"loop[0]/a": ran(0, 1), "loop[0]/b": ran(0, 2), "loop[1]/a": ran(2, 3), "loop[10]/a": ran(2.5, 3)}
    assert CHECKS["limits"]({"loop": 2}, context_of(tasks)) == ""
    assert "got 2" in CHECKS["limits"]({"loop": 1}, context_of(tasks))


def test_below_a_group_that_never_started_nothing_has_run() -> None:
    context = context_of({"group": ObservedTask("NOT_RUN"), "other": ObservedTask("SKIPPED")})
    assert CHECKS["tasks"]({"group/inner": {"state": "NOT_RUN"}}, context) == ""
    assert CHECKS["tasks"]({"other/inner": {"state": "NOT_RUN"}}, context) != ""


def test_references_reach_into_artifacts_and_names_with_dots() -> None:
    artifact = ObservedArtifact("system.Metrics", "/x", {"a.b": 1, "list": [5, 6]})
    task = ObservedTask("SUCCEEDED", parameters={"x.y": 2}, artifacts={"scores": artifact})
    context = context_of({"t": task}, output_artifacts={"scores": artifact})
    rules = [
        {"rule": "equal", "left": "t#artifacts.scores.metadata.a.b", "right": 1},
        {"rule": "equal", "left": "#output_artifacts.scores.metadata.list.1", "right": 6},
        {"rule": "equal", "left": "t#parameters.x.y", "right": 2},
        {"rule": "equal", "left": "t#artifacts.scores.type", "right": "system.Metrics"},
        {"rule": "equal", "left": "t#state", "right": "SUCCEEDED"},
    ]
    assert CHECKS["rules"](rules, context) == ""
    for rule in rules:
        assert CHECKS["rules"]([{**rule, "right": "other"}], context).startswith("rules[0] equal:")


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("==", 4, True),
        ("==", "4", False),
        ("!=", 5, True),
        ("!=", 4, False),
        ("<", 5, True),
        ("<", 4, False),
        ("<=", 4, True),
        (">", 3, True),
        (">", 4, False),
        (">=", 4, True),
        (">=", 5, False),
        ("is_even", True, True),
        ("is_even", False, False),
        ("<", "text", False),
    ],
)
def test_conditions(operator: str, value: Any, holds: bool) -> None:
    context = context_of({"t": ObservedTask("SUCCEEDED", parameters={"n": 4}), "u": ObservedTask("SKIPPED")})
    rule = {"rule": "runs_iff", "task": "t", "when": [["t#parameters.n", operator, value]]}
    assert (CHECKS["rules"]([rule], context) == "") is holds
    of_absent = {"rule": "runs_iff", "task": "u", "when": [["u#parameters.n", operator, value]]}
    assert CHECKS["rules"]([of_absent], context) == ""


def test_a_rule_with_an_if_counts_only_when_it_holds() -> None:
    context = context_of({"t": ObservedTask("SUCCEEDED", parameters={"n": 4})})
    rule = {"rule": "equal", "left": "t#parameters.n", "right": 5, "if": [["t#parameters.n", "is_even", False]]}
    assert CHECKS["rules"]([rule], context) == ""
    rule["if"] = [["t#parameters.n", "is_even", True]]
    assert CHECKS["rules"]([rule], context) != ""
