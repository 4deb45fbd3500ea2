"""Whether a value that stands in a file is one that its input takes: of its type, and one of its literals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from milonga.compiler.diagnostics import Diagnostic, Severity
from milonga.compiler.graph import InputParameter, wire
from milonga.compiler.graph.component import PARAMETER_SPELLING
from milonga.compiler.rules.types import accepts_constant, converts_to
from milonga.compiler.scope import Finding


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why an input does not take a value. It never holds the value, which may be a secret."""

    severity: Severity
    got: str
    expected: str
    hint: str = ""

    def at(self, finding: Finding, name: str) -> Diagnostic:
        """The finding about the input `name`."""
        return finding(
            "E113",
            f"wrong type for input '{name}'",
            severity=self.severity,
            got=self.got,
            expected=self.expected,
            hint=self.hint,
        )


def mismatch_of(declared: InputParameter, value: Any) -> Mismatch | None:
    """Why `declared` does not take `value`; None when it does. What only KFP converts is a warning."""
    wanted = declared.parameter_type
    if not accepts_constant(wanted, value):
        converts = converts_to(wanted, value)
        return Mismatch(
            "warning" if converts else "error",
            type(value).__name__,
            PARAMETER_SPELLING.get(wanted or "", wanted or ""),
            "KFP converts it, other back ends need not" if converts else "",
        )
    if is_literal(declared, value):
        return None
    return Mismatch("error", f"a {type(value).__name__} that is none of its literals", literals_of(declared))


def is_literal(declared: InputParameter, value: Any) -> bool:
    """Whether `value` is one of the values that the input allows. Null and placeholders pass, as for types.

    KFP's API server and driver compare them as protobuf values: 1 is 1.0, and neither is true.
    """
    if not declared.literals or value is wire.NULL or value is None:
        return True
    if isinstance(value, str) and "{{$" in value:
        return True
    return any(_same(value, literal) for literal in declared.literals)


def literals_of(declared: InputParameter) -> str:
    """The values that an input allows, for a message."""
    shown = (json.dumps(literal, default=str)[:40] for literal in (declared.literals or ())[:8])
    return f"one of: {', '.join(shown)}"


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
