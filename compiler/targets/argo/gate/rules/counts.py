"""How many of each there may be."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

TEMPLATES_MAX, TASKS_MAX, INPUTS_MAX, METRICS_MAX = 200, 200, 500, 100
"""Since 4.0; 3.7 states none of them."""


def counts_are_in_bounds(bundle: Bundle) -> Iterator[Fault]:
    """Templates, tasks, inputs and metrics are not too many, and a DAG has a task."""
    for spec in bundle.specs():
        yield from _many(bundle, spec.at("templates"), TEMPLATES_MAX, "put templates into several WorkflowTemplates")
        for template in spec.at("templates").entries():
            yield from _many(bundle, template.at("dag", "tasks"), TASKS_MAX, "put tasks into nested DAG templates")
            yield from _many(bundle, template.at("inputs", "parameters"), INPUTS_MAX, "pass one JSON text")
            yield from _many(bundle, template.at("metrics", "prometheus"), METRICS_MAX, "")
            if template.has("dag") and not template.at("dag", "tasks").value:
                hint = 'a DAG without work holds one task with `when: "false"`'
                yield Fault("E348", "a DAG has no task", template.at("dag"), expected="at least one", hint=hint)


def _many(bundle: Bundle, node: Node, most: int, hint: str) -> Iterator[Fault]:
    count = sum(1 for _ in node.elements())
    if bundle.is_since_4 and count > most:
        yield Fault(
            "E348", f"there are too many {node.steps[-1]}", node, got=str(count), expected=f"at most {most}", hint=hint
        )
