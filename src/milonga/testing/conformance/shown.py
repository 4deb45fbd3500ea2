"""What of a case's expectations can be held against a back end that does not show its tasks.

The rule, from the side of the back end: of each task only the outputs that it has left behind count, and only where it
is beyond doubt whose they are; a line that a task has to print may stand anywhere in the output of the run. Everything
else that is said of tasks (states, attempts, iterations, order, limits, use of the cache, rules about tasks) is left
out and named, neither passed nor failed. How the run ended, what it handed out and the files that it left always count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from milonga.testing.conformance.checks import CheckContext
from milonga.testing.conformance.observed import ObservedRun, ObservedTask
from milonga.testing.conformance.printed_order import in_key_order

HIDDEN = "NOT_SHOWN"
"""Stands for the state of a task that the back end does not show."""

_OF_TASKS = frozenset({"order", "limits", "second_run", "alternatives"})
"""Keys of a case that speak of tasks only."""


def shown_part(context: CheckContext) -> tuple[CheckContext, tuple[str, ...]]:
    """The case without what cannot be seen, and the names of what was left out, sorted; mostly all of it and none."""
    if context.run.shows_tasks:
        return context, ()
    hidden: set[str] = set()
    kept: dict[str, Any] = {}
    for key, expected in context.expectations.items():
        if key in _OF_TASKS:
            hidden.add(key)
        elif key == "tasks":
            kept[key] = _shown_tasks(expected, context.run, hidden)
        elif key == "rules":
            kept[key] = [rule for rule in expected if not _speaks_of_tasks(rule)]
            hidden.update({"rules"} if len(kept[key]) < len(expected) else ())
        else:
            kept[key] = expected
    tasks = {path: _as_seen(context.run.tasks.get(path), context.run) for path in kept.get("tasks", {})}
    return replace(context, run=replace(context.run, tasks=tasks), expectations=kept), tuple(sorted(hidden))


def _shown_tasks(expected: Mapping[str, Any], run: ObservedRun, hidden: set[str]) -> dict[str, Any]:
    """What is expected of outputs that were left behind, and of logs, by path; `hidden` gets the rest."""
    kept: dict[str, Any] = {}
    for path, wanted in expected.items():
        task = run.tasks.get(path, ObservedTask(HIDDEN))
        seen = {"parameters": task.parameters, "artifacts": task.artifacts}
        found: dict[str, Any] = {}
        for key, value in wanted.items():
            if key == "log_lines":
                found[key] = [in_key_order(line) if isinstance(line, str) else line for line in value]
            elif key in seen and (names := value.keys() & seen[key].keys()):
                found[key] = {name: value[name] for name in value if name in names}
            if key not in found or len(found[key]) < len(value):
                hidden.add(f"tasks.{key}")
        if found:
            kept[path] = found
    return kept


def _as_seen(task: ObservedTask | None, run: ObservedRun) -> ObservedTask:
    return replace(task or ObservedTask(HIDDEN), state=HIDDEN, log=run.log)


def _speaks_of_tasks(rule: Any) -> bool:
    """Whether a rule names a task, or refers to one: a reference to the root begins with `#`."""
    if isinstance(rule, Mapping):
        named = any(key in rule for key in ("task", "tasks"))
        return named or any(_speaks_of_tasks(value) for key, value in rule.items() if key != "rule")
    if isinstance(rule, list):
        return any(_speaks_of_tasks(item) for item in rule)
    return isinstance(rule, str) and "#" in rule and not rule.startswith("#")
