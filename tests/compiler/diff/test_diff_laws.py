"""Laws of comparison, over pipelines that KFP's own tests hold, and changes made anywhere in them."""

import copy
import cProfile
import json
import re
from pathlib import Path
from typing import Any

import pytest
from diff_documents import FILES, graph, leaves, needs_corpus, part, pipeline, shape, taken, task
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milonga.compiler.diff import Change, compare, matched_paths
from milonga.compiler.diff.change import PIPELINE
from milonga.compiler.diff.kinds import FAMILIES
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.errors import InvalidPipeline

MIRRORED = {family.added: family.removed for family in FAMILIES.values()}
MIRRORED |= {family.removed: family.added for family in FAMILIES.values()}
MIRRORED |= {"task-added": "task-removed", "task-removed": "task-added"}

NOT_COMPARED = (
    re.compile(r"0/(sdkVersion|schemaVersion)"),
    re.compile(r".*/(input|output)Definitions/(parameters|artifacts)/pipelinechannel--.*"),  # borders of groups
    re.compile(r".*/inputs/(parameters|artifacts)/pipelinechannel--.*/componentInput.*"),  # handed on, used by nobody
    re.compile(r".*Iterator/itemInput"),  # the item's inner name, where nobody uses it
    re.compile(r".*/inputDefinitions/parameters/.*/isOptional"),  # said by the default as well
    re.compile(r".*/resources/(cpuLimit|memoryLimit|accelerator/(type|count))"),  # deprecated twins
    re.compile(r"1/platforms/.*/(secretName|configMapName)"),
    re.compile(r"1/platforms/.*/pvcMount/\d/(taskOutputParameter/.*|componentInputParameter)"),
)
"""Places of a document whose text may change without a change of meaning."""

many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def read(path: Path) -> tuple[Graph, tuple[Any, ...]]:
    graph = load_graph(path)
    return graph, graph.to_documents()


def other(value: Any) -> Any:
    """A value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return 1 if value is None else f"{value}x"


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def mirrored(changes: tuple[Change, ...], paths: dict[str, str]) -> list[tuple[Any, ...]]:
    """The changes as the comparison the other way round must tell them."""
    return shape(
        tuple(
            Change(
                paths.get(c.where, c.where), MIRRORED.get(c.kind, c.kind), c.what, c.after, c.before, c.text, c.quiet
            )
            for c in changes
        )
    )


def assert_mirrored(before: Graph, after: Graph) -> None:
    there, back = compare(before, after), compare(after, before)
    assert mirrored(there, matched_paths(after, before)) == shape(back)
    assert [c.quiet for c in there].count(True) == [c.quiet for c in back].count(True)


@needs_corpus
@many
@given(st.sampled_from(FILES), st.sampled_from(FILES))
def test_the_other_way_round_tells_the_mirror_image(one, two):
    assert_mirrored(load_graph(one), load_graph(two))


@needs_corpus
@many
@given(st.data())
def test_a_change_of_any_value_is_told_and_its_mirror_image_too(data):
    before, documents = read(data.draw(st.sampled_from(FILES)))
    path, value = data.draw(st.sampled_from([*leaves(list(documents))]))
    changed = copy.deepcopy(list(documents))
    at(changed, path[:-1])[path[-1]] = other(value)
    place = "/".join(map(str, path))
    try:
        after = Graph.from_documents(tuple(changed))
        changes = compare(before, after)
    except InvalidPipeline:  # a number where text must stand, a component that is not there
        return
    assert changes or any(known.fullmatch(place) for known in NOT_COMPARED), place
    assert_mirrored(before, after)


@needs_corpus
@many
@given(st.data())
def test_a_change_at_a_task_names_that_task(data):
    before, documents = read(data.draw(st.sampled_from(FILES)))
    tasks = documents[0]["root"]["dag"]["tasks"]
    name = data.draw(st.sampled_from(sorted(tasks)))
    changed = copy.deepcopy(list(documents))
    mutate = data.draw(st.sampled_from([cache, order, retry, constant, another_image]))
    if not mutate(changed[0], name):
        return
    changes = compare(before, Graph.from_documents(tuple(changed)))
    assert any(c.where == name or c.where.startswith(f"{name}/") for c in changes), mutate
    assert before.name and all(c.where != PIPELINE for c in changes)


def cache(document: Any, name: str) -> bool:
    options = document["root"]["dag"]["tasks"][name].setdefault("cachingOptions", {})
    options["enableCache"] = not options.get("enableCache")
    return True


def order(document: Any, name: str) -> bool:
    document["root"]["dag"]["tasks"][name].setdefault("dependentTasks", []).append("somebody-else")
    return True


def retry(document: Any, name: str) -> bool:
    document["root"]["dag"]["tasks"][name]["retryPolicy"] = {"maxRetryCount": 77}
    return True


def constant(document: Any, name: str) -> bool:
    bindings = document["root"]["dag"]["tasks"][name].setdefault("inputs", {}).setdefault("parameters", {})
    bindings["brand-new"] = {"runtimeValue": {"constant": 1}}
    return True


def another_image(document: Any, name: str) -> bool:
    used = document["root"]["dag"]["tasks"][name]["componentRef"]["name"]
    label = document["components"][used].get("executorLabel")
    container = document["deploymentSpec"]["executors"].get(label, {}).get("container")
    if container is None:
        return False
    document["components"]["comp-own"] = {**document["components"][used], "executorLabel": "exec-own"}
    document["root"]["dag"]["tasks"][name]["componentRef"]["name"] = "comp-own"
    document["deploymentSpec"]["executors"]["exec-own"] = {"container": {**container, "image": "own"}}
    return True


NAMES = st.sampled_from(["a", "b", "train", "train-2", "train-10", "pipeline's", 'x "y"', "{{z}}"])


@many
@given(st.dictionaries(NAMES, st.tuples(st.integers(0, 2), st.none() | NAMES), max_size=6), st.data())
def test_any_two_small_pipelines_mirror_and_end(tasks, data):
    """Producers that do not exist, circles and tasks that take from themselves included."""

    def made(described: dict[str, tuple[int, str | None]]) -> Graph:
        document = pipeline()
        document["root"]["outputDefinitions"], document["root"]["dag"]["outputs"] = {}, {}
        document["root"]["dag"]["tasks"] = {
            name: task("train", {"epochs": {"runtimeValue": {"constant": n}}, **({"rows": taken(p)} if p else {})})
            for name, (n, p) in described.items()
        }
        return graph(document)

    others = data.draw(st.dictionaries(NAMES, st.tuples(st.integers(0, 2), st.none() | NAMES), max_size=6))
    before, after = made(tasks), made(others)
    assert compare(before, before) == ()
    there = compare(before, after)
    assert there == compare(before, after)
    assert bool(there) == bool(compare(after, before)) == (tasks != others)
    removed, added = ({c.where for c in there if c.kind == kind} for kind in ("task-removed", "task-added"))
    assert len(tasks) - len(removed) == len(others) - len(added) == len(matched_paths(before, after))


def chain(count: int, *, first: int = 0, name: str = "noop") -> Graph:
    """`count` tasks of one component, each taking from the one before."""
    tasks: dict[str, Any] = {}
    previous = ""
    for index in range(count):
        label = f"{name}-{index + 1}" if index else name
        bindings = {"epochs": {"runtimeValue": {"constant": index + first}}}
        tasks[label] = task("train", {**bindings, **({"rows": taken(previous)} if previous else {})})
        previous = label
    document = pipeline()
    document["root"]["dag"] = {"tasks": tasks}
    document["root"]["outputDefinitions"] = {}
    return graph(json.loads(json.dumps(document)))


@pytest.mark.slow
def test_ten_thousand_tasks_are_compared():
    before = chain(10_000)
    assert compare(before, chain(10_000)) == ()
    (change,) = compare(before, _with(chain(10_000), "noop-5000", -1))
    assert (change.where, change.kind) == ("noop-5000", "constant")
    assert {c.kind for c in compare(before, chain(10_000, name="other"))} == {"task-renamed"}
    assert [c.kind for c in compare(before, chain(10_001))] == ["task-added"]


def _with(before: Graph, name: str, value: int) -> Graph:
    (document, second) = copy.deepcopy(before.to_documents())
    part(document, f"root/dag/tasks/{name}/inputs/parameters/epochs/runtimeValue")["constant"] = value
    return Graph.from_documents((document, second))


@pytest.mark.parametrize("size", [50, 100, 200])
def test_the_facts_of_a_task_are_read_twice_at_most(size):
    """Once to find renamed tasks, once to compare: nothing is compared pair by pair."""
    before, after = chain(size), chain(size, name="other")
    profile = cProfile.Profile()
    profile.runcall(compare, before, after)
    calls = sum(entry.callcount for entry in profile.getstats() if getattr(entry.code, "co_name", "") == "facts_of")
    assert calls == 2 * (2 * size) + 2  # both sides, and both pipelines once
