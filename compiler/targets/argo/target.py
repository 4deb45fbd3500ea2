"""The targets `argo`, `argo-workflow` and `argo-cluster`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.documents import dump_yaml
from milonga.compiler.graph import Graph
from milonga.compiler.graph.own_settings import RUNTIME_IMAGE, with_own_setting
from milonga.compiler.targets.argo.gate import findings
from milonga.compiler.targets.argo.known_results import KnownResults
from milonga.compiler.targets.argo.manifest import documents, manifest, runtime_image
from milonga.compiler.targets.argo.refusal import refusal
from milonga.compiler.targets.argo.table import TABLE
from milonga.compiler.targets.base import Target
from milonga.errors import UnsupportedByTarget


class ArgoTarget(Target):
    """Writes a WorkflowTemplate for a bare Argo Workflows: one pod a step, no server, no database.

    One form for all lines of Argo; the file holds two ConfigMaps and the template.
    """

    name = "argo"
    title = "Argo Workflows"
    versions = ("3.7", "4.0", "4.1")
    table = TABLE
    takes_schemas = True
    shares_pods = True
    has_runtime_image = True
    kind: ClassVar[str] = "WorkflowTemplate"

    def with_own_images(self, graph: Graph) -> Graph:
        """The image of pods that compute values for Argo, and of what starts containers without Python."""
        return with_own_setting(graph, RUNTIME_IMAGE, runtime_image(graph))

    def refusals(self, graph: Graph, schemas: Path | None = None) -> Iterator[Diagnostic]:
        """What Argo cannot do, and what its API server or controller would say of the file."""
        try:
            made = list(documents(manifest(graph), self.kind))
        except UnsupportedByTarget as error:
            yield refusal(graph, error)
            return
        yield from findings(made, version=self.version, schemas=schemas)

    def emit(self, graph: Graph) -> str:
        """YAML documents, ready for `kubectl apply`."""
        return self.emit_run(graph, {})

    def emit_run(self, graph: Graph, known: KnownResults) -> str:
        """The same for one run, some of whose results are known before it begins."""
        return "---\n".join(dump_yaml(document) for document in documents(manifest(graph, known), self.kind))


class ArgoWorkflowTarget(ArgoTarget):
    """Writes one run, for `kubectl create`."""

    name = "argo-workflow"
    title = "Argo Workflows, one run"
    kind = "Workflow"


class ArgoClusterTarget(ArgoTarget):
    """Writes a ClusterWorkflowTemplate; its ConfigMaps must be in each namespace that runs it."""

    name = "argo-cluster"
    title = "Argo Workflows, for all namespaces"
    kind = "ClusterWorkflowTemplate"
