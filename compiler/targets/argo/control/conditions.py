"""Conditions and selectors: from CEL to the expression language of Argo (expr-lang), where both mean the same.

What is left out is computed by a pod: integers that a double cannot hold, since Argo reads JSON numbers as doubles, and
functions that the two languages do not share. Sources: verified on Argo 3.7 and 4.0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from milonga.compiler.cel import (
    Binary,
    Call,
    Conditional,
    Expression,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Member,
    Unary,
    parse,
)
from milonga.compiler.targets.argo.control.value import Inexpressible, Value
from milonga.runtime.argo.text import literal

_EXACT = 2**53
_OPERATORS = frozenset({"==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"})


def condition(text: str, parameters: Callable[[str], Value]) -> str:
    """The expression of a trigger condition, which is true or false.

    Args:
        text: CEL over `inputs.parameter_values`.
        parameters: an input parameter of the task, by name.

    Raises:
        Inexpressible: Argo cannot compute it.
    """
    return _Translation(parameters).of(parse(text))


def selected(text: str, value: Value) -> Value:
    """The part of `value` that a selector takes, such as `parseJson(string_value)["a"]`.

    Raises:
        Inexpressible: Argo cannot compute it.
    """

    def parameters(name: str) -> Value:
        raise Inexpressible(name)

    expression = _Translation(parameters, {"string_value": value.parsed}).of(parse(text))
    return Value(expression=f"toJson({expression})", is_built=True)


class _Translation:
    """One translation.

    Args:
        parameters: input parameters by name.
        variables: other names, as expressions.
    """

    def __init__(self, parameters: Callable[[str], Value], variables: Mapping[str, str] | None = None) -> None:
        self._parameters = parameters
        self._variables = variables or {}
        self._forms: dict[type, Callable[..., str]] = {
            Literal: self._literal,
            Identifier: self._identifier,
            Index: self._index,
            Member: self._member,
            Unary: lambda node: f"{self._operator(node.operator)}({self.of(node.operand)})",
            Binary: self._binary,
            Conditional: self._conditional,
            ListLiteral: lambda node: "[" + ", ".join(map(self.of, node.elements)) + "]",
            Call: self._call,
        }

    def of(self, node: Expression) -> str:
        form = self._forms.get(type(node))
        if form is None:
            raise Inexpressible(type(node).__name__)
        return form(node)

    def _literal(self, node: Literal) -> str:
        value = node.value
        if isinstance(value, str):
            if any("\ud800" <= character <= "\udfff" or character == "\ufffd" for character in value):
                raise Inexpressible("half of a surrogate pair: Argo takes them all for the same")
            return literal(value)
        if value is None or isinstance(value, bool):
            return {None: "nil", True: "true", False: "false"}[value]
        if abs(value) >= _EXACT or (isinstance(value, float) and not math.isfinite(value)):
            raise Inexpressible("a number that a double cannot hold")
        return repr(value)

    def _identifier(self, node: Identifier) -> str:
        if node.name not in self._variables:
            raise Inexpressible(node.name)
        return self._variables[node.name]

    def _index(self, node: Index) -> str:
        name = _parameter_name(node)
        if name is not None:
            return self._parameters(name).parsed
        return f"{self.of(node.target)}[{self.of(node.index)}]"

    def _member(self, node: Member) -> str:
        name = _parameter_name(node)
        if name is not None:
            return self._parameters(name).parsed
        return f"{self.of(node.target)}[{literal(node.name)}]"

    def _binary(self, node: Binary) -> str:
        return f"({self.of(node.left)} {self._operator(node.operator)} {self.of(node.right)})"

    def _conditional(self, node: Conditional) -> str:
        return f"({self.of(node.condition)} ? {self.of(node.then)} : {self.of(node.otherwise)})"

    def _call(self, node: Call) -> str:
        if node.target is not None or len(node.arguments) != 1:
            raise Inexpressible(node.function)
        (argument,) = node.arguments
        inner = self.of(argument)
        if node.function == "parseJson":
            return f"(type({inner}) == 'string' ? fromJSON({inner}) : {inner})"
        if node.function in ("int", "double"):
            return f"{'int' if node.function == 'int' else 'float'}({inner})"
        if node.function == "size":
            return f"len({inner})"
        raise Inexpressible(node.function)

    @staticmethod
    def _operator(operator: str) -> str:
        if operator in _OPERATORS or operator in ("!", "-"):
            return operator
        raise Inexpressible(operator)


def _parameter_name(node: Index | Member) -> str | None:
    """The name in `inputs.parameter_values['name']`; None for anything else."""
    target = node.target
    if not isinstance(target, Member) or target.name != "parameter_values":
        return None
    if not isinstance(target.target, Identifier) or target.target.name != "inputs":
        return None
    if isinstance(node, Member):
        return node.name
    return node.index.value if isinstance(node.index, Literal) and isinstance(node.index.value, str) else None
