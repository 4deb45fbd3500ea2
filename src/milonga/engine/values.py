"""Values on the way between tasks, and how they are found.

A `Bundle` is what a task or DAG has received or made: parameters as JSON values, artifacts as records. Absent and None
are different: an optional input that was not given is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.cel import evaluate, parse
from milonga.compiler.graph import Component, InputParameter
from milonga.compiler.graph.document_value import document_value
from milonga.engine.json_values import coerce, fits, resolve_constant
from milonga.errors import RunError
from milonga.lineage.records import ArtifactValue


@dataclass(slots=True)
class Bundle:
    """Parameters and artifacts by name; a tuple is a list of artifacts, possibly nested."""

    parameters: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, ArtifactValue] = field(default_factory=dict)


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


__all__ = [
    "Bundle",
    "coerce",
    "default_of",
    "document_value",
    "fits",
    "holds",
    "resolve_constant",
    "select",
    "with_defaults",
]
