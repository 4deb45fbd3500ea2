"""What is no difference: names of components, order, sharing, versions, deprecated twins, spellings."""

import copy
import json
from typing import Any

import pytest
from diff_documents import CHANNEL, FILES, constant, found, graph, needs_corpus, part, pipeline, put, task

import milonga
from milonga.compiler.diff import compare
from milonga.compiler.documents import dump_graph, load_graph, parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.trace import trace

TRAIN = "root/dag/tasks/train"
EXECUTOR = "deploymentSpec/executors/exec-train/container"
RESOURCES = f"{EXECUTOR}/resources"

PAIRS: list[tuple[str, Any, Any]] = [
    ("sdkVersion", "kfp-2.14.0", "milonga-9"),
    (RESOURCES, {"resourceMemoryLimit": "4Gi"}, {"resourceMemoryLimit": "4096Mi"}),
    (RESOURCES, {"resourceCpuLimit": "500m"}, {"resourceCpuLimit": "0.5"}),
    (RESOURCES, {"resourceCpuLimit": "2"}, {"resourceCpuLimit": "2", "cpuLimit": 2.0}),
    (RESOURCES, {"resourceCpuLimit": "2"}, {"cpuLimit": 2.0}),
    (RESOURCES, {"resourceMemoryLimit": "4G"}, {"memoryLimit": 4}),
    (
        RESOURCES,
        {"accelerator": {"type": "gpu", "count": "1"}},
        {"accelerator": {"resourceType": "gpu", "resourceCount": "1"}},
    ),
    (f"{TRAIN}/inputs/parameters/epochs", constant(10), constant(10.0)),
    (f"{TRAIN}/inputs/parameters/epochs", constant(10), {"runtimeValue": {"constantValue": {"intValue": "10"}}}),
    (f"{TRAIN}/inputs/parameters/epochs", constant("a"), {"runtimeValue": {"constantValue": {"stringValue": "a"}}}),
    (f"{TRAIN}/inputs/parameters/epochs", constant({"a": 1, "b": [2.0]}), constant({"b": [2], "a": 1.0})),
    (f"{TRAIN}/dependentTasks", [], ["ingest"]),
    (f"{TRAIN}/dependentTasks", ["load", "clean"], ["clean", "load", "ingest"]),
    (f"{TRAIN}/taskInfo", {}, {"name": "train"}),
    (f"{TRAIN}/cachingOptions", {}, {"enableCache": False}),
    (f"{TRAIN}/triggerPolicy", {}, {"strategy": "ALL_UPSTREAM_TASKS_SUCCEEDED"}),
    (f"{TRAIN}/retryPolicy", {}, {"maxRetryCount": 0}),
    (f"{TRAIN}/retryPolicy", {"maxRetryCount": 1}, {"maxRetryCount": 1, "backoffDuration": "0s", "backoffFactor": 2.0}),
    (f"{TRAIN}/retryPolicy", {"maxRetryCount": 1}, {"maxRetryCount": 1, "backoffMaxDuration": "3600.000s"}),
    ("root/dag/tasks/for-loop-2/iteratorPolicy", {}, {"parallelismLimit": 0}),
    ("root/dag/tasks/for-loop-2/parameterIterator/items/raw", "[1,2]", "[1.0, 2]"),
    (
        "root/dag/tasks/condition-1/triggerPolicy/condition",
        f"inputs.parameter_values['{CHANNEL}'] == 'x'",
        f'inputs.parameter_values["{CHANNEL}"]  ==  "x"',
    ),
    ("components/comp-train/inputDefinitions/parameters/epochs", {"parameterType": "NUMBER_INTEGER"}, {"type": "INT"}),
    ("root/inputDefinitions/parameters/uri/isOptional", False, True),
    (
        "platforms/kubernetes/deploymentSpec/executors/exec-train/secretAsEnv",
        [{"secretName": "s", "keyToEnv": []}],
        [{"secretName": "s", "secretNameParameter": {"runtimeValue": {"constant": "s"}}, "keyToEnv": []}],
    ),
    (
        "platforms/kubernetes/deploymentSpec/executors/exec-train/pvcMount",
        [{"constant": "claim", "mountPath": "/a"}, {"constant": "other", "mountPath": "/b"}],
        [
            {"pvcNameParameter": {"runtimeValue": {"constant": "other"}}, "mountPath": "/b"},
            {"pvcNameParameter": {"runtimeValue": {"constant": "claim"}}, "mountPath": "/a"},
        ],
    ),
]


@pytest.mark.parametrize(("path", "one", "other"), PAIRS, ids=lambda value: str(value)[-50:])
def test_two_spellings_of_one_thing_are_equal(path, one, other):
    assert compare(graph(put(path, one)), graph(put(path, other))) == ()


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), (1, "1"), (None, 0), ([], {}), ("", None), (1, 1.5)])
def test_values_that_python_might_call_alike_differ(one, other):
    path = f"{TRAIN}/inputs/parameters/epochs"
    assert found(put(path, constant(one)), put(path, constant(other)))


def test_a_shared_executor_and_its_copies_are_equal():
    copied = copy.deepcopy(pipeline())
    part(copied, "deploymentSpec/executors")["exec-2"] = part(copied, "deploymentSpec/executors/exec-clean")
    part(copied, "components")["comp-deploy-2"] = {**part(copied, "components/comp-deploy"), "executorLabel": "exec-2"}
    inner = part(copied, "components/comp-for-loop-2/dag/tasks/deploy")
    inner["componentRef"]["name"] = "comp-deploy-2"
    assert compare(graph(pipeline()), graph(copied)) == ()


def test_what_no_task_uses_is_no_part_of_the_pipeline():
    after = put("components/comp-unused", {"executorLabel": "exec-unused"})
    part(after, "deploymentSpec/executors")["exec-unused"] = {"container": {"image": "unused"}}
    assert compare(graph(pipeline()), graph(after)) == ()


def test_a_channel_may_have_any_name():
    text = json.dumps(pipeline()).replace(CHANNEL, "pipelinechannel--another-way-to-say-it")
    assert compare(graph(pipeline()), graph(json.loads(text))) == ()


def shared(documents: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same pipeline with each distinct executor and component once, all of them renamed, keys in another order."""
    first, *rest = copy.deepcopy(documents)
    executors = (first.get("deploymentSpec") or {}).get("executors") or {}
    settings = (
        [item.get("deploymentSpec", {}).get("executors", {}) for item in rest[0]["platforms"].values()] if rest else []
    )
    labels: dict[str, str] = {}
    kept: dict[str, str] = {}
    for label in sorted(executors):
        key = json.dumps([executors[label], [item.get(label) for item in settings]], sort_keys=True)
        labels[label] = kept.setdefault(key, f"exec-shared-{len(kept)}")
    if executors:
        first["deploymentSpec"]["executors"] = {labels[label]: executors[label] for label in reversed(executors)}
    for item in settings:
        renamed = {labels[label]: item[label] for label in item if label in labels}
        item.clear()
        item.update(renamed)
    components = first.get("components") or {}
    for component in components.values():
        if component.get("executorLabel") in labels:
            component["executorLabel"] = labels[component["executorLabel"]]
    names: dict[str, str] = {}
    unique: dict[str, str] = {}
    for name in sorted(components):
        key = json.dumps(components[name], sort_keys=True)
        names[name] = unique.setdefault(key, f"comp-shared-{len(unique)}")
    if components:
        first["components"] = {names[name]: components[name] for name in reversed(components)}
    for holder in [first["root"], *components.values()]:
        for used in holder.get("dag", {}).get("tasks", {}).values():
            used["componentRef"]["name"] = names[used["componentRef"]["name"]]
    return (first, *rest)


@needs_corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_kfp_equals_itself_written_again_and_with_everything_shared(path):
    before = load_graph(path)
    assert compare(before, before) == ()
    assert compare(before, Graph.from_documents(parse_documents(dump_graph(before)))) == ()
    assert compare(before, Graph.from_documents(shared(before.to_documents()))) == ()


def test_a_pipeline_and_its_compiled_file_are_equal(author):
    flow = author(
        """
        import milonga as ml

        @ml.component(memory="2Gi", gpu=1, packages=["numpy>=1"], environment={"MODE": "fast"})
        def draw(seed: int = 1) -> list[int]:
            return [seed]

        @ml.component
        def show(value: int, text: str = "a {brace} and a 'quote'") -> int:
            return value

        @ml.pipeline
        def flow(seed: int, limit: float = 0.5) -> int:
            drawn = draw.options(retries=2, timeout_s=60, secrets={"TOKEN": "store/token"})(seed)
            with ml.ParallelFor(drawn, parallelism=2) as item:
                with ml.If(item > 3):
                    show(item)
            last = show(seed, text="end")
            return last
        """
    ).flow
    compiled = Graph.from_documents(parse_documents(milonga.compile(flow)))
    assert compare(trace(flow).graph, compiled) == () == compare(compiled, trace(flow).graph)


def test_kfps_copies_of_a_component_equal_one_that_is_shared(tmp_path):
    kfp = pytest.importorskip("kfp")

    def build():
        @kfp.dsl.component(base_image="python:3.12")
        def say(text: str) -> str:
            return text

        @kfp.dsl.pipeline(name="talk")
        def talk(text: str = "hi"):
            first = say(text=text)
            with kfp.dsl.If(first.output == "hi"):
                say(text=first.output)
            say(text="end").set_memory_limit("1Gi")

        return talk

    kfp.compiler.Compiler().compile(build(), str(tmp_path / "talk.yaml"))
    graph_of_kfp = load_graph(tmp_path / "talk.yaml")
    assert len(graph_of_kfp.executors) == 3
    fewer = Graph.from_documents(shared(graph_of_kfp.to_documents()))
    assert len(fewer.executors) == 2
    assert compare(graph_of_kfp, fewer) == () == compare(fewer, graph_of_kfp)


def test_a_lone_task_that_waits_for_what_it_takes_is_not_told_twice():
    after = put("root/dag/tasks/extra", task("clean", {"x": {"componentInputParameter": "uri"}}))
    assert [kind for _, kind, _ in found(pipeline(), after)] == ["task-added"]
