"""A component of a graph: its typed border, and what is behind it, a DAG or an executor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.compiler.graph.dag import Dag

PARAMETER_SPELLING = {
    "NUMBER_INTEGER": "int",
    "NUMBER_DOUBLE": "float",
    "STRING": "str",
    "BOOLEAN": "bool",
    "LIST": "list",
    "STRUCT": "dict",
}
"""KFP's parameter types as an author writes them, for messages and headers."""

PARAMETER_BYTES_MAX = 100_000
"""Back ends hand parameters over in arguments of a command line, which Linux limits to 128 KiB each; the rest is room
for what stands around the value. KFP's `MAX_PARAMETER_BYTES` is something else: it limits the arguments of a run."""


@dataclass(frozen=True, slots=True)
class ArtifactType:
    """KFP's `ArtifactTypeSchema`."""

    schema_title: str | None = None
    schema_version: str | None = None
    schema_uri: str | None = None
    instance_schema: str | None = None


def schema_title(artifact_type: ArtifactType | None) -> str:
    """The type of an artifact as text."""
    if artifact_type is None:
        return "system.Artifact"
    return artifact_type.schema_title or artifact_type.schema_uri or "system.Artifact"


@dataclass(frozen=True, slots=True)
class InputParameter:
    """A parameter that a component takes. `default_value` may be any JSON value, null (`wire.NULL`) included."""

    parameter_type: str | None = None
    default_value: Any = None
    is_optional: bool | None = None
    description: str | None = None
    literals: tuple[Any, ...] | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class InputArtifact:
    """An artifact, or a list of artifacts, that a component takes."""

    artifact_type: ArtifactType | None = None
    is_artifact_list: bool | None = None
    is_optional: bool | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class OutputParameter:
    """A parameter that a component makes."""

    parameter_type: str | None = None
    description: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class OutputArtifact:
    """An artifact, or a list of artifacts, that a component makes."""

    artifact_type: ArtifactType | None = None
    is_artifact_list: bool | None = None
    description: str | None = None
    metadata: Mapping[str, Any] | None = None
    properties: Mapping[str, Any] | None = None
    custom_properties: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """All inputs of a component, by name."""

    parameters: Mapping[str, InputParameter] | None = None
    artifacts: Mapping[str, InputArtifact] | None = None


@dataclass(frozen=True, slots=True)
class Outputs:
    """All outputs of a component, by name."""

    parameters: Mapping[str, OutputParameter] | None = None
    artifacts: Mapping[str, OutputArtifact] | None = None


@dataclass(frozen=True, slots=True)
class ConfigPassthrough:
    """A part of the pod's configuration that a task receives as a parameter (KFP 2.15)."""

    field: str | None = None
    apply_to_task: bool | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A border and an implementation: `dag` (nested tasks) or `executor_label` (a step)."""

    input_definitions: Inputs | None = None
    output_definitions: Outputs | None = None
    dag: Dag | None = None
    executor_label: str | None = None
    single_platform_specs: tuple[Any, ...] | None = None
    task_config_passthroughs: tuple[ConfigPassthrough, ...] | None = None

    @property
    def input_parameters(self) -> Mapping[str, InputParameter]:
        """Input parameters by name, empty when there are none."""
        return (self.input_definitions.parameters if self.input_definitions else None) or {}

    @property
    def input_artifacts(self) -> Mapping[str, InputArtifact]:
        """Input artifacts by name, empty when there are none."""
        return (self.input_definitions.artifacts if self.input_definitions else None) or {}

    @property
    def output_parameters(self) -> Mapping[str, OutputParameter]:
        """Output parameters by name, empty when there are none."""
        return (self.output_definitions.parameters if self.output_definitions else None) or {}

    @property
    def output_artifacts(self) -> Mapping[str, OutputArtifact]:
        """Output artifacts by name, empty when there are none."""
        return (self.output_definitions.artifacts if self.output_definitions else None) or {}

    @property
    def has_outputs(self) -> bool:
        """Whether it promises anything: a step that does not may leave with code 0 and nothing else."""
        return bool(self.output_parameters or self.output_artifacts)
