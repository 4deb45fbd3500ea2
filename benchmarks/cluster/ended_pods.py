"""The pods of a large run that have ended, taken off the node while it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterable

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.marks import COMPLETED, WORKFLOW
from milonga.backends.argo.resources import PODS

_EVERY_S = 20.0


class EndedPods:
    """Counts the pods of one run, and deletes those that Argo has done with.

    A node that keeps more than a thousand dead pods starts the next ones slowly; on a cluster, Argo's `podGC` or the
    collection of Kubernetes does this. Argo marks a pod as completed after it has read its outputs, so nothing is lost
    but its log.
    """

    def __init__(self, connection: ArgoConnection, run: str, *, are_kept: bool) -> None:
        """One run.

        Args:
            connection: to its cluster.
            run: name of the Workflow.
            are_kept: nothing is deleted.
        """
        self._connection = connection
        self._ended = f"{WORKFLOW}={run},{COMPLETED}=true"
        self._are_kept = are_kept
        self._names: set[str] = set()
        self._next_s = 0.0

    def look(self) -> None:
        """Delete what has ended since the last look, if it is time for one."""
        if self._are_kept or time.perf_counter() < self._next_s:
            return
        self._next_s = time.perf_counter() + _EVERY_S
        deleted = self._connection.read("DELETE", PODS, query={"labelSelector": self._ended})
        self._names.update(str(pod["metadata"]["name"]) for pod in deleted.get("items") or [])

    def counted(self, left: Iterable[str]) -> int:
        """How many pods there have been, with those that the cluster still has."""
        return len(self._names.union(left))
