"""Parameter types: which Python annotations may cross a task border as JSON, and how they are read back.

A `ParameterSchema` belongs to one annotation, is immutable and thread-safe. It knows KFP's six JSON kinds
(proto `ParameterType.ParameterTypeEnum`, PipelineSpec 2.1.0) and nothing about tasks or pipelines.
It imports the standard library, `json_form` and `milonga.errors` only: it travels into every task.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union

from milonga.dsl import json_form
from milonga.dsl.json_form import INTEGER_LIMIT, to_json
from milonga.errors import AuthoringError

Kind = Literal["STRING", "NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN", "LIST", "STRUCT", "TASK_FINAL_STATUS"]

_SIMPLE: dict[type, Kind] = {
    str: "STRING",
    int: "NUMBER_INTEGER",
    float: "NUMBER_DOUBLE",
    bool: "BOOLEAN",
    list: "LIST",
    dict: "STRUCT",
}


@dataclass(frozen=True, slots=True)
class TaskFinalStatus:
    """How the guarded tasks of an `ExitHandler` ended.

    Attributes:
        state: SUCCEEDED or FAILED.
        pipeline_job_resource_name: name of the run.
        pipeline_task_name: the group that ended.
        error_code: a number of the back end, if any.
        error_message: why it failed, if it did.
    """

    state: str = ""
    pipeline_job_resource_name: str = ""
    pipeline_task_name: str = ""
    error_code: int | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class ParameterSchema:
    """The JSON form of one annotation.

    Attributes:
        kind: KFP's parameter type.
        annotation: the Python annotation.
        optional: whether None is a value of it.
        literals: the only values allowed, when not empty.
        item: schema of the items of a list or of the values of a dict, when declared.
    """

    kind: Kind
    annotation: Any = None
    optional: bool = False
    literals: tuple[str | int | float | bool, ...] = ()
    item: ParameterSchema | None = None

    @property
    def spelling(self) -> str:
        """The annotation as its author would write it."""
        return spell(self.annotation)

    def accepts(self, other: ParameterSchema) -> str | None:
        """Why a value of `other` cannot stand here, or None if it can. An int may stand for a float."""
        if self.kind != other.kind and not (self.kind == "NUMBER_DOUBLE" and other.kind == "NUMBER_INTEGER"):
            return f"{other.spelling} is not {self.spelling}"
        if other.optional and not self.optional:
            return f"{other.spelling} may be None, {self.spelling} may not"
        if self.literals and not (other.literals and set(other.literals) <= set(self.literals)):
            return f"{other.spelling} allows more values than {self.spelling}"
        if self.item is not None and other.item is not None:
            return self.item.accepts(other.item)
        return None

    def encode(self, value: Any) -> Any:
        """The JSON form of `value`.

        Raises:
            TypeError, ValueError: `value` is not of this type; the text says what was got and expected.
        """
        return json_form.encode(self, value)

    def decode(self, value: Any) -> Any:
        """The Python value of a JSON `value` that was checked or produced by `encode`."""
        return json_form.decode(self.annotation, value)


def spell(annotation: Any) -> str:
    """`annotation` as source text: `int`, `Optional[str]`, `list[int]`."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if origin is typing.Annotated:
        return spell(arguments[0])
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is types.UnionType:
        return " | ".join(map(spell, arguments))
    if origin is Union and len(arguments) == 2 and type(None) in arguments:
        return f"Optional[{spell(next(argument for argument in arguments if argument is not type(None)))}]"
    if origin is not None:
        name = getattr(origin, "__name__", None) or str(origin).replace("typing.", "")
        return f"{name}[{', '.join(map(spell, arguments))}]" if arguments else name
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


@functools.lru_cache(maxsize=4096)
def _schema_of_hashable(annotation: Any) -> ParameterSchema | None:
    return _build_schema(annotation)


def parameter_schema(annotation: Any) -> ParameterSchema | None:
    """The schema of `annotation`, or None when it is no parameter type."""
    try:
        return _schema_of_hashable(annotation)
    except TypeError:  # an unhashable annotation, such as Literal with a list inside
        return _build_schema(annotation)


def _build_schema(annotation: Any) -> ParameterSchema | None:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        schema = parameter_schema(inner[0]) if len(inner) == 1 and len(arguments) == 2 else None
        return dataclasses.replace(schema, annotation=annotation, optional=True) if schema else None
    if origin is typing.Annotated:
        schema = parameter_schema(arguments[0])
        return dataclasses.replace(schema, annotation=annotation) if schema else None
    if origin is Literal:
        kind = _common_kind(arguments)
        return ParameterSchema(kind, annotation, literals=arguments) if kind else None
    if origin in (list, Sequence):
        item: Any = arguments[0] if arguments else Any
        return ParameterSchema("LIST", annotation, item=parameter_schema(item)) if _may_be_json(item) else None
    if origin in (dict, Mapping):
        key, item = arguments if len(arguments) == 2 else (str, Any)
        fits = key in (str, Any) and _may_be_json(item)
        return ParameterSchema("STRUCT", annotation, item=parameter_schema(item)) if fits else None
    if annotation is TaskFinalStatus:
        return ParameterSchema("TASK_FINAL_STATUS", annotation)
    if isinstance(annotation, type):
        if annotation in _SIMPLE:
            return ParameterSchema(_SIMPLE[annotation], annotation)
        if issubclass(annotation, enum.Enum):
            values = tuple(member.value for member in annotation)
            kind = _common_kind(values)
            return ParameterSchema(kind, annotation, literals=values) if kind else None
        if dataclasses.is_dataclass(annotation):
            return ParameterSchema("STRUCT", annotation)
    return None


def _may_be_json(annotation: Any) -> bool:
    """Whether an item may be so declared: a parameter type, anything, or several of these."""
    if annotation in (Any, object, None, type(None)):
        return True
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return all(_may_be_json(inner) for inner in typing.get_args(annotation))
    return parameter_schema(annotation) is not None


def _common_kind(values: Sequence[Any]) -> Kind | None:
    """The kind of all `values`, or None when they have none in common."""
    kinds: set[Kind | None] = {_SIMPLE.get(type(value)) for value in values}
    return kinds.pop() if len(kinds) == 1 else None


def infer_schema(value: Any) -> ParameterSchema | None:
    """The schema of a plain value, or None when it cannot be JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return parameter_schema(type(value))
    for python_type in (bool, str, int, float, list, tuple, dict):
        if isinstance(value, python_type):
            return parameter_schema(list if python_type is tuple else python_type)
    return None


def parse_argument(schema: ParameterSchema, text: str) -> Any:
    """The value that `text` on a command line stands for; strings are taken as they are, the rest is JSON.

    Raises:
        ValueError, TypeError: `text` is no value of this type.
    """
    if schema.optional and text in ("null", "none", "None"):
        return None
    if schema.kind == "STRING":
        return schema.encode(text)
    if schema.kind == "BOOLEAN":
        lowered = text.lower()
        if lowered in ("true", "1", "yes", "on"):
            return True
        if lowered in ("false", "0", "no", "off"):
            return False
        raise ValueError(f"{text!r} is neither true nor false")
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        raise ValueError(f"{text!r} is not {schema.spelling}") from None
    return schema.encode(value)


def require_schema(annotation: Any, *, where: str, what: str) -> ParameterSchema:
    """`parameter_schema`, or the author's error.

    Raises:
        AuthoringError: E103, `annotation` cannot cross a task border.
    """
    schema = parameter_schema(annotation)
    if schema is None:
        raise AuthoringError(
            "E103",
            f"{what} has a type that cannot cross a task border",
            where=where,
            got=spell(annotation),
            expected="int, float, str, bool, list, dict, Literal, Enum, Optional, a dataclass, or an artifact class",
            hint="pass large or special objects as files in an artifact",
        )
    return schema


__all__ = [
    "INTEGER_LIMIT",
    "Kind",
    "ParameterSchema",
    "TaskFinalStatus",
    "infer_schema",
    "parameter_schema",
    "parse_argument",
    "require_schema",
    "spell",
    "to_json",
]
