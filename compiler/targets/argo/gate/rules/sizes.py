"""How large things may be."""

from __future__ import annotations

import json
from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.document import TEMPLATE_KINDS
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

OBJECT_BYTES_MAX = 2**20
"""What the controller takes for a workflow (MAX_WORKFLOW_SIZE), and Kubernetes for the content of a ConfigMap."""

ARGUMENT_BYTES_MAX = 128 * 1024
"""What Linux takes for one argument or environment variable, the zero byte at its end included."""


def sizes_are_in_bounds(bundle: Bundle) -> Iterator[Fault]:
    """Objects stay below 1 MiB, arguments and environment variables below 128 KiB."""
    for root in bundle.of_kind("Workflow", "CronWorkflow", *TEMPLATE_KINDS):
        text = json.dumps(root.value, ensure_ascii=False, separators=(",", ":"), default=str)
        hint = "put code and data into a ConfigMap or an artifact, templates into several WorkflowTemplates"
        yield from _large(root, len(_encoded(text)), OBJECT_BYTES_MAX, "an object", hint)
    for template in bundle.templates():
        for container in _containers(template):
            for field in ("command", "args"):
                for node in container.at(field).elements():
                    yield from _large(node, len(_encoded(node.text)) + 1, ARGUMENT_BYTES_MAX, "an argument")
            for entry in container.at("env").entries():
                size = len(_encoded(entry.name)) + len(_encoded(entry.at("value").text)) + 2
                yield from _large(entry, size, ARGUMENT_BYTES_MAX, "an environment variable")


def _containers(template: Node) -> Iterator[Node]:
    yield template.at("container")
    yield template.at("script")
    for field in (("containerSet", "containers"), ("initContainers",), ("sidecars",)):
        yield from template.at(*field).entries()


def _large(node: Node, size: int, most: int, noun: str, hint: str = "pass it in a file") -> Iterator[Fault]:
    if size > most:
        expected = f"at most {most} bytes"
        yield Fault("E346", f"{noun} is too large", node, got=f"{size} bytes", expected=expected, hint=hint)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
