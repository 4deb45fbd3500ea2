"""Values on the way between tasks, and how they are found.

A `Bundle` is what a task or DAG has received or made: parameters as JSON values, artifacts as records. Absent and None
are different: an optional input that was not given is absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.cel import evaluate, parse
from milonga.compiler.graph import Component, InputParameter, wire
from milonga.engine.placeholders import PlaceholderContext, resolve_text
from milonga.errors import RunError
from milonga.lineage.records import ArtifactValue


@dataclass(slots=True)
class Bundle:
    """Parameters and artifacts by name; a tuple is a list of artifacts, possibly nested."""

    parameters: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, ArtifactValue] = field(default_factory=dict)


def coerce(value: Any, kind: str | None) -> Any:
    """`value` as the declared type reads it: KFP's back end carries numbers as doubles and structs as text."""
    if value is None or kind is None:
        return value
    if kind == "NUMBER_INTEGER":
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str):
            return _parsed(value, int)
    elif kind == "NUMBER_DOUBLE":
        if isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, str):
            return _parsed(value, float)
    elif kind == "STRING" and not isinstance(value, str):
        return json.dumps(value)
    elif kind == "BOOLEAN" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    elif kind in ("LIST", "STRUCT") and isinstance(value, str):
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return parsed if isinstance(parsed, list if kind == "LIST" else dict) else value
    return value


def _parsed(text: str, convert: type) -> Any:
    try:
        return convert(text)
    except ValueError:
        return text


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "NUMBER_INTEGER": (int,),
    "NUMBER_DOUBLE": (int, float),
    "STRING": (str,),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
    "TASK_FINAL_STATUS": (dict,),
}


def fits(value: Any, kind: str | None) -> bool:
    """Whether a JSON value is of the declared parameter type."""
    expected = _JSON_TYPES.get(kind or "")
    if expected is None:
        return True
    if isinstance(value, bool) and kind != "BOOLEAN":
        return False
    return isinstance(value, expected)


def with_defaults(parameters: dict[str, Any], component: Component) -> dict[str, Any]:
    """`parameters` with the component's defaults for those that are absent, each in its declared type.

    A default of null is no value: the input stays absent, and the component's own code knows its default.
    """
    filled: dict[str, Any] = {}
    for name, declared in component.input_parameters.items():
        if name in parameters:
            filled[name] = coerce(parameters[name], declared.parameter_type)
        elif default_of(declared) is not None:
            filled[name] = coerce(default_of(declared), declared.parameter_type)
    return filled


def default_of(declared: InputParameter) -> Any:
    """The default as a plain JSON value; None when there is none."""
    return document_value(declared.default_value)


def document_value(value: Any, *, is_inside: bool = False) -> Any:
    """A default or constant of a pipeline file as a plain JSON value.

    KFP writes them through protobuf, which knows doubles only: the 1 of an author stands there as 1.0. For a parameter
    its declared type tells; inside of a list or struct nothing does, and a whole number is an integer, as in KFP's
    own back end.
    """
    if is_inside and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [document_value(item, is_inside=True) for item in value]
    if isinstance(value, Mapping):
        return {key: document_value(item, is_inside=True) for key, item in value.items()}
    return wire.plain(value)


def select(value: Any, selector: str | None) -> Any:
    """The part of `value` that a CEL selector names, such as `parseJson(string_value)["a"]`.

    Raises:
        RunError: E430, the value has no such part.
    """
    if not selector:
        return value
    return evaluate(parse(selector), {"string_value": value})


def holds(condition: str, parameters: Mapping[str, Any]) -> bool:
    """Whether a trigger condition holds for a task with these input parameters.

    Raises:
        RunError: E430 the condition cannot be evaluated, E432 it is not a bool.
    """
    result = evaluate(parse(condition), {"inputs": {"parameter_values": parameters}})
    if not isinstance(result, bool):
        raise RunError("E432", "a condition is neither true nor false", where=condition, got=repr(result))
    return result


def resolve_constant(constant: Any, context: PlaceholderContext) -> Any:
    """A constant with its KFP placeholders filled in; a constant without any is returned as it is."""
    if isinstance(constant, str):
        return resolve_text(constant, context) if "{{$" in constant else constant
    if isinstance(constant, list):
        return [resolve_constant(item, context) for item in constant]
    if isinstance(constant, Mapping):
        return {resolve_constant(key, context): resolve_constant(item, context) for key, item in constant.items()}
    return constant
