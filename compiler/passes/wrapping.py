"""Put a task into a DAG of its own: the new DAG takes the task's name, its inputs and its place among the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from milonga.compiler.graph import (
    ArtifactBinding,
    ArtifactSelector,
    Component,
    Dag,
    DagOutputArtifact,
    DagOutputParameter,
    DagOutputs,
    InputArtifact,
    InputParameter,
    Inputs,
    OutputArtifact,
    OutputParameter,
    Outputs,
    ParameterBinding,
    ParameterSelector,
    Task,
    TaskInputs,
)
from milonga.compiler.graph.task import ComponentRef
from milonga.compiler.passes.graph_editor import GraphEditor

_CONSTANTS: Mapping[type, str] = {
    bool: "BOOLEAN",
    int: "NUMBER_INTEGER",
    float: "NUMBER_DOUBLE",
    list: "LIST",
    dict: "STRUCT",
}


def wrap(editor: GraphEditor, scope: str, name: str) -> str:
    """Wrap task `name` of the DAG `scope`; the name of the new component.

    Outside stay the sources of inputs, selectors, condition and order; inside go the component, the iterator, the
    policies. Every output of the task is an output of the new DAG.
    """
    outer = (editor.component(scope).dag or Dag()).tasks or {}
    task = outer[name]
    used = editor.component(task.component_ref.name if task.component_ref else "")
    inner = dataclasses.replace(task, inputs=_inner_inputs(task, used), dependent_tasks=None, trigger_policy=None)
    wrapper = Component(
        input_definitions=_borders(editor, scope, task, used),
        output_definitions=_output_borders(task, used),
        dag=Dag({name: inner}, _outputs(name, used)),
    )
    made = editor.add_component(f"comp-{name}-group", wrapper)
    editor.set_task(
        scope,
        name,
        Task(
            component_ref=ComponentRef(made),
            task_info=task.task_info,
            inputs=task.inputs,
            dependent_tasks=task.dependent_tasks,
            trigger_policy=task.trigger_policy,
        ),
    )
    editor.copy_place(f"{scope}/{name}", f"{made}/{name}")
    return made


def _inner_inputs(task: Task, used: Component) -> TaskInputs | None:
    """What the task takes from its new DAG: everything that its component or its iterator asks for."""
    items = task.parameter_iterator.items if task.parameter_iterator else None
    wanted = {*used.input_parameters, (items.input_parameter if items else None) or ""}
    parameters = {
        key: ParameterBinding(component_input_parameter=key) for key in task.parameter_bindings if key in wanted
    }
    artifacts = {key: ArtifactBinding(component_input_artifact=key) for key in task.artifact_bindings}
    return TaskInputs(parameters or None, artifacts or None) if parameters or artifacts else None


def _borders(editor: GraphEditor, scope: str, task: Task, used: Component) -> Inputs | None:
    parameters = {
        key: used.input_parameters.get(key) or InputParameter(_type_of(editor, scope, binding))
        for key, binding in task.parameter_bindings.items()
    }
    artifacts = {key: used.input_artifacts.get(key) or InputArtifact() for key in task.artifact_bindings}
    return Inputs(parameters or None, artifacts or None) if parameters or artifacts else None


def _type_of(editor: GraphEditor, scope: str, binding: ParameterBinding) -> str:
    """The type of a value that the task's component does not declare: that of its source, or a text."""
    if binding.runtime_value is not None:
        return _CONSTANTS.get(type(binding.runtime_value.constant), "STRING")
    outer = editor.component(scope)
    declared: InputParameter | OutputParameter | None = None
    if binding.component_input_parameter is not None:
        declared = outer.input_parameters.get(binding.component_input_parameter)
    elif binding.task_output_parameter is not None:
        source = binding.task_output_parameter
        producer = ((outer.dag.tasks if outer.dag else None) or {}).get(source.producer_task)
        if producer is not None and producer.component_ref is not None:
            declared = editor.component(producer.component_ref.name).output_parameters.get(source.output_parameter_key)
    is_part = bool(binding.parameter_expression_selector)
    return (declared.parameter_type if declared is not None and not is_part else None) or "STRING"


def _output_borders(task: Task, used: Component) -> Outputs | None:
    is_loop = task.parameter_iterator is not None or task.artifact_iterator is not None
    parameters = {
        key: OutputParameter("LIST", output.description) if is_loop else output
        for key, output in used.output_parameters.items()
    }
    artifacts = {key: _as_list(output) if is_loop else output for key, output in used.output_artifacts.items()}
    return Outputs(parameters or None, artifacts or None) if parameters or artifacts else None


def _as_list(output: OutputArtifact) -> OutputArtifact:
    return dataclasses.replace(output, is_artifact_list=True)


def _outputs(name: str, used: Component) -> DagOutputs | None:
    parameters = {
        key: DagOutputParameter(value_from_parameter=ParameterSelector(name, key)) for key in used.output_parameters
    }
    artifacts = {key: DagOutputArtifact((ArtifactSelector(name, key),)) for key in used.output_artifacts}
    return DagOutputs(parameters or None, artifacts or None) if parameters or artifacts else None
