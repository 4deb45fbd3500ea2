"""The definitions (CRDs) that a cluster holds what it is sent against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.resources import Resource
from milonga.backends.call_failed import CallFailed
from milonga.backends.failures import strange_answer
from milonga.errors import UnsupportedByTarget

_GROUP = "argoproj.io"
_PLURALS = {
    "Workflow": "workflows",
    "WorkflowTemplate": "workflowtemplates",
    "ClusterWorkflowTemplate": "clusterworkflowtemplates",
    "CronWorkflow": "cronworkflows",
}


@dataclass(frozen=True, slots=True)
class _ClusterResource(Resource):
    """A kind of object that is in no namespace."""

    def path(self, namespace: str, name: str = "", below: str = "") -> str:
        return "/" + "/".join(part for part in (self.base, self.plural, name, below) if part)


_DEFINITIONS = _ClusterResource("apis/apiextensions.k8s.io/v1", "customresourcedefinitions")


def definitions_of(connection: ArgoConnection, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """The definitions of some of Argo's kinds, as `kubectl get crd -o json` has them. One may have some megabytes.

    Args:
        connection: to the cluster; any of its namespaces will do.
        kinds: of `Workflow`, `WorkflowTemplate`, `ClusterWorkflowTemplate` and `CronWorkflow`.

    Raises:
        UnsupportedByTarget: E357 they may not be read, E358 the cluster has none for a kind.
        CallFailed: E800-E801, E803-E808.
        UsageError: E934, no cluster is named.
    """
    return [_definition(connection, kind) for kind in kinds]


def _definition(connection: ArgoConnection, kind: str) -> dict[str, Any]:
    name = f"{_PLURALS[kind]}.{_GROUP}"
    try:
        found = connection.read("GET", _DEFINITIONS, name)
    except CallFailed as failure:
        if failure.status == 403:
            raise UnsupportedByTarget(
                "E357",
                "the definitions of the cluster may not be read",
                where=failure.where,
                got=failure.got,
                expected=f"the right to get customresourcedefinitions.apiextensions.k8s.io, at least {name}",
                hint="whoever has it can write them into a file for --schemas: kubectl get crd -o yaml",
                kind="remote",
            ) from None
        if failure.status == 404:
            raise UnsupportedByTarget(
                "E358",
                f"the cluster has no definition of the kind {kind}",
                where=failure.where,
                hint="install Argo Workflows 3.7 or newer with its full CRDs, or name another context",
                kind="remote",
            ) from None
        raise
    if found.get("kind") != "CustomResourceDefinition":
        path = _DEFINITIONS.path("", name)
        raise strange_answer(connection.place(path), str(found.get("kind")), "a CustomResourceDefinition")
    return found
