"""Values that Argo needs, computed in a pod."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.engine.recipes.absent import ABSENT
from milonga.engine.recipes.evaluator import Evaluator
from milonga.runtime.argo.layout import CONTROL
from milonga.runtime.argo.text import escaped_json
from milonga.runtime.task import write_atomically


def probed(evaluator: Evaluator, wanted: Mapping[str, Any]) -> Any:
    """The value that a recipe asks for: {"value": expression} or {"count": expression}; None for an absent one.

    Raises:
        RunError: E430-E436.
    """
    if "count" in wanted:
        return evaluator.count(wanted["count"])
    found = evaluator.parameter(wanted["value"])
    return None if found is ABSENT else found


def write_control(outputs: Path, values: Mapping[str, Any]) -> None:
    """Leave values where Argo takes them from, each as a file of its name."""
    if values:
        (outputs / CONTROL).mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        write_atomically(outputs / CONTROL / name, escaped_json(value))
