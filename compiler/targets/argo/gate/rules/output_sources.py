"""Where an output parameter comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

_SOURCES: Final = {
    "container": ("path",),
    "containerSet": ("path",),
    "script": ("path",),
    "resource": ("jqFilter", "jsonPath"),
    "dag": ("parameter", "expression"),
    "steps": ("parameter", "expression"),
}


def outputs_have_sources(bundle: Bundle) -> Iterator[Fault]:
    """An output of a container is a file, of a DAG or steps a parameter or an expression, no `value`."""
    for template in bundle.templates():
        kind = next((kind for kind in _SOURCES if template.has(kind)), None)
        for output in template.at("outputs", "parameters").entries() if kind else ():
            yield from _sources(output, kind or "")


def _sources(output: Node, kind: str) -> Iterator[Fault]:
    expected = "valueFrom with " + " or ".join(_SOURCES[kind])
    is_group = kind in ("dag", "steps")
    if (output.has("value") and is_group) or not output.has("value", "valueFrom"):
        message = "an output parameter does not say where it comes from"
        got = "value" if output.has("value") else "no valueFrom"
        hint = "the controller takes it, and fails on it at run time" if is_group else ""
        yield Fault("E338", message, output, got=got, expected=expected, hint=hint)
        return
    given = [source for source in _SOURCES[kind] if output.at("valueFrom", source).text]
    if output.has("valueFrom") and (len(given) != 1 or output.has("value")):
        got = ", ".join([*map(str, output.at("valueFrom").mapping), *(["value"] if output.has("value") else [])])
        message = f"an output parameter of a {kind} template comes from no place that it can, or from several"
        yield Fault("E338", message, output.at("valueFrom"), got=got, expected=expected)
