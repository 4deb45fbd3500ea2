"""The first generation of KFP's component files: name, inputs, outputs, and a container with its command line.

Thousands of published components have this form. They are read without kfp, into the graph that kfp 2.17.0 makes of
them (a pipeline of one task), but for the name of the compiler.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from milonga.__about__ import __version__
from milonga.compiler.graph import (
    ArtifactBinding,
    ArtifactSelector,
    Component,
    Container,
    Dag,
    DagOutputArtifact,
    DagOutputParameter,
    DagOutputs,
    Deployment,
    EnvironmentVariable,
    Executor,
    Graph,
    ParameterBinding,
    ParameterSelector,
    PipelineInfo,
    Specification,
    Task,
    TaskInputs,
)
from milonga.compiler.graph.graph import SCHEMA_VERSION
from milonga.compiler.graph.task import CachingOptions, ComponentRef, TaskInfo
from milonga.compiler.interop.command_lines import CommandLine
from milonga.compiler.interop.component_inputs import input_definitions, output_definitions
from milonga.errors import AuthoringError

_KEYS = {"name", "description", "metadata", "inputs", "outputs", "implementation"}


def is_component_yaml(document: object) -> bool:
    """Whether a document is a component file of the first generation."""
    return isinstance(document, Mapping) and "implementation" in document and "root" not in document


def graph_of_component_yaml(document: Mapping[str, Any]) -> Graph:
    """The pipeline of one task that a component file stands for.

    Raises:
        AuthoringError: E176, the file breaks a rule of its format.
    """
    unknown = sorted(set(document) - _KEYS)
    if unknown:
        raise _problem(f"the component file has an unknown key '{unknown[0]}'", expected=", ".join(sorted(_KEYS)))
    container = _container_of(document)
    name = kubernetes_name(_text(document.get("name"), "name")) or "name"
    inputs = input_definitions(_entries(document, "inputs"))
    outputs = output_definitions(_entries(document, "outputs"))
    border = Component(inputs, outputs, None, f"exec-{name}")
    line = CommandLine(border)
    executor = Executor(
        container=Container(
            image=_text(container.get("image"), "implementation.container.image"),
            command=line.parts(container.get("command"), "command") or None,
            args=line.parts(container.get("args"), "args") or None,
            env=tuple(
                EnvironmentVariable(key, line.part(value, "env") or None)
                for key, value in (container.get("env") or {}).items()
            )
            or None,
        )
    )
    description = document.get("description")
    return wrap_step(
        name, border, {f"exec-{name}": executor}, description=str(description).strip() if description else None
    )


def wrap_step(
    name: str, step: Component, executors: Mapping[str, Executor], *, description: str | None = None
) -> Graph:
    """A pipeline whose only task is `step`, with its inputs and outputs."""
    parameters = {key: ParameterBinding(component_input_parameter=key) for key in step.input_parameters}
    artifacts = {key: ArtifactBinding(component_input_artifact=key) for key in step.input_artifacts}
    task = Task(
        ComponentRef(f"comp-{name}"),
        TaskInfo(name),
        TaskInputs(parameters or None, artifacts or None) if parameters or artifacts else None,
        caching_options=CachingOptions(enable_cache=True),
    )
    made_parameters = {
        key: DagOutputParameter(value_from_parameter=ParameterSelector(name, key)) for key in step.output_parameters
    }
    made_artifacts = {key: DagOutputArtifact((ArtifactSelector(name, key),)) for key in step.output_artifacts}
    outputs = DagOutputs(made_parameters or None, made_artifacts or None) if made_parameters or made_artifacts else None
    return Graph(
        Specification(
            pipeline_info=PipelineInfo(name, description=description),
            root=Component(step.input_definitions, step.output_definitions, Dag({name: task}, outputs)),
            schema_version=SCHEMA_VERSION,
            sdk_version=f"milonga-{__version__}",
            components={f"comp-{name}": step},
            deployment_spec=Deployment(dict(executors)),
        )
    )


def kubernetes_name(name: str) -> str:
    """A name in the form that tasks have in KFP: lower case letters, digits and single dashes."""
    return re.sub(r"-+", "-", re.sub(r"[^-0-9a-z]+", "-", name.lower())).strip("-")


def _container_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    implementation = document.get("implementation")
    container = implementation.get("container") if isinstance(implementation, Mapping) else None
    if not isinstance(container, Mapping):
        got = ", ".join(implementation) if isinstance(implementation, Mapping) else repr(implementation)
        raise _problem("the component has no container", got=got or "nothing", expected="implementation.container")
    if not isinstance(container.get("env") or {}, Mapping):
        raise _problem("'env' of the container is no mapping", got=json.dumps(container["env"], default=str))
    if "fileOutputs" in container:
        raise _problem(
            "'fileOutputs' has no counterpart in the second generation, which would never collect these files",
            got=json.dumps(container["fileOutputs"], default=str)[:80],
            expected="{outputPath: NAME} in the command line",
        )
    unknown = sorted(set(container) - {"image", "command", "args", "env"})
    if unknown:
        raise _problem(f"the container has an unknown key '{unknown[0]}'", expected="image, command, args, env")
    return container


def _entries(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    entries = document.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(item, Mapping) and item.get("name") for item in entries):
        raise _problem(f"'{key}' is no list of objects with a name", got=json.dumps(entries, default=str)[:80])
    return entries


def _text(value: object, what: str) -> str:
    if value is None and what == "name":
        return "name"
    if not isinstance(value, str) or not value:
        raise _problem(f"'{what}' is no text", got=repr(value)[:80])
    return value


def _problem(message: str, *, got: str = "", expected: str = "") -> AuthoringError:
    return AuthoringError("E176", message, got=got, expected=expected)


__all__ = ["graph_of_component_yaml", "is_component_yaml", "kubernetes_name", "wrap_step"]
