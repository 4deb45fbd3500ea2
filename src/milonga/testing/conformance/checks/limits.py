"""`limits`: how many iterations of a loop may be under way at the same time."""

from __future__ import annotations

import re
from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.observed import ObservedRun


def limits_difference(expected: Any, context: CheckContext) -> str:
    """The first loop over its limit, or without iterations."""
    for loop, limit in expected.items():
        spans = _spans(context.run, loop)
        if not spans:
            return f"limits.{loop}: expected at most {limit} iterations at a time, and none was run"
        most = _most_at_a_time(spans)
        if most > limit:
            return f"limits.{loop}: expected at most {limit} iterations at a time, got {most}"
    return ""


def _spans(run: ObservedRun, loop: str) -> list[tuple[float, float]]:
    """Start and end of each iteration: from its first task's start to its last one's end."""
    pattern = re.compile(re.escape(loop) + r"\[(\d+)\](?:/|$)")
    spans: dict[str, tuple[float, float]] = {}
    for path, task in run.tasks.items():
        match = pattern.match(path)
        if match is None or task.started_at is None or task.ended_at is None:
            continue
        start, end = spans.get(match.group(1), (task.started_at, task.ended_at))
        spans[match.group(1)] = (min(start, task.started_at), max(end, task.ended_at))
    return list(spans.values())


def _most_at_a_time(spans: list[tuple[float, float]]) -> int:
    """An iteration that starts at the very moment at which another ends does not overlap with it."""
    events = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    most = now = 0
    for _, change in events:
        now += change
        most = max(most, now)
    return most
