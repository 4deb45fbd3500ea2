"""`alternatives`: whole outcomes, of which exactly one must fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.checks.references import all_hold
from milonga.testing.conformance.checks.state import state_difference
from milonga.testing.conformance.checks.tasks import tasks_difference


def alternatives_difference(expected: Any, context: CheckContext) -> str:
    """Which alternatives fit, unless it is exactly one."""
    misfits = [_misfit(alternative, context) for alternative in expected]
    fitting = [index for index, misfit in enumerate(misfits) if not misfit]
    if len(fitting) == 1:
        return ""
    if fitting:
        return f"alternatives: expected exactly one that fits, got numbers {fitting}"
    return "alternatives: none fits; " + "; ".join(f"[{index}] {text}" for index, text in enumerate(misfits))


def _misfit(alternative: Mapping[str, Any], context: CheckContext) -> str:
    if not all_hold(alternative.get("when"), context.run):
        return "its conditions do not hold"
    state = state_difference(alternative["state"], context) if "state" in alternative else ""
    return state or tasks_difference(alternative.get("tasks") or {}, context)
