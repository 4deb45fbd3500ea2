"""An entry of a list that is there only if the run gives a name for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue


@dataclass(frozen=True, slots=True)
class OptionalItem:
    """An entry of a list, left out when its condition is false.

    Attributes:
        item: the entry.
        condition: an expression of expr-lang.
    """

    item: Any
    condition: str


def if_given(item: Any, name: Any) -> Any:
    """An entry of a list that is left out when its name is a value of the run that was not given."""
    if isinstance(name, RuntimeValue):
        return OptionalItem(item, f"({name.expression}) != nil && ({name.expression}) != ''")
    return item
