"""Loops over artifacts: the loop goes over positions, and a step in its body takes the artifact at that position.

KFP's back end refuses artifact iterators ("artifact iterator not implemented yet"; kubeflow/pipelines
`backend/src/v2/compiler/argocompiler/dag.go` at 7b70c7b95f), but takes lists of artifacts as inputs. The price is one
small step before the loop and one in each iteration, which copies its artifact.
"""

from __future__ import annotations

import dataclasses

from milonga.compiler.graph import (
    ArtifactBinding,
    Component,
    Graph,
    InputArtifact,
    InputParameter,
    Inputs,
    OutputArtifact,
    Outputs,
    ParameterBinding,
    Task,
    TaskInputs,
)
from milonga.compiler.graph.nesting import inside_out
from milonga.compiler.graph.task import (
    CachingOptions,
    ComponentRef,
    ParameterItems,
    ParameterIterator,
    TaskInfo,
    TaskOutputArtifact,
    TaskOutputParameter,
)
from milonga.compiler.passes.artifact_steps import list_positions, take_artifact
from milonga.compiler.passes.graph_editor import GraphEditor

_OUTPUT = "Output"


class ArtifactLoops:
    """Turns artifact iterators into parameter iterators, where the loop's body is a DAG."""

    name = "artifact-loops"
    cures = ("loop-over-artifacts",)

    def run(self, graph: Graph) -> Graph:
        """The graph without artifact iterators."""
        editor = GraphEditor(graph)
        for scope in inside_out(graph):  # the body of an outer loop is copied when its inner loops are done
            dag = editor.component(scope).dag
            for name, task in ((dag.tasks if dag else None) or {}).items():
                if task.artifact_iterator is not None:
                    _rewrite(editor, scope, name, task)
        return editor.finish()


def _rewrite(editor: GraphEditor, scope: str, name: str, task: Task) -> None:
    iterator = task.artifact_iterator
    artifacts = (iterator.items.input_artifact if iterator and iterator.items else None) or ""
    item = (iterator.item_input if iterator else None) or ""
    used = editor.component(task.component_ref.name if task.component_ref else "")
    if used.dag is None or artifacts not in task.artifact_bindings or item not in used.input_artifacts:
        return
    readers = _readers(used, item)
    if any(reader.runs_anyway for reader in readers.values()):
        return  # on KFP an exit task would run at the end of the step that it takes its artifact from
    caches = all(reader.caching_options and reader.caching_options.enable_cache for reader in readers.values())
    caching = CachingOptions(True if caches else None)
    positions = _add_positions(editor, scope, name, task.artifact_bindings[artifacts], caching)
    channel, position = f"pipelinechannel--{positions}-{_OUTPUT}", f"pipelinechannel--{positions}-{_OUTPUT}-loop-item"
    body = editor.add_component(f"comp-{name}-positions", _without_item(used, artifacts, item, channel, position))
    editor.copy_places(task.component_ref.name if task.component_ref else "", body)
    _add_taking(editor, body, used, artifacts, item, position, caching)
    parameters = {
        **task.parameter_bindings,
        channel: ParameterBinding(task_output_parameter=TaskOutputParameter(positions, _OUTPUT)),
    }
    loop = dataclasses.replace(
        task,
        component_ref=ComponentRef(body),
        inputs=TaskInputs(parameters, dict(task.artifact_bindings)),
        dependent_tasks=tuple(sorted({*(task.dependent_tasks or ()), positions})),
        artifact_iterator=None,
        parameter_iterator=ParameterIterator(ParameterItems(input_parameter=channel), position),
    )
    editor.set_task(scope, name, loop)


def _readers(body: Component, item: str) -> dict[str, Task]:
    """The tasks in a loop's body that take the artifact of the iteration."""
    return {
        name: task
        for name, task in ((body.dag.tasks if body.dag else None) or {}).items()
        if any(binding.component_input_artifact == item for binding in task.artifact_bindings.values())
    }


def _add_positions(
    editor: GraphEditor, scope: str, loop: str, artifacts: ArtifactBinding, caching: CachingOptions
) -> str:
    """The task that says how many artifacts there are."""
    made = editor.add_component("comp-list-positions", editor.add_step(list_positions))
    name = editor.free_task(scope, f"{loop}-positions")
    source = artifacts.task_output_artifact
    task = Task(
        component_ref=ComponentRef(made),
        task_info=TaskInfo(name),
        inputs=TaskInputs(artifacts={"artifacts": artifacts}),
        dependent_tasks=(source.producer_task,) if source is not None else None,
        caching_options=caching,
    )
    editor.set_task(scope, name, task)
    editor.copy_place(f"{scope}/{loop}", f"{scope}/{name}")
    return name


def _without_item(used: Component, artifacts: str, item: str, channel: str, position: str) -> Component:
    """The loop's body with a position instead of an artifact."""
    declared = used.input_artifacts[item]
    inputs = Inputs(
        {
            **used.input_parameters,
            channel: InputParameter(parameter_type="LIST"),
            position: InputParameter(parameter_type="NUMBER_INTEGER"),
        },
        {
            **{key: value for key, value in used.input_artifacts.items() if key != item},
            artifacts: InputArtifact(declared.artifact_type, is_artifact_list=True),
        },
    )
    return dataclasses.replace(used, input_definitions=inputs)


def _add_taking(
    editor: GraphEditor, body: str, used: Component, artifacts: str, item: str, position: str, caching: CachingOptions
) -> None:
    """The step in the body that takes the artifact, and its readers turned to it."""
    declared = used.input_artifacts[item]
    step = dataclasses.replace(
        editor.add_step(take_artifact),
        output_definitions=Outputs(artifacts={_OUTPUT: OutputArtifact(declared.artifact_type)}),
    )
    made = editor.add_component("comp-take-artifact", step)
    name = editor.free_task(body, "take-artifact")
    for reader, task in _readers(used, item).items():
        bindings = dict(task.artifact_bindings)
        keys = [key for key, binding in bindings.items() if binding.component_input_artifact == item]
        bindings.update({key: ArtifactBinding(TaskOutputArtifact(name, _OUTPUT)) for key in keys})
        inputs = TaskInputs(task.inputs.parameters if task.inputs else None, bindings)
        waits = tuple(sorted({*(task.dependent_tasks or ()), name}))
        editor.set_task(body, reader, dataclasses.replace(task, inputs=inputs, dependent_tasks=waits))
    taking = Task(
        component_ref=ComponentRef(made),
        task_info=TaskInfo(name),
        inputs=TaskInputs(
            {"position": ParameterBinding(component_input_parameter=position)},
            {"artifacts": ArtifactBinding(component_input_artifact=artifacts)},
        ),
        caching_options=caching,
    )
    editor.set_task(body, name, taking)
