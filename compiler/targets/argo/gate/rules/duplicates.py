"""Names side by side that are one and the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import calls_of, steps_of, tasks_of
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

_PORTS = ("parameters", "artifacts")


def names_are_unique(bundle: Bundle) -> Iterator[Fault]:
    """Documents of a kind, templates, tasks, steps, inputs, outputs, arguments and volumes differ in their names."""
    yield from _documents(bundle)
    for spec in bundle.specs():
        yield from _same("template", spec.at("templates").entries())
        yield from _ports(spec.at("arguments"))
        yield from _same("volume", spec.at("volumes").entries())
        for template in spec.at("templates").entries():
            yield from _same("task", tasks_of(template))
            yield from _same("step", steps_of(template))
            yield from _same("volume", template.at("volumes").entries())
            yield from _ports(template.at("inputs"))
            yield from _ports(template.at("outputs"))
            for call in calls_of(spec, template):
                yield from _ports(call.caller.at("arguments"))


def _ports(node: Node) -> Iterator[Fault]:
    for port in _PORTS:
        yield from _same(port[:-1], node.at(port).entries())


def _same(noun: str, entries: Iterable[Node]) -> Iterator[Fault]:
    seen: set[str] = set()
    for entry in entries:
        if entry.name and entry.name in seen:
            yield Fault("E327", f"two {noun}s have the same name", entry, got=entry.name, hint="rename one of them")
        seen.add(entry.name)


def _documents(bundle: Bundle) -> Iterator[Fault]:
    seen: set[tuple[str, str, str]] = set()
    for document in bundle.documents:
        metadata = Node(document, (), document.data).at("metadata")
        key = (document.kind, metadata.at("namespace").text, metadata.name)
        if metadata.name and key in seen:
            got = f"{document.kind} {metadata.name}"
            yield Fault("E327", "two documents have the same kind and name", metadata.at("name"), got=got)
        seen.add(key)
