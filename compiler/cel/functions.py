"""The functions of KFP's conditions: those of CEL's standard library that pipelines use, and KFP's `parseJson`.

Extensions such as `lowerAscii` are left out on purpose: the KFP back end does not load them, so a condition that uses
one would work here and fail there.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

from milonga.compiler.cel.operators import checked
from milonga.compiler.cel.patterns import matches
from milonga.compiler.cel.values import EvaluationError, kind_of, shown

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_UNSIGNED: Final = re.compile(r"[0-9]+")
_DOUBLE: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)
# What Go's strconv.ParseBool takes, and with it cel-go.
_TRUE: Final = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE: Final = frozenset(("0", "f", "F", "false", "FALSE", "False"))


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method.

    Attributes:
        count: number of arguments, the receiver of a method included.
        apply: the implementation; None for `has`, whose argument is not evaluated.
    """

    count: int
    apply: Callable[..., Any] | None


def _no_conversion(value: Any, target: str) -> EvaluationError:
    kind = kind_of(value)
    got = f" {shown(value)}" if kind in ("string", "double", "int", "uint") else ""
    return EvaluationError(f"{target}() cannot convert the {kind}{got}")


def _integer(value: Any, target: str) -> int:
    kind = kind_of(value)
    if kind in ("int", "uint"):
        return checked(target, int(value))
    if kind == "double":
        # cel-go refuses both ends of the range, where a double no longer tells one integer from the next.
        if -(2.0**63) < value < (2.0**63 if target == "int" else 2.0**64):
            return checked(target, math.trunc(value))
    elif kind == "string" and len(value) <= 64 and (_INTEGER if target == "int" else _UNSIGNED).fullmatch(value):
        return checked(target, int(value))
    raise _no_conversion(value, target)


def _to_int(value: Any) -> int:
    return _integer(value, "int")


def _to_uint(value: Any) -> int:
    return _integer(value, "uint")


def _to_double(value: Any) -> float:
    kind = kind_of(value)
    if kind == "double":
        return float(value)
    if kind in ("int", "uint"):
        return float(checked(kind, value))
    if kind == "string":
        if _NOT_FINITE.fullmatch(value):
            return float(value)
        if _DOUBLE.fullmatch(value) and math.isfinite(number := float(value)):
            return number
    raise _no_conversion(value, "double")


def _to_bool(value: Any) -> bool:
    kind = kind_of(value)
    if kind == "bool":
        return bool(value)
    if kind == "string" and (value in _TRUE or value in _FALSE):
        return value in _TRUE
    raise _no_conversion(value, "bool")


def _to_string(value: Any) -> str:
    kind = kind_of(value)
    if kind == "string":
        return str(value)
    if kind == "bool":
        return "true" if value else "false"
    if kind in ("int", "uint"):
        return str(int(checked(kind, value)))
    if kind == "double":
        return _double_text(value)
    raise _no_conversion(value, "string")


def _double_text(value: float) -> str:
    """The shortest text that reads back as `value`, in the form of Go's strconv.FormatFloat(value, 'g', -1, 64)."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    sign, digit_tuple, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)  # finite
    digits = "".join(map(str, digit_tuple)).lstrip("0")
    point = len(digits) + exponent  # the decimal point stands behind this many digits
    digits = digits.rstrip("0")
    minus = "-" * sign
    if not digits:
        return f"{minus}0"
    if not -4 <= point - 1 < 6:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{minus}{digits[0]}{rest}e{point - 1:+03d}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return minus + digits.ljust(point, "0")
    return f"{minus}{digits[:point]}.{digits[point:]}"


def _size(value: Any) -> int:
    if kind_of(value) in ("string", "list", "map"):
        return len(value)
    raise EvaluationError(f"{kind_of(value)} has no size")


def _parse_json(value: Any) -> Any:
    """KFP's function: the value of a JSON string. A list or map, the value itself, is what it already is."""
    kind = kind_of(value)
    if kind in ("list", "map"):
        return value
    if kind != "string":
        raise EvaluationError(f"parseJson() takes a string, not {kind}")
    try:
        return json.loads(value, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"parseJson(): {shown(value)} is no JSON: {str(error)[:100]}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{text[:40]} does not fit into a double")


def _on_strings(name: str, apply: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def checked_apply(receiver: Any, argument: Any) -> bool:
        if kind_of(receiver) != "string" or kind_of(argument) != "string":
            raise EvaluationError(f"there is no {kind_of(receiver)}.{name}({kind_of(argument)})")
        return apply(receiver, argument)

    return checked_apply


_SIZE: Final = Function(1, _size)
_MATCHES: Final = Function(2, _on_strings("matches", matches))

FUNCTIONS: Final[Mapping[str, Function]] = {
    "bool": Function(1, _to_bool),
    "double": Function(1, _to_double),
    "dyn": Function(1, lambda value: value),
    "has": Function(1, None),
    "int": Function(1, _to_int),
    "matches": _MATCHES,
    "parseJson": Function(1, _parse_json),
    "size": _SIZE,
    "string": Function(1, _to_string),
    "uint": Function(1, _to_uint),
}
METHODS: Final[Mapping[str, Function]] = {
    "contains": Function(2, _on_strings("contains", lambda receiver, argument: argument in receiver)),
    "endsWith": Function(2, _on_strings("endsWith", str.endswith)),
    "matches": _MATCHES,
    "size": _SIZE,
    "startsWith": Function(2, _on_strings("startsWith", str.startswith)),
}
