"""An error of the emission as a finding, at the author's line."""

from __future__ import annotations

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.errors import UnsupportedByTarget


def refusal(graph: Graph, error: UnsupportedByTarget) -> Diagnostic:
    """The finding for what keeps a pipeline from being written.

    Args:
        graph: the pipeline.
        error: what was raised; its place is the path of a task, such as "for-loop-1[]/train".
    """
    path = _component_and_task(graph, error.where)
    return Diagnostic(
        code=error.code,
        severity="error",
        message=error.message,
        path=path,
        place=graph.places.get(path),
        got=error.got,
        expected=error.expected,
        hint=error.hint,
    )


def _component_and_task(graph: Graph, path: str) -> str:
    """The name of the DAG and of the task at the end of a path, as findings have it; "root" for no path."""
    component, name, found = graph.root, "root", "root"
    for part in path.split("/"):
        task_name = part.removesuffix("[]")
        task = ((component.dag.tasks if component.dag is not None else None) or {}).get(task_name)
        if task is None:
            return found
        found = f"{name}/{task_name}"
        name = task.component_ref.name if task.component_ref is not None else ""
        component = graph.component_of(task, found)
    return found
