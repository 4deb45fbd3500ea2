"""Parameter types: which Python annotations may cross a task border as JSON, and how they are read back.

A `ParameterSchema` belongs to one annotation, is immutable and thread-safe. It knows KFP's six JSON kinds
(proto `ParameterType.ParameterTypeEnum`, PipelineSpec 2.1.0) and nothing about tasks or pipelines.
This module imports the standard library and `milonga.errors` only: it travels into every task.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union

from milonga.errors import AuthoringError, MilongaError

Kind = Literal["STRING", "NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN", "LIST", "STRUCT", "TASK_FINAL_STATUS"]

INTEGER_LIMIT = 2**53 - 1
"""Largest whole number that every JSON reader on the way keeps exact (IEEE 754 double, RFC 8259 section 6)."""

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
        return _encode(self, value)

    def decode(self, value: Any) -> Any:
        """The Python value of a JSON `value` that was checked or produced by `encode`."""
        return _decode(self.annotation, value)


def spell(annotation: Any) -> str:
    """`annotation` as source text: `int`, `Optional[str]`, `list[int]`."""
    if annotation is None or annotation is type(None):
        return "None"
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("milonga.dsl.", "")


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


def _mismatch(schema: ParameterSchema, value: Any) -> TypeError:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return TypeError(f"{shown} ({type(value).__name__}) is not {schema.spelling}")


def _encode(schema: ParameterSchema, value: Any) -> Any:
    if value is None:
        if schema.optional:
            return None
        raise _mismatch(schema, value)
    if isinstance(value, enum.Enum):
        value = value.value
    encoded = _ENCODERS[schema.kind](schema, value)
    if schema.literals and encoded not in schema.literals:
        raise ValueError(f"{encoded!r} is not one of {', '.join(map(repr, schema.literals))}")
    return encoded


def _encode_string(schema: ParameterSchema, value: Any) -> str:
    if not isinstance(value, str):
        raise _mismatch(schema, value)
    return value


def _encode_integer(schema: ParameterSchema, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        if hasattr(value, "__index__") and not isinstance(value, bool):  # numpy's whole numbers
            return _encode_integer(schema, value.__index__())
        raise _mismatch(schema, value)
    if abs(value) > INTEGER_LIMIT:
        raise ValueError(f"{value} is beyond +-(2**53 - 1), the whole numbers that JSON readers keep exact")
    return int(value)


def _encode_double(schema: ParameterSchema, value: Any) -> float:
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise _mismatch(schema, value)
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} has no JSON form")
    return number


def _encode_boolean(schema: ParameterSchema, value: Any) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):  # numpy's booleans
        return bool(value)
    raise _mismatch(schema, value)


def _encode_list(schema: ParameterSchema, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        raise _mismatch(schema, value)
    return [_encode(schema.item, item) if schema.item else to_json(item) for item in value]


def _encode_struct(schema: ParameterSchema, value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if not isinstance(value, Mapping):
        raise _mismatch(schema, value)
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"the keys of a JSON object are strings, but got {key!r}")
    return {key: _encode(schema.item, item) if schema.item else to_json(item) for key, item in value.items()}


_ENCODERS: dict[Kind, Callable[[ParameterSchema, Any], Any]] = {
    "STRING": _encode_string,
    "NUMBER_INTEGER": _encode_integer,
    "NUMBER_DOUBLE": _encode_double,
    "BOOLEAN": _encode_boolean,
    "LIST": _encode_list,
    "STRUCT": _encode_struct,
    "TASK_FINAL_STATUS": _encode_struct,
}


def to_json(value: Any) -> Any:
    """The JSON form of an undeclared value inside a list or dict."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, enum.Enum):
        return to_json(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"the keys of a JSON object are strings, but got {key!r}")
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if hasattr(value, "__index__"):
        return _encode_integer(ParameterSchema("NUMBER_INTEGER", int), value)
    if hasattr(value, "__float__"):
        return _encode_double(ParameterSchema("NUMBER_DOUBLE", float), value)
    raise TypeError(f"{value!r} ({type(value).__name__}) has no JSON form")


def _decode(annotation: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return _decode(next(argument for argument in arguments if argument is not type(None)), value)
    if origin is typing.Annotated:
        return _decode(arguments[0], value)
    if origin in (list, Sequence) and arguments and isinstance(value, list):
        return [_decode(arguments[0], item) for item in value]
    if origin in (dict, Mapping) and len(arguments) == 2 and isinstance(value, dict):
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    if isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            return annotation(value)
        if dataclasses.is_dataclass(annotation):
            return _decode_dataclass(annotation, value)
        if annotation is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if annotation is int and isinstance(value, float) and value.is_integer():
            return int(value)  # protobuf's JSON numbers are doubles on several back ends
    return value


def _decode_dataclass(annotation: type, value: Any) -> Any:
    if annotation is TaskFinalStatus and isinstance(value, dict):
        error = value.get("error") or {}
        return TaskFinalStatus(
            state=value.get("state", ""),
            pipeline_job_resource_name=value.get("pipelineJobResourceName", ""),
            pipeline_task_name=value.get("pipelineTaskName", ""),
            error_code=error.get("code"),
            error_message=error.get("message"),
        )
    hints = typing.get_type_hints(annotation)
    names = {field.name for field in dataclasses.fields(annotation) if field.init}
    unknown = sorted(set(value) - names)
    if unknown:
        raise ValueError(f"{annotation.__name__} has no field {', '.join(map(repr, unknown))}")
    return annotation(**{name: _decode(hints.get(name), item) for name, item in value.items()})


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


def as_finding(error: MilongaError | Exception) -> str:
    """One line of any exception."""
    return getattr(error, "message", None) or str(error) or type(error).__name__
