"""One small graph for each construct, made by changing one small pipeline."""

import base64
import copy
import random
from collections.abc import Callable
from typing import Any

from milonga.compiler.constructs.kubernetes import EXECUTOR_FIELDS, PIPELINE_FIELDS
from milonga.compiler.graph import Graph
from milonga.runtime.program import LOADER, TaskProgram, pack

Document = dict[str, Any]
Change = Callable[[Document, Document], None]
"""Changes the specification and the Kubernetes settings in place."""

COMPLETED = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
DATASET = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}

KFP_LAUNCHER = (
    "program_path=$(mktemp -d)\n\n"
    'printf "%s" "$0" > "$program_path/ephemeral_component.py"\n'
    "_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main "
    '--component_module_path "$program_path/ephemeral_component.py" "$@"\n'
)
"""The script of kfp's lightweight components."""

SPECIFICATION: Document = {
    "pipelineInfo": {"name": "sample"},
    "schemaVersion": "2.1.0",
    "root": {"dag": {"tasks": {"first": {"componentRef": {"name": "comp-step"}}}}},
    "components": {
        "comp-step": {"executorLabel": "exec-step"},
        "comp-import": {"executorLabel": "exec-import"},
        "comp-group": {"dag": {"tasks": {"inside": {"componentRef": {"name": "comp-step"}}}}},
    },
    "deploymentSpec": {
        "executors": {
            "exec-step": {"container": {"image": "busybox", "command": ["true"]}},
            "exec-import": {"importer": {"artifactUri": {"constant": "/data"}, "typeSchema": DATASET["artifactType"]}},
        }
    },
}


def tasks(document: Document) -> Document:
    return document["root"]["dag"]["tasks"]


def container(document: Document) -> Document:
    return document["deploymentSpec"]["executors"]["exec-step"]["container"]


def second(document: Document, component: str = "comp-step", **fields: Any) -> Document:
    task = {"componentRef": {"name": component}, **fields}
    tasks(document)["second"] = task
    return task


def step_input(document: Document, **parameter: Any) -> None:
    document["components"]["comp-step"]["inputDefinitions"] = {"parameters": {"x": parameter}}


def set_in(path: str, value: Any) -> Change:
    """Set one value at a dotted path of the specification."""

    def change(document: Document, _: Document) -> None:
        *parents, last = path.split(".")
        for key in parents:
            document = document.setdefault(key, {})
        document[last] = value

    return change


def task_with(**fields: Any) -> Change:
    return lambda document, _: tasks(document)["first"].update(fields)


def container_with(**fields: Any) -> Change:
    return lambda document, _: container(document).update(fields)


def command(text: str) -> Change:
    return container_with(command=["echo", text])


def settings(**fields: Any) -> Change:
    def change(_: Document, kubernetes: Document) -> None:
        kubernetes.setdefault("deploymentSpec", {"executors": {"exec-step": {}}})["executors"]["exec-step"].update(
            fields
        )

    return change


def pipeline_config(**fields: Any) -> Change:
    return lambda _, kubernetes: kubernetes.setdefault("pipelineConfig", {}).update(fields)


def together(*changes: Change) -> Change:
    def change(document: Document, kubernetes: Document) -> None:
        for each in changes:
            each(document, kubernetes)

    return change


def second_task(component: str = "comp-step", **fields: Any) -> Change:
    return lambda document, _: second(document, component, **fields) and None


def loop(**fields: Any) -> Document:
    return {"parameterIterator": {"itemInput": "item", "items": fields}}


def step_makes(kind: str, declared: Document) -> Change:
    return set_in("components.comp-step.outputDefinitions", {kind: {"out": declared}})


def reads(kind: str) -> Document:
    key = "taskOutputParameter" if kind == "parameters" else "taskOutputArtifact"
    output = "outputParameterKey" if kind == "parameters" else "outputArtifactKey"
    return {kind: {"x": {key: {"producerTask": "first", output: "out"}}}}


def bulky(document: Document) -> None:
    """Two milonga steps, each with its own 100 kB of code that no compression makes smaller, used five times each."""
    for number in range(2):
        text = base64.b85encode(random.Random(number).randbytes(80_000)).decode()
        program = TaskProgram("step", "def step(): ...", modules={f"module_{number}.py": text})
        executor = {"image": "python:3.11-slim", "command": ["python3", "-c", LOADER]}
        executor["args"] = [pack({"milonga/__init__.py": ""}), *program.to_args()]
        document["deploymentSpec"]["executors"][f"exec-{number}"] = {"container": executor}
        document["components"][f"comp-{number}"] = {"executorLabel": f"exec-{number}"}
        for use in range(5):
            tasks(document)[f"task-{number}-{use}"] = {"componentRef": {"name": f"comp-{number}"}}


FINAL_STATUS = {"parameters": {"x": {"taskFinalStatus": {"producerTask": "first"}}}}
STATUS_INPUT = set_in(
    "components.comp-step.inputDefinitions", {"parameters": {"x": {"parameterType": "TASK_FINAL_STATUS"}}}
)
SELECTED = {"componentInputParameter": "a", "parameterExpressionSelector": 'parseJson(string_value)["b"]'}

CHANGES: dict[str, Change] = {
    "nested-dag": task_with(componentRef={"name": "comp-group"}),
    "condition": task_with(triggerPolicy={"condition": "true"}),
    "condition-on-importer": task_with(componentRef={"name": "comp-import"}, triggerPolicy={"condition": "true"}),
    "loop-static": task_with(**loop(raw="[1, 2]")),
    "loop-dynamic": task_with(**loop(inputParameter="list")),
    "loop-over-part": task_with(**loop(inputParameter="list"), inputs={"parameters": {"list": SELECTED}}),
    "loop-over-artifacts": task_with(artifactIterator={"itemInput": "item", "items": {"inputArtifact": "list"}}),
    "loop-parallelism-limit": task_with(**loop(raw="[1]"), iteratorPolicy={"parallelismLimit": 2}),
    "collected-parameter": together(task_with(**loop(raw="[1]")), second_task(inputs=reads("parameters"))),
    "collected-artifact": together(task_with(**loop(raw="[1]")), second_task(inputs=reads("artifacts"))),
    "oneof-parameter": set_in(
        "root.dag.outputs.parameters",
        {"o": {"valueFromOneof": {"parameterSelectors": [{"producerSubtask": "first", "outputParameterKey": "out"}]}}},
    ),
    "oneof-artifact": set_in(
        "root.dag.outputs.artifacts",
        {"o": {"artifactSelectors": [{"producerSubtask": "first", "outputArtifactKey": key} for key in ("a", "b")]}},
    ),
    "exit-handler": together(
        task_with(componentRef={"name": "comp-group"}), second_task(dependentTasks=["first"], triggerPolicy=COMPLETED)
    ),
    "ignore-upstream-failure": second_task(dependentTasks=["first"], triggerPolicy=COMPLETED),
    "after-exit-task": together(
        second_task(dependentTasks=["first"], triggerPolicy=COMPLETED),
        set_in("root.dag.tasks.third", {"componentRef": {"name": "comp-step"}, "dependentTasks": ["second"]}),
    ),
    "several-exit-tasks": together(
        second_task(dependentTasks=["first"], triggerPolicy=COMPLETED),
        set_in(
            "root.dag.tasks.third",
            {"componentRef": {"name": "comp-step"}, "dependentTasks": ["first"], "triggerPolicy": COMPLETED},
        ),
    ),
    "exit-task-of-loop": together(
        task_with(componentRef={"name": "comp-group"}, **loop(raw="[1, 2]")),
        second_task(dependentTasks=["first"], triggerPolicy=COMPLETED),
    ),
    "exit-task-of-several": together(
        second_task(),
        set_in(
            "root.dag.tasks.third",
            {
                "componentRef": {"name": "comp-step"},
                "dependentTasks": ["first", "second"],
                "triggerPolicy": COMPLETED,
            },
        ),
    ),
    "exit-task-without-upstream": task_with(triggerPolicy=COMPLETED),
    "task-final-status": together(
        STATUS_INPUT, second_task(dependentTasks=["first"], triggerPolicy=COMPLETED, inputs=FINAL_STATUS)
    ),
    "task-final-status-unread": together(
        STATUS_INPUT, second_task(dependentTasks=["first"], triggerPolicy=COMPLETED, inputs=FINAL_STATUS)
    ),
    "task-final-status-elsewhere": STATUS_INPUT,
    **{
        f"param-type-{kind}": lambda document, _, kind=kind: step_input(document, parameterType=kind)
        for kind in ("NUMBER_INTEGER", "NUMBER_DOUBLE", "STRING", "BOOLEAN", "LIST", "STRUCT")
    },
    "literals": lambda document, _: step_input(document, parameterType="STRING", literals=["a"]),
    "optional-parameter-without-default": lambda document, _: step_input(
        document, parameterType="STRING", isOptional=True
    ),
    "null-default": lambda document, _: step_input(document, parameterType="STRING", defaultValue=None),
    "task-config": lambda document, _: step_input(document, parameterType="TASK_CONFIG"),
    "expression-selector": task_with(inputs={"parameters": {"x": SELECTED}}),
    "bulky-code": lambda document, _: bulky(document),
    "large-run": task_with(**loop(raw=str(list(range(200))))),
    "large-constant": task_with(inputs={"parameters": {"x": {"runtimeValue": {"constant": "x" * 200_000}}}}),
    "artifact-list-input": set_in(
        "components.comp-step.inputDefinitions", {"artifacts": {"x": {**DATASET, "isArtifactList": True}}}
    ),
    "optional-artifact": set_in(
        "components.comp-step.inputDefinitions", {"artifacts": {"x": {**DATASET, "isOptional": True}}}
    ),
    "google-artifact-types": set_in(
        "components.comp-step.inputDefinitions",
        {"artifacts": {"x": {"artifactType": {"schemaTitle": "google.VertexModel", "schemaVersion": "0.0.1"}}}},
    ),
    "pipeline-artifact-input": set_in("root.inputDefinitions", {"artifacts": {"x": DATASET}}),
    "pipeline-artifact-output": set_in("root.outputDefinitions", {"artifacts": {"x": DATASET}}),
    "pipeline-parameter-output": set_in("root.outputDefinitions", {"parameters": {"x": {"parameterType": "STRING"}}}),
    "default-pipeline-root": set_in("defaultPipelineRoot", "s3://bucket/root"),
    "python-step": container_with(command=["sh", "-ec", KFP_LAUNCHER, "def step(): ..."]),
    "container-component": container_with(),
    "pvc-create": container_with(image="argostub/createpvc"),
    "pvc-delete": container_with(image="argostub/deletepvc"),
    "importer": task_with(componentRef={"name": "comp-import"}),
    "importer-to-workspace": together(
        task_with(componentRef={"name": "comp-import"}),
        set_in("deploymentSpec.executors.exec-import.importer.downloadToWorkspace", True),
    ),
    "resolver": set_in("deploymentSpec.executors.exec-step", {"resolver": {"outputArtifactQueries": {}}}),
    "custom-job": set_in("deploymentSpec.executors.exec-step", {"customJob": {"customJob": {}}}),
    "shared-component": together(step_makes("artifacts", DATASET), second_task()),
    "resources": container_with(resources={"resourceCpuLimit": "2"}),
    "accelerator": container_with(resources={"accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "1"}}),
    "dynamic-resources": container_with(resources={"resourceCpuLimit": "{{$.inputs.parameters['cpu']}}"}),
    "dynamic-image": container_with(image="{{$.inputs.parameters['image']}}"),
    "env": container_with(env=[{"name": "A", "value": "b"}]),
    "container-lifecycle": container_with(lifecycle={"preCacheCheck": {"command": ["true"]}}),
    "retry": task_with(retryPolicy={"maxRetryCount": 2}),
    "group-retry": task_with(componentRef={"name": "comp-group"}, retryPolicy={"maxRetryCount": 2}),
    "caching-enabled": task_with(cachingOptions={"enableCache": True}),
    "cache-key": task_with(cachingOptions={"enableCache": True, "cacheKey": "mine"}),
    "placeholder-input": command("{{$.inputs.parameters['x']}}"),
    "placeholder-output": command("{{$.outputs.parameters['x'].output_file}}"),
    "placeholder-pipeline": command("{{$.pipeline_job_name}}"),
    "placeholder-schedule-time": command("{{$.pipeline_job_schedule_time_utc}}"),
    "placeholder-workspace": command("{{$.workspace_path}}/x"),
    "if-present-placeholder": command('{"IfPresent": {"InputName": "x", "Then": ["--x"]}}'),
    "concat-placeholder": command('{"Concat": ["a", "b"]}'),
    **{f"k8s-{field}": settings(**{field: [{}]}) for field in EXECUTOR_FIELDS},
    "k8s-value-from-parameter": settings(
        secretAsEnv=[{"secretNameParameter": {"componentInputParameter": "name"}, "keyToEnv": []}]
    ),
    "k8s-optional-secret": settings(secretAsVolume=[{"secretName": "s", "optional": True}]),
    "k8s-sub-path": settings(pvcMount=[{"constant": "claim", "mountPath": "/data", "subPath": "a"}]),
    **{
        "workspace" if field == "workspace" else f"run-{field}": pipeline_config(**{field: {}})
        for field in PIPELINE_FIELDS
    },
    "single-platform-specs": set_in("components.comp-step.singlePlatformSpecs", [{"platform": "google"}]),
    "shared-pod": lambda *_: None,  # likewise
    "other-platform": lambda *_: None,  # a platform document of its own, see `sample`
}


def sample(construct: str) -> Graph:
    """A graph that uses the construct."""
    document, kubernetes = copy.deepcopy(SPECIFICATION), {}
    if construct == "other-platform":
        platforms = {"platforms": {"slurm": {"config": {}}}}
        return Graph.from_documents((document, platforms))
    if construct == "shared-pod":
        CHANGES["python-step"](document, kubernetes)
        platforms = {"platforms": {"milonga": {"config": {"together": {"root": {"first": "pod-1"}}}}}}
        return Graph.from_documents((document, platforms))
    CHANGES[construct](document, kubernetes)
    second_document = ({"platforms": {"kubernetes": kubernetes}},) if kubernetes else ()
    return Graph.from_documents((document, *second_document))


def plain() -> Graph:
    """The graph that the samples are made of."""
    return Graph.from_documents((copy.deepcopy(SPECIFICATION),))
