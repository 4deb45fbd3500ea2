"""Tasks that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.graph.cycles import find_cycle
from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.dags.dag import Dag
from milonga.compiler.targets.argo.gate.fault import Fault


def tasks_wait_in_no_circle(bundle: Bundle) -> Iterator[Fault]:
    """No task of a DAG waits for itself, over others or directly."""
    for template in bundle.templates():
        dag = Dag.of(template)
        circle = find_cycle(dag.waits_for())
        if circle:
            got = " -> ".join([*circle, circle[0]])
            yield Fault("E333", "tasks wait for each other in a circle", dag.tasks[circle[0]], got=got)
