"""The door of the gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.spelling import Spelling
from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.document import Document
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node, Step
from milonga.compiler.targets.argo.gate.rules import RULES
from milonga.compiler.targets.argo.gate.shapes.catalogue import shape_source
from milonga.compiler.targets.argo.gate.shapes.checker import faults_of_shape
from milonga.compiler.targets.argo.gate.versions import known_version


def findings(
    documents: Sequence[Mapping[str, Any]], *, version: str, schemas: Path | None = None
) -> Iterator[Diagnostic]:
    """Everything that the API server or the controller would refuse or get wrong, document by document.

    Args:
        documents: the documents of one file or of several that are sent together: `Workflow`, `WorkflowTemplate`,
            `ClusterWorkflowTemplate`, `CronWorkflow` and `ConfigMap`. Plain data, as a reader of YAML gives it.
        version: the line of Argo Workflows that gets them, "3.7", "4.0" or "4.1".
        schemas: a folder or file with the full definitions (CRDs) of the cluster's kinds, as YAML, JSON or gzip: what
            `kubectl get crd -o yaml` prints, or JSON Schemas named `Kind.v1alpha1.schema.json`. None for the table of
            fields that milonga carries, which knows names and types but no patterns.

    Raises:
        UnsupportedByTarget: E320, `version` is not known; E322, `schemas` cannot be read or lacks a kind.
    """
    kept = tuple(Document.of(index, data) for index, data in enumerate(documents))
    bundle = Bundle(kept, known_version(version), Spelling())
    source = shape_source(bundle.version, schemas)
    by_rules = [fault for rule in RULES for fault in rule(bundle)]
    said = {(fault.node.document.index, fault.node.steps) for fault in by_rules if fault.severity == "error"}
    by_shape = [
        fault
        for document in kept
        for fault in faults_of_shape(Node(document, (), document.data), source.shape_of(document), bundle.spelling)
        if fault.severity == "warning" or fault.code == "E342" or not _is_said(fault, said)
    ]
    order = {document.index: position for position, document in enumerate(kept)}
    for fault in sorted(by_shape + by_rules, key=lambda fault: order[fault.node.document.index]):
        yield fault.diagnostic()


def _is_said(fault: Fault, said: set[tuple[int, tuple[Step, ...]]]) -> bool:
    """Whether a rule, which has better words, has spoken about this place, or about a field of it for a CEL rule."""
    index, steps = fault.node.document.index, fault.node.steps
    if (index, steps) in said:
        return True
    return fault.code == "E325" and any(
        other == index and place[:-1] == steps for other, place in said if len(place) == len(steps) + 1
    )
