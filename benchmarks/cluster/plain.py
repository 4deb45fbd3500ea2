"""The peer: what somebody would write by hand who wants nothing but the order."""

from __future__ import annotations

from typing import Any

IMAGE = "python:3.11"
NAME = "plain"
_LEAF = {"name": "leaf", "container": {"image": IMAGE, "command": ["python3", "-c", "pass"]}}


def plain_chain(tasks: int) -> dict[str, Any]:
    """A Workflow of tasks that do nothing, one after the other: no values, no artifacts."""
    chain: list[dict[str, str]] = [{"name": "t-0", "template": "leaf"}]
    chain += [{"name": f"t-{at}", "template": "leaf", "depends": f"t-{at - 1}"} for at in range(1, tasks)]
    return _workflow(chain)


def plain_loop(tasks: int, *, at_once: int = 0) -> dict[str, Any]:
    """A Workflow of iterations that do nothing, side by side.

    Args:
        tasks: how many there are.
        at_once: how many run at the same time; 0 for all of them.
    """
    made = _workflow([{"name": "it", "template": "leaf", "withSequence": {"count": str(tasks)}}])
    if at_once:
        made["spec"]["parallelism"] = at_once
    return made


def _workflow(tasks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"{NAME}-"},
        "spec": {"entrypoint": "main", "templates": [{"name": "main", "dag": {"tasks": tasks}}, _LEAF]},
    }
