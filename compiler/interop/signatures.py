"""The typed border of a component of a graph as an author's signature."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from milonga.compiler.graph import Component, InputArtifact, InputParameter, OutputArtifact, OutputParameter, wire
from milonga.compiler.interop.artifact_classes import artifact_class_of
from milonga.dsl.parameters import ParameterSchema, TaskFinalStatus
from milonga.dsl.signature import MISSING, ArtifactSchema, Input, Output, Signature

_SCHEMAS: dict[str, ParameterSchema] = {
    "NUMBER_INTEGER": ParameterSchema("NUMBER_INTEGER", int),
    "NUMBER_DOUBLE": ParameterSchema("NUMBER_DOUBLE", float),
    "STRING": ParameterSchema("STRING", str),
    "BOOLEAN": ParameterSchema("BOOLEAN", bool),
    "LIST": ParameterSchema("LIST", list),
    "STRUCT": ParameterSchema("STRUCT", dict),
    "TASK_FINAL_STATUS": ParameterSchema("TASK_FINAL_STATUS", TaskFinalStatus),
    "TASK_CONFIG": ParameterSchema("STRUCT", dict),
    # PipelineSpec 2.0, field `type`
    "INT": ParameterSchema("NUMBER_INTEGER", int),
    "DOUBLE": ParameterSchema("NUMBER_DOUBLE", float),
}


def signature_of_border(component: Component, order: Iterable[str] = ()) -> Signature:
    """Inputs and outputs of a component; several outputs, or none, are a record, one stands for itself.

    Args:
        component: whose border it is.
        order: names in their author's order; what it leaves out follows in the order of the file.
    """
    inputs = [_input(name, declared) for name, declared in component.input_parameters.items()]
    inputs += [_input_artifact(name, declared) for name, declared in component.input_artifacts.items()]
    outputs = [_output(name, declared) for name, declared in component.output_parameters.items()]
    outputs += [_output_artifact(name, declared) for name, declared in component.output_artifacts.items()]
    positions = {name: number for number, name in enumerate(order)}
    inputs.sort(key=lambda item: positions.get(item.name, len(positions)))
    return Signature(tuple(inputs), tuple(outputs), "one" if len(outputs) == 1 else "tuple")


def _schema(kind: str | None) -> ParameterSchema:
    return _SCHEMAS.get(kind or "", _SCHEMAS["STRING"])


def _input(name: str, declared: InputParameter) -> Input:
    schema = _schema(declared.parameter_type or declared.type)
    default = plain_default(declared.default_value, schema.kind)
    is_optional = bool(declared.is_optional) or default is not None or schema.kind == "TASK_FINAL_STATUS"
    schema = dataclasses.replace(schema, optional=is_optional, literals=tuple(declared.literals or ()))
    return Input(name, schema, default if is_optional else MISSING, declared.description or "")


def _input_artifact(name: str, declared: InputArtifact) -> Input:
    schema = ArtifactSchema(
        artifact_class_of(declared.artifact_type), bool(declared.is_artifact_list), bool(declared.is_optional)
    )
    return Input(name, schema, None if declared.is_optional else MISSING, declared.description or "")


def _output(name: str, declared: OutputParameter) -> Output:
    return Output(name, _schema(declared.parameter_type or declared.type), declared.description or "")


def _output_artifact(name: str, declared: OutputArtifact) -> Output:
    schema = ArtifactSchema(artifact_class_of(declared.artifact_type), bool(declared.is_artifact_list))
    return Output(name, schema, declared.description or "")


def plain_default(value: Any, kind: str) -> Any:
    """A default of a file as its author wrote it: KFP writes them through protobuf, which knows doubles only."""
    if isinstance(value, float) and value.is_integer() and kind != "NUMBER_DOUBLE":
        return int(value)
    if isinstance(value, list):
        return [plain_default(item, "") for item in value]
    if isinstance(value, Mapping):
        return {key: plain_default(item, "") for key, item in value.items()}
    return wire.plain(value)


__all__ = ["plain_default", "signature_of_border"]
