"""Evaluation of an expression: a walk over the tree, one function a kind of node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from milonga.compiler.cel.expressions import (
    LOGICAL,
    Binary,
    Call,
    Conditional,
    Expression,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Member,
    Unary,
    render,
)
from milonga.compiler.cel.functions import FUNCTIONS, METHODS
from milonga.compiler.cel.operators import BINARY, element, member, negate
from milonga.compiler.cel.values import EvaluationError, kind_of, look_up, shown
from milonga.errors import RunError

Variables = Mapping[str, Any]

_TEXT_MAX: Final = 200


def evaluate(expression: Expression, variables: Mapping[str, Any]) -> Any:
    """The value of an expression, as plain Python data.

    Args:
        expression: what `parse` gave.
        variables: the values by name, such as `{"inputs": {"parameter_values": {"lr": 0.1}}}`. Values are data
            and nothing else: no text in them is ever read as CEL. Numbers may be int or float, as protobuf and
            JSON readers give them; `int()`, `double()` and comparisons take either.

    Raises:
        RunError: E430 with the text of the expression and of the part that failed.
    """
    try:
        return _RULES[type(expression)](expression, variables)
    except EvaluationError as failure:
        message, hint, part = failure.message, failure.hint, failure.part
    except RecursionError:
        message, hint, part = "a value is nested too deeply", "", None
    text = _shown(expression)
    got = "" if part is None or part is expression else _shown(cast(Expression, part))
    raise RunError("E430", f"an expression cannot be evaluated: {message}", where=text, got=got, hint=hint)


def _shown(expression: Expression) -> str:
    try:
        text = render(expression)
    except RecursionError:  # the caller is itself close to the end of the stack
        return "an expression"
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 3] + "..."


def _at(node: Expression, failure: EvaluationError) -> EvaluationError:
    """The failure, blamed on the innermost part that saw it."""
    if failure.part is None:
        failure.part = node
    return failure


def _literal(node: Literal, variables: Variables) -> Any:
    return node.value


def _identifier(node: Identifier, variables: Variables) -> Any:
    try:
        return variables[node.name]
    except KeyError:
        names = ", ".join(sorted(map(str, variables))[:20])
        hint = f"there are: {names}" if names else "there are none"
        raise _at(node, EvaluationError(f"there is no variable '{node.name}'", hint)) from None


def _member(node: Member, variables: Variables) -> Any:
    container = _RULES[type(node.target)](node.target, variables)
    try:
        return member(container, node.name)
    except EvaluationError as failure:
        raise _at(node, failure) from None


def _index(node: Index, variables: Variables) -> Any:
    container = _RULES[type(node.target)](node.target, variables)
    index = _RULES[type(node.index)](node.index, variables)
    try:
        return element(container, index)
    except EvaluationError as failure:
        raise _at(node, failure) from None


def _unary(node: Unary, variables: Variables) -> Any:
    value = _RULES[type(node.operand)](node.operand, variables)
    try:
        if node.operator == "-":
            return negate(value)
        return not _truth(value, "!")
    except EvaluationError as failure:
        raise _at(node, failure) from None


def _binary(node: Binary, variables: Variables) -> Any:
    if node.operator in LOGICAL:
        return _logical(node, variables)
    left = _RULES[type(node.left)](node.left, variables)
    right = _RULES[type(node.right)](node.right, variables)
    try:
        return BINARY[node.operator](left, right)
    except EvaluationError as failure:
        raise _at(node, failure) from None


def _logical(node: Binary, variables: Variables) -> bool:
    """`&&` and `||`: an operand that decides the result absorbs a failure of the other one, on either side."""
    decisive = node.operator == "||"
    failed: EvaluationError | None = None
    for operand in (node.left, node.right):
        try:
            if _truth(_RULES[type(operand)](operand, variables), node.operator) is decisive:
                return decisive
        except EvaluationError as failure:
            failed = failed or _at(operand, failure)
    if failed is not None:
        raise failed
    return not decisive


def _truth(value: Any, place: str) -> bool:
    if value is True or value is False:
        return value is True
    hint = "compare it: x == 'true', or convert it with bool()" if kind_of(value) == "string" else "compare it with =="
    raise EvaluationError(f"'{place}' needs a bool, not {kind_of(value)}", hint)


def _conditional(node: Conditional, variables: Variables) -> Any:
    condition = _RULES[type(node.condition)](node.condition, variables)
    try:
        branch = node.then if _truth(condition, "?") else node.otherwise
    except EvaluationError as failure:
        raise _at(node.condition, failure) from None
    return _RULES[type(branch)](branch, variables)


def _list(node: ListLiteral, variables: Variables) -> list[Any]:
    return [_RULES[type(part)](part, variables) for part in node.elements]


def _map(node: MapLiteral, variables: Variables) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.entries:
        key = _RULES[type(key_node)](key_node, variables)
        kind = kind_of(key)
        if kind not in ("string", "int", "uint", "bool"):
            raise _at(key_node, EvaluationError(f"{kind} is no type for the key of a map"))
        if key in result:
            # Python's dict holds 1 and true for one key; CEL does not, so such a map is refused, never misread.
            same = look_up(result, key)[0]
            what = "stands twice in a map" if same else "cannot stand beside a number of the same value in a map"
            raise _at(key_node, EvaluationError(f"the key {shown(key)} {what}"))
        result[key] = _RULES[type(value_node)](value_node, variables)
    return result


def _call(node: Call, variables: Variables) -> Any:
    function = (FUNCTIONS if node.target is None else METHODS)[node.function]
    if function.apply is None:
        return _has(node, variables)
    target = () if node.target is None else (_RULES[type(node.target)](node.target, variables),)
    arguments = [_RULES[type(part)](part, variables) for part in node.arguments]
    try:
        return function.apply(*target, *arguments)
    except EvaluationError as failure:
        raise _at(node, failure) from None


def _has(node: Call, variables: Variables) -> bool:
    field = cast(Member, node.arguments[0])
    container = _RULES[type(field.target)](field.target, variables)
    if kind_of(container) != "map":
        raise _at(node, EvaluationError(f"{kind_of(container)} has no fields"))
    return field.name in container


_RULES: Final[Mapping[type, Callable[[Any, Variables], Any]]] = {
    Literal: _literal,
    Identifier: _identifier,
    Member: _member,
    Index: _index,
    Call: _call,
    Unary: _unary,
    Binary: _binary,
    Conditional: _conditional,
    ListLiteral: _list,
    MapLiteral: _map,
}
