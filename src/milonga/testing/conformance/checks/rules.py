"""`rules`: relations that hold in every run, also of a pipeline that flips a coin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.checks.references import all_hold, filled_line, resolved, value_of
from milonga.testing.conformance.checks.tasks import log_difference
from milonga.testing.conformance.matchers import ABSENT, difference, shown
from milonga.testing.conformance.observed import ObservedRun


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of rule: its check, and the keys that it must and may have beside `rule` and `if`."""

    check: Callable[[Mapping[str, Any], ObservedRun], str]
    required: frozenset[str]
    optional: frozenset[str] = frozenset()


def rules_difference(expected: Any, context: CheckContext) -> str:
    """The first rule that does not hold."""
    for index, rule in enumerate(expected):
        if not all_hold(rule.get("if"), context.run):
            continue
        found = RULES[rule["rule"]].check(rule, context.run)
        if found:
            return f"rules[{index}] {rule['rule']}: {found}"
    return ""


def _runs_iff(rule: Mapping[str, Any], run: ObservedRun) -> str:
    task, state = rule["task"], run.state_of(rule["task"])
    if all_hold(rule["when"], run):
        return "" if state == "SUCCEEDED" else f"{task}: expected SUCCEEDED, got {state or 'no such task'}"
    return f"{task}: expected that it does not run, got {state}" if run.has_run(task) else ""


def _exactly_one(rule: Mapping[str, Any], run: ObservedRun) -> str:
    found = [task for task in rule["tasks"] if run.state_of(task) == "SUCCEEDED"]
    return "" if len(found) == 1 else f"expected exactly one SUCCEEDED of {rule['tasks']}, got {found}"


def _at_least_one(rule: Mapping[str, Any], run: ObservedRun) -> str:
    states = [run.state_of(task) for task in rule["tasks"]]
    return "" if rule["state"] in states else f"expected {rule['state']} among {rule['tasks']}, got {states}"


def _equal(rule: Mapping[str, Any], run: ObservedRun) -> str:
    left = value_of(rule["left"], run)
    if left is ABSENT:
        return ""
    right = resolved(rule["right"], run)
    if right is ABSENT:
        return f"{rule['left']} is {shown(left)}, and {rule['right']['ref']} has no value"
    return difference(right, left, rule["left"])


def _in_range(rule: Mapping[str, Any], run: ObservedRun) -> str:
    value = value_of(rule["ref"], run)
    if value is ABSENT:
        return ""
    wanted = {"$type": "integer" if rule.get("integer", True) else "number", "$range": [rule["min"], rule["max"]]}
    return difference(wanted, value, rule["ref"])


def _value_in(rule: Mapping[str, Any], run: ObservedRun) -> str:
    value = value_of(rule["ref"], run)
    return "" if value is ABSENT else difference({"$one_of": rule["values"]}, value, rule["ref"])


def _logs(rule: Mapping[str, Any], run: ObservedRun) -> str:
    if not run.has_run(rule["task"]):
        return ""
    return log_difference([filled_line(rule["line"], run)], run.tasks[rule["task"]], rule["task"])


RULES: Mapping[str, Rule] = {
    "runs_iff": Rule(_runs_iff, frozenset({"task", "when"})),
    "exactly_one": Rule(_exactly_one, frozenset({"tasks"})),
    "at_least_one": Rule(_at_least_one, frozenset({"tasks", "state"})),
    "equal": Rule(_equal, frozenset({"left", "right"})),
    "in_range": Rule(_in_range, frozenset({"ref", "min", "max"}), frozenset({"integer"})),
    "value_in": Rule(_value_in, frozenset({"ref", "values"})),
    "logs": Rule(_logs, frozenset({"task", "line"})),
}
