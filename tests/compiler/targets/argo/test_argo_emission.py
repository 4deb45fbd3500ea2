"""What is written for Argo: the same for the same pipeline, accepted by the gate, and true to the table."""

from __future__ import annotations

import random
import zipfile
from io import BytesIO
from typing import Any

import pytest
import samples
import yaml

from milonga.compiler.constructs import CONSTRUCTS
from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo import ArgoClusterTarget, ArgoTarget, ArgoWorkflowTarget
from milonga.compiler.targets.argo.archive import digest, pipeline_archive, program_archive
from milonga.compiler.targets.argo.gate import findings
from milonga.compiler.targets.argo.pod import POD_CELLS
from milonga.compiler.targets.argo.recipe_texts import StepRecipe
from milonga.errors import UnsupportedByTarget
from milonga.runtime.argo.layout import REUSE_PARAMETER
from milonga.runtime.argo.packing import unpacked

TARGETS = (ArgoTarget, ArgoWorkflowTarget, ArgoClusterTarget)
REFUSALS = {"E315", "E316", "E317", "E318", "E319", "E361", "E362"}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast on files with code in them


def errors(text: str, version: str) -> list[str]:
    documents = list(yaml.load_all(text, Loader=LOADER))
    return [str(found) for found in findings(documents, version=version) if found.severity == "error"]


THIN = {"loop-dynamic", "loop-over-part", "pvc-create", "pvc-delete", "workspace"}
"""Samples that lack what every such pipeline has: loops whose list gets a value, claims with a size."""


@pytest.mark.parametrize("construct", [name for name in CONSTRUCTS if name not in {*POD_CELLS, *THIN}])
def test_a_construct_is_written_as_the_table_says_or_refused(construct: str) -> None:
    """What works, changes or is dropped gives a file that Argo takes; what is refused gives no file.

    Settings of pods have tests of their own, with samples that say more than that there is a setting.
    """
    target = ArgoTarget()
    verdict = target.capability(construct).verdict
    try:
        text = target.emit(samples.sample(construct))
    except UnsupportedByTarget as error:
        assert error.code in REFUSALS, error
        assert verdict == "refused", f"the table says '{verdict}', but: {error}"
        return
    assert verdict != "refused", "the table says that it is refused, but it is written"
    for version in ArgoTarget.versions:
        assert errors(text, version) == []


@pytest.mark.parametrize("target", TARGETS)
def test_all_kinds_of_objects_are_written_and_pass_the_gate(target: type[ArgoTarget]) -> None:
    text = target().emit(samples.plain())
    *maps, last = yaml.load_all(text, Loader=LOADER)
    assert [item["kind"] for item in maps] == ["ConfigMap", "ConfigMap"] and last["kind"] == target.kind
    assert ("generateName" in last["metadata"]) is (target.kind == "Workflow")
    assert errors(text, "4.0") == []


@pytest.mark.parametrize("construct", ["nested-dag", "loop-static", "retry", "oneof-parameter", "python-step"])
def test_the_same_pipeline_is_the_same_bytes(construct: str) -> None:
    assert ArgoTarget().emit(samples.sample(construct)) == ArgoTarget().emit(samples.sample(construct))


def shuffled(value: Any, seed: random.Random) -> Any:
    """The same JSON value, the members of its objects in another order."""
    if isinstance(value, list):
        return [shuffled(item, seed) for item in value]
    if not isinstance(value, dict):
        return value
    items = [(key, shuffled(item, seed)) for key, item in value.items()]
    seed.shuffle(items)
    return dict(items)


def test_the_order_of_recipes_does_not_change_an_archive() -> None:
    recipes = [StepRecipe(f"leaf-{number}", (), (), (), {"b": number, "a": 1}) for number in range(9)]
    graph = samples.plain()
    again = [StepRecipe(item.leaf, (), (), (), shuffled(item.body, random.Random(1))) for item in reversed(recipes)]
    first, second = (pipeline_archive(graph, ["exec-step"], found, [], {}) for found in (recipes, again))
    assert first == second


def test_a_long_text_is_in_the_archive_once() -> None:
    graph = samples.sample("bulky-code")
    labels = [label for label, executor in graph.executors.items() if executor.container is not None]
    contents = list(unpacked(pipeline_archive(graph, labels, [], [], {}))["texts"].values())
    assert len(set(contents)) == len(contents) > 0


def test_the_program_of_all_pods_holds_what_it_imports_and_nothing_heavy() -> None:
    content = program_archive()
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = set(archive.namelist())
        assert archive.testzip() is None and all(item.date_time == (1980, 1, 1, 0, 0, 0) for item in archive.filelist)
    assert {"__main__.py", "milonga/engine/pod/main.py", "milonga/engine/recipes/evaluator.py"} <= names
    assert len(content) < 250_000 and len(digest(content)) == 10


# Names that authors and other compilers choose -------------------------------------------------------------------


def pipeline_of(inputs: dict[str, Any], tasks: dict[str, Any], artifacts: dict[str, Any] | None = None) -> Graph:
    made: dict[str, Any] = {"parameters": inputs}
    if artifacts:
        made["artifacts"] = artifacts
    return Graph.from_documents(
        (
            {
                "pipelineInfo": {"name": "names"},
                "schemaVersion": "2.1.0",
                "root": {"inputDefinitions": made, "dag": {"tasks": tasks}},
                "components": {
                    "comp-step": {
                        "executorLabel": "exec-step",
                        "inputDefinitions": {"parameters": {"a": {"parameterType": "STRING"}}},
                    }
                },
                "deploymentSpec": {
                    "executors": {"exec-step": {"container": {"image": "busybox", "command": ["true"]}}}
                },
            },
        )
    )


TEXT = {"parameterType": "STRING"}


def task(**bindings: Any) -> dict[str, Any]:
    return {"componentRef": {"name": "comp-step"}, "inputs": {"parameters": bindings}}


@pytest.mark.parametrize("names", [("a b", "a_b"), ("a.b", "a_b")])
def test_inputs_with_names_alike_stay_two(names: tuple[str, str]) -> None:
    graph = pipeline_of(
        dict.fromkeys(names, TEXT),
        {str(at): task(a={"componentInputParameter": name}) for at, name in enumerate(names)},
    )
    spec = list(yaml.load_all(ArgoTarget().emit(graph), Loader=LOADER))[-1]["spec"]
    found = [item["name"] for item in spec["arguments"]["parameters"] if item["name"] != REUSE_PARAMETER]
    assert len(set(found)) == len(found) == 2


@pytest.mark.parametrize("names", [("a b", "a-b"), ("in", "t-in"), ("日", "本"), ("x" * 80, "x" * 81), ("a#b", "c")])
def test_tasks_with_names_that_argo_does_not_take_are_written(names: tuple[str, ...]) -> None:
    graph = pipeline_of({}, {name: task(a={"runtimeValue": {"constant": "x"}}) for name in names})
    text = ArgoTarget().emit(graph)
    assert errors(text, "3.7") == []
    dag = next(t for t in list(yaml.load_all(text, Loader=LOADER))[-1]["spec"]["templates"] if t["name"] == "main")[
        "dag"
    ]
    leaves = [item["arguments"]["parameters"][0]["value"] for item in dag["tasks"]]
    assert len(set(leaves)) == 2 and len({item["name"] for item in dag["tasks"]}) == 2


def test_a_container_without_a_command_is_refused_with_its_place() -> None:
    document = yaml.safe_load(
        "{pipelineInfo: {name: x}, schemaVersion: 2.1.0, root: {dag: {tasks: {first: {componentRef: {name: c}}}}}, "
        "components: {c: {executorLabel: e}}, deploymentSpec: {executors: {e: {container: {image: busybox}}}}}"
    )
    with pytest.raises(UnsupportedByTarget) as caught:
        ArgoTarget().emit(Graph.from_documents((document,)))
    assert caught.value.code == "E317" and caught.value.where == "first" and caught.value.got == "busybox"


def test_a_variable_that_no_shell_can_name_is_refused_where_a_word_names_it() -> None:
    document = yaml.safe_load(
        "{pipelineInfo: {name: x}, schemaVersion: 2.1.0, root: {dag: {tasks: {first: {componentRef: {name: c}}}}}, "
        "components: {c: {executorLabel: e}}, deploymentSpec: {executors: {e: {container: {image: busybox, "
        "command: [echo, $(MY-NAME)], env: [{name: MY-NAME, value: x}]}}}}}"
    )
    with pytest.raises(UnsupportedByTarget) as caught:
        ArgoTarget().emit(Graph.from_documents((document,)))
    assert caught.value.code == "E317" and caught.value.got == "$(MY-NAME)"


def doubling(levels: int) -> Graph:
    """A pipeline that uses another twice, which uses another twice, and so on."""
    components: dict[str, Any] = {"c0": {"executorLabel": "e"}}
    for level in range(1, levels + 1):
        uses = {name: {"componentRef": {"name": f"c{level - 1}"}} for name in ("left", "right")}
        components[f"c{level}"] = {"dag": {"tasks": uses}}
    root = {"dag": {"tasks": {"all": {"componentRef": {"name": f"c{levels}"}}}}}
    executors = {"e": {"container": {"image": "busybox", "command": ["true"]}}}
    return Graph.from_documents(
        (
            {
                "pipelineInfo": {"name": "doubling"},
                "schemaVersion": "2.1.0",
                "root": root,
                "components": components,
                "deploymentSpec": {"executors": executors},
            },
        )
    )


def test_pipelines_that_use_each_other_without_end_in_sight_are_refused() -> None:
    with pytest.raises(UnsupportedByTarget) as caught:
        ArgoTarget().emit(doubling(24))
    assert caught.value.code == "E316"


def test_a_component_that_is_used_many_times_has_one_template() -> None:
    templates = list(yaml.load_all(ArgoTarget().emit(doubling(4)), Loader=LOADER))[-1]["spec"]["templates"]
    assert len([template for template in templates if "container" in template]) == 1
