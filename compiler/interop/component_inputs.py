"""Inputs and outputs of a component file of the first generation, in the types of the second."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from milonga.compiler.graph import (
    ArtifactType,
    InputArtifact,
    InputParameter,
    Inputs,
    OutputArtifact,
    OutputParameter,
    Outputs,
)
from milonga.errors import AuthoringError

_PARAMETERS = {
    "integer": "NUMBER_INTEGER",
    "int": "NUMBER_INTEGER",
    "double": "NUMBER_DOUBLE",
    "float": "NUMBER_DOUBLE",
    "string": "STRING",
    "str": "STRING",
    "text": "STRING",
    "bool": "BOOLEAN",
    "boolean": "BOOLEAN",
    "dict": "STRUCT",
    "list": "LIST",
    "jsonobject": "STRUCT",
    "jsonarray": "LIST",
}
"""Spellings of parameter types, without regard to case; any other type is an artifact (kfp 2.17.0)."""

_ARTIFACTS = (
    "Artifact",
    "Model",
    "Dataset",
    "Metrics",
    "ClassificationMetrics",
    "SlicedClassificationMetrics",
    "HTML",
    "Markdown",
)
_VERSION = "0.0.1"
_TRUE, _FALSE = ("y", "yes", "t", "true", "on", "1"), ("n", "no", "f", "false", "off", "0")


def input_name(name: object) -> str:
    """A name as it stands in the compiled form: "Num Epochs" → num_epochs."""
    return re.sub(r"[^_0-9a-z]+", "_", str(name).lower()).strip("_")


def input_definitions(entries: Iterable[Mapping[str, Any]]) -> Inputs | None:
    """All inputs, or None when there are none.

    Raises:
        AuthoringError: E176, two of one name, or a default that is not of its type.
    """
    parameters: dict[str, InputParameter] = {}
    artifacts: dict[str, InputArtifact] = {}
    for entry in entries:
        name = _free_name(entry, {*parameters, *artifacts}, "inputs")
        kind = _parameter_type(entry.get("type"))
        is_optional = True if entry.get("optional") or "default" in entry else None
        if kind == "TASK_FINAL_STATUS":
            parameters[name] = InputParameter(kind, is_optional=True)
        elif kind is not None:
            parameters[name] = InputParameter(kind, _default(entry, kind), is_optional)
        else:
            artifacts[name] = InputArtifact(_artifact_type(entry.get("type")), is_optional=is_optional)
    return Inputs(parameters or None, artifacts or None) if parameters or artifacts else None


def output_definitions(entries: Iterable[Mapping[str, Any]]) -> Outputs | None:
    """All outputs, or None when there are none.

    Raises:
        AuthoringError: E176, two of one name.
    """
    parameters: dict[str, OutputParameter] = {}
    artifacts: dict[str, OutputArtifact] = {}
    for entry in entries:
        name = _free_name(entry, {*parameters, *artifacts}, "outputs")
        kind = _parameter_type(entry.get("type"))
        if kind is not None:
            parameters[name] = OutputParameter(kind)
        else:
            artifacts[name] = OutputArtifact(_artifact_type(entry.get("type")))
    return Outputs(parameters or None, artifacts or None) if parameters or artifacts else None


def _free_name(entry: Mapping[str, Any], taken: set[str], where: str) -> str:
    name = input_name(entry["name"])
    if name in taken or not name:
        what = f"two of the {where} are called '{name}' when compiled" if name else f"one of the {where} has no name"
        raise AuthoringError("E176", what, got=str(entry["name"]))
    return name


def _parameter_type(declared: object) -> str | None:
    """The parameter type of a declared type; None when it is an artifact. `List[int]` counts as `List`."""
    if not isinstance(declared, str):
        return None
    if declared == "PipelineTaskFinalStatus":
        return "TASK_FINAL_STATUS"
    return _PARAMETERS.get(_outer(declared).lower())


def _outer(declared: str) -> str:
    found = re.fullmatch(r"(?:typing\.)?(\w+)\[.*\]", declared)
    return found.group(1) if found else declared


def _artifact_type(declared: object) -> ArtifactType:
    if isinstance(declared, str):
        if re.fullmatch(r"google\.[A-Za-z]+", declared):
            return ArtifactType(schema_title=declared, schema_version=_VERSION)
        known = next((name for name in _ARTIFACTS if name.lower() == declared.lower()), "Artifact")
        return ArtifactType(schema_title=f"system.{known}", schema_version=_VERSION)
    return ArtifactType(schema_title="system.Artifact", schema_version=_VERSION)


def _default(entry: Mapping[str, Any], kind: str) -> Any:
    """The default as JSON: these files may write any of them as text. Numbers are doubles, as protobuf has them."""
    value = entry.get("default")
    if value is None:
        return None
    try:
        return _READERS[kind](value)
    except (TypeError, ValueError):
        raise AuthoringError(
            "E176", f"the default of input '{entry['name']}' is not of its type", got=repr(value), expected=kind
        ) from None


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text not in (*_TRUE, *_FALSE):
        raise ValueError(text)
    return text in _TRUE


def _json(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        found = json.loads(value) if isinstance(value, str) else value
        if not isinstance(found, kind):
            raise ValueError(value)
        return _as_doubles(found)

    return read


def _as_doubles(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, list):
        return [_as_doubles(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_doubles(item) for key, item in value.items()}
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "NUMBER_INTEGER": lambda value: float(int(value)),
    "NUMBER_DOUBLE": float,
    "STRING": str,
    "BOOLEAN": _boolean,
    "STRUCT": _json(dict),
    "LIST": _json(list),
}


__all__ = ["input_definitions", "input_name", "output_definitions"]
