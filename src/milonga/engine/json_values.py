"""JSON values as KFP's types read them. Pure and light: it travels into pods as well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from milonga.engine.placeholders import PlaceholderContext, resolve_text


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
    elif kind == "BOOLEAN" and isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
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


def resolve_constant(constant: Any, context: PlaceholderContext) -> Any:
    """A constant with its KFP placeholders filled in; a constant without any is returned as it is."""
    if isinstance(constant, str):
        return resolve_text(constant, context) if "{{$" in constant else constant
    if isinstance(constant, list):
        return [resolve_constant(item, context) for item in constant]
    if isinstance(constant, Mapping):
        return {resolve_constant(key, context): resolve_constant(item, context) for key, item in constant.items()}
    return constant
