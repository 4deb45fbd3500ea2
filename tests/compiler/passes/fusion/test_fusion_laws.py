"""Laws of the pass that marks tasks which may share a pod, on tasks drawn by chance."""

from __future__ import annotations

from collections.abc import Mapping

from drawn_dags import graph_of, graphs
from hypothesis import HealthCheck, given, settings

from milonga.compiler.documents import dump_graph, parse_documents
from milonga.compiler.graph import Graph, Task
from milonga.compiler.graph.together import marks_of, with_marks
from milonga.compiler.passes.fusion import Fuse, require_together
from milonga.compiler.passes.fusion.fits import Fits

drawn = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _tasks(graph: Graph, dag: str) -> Mapping[str, Task]:
    component = dict(graph.dags())[dag]
    return dict((component.dag.tasks if component.dag else None) or {})


def _groups(marks: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for task, group in marks.items():
        found.setdefault(group, []).append(task)
    return found


def _new_groups(graph: Graph, fused: Graph) -> list[tuple[str, str, list[str]]]:
    """DAG, name and tasks of each group that the pass has made."""
    before = marks_of(graph)
    return [
        (dag, name, members)
        for dag, marks in marks_of(fused).items()
        for name, members in _groups(marks).items()
        if name not in before.get(dag, {}).values()
    ]


def _waits_for(tasks: Mapping[str, Task], name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    before = {producer for producer in tasks[name].producers() if producer in tasks and producer not in seen}
    return before.union(*(_waits_for(tasks, producer, seen | {name}) for producer in before))


@drawn
@given(graphs())
def test_to_fuse_twice_is_to_fuse_once(graph: Graph) -> None:
    once = Fuse().run(graph)
    assert Fuse().run(once) is once


@drawn
@given(graphs())
def test_marks_of_the_author_are_kept(graph: Graph) -> None:
    after = marks_of(Fuse().run(graph))
    for dag, marks in marks_of(graph).items():
        assert {task: after[dag][task] for task in marks} == dict(marks)
        added = {task: group for task, group in after[dag].items() if task not in marks}
        assert not set(added.values()) & set(marks.values())


@drawn
@given(graphs())
def test_each_new_group_is_one_that_the_compiler_takes(graph: Graph) -> None:
    fits = Fits(graph)
    for dag, name, members in _new_groups(graph, Fuse().run(graph)):
        require_together(name, members, _tasks(graph, dag), fits, "")


@drawn
@given(graphs())
def test_all_tasks_of_a_new_group_wait_for_the_same(graph: Graph) -> None:
    """Importers need no time, and so they do not count."""
    for dag, _, members in _new_groups(graph, Fuse().run(graph)):
        tasks, fits = _tasks(graph, dag), Fits(graph)
        timeless = {name for name in tasks if not fits.of(tasks[name]).pods and not fits.of(tasks[name]).reason}
        if any(task.runs_anyway for task in tasks.values()):
            assert set(members) == set(tasks)
        outside = [_waits_for(tasks, name) - set(members) - timeless for name in members if name not in timeless]
        assert all(each == outside[0] for each in outside)


@drawn
@given(graphs(marked=False))
def test_no_pods_wait_for_each_other(graph: Graph) -> None:
    fused = Fuse().run(graph)
    for dag, _ in graph.dags():
        tasks, marks = _tasks(graph, dag), marks_of(fused).get(dag, {})
        pods = {name: marks.get(name, f"alone {name}") for name in tasks}
        before: dict[str, set[str]] = {pod: set() for pod in pods.values()}
        for name, task in tasks.items():
            before[pods[name]] |= {pods[producer] for producer in task.producers()} - {pods[name]}
        while before:
            free = {pod for pod, awaited in before.items() if not awaited & before.keys()}
            assert free, f"these wait for each other: {sorted(before)}"
            before = {pod: awaited for pod, awaited in before.items() if pod not in free}


@drawn
@given(graphs())
def test_only_small_tasks_without_foreign_settings_are_marked(graph: Graph) -> None:
    for dag, _, members in _new_groups(graph, Fuse().run(graph)):
        tasks, fits = _tasks(graph, dag), Fits(graph)
        found = [fits.of(tasks[name]) for name in members]
        assert not any(fit.reason or fit.asks for fit in found)
        assert len({fit.key for fit in found if fit.key}) == 1
        assert sum(fit.pods for fit in found) > 1


@drawn
@given(graphs())
def test_nothing_but_marks_is_changed(graph: Graph) -> None:
    fused = Fuse().run(graph)
    assert with_marks(fused, marks_of(graph)) == with_marks(graph, marks_of(graph))
    assert (fused.digest() == graph.digest()) is (marks_of(fused) == marks_of(graph))


@drawn
@given(graphs())
def test_marks_travel_in_a_file(graph: Graph) -> None:
    fused = Fuse().run(graph)
    again = Graph.from_documents(parse_documents(dump_graph(fused)))
    assert marks_of(again) == marks_of(fused)
    assert again == fused and again.digest() == fused.digest()


def test_a_graph_without_candidates_comes_back_as_it_is() -> None:
    one = {"componentRef": {"name": "comp-step"}}
    large, foreign = {"componentRef": {"name": "comp-large"}}, {"componentRef": {"name": "comp-container"}}
    for tasks in ({"a": one}, {"a": large, "b": large}, {"a": foreign, "b": foreign}, {"a": one, "b": large}):
        graph = graph_of(tasks)
        assert Fuse().run(graph) is graph


def test_a_loop_of_one_step_is_worth_a_pod_of_its_own() -> None:
    loop = {
        "componentRef": {"name": "comp-step"},
        "parameterIterator": {"items": {"raw": "[1, 2]"}, "itemInput": "x"},
    }
    assert marks_of(Fuse().run(graph_of({"a": loop}))) == {"root": {"a": "pod-1"}}


def test_two_roots_of_one_kind_share_a_pod_and_what_follows_only_one_of_them_joins_it() -> None:
    step = {"componentRef": {"name": "comp-step"}}
    tasks = {"a": step, "b": step, "after-a": {**step, "dependentTasks": ["a"]}}
    assert marks_of(Fuse().run(graph_of(tasks)))["root"] == dict.fromkeys(tasks, "pod-1")


def test_steps_of_two_images_are_two_groups() -> None:
    tasks = {
        name: {"componentRef": {"name": component}}
        for name, component in (("a", "comp-step"), ("b", "comp-other"), ("c", "comp-step"), ("d", "comp-other"))
    }
    assert marks_of(Fuse().run(graph_of(tasks)))["root"] == {"a": "pod-1", "b": "pod-2", "c": "pod-1", "d": "pod-2"}


def test_names_of_groups_that_the_author_has_given_are_not_taken() -> None:
    step = {"componentRef": {"name": "comp-step"}}
    graph = with_marks(graph_of({"a": step, "b": step, "c": step}), {"root": {"a": "pod-1"}})
    assert marks_of(Fuse().run(graph))["root"] == {"a": "pod-1", "b": "pod-2", "c": "pod-2"}


def test_an_importer_between_two_tasks_of_a_group_belongs_to_it() -> None:
    step = {"componentRef": {"name": "comp-step"}}
    tasks = {
        "a": step,
        "imported": {"componentRef": {"name": "comp-importer"}, "dependentTasks": ["a"]},
        "b": {**step, "dependentTasks": ["a", "imported"]},
        "aside": {"componentRef": {"name": "comp-importer"}, "dependentTasks": ["a"]},
    }
    assert marks_of(Fuse().run(graph_of(tasks)))["root"] == {"a": "pod-1", "imported": "pod-1", "b": "pod-1"}
