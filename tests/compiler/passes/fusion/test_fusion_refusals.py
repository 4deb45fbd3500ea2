"""Groups that cannot be one pod are refused, at the author's line."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from drawn_dags import graph_of

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.graph.together import marks_of, with_marks
from milonga.compiler.targets.argo import ArgoTarget
from milonga.errors import InvalidPipeline, UnsupportedByTarget

STEP = {"componentRef": {"name": "comp-step"}}


def _task(component: str, *before: str, **more: Any) -> dict[str, Any]:
    found = {"componentRef": {"name": f"comp-{component}"}, **more}
    return {**found, "dependentTasks": list(before)} if before else found


def _finding(tasks: dict[str, Any], *members: str) -> Diagnostic:
    graph = with_marks(graph_of(tasks), {"root": dict.fromkeys(members, "g")})
    (found,) = (item for item in ArgoTarget().refusals(graph) if item.severity == "error")
    return found


def _emitted(graph: Graph) -> str:
    """The templates, but for names of what they were made of."""
    *_, document = yaml.safe_load_all(ArgoTarget().emit(graph))
    return re.sub(r"drawn-[0-9a-f]{10}", "", json.dumps(document["spec"]["templates"]))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("container", "it is no Python function"),
        ("other", "of 'a' and 'b' images, environment variables or Kubernetes settings differ"),
        ("setting", "of 'a' and 'b' images, environment variables or Kubernetes settings differ"),
    ],
)
def test_tasks_that_do_not_fit_each_other(other: str, told: str) -> None:
    found = _finding({"a": STEP, "b": _task(other)}, "a", "b")
    assert (found.code, found.path, found.got) == ("E361", "root/b", told)


def test_a_pipeline_that_is_repeated_as_a_whole() -> None:
    found = _finding({"a": STEP, "b": _task("pipeline", retryPolicy={"maxRetryCount": 1})}, "a", "b")
    assert (found.code, found.path, found.got) == ("E361", "root/b", "a group is repeated as a whole")


def test_importers_alone() -> None:
    found = _finding({"a": _task("importer"), "b": _task("importer")}, "a", "b")
    assert (found.code, found.path, found.got) == ("E361", "root/a", "'a', 'b'")


def test_a_task_outside_between_two_of_a_group() -> None:
    found = _finding({"a": STEP, "b": _task("other", "a"), "c": _task("step", "b")}, "a", "c")
    assert (found.code, found.path, found.got) == ("E362", "root/c", "'c' also waits for 'b'")


def test_an_importer_outside_between_two_of_a_group() -> None:
    """The pod would wait for it, and it for the pod."""
    found = _finding({"a": STEP, "b": _task("importer", "a"), "c": _task("step", "b")}, "a", "c")
    assert (found.code, found.path, found.hint) == ("E362", "root/b", "put it into the group: it needs no pod")
    ArgoTarget().emit(with_marks(graph_of({"a": STEP, "b": _task("importer", "a"), "c": _task("step", "b")}), {}))


def test_an_importer_before_all_of_a_group_may_stay_outside() -> None:
    tasks = {"a": _task("importer"), "b": _task("step", "a"), "c": STEP}
    graph = with_marks(graph_of(tasks), {"root": {"b": "g", "c": "g"}})
    assert [item.code for item in ArgoTarget().refusals(graph)] == []


ANYWAY = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}


@pytest.mark.parametrize("members", [("a",), ("end",)])
def test_an_end_without_what_it_follows(members: tuple[str, ...]) -> None:
    found = _finding({"a": STEP, "end": _task("step", "a", triggerPolicy=ANYWAY)}, *members)
    assert (found.code, found.path) == ("E362", "root/end")


@pytest.mark.parametrize(
    ("tasks", "members", "place", "told"),
    [
        (
            {"a": STEP, "end": _task("step", "a", triggerPolicy=ANYWAY), "then": _task("step", "end")},
            ("a", "end"),
            "root/then",
            "it waits for 'end'",
        ),
        (
            {"a": STEP, "b": STEP, "c": _task("step", "b"), "d": STEP, "end": _task("step", "d", triggerPolicy=ANYWAY)},
            ("a", "b"),
            "root/c",
            "it waits for 'b'",
        ),
    ],
)
def test_what_would_run_although_others_of_the_group_have_failed(
    tasks: dict[str, Any], members: tuple[str, ...], place: str, told: str
) -> None:
    """In a pipeline with ends nothing is left out since something else has failed; a pod fails as a whole."""
    found = _finding(tasks, *members)
    assert (found.code, found.path, found.got) == ("E362", place, told)


def test_whoever_waits_for_all_of_a_group_may_stay_outside_of_it() -> None:
    tasks = {
        "a": STEP,
        "b": _task("step", "a"),
        "c": _task("other", "b"),
        "d": STEP,
        "end": _task("step", "d", triggerPolicy=ANYWAY),
    }
    graph = with_marks(graph_of(tasks), {"root": {"a": "g", "b": "g"}})
    assert [item.code for item in ArgoTarget().refusals(graph)] == []


@pytest.mark.parametrize("written", [{"root": ["a"]}, {"root": {"a": 1}}, {"root": {"a": ""}}, ["root"], "g", 5])
def test_marks_of_another_form(written: Any) -> None:
    (first, platforms) = graph_of({"a": STEP}).to_documents()
    platforms["platforms"]["milonga"] = {"config": {"together": written}}
    graph = Graph.from_documents((first, platforms))
    with pytest.raises(InvalidPipeline) as raised:
        marks_of(graph)
    assert (raised.value.code, raised.value.where) == ("E271", "platforms.milonga.config.together")


def test_marks_of_tasks_that_are_not_there_say_nothing() -> None:
    graph = with_marks(graph_of({"a": STEP}), {"root": {"gone": "g"}, "comp-gone": {"a": "g"}})
    assert _emitted(graph) == _emitted(graph_of({"a": STEP}))


def test_a_group_in_the_pod_of_another_one_is_no_pod() -> None:
    tasks = {"a": STEP, "b": _task("pipeline")}
    whole = with_marks(graph_of(tasks), {"root": {"a": "g", "b": "g"}})
    more = with_marks(graph_of(tasks), {"root": {"a": "g", "b": "g"}, "comp-pipeline": {"a": "inner"}})
    assert _emitted(more) == _emitted(whole)


def test_nothing_is_emitted_of_a_group_that_cannot_be_one() -> None:
    graph = with_marks(graph_of({"a": STEP, "b": _task("other")}), {"root": {"a": "g", "b": "g"}})
    with pytest.raises(UnsupportedByTarget):
        ArgoTarget().emit(graph)
