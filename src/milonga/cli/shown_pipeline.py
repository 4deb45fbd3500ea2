"""A pipeline as text: its tasks in the order of their work, with their types."""

from __future__ import annotations

from typing import Any

from milonga.compiler.graph import Component, Graph
from milonga.compiler.graph.order import in_order
from milonga.compiler.graph.together import groups_of


def print_dag(graph: Graph, component: Component, indent: str, name: str = "root") -> None:
    """The tasks of a DAG, those inside of groups further to the right.

    Args:
        graph: the pipeline.
        component: the DAG.
        indent: what stands before each line.
        name: of the component.
    """
    shared = groups_of(graph, name)
    tasks = (component.dag.tasks if component.dag else None) or {}
    for task_name in in_order({name: task.producers() for name, task in tasks.items()}):
        task = tasks[task_name]
        used = graph.component_of(task, task_name)
        notes = []
        if task.condition:
            notes.append(f"if {task.condition}")
        if task.is_loop:
            notes.append("for each")
        if task_name in shared:
            notes.append(f"shares pod {shared[task_name]}")
        waits = ", ".join(sorted(task.producers()))
        after = f"  after {waits}" if waits else ""
        note = f"  [{'; '.join(notes)}]" if notes else ""
        print(f"{indent}{task_name}({_inputs(used)}) -> {_outputs(used)}{after}{note}")
        if used.dag is not None:
            print_dag(graph, used, indent + "  ", task.component_ref.name if task.component_ref else "")


def _inputs(component: Component) -> str:
    return ", ".join([*_parameters(component.input_parameters), *_artifacts(component.input_artifacts)])


def _outputs(component: Component) -> str:
    parts = [*_parameters(component.output_parameters), *_artifacts(component.output_artifacts)]
    return ", ".join(parts) or "nothing"


def _parameters(parameters: Any) -> list[str]:
    return [f"{name}: {declared.parameter_type}" for name, declared in parameters.items()]


def _artifacts(artifacts: Any) -> list[str]:
    return [
        f"{name}: {declared.artifact_type.schema_title if declared.artifact_type else 'system.Artifact'}"
        for name, declared in artifacts.items()
    ]
