"""Whether a graph is nothing but one step, as one has that was compiled from a component alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.graph import Component, Graph, Task

_OF_THE_DAG_AROUND = frozenset({"componentInputParameter", "taskOutputParameter"})
"""Keys of a platform setting that takes its value from the pipeline in which its task stands."""


def lone_task(graph: Graph) -> tuple[Task, Component] | None:
    """The only task of a graph that hands all inputs to it and all of its outputs out, and the step that it runs."""
    tasks = (graph.root.dag.tasks if graph.root.dag else None) or {}
    if len(tasks) != 1:
        return None
    task = next(iter(tasks.values()))
    step = graph.components.get(task.component_ref.name if task.component_ref else "")
    if step is None or step.executor_label not in graph.executors or _looks_around(graph):
        return None
    return (task, step) if _passes_inputs(graph.root, task, step) and _passes_outputs(graph.root, step) else None


def sole_step(graph: Graph) -> Component | None:
    """The component behind a graph that adds nothing to it; None when the graph says more than its only step."""
    found = lone_task(graph)
    return found[1] if found is not None and _is_plain(found[0]) else None


def _is_plain(task: Task) -> bool:
    """Whether it has no rules of its own: it may be cached, as every step may."""
    cached = task.caching_options is not None and task.caching_options.enable_cache is True
    return cached and task == Task(task.component_ref, task.task_info, task.inputs, None, task.caching_options)


def _passes_inputs(root: Component, task: Task, component: Component) -> bool:
    """Whether the task takes each input of the root, under its own name."""
    if component.input_definitions != root.input_definitions:
        return False
    taken = {key: binding.component_input_parameter for key, binding in task.parameter_bindings.items()}
    taken |= {key: binding.component_input_artifact for key, binding in task.artifact_bindings.items()}
    return taken == {key: key for key in [*component.input_parameters, *component.input_artifacts]}


def _passes_outputs(root: Component, component: Component) -> bool:
    """Whether the root hands out each output of its task, under its own name."""
    outputs = root.dag.outputs if root.dag else None
    made: dict[str, str] = {}
    for key, parameter in ((outputs.parameters if outputs else None) or {}).items():
        if parameter.value_from_parameter is not None:
            made[key] = parameter.value_from_parameter.output_parameter_key
    for key, artifact in ((outputs.artifacts if outputs else None) or {}).items():
        if artifact.artifact_selectors is not None and len(artifact.artifact_selectors) == 1:
            made[key] = artifact.artifact_selectors[0].output_artifact_key
    names = [*root.output_parameters, *root.output_artifacts]
    own = {*component.output_parameters, *component.output_artifacts}
    return made == {key: key for key in names} and own == set(names)


def _looks_around(graph: Graph) -> bool:
    return not _OF_THE_DAG_AROUND.isdisjoint(
        key
        for platform in graph.platforms or {}
        for label in graph.executors
        for key in _keys(graph.platform_settings(label, platform))
    )


def _keys(value: Any) -> Iterator[str]:
    """All keys in a JSON value."""
    if isinstance(value, Mapping):
        yield from value
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _keys(inner)


__all__ = ["lone_task", "sole_step"]
