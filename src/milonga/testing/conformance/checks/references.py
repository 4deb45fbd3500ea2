"""References to values of a run, `task path#field`, and conditions on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from milonga.testing.conformance.matchers import ABSENT, difference
from milonga.testing.conformance.observed import ObservedArtifact, ObservedRun

_BRACED = re.compile(r"\{([^{}]*#[^{}]*)\}")


def is_reference(text: str) -> bool:
    """Whether a text has the form of a reference."""
    path, mark, field = text.rpartition("#")
    return bool(mark) and field.partition(".")[0] in (_TASK_FIELDS if path else _ROOT_FIELDS)


def references_in(line: str) -> list[str]:
    """The references that a line has in braces."""
    return _BRACED.findall(line)


def filled_line(line: str, run: ObservedRun) -> str:
    """A line with the values of its references."""
    return _BRACED.sub(lambda match: str(value_of(match.group(1), run)), line)


def value_of(reference: str, run: ObservedRun) -> Any:
    """The value behind a reference, such as `flip-coin#parameters.Output` or `#outputs.Output`; ABSENT without one."""
    path, _, field = reference.rpartition("#")
    kind, _, rest = field.partition(".")
    if not path:
        return _inside(getattr(run, kind), rest)
    task = run.tasks.get(path)
    if task is None or not task.has_run:
        return ABSENT
    found = getattr(task, kind)
    if not rest:
        return ABSENT if found is None else found
    return _inside(found, rest)


_TASK_FIELDS = frozenset({"parameters", "artifacts", "state", "iterations", "attempts"})
_ROOT_FIELDS = frozenset({"outputs", "output_artifacts"})


def _inside(value: Any, path: str) -> Any:
    """Follow a dotted path; the longest key that is there wins, for keys may hold dots."""
    if not path:
        return value
    if isinstance(value, ObservedArtifact):
        first, _, rest = path.partition(".")
        known = {"type": value.type, "uri": value.uri, "metadata": value.metadata}
        return _inside(known[first], rest) if first in known else ABSENT
    if isinstance(value, Mapping):
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            key = ".".join(parts[:count])
            if key in value:
                return _inside(value[key], ".".join(parts[count:]))
    if isinstance(value, (list, tuple)):
        first, _, rest = path.partition(".")
        if first.isdecimal() and int(first) < len(value):
            return _inside(value[int(first)], rest)
    return ABSENT


def resolved(value: Any, run: ObservedRun) -> Any:
    """A value of a rule: itself, `{"ref": reference}` or `{"list": [...]}`."""
    if isinstance(value, Mapping) and value.keys() == {"ref"}:
        return value_of(value["ref"], run)
    if isinstance(value, Mapping) and value.keys() == {"list"}:
        return [resolved(item, run) for item in value["list"]]
    return value


def holds(condition: Any, run: ObservedRun) -> bool:
    """Whether `[reference, operator, value]` holds; never when the task did not run."""
    left = value_of(condition[0], run)
    right = resolved(condition[2], run)
    if left is ABSENT or right is ABSENT:
        return False
    try:
        return OPERATORS[condition[1]](left, right)
    except TypeError:
        return False


def all_hold(conditions: Any, run: ObservedRun) -> bool:
    """Whether every condition holds."""
    return all(holds(condition, run) for condition in conditions or ())


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: not difference(right, left, ""),
    "!=": lambda left, right: bool(difference(right, left, "")),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
    "is_even": lambda left, right: isinstance(left, int) and (left % 2 == 0) is right,
}
