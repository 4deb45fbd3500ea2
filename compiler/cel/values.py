"""Values of CEL as Python values: their kinds, their equality and their order.

    CEL      int   uint   double   string   bool   null_type   list          map
    Python   int   Uint   float    str      bool   None        list, tuple   dict, Mapping

Python is laxer than CEL in two places that matter here: `True == 1`, and a NaN is equal to itself inside a list.
So nothing in this package compares two values with `==` before their kinds are known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
UINT_MAX: Final = 2**64 - 1
NUMBERS: Final = frozenset(("int", "uint", "double"))


class Uint(int):
    """An unsigned 64-bit integer, written `7u`; CEL does not mix it with `int` in arithmetic."""

    __slots__ = ()


class EvaluationError(Exception):
    """An evaluation went wrong; `milonga.compiler.cel.evaluate` turns it into a RunError with the expression's text.

    Args:
        message: what is wrong, without the expression.
        hint: what to do next.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.part: object = None


_KINDS: Final[Mapping[type, str]] = {
    str: "string",
    int: "int",
    float: "double",
    bool: "bool",
    type(None): "null_type",
    list: "list",
    tuple: "list",
    dict: "map",
    Uint: "uint",
}


def kind_of(value: Any) -> str:
    """The CEL type of a Python value.

    Raises:
        EvaluationError: the value has no counterpart in CEL.
    """
    kind = _KINDS.get(type(value))
    if kind is not None:
        return kind
    for parent, name in ((str, "string"), (Uint, "uint"), (int, "int"), (float, "double"), (Mapping, "map")):
        if isinstance(value, parent):
            return name
    if isinstance(value, (list, tuple)):
        return "list"
    raise EvaluationError(f"a value of the Python type '{type(value).__name__}' is no value of a pipeline")


def equal(left: Any, right: Any) -> bool:
    """CEL's `==`: values of different types differ, except that numbers share one number line.

    See "Equality and Ordering" in the CEL language definition. A NaN equals nothing, not even itself.
    """
    left_kind, right_kind = kind_of(left), kind_of(right)
    if left_kind != right_kind:
        if not (left_kind in NUMBERS and right_kind in NUMBERS):
            return False
        if "double" in (left_kind, right_kind):
            return _on_one_line(left) == _on_one_line(right)
        return int(left) == int(right)
    if left_kind == "list":
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if left_kind == "map":
        return len(left) == len(right) and all(
            found and equal(value, other)
            for value, (found, other) in ((value, look_up(right, key)) for key, value in left.items())
        )
    return bool(left == right)


def _on_one_line(number: float) -> float:
    """A number as the double that cel-go compares it as: 2^63 - 1 and 2.0^63 are one point of the line."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def compare(left: Any, right: Any) -> int:
    """Negative, zero or positive as `left` is less than, equal to or greater than `right`.

    Raises:
        EvaluationError: the two have no common order, or one is NaN (cel-go refuses to order it as well).
    """
    left_kind, right_kind = kind_of(left), kind_of(right)
    if left_kind in NUMBERS and right_kind in NUMBERS:
        if left != left or right != right:
            raise EvaluationError("NaN has no order")
        if left_kind != right_kind and "double" in (left_kind, right_kind):
            left, right = _on_one_line(left), _on_one_line(right)
    elif left_kind != right_kind or left_kind not in ("string", "bool"):
        raise EvaluationError(
            f"{left_kind} and {right_kind} have no order", "convert one side with int(), double() or string()"
        )
    return int(left > right) - int(left < right)


def look_up(mapping: Mapping[Any, Any], key: Any) -> tuple[bool, Any]:
    """Whether the map has `key`, and its value; numeric keys match across numeric types.

    Raises:
        EvaluationError: `key` is of a type that no map has as key.
    """
    kind = kind_of(key)
    if kind == "string":
        return (True, mapping[key]) if key in mapping else (False, None)
    if kind not in NUMBERS and kind != "bool":
        raise EvaluationError(f"{kind} is no type for the key of a map")
    for candidate, value in mapping.items():
        if equal(candidate, key):
            return True, value
    return False, None


def shown(value: Any) -> str:
    """A value for a message, shortened."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."
