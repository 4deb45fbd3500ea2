"""A value in the words of Argo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from milonga.runtime.argo.text import PACKED_NULL, escaped_json, literal, packed, tag, unpacked

_PLAIN = re.compile(r"(?:(inputs|workflow)|tasks\['([-A-Za-z0-9]+)'\]\.outputs)\.parameters\['([-A-Za-z0-9_]+)'\]")
_PACKED = re.compile(re.escape(unpacked("#")).replace("\\#", f"({_PLAIN.pattern})"))


class Inexpressible(Exception):
    """Argo's expressions cannot compute the value."""


@dataclass(frozen=True, slots=True)
class Value:
    """A constant, or an expression of Argo's language whose result is the value as JSON text.

    Attributes:
        constant: the constant, where `expression` is "".
        expression: valid inside of one DAG template.
        kind: KFP's type of it; "" where it is not known.
        is_built: whether Argo writes the JSON text itself, and may undo what makes it safe. Such a value travels
            packed: as an argument, and as an output of a DAG.
    """

    constant: Any = None
    expression: str = ""
    kind: str = ""
    is_built: bool = False

    @property
    def text(self) -> str:
        """An expression of the JSON text."""
        return self.expression or literal(escaped_json(self.constant))

    @property
    def parsed(self) -> str:
        """An expression of the value itself."""
        return f"fromJSON({self.text})"

    @property
    def argument(self) -> str:
        """What stands in an argument of a task: text that Argo turns into the JSON text."""
        if not self.expression:
            return escaped_json(self.constant)
        if self.is_built:
            whole = _PACKED.fullmatch(self.expression)
            return _handed_on(whole[1]) if whole is not None else tag(packed(self.expression))
        return _handed_on(self.expression)

    @property
    def output(self) -> dict[str, str]:
        """What an output parameter of a DAG gets; null where Argo cannot compute it."""
        if self.is_built:
            return {"expression": packed(self.expression), "default": PACKED_NULL}
        return {"expression": self.text, "default": "null"}

    def read(self, expression: str, kind: str = "") -> Value:
        """The value where it has arrived, as an argument or an output, and this expression reads the parameter."""
        arrived = unpacked(expression) if self.is_built else expression
        return Value(expression=arrived, kind=kind, is_built=self.is_built)

    def as_kind(self, kind: str | None) -> Value:
        """The value as a parameter of another type gets it.

        Raises:
            Inexpressible: the conversion needs more than Argo's language has.
        """
        if not kind or not self.kind or kind == self.kind or not self.expression:
            return self
        if kind == "STRING":
            return Value(expression=f"toJson({self.text})", kind=kind, is_built=True)
        if {kind, self.kind} == {"NUMBER_INTEGER", "NUMBER_DOUBLE"}:
            return self
        if self.kind == "STRING" and kind in ("LIST", "STRUCT"):
            return Value(expression=self.parsed, kind=kind, is_built=True)
        raise Inexpressible(f"{self.kind} as {kind}")

    def or_default(self, default: Any) -> Value:
        """The value, or a constant where it is absent."""
        if not self.expression:
            return self if self.constant is not None else Value(default, kind=self.kind)
        choice = f"({self.text} == 'null' ? {literal(escaped_json(default))} : {self.text})"
        return Value(expression=choice, kind=self.kind, is_built=self.is_built)


def _handed_on(expression: str) -> str:
    """An expression as an argument; a parameter as it is needs no evaluation."""
    plain = _PLAIN.fullmatch(expression)
    if plain is None:
        return tag(expression)
    owner = plain[1] or f"tasks.{plain[2]}.outputs"
    return "{{" + f"{owner}.parameters.{plain[3]}" + "}}"
