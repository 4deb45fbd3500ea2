"""Argo Workflows under test: the cluster that the kubeconfig names."""

from __future__ import annotations

import base64
import copy
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.argo.bundle import Bundle
from milonga.backends.patience import Patience
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.compiler.passes.fusion import Fuse
from milonga.compiler.targets.argo.known_results import KnownResults
from milonga.engine.home import Home
from milonga.engine.result import RunResult
from milonga.errors import MilongaError
from milonga.lineage import LineageStore
from milonga.testing.conformance.backend import ArtifactArgument, RunRequest
from milonga.testing.conformance.cluster_secrets import provide_secrets
from milonga.testing.conformance.milonga_backend import MilongaBackend, observed
from milonga.testing.conformance.observed import ObservedRun

_LOOK_EVERY_S = 2.0
_RUN_LIMIT_S = 900.0


class ArgoConformance:
    """Reads files with the compiler, runs them on a cluster, and brings what was recorded there to this machine."""

    @property
    def provides(self) -> frozenset[str]:
        """Secrets are made in the namespace for the time of a run; labels and annotations come from the file."""
        return frozenset({"secrets", "pod-metadata"})

    def read(self, file: Path) -> None:
        """Read, check and write again.

        Raises:
            InvalidPipeline: the file is invalid.
        """
        MilongaBackend().read(file)

    def run(self, request: RunRequest) -> ObservedRun:
        """Run a file.

        Raises:
            MilongaError: the run could not be started, or does not end.
        """
        backend = _backend(request)
        graph = self._compiled(request.file)
        artifacts = {name: _argument(item) for name, item in request.artifact_arguments.items()}
        submission = SubmitRequest({**request.arguments, **artifacts}, use_cache=request.use_cache)
        provide_secrets(request.secrets)
        run = backend.submit(graph, submission)
        _wait(backend, run.run_id)
        home = Home(request.home)
        record = backend.operations.import_run(run.run_id, home, graph=graph)
        store = LineageStore(home.database)
        try:
            tasks = {task.path: task for task in store.tasks(record.id)}
        finally:
            store.close()
        seen = observed(RunResult(record, tasks, home.run(record.id), None))
        return _with_logs(seen, backend, run.run_id, home.root / "printed" / record.id)

    def _compiled(self, file: Path) -> Graph:
        return load_graph(file)


class FusedArgoConformance(ArgoConformance):
    """The same, with tasks that share pods wherever they may."""

    def _compiled(self, file: Path) -> Graph:
        return Fuse().run(load_graph(file))


class _WithFolder(ArgoBackend):
    """Mounts a folder of this machine into every pod, at its own path: the cluster's node must be this machine."""

    folder: str = ""

    def bundle(self, graph: Graph, known: KnownResults | None = None) -> Bundle:
        """The pipeline, its pods with the folder."""
        found = super().bundle(graph, known)
        template = copy.deepcopy(dict(found.template))
        name = "milonga-conformance"
        spec = template["spec"]
        spec["volumes"] = [*spec.get("volumes", ()), {"name": name, "hostPath": {"path": self.folder}}]
        for item in spec["templates"]:
            if "container" in item:
                mounts = [*item["container"].get("volumeMounts", ()), {"name": name, "mountPath": self.folder}]
                item["container"]["volumeMounts"] = mounts
        return replace(found, template=template)


def _backend(request: RunRequest) -> ArgoBackend:
    """The back end; where the arguments name a folder of the test's, one whose pods have it."""
    folder = str(request.home.parent / "tmp")
    if folder not in str(request.arguments):
        return ArgoBackend.configured({}, Patience())
    backend = _WithFolder.configured({}, Patience())
    backend.folder = folder
    return backend


def _wait(backend: ArgoBackend, run_id: str) -> None:
    until = time.monotonic() + _RUN_LIMIT_S
    while not backend.status(run_id).ended:
        if time.monotonic() > until:
            backend.cancel(run_id)
            raise MilongaError("E992", f"the run '{run_id}' does not end", got=f"{_RUN_LIMIT_S:.0f} s", kind="remote")
        time.sleep(_LOOK_EVERY_S)


def _with_logs(run: ObservedRun, backend: ArgoBackend, run_id: str, folder: Path) -> ObservedRun:
    """The run with what its tasks have printed."""
    printed: dict[str, list[str]] = {}
    backend.operations.logs(run_id, lambda line: printed.setdefault(line.task, []).append(line.text))
    folder.mkdir(parents=True, exist_ok=True)
    tasks = dict(run.tasks)
    for at, (path, lines) in enumerate(sorted(printed.items())):
        log = folder / f"{at}.log"
        log.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        if path in tasks:
            tasks[path] = replace(tasks[path], log=log)
    return replace(run, tasks=tasks)


def _argument(item: ArtifactArgument) -> dict[str, Any]:
    content = base64.b64encode(item.path.read_bytes()).decode("ascii")
    return {"type": item.type, "metadata": dict(item.metadata), "content": content}
