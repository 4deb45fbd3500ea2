"""Pipelines of container steps for the Argo on paper, as pipeline files have them."""

from __future__ import annotations

from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo import ArgoTarget

OUTPUT = "{{$.outputs.parameters['out'].output_file}}"
CONTENT = "{{$.outputs.artifacts['data'].path}}"
DATASET = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}


def value_of(name: str) -> str:
    return f"{{{{$.inputs.parameters['{name}']}}}}"


def container_step(
    *command: str, env: dict[str, str] | None = None, kind: str = "STRING", inputs: tuple[str, ...] = ("text",)
) -> str:
    """The manifests of a pipeline of one container, which gets all texts of the pipeline."""
    container: dict[str, Any] = {"image": "busybox", "command": list(command)}
    if env:
        container["env"] = [{"name": name, "value": value} for name, value in env.items()]
    texts = {"parameters": {name: {"parameterType": "STRING"} for name in inputs}}
    makes = {"parameters": {"out": {"parameterType": kind}}, "artifacts": {"data": DATASET}}
    task = {
        "componentRef": {"name": "comp-step"},
        "taskInfo": {"name": "step"},
        "inputs": {"parameters": {name: {"componentInputParameter": name} for name in inputs}},
    }
    chosen = {"producerSubtask": "step", "outputParameterKey": "out"}
    content = {"artifactSelectors": [{"producerSubtask": "step", "outputArtifactKey": "data"}]}
    return ArgoTarget().emit(
        Graph.from_documents(
            (
                {
                    "pipelineInfo": {"name": "containers"},
                    "schemaVersion": "2.1.0",
                    "sdkVersion": "kfp-2.17.0",
                    "root": {
                        "inputDefinitions": texts,
                        "outputDefinitions": makes,
                        "dag": {
                            "tasks": {"step": task},
                            "outputs": {
                                "parameters": {"out": {"valueFromParameter": chosen}},
                                "artifacts": {"data": content},
                            },
                        },
                    },
                    "components": {
                        "comp-step": {
                            "executorLabel": "exec-step",
                            "inputDefinitions": texts,
                            "outputDefinitions": makes,
                        }
                    },
                    "deploymentSpec": {"executors": {"exec-step": {"container": container}}},
                },
            )
        )
    )


def container_choice(text: str, kind: str = "BOOLEAN", test: str = "== true") -> str:
    """The manifests of a container that writes this text for a value, and of a step that it decides about."""
    flag = {"parameters": {"out": {"parameterType": kind}}}
    bound = {"taskOutputParameter": {"producerTask": "decide", "outputParameterKey": "out"}}
    decide = {"image": "busybox", "command": ["sh", "-c", 'printf %s "$0" > "$1"', text, OUTPUT]}
    condition = f"inputs.parameter_values['flag'] {test}"
    tasks = {
        "decide": {"componentRef": {"name": "comp-decide"}, "taskInfo": {"name": "decide"}},
        "then": {
            "componentRef": {"name": "comp-then"},
            "taskInfo": {"name": "then"},
            "inputs": {"parameters": {"flag": bound}},
            "triggerPolicy": {"condition": condition},
        },
    }
    inputs = {"parameters": {"flag": {"parameterType": kind}}}
    document = {
        "pipelineInfo": {"name": "choice"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "root": {"dag": {"tasks": tasks}},
        "components": {
            "comp-decide": {"executorLabel": "exec-decide", "outputDefinitions": flag},
            "comp-then": {"executorLabel": "exec-then", "inputDefinitions": inputs},
        },
        "deploymentSpec": {
            "executors": {
                "exec-decide": {"container": decide},
                "exec-then": {"container": {"image": "busybox", "command": ["true"]}},
            }
        },
    }
    return ArgoTarget().emit(Graph.from_documents((document,)))
