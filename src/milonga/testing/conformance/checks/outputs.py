"""`outputs` and `outputs_absent`: parameters of the root."""

from __future__ import annotations

from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.matchers import shown, subset_difference


def outputs_difference(expected: Any, context: CheckContext) -> str:
    """Root output parameters by name."""
    return subset_difference(expected, context.run.outputs, "outputs")


def absent_outputs_difference(expected: Any, context: CheckContext) -> str:
    """Names that must have no value, as parameter or artifact. None is no value."""
    found = {**context.run.outputs, **context.run.output_artifacts}
    for name in expected:
        if found.get(name) is not None:
            return f"outputs.{name}: expected no value, got {shown(found[name])}"
    return ""
