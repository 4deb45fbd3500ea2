"""Whether a graph hangs together: what is named exists, and nothing waits for itself."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph.cycles import find_cycle
from milonga.compiler.scope import Scope

_ROOT = "root"


def components_exist(scope: Scope) -> Iterator[Diagnostic]:
    """Each task names a component of the graph."""
    for name, task in scope.tasks.items():
        if scope.used(task) is None:
            wanted = task.component_ref.name if task.component_ref else ""
            hint = scope.nearest(wanted, scope.graph.components)
            yield scope.finding(
                "E210", f"the task uses component '{wanted}', which does not exist", task=name, hint=hint
            )


def executors_exist(scope: Scope) -> Iterator[Diagnostic]:
    """Each component is a DAG or names an executor of the graph."""
    for name, task in scope.tasks.items():
        component = scope.used(task)
        if component is None or component.dag is not None:
            continue
        if component.executor_label not in scope.graph.executors:
            yield scope.finding(
                "E212",
                f"the component uses executor '{component.executor_label}', which does not exist",
                task=name,
                hint=scope.nearest(component.executor_label or "", scope.graph.executors),
            )


def producers_exist(scope: Scope) -> Iterator[Diagnostic]:
    """Each task waits only for tasks of its own DAG."""
    for name, task in scope.tasks.items():
        for producer in sorted(task.producers()):
            if producer not in scope.tasks:
                yield scope.finding(
                    "E211",
                    f"the task waits for '{producer}', which is no task beside it",
                    task=name,
                    hint=scope.nearest(producer, scope.tasks),
                )


def no_cycles(scope: Scope) -> Iterator[Diagnostic]:
    """No tasks wait for each other in a circle."""
    cycle = find_cycle({name: task.producers() for name, task in scope.tasks.items()})
    if cycle:
        yield scope.finding(
            "E143", "tasks wait for each other in a circle", task=cycle[0], got=" → ".join([*cycle, cycle[0]])
        )


def has_tasks(scope: Scope) -> Iterator[Diagnostic]:
    """A pipeline does something."""
    if scope.is_root and not scope.tasks:
        yield scope.finding("E149", "the pipeline has no task")


def components_end(scope: Scope) -> Iterator[Diagnostic]:
    """No component holds itself, directly or through others."""
    if not scope.is_root:
        return
    inside = {name: frozenset(used) for name, used in scope.whole.inside.items() if name}
    cycle = find_cycle(inside)
    if cycle:
        finding = scope.finding_at_use(scope.whole.uses.get(cycle[0]))
        got = " → ".join([*cycle, cycle[0]])
        yield finding("E269", "a component holds itself, so it has no end", got=got, hint="use a loop")


def root_is_the_pipeline(scope: Scope) -> Iterator[Diagnostic]:
    """No component has the name that stands for the pipeline itself."""
    if scope.is_root and _ROOT in scope.graph.components:
        finding = scope.finding_at_use(scope.whole.uses.get(_ROOT))
        yield finding(
            "E270",
            f"a component is named '{_ROOT}', which is the name of the pipeline itself",
            expected="another name, such as 'comp-root'",
            hint=f"'{_ROOT}' is reserved: findings, rewrites and back ends take such a component for the pipeline",
        )
