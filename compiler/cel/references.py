"""What an expression refers to, without evaluating it."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from milonga.compiler.cel.expressions import Binary, Expression, Identifier, Index, Literal, Member, render, walk
from milonga.compiler.cel.parser import parse
from milonga.errors import InvalidPipeline

_PARAMETERS = Member(Identifier("inputs"), "parameter_values")


def referenced_variables(expression: Expression) -> tuple[str, ...]:
    """The names of all variables, in the order of the text, each once."""
    return tuple(dict.fromkeys(node.name for node, _ in walk(expression) if isinstance(node, Identifier)))


def referenced_parameters(expression: Expression) -> tuple[str, ...]:
    """The parameters read as `inputs.parameter_values['x']` or `.x`, or asked for as `'x' in inputs.parameter_values`.

    In the order of the text, each once. An index that is itself computed names no parameter.
    """
    found: dict[str, None] = {}
    for node, _ in walk(expression):
        match node:
            case Index(target, Literal(name)) if target == _PARAMETERS and isinstance(name, str):
                found[name] = None
            case Member(target, name) if target == _PARAMETERS:
                found[name] = None
            case Binary("in", Literal(name), target) if target == _PARAMETERS and isinstance(name, str):
                found[name] = None
    return tuple(found)


def check(
    text: str, names: Collection[str], *, variables: Collection[str] = ("inputs",)
) -> tuple[InvalidPipeline, ...]:
    """All that is wrong with an expression before it runs.

    Args:
        text: the expression.
        names: the parameters there are.
        variables: the variables there are; `("string_value", ...)` for a parameterExpressionSelector.

    Returns:
        E220 for a text that is no expression, or one E220 each for an unknown variable and an unknown parameter.
    """
    try:
        expression = parse(text)
    except InvalidPipeline as error:
        return (error,)
    problems = [("variable", name, variables) for name in referenced_variables(expression) if name not in variables] + [
        ("parameter", name, names) for name in referenced_parameters(expression) if name not in names
    ]
    return tuple(_unknown(kind, name, known, expression) for kind, name, known in problems)


def _unknown(kind: str, name: str, known: Collection[str], expression: Expression) -> InvalidPipeline:
    close = difflib.get_close_matches(name, known, 1)
    return InvalidPipeline(
        "E220",
        f"a condition refers to the {kind} '{name}', which is not there",
        got=render(expression)[:200],
        expected=f"one of: {', '.join(sorted(known))}" if known else "",
        hint=f"did you mean '{close[0]}'?" if close else "",
    )
