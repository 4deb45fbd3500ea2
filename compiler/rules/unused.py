"""What a pipeline carries and never uses: a slip of the author, or a leftover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph.edges import SIDES
from milonga.compiler.rules.types import CHANNEL
from milonga.compiler.scope import Scope


def inputs_are_used(scope: Scope) -> Iterator[Diagnostic]:
    """Each input of a pipeline goes to a task of it."""
    outward = scope.whole.outward.get(scope.name, frozenset()) if not scope.is_root else frozenset()
    unused = {
        name: side.noun
        for side in SIDES
        for name in side.inputs(scope.component)
        if not name.startswith(CHANNEL) and name not in outward  # a group's border is its compiler's
    }
    if not unused or not scope.tasks:
        return
    taken = set(_taken(scope))
    if taken - _known(scope):
        return  # one of the unused may be meant there: that is one mistake, and another rule's
    for name in taken:
        unused.pop(name, None)
    for name, noun in unused.items():
        yield scope.finding(
            "E238",
            f"nothing uses the input {noun} '{name}'",
            severity="warning",
            hint="give it to a task, or remove it",
        )


def _known(scope: Scope) -> set[str]:
    return {name for side in SIDES for name in side.inputs(scope.component)}


def _taken(scope: Scope) -> Iterator[str]:
    """Names of inputs that something inside takes: bindings, and settings of the platform."""
    for name, edges in scope.whole.edges(scope.component).items():
        for edge in edges:
            if edge.output and not edge.producer:
                yield edge.output
            value = getattr(edge.binding, "runtime_value", None)
            if value is not None and value.runtime_parameter:
                yield value.runtime_parameter
        used = scope.used(scope.tasks[name])
        for platform in scope.graph.platforms or {}:
            settings = scope.graph.platform_settings((used.executor_label if used else None) or "", platform)
            yield from input_names(settings)


def input_names(settings: Any) -> Iterator[str]:
    """The inputs of the DAG that settings of a platform take their values from."""
    if isinstance(settings, Mapping):
        for key, value in settings.items():
            if key == "componentInputParameter" and isinstance(value, str):
                yield value
            else:
                yield from input_names(value)
    elif isinstance(settings, (list, tuple)):
        for item in settings:
            yield from input_names(item)


def components_are_used(scope: Scope) -> Iterator[Diagnostic]:
    """Each component and executor of the file is part of the pipeline."""
    if not scope.is_root or not scope.tasks:
        return
    graph, reached = scope.graph, scope.whole.reached
    for name in (
        graph.components if reached <= graph.components.keys() else ()
    ):  # else one name may be meant for another
        if name not in reached:
            finding = scope.dag_of(name).finding
            yield finding("E239", f"no task uses the component '{name}'", severity="warning", hint="remove it")
    labels = {component.executor_label for component in graph.components.values()} - {None}
    for label in graph.executors if labels <= graph.executors.keys() else ():
        if label not in labels:
            yield scope.finding(
                "E239", f"no component uses the executor '{label}'", severity="warning", hint="remove it"
            )
