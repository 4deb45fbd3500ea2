"""`to_kfp`: a component or pipeline of milonga as an object of kfp."""

from __future__ import annotations

import dataclasses
from typing import Any

from milonga.compiler.documents import dump_graph
from milonga.compiler.graph import Component, Container, Executor, Graph, Resources, Task, wire
from milonga.compiler.graph.task import COMPLETED
from milonga.compiler.interop.component_yaml import wrap_step
from milonga.compiler.interop.kfp_objects import require_kfp
from milonga.compiler.trace import trace
from milonga.compiler.trace.sole_step import lone_task
from milonga.dsl.definition import Definition


def to_kfp(definition: Definition[..., Any]) -> Any:
    """A kfp component that does what `definition` does.

    It works in a `@dsl.pipeline`, in kfp's compiler and in kfp's local runners, and takes keyword arguments, as all
    components of kfp do. A single step stays a single step: its tasks start with the options of `definition`, and
    kfp's own settings (`set_cpu_limit` ...) may change them. A pipeline is a pipeline inside a pipeline.

    kfp does not keep everything: see docs/how-to/bring-kfp-pipelines.md for the list.

    Args:
        definition: a component or pipeline.

    Raises:
        AuthoringError: mistakes in the pipeline.
        MissingExtra: E910, kfp is not installed.
    """
    require_kfp(f"to_kfp of '{definition.name}'")
    graph = trace(definition).graph
    found = lone_task(graph)
    if found is not None and _may_be_a_step(*found):
        container = graph.executors[found[1].executor_label or ""].container
        if container is not None:
            return _step(definition.name, graph, found[0], found[1], container)
    return _pipeline(graph)


def _may_be_a_step(task: Task, step: Component) -> bool:
    """Whether kfp has a setter for every rule of the task."""
    return not (task.condition or task.is_loop or step.single_platform_specs)


def _pipeline(graph: Graph) -> Any:
    from kfp import components

    name = graph.name
    if f"comp-{name}" in graph.components or f"exec-{name}" in graph.executors:
        # kfp takes a file for the step that has its pipeline's name
        info = dataclasses.replace(graph.specification.pipeline_info, name=f"{name}-pipeline")
        graph = graph.replace(pipeline_info=info)
    return components.load_component_from_text(dump_graph(graph))


def _step(name: str, graph: Graph, task: Task, step: Component, container: Container) -> Any:
    """A step whose tasks get their settings when they are made: kfp keeps settings with tasks, not with components."""
    from kfp.dsl import pipeline_task, structures, yaml_component

    label = f"exec-{name}"
    border = dataclasses.replace(step, executor_label=label)
    bare = Container(container.image, container.command, container.args)
    alone = wrap_step(name, border, {label: Executor(container=bare)}, description=None)

    class StepOfMilonga(yaml_component.YamlComponent):  # type: ignore[misc,unused-ignore]
        """A component of milonga. Compiled by itself it is written with all of its settings."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            made = super().__call__(*args, **kwargs)
            if made.state == pipeline_task.TaskState.FUTURE:  # kfp.local has run the task already
                _apply_resources(made, container.resources)
                _apply_rules(made, task)
                made.platform_config = {key: dict(value) for key, value in platforms.items()}
            return made

    platforms = {key: graph.platform_settings(step.executor_label or "", key) for key in graph.platforms or {}}
    component_spec: Any = structures.ComponentSpec.from_yaml_documents(dump_graph(alone))
    component_spec.implementation.container.env = {item.name: item.value or "" for item in container.env or ()} or None
    component_spec.platform_spec = _platform_message(graph)
    component_spec.description = graph.specification.pipeline_info.description
    return StepOfMilonga(component_spec=component_spec, component_yaml=dump_graph(graph))


def _platform_message(graph: Graph) -> Any:
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    messages: Any = pipeline_spec_pb2  # its classes are made when it is imported
    message = messages.PlatformSpec()
    if graph.platforms is not None:
        json_format.ParseDict({"platforms": wire.dump(graph.platforms)}, message)
    return message


def _apply_resources(made: Any, resources: Resources | None) -> None:
    if resources is None:
        return
    for value, setter in (
        (resources.resource_cpu_limit, made.set_cpu_limit),
        (resources.resource_memory_limit, made.set_memory_limit),
        (resources.resource_cpu_request, made.set_cpu_request),
        (resources.resource_memory_request, made.set_memory_request),
    ):
        if value:
            setter(value)
    accelerator = resources.accelerator
    if accelerator is not None and accelerator.resource_type:
        made.set_accelerator_type(accelerator.resource_type)
        made.set_accelerator_limit(str(accelerator.resource_count or 1))


def _apply_rules(made: Any, task: Task) -> None:
    caching, retries, trigger = task.caching_options, task.retry_policy, task.trigger_policy
    made.set_caching_options(bool(caching and caching.enable_cache), caching.cache_key if caching else None)
    if retries is not None:
        made.set_retry(
            retries.max_retry_count or 0,
            retries.backoff_duration,
            retries.backoff_factor,
            retries.backoff_max_duration,
        )
    if trigger is not None and trigger.strategy == COMPLETED:
        made.ignore_upstream_failure()


__all__ = ["to_kfp"]
