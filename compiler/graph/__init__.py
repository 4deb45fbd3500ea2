"""The intermediate representation. `Graph` is the door; the other classes are its parts."""

from milonga.compiler.graph import wire
from milonga.compiler.graph.component import (
    ArtifactType,
    Component,
    InputArtifact,
    InputParameter,
    Inputs,
    OutputArtifact,
    OutputParameter,
    Outputs,
)
from milonga.compiler.graph.dag import (
    ArtifactSelector,
    Dag,
    DagOutputArtifact,
    DagOutputParameter,
    DagOutputs,
    ParameterSelector,
    ParameterSelectors,
)
from milonga.compiler.graph.executor import Container, EnvironmentVariable, Executor, Importer, Resources
from milonga.compiler.graph.graph import Deployment, Graph, PipelineInfo, Platform, PlatformDeployment, Specification
from milonga.compiler.graph.task import ArtifactBinding, ParameterBinding, RuntimeValue, Task, TaskInputs

__all__ = [
    "ArtifactBinding",
    "ArtifactSelector",
    "ArtifactType",
    "Component",
    "Container",
    "Dag",
    "DagOutputArtifact",
    "DagOutputParameter",
    "DagOutputs",
    "Deployment",
    "EnvironmentVariable",
    "Executor",
    "Graph",
    "Importer",
    "InputArtifact",
    "InputParameter",
    "Inputs",
    "OutputArtifact",
    "OutputParameter",
    "Outputs",
    "ParameterBinding",
    "ParameterSelector",
    "ParameterSelectors",
    "PipelineInfo",
    "Platform",
    "PlatformDeployment",
    "Resources",
    "RuntimeValue",
    "Specification",
    "Task",
    "TaskInputs",
    "wire",
]
