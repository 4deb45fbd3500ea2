"""Which steps have certainly succeeded when another runs: what is missing of those is lost, of others never made."""

from __future__ import annotations

from typing import Any

import pytest

import milonga as ml
from milonga import component, pipeline
from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo.certainty import has_surely_succeeded
from milonga.compiler.targets.argo.places import Place, Places
from milonga.compiler.trace.tracer import trace


@component
def make(number: int) -> int:
    return number


@component
def use(number: int = 5) -> int:
    return number


@component
def total(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def chain(number: int) -> int:
    return use(make(number))


@pipeline
def inside(number: int) -> int:
    return make(number)


@pipeline
def through_a_group(number: int) -> int:
    return use(inside(number))


@pipeline
def in_one_branch(number: int) -> None:
    with ml.If(number > 1):
        use(make(number))


@pipeline
def gathered(number: int) -> int:
    with ml.ParallelFor([1, 2]):
        made = make(number)
    return total(ml.Collected(made))


@pipeline
def into_a_loop(number: int) -> None:
    made = make(number)
    with ml.ParallelFor([1, 2]):
        use(made)


@pipeline
def of_two_branches(number: int) -> int:
    with ml.If(number > 1):
        one = make(number)
    with ml.Else():
        other = make(2)
    return use(ml.OneOf(one, other))


@pipeline
def gathered_under_a_condition(number: int) -> int:
    with ml.ParallelFor([1, 2]) as item:
        with ml.If(number > item):
            made = make(number)
    return total(ml.Collected(made))


@pipeline
def after_a_failure(number: int) -> int:
    return use.options(ignore_upstream_failure=True)(make(number))


@pipeline
def many_of(items: list[int]) -> list[int]:
    with ml.ParallelFor(items) as item:
        made = use(item)
    return ml.Collected(made)


@component
def make_items() -> list[int]:
    return [1, 2]


@pipeline
def by_way_of_somebody_who_goes_on() -> int:
    """The sum asks how many there were to be, and does not wait for who made them."""
    return total(many_of.options(ignore_upstream_failure=True)(make_items.options(name="make")()))


@pipeline
def by_way_of_a_group() -> int:
    return total(many_of(make_items.options(name="make")()))


@component
def clean() -> None:
    pass


@pipeline
def guarded(number: int) -> int:
    with ml.ExitHandler(clean):
        made = make(number)
    return made


@pipeline
def behind_an_exit_handler(number: int) -> int:
    return use(guarded(number))


def places(wanted: Any) -> dict[str, Place]:
    """The last part of each step's path, and the step."""
    found = Places(wanted if isinstance(wanted, Graph) else trace(wanted).graph)
    return {place.task_name: place for place in found if place.slug}


def behind(condition: str = "", strategy: str = "") -> Graph:
    """A step "use" behind a group of "first" and, after it, "make", as other tools may write it down."""
    number = {"parameters": {"number": {"parameterType": "NUMBER_INTEGER"}}}
    first = {"componentRef": {"name": "comp-step"}, "taskInfo": {"name": "first"}}
    if condition:
        first["triggerPolicy"] = {"condition": condition}
    make = {"componentRef": {"name": "comp-step"}, "taskInfo": {"name": "make"}, "dependentTasks": ["first"]}
    if strategy:
        make["triggerPolicy"] = {"strategy": strategy}
    chosen = {"producerSubtask": "make", "outputParameterKey": "number"}
    inner = {
        "tasks": {"first": first, "make": make},
        "outputs": {"parameters": {"number": {"valueFromParameter": chosen}}},
    }
    bound = {"taskOutputParameter": {"producerTask": "group", "outputParameterKey": "number"}}
    tasks = {
        "group": {"componentRef": {"name": "comp-group"}, "taskInfo": {"name": "group"}},
        "use": {
            "componentRef": {"name": "comp-use"},
            "taskInfo": {"name": "use"},
            "dependentTasks": ["group"],
            "inputs": {"parameters": {"number": bound}},
        },
    }
    return Graph.from_documents(
        (
            {
                "pipelineInfo": {"name": "behind"},
                "schemaVersion": "2.1.0",
                "sdkVersion": "kfp-2.17.0",
                "root": {"dag": {"tasks": tasks}},
                "components": {
                    "comp-group": {"dag": inner, "outputDefinitions": number},
                    "comp-step": {"executorLabel": "exec-step", "outputDefinitions": number},
                    "comp-use": {"executorLabel": "exec-step", "inputDefinitions": number},
                },
                "deploymentSpec": {"executors": {"exec-step": {"container": {"image": "x", "command": ["x"]}}}},
            },
        )
    )


@pytest.mark.parametrize(
    ("wanted", "user"),
    [
        (chain, "use"),
        (through_a_group, "use"),
        (in_one_branch, "use"),
        (gathered, "total"),
        (into_a_loop, "use"),
        (by_way_of_a_group, "total"),
        (behind_an_exit_handler, "use"),
    ],
    ids=lambda it: getattr(it, "name", it),
)
def test_what_every_run_makes_before(wanted: Any, user: str) -> None:
    found = places(wanted)
    assert has_surely_succeeded(found["make"], found[user])


@pytest.mark.parametrize(
    ("wanted", "user"),
    [
        (of_two_branches, "use"),
        (gathered_under_a_condition, "total"),
        (after_a_failure, "use"),
        (by_way_of_somebody_who_goes_on, "total"),
    ],
    ids=lambda it: getattr(it, "name", it),
)
def test_what_a_run_may_do_without(wanted: Any, user: str) -> None:
    found = places(wanted)
    assert not has_surely_succeeded(found["make"], found[user])


def test_a_group_that_has_gone_well_has_made_what_nothing_in_it_could_leave_out() -> None:
    plain, left_out = places(behind()), places(behind("inputs.x == 1"))
    watching = places(behind(strategy="ALL_UPSTREAM_TASKS_COMPLETED"))
    assert has_surely_succeeded(plain["make"], plain["use"])
    assert not has_surely_succeeded(left_out["make"], left_out["use"]), "what waits for a skipped task is skipped"
    assert has_surely_succeeded(watching["make"], watching["use"]), "a failure before it fails the group all the same"
