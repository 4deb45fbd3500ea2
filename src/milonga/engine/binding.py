"""From a task's bindings to its input values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import ArtifactBinding, ParameterBinding, wire
from milonga.engine.instances import DagInstance, TaskInstance
from milonga.engine.placeholders import PlaceholderContext
from milonga.engine.values import Bundle, coerce, document_value, resolve_constant, select
from milonga.errors import RunError
from milonga.lineage.records import flattened

ABSENT = object()
"""Marks a value that was never made: an input that was not given, an output of a branch that did not run."""


def resolve_inputs(task: TaskInstance, names: Mapping[str, str]) -> Bundle:
    """The inputs of `task`, defaults left out. What is absent upstream is absent here.

    Args:
        task: a task whose producers have finished.
        names: run-level placeholder values.

    Raises:
        RunError: E430-E433, a selector or placeholder does not resolve.
    """
    bundle = Bundle()
    constants: dict[str, Any] = {}
    for name, binding in task.task.parameter_bindings.items():
        if binding.runtime_value is not None and binding.runtime_value.constant is not None:  # NULL is a constant
            constants[name] = binding.runtime_value.constant
            continue
        value = _parameter(binding, task)
        if value is not ABSENT and value is not None:
            value = select(value, binding.parameter_expression_selector)
        if value is not ABSENT and value is not None:
            bundle.parameters[name] = value
    context = PlaceholderContext(names=names, parameters=bundle.parameters)
    for name, constant in constants.items():
        bundle.parameters[name] = resolve_constant(document_value(constant), context)
    for name, artifact_binding in task.task.artifact_bindings.items():
        artifact = _artifact(artifact_binding, task.dag)
        if artifact is not ABSENT:
            bundle.artifacts[name] = artifact
    return bundle


def _parameter(binding: ParameterBinding, task: TaskInstance) -> Any:
    dag = task.dag
    if binding.task_output_parameter is not None:
        producer = dag.tasks.get(binding.task_output_parameter.producer_task)
        if producer is None:
            raise _unknown_producer(task, binding.task_output_parameter.producer_task)
        return producer.outputs.parameters.get(binding.task_output_parameter.output_parameter_key, ABSENT)
    if binding.component_input_parameter is not None:
        return dag.inputs.parameters.get(binding.component_input_parameter, ABSENT)
    if binding.task_final_status is not None:
        return _final_status(dag.tasks[binding.task_final_status.producer_task])
    return ABSENT


def resolve_setting(setting: Mapping[str, Any], task: TaskInstance) -> Any:
    """A Kubernetes setting that is written as an input binding of `task`; None when it has no value.

    Raises:
        InvalidPipeline: it is no binding.
        RunError: E430 or E434, it does not resolve.
    """
    binding = wire.load(ParameterBinding, setting, f"the Kubernetes settings of {task.path}")
    if binding.runtime_value is not None:
        return wire.plain(binding.runtime_value.constant)
    value = _parameter(binding, task)
    return None if value is ABSENT or value is None else select(value, binding.parameter_expression_selector)


def _artifact(binding: ArtifactBinding, dag: DagInstance) -> Any:
    if binding.task_output_artifact is not None:
        producer = dag.tasks[binding.task_output_artifact.producer_task]
        return producer.outputs.artifacts.get(binding.task_output_artifact.output_artifact_key, ABSENT)
    return dag.inputs.artifacts.get(binding.component_input_artifact or "", ABSENT)


def _final_status(producer: TaskInstance) -> dict[str, Any]:
    """KFP's PipelineTaskFinalStatus. The state is SUCCEEDED or FAILED, as its proto and local runner say."""
    failed = producer.state != "SUCCEEDED"
    status: dict[str, Any] = {
        "state": "FAILED" if failed else "SUCCEEDED",
        "pipelineJobResourceName": "",
        "pipelineTaskName": producer.name,
    }
    status["error"] = {"code": 1, "message": producer.error.get("message", "")} if failed else {}
    return status


def _unknown_producer(task: TaskInstance, name: str) -> RunError:
    return RunError("E434", f"the task takes an output of '{name}', which does not exist", where=task.path, kind="user")


def dag_outputs(dag: DagInstance) -> Bundle:
    """What a finished DAG hands out. An output whose maker did not run is absent."""
    bundle = Bundle()
    component = dag.component
    outputs = component.dag.outputs if component.dag is not None else None
    for name, origin in ((outputs.parameters if outputs else None) or {}).items():
        for selector in origin.selectors:
            producer = dag.tasks.get(selector.producer_subtask)
            if producer is not None and selector.output_parameter_key in producer.outputs.parameters:
                declared = component.output_parameters.get(name)
                value = producer.outputs.parameters[selector.output_parameter_key]
                bundle.parameters[name] = (
                    coerce(value, declared.parameter_type) if declared and dag.iteration is None else value
                )
                break
    for name, artifact_origin in ((outputs.artifacts if outputs else None) or {}).items():
        for artifact_selector in artifact_origin.artifact_selectors or ():
            producer = dag.tasks.get(artifact_selector.producer_subtask)
            if producer is not None and artifact_selector.output_artifact_key in producer.outputs.artifacts:
                bundle.artifacts[name] = producer.outputs.artifacts[artifact_selector.output_artifact_key]
                break
    return bundle


def loop_outputs(task: TaskInstance) -> Bundle:
    """What a finished loop hands out: for each output of its body, the values in iteration order.

    Iterations that did not make a value (their branch did not run) are left out. Parameters of nested loops are nested
    lists; artifacts are one flat list, as KFP's back end knows no other.
    """
    bundle = Bundle()
    results = [result for result in (task.loop.results if task.loop else ()) if result is not None]
    for name in task.component.output_parameters:
        bundle.parameters[name] = [result.parameters[name] for result in results if name in result.parameters]
    for name in task.component.output_artifacts:
        made = (result.artifacts[name] for result in results if name in result.artifacts)
        bundle.artifacts[name] = tuple(record for value in made for record in flattened(value))
    return bundle


def loop_items(task: TaskInstance) -> tuple[list[Any], str, bool]:
    """Items of a loop, the name of the input that carries one, and whether they are artifacts.

    Raises:
        RunError: E435, what the loop goes over is no list.
    """
    artifact_iterator = task.task.artifact_iterator
    if artifact_iterator is not None:
        source = (artifact_iterator.items.input_artifact if artifact_iterator.items else None) or ""
        found = task.inputs.artifacts.get(source, ())
        return list(found) if isinstance(found, tuple) else [found], artifact_iterator.item_input or "", True
    iterator = task.task.parameter_iterator
    if iterator is None or iterator.items is None:
        raise RunError("E435", "a loop without items", where=task.path)
    if iterator.items.raw is not None:
        items = json.loads(iterator.items.raw)
    else:
        items = task.inputs.parameters.get(iterator.items.input_parameter or "")
    items = coerce(items, "LIST")
    if not isinstance(items, list):
        raise RunError("E435", "a loop over something that is no list", where=task.path, got=repr(items)[:120])
    return items, iterator.item_input or "", False
