"""Conditions as CEL text, in the dialect that KFP's back end evaluates (`inputs.parameter_values['name']`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from milonga.dsl.conditions import Comparison, Condition, Joined, Negated
from milonga.dsl.references import Reference

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def render_condition(condition: Condition, channel_of: Callable[[Reference], str]) -> str:
    """The CEL text of `condition`; `channel_of` names the input that carries a reference."""
    if isinstance(condition, Joined):
        left = _operand(condition.left, channel_of)
        right = _operand(condition.right, channel_of)
        return f"{left} {condition.operator} {right}"
    if isinstance(condition, Negated):
        return f"!({render_condition(condition.inner, channel_of)})"
    if isinstance(condition, Comparison):
        return _comparison(condition, channel_of)
    return "true"


def _operand(condition: Condition, channel_of: Callable[[Reference], str]) -> str:
    text = render_condition(condition, channel_of)
    return f"({text})" if isinstance(condition, Joined) else text


def _comparison(comparison: Comparison, channel_of: Callable[[Reference], str]) -> str:
    left, right = comparison.left, comparison.right
    whole = all(_is_whole(side) for side in (left, right))
    sides = [_side(side, channel_of, whole=whole, fraction=_is_fraction(left, right)) for side in (left, right)]
    return f"{sides[0]} {comparison.operator} {sides[1]}"


def _is_whole(side: Any) -> bool:
    if isinstance(side, Reference):
        return side.parameter_kind == "NUMBER_INTEGER"
    return isinstance(side, int) and not isinstance(side, bool)


def _is_fraction(left: Any, right: Any) -> bool:
    """Whether the numbers in the comparison are doubles: protobuf values are, unless cast."""
    return not (_is_whole(left) and _is_whole(right))


def _side(side: Any, channel_of: Callable[[Reference], str], *, whole: bool, fraction: bool) -> str:
    if isinstance(side, Reference):
        text = f"inputs.parameter_values[{cel_text(channel_of(side))}]"
        return f"int({text})" if whole else text
    if isinstance(side, (list, tuple)):
        return "[" + ", ".join(_literal(item, fraction=fraction) for item in side) + "]"
    return _literal(side, fraction=fraction)


def _literal(value: Any, *, fraction: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and fraction:
        return f"{value}.0"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    return cel_text(str(value))


def cel_text(value: str) -> str:
    """`value` as a CEL string literal in single quotes (CEL specification, section "Syntax")."""
    return "'" + "".join(_ESCAPES.get(character, character) for character in value) + "'"
