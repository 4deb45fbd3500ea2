"""What KFP's compiler makes of tasks that run after failures too, by what they wait for (argocompiler/dag.go)."""

import copy

import samples

from milonga.compiler.constructs import constructs_of
from milonga.compiler.graph import Graph
from milonga.compiler.targets import target_named

FATES = {
    "exit-handler",
    "ignore-upstream-failure",
    "exit-task-of-loop",
    "exit-task-of-several",
    "exit-task-without-upstream",
}
STEP = {"componentRef": {"name": "comp-step"}}
GROUP = {"componentRef": {"name": "comp-group"}}
LOOP = {**GROUP, **samples.loop(raw="[1, 2]")}
IMPORT = {"componentRef": {"name": "comp-import"}}


def fates_of(*awaited: dict) -> set[str]:
    """How an exit task stands in the tables that waits for these tasks."""
    document = copy.deepcopy(samples.SPECIFICATION)
    named = {f"task-{number}": copy.deepcopy(task) for number, task in enumerate(awaited)}
    last = {**STEP, "dependentTasks": list(named), "triggerPolicy": samples.COMPLETED}
    document["root"]["dag"]["tasks"] = {**named, "last": last}
    found = constructs_of(Graph.from_documents((document,)))
    assert all(found[name] == ("root/last",) for name in FATES & set(found))
    return FATES & set(found)


def test_one_awaited_task_says_which_it_is():
    assert fates_of(GROUP) == {"exit-handler"}
    assert fates_of(STEP) == {"ignore-upstream-failure"}
    assert fates_of() == {"exit-task-without-upstream"}


def test_the_end_of_a_loop_and_of_an_importer_starts_nothing():
    assert fates_of(LOOP) == {"exit-task-of-loop"}
    assert fates_of({**STEP, **samples.loop(raw="[1]")}) == {"exit-task-of-loop"}
    assert fates_of(IMPORT) == {"exit-task-of-loop"}
    assert fates_of(LOOP, IMPORT) == {"exit-task-of-loop"}


def test_the_end_of_a_step_that_makes_a_volume_starts_nothing():
    document = samples.sample("pvc-create").to_documents()[0]
    samples.second(document, dependentTasks=["first"], triggerPolicy=samples.COMPLETED)
    assert FATES & set(constructs_of(Graph.from_documents((document,)))) == {"exit-task-of-loop"}


def test_each_of_several_awaited_tasks_starts_it():
    assert fates_of(GROUP, GROUP) == {"exit-handler", "exit-task-of-several"}
    assert fates_of(STEP, GROUP) == {"exit-handler", "exit-task-of-several"}
    assert fates_of(STEP, LOOP) == {"ignore-upstream-failure", "exit-task-of-several", "exit-task-of-loop"}


def test_kfp_names_the_task_that_never_runs():
    (finding,) = target_named("kfp").findings(samples.sample("exit-task-of-loop"))
    assert (finding.code, finding.path, finding.got) == ("E304", "root/second", "of first")


def test_a_loop_inside_of_what_is_awaited_is_no_matter():
    graph = samples.sample("exit-handler")
    document = graph.to_documents()[0]
    document["components"]["comp-group"]["dag"]["tasks"]["inside"].update(samples.loop(raw="[1]"))
    assert FATES & set(constructs_of(Graph.from_documents((document,)))) == {"exit-handler"}
