"""Deadlines."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault

_LEAVES_ONLY = ("timeout", "activeDeadlineSeconds", "pendingTimeout")


def deadlines_stand_on_leaves(bundle: Bundle) -> Iterator[Fault]:
    """No deadline on DAGs and steps; a `timeout` is a duration with a unit."""
    for template in bundle.templates():
        for field in _LEAVES_ONLY:
            node = template.at(field)
            if node.value not in (None, "") and template.has("dag", "steps"):
                hint = "set it on the templates that it runs, or `activeDeadlineSeconds` on the whole workflow"
                yield Fault("E344", f"`{field}` stands on a DAG or steps", node, got=str(node.value), hint=hint)
            elif field != "activeDeadlineSeconds" and node.text.lstrip("+-").isdigit():
                yield Fault("E344", f"`{field}` has no unit", node, got=node.text, expected=f"{node.text}s")
