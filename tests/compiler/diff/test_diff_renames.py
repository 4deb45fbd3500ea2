"""Which task is which: by name, by content where compilers number again, and renamed ones by everything else."""

import json

import pytest
from diff_documents import constant, graph, pipeline, put, taken, task

from milonga.compiler.diff import compare, matched_paths
from milonga.errors import InvalidPipeline, UsageError

TASKS = "root/dag/tasks"


def told(before, after):
    return [(c.where, c.kind, c.before) for c in compare(graph(before), graph(after))]


def renamed(names: dict[str, str], document=None):
    text = json.dumps(document or pipeline())
    for old, new in names.items():
        for form in ('"%s"', '"%s":'):
            text = text.replace(form % old, form % new)
        text = text.replace(f"pipelinechannel--{old}-", f"pipelinechannel--{new}-")
    return json.loads(text)


def flow(*tasks: tuple[str, dict]):
    """A pipeline of these tasks of the component `train`, in this order: (name, parameters)."""
    document = put("root/dag/outputs", {}, put("root/outputDefinitions", {}))
    return put(TASKS, {name: task("train", parameters) for name, parameters in tasks}, document)


def test_a_renamed_task_is_one_change_and_its_edges_go_with_it():
    assert told(pipeline(), renamed({"ingest": "read"})) == [("read", "task-renamed", "ingest")]


def test_a_chain_of_renamed_tasks_is_recognised():
    after = renamed({"ingest": "read", "train": "learn", "clean": "sweep", "condition-1": "when", "deploy": "ship"})
    assert [(where, before) for where, kind, before in told(pipeline(), after) if kind == "task-renamed"] == [
        ("for-loop-2/ship", "for-loop-2/deploy"),
        ("learn", "train"),
        ("read", "ingest"),
        ("sweep", "clean"),
        ("when", "condition-1"),
        ("when/ship", "condition-1/deploy"),
    ]
    assert {kind for _, kind, _ in told(pipeline(), after)} == {"task-renamed"}


def test_a_renamed_task_that_is_fed_from_elsewhere_is_another_task():
    after = put(f"{TASKS}/train/inputs/parameters/rows", {"componentInputParameter": "uri"})
    kinds = {kind for _, kind, _ in told(pipeline(), renamed({"train": "learn"}, after))}
    assert {"task-added", "task-removed"} <= kinds and "task-renamed" not in kinds


def test_a_change_before_a_renamed_task_does_not_hide_it():
    after = renamed({"train": "learn"}, put("deploymentSpec/executors/exec-ingest/container/image", "other"))
    assert told(pipeline(), after) == [("ingest", "image", "python:3.11"), ("learn", "task-renamed", "train")]


def test_a_task_put_before_its_namesakes_is_one_new_task():
    before = flow(("train", {"epochs": constant(1)}), ("train-2", {"epochs": constant(2)}))
    after = flow(*((f"train{end}", {"epochs": constant(n)}) for end, n in (("", 0), ("-2", 1), ("-3", 2))))
    assert told(before, after) == [
        ("train", "task-added", None),
        ("train-2", "task-renamed", "train"),
        ("train-3", "task-renamed", "train-2"),
    ]


def test_a_group_put_before_another_leaves_the_other_as_it_was():
    document = pipeline()
    group = document["root"]["dag"]["tasks"].pop("condition-1")
    document["root"]["dag"]["tasks"]["condition-3"] = group
    document["root"]["dag"]["tasks"]["condition-1"] = task("condition-new", triggerPolicy={"condition": "true"})
    document["components"]["comp-condition-new"] = {"dag": {"tasks": {"load": task("load")}}}
    assert told(pipeline(), document) == [
        ("condition-1", "task-added", None),
        ("condition-3", "task-renamed", "condition-1"),
    ]


def test_values_that_swap_between_namesakes_are_told_as_values():
    before = flow(("train", {"epochs": constant(1)}), ("train-2", {"epochs": constant(2)}))
    after = flow(("train", {"epochs": constant(2)}), ("train-2", {"epochs": constant(1)}))
    assert told(before, after) == [("train", "constant", "1"), ("train-2", "constant", "2")]


def test_equal_candidates_are_told_apart_by_who_takes_from_them():
    before = flow(("a", {}), ("b", {}), ("x", {"rows": taken("a")}), ("y", {"epochs": taken("b")}))
    after = flow(("z", {}), ("q", {}), ("x", {"rows": taken("z")}), ("y", {"epochs": taken("q")}))
    assert told(before, after) == [("q", "task-renamed", "b"), ("z", "task-renamed", "a")]


def test_equal_candidates_without_anything_else_are_paired_by_name():
    before, after = flow(("a", {}), ("b", {})), flow(("n-2", {}), ("n-10", {}))
    assert told(before, after) == [("n-2", "task-renamed", "a"), ("n-10", "task-renamed", "b")]


def test_tasks_in_a_circle_are_compared_as_well():
    before = flow(("a", {"rows": taken("b")}), ("b", {"rows": taken("a")}))
    after = flow(("c", {"rows": taken("d")}), ("d", {"rows": taken("c")}))
    assert sorted(kind for _, kind, _ in told(before, after)) == ["task-added"] * 2 + ["task-removed"] * 2


def test_the_paths_of_all_counterparts_are_at_hand():
    paths = matched_paths(graph(pipeline()), graph(renamed({"condition-1": "when", "ingest": "read"})))
    assert paths["condition-1/deploy"] == "when/deploy" and paths["ingest"] == "read" and paths["train"] == "train"


@pytest.mark.parametrize("name", ["pipeline's", 'a "b"', "{{x}}", "a/b", "", "ü €", "-1", "\x1b[0m", "a\nb"])
def test_any_name_will_do(name):
    after = renamed({"load": json.dumps(name)[1:-1]})
    changes = compare(graph(pipeline()), graph(after))
    assert [change.kind for change in changes] == ["task-renamed"]
    assert changes[0].text.isprintable()
    assert compare(graph(after), graph(after)) == ()


def test_a_source_that_is_not_there_is_no_task_of_that_name():
    before, after = flow(("a", {}), ("x", {"rows": taken("a")})), flow(("b", {}), ("x", {"rows": taken("a")}))
    assert [c.text for c in compare(graph(before), graph(after))] == [
        "renamed from a",
        "rows a.Output → a.Output (no such task)",
    ]
    assert len(told(after, before)) == 2


def test_a_removed_task_is_not_taken_for_another_that_has_its_name_now():
    one, two = {"epochs": constant(1)}, {"epochs": constant(2)}
    before = flow(("train", one), ("train-2", two), ("x", {"rows": taken("train-2")}))
    after = flow(("train-2", one), ("x", {"rows": taken("train-2")}))
    assert told(before, after) == [
        ("train-2", "task-removed", "train-2(epochs=2)"),
        ("train-2", "task-renamed", "train"),
        ("x", "edge-changed", "train-2.Output"),
    ]


def test_nothing_against_everything():
    full, empty = flow(("a", {}), ("b", {"rows": taken("a")})), flow()
    assert {kind for _, kind, _ in told(empty, full)} == {"task-added"}
    assert {kind for _, kind, _ in told(full, empty)} == {"task-removed"}
    assert told(empty, empty) == []


def test_a_component_that_holds_itself_is_an_error_and_no_endless_loop():
    endless = put("components/comp-for-loop-2/dag/tasks/again", task("for-loop-2"))
    with pytest.raises(UsageError, match="contains itself") as caught:
        compare(graph(pipeline()), graph(endless))
    assert caught.value.code == "E941" and caught.value.where == "for-loop-2/again"


@pytest.mark.slow
def test_a_graph_that_unfolds_into_millions_is_an_error():
    document = pipeline()
    for depth in range(40):
        inner = f"deep-{depth + 1}" if depth < 39 else "load"
        document["components"][f"comp-deep-{depth}"] = {"dag": {"tasks": {"a": task(inner), "b": task(inner)}}}
    with pytest.raises(UsageError) as caught:
        compare(graph(pipeline()), graph(put(f"{TASKS}/deep", task("deep-0"), document)))
    assert caught.value.code == "E941"


def test_a_component_that_does_not_exist_is_named():
    with pytest.raises(InvalidPipeline) as caught:
        compare(graph(pipeline()), graph(put(f"{TASKS}/x", task("nowhere"))))
    assert (caught.value.code, caught.value.where) == ("E210", "x")
