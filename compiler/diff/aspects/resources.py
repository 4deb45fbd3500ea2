"""What a container asks for. Today's texts and the deprecated numbers beside them are one fact."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diff.facts import Fact, Reading
from milonga.compiler.diff.tree import Node
from milonga.compiler.graph import Resources
from milonga.compiler.graph.executor import Accelerator
from milonga.compiler.graph.quantities import amount


def resources(node: Node, reading: Reading) -> Iterator[Fact]:
    """Limits, requests, accelerator."""
    container = node.executor.container if node.executor is not None else None
    if container is None or container.resources is None:
        return
    found: Resources = container.resources
    for what, text, number, unit in (
        ("cpu", found.resource_cpu_limit, found.cpu_limit, ""),
        ("memory", found.resource_memory_limit, found.memory_limit, "G"),
        ("cpu request", found.resource_cpu_request, found.cpu_request, ""),
        ("memory request", found.resource_memory_request, found.memory_request, "G"),
    ):
        wanted = text or (f"{number!r}{unit}" if number else "")
        if wanted:
            number_text = _number(reading.compared.filled(node, wanted))
            shown = text or f"{number:g}{unit}"
            yield Fact("resource", what, number_text, reading.shown.filled(node, shown))
    yield from _accelerator(node, reading, found.accelerator)


def _number(text: str) -> str:
    """The quantity as a number, so that 4Gi and 4096Mi are equal; the text itself, where it is none (a placeholder)."""
    try:
        return f"{amount(text):.12g}"
    except ValueError:
        return text


def _accelerator(node: Node, reading: Reading, found: Accelerator | None) -> Iterator[Fact]:
    if found is None:
        return
    kind = found.resource_type or found.type
    count = found.resource_count or ("" if found.count is None else str(found.count))
    if kind:
        yield reading.filled("resource", "accelerator", node, kind)
    if count:
        yield reading.filled("resource", "accelerator count", node, count)
