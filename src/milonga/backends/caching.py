"""A pipeline whose every task runs."""

from __future__ import annotations

import dataclasses

from milonga.compiler.graph import Component, Graph, Task
from milonga.compiler.graph.task import CachingOptions


def without_cache(graph: Graph) -> Graph:
    """`graph` with caching switched off for every task at every level.

    It is written into the pipeline, since a remote system reads it from nowhere else: KFP ignores a switch beside an
    uploaded version, and its client's switch reaches tasks of the root only.
    """
    specification = graph.specification
    components = {name: _without(component) for name, component in graph.components.items()}
    changed = dataclasses.replace(
        specification,
        root=_without(specification.root),
        components=components if specification.components is not None else None,
    )
    return dataclasses.replace(graph, specification=changed)


def _without(component: Component) -> Component:
    if component.dag is None or not component.dag.tasks:
        return component
    tasks = {name: _uncached(task) for name, task in component.dag.tasks.items()}
    return dataclasses.replace(component, dag=dataclasses.replace(component.dag, tasks=tasks))


def _uncached(task: Task) -> Task:
    return dataclasses.replace(task, caching_options=CachingOptions(enable_cache=False))
