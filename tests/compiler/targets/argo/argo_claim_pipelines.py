"""Small pipelines as documents, for what the Argo target makes of volumes and of sizes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo.gate import findings
from milonga.compiler.targets.argo.manifest import documents, manifest

_TYPES = {
    **dict.fromkeys(("pvc_name", "pvc_name_suffix", "size", "storage_class_name", "volume_name"), "STRING"),
    **{"access_modes": "LIST", "annotations": "STRUCT", "data_source": "STRUCT"},
}
STEP = {"container": {"image": "python:3.11", "command": ["sh", "-c", "true"]}}


def constant(value: Any) -> dict[str, Any]:
    return {"runtimeValue": {"constant": value}}


def made_claim(**inputs: Any) -> dict[str, Any]:
    """A task that makes a claim; what is no binding is a constant."""
    wanted = {"access_modes": ["ReadWriteOnce"], "size": "5Mi", **inputs}
    bound = {
        name: value if isinstance(value, Mapping) and _is_binding(value) else constant(value)
        for name, value in wanted.items()
    }
    return {"componentRef": {"name": "comp-createpvc"}, "inputs": {"parameters": bound}, "taskInfo": {"name": "claim"}}


def removed_claim(binding: Mapping[str, Any], *after: str) -> dict[str, Any]:
    bound = {"parameters": {"pvc_name": binding}}
    return {"componentRef": {"name": "comp-deletepvc"}, "inputs": bound, "dependentTasks": list(after)}


def graph_of(
    tasks: Mapping[str, Any],
    *,
    components: Mapping[str, Any] | None = None,
    platform: Mapping[str, Any] | None = None,
    inputs: Mapping[str, str] | None = None,
    executors: Mapping[str, Any] | None = None,
) -> Graph:
    definitions = {
        name: {"parameterType": kind, "isOptional": name not in ("size", "access_modes")}
        for name, kind in _TYPES.items()
    }
    known = {
        "comp-createpvc": {
            "executorLabel": "exec-createpvc",
            "inputDefinitions": {"parameters": definitions},
            "outputDefinitions": {"parameters": {"name": {"parameterType": "STRING"}}},
        },
        "comp-deletepvc": {
            "executorLabel": "exec-deletepvc",
            "inputDefinitions": {"parameters": {"pvc_name": {"parameterType": "STRING"}}},
        },
        "comp-step": {"executorLabel": "exec-step"},
        "comp-told": {
            "executorLabel": "exec-step",
            "inputDefinitions": {"parameters": {"text": {"parameterType": "STRING"}}},
        },
        **(components or {}),
    }
    run_by = {
        "exec-createpvc": {"container": {"image": "argostub/createpvc"}},
        "exec-deletepvc": {"container": {"image": "argostub/deletepvc"}},
        "exec-step": STEP,
        **(executors or {}),
    }
    root: dict[str, Any] = {"dag": {"tasks": dict(tasks)}}
    if inputs:
        root["inputDefinitions"] = {"parameters": {name: {"parameterType": kind} for name, kind in inputs.items()}}
    document = {
        "pipelineInfo": {"name": "volumes"},
        "schemaVersion": "2.1.0",
        "root": root,
        "components": known,
        "deploymentSpec": {"executors": run_by},
    }
    second = ({"platforms": {"kubernetes": dict(platform)}},) if platform else ()
    return Graph.from_documents((document, *second))


def objects_of(graph: Graph, kind: str = "WorkflowTemplate") -> list[dict[str, Any]]:
    """What is emitted, once the gate has found no fault in it."""
    made = json.loads(json.dumps(list(documents(manifest(graph), kind))))
    for version in ("3.7", "4.0", "4.1"):
        assert [found for found in findings(made, version=version) if found.severity == "error"] == []
    return list(made)


def template_of(objects: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(t for item in objects[2:] for t in item["spec"]["templates"] if t["name"] == name)


def call_of(objects: list[dict[str, Any]], task: str) -> dict[str, Any]:
    tasks = [
        t
        for item in objects[2:]
        for template in item["spec"]["templates"]
        for t in template.get("dag", {}).get("tasks", ())
    ]
    return next(found for found in tasks if found["name"] == task)


def argument(call: Mapping[str, Any], name: str) -> str:
    return next(str(item["value"]) for item in call["arguments"]["parameters"] if item["name"] == name)


def _is_binding(value: Mapping[str, Any]) -> bool:
    return bool({"runtimeValue", "componentInputParameter", "taskOutputParameter"} & set(value))
