"""A value that a setting of a pod takes from the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlValue:
    """A constant, or a reference to a value that only the run knows.

    Attributes:
        constant: the value itself; counts where `expression` is empty. None is "not given".
        json_text: a tag of Argo, such as "{{inputs.parameters.c0}}", in whose place the value comes as ASCII JSON with
            no "{{" in it.
        expression: an expression of expr-lang without a tag around it, such as "fromJSON(inputs.parameters['c0'])";
            it is the value itself, nil when it was not given.
    """

    constant: Any = None
    json_text: str = ""
    expression: str = ""

    @property
    def is_constant(self) -> bool:
        """Whether the value is known now."""
        return not self.expression
