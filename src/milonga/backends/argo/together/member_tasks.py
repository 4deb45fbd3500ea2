"""Tasks of a run that shared a pod."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from milonga.backends.argo.nodes.node import Node
from milonga.backends.argo.nodes.task_node import TaskNode, TaskState
from milonga.backends.argo.together.journals import Rows

_PHASES: Mapping[str, str] = {
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "CANCELLED": "Failed",
    "SKIPPED": "Skipped",
    "NOT_RUN": "Omitted",
}


def member_tasks(node: Node, pod: Node, rows: Rows, *, group: str, is_cancelled: bool) -> Iterator[TaskNode]:
    """The tasks that a pod has run.

    Args:
        node: stands for the pod, with all of its attempts.
        pod: the last of these.
        rows: what it has noted.
        group: name of the group of tasks.
        is_cancelled: whether somebody has stopped the run.
    """
    for row in rows:
        state = _state(str(row.get("state") or ""), is_cancelled=is_cancelled)
        cause = str(row.get("cause") or "")
        if row.get("state") in ("RUNNING", "CANCELLED") and state == "FAILED":
            cause = pod.message or "the pod has ended before the task"
        kind = "group" if row.get("kind") == "group" else "step"
        own = _timed(pod, row, state)
        yield TaskNode(
            path=str(row["path"]),
            kind=kind,  # type: ignore[arg-type]
            state=state,
            node=dataclasses.replace(own, id=f"{node.id}/{row['path']}"),
            attempts=tuple(_attempt(pod, attempt) for attempt in row.get("attempts") or ()),
            iterations=row.get("iterations"),
            message=cause if state == "FAILED" else "",
            together=group,
            holder=node.id,
        )


def _state(noted: str, *, is_cancelled: bool) -> TaskState:
    """The state of a task of a pod that has ended: what had not ended then has failed with it.

    A pod that is told to stop notes its tasks as cancelled; it cannot know whether a person has stopped the run, or the
    node is drained.
    """
    if noted in ("SUCCEEDED", "FAILED", "SKIPPED", "NOT_RUN"):
        return noted  # type: ignore[return-value]
    return "CANCELLED" if is_cancelled else "FAILED"


def _timed(pod: Node, row: Mapping[str, Any], state: str) -> Node:
    return dataclasses.replace(
        pod, phase=_PHASES[state], started_at=row.get("started_at"), ended_at=row.get("ended_at"), message=""
    )


def _attempt(pod: Node, row: Mapping[str, Any]) -> Node:
    state = "SUCCEEDED" if row.get("state") == "SUCCEEDED" else "FAILED"
    code = row.get("exit")
    return dataclasses.replace(
        _timed(pod, row, state),
        message=str(row.get("cause") or ""),
        document={"outputs": {"exitCode": "" if code is None else str(code)}},
        is_reused=bool(row.get("cached")),
        cpu_s=float(row.get("cpu_s") or 0.0),
        memory_bytes=int(row.get("memory_bytes") or 0),
    )
