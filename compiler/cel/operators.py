"""The arithmetic, relational and membership operators of CEL on Python values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from milonga.compiler.cel.values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    EvaluationError,
    Uint,
    compare,
    equal,
    kind_of,
    look_up,
    shown,
)

Operator = Callable[[Any, Any], Any]


def checked(kind: str, value: int) -> int:
    """`value` as an `int` or `uint` of 64 bits.

    Raises:
        EvaluationError: it does not fit.
    """
    if kind == "uint" and 0 <= value <= UINT_MAX:
        return Uint(value)
    if kind == "int" and INT_MIN <= value <= INT_MAX:
        return value
    raise EvaluationError(f"the result does not fit into {kind} (64 bits)")


def _no_overload(operator: str, left_kind: str, right_kind: str) -> EvaluationError:
    numbers = {left_kind, right_kind} <= {"int", "uint", "double"} and left_kind != right_kind
    hint = "CEL does not convert numbers in arithmetic: write int(...) or double(...)" if numbers else ""
    return EvaluationError(f"there is no {left_kind} {operator} {right_kind}", hint)


def _add(left: Any, right: Any) -> Any:
    kind = kind_of(left)
    if kind == kind_of(right):
        if kind in ("int", "uint"):
            return checked(kind, int(left) + int(right))
        if kind in ("double", "string"):
            return left + right
        if kind == "list":
            return [*left, *right]
    raise _no_overload("+", kind, kind_of(right))


def _subtract(left: Any, right: Any) -> Any:
    kind = kind_of(left)
    if kind == kind_of(right):
        if kind in ("int", "uint"):
            return checked(kind, int(left) - int(right))
        if kind == "double":
            return left - right
    raise _no_overload("-", kind, kind_of(right))


def _multiply(left: Any, right: Any) -> Any:
    kind = kind_of(left)
    if kind == kind_of(right):
        if kind in ("int", "uint"):
            return checked(kind, int(left) * int(right))
        if kind == "double":
            return left * right
    raise _no_overload("*", kind, kind_of(right))


def _divide(left: Any, right: Any) -> Any:
    """Integers are truncated toward zero, as in Go; doubles follow IEEE 754, which divides by zero."""
    kind = kind_of(left)
    if kind == kind_of(right):
        if kind in ("int", "uint"):
            if right == 0:
                raise EvaluationError("division by zero")
            quotient = abs(int(left)) // abs(int(right))
            return checked(kind, quotient if (left < 0) == (right < 0) else -quotient)
        if kind == "double":
            if right != 0:
                return left / right
            if left == 0 or math.isnan(left):
                return math.nan
            return math.copysign(math.inf, left) * math.copysign(1.0, right)
    raise _no_overload("/", kind, kind_of(right))


def _modulo(left: Any, right: Any) -> Any:
    """The remainder has the sign of the dividend; INT_MIN % -1 overflows, as in cel-go."""
    kind = kind_of(left)
    if kind != kind_of(right) or kind not in ("int", "uint"):
        raise _no_overload("%", kind, kind_of(right))
    if right == 0:
        raise EvaluationError("remainder of a division by zero")
    if left == INT_MIN and right == -1:
        raise EvaluationError("the result does not fit into int (64 bits)")
    remainder = abs(int(left)) % abs(int(right))
    return checked(kind, -remainder if left < 0 else remainder)


def _contained(left: Any, right: Any) -> bool:
    kind = kind_of(right)
    if kind == "list":
        return any(equal(left, element) for element in right)
    if kind == "map":
        return look_up(right, left)[0]
    raise _no_overload("in", kind_of(left), kind)


BINARY: Final[Mapping[str, Operator]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": lambda left, right: compare(left, right) < 0,
    "<=": lambda left, right: compare(left, right) <= 0,
    ">": lambda left, right: compare(left, right) > 0,
    ">=": lambda left, right: compare(left, right) >= 0,
    "in": _contained,
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _modulo,
}


def negate(value: Any) -> Any:
    """Unary minus, for int and double."""
    kind = kind_of(value)
    if kind == "int":
        return checked(kind, -value)
    if kind == "double":
        return -value
    raise EvaluationError(f"there is no -{kind}")


def element(container: Any, index: Any) -> Any:
    """`container[index]` of a list or a map."""
    kind, index_kind = kind_of(container), kind_of(index)
    if kind == "map":
        found, value = look_up(container, index)
        if not found:
            raise EvaluationError(f"the map has no key {shown(index)}", _keys(container))
        return value
    if kind != "list":
        raise EvaluationError(f"{kind} has no elements", "parseJson(...) makes a list or map of a JSON string")
    if index_kind == "double" and index.is_integer():
        index = int(index)
    elif index_kind not in ("int", "uint"):
        raise EvaluationError(f"{index_kind} is no index of a list")
    if not 0 <= index < len(container):
        raise EvaluationError(f"the list of {len(container)} elements has no element {shown(index)}", "the first is 0")
    return container[index]


def member(container: Any, name: str) -> Any:
    """`container.name` of a map."""
    if kind_of(container) != "map":
        raise EvaluationError(f"{kind_of(container)} has no field '{name}'")
    if name not in container:
        raise EvaluationError(f"the map has no key '{name}'", _keys(container))
    return container[name]


def _keys(container: Mapping[Any, Any]) -> str:
    keys = sorted(key if isinstance(key, str) else shown(key) for key in container)[:20]
    return f"it has: {', '.join(keys)}" if keys else "it is empty"
