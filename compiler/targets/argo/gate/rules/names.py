"""Names that Kubernetes and Argo take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import calls_of
from milonga.compiler.targets.argo.gate.document import TEMPLATE_KINDS
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

_LENGTHS_MAX: Final = {"Workflow": 63, "CronWorkflow": 52, **dict.fromkeys(TEMPLATE_KINDS, 63), "ConfigMap": 253}
"""Of a CronWorkflow fewer: a time is appended. The others' names are values of labels."""

_GENERATED_MAX: Final = 58
"""A server cuts what is longer, and appends five characters."""

_FIELD_MAX: Final = 128
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PREFIX = re.compile(r"[a-z0-9][-a-z0-9.]*")
_FIELD = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")
_PORT = re.compile(r"[-a-zA-Z0-9_]+")
_LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def names_are_taken(bundle: Bundle) -> Iterator[Fault]:
    """Objects, labels, templates, tasks, steps, inputs and outputs have names of the right letters and length.

    3.7 admits some of them and then fails the workflow ("invalid spec"), so they are wrong there too.
    """
    for root in bundle.of_kind(*_LENGTHS_MAX):
        yield from _object(root)
    for spec in bundle.specs():
        yield from _ports(spec.at("arguments"))
        for template in spec.at("templates").entries():
            yield from _field("template", template)
            yield from _ports(template.at("inputs"))
            yield from _ports(template.at("outputs"))
            for call in calls_of(spec, template):
                yield from _field("task" if template.has("dag") else "step", call.caller)
                yield from _ports(call.caller.at("arguments"))


def _object(root: Node) -> Iterator[Fault]:
    metadata = root.at("metadata")
    name, prefix, most = metadata.at("name"), metadata.at("generateName"), _LENGTHS_MAX[root.document.kind]
    if name.text:
        if len(name.text) > most or not _OBJECT.fullmatch(name.text):
            expected = f"1 to {most} of a-z, 0-9 and -"
            got = f"{name.text} ({len(name.text)} characters)"
            yield Fault("E347", f"this cannot be the name of a {root.document.kind}", name, got=got, expected=expected)
    elif prefix.text:
        got = f"{prefix.text} ({len(prefix.text)} characters)"
        if not _PREFIX.fullmatch(prefix.text):
            expected = "a-z, 0-9 and -"
            yield Fault("E347", "this cannot be the beginning of a generated name", prefix, got=got, expected=expected)
        elif len(prefix.text) > _GENERATED_MAX:
            message = "the beginning of a generated name is cut"
            expected = f"at most {_GENERATED_MAX} characters"
            yield Fault("E347", message, prefix, severity="warning", got=got, expected=expected)
    else:
        yield Fault("E347", "an object has no name", metadata, expected="metadata.name or metadata.generateName")
    for label in metadata.at("labels").children():
        if len(label.text) > 63 or not _LABEL.fullmatch(label.text) or not _LABEL_KEY.fullmatch(str(label.steps[-1])):
            got = f"{label.steps[-1]}: {label.text}"
            yield Fault(
                "E347", "a label has a form that is refused", label, got=got, expected="63 of A-Z a-z 0-9 - _ ."
            )


def _field(noun: str, node: Node) -> Iterator[Fault]:
    name = node.at("name")
    if "{{" in name.text:
        return  # of steps; what it becomes is known at run time only
    if not _FIELD.fullmatch(name.text) or len(name.text) > _FIELD_MAX:
        yield Fault(
            "E347",
            f"this cannot be the name of a {noun}",
            name if node.has("name") else node,
            got=f"{name.text} ({len(name.text)} characters)",
            expected=f"1 to {_FIELD_MAX} of A-Z, a-z, 0-9 and -, no - in front",
        )


def _ports(node: Node) -> Iterator[Fault]:
    for port in ("parameters", "artifacts"):
        for entry in node.at(port).entries():
            if "{{" not in entry.name and not _PORT.fullmatch(entry.name):
                place = entry.at("name") if entry.has("name") else entry
                expected = "A-Z, a-z, 0-9, - and _"
                yield Fault(
                    "E347", f"this cannot be the name of a {port[:-1]}", place, got=entry.name, expected=expected
                )
