"""The tree that a CEL expression is parsed into, and its way back to text.

Nodes carry no positions: two texts that mean the same parse into equal trees, and `render` gives the one spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from milonga.compiler.cel.values import Uint

LEVELS: Final = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)
PRECEDENCE: Final = {operator: level for level, operators in enumerate(LEVELS, start=1) for operator in operators}
LOGICAL: Final = frozenset(("||", "&&"))
_UNARY, _PRIMARY = len(LEVELS) + 1, len(LEVELS) + 2

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'[\\"\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant: int, `Uint`, float, str, bool or None."""

    value: int | float | str | bool | None

    def __eq__(self, other: object) -> bool:
        """Equal type and value: `1`, `1.0`, `1u` and `true` are four literals although Python calls them equal."""
        return isinstance(other, Literal) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Identifier:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`target.name`."""

    target: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`target[index]`."""

    target: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`, or `target.function(arguments)`."""

    function: str
    target: Expression | None
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!operand` or `-operand`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; chains of `&&` and of `||` are balanced trees, whatever parentheses were written."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[a, b]`."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """`{key: value}`."""

    entries: tuple[tuple[Expression, Expression], ...]


Expression: TypeAlias = (
    Literal | Identifier | Member | Index | Call | Unary | Binary | Conditional | ListLiteral | MapLiteral
)


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct parts of an expression, from left to right."""
    match expression:
        case Member(target):
            return (target,)
        case Index(target, index):
            return (target, index)
        case Call(_, target, arguments):
            return arguments if target is None else (target, *arguments)
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Conditional(condition, then, otherwise):
            return (condition, then, otherwise)
        case ListLiteral(elements):
            return elements
        case MapLiteral(entries):
            return tuple(part for entry in entries for part in entry)
        case _:
            return ()


def walk(expression: Expression) -> Iterator[tuple[Expression, int]]:
    """Every node with its depth, the root (depth 1) first, from left to right; never recursive."""
    pending = [(expression, 1)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((child, depth + 1) for child in reversed(children(node)))


def quote(value: str) -> str:
    """`value` as a string literal: the only right way to put data into the text of an expression."""
    return '"' + _SPECIAL.sub(lambda found: _ESCAPES.get(found[0]) or f"\\x{ord(found[0]):02x}", value) + '"'


def render(expression: Expression) -> str:
    """The text of an expression; parsing it gives an equal tree."""
    return _render(expression)[0]


def _render(node: Expression) -> tuple[str, int]:
    """Text and binding strength."""
    match node:
        case Literal(value):
            text = _render_literal(value)
            return text, _UNARY if text.startswith("-") else _PRIMARY
        case Identifier(name):
            return name, _PRIMARY
        case Member(target, name):
            return f"{_target(target)}.{name}", _PRIMARY
        case Index(target, index):
            return f"{_target(target)}[{render(index)}]", _PRIMARY
        case Call(function, target, arguments):
            prefix = "" if target is None else f"{_target(target)}."
            return f"{prefix}{function}({', '.join(map(render, arguments))})", _PRIMARY
        case Unary(operator, operand):
            # -1 is a literal of its own, so the negation of the literal 1 keeps its parentheses; !-x is no CEL.
            fused = operator == "-" and isinstance(operand, Literal)
            mixed = isinstance(operand, Unary) and operand.operator != operator
            return operator + _enclosed(operand, _PRIMARY + 1 if fused or mixed else _UNARY), _UNARY
        case Binary(operator, left, right):
            level = PRECEDENCE[operator]
            right_level = level if operator in LOGICAL else level + 1
            return f"{_enclosed(left, level)} {operator} {_enclosed(right, right_level)}", level
        case Conditional(condition, then, otherwise):
            return f"{_enclosed(condition, 1)} ? {_enclosed(then, 1)} : {render(otherwise)}", 0
        case ListLiteral(elements):
            return f"[{', '.join(map(render, elements))}]", _PRIMARY
        case MapLiteral(entries):
            return "{" + ", ".join(f"{render(key)}: {render(value)}" for key, value in entries) + "}", _PRIMARY


def _enclosed(node: Expression, level: int) -> str:
    text, strength = _render(node)
    return text if strength >= level else f"({text})"


def _target(node: Expression) -> str:
    return f"({render(node)})" if isinstance(node, Literal) else _enclosed(node, _PRIMARY)


def _render_literal(value: int | float | str | bool | None) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Uint):
        return f"{int(value)}u"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
