"""The typed border of a component in the graph, from an author's signature."""

from __future__ import annotations

from milonga.compiler.graph import (
    ArtifactType,
    InputArtifact,
    InputParameter,
    Inputs,
    OutputArtifact,
    OutputParameter,
    Outputs,
)
from milonga.dsl.parameters import ParameterSchema
from milonga.dsl.signature import ArtifactSchema, Input, Output, Signature


def artifact_type(schema: ArtifactSchema) -> ArtifactType:
    """The system type that stands for an artifact class on every back end."""
    cls = schema.artifact_class
    return ArtifactType(schema_title=cls.SCHEMA_TITLE, schema_version=cls.SCHEMA_VERSION)


def input_parameter(item: Input, schema: ParameterSchema) -> InputParameter:
    """An input parameter with its default; an Enum's default is its value."""
    default = None if item.required else item.default
    optional = (not item.required) or schema.optional or schema.kind == "TASK_FINAL_STATUS"
    return InputParameter(
        parameter_type=schema.kind,
        default_value=default,
        is_optional=True if optional else None,
        description=item.description or None,
    )


def input_artifact(item: Input, schema: ArtifactSchema) -> InputArtifact:
    """An input artifact or list of artifacts."""
    return InputArtifact(
        artifact_type=artifact_type(schema),
        is_artifact_list=True if schema.is_list else None,
        is_optional=True if schema.optional or not item.required else None,
        description=item.description or None,
    )


def input_definitions(signature: Signature) -> Inputs | None:
    """All inputs, or None when there are none."""
    parameters = {
        i.name: input_parameter(i, i.schema) for i in signature.inputs if isinstance(i.schema, ParameterSchema)
    }
    artifacts = {i.name: input_artifact(i, i.schema) for i in signature.inputs if isinstance(i.schema, ArtifactSchema)}
    return Inputs(parameters or None, artifacts or None) if parameters or artifacts else None


def output_artifact(item: Output, schema: ArtifactSchema) -> OutputArtifact:
    """An output artifact; the author's own class is recorded as metadata."""
    cls = schema.artifact_class
    is_own = not cls.__module__.startswith("milonga.dsl.artifacts")
    return OutputArtifact(
        artifact_type=artifact_type(schema),
        is_artifact_list=True if schema.is_list else None,
        description=item.description or None,
        metadata={"milonga_type": cls.__name__} if is_own else None,
    )


def output_definitions(signature: Signature) -> Outputs | None:
    """All outputs, or None when there are none."""
    parameters = {
        o.name: OutputParameter(o.schema.kind, o.description or None)
        for o in signature.outputs
        if isinstance(o.schema, ParameterSchema)
    }
    artifacts = {
        o.name: output_artifact(o, o.schema) for o in signature.outputs if isinstance(o.schema, ArtifactSchema)
    }
    return Outputs(parameters or None, artifacts or None) if parameters or artifacts else None
