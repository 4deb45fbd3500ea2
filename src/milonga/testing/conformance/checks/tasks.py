"""`tasks`: state, outputs, log, iterations and attempts of tasks by path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.testing.conformance.checks.artifacts import artifacts_difference
from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.matchers import ABSENT, difference, shown, subset_difference
from milonga.testing.conformance.observed import ObservedTask


def tasks_difference(expected: Any, context: CheckContext) -> str:
    """The first listed task that differs. Tasks that are not listed are not checked."""
    for path, wanted in expected.items():
        found = _task_difference(wanted, path, context)
        if found:
            return found
    return ""


def _task_difference(expected: Mapping[str, Any], path: str, context: CheckContext) -> str:
    where = f"tasks.{path}"
    task = context.run.tasks.get(path)
    state = context.run.state_of(path)
    found = difference(expected.get("state", {"$type": "string"}), ABSENT if state is None else state, f"{where}.state")
    if found:
        return f"{found} ({task.error})" if task is not None and task.error else found
    if task is None:
        task = ObservedTask(state="NOT_RUN")
    texts = (
        subset_difference(expected.get("parameters") or {}, task.parameters, f"{where}.parameters"),
        artifacts_difference(expected.get("artifacts") or {}, task.artifacts, f"{where}.artifacts"),
        _count_difference(expected, "iterations", task.iterations, where),
        _count_difference(expected, "attempts", task.attempts, where),
        log_difference(expected.get("log_lines") or [], task, where),
    )
    return next((text for text in texts if text), "")


def _count_difference(expected: Mapping[str, Any], key: str, actual: int | None, where: str) -> str:
    if key not in expected:
        return ""
    return difference(expected[key], ABSENT if actual is None else actual, f"{where}.{key}")


def log_difference(expected: list[Any], task: ObservedTask, where: str) -> str:
    """Whole lines of the task's output, in this order; other lines may stand between them."""
    if not expected:
        return ""
    position = 0
    tail = ""
    for line in task.lines():
        tail = line
        if not difference(expected[position], line, ""):
            position += 1
            if position == len(expected):
                return ""
    wanted = shown(expected[position])
    return f"{where}.log_lines[{position}]: expected {wanted}, not found; the log ends with {shown(tail)}"
