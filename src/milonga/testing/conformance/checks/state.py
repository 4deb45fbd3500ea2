"""`state`: how the run ended."""

from __future__ import annotations

from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.matchers import difference


def state_difference(expected: Any, context: CheckContext) -> str:
    """The state of the whole run, with its error where it should not have one."""
    found = difference(expected, context.run.state, "state")
    return f"{found} ({context.run.error})" if found and context.run.error else found
