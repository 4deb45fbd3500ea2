"""States of Argo in the words of all back ends."""

from __future__ import annotations

from collections.abc import Mapping

from milonga.backends.argo.nodes.node import Node
from milonga.backends.argo.nodes.task_node import TaskState
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.remote_state import RemoteState

_NODES: Mapping[str, TaskState] = {
    "": "PENDING",
    "Pending": "PENDING",
    "Running": "RUNNING",
    "Succeeded": "SUCCEEDED",
    "Skipped": "SKIPPED",
    "Omitted": "NOT_RUN",
    "Failed": "FAILED",
    "Error": "FAILED",
}
_RUNS: Mapping[str, RemoteState] = {
    "": "PENDING",
    "Pending": "PENDING",
    "Running": "RUNNING",
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Error": "FAILED",
}
_ENDED_BY_US = (137, 143)


def run_state(workflow: Workflow) -> RemoteState:
    """Where a run is."""
    known = _RUNS.get(workflow.phase, "UNKNOWN")
    if workflow.shutdown:
        return {"FAILED": "CANCELLED", "SUCCEEDED": "SUCCEEDED"}.get(known, "CANCELLING")  # type: ignore[return-value]
    return "PAUSED" if workflow.is_suspended and not workflow.has_ended else known


def node_state(workflow: Workflow, node: Node) -> TaskState:
    """Where a node is; of an omitted one, NOT_RUN whatever it waited for."""
    state = _NODES.get(node.phase, "RUNNING")
    return "CANCELLED" if state == "FAILED" and workflow.shutdown and _was_shut_down(node) else state


def _was_shut_down(node: Node) -> bool:
    by_signal = node.exit_code in _ENDED_BY_US and "OOMKilled" not in node.message
    return node.message.startswith("workflow shutdown") or by_signal
