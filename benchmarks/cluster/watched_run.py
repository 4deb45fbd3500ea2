"""What was seen of one run on a cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WatchedRun:
    """A Workflow that has succeeded.

    Attributes:
        name: of the Workflow.
        wall_s: from when it was made until it had ended, in whole seconds, as the cluster says.
        pods: that the cluster has of it.
        pod_nodes: attempts in pods, as the Workflow's status counts them.
        final_bytes: of the Workflow in the API server's answer, as JSON; it stores the same.
        own_bytes: of it without `metadata.managedFields`, which kubectl does not show either.
        peak_bytes: the largest that was seen.
        is_packed: whether Argo has packed the status because the object was near its limit.
        cpu_s: of all its containers, Argo's included; None where the node is another machine.
    """

    name: str
    wall_s: float
    pods: int
    pod_nodes: int
    final_bytes: int
    own_bytes: int
    peak_bytes: int
    is_packed: bool
    cpu_s: float | None
