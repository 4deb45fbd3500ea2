"""One check a key of a case. To add one: write `difference_in(expected, context)` and enter it here.

A check gets what the case says under its key, and returns the first difference, or "". They run in this order;
`second_run` is the last, for it runs the pipeline again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from milonga.testing.conformance.checks.alternatives import alternatives_difference
from milonga.testing.conformance.checks.artifacts import output_artifacts_difference
from milonga.testing.conformance.checks.cache import second_run_difference
from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.checks.files import files_difference
from milonga.testing.conformance.checks.limits import limits_difference
from milonga.testing.conformance.checks.order import order_difference
from milonga.testing.conformance.checks.outputs import absent_outputs_difference, outputs_difference
from milonga.testing.conformance.checks.rules import rules_difference
from milonga.testing.conformance.checks.state import state_difference
from milonga.testing.conformance.checks.tasks import tasks_difference

Check = Callable[[Any, CheckContext], str]

CHECKS: Mapping[str, Check] = {
    "state": state_difference,
    "outputs": outputs_difference,
    "outputs_absent": absent_outputs_difference,
    "output_artifacts": output_artifacts_difference,
    "tasks": tasks_difference,
    "files": files_difference,
    "rules": rules_difference,
    "alternatives": alternatives_difference,
    "order": order_difference,
    "limits": limits_difference,
    "second_run": second_run_difference,
}

__all__ = ["CHECKS", "Check", "CheckContext"]
