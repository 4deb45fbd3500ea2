"""Artifacts as inputs of the pipeline: they become URIs, which an importer turns into artifacts.

KFP's driver fails on an artifact that enters at the root (seen on a real back end at 7b70c7b95f). The pipeline's
border changes: input `data` is a text, the URI of the data.
"""

from __future__ import annotations

import dataclasses

from milonga.compiler.graph import (
    ArtifactBinding,
    Component,
    Dag,
    Executor,
    Graph,
    Importer,
    InputArtifact,
    InputParameter,
    Inputs,
    OutputArtifact,
    Outputs,
    ParameterBinding,
    RuntimeValue,
    Task,
    TaskInputs,
)
from milonga.compiler.graph.task import ComponentRef, TaskInfo, TaskOutputArtifact
from milonga.compiler.passes.graph_editor import GraphEditor

_OUTPUT = "artifact"


class RootArtifacts:
    """Imports each artifact that the pipeline takes, unless it is optional, a list, or goes to an exit task."""

    name = "root-artifacts"
    cures = ("pipeline-artifact-input",)

    def run(self, graph: Graph) -> Graph:
        """The graph whose pipeline takes URIs."""
        editor = GraphEditor(graph)
        for name, declared in graph.root.input_artifacts.items():
            is_single = not declared.is_optional and not declared.is_artifact_list
            if is_single and name not in graph.root.input_parameters and not _goes_to_exit_task(graph, name):
                _import(editor, name, declared)
        return editor.finish()


def _goes_to_exit_task(graph: Graph, name: str) -> bool:
    """On KFP an exit task waits for nothing but its group: the import might not have ended."""
    return any(
        task.runs_anyway
        and any(binding.component_input_artifact == name for binding in task.artifact_bindings.values())
        for task in ((graph.root.dag.tasks if graph.root.dag else None) or {}).values()
    )


def _import(editor: GraphEditor, name: str, declared: InputArtifact) -> None:
    kind = declared.artifact_type
    importer = Importer(artifact_uri=RuntimeValue(runtime_parameter="uri"), type_schema=kind, reimport=False)
    step = Component(
        input_definitions=Inputs({"uri": InputParameter("STRING")}),
        output_definitions=Outputs(artifacts={_OUTPUT: OutputArtifact(kind)}),
        executor_label=editor.add_executor(f"exec-import-{name}", Executor(importer=importer)),
    )
    task_name = editor.free_task("root", f"import-{name.lower().replace('_', '-')}")
    made = editor.add_component(f"comp-{task_name}", step)
    root = editor.component("root")
    editor.set_component("root", _with_uri(root, name, declared, task_name))
    binding = {"uri": ParameterBinding(component_input_parameter=name)}
    editor.set_task("root", task_name, Task(ComponentRef(made), TaskInfo(task_name), TaskInputs(binding)))


def _with_uri(root: Component, name: str, declared: InputArtifact, importer: str) -> Component:
    """The root with a text input instead of an artifact, and the readers turned to the importer."""
    description = f"URI of the artifact. {declared.description or ''}".strip()
    artifacts = {key: artifact for key, artifact in root.input_artifacts.items() if key != name}
    inputs = Inputs(
        {**root.input_parameters, name: InputParameter("STRING", description=description)}, artifacts or None
    )
    tasks = {}
    for reader, task in ((root.dag.tasks if root.dag else None) or {}).items():
        keys = [key for key, binding in task.artifact_bindings.items() if binding.component_input_artifact == name]
        if keys:
            bindings = {
                **task.artifact_bindings,
                **{key: ArtifactBinding(TaskOutputArtifact(importer, _OUTPUT)) for key in keys},
            }
            waits = tuple(sorted({*(task.dependent_tasks or ()), importer}))
            inner = TaskInputs(task.inputs.parameters if task.inputs else None, bindings)
            task = dataclasses.replace(task, inputs=inner, dependent_tasks=waits)
        tasks[reader] = task
    dag = dataclasses.replace(root.dag or Dag(), tasks=tasks)
    return dataclasses.replace(root, input_definitions=inputs, dag=dag)
