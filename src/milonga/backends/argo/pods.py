"""The pods of a run, and what the cluster says about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.marks import NODE_ID, WORKFLOW
from milonga.backends.argo.nodes.messages import pull_told
from milonga.backends.argo.resources import EVENTS, PODS
from milonga.backends.call_failed import CallFailed

MAIN = "main"
"""The container of a pod that does the task's work."""
_ORDINARY = ("ContainerCreating", "PodInitializing", "Completed")
_EVENTS_MAX = 3


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod.

    Attributes:
        name: its name.
        node: id of the node that it belongs to.
        status: all that Kubernetes says about it.
    """

    name: str
    node: str
    status: Mapping[str, Any] = field(repr=False, hash=False)

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """The states of its containers, those that run before the others first."""
        return [*(self.status.get("initContainerStatuses") or []), *(self.status.get("containerStatuses") or [])]

    @property
    def has_begun(self) -> bool:
        """Whether its work has begun, so that there can be a log."""
        for container in self.status.get("containerStatuses") or []:
            if container.get("name") == MAIN:
                state = container.get("state") or {}
                return bool(state.get("running") or state.get("terminated") or container.get("lastState"))
        return False

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be written."""
        return self.status.get("phase") in ("Succeeded", "Failed") or any(
            (container.get("state") or {}).get("terminated")
            for container in self.status.get("containerStatuses") or []
            if container.get("name") == MAIN
        )


def pods_of(connection: ArgoConnection, workflow: str) -> dict[str, Pod]:
    """The pods of a Workflow that are still there, by id of their node.

    Raises:
        CallFailed: E800-E808.
    """
    found: dict[str, Pod] = {}
    for item in connection.listed(PODS, labelSelector=f"{WORKFLOW}={workflow}"):
        metadata = item["metadata"]
        node = str((metadata.get("annotations") or {}).get(NODE_ID) or "")
        if node:
            found[node] = Pod(str(metadata["name"]), node, item.get("status") or {})
    return found


def reasons_of(connection: ArgoConnection, pod: Pod, *, with_events: bool) -> tuple[str, ...]:
    """Why a pod waits, or what it ended by: of nodes, images, memory and volumes.

    Raises:
        CallFailed: E800-E808, unless it is that we may not see events.
    """
    found = [*_of_conditions(pod), *_of_containers(pod)]
    if with_events:
        found += _of_events(connection, pod)
    return tuple(dict.fromkeys(reason for reason in found if reason))


def _of_conditions(pod: Pod) -> Iterator[str]:
    for condition in pod.status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield _sentence(condition)
    if pod.status.get("reason"):
        yield _sentence(pod.status)


def _of_containers(pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting and waiting.get("reason") not in _ORDINARY:
            yield f"container {container.get('name')}: {_sentence(waiting)}"
        if ended.get("reason") in ("OOMKilled", "ContainerCannotRun", "StartError", "DeadlineExceeded"):
            yield f"container {container.get('name')}: {_sentence(ended)} (exit code {ended.get('exitCode')})"


def _of_events(connection: ArgoConnection, pod: Pod) -> list[str]:
    selector = f"involvedObject.kind=Pod,involvedObject.name={pod.name}"
    try:
        events = connection.read("GET", EVENTS, query={"fieldSelector": selector, "limit": "100"}).get("items") or []
    except CallFailed as failure:
        if failure.status == 403:
            return []
        raise
    warnings = [event for event in events if event.get("type") == "Warning"]
    warnings.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return [_sentence(event) for event in warnings[-_EVENTS_MAX:]]


def _sentence(said: Mapping[str, Any]) -> str:
    """Reason and message of anything of Kubernetes, in one line."""
    parts = [" ".join(str(said.get(key) or "").split()) for key in ("reason", "message")]
    return pull_told(": ".join(part for part in parts if part))[:600]
