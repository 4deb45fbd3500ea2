"""Facts about one task, in groups. `facts_of` gathers them all; the order of the groups has no meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from milonga.compiler.diff.aspects.borders import inputs, outputs
from milonga.compiler.diff.aspects.control import cache, condition, loop, retry
from milonga.compiler.diff.aspects.execution import container, implementation, importer, other_executors, program
from milonga.compiler.diff.aspects.pipeline import information, pipeline_settings, runtimes
from milonga.compiler.diff.aspects.platform import component_settings, task_settings
from milonga.compiler.diff.aspects.resources import resources
from milonga.compiler.diff.aspects.wiring import bindings, order
from milonga.compiler.diff.facts import Fact, Reading
from milonga.compiler.diff.tree import Node

Aspect = Callable[[Node, Reading], Iterator[Fact]]

ASPECTS: tuple[Aspect, ...] = (
    information,
    pipeline_settings,
    runtimes,
    implementation,
    program,
    container,
    importer,
    other_executors,
    resources,
    inputs,
    outputs,
    bindings,
    order,
    condition,
    loop,
    retry,
    cache,
    component_settings,
    task_settings,
)


def facts_of(node: Node, reading: Reading) -> dict[tuple[str, str], Fact]:
    """Everything that is compared about `node` itself, by identity; what is in its DAG is its children's."""
    return {fact.identity: fact for aspect in ASPECTS for fact in aspect(node, reading)}


__all__ = ["ASPECTS", "Aspect", "facts_of"]
