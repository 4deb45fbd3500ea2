"""Whether a graph hangs together: what is named exists, and nothing waits for itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph.cycles import find_cycle
from milonga.compiler.rules.base import Scope


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known name."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(sorted(known)[:12]) or 'none'}"


def components_exist(scope: Scope) -> Iterator[Diagnostic]:
    """Each task names a component of the graph."""
    for name, task in scope.tasks.items():
        if scope.used(task) is None:
            wanted = task.component_ref.name if task.component_ref else ""
            hint = nearest(wanted, scope.graph.components)
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
                hint=nearest(component.executor_label or "", scope.graph.executors),
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
                    hint=nearest(producer, scope.tasks),
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
