"""Repetition of failed attempts in the words of Argo."""

from __future__ import annotations

from typing import Any

from milonga.compiler.graph.task import Task
from milonga.errors import UnsupportedByTarget


def retry_strategy(task: Task, where: str) -> dict[str, Any]:
    """The retryStrategy of a task, empty when it has none.

    The policy is Always: a pod that is evicted or deleted ends as Error, which the default policy does not repeat.

    Raises:
        UnsupportedByTarget: E319, the pause grows by a factor that is no whole number.
    """
    policy = task.retry_policy
    if policy is None or not policy.max_retry_count:
        return {}
    made: dict[str, Any] = {"limit": policy.max_retry_count, "retryPolicy": "Always"}
    pause_s = _seconds(policy.backoff_duration)
    if pause_s:
        factor = policy.backoff_factor or 2.0
        if not float(factor).is_integer():
            raise UnsupportedByTarget(
                "E319",
                "Argo multiplies the pause between attempts by whole numbers only",
                where=where,
                got=str(factor),
                expected="such as 2",
            )
        made["backoff"] = {
            "duration": str(pause_s),
            "factor": int(factor),
            "cap": f"{_seconds(policy.backoff_max_duration) or 3600}s",
        }
    return made


def repetition(task: Task) -> dict[str, float]:
    """The repetitions of a step in a shared pod, empty when there are none."""
    policy = task.retry_policy
    if policy is None or not policy.max_retry_count:
        return {}
    pause_s = _seconds(policy.backoff_duration)
    longest_s = _seconds(policy.backoff_max_duration) or 3600
    factor = policy.backoff_factor or 2.0
    return {"limit": policy.max_retry_count, "pause_s": pause_s, "factor": factor, "pause_max_s": longest_s}


def shared_retry_strategy(limit: int) -> dict[str, Any]:
    """The retryStrategy of a pod whose tasks are repeated inside of it: only the loss of the pod itself counts."""
    if not limit:
        return {}
    return {"limit": limit, "retryPolicy": "Always", "expression": "asInt(lastRetry.exitCode) != 1"}


def _seconds(text: str | None) -> int:
    """A protobuf JSON duration, in whole seconds that are not shorter."""
    return -int(-float(text.removesuffix("s")) // 1) if text else 0
