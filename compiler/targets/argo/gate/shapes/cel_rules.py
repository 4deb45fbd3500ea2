"""CEL rules of definitions, by milonga's own CEL.

It has no macros, and definitions use one: `self.all(x, ...)` around a whole rule. That is a loop over the list here,
which also tells which element is wrong. A rule that still cannot be read is said to be unchecked, never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from milonga.compiler.cel import Expression, evaluate, parse
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.shapes.shape import Rule
from milonga.errors import MilongaError

_EACH = re.compile(r"\s*self\.all\(\s*([A-Za-z_]\w*)\s*,(.*)\)\s*", re.DOTALL)


def faults_of_rules(node: Node, rules: tuple[Rule, ...]) -> Iterator[Fault]:
    """E325 for each rule that a value breaks, E326 for each that cannot be evaluated."""
    for rule in rules:
        each = _EACH.fullmatch(rule.text)
        variable, text = (each[1], each[2]) if each else ("self", rule.text)
        expression = _parsed(text)
        if expression is None:
            yield Fault(
                "E326", "a rule of the definition cannot be checked here", node, severity="warning", got=rule.text
            )
            continue
        for place in node.elements() if each else (node,):
            yield from _broken(place, rule, expression, {variable: place.value})


@lru_cache(maxsize=256)
def _parsed(text: str) -> Expression | None:
    try:
        return parse(text)
    except MilongaError:
        return None


def _broken(place: Node, rule: Rule, expression: Expression, variables: dict[str, Any]) -> Iterator[Fault]:
    try:
        holds = evaluate(expression, variables)
    except MilongaError:
        # Something of the wrong type, which the shape has named, or a field that is absent: a server refuses both.
        holds = False
    if holds is not True:
        yield Fault("E325", f"a rule of the definition does not hold: {rule.message}", place, expected=rule.text[:160])
