"""What becomes of those that wait for a loop without items."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.dags.dag import Dag, may_be_empty
from milonga.compiler.targets.argo.gate.fault import Fault

_LEFT_OUT = frozenset(("Omitted",))


def loops_may_be_empty(bundle: Bundle) -> Iterator[Fault]:
    """A loop without items is Skipped: who waits for its success in the same DAG is left out, and the DAG succeeds."""
    for template in bundle.templates():
        dag = Dag.of(template)
        for name in (name for name, task in dag.tasks.items() if may_be_empty(task)):
            ends = dag.outcomes({name: frozenset(("Skipped",))}, with_failures=False)
            for other, depends in dag.depends.items():
                if (name, "Succeeded") in depends.names and ends.get(other) == _LEFT_OUT:
                    yield Fault(
                        "E340",
                        f"when the loop '{name}' has no items, this task and all behind it are left out in silence",
                        dag.tasks[other].at("depends"),
                        got=dag.tasks[other].at("depends").text,
                        expected=f"{name}.Succeeded || {name}.Skipped",
                        hint="put the loop alone into a DAG template of its own: that one succeeds without items",
                    )
