"""Limits on how many run at once."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault


def parallelism_stands_on_groups(bundle: Bundle) -> Iterator[Fault]:
    """`parallelism` counts the children of a DAG or of steps; other templates have none."""
    for template in bundle.templates():
        if template.has("parallelism") and not template.has("dag", "steps"):
            hint = "set it on the DAG that runs this template"
            yield Fault(
                "E341", "`parallelism` stands on a template without children", template.at("parallelism"), hint=hint
            )
