"""Loops over a part of a value: the part is taken by a DAG around the loop.

KFP's driver evaluates a task's selectors again in every iteration, when the list that they select is gone ("value not
found in inputs"; kubeflow/pipelines `backend/src/v2/driver/resolve.go` at 7b70c7b95f, and seen on a real back end). A
plain DAG evaluates them once and hands the list to the loop inside. This costs one driver pod and no step.
"""

from __future__ import annotations

from milonga.compiler.graph import Graph, Task
from milonga.compiler.passes.graph_editor import GraphEditor
from milonga.compiler.passes.wrapping import wrap


class LoopsOverParts:
    """Wraps each loop whose task has a selector."""

    name = "loops-over-parts"
    cures = ("loop-over-part",)

    def run(self, graph: Graph) -> Graph:
        """The graph without selectors on loops."""
        editor = GraphEditor(graph)
        for scope, component in graph.dags():
            for name, task in ((component.dag.tasks if component.dag else None) or {}).items():
                if _selects_for_loop(task):
                    wrap(editor, scope, name)
        return editor.finish()


def _selects_for_loop(task: Task) -> bool:
    return task.parameter_iterator is not None and any(
        binding.parameter_expression_selector for binding in task.parameter_bindings.values()
    )
