"""Documents of kinds that the gate knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.document import API_VERSION, TEMPLATE_KINDS
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

_API_VERSIONS: Final = {
    "ConfigMap": "v1",
    **dict.fromkeys(("Workflow", "CronWorkflow", *TEMPLATE_KINDS), API_VERSION),
}


def documents_are_known(bundle: Bundle) -> Iterator[Fault]:
    """Each says its kind and the API version of it; of other kinds nothing can be said here."""
    for document in bundle.documents:
        root = Node(document, (), document.data)
        given = root.at("apiVersion").text
        expected = _API_VERSIONS.get(document.kind)
        if not document.kind or not given:
            yield Fault("E321", "a document says neither kind nor API version", root, expected="apiVersion and kind")
        elif expected is None:
            message = "a document of this kind is not checked"
            yield Fault("E321", message, root, severity="warning", got=document.kind, expected=", ".join(_API_VERSIONS))
        elif given != expected:
            place = root.at("apiVersion")
            yield Fault("E321", "a document has another API version than its kind", place, got=given, expected=expected)
