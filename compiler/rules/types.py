"""Types of parameters and artifacts: what a value is, and whether a constant is one of a declared type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from milonga.compiler.graph import wire
from milonga.compiler.graph.edges import Edge

CHANNEL = "pipelinechannel--"
"""What kfp's compiler, and ours, begin the names of inputs with that carry a value into a group."""

CONVERTED = frozenset({("NUMBER_INTEGER", "NUMBER_DOUBLE"), ("TASK_FINAL_STATUS", "STRUCT")})
"""Pairs of parameter types of which the first goes to an input of the second without loss."""


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TESTS: Mapping[str, Callable[[Any], bool]] = {
    "STRING": lambda value: isinstance(value, str),
    "NUMBER_INTEGER": _is_whole,
    "NUMBER_DOUBLE": _is_number,
    "BOOLEAN": lambda value: isinstance(value, bool),
    "LIST": lambda value: isinstance(value, (list, tuple)),
    "STRUCT": lambda value: isinstance(value, Mapping),
}


def accepts_constant(kind: str | None, value: Any) -> bool:
    """Whether `value` is of the parameter type `kind`. Null, placeholders and types that are not known pass."""
    if value is None or value is wire.NULL or (isinstance(value, str) and "{{$" in value):
        return True
    test = _TESTS.get(kind or "")
    return test is None or test(value)


def converts_to(kind: str | None, value: Any) -> bool:
    """Whether KFP's driver makes a constant of another type fit: text is read as JSON, and for text JSON is written."""
    if kind == "STRING":
        return True
    if not isinstance(value, str):
        return False
    try:
        return accepts_constant(kind, json.loads(value))
    except (ValueError, RecursionError):
        return False


def parameter_type_of(edge: Edge) -> str | None:
    """The type of what a parameter's edge carries; None where nobody can tell."""
    if edge.binding.parameter_expression_selector:
        return None
    return source_type_of(edge)


def source_type_of(edge: Edge) -> str | None:
    """The type of what a parameter's edge takes its value, or a part of it, from; None where nobody can tell."""
    if edge.origin is None or edge.is_ambiguous:
        return None
    if edge.producer:
        return "LIST" if edge.collected else kind_of(edge.origin)
    # A channel that carries a loop item or a constant of unknown type is declared by its first use only.
    return None if edge.output.startswith(CHANNEL) else kind_of(edge.origin)


def kind_of(declared: Any) -> str | None:
    """The parameter type of a declared input or output."""
    kind: str | None = declared.parameter_type
    return kind


def artifact_title(declared: Any) -> str | None:
    """The schema title of a declared input or output artifact, such as "system.Model"."""
    artifact_type = declared.artifact_type if declared is not None else None
    title: str | None = artifact_type.schema_title if artifact_type is not None else None
    return title
