"""Values of parameters to and from JSON, as their annotations say. Travels into every task; imports nothing heavy."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Union

if TYPE_CHECKING:
    from milonga.dsl.parameters import ParameterSchema

INTEGER_LIMIT = 2**53 - 1
"""Largest whole number that every JSON reader on the way keeps exact (IEEE 754 double, RFC 8259 section 6)."""


def _mismatch(spelling: str, value: Any) -> TypeError:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return TypeError(f"{shown} ({type(value).__name__}) is not {spelling}")


def encode(schema: ParameterSchema, value: Any) -> Any:
    """The JSON form of `value`.

    Raises:
        TypeError, ValueError: `value` is not of the schema's type; the text says what was got and expected.
    """
    if value is None:
        if schema.optional:
            return None
        raise _mismatch(schema.spelling, value)
    if isinstance(value, enum.Enum):
        value = value.value
    encoded = _ENCODERS[schema.kind](schema, value)
    if schema.literals and encoded not in schema.literals:
        raise ValueError(f"{encoded!r} is not one of {', '.join(map(repr, schema.literals))}")
    return encoded


def _encode_string(schema: ParameterSchema, value: Any) -> str:
    if not isinstance(value, str):
        raise _mismatch(schema.spelling, value)
    return value


def _encode_integer(schema: ParameterSchema, value: Any) -> int:
    return _whole(value, schema.spelling)


def _encode_double(schema: ParameterSchema, value: Any) -> float:
    return _fraction(value, schema.spelling)


def _whole(value: Any, spelling: str) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):  # numpy's whole numbers have an index as well
        raise _mismatch(spelling, value)
    number = int(value.__index__())
    if abs(number) > INTEGER_LIMIT:
        raise ValueError(f"{number} is beyond +-(2**53 - 1), the whole numbers that JSON readers keep exact")
    return number


def _fraction(value: Any, spelling: str) -> float:
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise _mismatch(spelling, value)
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} has no JSON form")
    return number


def _encode_boolean(schema: ParameterSchema, value: Any) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):  # numpy's booleans
        return bool(value)
    raise _mismatch(schema.spelling, value)


def _encode_list(schema: ParameterSchema, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        raise _mismatch(schema.spelling, value)
    return [encode(schema.item, item) if schema.item else to_json(item) for item in value]


def _encode_struct(schema: ParameterSchema, value: Any) -> dict[str, Any]:
    record = _record_of(schema.annotation)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # The name decides, since a notebook's cell that runs again makes a new class.
        if record is not None and type(value).__name__ != record.__name__:
            raise _mismatch(schema.spelling, value)
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return _encode_fields(type(value), fields)
    if not isinstance(value, Mapping):
        raise _mismatch(schema.spelling, value)
    _check_keys(value)
    if record is not None and schema.kind == "STRUCT":
        return _encode_fields(record, value)
    return {key: encode(schema.item, item) if schema.item else to_json(item) for key, item in value.items()}


def _check_keys(value: Mapping[Any, Any]) -> None:
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"the keys of a JSON object are strings, but got {key!r}")


def _record_of(annotation: Any) -> type | None:
    """The dataclass behind an annotation, if there is one."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return _record_of(next(argument for argument in arguments if argument is not type(None)))
    if origin is typing.Annotated:
        return _record_of(arguments[0])
    return annotation if isinstance(annotation, type) and dataclasses.is_dataclass(annotation) else None


@functools.lru_cache(maxsize=256)
def _fields_of(record: type) -> dict[str, tuple[ParameterSchema | None, bool]]:
    """The fields of a dataclass: their types, where they are parameter types, and whether they must be given."""
    from milonga.dsl.parameters import parameter_schema

    try:
        hints = typing.get_type_hints(record, include_extras=True)
    except Exception as error:
        raise TypeError(f"the types of the fields of {record.__name__} cannot be evaluated: {error}") from error
    return {
        field.name: (
            parameter_schema(hints[field.name]),
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(record)
        if field.init
    }


def _encode_fields(record: type, values: Mapping[str, Any]) -> dict[str, Any]:
    fields = _fields_of(record)
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ValueError(f"{record.__name__} has no field {', '.join(map(repr, unknown))}")
    encoded: dict[str, Any] = {}
    for name, (schema, required) in fields.items():
        if name not in values:
            if required:
                raise ValueError(f"{record.__name__} misses its field {name!r}")
            continue
        try:
            encoded[name] = encode(schema, values[name]) if schema else to_json(values[name])
        except (TypeError, ValueError) as error:
            raise type(error)(f"field {name!r} of {record.__name__}: {error}") from None
    return encoded


_ENCODERS: dict[str, Callable[[Any, Any], Any]] = {
    "STRING": _encode_string,
    "NUMBER_INTEGER": _encode_integer,
    "NUMBER_DOUBLE": _encode_double,
    "BOOLEAN": _encode_boolean,
    "LIST": _encode_list,
    "STRUCT": _encode_struct,
    "TASK_FINAL_STATUS": _encode_struct,
}


def to_json(value: Any) -> Any:
    """The JSON form of an undeclared value inside a list or dict.

    Raises:
        TypeError, ValueError: it has none.
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, enum.Enum):
        return to_json(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        _check_keys(value)
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if type(value).__name__ == "bool_":
        return bool(value)
    if hasattr(value, "__index__"):
        return _whole(value, "int")
    if hasattr(value, "__float__"):
        return _fraction(value, "float")
    raise TypeError(f"{value!r} ({type(value).__name__}) has no JSON form")


def decode(annotation: Any, value: Any) -> Any:
    """The Python value of a JSON `value` that `encode` made; numbers may have become doubles on the way."""
    if value is None:
        return None
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        return decode(inner[0], value) if len(inner) == 1 else value
    if origin is typing.Annotated:
        return decode(arguments[0], value)
    if origin is Literal:
        return next((literal for literal in arguments if literal == value), value)
    if origin in (list, Sequence) and arguments and isinstance(value, list):
        return [decode(arguments[0], item) for item in value]
    if origin in (dict, Mapping) and len(arguments) == 2 and isinstance(value, dict):
        return {key: decode(arguments[1], item) for key, item in value.items()}
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


_SUCCESSES = {"COMPLETE": "SUCCEEDED", "CACHED": "SUCCEEDED"}
"""What KFP's back end says of a group that ended well, in the words of ML Metadata."""


def _decode_dataclass(annotation: type, value: Any) -> Any:
    from milonga.dsl.parameters import TaskFinalStatus

    if annotation is TaskFinalStatus and isinstance(value, dict):
        error = value.get("error") or {}
        code = error.get("code")
        return TaskFinalStatus(
            state=_SUCCESSES.get(str(value.get("state", "")), str(value.get("state", ""))),
            pipeline_job_resource_name=value.get("pipelineJobResourceName", ""),
            pipeline_task_name=value.get("pipelineTaskName", ""),
            error_code=int(code) if isinstance(code, (int, float)) else None,
            error_message=error.get("message"),
        )
    if not isinstance(value, dict):
        raise _mismatch(annotation.__name__, value)
    hints = typing.get_type_hints(annotation)
    names = {field.name for field in dataclasses.fields(annotation) if field.init}
    unknown = sorted(set(value) - names)
    if unknown:
        raise ValueError(f"{annotation.__name__} has no field {', '.join(map(repr, unknown))}")
    return annotation(**{name: decode(hints.get(name), item) for name, item in value.items()})
