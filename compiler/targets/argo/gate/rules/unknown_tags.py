"""Braces in data."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.tags.known import ROOTS
from milonga.compiler.targets.argo.gate.tags.reference import split_plain
from milonga.compiler.targets.argo.gate.tags.tag import tags_in


def braces_are_references(bundle: Bundle) -> Iterator[Fault]:
    """What stands in double braces is something that Argo knows; else it is data, and not safe there."""
    for spec in bundle.specs():
        for node in spec.texts():
            for tag in tags_in(node.text) if "{{" in node.text else ():
                is_plain = tag.is_closed and not tag.is_expression and "{{" not in tag.content
                if is_plain and split_plain(tag.content)[0] not in ROOTS:
                    yield Fault(
                        "E345",
                        "double braces hold no reference of Argo",
                        node,
                        severity="warning",
                        got=tag.shown,
                        hint=r"data belongs into a ConfigMap, or is JSON with \u007b\u007b for {{",
                    )
