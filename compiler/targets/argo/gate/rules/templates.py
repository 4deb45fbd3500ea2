"""Templates that are called, and exist."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node


def templates_exist(bundle: Bundle) -> Iterator[Fault]:
    """What entry points, exit handlers, tasks, steps and hooks call is there, as far as these documents tell."""
    for spec in bundle.specs():
        reference = spec.at("workflowTemplateRef")
        home = bundle.referred_spec(reference) if reference.mapping else spec
        for field in ("entrypoint", "onExit"):
            if home is not None and spec.at(field).text:
                yield from _named(bundle, home, spec.at(field))
        yield from _hooks(bundle, spec, spec)
    for call in bundle.calls():
        yield from _called(bundle, call.spec, call.caller)
        yield from _hooks(bundle, call.spec, call.caller)


def _hooks(bundle: Bundle, spec: Node, owner: Node) -> Iterator[Fault]:
    if spec.has("workflowTemplateRef"):
        return
    for hook in owner.at("hooks").children():
        yield from _called(bundle, spec, hook)


def _called(bundle: Bundle, spec: Node, caller: Node) -> Iterator[Fault]:
    ways = [way for way in ("template", "templateRef", "inline") if caller.has(way)]
    if len(ways) != 1:
        got = ", ".join(ways) or "none of them"
        expected = "one of template, templateRef, inline"
        yield Fault("E328", "it is not said which template runs", caller, got=got, expected=expected)
        return
    reference = caller.at("templateRef")
    if not reference.mapping:
        if ways == ["template"]:
            yield from _named(bundle, spec, caller.at("template"))
        return
    other = bundle.referred_spec(reference)
    if other is not None:
        yield from _named(bundle, other, reference.at("template"))


def _named(bundle: Bundle, spec: Node, node: Node) -> Iterator[Fault]:
    if "{{" not in node.text and bundle.template(spec, node.text) is None:
        known = [entry.name for entry in spec.at("templates").entries()]
        hint = bundle.spelling.nearest(node.text, known)
        yield Fault("E328", f"there is no template '{node.text[:128]}'", node, got=node.text, hint=hint)
