"""Binary operators on a stack, and the balanced trees that long chains of `&&` and `||` become."""

from __future__ import annotations

from milonga.compiler.cel.expressions import LOGICAL, PRECEDENCE, Binary, Expression


def binds_first(waiting: str, operator: str, level: int) -> bool:
    """Whether the operator on the stack goes before `operator`; chains of && and of || are collected."""
    return PRECEDENCE[waiting] > level or (PRECEDENCE[waiting] == level and operator not in LOGICAL)


def combine(operands: list[Expression], operators: list[str]) -> None:
    """Replace the topmost operator, or chain of one logical operator, and its operands by their node."""
    operator, count = operators.pop(), 2
    if operator not in LOGICAL:
        operands[-2:] = [Binary(operator, operands[-2], operands[-1])]
        return
    while operators and operators[-1] == operator:
        operators.pop()
        count += 1
    terms = [term for operand in operands[-count:] for term in _terms(operator, operand)]
    operands[-count:] = [_balanced(operator, terms)]


def _terms(operator: str, expression: Expression) -> list[Expression]:
    """The links of a chain that parentheses made part of a longer one."""
    if isinstance(expression, Binary) and expression.operator == operator:
        return [*_terms(operator, expression.left), *_terms(operator, expression.right)]
    return [expression]


def _balanced(operator: str, terms: list[Expression]) -> Expression:
    """A tree of logarithmic height: the Elif of a hundred branches is a chain of a hundred terms."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return Binary(operator, _balanced(operator, terms[:middle]), _balanced(operator, terms[middle:]))
