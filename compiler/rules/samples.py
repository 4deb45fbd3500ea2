"""Values to try a condition with: for each type, the ones that a comparison with certain literals can tell apart.

A counter-example that is found with them is one that can happen. What they cannot find is what functions such as
`size` tell apart, so a choice that they call complete need not be one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

_NUMBERS = ("NUMBER_INTEGER", "NUMBER_DOUBLE")


def samples_of(kind: str | None, literals: Sequence[Any]) -> tuple[Any, ...]:
    """Values of the parameter type `kind` on both sides of every literal; empty when nobody can tell."""
    if kind == "BOOLEAN":
        return (True, False) if all(isinstance(literal, bool) for literal in literals) else ()
    if kind == "STRING":
        texts = [literal for literal in literals if isinstance(literal, str)]
        return (*dict.fromkeys(texts), _other_text(texts)) if len(texts) == len(literals) else ()
    if kind in _NUMBERS:
        numbers = [literal for literal in literals if _is_number(literal)]
        if len(numbers) != len(literals):
            return ()
        return _whole(numbers) if kind == "NUMBER_INTEGER" else _fractions(numbers)
    if kind == "LIST":
        return ([], *([literal] for literal in literals), list(literals))
    return ()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _other_text(texts: Sequence[str]) -> str:
    other = "other"
    while other in texts:
        other += "_"
    return other


def _whole(numbers: Sequence[float]) -> tuple[int, ...]:
    found = {0, 1} if not numbers else set()
    for number in numbers:
        below = math.floor(number)
        found.update((below - 1, below, below + 1, math.ceil(number) + 1))
    return tuple(sorted(found))


def _fractions(numbers: Sequence[float]) -> tuple[float, ...]:
    ordered = sorted({float(number) for number in numbers}) or [0.0]
    between = [(left + right) / 2 for left, right in itertools.pairwise(ordered)]
    return tuple(sorted({ordered[0] - 1, *ordered, *between, ordered[-1] + 1}))
