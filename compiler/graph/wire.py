"""Frozen dataclasses from and to JSON objects, without loss.

The rule: a field's JSON key is its camelCase name, unless `key=` says otherwise; None means "absent", everything else
is written, empty objects included. A field of any JSON value tells a null that stands there, `NULL`, from an absent
key. A key that no field takes is an error with the path of the object, so nothing that milonga does not know can get
lost on the way. Knows nothing about pipelines.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, Union

from milonga.errors import InvalidPipeline

T = TypeVar("T")
Loader = Callable[[Any, str], Any]


class Null:
    """JSON's null as the value of a field that may hold any JSON value."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NULL"

    def __reduce__(self) -> str:
        return "NULL"


NULL = Null()
"""The only `Null`, so that it may be compared with `is`."""


def plain(value: Any) -> Any:
    """A field's value as JSON has it: `NULL` becomes None, as an absent value is."""
    return None if value is NULL else value


def field(key: str = "", *, default: Any = None) -> Any:
    """A dataclass field with another JSON key than its camelCase name."""
    return dataclasses.field(default=default, metadata={"key": key})


def camel_case(name: str) -> str:
    """`max_retry_count` → `maxRetryCount`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    name: str
    key: str
    load: Loader
    required: bool
    nullable: bool


@functools.cache
def _plan(cls: type) -> dict[str, _Field]:
    hints = typing.get_type_hints(cls)
    plan: dict[str, _Field] = {}
    for item in dataclasses.fields(cls):
        key = item.metadata.get("key") or camel_case(item.name)
        required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        annotation = hints[item.name]
        plan[key] = _Field(item.name, key, _loader(annotation), required, annotation is Any)
    return plan


def load(cls: type[T], value: Any, path: str = "") -> T:
    """An object of `cls` from its JSON form.

    Raises:
        InvalidPipeline: E201 something is not of the type it must be, E202 an unknown key, E203 a missing key.
    """
    if not isinstance(value, Mapping):
        raise _wrong_type(path, value, "an object")
    plan = _plan(cls)  # type: ignore[arg-type]
    arguments: dict[str, Any] = {}
    for key, item in value.items():
        entry = plan.get(key)
        if entry is None:
            import difflib

            near = difflib.get_close_matches(str(key), plan, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(sorted(plan))}"
            raise InvalidPipeline("E202", f"unknown key '{key}'", where=path or "document", hint=hint)
        inner = f"{path}.{key}" if path else str(key)
        arguments[entry.name] = NULL if item is None and entry.nullable else entry.load(item, inner)
    for entry in plan.values():
        if entry.required and entry.name not in arguments:
            raise InvalidPipeline("E203", f"missing key '{entry.key}'", where=path or "document")
    return cls(**arguments)


def dump(value: Any) -> Any:
    """The JSON form of an object of any wire class, of mappings and of tuples."""
    return _dumper(type(value))(value)  # type: ignore[arg-type]


@functools.cache
def _dumper(kind: type) -> Callable[[Any], Any]:
    """What writes values of exactly this type; chosen once, since a large graph holds a hundred thousand of them."""
    if kind is Null:
        return plain
    if issubclass(kind, (str, bool, int, float, type(None))):
        return _same
    if dataclasses.is_dataclass(kind):
        return _object_dumper(kind)
    if issubclass(kind, Mapping):
        return _dump_mapping
    if issubclass(kind, (tuple, list)):
        return _dump_sequence
    return _refuse


def _same(value: Any) -> Any:
    return value


def _refuse(value: Any) -> Any:
    raise TypeError(f"{value!r} has no JSON form")


def _dump_mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item if type(item) is str else dump(item) for key, item in value.items()}


def _dump_sequence(value: tuple[Any, ...]) -> list[Any]:
    return [item if type(item) is str else dump(item) for item in value]


def _object_dumper(kind: type) -> Callable[[Any], dict[str, Any]]:
    names = tuple((item.name, item.key) for item in _plan(kind).values())

    def dump_object(value: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, key in names:
            item = getattr(value, name)
            if item is not None:
                result[key] = item if type(item) is str else dump(item)
        return result

    return dump_object


def _wrong_type(path: str, value: Any, expected: str) -> InvalidPipeline:
    shown = _shown(path, value)
    return InvalidPipeline(
        "E201",
        "a value of the wrong type",
        where=path or "document",
        got=shown if len(shown) <= 80 else shown[:77] + "...",
        expected=expected,
    )


def _shown(path: str, value: Any) -> str:
    """A value for a message; of what may be a secret only the type."""
    if ".env[" in path and path.endswith(".value"):
        return f"a value of type {type(value).__name__}"
    try:
        return repr(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a number of thousands of digits"
    except RecursionError:  # YAML may alias a list inside of itself
        return f"a {type(value).__name__} that has no end"


def _loader(annotation: Any) -> Loader:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return _loader(next(argument for argument in arguments if argument is not type(None)))
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if annotation is Any:
        return _load_any
    if origin is tuple:
        return _tuple_loader(_loader(arguments[0]))
    if origin is Mapping:
        return _mapping_loader(_loader(arguments[1]))
    if dataclasses.is_dataclass(annotation):
        return functools.partial(load, annotation)  # type: ignore[arg-type]
    raise TypeError(f"no JSON form for {annotation!r}")


def _load_any(value: Any, path: str) -> Any:
    """Any JSON value: nothing that only YAML has, no number that no double holds, no deeper than protobuf reads."""
    if type(value) in (str, bool):
        return value
    pending = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, (list, tuple, Mapping)):
            if depth >= _DEPTH_MAX:
                raise _wrong_type(path, "...", f"a value of at most {_DEPTH_MAX} levels")
            if isinstance(item, Mapping):
                for key in item:
                    if not isinstance(key, str):
                        raise _wrong_type(path, key, "a text key")
                pending.extend((inner, depth + 1) for inner in item.values())
            else:
                pending.extend((inner, depth + 1) for inner in item)
        elif not (item is None or isinstance(item, (str, bool)) or _is_number(item)):
            raise _wrong_type(path, item, "a value that JSON has")
    return value


_DEPTH_MAX = 100
"""protobuf's JSON readers stop there as well."""


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and value.bit_length() <= 1023


def _load_str(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(path, value, "text")
    return value


def _load_bool(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(path, value, "true or false")
    return value


def _load_int(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type(path, value, "a whole number")
    if not _is_number(value):
        raise _wrong_type(path, value, "a whole number that a double holds")
    return value


def _load_float(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong_type(path, value, "a number")
    if not _is_number(value):
        raise _wrong_type(path, value, "a finite number")
    return value


_SCALARS: dict[Any, Loader] = {str: _load_str, bool: _load_bool, int: _load_int, float: _load_float}


def _tuple_loader(item_loader: Loader) -> Loader:
    def load_tuple(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong_type(path, value, "a list")
        return tuple(item_loader(item, f"{path}[{index}]") for index, item in enumerate(value))

    return load_tuple


def _mapping_loader(item_loader: Loader) -> Loader:
    def load_mapping(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong_type(path, value, "an object")
        for key in value:
            if not isinstance(key, str):
                raise _wrong_type(path, key, "a text key")
        return {key: item_loader(item, f"{path}.{key}") for key, item in value.items()}

    return load_mapping
