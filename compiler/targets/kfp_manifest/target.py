"""The target `kfp-manifest`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.documents import dump_yaml
from milonga.compiler.graph import Graph
from milonga.compiler.scope import Scope
from milonga.compiler.targets.kfp.target import KfpTarget

_API_VERSION = "pipelines.kubeflow.org/v2beta1"
_DIGEST_SHOWN = 12
_NAME_MAX = 253
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
"""A DNS-1123 subdomain."""


class KfpManifestTarget(KfpTarget):
    """Writes a Pipeline and a PipelineVersion (`pipelines.kubeflow.org/v2beta1`), for an API server that keeps its
    pipelines in Kubernetes (`--pipelinesStoreKubernetes`, KFP 2.14) and for GitOps: apply the file, and it is there.

    The version's name ends with the graph's digest: a changed pipeline is a new version, an unchanged one is the same
    object. The namespace is left to whoever applies the file.
    """

    name = "kfp-manifest"
    title = "Kubeflow Pipelines, as Kubernetes resources"

    def findings(self, graph: Graph) -> Iterator[Diagnostic]:
        """What KFP's back end does differently, and a name that is no name of Kubernetes."""
        yield from super().findings(graph)
        if not _NAME.fullmatch(graph.name) or len(self._version_name(graph)) > _NAME_MAX:
            yield Scope(graph, "root", graph.root).finding(
                "E301",
                f"target {self.name} refuses the pipeline's name, which is no name of a Kubernetes object",
                severity="warning",
                got=graph.name[:160],
                expected="lower case letters, digits, dashes and single dots between them, at most "
                f"{_NAME_MAX - _DIGEST_SHOWN - 1}",
                hint="@pipeline(name=...)",
            )

    def emit(self, graph: Graph) -> str:
        """Two YAML documents."""
        info = graph.specification.pipeline_info
        texts = {"displayName": info.display_name or info.name, "description": info.description or ""}
        texts = {key: text for key, text in texts.items() if text}
        specification, *platforms = graph.to_documents()
        version = {"pipelineName": info.name, "pipelineSpec": specification, **texts}
        if platforms:
            version["platformSpec"] = platforms[0]
        documents = (
            {"apiVersion": _API_VERSION, "kind": "Pipeline", "metadata": {"name": info.name}, "spec": texts},
            {
                "apiVersion": _API_VERSION,
                "kind": "PipelineVersion",
                "metadata": {"name": self._version_name(graph)},
                "spec": version,
            },
        )
        return "---\n".join(dump_yaml(document) for document in documents)

    def _version_name(self, graph: Graph) -> str:
        return f"{graph.name}-{graph.digest()[:_DIGEST_SHOWN]}"
