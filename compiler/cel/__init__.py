"""Conditions and selectors of pipelines: CEL, the Common Expression Language, parsed and never `eval`uated.

    expression = parse("int(inputs.parameter_values['epochs']) > 3")
    evaluate(expression, {"inputs": {"parameter_values": {"epochs": 5.0}}})      # True
    referenced_parameters(expression)                                            # ("epochs",)

The language is the one of https://github.com/google/cel-spec/blob/master/doc/langdef.md as far as KFP's back end
(cel-go) loads it for conditions, without bytes, time, types as values, message literals and macros other than `has`,
and with KFP's function `parseJson`. What is left out is refused by `parse`, so nothing is silently read differently.
One difference in data: integers in JSON stay integers here, cel-go makes doubles of them; `int()` and comparisons
make no difference between the two.
"""

from milonga.compiler.cel.evaluator import evaluate
from milonga.compiler.cel.expressions import (
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
    children,
    quote,
    render,
)
from milonga.compiler.cel.parser import parse
from milonga.compiler.cel.references import check, referenced_parameters, referenced_variables
from milonga.compiler.cel.values import Uint

__all__ = [
    "Binary",
    "Call",
    "Conditional",
    "Expression",
    "Identifier",
    "Index",
    "ListLiteral",
    "Literal",
    "MapLiteral",
    "Member",
    "Uint",
    "Unary",
    "check",
    "children",
    "evaluate",
    "parse",
    "quote",
    "referenced_parameters",
    "referenced_variables",
    "render",
]
