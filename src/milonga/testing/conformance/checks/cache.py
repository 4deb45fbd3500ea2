"""`second_run`: the same again, with the cache. Some tasks are not executed, some are."""

from __future__ import annotations

from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.matchers import difference


def second_run_difference(expected: Any, context: CheckContext) -> str:
    """The first task that was executed and should not have been, or the other way round."""
    run = context.rerun()
    found = difference(context.expectations["state"], run.state, "second_run.state")
    if found:
        return f"{found} ({run.error})" if run.error else found
    for key, is_cached in (("cached", True), ("executed", False)):
        for path in expected.get(key, ()):
            task = run.tasks.get(path)
            if task is None or not task.has_run or task.is_cached != is_cached:
                how = "did not run" if task is None or not task.has_run else "cached" if task.is_cached else "executed"
                return f"second_run.{path}: expected {key}, got {how}"
    return ""
