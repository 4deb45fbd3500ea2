"""Images of containers."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node


def images_are_given(bundle: Bundle) -> Iterator[Fault]:
    """Every container names its image, unless defaults of the templates may."""
    for spec in bundle.specs():
        if spec.has("templateDefaults"):
            continue
        for template in spec.at("templates").entries():
            for container in _containers(template):
                if not container.at("image").text:
                    yield Fault("E354", "a container has no image", container, expected="image: ...")


def _containers(template: Node) -> Iterator[Node]:
    for field in ("container", "script"):
        if template.at(field).mapping or template.at(field).value == {}:
            yield template.at(field)
    yield from template.at("containerSet", "containers").entries()
    yield from template.at("initContainers").entries()
    yield from template.at("sidecars").entries()
