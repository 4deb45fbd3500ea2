"""Names of types and inputs of a graph, as its author would write them."""

from __future__ import annotations

import re

from milonga.compiler.graph import Component, InputArtifact, InputParameter, OutputArtifact, OutputParameter, Task
from milonga.compiler.graph.component import PARAMETER_SPELLING

_PARAMETERS = {
    **PARAMETER_SPELLING,
    "TASK_FINAL_STATUS": "status",
    "INT": "int",
    "DOUBLE": "float",
}
_CHANNEL = re.compile(r"inputs\.parameter_values\['(?:pipelinechannel--)?([^']*)'\]")


def parameter_type(parameter: InputParameter | OutputParameter) -> str:
    """int, float, str ..."""
    name = parameter.parameter_type or parameter.type or ""
    return _PARAMETERS.get(name, name.lower() or "value")


def artifact_type(artifact: InputArtifact | OutputArtifact) -> str:
    """Model, Dataset ..., in brackets for a list; the author's own class where the graph names it."""
    metadata = artifact.metadata if isinstance(artifact, OutputArtifact) else None
    own = (metadata or {}).get("milonga_type")
    title = str(own) if own else (artifact.artifact_type.schema_title if artifact.artifact_type else None) or "Artifact"
    short = title.removeprefix("system.")
    return f"[{short}]" if artifact.is_artifact_list else short


def channel_name(name: str) -> str:
    """The name behind one that a compiler made up for passing a value into a group."""
    return name.removeprefix("pipelinechannel--")


def readable_condition(condition: str) -> str:
    """A condition with plain names for the inputs."""
    return _CHANNEL.sub(lambda match: match.group(1), condition)


def output_types(component: Component) -> list[str]:
    """ "name: type" of each output."""
    return [f"{name}: {artifact_type(item)}" for name, item in component.output_artifacts.items()] + [
        f"{name}: {parameter_type(item)}" for name, item in component.output_parameters.items()
    ]


def input_types(component: Component) -> list[str]:
    """ "name: type" of each input."""
    return [f"{channel_name(name)}: {artifact_type(item)}" for name, item in component.input_artifacts.items()] + [
        f"{channel_name(name)}: {parameter_type(item)}" for name, item in component.input_parameters.items()
    ]


def what_flows(task: Task, producer: str, source: Component | None) -> list[str]:
    """ "name: type" of everything that `task` takes from `producer`; empty when it only waits for it."""
    found = []
    for artifact in task.artifact_bindings.values():
        output = artifact.task_output_artifact
        if output is not None and output.producer_task == producer:
            declared = source.output_artifacts.get(output.output_artifact_key) if source else None
            found.append(f"{output.output_artifact_key}: {artifact_type(declared) if declared else 'Artifact'}")
    for parameter in task.parameter_bindings.values():
        value = parameter.task_output_parameter
        if value is not None and value.producer_task == producer:
            made = source.output_parameters.get(value.output_parameter_key) if source else None
            found.append(f"{value.output_parameter_key}: {parameter_type(made) if made else 'value'}")
        if parameter.task_final_status is not None and parameter.task_final_status.producer_task == producer:
            found.append("final status")
    return list(dict.fromkeys(found))
