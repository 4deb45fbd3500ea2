"""A part of a pod that only the run knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuntimeValue:
    """A leaf of a pod's fields whose value comes with the run.

    Attributes:
        expression: an expression of expr-lang that gives it; nil leaves the field out.
        json_text: a tag that gives it as JSON, when there is one that is shorter than the expression's.
    """

    expression: str
    json_text: str = ""

    @property
    def tag(self) -> str:
        """The tag that stands for the value's JSON text.

        `toJson` undoes the escapes of braces in the value; written again, no later replacement finds a tag there.
        """
        return self.json_text or f"{{{{=replace(toJson({self.expression}), '\\u007b\\u007b', '\\\\u007b\\\\u007b')}}}}"
