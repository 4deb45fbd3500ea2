"""A task of a run, and the nodes behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from milonga.backends.argo.nodes.node import Node

TaskState = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "SKIPPED", "NOT_RUN", "CANCELLED"]


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task of a run.

    Attributes:
        path: task names joined by "/", a loop iteration as "[i]".
        kind: "step" for what a pod runs, "group" for what holds other tasks.
        state: where it is.
        node: the node that stands for it; of a task with retries, the one around its attempts.
        attempts: the nodes of its pods, the first one first.
        iterations: of a loop, how many there are.
        message: what Argo, or the task itself, says about it; "" for nothing.
        together: the name of the group that it shared a pod with; of the pod itself, as long as nothing is known of its
            tasks, that of the group.
        holder: id of the node of that pod; "" for a task with a node of its own.
        progress: of a pod at work that has several steps, "ended/all" of these; "" where it has not said so yet.
    """

    path: str
    kind: Literal["step", "group"]
    state: TaskState
    node: Node
    attempts: tuple[Node, ...] = ()
    iterations: int | None = None
    message: str = ""
    together: str = ""
    holder: str = ""
    progress: str = ""

    @property
    def started_at(self) -> float | None:
        """When it, or its first attempt, began."""
        return None if self.state in ("SKIPPED", "NOT_RUN") else self.node.started_at

    @property
    def ended_at(self) -> float | None:
        """When it ended, None for not yet."""
        return None if self.state in ("SKIPPED", "NOT_RUN") else self.node.ended_at
