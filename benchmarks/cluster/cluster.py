"""The cluster that the kubeconfig names."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from benchmarks.cluster.containers_cpu import ContainersCpu
from benchmarks.cluster.ended_pods import EndedPods
from benchmarks.cluster.flows import NAMES, submitted
from benchmarks.cluster.watched_run import WatchedRun
from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.argo_settings import ArgoSettings
from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.argo.marks import PIPELINE
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.resources import CONFIG_MAPS, PODS, TEMPLATES, WORKFLOWS
from milonga.backends.patience import Patience
from milonga.errors import MilongaError

if TYPE_CHECKING:
    from typing_extensions import Self

LOOK_EVERY_S = 0.5
LOOK_SHARE = 0.05
"""A large object is looked at less often: a look may take so much of the time."""

LIMIT_S = 900.0


class ClusterMissing(Exception):
    """There is no cluster to measure on; the message says why."""


class RunFailed(Exception):
    """A run did not succeed, or not in time."""


class Cluster:
    """Starts runs, watches them, and removes all that it has made when it is left."""

    def __init__(self, connection: ArgoConnection) -> None:
        self._connection = connection
        self._runs: list[str] = []

    @classmethod
    def reached(cls) -> Self:
        """The cluster of KUBECONFIG, in the namespace that `milonga submit` would take.

        Raises:
            ClusterMissing: no KUBECONFIG, or nobody answers.
        """
        if not os.environ.get("KUBECONFIG"):
            raise ClusterMissing("KUBECONFIG names no cluster")
        try:
            connection = ArgoConnection(ArgoSettings.resolved({}), Patience())
            connection.read("GET", WORKFLOWS, query={"limit": "1"})
        except MilongaError as error:
            raise ClusterMissing(str(error).splitlines()[0]) from error
        return cls(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def ours(
        self,
        flow: str,
        tasks: int = 1,
        *,
        fuse: bool = False,
        use_cache: bool = False,
        keep_pods: bool = True,
        limit_s: float = LIMIT_S,
    ) -> WatchedRun:
        """Run one of our pipelines.

        Args:
            flow: its function in `FLOWS`.
            tasks: how many it has.
            fuse: whether tasks that fit each other share a pod.
            use_cache: whether results of earlier runs may be taken.
            keep_pods: False takes pods that have ended off the node while others run.
            limit_s: when it is given up.

        Raises:
            CannotFuse: there is no such option.
            NotSubmitted: it was not started.
            RunFailed: it did not succeed.
        """
        return self._watched(
            lambda: submitted(flow, tasks, fuse=fuse, use_cache=use_cache), limit_s, keep_pods=keep_pods
        )

    def plain(self, workflow: Mapping[str, Any], *, limit_s: float = LIMIT_S) -> WatchedRun:
        """Run a Workflow as it stands.

        Raises:
            RunFailed: it did not succeed.
        """
        account = self._connection.settings.service_account
        spec = {**workflow["spec"], **({"serviceAccountName": account} if account else {})}
        body = {**workflow, "spec": spec}
        return self._watched(
            lambda: str(self._connection.ask("POST", WORKFLOWS, body=body)["metadata"]["name"]), limit_s
        )

    def printed(self, run: WatchedRun) -> list[str]:
        """What the tasks of one of our runs have printed."""
        lines: list[str] = []
        ArgoBackend.configured({}, Patience()).operations.logs(run.name, lambda line: lines.append(line.text))
        return lines

    def _watched(self, start: Callable[[], str], limit_s: float, *, keep_pods: bool = True) -> WatchedRun:
        with ContainersCpu() as cpu:
            name = start()
            self._runs.append(name)
            ended = EndedPods(self._connection, name, are_kept=keep_pods)
            document, sizes = self._ended(name, time.perf_counter() + limit_s, ended)
        workflow = Workflow.from_json(document)
        wall_s = (workflow.ended_at or 0) - (workflow.created_at or 0)
        print(f"{name}: {workflow.phase} after {wall_s:.0f} s", file=sys.stderr, flush=True)
        if workflow.phase != "Succeeded":
            raise RunFailed(f"{name} has ended as {workflow.phase}: {workflow.status.get('message', '')}")
        pods = self._connection.listed(PODS, labelSelector=f"workflows.argoproj.io/workflow={name}")
        return WatchedRun(
            name=name,
            wall_s=wall_s,
            pods=ended.counted(str(pod["metadata"]["name"]) for pod in pods),
            pod_nodes=sum(node.type == "Pod" for node in workflow.nodes.values()),
            final_bytes=sizes[-1],
            own_bytes=_own_bytes(document),
            peak_bytes=max(sizes),
            is_packed=bool(document["status"].get("compressedNodes")),
            cpu_s=cpu.used_s(id for pod in pods for id in _containers(pod)),
        )

    def _ended(self, name: str, until: float, pods: EndedPods) -> tuple[dict[str, Any], list[int]]:
        """The Workflow when it has ended, and its size at each look."""
        sizes: list[int] = []
        while True:
            before = time.perf_counter()
            raw = self._connection.opened("GET", WORKFLOWS.path(self._connection.namespace, name)).data
            document: dict[str, Any] = json.loads(raw)
            sizes.append(len(raw))
            if (document.get("status") or {}).get("phase") in ("Succeeded", "Failed", "Error"):
                return document, sizes
            if time.perf_counter() > until:
                self._connection.read("DELETE", WORKFLOWS, name)  # so that it is in nobody's way
                raise RunFailed(f"{name} has not ended in time")
            pods.look()
            time.sleep(max(LOOK_EVERY_S, (time.perf_counter() - before) / LOOK_SHARE))

    def _remove(self) -> None:
        """What cannot be removed stays: the benchmark has its figures."""
        for name in self._runs:
            with contextlib.suppress(MilongaError):
                self._connection.read("DELETE", WORKFLOWS, name)
        for flow in NAMES:
            for resource in (TEMPLATES, CONFIG_MAPS):
                with contextlib.suppress(MilongaError):
                    for item in self._connection.listed(resource, labelSelector=f"{PIPELINE}={flow}"):
                        self._connection.read("DELETE", resource, str(item["metadata"]["name"]))


def _containers(pod: Mapping[str, Any]) -> list[str]:
    """The ids of its containers, those of Argo included."""
    status = pod.get("status") or {}
    found = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return [str(item.get("containerID") or "").rpartition("/")[2] for item in found]


def _own_bytes(document: Mapping[str, Any]) -> int:
    metadata = {key: value for key, value in document["metadata"].items() if key != "managedFields"}
    return len(json.dumps({**document, "metadata": metadata}, separators=(",", ":"), ensure_ascii=False).encode())
