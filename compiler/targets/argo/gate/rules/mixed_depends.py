"""`depends` and the older ways to wait."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import tasks_of
from milonga.compiler.targets.argo.gate.dags.dag import Dag
from milonga.compiler.targets.argo.gate.fault import Fault


def one_way_to_wait(bundle: Bundle) -> Iterator[Fault]:
    """Where one task of a DAG says `depends`, none says `dependencies` or `continueOn`."""
    for template in bundle.templates():
        if not Dag.of(template).uses_depends:
            continue
        for task in tasks_of(template):
            for field in ("dependencies", "continueOn"):
                if task.at(field).value:
                    hint = "write it into `depends`: a.Succeeded || a.Failed"
                    yield Fault("E334", f"`{field}` stands in a DAG that uses `depends`", task.at(field), hint=hint)
