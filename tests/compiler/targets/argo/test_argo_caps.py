"""What is too large for one object goes into several, or is refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from argo_claim_pipelines import STEP, graph_of, made_claim, objects_of

from milonga.compiler.targets.argo.caps import OBJECT_BYTES_MAX
from milonga.compiler.targets.argo.manifest import Manifest, documents
from milonga.errors import UnsupportedByTarget


def many(groups: int, steps: int) -> Any:
    """A pipeline with `groups` DAGs of `steps` different steps."""
    components: dict[str, Any] = {}
    executors: dict[str, Any] = {}
    for group in range(groups):
        names = [f"s{group}-{step}" for step in range(steps)]
        for name in names:
            components[f"comp-{name}"] = {"executorLabel": f"exec-{name}"}
            executors[f"exec-{name}"] = {"container": {**STEP["container"], "image": f"python:{name}"}}
        tasks = {name: {"componentRef": {"name": f"comp-{name}"}} for name in names}
        components[f"comp-g{group}"] = {"dag": {"tasks": tasks}}
    tasks = {f"g{group}": {"componentRef": {"name": f"comp-g{group}"}} for group in range(groups)}
    return graph_of(tasks, components=components, executors=executors)


@pytest.mark.parametrize("kind", ["WorkflowTemplate", pytest.param("ClusterWorkflowTemplate", marks=pytest.mark.slow)])
def test_more_templates_than_one_object_may_have_lie_in_several(kind: str) -> None:
    objects = objects_of(many(3, 100), kind)[2:]
    assert [item["metadata"]["name"] for item in objects] == ["volumes.2", "volumes"]
    assert all(len(item["spec"]["templates"]) <= 200 for item in objects)
    placed = {(item["metadata"]["name"], t["name"]) for item in objects for t in item["spec"]["templates"]}
    assert len({name for _, name in placed}) == 304
    for item in objects:
        for template in item["spec"]["templates"]:
            for task in template.get("dag", {}).get("tasks", ()):
                reference = task.get("templateRef")
                own = (item["metadata"]["name"], task.get("template"))
                assert (own if reference is None else (reference["name"], reference["template"])) in placed
                assert reference is None or reference.get("clusterScope", False) is (kind == "ClusterWorkflowTemplate")


def test_one_run_cannot_have_so_many() -> None:
    with pytest.raises(UnsupportedByTarget, match="E316"):
        objects_of(many(3, 100), "Workflow")


def test_a_dag_of_more_tasks_than_argo_takes_is_refused() -> None:
    with pytest.raises(UnsupportedByTarget, match="E316: too many tasks"):
        objects_of(graph_of({f"t{at}": {"componentRef": {"name": "comp-step"}} for at in range(201)}))


def test_an_object_larger_than_an_api_server_takes_is_refused_with_its_size() -> None:
    annotations = {"long": "x" * 1_100_000}
    with pytest.raises(UnsupportedByTarget) as caught:
        objects_of(graph_of({"claim": made_claim(pvc_name="mine", annotations=annotations)}))
    assert (caught.value.code, caught.value.got[:2]) == ("E316", "11")


def written(count: int, size_bytes: int, kind: str = "WorkflowTemplate", letter: str = "x") -> list[dict[str, Any]]:
    """The objects of a pipeline with `count` steps, each in a template with a text of that size."""
    steps = [{"name": f"s{at}", "container": {"args": [letter * size_bytes]}} for at in range(count)]
    groups = [
        {
            "name": f"g{at}",
            "dag": {"tasks": [{"name": step["name"], "template": step["name"]} for step in steps[at:][:100]]},
        }
        for at in range(0, count, 100)
    ]
    main = {"name": "main", "dag": {"tasks": [{"name": group["name"], "template": group["name"]} for group in groups]}}
    spec = {"entrypoint": "main", "templates": [main, *groups, *steps]}
    return list(documents(Manifest((), "flow", {"labels": {}}, spec), kind))


def test_what_a_run_keeps_of_all_objects_together_is_bounded_too() -> None:
    assert len(written(380, 2000)) == 2
    with pytest.raises(UnsupportedByTarget) as caught:
        written(380, 2500)
    assert (caught.value.code, caught.value.where) == ("E316", "flow")
    assert "384 nodes" in caught.value.got


@pytest.mark.parametrize("kind", ["WorkflowTemplate", "Workflow"])
def test_a_run_of_one_object_has_room_for_its_nodes(kind: str) -> None:
    assert len(written(100, 9000, kind)) == 1
    with pytest.raises(UnsupportedByTarget, match="E316: the pipeline is too large for one run"):
        written(100, 10_000, kind)  # the object itself is taken by any API server
    assert OBJECT_BYTES_MAX > 100 * 10_000


def test_characters_that_the_controller_writes_longer_count_as_it_writes_them() -> None:
    assert written(100, 5000)
    with pytest.raises(UnsupportedByTarget, match="E316"):
        written(100, 5000, letter="&")
